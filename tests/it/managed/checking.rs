//! Objects are looked at before they are handed out again.

use std::time::Duration;

use poolable::managed::{Clock, GetError, Order, Reason, Stage, Timeouts};

use super::scripted::{
    Diary, Gate, Refused, SECOND, Scripted, Seen, ask, assert_laws, builder, eventually, fail,
    held_at, held_then, lease, leases, panics, pool_of, promptly, queue_up, queue_up_with,
    start_on, timed_pool_of, until, until_destroyed, until_waiting, wait_at_most,
};

#[test]
fn an_object_is_checked_each_time_it_is_taken_again() {
    let (script, pool) = pool_of(1);
    for gets in 0..5 {
        let lease = lease(&pool);
        assert_eq!(lease.touched, gets, "a new one needs no check");
    }
    assert_eq!(script.check.count(), 4);
    let uses: Vec<_> = script.checked().iter().map(|meta| (meta.id, meta.uses)).collect();
    assert_eq!(uses, [(1, 2), (1, 3), (1, 4), (1, 5)]);
}

#[test]
fn an_object_that_idled_only_shortly_is_not_checked_again() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).check_after(10 * SECOND).build().expect("a pool");
    drop(lease(&pool));
    clock.advance(9 * SECOND);
    drop(lease(&pool));
    assert_eq!(script.check.count(), 0);
    clock.advance(10 * SECOND);
    drop(lease(&pool));
    assert_eq!(script.check.count(), 1);
    drop(lease(&pool));
    assert_eq!(script.check.count(), 1);
}

#[test]
fn an_object_that_fails_its_check_is_replaced() {
    let (script, diary) = (Scripted::default(), Diary::default());
    let pool = builder(&script, &Clock::manual()).max_open(1).observer(diary.observer()).build();
    let pool = pool.expect("a pool");
    drop(lease(&pool));
    script.check.next(|| Err(Refused("gone away")));
    assert_eq!(lease(&pool).number, 2);
    until_destroyed(&pool, &[(1, Reason::Broken)]);
    let stats = pool.stats();
    assert_eq!((stats.check_failed, stats.destroyed.broken, stats.open), (1, 1, 1), "{stats:?}");
    assert!(diary.has(&Seen::CheckFailed { id: 1, error: "gone away".to_owned() }));
    eventually(&pool, || diary.has(&Seen::Destroyed { id: 1, reason: Reason::Broken }));
}

#[test]
fn another_idle_object_is_tried_when_one_fails_its_check() {
    let (script, pool) = pool_of(2);
    drop(leases(&pool, 2));
    script.check.next(fail);
    let got = lease(&pool);
    assert!(got.number <= 2, "{got:?}");
    assert_eq!(script.create.count(), 2);
    assert_eq!(pool.stats().open, 1);
}

#[test]
fn all_sixty_four_idle_dead_one_get_succeeds_within_its_deadline() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).max_open(64).build().expect("a pool");
    assert_eq!(start_on(&pool, |pool| pool.prewarm(64)).finish().expect("all of them"), 64);
    script.check.always(fail);
    let got = start_on(&pool, |pool| pool.get_timeout(SECOND)).finish().expect("a new one");
    assert_eq!(got.number, 65);
    let stats = pool.stats();
    assert_eq!((stats.check_failed, stats.destroyed.broken), (64, 64), "{stats:?}");
    assert_eq!((stats.open, stats.in_use), (1, 1), "{stats:?}");
    eventually(&pool, || script.alive() == 1);
    assert_laws(&stats);
}

#[test]
fn a_waiter_whose_object_fails_its_check_keeps_its_slot_and_its_turn() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    let held = lease(&pool);
    let first = queue_up(&pool);
    let second = queue_up(&pool);
    script.check.next(fail);
    script.create.next(held_at(&gate));
    drop(held);
    gate.wait_for(1);
    let stats = pool.stats();
    assert_eq!((stats.open, stats.creating), (1, 1), "{stats:?}");
    gate.open();
    let first = first.finish().expect("a new one");
    assert_eq!(first.number, 2);
    assert_eq!(pool.stats().waiting, 1);
    drop(first);
    assert_eq!(second.finish().expect("the same").number, 2);
}

#[test]
fn a_waiter_whose_object_fails_its_check_is_served_before_those_who_came_later() {
    let (script, pool) = pool_of(2);
    let (checking, creating) = (Gate::default(), Gate::default());
    let mut held = leases(&pool, 2);
    let first = queue_up(&pool);
    script.check.next(held_then(&checking, fail));
    script.create.next(held_at(&creating));
    drop(held.pop());
    checking.wait_for(1);
    let second = queue_up(&pool);
    checking.open();
    creating.wait_for(1);
    until_waiting(&pool, 2);
    drop(held.pop());
    let first = first.finish().expect("the one that came back");
    assert!(first.number <= 2, "{first:?}");
    assert_eq!(pool.stats().waiting, 1);
    creating.open();
    assert_eq!(second.finish().expect("the new one").number, 3);
}

