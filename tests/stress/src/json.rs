//! Reads and writes JSON with pooled objects, and compares with what serde_json does with
//! types that have no pool.
//!
//! The fuzzer and the tests of the public behaviour share it. Nothing in it panics: the fuzzer
//! would take it for a find.

use core::fmt::Debug;
use std::io::{self, ErrorKind, Read};
use std::sync::{Mutex, PoisonError};

use poolable::json::{self, Options};
use poolable::{Poolable, Pooled, Reset, RetainMap, RetainOption, RetainVec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Defines what is read, by the same names: a message names the type that it is about.
macro_rules! types {
    ($(#[$order:meta])* $vec:ident, $map:ident, $option:ident, { $($token:tt)* }, $(#[$part:meta])*) => {
        $(#[$order])*
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        pub(super) struct Order {
            customer: String,
            items: $vec<Item>,
            note: $option<String>,
            counts: $map<String, i64>,
            #[serde(default)]
            prices: Vec<f64>,
            total: Option<u64>,
            kind: Kind,
            #[serde(default)]
            corner: (i8, char, bool),
            $($token)*
            token: String,
            #[serde(skip)]
            scratch: String,
        }

        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        $(#[$part])*
        pub(super) struct Item {
            name: String,
            #[serde(default)]
            tags: $vec<String>,
            count: u32,
        }

        #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
        $(#[$part])*
        pub(super) enum Kind {
            #[default]
            Plain,
            Gift(String),
            Parts(u8, i128),
            Shipped { to: String, paid: bool },
        }

        /// Any JSON at all.
        $(#[$order])*
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(super) struct Any(Value);

        /// What is borrowed from the text, which must have no escapes there.
        $(#[$order])*
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        pub(super) struct Words<'a> {
            #[serde(borrow)]
            pub(super) customer: &'a str,
            #[serde(borrow, default)]
            note: Option<&'a str>,
            #[serde(borrow, default)]
            pub(super) words: Vec<&'a str>,
        }
    };
}

/// The types that have a pool.
mod pooled {
    use super::{
        Deserialize, Poolable, Reset, RetainMap, RetainOption, RetainVec, Serialize, Value,
    };

    types! {
        #[derive(Poolable)]
        RetainVec, RetainMap, RetainOption, { #[pool(zeroize, capacity = 32)] }, #[derive(Reset)]
    }
}

/// Their twins without one.
mod plain {
    use core::fmt;

    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde::ser::Serializer;

    use super::{Deserialize, Serialize, Value};

    types! { Vec, Entries, Option, {}, }

    /// A map in the order of its entries, as `RetainMap` is one.
    #[derive(Debug, PartialEq)]
    pub(super) struct Entries<K, V>(Vec<(K, V)>);

    impl<K: Serialize, V: Serialize> Serialize for Entries<K, V> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
        }
    }

    impl<'de> Deserialize<'de> for Entries<String, i64> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Read;

            impl<'de> Visitor<'de> for Read {
                type Value = Entries<String, i64>;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a map")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    let mut entries: Vec<(String, i64)> = Vec::new();
                    while let Some(key) = map.next_key()? {
                        let value = map.next_value()?;
                        match entries.iter_mut().find(|(known, _)| *known == key) {
                            Some(known) => known.1 = value,
                            None => entries.push((key, value)),
                        }
                    }
                    Ok(Entries(entries))
                }
            }

            deserializer.deserialize_map(Read)
        }
    }
}

/// What a check came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JsonTale {
    /// Values that were read.
    pub values: u64,
    /// Errors that were met.
    pub errors: u64,
}

impl JsonTale {
    /// Adds what another check came to.
    pub fn add(&mut self, other: &Self) {
        self.values += other.values;
        self.errors += other.errors;
    }
}

/// How a reader gives what it has.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Bytes at a time, at least one.
    step: usize,
    /// Whether it is interrupted before each of them.
    is_interrupted: bool,
}

/// A reader that gives its bytes at a pace.
struct Slow<'b> {
    bytes: &'b [u8],
    pace: Pace,
    was_interrupted: bool,
}

