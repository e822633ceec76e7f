//! What is read, what is refused, and what is in use meanwhile and after.

use std::error::Error;
use std::fmt::Write;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use http_body_util::Limited;
use poolable::axum::{Json, JsonRejection};
use poolable::buffer::ClassStats;
use poolable::json::read_buffers;
use poolable::{Poolable, Pooled, Stats};
use serde::{Deserialize, Deserializer};

use super::{
    ORDER, Script, Step, call, content_type, data, finish, json, order, poll, scripted, told, typed,
};
use crate::{alone, unwind, unwinds};

/// What the buffers have counted that bodies are gathered in.
fn gathered() -> Stats {
    read_buffers().stats().total()
}

/// Answers what it has read.
macro_rules! echo {
    () => {
        Router::new().route("/", post(async |order: Json<Pooled<Order>>| order))
    };
}

/// Nothing is in use, and what is idle is blank.
macro_rules! assert_home {
    () => {{
        assert_eq!(Order::pool().stats().in_use, 0);
        let order = Order::pooled();
        assert!(order.customer.is_empty() && order.amounts.is_empty(), "{order:?}");
    }};
}

#[test]
fn a_request_is_read_into_a_pooled_object_and_answered() {
    order!();

    let mut places = Vec::new();
    for _ in 0..3 {
        let read = finish(Json::<Pooled<Order>>::from_request(json(ORDER), &()));
        let Json(order) = read.expect("an order");
        assert_eq!(
            (order.customer.as_str(), &*order.amounts),
            ("somebody with a name", &[1, 20, 300][..])
        );
        places.push(order.customer.as_ptr());
    }
    assert_eq!((places[1], places[2]), (places[0], places[0]));

    let response = call(&echo!(), json(ORDER));
    assert_eq!((response.status(), content_type(&response)), (StatusCode::OK, "application/json"));
    assert_eq!(super::text_of(response), ORDER);
    assert_home!();
    assert_eq!(Order::pool().stats().created, 1);
}

#[test]
fn content_types_of_json_are_read_and_others_refused() {
    order!();

    let service = echo!();
    let read = [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/json; charset=latin1; other=\"1\"",
        "application/vnd.api+json",
        "application/problem+json; charset=utf-8",
        // Odd, but axum's own takes it.
        "application/json+xml",
    ];
    for content_type in read {
        assert_eq!(told(&service, typed(content_type, ORDER)), (StatusCode::OK, ORDER.into()));
    }
    let refused = [
        "text/plain",
        "text/json",
        "application/jsonx",
        "application/xml",
        "image/json",
        "json",
        "application/",
        "/json",
        "application/json; charset",
        "application/json, text/plain",
        "",
        ";;;",
    ];
    let expected = "expected a request with `content-type: application/json`";
    let answer = (StatusCode::UNSUPPORTED_MEDIA_TYPE, expected.to_owned());
    for content_type in refused {
        assert_eq!(told(&service, typed(content_type, ORDER)), answer, "{content_type}");
    }
    let missing = Request::post("/").body(ORDER.into()).expect("a request");
    assert_eq!(told(&service, missing), answer);
    for bytes in [&b"application/json\xff"[..], b"\xe4", b"application/\xc3\xa4+json"] {
        let mut request = json(ORDER);
        let content_type = HeaderValue::from_bytes(bytes).expect("a value");
        request.headers_mut().insert("content-type", content_type);
        assert_eq!(told(&service, request), answer, "{bytes:?}");
    }
    assert_home!();
    assert_eq!(Order::pool().stats().returned, read.len() as u64 + 1);
}

