//! Copying in tasks.
//!
//! # Invariants
//!
//! 1. The buffer is part of the future: whenever that is dropped, it goes home.
//! 2. A poll makes a bounded number of calls, also where neither side ever has to wait.

use core::future::poll_fn;
use core::ops::Range;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, ready};
use std::io;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Handle;

use super::{buffer, file};
use crate::buffer::buf::PooledBuf;

/// How many reads and writes a poll makes before other tasks have their turn: about half a
/// mebibyte of full chunks.
const CALLS: usize = 32;

/// Copies all that a reader gives to a writer in a task, through a pooled buffer of 32 KiB, and
/// returns how many bytes that were.
///
/// The twin of [`copy`](super::copy) for tokio's traits: reads and writes that are
/// [`Interrupted`](io::ErrorKind::Interrupted) are made again, short writes are finished. As
/// `tokio::io::copy` does, it flushes the writer: at the end, and whenever the reader has nothing
/// to give for now, so that a reply which waits for what a buffered writer holds
/// cannot wait for ever. It needs no runtime.
///
/// The future may be dropped at any time. What has been written stays written, and what has been
/// read and not yet written, a chunk at most, is lost. The buffer goes back to
/// its pool with the future, wiped; a future that waits keeps it.
///
/// # When to use another
///
/// `tokio::io::copy` allocates 8 KiB for each call, and reads on while the writer is busy, which
/// this function does not; `tokio::io::copy_buf` writes from the buffer that a reader has
/// anyhow. For many connections that wait for long, 8 KiB each is less than 32; for many short
/// copies, for secrets, and for readers and writers whose calls are dear, use this.
///
/// # Errors
///
/// That of the first read, write or flush that fails, and
/// [`WriteZero`](io::ErrorKind::WriteZero) if the writer takes nothing. What was read before
/// a read failed has been written.
///
/// # Panics
///
/// If the reader fills another buffer than it was given, if the writer says that it has written
/// more than there was, and as the reader and the writer do.
///
/// # Performance
///
/// No allocation where a buffer is idle; one wipe of 32 KiB for each copy. A poll makes at most
/// 32 reads and writes, and then has itself woken.
///
/// # Examples
///
/// ```
/// use poolable::buffer;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut written = Vec::new();
/// let copied = buffer::copy_async(&mut "all of it".as_bytes(), &mut written).await?;
/// assert_eq!((copied, written.as_slice()), (9, b"all of it".as_slice()));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn copy_async<R, W>(reader: &mut R, writer: &mut W) -> io::Result<u64>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut transfer = Transfer {
        buffer: buffer(),
        unwritten: 0..0,
        copied: 0,
        is_flushed: true,
        has_ended: false,
    };
    poll_fn(|context| transfer.poll(context, Pin::new(&mut *reader), Pin::new(&mut *writer))).await
}

/// A copy on its way.
struct Transfer {
    buffer: PooledBuf,
    /// What has been read, and not written.
    unwritten: Range<usize>,
    copied: u64,
    is_flushed: bool,
    /// Whether the reader has no more to give.
    has_ended: bool,
}

