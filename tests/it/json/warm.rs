//! What is written where there are buffers already allocates nothing.

use std::io;

use poolable::buffer::BufferPool;
use poolable::json::{self, Options};
use poolable::{Poolable, RetainMap, RetainOption, RetainVec};
use serde::Serialize;

use crate::allocations::allocations_in;
use crate::alone;

const KIB: usize = 1 << 10;

/// A document of that size, or a little less.
fn document(size: usize) -> (Vec<String>, u32, Option<f64>) {
    let line = "a line of <text>, & with \"escapes\"\n".to_owned();
    (vec![line.clone(); size / 42], 7, Some(0.5))
}

/// From 10 bytes to 900 KiB.
fn sizes() -> impl Iterator<Item = usize> {
    [10, 100, 1000, 1023, 1024, 1025, 4000, 5000, 17 * KIB, 66 * KIB, 130 * KIB, 300 * KIB]
        .into_iter()
        .chain([600 * KIB, 900 * KIB])
}

#[test]
fn a_text_larger_than_any_size_has_room_for_what_ends_it() {
    let text = "x".repeat(5 << 20);
    let buf = json::to_buf(&text).unwrap();
    assert_eq!(buf.len(), text.len() + 2);
    assert!(buf.capacity() < 6 << 20, "{}", buf.capacity());
}

#[test]
fn writing_allocates_nothing_for_a_document_of_any_size() {
    alone(|| {
        let pool = BufferPool::new();
        for size in sizes() {
            let value = document(size);
            for options in [Options::default(), Options { escape_html: true }] {
                // With the escapes, the last one would be above the largest of the buffers.
                if options.escape_html && size > 600 * KIB {
                    continue;
                }
                let write = || {
                    drop(options.to_buf_in(&pool, &value).unwrap());
                    drop(options.to_buf(&value).unwrap());
                    drop(options.to_buf_pretty(&value, "> ", "\t").unwrap());
                    drop(options.to_line(&value).unwrap());
                    options.to_writer(io::sink(), &value).unwrap();
                };
                write();
                assert_eq!(allocations_in(|| (0..3).for_each(|_| write())), 0, "{size}");
            }
            assert!(json::to_buf(&value).unwrap().len() > size * 9 / 10);
        }
        assert_eq!(BufferPool::global().stats().unpooled + pool.stats().unpooled, 0);
    });
}

/// The buffers that a large document outgrows are there for the small ones, and the other way
/// about.
#[test]
fn writing_allocates_nothing_for_documents_of_changing_size() {
    alone(|| {
        let values: Vec<_> = sizes().map(document).collect();
        let up_and_down = || {
            for value in values.iter().chain(values.iter().rev()) {
                drop(json::to_buf(value).unwrap());
                drop(json::to_buf_pretty(value, "", "  ").unwrap());
            }
        };
        up_and_down();
        assert_eq!(allocations_in(|| (0..2).for_each(|_| up_and_down())), 0);
        // Several at once, as a server has them.
        let at_once = || {
            let mut held = [const { None }; 4];
            for (index, value) in values.iter().enumerate() {
                held[index % 4] = Some(json::to_buf(value).unwrap());
            }
        };
        at_once();
        at_once();
        assert_eq!(allocations_in(|| (0..2).for_each(|_| at_once())), 0);
    });
}

/// One for the count of the clones.
#[test]
fn freezing_allocates_once() {
    alone(|| {
        for size in sizes() {
            let value = document(size);
            let write = || {
                let bytes = json::to_bytes(&value).unwrap();
                drop((bytes.clone(), bytes));
            };
            write();
            assert_eq!(allocations_in(|| (0..5).for_each(|_| write())), 5, "{size}");
        }
    });
}

#[test]
fn pooled_objects_are_written_without_an_allocation() {
    #[derive(Poolable, Serialize)]
    struct Order {
        customer: String,
        items: RetainVec<String>,
        counts: RetainMap<u32, f64>,
        note: RetainOption<String>,
        total: u128,
    }

    alone(|| {
        let write = || {
            let mut order = Order::pooled();
            order.customer.push_str("Ada <ada@example.org>");
            for count in 0..20_u32 {
                order.items.push_blank().push_str("ink");
                *order.counts.insert_blank(&count) = f64::from(count) + 0.25;
            }
            order.note.insert_blank().push_str("soon");
            order.total = u128::MAX;
            drop(json::to_buf(&order).unwrap());
            drop(json::to_buf_pretty(&order, "", "  ").unwrap());
        };
        write();
        assert_eq!(allocations_in(|| (0..100).for_each(|_| write())), 0);
    });
}
