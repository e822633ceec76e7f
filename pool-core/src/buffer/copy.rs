//! Copying through pooled buffers: the loop, and the buffers that all copies share.
//!
//! # Invariants
//!
//! 1. A buffer keeps its length, which is its capacity, while a copy has it: what was in it
//!    is nowhere else in the pool's memory, and its wipe reaches all of it.
//! 2. A reader is given zeroes, or what this very copy has moved before.
//! 3. A chunk is written before the next is read: when a read fails, all that was read before
//!    has been written.
//!
//! # Rejected
//!
//! Wiping only what was read: a reader may leave more in the buffer than it says.
//!
//! To ask the kernel to copy, as the standard library does where it can: that needs no buffer,
//! and is there already.

use std::io::{self, Read, Write};

use super::buf::PooledBuf;
use super::builder::Settings;
use super::pool::BufferPool;

mod file;
#[cfg(feature = "tokio")]
mod tasks;

pub use file::copy_file;
#[cfg(feature = "tokio")]
pub use tasks::{copy_async, copy_file_async};

/// What is read at a time, at most.
const CHUNK: usize = 32 * 1024;

/// The buffers of all copies. That idle ones are all zero is what makes them fit to be read
/// into.
static BUFFERS: BufferPool = BufferPool::of(Settings::new("copy buffers", &[CHUNK]).zeroizing());

/// A buffer of zeroes, as long as a chunk may be.
fn buffer() -> PooledBuf {
    BUFFERS.get_zeroed(CHUNK)
}

/// Copies all that a reader gives to a writer, through a pooled buffer of 32 KiB, and returns
/// how many bytes that were.
///
/// It does what [`std::io::copy`] promises: reads that are
/// [`Interrupted`](io::ErrorKind::Interrupted) are made again, short writes are finished, and
/// the writer is *not* flushed. What differs is the buffer. It comes from a pool, "copy
/// buffers" in [`report`](fn@crate::report), is all zero when the reader first sees it, and is
/// wiped over its whole length when the copy ends, on whatever way: by an error and by a panic,
/// too. No later copy sees a byte of this one, and none stays behind in idle memory.
///
/// # When to use another
///
/// [`std::io::copy`] knows its reader and its writer, where they are the standard library's
/// own types. On Linux it has the kernel copy between files, sockets and pipes
/// (`copy_file_range`, `sendfile`, `splice`), and no byte comes into the process; it uses the
/// buffer of a [`BufWriter`](io::BufWriter) or of a [`BufReader`](io::BufReader) as its own, if
/// that is large, and reads into the spare capacity of a `Vec<u8>`. Use it for those, unless
/// the bytes are secret: buffers that are not this function's are not wiped.
///
/// This one is for the readers and writers that it does not know, those that encrypt, compress,
/// count or come from a library, and for secrets. There `io::copy` takes 8 KiB of the stack and
/// makes four times as many calls.
///
/// # Errors
///
/// That of the first read or write that fails for another reason than being interrupted, and
/// [`WriteZero`](io::ErrorKind::WriteZero) if the writer takes nothing. What was read before
/// a read failed has been written; how much of the last chunk has been when a write failed, only
/// the writer knows.
///
/// # Panics
///
/// If the reader says that it has read more than there is room for, and as the reader and the
/// writer do.
///
/// # Performance
///
/// No allocation where a buffer is idle. The wipe overwrites 32 KiB once for each copy, however
/// many bytes were copied: about what it takes to move one more full chunk. For long
/// copies it vanishes; for one of a few bytes it is most of the work, and `io::copy` wins.
///
/// # Examples
///
/// ```
/// use poolable::buffer;
/// use std::io::Read;
///
/// let mut reader = b"header\n".chain(&b"body"[..]);
/// let mut written = Vec::new();
/// assert_eq!(buffer::copy(&mut reader, &mut written)?, 11);
/// assert_eq!(written, b"header\nbody");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn copy<R, W>(reader: &mut R, writer: &mut W) -> io::Result<u64>
where
    R: Read + ?Sized,
    W: Write + ?Sized,
{
    let mut buffer = buffer();
    let chunk = buffer.as_mut_slice();
    let mut copied = 0;
    loop {
        let read = match reader.read(chunk) {
            Ok(0) => return Ok(copied),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let Some(bytes) = chunk.get(..read) else { claims_too_much(read) };
        writer.write_all(bytes)?;
        copied += read as u64;
    }
}

#[cold]
fn claims_too_much(read: usize) -> ! {
    panic!("`copy`: the reader claims to have read {read} bytes into a buffer of {CHUNK}")
}

#[cfg(test)]
mod tests {
    use core::panic::AssertUnwindSafe;
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;

    /// Fills all of its buffer, and then does what it is to.
    struct Dirty<F>(F);

    impl<F: FnMut(usize) -> io::Result<usize>> Read for Dirty<F> {
        fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
            chunk.fill(b'x');
            (self.0)(chunk.as_ptr().addr())
        }
    }

    /// Asserts that the buffer which this thread has given back last is the one at `at`, and zero
    /// over its whole capacity: as it is, for nobody has asked for zeroes.
    #[track_caller]
    fn assert_idle_and_wiped(at: usize) {
        let mut buffer = BUFFERS.get(CHUNK);
        assert_eq!((buffer.as_ptr().addr(), buffer.len(), buffer.capacity()), (at, 0, CHUNK));
        // SAFETY: that is the capacity, and all of it has been written, by `Dirty` at the latest.
        unsafe { buffer.set_len(CHUNK) };
        assert_eq!(buffer.iter().position(|&byte| byte != 0), None);
    }

    #[test]
    fn buffer_is_wiped_when_it_is_given_back_and_not_when_it_is_taken() {
        let ends: [fn() -> io::Result<usize>; 5] = [
            || Ok(0),
            || Ok(CHUNK),
            || Ok(CHUNK + 1),
            || Err(io::ErrorKind::BrokenPipe.into()),
            || resume_unwind(Box::new("on purpose")),
        ];
        for (which, end) in ends.into_iter().enumerate() {
            let mut buffer = 0;
            let mut reads = 0;
            let mut reader = Dirty(|at| {
                buffer = at;
                reads += 1;
                if reads < 3 { Ok(100) } else { end() }
            });
            // The fourth chunk does not fit.
            let mut written = [0; CHUNK + 300];
            let copied = AssertUnwindSafe(|| copy(&mut reader, &mut written.as_mut_slice()).ok());
            assert_eq!(catch_unwind(copied).ok().flatten().is_some(), which == 0);
            assert_idle_and_wiped(buffer);
        }
    }

    #[cfg(feature = "tokio")]
    #[test]
    fn buffer_of_a_future_that_is_dropped_is_wiped() {
        use core::pin::{Pin, pin};
        use core::task::{Context, Poll, Waker};
        use tokio::io::{AsyncRead, ReadBuf};

        /// Reads a little, and then waits for ever.
        struct Stuck(usize);

        impl AsyncRead for Stuck {
            fn poll_read(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                room: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                if self.0 != 0 {
                    return Poll::Pending;
                }
                let chunk = room.initialize_unfilled();
                chunk.fill(b'x');
                self.0 = chunk.as_ptr().addr();
                room.advance(100);
                Poll::Ready(Ok(()))
            }
        }

        let (mut reader, mut writer) = (Stuck(0), Vec::new());
        {
            let copy = pin!(copy_async(&mut reader, &mut writer));
            assert!(copy.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert_eq!(writer, [b'x'; 100]);
        assert_idle_and_wiped(reader.0);
    }
}