impl Transfer {
    fn poll<R, W>(
        &mut self,
        context: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        for _ in 0..CALLS {
            let call = if !self.unwritten.is_empty() {
                ready!(self.poll_write(context, writer.as_mut()))
            } else if self.has_ended {
                return writer.poll_flush(context).map_ok(|()| self.copied);
            } else {
                match self.poll_read(context, reader.as_mut()) {
                    Poll::Ready(call) => call,
                    Poll::Pending => {
                        // The reader may wait for an answer to what the writer still holds.
                        if !self.is_flushed {
                            ready!(writer.poll_flush(context))?;
                            self.is_flushed = true;
                        }
                        return Poll::Pending;
                    }
                }
            };
            match call {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Poll::Ready(Err(error));
                }
                _ => (),
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once, where all has been written that was read before.
    fn poll_read<R: AsyncRead + ?Sized>(
        &mut self,
        context: &mut Context<'_>,
        reader: Pin<&mut R>,
    ) -> Poll<io::Result<()>> {
        let chunk = self.buffer.as_mut_slice();
        let given = chunk.as_ptr();
        let mut room = ReadBuf::new(chunk);
        ready!(reader.poll_read(context, &mut room))?;
        let filled = room.filled();
        assert!(
            filled.as_ptr() == given,
            "`copy_async`: the reader has filled another buffer than it was given"
        );
        self.has_ended = filled.is_empty();
        self.unwritten = 0..filled.len();
        Poll::Ready(Ok(()))
    }

    /// Writes once.
    fn poll_write<W: AsyncWrite + ?Sized>(
        &mut self,
        context: &mut Context<'_>,
        writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>> {
        let bytes = &self.buffer[self.unwritten.clone()];
        let written = ready!(writer.poll_write(context, bytes))?;
        assert!(
            written <= bytes.len(),
            "`copy_async`: the writer claims to have written {written} bytes of {}",
            bytes.len()
        );
        if written == 0 {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::WriteZero,
                "the writer takes no more bytes",
            )));
        }
        self.unwritten.start += written;
        self.copied += written as u64;
        self.is_flushed = false;
        Poll::Ready(Ok(()))
    }
}

/// Copies a file over another, or to a new one, as [`copy_file`](super::copy_file) does, on a
/// thread of the tokio runtime where it may block.
///
/// All of it is one blocking task, where `tokio::fs` would make one of each read and each
/// write.
///
/// When the future is dropped, the copy stops before its next chunk, and nobody waits for that:
/// chunks that are under way may still be written. What is left then is a target with the
/// first part of the source and its permissions, or one that was not touched, if the task had not
/// begun. The buffer goes home wiped.
///
/// # When to use another
///
/// `tokio::fs::copy` is [`std::fs::copy`] on such a thread, which has the operating system copy
/// where it can, and cannot be stopped. What is said of [`copy_file`](super::copy_file) holds
/// here, too.
///
/// # Errors
///
/// Those of [`copy_file`](super::copy_file), and one of kind [`Other`](io::ErrorKind::Other) if
/// the runtime ends before the copy has begun.
///
/// # Panics
///
/// If it is polled outside of a tokio runtime.
///
/// # Performance
///
/// One blocking task; the wipe and the calls are those of [`copy_file`](super::copy_file).
///
/// # Examples
///
/// ```
/// use poolable::buffer;
/// use std::fs;
///
/// let folder = std::env::temp_dir().join(format!("copy-file-async-{}", std::process::id()));
/// fs::create_dir(&folder)?;
/// fs::write(folder.join("report"), "all is well")?;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let copied = buffer::copy_file_async(folder.join("report"), folder.join("kept")).await?;
/// assert_eq!(copied, 11);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// assert_eq!(fs::read_to_string(folder.join("kept"))?, "all is well");
/// fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn copy_file_async(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<u64> {
    let Ok(runtime) = Handle::try_current() else {
        panic!("`copy_file_async`: poll it in a tokio runtime, or in one that is entered");
    };
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    let future = Stops(Arc::new(AtomicBool::new(false)));
    let dropped = Arc::clone(&future.0);
    // Relaxed: nothing is read that the one who drops the future has written.
    let stopped = move || dropped.load(Ordering::Relaxed);
    let copied = runtime.spawn_blocking(move || file::copy_unless(&from, &to, stopped)).await;
    copied.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(error) => Err(io::Error::other(error)),
    })
}

/// Tells a copy, when it is dropped, that nobody waits for it any more.
struct Stops(Arc<AtomicBool>);

impl Drop for Stops {
    fn drop(&mut self) {
        // Relaxed: as where it is read.
        self.0.store(true, Ordering::Relaxed);
    }
}
