//! What else a ring can do.

use core::fmt;

use super::RingBuffer;
use crate::Reset;

/// Overwriting, with a capacity of 4096 bytes, which are allocated at its first write.
impl Default for RingBuffer {
    #[inline]
    fn default() -> Self {
        Self::blank()
    }
}

/// Has what there is to be read, in memory of its own, and capacity, kind and counter. What
/// was read is not copied.
impl Clone for RingBuffer {
    fn clone(&self) -> Self {
        let mut clone = Self::lazy(self.capacity, self.is_bounded);
        let (front, back) = self.as_slices();
        clone.put(front);
        clone.put(back);
        clone.overwritten = self.overwritten;
        clone
    }
}

/// Shows lengths, and not the content, which may be a secret.
impl fmt::Debug for RingBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingBuffer")
            .field("len", &self.len)
            .field("capacity", &self.capacity)
            .field("is_bounded", &self.is_bounded)
            .field("overwritten", &self.overwritten)
            .finish_non_exhaustive()
    }
}

/// Rings are equal if they have the same to be read, wherever they wrap around, and whatever
/// their capacities.
impl PartialEq for RingBuffer {
    fn eq(&self, other: &Self) -> bool {
        let (long, short) = (self.as_slices(), other.as_slices());
        let (long, short) =
            if long.0.len() < short.0.len() { (short, long) } else { (long, short) };
        let (first, middle) = long.0.split_at(short.0.len());
        // Of equal lengths all that is left of the first one is in the second.
        self.len == other.len
            && short.0 == first
            && short.1.split_at(middle.len()) == (middle, long.1)
    }
}

impl Eq for RingBuffer {}

impl PartialEq<[u8]> for RingBuffer {
    fn eq(&self, other: &[u8]) -> bool {
        let (front, back) = self.as_slices();
        self.len == other.len() && other.split_at(front.len()) == (front, back)
    }
}

impl PartialEq<&[u8]> for RingBuffer {
    fn eq(&self, other: &&[u8]) -> bool {
        *self == **other
    }
}

impl<const N: usize> PartialEq<[u8; N]> for RingBuffer {
    fn eq(&self, other: &[u8; N]) -> bool {
        *self == other[..]
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for RingBuffer {
    fn eq(&self, other: &&[u8; N]) -> bool {
        *self == other[..]
    }
}

/// Each byte as by a write of its own; of slices, [`write`](std::io::Write::write) copies all
/// at once.
///
/// # Panics
///
/// If a bounded ring is full and there is another byte: it would be lost, and nothing would
/// tell. Those before it are in the ring.
impl Extend<u8> for RingBuffer {
    fn extend<I: IntoIterator<Item = u8>>(&mut self, bytes: I) {
        for byte in bytes {
            assert!(
                self.put(&[byte]) == 1,
                "`RingBuffer::extend`: the bounded ring is full; ask `free` first, or use `write`",
            );
        }
    }
}

/// As of bytes.
///
/// # Panics
///
/// If a bounded ring is full and there is another byte.
impl<'a> Extend<&'a u8> for RingBuffer {
    fn extend<I: IntoIterator<Item = &'a u8>>(&mut self, bytes: I) {
        self.extend(bytes.into_iter().copied());
    }
}

/// The chunks are [the slices](RingBuffer::as_slices).
#[cfg(feature = "bytes")]
impl bytes::Buf for RingBuffer {
    #[inline]
    fn remaining(&self) -> usize {
        self.len
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        self.as_slices().0
    }

    #[inline]
    fn advance(&mut self, count: usize) {
        assert!(
            count <= self.len,
            "`RingBuffer::advance`: there are {} bytes, and not {count}; advance by no more than `remaining`",
            self.len,
        );
        self.skip(count);
    }

    #[inline]
    fn copy_to_slice(&mut self, place: &mut [u8]) {
        assert!(
            place.len() <= self.len,
            "`RingBuffer::copy_to_slice`: there are {} bytes, and not {}; ask `remaining` first",
            self.len,
            place.len(),
        );
        self.get(place);
    }
}
