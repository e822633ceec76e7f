//! The service asks itself.

use core::net::SocketAddr;
use std::time::Instant;

use poolable::buffer::BufferPool;
use poolable::{Poolable, json};
use service::client::{self, Client};
use service::{Order, Receipt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::Failed;

/// Clients at a time.
const CLIENTS: u64 = 16;
/// Requests of each.
const REQUESTS: u64 = 50;
/// Lines of an order.
const LINES: usize = 20;

/// Returns what does not hold, of all that must.
pub(crate) async fn run() -> Result<Vec<String>, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (end, ending) = oneshot::channel::<()>();
    let serving = tokio::spawn(service::serve(listener, async {
        // Nothing is ever sent: the other half is dropped.
        let _ = ending.await;
    }));

    let start = Instant::now();
    let mut asking = JoinSet::new();
    for number in 0..CLIENTS {
        asking.spawn(ask(address, number * REQUESTS));
    }
    let mut failed = Vec::new();
    while let Some(client) = asking.join_next().await {
        failed.extend(client??);
    }
    let elapsed = start.elapsed();
    let pools = Client::connect(address).await?.get("/pools").await?;
    if pools.status != 200 {
        failed.push(format!("the pools were not shown: {pools}"));
    }
    drop(end);
    let ended = serving.await?;

    println!("{CLIENTS} clients, {REQUESTS} requests each, in {:.2} s", elapsed.as_secs_f64());
    println!("GET /pools is {} bytes long; at the end it would say:\n", pools.body.len());
    print!("{}", poolable::report());
    let (orders, receipts) = (Order::pool().stats(), Receipt::pool().stats());
    let checks = [
        (ended.cut == 0, "a connection survived its client"),
        (orders.in_use == 0, "an order is in use"),
        (receipts.in_use == 0, "a receipt is in use"),
        (BufferPool::global().stats().total().in_use == 0, "the buffer of an answer is in use"),
        (json::read_buffers().stats().total().in_use == 0, "the buffer of a body is in use"),
        (orders.hits > orders.misses, "orders are not used again"),
    ];
    let checks = checks.into_iter().filter(|(holds, _)| !holds);
    failed.extend(checks.map(|(_, what)| what.to_owned()));
    Ok(failed)
}

/// A client, some of whose orders are wrong. Returns what was wrong about the answers.
async fn ask(service: SocketAddr, first: u64) -> Result<Vec<String>, Failed> {
    let mut client = Client::connect(service).await?;
    let mut failed = Vec::new();
    for number in first..first + REQUESTS {
        let order = client::order(number, LINES);
        let (order, status, part) = match number % 10 {
            7 => (order.replacen("sku\":\"", "sku\":\"un", 1), 422, "lines[0].sku: ".to_owned()),
            8 => (order[..order.len() / 2].to_owned(), 400, r#""success":false"#.to_owned()),
            9 => (order.replacen("Customer", "\u{1}", 1), 400, r#""error""#.to_owned()),
            _ => (order, 200, format!(r#""customer":"Customer {number}""#)),
        };
        let answer = client.order(order.as_bytes()).await?;
        let is_right = answer.status == status
            && answer.body.windows(part.len()).any(|window| window == part.as_bytes());
        if !is_right {
            failed.push(format!("order {number} was not answered {status} with {part}: {answer}"));
        }
    }
    Ok(failed)
}
