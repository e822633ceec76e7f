//! Every limit of a pool by tokio's clock, paused: hours of it take no time.

use std::panic::catch_unwind;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use poolable::managed::{AsyncResourcePoolBuilder, Clock, Event, GetError, Retry, Stage, Timeouts};
use tokio::runtime::Builder;
use tokio::time::{self, Instant};

use crate::crew::PATIENCE;
use crate::manager::{SLOW, Scripted};
use crate::script::End;
use crate::things::{SECOND, assert_laws, things};

const HOUR: Duration = Duration::from_secs(3600);

/// How far the paused clock may go past what is waited for: its grain.
const GRAIN: Duration = Duration::from_millis(10);

#[track_caller]
fn assert_passed(start: Instant, expected: Duration) {
    let passed = start.elapsed();
    assert!(passed >= expected && passed <= expected + GRAIN, "{passed:?}, not {expected:?}");
}

/// Waits for what threads do, while tokio's clock stands.
async fn eventually(mut holds: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "it does not come to that");
        tokio::task::yield_now().await;
    }
}

/// With the hook and without.
fn both(
    build: impl Fn() -> AsyncResourcePoolBuilder<Arc<Scripted>>,
) -> [AsyncResourcePoolBuilder<Arc<Scripted>>; 2] {
    [build().tokio().clock(&Clock::tokio()), build().clock(&Clock::tokio())]
}

