//! Objects that are created before anybody asks for them, and awaited.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use poolable::managed::PrewarmError;

use super::async_scripted::{Gate, INSTANT, Set, Task, at, never, panics_at_the_call, then};
use super::scripted::{Refused, SECOND, panics, succeed, wait_at_most};

type Prewarmed = Result<usize, PrewarmError<Refused>>;

fn prewarm(set: &Set, idle: usize) -> Task<Prewarmed> {
    let pool = set.pool.clone();
    Task::new(async move { pool.prewarm(idle).await })
}

#[test]
fn prewarm_creates_until_so_many_are_idle() {
    let set = Set::of(10);
    assert_eq!(prewarm(&set, 3).finish().expect("all of them"), 3);
    assert_eq!(prewarm(&set, 5).finish().expect("all of them"), 2);
    assert_eq!(prewarm(&set, 5).finish().expect("none is missing"), 0);
    assert_eq!(set.stats().idle, 5);
    drop(set.leases(5));
    assert_eq!(set.script.create.count(), 5);
}

#[test]
fn prewarm_goes_no_further_than_the_limits() {
    let set = Set::by(|builder| builder.max_open(6).max_idle(4));
    assert_eq!(prewarm(&set, 100).finish().expect("up to the limit"), 4);
    let held = set.leases(4);
    assert_eq!(prewarm(&set, 100).finish().expect("up to the limit"), 2);
    assert_eq!(set.stats().open, 6);
    drop(held);
}

#[test]
fn prewarm_connects_no_more_at_once_than_gets_do() {
    let set = Set::by(|builder| builder.max_open(10).max_connecting(3));
    let gate = Gate::default();
    set.script.create.always(at(&gate));
    let mut task = prewarm(&set, 10);
    task.waits();
    assert!((1..=3).contains(&gate.arrived()), "{}", gate.arrived());
    gate.open();
    assert_eq!(task.finish().expect("all of them"), 10);
    assert!(set.script.create.most_at_once() <= 3);
}

#[test]
fn prewarm_tells_what_failed_and_keeps_the_survivors() {
    let set = Set::of(6);
    set.script.create.next(then(succeed)).next(then(|| Err(Refused("second")))).next(then(succeed));
    let error = prewarm(&set, 4).finish().expect_err("one failed");
    assert!(error.to_string().contains("second"), "{error}");
    assert_eq!((error.wanted, error.last_error), (4, Some(Refused("second"))));
    let stats = set.stats();
    assert_eq!((error.created as u64, stats.create_failed), (stats.idle, 1), "{stats:?}");
    assert!((1..=3).contains(&stats.idle), "{stats:?}");
    let rest = prewarm(&set, 4).finish().expect("the rest");
    assert_eq!(rest as u64 + stats.idle, 4);
}

#[test]
fn a_panic_in_prewarm_leaves_a_working_pool() {
    for at_the_call in [true, false] {
        let set = Set::of(4);
        if at_the_call {
            set.script.create.next(panics_at_the_call);
        } else {
            set.script.create.next(then(panics));
        }
        let mut task = prewarm(&set, 2);
        assert_eq!(task.panic().downcast_ref::<&str>(), Some(&"on purpose"));
        drop(task);
        assert_eq!(set.leases(4).len(), 4);
        assert_eq!(set.stats().create_failed, 1);
    }
}

#[test]
fn prewarm_gives_up_when_the_time_is_over() {
    let set = Set::by(|builder| builder.max_open(4).timeouts(wait_at_most(2 * SECOND)));
    let gate = Gate::default();
    set.script.create.next(then(succeed)).next(at(&gate));
    let mut task = prewarm(&set, 2);
    task.waits();
    set.clock.advance(2 * SECOND - INSTANT);
    task.waits();
    set.clock.advance(INSTANT);
    let error = task.finish().expect_err("one is late");
    assert_eq!((error.created, error.wanted), (1, 2));
    assert_eq!((set.stats().idle, set.stats().creating), (1, 1), "what is late is kept");
    gate.open();
    assert_eq!(set.leases(2).len(), 2);
    assert_eq!(set.script.create.count(), 2);
}

#[test]
fn a_prewarm_that_is_dropped_leaves_what_it_began_to_those_who_come() {
    let set = Set::by(|builder| builder.max_open(4).max_connecting(2));
    let gate = Gate::default();
    set.script.create.always(at(&gate));
    let mut task = prewarm(&set, 3);
    task.waits();
    let begun = set.script.create.count();
    drop(task);
    assert_eq!((set.stats().creating as usize, set.script.create.abandoned()), (begun, 0));
    gate.open();
    drop(set.leases(4));
    assert_eq!(set.script.create.count(), 4);
}

