//! A socket that does not wait for ever: neither for a client that does not read, nor for one that
//! does not stop.
//!
//! # Invariants
//!
//! 1. Once an answer does not fit into the socket it is written to its end within `answer`, or the
//!    connection is given up; so it is however many bytes the client takes at a time.
//! 2. A connection that the service closes is read from for `linger` and [`DISCARDED_MOST`] bytes
//!    at the most. To close a socket with bytes in it resets the connection, and the client may
//!    lose the answer that says why.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io::{self, IoSlice};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::limits::Limits;

/// The most that is read, and not looked at, when a connection is closed.
const DISCARDED_MOST: usize = 1 << 20;

pub(crate) struct Stream {
    socket: TcpStream,
    answer: Duration,
    linger: Duration,
    /// Since a write did not fit; until all of it is written.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Since the service has said its last word.
    closing: Option<Pin<Box<Sleep>>>,
    discarded: usize,
}

impl Stream {
    pub(crate) fn new(socket: TcpStream, limits: &Limits) -> Self {
        let Limits { answer, linger, .. } = *limits;
        Self { socket, answer, linger, stalled: None, closing: None, discarded: 0 }
    }

    /// Passes on what a write came to, unless it waits for too long.
    fn written(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_pending() {
            let answer = self.answer;
            let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(answer)));
            ready!(stalled.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        written
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// hyper asks for it when it has nothing left to write, and only then.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stalled = None;
        Pin::new(&mut self.socket).poll_flush(context)
    }

    /// Returns when the client has closed its side too, or need not be waited for any longer.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.closing.is_none() {
            ready!(Pin::new(&mut this.socket).poll_shutdown(context))?;
        }
        let linger = this.linger;
        let closing = this.closing.get_or_insert_with(|| Box::pin(sleep(linger)));
        while this.discarded < DISCARDED_MOST {
            let mut buf = [0; 4 << 10];
            let mut buf = ReadBuf::new(&mut buf);
            match Pin::new(&mut this.socket).poll_read(context, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    this.discarded += buf.filled().len();
                }
                Poll::Ready(_) => break,
                Poll::Pending => {
                    ready!(closing.as_mut().poll(context));
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
