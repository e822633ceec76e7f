//! A request's body, from the first frame to the last.
//!
//! # Invariants
//!
//! 1. Room is made for what has come, and for what is said to come only within `AHEAD`.
//! 2. A buffer that is full is left for one of twice the room at least: each byte is copied
//!    less than twice on average after it came, whatever the frames are like.

use core::mem;
use core::ops::Deref;

use axum_core::RequestExt;
use axum_core::body::Body;
use axum_core::extract::Request;
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::BodyExt;

use super::JsonRejection;
use crate::buffer::PooledBuf;

/// How much room may be made because a client said that it would be needed, in bytes.
const AHEAD: usize = 64 << 10;

/// A body that is there.
pub(super) enum Document {
    /// As it came.
    Frame(Bytes),
    /// Put together from several frames.
    Gathered(PooledBuf),
}

impl Deref for Document {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Frame(bytes) => bytes,
            Self::Gathered(buf) => buf,
        }
    }
}

/// Reads a body to its end, within the limit that the request's extensions tell.
///
/// # Errors
///
/// If the body is larger than that, or ends in an error.
pub(super) async fn read(request: Request) -> Result<Document, JsonRejection> {
    let announced = request.body().size_hint().lower();
    let mut body = request.into_limited_body();
    // A limited body announces no more than its limit. To say so at once saves a client that
    // waits for `100 Continue` from sending what nobody reads.
    if body.size_hint().lower() < announced {
        return Err(JsonRejection::TooLarge);
    }
    let mut document = Document::Frame(Bytes::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(JsonRejection::from_body)?;
        // Trailers are no part of the document.
        if let Ok(data) = frame.into_data() {
            document = document.followed_by(data, &body);
        }
    }
    Ok(document)
}

impl Document {
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
                let room = known.max(known.saturating_add(announced).min(AHEAD));
                let mut buf = PooledBuf::with_capacity(room);
                buf.extend_from_slice(&first);
                buf.extend_from_slice(&data);
                Self::Gathered(buf)
            }
            Self::Gathered(mut buf) => {
                append(&mut buf, &data);
                Self::Gathered(buf)
            }
        }
    }
}

/// Appends to a buffer, in another one if need be. The one that was full goes home as it is,
/// instead of growing out of the size that it was made for.
fn append(buf: &mut PooledBuf, data: &[u8]) {
    if buf.capacity() - buf.len() < data.len() {
        let needed = buf.len().saturating_add(data.len());
        let larger = PooledBuf::with_capacity(needed.max(buf.capacity().saturating_mul(2)));
        let outgrown = mem::replace(buf, larger);
        buf.extend_from_slice(&outgrown);
    }
    buf.extend_from_slice(data);
}
