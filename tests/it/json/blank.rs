//! What is read in place shows nothing of what was there before.

use core::str;

use poolable::json;
use poolable::{Poolable, Pooled, Reset, RetainMap, RetainOption, RetainVec, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::allocations::{CANARY, secrets_freed_in};

/// Each test has a pool of its own.
macro_rules! account {
    () => {
        #[derive(Debug, PartialEq, Poolable, Serialize, Deserialize)]
        struct Account {
            #[serde(default)]
            name: String,
            #[serde(default)]
            words: RetainVec<String>,
            #[serde(default)]
            counts: RetainMap<String, u32>,
            #[serde(default)]
            note: RetainOption<String>,
            #[serde(default)]
            numbers: Vec<u64>,
            #[serde(default)]
            corner: (i32, Option<String>),
            absent: Option<String>,
            #[serde(skip)]
            scratch: String,
            #[serde(skip)]
            #[pool(skip)]
            table: Vec<u32>,
        }
    };
}

const FULL: &str = r#"{"name": "ada", "words": ["one", "two"], "counts": {"one": 1}, "note": "a note",
    "numbers": [1, 2, 3], "corner": [7, "text"], "absent": "it is not"}"#;

#[test]
fn absent_fields_are_blank_in_a_guard_that_was_used() {
    account!();

    let mut account: Pooled<Account> = json::from_slice(FULL.as_bytes()).unwrap();
    assert_eq!((account.words.len(), account.numbers.len()), (2, 3));
    json::from_slice_into(&mut account, b"{}").unwrap();
    assert_eq!(*account, Account::blank());
    json::from_slice_into(&mut account, FULL.as_bytes()).unwrap();
    json::from_slice_into(&mut account, br#"{"name":"bob","numbers":[]}"#).unwrap();
    assert_eq!(*account, Account { name: "bob".to_owned(), ..Account::blank() });
    // Given by a user, and not by a text.
    account.note.insert_blank().push_str("of the user");
    account.words.push_blank().push_str("of the user");
    json::from_slice_into(&mut account, b"{}").unwrap();
    assert_eq!(*account, Account::blank());
    assert_eq!(Account::pool().stats().created, 1);
}

#[test]
fn fields_that_serde_skips_are_blank_and_those_that_the_pool_skips_are_left() {
    account!();

    let mut account = Account::pooled();
    account.table.extend([1, 2, 3]);
    account.scratch.push_str("of the one before");
    json::from_slice_into(&mut account, FULL.as_bytes()).unwrap();
    assert_eq!((account.scratch.as_str(), account.table.as_slice()), ("", &[1, 2, 3][..]));
    account.scratch.push_str("again");
    assert!(json::from_slice_into(&mut account, b"{\"name\":\"x\",").is_err());
    assert_eq!((account.scratch.as_str(), account.table.as_slice()), ("", &[1, 2, 3][..]));
    drop(account);
    let account = json::from_slice::<Account>(b"{}").unwrap();
    assert_eq!((account.scratch.as_str(), account.table.as_slice()), ("", &[1, 2, 3][..]));
    drop(account);
    assert!(json::from_slice::<Account>(b"{").is_err());
    assert_eq!(Account::pooled().table, [1, 2, 3]);
    assert_eq!(Account::pool().stats().created, 1);
}

#[test]
fn a_guard_is_blank_after_an_error_wherever_it_is() {
    account!();

    let mut account = Account::pooled();
    for end in 0..FULL.len() {
        json::from_slice_into(&mut account, FULL.as_bytes()).unwrap();
        account.scratch.push_str("of the user");
        assert!(json::from_slice_into(&mut account, &FULL.as_bytes()[..end]).is_err());
        assert_eq!(*account, Account::blank(), "{end}");
    }
    for trailing in ["x", ",", "}", "1", "\0", "{}"] {
        let text = format!("{FULL} {trailing}");
        assert!(json::from_slice_into(&mut account, text.as_bytes()).is_err());
        assert_eq!(*account, Account::blank(), "{trailing}");
    }
    json::from_slice_into(&mut account, FULL.as_bytes()).unwrap();
    assert_eq!(account.corner, (7, Some("text".to_owned())));
    let stats = Account::pool().stats();
    assert_eq!((stats.created, stats.in_use, stats.returned), (1, 1, 0));
}

#[test]
fn a_default_of_the_type_is_what_an_absent_field_gets() {
    #[derive(Debug, PartialEq, Poolable, Deserialize)]
    struct Settings {
        #[serde(default = "seven")]
        retries: u32,
        #[pool(value = 9)]
        #[serde(default)]
        depth: u32,
    }

    fn seven() -> u32 {
        7
    }

    let mut settings: Pooled<Settings> = json::from_slice(br#"{"retries":1,"depth":2}"#).unwrap();
    assert_eq!(*settings, Settings { retries: 1, depth: 2 });
    json::from_slice_into(&mut settings, b"{}").unwrap();
    assert_eq!(*settings, Settings { retries: 7, depth: 0 });
    assert!(json::from_slice_into(&mut settings, b"").is_err());
    assert_eq!(*settings, Settings { retries: 0, depth: 9 });
}

#[test]
fn a_value_that_is_not_read_in_place_is_blank_after_an_error_too() {
    #[derive(Debug, PartialEq, Poolable)]
    struct Line(String, u8);

    impl<'de> Deserialize<'de> for Line {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer).map(|text| Self(text, 1))
        }
    }

    let mut line: Pooled<Line> = json::from_slice(b"\"text\"").unwrap();
    assert_eq!(*line, Line("text".to_owned(), 1));
    assert!(json::from_slice_into(&mut line, b"7").is_err());
    assert_eq!(*line, Line::blank());
    json::from_slice_into(&mut line, b"\"text\"").unwrap();
    assert!(json::from_slice_into(&mut line, b"\"text\" 7").is_err());
    assert_eq!(*line, Line::blank());
}