fn limits(wait: Option<Duration>) -> Timeouts {
    Timeouts { wait, ..Timeouts::default() }
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_over_when_tokio_says_so() {
    for builder in both(|| things(1, &[], &[]).timeouts(limits(Some(HOUR)))) {
        let pool = builder.build().expect("a pool");
        let lease = pool.get().await.expect("a lease");
        let start = Instant::now();
        match pool.get().await {
            Err(GetError::Timeout { stage: Stage::Wait, waited, .. }) => assert!(waited >= HOUR),
            other => panic!("{:?}", other.map(drop)),
        }
        assert_passed(start, HOUR);
        let start = Instant::now();
        assert!(matches!(pool.get_timeout(SECOND).await, Err(GetError::Timeout { .. })));
        assert_passed(start, SECOND);
        drop(lease);
        drop(pool.get().await.expect("a lease"));
        assert_eq!(assert_laws(&pool).timed_out, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_not_over_before_the_clock_is_advanced() {
    let pool = things(1, &[], &[]).clock(&Clock::tokio()).build().expect("a pool");
    let lease = pool.get().await.expect("a lease");
    let waiter = tokio::spawn({
        let pool = pool.clone();
        async move { pool.get_timeout(10 * SECOND).await.map(drop) }
    });
    while pool.stats().waiting == 0 {
        tokio::task::yield_now().await;
    }
    time::advance(9 * SECOND).await;
    assert_eq!(pool.stats().waiting, 1);
    time::advance(SECOND + GRAIN).await;
    assert!(matches!(waiter.await.expect("a task"), Err(GetError::Timeout { .. })));
    drop(lease);
}

#[tokio::test(start_paused = true)]
async fn a_create_takes_no_longer_than_its_limit() {
    let limits = Timeouts { create: Some(HOUR), wait: None, check: None };
    for builder in both(|| things(1, &[End::Never], &[]).timeouts(limits)) {
        let pool = builder.build().expect("a pool");
        let start = Instant::now();
        let late = pool.get().await;
        assert!(matches!(late, Err(GetError::Timeout { stage: Stage::Create, .. })));
        assert_passed(start, HOUR);
        drop(pool.get().await.expect("another create"));
        assert_passed(start, HOUR);
        assert_eq!(assert_laws(&pool).created, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_without_a_limit_goes_on_for_half_a_minute_when_nobody_waits() {
    for builder in both(|| things(1, &[End::Never], &[])) {
        let pool = builder.build().expect("a pool");
        assert!(matches!(pool.get_timeout(SECOND).await, Err(GetError::Timeout { .. })));
        time::sleep(29 * SECOND).await;
        assert_eq!(assert_laws(&pool).creating, 1);
        time::sleep(2 * SECOND).await;
        // Without a hook it is dropped by a thread, which tokio's clock does not wait for.
        eventually(|| assert_laws(&pool).creating == 0).await;
        drop(pool.get().await.expect("another create"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_create_is_waited_for() {
    for builder in both(|| things(1, &[End::Slow], &[])) {
        let pool = builder.build().expect("a pool");
        let start = Instant::now();
        drop(pool.get().await.expect("a lease"));
        assert_passed(start, SLOW);
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_takes_no_longer_than_its_limit() {
    let limits = Timeouts { check: Some(HOUR), wait: None, create: None };
    for builder in both(|| things(1, &[], &[End::Never]).timeouts(limits)) {
        let pool = builder.build().expect("a pool");
        drop(pool.get().await.expect("a lease"));
        let start = Instant::now();
        drop(pool.get().await.expect("a new one"));
        assert_passed(start, HOUR);
        let stats = assert_laws(&pool);
        assert_eq!((stats.created, stats.destroyed.broken, stats.check_failed), (2, 1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_that_is_under_way_when_the_wait_is_over_is_dropped() {
    for builder in both(|| things(1, &[], &[End::Never])) {
        let pool = builder.build().expect("a pool");
        drop(pool.get().await.expect("a lease"));
        let start = Instant::now();
        let late = pool.get_timeout(HOUR).await;
        assert!(matches!(late, Err(GetError::Timeout { stage: Stage::Check, .. })));
        assert_passed(start, HOUR);
        let stats = assert_laws(&pool);
        assert_eq!((stats.open, stats.destroyed.broken), (0, 1), "{stats:?}");
        drop(pool.get().await.expect("a new one"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_idle_for_too_long_goes() {
    for builder in both(|| things(2, &[], &[]).idle_timeout(HOUR)) {
        let pool = builder.build().expect("a pool");
        drop(pool.get().await.expect("a lease"));
        time::sleep(HOUR - SECOND).await;
        assert_eq!(pool.stats().idle, 1);
        time::sleep(3 * SECOND).await;
        let stats = assert_laws(&pool);
        assert_eq!((stats.idle, stats.destroyed.idle), (0, 1), "{stats:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_lived_for_too_long_goes() {
    for builder in both(|| things(2, &[], &[]).max_lifetime(HOUR).jitter(0.0)) {
        let pool = builder.build().expect("a pool");
        for _ in 0..3 {
            drop(pool.get().await.expect("a lease"));
            time::sleep(HOUR / 4).await;
        }
        let (old, lease) = (pool.stats(), pool.get().await.expect("a lease"));
        assert_eq!((old.created, old.idle), (1, 1), "{old:?}");
        time::sleep(HOUR / 2).await;
        drop(lease);
        let stats = assert_laws(&pool);
        assert_eq!((stats.idle, stats.destroyed.expired), (0, 1), "{stats:?}");
        drop(pool.get().await.expect("a lease"));
        time::sleep(HOUR + 2 * SECOND).await;
        let stats = assert_laws(&pool);
        assert_eq!((stats.idle, stats.destroyed.expired), (0, 2), "{stats:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_create_is_tried_again_after_pauses_of_tokios_time() {
    let retry = Retry::exponential(SECOND, HOUR, 5);
    for builder in both(|| things(1, &[End::Error; 3], &[]).retry(retry)) {
        let pool = builder.build().expect("a pool");
        let start = Instant::now();
        drop(pool.get().await.expect("the fourth attempt"));
        assert_passed(start, 7 * SECOND);
        assert_eq!(pool.manager().creates.reached(), 3);
        assert_eq!(assert_laws(&pool).create_failed, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_held_for_too_long_is_told_of() {
    for builder in both(|| things(1, &[], &[])) {
        let (send, told) = mpsc::channel();
        let pool = builder
            .hold_warn_after(HOUR)
            .observer(move |event| {
                if let Event::HeldTooLong { id, held, .. } = *event {
                    // Nobody listens any more if the test has failed.
                    let _ = send.send((id, held));
                }
            })
            .build()
            .expect("a pool");
        let lease = pool.get().await.expect("a lease");
        time::sleep(HOUR - SECOND).await;
        assert_eq!(told.try_recv(), Err(mpsc::TryRecvError::Empty));
        time::sleep(HOUR).await;
        // It may come from a thread.
        let mut warning = None;
        eventually(|| {
            warning = told.try_recv().ok();
            warning.is_some()
        })
        .await;
        assert!(warning.is_some_and(|(id, held)| id == 1 && held >= HOUR));
        drop(lease);
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_as_long_as_tokios_clock_says() {
    for builder in both(|| things(1, &[], &[])) {
        let pool = builder.build().expect("a pool");
        let lease = pool.get().await.expect("a lease");
        let start = Instant::now();
        let left = pool.drain(Clock::tokio().now() + HOUR).await.unwrap_err();
        assert_eq!(left.in_use, 1);
        assert_passed(start, HOUR);
        drop(lease);
        assert!(pool.drain(Clock::tokio().now() + HOUR).await.is_ok());
        assert_passed(start, HOUR);
    }
}

#[tokio::test(start_paused = true)]
async fn a_prewarm_gives_up_when_the_wait_is_over() {
    let patience = 20 * SECOND;
    for builder in both(|| things(1, &[End::Never], &[]).timeouts(limits(Some(patience)))) {
        let pool = builder.build().expect("a pool");
        let start = Instant::now();
        let error = pool.prewarm(1).await.unwrap_err();
        assert_eq!((error.created, error.wanted), (0, 1));
        assert_passed(start, patience);
        assert_laws(&pool);
    }
}

#[tokio::test(start_paused = true)]
async fn a_get_may_wait_for_ever_where_no_time_is_given() {
    for builder in both(|| things(1, &[], &[]).timeouts(limits(None))) {
        let pool = builder.build().expect("a pool");
        let lease = pool.get().await.expect("a lease");
        let late = time::timeout(100 * HOUR, pool.get()).await;
        assert!(late.is_err(), "tokio's own timer is the first to fire");
        drop(lease);
        assert_eq!(assert_laws(&pool).timed_out, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_clock_stands_and_moves_with_tokios() {
    let clock = Clock::tokio();
    let start = clock.now();
    assert_eq!(clock.now(), start);
    time::advance(HOUR).await;
    assert_eq!(clock.now() - start, HOUR);
    time::resume();
    assert!(clock.now() - start >= HOUR);
}

/// What a call panics with.
fn message<R>(call: impl FnOnce() -> R + std::panic::UnwindSafe) -> String {
    let Err(payload) = catch_unwind(call) else { panic!("it does not panic") };
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().expect("a text").to_string(),
    }
}

#[test]
fn tokios_clock_outside_of_a_runtime_is_refused_with_the_remedy() {
    let text = message(Clock::tokio);
    assert!(text.contains("`Clock::tokio`") && text.contains("runtime"), "{text}");
}

#[test]
fn tokios_clock_in_a_runtime_without_a_timer_is_refused_with_the_remedy() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let text = message(move || runtime.block_on(async { Clock::tokio() }));
    assert!(text.contains("`Clock::tokio`") && text.contains("enable_time"), "{text}");
}