#[test]
fn one_who_waits_takes_up_the_creates_of_a_prewarm_that_is_dropped() {
    let set = Set::of(1);
    let gate = Gate::default();
    set.script.create.always(at(&gate));
    let mut warming = prewarm(&set, 1);
    warming.waits();
    let mut task = set.queued();
    drop(warming);
    task.waits();
    gate.open();
    drop(task.finish().expect("an object"));
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn what_is_being_prewarmed_serves_those_who_wait() {
    let set = Set::of(1);
    let gate = Gate::default();
    set.script.create.always(at(&gate));
    let mut warming = prewarm(&set, 1);
    warming.waits();
    let task = set.queued();
    gate.open();
    let warmed = warming.run();
    drop(task.finish().expect("an object"));
    assert!(warmed.is_ready() || warming.run().is_ready(), "one was created, or is idle");
    drop(warming);
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn prewarm_of_a_closed_pool_creates_nothing() {
    let set = Set::of(4);
    set.pool.close();
    let error = prewarm(&set, 2).finish().map_err(|error| error.created);
    assert!(matches!(error, Err(0) | Ok(0)), "{error:?}");
    assert_eq!(set.script.create.count(), 0);
}

#[test]
fn a_close_ends_a_prewarm() {
    let set = Set::of(4);
    set.script.create.always(never);
    let mut task = prewarm(&set, 2);
    task.waits();
    set.pool.close();
    assert!(task.finish().is_err());
    set.eventually(|| set.script.create.now() == 0);
}

#[test]
fn prewarm_waits_for_what_it_has_spawned() {
    let set = Set::spawning_by(|builder| builder.max_open(8).max_connecting(3));
    let gate = Gate::default();
    set.script.create.always(at(&gate));
    let mut task = prewarm(&set, 6);
    task.waits();
    set.spawner.run();
    assert_eq!((gate.arrived(), set.stats().creating), (3, 3));
    gate.open();
    assert_eq!(set.finish(task).expect("all of them"), 6);
    assert_eq!((set.stats().idle, set.script.create.most_at_once()), (6, 3));
}

#[test]
fn a_prewarm_that_is_dropped_leaves_what_it_spawned_to_go_on() {
    let set = Set::spawning_by(|builder| builder.max_open(8).max_connecting(3));
    let gate = Gate::default();
    set.script.create.always(at(&gate));
    let mut task = prewarm(&set, 6);
    task.waits();
    set.spawner.run();
    drop(task);
    gate.open();
    set.spawner.run();
    assert_eq!((set.stats().idle, set.stats().creating), (3, 0));
    assert_eq!(set.script.create.abandoned(), 0);
}

#[test]
fn a_spawned_prewarm_tells_what_failed() {
    let set = Set::spawning(4);
    set.script.create.next(then(succeed)).next(then(|| Err(Refused("second"))));
    let error = set.finish(prewarm(&set, 3)).expect_err("one failed");
    assert_eq!((error.wanted, error.last_error), (3, Some(Refused("second"))));
    set.spawner.run();
    assert_eq!(set.stats().idle, set.stats().created);
    assert!(set.finish(prewarm(&set, 3)).is_ok());
    assert_eq!(set.stats().idle, 3);
}

#[test]
fn a_panic_in_a_spawned_prewarm_goes_on_in_its_caller() {
    let set = Set::spawning(4);
    set.script.create.next(then(panics));
    let mut task = prewarm(&set, 2);
    let payload = loop {
        let run = || task.run();
        match catch_unwind(AssertUnwindSafe(run)) {
            Err(payload) => break payload,
            Ok(Poll::Ready(outcome)) => panic!("no panic, but {outcome:?}"),
            Ok(Poll::Pending) => assert!(set.spawner.step(), "it sleeps"),
        }
    };
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
    drop(task);
    assert_eq!(set.leases(4).len(), 4);
}

#[test]
fn a_prewarm_whose_tasks_are_dropped_does_not_wait_for_ever() {
    let set = Set::spawning(4);
    let gate = Gate::default();
    set.script.create.always(at(&gate));
    let mut task = prewarm(&set, 2);
    task.waits();
    set.spawner.run();
    assert_eq!(set.spawner.shut_down(), 2);
    gate.open();
    match set.finish(task) {
        Ok(made) => assert_eq!(made, 2),
        Err(error) => assert!(error.created < 2, "{error:?}"),
    }
    assert_eq!(set.leases(4).len(), 4);
}
