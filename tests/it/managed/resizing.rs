//! The maximum changes while the pool is in use.

use poolable::managed::{Clock, GetError, Lease, Reason};

use super::scripted::{
    Gate, Scripted, ask, assert_laws, builder, eventually, held_at, lease, leases, pool_of,
    promptly, queue_up, start_on, until, until_waiting,
};

#[test]
fn resize_four_to_one_to_four_while_empty_never_exceeds_the_maximum() {
    let (script, pool) = pool_of(4);
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    pool.resize(1);
    assert_eq!(pool.stats().max_open, Some(1));
    let getters: Vec<_> = (0..5).map(|_| queue_up(&pool)).collect();
    gate.wait_for(1);
    assert_eq!(pool.stats().open, 1);
    pool.resize(4);
    // Growth begins creates for those who wait, without a return.
    gate.wait_for(4);
    assert_eq!(pool.stats().open, 4);
    gate.open();
    for getter in getters {
        drop(getter.finish().expect("an object"));
    }
    assert_eq!(script.create.count(), 4);
    assert!(script.create.most_at_once() <= 4);
    assert_laws(&pool.stats());
}

#[test]
fn resize_four_to_one_to_four_with_four_out_never_exceeds_the_maximum() {
    let (script, pool) = pool_of(4);
    let mut held = leases(&pool, 4);
    pool.resize(1);
    assert_eq!(pool.stats().open, 4, "what is out is not taken away");
    let waiters: Vec<_> = (0..4).map(|_| queue_up(&pool)).collect();
    for open in (1..4).rev() {
        drop(held.pop());
        let stats = pool.stats();
        assert_eq!((stats.open, stats.waiting), (open, 4), "{stats:?}");
    }
    assert_eq!(script.reasons(), [Reason::Resized; 3]);
    pool.resize(4);
    let mut served = Vec::new();
    for waiter in waiters.into_iter().take(3) {
        served.push(waiter.finish().expect("growth wakes the waiters"));
    }
    until_waiting(&pool, 1);
    assert_eq!(pool.stats().open, 4);
    assert_eq!(script.alive(), 4);
    assert_laws(&pool.stats());
}

#[test]
fn a_return_under_the_shrunk_maximum_serves_a_waiter() {
    let (script, pool) = pool_of(2);
    let mut held = leases(&pool, 2);
    pool.resize(1);
    let waiter = queue_up(&pool);
    drop(held.pop());
    assert_eq!(pool.stats().waiting, 1);
    drop(held.pop());
    drop(waiter.finish().expect("the last of them"));
    assert_eq!(script.reasons(), [Reason::Resized]);
}

#[test]
fn shrinking_destroys_what_is_idle_at_once() {
    let (script, pool) = pool_of(8);
    let mut held = leases(&pool, 8);
    held.truncate(2);
    assert_eq!(pool.stats().idle, 6);
    pool.resize(4);
    let stats = pool.stats();
    assert_eq!((stats.open, stats.idle, stats.in_use), (4, 2, 2), "{stats:?}");
    assert_eq!(script.reasons(), [Reason::Resized; 4]);
    pool.resize(8);
    assert_eq!(pool.stats().open, 4, "growth makes nothing that nobody wants");
}

#[test]
fn a_create_that_is_under_way_when_the_pool_shrinks_makes_no_more_than_the_maximum() {
    let (script, pool) = pool_of(2);
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    let getters = [queue_up(&pool), queue_up(&pool)];
    gate.wait_for(2);
    pool.resize(1);
    gate.open();
    let [first, second] = getters;
    let first = first.finish().expect("an object");
    until(&pool, |stats| stats.open == 1 && stats.waiting == 1);
    drop(first);
    drop(second.finish().expect("the same"));
    eventually(&pool, || script.alive() == 1);
    assert_eq!(script.reasons(), [Reason::Resized]);
}

#[test]
fn a_getter_whose_create_fell_to_a_shrink_is_served_by_the_next_room() {
    let (script, pool) = pool_of(2);
    let gate = Gate::default();
    let held = lease(&pool);
    script.create.next(held_at(&gate));
    let getter = queue_up(&pool);
    gate.wait_for(1);
    pool.resize(1);
    gate.open();
    until(&pool, |stats| stats.destroyed.resized == 1);
    assert_eq!(pool.stats().waiting, 1);
    Lease::discard(held);
    assert_eq!(getter.finish().expect("a new one").number, 3);
}

#[test]
fn a_getter_whose_create_fell_to_a_pause_is_served_when_that_ends() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    script.create.next(held_at(&gate));
    let getters = [queue_up(&pool), queue_up(&pool)];
    gate.wait_for(1);
    pool.resize(0);
    gate.open();
    until(&pool, |stats| stats.open == 0);
    pool.resize(1);
    for getter in getters {
        assert_eq!(getter.finish().expect("a new one").number, 2);
    }
}