impl<'b> Slow<'b> {
    fn new(bytes: &'b [u8], pace: Pace) -> Self {
        Self { bytes, pace, was_interrupted: false }
    }
}

impl Read for Slow<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.was_interrupted = self.pace.is_interrupted && !self.was_interrupted;
        if self.was_interrupted {
            return Err(ErrorKind::Interrupted.into());
        }
        let most = to.len().min(self.pace.step);
        self.bytes.read(&mut to[..most])
    }
}

/// Plays a script: its first bytes say how, and whether the others are the text, or what a
/// text is made of.
///
/// # Errors
///
/// If something else happens than with serde_json.
pub fn play_json(script: &[u8]) -> Result<JsonTale, String> {
    let mut code = Bytecode(script);
    let how = code.below(256);
    let step = [1, 2, 3, 7, 64, 1000, 4096, 10_000][code.below(8)];
    let pace = Pace { step, is_interrupted: how & 1 == 1 };
    let text = match how & 6 {
        0 => code.0.to_vec(),
        _ => Writer::write(code),
    };
    check(&text, pace)
}

/// Checks a text, read at a pace of so many bytes at a time.
///
/// # Errors
///
/// If something else happens than with serde_json.
pub fn check_json(text: &[u8], step: usize) -> Result<JsonTale, String> {
    check(text, Pace { step: step.max(1), is_interrupted: step % 2 == 0 })
}

/// Who looks at the counters of the pools, which belong to the types.
static ALONE: Mutex<()> = Mutex::new(());

fn check(text: &[u8], pace: Pace) -> Result<JsonTale, String> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut tale = JsonTale::default();
    check_type::<pooled::Order, plain::Order>(text, pace, dirty_order, &mut tale)
        .and_then(|()| check_type::<pooled::Any, plain::Any>(text, pace, dirty_any, &mut tale))
        .and_then(|()| check_words(text, &mut tale))
        .map_err(|why| format!("{why}\nin {:?}", String::from_utf8_lossy(text)))?;
    Ok(tale)
}

/// Text that no document has that is made here, and that nobody may ever see.
const OLD: &str = "of the one before";

fn dirty_order(place: &mut pooled::Order) {
    // It has all that there is to be forgotten.
    let old = format!(
        r#"{{"customer": "{OLD}", "items": [{{"name": "{OLD}", "count": 1, "tags": ["{OLD}"]}}],
        "note": "{OLD}", "counts": {{"{OLD}": 1}}, "prices": [1, 2], "total": 3,
        "kind": {{"Gift": "{OLD}"}}, "corner": [1, "o", true], "token": "{OLD}"}}"#
    );
    let mut json = serde_json::Deserializer::from_str(&old);
    // Of no consequence if it should fail: then there is less to be forgotten.
    drop(pooled::Order::deserialize_in_place(&mut json, place));
}

fn dirty_any(place: &mut pooled::Any) {
    drop(pooled::Any::deserialize_in_place(serde_json::json!({OLD: [OLD, 7]}), place));
}

/// Reads a text in every way, as the pooled type and as its twin.
fn check_type<T, P>(
    text: &[u8],
    pace: Pace,
    dirty: fn(&mut T),
    tale: &mut JsonTale,
) -> Result<(), String>
where
    T: Poolable + DeserializeOwned + Serialize + PartialEq + Debug,
    P: DeserializeOwned + Serialize,
{
    let expected = serde_json::from_slice::<P>(text);
    match &expected {
        Ok(_) => tale.values += 1,
        Err(_) => tale.errors += 1,
    }

    // One that was used before.
    dirty(&mut T::pooled());
    let read = json::from_slice::<T>(text);
    same("from_slice", &expected, &read)?;
    drop(read);
    at_home::<T>("from_slice")?;

    let read = json::from_reader::<T, _>(Slow::new(text, pace));
    same("from_reader", &expected, &read)?;
    drop(read);
    at_home::<T>("from_reader")?;

    let mut guard = T::pooled();
    dirty(&mut guard);
    let read = json::from_slice_into(&mut guard, text);
    let is_error = read.is_err();
    same("from_slice_into", &expected, &read.map(|()| &*guard))?;
    if is_error && *guard != T::blank() {
        return Err(format!("`from_slice_into` failed and left {guard:?}"));
    }
    if let Ok(expected) = &expected {
        check_written(expected, &guard)?;
    }
    drop(guard);
    at_home::<T>("from_slice_into")?;

    check_stream::<T, P>(text, pace)
}

