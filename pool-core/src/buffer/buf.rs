//! The guard of a pooled buffer.
//!
//! # Invariants
//!
//! 1. A guard owns its slot, until it is dropped or one of the calls that take it.
//! 2. Its short way is that of the class of the buffer in the slot. It stands beside it, as
//!    to read it there would have every return wait for what the get before it loads.

use core::borrow::{Borrow, BorrowMut};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
#[cfg(feature = "tokio")]
use core::pin::Pin;
use core::ptr::NonNull;
use core::slice;
#[cfg(feature = "tokio")]
use core::task::{Context, Poll};
use std::io::{self, IoSlice, Write};

use super::class::{self, Buffer};
use super::pool::BufferPool;
use crate::slot::Slot;
use crate::thread::Desk;
use crate::{Capacity, ReleaseBorrows, Reset, Wipe};

/// A buffer taken from a [`BufferPool`], which goes home when this guard drops.
///
/// It dereferences to a `Vec<u8>`, and is written to as one: by its methods, as
/// [`io::Write`](std::io::Write), by [`Extend`], with feature `bytes` as
/// [`BufMut`](bytes::BufMut), and with feature `tokio` as an `AsyncWrite`. It may go to other
/// threads and be dropped there, and it may outlive its pool.
///
/// # Examples
///
/// ```
/// use poolable::buffer::{BufferPool, PooledBuf};
/// use std::io::Write;
///
/// struct Connection {
///     out: PooledBuf,
/// }
///
/// let mut connection = Connection { out: BufferPool::global().get(1024) };
/// write!(connection.out, "{} {}", 200, "OK")?;
/// assert_eq!(connection.out, b"200 OK");
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "the buffer goes back to its pool at once unless the guard is kept"]
pub struct PooledBuf {
    slot: NonNull<Slot<Buffer>>,
    short_way: Desk,
}

// SAFETY: a guard owns its buffer, which is `Send`: so is the class, which it shares.
unsafe impl Send for PooledBuf {}

// SAFETY: a shared guard gives out shared references to the bytes, and nothing else.
unsafe impl Sync for PooledBuf {}

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Buffer>();
};

impl PooledBuf {
    /// # Safety
    ///
    /// - The caller owns the slot and gives it up.
    pub(super) unsafe fn from_slot(slot: NonNull<Slot<Buffer>>) -> Self {
        // SAFETY: the caller owns the slot.
        Self { slot, short_way: unsafe { class::short_way(slot) } }
    }

    /// # Safety
    ///
    /// - The caller owns the slot and gives it up.
    /// - `short_way` is that of the buffer's class.
    #[inline(always)]
    pub(super) unsafe fn from_parts(slot: NonNull<Slot<Buffer>>, short_way: Desk) -> Self {
        Self { slot, short_way }
    }

    #[inline(always)]
    fn buffer(&self) -> &Buffer {
        // SAFETY: the guard owns the slot, and is borrowed as long.
        unsafe { class::buffer(self.slot) }
    }

    #[inline(always)]
    fn buffer_mut(&mut self) -> &mut Buffer {
        // SAFETY: the guard owns the slot, and is borrowed exclusively as long.
        unsafe { class::buffer_mut(self.slot) }
    }

    /// Gives up the guard, and keeps what it held.
    #[inline]
    fn into_slot(buf: Self) -> NonNull<Slot<Buffer>> {
        ManuallyDrop::new(buf).slot
    }