#[test]
fn resize_to_zero_pauses_the_pool_and_growth_resumes_it() {
    let (script, pool) = pool_of(2);
    drop(leases(&pool, 2));
    pool.resize(0);
    let stats = pool.stats();
    assert_eq!((stats.open, stats.max_open), (0, Some(0)), "{stats:?}");
    assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    let waiters = [queue_up(&pool), queue_up(&pool)];
    assert_eq!(script.create.count(), 2);
    pool.resize(1);
    let [first, second] = waiters;
    drop(first.finish().expect("an object"));
    drop(second.finish().expect("an object"));
    assert_eq!(script.create.count(), 3);
    assert!(!pool.is_closed());
}

#[test]
fn resize_to_none_lifts_the_maximum() {
    let (_script, pool) = pool_of(1);
    let held = lease(&pool);
    let waiters: Vec<_> = (0..10).map(|_| queue_up(&pool)).collect();
    pool.resize(None);
    let served: Vec<_> = waiters.into_iter().map(|waiter| waiter.finish()).collect();
    assert!(served.iter().all(Result::is_ok));
    // And a few more, if a thread took longer than two others in a row.
    assert!((11..=14).contains(&pool.stats().open), "{:?}", pool.stats());
    drop(held);
}

#[test]
fn resize_to_the_same_changes_nothing() {
    let (script, pool) = pool_of(2);
    drop(leases(&pool, 2));
    pool.resize(2);
    assert_eq!(pool.stats().idle, 2);
    assert_eq!(script.destroyed(), []);
}

#[test]
fn growth_keeps_more_idle_where_no_other_limit_was_given() {
    let (script, pool) = pool_of(1);
    pool.resize(3);
    drop(leases(&pool, 3));
    assert_eq!(pool.stats().idle, 3);
    assert_eq!(script.destroyed(), []);
}

#[test]
fn a_limit_of_idle_ones_outlasts_growth() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).max_open(2).max_idle(1).build();
    let pool = pool.expect("a pool");
    pool.resize(4);
    drop(leases(&pool, 4));
    assert_eq!(pool.stats().idle, 1);
    assert_eq!(script.reasons(), [Reason::Full; 3]);
}

#[test]
fn resizes_against_gets_never_exceed_what_was_the_largest() {
    let (script, pool) = pool_of(4);
    let workers: Vec<_> = (0..4)
        .map(|_| {
            start_on(&pool, |pool| {
                for _ in 0..200 {
                    drop(pool.get().expect("an object"));
                }
            })
        })
        .collect();
    let resizer = start_on(&pool, |pool| {
        for round in 0..200 {
            pool.resize([1, 4, 2, 3][round % 4]);
            let stats = pool.stats();
            assert!(stats.open <= 4, "{stats:?}");
        }
        pool.resize(1);
    });
    for worker in workers {
        worker.finish();
    }
    resizer.finish();
    until(&pool, |stats| stats.open <= 1 && stats.creating == 0);
    eventually(&pool, || script.alive() == pool.stats().idle);
    assert_laws(&pool.stats());
}

#[test]
fn retain_goes_over_the_idle_ones() {
    let (script, pool) = pool_of(6);
    let mut held = leases(&pool, 6);
    let out = held.pop();
    drop(held);
    let gone = start_on(&pool, |pool| {
        pool.retain(|thing, meta| {
            assert_eq!(meta.uses, 1);
            thing.number % 2 == 0
        })
    })
    .finish();
    let out = out.expect("one was held");
    let odd = [1, 3, 5].into_iter().filter(|number| *number != out.number).count();
    assert_eq!(gone, odd);
    assert_eq!(script.reasons(), vec![Reason::Released; odd]);
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.in_use), (5 - odd as u64, 1), "{stats:?}");
    assert_laws(&stats);
}

#[test]
fn retain_makes_room_for_nobody_but_leaves_it() {
    let (script, pool) = pool_of(2);
    drop(leases(&pool, 2));
    assert_eq!(pool.retain(|_, _| false), 2);
    assert_eq!(pool.stats().open, 0);
    assert_eq!(script.create.count(), 2);
    assert_eq!(lease(&pool).number, 3);
    assert_eq!(pool.retain(|_, _| true), 0);
}

#[test]
fn retain_keeps_the_order_of_the_idle_ones() {
    let (_script, pool) = pool_of(3);
    let held = leases(&pool, 3);
    for lease in held {
        drop(lease);
    }
    let before: Vec<_> = leases(&pool, 3).iter().map(|lease| lease.number).collect();
    // They were dropped in that order just now, so that they come in the opposite one.
    assert_eq!(pool.retain(|_, _| true), 0);
    let after: Vec<_> = leases(&pool, 3).iter().map(|lease| lease.number).collect();
    assert_eq!(after, before.into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn a_getter_that_comes_while_retain_looks_is_served() {
    let (_script, pool) = pool_of(1);
    drop(lease(&pool));
    let (looking, go_on) = (Gate::default(), Gate::default());
    let retain = {
        let (looking, go_on) = (looking.clone(), go_on.clone());
        start_on(&pool, move |pool| {
            pool.retain(|_, _| {
                looking.open();
                looking.pass();
                go_on.pass();
                true
            })
        })
    };
    looking.wait_for(1);
    let getter = ask(&pool);
    go_on.open();
    assert_eq!(retain.finish(), 0);
    drop(getter.finish().expect("the one that retain kept"));
    promptly(move || drop(pool));
}
