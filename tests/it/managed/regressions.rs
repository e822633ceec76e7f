//! What once broke, by the name of what broke.

use std::error::Error;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use poolable::managed::{
    BoundedPool, CancelToken, Clock, GetError, Lease, Manager, Meta, Reason, ResourcePool, Stage,
    Timeouts, WeakResourcePool, WhenExhausted,
};

use super::scripted::{
    Diary, Gate, Got, SECOND, Scripted, Seen, Things, ask, assert_laws, builder, eventually, fail,
    held_at, lease, leases, panics, promptly, queue_up, queue_up_with, start_on, succeed,
    timed_pool_of, until, until_destroyed, until_waiting, wait_at_most,
};

/// A pool of so many idle objects, each of which fails its check, and takes that long for it.
fn pool_of_dead(idle: usize, check: Duration) -> (Scripted, Clock, Things) {
    let (script, clock, pool) = timed_pool_of(idle);
    drop(leases(&pool, idle));
    script.check.always({
        let clock = clock.clone();
        move || {
            clock.advance(check);
            fail()
        }
    });
    (script, clock, pool)
}

/// What a getter was doing when it timed out, and for how long it had waited.
#[track_caller]
fn timed_out(got: Got) -> (Stage, Duration) {
    match got {
        Err(GetError::Timeout { stage, waited, .. }) => (stage, waited),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_deadline_is_kept_while_one_check_after_the_other_fails() {
    let (script, clock, pool) = pool_of_dead(8, 3 * SECOND);
    let deadline = clock.now() + SECOND;
    let got = start_on(&pool, move |pool| pool.get_with(Some(deadline), &CancelToken::new()));
    assert_eq!(timed_out(got.finish()), (Stage::Check, 3 * SECOND));
    assert_eq!((script.check.count(), script.create.count()), (1, 8));
    assert_eq!((pool.stats().idle, pool.stats().timed_out), (7, 1));
}

#[test]
fn no_check_begins_after_the_time_is_up_and_all_of_them_count_as_waited() {
    let (script, _clock, pool) = pool_of_dead(8, SECOND);
    let got = start_on(&pool, |pool| pool.get_timeout(SECOND / 10)).finish();
    assert_eq!((timed_out(got), script.check.count()), ((Stage::Check, SECOND), 1));
    let got = start_on(&pool, |pool| pool.get_timeout(5 * SECOND / 2)).finish();
    assert_eq!((timed_out(got), script.check.count()), ((Stage::Check, 3 * SECOND), 4));
    assert_eq!(pool.stats().idle, 4);
}

#[test]
fn a_cancel_is_noticed_between_two_checks() {
    let (script, _clock, pool) = pool_of_dead(8, SECOND);
    let token = CancelToken::new();
    script.check.next(fail).next({
        let token = token.clone();
        move || {
            token.cancel();
            fail()
        }
    });
    let got = start_on(&pool, move |pool| pool.get_with(None, &token)).finish();
    assert!(matches!(got, Err(GetError::Cancelled)), "{got:?}");
    assert_eq!(script.check.count(), 2);
    assert_eq!((pool.stats().idle, pool.stats().cancelled), (6, 1));
}

#[test]
fn a_cancel_is_noticed_after_the_first_check() {
    let (script, _clock, pool) = pool_of_dead(8, SECOND);
    let token = CancelToken::new();
    script.check.next({
        let token = token.clone();
        move || {
            token.cancel();
            fail()
        }
    });
    let got = start_on(&pool, move |pool| pool.get_with(None, &token)).finish();
    assert!(matches!(got, Err(GetError::Cancelled)), "{got:?}");
    assert_eq!((script.check.count(), pool.stats().idle), (1, 7));
}

/// An error with which one can hardly do anything.
#[derive(Debug)]
enum Awkward {
    ToDrop,
    ToRead,
}

impl fmt::Display for Awkward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ToDrop => f.write_str("not to be dropped"),
            Self::ToRead => resume_unwind(Box::new(Payload)),
        }
    }
}

impl Error for Awkward {}

impl Drop for Awkward {
    fn drop(&mut self) {
        if matches!(self, Self::ToDrop) && !thread::panicking() {
            crate::unwind()
        }
    }
}

/// What a panic carries, and panics when it is dropped.
struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        if !thread::panicking() {
            crate::unwind()
        }
    }
}

/// Fails as it is told, once.
#[derive(Default)]
struct Vexed {
    create: Mutex<Option<Awkward>>,
    check: Mutex<Option<Awkward>>,
}

impl Manager for Vexed {
    type Resource = u32;
    type Error = Awkward;

    fn create(&self) -> Result<u32, Awkward> {
        let error = self.create.lock().unwrap().take();
        error.map_or(Ok(7), Err)
    }

    fn check(&self, _: &mut u32, _: &Meta) -> Result<(), Awkward> {
        let error = self.check.lock().unwrap().take();
        error.map_or(Ok(()), Err)
    }
}