#[test]
fn what_axums_own_takes_and_refuses_is_taken_and_refused_with_the_same_status() {
    order!();

    let own = post(async |order: axum::Json<Order>| order);
    let services = [echo!(), Router::new().route("/", own)]
        .map(|service| service.layer(DefaultBodyLimit::max(100)));
    let types: [&[u8]; 12] = [
        b"application/json",
        b"APPLICATION/JSON ; q=1",
        b" application/json",
        b"application/json;",
        b"application/json;charset=utf-8;charset=utf-8",
        b"application/a+b+json",
        b"application/+json",
        b"application/json+",
        b"application/*+json",
        b"*/*",
        b"application/json\xa0",
        b"multipart/related; type=\"application/json\"",
    ];
    let large = format!("{ORDER}{}", " ".repeat(100));
    let bodies =
        [ORDER, &large, "", "{}", "{", "[]", "null", "{\"customer\":7}", "\u{feff}{}", "\0"];
    for content_type in types {
        for body in bodies {
            let ask = |service| {
                let mut request = json(body.to_owned());
                let content_type = HeaderValue::from_bytes(content_type).expect("a value");
                request.headers_mut().insert("content-type", content_type);
                told(service, request)
            };
            let ((status, text), (expected, of_own)) = (ask(&services[0]), ask(&services[1]));
            assert_eq!(status, expected, "{} {body}", String::from_utf8_lossy(content_type));
            assert!(status != StatusCode::OK || text == of_own);
        }
    }
    assert_home!();
}

#[test]
fn what_is_refused_for_its_type_is_not_read() {
    order!();

    let body = Script::new([data(ORDER)]);
    let polls = Arc::clone(&body.polls);
    let (status, _) = told(&echo!(), typed("text/plain", Body::new(body)));
    assert_eq!((status, polls.load(Ordering::Relaxed)), (StatusCode::UNSUPPORTED_MEDIA_TYPE, 0));
    assert_eq!(Order::pool().stats().created, 0);
}

#[test]
fn without_a_content_type_an_option_is_none() {
    order!();

    type Wanted = Option<Json<Pooled<Order>>>;
    let read = |request| finish(Wanted::from_request(request, &()));
    let untyped = Request::post("/").body(ORDER.into()).expect("a request");
    assert!(read(untyped).expect("no error").is_none());
    let untyped = Request::post("/").header("content-length", "55").body(ORDER.into());
    assert!(read(untyped.expect("a request")).expect("no error").is_none());
    let order = read(json(ORDER)).expect("no error").expect("an order");
    assert_eq!(order.amounts, [1, 20, 300]);
    drop(order);
    let wrong = read(typed("text/plain", ORDER));
    assert!(matches!(wrong, Err(JsonRejection::MissingContentType)), "{wrong:?}");
    let wrong = read(json("{"));
    assert!(matches!(wrong, Err(JsonRejection::Syntax(_))), "{wrong:?}");
    assert_home!();
}

