//! A ring of bytes.
//!
//! # Invariants
//!
//! 1. The storage has exactly `capacity` bytes, or none before the first write. The capacity
//!    is at least 1.
//! 2. `head` is less than the capacity, and `len` is no more than the storage: their sum does
//!    not overflow, and to wrap it is one comparison and one subtraction.
//! 3. A ring that is empty begins at the front of its storage. So what a reader keeps up with
//!    is one slice, and stays in the same few cache lines.
//! 4. Bytes are moved by at most two copies for each call.
//!
//! # Rejected
//!
//! A capacity that is rounded up to a power of two, so that positions are masked: it would
//! keep other bytes than the last so many that were asked for, and a comparison that is
//! foreseen costs no more.

mod io;
mod reset;
mod traits;

/// A ring of bytes with a fixed capacity: written at one end, read at the other.
///
/// There are two kinds, which differ in what they do when they are full.
///
/// | | made by | a write beyond the room |
/// | --- | --- | --- |
/// | overwriting | [`new`](Self::new) | is accepted, and the oldest bytes go: the ring has the last `capacity` bytes, and counts those that [were lost](Self::overwritten) |
/// | bounded | [`bounded`](Self::bounded) | is cut short to what fits; then `Ok(0)` |
///
/// It is a [`Write`](std::io::Write), a [`Read`](std::io::Read) and a
/// [`BufRead`](std::io::BufRead); with the feature `bytes` also a `bytes::Buf`. To read from
/// an empty ring is `Ok(0)`.
///
/// As a field of a pooled type, or as the object of a [`Pool`](crate::Pool), it keeps its
/// memory, its capacity and its kind. With `#[pool(zeroize)]` all of its memory is overwritten
/// at each return, what was read long ago included.
///
/// # Examples
///
/// The end of a log:
///
/// ```
/// use poolable::buffer::RingBuffer;
/// use std::io::Write;
///
/// let mut tail = RingBuffer::new(12);
/// for number in 1..=4 {
///     writeln!(tail, "line {number}")?;
/// }
/// assert_eq!(tail, b"ne 3\nline 4\n");
/// assert_eq!(tail.overwritten(), 16);
/// # Ok::<_, std::io::Error>(())
/// ```
///
/// A pooled reader of the lines of a stream that comes in pieces. (To read a line that is not
/// whole yet would take what there is of it: so look for its end first, with
/// [`iter`](Self::iter), or count as here.)
///
/// ```
/// use poolable::Poolable;
/// use poolable::buffer::RingBuffer;
/// use std::io::{self, BufRead, Write};
///
/// #[derive(Poolable)]
/// struct Lines {
///     #[pool(init = RingBuffer::bounded(8192))]
///     ring: RingBuffer,
///     line: String,
/// }
///
/// impl Lines {
///     /// Takes a piece, and calls `each` with every line that it completes.
///     fn feed(&mut self, piece: &[u8], mut each: impl FnMut(&str)) -> io::Result<()> {
///         // A line of more than 8 KiB is an error, and costs no memory.
///         self.ring.write_all(piece)?;
///         // The ring had no whole line before.
///         for _ in piece.iter().filter(|byte| **byte == b'\n') {
///             self.line.clear();
///             self.ring.read_line(&mut self.line)?;
///             each(self.line.trim_end());
///         }
///         Ok(())
///     }
/// }
///
/// let mut seen = Vec::new();
/// let mut lines = Lines::pooled();
/// for piece in ["GET / HT", "TP/1.1\r\nHost: a\r\n", "Acc", "ept: */*\r\n"] {
///     lines.feed(piece.as_bytes(), |line| seen.push(line.to_owned()))?;
/// }
/// assert_eq!(seen, ["GET / HTTP/1.1", "Host: a", "Accept: */*"]);
/// assert!(lines.ring.is_empty());
/// # Ok::<_, io::Error>(())
/// ```
///
/// What a pooled type says of its ring:
///
/// ```
/// use poolable::Poolable;
/// use poolable::buffer::RingBuffer;
///
/// #[derive(Poolable)]
/// struct Rings {
///     /// Overwriting, 4 KiB, allocated at its first write.
///     plain: RingBuffer,
///     /// Overwriting, 64 KiB from birth, and all of it overwritten on return.
///     #[pool(zeroize, capacity = 65_536)]
///     secret: RingBuffer,
///     #[pool(init = RingBuffer::bounded(1024))]
///     bounded: RingBuffer,
/// }
///
/// let rings = Rings::pooled();
/// let sizes = [&rings.plain, &rings.secret, &rings.bounded].map(RingBuffer::capacity);
/// assert_eq!(sizes, [4096, 65_536, 1024]);
/// assert!(rings.bounded.is_bounded() && !rings.plain.is_bounded());
/// ```
///
/// # Performance
///
/// At most two copies for each call, whatever its length. Memory is allocated once.
pub struct RingBuffer {
    storage: Box<[u8]>,
    capacity: usize,
    /// Where the oldest byte is.
    head: usize,
    len: usize,
    overwritten: u64,
    is_bounded: bool,
}

