//! Input that is wrong: what is told, and what is left.

use poolable::json;
use poolable::{Poolable, Pooled, Reset, RetainVec};
use serde::Deserialize;
use serde_json::error::Category;

use super::told;

/// Each test has a pool of its own.
macro_rules! order {
    () => {
        #[derive(Debug, PartialEq, Poolable, Deserialize)]
        struct Order {
            customer: String,
            items: RetainVec<String>,
            total: u8,
        }
    };
}

/// Its twin without a pool, of the same name: a message tells it.
mod plain {
    #[derive(Debug, serde::Deserialize)]
    pub(super) struct Order {
        customer: String,
        items: Vec<String>,
        total: u8,
    }
}

const GOOD: &str = r#"{"customer": "ada", "items": ["ink", "pen"], "total": 7}"#;

#[test]
fn errors_are_those_of_serde_json_and_leave_everything_blank() {
    order!();

    let deep = "[".repeat(200_000);
    let deep_inside = format!("{{\"other\":{}", "[{\"a\":".repeat(100_000));
    let good = |trailing: &str| format!("{GOOD}{trailing}").into_bytes();
    let with = |from: &str, to: &str| GOOD.replace(from, to).into_bytes();
    let mut wrong = vec![
        b"".to_vec(),
        b" \n\t ".to_vec(),
        b"\xEF\xBB\xBF".to_vec(),
        [b"\xEF\xBB\xBF", GOOD.as_bytes()].concat(),
        deep.into_bytes(),
        deep_inside.into_bytes(),
        good(","),
        good(" {}"),
        good("\n\nx"),
        good("\0"),
        good("\u{a0}"),
        with("7", "256"),
        with("7", "-1"),
        with("7", "7.5"),
        with("7", "07"),
        with("7", "1e999"),
        with("7", "\"7\""),
        with("7", "null"),
        with("7", "7, \"total\": 7"),
        with("7", "7,"),
        with("\"total\": 7", "\"customer\": \"x\""),
        with("\"total\"", "\"other\""),
        with("\"total\"", "total"),
        with("\"pen\"", "[]"),
        with("\"pen\"", "'pen'"),
        with("\"pen\"]", "\"pen\"}"),
        with("ada", "a\nda"),
        with("ada", r"\x"),
        with("ada", r"\u12"),
        with("ada", r"\ud800"),
        with("ada", r"\ud800\u0041"),
        with("ada", "\0"),
        GOOD.bytes().map(|byte| if byte == b'd' { 0xFF } else { byte }).collect(),
        GOOD.bytes().map(|byte| if byte == b'k' { 0xC3 } else { byte }).collect(),
        b"[\"ada\", [], 7".to_vec(),
        b"[\"ada\", []]".to_vec(),
        b"[\"ada\", [], 7, 8]".to_vec(),
        b"null".to_vec(),
        b"nul".to_vec(),
        b"\"".to_vec(),
        b"-".to_vec(),
        b"}".to_vec(),
    ];
    wrong.extend((0..GOOD.len()).map(|end| GOOD.as_bytes()[..end].to_vec()));

    let mut guard = Order::pooled();
    for text in &wrong {
        let expected = told(serde_json::from_slice::<plain::Order>(text));
        let shown = String::from_utf8_lossy(&text[..text.len().min(80)]);
        assert_eq!(told(json::from_slice::<Order>(text)), expected, "{shown}");
        assert_eq!(told(json::from_reader::<Order, _>(&text[..])), expected, "{shown}");
        // With something there to be seen again.
        json::from_slice_into(&mut guard, GOOD.as_bytes()).unwrap();
        assert_eq!(guard.total, 7);
        assert_eq!(told(json::from_slice_into(&mut guard, text)), expected, "{shown}");
        assert_eq!(*guard, Order::blank(), "{shown}");
        assert_eq!(*Order::pooled(), Order::blank(), "{shown}");
        assert_eq!(Order::pool().stats().in_use, 1, "only the guard");
    }
    drop(guard);
    let stats = Order::pool().stats();
    assert_eq!((stats.created, stats.in_use, stats.discarded.total()), (2, 0, 0));
}

