use core::panic::{AssertUnwindSafe, UnwindSafe};
use std::io::{BufRead, ErrorKind, Read, Write};
use std::panic::catch_unwind;

use super::RingBuffer;
use crate::{Capacity, Reset, Wipe};

/// A full ring of four bytes that begins at `head`.
fn rotated(head: usize, bytes: &[u8; 4]) -> RingBuffer {
    let mut ring = RingBuffer::bounded(4);
    ring.put(&[0; 4][..head]);
    ring.put(&bytes[..4 - head]);
    ring.skip(head);
    ring.put(&bytes[4 - head..]);
    assert!(ring.is_full() && ring.head == head, "{ring:?}");
    ring
}

fn message_of(work: impl FnOnce() + UnwindSafe) -> String {
    let panic = catch_unwind(work).expect_err("it panics");
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast_ref::<&str>().expect("a message")).to_owned(),
    }
}

#[test]
fn memory_of_a_blank_ring_comes_with_its_first_byte() {
    let mut ring = RingBuffer::blank();
    assert_eq!((ring.capacity(), ring.retained_bytes(), ring.free()), (4096, 0, 4096));
    assert_eq!(ring.put(&[]), 0);
    assert_eq!(ring.as_slices(), (&[][..], &[][..]));
    assert_eq!(ring.get(&mut [0; 4]), 0);
    ring.make_contiguous().reverse();
    ring.reset();
    ring.wipe();
    assert_eq!(ring.clone(), ring);
    assert_eq!(ring.retained_bytes(), 0, "nothing was written");
    assert_eq!(ring.put(b"x"), 1);
    assert_eq!((ring.retained_bytes(), ring.capacity()), (4096, 4096));
    assert_eq!(
        [RingBuffer::new(8), RingBuffer::bounded(8)].map(|mut r| r.retained_bytes()),
        [8; 2]
    );
}

#[test]
fn a_ring_that_was_read_to_its_end_begins_at_the_front() {
    let mut ring = RingBuffer::new(8);
    for _round in 0..5 {
        ring.put(b"abc");
        assert_eq!(ring.as_slices(), (&b"abc"[..], &[][..]));
        assert_eq!(ring.head, 0);
        assert_eq!(ring.get(&mut [0; 8]), 3);
    }
}

#[test]
fn a_write_longer_than_the_ring_leaves_its_end() {
    for there in 0..=4 {
        let mut ring = RingBuffer::new(4);
        ring.put(&[9; 4][..there]);
        assert_eq!(ring.put(b"abcdefg"), 7);
        assert_eq!((ring.as_slices().0, ring.overwritten()), (&b"defg"[..], 3 + there as u64));
    }
}

#[test]
fn equal_is_what_reads_the_same_wherever_it_wraps() {
    for one in 0..4 {
        for other in 0..4 {
            assert_eq!(rotated(one, b"abcd"), rotated(other, b"abcd"));
            assert_ne!(rotated(one, b"abcd"), rotated(other, b"abce"));
            assert_ne!(rotated(one, b"xbcd"), rotated(other, b"abcd"));
            assert_ne!(rotated(one, b"abxd"), rotated(other, b"abcd"));
            let mut shorter = rotated(other, b"abcd");
            shorter.skip(1);
            assert_ne!(rotated(one, b"abcd"), shorter);
        }
        let ring = rotated(one, b"abcd");
        let mut larger = RingBuffer::new(100);
        larger.put(b"abcd");
        assert_eq!(ring, larger);
        assert!(ring == b"abcd" && ring == *b"abcd" && ring == b"abcd"[..]);
        let slice = &b"abcd"[..];
        assert!(ring == slice);
        assert!(ring != b"abc" && ring != b"abcde" && ring != b"abce" && ring != b"xbcd");
    }
}

#[test]
fn a_clone_has_what_is_to_be_read_and_nothing_else() {
    for head in 0..4 {
        let mut ring = rotated(head, b"abcd");
        ring.skip(1);
        let clone = ring.clone();
        assert_eq!(clone, ring);
        assert_eq!((clone.capacity(), clone.is_bounded()), (4, true));
        assert_eq!(&*clone.storage, b"bcd\0");
    }
    let mut lossy = RingBuffer::new(4);
    lossy.put(b"abcdef");
    assert_eq!((lossy.clone().overwritten(), lossy.clone().is_bounded()), (2, false));
}