    /// Takes an empty buffer from the [pool of the process](BufferPool::global), with room
    /// for `capacity` bytes at least.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::PooledBuf;
    ///
    /// let mut line = PooledBuf::with_capacity(80);
    /// line.extend_from_slice(b"GET /");
    /// assert_eq!(line, b"GET /");
    /// ```
    ///
    /// # Panics
    ///
    /// If `capacity` exceeds `isize::MAX`, as `Vec` does.
    #[inline]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        BufferPool::global().get(capacity)
    }

    /// Takes the bytes out of the pool for good. They are not copied.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::{BufferPool, PooledBuf};
    ///
    /// let pool = BufferPool::new();
    /// let mut buf = pool.get(64);
    /// buf.push(1);
    /// assert_eq!(PooledBuf::into_inner(buf), [1]);
    /// assert_eq!(pool.stats().total().detached, 1);
    /// ```
    #[must_use = "the bytes are freed unless they are kept; to free them, use `discard`"]
    pub fn into_inner(buf: Self) -> Vec<u8> {
        // SAFETY: the guard owned the slot, and is gone.
        unsafe { class::detach(Self::into_slot(buf)) }
    }

    /// Frees the buffer instead of keeping it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::{BufferPool, PooledBuf};
    ///
    /// let pool = BufferPool::new();
    /// PooledBuf::discard(pool.get(64));
    /// assert_eq!(pool.stats().total().discarded.explicit, 1);
    /// ```
    pub fn discard(buf: Self) {
        // SAFETY: the guard owned the slot, and is gone.
        unsafe { class::discard(Self::into_slot(buf)) };
    }

    /// Makes a buffer that has just been taken `len` zeros long.
    pub(super) fn fill_with_zeros(&mut self, len: usize) {
        debug_assert!(self.is_empty() && self.capacity() >= len);
        if !class::is_kept_zero(self.buffer()) {
            return self.resize(len, 0);
        }
        // SAFETY: the capacity covers `len`, and as the pool gives them out the bytes of this
        // class have been written, over the whole capacity: with zeros.
        unsafe { self.buffer_mut().bytes.set_len(len) };
    }

    /// Turns the buffer into [`Bytes`](bytes::Bytes), which many may share. It goes home when
    /// the last of them is dropped, on whatever thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// let mut buf = pool.get(64);
    /// buf.extend_from_slice(b"hello world");
    /// let (at, bytes) = (buf.as_ptr(), buf.freeze());
    /// assert_eq!((bytes.as_ptr(), &bytes[..]), (at, &b"hello world"[..]));
    ///
    /// let hello = bytes.slice(..5);
    /// drop(bytes);
    /// assert_eq!((&hello[..], pool.stats().total().in_use), (&b"hello"[..], 1));
    /// drop(hello);
    /// assert_eq!(pool.stats().total().idle, 1);
    /// ```
    ///
    /// # Performance
    ///
    /// One allocation, of what `Bytes` keeps beside the buffer. Nothing is copied.
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    #[must_use = "the buffer goes back to its pool at once unless the bytes are kept"]
    pub fn freeze(self) -> bytes::Bytes {
        bytes::Bytes::from_owner(self)
    }
}

impl Drop for PooledBuf {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard owns the slot, and is gone after this; the short way is that of
        // the class (invariant 2).
        unsafe { class::give(self.slot, self.short_way) };
    }
}

impl Deref for PooledBuf {
    type Target = Vec<u8>;

    #[inline]
    fn deref(&self) -> &Vec<u8> {
        &self.buffer().bytes
    }
}

impl DerefMut for PooledBuf {
    #[inline]
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        let buffer = self.buffer_mut();
        // What is about to be changed may be about to be removed.
        buffer.note_length();
        &mut buffer.bytes
    }
}

/// The smallest buffer of the [pool of the process](BufferPool::global).
impl Default for PooledBuf {
    #[track_caller]
    fn default() -> Self {
        // Of any length up to the smallest size; that of 0 takes longer to find.
        Self::with_capacity(1)
    }
}

/// A copy in another buffer, from the same pool if that is still there.
impl Clone for PooledBuf {
    #[track_caller]
    fn clone(&self) -> Self {
        let slot = class::take_like(self.buffer(), self.len());
        // SAFETY: the slot is the guard's.
        let mut copy = unsafe { Self::from_slot(slot) };
        copy.extend_from_slice(self);
        copy
    }

    fn clone_from(&mut self, source: &Self) {
        (**self).clone_from(source);
    }
}

/// As that of a `Vec<u8>`; a buffer of a pool that zeroizes shows its length alone.
impl fmt::Debug for PooledBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if class::is_kept_zero(self.buffer()) {
            return f.debug_struct("PooledBuf").field("len", &self.len()).finish_non_exhaustive();
        }
        (**self).fmt(f)
    }
}

impl<V: ?Sized> AsRef<V> for PooledBuf
where
    Vec<u8>: AsRef<V>,
{
    #[inline]
    fn as_ref(&self) -> &V {
        (**self).as_ref()
    }
}

impl<V: ?Sized> AsMut<V> for PooledBuf
where
    Vec<u8>: AsMut<V>,
{
    #[inline]
    fn as_mut(&mut self) -> &mut V {
        (**self).as_mut()
    }
}