#[test]
fn try_get_with_nothing_but_dead_ones_is_exhausted() {
    let (script, pool) = pool_of(3);
    drop(leases(&pool, 3));
    script.check.always(fail);
    let outcome = start_on(&pool, |pool| pool.try_get()).finish();
    assert!(matches!(outcome, Err(GetError::Exhausted)));
    let stats = pool.stats();
    assert_eq!((stats.destroyed.broken, stats.check_failed), (3, 3), "{stats:?}");
    // There was room, so that it began a create.
    until(&pool, |stats| stats.idle == 1 && stats.creating == 0);
    assert_eq!(script.create.count(), 4);
}

#[test]
fn a_blocked_check_does_not_slow_return() {
    let (script, pool) = pool_of(2);
    let gate = Gate::default();
    let mut held = leases(&pool, 2);
    drop(held.pop());
    script.check.next(held_at(&gate));
    let getter = ask(&pool);
    gate.wait_for(1);
    promptly(move || drop(held));
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.checking, stats.waiting), (1, 1, 0), "{stats:?}");
    gate.open();
    drop(getter.finish().expect("an object"));
}

#[test]
fn a_blocked_check_does_not_slow_try_get() {
    let (script, pool) = pool_of(2);
    let gate = Gate::default();
    drop(leases(&pool, 2));
    script.check.next(held_at(&gate));
    let getter = ask(&pool);
    gate.wait_for(1);
    let got = start_on(&pool, |pool| pool.try_get()).finish().expect("the other one");
    gate.open();
    assert_ne!(got.number, getter.finish().expect("an object").number);
}

#[test]
fn a_blocked_check_does_not_slow_stats() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    drop(lease(&pool));
    script.check.next(held_at(&gate));
    let getter = ask(&pool);
    gate.wait_for(1);
    let stats = start_on(&pool, |pool| pool.stats()).finish();
    assert_eq!((stats.open, stats.checking, stats.idle, stats.in_use), (1, 1, 0, 0), "{stats:?}");
    gate.open();
    drop(getter.finish().expect("an object"));
}

#[test]
fn a_blocked_check_does_not_slow_close() {
    let (script, pool) = pool_of(1);
    let gate = Gate::default();
    drop(lease(&pool));
    script.check.next(held_at(&gate));
    let getter = ask(&pool);
    gate.wait_for(1);
    start_on(&pool, |pool| pool.close()).finish();
    gate.open();
    // Whether it is told so, or has an object that is destroyed when it comes home.
    match getter.finish() {
        Ok(lease) => drop(lease),
        Err(error) => assert!(matches!(error, GetError::Closed), "{error:?}"),
    }
    until_destroyed(&pool, &[(1, Reason::Closed)]);
    assert_eq!(pool.stats().open, 0);
}

#[test]
fn a_panic_in_check_destroys_the_object_and_leaves_a_working_pool() {
    let (script, pool) = pool_of(1);
    drop(lease(&pool));
    script.check.next(panics);
    let payload = ask(&pool).outcome().expect_err("the panic is resumed in the getter");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
    until_destroyed(&pool, &[(1, Reason::Panicked)]);
    let stats = pool.stats();
    assert_eq!((stats.open, stats.destroyed.panicked), (0, 1), "{stats:?}");
    assert_eq!(stats.check_failed, 1, "{stats:?}");
    assert_eq!(lease(&pool).number, 2);
}

#[test]
fn a_panic_in_check_is_resumed_in_those_who_do_not_wait_too() {
    for is_try in [true, false] {
        let (script, pool) = pool_of(1);
        drop(lease(&pool));
        script.check.next(panics);
        let outcome =
            start_on(
                &pool,
                move |pool| {
                    if is_try { pool.try_get() } else { pool.get_timeout(Duration::ZERO) }
                },
            );
        assert!(outcome.outcome().is_err(), "try_get: {is_try}");
        until_destroyed(&pool, &[(1, Reason::Panicked)]);
        assert_eq!(lease(&pool).number, 2);
    }
}

#[test]
fn a_panic_in_the_check_of_a_waiter_gives_its_slot_to_the_next() {
    let (script, pool) = pool_of(1);
    let held = lease(&pool);
    let first = queue_up(&pool);
    let second = queue_up(&pool);
    script.check.next(panics);
    drop(held);
    assert!(first.outcome().is_err());
    assert_eq!(second.finish().expect("a new one").number, 2);
}

