//! The tables of the guide's page on resets: each row is what its types do.
//!
//! That every type has a row, `cargo xtask examples` finds out.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::OsString;
use std::hash::Hash;
use std::io::{Cursor, Write};
use std::marker::PhantomData;
use std::num::Wrapping;
use std::path::PathBuf;
use std::ptr;
use std::rc;
use std::sync::atomic::{self, Ordering::Relaxed};
use std::sync::{self, Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use poolable::buffer::{PooledBuf, RingBuffer};
use poolable::{
    Poolable, Pooled, ReleaseBorrows, Reset, RetainMap, RetainOption, RetainVec, SecretMap,
    SecretString, SecretVec, Wipe,
};

/// What a type was found to be: the cells of its row.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    key: String,
    counts: bool,
    wiped: &'static str,
    borrows: &'static str,
}

/// A value that is made blank, and can neither be wiped nor lets go of what it borrows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Bare(u8);

impl Reset for Bare {
    fn blank() -> Self {
        Self(0)
    }

    fn reset(&mut self) {
        self.0 = 0;
    }
}

#[derive(Poolable)]
struct Word(String);

#[derive(Poolable)]
struct Bright(Option<Bare>);

/// Whether a type has a trait.
macro_rules! has {
    ($ty:ty: $tr:ident) => {{
        struct Question<T: ?Sized>(PhantomData<T>);
        #[allow(dead_code, reason = "where the type has the trait")]
        trait No {
            const ANSWER: bool = false;
        }
        impl<T: ?Sized> No for Question<T> {}
        #[allow(dead_code, reason = "where the type has not the trait")]
        impl<T: ?Sized + $tr> Question<T> {
            const ANSWER: bool = true;
        }
        <Question<$ty>>::ANSWER
    }};
}

/// One type: how to use it, how to see that it is blank, and what it then retains, as seen before
/// the reset. Where it is generic, with three types inside: one without a heap, one that has all
/// on the heap, and one that can do nothing.
macro_rules! row {
    ($key:expr, [$plain:ty, $heap:ty, $bare:ty], $used:expr, $is_blank:expr, $counts:expr) => {{
        let wiped = match (has!($bare: Wipe), has!($plain: Wipe), has!($heap: Wipe)) {
            (true, _, _) => "yes",
            (_, true, _) => "if inside",
            (_, _, true) => "on the heap",
            _ => "no",
        };
        let borrows = match (has!($bare: ReleaseBorrows), has!($plain: ReleaseBorrows)) {
            (true, _) => "always",
            (_, true) => "if inside",
            _ => "no",
        };
        let used: $plain = $used;
        let counts = check::<$plain>($key, used, $is_blank, $counts);
        Found { key: String::from($key), counts, wiped, borrows }
    }};
    ($key:expr, $ty:ty, $used:expr, $is_blank:expr, $counts:expr) => {
        row!($key, [$ty, $ty, $ty], $used, $is_blank, $counts)
    };
}

/// Fills, resets and compares; whether anything is retained.
fn check<T: Reset>(
    key: &str,
    mut used: T,
    is_blank: impl Fn(&mut T) -> bool,
    counts: impl Fn(&mut T) -> usize,
) -> bool {
    assert!(is_blank(&mut T::blank()), "`{key}` is not born blank");
    // Two have nothing that could be otherwise.
    if !["()", "PhantomData"].contains(&key) {
        assert!(!is_blank(&mut used), "`{key}` was not filled");
    }
    let retained = counts(&mut used);
    used.reset();
    assert!(is_blank(&mut used), "`{key}` is not blank after a reset");
    assert_eq!(used.retained_bytes(), retained, "what `{key}` counts");
    retained > 0
}

macro_rules! numbers {
    ($($ty:ident)*) => {
        vec![$(row!(stringify!($ty), $ty, 7 as $ty, |v| *v == 0 as $ty, |_| 0)),*]
    };
}

macro_rules! atomics {
    ($($ty:ident)*) => {
        vec![$(row!(stringify!($ty), atomic::$ty, atomic::$ty::new(7), |v| v.load(Relaxed) == 0, |_| 0)),*]
    };
}