/// Reads a text as many values, one after the other.
fn check_stream<T, P>(text: &[u8], pace: Pace) -> Result<(), String>
where
    T: Poolable + DeserializeOwned + Serialize + PartialEq + Debug,
    P: DeserializeOwned + Serialize,
{
    let mut expected = serde_json::Deserializer::from_reader(text).into_iter::<P>();
    let mut values = json::stream::<T, _>(Slow::new(text, pace));
    loop {
        match (expected.next(), values.next()) {
            (Some(expected), Some(value)) => {
                same("stream", &expected, &value)?;
                drop(value);
                at_home::<T>("stream")?;
                if expected.is_err() {
                    break;
                }
            }
            (None, None) => break,
            (_, Some(_)) => return Err("`stream` goes on".to_owned()),
            (_, None) => return Err("`stream` has ended".to_owned()),
        }
    }
    if values.next().is_some() || values.next().is_some() {
        return Err("`stream` goes on after its end".to_owned());
    }
    drop(values);
    at_home::<T>("stream")
}

/// Reads a text as what borrows from it.
fn check_words(text: &[u8], tale: &mut JsonTale) -> Result<(), String> {
    let expected = serde_json::from_slice::<plain::Words<'_>>(text);
    match &expected {
        Ok(_) => tale.values += 1,
        Err(_) => tale.errors += 1,
    }
    let read = json::from_slice::<pooled::Words<'_>>(text);
    same("from_slice", &expected, &read)?;
    drop(read);
    let mut guard = pooled::Words::pooled();
    guard.customer = OLD;
    guard.words.push(OLD);
    let read = json::from_slice_into(&mut guard, text);
    let is_error = read.is_err();
    same("from_slice_into", &expected, &read.map(|()| &*guard))?;
    if is_error && *guard != pooled::Words::blank() {
        return Err(format!("`from_slice_into` failed and left {guard:?}"));
    }
    drop(guard);
    at_home::<pooled::Words<'_>>("from_slice_into")
}

/// Writes what was read.
fn check_written<T: Serialize, P: Serialize>(expected: &P, value: &T) -> Result<(), String> {
    let wrong = |error: serde_json::Error| format!("it was read, and is not written: {error}");
    let text = serde_json::to_vec(expected).map_err(wrong)?;
    let written = json::to_buf(value).map_err(wrong)?;
    if *written != text {
        return Err(format!("written: {:?}", String::from_utf8_lossy(&written)));
    }
    let pretty = serde_json::to_vec_pretty(expected).map_err(wrong)?;
    let written = json::to_buf_pretty(value, "", "  ").map_err(wrong)?;
    if *written != pretty {
        return Err(format!("written prettily: {:?}", String::from_utf8_lossy(&written)));
    }
    let html = Options { escape_html: true };
    for written in [html.to_buf(value), html.to_buf_pretty(value, " ", "\t")] {
        let written = written.map_err(wrong)?;
        let has_escaped = ["<", ">", "&", "\u{2028}", "\u{2029}"].iter().all(|escaped| {
            !written.windows(escaped.len()).any(|bytes| bytes == escaped.as_bytes())
        });
        let again: Value = serde_json::from_slice(&written).map_err(wrong)?;
        if !has_escaped || again != serde_json::from_slice::<Value>(&text).map_err(wrong)? {
            return Err(format!("written for HTML: {:?}", String::from_utf8_lossy(&written)));
        }
    }
    Ok(())
}

