//! What pools tell of themselves: statistics, errors, and refusals of the builder.

use std::collections::HashSet;
use std::error::Error;
use std::hash::Hash;
use std::time::Duration;

use poolable::managed::{
    BoundedPool, BuildError, CancelToken, Clock, Event, ExpiringPool, Fate, GetError, Kind, Lease,
    Manager, Order, Reason, ResourcePool, ResourcePoolBuilder, Stage, Stats, WhenExhausted,
};

use super::scripted::{
    Gate, Refused, SECOND, Scripted, ask, assert_laws, builder, fail, held_at, lease, leases,
    pool_of, queue_up, queue_up_with, start_on, timed_pool_of, until,
};

#[test]
fn a_new_pool_has_done_nothing() {
    let (script, pool) = pool_of(7);
    let stats = pool.stats();
    assert_eq!(stats.max_open, Some(7));
    for (count, name) in [
        (stats.open, "open"),
        (stats.idle, "idle"),
        (stats.in_use, "in_use"),
        (stats.checking, "checking"),
        (stats.creating, "creating"),
        (stats.waiting, "waiting"),
        (stats.created, "created"),
        (stats.borrowed, "borrowed"),
        (stats.returned, "returned"),
        (stats.detached, "detached"),
        (stats.create_failed, "create_failed"),
        (stats.check_failed, "check_failed"),
        (stats.waited, "waited"),
        (stats.timed_out, "timed_out"),
        (stats.cancelled, "cancelled"),
        (stats.destroyed.total(), "destroyed"),
    ] {
        assert_eq!(count, 0, "{name}");
    }
    assert_eq!(script.create.count(), 0);
}

#[test]
fn ten_may_be_open_unless_told_otherwise() {
    let pool = ResourcePool::builder(Scripted::default()).build().expect("a pool");
    assert_eq!(pool.stats().max_open, Some(10));
}

#[test]
fn what_is_open_is_idle_in_use_checked_or_made() {
    let (script, pool) = pool_of(4);
    let (creating, checking) = (Gate::default(), Gate::default());
    let mut held = leases(&pool, 3);
    drop(held.pop());
    drop(held.pop());
    script.check.next(held_at(&checking));
    let checked = ask(&pool);
    checking.wait_for(1);
    drop(lease(&pool));
    script.create.next(held_at(&creating));
    let more = lease(&pool);
    let made = queue_up(&pool);
    creating.wait_for(1);
    drop(more);
    drop(made.finish().expect("what came back"));
    let stats = pool.stats();
    assert_eq!(
        (stats.open, stats.idle, stats.in_use, stats.checking, stats.creating),
        (4, 1, 1, 1, 1),
        "{stats:?}"
    );
    assert_laws(&stats);
    creating.open();
    checking.open();
    drop((checked.finish(), held));
    until(&pool, |stats| stats.idle == 4);
}

#[test]
fn leases_are_counted_when_they_go_out_and_when_they_come_home() {
    let (script, pool) = pool_of(4);
    drop(lease(&pool));
    Lease::discard(lease(&pool));
    drop(Lease::detach(lease(&pool)));
    script.release.next(fail);
    drop(lease(&pool));
    let held = lease(&pool);
    let stats = pool.stats();
    assert_eq!(stats.borrowed, 5, "{stats:?}");
    assert_eq!(stats.returned, 3, "{stats:?}");
    assert_eq!(stats.detached, 1, "{stats:?}");
    assert_eq!(stats.borrowed, stats.in_use + stats.returned + stats.detached, "{stats:?}");
    assert_laws(&stats);
    drop(held);
}

#[test]
fn a_forgotten_lease_stays_in_use() {
    let (script, pool) = pool_of(1);
    std::mem::forget(lease(&pool));
    assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.open), (1, 1), "{stats:?}");
    pool.close();
    assert_eq!(pool.stats().in_use, 1);
    assert_eq!(script.alive(), 1);
}

