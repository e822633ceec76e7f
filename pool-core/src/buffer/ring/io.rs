//! Rings as writers and readers.

use core::str;
use std::io::{BufRead, Error, ErrorKind, Read, Result, Write};

use super::RingBuffer;

/// An overwriting ring accepts everything. A bounded one accepts what fits, and then nothing,
/// of which [`write_all`](Write::write_all) makes [`ErrorKind::WriteZero`].
impl Write for RingBuffer {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        Ok(self.put(bytes))
    }

    /// What fits has been written when it fails.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        if self.put(bytes) == bytes.len() { Ok(()) } else { Err(ErrorKind::WriteZero.into()) }
    }

    #[inline]
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What is written first is read first, and an empty ring is at its end, until more is
/// written.
impl Read for RingBuffer {
    #[inline]
    fn read(&mut self, place: &mut [u8]) -> Result<usize> {
        Ok(self.get(place))
    }

    /// Takes nothing if it fails, with [`ErrorKind::UnexpectedEof`]: so a reader can ask again
    /// when more has been written.
    #[inline]
    fn read_exact(&mut self, place: &mut [u8]) -> Result<()> {
        if place.len() > self.len {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.get(place);
        Ok(())
    }

    /// Takes nothing if it fails, for there is no memory.
    fn read_to_end(&mut self, buffer: &mut Vec<u8>) -> Result<usize> {
        let count = self.len;
        buffer.try_reserve(count)?;
        let (front, back) = self.as_slices();
        buffer.extend_from_slice(front);
        buffer.extend_from_slice(back);
        self.clear();
        Ok(count)
    }

    /// Takes nothing if it fails, with [`ErrorKind::InvalidData`] or for there is no memory.
    fn read_to_string(&mut self, buffer: &mut String) -> Result<usize> {
        // Otherwise a character could be in both slices.
        let bytes = self.make_contiguous();
        let text = str::from_utf8(bytes)
            .map_err(|_| Error::new(ErrorKind::InvalidData, "the ring does not hold UTF-8"))?;
        buffer.try_reserve(text.len())?;
        buffer.push_str(text);
        let count = text.len();
        self.clear();
        Ok(count)
    }
}

impl BufRead for RingBuffer {
    /// Returns the first of [the slices](RingBuffer::as_slices).
    #[inline]
    fn fill_buf(&mut self) -> Result<&[u8]> {
        Ok(self.as_slices().0)
    }

    /// Forgets the oldest `count` bytes. They may be more than what `fill_buf` has returned.
    ///
    /// # Panics
    ///
    /// If there are fewer, as std's `VecDeque<u8>` does. Nothing is forgotten then.
    #[inline]
    fn consume(&mut self, count: usize) {
        assert!(
            count <= self.len,
            "`RingBuffer::consume`: there are {} bytes, and not {count}; consume no more than `len`",
            self.len,
        );
        self.skip(count);
    }
}
