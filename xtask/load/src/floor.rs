//! The least that a handler can do.

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

use crate::orders;

/// Reads the body, and answers from statics what the others answer to it.
pub(crate) async fn answer(request: Request) -> Response {
    // `Bytes` as an extractor makes an allocation even of one frame.
    let (mut frames, mut body) = (request.into_limited_body(), Bytes::new());
    while let Some(Ok(frame)) = frames.frame().await {
        let data = frame.into_data().unwrap_or_default();
        body = if body.is_empty() { data } else { [body, data].concat().into() };
    }
    let known = orders::all().iter().position(|order| order.as_bytes() == body);
    let Some(number) = known else { return StatusCode::NOT_FOUND.into_response() };
    let answer: &'static [u8] = &orders::answers()[number].body;
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], Bytes::from_static(answer))
        .into_response()
}
