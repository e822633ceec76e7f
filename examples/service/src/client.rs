//! Who asks: a client that is small, and can be as rude as it is told to be.

use core::fmt;
use core::net::SocketAddr;
use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection to the service, which is kept from one request to the next.
///
/// # Examples
///
/// See [`serve`](crate::serve()).
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// What the service answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, whose names are in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    ///
    /// # Examples
    ///
    /// ```
    /// use service::client::Answer;
    ///
    /// let headers = vec![("allow".to_owned(), "POST".to_owned())];
    /// assert_eq!(Answer { headers, ..Answer::default() }.header("allow"), Some("POST"));
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// As it would be looked at in a terminal.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.body.escape_ascii())
    }
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    ///
    /// If nobody is there.
    pub async fn connect(service: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(service).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends bytes, whatever they are.
    ///
    /// # Errors
    ///
    /// If the service has hung up.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads an answer; of those that say that there is another to come, the first.
    ///
    /// # Errors
    ///
    /// If the service hung up, or what it said is no answer.
    pub async fn answer(&mut self) -> io::Result<Answer> {
        let mut answer = Answer::default();
        let line = self.line().await?;
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        answer.status = status.and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(malformed)?;
            answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        // The service knows how long its answers are.
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().map_err(|_| malformed())?;
            answer.body.resize(length, 0);
            self.stream.read_exact(&mut answer.body).await?;
        } else if answer.status >= 200 {
            return Err(malformed());
        }
        Ok(answer)
    }

    /// A line, without its end.
    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        // What has no end has been cut off.
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Whether the service closes the connection, and says nothing more.
    ///
    /// # Errors
    ///
    /// If the connection was reset.
    pub async fn is_closed(&mut self) -> io::Result<bool> {
        Ok(self.stream.fill_buf().await?.is_empty())
    }

    /// Gets what is at a path.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub async fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: service\r\n\r\n").as_bytes()).await?;
        self.answer().await
    }

    /// Posts an order.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub async fn order(&mut self, order: &[u8]) -> io::Result<Answer> {
        self.send(&post("content-type: application/json\r\n", order)).await?;
        self.answer().await
    }
}

/// A whole request for a price, with headers each of which has its end.
///
/// # Examples
///
/// ```
/// let request = service::client::post("expect: 100-continue\r\n", b"{}");
/// assert!(request.ends_with(b"\r\n\r\n{}"));
/// ```
pub fn post(headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST /orders HTTP/1.1\r\nhost: service\r\n{headers}");
    let mut request = format!("{head}content-length: {length}\r\n\r\n").into_bytes();
    request.extend_from_slice(body);
    request
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "that is no answer")
}

/// An order of so many lines, which differs from that of any other number. The token ends with
/// the number.
///
/// # Examples
///
/// ```
/// let order = service::client::order(7, 20);
/// assert!((1900..2300).contains(&order.len()), "{}", order.len());
/// ```
pub fn order(number: u64, lines: usize) -> String {
    use crate::catalogue::ARTICLES;

    let places = number as usize..;
    let lines = places.take(lines).map(|place| {
        let (sku, _) = ARTICLES[place % ARTICLES.len()];
        let (quantity, unit_price) = (1 + place % 7, 99 + 37 * (place % 101));
        format!(r#"{{"sku":"{sku}","quantity":{quantity},"unit_price":{unit_price}}}"#)
    });
    let lines = lines.collect::<Vec<_>>().join(",");
    let note = if number % 3 == 2 { String::new() } else { format!(r#""note":"{NOTE}","#) };
    format!(
        r#"{{"customer":"Customer {number}","lines":[{lines}],{note}"payment_token":"{TOKEN}{number}"}}"#
    )
}

/// What the tokens of [`order`] begin with.
pub const TOKEN: &str = "tok-d41d8cd98f00b204e9800998ecf8427e-da39a3ee5e6b4b0d3255bfef-";

/// What two out of three customers say.
const NOTE: &str = "Please ring twice, the bell of the second floor does not always work. If \
    nobody opens, leave the parcel with the bakery next door, which is open until six, and on \
    Saturdays until noon. What is of glass should be packed apart from what is of iron; last time \
    it was not. The bill goes to the office, as ever.";