#[test]
fn a_check_that_took_too_long_counts_as_failed() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let timeouts = Timeouts { check: Some(SECOND), ..Timeouts::default() };
    let pool = builder(&script, &clock).max_open(1).timeouts(timeouts).build().expect("a pool");
    drop(lease(&pool));
    script.check.next({
        let clock = clock.clone();
        move || {
            clock.advance(2 * SECOND);
            Ok(())
        }
    });
    assert_eq!(lease(&pool).number, 2);
    until_destroyed(&pool, &[(1, Reason::Broken)]);
    script.check.next(move || {
        clock.advance(SECOND / 2);
        Ok(())
    });
    assert_eq!(lease(&pool).number, 2);
    assert_eq!(pool.stats().check_failed, 1);
}

#[test]
fn checks_that_outlast_the_deadline_end_the_get() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).max_open(2).timeouts(wait_at_most(3 * SECOND)).build();
    let pool = pool.expect("a pool");
    drop(leases(&pool, 2));
    script.check.always(move || {
        clock.advance(4 * SECOND);
        fail()
    });
    match ask(&pool).finish() {
        Err(GetError::Timeout { stage: Stage::Check | Stage::Create, waited, .. }) => {
            assert!(waited >= 4 * SECOND, "{waited:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(pool.stats().timed_out, 1);
    assert_eq!(pool.stats().check_failed, pool.stats().destroyed.broken);
    script.check.always(super::scripted::succeed);
    drop(lease(&pool));
}

#[test]
fn a_check_that_outlasts_the_time_of_its_get_and_passes_is_a_success() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).max_open(1).build().expect("a pool");
    drop(lease(&pool));
    script.check.always(move || {
        clock.advance(4 * SECOND);
        Ok(())
    });
    let got = start_on(&pool, |pool| pool.get_timeout(SECOND)).finish();
    let held = got.expect("it is late, and fit");
    let getter = queue_up_with(&pool, |pool| pool.get_timeout(SECOND));
    drop(held);
    drop(getter.finish().expect("it is late, and fit"));
    assert_eq!((pool.stats().timed_out, pool.stats().borrowed), (0, 3));
}

#[test]
fn the_one_used_last_comes_first_unless_told_otherwise() {
    let (_script, pool) = pool_of(3);
    let held = leases(&pool, 3);
    let order: Vec<_> = held.iter().map(|lease| lease.number).collect();
    for lease in held {
        drop(lease);
    }
    let again: Vec<_> = leases(&pool, 3).iter().map(|lease| lease.number).collect();
    assert_eq!(again, order.into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn the_one_that_idled_longest_comes_first_in_a_fifo_pool() {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).order(Order::Fifo).build().expect("a pool");
    let held = leases(&pool, 3);
    let order: Vec<_> = held.iter().map(|lease| lease.number).collect();
    for lease in held {
        drop(lease);
    }
    let again: Vec<_> = leases(&pool, 3).iter().map(|lease| lease.number).collect();
    assert_eq!(again, order);
}

#[test]
fn a_lifo_pool_uses_as_few_objects_as_it_needs() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock)
        .max_open(4)
        .order(Order::Lifo)
        .idle_timeout(10 * SECOND)
        .build()
        .expect("a pool");
    drop(leases(&pool, 4));
    for _ in 0..20 {
        clock.advance(SECOND);
        drop(lease(&pool));
    }
    until(&pool, |stats| stats.destroyed.idle == 3 && stats.idle == 1);
}

#[test]
fn a_check_may_take_its_time_while_others_are_served() {
    let (script, _clock, pool) = timed_pool_of(2);
    let gate = Gate::default();
    drop(lease(&pool));
    script.check.next(held_at(&gate));
    let slow = ask(&pool);
    gate.wait_for(1);
    let quick = queue_up_with_room(&pool);
    gate.open();
    assert_ne!(slow.finish().expect("an object").number, quick);
}

/// A get that has room for a create of its own, beside a check that is stuck.
fn queue_up_with_room(pool: &super::scripted::Things) -> u64 {
    let getter = start_on(pool, |pool| pool.get_timeout(Duration::from_secs(3600)));
    getter.finish().expect("a new one").number
}

#[test]
fn a_getter_behind_a_stuck_check_gets_what_comes_back() {
    let (script, pool) = pool_of(2);
    let gate = Gate::default();
    let mut held = leases(&pool, 2);
    drop(held.pop());
    script.check.next(held_at(&gate));
    let stuck = ask(&pool);
    gate.wait_for(1);
    let other = queue_up_with(&pool, |pool| pool.get());
    drop(held);
    drop(other.finish().expect("the one that came back"));
    gate.open();
    drop(stuck.finish().expect("an object"));
}