#[test]
fn a_body_above_the_limit_is_refused_and_one_at_the_limit_is_read() {
    order!();

    let answer = (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large".to_owned());
    let length = ORDER.len();
    let halves = || [data(&ORDER[..30]), data(&ORDER[30..])];
    for limit in [0, 1, 29, 30, length - 1, length, length + 1, usize::MAX] {
        let service = echo!().layer(DefaultBodyLimit::max(limit));
        let requests = [
            json(ORDER),
            scripted([data(ORDER)]),
            scripted(halves()),
            json(Body::new(Script::new(halves()).claiming(length as u64))),
            json(Body::new(Limited::new(Body::from(ORDER), limit))),
        ];
        for request in requests {
            let answer =
                if limit < length { answer.clone() } else { (StatusCode::OK, ORDER.to_owned()) };
            assert_eq!(told(&service, request), answer, "{limit}");
            assert_home!();
        }
    }
    // That of somebody else, deep in the body.
    let limited = Body::new(Limited::new(Body::new(Script::new(halves())), 40));
    assert_eq!(told(&echo!(), json(Body::new(Limited::new(limited, 1000)))), answer);
    // axum's own, and none.
    let spaces = " ".repeat((2 << 20) + 1 - length);
    let (exact, large) = (format!("{ORDER}{}", &spaces[1..]), format!("{ORDER}{spaces}"));
    assert_eq!(told(&echo!(), json(exact)).0, StatusCode::OK);
    assert_eq!(told(&echo!(), json(large.clone())), answer);
    assert_eq!(told(&echo!(), scripted([data(&large)])), answer);
    let unlimited = echo!().layer(DefaultBodyLimit::disable());
    assert_eq!(told(&unlimited, json(large)), (StatusCode::OK, ORDER.to_owned()));
    assert_home!();
}

#[test]
fn a_body_that_announces_too_much_is_refused_before_it_is_read() {
    order!();

    for claim in [101, 1 << 40, u64::MAX] {
        let body = Script::new([data(ORDER)]).claiming(claim);
        let polls = Arc::clone(&body.polls);
        let service = echo!().layer(DefaultBodyLimit::max(100));
        let (status, _) = told(&service, json(Body::new(body)));
        assert_eq!((status, polls.load(Ordering::Relaxed)), (StatusCode::PAYLOAD_TOO_LARGE, 0));
    }
    assert_eq!(Order::pool().stats().created, 0);
}

#[test]
fn a_document_that_is_wrong_is_refused_with_its_place() {
    order!();

    let syntax = "the body is not valid JSON: ";
    let other = "the body is not what is expected here: ";
    let (bad, unprocessable) = (StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = [
        ("", bad, syntax, "line 1 column 0"),
        ("{", bad, syntax, "line 1 column 1"),
        ("{\"customer\":\"a\",\n \"amounts\":[1,]}", bad, syntax, "line 2 column 15"),
        ("{\"customer\":\"a\",\"amounts\":[]}\n\nx", bad, syntax, "line 3 column 1"),
        ("{\"customer\":\"\u{1}\"}", bad, syntax, "line 1 column 14"),
        ("{\"customer\":\"a\",\n\"amounts\":\"b\"}", unprocessable, other, "line 2 column 13"),
        ("{\"customer\":\"a\"}", unprocessable, other, "line 1 column 16"),
        ("[[]]", unprocessable, other, "line 1 column 1"),
        ("7", unprocessable, other, "line 1 column 1"),
        ("{\"customer\":\"a\",\"amounts\":[-1]}", unprocessable, other, "line 1 column 29"),
    ];
    for (text, status, begin, end) in wrong {
        let cut = text.len() / 2;
        let requests =
            [json(text), scripted([data(&text[..cut]), data(&text[cut..]), Step::Trailers])];
        for request in requests {
            let response = call(&echo!(), request);
            assert_eq!(content_type(&response), "text/plain; charset=utf-8");
            let (found, told) = (response.status(), super::text_of(response));
            assert_eq!(found, status, "{text}: {told}");
            assert!(told.starts_with(begin) && told.ends_with(end), "{text}: {told}");
            assert_home!();
        }
    }
    let deep = "[".repeat(100_000);
    let not_text = Bytes::from_static(b"{\"customer\":\"\xff\xfe\",\"amounts\":[]}");
    assert_eq!(told(&echo!(), json(deep)).0, unprocessable, "its first bracket is wrong");
    assert_eq!(told(&echo!(), json(not_text)).0, bad);
    assert_home!();
}

#[test]
fn a_body_that_breaks_off_is_refused_wherever_it_does() {
    order!();

    let wrong = |steps: Vec<Step>| {
        let read = finish(Json::<Pooled<Order>>::from_request(scripted(steps), &()));
        let rejection = read.expect_err("an error");
        assert!(matches!(rejection, JsonRejection::Body(_)), "{rejection:?}");
        assert_eq!(rejection.status(), StatusCode::BAD_REQUEST);
        assert_eq!(rejection.body_text(), "the body could not be read: cut off");
        assert_eq!(rejection.to_string(), "the body could not be read");
        assert_eq!(rejection.source().expect("a reason").to_string(), "cut off");
    };
    wrong(vec![Step::Fail]);
    for cut in 0..=ORDER.len() {
        wrong(vec![data(&ORDER[..cut]), Step::Fail]);
        wrong(vec![data(&ORDER[..cut]), data(&ORDER[cut..]), Step::Fail]);
    }
    wrong(vec![data(ORDER), Step::Trailers, Step::Fail]);
    assert_eq!(Order::pool().stats().created, 0, "none was there as a whole");
}

#[test]
fn a_body_reads_the_same_however_it_is_cut() {
    order!();

    let service = echo!();
    let reads = |steps: Vec<Step>| {
        assert_eq!(told(&service, scripted(steps)), (StatusCode::OK, ORDER.to_owned()));
        assert_home!();
    };
    for cut in 0..=ORDER.len() {
        let (first, second) = (&ORDER[..cut], &ORDER[cut..]);
        reads(vec![data(first), data(second)]);
        reads(vec![data(first), data(""), data(second), data(""), Step::Trailers]);
        reads(vec![data(""), data(""), data(first), Step::Trailers, data(second)]);
        let (second, third) = second.split_at(second.len() / 2);
        reads(vec![data(first), data(second), data(third), Step::Trailers]);
    }
    let bytes = || ORDER.as_bytes().iter().map(|&byte| Step::Data(Bytes::copy_from_slice(&[byte])));
    reads(bytes().collect());
    reads(bytes().flat_map(|byte| [data(""), byte]).collect());
    for claim in [0, 1, ORDER.len() as u64, 100_000] {
        let body = Body::new(Script::new(bytes()).claiming(claim));
        assert_eq!(told(&service, json(body)), (StatusCode::OK, ORDER.to_owned()));
    }
    assert_eq!(Order::pool().stats().created, 1);
}

#[test]
fn bytes_that_come_one_by_one_are_moved_as_seldom_as_those_of_a_vec() {
    alone(|| {
        order!();

        let mut text = String::from("{\"customer\":\"somebody\",\"amounts\":[0");
        (0..100_000).for_each(|amount| write!(text, ",{amount}").expect("a text"));
        text.push_str("]}");
        let bytes = Bytes::from(text);
        let steps = (0..bytes.len()).map(|at| Step::Data(bytes.slice(at..=at)));
        let read = finish(Json::<Pooled<Order>>::from_request(scripted(steps), &()));
        assert_eq!(read.expect("an order").amounts.len(), 100_001);
        assert!(bytes.len() > 500_000);
        let (gets, sizes) = (gathered().hits + gathered().misses, read_buffers().sizes().len());
        assert!(gets <= sizes as u64, "one of each size at the most, but {gets}");
        assert_eq!((gathered().in_use, read_buffers().stats().unpooled), (0, 0));
    });
}

#[test]
fn two_large_frames_are_gathered_in_one_buffer() {
    alone(|| {
        order!();

        let spaces = " ".repeat(100 << 10);
        let steps = [data(&spaces), data(ORDER), data(&spaces[..10])];
        assert_eq!(told(&echo!(), scripted(steps)), (StatusCode::OK, ORDER.to_owned()));
        let classes = read_buffers().stats().classes;
        let gets = |class: &ClassStats| class.stats.hits + class.stats.misses;
        let used: Vec<_> = classes.iter().filter(|class| gets(class) > 0).collect();
        assert_eq!(used.iter().map(|class| class.size).collect::<Vec<_>>(), [256 << 10]);
        assert_eq!(gets(used[0]), 1);
    });
}

#[test]
fn no_memory_is_made_for_what_a_client_merely_claims() {
    alone(|| {
        order!();

        let unlimited = echo!().layer(DefaultBodyLimit::disable());
        let before = crate::allocations::live_bytes();
        for claim in [1 << 20, u64::MAX / 2, usize::MAX as u64, u64::MAX] {
            let steps = [data(&ORDER[..10]), data(&ORDER[10..20]), data(&ORDER[20..])];
            let body = Script::new(steps).claiming(claim);
            assert_eq!(told(&unlimited, json(Body::new(body))), (StatusCode::OK, ORDER.into()));
        }
        let grown = crate::allocations::live_bytes() - before;
        // The pools themselves, one for each size.
        assert!(grown < 24 << 10, "{grown} bytes");
        let stats = read_buffers().stats();
        let large = stats.classes.iter().filter(|class| class.size > 4 << 10);
        assert_eq!(large.map(|class| class.stats.misses).sum::<u64>() + stats.unpooled, 0);
    });
}

#[test]
fn what_is_told_of_a_long_text_is_short_and_has_its_place() {
    order!();

    for (text, told) in [("x", 64), ("\u{85}", 128), ("\u{1F980}", 128)] {
        let body = format!(r#"{{"amounts":"{}"}}"#, text.repeat(50_000));
        let read = Json::<Pooled<Order>>::from_request(json(Body::from(body)), &());
        let rejection = finish(read).expect_err("it is no order");
        let text = rejection.body_text();
        assert!((told..320).contains(&text.len()), "{text}");
        assert!(text.contains("at line 1 column "), "{text}");
        assert_eq!(rejection.into_response().headers()["x-content-type-options"], "nosniff");
    }
}

#[test]
fn no_object_is_taken_while_the_body_is_coming() {
    order!();

    let steps = || {
        let (first, rest) = ORDER.split_at(20);
        let (second, third) = rest.split_at(10);
        [Step::Wait, data(first), Step::Wait, data(second), Step::Wait, data(third), Step::Wait]
    };
    let mut reading = pin!(Json::<Pooled<Order>>::from_request(scripted(steps()), &()));
    for _ in 0..4 {
        assert!(poll(reading.as_mut()).is_pending());
        assert_eq!(Order::pool().stats().created, 0);
    }
    let Poll::Ready(Ok(order)) = poll(reading.as_mut()) else { panic!("all of it is there") };
    assert_eq!((order.amounts.len(), Order::pool().stats().in_use), (3, 1));
    drop(order);

    // Clients that go away, at each place.
    for polls in 0..5 {
        let mut reading = Box::pin(Json::<Pooled<Order>>::from_request(scripted(steps()), &()));
        (0..polls).for_each(|_| assert!(poll(reading.as_mut()).is_pending()));
        drop(reading);
    }
    assert_home!();
    assert_eq!(Order::pool().stats().created, 1);
}

#[test]
fn no_buffer_is_in_use_after_whatever_went_wrong() {
    alone(|| {
        order!();

        let service = echo!().layer(DefaultBodyLimit::max(1000));
        let (first, second) = ORDER.split_at(30);
        let (wrong, large) = ("\"".repeat(100), " ".repeat(900));
        let all = [
            (200, vec![data(first), data(second)]),
            (400, vec![data(first), data(first)]),
            (422, vec![data("["), data("[]]")]),
            (400, vec![data(first), data(second), data(&wrong)]),
            (400, vec![data(first), data(second), Step::Fail]),
            (413, vec![data(first), data(&large), data(&large)]),
            (200, vec![data(first), Step::Trailers, data(second), data(&large)]),
        ];
        for (status, steps) in all {
            let found = call(&service, scripted(steps)).status();
            assert_eq!((found.as_u16(), gathered().in_use), (status, 0));
            assert_home!();
        }
        let slow = [data(first), data(&second[..1]), Step::Wait, data(&second[1..])];
        let mut reading = Box::pin(Json::<Pooled<Order>>::from_request(scripted(slow), &()));
        assert!(poll(reading.as_mut()).is_pending());
        assert_eq!((gathered().in_use, Order::pool().stats().in_use), (1, 0));
        drop(reading);
        assert_eq!(gathered().in_use, 0);
        assert!(gathered().returned >= 8, "{:?}", gathered());
    });
}

#[test]
fn a_deserialize_that_panics_leaves_nothing_in_use() {
    alone(|| {
        #[derive(Poolable, Deserialize)]
        struct Order {
            customer: String,
            #[serde(deserialize_with = "panics")]
            #[allow(dead_code, reason = "it never gets a value")]
            amount: u32,
        }

        fn panics<'de, D: Deserializer<'de>>(_: D) -> Result<u32, D::Error> {
            assert_eq!((gathered().in_use, Order::pool().stats().in_use), (1, 1));
            unwind()
        }

        let read = || {
            let steps = [data("{\"customer\":\"somebody\","), data("\"amount\":1}")];
            drop(finish(Json::<Pooled<Order>>::from_request(scripted(steps), &())));
        };
        for _ in 0..3 {
            assert!(unwinds(read));
            assert_eq!((gathered().in_use, Order::pool().stats().in_use), (0, 0));
            assert!(Order::pooled().customer.is_empty());
        }
        assert_eq!(Order::pool().stats().created, 1);
    });
}
