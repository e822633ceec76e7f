//! What the calls that concern all pools tell: one test, since they do concern all pools.
#![allow(clippy::std_instead_of_core, reason = "written as users write")]

use poolable::{Pool, maintain, trim_all};
use poolable_telemetry::{event, listen, told};
use tracing::Level;

#[test]
fn each_call_tells_once_of_each_pool() {
    listen();
    let trimmed = |count: u64| {
        let fields = [("reason", "trimmed"), ("count", &*count.to_string())];
        event(Level::DEBUG, "idle objects trimmed", &fields)
    };
    let pool: Pool<String> = Pool::builder().max_idle(10_000).name("burst").build();
    let idle: Pool<String> = Pool::builder().name("idle").build();
    drop(idle.get());
    drop((0..5000).map(|_| pool.get()).collect::<Vec<_>>());
    let created = told("burst").len();
    assert_eq!(created, 5000);
    let mut freed = Vec::new();
    for _ in 0..6 {
        let before = pool.stats().idle;
        maintain();
        let count = before - pool.stats().idle;
        freed.extend((count > 0).then(|| trimmed(count)));
    }
    assert!(freed.len() > 2, "a surplus goes by halves: {freed:?}");
    assert_eq!(told("burst")[created..], freed);
    // One is not needed, but there is no need to tell that it stays.
    assert!(told("idle").len() <= 2);

    let before = told("burst").len();
    trim_all();
    let rest = pool.stats().idle;
    trim_all();
    assert_eq!(pool.stats().idle, 0);
    assert_eq!(told("burst")[before..], [trimmed(rest)]);
}
