//! A request's body, from the first frame to the last.
//!
//! # Invariants
//!
//! 1. Room is made for what has come, and for what is said to come only up to eight times of
//!    that, or [`AHEAD`]: a client that claims much and sends little holds little.

use core::ops::Deref;

use axum_core::RequestExt;
use axum_core::body::Body;
use axum_core::extract::Request;
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::BodyExt;

use super::JsonRejection;
use crate::json::{Document, read_buffers};

/// How much room may be made for a client that has sent next to nothing, in bytes.
const AHEAD: usize = 4 << 10;

/// What of a body is there.
pub(super) enum Received {
    /// As it came.
    Frame(Bytes),
    /// Put together from several frames.
    Gathered(Document<'static>),
}

impl Deref for Received {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Frame(bytes) => bytes,
            Self::Gathered(document) => document.bytes(),
        }
    }
}

/// Reads a body to its end, within the limit that the request's extensions tell.
///
/// # Errors
///
/// If the body is larger than that, or ends in an error.
pub(super) async fn read(request: Request) -> Result<Received, JsonRejection> {
    let announced = request.body().size_hint().lower();
    let mut body = request.into_limited_body();
    // A limited body announces no more than its limit. To say so at once saves a client that
    // waits for `100 Continue` from sending what nobody reads.
    if body.size_hint().lower() < announced {
        return Err(JsonRejection::TooLarge);
    }
    let mut received = Received::Frame(Bytes::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(JsonRejection::from_body)?;
        // Trailers are no part of the document.
        if let Ok(data) = frame.into_data() {
            received = received.followed_by(data, &body);
        }
    }
    Ok(received)
}

impl Received {
    /// With another frame at its end, after which `rest` is still to come.
    fn followed_by(self, data: Bytes, rest: &Body) -> Self {
        if data.is_empty() {
            return self;
        }
        match self {
            Self::Frame(first) if first.is_empty() => Self::Frame(data),
            Self::Frame(first) => {
                let known = first.len().saturating_add(data.len());
                let announced = usize::try_from(rest.size_hint().lower()).unwrap_or(usize::MAX);
                let ahead = AHEAD.max(known.saturating_mul(8));
                let room = known.max(known.saturating_add(announced).min(ahead));
                let mut document = Document::with_capacity(read_buffers(), room);
                document.push(&first);
                document.push(&data);
                Self::Gathered(document)
            }
            Self::Gathered(mut document) => {
                document.push(&data);
                Self::Gathered(document)
            }
        }
    }
}
