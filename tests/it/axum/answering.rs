//! What is answered, from which memory, and what if it cannot be encoded.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::BodyExt;
use poolable::axum::{EncodingError, Json};
use poolable::buffer::BufferPool;
use poolable::{Poolable, Pooled, json};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use super::{ORDER, buffers, call, content_type, finish, order, text_of};
use crate::{alone, unwind, unwinds};

/// Has as much written of it as there are ones, and then goes wrong.
struct Wrong<E> {
    ones: usize,
    end: E,
}

impl<E: Fn() -> String> Serialize for Wrong<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct End<'a, E>(&'a E);

        impl<E: Fn() -> String> Serialize for End<'_, E> {
            fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(S::Error::custom((self.0)()))
            }
        }

        (vec![1_u8; self.ones], End(&self.end)).serialize(serializer)
    }
}

/// The bytes of the only frame.
#[track_caller]
fn frame(response: Response) -> axum::body::Bytes {
    let mut body = response.into_body();
    let frame = finish(body.frame()).expect("a frame").expect("no error");
    assert!(finish(body.frame()).is_none());
    frame.into_data().expect("data")
}

#[test]
fn whatever_can_be_serialized_is_answered() {
    order!();

    #[derive(Serialize)]
    struct Envelope<T> {
        success: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<T>,
    }

    #[track_caller]
    fn answers(answer: impl IntoResponse, text: &str) {
        let response = answer.into_response();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!((content_type(&response), response.headers().len()), ("application/json", 1));
        assert_eq!(text_of(response), text);
    }

    let read = || json::from_slice::<Order>(ORDER.as_bytes()).expect("an order");
    answers(Json(()), "null");
    answers(Json("a \"word\""), r#""a \"word\"""#);
    answers(Json(read()), ORDER);
    answers(Json(&*read()), ORDER);
    answers(Json(Pooled::share(read())), ORDER);
    answers(Json(vec![read(), read()]), &format!("[{ORDER},{ORDER}]"));
    answers(Json(Vec::<Order>::new()), "[]");
    answers(Json(vec![Json(1).0, *Json::from(2)]), "[1,2]");
    answers(Json(BTreeMap::from([(1, [1.5])])), r#"{"1":[1.5]}"#);
    let envelope = |data| Json(Envelope { success: true, data });
    answers(envelope(Some(read())), &format!(r#"{{"success":true,"data":{ORDER}}}"#));
    answers(envelope(None), r#"{"success":true}"#);
    assert_eq!(Order::pool().stats().in_use, 0);

    let long = vec!["some text".to_owned(); 300_000];
    answers(Json(&long), &serde_json::to_string(&long).expect("a text"));
    let created = (StatusCode::CREATED, [("location", "/1")], Json(1)).into_response();
    assert_eq!(created.status(), StatusCode::CREATED);
    assert_eq!((content_type(&created), created.headers().len()), ("application/json", 2));
}

#[test]
fn the_body_is_the_pooled_buffer_and_goes_home_when_it_is_dropped() {
    alone(|| {
        for length in [10, 1000, 100_000] {
            let value = "x".repeat(length);
            let place = json::to_buf(&value).expect("a text").as_ptr();
            let response = Json(&value).into_response();
            assert_eq!(buffers().in_use, 1);
            let bytes = frame(response);
            assert_eq!((bytes.as_ptr(), bytes.len()), (place, length + 2));
            assert_eq!(buffers().in_use, 1, "its bytes are still held");
            drop(bytes);
            assert_eq!(buffers().in_use, 0);
        }
        // A client that went away before any of it was sent.
        drop(Json("unread").into_response());
        assert_eq!(buffers().in_use, 0);
    });
}

#[test]
fn an_answer_that_cannot_be_encoded_is_an_error_that_says_nothing() {
    const SECRET: &str = "table `users` is gone";

    alone(|| {
        for ones in [0, 10, 10_000, 1_000_000] {
            let wrong = Json(Wrong { ones, end: || SECRET.to_owned() });
            let response = wrong.into_response();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(content_type(&response), "text/plain; charset=utf-8");
            assert_eq!(response.headers().len(), 1);
            let reason = response.extensions().get::<EncodingError>().expect("a reason").clone();
            let source = reason.source().expect("an error");
            assert!(source.is::<json::Error>() && source.to_string() == SECRET);
            assert_eq!(reason.to_string(), "the answer could not be encoded");
            assert_eq!(text_of(response), "the answer could not be encoded");
            assert_eq!(buffers().in_use, 0, "after {ones} elements");
        }
    });
}

/// axum overwrites the status of whatever stands beside one.
#[test]
fn a_layer_finds_an_error_that_was_given_another_status() {
    let handler = async || (StatusCode::CREATED, Json(HashMap::from([((1, 2), 3)])));
    let service = Router::new().route("/", get(handler));
    let response = call(&service, Request::new(Body::empty()));
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(content_type(&response), "text/plain; charset=utf-8");
    assert!(response.extensions().get::<EncodingError>().is_some());

    let set_right = async |mut response: Response| {
        if response.extensions().get::<EncodingError>().is_some() {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        response
    };
    let service = service.route("/right", get(async || (StatusCode::CREATED, Json(1))));
    let service = service.layer(axum::middleware::map_response(set_right));
    let response = call(&service, Request::new(Body::empty()));
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let right = Request::get("/right").body(Body::empty()).expect("a request");
    assert_eq!(call(&service, right).status(), StatusCode::CREATED);
}

#[test]
fn a_serialize_that_panics_leaves_nothing_in_use() {
    alone(|| {
        order!();

        for ones in [0, 10, 10_000, 1_000_000] {
            let order = json::from_slice::<Order>(ORDER.as_bytes()).expect("an order");
            let wrong = Json((order, Wrong { ones, end: || unwind() }));
            assert!(unwinds(|| drop(wrong.into_response())));
            assert_eq!((buffers().in_use, Order::pool().stats().in_use), (0, 0));
        }
        assert_eq!(Order::pool().stats().created, 1);
        assert!(BufferPool::global().stats().total().returned >= 4);
    });
}

#[test]
fn the_answer_to_a_head_is_encoded_and_its_buffer_goes_home() {
    alone(|| {
        order!();

        let handler = async || Json(json::from_slice::<Order>(ORDER.as_bytes()).expect("an order"));
        let service = Router::new().route("/", get(handler));
        let request = Request::head("/").body(Body::empty()).expect("a request");
        let response = call(&service, request);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(content_type(&response), "application/json");
        assert_eq!(response.headers()["content-length"], ORDER.len().to_string().as_str());
        assert_eq!((buffers().in_use, Order::pool().stats().in_use), (0, 0));
        assert_eq!((buffers().returned, text_of(response).as_str()), (1, ""));
    });
}
