//! A buffer: written to, looked at and returned.

use poolable::Poolable;

use super::{LINE_13, LINE_20, LINE_37, look, looked_at};
use crate::timing::{Sample, Yield, alone, together};

// Texts of the lengths that the rows are named after. Go writes the same.
const TEXT_37: &str = "a message of thirty-seven bytes, kept";
const TEXT_13: &str = "13 bytes long";
const TEXT_20: &str = "twenty bytes of text";

/// What an operation yields that wrote what is in a line, without its end.
fn text_of(line: &str) -> Yield {
    looked_at(line.trim_end())
}

/// What programs write into.
#[derive(Poolable)]
struct Message {
    #[pool(capacity = 1024)]
    bytes: Vec<u8>,
}

/// The larger one.
#[derive(Poolable)]
struct Page {
    #[pool(capacity = 4096)]
    bytes: Vec<u8>,
}

#[inline(always)]
fn fresh(capacity: usize, text: &str) -> usize {
    let mut bytes = Vec::with_capacity(capacity);
    bytes.extend_from_slice(text.as_bytes());
    look(&bytes)
}

#[inline(always)]
fn message(text: &str) -> usize {
    let mut message = Message::pooled();
    message.bytes.extend_from_slice(text.as_bytes());
    look(&message.bytes)
}

#[inline(always)]
fn page(text: &str) -> usize {
    let mut page = Page::pooled();
    page.bytes.extend_from_slice(text.as_bytes());
    look(&page.bytes)
}

#[inline(never)]
pub(crate) fn unpooled_1024(operations: u64) -> Sample {
    alone(operations, text_of(LINE_37), |_| fresh(1024, TEXT_37))
}

#[inline(never)]
pub(crate) fn pooled_1024(operations: u64) -> Sample {
    alone(operations, text_of(LINE_37), |_| message(TEXT_37))
}

#[inline(never)]
pub(crate) fn parallel_unpooled_1024(operations: u64) -> Sample {
    together(operations, text_of(LINE_37), || fresh(1024, TEXT_37))
}

#[inline(never)]
pub(crate) fn parallel_pooled_1024(operations: u64) -> Sample {
    together(operations, text_of(LINE_37), || message(TEXT_37))
}

#[inline(never)]
pub(crate) fn unpooled_4096(operations: u64) -> Sample {
    alone(operations, text_of(LINE_13), |_| fresh(4096, TEXT_13))
}

#[inline(never)]
pub(crate) fn pooled_4096(operations: u64) -> Sample {
    alone(operations, text_of(LINE_13), |_| page(TEXT_13))
}

#[inline(never)]
pub(crate) fn parallel_unpooled_4096(operations: u64) -> Sample {
    together(operations, text_of(LINE_20), || fresh(4096, TEXT_20))
}

#[inline(never)]
pub(crate) fn parallel_pooled_4096(operations: u64) -> Sample {
    together(operations, text_of(LINE_20), || page(TEXT_20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::allocates;

    #[test]
    fn texts_are_gos_and_as_long_as_they_say() {
        for (text, length, line) in
            [(TEXT_37, 37, LINE_37), (TEXT_13, 13, LINE_13), (TEXT_20, 20, LINE_20)]
        {
            assert_eq!((text, text.len()), (line.trim_end(), length));
        }
    }

    #[test]
    fn buffers_come_back_empty_and_keep_their_room() {
        let mut message = Message::pooled();
        message.bytes.extend_from_slice(TEXT_37.as_bytes());
        let place = message.bytes.as_ptr();
        drop(message);
        let message = Message::pooled();
        assert!(message.bytes.is_empty() && message.bytes.capacity() >= 1024);
        assert_eq!(message.bytes.as_ptr(), place);
        assert!(Page::pooled().bytes.capacity() >= 4096);
    }

    #[test]
    fn pooled_rows_allocate_nothing_and_the_others_a_buffer_each() {
        for run in [pooled_1024, parallel_pooled_1024, pooled_4096, parallel_pooled_4096] {
            assert!(!allocates(run));
        }
        for (run, bytes) in [
            (unpooled_1024 as fn(u64) -> Sample, 1024.0),
            (parallel_unpooled_1024, 1024.0),
            (unpooled_4096, 4096.0),
            (parallel_unpooled_4096, 4096.0),
        ] {
            let sample = run(500);
            assert_eq!((sample.blocks, sample.bytes), (500.0, 500.0 * bytes));
        }
    }
}
