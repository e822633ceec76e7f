//! Who does something wrong, and is told.

use axum::Router;
use axum::routing::get;
use poolable::axum::Json;
use serde::ser::{Error, Serializer};
use service::client::{self, Answer, Client};
use service::guard::guard;
use service::{Envelope, Limits};

use crate::harness::{Outcome, PATIENCE, Service, alone, data, error, receipt};

const JSON: &str = "content-type: application/json\r\n";
/// The largest body.
const MOST: usize = 64 << 10;

async fn ask(client: &mut Client, request: &[u8]) -> std::io::Result<Answer> {
    client.send(request).await?;
    client.answer().await
}

#[test]
fn wrong_path_and_wrong_method_are_told_in_the_envelope() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        assert!(error(&client.get("/").await?, 404).contains("/orders"));
        let answer = client.get("/orders").await?;
        assert!(error(&answer, 405).contains("allow"));
        assert_eq!(answer.header("allow"), Some("POST"));
        for method in ["DELETE", "PATCH", "BREW"] {
            let request = format!("{method} /pools HTTP/1.1\r\nhost: service\r\n\r\n");
            let answer = ask(&mut client, request.as_bytes()).await?;
            error(&answer, 405);
            assert_eq!(answer.header("allow"), Some("GET,HEAD"));
        }
        drop(client);
        service.end_well().await
    });
}

#[test]
fn wrong_content_type_is_told_in_the_envelope() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        let order = client::order(1, 20);
        for header in ["", "content-type: text/plain\r\n", "content-type: \u{e4}\r\n"] {
            let answer = ask(&mut client, &client::post(header, order.as_bytes())).await?;
            assert!(error(&answer, 415).contains("application/json"));
            // Who was not listened to is not asked for the rest.
            assert_eq!(answer.header("connection"), Some("close"));
            assert!(client.is_closed().await?);
            client = service.client().await?;
        }
        let suffixed = client::post("content-type: application/vnd.o+json\r\n", order.as_bytes());
        assert_eq!(data(&ask(&mut client, &suffixed).await?), receipt(&order));
        drop(client);
        service.end_well().await
    });
}

/// Limits with which a client that sends on gets its answer, though it takes long.
fn patient() -> Limits {
    Limits { linger: PATIENCE, ..Limits::default() }
}

/// An order with spaces in front of it, so that it is so large.
fn padded(size: usize) -> (String, Vec<u8>) {
    let order = client::order(1, 20);
    let mut body = vec![b' '; size - order.len()];
    body.extend_from_slice(order.as_bytes());
    (order, body)
}

#[test]
fn largest_body_is_read_and_a_larger_one_is_refused() {
    alone(async || {
        let service = Service::within(patient()).await?;
        let mut client = service.client().await?;
        let (order, body) = padded(MOST);
        assert_eq!(data(&client.order(&body).await?), receipt(&order));
        // All of it is sent before the answer is read, and none the less there is one to read.
        for size in [MOST + 1, 4 * MOST, 12 * MOST] {
            let answer = client.order(&padded(size).1).await?;
            assert_eq!(error(&answer, 413), "the body is too large");
            assert_eq!(answer.header("connection"), Some("close"));
            assert!(client.is_closed().await?);
            client = service.client().await?;
        }
        drop(client);
        service.end_well().await
    });
}

#[test]
fn body_that_only_claims_to_be_too_large_is_not_waited_for() {
    alone(async || {
        let service = Service::start().await?;
        for length in [MOST as u64 + 1, u64::MAX - 2] {
            for expect in ["", "expect: 100-continue\r\n"] {
                let mut client = service.client().await?;
                let head = format!(
                    "POST /orders HTTP/1.1\r\nhost: service\r\n{JSON}{expect}\
                     content-length: {length}\r\n\r\n"
                );
                let answer = ask(&mut client, head.as_bytes()).await?;
                assert_eq!(error(&answer, 413), "the body is too large");
                assert!(client.is_closed().await?);
            }
        }
        service.end_well().await
    });
}

#[test]
fn client_that_sends_on_after_its_answer_is_not_reset() {
    alone(async || {
        let service = Service::within(patient()).await?;
        let mut client = service.client().await?;
        let (length, spaces) = (512 << 10, [b' '; 16 << 10]);
        let head = format!(
            "POST /orders HTTP/1.1\r\nhost: service\r\n{JSON}content-length: {length}\r\n\r\n"
        );
        error(&ask(&mut client, head.as_bytes()).await?, 413);
        assert!(client.is_closed().await?);
        // The service has said all that it has to say. What was on the way to it may still come.
        for _ in 0..length / spaces.len() {
            client.send(&spaces).await?;
        }
        drop(client);
        service.end_well().await
    });
}

