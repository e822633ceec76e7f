//! Bodies of axum's, read into pooled objects and answered from pooled buffers.
//!
//! Nothing goes over a network: services are called, and bodies come frame by frame as the
//! tests have written them down.

mod allocating;
mod answering;
mod reading;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use poolable::Stats;
use poolable::buffer::BufferPool;
use tower::ServiceExt;

/// Each test has a pool of its own.
macro_rules! order {
    () => {
        #[derive(Debug, poolable::Poolable, serde::Serialize, serde::Deserialize)]
        struct Order {
            customer: String,
            amounts: Vec<u32>,
        }
    };
}
pub(crate) use order;

const ORDER: &str = r#"{"customer":"somebody with a name","amounts":[1,20,300]}"#;

/// What a poll of a body comes to.
#[derive(Clone)]
enum Step {
    Data(Bytes),
    Trailers,
    Fail,
    Wait,
}

fn data(text: &str) -> Step {
    Step::Data(Bytes::copy_from_slice(text.as_bytes()))
}

/// A body that does as it was told, and counts how often it is polled.
struct Script {
    steps: VecDeque<Step>,
    claim: Option<u64>,
    polls: Arc<AtomicUsize>,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let steps = steps.into_iter().collect();
        Self { steps, claim: None, polls: Arc::default() }
    }

    /// It claims to be as long, whatever comes.
    fn claiming(mut self, length: u64) -> Self {
        self.claim = Some(length);
        self
    }
}

impl http_body::Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Some(match self.steps.pop_front() {
            Some(Step::Data(bytes)) => Ok(Frame::data(bytes)),
            Some(Step::Trailers) => Ok(Frame::trailers(HeaderMap::new())),
            Some(Step::Fail) => Err(io::Error::other("cut off")),
            Some(Step::Wait) => return Poll::Pending,
            None => return Poll::Ready(None),
        }))
    }

    fn size_hint(&self) -> SizeHint {
        self.claim.map(SizeHint::with_exact).unwrap_or_default()
    }
}

/// A request to `/` whose content type is JSON's.
fn json(body: impl Into<Body>) -> Request<Body> {
    typed("application/json", body)
}

fn typed(content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/").header("content-type", content_type);
    request.body(body.into()).expect("a request")
}

fn scripted(steps: impl IntoIterator<Item = Step>) -> Request<Body> {
    json(Body::new(Script::new(steps)))
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// What a future comes to that has something to do whenever it is polled.
#[track_caller]
fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..100 {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
    panic!("it waits")
}

#[track_caller]
fn call(service: &Router, request: Request<Body>) -> Response {
    let answered: Result<_, Infallible> = finish(service.clone().oneshot(request));
    answered.unwrap_or_else(|never| match never {})
}

#[track_caller]
fn text_of(response: Response) -> String {
    let bytes = finish(response.into_body().collect()).expect("a body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("a text")
}

/// The status and the text of an answer.
#[track_caller]
fn told(service: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = call(service, request);
    (response.status(), text_of(response))
}

fn content_type(response: &Response) -> &str {
    response.headers()["content-type"].to_str().expect("a text")
}

fn buffers() -> Stats {
    BufferPool::global().stats().total()
}
