//! Gets within `select!`, `join_all` and their like, and gets that are left alone.

use std::time::Duration;

use futures::future::{join_all, select_all};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{FutureExt, pin_mut};
use poolable::managed::{Clock, GetError, Stage, Timeouts};

use crate::block_on::{block_on, yield_times};
use crate::ledger::told;
use crate::script::End;
use crate::things::{Getter, SECOND, Things, assert_laws, assert_sound, things};

fn plain(max_open: usize) -> Things {
    things(max_open, &[], &[]).build().expect("a pool")
}

#[tokio::test]
async fn the_loser_of_tokios_select_leaves_the_queue() {
    let pool = plain(1);
    let lease = pool.get().await.expect("a lease");
    tokio::select! {
        biased;
        got = pool.get() => panic!("nothing is there to get: {:?}", got.err()),
        () = yield_times(5) => {}
    }
    assert_eq!(pool.stats().waiting, 0);
    drop(lease);
    let got = tokio::select! {
        biased;
        got = pool.get() => got,
        () = yield_times(5) => panic!("one is idle"),
    };
    drop(got.expect("a lease"));
    assert_sound(&pool);
}

#[test]
fn the_loser_of_the_select_of_futures_leaves_the_queue() {
    let pool = plain(1);
    block_on(async {
        let lease = pool.get().await.expect("a lease");
        {
            let (get, other) = (pool.get().fuse(), yield_times(5).fuse());
            pin_mut!(get, other);
            futures::select_biased! {
                got = get => panic!("nothing is there to get: {:?}", got.err()),
                () = other => assert_eq!(pool.stats().waiting, 1),
            }
        }
        assert_eq!(pool.stats().waiting, 0);
        drop(lease);
    });
    assert_sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_tokios_around_a_get_is_a_drop() {
    let pool = plain(1);
    let lease = pool.get().await.expect("a lease");
    let late = tokio::time::timeout(SECOND, pool.get()).await;
    assert!(late.is_err());
    assert_eq!((pool.stats().waiting, pool.stats().timed_out), (0, 0));
    drop(lease);
    let got = tokio::time::timeout(SECOND, pool.get()).await.expect("in time");
    drop(got.expect("a lease"));
    assert_sound(&pool);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_tokios_around_a_create_keeps_it_for_the_next() {
    let pool = things(1, &[End::Slow], &[]).build().expect("a pool");
    let late = tokio::time::timeout(Duration::from_millis(1), pool.get()).await;
    assert!(late.is_err());
    assert_eq!(assert_laws(&pool).creating, 1);
    drop(pool.get().await.expect("what had been begun"));
    assert_eq!((pool.stats().created, pool.manager().creates.reached()), (1, 1));
    assert_sound(&pool);
}

#[test]
fn many_gets_in_one_task_are_served_one_after_the_other() {
    let pool = plain(2);
    let ids = block_on(join_all((0..20).map(|_| async {
        let lease = pool.get().await.expect("a lease");
        yield_times(2).await;
        poolable::managed::Lease::meta(&lease).id
    })));
    assert_eq!(ids.len(), 20);
    assert!(pool.stats().created <= 2);
    assert_sound(&pool);
}

#[test]
fn gets_within_an_unordered_set_are_served_though_each_is_polled_only_when_woken() {
    for max_open in 1..4 {
        let pool = plain(max_open);
        let mut gets: FuturesUnordered<_> = (0..50)
            .map(|turn| {
                let pool = &pool;
                async move {
                    let lease = pool.get().await.expect("a lease");
                    yield_times(turn % 4).await;
                    drop(lease);
                }
            })
            .collect();
        let served = block_on(async {
            let mut served = 0;
            while gets.next().await.is_some() {
                served += 1;
            }
            served
        });
        assert_eq!((served, pool.stats().borrowed), (50, 50));
        drop(gets);
        assert_sound(&pool);
    }
}

#[test]
fn the_first_of_many_gets_leaves_the_others_to_be_dropped() {
    let pool = plain(2);
    for _ in 0..50 {
        let gets = (0..5).map(|_| Box::pin(pool.get()));
        let (first, _, others) = block_on(select_all(gets));
        drop(first.expect("a lease"));
        drop(others);
        assert_eq!(assert_laws(&pool).waiting, 0);
    }
    assert_sound(&pool);
}

// A get that is polled once, and then neither polled again nor dropped.

#[test]
fn a_get_left_unpolled_in_the_queue_keeps_the_one_object_that_it_is_granted_until_it_is_dropped() {
    let pool = plain(1);
    let lease = block_on(pool.get()).expect("a lease");
    let (left, next) = (Getter::waiting(&pool), Getter::waiting(&pool));
    drop(lease);
    assert!(left.is_woken() && !next.is_woken(), "it is its turn");
    assert_eq!(pool.stats().idle, 0);
    drop(left);
    assert!(next.is_woken());
    drop(next.finish().expect("what was passed on"));
    assert_sound(&pool);
}

#[test]
fn a_get_left_unpolled_in_the_queue_keeps_no_more_than_one_object_from_the_others() {
    let pool = plain(2);
    let leases = [(); 2].map(|()| block_on(pool.get()).expect("a lease"));
    let (left, next) = (Getter::waiting(&pool), Getter::waiting(&pool));
    drop(leases);
    drop(next.finish().expect("the other object"));
    drop(left);
    assert_sound(&pool);
}

#[test]
fn a_get_left_unpolled_during_its_create_is_granted_what_comes_back_and_leaves_it_when_it_drops() {
    let pool = things(2, &[End::Ok, End::Gated], &[]).build().expect("a pool");
    let lease = block_on(pool.get()).expect("a lease");
    let left = Getter::waiting(&pool);
    let next = Getter::waiting(&pool);
    assert_eq!(pool.stats().creating, 1);
    // It came first, and is granted what comes first.
    drop(lease);
    assert!(left.is_woken());
    pool.manager().gate.open();
    drop(left);
    drop(next.finish().expect("a lease"));
    assert_sound(&pool);
}

#[test]
fn a_get_left_unpolled_during_its_create_gives_up_its_place_when_the_limit_is_over() {
    let clock = Clock::manual();
    let pool = with_limit(1, &[End::Never], &clock);
    let left = Getter::waiting(&pool);
    let next = Getter::waiting(&pool);
    clock.advance(2 * SECOND);
    assert!(left.is_woken());
    drop(left);
    drop(next.finish().expect("a create of its own"));
    assert_sound(&pool);
}

/// A create that never ends is dropped some time after its limit.
#[track_caller]
fn assert_ends(pool: &Things, clock: &Clock) {
    let start = std::time::Instant::now();
    while pool.stats().creating > 0 || told(&pool.manager().ledger.creating) > 0 {
        assert!(start.elapsed() < SECOND, "the create is kept for ever: {:?}", pool.stats());
        clock.advance(SECOND);
        std::thread::yield_now();
    }
}

fn with_limit(max_open: usize, creates: &[End], clock: &Clock) -> Things {
    let limits = Timeouts { wait: None, create: Some(2 * SECOND), check: None };
    things(max_open, creates, &[]).timeouts(limits).clock(clock).build().expect("a pool")
}

#[test]
fn a_create_whose_getter_is_dropped_before_its_limit_is_over_ends_then() {
    let clock = Clock::manual();
    let pool = with_limit(1, &[End::Never], &clock);
    let getter = Getter::waiting(&pool);
    clock.advance(SECOND);
    drop(getter);
    assert_eq!(pool.stats().creating, 1);
    assert_ends(&pool, &clock);
    assert_sound(&pool);
}

#[test]
fn a_create_whose_getter_is_dropped_in_the_moment_when_its_limit_is_over_ends() {
    let clock = Clock::manual();
    let pool = with_limit(1, &[End::Never], &clock);
    let getter = Getter::waiting(&pool);
    clock.advance(2 * SECOND);
    assert!(getter.is_woken());
    drop(getter);
    assert_ends(&pool, &clock);
    assert_sound(&pool);
}

#[test]
fn a_create_ends_with_its_limit_though_an_object_comes_back_a_moment_later() {
    let clock = Clock::manual();
    let pool = with_limit(2, &[End::Ok, End::Never], &clock);
    let lease = block_on(pool.get()).expect("a lease");
    let getter = Getter::waiting(&pool);
    clock.advance(2 * SECOND);
    drop(lease);
    assert!(getter.is_woken());
    let late = getter.finish().map(drop);
    assert!(matches!(late, Err(GetError::Timeout { stage: Stage::Create, .. })), "{late:?}");
    assert_ends(&pool, &clock);
    assert_sound(&pool);
}

#[test]
fn a_get_left_unpolled_during_its_check_keeps_its_object_until_it_is_dropped() {
    let pool = things(1, &[], &[End::Never]).build().expect("a pool");
    drop(block_on(pool.get()).expect("a lease"));
    let left = Getter::waiting(&pool);
    let next = Getter::waiting(&pool);
    assert_eq!((pool.stats().checking, pool.stats().waiting), (1, 1));
    assert!(matches!(block_on(pool.try_get()), Err(GetError::Exhausted)));
    drop(left);
    assert_eq!(pool.stats().destroyed.broken, 1);
    drop(next.finish().expect("a new one"));
    assert_sound(&pool);
}
