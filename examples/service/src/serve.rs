//! The connections, from the first byte to the last.
//!
//! # Invariants
//!
//! 1. No client holds anything for longer than the limits say, whatever it does or leaves undone.
//! 2. When the service returns it has no connection left.
//!
//! # Rejected
//!
//! `axum::serve`: it gives hyper no clock, so that the head of a request may take for ever; a
//! client need not read its answers; and its graceful end waits for the last client, however
//! long that takes.

use core::pin::pin;
use core::time::Duration;
use std::io;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::limits::Limits;
use crate::stream::Stream;

/// The longest head of a request, in bytes. Twice as much is read at a time at the most.
const HEAD_MOST: usize = 32 << 10;

/// How a service ended.
///
/// # Examples
///
/// ```
/// use core::future::ready;
/// use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// assert_eq!(service::serve(listener, ready(())).await.cut, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Connections that were not through when the time was up.
    pub cut: usize,
}

/// Serves [`router`](crate::router), with the default limits, until `shutdown`. Then it takes no
/// more connections, closes those that are idle, and waits for the answers that are under way.
///
/// # Examples
///
/// ```
/// use service::client::Client;
/// use tokio::{net::TcpListener, sync::oneshot};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// let (end, ending) = oneshot::channel::<()>();
/// let serving = tokio::spawn(service::serve(listener, async { ending.await.unwrap_or(()) }));
///
/// let answer = Client::connect(address).await?.get("/nowhere").await?;
/// assert_eq!(answer.status, 404);
///
/// drop(end);
/// assert_eq!(serving.await?.cut, 0);
/// # Ok(())
/// # }
/// ```
pub async fn serve(listener: TcpListener, shutdown: impl Future<Output = ()>) -> Ended {
    serve_router(listener, crate::router(), Limits::default(), shutdown).await
}

/// Serves any router. What the limits say of requests is up to the router: see
/// [`guard`](crate::guard::guard).
///
/// # Examples
///
/// ```
/// use core::future::ready;
/// use service::{Limits, router_within, serve_router};
/// use tokio::net::TcpListener;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let limits = Limits { connections: 10, ..Limits::default() };
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let ended = serve_router(listener, router_within(&limits), limits, ready(())).await;
/// assert_eq!(ended.cut, 0);
/// # Ok(())
/// # }
/// ```
pub async fn serve_router(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> Ended {
    let mut shutdown = pin!(shutdown);
    let mut connections = JoinSet::new();
    let (end, ending) = watch::channel(false);
    loop {
        let socket = tokio::select! {
            () = &mut shutdown => break,
            // So that the set holds no more than those who are there.
            Some(_) = connections.join_next() => continue,
            socket = accept(&listener), if connections.len() < limits.connections => socket,
        };
        connections.spawn(converse(socket, router.clone(), limits.clone(), ending.clone()));
    }
    // From here on who connects is refused.
    drop(listener);
    end.send_replace(true);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(limits.end, all).await;
    let cut = connections.len();
    connections.shutdown().await;
    Ended { cut }
}

/// The next connection.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        let error = match listener.accept().await {
            Ok((socket, _)) => return socket,
            Err(error) => error,
        };
        match error.kind() {
            // The client is gone already.
            io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset => {}
            // There are no more file descriptors, say. That passes, and must not end the service.
            _ => {
                eprintln!("service: no connection can be accepted: {error}");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Serves one client. What it does wrong ends its connection, and is of no interest.
async fn converse(
    socket: TcpStream,
    router: Router,
    limits: Limits,
    mut ending: watch::Receiver<bool>,
) {
    // An answer is written at once. If that cannot be had it is only slower.
    let _ = socket.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_header_size(HEAD_MOST)
        .max_buf_size(2 * HEAD_MOST)
        .serve_connection(
            TokioIo::new(Stream::new(socket, &limits)),
            TowerToHyperService::new(router),
        );
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = ending.wait_for(|is_ending| *is_ending) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
