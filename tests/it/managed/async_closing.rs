//! The end of a pool whose gets are awaited: `close`, `drain`, and the last handle.

use std::time::{Duration, Instant};

use poolable::managed::{
    AsyncResourcePool, CancelToken, Clock, DrainError, GetError, Lease, Reason,
};

use super::async_scripted::{AsyncScripted, Gate, INSTANT, Set, Spawner, Task, at, never, then};
use super::scripted::{Diary, SECOND, Seen, fail, panics, start, wait_at_most};

fn drain(set: &Set, deadline: Instant) -> Task<Result<(), DrainError>> {
    let pool = set.pool.clone();
    Task::new(async move { pool.drain(deadline).await })
}

#[test]
fn close_destroys_what_is_idle_and_refuses_what_comes_later() {
    let diary = Diary::default();
    let set = Set::by(|builder| builder.observer(diary.observer()));
    drop(set.leases(3));
    assert!(!set.pool.is_closed());
    set.pool.close();
    assert!(set.pool.is_closed());
    assert_eq!(set.script.reasons(), [Reason::Closed; 3]);
    assert_eq!(set.script.alive(), 0);
    assert!(diary.has(&Seen::Destroyed { id: 3, reason: Reason::Closed }));
    assert!(matches!(set.ask().finish(), Err(GetError::Closed)));
    assert!(matches!(set.try_get().finish(), Err(GetError::Closed)));
    assert!(matches!(set.ask_for(SECOND).finish(), Err(GetError::Closed)));
    assert!(matches!(set.ask_for(Duration::ZERO).finish(), Err(GetError::Closed)));
    assert!(matches!(set.ask_with(None, &CancelToken::new()).finish(), Err(GetError::Closed)));
    assert_eq!(set.script.create.count(), 3);
    assert_eq!((set.stats().open, set.stats().destroyed.closed), (0, 3));
}

#[test]
fn close_is_idempotent() {
    let set = Set::of(2);
    drop(set.leases(2));
    for _ in 0..3 {
        set.pool.close();
    }
    assert_eq!(set.script.destroyed().len(), 2);
}

#[test]
fn close_ends_all_waits() {
    let set = Set::of(1);
    let held = set.lease();
    let tasks: Vec<_> = (0..10).map(|_| set.queued()).collect();
    set.pool.close();
    for task in tasks {
        assert!(matches!(task.finish(), Err(GetError::Closed)));
    }
    assert_eq!(set.stats().waiting, 0);
    drop(held);
}

#[test]
fn close_drops_the_creates_that_are_under_way() {
    let set = Set::of(3);
    set.script.create.next(never).next(never);
    let (kept, task) = (set.queued(), set.queued());
    drop(kept);
    assert_eq!((set.script.create.now(), set.stats().creating), (2, 2));
    set.pool.close();
    assert!(matches!(task.finish(), Err(GetError::Closed)));
    set.eventually(|| set.script.create.now() == 0);
    let stats = set.stats();
    assert_eq!((stats.open, stats.creating, stats.waiting), (0, 0, 0), "{stats:?}");
    assert_eq!(set.script.create.abandoned(), 2);
}

#[test]
fn close_drops_a_create_though_its_getter_is_never_polled_again() {
    let set = Set::of(1);
    set.script.create.next(never);
    let task = set.queued();
    set.pool.close();
    set.eventually(|| set.script.create.now() == 0);
    assert_eq!((set.stats().creating, set.stats().open), (0, 0));
    drop(task);
}

#[test]
fn one_who_was_served_before_a_close_keeps_what_it_was_given() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    drop(held);
    set.pool.close();
    let lease = task.finish().expect("it was served before");
    assert_eq!(set.stats().in_use, 1);
    drop(lease);
    assert_eq!((set.stats().idle, set.stats().destroyed.closed), (0, 1));
}

#[test]
fn one_who_was_served_before_a_close_and_goes_has_the_object_destroyed() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    drop(held);
    set.pool.close();
    drop(task);
    assert_eq!((set.stats().open, set.stats().destroyed.closed), (0, 1));
    set.eventually(|| set.script.alive() == 0);
}