#[test]
fn a_reading_that_panics_brings_the_object_home_blank() {
    #[derive(Debug, PartialEq, Poolable, Deserialize)]
    struct Trap {
        text: String,
        #[serde(deserialize_with = "panic")]
        number: u32,
    }

    fn panic<'de, D: serde::Deserializer<'de>>(_: D) -> Result<u32, D::Error> {
        crate::unwind()
    }

    let text = br#"{"text":"of the one before","number":1}"#;
    assert!(crate::unwinds(|| drop(json::from_slice::<Trap>(text))));
    assert!(crate::unwinds(|| drop(json::from_reader::<Trap, _>(&text[..]))));
    assert!(crate::unwinds(|| drop(json::stream::<Trap, _>(&text[..]).next())));
    let mut guard = Trap::pooled();
    assert!(crate::unwinds(|| drop(json::from_slice_into(&mut guard, text))));
    drop(guard);
    assert_eq!(*Trap::pooled(), Trap::blank());
    let stats = Trap::pool().stats();
    assert_eq!((stats.in_use, stats.created, stats.discarded.total()), (0, 1, 0));
}

#[test]
fn secrets_are_gone_after_an_error() {
    #[derive(Debug, PartialEq, Poolable, Deserialize)]
    struct Session {
        user: u32,
        #[pool(zeroize, capacity = 64)]
        token: String,
        #[pool(zeroize)]
        key: SecretString,
        last: u32,
    }

    /// The same without a wipe, to see that there is something to be seen.
    #[derive(Debug, PartialEq, Poolable, Deserialize)]
    struct Careless {
        user: u32,
        #[pool(capacity = 64)]
        token: String,
        #[pool(capacity = 64)]
        key: String,
        last: u32,
    }

    let canary = CANARY.to_ne_bytes();
    let canary = str::from_utf8(&canary).unwrap().repeat(4);
    // They are read, and what follows is wrong: of another type, cut short, or trailing.
    let start = format!(r#"{{"user":7,"token":"{canary}","key":"{canary}","last":"#);
    let texts = ["true}", "", "1} 2", "1,\"user\":8}", "[[[["].map(|end| format!("{start}{end}"));

    fn freed<T: Poolable<Static = T> + DeserializeOwned + 'static>(texts: &[String]) -> u64 {
        secrets_freed_in(|| {
            for text in texts {
                assert!(json::from_slice::<T>(text.as_bytes()).is_err());
                let mut guard: Pooled<T> = Poolable::pooled();
                assert!(json::from_slice_into(&mut guard, text.as_bytes()).is_err());
            }
            T::pool().flush_thread_cache();
            T::pool().clear();
        })
    }

    assert_eq!(freed::<Careless>(&texts), 2);
    assert_eq!(freed::<Session>(&texts), 0);
    // In the guard itself, before it goes home.
    let mut guard = Session::pooled();
    for text in &texts {
        assert!(json::from_slice_into(&mut guard, text.as_bytes()).is_err());
        assert_eq!(*guard, Session::blank());
    }
    let freed = secrets_freed_in(|| {
        // Out of reach of the pool's own wipe.
        let session = std::mem::ManuallyDrop::new(Pooled::into_inner(guard));
        // SAFETY: the value is not used again, and neither it nor what drops it is dropped.
        drop(unsafe { std::ptr::read(&raw const session.token) });
    });
    assert_eq!(freed, 0);
    let stats = Session::pool().stats();
    assert_eq!((stats.in_use, stats.detached), (0, 1));
}