#[test]
fn an_error_tells_where_it_is_and_of_what_kind() {
    order!();

    let told = |text: &str| told(json::from_slice::<Order>(text.as_bytes()));
    let error = |text: &str, line, column, category| (text.to_owned(), line, column, category);
    assert_eq!(
        told(""),
        error("EOF while parsing a value at line 1 column 0", 1, 0, Category::Eof)
    );
    assert_eq!(
        told(&format!("{GOOD}\n x")),
        error("trailing characters at line 2 column 2", 2, 2, Category::Syntax)
    );
    assert_eq!(
        told(&GOOD.replace('7', "300")),
        error(
            "invalid value: integer `300`, expected u8 at line 1 column 57",
            1,
            57,
            Category::Data
        )
    );
    assert_eq!(
        told(&GOOD.replace("total", "items")),
        error("duplicate field `items` at line 1 column 52", 1, 52, Category::Data)
    );
    assert_eq!(
        told("{\n\"customer\":\"ada\",\n\"items\":[]}"),
        error("missing field `total` at line 3 column 11", 3, 11, Category::Data)
    );
}

#[test]
fn nesting_is_limited_as_serde_json_limits_it() {
    #[derive(Debug, Default, PartialEq, poolable::Reset, Deserialize)]
    struct Nest(RetainVec<Nest>);

    #[derive(Debug, PartialEq, Poolable, Deserialize)]
    struct Tree(RetainVec<Nest>);

    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(json::from_slice::<Tree>(nested(127).as_bytes()).is_ok());
    for text in [nested(128), nested(200_000), "[".repeat(200_000)] {
        for result in [
            json::from_slice::<Tree>(text.as_bytes()),
            json::from_reader(text.as_bytes()),
            json::stream(text.as_bytes()).next().unwrap(),
        ] {
            let (text, line, column, category) = told(result);
            assert_eq!((line, column, category), (1, 128, Category::Syntax));
            assert_eq!(text, "recursion limit exceeded at line 1 column 128");
        }
    }
    assert_eq!(*Tree::pooled(), Tree::blank());
    assert_eq!(Tree::pool().stats().in_use, 0);
}

#[test]
fn space_may_trail_and_lead() {
    order!();

    for space in ["", " ", "\n", " \r\n\t "] {
        let text = format!("{space}{GOOD}{space}");
        let order: Pooled<Order> = json::from_slice(text.as_bytes()).unwrap();
        assert_eq!((order.customer.as_str(), order.items.len(), order.total), ("ada", 2, 7));
        let mut other = Order::pooled();
        json::from_slice_into(&mut other, text.as_bytes()).unwrap();
        assert_eq!(order, other);
        assert_eq!(order, json::from_reader::<Order, _>(text.as_bytes()).unwrap());
    }
}

/// The model of the fuzzer: values and errors of several types, read in every way.
#[cfg(feature = "serde_json")]
mod by_model {
    use super::super::documents::Maker;
    use super::super::model::{JsonTale, check_json, play_json};

    const ORDER: &str = r#"{"customer": "gr\u00fc\u00dfe", "items": [{"name": "ink", "count": 1},
        {"tags": ["a", "b"], "count": 2, "name": ""}], "counts": {"a": -1, "b": 9, "a": 2},
        "note": "you", "prices": [0.5, 1, 1e3], "total": null, "corner": [1, "x", true],
        "kind": {"Shipped": {"to": "me", "paid": true}}, "token": "🦀", "other": [{}]}"#;

    #[track_caller]
    fn check(text: &[u8], step: usize) -> JsonTale {
        check_json(text, step).unwrap_or_else(|difference| panic!("{difference}"))
    }

    #[test]
    fn a_document_cut_or_changed_at_any_byte_is_read_as_by_serde_json() {
        let mut tale = check(ORDER.as_bytes(), 1);
        assert_eq!(tale, JsonTale { values: 2, errors: 1 }, "what has escapes is not borrowed");
        for place in 0..ORDER.len() {
            let mut text = ORDER.as_bytes().to_vec();
            tale.add(&check(&text[..place], place % 9));
            for byte in *b"\0\" }[\xFF" {
                text[place] = byte;
                tale.add(&check(&text, 4096));
            }
            text.remove(place);
            tale.add(&check(&text, 7));
        }
        assert!(tale.values > 200 && tale.errors > 2000, "{tale:?}");
    }

    #[test]
    fn scripts_are_read_as_by_serde_json() {
        let mut tale = JsonTale::default();
        let mut maker = Maker::new(3);
        for _ in 0..300 {
            let script: Vec<_> = (0..300).map(|_| maker.number() as u8).collect();
            tale.add(&play_json(&script).unwrap_or_else(|difference| panic!("{difference}")));
        }
        assert!(tale.values > 50 && tale.errors > 100, "{tale:?}");
    }
}