fn without_a_heap() -> Vec<Found> {
    let mut rows = numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);
    rows.extend(atomics!(
        AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicUsize AtomicI8 AtomicI16 AtomicI32 AtomicI64
        AtomicIsize
    ));
    rows.extend([
        row!("bool", bool, true, |v| !*v, |_| 0),
        row!("char", char, 'x', |v| *v == '\0', |_| 0),
        row!("Duration", Duration, Duration::MAX, |v| v.is_zero(), |_| 0),
        row!("()", (), (), |()| true, |()| 0),
        row!(
            "PhantomData",
            [PhantomData<u8>, PhantomData<String>, PhantomData<Bare>],
            PhantomData,
            |_| true,
            |_| 0
        ),
        row!(
            "AtomicBool",
            atomic::AtomicBool,
            atomic::AtomicBool::new(true),
            |v| !v.load(Relaxed),
            |_| 0
        ),
        row!(
            "AtomicPtr",
            [atomic::AtomicPtr<u8>, atomic::AtomicPtr<String>, atomic::AtomicPtr<Bare>],
            atomic::AtomicPtr::new(ptr::dangling_mut()),
            |v| v.load(Relaxed).is_null(),
            |_| 0
        ),
        row!(
            "*const T",
            [*const u8, *const String, *const Bare],
            ptr::dangling(),
            |v| v.is_null(),
            |_| 0
        ),
        row!(
            "*mut T",
            [*mut u8, *mut String, *mut Bare],
            ptr::dangling_mut(),
            |v| v.is_null(),
            |_| 0
        ),
        row!("&str", &'static str, "text", |v| v.is_empty(), |_| 0),
        row!(
            "&[T]",
            [&'static [u8], &'static [String], &'static [Bare]],
            &[7],
            |v| v.is_empty(),
            |_| 0
        ),
    ]);
    rows
}

fn text() -> Vec<Found> {
    let mut ring = RingBuffer::bounded(16);
    ring.write_all(b"text").expect("it has room");
    let mut secret = SecretString::new();
    secret.push_str("text");
    let mut buf = PooledBuf::with_capacity(64);
    buf.extend_from_slice(b"text");
    vec![
        row!("String", String, "text".into(), |v| v.is_empty(), |v| v.capacity()),
        row!("OsString", OsString, "text".into(), |v| v.is_empty(), |v| v.capacity()),
        row!("PathBuf", PathBuf, "text".into(), |v| v.as_os_str().is_empty(), |v| v.capacity()),
        row!("Box<str>", Box<str>, "text".into(), |v| v.is_empty(), |_| 0),
        row!(
            "Cow",
            Cow<'static, str>,
            Cow::Owned("text".into()),
            |v| matches!(v, Cow::Owned(text) if text.is_empty()),
            |v| v.to_mut().capacity()
        ),
        row!("SecretString", SecretString, secret, |v| v.is_empty(), |v| v.capacity()),
        row!("PooledBuf", PooledBuf, buf, |v| v.is_empty(), |v| v.capacity()),
        row!("RingBuffer", RingBuffer, ring, |v| v.is_empty(), |v| v.capacity()),
    ]
}

/// What is not to be reckoned from outside: as much as before the reset.
fn table<T: Reset>(value: &mut T) -> usize {
    let bytes = value.retained_bytes();
    assert!(bytes > 0, "a table that holds something has memory");
    bytes
}

fn collections() -> Vec<Found> {
    let mut secrets = SecretVec::new();
    secrets.push(7_u8);
    let mut secret_map = SecretMap::<u8, u8>::default();
    secret_map.insert(7, 7);
    let mut kept = RetainVec::<String>::new();
    kept.push_blank().push_str("text");
    let heap = kept[0].capacity();
    let mut kept_map = RetainMap::<String, String>::new();
    kept_map.insert_blank("key").push_str("text");
    let mut option = RetainOption::<String>::default();
    option.insert_blank().push_str("text");
    let value = option.as_ref().map_or(0, String::capacity);
    vec![
        row!("Vec", [Vec<u32>, Vec<String>, Vec<Bare>], vec![7], |v| v.is_empty(), |v| 4
            * v.capacity()),
        row!(
            "VecDeque",
            [VecDeque<u32>, VecDeque<String>, VecDeque<Bare>],
            [7].into(),
            |v| v.is_empty(),
            |v| 4 * v.capacity()
        ),
        row!(
            "BinaryHeap",
            [BinaryHeap<u32>, BinaryHeap<String>, BinaryHeap<Bare>],
            [7].into(),
            |v| v.is_empty(),
            |v| 4 * v.capacity()
        ),
        row!(
            "HashMap",
            [HashMap<u8, u8>, HashMap<String, String>, HashMap<Bare, Bare>],
            [(7, 7)].into(),
            |v| v.is_empty(),
            table
        ),
        row!(
            "HashSet",
            [HashSet<u8>, HashSet<String>, HashSet<Bare>],
            [7].into(),
            |v| v.is_empty(),
            table
        ),
        row!(
            "LinkedList",
            [LinkedList<u8>, LinkedList<String>, LinkedList<Bare>],
            [7].into(),
            |v| v.is_empty(),
            |_| 0
        ),
        row!(
            "BTreeMap",
            [BTreeMap<u8, u8>, BTreeMap<String, String>, BTreeMap<Bare, Bare>],
            [(7, 7)].into(),
            |v| v.is_empty(),
            |_| 0
        ),
        row!(
            "BTreeSet",
            [BTreeSet<u8>, BTreeSet<String>, BTreeSet<Bare>],
            [7].into(),
            |v| v.is_empty(),
            |_| 0
        ),
        row!("SecretVec", SecretVec<u8>, secrets, |v| v.is_empty(), |v| v.capacity()),
        row!("SecretMap", SecretMap<u8, u8>, secret_map, |v| v.is_empty(), table),
        row!(
            "RetainVec",
            [RetainVec<String>, RetainVec<String>, RetainVec<Bare>],
            kept,
            |v| v.is_empty(),
            |v| v.capacity() * size_of::<String>() + heap
        ),
        row!(
            "RetainMap",
            [RetainMap<String, String>, RetainMap<String, String>, RetainMap<Bare, Bare>],
            kept_map,
            |v| v.is_empty(),
            table
        ),
        row!(
            "RetainOption",
            [RetainOption<String>, RetainOption<String>, RetainOption<Bare>],
            option,
            |v| v.is_none(),
            |_| value
        ),
    ]
}

fn around_another_value() -> Vec<Found> {
    let text = || String::from("text");
    let heap = text().capacity();
    let lock = Mutex::new(text());
    let mut word = Pooled::<Word>::blank();
    word.0.push_str("text");
    vec![
        row!("Option", [Option<u8>, Option<String>, Option<Bare>], Some(7), |v| v.is_none(), |_| 0),
        row!(
            "Box<T>",
            [Box<String>, Box<String>, Box<Bare>],
            Box::new(text()),
            |v| v.is_empty(),
            |_| size_of::<String>() + heap
        ),
        row!(
            "Box<[T]>",
            [Box<[String]>, Box<[String]>, Box<[Bare]>],
            vec![text(), text()].into(),
            |v| v.iter().all(String::is_empty),
            |_| 2 * (size_of::<String>() + heap)
        ),
        row!(
            "[T; N]",
            [[String; 2], [String; 2], [Bare; 2]],
            [text(), text()],
            |v| v.iter().all(String::is_empty),
            |_| 2 * heap
        ),
        row!(
            "(A, ..)",
            [(String, u8), (String, u8), (Bare, u8)],
            (text(), 7),
            |v| v.0.is_empty() && v.1 == 0,
            |_| heap
        ),
        row!(
            "Wrapping",
            [Wrapping<String>, Wrapping<String>, Wrapping<Bare>],
            Wrapping(text()),
            |v| v.0.is_empty(),
            |_| heap
        ),
        row!(
            "Cell",
            [Cell<String>, Cell<String>, Cell<Bare>],
            Cell::new(text()),
            |v| v.get_mut().is_empty(),
            |_| heap
        ),
        row!(
            "RefCell",
            [RefCell<String>, RefCell<String>, RefCell<Bare>],
            RefCell::new(text()),
            |v| v.try_borrow_mut().is_ok_and(|v| v.is_empty()),
            |_| heap
        ),
        row!(
            "Mutex",
            [Mutex<String>, Mutex<String>, Mutex<Bare>],
            {
                let lock = Arc::new(lock);
                let other = lock.clone();
                let poisoned = std::thread::spawn(move || {
                    let _guard = other.lock();
                    std::panic::resume_unwind(Box::new(()));
                });
                poisoned.join().unwrap_err();
                Arc::into_inner(lock).expect("the thread is gone")
            },
            |v| v.try_lock().is_ok_and(|v| v.is_empty()),
            |_| heap
        ),
        row!(
            "RwLock",
            [RwLock<String>, RwLock<String>, RwLock<Bare>],
            RwLock::new(text()),
            |v| v.try_write().is_ok_and(|v| v.is_empty()),
            |_| heap
        ),
        row!(
            "OnceCell",
            [OnceCell<u8>, OnceCell<String>, OnceCell<Bare>],
            OnceCell::from(7),
            |v| v.get().is_none(),
            |_| 0
        ),
        row!(
            "OnceLock",
            [OnceLock<u8>, OnceLock<String>, OnceLock<Bare>],
            OnceLock::from(7),
            |v| v.get().is_none(),
            |_| 0
        ),
        row!(
            "Cursor",
            [Cursor<String>, Cursor<String>, Cursor<Bare>],
            {
                let mut cursor = Cursor::new(text());
                cursor.set_position(2);
                cursor
            },
            |v| v.get_ref().is_empty() && v.position() == 0,
            |_| heap
        ),
        row!(
            "rc::Weak",
            [rc::Weak<u8>, rc::Weak<String>, rc::Weak<Bare>],
            rc::Rc::downgrade(&rc::Rc::new(7)),
            |v| v.ptr_eq(&rc::Weak::new()),
            |_| 0
        ),
        row!(
            "sync::Weak",
            [sync::Weak<u8>, sync::Weak<String>, sync::Weak<Bare>],
            Arc::downgrade(&Arc::new(7)),
            |v| v.ptr_eq(&sync::Weak::new()),
            |_| 0
        ),
        row!(
            "Pooled",
            [Pooled<Word>, Pooled<Word>, Pooled<Bright>],
            word,
            |v| v.0.is_empty(),
            table
        ),
    ]
}

fn of_other_crates() -> Vec<Found> {
    use http::{request, response};

    let headers = || {
        let mut headers = http::HeaderMap::new();
        headers.insert("host", http::HeaderValue::from_static("localhost"));
        headers
    };
    let mut request = http::Request::new(String::from("text"));
    *request.headers_mut() = headers();
    let parts = {
        let mut request = http::Request::new(());
        *request.headers_mut() = headers();
        request.into_parts().0
    };
    let mut response = http::Response::new(String::from("text"));
    *response.status_mut() = http::StatusCode::NOT_FOUND;
    *response.headers_mut() = headers();
    let answer = {
        let mut response = http::Response::new(());
        *response.headers_mut() = headers();
        response.into_parts().0
    };
    let mut extensions = http::Extensions::new();
    extensions.insert(7_u8);
    let mut hash_table = hashbrown::HashTable::<u8>::new();
    hash_table.insert_unique(7, 7, |&hash| hash.into());
    let long = "a text that is too long to lie within";
    let mut map = serde_json::Map::new();
    map.insert("key".into(), 7.into());
    vec![
        row!(
            "arrayvec::ArrayVec",
            [
                arrayvec::ArrayVec<u8, 2>,
                arrayvec::ArrayVec<String, 2>,
                arrayvec::ArrayVec<Bare, 2>
            ],
            [7, 7].into(),
            |v| v.is_empty(),
            |_| 0
        ),
        row!(
            "arrayvec::ArrayString",
            arrayvec::ArrayString<8>,
            arrayvec::ArrayString::from("text").expect("it has room"),
            |v| v.is_empty(),
            |_| 0
        ),
        row!("bytes::Bytes", bytes::Bytes, bytes::Bytes::from(vec![7]), |v| v.is_empty(), |_| 0),
        row!(
            "bytes::BytesMut",
            bytes::BytesMut,
            bytes::BytesMut::from(&b"text"[..]),
            |v| v.is_empty(),
            |v| v.capacity()
        ),
        row!(
            "compact_str::CompactString",
            compact_str::CompactString,
            long.into(),
            |v| v.is_empty(),
            |v| v.capacity()
        ),
        row!(
            "hashbrown::HashMap",
            [
                hashbrown::HashMap<u8, u8>,
                hashbrown::HashMap<String, String>,
                hashbrown::HashMap<Bare, Bare>
            ],
            [(7, 7)].into(),
            |v| v.is_empty(),
            table
        ),
        row!(
            "hashbrown::HashSet",
            [hashbrown::HashSet<u8>, hashbrown::HashSet<String>, hashbrown::HashSet<Bare>],
            [7].into(),
            |v| v.is_empty(),
            table
        ),
        row!(
            "hashbrown::HashTable",
            [hashbrown::HashTable<u8>, hashbrown::HashTable<String>, hashbrown::HashTable<Bare>],
            hash_table,
            |v| v.is_empty(),
            table
        ),
        row!("http::Method", http::Method, http::Method::PUT, |v| *v == http::Method::GET, |_| 0),
        row!(
            "http::Uri",
            http::Uri,
            http::Uri::from_static("/text"),
            |v| *v == http::Uri::from_static("/"),
            |_| 0
        ),
        row!(
            "http::StatusCode",
            http::StatusCode,
            http::StatusCode::NOT_FOUND,
            |v| v.as_u16() == 200,
            |_| 0
        ),
        row!(
            "http::Version",
            http::Version,
            http::Version::HTTP_2,
            |v| *v == http::Version::HTTP_11,
            |_| 0
        ),
        row!(
            "http::HeaderMap",
            [http::HeaderMap<u8>, http::HeaderMap<String>, http::HeaderMap<Bare>],
            {
                let mut headers = http::HeaderMap::default();
                headers.insert("host", 7);
                headers
            },
            |v| v.is_empty(),
            table
        ),
        row!("http::Extensions", http::Extensions, extensions, |v| v.is_empty(), |_| 0),
        row!("http::request::Parts", request::Parts, parts, |v| v.headers.is_empty(), table),
        row!("http::response::Parts", response::Parts, answer, |v| v.headers.is_empty(), table),
        row!(
            "http::Request",
            [http::Request<String>, http::Request<String>, http::Request<Bare>],
            request,
            |v| v.headers().is_empty() && v.body().is_empty(),
            table
        ),
        row!(
            "http::Response",
            [http::Response<String>, http::Response<String>, http::Response<Bare>],
            response,
            |v| v.headers().is_empty() && v.status() == 200 && v.body().is_empty(),
            table
        ),
        row!(
            "indexmap::IndexMap",
            [
                indexmap::IndexMap<u8, u8>,
                indexmap::IndexMap<String, String>,
                indexmap::IndexMap<Bare, Bare>
            ],
            [(7, 7)].into(),
            |v| v.is_empty(),
            table
        ),
        row!(
            "indexmap::IndexSet",
            [indexmap::IndexSet<u8>, indexmap::IndexSet<String>, indexmap::IndexSet<Bare>],
            [7].into(),
            |v| v.is_empty(),
            table
        ),
        row!("serde_json::Value", serde_json::Value, "text".into(), |v| v.is_null(), |_| 0),
        row!("serde_json::Number", serde_json::Number, 7.into(), |v| v.as_u64() == Some(0), |_| 0),
        row!(
            "serde_json::Map",
            serde_json::Map<String, serde_json::Value>,
            map,
            |v| v.is_empty(),
            |_| 0
        ),
        row!(
            "smallvec::SmallVec",
            [
                smallvec::SmallVec<[u32; 2]>,
                smallvec::SmallVec<[String; 2]>,
                smallvec::SmallVec<[Bare; 2]>
            ],
            smallvec::SmallVec::from_slice(&[7; 9]),
            |v| v.is_empty(),
            |v| 4 * v.capacity()
        ),
    ]
}

/// The rows of the page, one for each type.
fn rows_of_the_page() -> Vec<(String, Vec<String>)> {
    let page = include_str!("../../docs/guide/resets.md");
    let mut rows = Vec::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("| ")) {
        let cells: Vec<String> =
            line.trim_end_matches(" |").split(" | ").map(str::to_owned).collect();
        if cells.len() == 6 && cells[0] != "type" && !cells[0].starts_with("---") {
            let keys = cells[0].split('`').skip(1).step_by(2);
            rows.extend(keys.map(|key| (key.to_owned(), cells.clone())));
        }
    }
    rows
}

#[test]
fn each_row_of_the_guides_page_on_resets_is_what_its_types_do() {
    let found =
        [without_a_heap(), text(), collections(), around_another_value(), of_other_crates()];
    let found: Vec<Found> = found.into_iter().flatten().collect();
    let rows = rows_of_the_page();
    let mut wrong = Vec::new();
    for Found { key, counts, wiped, borrows } in &found {
        let Some((_, cells)) = rows.iter().find(|(row, _)| row == key) else {
            wrong.push(format!("`{key}` has no row"));
            continue;
        };
        if (cells[3] != "0") != *counts || cells[4] != *wiped || cells[5] != *borrows {
            wrong.push(format!(
                "`{key}`: counts {counts}, wiped {wiped}, borrows {borrows}; the row: {cells:?}"
            ));
        }
        // What counts is kept.
        if *counts && cells[2].starts_with("nothing") {
            wrong.push(format!("`{key}` keeps something"));
        }
    }
    for (row, _) in &rows {
        if found.iter().all(|found| found.key != *row) {
            wrong.push(format!("nothing here looks at `{row}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
