//! The upstream: a server that squares numbers, and has bad moments.
//!
//! It greets who connects with a line, and answers a line with a line. It has a thread and a
//! runtime of its own, as if it were another machine.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::io;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::time::sleep;

/// What it says to who may stay.
pub(crate) const GREETING: &str = "at your service";
/// How long it takes for an answer.
const WORK: Duration = Duration::from_millis(2);
/// How long it hangs when it does: longer than anybody waits.
const STALL: Duration = Duration::from_millis(500);

/// A running upstream.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Seen>,
    end: Arc<Notify>,
    thread: JoinHandle<()>,
}

impl Upstream {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (seen, end) = (Arc::new(Seen::default()), Arc::new(Notify::new()));
        let thread = thread::spawn({
            let (seen, end) = (seen.clone(), end.clone());
            move || {
                runtime.block_on(async {
                    tokio::select! {
                        ended = serve(listener, seen) => ended.expect("it can listen"),
                        () = end.notified() => {}
                    }
                });
            }
        });
        Ok(Self { address, seen, end, thread })
    }

    pub(crate) fn stop(self) {
        self.end.notify_one();
        self.thread.join().unwrap_or_else(|panic| resume_unwind(panic));
    }
}

/// What the upstream saw, and did.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Who connected, whatever became of it.
    pub(crate) accepted: AtomicU64,
    /// Connections that were sent away instead of greeted.
    pub(crate) refused: AtomicU64,
    /// Lines that came.
    pub(crate) asked: AtomicU64,
    /// Greetings and answers that came too late.
    pub(crate) stalled: AtomicU64,
    /// Connections that it closed, in the middle of an exchange or after it.
    pub(crate) hung_up: AtomicU64,
    /// The most connections at a time.
    pub(crate) most: AtomicUsize,
    /// The sockets of those who are connected.
    sockets: Mutex<Vec<Arc<std::net::TcpStream>>>,
}

impl Seen {
    /// How many are connected. One may have gone already, and the task that reads from it be
    /// about to hear of that: so the sockets themselves are asked.
    pub(crate) fn open(&self) -> usize {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.retain(|socket| !has_gone(socket));
        sockets.len()
    }

    fn enter(&self, socket: std::net::TcpStream) -> Arc<std::net::TcpStream> {
        let socket = Arc::new(socket);
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner).push(socket.clone());
        // Relaxed, here and below: they are counts, read when all is over.
        self.most.fetch_max(self.open(), Ordering::Relaxed);
        socket
    }

    fn leave(&self, socket: &Arc<std::net::TcpStream>) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.retain(|other| !Arc::ptr_eq(other, socket));
    }
}

/// Whether the other end has hung up, though there may be something to read that it said before.
#[cfg(target_os = "linux")]
fn has_gone(socket: &std::net::TcpStream) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut asked = [PollFd::new(socket, PollFlags::RDHUP)];
    let is_told = poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    is_told.is_ok_and(|answers| answers > 0)
}

/// Whether the other end has hung up, and all that it said before has been read.
#[cfg(not(target_os = "linux"))]
fn has_gone(socket: &std::net::TcpStream) -> bool {
    match socket.peek(&mut [0]) {
        Ok(bytes) => bytes == 0,
        Err(error) => error.kind() != io::ErrorKind::WouldBlock,
    }
}

/// Counts one more. Returns which one it is, from 1.
fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}

async fn serve(listener: std::net::TcpListener, seen: Arc<Seen>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let stream = stream.into_std()?;
        let socket = seen.enter(stream.try_clone()?);
        let seen = seen.clone();
        tokio::spawn(async move {
            // Who has gone in the middle of it is missed by nobody.
            let _ = converse(stream, &seen).await;
            seen.leave(&socket);
        });
    }
}

/// What happens on one connection. Of each kind of fault every so many are due.
async fn converse(stream: std::net::TcpStream, seen: &Seen) -> io::Result<()> {
    let mut stream = BufReader::new(TcpStream::from_std(stream)?);
    match count(&seen.accepted) {
        number if number % 9 == 0 => {
            count(&seen.refused);
            return stream.write_all(b"come back later\n").await;
        }
        number if number % 13 == 0 => {
            count(&seen.stalled);
            sleep(STALL).await;
        }
        _ => {}
    }
    stream.write_all(format!("{GREETING}\n").as_bytes()).await?;

    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let number: u64 = line.trim_end().parse().map_err(io::Error::other)?;
        let answer = format!("{}\n", number * number);
        line.clear();
        sleep(WORK).await;
        match count(&seen.asked) {
            asked if asked % 97 == 0 => {
                count(&seen.stalled);
                sleep(STALL).await;
            }
            asked if asked % 71 == 0 => {
                count(&seen.hung_up);
                return stream.write_all(&answer.as_bytes()[..1]).await;
            }
            asked if asked % 53 == 0 => {
                count(&seen.hung_up);
                return stream.write_all(answer.as_bytes()).await;
            }
            _ => {}
        }
        stream.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
