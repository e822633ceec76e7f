//! Layout and escapes, compared with what Go's `encoding/json` writes.

use core::str;
use std::collections::BTreeMap;

use poolable::json::{self, Options};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::in_go;

/// What `golden/marshal_indent.go` writes.
const GOLDEN: &str = include_str!("golden/marshal_indent.json");

#[derive(Deserialize)]
struct Written {
    compact: String,
    escape_html: bool,
    indent: String,
    prefix: String,
    text: String,
}

fn golden() -> Vec<Written> {
    serde_json::from_str(GOLDEN).unwrap()
}

#[test]
fn pretty_text_is_that_of_marshal_indent() {
    for written in golden() {
        let value: Value = serde_json::from_str(&written.compact).unwrap();
        let options = Options { escape_html: written.escape_html };
        let text = options.to_buf_pretty(&value, &written.prefix, &written.indent).unwrap();
        assert_eq!(str::from_utf8(&text).unwrap(), written.text, "{}", written.compact);
        if !written.escape_html {
            let text = json::to_buf_pretty(&value, &written.prefix, &written.indent).unwrap();
            assert_eq!(str::from_utf8(&text).unwrap(), written.text);
            assert_eq!(str::from_utf8(&json::to_buf(&value).unwrap()).unwrap(), written.compact);
        }
        if written.prefix.trim().is_empty() && written.indent.trim().is_empty() {
            assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), value);
        }
    }
}

/// A struct of Go and one of Rust, rather than what was read from text.
#[test]
fn a_struct_is_written_as_the_same_struct_in_go() {
    #[derive(Serialize)]
    struct Order {
        customer: &'static str,
        items: Vec<Item>,
        labels: BTreeMap<&'static str, Label>,
        note: Option<&'static str>,
        paid: bool,
    }

    #[derive(Serialize)]
    struct Item {
        count: i32,
        name: &'static str,
        price: f64,
    }

    #[derive(Serialize)]
    #[serde(untagged)]
    enum Label {
        Empty([(); 0]),
        None(()),
        Map(BTreeMap<&'static str, u8>),
    }

    let order = Order {
        customer: "Ada <ada@example.org>",
        items: vec![
            Item { count: 2, name: "ink & pen", price: 3.25 },
            Item { count: -1, name: "", price: 0.5 },
        ],
        labels: BTreeMap::from([
            ("empty", Label::Empty([])),
            ("none", Label::None(())),
            ("z", Label::Map(BTreeMap::from([("a", 1)]))),
        ]),
        note: None,
        paid: true,
    };
    let compact = serde_json::to_string(&order).unwrap();
    let mut compared = 0;
    for written in golden().iter().filter(|written| written.compact == compact) {
        let options = Options { escape_html: written.escape_html };
        let text = options.to_buf_pretty(&order, &written.prefix, &written.indent).unwrap();
        assert_eq!(str::from_utf8(&text).unwrap(), written.text);
        compared += 1;
    }
    assert_eq!(compared, 14, "in each layout, with the escapes and without");
}

#[test]
fn go_still_writes_what_is_kept_here() {
    if let Some(text) = in_go::output("go1.", "json/golden", &["marshal_indent.go"]) {
        assert!(text == GOLDEN, "see `golden/marshal_indent.go`");
    }
}
