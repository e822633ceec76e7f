//! The same shape read again allocates nothing: the object went home in between, and came
//! back with what it had kept.

use std::io::Read;

use poolable::json;
use poolable::{Poolable, Pooled, Reset, RetainMap, RetainOption, RetainVec};
use serde::{Deserialize, Serialize};

use crate::allocations::allocations_in;
use crate::alone;

#[derive(Debug, Default, PartialEq, Reset, Serialize, Deserialize)]
struct Item {
    name: String,
    #[serde(default)]
    note: RetainOption<String>,
    sizes: Vec<u32>,
}

/// Each test has a pool of its own.
macro_rules! order {
    () => {
        #[derive(Debug, PartialEq, Poolable, Serialize, Deserialize)]
        struct Order {
            customer: String,
            items: RetainVec<Item>,
            note: RetainOption<String>,
            tags: RetainMap<String, RetainVec<String>>,
            prices: Vec<f64>,
            #[pool(capacity = 64, max_capacity = 4096)]
            bytes: Vec<u8>,
            total: u64,
        }
    };
}

/// An order of so many items, with texts of so many bytes and vectors of so many numbers.
fn text(items: usize, length: usize, numbers: usize) -> String {
    let word = "x".repeat(length);
    let sizes: Vec<_> = (0..numbers).collect();
    let prices: Vec<_> = (0..numbers).map(|number| number as f64 + 0.25).collect();
    let item = serde_json::json!({"name": word, "note": word, "sizes": sizes});
    let bytes = vec![7; numbers];
    serde_json::json!({
        "customer": word, "items": vec![item; items], "note": word, "prices": prices,
        "tags": {"first": [word, "a"], "second": [word], "third": []},
        "bytes": bytes, "total": items,
    })
    .to_string()
}

/// Whether an order shows what its text says.
#[track_caller]
fn assert_shows<T: Serialize>(order: &T, text: &str) {
    let expected: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(order).unwrap(), expected);
}

#[test]
fn a_repeated_shape_is_read_without_an_allocation() {
    order!();

    let text = text(5, 40, 30);
    let read = || drop(json::from_slice::<Order>(text.as_bytes()).unwrap());
    read();
    assert_eq!(allocations_in(|| (0..100).for_each(|_| read())), 0);
    assert_shows(&json::from_slice::<Order>(text.as_bytes()).unwrap(), &text);
    let stats = Order::pool().stats();
    assert_eq!((stats.created, stats.returned, stats.in_use), (1, 102, 0));
}

#[test]
fn a_guard_that_is_kept_is_read_into_without_an_allocation() {
    order!();

    let (one, other) = (text(5, 40, 30), text(5, 39, 29));
    let mut order = Order::pooled();
    json::from_slice_into(&mut order, one.as_bytes()).unwrap();
    let allocated = allocations_in(|| {
        for _ in 0..50 {
            json::from_slice_into(&mut order, other.as_bytes()).unwrap();
            json::from_slice_into(&mut order, one.as_bytes()).unwrap();
        }
    });
    assert_eq!(allocated, 0);
    assert_shows(&order, &one);
    // Home, and to the next one.
    drop(order);
    let mut order = Order::pooled();
    let read = || json::from_slice_into(&mut order, one.as_bytes()).unwrap();
    assert_eq!(allocations_in(read), 0);
    assert_shows(&order, &one);
}

#[test]
fn shapes_that_shrink_and_grow_are_read_without_an_allocation() {
    order!();

    let shapes = [(0, 0, 0), (1, 10, 5), (20, 100, 200), (3, 500, 1), (20, 1, 0), (7, 64, 64)];
    let texts = shapes.map(|(items, length, numbers)| text(items, length, numbers));
    let read = || {
        for text in texts.iter().chain(texts.iter().rev()) {
            drop(json::from_slice::<Order>(text.as_bytes()).unwrap());
        }
    };
    // The elements of the longest have seen the largest of the others by then.
    read();
    assert_eq!(allocations_in(|| (0..20).for_each(|_| read())), 0);
    for text in &texts {
        assert_shows(&json::from_slice::<Order>(text.as_bytes()).unwrap(), text);
    }
    assert_eq!(Order::pool().stats().created, 1);
}

