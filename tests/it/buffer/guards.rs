//! What a buffer is to those who use it: a `Vec<u8>` in every respect.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};

use poolable::buffer::{BufferPool, PooledBuf};
use poolable::{Capacity, Reset, Wipe};

use super::{LADDER, assert_conserved, class};
use crate::unwind;

fn buf(pool: &BufferPool, contents: &[u8]) -> PooledBuf {
    let mut buf = pool.get(contents.len());
    buf.extend_from_slice(contents);
    buf
}

#[test]
fn a_buffer_is_two_words_and_goes_to_any_thread() {
    fn goes_anywhere<T: Send + Sync + 'static>() {}

    goes_anywhere::<PooledBuf>();
    goes_anywhere::<BufferPool>();
    assert_eq!(size_of::<PooledBuf>(), 2 * size_of::<usize>());
    assert_eq!(size_of::<Option<PooledBuf>>(), size_of::<PooledBuf>(), "with a niche");
}

#[test]
fn a_buffer_is_written_to_and_read_as_a_vec() -> io::Result<()> {
    let pool = BufferPool::new();
    let mut buf = pool.get(0);
    buf.write_all(b"one ")?;
    assert_eq!(buf.write(b"two")?, 3);
    let parts = [io::IoSlice::new(b" thr"), io::IoSlice::new(b"ee")];
    assert_eq!(buf.write_vectored(&parts)?, 6);
    write!(buf, " {}", 4)?;
    buf.flush()?;
    assert_eq!(&buf[..], b"one two three 4");
    io::copy(&mut &[b'x'; 10_000][..], &mut buf)?;
    assert_eq!(buf.len(), 10_015);
    buf.truncate(3);
    buf.push(b'!');
    assert_eq!(buf, *b"one!");
    buf.sort_unstable();
    assert_eq!((buf.first(), buf.last(), buf.iter().count()), (Some(&b'!'), Some(&b'o'), 4));
    Ok(())
}

#[test]
fn a_buffer_is_extended_by_bytes_and_by_references_to_them() {
    let pool = BufferPool::new();
    let mut buf = pool.get(0);
    buf.extend([1, 2, 3]);
    buf.extend(&[4, 5, 6]);
    // Through the trait, and not through `Vec`'s by dereferencing.
    <PooledBuf as Extend<u8>>::extend(&mut buf, (7..10).filter(|byte| byte % 2 == 1));
    <PooledBuf as Extend<&u8>>::extend(&mut buf, &vec![0; 1000]);
    assert_eq!((&buf[..8], buf.len()), (&[1, 2, 3, 4, 5, 6, 7, 9][..], 1008));
    buf.extend([0_u8; 0]);
    assert_eq!(buf.len(), 1008);
}

#[test]
fn a_buffer_collects_bytes() {
    let buf: PooledBuf = (0..100).collect();
    assert!(buf.iter().copied().eq(0..100) && buf.capacity() >= 100);
    // An iterator that claims nothing, and one that has nothing.
    let bytes = std::iter::successors(Some(0_u8), |&byte| byte.checked_add(1));
    assert_eq!(bytes.collect::<PooledBuf>().len(), 256);
    assert!(std::iter::empty().collect::<PooledBuf>().is_empty());
}

#[test]
fn a_buffer_is_taken_where_bytes_are() {
    fn as_slice(bytes: impl AsRef<[u8]>) -> Vec<u8> {
        bytes.as_ref().to_vec()
    }
    fn as_vec(bytes: &impl AsRef<Vec<u8>>) -> usize {
        bytes.as_ref().len()
    }
    fn fill(mut bytes: impl AsMut<[u8]>) -> Vec<u8> {
        bytes.as_mut().fill(7);
        bytes.as_mut().to_vec()
    }

    let pool = BufferPool::new();
    let buf = buf(&pool, b"bytes");
    assert_eq!((as_slice(&buf), as_vec(&buf)), (b"bytes".to_vec(), 5));
    let borrowed: &[u8] = buf.borrow();
    assert_eq!(borrowed, b"bytes");
    assert_eq!((&buf).into_iter().rev().copied().collect::<Vec<u8>>(), b"setyb");
    let mut seen = Vec::new();
    for byte in &buf {
        seen.push(*byte);
    }
    assert_eq!(seen, b"bytes");
    assert_eq!(fill(buf), [7; 5]);
}