#[test]
fn what_is_out_when_the_pool_closes_stays_usable_and_is_destroyed_on_return() {
    let set = Set::of(3);
    let (mut first, second, third) = (set.lease(), set.lease(), set.lease());
    set.pool.close();
    first.passed = 5;
    assert_eq!((first.passed, set.stats().in_use), (5, 3));
    drop(first);
    assert_eq!(Lease::detach(second).number, 2);
    Lease::discard(third);
    assert_eq!(set.script.destroyed().len(), 2);
    let stats = set.stats();
    assert_eq!((stats.open, stats.detached, stats.destroyed.total()), (0, 1, 2), "{stats:?}");
}

#[test]
fn the_other_calls_on_a_closed_pool_do_nothing() {
    let set = Set::of(2);
    set.pool.close();
    set.pool.resize(5);
    assert_eq!(set.pool.retain(|_, _| false), 0);
    assert!(set.pool.is_closed());
    assert_eq!(set.script.create.count(), 0);
}

#[test]
fn a_panic_in_one_destroy_of_close_does_not_spare_the_others() {
    let set = Set::of(3);
    drop(set.leases(3));
    set.script.destroy.next(panics);
    let _ = crate::unwinds(|| set.pool.close());
    assert!(set.pool.is_closed());
    assert_eq!((set.script.destroyed().len(), set.script.alive()), (3, 0));
    assert_eq!(set.stats().open, 0);
}

#[test]
fn a_pool_is_closed_when_its_last_handle_is_dropped() {
    let script = AsyncScripted::default();
    let spawner = Spawner::default();
    let pool = AsyncResourcePool::builder(script.clone())
        .clock(&Clock::manual())
        .spawn(spawner.hook())
        .build()
        .expect("a pool");
    let get = |pool: &AsyncResourcePool<_>| {
        let pool = pool.clone();
        let mut task = Task::new(async move { pool.get().await });
        let _ = task.run();
        spawner.run();
        if task.is_woken() { Some(task.finish().expect("an object")) } else { None }
    };
    let first = get(&pool);
    let held = get(&pool).expect("a second one");
    drop(first);
    script.create.next(never);
    let other = pool.clone();
    let weak = pool.downgrade();
    drop(pool);
    assert!(!other.is_closed() && weak.upgrade().is_some());
    let mut task = Task::new({
        let other = other.clone();
        async move {
            let first = other.get().await.map(drop);
            first.is_ok()
        }
    });
    assert!(task.run().is_ready());
    drop(task);
    drop(other);
    assert!(weak.upgrade().is_none());
    spawner.run();
    assert_eq!(script.reasons(), [Reason::Closed]);
    drop(held);
    spawner.run();
    assert_eq!(script.reasons(), [Reason::Closed; 2]);
    assert_eq!((script.alive(), script.create.now(), spawner.unfinished()), (0, 0, 0));
}

#[test]
fn kept_creates_go_with_the_last_handle() {
    let script = AsyncScripted::default();
    let pool = AsyncResourcePool::builder(script.clone()).clock(&Clock::manual()).build();
    let pool = pool.expect("a pool");
    script.create.next(never);
    let mut task = Task::new({
        let pool = pool.clone();
        async move { drop(pool.get().await) }
    });
    task.waits();
    drop(task);
    assert_eq!(script.create.now(), 1);
    drop(pool);
    let start = Instant::now();
    while script.create.now() > 0 {
        assert!(start.elapsed() < 10 * SECOND, "it is kept for ever");
        std::thread::yield_now();
    }
}

#[test]
fn a_getter_holds_its_pool_by_its_own_handle_alone() {
    let set = Set::of(1);
    let held = set.lease();
    let weak = set.pool.downgrade();
    let again = weak.upgrade().expect("the pool is open");
    drop(again);
    assert!(!set.pool.is_closed());
    drop(held);
    assert_eq!(set.stats().idle, 1);
}

