//! A handler that answers with JSON, without the server around it.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use poolable::{Poolable, json};
use serde::Serialize;

use super::{REPLY, look, looked_at};
use crate::timing::{Sample, alone, together};

#[derive(Serialize)]
struct Reply<'a> {
    status: &'a str,
    data: Greeting<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// In the order in which Go writes a map.
#[derive(Serialize)]
struct Greeting<'a> {
    count: i32,
    message: &'a str,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn reply() -> Reply<'static> {
    let data = Greeting { count: 42, message: "Hello, World!" };
    Reply { status: "success", data, error: None }
}

fn handle_unpooled(_: &Request<()>) -> Response<Vec<u8>> {
    let mut text = serde_json::to_vec(&reply()).expect("it can be written");
    text.push(b'\n');
    let mut response = Response::new(text);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// What a handler answers into. Headers and body keep their memory for the next answer.
#[derive(Poolable)]
struct Recorder {
    response: Response<Vec<u8>>,
}

/// Encodes into a pooled buffer, and writes that at once.
fn handle_pooled(_: &Request<()>, response: &mut Response<Vec<u8>>) {
    let text = json::to_line(&reply()).expect("it can be written");
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.body_mut().extend_from_slice(&text);
}

fn request() -> Request<()> {
    Request::get("/api/test").body(()).expect("the address is one")
}

#[inline(always)]
fn unpooled_once(request: &Request<()>) -> usize {
    let response = handle_unpooled(request);
    look(response.body())
}

#[inline(always)]
fn pooled_once(request: &Request<()>) -> usize {
    let mut recorder = Recorder::pooled();
    handle_pooled(request, &mut recorder.response);
    look(recorder.response.body())
}

#[inline(never)]
pub(crate) fn unpooled(operations: u64) -> Sample {
    let request = request();
    alone(operations, looked_at(REPLY), |_| unpooled_once(&request))
}

#[inline(never)]
pub(crate) fn pooled(operations: u64) -> Sample {
    let request = request();
    alone(operations, looked_at(REPLY), |_| pooled_once(&request))
}

#[inline(never)]
pub(crate) fn parallel_unpooled(operations: u64) -> Sample {
    let request = request();
    together(operations, looked_at(REPLY), || unpooled_once(&request))
}

#[inline(never)]
pub(crate) fn parallel_pooled(operations: u64) -> Sample {
    let request = request();
    together(operations, looked_at(REPLY), || pooled_once(&request))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::allocates;

    #[test]
    fn handlers_answer_as_those_of_go_do() {
        let is_right = |response: &Response<Vec<u8>>| {
            assert_eq!(response.body(), REPLY.as_bytes());
            assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
            assert_eq!((response.headers().len(), response.status().as_u16()), (1, 200));
        };
        for _ in 0..3 {
            is_right(&handle_unpooled(&request()));
            let mut recorder = Recorder::pooled();
            assert!(recorder.response.body().is_empty());
            assert!(recorder.response.headers().is_empty());
            handle_pooled(&request(), &mut recorder.response);
            is_right(&recorder.response);
        }
    }

    #[test]
    fn pooled_handlers_allocate_nothing() {
        assert!(!allocates(pooled));
        assert!(!allocates(parallel_pooled));
        assert!(unpooled(500).blocks >= 1000.0 && parallel_unpooled(500).blocks >= 1000.0);
    }
}
