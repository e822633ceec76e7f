//! What is written is what serde_json writes, byte for byte.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::sync::LazyLock;

use poolable::buffer::BufferPool;
use poolable::json::{self, Options};
use poolable::{Pool, Poolable, RetainMap, RetainOption, RetainVec};
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::documents::{Document, Maker};
use super::told;

/// As serde_json lays it out. Its newlines are then followed by the prefix: text has no newline
/// of its own, there is an escape for it.
fn laid_out<T: ?Sized + Serialize>(value: &T, indent: &str) -> String {
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(indent.as_bytes());
    value.serialize(&mut Serializer::with_formatter(&mut text, formatter)).unwrap();
    String::from_utf8(text).unwrap()
}

/// With the escapes, which are needed in strings alone, and so can be told from nothing but
/// their characters.
fn escaped(text: &str) -> String {
    let escapes = [
        ("<", r"\u003c"),
        (">", r"\u003e"),
        ("&", r"\u0026"),
        ("\u{2028}", r"\u2028"),
        ("\u{2029}", r"\u2029"),
    ];
    escapes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[track_caller]
fn assert_same(written: &[u8], expected: &str) {
    assert_eq!(String::from_utf8_lossy(written), expected);
}

/// Every way of writing, with the escapes and without.
#[track_caller]
fn check<T: ?Sized + Serialize>(value: &T) {
    static POOL: LazyLock<BufferPool> = LazyLock::new(BufferPool::new);

    let text = serde_json::to_string(value).unwrap();
    assert_same(&json::to_buf(value).unwrap(), &text);
    assert_same(&json::to_buf_in(&POOL, value).unwrap(), &text);
    assert_same(&json::to_bytes(value).unwrap(), &text);
    assert_same(&json::to_line(value).unwrap(), &format!("{text}\n"));
    let mut written = Vec::new();
    json::to_writer(&mut written, value).unwrap();
    assert_same(&written, &text);

    let html = Options { escape_html: true };
    let safe = escaped(&text);
    assert_same(&html.to_buf(value).unwrap(), &safe);
    assert_same(&html.to_buf_in(&POOL, value).unwrap(), &safe);
    assert_same(&html.to_bytes(value).unwrap(), &safe);
    assert_same(&html.to_line(value).unwrap(), &format!("{safe}\n"));
    written.clear();
    html.to_writer(&mut written, value).unwrap();
    assert_same(&written, &safe);
    assert_eq!(
        serde_json::from_str::<Value>(&safe).map_err(|error| error.to_string()),
        serde_json::from_str(&text).map_err(|error| error.to_string())
    );

    for (prefix, indent) in [("", ""), ("", "  "), ("", "\t"), ("> ", "  "), ("\t", "")] {
        let text = laid_out(value, indent);
        let prefixed = |text: &str| text.replace('\n', &format!("\n{prefix}"));
        let pretty = json::to_buf_pretty(value, prefix, indent).unwrap();
        assert_same(&pretty, &prefixed(&text));
        let pretty = html.to_buf_pretty(value, prefix, indent).unwrap();
        assert_same(&pretty, &prefixed(&escaped(&text)));
    }
    let pretty = json::to_buf_pretty(value, "", "  ").unwrap();
    assert_same(&pretty, &serde_json::to_string_pretty(value).unwrap());
}

#[test]
fn numbers_are_written_as_serde_json_writes_them() {
    check(&[i8::MIN, 0, i8::MAX]);
    check(&[i16::MIN, 0, i16::MAX]);
    check(&[i32::MIN, 0, i32::MAX]);
    check(&[i64::MIN, -1, i64::MAX]);
    check(&[i128::MIN, -1, i128::MAX]);
    check(&[u8::MAX, 0, 99, 100]);
    check(&[u16::MAX, 0, 999, 1000]);
    check(&[u32::MAX, 0, 9999, 10_000]);
    check(&[u64::MAX, 0, 1 << 53]);
    check(&[u128::MAX, 0, 1 << 64]);
    check(&[0.0, -0.0, 1.0, -1.5, 0.1, 1e15, 1e16, 1e17, 1e21, 1e-5, 1e-6, 1e-7]);
    check(&[f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, f64::EPSILON, 9_007_199_254_740_993.0]);
    check(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    check(&[f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45, 0.1, 16_777_217.0, f32::NAN]);
    check(&json!([1, -1, 1.5, u64::MAX, i64::MIN, 1e300]));
}

#[test]
fn text_is_escaped_as_serde_json_escapes_it() {
    // Each alone, and between others.
    for character in (0..0x180).chain(0x2020..0x2030).chain([0xD7FF, 0xE000, 0xFFFF, 0x10_FFFF]) {
        let Some(character) = char::from_u32(character) else { continue };
        check(&character);
        check(&[format!("{character}"), format!("a{character}{character}<b")]);
    }
    check("");
    check("\u{2028}");
    check("\u{e2}\u{80}\u{a8}: not the separator, but the characters of its bytes");
    check(&"<".repeat(1000));
    check(&"no escape at all ".repeat(1000));
}

#[test]
fn containers_are_written_as_serde_json_writes_them() {
    check(&());
    check(&None::<u8>);
    check(&Some(Some(7)));
    check(&Vec::<u8>::new());
    check(&[(); 3]);
    check(&HashMap::<String, u8>::new());
    check(&[[0_u8; 0]; 2]);
    check(&(1, "two", 3.0, '4', true, ((),), [[[5]]]));
    check(&vec![vec![vec![Vec::<u8>::new()]]]);
    check(&BTreeMap::from([("<key>", BTreeMap::from([("&", BTreeMap::<u8, u8>::new())]))]));
    check(&json!({"a": [], "b": {}, "c": [{}, [], [[]], {"d": {}}], "e": null, "": ""}));
    check(&Ipv4Addr::LOCALHOST);
    check(&format_args!("{}<{}", 1, 2));
    check::<str>("unsized");
    check::<[u8]>(&[1, 2, 3]);
    check(&std::borrow::Cow::Borrowed("cow"));
    check(&Ok::<_, ()>("fine"));
}

#[test]
fn keys_that_are_no_strings_are_written_as_serde_json_writes_them() {
    #[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
    enum Colour {
        Red,
        #[serde(rename = "<blue>")]
        Blue,
    }

    #[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
    struct Meters(i64);

    check(&BTreeMap::from([(i64::MIN, 1), (-1, 2), (7, 3)]));
    check(&BTreeMap::from([(u64::MAX, ()), (0, ())]));
    check(&BTreeMap::from([(i128::MIN, ()), (i128::MAX, ())]));
    check(&BTreeMap::from([(u128::MAX, ())]));
    check(&BTreeMap::from([(true, 1), (false, 0)]));
    check(&BTreeMap::from([('<', 1), ('"', 2), ('\u{2028}', 3), ('\n', 4)]));
    check(&BTreeMap::from([(Colour::Red, 1), (Colour::Blue, 2)]));
    check(&BTreeMap::from([(Meters(5), Meters(6))]));
    check(&BTreeMap::from([(Some(1), 1)]));
    check(&BTreeMap::from([(Ipv4Addr::LOCALHOST, "home")]));
}

#[test]
fn enums_of_every_representation_are_written_as_serde_json_writes_them() {
    macro_rules! representation {
        ($(#[$attribute:meta])? $($tuple:ident)?) => {{
            #[derive(Serialize)]
            $(#[$attribute])?
            enum Representation {
                #[serde(rename = "<unit>")]
                Unit,
                Newtype(BTreeMap<&'static str, u8>),
                $($tuple(u8, &'static str),)?
                Empty {},
                Struct { a: Option<u8>, #[serde(rename = "&")] b: () },
            }

            check(&Representation::Unit);
            check(&Representation::Newtype(BTreeMap::new()));
            check(&Representation::Newtype(BTreeMap::from([("k", 1)])));
            $(check(&Representation::$tuple(1, ">"));)?
            check(&Representation::Empty {});
            check(&[
                Representation::Struct { a: None, b: () },
                Representation::Struct { a: Some(1), b: () },
            ]);
        }};
    }

    representation!(Tuple);
    representation!(
        #[serde(untagged)]
        Tuple
    );
    representation!(
        #[serde(tag = "t", content = "c")]
        Tuple
    );
    representation!(#[serde(tag = "t<")]);
}

#[test]
fn attributes_of_serde_are_heeded() {
    #[derive(Serialize)]
    struct Inner {
        #[serde(rename = "</inner>")]
        inner: u8,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Outer {
        one_field: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<u8>,
        #[serde(skip)]
        #[expect(dead_code, reason = "it is to be left out")]
        skipped: u8,
        #[serde(flatten)]
        flat: Inner,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    let rest = BTreeMap::from([("x".to_owned(), json!([])), ("y".to_owned(), json!({"z": 1}))]);
    check(&Outer { one_field: 1, absent: None, skipped: 2, flat: Inner { inner: 3 }, rest });
}

#[test]
fn guards_and_what_they_keep_are_written_as_their_values() {
    #[derive(Poolable, Serialize)]
    struct Words {
        words: RetainVec<String>,
        counts: RetainMap<String, u32>,
        first: RetainOption<String>,
        last: RetainOption<String>,
    }

    let mut guard = Words::pooled();
    guard.words.push_blank().push_str("<one>");
    guard.words.push_blank().push_str("gone");
    guard.words.pop();
    *guard.counts.insert_blank("one") = 1;
    guard.first.insert_blank().push_str("one");
    check(&guard);
    assert_same(
        &json::to_buf(&guard).unwrap(),
        r#"{"words":["<one>"],"counts":{"one":1},"first":"one","last":null}"#,
    );
    check(&poolable::Pooled::share(guard));
    check(&Words::pooled());
    check(&*Pool::new(|| vec![1_u8, 2]).get());
}

#[test]
fn raw_values_are_written_as_they_are() {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    let spaced = raw(" { \"<key>\" : [ 1 , 2.50, 1e400 ],\n\"b\":\"&\\u2028\u{2028}\" } ");
    for value in [&*spaced, &*raw("null"), &*raw("1.0e+2"), &*raw("[]")] {
        let text = serde_json::to_string(&[value, value]).unwrap();
        assert_same(&json::to_buf(&[value, value]).unwrap(), &text);
        assert_same(&json::to_buf(value).unwrap(), value.get());
        let safe = Options { escape_html: true }.to_buf(&[value, value]).unwrap();
        assert_same(&safe, &escaped(&text));
    }
}

#[test]
fn any_value_is_written_as_serde_json_writes_it() {
    let mut maker = Maker::new(1);
    for _ in 0..1000 {
        check(&maker.document(4, false));
    }
}

#[test]
fn a_value_that_is_no_json_fails_as_it_fails_with_serde_json() {
    let mut maker = Maker::new(2);
    let pool = BufferPool::new();
    let mut failed = 0;
    for _ in 0..3000 {
        let document = maker.document(4, true);
        let Err(expected) = serde_json::to_vec(&document) else { continue };
        let expected = told::<()>(Err(expected));
        failed += 1;
        let html = Options { escape_html: true };
        assert_eq!(told(json::to_buf_in(&pool, &document)), expected);
        assert_eq!(told(html.to_buf_in(&pool, &document)), expected);
        assert_eq!(told(json::to_buf(&document)), expected);
        assert_eq!(told(json::to_buf_pretty(&document, "", " ")), expected);
        assert_eq!(told(json::to_line(&document)), expected);
        assert_eq!(told(json::to_bytes(&document)), expected);
        assert_eq!(pool.stats().total().in_use, 0);
    }
    assert!(failed > 250, "{failed}");
}

#[test]
fn keys_that_cannot_be_written_are_refused() {
    let refuse = |key: Document| {
        let map = Document::Map(vec![(key, Document::Unit)], true);
        assert_eq!(told(json::to_buf(&map)), told(serde_json::to_vec(&map)));
    };
    refuse(Document::Unit);
    refuse(Document::Absent);
    refuse(Document::Float(f64::NAN));
    refuse(Document::Sequence(vec![], true));
    refuse(Document::Bytes(vec![1]));
    refuse(Document::Fails("on purpose".to_owned()));
}

#[test]
fn a_value_of_any_depth_is_written() {
    struct Nest(u32);

    impl Serialize for Nest {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                0 => serializer.collect_seq([0_u8; 0]),
                depth => serializer.collect_seq([Nest(depth - 1)]),
            }
        }
    }

    check(&Nest(300));
    let text = json::to_buf_pretty(&Nest(300), "", " ").unwrap();
    assert!(text.windows(300).any(|line| line.iter().all(|byte| *byte == b' ')));
}