#[test]
fn a_lease_may_outlive_its_pool_and_go_on_any_thread() {
    let script = AsyncScripted::default();
    let pool = AsyncResourcePool::builder(script.clone()).clock(&Clock::manual()).build();
    let pool = pool.expect("a pool");
    let weak = pool.downgrade();
    let held = Task::new(async move { pool.get().await }).finish().expect("an object");
    assert!(weak.upgrade().is_none());
    assert_eq!(held.number, 1);
    start(move || drop(held)).finish();
    assert_eq!((script.reasons(), script.alive()), (vec![Reason::Closed], 0));
}

#[test]
fn drain_waits_for_what_is_out() {
    let set = Set::of(3);
    let mut held = set.leases(3);
    drop(held.pop());
    let mut draining = drain(&set, set.clock.now() + 5 * SECOND);
    draining.waits();
    assert!(set.pool.is_closed());
    assert_eq!((set.stats().open, set.stats().idle), (2, 0));
    drop(held.pop());
    set.clock.advance(SECOND);
    draining.waits();
    drop(held.pop());
    assert_eq!(draining.finish(), Ok(()));
    assert_eq!(set.script.reasons(), [Reason::Closed; 3]);
}

#[test]
fn drain_gives_up_at_its_deadline_to_the_instant() {
    let set = Set::of(1);
    let held = set.lease();
    let deadline = set.clock.now() + 5 * SECOND;
    let mut draining = drain(&set, deadline);
    draining.waits();
    set.clock.advance(5 * SECOND - INSTANT);
    draining.waits();
    set.clock.advance(INSTANT);
    let error = draining.finish().expect_err("one is out");
    assert_eq!((error.in_use, error.creating, error.ending), (1, 0, 0));
    assert!(set.pool.is_closed());
    drop(held);
    assert_eq!(drain(&set, deadline).finish(), Ok(()), "nothing is out any more");
}

#[test]
fn drain_of_a_pool_at_rest_returns_at_once() {
    let set = Set::of(2);
    drop(set.leases(2));
    assert_eq!(drain(&set, set.clock.now()).finish(), Ok(()));
    assert_eq!(set.script.alive(), 0);
}

#[test]
fn drain_does_not_wait_for_the_detached_nor_for_creates() {
    for set in [Set::of(3), Set::spawning(3)] {
        let detached = Lease::detach(set.lease());
        set.script.create.next(never).next(never);
        let (kept, task) = (set.queued(), set.queued());
        set.spawner.run();
        drop(kept);
        let mut draining = drain(&set, set.clock.now() + SECOND);
        let _ = draining.poll();
        set.eventually(|| {
            set.spawner.run();
            set.script.create.now() == 0
        });
        assert_eq!(drain(&set, set.clock.now()).finish(), Ok(()));
        drop(draining);
        assert!(matches!(task.finish(), Err(GetError::Closed)));
        drop(detached);
    }
}

#[test]
fn drain_ends_all_waits() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    let mut draining = drain(&set, set.clock.now() + SECOND);
    draining.waits();
    assert!(matches!(task.finish(), Err(GetError::Closed)));
    drop(held);
    assert_eq!(draining.finish(), Ok(()));
}

#[test]
fn drain_waits_for_a_check_that_is_under_way() {
    let set = Set::of(1);
    drop(set.lease());
    let gate = Gate::default();
    set.script.check.next(at(&gate));
    let mut task = set.ask();
    task.waits();
    let mut draining = drain(&set, set.clock.now() + SECOND);
    draining.waits();
    gate.open();
    drop(task.finish());
    set.eventually(|| set.script.alive() == 0);
    assert_eq!(draining.finish(), Ok(()));
}

#[test]
fn a_drain_that_is_dropped_leaves_the_pool_closed_and_nothing_else() {
    let set = Set::of(1);
    let held = set.lease();
    let mut draining = drain(&set, set.clock.now() + SECOND);
    draining.waits();
    drop(draining);
    assert!(set.pool.is_closed());
    drop(held);
    set.clock.advance(SECOND);
    assert_eq!(set.stats().open, 0);
}

