//! Spawn hooks that do not do as they should.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Waker};
use std::thread;

use poolable::managed::{BuildError, Clock, GetError, Stage, Timeouts};

use crate::block_on::block_on;
use crate::crew::lock;
use crate::executor::Task;
use crate::ledger::{add, told};
use crate::script::End;
use crate::things::{Getter, SECOND, Things, assert_laws, assert_sound, things};

fn hooked(creates: &[End], hook: impl Fn(Task) + Send + Sync + 'static) -> Things {
    things(2, creates, &[]).spawn(hook).build().expect("a pool")
}

/// Two getters are served, whatever the hook does.
#[track_caller]
fn assert_serves(pool: &Things) {
    let one = block_on(pool.get()).expect("a lease");
    let other = block_on(pool.get()).expect("another");
    assert_eq!(assert_laws(pool).in_use, 2);
    drop((one, other));
    assert_sound(pool);
}

#[test]
fn where_the_hook_panics_the_getter_creates_itself() {
    assert_serves(&hooked(&[], |_| resume_unwind(Box::new("no runtime"))));
}

#[test]
fn where_the_hook_drops_its_task_the_getter_creates_itself() {
    assert_serves(&hooked(&[], drop));
}

#[test]
fn where_the_hook_drops_a_task_that_has_begun_the_getter_carries_the_create_on() {
    let pool = hooked(&[End::Gated, End::Gated], |task| {
        let mut task = pin!(task);
        assert!(task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
    let getters = [Getter::waiting(&pool), Getter::waiting(&pool)];
    pool.manager().gate.open();
    let leases = getters.map(|getter| getter.finish().expect("a lease"));
    assert_eq!(assert_laws(&pool).in_use, 2);
    drop(leases);
    assert_sound(&pool);
}

#[test]
fn a_hook_may_run_its_task_there_and_then() {
    assert_serves(&hooked(&[], block_on));
}

#[test]
fn a_hook_may_give_its_task_to_a_thread() {
    assert_serves(&hooked(&[], |task| drop(thread::spawn(move || block_on(task)))));
}

#[test]
fn a_hook_may_get_from_its_own_pool() {
    let place: Arc<Mutex<Option<Things>>> = Arc::default();
    let ended = Arc::new(AtomicU64::new(0));
    let pool = hooked(&[], {
        let (place, ended) = (Arc::clone(&place), Arc::clone(&ended));
        move |task| {
            let pool = lock(&place).clone().expect("the pool");
            drop(block_on(pool.try_get()));
            block_on(task);
            add(&ended);
        }
    });
    *lock(&place) = Some(pool.clone());
    drop(block_on(pool.get()).expect("a lease"));
    assert!(told(&ended) > 0);
    assert_sound(&pool);
    *lock(&place) = None;
}

/// A hook that keeps the tasks, to be run when the test wants them to.
fn keeping() -> (impl Fn(Task) + Send + Sync + 'static, mpsc::Receiver<Task>) {
    let (send, tasks) = mpsc::channel();
    let send = Mutex::new(send);
    // Nobody listens any more if the test is over.
    (move |task| drop(lock(&send).send(task)), tasks)
}

#[test]
fn a_getter_whose_create_has_yet_to_begin_takes_what_comes_back() {
    let (hook, tasks) = keeping();
    let pool = hooked(&[], hook);
    let first = Getter::waiting(&pool);
    block_on(tasks.recv().expect("a create"));
    let lease = first.finish().expect("what was created");
    let second = Getter::waiting(&pool);
    assert_eq!(pool.stats().creating, 1);
    drop(lease);
    assert!(second.is_woken());
    let lease = second.finish().expect("what came back");
    assert_eq!((pool.stats().created, pool.stats().in_use), (1, 1));
    for task in tasks.try_iter() {
        block_on(task);
    }
    drop(lease);
    assert_eq!(assert_laws(&pool).creating, 0);
}

#[test]
fn a_create_that_its_hook_keeps_for_ever_costs_its_getter_its_time_and_no_more() {
    let (hook, tasks) = keeping();
    let clock = Clock::manual();
    let limits = Timeouts { create: Some(2 * SECOND), ..Timeouts::default() };
    let pool =
        things(1, &[], &[]).spawn(hook).timeouts(limits).clock(&clock).build().expect("a pool");
    let getter = Getter::waiting(&pool);
    let kept = tasks.recv().expect("a create");
    clock.advance(2 * SECOND);
    assert!(getter.is_woken());
    let late = getter.finish();
    assert!(matches!(late, Err(GetError::Timeout { stage: Stage::Create, .. })));
    assert_eq!(assert_laws(&pool).creating, 0);
    // What is left of it ends at once.
    block_on(kept);
    assert_eq!((pool.stats().created, told(&pool.manager().ledger.creating)), (0, 0));
    let next = Getter::waiting(&pool);
    // Another create, and whatever else the pool has done apart.
    tasks.try_iter().for_each(block_on);
    drop(next.finish().expect("a lease"));
    assert_eq!(assert_laws(&pool).idle, 1);
}

#[test]
fn a_panic_of_a_create_that_was_spawned_goes_on_in_its_getter() {
    let pool = hooked(&[End::Panic], |task| drop(thread::spawn(move || block_on(task))));
    let panicked = catch_unwind(AssertUnwindSafe(|| block_on(pool.get()).is_ok()));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"as scripted"));
    assert_eq!(assert_laws(&pool).create_failed, 1);
    assert_serves(&pool);
}

#[test]
fn a_panic_of_a_create_ends_before_the_hook() {
    let (hook, tasks) = keeping();
    let pool = hooked(&[End::Panic], hook);
    let getter = Getter::waiting(&pool);
    let task = tasks.recv().expect("a create");
    assert!(catch_unwind(AssertUnwindSafe(|| block_on(task))).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| getter.finish().is_ok())).is_err());
    assert_eq!(assert_laws(&pool).creating, 0);
}

#[test]
fn a_panic_of_a_create_without_a_hook_goes_on_in_its_getter() {
    let pool = things(2, &[End::Panic], &[]).build().expect("a pool");
    assert!(catch_unwind(AssertUnwindSafe(|| block_on(pool.get()).is_ok())).is_err());
    assert_eq!(assert_laws(&pool).create_failed, 1);
    assert_serves(&pool);
}

#[test]
fn a_panic_of_a_check_goes_on_in_its_getter_and_costs_the_object() {
    let pool = things(2, &[], &[End::Panic]).build().expect("a pool");
    drop(block_on(pool.get()).expect("a lease"));
    assert!(catch_unwind(AssertUnwindSafe(|| block_on(pool.get()).is_ok())).is_err());
    let stats = assert_laws(&pool);
    assert_eq!((stats.open, stats.destroyed.panicked), (0, 1), "{stats:?}");
    assert_serves(&pool);
}

#[test]
fn to_keep_some_idle_takes_a_hook() {
    let error = things(2, &[], &[]).min_idle(1).build().unwrap_err();
    assert_eq!(error, BuildError::MinIdleWithoutSpawn);
    let (hook, tasks) = keeping();
    let pool = things(2, &[], &[]).min_idle(1).spawn(hook).build().expect("a pool");
    block_on(tasks.recv().expect("a create"));
    assert_eq!(assert_laws(&pool).idle, 1);
}