#[test]
fn chunks_that_are_too_many_are_refused_before_the_last() {
    alone(async || {
        let service = Service::within(patient()).await?;
        for chunk in [1 << 10, 16 << 10, 128 << 10] {
            let mut client = service.client().await?;
            let head = format!(
                "POST /orders HTTP/1.1\r\nhost: service\r\n{JSON}transfer-encoding: chunked\r\n\r\n"
            );
            client.send(head.as_bytes()).await?;
            let chunk = format!("{chunk:x}\r\n{}\r\n", " ".repeat(chunk));
            for _ in 0..=MOST / chunk.len() + 1 {
                client.send(chunk.as_bytes()).await?;
            }
            assert_eq!(error(&client.answer().await?, 413), "the body is too large");
            assert!(client.is_closed().await?);
        }
        service.end_well().await
    });
}

/// Posts what is not an order, over one connection. Returns what is told.
async fn refused(client: &mut Client, body: &[u8], status: u16) -> std::io::Result<String> {
    let answer = client.order(body).await?;
    Ok(error(&answer, status))
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        let order = client::order(1, 2);
        let after = format!("{order} x");
        let not_utf_8 = [&b"{\"customer\":\"\xff\xfe"[..], order.as_bytes()].concat();
        let controls = order.replacen("Customer", "\u{1}", 1);
        for body in [
            &b""[..],
            b"   ",
            b"\xef\xbb\xbf{}",
            b"{",
            b"{]",
            b"nul",
            b"{\"customer\":\"\\ud800\"}",
            &not_utf_8,
            controls.as_bytes(),
            after.as_bytes(),
        ] {
            let reason = refused(&mut client, body, 400).await?;
            assert!(reason.contains(" at line 1 column "), "{reason}");
        }
        let reason = refused(&mut client, b"{\n  \"customer\": \"Ada\",\n  ?", 400).await?;
        assert!(reason.ends_with("at line 3 column 3"), "{reason}");
        drop(client);
        service.end_well().await
    });
}

#[test]
fn order_that_ends_too_early_is_refused_wherever_it_ends() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        let order = client::order(3, 2);
        // Of what is wrong with a token nothing is told, not even that it has no end.
        let name = "\"payment_token\":";
        let secret = order.find(name).expect("there is one") + name.len()..order.len() - 1;
        for length in 0..order.len() {
            let (status, part) = match secret.contains(&length) {
                true => (422, "not shown"),
                false => (400, "EOF while parsing"),
            };
            let reason = refused(&mut client, &order.as_bytes()[..length], status).await?;
            assert!(reason.contains(part), "{length}: {reason}");
        }
        drop(client);
        service.end_well().await
    });
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        for body in ["[".repeat(MOST), "{\"customer\":".repeat(MOST / 12)] {
            // Not an order from the first nested byte on: neither gets anywhere.
            refused(&mut client, body.as_bytes(), 422).await?;
        }
        for inner in ["[".repeat(60_000), "{\"a\":".repeat(12_000)] {
            let body = format!("{{\"lines\":[{{\"sku\":{inner}");
            refused(&mut client, body.as_bytes(), 422).await?;
        }
        drop(client);
        service.end_well().await
    });
}

#[test]
fn order_that_cannot_be_priced_is_refused_by_the_name_of_its_field() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        let order = client::order(3, 2);
        let replaced = |from: &str, to: &str| {
            assert!(order.contains(from), "{order} has no {from}");
            order.replacen(from, to, 1)
        };
        let long_token = format!("\"payment_token\":\"{}", "t".repeat(257));
        for (body, reason) in [
            (replaced("Customer 3", ""), "customer: must not be empty"),
            (replaced("Customer 3", " \\t "), "customer: must not be empty"),
            (replaced("Customer 3", &"c".repeat(201)), "customer: is too long"),
            (replaced("ring twice", &"n".repeat(2001)), "note: is too long"),
            (replaced("\"payment_token\":\"", &long_token), "payment_token: is too long"),
            (replaced("\"quantity\":5", "\"quantity\":0"), "lines[1].quantity: must be at least 1"),
            (replaced("\"sku\":\"", "\"sku\":\"un"), "lines[0].sku: there is no such article"),
            (
                replaced("\"unit_price\":", &format!("\"unit_price\":{}", u64::MAX / 1000)),
                "lines[0].unit_price: the order comes to too much",
            ),
            (client::order(1, 0), "lines: must not be empty"),
            (client::order(1, 501), "lines: are too many"),
        ] {
            assert_eq!(refused(&mut client, body.as_bytes(), 422).await?, reason);
        }
        drop(client);
        service.end_well().await
    });
}

