//! A document in a pooled buffer, which moves to a larger one as it grows.
//!
//! # Invariants
//!
//! 1. A buffer of the pool is never reallocated: what outgrows it goes on in another of twice
//!    the capacity at least, and the outgrown one goes home, where it is found by the next
//!    document of this size. So no size of document allocates where the pool is warm, and no
//!    byte is left in memory that a pool that zeroizes does not reach.
//! 2. While it is written, the `Vec` stands here, not in its guard: a document is written in
//!    steps of a few bytes, which took twice the time through the guard. It is put back
//!    however the writing ends, by a panic too.
//!
//! # Rejected
//!
//! To let the `Vec` grow: its buffer goes home to a larger class, the class it came from is
//! one short, and the next document makes a new one.

use core::mem;
use core::panic::Location;
use std::io::{self, Read, Write};

use super::read_buffers;
use crate::buffer::{BufferPool, PooledBuf};

/// The capacity that a document of unknown length begins with, in bytes: enough for most
/// answers, and little to hold on to for short ones.
const FIRST: usize = 1024;

pub(crate) struct Document<'p> {
    pool: &'p BufferPool,
    /// Without its bytes, which are those below (invariant 2); until it is given out.
    home: Option<PooledBuf>,
    bytes: Vec<u8>,
    /// Where the text is asked for: that is where its buffers are got.
    caller: &'static Location<'static>,
}

impl<'p> Document<'p> {
    #[track_caller]
    pub(super) fn new(pool: &'p BufferPool) -> Self {
        Self::with_capacity(pool, FIRST)
    }

    #[inline]
    #[track_caller]
    pub(crate) fn with_capacity(pool: &'p BufferPool, capacity: usize) -> Self {
        Self::begin(pool, capacity, Location::caller())
    }

    #[inline]
    fn begin(pool: &'p BufferPool, capacity: usize, caller: &'static Location<'static>) -> Self {
        let mut home = pool.get_for(capacity, caller);
        let bytes = mem::take(&mut *home);
        Self { pool, home: Some(home), bytes, caller }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    pub(super) fn into_buf(mut self) -> PooledBuf {
        self.take_home().expect("a document gives its buffer out once")
    }

    #[inline]
    fn take_home(&mut self) -> Option<PooledBuf> {
        let mut home = self.home.take()?;
        *home = mem::take(&mut self.bytes);
        Some(home)
    }

    /// All that a reader gives until it ends.
    #[track_caller]
    pub(super) fn read_from(mut reader: impl Read) -> io::Result<Document<'static>> {
        let mut document = Document::new(read_buffers());
        loop {
            let room = document.room();
            // No more than there is room for: nothing grows.
            let ahead = reader.by_ref().take(room as u64).read_to_end(&mut document.bytes)?;
            if ahead < room {
                return Ok(document);
            }
            document.move_on(1);
        }
    }

    #[inline]
    fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if bytes.len() > self.room() {
            self.move_on(bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Goes on in another buffer, with room for `more` bytes at least. One that is larger than any
    /// that is kept has room to spare: what follows a long text is a quote.
    #[cold]
    #[inline(never)]
    fn move_on(&mut self, more: usize) {
        let needed = self.bytes.len().saturating_add(more);
        let is_kept = self.pool.sizes().any(|size| size >= needed);
        let wanted = if is_kept { needed } else { needed.saturating_add(needed / 8) };
        let wanted = wanted.max(2 * self.bytes.capacity());
        let mut larger = Self::begin(self.pool, wanted, self.caller);
        larger.bytes.extend_from_slice(&self.bytes);
        *self = larger;
    }
}

impl Drop for Document<'_> {
    fn drop(&mut self) {
        drop(self.take_home());
    }
}

impl Write for Document<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.push(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