/// A pool of one, and its manager.
fn vexed() -> (Arc<Vexed>, ResourcePool<Arc<Vexed>>) {
    let manager = Arc::new(Vexed::default());
    let pool = ResourcePool::builder(Arc::clone(&manager)).max_open(1).clock(&Clock::manual());
    (manager, pool.build().expect("a pool"))
}

/// Whether the one place of the pool can still be had, and the pool comes to its end.
#[track_caller]
fn assert_no_place_is_lost(pool: ResourcePool<Arc<Vexed>>) {
    promptly(move || {
        drop(pool.get().expect("an object"));
        assert_laws(&pool.stats());
        assert_eq!((pool.stats().checking, pool.stats().creating), (0, 0));
        pool.drain(Clock::system().now() + 3600 * SECOND).expect("nothing is out");
    });
}

#[test]
fn an_error_of_a_check_whose_drop_panics_loses_no_place() {
    let (manager, pool) = vexed();
    drop(pool.get().expect("an object"));
    *manager.check.lock().unwrap() = Some(Awkward::ToDrop);
    drop(pool.get().expect("another one"));
    assert_eq!((pool.stats().check_failed, pool.stats().created), (1, 2));
    assert_no_place_is_lost(pool);
}

#[test]
fn an_error_of_a_check_whose_text_panics_with_what_panics_loses_no_place() {
    let (manager, pool) = vexed();
    drop(pool.get().expect("an object"));
    *manager.check.lock().unwrap() = Some(Awkward::ToRead);
    drop(pool.get().expect("another one"));
    assert_eq!((pool.stats().check_failed, pool.stats().created), (1, 2));
    assert_no_place_is_lost(pool);
}

#[test]
fn an_error_of_a_create_whose_text_panics_with_what_panics_is_told_as_it_is() {
    let (manager, pool) = vexed();
    *manager.create.lock().unwrap() = Some(Awkward::ToRead);
    let got = pool.get();
    assert!(matches!(got, Err(GetError::Create(Awkward::ToRead))));
    assert_no_place_is_lost(pool);
}

#[test]
fn an_idle_timeout_is_kept_beside_a_warning_that_is_due_later() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let pool = builder(&script, &clock)
        .max_lifetime(None)
        .idle_timeout(SECOND / 20)
        .hold_warn_after(20 * SECOND)
        .observer(diary.observer())
        .build()
        .expect("a pool");
    drop(lease(&pool));
    clock.advance(SECOND / 10);
    assert_eq!(pool.stats().idle, 0);
    until_destroyed(&pool, &[(1, Reason::Idle)]);
    // And the warning, beside what idles.
    let (held, other) = (lease(&pool), lease(&pool));
    drop(other);
    clock.advance(SECOND / 10);
    assert_eq!(pool.stats().idle, 0);
    clock.advance(20 * SECOND);
    let is_warning = |seen: &Seen| matches!(seen, Seen::HeldTooLong { id: 2, .. });
    eventually(&pool, || diary.entries().iter().any(is_warning));
    drop(held);
}

#[test]
fn a_first_check_counts_against_the_time_of_its_get() {
    let (script, _clock, pool) = pool_of_dead(1, 3 * SECOND);
    let got = start_on(&pool, |pool| pool.get_timeout(2 * SECOND)).finish();
    assert_eq!(timed_out(got), (Stage::Check, 3 * SECOND));
    assert_eq!(script.create.count(), 1);
}

#[test]
fn a_first_check_leaves_the_rest_of_the_time_to_the_create() {
    let (script, clock, pool) = pool_of_dead(1, SECOND);
    let gate = Gate::default();
    script.create.always(held_at(&gate));
    let getter = queue_up_with(&pool, |pool| pool.get_timeout(3 * SECOND));
    gate.wait_for(1);
    clock.advance(2 * SECOND);
    assert_eq!(timed_out(getter.finish()), (Stage::Create, 3 * SECOND));
    gate.open();
}

#[test]
fn a_create_that_is_over_times_nobody_out() {
    let (script, clock, gate) = (Scripted::default(), Clock::manual(), Gate::default());
    let timeouts = Timeouts { wait: Some(10 * SECOND), create: Some(2 * SECOND), check: None };
    let pool = builder(&script, &clock).max_open(2).timeouts(timeouts).build().expect("a pool");
    let held = lease(&pool);
    script.create.next(held_at(&gate));
    let getter = queue_up(&pool);
    gate.wait_for(1);
    pool.resize(1);
    gate.open();
    until(&pool, |stats| stats.creating == 0);
    let late = queue_up_with(&pool, |pool| pool.get_timeout(3 * SECOND));
    clock.advance(3 * SECOND);
    // Whoever is woken at that time has been woken when this one has.
    assert_eq!(timed_out(late.finish()), (Stage::Wait, 3 * SECOND));
    assert_eq!(pool.stats().waiting, 1);
    drop(held);
    assert_eq!(getter.finish().expect("what came back").number, 1);
    assert_eq!(pool.stats().timed_out, 1);
}