#[test]
fn a_buffer_is_compared_hashed_and_shown_as_its_contents() {
    let hash = |value: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        value(&mut hasher);
        hasher.finish()
    };
    let (pool, other) = (BufferPool::new(), BufferPool::tiered());
    for (left, right) in [("", ""), ("", "a"), ("a", "b"), ("ab", "a"), ("same", "same")] {
        let (first, second) = (buf(&pool, left.as_bytes()), buf(&other, right.as_bytes()));
        assert_eq!(first == second, left == right, "{left} {right}");
        assert_eq!(first.cmp(&second), left.cmp(right), "{left} {right}");
        assert_eq!(first.partial_cmp(&second), left.partial_cmp(right), "{left} {right}");
        assert_eq!(format!("{first:?}"), format!("{:?}", left.as_bytes()));
        // As a map that is looked up by `Borrow` demands.
        let expected = hash(&|hasher| left.as_bytes().hash(hasher));
        assert_eq!(hash(&|hasher| first.hash(hasher)), expected);
    }
    let buf = buf(&pool, b"abc");
    let (same, none): (&[u8], &[u8]) = (b"abc", b"");
    assert!(buf == *b"abc" && buf == b"abc"[..] && buf == same && buf == b"abc".to_vec());
    assert!(buf != *b"abd" && buf != b"ab"[..] && buf != none && buf != b"abcd".to_vec());
    assert_eq!(buf.cmp(&PooledBuf::default()), Ordering::Greater);

    let set: HashSet<PooledBuf> = HashSet::from([buf]);
    assert!(set.contains(&b"abc"[..]) && !set.contains(&b"abd"[..]));
    let tree: BTreeSet<PooledBuf> = set.into_iter().collect();
    assert!(tree.contains(&b"abc"[..]) && !tree.contains(&b"abd"[..]));
}

#[test]
fn a_clone_is_a_buffer_of_its_own_from_the_same_pool() {
    let pool = BufferPool::new();
    let original = buf(&pool, b"contents");
    let mut clone = original.clone();
    assert_eq!(original, clone);
    assert_ne!(original.as_ptr(), clone.as_ptr());
    clone[0] = b'C';
    assert_eq!((&original[..], &clone[..]), (&b"contents"[..], &b"Contents"[..]));
    assert_eq!(class(&pool, 64).in_use, 2);
    drop(original);
    assert_eq!(clone, *b"Contents");
    drop(clone);
    assert_eq!((class(&pool, 64).in_use, class(&pool, 64).returned), (0, 2));

    let mut target = pool.get(1000);
    target.extend_from_slice(&[1; 500]);
    target.clone_from(&buf(&pool, b"short"));
    assert_eq!(target, *b"short");
    // What is not in the pool is cloned as well, and so is an attached one.
    for original in [pool.get_zeroed(3 << 20), pool.attach(vec![0; 3]), pool.attach(Vec::new())] {
        assert_eq!(original.clone(), original);
    }
    let clones = vec![pool.get_zeroed(10); 10];
    assert!(clones.iter().all(|clone| clone == &[0; 10]));
    drop((clones, target));
    assert_eq!(pool.stats().total().in_use, 0);
    assert_conserved(&pool.stats());
}

#[test]
fn a_clone_outlives_the_pool() {
    let pool = BufferPool::new();
    let original = buf(&pool, b"contents");
    drop(pool);
    let clone = original.clone();
    drop(original);
    assert_eq!(clone.clone(), *b"contents");
    assert_eq!(PooledBuf::into_inner(clone), b"contents");
}

#[test]
fn a_buffer_with_traits_of_the_pool_is_a_field_of_a_pooled_type() {
    let mut buf = <PooledBuf as Reset>::blank();
    buf.extend_from_slice(b"contents");
    let capacity = buf.capacity();
    buf.reset();
    assert!(buf.is_empty() && buf.capacity() == capacity);
    buf.extend_from_slice(b"contents");
    buf.wipe();
    assert!(buf.iter().all(|&byte| byte == 0), "{buf:?}");
    assert!(<PooledBuf as Capacity>::with_capacity(5000).capacity() >= 5000);
}