#[test]
fn a_contiguous_ring_is_one_slice_in_order() {
    for head in 0..4 {
        let mut ring = rotated(head, b"abcd");
        assert_eq!(ring.make_contiguous(), b"abcd");
        assert_eq!(ring.as_slices(), (&b"abcd"[..], &[][..]));
        ring.skip(2);
        ring.put(b"ef");
        assert_eq!(ring, b"cdef");
    }
}

#[test]
fn a_wipe_leaves_no_byte_in_any_place() {
    for head in 0..4 {
        for read in 0..=4 {
            let mut ring = rotated(head, &[0xA5; 4]);
            let place = ring.storage.as_ptr();
            ring.skip(read);
            ring.wipe();
            assert_eq!((&*ring.storage, ring.storage.as_ptr()), (&[0; 4][..], place));
            assert_eq!(
                (ring.len(), ring.head, ring.capacity(), ring.is_bounded()),
                (0, 0, 4, true)
            );
        }
    }
    let mut lossy = RingBuffer::new(4);
    lossy.put(b"abcdef");
    lossy.wipe();
    assert_eq!(lossy.overwritten(), 0);
}

#[test]
fn a_reset_keeps_memory_and_kind_and_counts_from_zero() {
    let mut ring = RingBuffer::new(4);
    ring.put(b"abcdef");
    let place = ring.storage.as_ptr();
    ring.reset();
    assert_eq!((ring.len(), ring.overwritten(), ring.storage.as_ptr()), (0, 0, place));
    assert_eq!((ring.capacity(), ring.retained_bytes(), ring.is_bounded()), (4, 4, false));
    let mut bounded = rotated(2, b"abcd");
    bounded.reset();
    assert!(bounded.is_empty() && bounded.is_bounded() && bounded == RingBuffer::blank());
}

#[test]
fn a_ring_is_governed_and_keeps_its_content() {
    for head in 0..4 {
        let mut ring = rotated(head, b"abcd");
        ring.skip(1);
        ring.grow_to(4);
        assert_eq!(ring.capacity(), 4, "it was there already");
        ring.grow_to(10);
        assert_eq!((ring.capacity(), ring.storage.len()), (10, 10));
        assert_eq!(ring, b"bcd");
        ring.put(b"efghijk");
        assert_eq!(ring, b"bcdefghijk");
        ring.skip(7);
        Capacity::shrink_to(&mut ring, 11);
        assert_eq!(ring.capacity(), 10);
        Capacity::shrink_to(&mut ring, 5);
        assert_eq!((ring.capacity(), ring.storage.len()), (5, 5));
        Capacity::shrink_to(&mut ring, 0);
        assert_eq!((ring.capacity(), ring.is_bounded()), (3, true), "the bytes hold their room");
        assert_eq!(ring, b"ijk");
        ring.clear();
        Capacity::shrink_to(&mut ring, 0);
        assert_eq!(ring.capacity(), 1);
    }
}

#[test]
fn a_ring_without_memory_is_governed_too() {
    let mut ring = RingBuffer::blank();
    Capacity::shrink_to(&mut ring, 100);
    assert_eq!((ring.capacity(), ring.retained_bytes()), (100, 0));
    ring.grow_to(50);
    assert_eq!((ring.capacity(), ring.retained_bytes()), (100, 100), "it was asked for");
    let none = <RingBuffer as Capacity>::with_capacity(0);
    assert_eq!((Capacity::capacity(&none), none.is_bounded()), (1, false));
}

#[test]
fn a_bounded_ring_refuses_and_loses_nothing() {
    for head in 0..4 {
        let mut ring = rotated(head, b"abcd");
        assert_eq!(ring.put(b"e"), 0);
        ring.skip(3);
        assert_eq!(ring.write_all(b"efgh").unwrap_err().kind(), ErrorKind::WriteZero);
        assert_eq!(ring, b"defg");
        assert_eq!(ring.overwritten(), 0);
    }
}

