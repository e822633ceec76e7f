//! How much a client may ask for, and how long it may take.

use core::time::Duration;

/// How much a client may ask for, and how long it may take.
///
/// # Examples
///
/// ```
/// use service::Limits;
///
/// assert_eq!(Limits::default().body, 64 << 10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body: usize,
    /// How long the head of a request may take, from the answer before on: so it is also how long
    /// a connection may be idle. There is no answer to that.
    pub head: Duration,
    /// How long a request may take after that, its body and the work on it.
    pub request: Duration,
    /// How long a client may leave an answer lying once it does not fit into its socket.
    pub answer: Duration,
    /// How long a client that is still sending may take to notice that the service is not
    /// listening any more.
    pub linger: Duration,
    /// How long the end of the service may take.
    pub end: Duration,
    /// The most connections at a time. Others wait until one is closed.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 64 << 10,
            head: Duration::from_secs(10),
            request: Duration::from_secs(10),
            answer: Duration::from_secs(10),
            linger: Duration::from_secs(1),
            end: Duration::from_secs(20),
            connections: 1024,
        }
    }
}