/// Fresh memory.
fn zeroed(capacity: usize) -> Box<[u8]> {
    vec![0; capacity].into_boxed_slice()
}

impl RingBuffer {
    /// The capacity of a ring for which nobody has said one.
    const BLANK: usize = 4096;

    /// Makes a ring that keeps the last `capacity` bytes that are written to it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    /// use std::io::Write;
    ///
    /// let mut ring = RingBuffer::new(4);
    /// assert_eq!(ring.write(b"abcdef")?, 6);
    /// assert_eq!(ring, b"cdef");
    /// # Ok::<_, std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `capacity` is zero, or more than `isize::MAX`.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "`RingBuffer::new`: capacity must be at least 1");
        Self { storage: zeroed(capacity), ..Self::lazy(capacity, false) }
    }

    /// Makes a ring that refuses what does not fit.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    /// use std::io::Write;
    ///
    /// let mut ring = RingBuffer::bounded(4);
    /// assert_eq!(ring.write(b"abcdef")?, 4);
    /// assert_eq!(ring.write(b"ef")?, 0);
    /// assert_eq!(ring, b"abcd");
    /// # Ok::<_, std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `capacity` is zero, or more than `isize::MAX`.
    #[must_use]
    pub fn bounded(capacity: usize) -> Self {
        assert!(capacity > 0, "`RingBuffer::bounded`: capacity must be at least 1");
        Self { storage: zeroed(capacity), ..Self::lazy(capacity, true) }
    }

    /// A ring that has no memory yet.
    fn lazy(capacity: usize, is_bounded: bool) -> Self {
        Self { storage: Box::default(), capacity, head: 0, len: 0, overwritten: 0, is_bounded }
    }

    /// Returns how many bytes the ring can hold.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    ///
    /// assert_eq!(RingBuffer::new(1000).capacity(), 1000);
    /// ```
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns how many bytes there are to be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    /// use std::io::Write;
    ///
    /// let mut ring = RingBuffer::new(16);
    /// ring.write_all(b"abc")?;
    /// assert_eq!(ring.len(), 3);
    /// # Ok::<_, std::io::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing to be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    ///
    /// assert!(RingBuffer::new(16).is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the next byte that is written takes the place of another, or is refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    /// use std::io::Write;
    ///
    /// let mut ring = RingBuffer::new(3);
    /// ring.write_all(b"abcd")?;
    /// assert!(ring.is_full());
    /// # Ok::<_, std::io::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len == self.capacity
    }

    /// Returns how many bytes can be written before the ring is full.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    /// use std::io::Write;
    ///
    /// let mut ring = RingBuffer::bounded(16);
    /// ring.write_all(b"abc")?;
    /// assert_eq!(ring.free(), 13);
    /// # Ok::<_, std::io::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity - self.len
    }

    /// Whether the ring refuses what does not fit, and so never loses a byte.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    ///
    /// assert!(RingBuffer::bounded(16).is_bounded());
    /// assert!(!RingBuffer::new(16).is_bounded());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.is_bounded
    }

    /// Returns how many bytes were written and could not be read any more: those that were
    /// overwritten, and those of a write that is longer than the ring.
    ///
    /// Bytes that were read or [cleared](Self::clear) are none of them, and the count goes on
    /// over both. It starts at zero again when the ring is reset, as each return to a pool
    /// does, or wiped. A [bounded](Self::bounded) ring loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Reset;
    /// use poolable::buffer::RingBuffer;
    /// use std::io::Write;
    ///
    /// let mut ring = RingBuffer::new(4);
    /// ring.write_all(b"abc")?;
    /// ring.write_all(b"123456")?;
    /// assert_eq!((ring.overwritten(), ring.len()), (5, 4));
    /// ring.clear();
    /// assert_eq!(ring.overwritten(), 5);
    /// ring.reset();
    /// assert_eq!(ring.overwritten(), 0);
    /// # Ok::<_, std::io::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// Returns what there is to be read, the oldest byte first: a slice, and where the ring
    /// wraps around, the rest in another one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    /// use std::io::Write;
    ///
    /// let mut ring = RingBuffer::new(4);
    /// ring.write_all(b"abcd")?;
    /// ring.write_all(b"ef")?;
    /// assert_eq!(ring.as_slices(), (&b"cd"[..], &b"ef"[..]));
    /// # Ok::<_, std::io::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slices(&self) -> (&[u8], &[u8]) {
        let end = self.head + self.len;
        match self.storage.get(self.head..end) {
            Some(whole) => (whole, &[]),
            None => (&self.storage[self.head..], &self.storage[..end - self.storage.len()]),
        }
    }

    /// Looks at what there is to be read, the oldest byte first.
    ///
    /// # Examples
    ///
    /// Whether there is a whole line:
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    /// use std::io::Write;
    ///
    /// let mut ring = RingBuffer::bounded(16);
    /// ring.write_all(b"GET /\nHo")?;
    /// let end = ring.iter().position(|&byte| byte == b'\n');
    /// assert_eq!(end, Some(5));
    /// # Ok::<_, std::io::Error>(())
    /// ```
    #[inline]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &u8> + '_ {
        let (front, back) = self.as_slices();
        front.iter().chain(back)
    }

    /// Moves the bytes so that they are one slice, and returns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    /// use std::io::Write;
    ///
    /// let mut ring = RingBuffer::new(4);
    /// ring.write_all(b"abcd")?;
    /// ring.write_all(b"ef")?;
    /// ring.make_contiguous().reverse();
    /// assert_eq!(ring, b"fedc");
    /// # Ok::<_, std::io::Error>(())
    /// ```
    ///
    /// # Performance
    ///
    /// Moves all of the memory where the ring wraps around, and nothing otherwise.
    pub fn make_contiguous(&mut self) -> &mut [u8] {
        if self.head + self.len > self.storage.len() {
            // Three reversals, and no rotation, which takes bytes to the stack and leaves them
            // there.
            let (back, front) = self.storage.split_at_mut(self.head);
            back.reverse();
            front.reverse();
            self.storage.reverse();
            self.head = 0;
        }
        &mut self.storage[self.head..][..self.len]
    }

    /// Forgets what there is to be read. [`overwritten`](Self::overwritten) goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::RingBuffer;
    /// use std::io::Write;
    ///
    /// let mut ring = RingBuffer::bounded(4);
    /// ring.write_all(b"abcd")?;
    /// ring.clear();
    /// assert!(ring.is_empty());
    /// # Ok::<_, std::io::Error>(())
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.head = 0;
        self.len = 0;
    }

    /// Writes what the ring accepts, and returns how much that is.
    #[inline]
    fn put(&mut self, bytes: &[u8]) -> usize {
        let kept = if bytes.len() <= self.free() { bytes } else { self.make_room(bytes) };
        self.append(kept);
        if self.is_bounded { kept.len() } else { bytes.len() }
    }

    /// Makes room for bytes that do not fit, and returns those of them that then do.
    fn make_room<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let free = self.free();
        if self.is_bounded {
            return &bytes[..free];
        }
        // The oldest go, of those that are there and then of those that come.
        let lost = bytes.len() - free;
        self.overwritten = self.overwritten.saturating_add(lost as u64);
        if lost < self.len {
            self.skip(lost);
            return bytes;
        }
        let of_these = lost - self.len;
        self.clear();
        &bytes[of_these..]
    }

    /// Writes bytes for which there is room.
    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        let end = self.wrapped(self.head + self.len);
        // Mostly they fit in front of the end of the storage, and there is one.
        let place = self.storage.get_mut(end..).and_then(|rest| rest.get_mut(..bytes.len()));
        match place {
            Some(place) => place.copy_from_slice(bytes),
            None => self.append_around(end, bytes),
        }
        self.len += bytes.len();
    }

    /// Copies bytes to both ends of the storage, or to where there is none yet.
    #[cold]
    fn append_around(&mut self, end: usize, bytes: &[u8]) {
        self.allocate();
        let (front, back) = bytes.split_at(bytes.len().min(self.storage.len() - end));
        self.storage[end..][..front.len()].copy_from_slice(front);
        self.storage[..back.len()].copy_from_slice(back);
    }

    /// Reads what there is and fits, and returns how much that is.
    #[inline]
    fn get(&mut self, place: &mut [u8]) -> usize {
        let count = self.len.min(place.len());
        let place = &mut place[..count];
        match self.storage.get(self.head..).and_then(|rest| rest.get(..count)) {
            Some(bytes) => place.copy_from_slice(bytes),
            None => self.copy_around(place),
        }
        self.skip(count);
        count
    }

    /// Copies bytes from both ends of the storage.
    #[cold]
    fn copy_around(&self, place: &mut [u8]) {
        let front = &self.storage[self.head..];
        let (first, rest) = place.split_at_mut(front.len());
        first.copy_from_slice(front);
        rest.copy_from_slice(&self.storage[..rest.len()]);
    }

    /// Forgets the oldest `count` bytes, which are there.
    #[inline]
    fn skip(&mut self, count: usize) {
        self.len -= count;
        self.head = if self.len == 0 { 0 } else { self.wrapped(self.head + count) };
    }

    /// A position in the storage, of one that may be beyond its end by less than its length.
    #[inline]
    fn wrapped(&self, position: usize) -> usize {
        if position < self.capacity { position } else { position - self.capacity }
    }

    /// Sees to it that there is memory.
    #[inline]
    fn allocate(&mut self) {
        if self.storage.is_empty() {
            self.storage = zeroed(self.capacity);
        }
    }

    /// Moves the content to other memory, in which there is room for it.
    fn move_to(&mut self, capacity: usize) {
        let mut storage = zeroed(capacity);
        let (front, back) = self.as_slices();
        storage[..front.len()].copy_from_slice(front);
        storage[front.len()..][..back.len()].copy_from_slice(back);
        self.storage = storage;
        self.capacity = capacity;
        self.head = 0;
    }
}

#[cfg(test)]
mod tests;
