//! The least that a handler can do.

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::orders;

/// Reads the body, and answers from statics what the others answer to it.
pub(crate) async fn answer(body: Bytes) -> Response {
    let known = orders::all().iter().position(|order| order.as_bytes() == body);
    let Some(number) = known else { return StatusCode::NOT_FOUND.into_response() };
    let answer: &'static [u8] = &orders::answers()[number].body;
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], Bytes::from_static(answer))
        .into_response()
}
