//! The clients: most wait for their answers, and some hang up before.

use core::net::SocketAddr;
use core::ops::AddAssign;
use std::io;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// What clients saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Met {
    /// Questions that they asked.
    pub(crate) asked: u64,
    /// Answers that were right.
    pub(crate) answered: u64,
    /// Answers to somebody else's question, say.
    pub(crate) wrong: u64,
    /// Questions that were refused, for a reason.
    pub(crate) refused: u64,
    /// Those among them that were refused because the service ends.
    pub(crate) closing: u64,
    /// Questions whose answer they did not wait for.
    pub(crate) left: u64,
    /// Questions that the service left without an answer.
    pub(crate) unanswered: u64,
}

impl AddAssign for Met {
    fn add_assign(&mut self, other: Self) {
        self.asked += other.asked;
        self.answered += other.answered;
        self.wrong += other.wrong;
        self.refused += other.refused;
        self.closing += other.closing;
        self.left += other.left;
        self.unanswered += other.unanswered;
    }
}

/// A client that asks so many questions, the first of them `first`. If it is `hasty` it leaves
/// with the last one unanswered.
pub(crate) async fn ask(
    service: SocketAddr,
    first: u64,
    questions: u64,
    is_hasty: bool,
) -> io::Result<Met> {
    let mut client = Client::connect(service).await?;
    for number in first..first + questions {
        if is_hasty && number == first + questions - 1 {
            client.send(number).await?;
            client.met.left += 1;
        } else {
            client.ask(number).await?;
        }
    }
    Ok(client.met)
}

/// A client that asks until it is told that the service ends. It counts itself among those who are
/// `served` when it has heard from it.
pub(crate) async fn ask_until_closing(
    service: SocketAddr,
    first: u64,
    served: &Semaphore,
) -> io::Result<Met> {
    let mut client = Client::connect(service).await?;
    let mut number = first;
    while client.met.closing + client.met.unanswered == 0 {
        client.ask(number).await?;
        if number == first {
            served.add_permits(1);
        }
        number += 1;
    }
    Ok(client.met)
}

struct Client {
    stream: BufReader<TcpStream>,
    met: Met,
}

impl Client {
    async fn connect(service: SocketAddr) -> io::Result<Self> {
        let stream = BufReader::new(TcpStream::connect(service).await?);
        Ok(Self { stream, met: Met::default() })
    }

    async fn send(&mut self, number: u64) -> io::Result<()> {
        self.met.asked += 1;
        self.stream.write_all(format!("{number}\n").as_bytes()).await
    }

    async fn ask(&mut self, number: u64) -> io::Result<()> {
        self.send(number).await?;
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await?;
        let met = &mut self.met;
        match (line.trim_end(), line.trim_end().parse::<u64>()) {
            _ if read == 0 => met.unanswered += 1,
            (_, Ok(answer)) if answer == number * number => met.answered += 1,
            (_, Ok(_)) => met.wrong += 1,
            (refusal, Err(_)) => {
                met.refused += 1;
                met.closing += u64::from(refusal == "closing");
            }
        }
        Ok(())
    }
}