#[test]
fn two_may_drain_at_once() {
    let set = Set::of(1);
    let held = set.lease();
    let mut both = [(), ()].map(|()| drain(&set, set.clock.now() + SECOND));
    both.iter_mut().for_each(Task::waits);
    drop(held);
    for draining in both {
        assert_eq!(draining.finish(), Ok(()));
    }
}

#[test]
fn drain_waits_for_what_comes_of_age_to_be_destroyed() {
    let set = Set::spawning_by(|builder| builder.max_open(1).idle_timeout(10 * SECOND));
    drop(set.lease());
    set.clock.advance(12 * SECOND);
    // Its destroy, by a thread, may be over already.
    assert_eq!((set.stats().open, set.stats().destroyed.idle), (0, 1));
    let mut draining = drain(&set, set.clock.now() + SECOND);
    if draining.run().is_pending() {
        // By a thread.
        set.eventually(|| draining.is_woken());
        assert_eq!(draining.finish(), Ok(()));
    }
    assert_eq!((set.script.alive(), set.stats().destroying), (0, 0));
}

#[test]
fn a_create_that_fails_after_the_close_is_told_to_nobody() {
    let diary = Diary::default();
    let set = Set::spawning_by(|builder| builder.max_open(1).observer(diary.observer()));
    let gate = Gate::default();
    set.script.create.next(super::async_scripted::at_then(&gate, fail));
    let task = set.queued();
    set.spawner.run();
    set.pool.close();
    gate.open();
    set.spawner.run();
    assert!(matches!(task.finish(), Err(GetError::Closed)));
    assert_eq!((set.stats().open, set.script.create.now()), (0, 0));
}

#[test]
fn a_create_that_panics_when_close_drops_it_spares_the_others() {
    for set in [Set::of(2), Set::spawning(2)] {
        set.script.create.next(never).next(never);
        let tasks = [set.queued(), set.queued()];
        set.spawner.run();
        set.script.create.drops.next(panics);
        // Whether it goes on in the one who closes, or is contained.
        let _ = crate::unwinds(|| set.pool.close());
        let _ = crate::unwinds(|| set.spawner.run());
        for mut task in tasks {
            let _ = crate::unwinds(|| drop(task.run()));
        }
        set.eventually(|| {
            let _ = crate::unwinds(|| set.spawner.run());
            set.script.create.now() == 0
        });
        assert_eq!((set.stats().open, set.stats().creating), (0, 0));
    }
}

#[test]
fn closing_against_a_drop_of_all_getters_loses_nothing() {
    for round in 0..100 {
        let set = if round % 2 == 0 { Set::of(2) } else { Set::spawning(2) };
        let gate = Gate::default();
        set.script.create.always(at(&gate));
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let mut task = set.ask();
                let _ = task.run();
                task
            })
            .collect();
        set.spawner.run();
        let dropper = start(move || drop(tasks));
        gate.let_one_on();
        set.pool.close();
        dropper.finish();
        set.spawner.run();
        set.eventually(|| set.script.create.now() == 0 && set.script.alive() == 0);
        assert_eq!((set.stats().open, set.stats().waiting), (0, 0));
    }
}

#[test]
fn a_closed_pool_wakes_nobody_any_more() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(SECOND)));
    let _held = set.lease();
    let mut task = set.queued();
    set.pool.close();
    assert!(matches!(task.run(), std::task::Poll::Ready(Err(GetError::Closed))));
    let bell = std::sync::Arc::clone(task.bell());
    drop(task);
    let rung = bell.rings();
    set.clock.advance(100 * SECOND);
    assert_eq!(bell.rings(), rung);
}

#[test]
fn a_failed_create_that_is_tried_again_after_the_close_is_not() {
    let set = Set::by(|builder| {
        builder.max_open(1).retry(poolable::managed::Retry::exponential(SECOND, SECOND, 9))
    });
    set.script.create.next(then(fail));
    let kept = set.queued();
    drop(kept);
    set.pool.close();
    set.clock.advance(100 * SECOND);
    assert_eq!((set.script.create.count(), set.stats().open), (1, 0));
}