#[test]
fn every_reason_to_destroy_is_counted_by_its_name() {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock)
        .max_open(4)
        .max_idle(3)
        .max_lifetime(100 * SECOND)
        .idle_timeout(10 * SECOND)
        .build()
        .expect("a pool");
    drop(leases(&pool, 4));
    assert_eq!(pool.stats().destroyed.full, 1);
    pool.resize(2);
    assert_eq!(pool.stats().destroyed.resized, 1);
    clock.advance(12 * SECOND);
    until(&pool, |stats| stats.destroyed.idle == 2);
    let held = lease(&pool);
    clock.advance(100 * SECOND);
    drop(held);
    assert_eq!(pool.stats().destroyed.expired, 1);
    drop(lease(&pool));
    script.check.next(fail);
    Lease::discard(lease(&pool));
    assert_eq!(pool.stats().destroyed.broken, 1);
    assert_eq!(pool.stats().destroyed.released, 1);
    let held = lease(&pool);
    assert!(crate::unwinds(move || {
        let _held = held;
        crate::unwind()
    }));
    assert_eq!(pool.stats().destroyed.panicked, 1);
    drop(lease(&pool));
    pool.close();
    assert_eq!(pool.stats().destroyed.closed, 1);
    let destroyed = pool.stats().destroyed;
    assert_eq!(destroyed.total(), 9, "{destroyed:?}");
    super::scripted::eventually(&pool, || script.destroyed().len() == 9);
    let mut reasons = script.reasons();
    reasons.sort_by_key(|why| format!("{why:?}"));
    assert_eq!(
        reasons,
        [
            Reason::Broken,
            Reason::Closed,
            Reason::Expired,
            Reason::Full,
            Reason::Idle,
            Reason::Idle,
            Reason::Panicked,
            Reason::Released,
            Reason::Resized,
        ]
    );
    assert_laws(&pool.stats());
}

#[test]
fn stats_are_copied_and_compared() {
    fn plain<T: Copy + Send + Sync + std::fmt::Debug>() {}

    plain::<Stats>();
    let (_script, pool) = pool_of(1);
    let text = format!("{:?}", pool.stats());
    for name in ["open", "idle", "in_use", "waiting", "destroyed"] {
        assert!(text.contains(name), "{text}");
    }
}

/// Every error that a get can end with, from a pool.
fn errors() -> [(GetError<Refused>, &'static str); 5] {
    let (script, clock, pool) = timed_pool_of(1);
    script.create.next(|| Err(Refused("no route")));
    let create = ask(&pool).finish().expect_err("it failed");
    let held = lease(&pool);
    let exhausted = pool.try_get().expect_err("one is out");
    let getter = queue_up_with(&pool, |pool| pool.get_timeout(5 * SECOND));
    clock.advance(5 * SECOND);
    let timeout = getter.finish().expect_err("it timed out");
    let token = CancelToken::new();
    token.cancel();
    let cancelled =
        start_on(&pool, move |pool| pool.get_with(None, &token)).finish().expect_err("cancelled");
    pool.close();
    let closed = pool.get().expect_err("closed");
    drop(held);
    [
        (timeout, "timeout"),
        (closed, "closed"),
        (cancelled, "cancelled"),
        (exhausted, "exhausted"),
        (create, "create"),
    ]
}

#[test]
fn errors_say_what_happened() {
    let [timeout, closed, cancelled, exhausted, create] = errors().map(|(error, _)| error);
    let text = timeout.to_string();
    assert!(text.contains("timed out after 5") && text.contains("waiting"), "how long: {text}");
    assert!(text.contains('1'), "how many are out: {text}");
    assert!(closed.to_string().contains("closed"), "{closed}");
    assert!(cancelled.to_string().contains("cancel"), "{cancelled}");
    let text = exhausted.to_string();
    assert!(!text.is_empty() && text != closed.to_string(), "{text}");
    assert!(create.to_string().contains("no route"), "{create}");
}

#[test]
fn errors_read_as_errors_do() {
    for (error, name) in errors() {
        let text = error.to_string();
        assert!(!text.ends_with('.'), "{name}: {text}");
        assert!(text.starts_with(|first: char| first.is_lowercase()), "{name}: {text}");
        assert!(!text.contains('\n'), "{name}: {text}");
        let _: Box<dyn Error + Send + Sync> = Box::new(error);
    }
}

#[test]
fn the_error_of_a_create_is_told_once() {
    let (script, pool) = pool_of(1);
    script.create.next(|| Err(Refused("no route")));
    let error = ask(&pool).finish().expect_err("it failed");
    let mut told = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        told.push(error.to_string());
        source = error.source();
    }
    let times = told.iter().filter(|text| text.contains("no route")).count();
    assert_eq!(times, 1, "{told:?}");
    assert!(matches!(error, GetError::Create(Refused("no route"))));
}

