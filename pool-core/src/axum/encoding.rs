//! Answers that could not be encoded.

use core::error::Error;
use core::fmt;
use std::sync::Arc;

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;

use super::with_content_type;
use crate::json;

/// Why an answer could not be encoded. It is among the extensions of the response, a 500 whose
/// text tells the client nothing of it.
///
/// A handler that puts a status beside its answer, as in `(StatusCode::CREATED, Json(..))`, has
/// axum put it beside the error too. A layer sets that right, and may tell of the error.
///
/// # Examples
///
/// ```
/// use axum::http::{Request, StatusCode};
/// use axum::response::Response;
/// use axum::{Router, body::Body, middleware, routing::get};
/// use poolable::axum::{EncodingError, Json};
/// use std::collections::HashMap;
/// use std::error::Error;
/// use tower::ServiceExt;
///
/// // JSON has no such keys.
/// async fn impossible() -> (StatusCode, Json<HashMap<(u8, u8), u8>>) {
///     (StatusCode::CREATED, Json(HashMap::from([((1, 2), 3)])))
/// }
///
/// async fn set_right(mut response: Response) -> Response {
///     if let Some(error) = response.extensions().get::<EncodingError>() {
///         assert_eq!(error.source().unwrap().to_string(), "key must be a string");
///         *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
///     }
///     response
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn Error>> {
/// let service = Router::new().route("/", get(impossible));
/// let service = service.layer(middleware::map_response(set_right));
/// let response = service.oneshot(Request::new(Body::empty())).await?;
/// assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
/// assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EncodingError(Arc<json::Error>);

impl EncodingError {
    pub(super) fn new(error: json::Error) -> Self {
        Self(Arc::new(error))
    }
}

/// That it happened; the reason is the [`source`](Error::source).
impl fmt::Display for EncodingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer could not be encoded")
    }
}

impl Error for EncodingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// A 500 with a fixed text, and with the error among its extensions.
impl IntoResponse for EncodingError {
    fn into_response(self) -> Response {
        let text = "the answer could not be encoded";
        let mut response = with_content_type(text.into(), mime::TEXT_PLAIN_UTF_8.as_ref());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.extensions_mut().insert(self);
        response
    }
}
