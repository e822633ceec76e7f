//! A session of three secrets: got, filled, read, and given up wiped.

use core::hint::black_box;

use poolable::{Poolable, SecretString, SecretVec};
use zeroize::Zeroizing;

use crate::beyond::work::{timed, timed_on_two_threads};
use crate::beyond::{ACROSS, SHORT, Table, close, floor, other, poolable};
use crate::timing::Sample;

const TOKEN: &str = "v1.9f86d081884c7d659a2feaa0c55ad015a3bf4f";
const PASSWORD: &str = "correct horse battery";
const KEY: [u8; 32] = [0xA5; 32];
/// What every buffer is born with, so that none grows.
const CAPACITY: usize = 64;

pub(crate) const FILES: [&str; 2] = ["beyond-session", "beyond-session-two-threads"];
pub(crate) const FRESH: &str = "new, `Zeroizing`";

/// The functions of one row, for one thread and for two.
type Runs = [fn(u64) -> Sample; 2];

pub(in crate::beyond) fn tables() -> [Table; 2] {
    [0, 1].map(table)
}

fn table(threads: usize) -> Table {
    Table {
        file: FILES[threads],
        title: ["A session of three secrets", "Sessions on two threads"][threads],
        about: [
            "A token of 42 bytes, a password of 21 and a key of 32 are written into buffers, \
             read, and given up. The two texts have room for 64 bytes each, new or pooled.",
            "The same on two threads at once, each with sessions of its own. The time is that of \
             both together, for as many sessions as one of them makes.",
        ][threads],
        unit: "session",
        effort: [SHORT, ACROSS][threads],
        rows: vec![
            poolable(
                "poolable, `zeroize`",
                "Two `String`s with `zeroize, capacity = 64` and a `[u8; 32]` with `zeroize`.",
                POOLED[threads],
            ),
            poolable(
                "poolable, `zeroize`, the key a `Vec<u8>`",
                "The key has `zeroize, capacity = 32`.",
                POOLED_VEC[threads],
            ),
            floor(
                "poolable, nothing wiped",
                "The same fields without `zeroize`, to show what the wipe costs.",
                "it does not wipe",
                PLAIN[threads],
            ),
            other(
                FRESH,
                "Two `Zeroizing<String>`s with room for 64 bytes and a `Zeroizing<[u8; 32]>`, on \
                 the stack.",
                ZEROIZING[threads],
            ),
            other(
                "new, `Zeroizing`, the key a `Vec<u8>`",
                "The key is a `Zeroizing<Vec<u8>>` with room for 32 bytes.",
                ZEROIZING_VEC[threads],
            ),
            other(
                "new, `SecretString` and `SecretVec`",
                "poolable's own containers, not pooled: two texts with room for 64 bytes, and a \
                 key with room for 32.",
                SECRETS[threads],
            ),
            close(
                "new, nothing wiped",
                "Two `String`s with room for 64 bytes and an array, on the stack.",
                "it does not wipe",
                FRESH_PLAIN[threads],
            ),
        ],
    }
}

/// What every session sees.
fn seen() -> u64 {
    (TOKEN.len() + PASSWORD.len()) as u64 + u64::from(KEY[0])
}

#[inline(always)]
fn write(token: &mut String, password: &mut String, key: &mut [u8; 32]) {
    token.push_str(black_box(TOKEN));
    password.push_str(black_box(PASSWORD));
    key.copy_from_slice(black_box(&KEY));
}

/// The lengths are used as they are: `black_box` would have them loaded together with their
/// pointers, right behind the narrower store of the length, which takes longer than a wipe.
#[inline(always)]
fn read(token: &str, password: &str, key: &[u8]) -> u64 {
    for secret in [token.as_bytes(), password.as_bytes(), key] {
        black_box(secret.as_ptr());
    }
    (token.len() + password.len()) as u64 + u64::from(key[0])
}

/// A session, from the first to the last of it.
macro_rules! rows {
    ($($(#[$attribute:meta])* $name:ident: $session:expr;)*) => {$(
        $(#[$attribute])*
        const $name: Runs = [
            |sessions| timed(sessions, seen(), $session),
            |sessions| timed_on_two_threads(sessions, seen(), $session),
        ];
    )*};
}

#[derive(Poolable)]
struct Session {
    #[pool(zeroize, capacity = CAPACITY)]
    token: String,
    #[pool(zeroize, capacity = CAPACITY)]
    password: String,
    #[pool(zeroize)]
    key: [u8; 32],
}

#[derive(Poolable)]
struct SessionWithVec {
    #[pool(zeroize, capacity = CAPACITY)]
    token: String,
    #[pool(zeroize, capacity = CAPACITY)]
    password: String,
    #[pool(zeroize, capacity = KEY.len())]
    key: Vec<u8>,
}

#[derive(Poolable)]
struct PlainSession {
    #[pool(capacity = CAPACITY)]
    token: String,
    #[pool(capacity = CAPACITY)]
    password: String,
    key: [u8; 32],
}

rows! {
    POOLED: || {
        let mut session = Session::pooled();
        let Session { token, password, key } = &mut *session;
        write(token, password, key);
        read(token, password, key)
    };
    POOLED_VEC: || {
        let mut session = SessionWithVec::pooled();
        let SessionWithVec { token, password, key } = &mut *session;
        token.push_str(black_box(TOKEN));
        password.push_str(black_box(PASSWORD));
        key.extend_from_slice(black_box(&KEY));
        read(token, password, key)
    };
    PLAIN: || {
        let mut session = PlainSession::pooled();
        let PlainSession { token, password, key } = &mut *session;
        write(token, password, key);
        read(token, password, key)
    };
    ZEROIZING: || {
        let mut token = Zeroizing::new(String::with_capacity(CAPACITY));
        let mut password = Zeroizing::new(String::with_capacity(CAPACITY));
        let mut key = Zeroizing::new([0; 32]);
        write(&mut token, &mut password, &mut key);
        read(&token, &password, &key[..])
    };
    ZEROIZING_VEC: || {
        let mut token = Zeroizing::new(String::with_capacity(CAPACITY));
        let mut password = Zeroizing::new(String::with_capacity(CAPACITY));
        let mut key = Zeroizing::new(Vec::with_capacity(KEY.len()));
        token.push_str(black_box(TOKEN));
        password.push_str(black_box(PASSWORD));
        key.extend_from_slice(black_box(&KEY));
        read(&token, &password, &key)
    };
    SECRETS: || {
        let mut token = SecretString::with_capacity(CAPACITY);
        let mut password = SecretString::with_capacity(CAPACITY);
        let mut key = SecretVec::with_capacity(KEY.len());
        token.push_str(black_box(TOKEN));
        password.push_str(black_box(PASSWORD));
        key.extend_from_slice(black_box(&KEY));
        read(&token, &password, &key)
    };
    FRESH_PLAIN: || {
        let mut token = String::with_capacity(CAPACITY);
        let mut password = String::with_capacity(CAPACITY);
        let mut key = [0; 32];
        write(&mut token, &mut password, &mut key);
        read(&token, &password, &key)
    };
}
