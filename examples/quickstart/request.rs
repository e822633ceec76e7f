//! The request that the server fills, and the search for what its pool forgot to wipe.
//!
//! # Invariants
//!
//! 1. Every byte of a token's buffer is initialised: the buffer is written to its end at
//!    birth, and [`set_token`] never lets it grow. Nothing else writes to a token.

use core::iter;
use core::mem;
use core::str;

use poolable::{Poolable, Pooled, Reset, RetainVec};

use crate::server::{Arrived, Malformed, write_answer};

/// The longest token that is accepted, in bytes.
pub(crate) const TOKEN_CAPACITY: usize = 256;

/// What the server keeps of a request while it works on it.
#[derive(Poolable)]
pub(crate) struct Request {
    method: String,
    path: String,
    // The elements are kept, too, when the vector is cleared.
    headers: RetainVec<Header>,
    #[pool(capacity = 1024, max_capacity = 65536)]
    body: Vec<u8>,
    // `init` is for the search below, which reads the whole buffer. `zeroize` does not
    // need it.
    #[pool(zeroize, capacity = TOKEN_CAPACITY, init = written_to_its_end())]
    token: String,
    user_id: u64,
}

#[derive(Reset)]
struct Header {
    name: String,
    value: String,
}

impl Request {
    /// A request without a pool. Its buffers, but for the token's, are allocated when
    /// they are needed, and no larger.
    pub(crate) fn unpooled() -> Self {
        Self {
            method: String::new(),
            path: String::new(),
            headers: RetainVec::new(),
            body: Vec::new(),
            token: written_to_its_end(),
            user_id: 0,
        }
    }

    /// Copies what arrived.
    pub(crate) fn fill(&mut self, arrived: &Arrived<'_>) -> Result<(), Malformed> {
        self.method.push_str(arrived.method);
        self.path.push_str(arrived.path);
        for (name, value) in arrived.headers() {
            // The token goes where it is wiped, and nowhere else.
            if !name.eq_ignore_ascii_case("authorization") {
                let header = self.headers.push_blank();
                header.name.push_str(name);
                header.value.push_str(str::from_utf8(value).map_err(|_| Malformed)?);
            }
        }
        set_token(&mut self.token, arrived)?;
        self.user_id = user_of(&self.token);
        self.body.extend_from_slice(arrived.body);
        Ok(())
    }

    /// Appends the answer: a number that tells the client whether all of its request,
    /// and nothing of another one, was seen.
    pub(crate) fn answer(&self, out: &mut Vec<u8>) {
        let headers = self.headers.iter().map(|header| (&*header.name, &*header.value));
        write_answer(out, digest(&self.method, &self.path, headers, self.user_id, &self.body));
    }

    /// Empties the pool, and looks for tokens that survived in it.
    pub(crate) fn search_idle() -> Residue {
        search_idle::<Self>(|request| &mut request.token)
    }
}

/// The user whom a token belongs to: in a real server, a look-up.
pub(crate) fn user_of(token: &str) -> u64 {
    token.bytes().fold(0, |user, byte| u64::rotate_left(user, 5) ^ u64::from(byte))
}

/// A number that depends on every part of a request, and is cheap.
pub(crate) fn digest<'a>(
    method: &str,
    path: &str,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    user_id: u64,
    body: &[u8],
) -> u64 {
    let mix = |digest: u64, part: &[u8]| {
        let sum = part.iter().fold(0, |sum, byte| u32::wrapping_add(sum, u32::from(*byte)));
        (digest.rotate_left(7) ^ part.len() as u64).wrapping_mul(31) ^ u64::from(sum)
    };
    let digest = mix(mix(user_id, method.as_bytes()), path.as_bytes());
    let digest = headers
        .fold(digest, |digest, (name, value)| mix(mix(digest, name.as_bytes()), value.as_bytes()));
    mix(digest, body)
}

/// What `Request` must not be: a pooled type whose token lacks `zeroize`. It is reset,
/// so that nobody sees the old token, and yet the bytes are still there.
#[derive(Poolable)]
pub(crate) struct Unwiped {
    #[pool(capacity = TOKEN_CAPACITY, init = written_to_its_end())]
    token: String,
}

impl Unwiped {
    pub(crate) fn fill(&mut self, arrived: &Arrived<'_>) -> Result<(), Malformed> {
        set_token(&mut self.token, arrived)
    }

    /// As [`Request::search_idle`].
    pub(crate) fn search_idle() -> Residue {
        search_idle::<Self>(|control| &mut control.token)
    }
}

/// An empty string whose buffer has been written to its end.
fn written_to_its_end() -> String {
    let mut token = String::with_capacity(TOKEN_CAPACITY);
    let capacity = token.capacity();
    token.extend(iter::repeat_n('\0', capacity));
    token.clear();
    token
}

/// Copies the token that arrived, if the buffer has room.
fn set_token(token: &mut String, arrived: &Arrived<'_>) -> Result<(), Malformed> {
    let given = arrived.token()?;
    if given.len() > token.capacity() - token.len() {
        return Err(Malformed);
    }
    token.push_str(given);
    Ok(())
}

/// What a search of idle objects came to.
#[derive(Clone, Copy)]
pub(crate) struct Residue {
    pub(crate) objects: u64,
    /// Objects in which a token, or a part of one, was left.
    pub(crate) found: u64,
}

/// Takes every idle object out of a type's pool, and searches its token's memory.
///
/// # Panics
///
/// If a thread that used the pool has not been joined, and keeps idle objects.
fn search_idle<T: Poolable>(token: fn(&mut T) -> &mut String) -> Residue {
    let objects = T::pool().stats().idle;
    let mut found = 0;
    for _ in 0..objects {
        let mut object = Pooled::into_inner(T::pooled());
        found += u64::from(has_residue(token(&mut object)));
    }
    assert_eq!(T::pool().stats().idle, 0, "another thread keeps idle objects");
    Residue { objects, found }
}

/// Whether the buffer of a blank token holds anything but zeroes.
fn has_residue(token: &mut String) -> bool {
    let mut buffer = mem::take(token).into_bytes();
    let capacity = buffer.capacity();
    // SAFETY: the capacity is allocated, and all of it is initialised (invariant 1): a
    // reset lowers the length and a wipe writes zeroes, and neither moves the buffer.
    unsafe { buffer.set_len(capacity) };
    buffer.iter().any(|byte| *byte != 0)
}
