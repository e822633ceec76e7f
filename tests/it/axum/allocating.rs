//! What a handler allocates beyond one that does without objects.

use axum::RequestExt;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::FromRequest;
use axum::http::{HeaderValue, Request, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use poolable::axum::Json;
use poolable::{Poolable, Pooled, json as pooled_json};
use tower::Service;

use super::{ORDER, Step, data, finish, json, order, scripted, typed};
use crate::allocations::allocations_in;

/// How many allocations a call makes, once it has been made before.
fn warm<A>(mut make: impl FnMut() -> A, mut call: impl FnMut(A)) -> u64 {
    (0..3).for_each(|_| call(make()));
    let made = make();
    let count = allocations_in(|| call(made));
    let again = make();
    assert_eq!(allocations_in(|| call(again)), count, "it is the same each time");
    count
}

#[test]
fn to_read_a_repeated_shape_allocates_no_more_than_to_limit_its_body() {
    order!();

    let read = |request: Request<Body>| {
        let read = finish(Json::<Pooled<Order>>::from_request(request, &()));
        assert_eq!(read.expect("an order").amounts, [1, 20, 300]);
    };
    // The limit is a body around the body, in a box.
    let limit = |request: Request<Body>| drop(request.into_limited_body());
    let whole = || json(ORDER);
    let in_words = || typed("Application/JSON; charset=utf-8", ORDER);
    let (first, second) = ORDER.split_at(30);
    let in_frames = || {
        scripted([data(first), data(""), data(&second[..9]), data(&second[9..]), Step::Trailers])
    };
    assert_eq!(warm(whole, read), warm(whole, limit));
    assert_eq!(warm(in_words, read), warm(in_words, limit));
    assert_eq!(warm(in_frames, read), warm(in_frames, limit));
    let collect =
        |request| assert_eq!(finish(Bytes::from_request(request, &())).expect("bytes"), ORDER);
    assert!(warm(whole, read) <= warm(whole, collect));
    assert_eq!(Order::pool().stats().created, 1);
}

fn fixed(body: &'static str) -> Response {
    let mut response = Response::new(Body::from(Bytes::from_static(body.as_bytes())));
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

#[test]
fn to_answer_allocates_once_more_than_to_answer_from_a_static() {
    order!();

    let order = || Json(pooled_json::from_slice::<Order>(ORDER.as_bytes()).expect("an order"));
    let pooled = warm(order, |order| drop(order.into_response()));
    assert_eq!(pooled, warm(|| (), |()| drop(fixed(ORDER))) + 1);
}

#[test]
fn a_handler_allocates_once_more_than_one_that_reads_bytes_and_answers_a_static() {
    order!();

    let of = |mut service: Router| {
        let answer = |request: Request<Body>| {
            let response = finish(service.call(request)).expect("an answer");
            drop(response);
        };
        warm(|| json(ORDER), answer)
    };
    let pooled = post(async |order: Json<Pooled<Order>>| order);
    let plain = post(async |bytes: Bytes| {
        assert_eq!(bytes, ORDER);
        fixed(ORDER)
    });
    let (pooled, plain) =
        (of(Router::new().route("/", pooled)), of(Router::new().route("/", plain)));
    assert!(pooled <= plain + 1, "{pooled} and {plain}");
    assert_eq!(Order::pool().stats().created, 1);
}