#[test]
fn buffers_are_home_when_a_panic_passes_them() {
    let pool = BufferPool::new();
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut first = buf(&pool, b"contents");
        let _second = pool.get_zeroed(5000);
        first.push(1);
        let _clone = first.clone();
        unwind();
    }));
    assert!(unwound.is_err());
    let total = pool.stats().total();
    assert_eq!((total.in_use, total.returned), (0, 3));
    assert!(pool.get(10).is_empty());
    // One that panics in the midst of its work on the content.
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut buf = pool.get(10);
        buf.extend((0..100).map(|byte| if byte < 50 { byte } else { unwind() }));
    }));
    assert!(unwound.is_err());
    assert!(LADDER.iter().all(|&size| pool.get(size).is_empty()));
    assert_conserved(&pool.stats());
}

#[test]
fn no_buffer_shows_what_another_had() {
    let pool = BufferPool::new();
    for round in 0..200 {
        let mut bufs: Vec<_> = LADDER.iter().map(|&size| pool.get(size)).collect();
        for buf in &mut bufs {
            assert!(buf.is_empty());
            write!(buf, "round {round}").expect("a buffer takes all");
        }
        let told = format!("round {round}");
        assert!(bufs.iter().all(|buf| buf == told.as_bytes()));
        let mut text = String::new();
        write!(text, "{:?}", bufs[0]).expect("a string takes all");
        assert_eq!(text, format!("{:?}", told.as_bytes()));
    }
}

#[test]
fn what_is_asked_for_in_zeroes_is_zero_whoever_had_it() {
    let pool = BufferPool::new();
    for len in [0, 1, 63, 64, 65, 255, 256, 1000, 4096, 5000, 100_000, 1 << 20, (1 << 20) + 1] {
        for _ in 0..3 {
            let mut buf = pool.get_zeroed(len);
            assert_eq!(buf.len(), len);
            assert!(buf.iter().all(|&byte| byte == 0), "{len}");
            let capacity = buf.capacity();
            buf.resize(capacity, 0xFF);
            buf.fill(0xFF);
        }
        // And of the same class with another length.
        let mut buf = pool.get_zeroed(len / 2 + 1);
        assert!(buf.len() == len / 2 + 1 && buf.iter().all(|&byte| byte == 0), "{len}");
        buf.fill(0xFF);
    }
    assert_eq!(pool.stats().total().in_use, 0);
    assert_conserved(&pool.stats());
}

#[cfg(feature = "serde")]
#[test]
fn a_buffer_is_serialized_as_its_vec() {
    let pool = BufferPool::new();
    let buf = buf(&pool, &[1, 2, 255]);
    let shown = serde_json::to_string(&buf).expect("numbers are JSON");
    assert_eq!(shown, "[1,2,255]");
}

#[cfg(feature = "bytes")]
#[test]
fn a_buffer_is_filled_as_a_buf_mut() {
    use bytes::{Buf, BufMut};

    fn put(mut target: impl BufMut) {
        target.put_u8(1);
        target.put_u32(0x0203_0405);
        target.put_slice(b"slice");
        target.put_bytes(9, 1000);
        target.put(&b"buf"[..]);
    }

    let pool = BufferPool::new();
    let mut buf = pool.get(0);
    put(&mut buf);
    assert_eq!((&buf[..10], buf.len()), (&b"\x01\x02\x03\x04\x05slice"[..], 1013));
    assert_eq!((&buf[1008..], (&buf[..]).get_u8()), (&b"\x09\x09buf"[..], 1));
    let (capacity, spare) = (buf.capacity(), buf.capacity() - buf.len());
    assert!(buf.remaining_mut() >= spare && buf.chunk_mut().len() >= spare.min(64));
    // Exactly full, and then one more.
    buf.put_bytes(3, spare);
    assert_eq!(buf.capacity(), capacity);
    buf.put_u8(4);
    assert_eq!((buf.len(), buf.last()), (capacity + 1, Some(&4)));
    let mut limited = (&mut buf).limit(3);
    limited.put_slice(b"abc");
    assert_eq!(limited.remaining_mut(), 0);
    assert!(buf.ends_with(b"abc"));
}

#[cfg(feature = "tokio")]
#[test]
fn a_task_writes_to_a_buffer() {
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    let pool = BufferPool::new();
    let mut buf = pool.get(64);
    let mut source = &b"hello"[..];
    let copied = {
        let copy = pin!(poolable::buffer::copy_async(&mut source, &mut buf));
        copy.poll(&mut Context::from_waker(Waker::noop()))
    };
    assert!(matches!(copied, Poll::Ready(Ok(5))));
    assert_eq!(buf, b"hello");
}
