//! A server that shows its pools, which it uses as it is told to.
//!
//! `poolable-browser [--port N] [--load] [--full] [--many N] [--names]` says where it listens, and
//! then the path of each request that is for neither the page nor its JSON. It ends when its
//! standard input does, so that it does not outlive who started it.
//!
//! | argument | what it does |
//! | --- | --- |
//! | `--port N` | listens there, and not at a free port |
//! | `--load` | threads get `orders`, which always succeeds, and wait for `connections`, of which there are two |
//! | `--full` | `bursts` come back to a depot that holds 8 |
//! | `--many N` | `pool-0001` and so on are used, one after the other |
//! | `--names` | makes pools whose names are written in HTML |
#![forbid(unsafe_code)]

use core::net::SocketAddr;
use core::time::Duration;
use std::env;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::Html;
use axum::routing::get;
use poolable::managed::BoundedPool;
use poolable::{Pool, inspect};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// Under which the page has to work.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
    connect-src 'self'";
/// Between two rounds of a thread that makes load: the browser needs the processor too.
const BREATH: Duration = Duration::from_millis(2);
/// Names that do something if they are taken for more than names.
const NAMES: [&str; 5] = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>&amp;&lt;",
    "line\nbreak \u{202e}backwards",
    "",
];

fn main() -> io::Result<()> {
    let mut port = 0;
    let mut arguments = env::args().skip(1);
    let number = |argument: Option<String>| {
        argument.and_then(|text| text.parse::<u16>().ok()).ok_or(io::ErrorKind::InvalidInput)
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--port" => port = number(arguments.next())?,
            "--load" => load(),
            "--full" => full(),
            "--many" => many(number(arguments.next())?.into()),
            "--names" => names(),
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        }
    }
    Builder::new_current_thread().enable_all().build()?.block_on(serve(port))
}

async fn serve(port: u16) -> io::Result<()> {
    let json = async || ([(CONTENT_TYPE, inspect::JSON)], inspect::json());
    let page =
        async || ([(CONTENT_SECURITY_POLICY, POLICY)], Html(inspect::html("/\"'<pools>&.json")));
    let strange = async |path: Uri| {
        println!("strange {path}");
        StatusCode::NOT_FOUND
    };
    let service = Router::new()
        .route("/pools", get(page))
        .route("/%22'%3Cpools%3E&.json", get(json))
        .fallback(strange);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    println!("listening on {}", listener.local_addr()?);
    io::stdout().flush()?;
    let orphaned = async {
        let mut end = Vec::new();
        // What is said there does not matter.
        let _ = tokio::io::stdin().read_to_end(&mut end).await;
        std::process::exit(0);
    };
    axum::serve(listener, service).with_graceful_shutdown(orphaned).await
}

/// Does something for as long as the process lives.
fn for_ever(mut round: impl FnMut() + Send + 'static) {
    thread::spawn(move || {
        loop {
            round();
            thread::sleep(BREATH);
        }
    });
}

fn load() {
    let orders: Arc<Pool<String>> = Arc::new(Pool::builder().name("orders").build());
    for _ in 0..2 {
        let orders = orders.clone();
        for_ever(move || (0..20).for_each(|_| orders.get().push_str("an order")));
    }
    let connections = BoundedPool::builder(String::new).max_open(2).name("connections");
    let connections = connections.build().expect("its bounds are right");
    for _ in 0..5 {
        let connections = connections.clone();
        for_ever(move || {
            // That it cannot be had is what is to be seen.
            let connection = connections.get_timeout(BREATH);
            thread::sleep(BREATH);
            drop(connection);
        });
    }
}

fn full() {
    let bursts = Pool::builder().name("bursts").cache(4).max_idle(8);
    let bursts: Pool<Vec<u8>> = bursts.build();
    for_ever(move || {
        let burst: Vec<_> = (0..50).map(|_| bursts.get()).collect();
        drop(burst);
    });
}

fn many(count: usize) {
    let named = |number| Pool::builder().name(format!("pool-{number:04}")).build();
    let pools: Vec<Pool<String>> = (1..=count).map(named).collect();
    // The first are used the most.
    for_ever(move || {
        for (place, pool) in pools.iter().enumerate() {
            (0..1 + 1000 / (place + 1)).for_each(|_| drop(pool.get()));
        }
    });
}

fn names() {
    for name in NAMES {
        let pool: Pool<String> = Pool::builder().name(name).build();
        drop(pool.get());
        // It is seen for as long as it is not dropped.
        core::mem::forget(pool);
    }
}