#[test]
fn an_idle_object_that_retain_hands_to_a_getter_is_checked() {
    let (script, _clock, pool) = timed_pool_of(1);
    assert_eq!(pool.prewarm(1).expect("it can be made"), 1);
    let gate = Gate::default();
    let looker = start_on(&pool, {
        let gate = gate.clone();
        move |pool| {
            pool.retain(|_, _| {
                gate.pass();
                true
            })
        }
    });
    gate.wait_for(1);
    let getter = queue_up(&pool);
    gate.open();
    assert_eq!(looker.finish(), 0);
    let lease = getter.finish().expect("that object");
    assert_eq!((script.check.count(), Lease::meta(&lease).uses), (1, 1));
}

#[test]
fn a_prewarm_that_has_nothing_to_do_leaves_nothing_behind() {
    let (_script, _clock, pool) = timed_pool_of(4);
    assert_eq!(pool.prewarm(2).expect("two can be made"), 2);
    until(&pool, |stats| stats.creating == 0);
    let prewarm = || assert_eq!(pool.prewarm(2).expect("two are idle"), 0);
    prewarm();
    let before = crate::allocations::live_bytes_here();
    for _ in 0..1000 {
        prewarm();
    }
    assert_eq!(crate::allocations::live_bytes_here(), before);
}

#[test]
fn a_create_that_prewarms_its_own_pool_ends_when_the_time_is_up() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let back = Arc::new(OnceLock::<WeakResourcePool<Scripted>>::new());
    let (send, prewarmed) = mpsc::channel();
    script.create.next({
        let back = Arc::clone(&back);
        move || {
            let pool = back.get().and_then(WeakResourcePool::upgrade).expect("the pool");
            // No other create may run, and this one waits for one.
            send.send(pool.prewarm(1)).expect("the test listens");
            succeed()
        }
    });
    let timeouts = wait_at_most(SECOND);
    let pool = builder(&script, &clock).max_connecting(1).timeouts(timeouts).build();
    let pool = pool.expect("a pool");
    assert!(back.set(pool.downgrade()).is_ok());
    let getter = queue_up_with(&pool, |pool| pool.get_with(None, &CancelToken::new()));
    eventually(&pool, || {
        clock.advance(SECOND);
        prewarmed.try_recv().is_ok_and(|prewarmed| prewarmed.is_err())
    });
    assert_eq!(getter.finish().expect("an object").number, 1);
}

#[test]
fn a_pool_that_fails_when_exhausted_heeds_a_cancelled_token() {
    let pool = BoundedPool::builder(String::new)
        .max_open(1)
        .when_exhausted(WhenExhausted::Fail)
        .build()
        .expect("a pool");
    let token = CancelToken::new();
    drop(pool.get_with(None, &token).expect("an object"));
    token.cancel();
    let got = pool.get_with(None, &token);
    assert!(matches!(got, Err(GetError::Cancelled)), "{got:?}");
    assert_eq!(pool.stats().borrowed, 1);
}

#[test]
fn a_paused_pool_that_creates_when_exhausted_hands_nothing_out() {
    let pool = BoundedPool::builder(String::new)
        .max_open(1)
        .when_exhausted(WhenExhausted::Create)
        .clock(&Clock::manual())
        .build()
        .expect("a pool");
    drop(pool.get().expect("an object"));
    pool.resize(0);
    let got = pool.try_get();
    assert!(matches!(got, Err(GetError::Exhausted)), "{got:?}");
    let getter = queue_up_with(&pool, |pool| pool.get());
    pool.resize(1);
    drop(getter.finish().expect("an object"));
    assert_eq!(pool.stats().created, 2);
}

#[test]
fn a_create_that_panics_for_nobody_is_told() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let gate = Gate::default();
    script.create.next(panics);
    script.create.always(held_at(&gate));
    let pool = builder(&script, &clock)
        .max_open(1)
        .min_idle(1)
        .observer(diary.observer())
        .build()
        .expect("a pool");
    let error = "the create panicked".to_owned();
    let told = Seen::CreateFailed { error: error.clone(), attempt: 1 };
    eventually(&pool, || diary.has(&told));
    until(&pool, |stats| stats.create_failed == 1);
    let getter = queue_up_with(&pool, |pool| pool.get_timeout(SECOND));
    clock.advance(SECOND);
    match getter.finish() {
        Err(GetError::Timeout { last_error, .. }) => assert_eq!(last_error, Some(error.into())),
        other => panic!("{other:?}"),
    }
    gate.open();
}

#[test]
fn a_check_that_panics_is_told() {
    let (script, clock, diary) = (Scripted::default(), Clock::manual(), Diary::default());
    let pool = builder(&script, &clock).observer(diary.observer()).build().expect("a pool");
    drop(lease(&pool));
    script.check.next(panics);
    assert!(ask(&pool).outcome().is_err());
    let told = Seen::CheckFailed { id: 1, error: "the check panicked".to_owned() };
    assert!(diary.has(&told), "{:?}", diary.entries());
    assert_eq!(pool.stats().destroyed.panicked, 1);
    until_waiting(&pool, 0);
}
