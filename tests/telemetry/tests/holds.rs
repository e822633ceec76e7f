//! What is told of objects that are held for long, in a process of its own: while somebody
//! watches, all pools are watched.
#![allow(clippy::std_instead_of_core, reason = "written as users write")]

use std::time::Duration;

use poolable::{HoldWatch, Pool, PooledRef};
use poolable_telemetry::{eventually, listen, told};
use tracing::Level;

#[test]
fn a_watch_tells_the_subscriber_what_it_reports() {
    listen();
    let pool: Pool<String> = Pool::builder().name("held").build();
    let watch = HoldWatch::spawn(Duration::from_millis(1), |_| ()).expect("a thread");
    let line = line!() + 1;
    let held: Vec<PooledRef<'_, String>> = (0..1000).map(|_| pool.get()).collect();
    let sampled = watch.outstanding().len();
    assert!(sampled > 0, "one in 128 of 1000");
    let holds = || {
        let mut told = told("held");
        told.retain(|told| told.message == "object held for long");
        told
    };
    eventually(|| holds().len() == sampled);
    for hold in holds() {
        assert_eq!(hold.level, Level::WARN);
        let [("location", location), ("held_ms", held_ms)] = &hold.fields[..] else {
            panic!("{hold:?}")
        };
        assert!(location.contains(&format!("holds.rs:{line}:")), "{location}");
        assert!(held_ms.parse::<f64>().expect("a number") >= 1.0, "{held_ms}");
    }
    drop(held);
}