impl Borrow<[u8]> for PooledBuf {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl BorrowMut<[u8]> for PooledBuf {
    fn borrow_mut(&mut self) -> &mut [u8] {
        self
    }
}

impl PartialEq for PooledBuf {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for PooledBuf {}

impl PartialOrd for PooledBuf {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PooledBuf {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for PooledBuf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

macro_rules! equals {
    ($([$($params:tt)*] $other:ty;)+) => {$(
        impl<$($params)*> PartialEq<$other> for PooledBuf {
            fn eq(&self, other: &$other) -> bool {
                **self == other[..]
            }
        }

        impl<$($params)*> PartialEq<PooledBuf> for $other {
            fn eq(&self, other: &PooledBuf) -> bool {
                **other == self[..]
            }
        }
    )+};
}

equals! {
    [] [u8];
    [] &[u8];
    [] Vec<u8>;
    [const N: usize] [u8; N];
    [const N: usize] &[u8; N];
}

impl Write for PooledBuf {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (**self).write(bytes)
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).write_all(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (**self).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Extend<u8> for PooledBuf {
    #[inline]
    fn extend<I: IntoIterator<Item = u8>>(&mut self, bytes: I) {
        (**self).extend(bytes);
    }
}

impl<'a> Extend<&'a u8> for PooledBuf {
    #[inline]
    fn extend<I: IntoIterator<Item = &'a u8>>(&mut self, bytes: I) {
        (**self).extend(bytes);
    }
}

/// In a buffer of the [pool of the process](BufferPool::global).
impl FromIterator<u8> for PooledBuf {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        let bytes = bytes.into_iter();
        let mut buf = Self::with_capacity(bytes.size_hint().0.max(1));
        buf.extend(bytes);
        buf
    }
}

impl<'a> IntoIterator for &'a PooledBuf {
    type Item = &'a u8;
    type IntoIter = slice::Iter<'a, u8>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut PooledBuf {
    type Item = &'a mut u8;
    type IntoIter = slice::IterMut<'a, u8>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// Takes the bytes out of the pool for good.
impl From<PooledBuf> for Vec<u8> {
    fn from(buf: PooledBuf) -> Self {
        PooledBuf::into_inner(buf)
    }
}

/// Emptied, and wiped if its pool [zeroizes](super::BufferPoolBuilder::zeroize); it stays with
/// the object that it is a field of. Blank ones are from the
/// [pool of the process](BufferPool::global); for another, give `init`.
impl Reset for PooledBuf {
    fn blank() -> Self {
        Self::default()
    }

    fn reset(&mut self) {
        let buffer = self.buffer_mut();
        buffer.note_length();
        buffer.empty();
        // SAFETY: the guard owns the slot.
        unsafe { class::forget_get(self.slot) };
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.capacity()
    }
}

// SAFETY: there is nothing in it that could borrow.
unsafe impl ReleaseBorrows for PooledBuf {}

impl Capacity for PooledBuf {
    fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity(capacity)
    }

    #[inline]
    fn capacity(&self) -> usize {
        Vec::capacity(self)
    }

    fn grow_to(&mut self, capacity: usize) {
        Capacity::grow_to(&mut **self, capacity);
    }

    fn shrink_to(&mut self, capacity: usize) {
        Capacity::shrink_to(&mut **self, capacity);
    }
}

impl Wipe for PooledBuf {
    fn wipe(&mut self) {
        (**self).wipe();
    }
}

#[cfg(feature = "bytes")]
mod foreign {
    use bytes::buf::UninitSlice;
    use bytes::{Buf, BufMut, Bytes};

    use super::PooledBuf;

    /// As that of `Vec<u8>`: it grows.
    // SAFETY: everything is passed on to the implementation for `Vec<u8>`.
    unsafe impl BufMut for PooledBuf {
        #[inline]
        fn remaining_mut(&self) -> usize {
            (**self).remaining_mut()
        }

        #[inline]
        unsafe fn advance_mut(&mut self, count: usize) {
            // SAFETY: the caller's promise is the one asked for.
            unsafe { (**self).advance_mut(count) };
        }

        #[inline]
        fn chunk_mut(&mut self) -> &mut UninitSlice {
            (**self).chunk_mut()
        }

        #[inline]
        fn put<B: Buf>(&mut self, source: B)
        where
            Self: Sized,
        {
            (**self).put(source);
        }

        #[inline]
        fn put_slice(&mut self, bytes: &[u8]) {
            (**self).put_slice(bytes);
        }

        #[inline]
        fn put_bytes(&mut self, byte: u8, count: usize) {
            (**self).put_bytes(byte, count);
        }
    }

    /// As [`freeze`](PooledBuf::freeze).
    impl From<PooledBuf> for Bytes {
        fn from(buf: PooledBuf) -> Self {
            buf.freeze()
        }
    }
}

/// As that of `Vec<u8>`: everything is accepted at once.
#[cfg(feature = "tokio")]
impl tokio::io::AsyncWrite for PooledBuf {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// As a `Vec<u8>`: a sequence of numbers.
#[cfg(feature = "serde")]
impl serde::Serialize for PooledBuf {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}
