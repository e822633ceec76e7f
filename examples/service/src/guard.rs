//! What no request gets past: a time, a size, and a net below the handlers.
//!
//! # Invariants
//!
//! 1. What comes out is a handler's answer or a [`Failure`]; a panic ends one request, and not
//!    the connection.

use core::error::Error;
use core::future::poll_fn;
use core::panic::AssertUnwindSafe;
use core::pin::pin;
use core::task::Poll;
use std::panic::catch_unwind;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use poolable::axum::EncodingError;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::limits::Limits;

/// How requests are answered before all of their body was read.
const UNREAD: [StatusCode; 5] = [
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
];

/// Puts the limits of a request around all routes.
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use service::{Limits, guard::guard};
///
/// let routes = Router::new().route("/", get(async || "hello"));
/// assert!(guard(routes, &Limits::default()).has_routes());
/// ```
pub fn guard(routes: Router, limits: &Limits) -> Router {
    let Limits { body, request: time, .. } = *limits;
    routes.layer(DefaultBodyLimit::max(body)).layer(from_fn(
        move |request: Request, next| async move {
            let has_body = !request.body().is_end_stream();
            let mut answer = match timeout(time, answered(request, next)).await {
                Ok(answer) => answer,
                Err(_) => Failure::TooSlow.into_response(),
            };
            // The rest of a body that nobody read is in the way of another request.
            if has_body && UNREAD.contains(&answer.status()) {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            answer
        },
    ))
}

/// The answer of the routes, or what is answered in its place.
async fn answered(request: Request, next: Next) -> Response {
    let mut answer = pin!(next.run(request));
    let answer = poll_fn(|context| {
        // Unwind safe: it is not polled again.
        match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(answer)) => Poll::Ready(Some(answer)),
            // The hook has said what it was.
            Err(_) => Poll::Ready(None),
        }
    });
    let Some(answer) = answer.await else { return Failure::Internal.into_response() };
    if let Some(error) = answer.extensions().get::<EncodingError>() {
        let reason = error.source().map(ToString::to_string).unwrap_or_default();
        eprintln!("service: {error}: {reason}");
        return Failure::Internal.into_response();
    }
    answer
}