#[test]
fn what_was_taken_is_kept_where_nothing_comes_in_its_place() {
    order!();

    let full = text(4, 30, 10);
    let none =
        r#"{"customer":"","items":[],"note":null,"tags":{},"prices":[],"bytes":[],"total":0}"#;
    let read = || {
        drop(json::from_slice::<Order>(full.as_bytes()).unwrap());
        let empty = json::from_slice::<Order>(none.as_bytes()).unwrap();
        assert!(empty.items.is_empty() && empty.note.is_none() && empty.prices.is_empty());
    };
    read();
    assert_eq!(allocations_in(|| (0..20).for_each(|_| read())), 0);
}

#[test]
fn errors_of_the_middle_leave_what_was_kept() {
    order!();

    let full = text(4, 30, 10);
    drop(json::from_slice::<Order>(full.as_bytes()).unwrap());
    // The error itself is an allocation of serde_json's.
    for cut in [10, full.len() / 2, full.len() - 1] {
        assert!(json::from_slice::<Order>(&full.as_bytes()[..cut]).is_err());
    }
    let read = || drop(json::from_slice::<Order>(full.as_bytes()).unwrap());
    assert_eq!(allocations_in(read), 0);
    assert_eq!(Order::pool().stats().created, 1);
}

#[test]
fn a_reader_is_read_without_an_allocation() {
    order!();

    alone(|| {
        // Up to the largest of the pooled buffers, and to more than one of them.
        let texts = [text(1, 5, 1), text(8, 100, 40), text(40, 500, 300), text(900, 300, 0)];
        assert!(texts[3].len() > 500_000 && texts[3].len() < 1_000_000);
        for text in &texts {
            let read = |step| {
                let reader = Steps { bytes: text.as_bytes(), step };
                json::from_reader::<Order, _>(reader).unwrap()
            };
            drop(read(1000));
            let work = || (0..5).for_each(|_| drop(read(1000)));
            assert_eq!(allocations_in(work), 0, "{}", text.len());
            let work = || (0..5).for_each(|_| drop(read(usize::MAX)));
            assert_eq!(allocations_in(work), 0, "{}", text.len());
            assert_shows(&read(4096), text);
        }
        let buffers = json::read_buffers().stats();
        assert_eq!((buffers.total().in_use, buffers.unpooled), (0, 0));
        assert_eq!(Order::pool().stats().in_use, 0);
    });
}

#[test]
fn the_buffers_that_texts_are_gathered_in_are_of_a_pool_that_wipes() {
    let mut buf = json::read_buffers().get(100);
    buf.extend_from_slice(b"hunter2");
    // Those of such pools show no content, those of others do.
    assert_eq!(format!("{buf:?}"), "PooledBuf { len: 7, .. }");
    let names = || poolable::pools().into_iter().map(|pool| pool.name);
    drop(buf);
    assert!(
        names().any(|name| name.starts_with("json read ")),
        "{:?}",
        names().collect::<Vec<_>>()
    );
}

struct Steps<'b> {
    bytes: &'b [u8],
    step: usize,
}

impl Read for Steps<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let most = to.len().min(self.step);
        self.bytes.read(&mut to[..most])
    }
}

#[test]
fn text_with_escapes_is_read_into_the_same_buffer() {
    #[derive(Poolable, Deserialize)]
    struct Line {
        text: String,
    }

    let read = |text: &str| -> Pooled<Line> { json::from_slice(text.as_bytes()).unwrap() };
    let place = read(r#"{"text":"without, and long enough"}"#).text.as_ptr();
    let line = read(r#"{"text":"with\n\"escapes\" \u00fc"}"#);
    assert_eq!((line.text.as_str(), line.text.as_ptr()), ("with\n\"escapes\" ü", place));
}

#[test]
fn values_of_a_stream_are_read_without_an_allocation_each() {
    order!();

    alone(|| {
        let line = text(5, 40, 30);
        let texts = [(line.clone() + "\n").repeat(10), (line + "\n").repeat(1000)];
        let read = |text: &str| {
            let mut count = 0;
            for order in json::stream::<Order, _>(text.as_bytes()) {
                count += order.unwrap().total;
            }
            count
        };
        assert_eq!(read(&texts[1]), 5000);
        let [few, many] = texts.each_ref().map(|text| allocations_in(|| assert!(read(text) > 0)));
        // What the parser has for itself, once for a stream.
        assert_eq!(few, many);
        assert!(many <= 10, "{many}");
        assert_eq!(Order::pool().stats().created, 1);
    });
}
