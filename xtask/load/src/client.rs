//! A client that allocates no more than it must, and looks at what it is answered.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;

/// Longer than any answer takes; who waits so long waits in vain.
const LIMIT: Duration = Duration::from_secs(30);

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 200, it is to be hoped.
    pub status: u16,
    /// What the body is.
    pub content_type: String,
    /// All of it.
    pub body: Vec<u8>,
}

/// One connection, which asks one thing after the other.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    ///
    /// If nobody listens there.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        Ok(Self { stream, read: Vec::new() })
    }

    /// Posts JSON, and waits for the answer.
    ///
    /// # Errors
    ///
    /// If the connection breaks, or what is answered is not HTTP with the length of its body.
    pub fn post(&mut self, path: &str, body: &str) -> io::Result<Answer> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        // At once, as wrk does it.
        self.stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Answer> {
        self.read.clear();
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.read_more()?;
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
        let odd = || io::Error::new(io::ErrorKind::InvalidData, format!("answered: {head}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let value = |name| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|line| line.0 == name).map(|line| line.1)
        };
        let length = value("content-length").and_then(|length| length.parse::<usize>().ok());
        let (Some(status), Some(length)) = (status, length) else { return Err(odd()) };
        let content_type = value("content-type").unwrap_or_default().to_owned();
        let start = end + 4;
        while self.read.len() < start + length {
            self.read_more()?;
        }
        if self.read.len() > start + length {
            return Err(odd());
        }
        Ok(Answer { status, content_type, body: self.read[start..].to_vec() })
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut part = [0; 4096];
        match self.stream.read(&mut part)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.read.extend_from_slice(&part[..count]);
                Ok(())
            }
        }
    }
}
