//! A service for each test, and what must hold after it.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use poolable::buffer::BufferPool;
use poolable::{Poolable, json};
use serde_json::Value;
use service::catalogue::{ARTICLES, Tax};
use service::client::{Answer, Client, TOKEN};
use service::{Ended, Limits, Order, Receipt, router_within, serve_router};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};

/// What must come comes within this, however slow the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// A limit that a test waits for.
pub(crate) const SHORT: Duration = Duration::from_millis(200);

pub(crate) type Outcome = Result<(), Box<dyn core::error::Error>>;

/// Runs a test, and no other one meanwhile.
pub(crate) fn alone(test: impl AsyncFnOnce() -> Outcome) {
    let _turn = turn();
    run(test);
}

/// Waits until no other test runs: they share the pools, for they are the process's.
pub(crate) fn turn() -> impl Drop {
    static TURN: Mutex<()> = Mutex::new(());

    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a test on a runtime of its own. Its threads have ended when this returns.
pub(crate) fn run(test: impl AsyncFnOnce() -> Outcome) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("there are threads");
    let outcome = runtime.block_on(async {
        let outcome = tokio::time::timeout(PATIENCE, test()).await.expect("it comes to an end");
        nothing_in_use().await;
        outcome
    });
    outcome.expect("nobody is disturbed");
}

/// Waits until nothing is in use, which must come soon.
pub(crate) async fn nothing_in_use() {
    let in_use = || {
        let buffers = [BufferPool::global(), json::read_buffers()].map(|pool| pool.stats().total());
        let [answers, bodies] = buffers;
        [Order::pool().stats(), Receipt::pool().stats(), answers, bodies].map(|stats| stats.in_use)
    };
    let start = Instant::now();
    while in_use() != [0; 4] {
        assert!(
            start.elapsed() < PATIENCE,
            "orders, receipts, answers, bodies in use: {:?}",
            in_use()
        );
        yield_now().await;
    }
}

/// A service that serves.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    end: oneshot::Sender<()>,
    serving: JoinHandle<Ended>,
}

impl Service {
    /// Starts with the limits that there are by default.
    pub(crate) async fn start() -> io::Result<Self> {
        Self::within(Limits::default()).await
    }

    pub(crate) async fn within(limits: Limits) -> io::Result<Self> {
        Self::of(router_within(&limits), limits).await
    }

    pub(crate) async fn of(router: Router, limits: Limits) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (end, ending) = oneshot::channel::<()>();
        let ending = async {
            // Nothing is ever sent: the other half is dropped.
            let _ = ending.await;
        };
        let serving = tokio::spawn(serve_router(listener, router, limits, ending));
        Ok(Self { address, end, serving })
    }

    pub(crate) async fn client(&self) -> io::Result<Client> {
        Client::connect(self.address).await
    }

    /// Says that it is to end, and returns what waits for that.
    pub(crate) fn end(self) -> JoinHandle<Ended> {
        drop(self.end);
        self.serving
    }

    /// Looks whether it still does what it should, and ends it. No connection may be left over.
    pub(crate) async fn end_well(self) -> Outcome {
        let order = service::client::order(1, 3);
        let mut client = self.client().await?;
        assert_eq!(data(&client.order(order.as_bytes()).await?), receipt(&order));
        drop(client);
        nothing_in_use().await;
        assert_eq!(self.end().await?, Ended { cut: 0 });
        Ok(())
    }
}

/// What is in the envelope of an answer, which must be as it should in all other respects.
fn open(answer: &Answer) -> (bool, Value) {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
    let is_seen = |bytes: &[u8]| bytes.windows(TOKEN.len()).any(|seen| seen == TOKEN.as_bytes());
    assert!(!is_seen(&answer.body), "the token is answered: {answer}");
    assert!(!answer.headers.iter().any(|(_, value)| is_seen(value.as_bytes())), "in a header");
    let envelope: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
    let envelope = envelope.as_object().expect("an answer is an object");
    let success = envelope["success"].as_bool().expect("it says whether there was success");
    assert_eq!(envelope.len(), 2, "what is empty is left out: {answer}");
    (success, envelope[if success { "data" } else { "error" }].clone())
}

/// The data of an answer.
pub(crate) fn data(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer}");
    let (success, data) = open(answer);
    assert!(success, "{answer}");
    data
}

/// The reason in an answer of that status.
pub(crate) fn error(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{answer}");
    let (success, error) = open(answer);
    assert!(!success, "{answer}");
    error.as_str().expect("a reason is text").to_owned()
}

/// The receipt of an order that is right, worked out in another way.
pub(crate) fn receipt(order: &str) -> Value {
    let mut order: Value = serde_json::from_str(order).expect("an order is JSON");
    let order = order.as_object_mut().expect("an order is an object");
    order.remove("payment_token");
    let mut of_tax = [0, 0];
    for line in order["lines"].as_array_mut().expect("lines are in an array") {
        let number = |name| line[name].as_u64().expect("it is a number");
        let amount = number("quantity") * number("unit_price");
        let (_, tax) = ARTICLES.iter().find(|(sku, _)| *sku == line["sku"]).expect("it is sold");
        of_tax[usize::from(*tax == Tax::Reduced)] += amount;
        line["amount"] = amount.into();
    }
    let subtotal = of_tax[0] + of_tax[1];
    let percent = match subtotal {
        200_000.. => 8,
        50_000.. => 5,
        10_000.. => 2,
        _ => 0,
    };
    let (mut discount, mut tax) = (0, 0);
    for (amount, rate) in of_tax.into_iter().zip([19, 7]) {
        let off = (amount * percent + 50) / 100;
        discount += off;
        tax += ((amount - off) * rate + 50) / 100;
    }
    order.insert(
        "totals".to_owned(),
        serde_json::json!({
            "subtotal": subtotal,
            "discount": discount,
            "tax": tax,
            "total": subtotal - discount + tax,
        }),
    );
    Value::Object(order.clone())
}