#[test]
fn a_read_that_fails_takes_nothing() {
    let mut ring = rotated(3, b"ab\xC3\xC3");
    let failed = ring.read_exact(&mut [0; 5]).unwrap_err();
    assert_eq!((failed.kind(), ring.len()), (ErrorKind::UnexpectedEof, 4));
    let mut text = String::from("there");
    let failed = ring.read_to_string(&mut text).unwrap_err();
    assert_eq!((failed.kind(), &*text), (ErrorKind::InvalidData, "there"));
    assert_eq!(ring, b"ab\xC3\xC3");
}

#[test]
fn a_character_across_the_seam_is_read() {
    for head in 0..4 {
        let mut text = String::from("<");
        assert_eq!(
            rotated(head, "aäb".as_bytes().first_chunk().unwrap())
                .read_to_string(&mut text)
                .unwrap(),
            4
        );
        assert_eq!(text, "<aäb");
    }
}

#[test]
fn all_that_there_is_comes_behind_what_was_read_before() {
    for head in 0..4 {
        let mut ring = rotated(head, b"abcd");
        let mut bytes = b"<".to_vec();
        assert_eq!(ring.read_to_end(&mut bytes).unwrap(), 4);
        assert_eq!((&*bytes, ring.len()), (&b"<abcd"[..], 0));
    }
}

#[test]
fn more_than_the_first_slice_can_be_consumed_but_not_more_than_there_is() {
    let mut ring = rotated(3, b"abcd");
    assert_eq!(ring.fill_buf().unwrap(), b"a");
    ring.consume(3);
    assert_eq!(ring.fill_buf().unwrap(), b"d");
    assert_eq!(
        message_of(move || ring.consume(2)),
        "`RingBuffer::consume`: there are 1 bytes, and not 2; consume no more than `len`",
    );
}

#[test]
fn bytes_extend_a_ring_one_by_one() {
    let mut ring = RingBuffer::new(4);
    ring.extend(b"abcde");
    ring.extend(*b"f");
    assert_eq!(ring, b"cdef");
    assert_eq!(ring.overwritten(), 2);
    let mut bounded = RingBuffer::bounded(4);
    bounded.extend(b"abcd");
    assert_eq!(bounded, b"abcd");
    assert_eq!(
        message_of(move || bounded.extend(b"e")),
        "`RingBuffer::extend`: the bounded ring is full; ask `free` first, or use `write`",
    );
}

#[test]
fn a_capacity_of_zero_is_refused() {
    let told = [RingBuffer::new, RingBuffer::bounded].map(|make| message_of(move || drop(make(0))));
    assert_eq!(told[0], "`RingBuffer::new`: capacity must be at least 1");
    assert_eq!(told[1], "`RingBuffer::bounded`: capacity must be at least 1");
}

#[test]
fn growth_that_is_impossible_changes_nothing() {
    let mut ring = rotated(1, b"abcd");
    let grown = catch_unwind(AssertUnwindSafe(|| ring.grow_to(usize::MAX)));
    assert!(grown.is_err());
    assert_eq!(ring.capacity(), 4);
    assert_eq!(ring, b"abcd");
}

#[test]
fn what_is_shown_is_no_content() {
    let mut ring = RingBuffer::new(4);
    ring.put(b"secret");
    let shown = format!("{ring:?}");
    assert_eq!(shown, "RingBuffer { len: 4, capacity: 4, is_bounded: false, overwritten: 2, .. }");
}

#[cfg(feature = "bytes")]
#[test]
fn buffers_of_bytes_see_both_slices() {
    use bytes::Buf;

    for head in 0..4 {
        let mut ring = rotated(head, b"abcd");
        assert_eq!((ring.remaining(), ring.chunk()), (4, &b"abcd"[..4 - head]));
        assert_eq!(ring.clone().get_u32(), 0x6162_6364);
        ring.advance(1);
        assert_eq!(ring.copy_to_bytes(2), b"bc"[..]);
        assert_eq!((ring.remaining(), ring.has_remaining()), (1, true));
        let mut other = ring.clone();
        assert_eq!(
            message_of(move || ring.advance(2)),
            "`RingBuffer::advance`: there are 1 bytes, and not 2; advance by no more than `remaining`",
        );
        assert_eq!(
            message_of(move || other.copy_to_slice(&mut [0; 2])),
            "`RingBuffer::copy_to_slice`: there are 1 bytes, and not 2; ask `remaining` first",
        );
    }
}