/// Compares what was read, or why nothing was.
fn same<P: Serialize, T: Serialize>(
    how: &str,
    expected: &Result<P, json::Error>,
    read: &Result<T, json::Error>,
) -> Result<(), String> {
    let (expected, read) = (told(expected), told(read));
    if expected != read {
        return Err(format!("`{how}`\n  gave {read}\n   not {expected}"));
    }
    Ok(())
}

fn told<T: Serialize>(result: &Result<T, json::Error>) -> String {
    match result {
        Ok(value) => {
            serde_json::to_string(value).unwrap_or_else(|error| format!("not written: {error}"))
        }
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            format!("{:?}, {line}, {column}: {error}", error.classify())
        }
    }
}

/// Nothing is in use, and what is taken next is blank.
fn at_home<T>(how: &str) -> Result<(), String>
where
    T: Poolable + PartialEq + Debug,
{
    let stats = T::pool().stats();
    if stats.in_use != 0 {
        return Err(format!("after `{how}` {} are in use", stats.in_use));
    }
    let next: Pooled<T> = Poolable::pooled();
    if *next != T::blank() {
        return Err(format!("after `{how}` there is {next:?}"));
    }
    Ok(())
}

/// What is left of a script.
struct Bytecode<'s>(&'s [u8]);

impl Bytecode<'_> {
    /// A number below the limit, which is 256 at the most.
    fn below(&mut self, limit: usize) -> usize {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        usize::from(*first) % limit
    }

    /// True once in so many times, and never when the script has ended.
    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}

/// Writes documents, most of them fit to be read, and damages them.
struct Writer<'s> {
    code: Bytecode<'s>,
    text: Vec<u8>,
}

