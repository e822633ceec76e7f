//! The service: takes numbers from its clients, and asks the upstream for their squares.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use poolable::managed::{AsyncResourcePool, DrainError, GetError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::connection::Connector;

pub(crate) type Connections = AsyncResourcePool<Connector>;

/// How long the upstream may take for an answer.
const EXCHANGE: Duration = Duration::from_millis(200);
/// How long the end may take.
const END: Duration = Duration::from_secs(10);

/// Why a client does not get its answer. It is told, by these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No connection was free in time.
    Busy,
    /// There is no getting through to the upstream.
    Unreachable,
    /// The upstream did not answer in time.
    Slow,
    /// The upstream hung up.
    Broken,
    /// The service ends.
    Closing,
    /// That is not a number.
    Nonsense,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::Slow => "slow",
            Self::Broken => "broken",
            Self::Closing => "closing",
            Self::Nonsense => "nonsense",
        })
    }
}

impl From<GetError<io::Error>> for Refusal {
    fn from(error: GetError<io::Error>) -> Self {
        match error {
            GetError::Closed => Self::Closing,
            GetError::Create(_) => Self::Unreachable,
            _ => Self::Busy,
        }
    }
}

/// What the handlers did.
#[derive(Debug, Default)]
pub(crate) struct Handled {
    pub(crate) answered: AtomicU64,
    pub(crate) refused: AtomicU64,
    /// Requests whose client had gone before there was an answer.
    pub(crate) abandoned: AtomicU64,
}

/// Serves until `end`; then takes no more clients, tells those who ask that it closes, and waits
/// until those who have a connection are through.
pub(crate) async fn serve(
    listener: TcpListener,
    pool: Connections,
    handled: Arc<Handled>,
    end: Arc<Notify>,
) -> io::Result<Result<(), DrainError>> {
    let mut handlers = JoinSet::new();
    loop {
        let (client, _) = tokio::select! {
            client = listener.accept() => client?,
            () = end.notified() => break,
            // So that the set holds no more than those who are at work.
            Some(ended) = handlers.join_next() => {
                ended?;
                continue;
            }
        };
        let (pool, handled) = (pool.clone(), handled.clone());
        // One whose client breaks off has nobody to tell.
        handlers.spawn(async move { handle(client, &pool, &handled).await.unwrap_or_default() });
    }
    drop(listener);
    let drained = pool.drain(Instant::now() + END).await;
    let all_handlers = async { while handlers.join_next().await.is_some() {} };
    // Those who are left after that are aborted as the set drops, wherever they stand.
    let _ = timeout(END, all_handlers).await;
    Ok(drained)
}

/// Serves one client. It asks one thing at a time.
async fn handle(client: TcpStream, pool: &Connections, handled: &Handled) -> io::Result<()> {
    let (reader, mut writer) = client.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = tokio::select! {
            answer = answer(&line, pool) => answer,
            // The client is gone. `answer` is dropped with all that it waits for or holds: its
            // place among the getters, or a connection in the middle of an exchange.
            _ = lines.next_line() => {
                // Relaxed, here and below: they are counts, read when all is over.
                handled.abandoned.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
        };
        let line = match answer {
            Ok(answer) => {
                handled.answered.fetch_add(1, Ordering::Relaxed);
                format!("{answer}\n")
            }
            Err(refusal) => {
                handled.refused.fetch_add(1, Ordering::Relaxed);
                format!("{refusal}\n")
            }
        };
        writer.write_all(line.as_bytes()).await?;
    }
    Ok(())
}

async fn answer(line: &str, pool: &Connections) -> Result<u64, Refusal> {
    let number = line.parse().map_err(|_| Refusal::Nonsense)?;
    let mut connection = pool.get().await?;
    match timeout(EXCHANGE, connection.ask(number)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(Refusal::Broken),
        Err(_) => Err(Refusal::Slow),
    }
}
