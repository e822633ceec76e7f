//! Connections to the upstream: how they are made, used, checked and given up.

use core::net::SocketAddr;
use std::io;

use poolable::managed::{AsyncManager, Fate, Meta};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::upstream::GREETING;

/// One connection, which takes a question at a time.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    /// Whether a question has been asked whose answer has not been read.
    is_asking: bool,
}

impl Connection {
    /// What the upstream says to a number. May be dropped at any point; the connection is of no
    /// use then, and knows it.
    pub(crate) async fn ask(&mut self, number: u64) -> io::Result<u64> {
        self.is_asking = true;
        self.stream.write_all(format!("{number}\n").as_bytes()).await?;
        let answer = read_line(&mut self.stream).await?;
        let answer = answer.parse().map_err(io::Error::other)?;
        self.is_asking = false;
        Ok(answer)
    }
}

/// A whole line, without its end.
async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    // What has no end has been cut off: the beginning of an answer is not an answer.
    match line.strip_suffix('\n') {
        Some(line) => Ok(line.to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Makes connections to the upstream.
#[derive(Debug)]
pub(crate) struct Connector(pub(crate) SocketAddr);

impl AsyncManager for Connector {
    type Resource = Connection;
    type Error = io::Error;

    /// Knows no time: `timeouts.create` ends what takes too long, by dropping it.
    async fn create(&self) -> io::Result<Connection> {
        let mut stream = BufReader::new(TcpStream::connect(self.0).await?);
        match read_line(&mut stream).await? {
            greeting if greeting == GREETING => Ok(Connection { stream, is_asking: false }),
            refusal => Err(io::Error::other(refusal)),
        }
    }

    /// Runs when a connection is taken. It asks the socket, and not the upstream: who has hung up
    /// is found out without a word.
    async fn check(&self, connection: &mut Connection, _: &Meta) -> io::Result<()> {
        match connection.stream.get_ref().try_read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => Err(io::Error::other("it talks without being asked")),
        }
    }

    /// Runs when a lease is dropped, also by a handler that is dropped itself, in the middle of an
    /// exchange: the next borrower would read the answer to the last one's question.
    fn on_release(&self, connection: &mut Connection, _: &Meta) -> Fate {
        if connection.is_asking { Fate::Discard } else { Fate::keep_unless_panicking() }
    }
}