#[test]
fn a_timeout_tells_the_state_of_the_pool() {
    let (_script, clock, pool) = timed_pool_of(2);
    let held = leases(&pool, 2);
    let first = queue_up_with(&pool, |pool| pool.get_timeout(SECOND));
    let second = queue_up(&pool);
    clock.advance(SECOND);
    match first.finish() {
        Err(GetError::Timeout { stats, .. }) => {
            assert_eq!((stats.open, stats.in_use, stats.idle), (2, 2, 0), "{stats:?}");
            assert_laws(&stats);
        }
        other => panic!("{other:?}"),
    }
    drop(held);
    drop(second.finish().expect("an object"));
}

fn is_refused<M: Manager>(builder: ResourcePoolBuilder<M>) -> bool {
    match builder.build() {
        Ok(_) => false,
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
            let _: Box<dyn Error + Send + Sync> = Box::new(error);
            true
        }
    }
}

#[test]
fn a_configuration_that_means_nothing_is_refused() {
    let any = || ResourcePool::builder(Scripted::default());
    assert!(is_refused(any().jitter(-0.1)));
    assert!(is_refused(any().jitter(1.5)));
    assert!(is_refused(any().jitter(f64::NAN)));
    assert!(is_refused(any().max_connecting(0)));
    assert!(is_refused(any().max_open(0)));
    assert!(is_refused(any().max_lifetime(Duration::ZERO)));
    assert!(is_refused(any().idle_timeout(Duration::ZERO)));
    assert!(is_refused(any().max_open(2).min_idle(3)));
    assert!(is_refused(any().max_idle(2).min_idle(3)));
    assert!(!is_refused(any()));
    assert!(!is_refused(any().jitter(0.0)));
    assert!(!is_refused(any().jitter(1.0)));
    assert!(!is_refused(any().max_open(None).min_idle(3)));
    assert!(!is_refused(any().max_idle(0)));
}

#[test]
fn pools_can_be_printed() {
    let (_script, pool) = pool_of(3);
    assert!(format!("{pool:?}").contains("ResourcePool"));
    let bounded = BoundedPool::new(1, String::new);
    assert!(format!("{bounded:?}").contains("BoundedPool"));
    let expiring = ExpiringPool::new(1, Duration::from_secs(1), String::new);
    assert!(format!("{expiring:?}").contains("ExpiringPool"));
}

#[test]
fn what_tells_cases_apart_may_be_a_key_and_events_are_passed_on_by_copy() {
    fn is_key<T: Copy + Eq + Hash>() {}
    fn is_copy<T: Copy>() {}

    is_key::<BuildError>();
    is_key::<Fate>();
    is_key::<Order>();
    is_key::<WhenExhausted>();
    is_copy::<Event<'_>>();
    let stages = HashSet::from([Stage::Wait, Stage::Create, Stage::Check, Stage::Wait]);
    let kinds = HashSet::from([Kind::Bounded, Kind::Expiring, Kind::Resource, Kind::Bounded]);
    let reasons = HashSet::from([Reason::Full, Reason::Idle, Reason::Full]);
    assert_eq!((stages.len(), kinds.len(), reasons.len()), (3, 3, 2));
}
