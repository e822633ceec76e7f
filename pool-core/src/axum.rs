//! Bodies of axum's requests and responses: read into pooled objects, written into pooled buffers.
//!
//! [`Json`] is an extractor and a response; [`JsonRejection`] is what is wrong with a request, and
//! [`EncodingError`] with an answer.
//!
//! # Examples
//!
//! ```
//! use axum::{Router, routing::post};
//! use poolable::axum::Json;
//! use poolable::{Poolable, Pooled};
//! use serde::Deserialize;
//!
//! #[derive(Poolable, Deserialize)]
//! struct Numbers {
//!     numbers: Vec<u64>,
//! }
//!
//! async fn sum(Json(request): Json<Pooled<Numbers>>) -> Json<u64> {
//!     Json(request.numbers.iter().sum())
//! }
//!
//! let service: Router = Router::new().route("/sum", post(sum));
//! assert!(service.has_routes());
//! ```

// # Invariants
//
// 1. An object is taken when the whole of a body is there, and not before: clients that are
//    slow, or gone, hold none.
// 2. What a client claims about its body decides about memory up to a fixed bound only
//    (`body`).
// 3. A response is begun when its body is complete: an answer that cannot be encoded has
//    neither the status nor the headers of one that can.
// 4. What goes wrong while an answer is encoded stays in the process; what is wrong with a
//    request is told to the client.
//
// # Rejected
//
// A body that reads its frames and parses as they come: serde asks for bytes, it cannot be
// made to wait for them.

mod body;
mod encoding;
mod rejection;

use core::ops::{Deref, DerefMut};

use axum_core::body::Body;
use axum_core::extract::{FromRequest, OptionalFromRequest, Request};
use axum_core::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};
use mime::Mime;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Poolable, Pooled, json};

pub use encoding::EncodingError;
pub use rejection::JsonRejection;

/// JSON, read from a request into a pooled object, or written into a pooled buffer for a
/// response. It stands where `axum::Json` would.
///
/// **A request** needs a content type of `application/json` or `application/*+json`. Its body
/// is read as [`json::from_slice`] does it, once all of it is there, and the object goes home
/// when the handler drops it. axum's limit on bodies applies, 2 MB unless `DefaultBodyLimit`
/// says otherwise; a body that announces more is refused before anything of it is read. What
/// is refused, and how, is listed under [`JsonRejection`].
///
/// `Option<Json<..>>` is `None` for a request without content type. `Json<Order>`, without `Pooled`,
/// is a response and no extractor.
///
/// **A response** is any value that can be serialized, a pooled object or another. Its body
/// *is* the pooled buffer, which goes home when it has been sent. Where the value cannot be
/// serialized the response is a plain 500, with an [`EncodingError`] among its extensions. See
/// there for handlers that put a status beside it, which axum has win.
///
/// # Examples
///
/// ```
/// use axum::body::to_bytes;
/// use axum::{Router, http::Request, routing::post};
/// use poolable::axum::Json;
/// use poolable::{Poolable, Pooled};
/// use serde::{Deserialize, Serialize};
/// use tower::ServiceExt;
///
/// #[derive(Poolable, Deserialize, Serialize)]
/// struct Order {
///     customer: String,
///     amounts: Vec<u32>,
/// }
///
/// #[derive(Serialize)]
/// struct Answer {
///     success: bool,
///     data: Pooled<Order>,
/// }
///
/// async fn twice(Json(mut order): Json<Pooled<Order>>) -> Json<Answer> {
///     order.amounts.iter_mut().for_each(|amount| *amount *= 2);
///     Json(Answer { success: true, data: order })
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = Router::new().route("/twice", post(twice));
/// let request = Request::post("/twice")
///     .header("content-type", "application/json")
///     .body(r#"{"customer": "someone", "amounts": [1, 20]}"#.to_owned())?;
///
/// let response = service.oneshot(request).await?;
/// assert_eq!(response.headers()["content-type"], "application/json");
/// let body = to_bytes(response.into_body(), 1000).await?;
/// let expected = r#"{"success":true,"data":{"customer":"someone","amounts":[2,40]}}"#;
/// assert_eq!(body, expected);
/// assert_eq!((Order::pool().stats().in_use, Order::pool().stats().idle), (0, 1));
/// # Ok(())
/// # }
/// ```
///
/// # Performance
///
/// A body that comes in one frame is parsed where it is; one of several frames is gathered in a
/// buffer of [`json::read_buffers`]. Neither allocates, where
/// the buffers are warm, beyond what `axum::body::Bytes` does as an extractor, if the content
/// type is written as `application/json`, or with `; charset=utf-8`. A response makes one
/// allocation beyond one with a static body: that of
/// [`freeze`](crate::buffer::PooledBuf::freeze).
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct Json<X>(pub X);

impl<X> Deref for Json<X> {
    type Target = X;

    fn deref(&self) -> &X {
        &self.0
    }
}

impl<X> DerefMut for Json<X> {
    fn deref_mut(&mut self) -> &mut X {
        &mut self.0
    }
}

impl<X> From<X> for Json<X> {
    fn from(value: X) -> Self {
        Self(value)
    }
}

impl<S, T> FromRequest<S> for Json<Pooled<T>>
where
    S: Send + Sync,
    T: Poolable + DeserializeOwned,
{
    type Rejection = JsonRejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, JsonRejection> {
        if !request.headers().get(CONTENT_TYPE).is_some_and(is_json) {
            return Err(JsonRejection::MissingContentType);
        }
        let document = body::read(request).await?;
        json::from_slice(&document).map(Self).map_err(JsonRejection::from_json)
    }
}

/// `None` if there is no content type. One that is not JSON is refused all the same.
impl<S, T> OptionalFromRequest<S> for Json<Pooled<T>>
where
    S: Send + Sync,
    T: Poolable + DeserializeOwned,
{
    type Rejection = JsonRejection;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, JsonRejection> {
        if !request.headers().contains_key(CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}

impl<X: Serialize> IntoResponse for Json<X> {
    fn into_response(self) -> Response {
        match json::to_bytes(&self.0) {
            Ok(bytes) => with_content_type(bytes.into(), "application/json"),
            Err(error) => EncodingError::new(error).into_response(),
        }
    }
}

/// A response of status 200.
fn with_content_type(body: Body, content_type: &'static str) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Whether a content type is one that axum's own `Json` takes.
fn is_json(content_type: &HeaderValue) -> bool {
    // To parse one allocates, and nearly all are one of these.
    const USUAL: [&[u8]; 3] = [
        b"application/json",
        b"application/json; charset=utf-8",
        b"application/json;charset=utf-8",
    ];

    if USUAL.iter().any(|usual| content_type.as_bytes().eq_ignore_ascii_case(usual)) {
        return true;
    }
    let parsed = content_type.to_str().ok().and_then(|text| text.parse::<Mime>().ok());
    parsed.is_some_and(|mime| {
        let is_suffixed = || mime.suffix().is_some_and(|suffix| suffix == mime::JSON);
        mime.type_() == mime::APPLICATION && (mime.subtype() == mime::JSON || is_suffixed())
    })
}
