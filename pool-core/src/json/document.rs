//! A document in a pooled buffer, which moves to a larger one as it grows.
//!
//! # Invariants
//!
//! 1. A buffer of the pool is never reallocated: what outgrows it goes on in another of twice
//!    the capacity at least, and the outgrown one goes home, where it is found by the next
//!    document of this size. So no size of document allocates where the pool is warm, and no
//!    byte is left in memory that a pool that zeroizes does not reach.
//!
//! # Rejected
//!
//! To let the `Vec` grow: its buffer goes home to a larger class, the class it came from is
//! one short, and the next document makes a new one.

use std::io::{self, Read, Write};

use crate::buffer::{BufferPool, PooledBuf};

/// The capacity that a document of unknown length begins with, in bytes: enough for most
/// answers, and little to hold on to for short ones.
const FIRST: usize = 1024;

pub(crate) struct Document<'p> {
    pool: &'p BufferPool,
    bytes: PooledBuf,
}

impl<'p> Document<'p> {
    pub(crate) fn new(pool: &'p BufferPool) -> Self {
        Self::with_capacity(pool, FIRST)
    }

    pub(crate) fn with_capacity(pool: &'p BufferPool, capacity: usize) -> Self {
        Self { pool, bytes: pool.get(capacity) }
    }

    pub(crate) fn into_buf(self) -> PooledBuf {
        self.bytes
    }

    /// All that a reader gives until it ends.
    pub(super) fn read_from(pool: &'p BufferPool, mut reader: impl Read) -> io::Result<PooledBuf> {
        let mut document = Self::new(pool);
        loop {
            let room = document.room();
            // No more than there is room for: nothing grows.
            let ahead = reader.by_ref().take(room as u64).read_to_end(&mut document.bytes)?;
            if ahead < room {
                return Ok(document.bytes);
            }
            document.move_on(1);
        }
    }

    fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if bytes.len() > self.room() {
            self.move_on(bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Goes on in another buffer, with room for `more` bytes at least.
    #[cold]
    fn move_on(&mut self, more: usize) {
        let needed = self.bytes.len().saturating_add(more);
        let mut larger = self.pool.get(needed.max(2 * self.bytes.capacity()));
        larger.extend_from_slice(&self.bytes);
        self.bytes = larger;
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