#[test]
fn json_that_is_no_order_is_refused_and_its_token_not_repeated() {
    alone(async || {
        let service = Service::start().await?;
        let mut client = service.client().await?;
        let order = client::order(3, 2);
        let token = &order[order.find("\"payment_token\"").expect("there is one")..];
        let secret = client::TOKEN;
        for (body, part) in [
            ("7".to_owned(), "expected struct Order"),
            ("{}".to_owned(), "missing field `customer`"),
            (format!("{{\"customer\":\"Ada\",\"lines\":[],{token}"), "must not be empty"),
            (format!("{{\"customer\":\"Ada\",{token}"), "missing field `lines`"),
            (format!("{{\"customers\":\"Ada\",{token}"), "unknown field `customers`"),
            (order.replacen("\"quantity\":4", "\"quantity\":-4", 1), "invalid value"),
            (order.replacen("\"quantity\":4", "\"quantity\":4.5", 1), "invalid type"),
            (order.replacen("\"quantity\":4", "\"quantity\":4294967296", 1), "invalid value"),
            (order.replacen("{\"customer\"", "{\"customer\":\"Ada\",\"customer\"", 1), "duplicate"),
            // What is said of a token says nothing of what it is.
            (format!("{{\"payment_token\":[\"{secret}\"]}}"), ""),
            (format!("{{\"payment_token\":{{\"{secret}\":0}}}}"), ""),
            (format!("{{\"payment_token\":\"{secret}\",\"payment_token\":0}}"), "duplicate"),
        ] {
            let reason = refused(&mut client, body.as_bytes(), 422).await?;
            assert!(reason.contains(part), "{body}: {reason}");
        }
        let reason = refused(&mut client, br#"{"payment_token":4711}"#, 422).await?;
        assert!(!reason.contains("4711"), "{reason}");
        drop(client);
        service.end_well().await
    });
}

#[test]
fn what_is_not_http_is_refused_and_hung_up_on() {
    alone(async || {
        let service = Service::start().await?;
        for nonsense in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
            b"POST /orders HTTP/1.1\r\nhost: service\r\ncontent-length: many\r\n\r\n",
            b"POST /orders\r\n\r\n",
        ] {
            let mut client = service.client().await?;
            // hyper answers these itself, without a body.
            assert_eq!(ask(&mut client, nonsense).await?.status, 400);
            assert!(client.is_closed().await?);
        }
        let mut client = service.client().await?;
        let head = format!("GET /pools HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(40 << 10));
        assert_eq!(ask(&mut client, head.as_bytes()).await?.status, 431);
        drop(client);
        service.end_well().await
    });
}

/// Routes whose handlers are at fault themselves.
fn faulty() -> Router {
    struct Unwritable;

    impl serde::Serialize for Unwritable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("the secret reason"))
        }
    }

    async fn panics() {
        panic!("on purpose")
    }

    Router::new()
        .route("/panic", get(panics))
        .route("/unwritable", get(async || Json(Envelope::of(Unwritable))))
        .route("/well", get(async || Json(Envelope::of("well"))))
}

async fn fails(path: &str) -> Outcome {
    let limits = Limits::default();
    let service = Service::of(guard(faulty(), &limits), limits).await?;
    let mut client = service.client().await?;
    let reason = error(&client.get(path).await?, 500);
    assert_eq!(reason, "something went wrong in the service");
    // The next one over the same connection is none the worse for it.
    assert_eq!(data(&client.get("/well").await?), "well");
    drop(client);
    assert_eq!(service.end().await?.cut, 0);
    Ok(())
}

#[test]
fn panic_of_a_handler_is_answered_and_ends_nothing_else() {
    alone(async || fails("/panic").await);
}

#[test]
fn answer_that_cannot_be_written_is_one_of_the_envelope() {
    alone(async || fails("/unwritable").await);
}