const SPACES: [&str; 6] = ["", "", " ", "\n", "\t\r\n", "    "];
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "255",
    "256",
    "4294967295",
    "4294967296",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1.5",
    "-0",
    "1e2",
    "1E400",
    "0.1e-7",
    "01",
];
const STRINGS: [&str; 16] = [
    "",
    "a",
    "a text",
    "grüße",
    r"\n",
    r"\u0041",
    r"\ud83e\udd80",
    r"\ud800",
    "<&>",
    r"\u2028",
    "\u{2028}",
    "long enough for a buffer of some size, and for another one after that",
    r#"\"\\\/\b\f"#,
    "Plain",
    "null",
    "\u{1}",
];
const OTHERS: [&str; 8] = ["null", "true", "false", "[]", "{}", "[[]]", r#"{"a":{}}"#, "nul"];
const FIELDS: [&str; 11] = [
    "customer", "items", "note", "counts", "prices", "total", "kind", "corner", "token", "words",
    "scratch",
];
const BYTES: [u8; 20] = *b"{}[]\",:\\/ \n0-eE.nt\xEF\xC3";

impl<'s> Writer<'s> {
    fn write(code: Bytecode<'s>) -> Vec<u8> {
        let mut writer = Writer { code, text: Vec::new() };
        loop {
            match writer.code.below(8) {
                6 => writer.value(4),
                7 => writer.string(),
                _ => writer.order(),
            }
            if !writer.code.one_in(3) || writer.text.len() > 20_000 {
                break;
            }
            writer.space();
        }
        writer.damage();
        writer.text
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn push_one_of(&mut self, texts: &[&str]) {
        let text = texts[self.code.below(texts.len())];
        self.push(text);
    }

    fn space(&mut self) {
        self.push_one_of(&SPACES);
    }

    fn string(&mut self) {
        self.push("\"");
        for _ in 0..=self.code.below(3) {
            let piece = STRINGS[self.code.below(STRINGS.len())];
            // The one that is no UTF-16, and the one that is a control character, are rare.
            if !matches!(piece, r"\ud800" | "\u{1}") || self.code.one_in(16) {
                self.push(piece);
            }
        }
        self.push("\"");
    }

    fn number(&mut self) {
        self.push_one_of(&NUMBERS);
    }

    /// Elements between brackets.
    fn list(&mut self, brackets: [&str; 2], most: usize, mut element: impl FnMut(&mut Self)) {
        self.push(brackets[0]);
        for index in 0..self.code.below(most + 1) {
            if index > 0 {
                self.push(",");
            }
            self.space();
            element(self);
        }
        self.push(brackets[1]);
    }

    fn array(&mut self, most: usize, element: impl FnMut(&mut Self)) {
        self.list(["[", "]"], most, element);
    }

    fn field(&mut self, name: &str) {
        self.push("\"");
        self.push(name);
        self.push("\":");
        self.space();
    }

    /// Any value.
    fn value(&mut self, depth: usize) {
        match self.code.below(if depth == 0 { 6 } else { 8 }) {
            0 | 1 => self.number(),
            2 | 3 => self.string(),
            4 | 5 => self.push_one_of(&OTHERS),
            6 => self.array(4, |writer| writer.value(depth - 1)),
            _ => self.list(["{", "}"], 4, |writer| {
                writer.string();
                writer.push(":");
                writer.value(depth - 1);
            }),
        }
    }

    /// An order: as it should be, most of the time.
    fn order(&mut self) {
        let first = self.code.below(FIELDS.len());
        self.push("{");
        let mut is_first = true;
        for index in 0..FIELDS.len() {
            let name = FIELDS[(first + index) % FIELDS.len()];
            // Rarely absent, rarely twice.
            let times = match self.code.below(64) {
                62 => 0,
                63 => 2,
                _ => 1,
            };
            for _ in 0..times {
                if !is_first {
                    self.push(",");
                }
                is_first = false;
                self.space();
                self.field(name);
                if self.code.one_in(40) {
                    self.value(2);
                } else {
                    self.content(name);
                }
                self.space();
            }
        }
        self.push("}");
    }

    /// What a field of that name has.
    fn content(&mut self, name: &str) {
        match name {
            "items" => self.array(5, Self::item),
            "words" => self.array(5, Self::string),
            "prices" => self.array(6, Self::number),
            "counts" => self.list(["{", "}"], 4, |writer| {
                writer.string();
                writer.push(":7");
            }),
            "total" => self.push_one_of(&["null", "7", "18446744073709551615"]),
            "note" if self.code.below(2) == 0 => self.push("null"),
            "kind" => match self.code.below(5) {
                0 => self.push("\"Plain\""),
                1 => {
                    self.push("{\"Gift\":");
                    self.string();
                    self.push("}");
                }
                2 => self.push("{\"Parts\":[255,-170141183460469231731687303715884105728]}"),
                3 => self.push("{\"Shipped\":{\"paid\":true,\"to\":\"me\"}}"),
                _ => self.push("{\"Shipped\":[\"you\",false]}"),
            },
            "corner" => self.push("[-128,\"\u{1F980}\",true]"),
            _ => self.string(),
        }
    }

    fn item(&mut self) {
        self.push("{");
        self.field("name");
        self.string();
        if self.code.below(2) == 0 {
            self.push(",");
            self.field("tags");
            self.array(3, Self::string);
        }
        self.push(",");
        self.field("count");
        self.push_one_of(&["0", "7", "4294967295"]);
        if self.code.one_in(40) {
            self.push(",\"other\":1");
        }
        self.push("}");
    }

    /// Some of the bytes, perhaps.
    fn damage(&mut self) {
        for _ in 0..[0, 0, 1, 3][self.code.below(4)] {
            let length = self.text.len();
            let place = (self.code.below(256) * 256 + self.code.below(256)) % (length + 1);
            let byte = BYTES[self.code.below(BYTES.len())];
            match self.code.below(8) {
                0 => self.text.truncate(place),
                1 => self.text.insert(place, byte),
                2 if place < length => self.text[place] = byte,
                3 if place < length => drop(self.text.remove(place)),
                4 if place < length => self.text[place] ^= 1 << self.code.below(8),
                5 => {
                    let again = self.text[place..length.min(place + 20)].to_vec();
                    self.text.splice(place..place, again);
                }
                6 => {
                    let nest = [b'[', b'{'][self.code.below(2)];
                    let depth = 100 + self.code.below(60);
                    self.text.splice(place..place, core::iter::repeat_n(nest, depth));
                }
                _ => self.text.push(byte),
            }
        }
    }
}
