//! What managed pools tell a subscriber of `tracing`.
#![allow(clippy::std_instead_of_core, reason = "written as users write")]

use std::any::type_name;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use poolable::managed::{
    AsyncManager, AsyncResourcePool, BoundedPool, Clock, Event, ExpiringPool, Lease, Manager, Meta,
    ResourcePool, Timeouts,
};
use poolable_telemetry::{Told, event, eventually, listen, on_each, told};
use tracing::Level;

const SECOND: Duration = Duration::from_secs(1);

fn waiting_at_most(wait: Duration) -> Timeouts {
    Timeouts { wait: Some(wait), ..Timeouts::default() }
}

/// An error with a source, as most have one.
#[derive(Debug)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection refused")
    }
}

impl std::error::Error for Refused {}

#[test]
fn creates_and_ends_are_told_and_hits_are_not() {
    struct Object;

    listen();
    let clock = Clock::manual();
    let creates = clock.clone();
    let create = move || {
        creates.advance(Duration::from_micros(1500));
        Object
    };
    let pool =
        BoundedPool::builder(create).max_open(2).no_reset().clock(&clock).build().expect("a pool");
    for _ in 0..100 {
        drop(pool.get().expect("an object"));
    }
    let created = event(Level::DEBUG, "object created", &[("id", "1"), ("took_ms", "1.5")]);
    assert_eq!(told(type_name::<Object>()), std::slice::from_ref(&created));
    Lease::discard(pool.get().expect("an object"));
    let destroyed = [("id", "1"), ("reason", "released")];
    let destroyed = event(Level::DEBUG, "object destroyed", &destroyed);
    assert_eq!(told(type_name::<Object>()), [created, destroyed]);
}

#[test]
fn an_object_that_is_idle_for_too_long_is_told_of() {
    struct Aged;

    listen();
    let clock = Clock::manual();
    let builder = ExpiringPool::builder(|| Aged).no_reset().max_age(60 * SECOND).clock(&clock);
    let pool = builder.build().expect("a pool");
    drop(pool.get().expect("an object"));
    clock.advance(120 * SECOND);
    eventually(|| told(type_name::<Aged>()).len() > 1);
    let gone = [("id", "1"), ("reason", "idle")];
    assert_eq!(told(type_name::<Aged>())[1], event(Level::DEBUG, "object destroyed", &gone));
}

/// Has a getter wait for so long that would have waited for `patience`.
fn wait_for<T: Send + 'static>(new: fn() -> T, time: Duration, patience: Duration) -> Told {
    listen();
    let clock = Clock::manual();
    let builder = BoundedPool::builder(new).max_open(1).no_reset().clock(&clock);
    let pool = builder.timeouts(waiting_at_most(patience)).build().expect("a pool");
    let held = pool.get().expect("an object");
    thread::scope(|scope| {
        let getter = scope.spawn(|| pool.get().map(drop));
        eventually(|| pool.stats().waiting == 1);
        clock.advance(time);
        drop(held);
        getter.join().expect("no panic").expect("an object");
    });
    let told = told(type_name::<T>());
    assert_eq!(told.len(), 2, "a create and a wait: {told:?}");
    told[1].clone()
}

#[test]
fn a_wait_is_told_and_a_long_one_louder() {
    struct Short;
    let waited = event(Level::DEBUG, "getter waited", &[("waited_ms", "999.0")]);
    assert_eq!(wait_for(|| Short, Duration::from_millis(999), 30 * SECOND), waited);

    struct Long;
    let waited = event(Level::WARN, "getter waited for long", &[("waited_ms", "1000.0")]);
    assert_eq!(wait_for(|| Long, SECOND, 30 * SECOND), waited);

    struct Impatient;
    let waited = event(Level::WARN, "getter waited for long", &[("waited_ms", "200.0")]);
    let (time, patience) = (Duration::from_millis(200), Duration::from_millis(400));
    assert_eq!(wait_for(|| Impatient, time, patience), waited);
}

#[test]
fn a_timeout_is_told() {
    struct Scarce;

    listen();
    let clock = Clock::manual();
    let builder = BoundedPool::builder(|| Scarce).max_open(1).no_reset().clock(&clock);
    let pool = builder.timeouts(waiting_at_most(4 * SECOND)).build().expect("a pool");
    let _held = pool.get().expect("an object");
    thread::scope(|scope| {
        let getter = scope.spawn(|| pool.get().is_err());
        eventually(|| pool.stats().waiting == 1);
        clock.advance(4 * SECOND);
        assert!(getter.join().expect("no panic"));
    });
    let fields = [("waited_ms", "4000.0"), ("stage", "waiting for an object")];
    let late = event(Level::WARN, "getter timed out", &fields);
    assert_eq!(told(type_name::<Scarce>())[1..], [late]);
}

/// Creates what fails its check, or fails to create.
struct Faulty<T> {
    new: fn(usize) -> Result<T, Refused>,
    creates: AtomicUsize,
    checks: fn() -> Result<(), Refused>,
}

impl<T> Faulty<T> {
    fn new(new: fn(usize) -> Result<T, Refused>, checks: fn() -> Result<(), Refused>) -> Self {
        Self { new, creates: AtomicUsize::new(0), checks }
    }
}

impl<T: Send + 'static> Manager for Faulty<T> {
    type Resource = T;
    type Error = Refused;

    fn create(&self) -> Result<T, Refused> {
        (self.new)(self.creates.fetch_add(1, Ordering::Relaxed))
    }

    fn check(&self, _: &mut T, _: &Meta) -> Result<(), Refused> {
        (self.checks)()
    }
}

impl<T: Send + 'static> AsyncManager for Faulty<T> {
    type Resource = T;
    type Error = Refused;

    async fn create(&self) -> Result<T, Refused> {
        (self.new)(self.creates.fetch_add(1, Ordering::Relaxed))
    }
}

#[test]
fn creates_that_fail_are_told() {
    struct Refusing;

    listen();
    let failed =
        event(Level::WARN, "create failed", &[("attempt", "1"), ("error", "connection refused")]);
    let pool = ResourcePool::new(Faulty::<Refusing>::new(|_| Err(Refused), || Ok(())));
    assert!(pool.get().is_err());
    assert_eq!(told(type_name::<Refusing>()), std::slice::from_ref(&failed));

    struct AlsoRefusing;

    let manager = Faulty::<AlsoRefusing>::new(|_| Err(Refused), || Ok(()));
    let pool = AsyncResourcePool::new(manager);
    let mut get = std::pin::pin!(pool.get());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    eventually(|| match get.as_mut().poll(&mut context) {
        std::task::Poll::Ready(got) => got.is_err(),
        std::task::Poll::Pending => false,
    });
    assert_eq!(told(type_name::<AlsoRefusing>()), [failed]);
}

#[test]
fn checks_that_fail_are_told() {
    struct Stale;

    listen();
    let clock = Clock::manual();
    let pool = ResourcePool::builder(Faulty::new(|_| Ok(Stale), || Err(Refused)));
    let pool = pool.clock(&clock).build().expect("a pool");
    drop(pool.get().expect("an object"));
    drop(pool.get().expect("another one"));
    let failed = [("id", "1"), ("error", "connection refused")];
    let failed = event(Level::WARN, "check failed", &failed);
    let warnings = told(type_name::<Stale>()).into_iter().filter(|told| told.level == Level::WARN);
    assert_eq!(warnings.collect::<Vec<_>>(), [failed]);
    // It is destroyed apart.
    let destroyed = event(Level::DEBUG, "object destroyed", &[("id", "1"), ("reason", "broken")]);
    eventually(|| told(type_name::<Stale>()).contains(&destroyed));
}

#[test]
fn a_lease_that_is_held_for_long_is_told_of_without_an_observer() {
    struct Held;

    listen();
    let clock = Clock::manual();
    let pool = ResourcePool::builder(Faulty::new(|_| Ok(Held), || Ok(())));
    let pool = pool.clock(&clock).hold_warn_after(5 * SECOND).build().expect("a pool");
    let held = pool.get().expect("an object");
    clock.advance(6 * SECOND);
    let expected = [("id", "1"), ("held_ms", "6000.0")];
    let expected = event(Level::WARN, "object held for long", &expected);
    eventually(|| told(type_name::<Held>()).contains(&expected));
    drop(held);
}

#[test]
fn pools_of_objects_tell_of_leases_that_are_held_for_long_too() {
    struct Bounded;
    struct Expiring;

    listen();
    let clock = Clock::manual();
    let bounded = BoundedPool::builder(|| Bounded).hold_warn_after(5 * SECOND);
    let bounded = bounded.no_reset().clock(&clock).build().expect("a pool");
    let expiring = ExpiringPool::builder(|| Expiring).hold_warn_after(4 * SECOND);
    let expiring = expiring.no_reset().clock(&clock).build().expect("a pool");
    let held = (bounded.get().expect("an object"), expiring.get().expect("an object"));
    clock.advance(6 * SECOND);
    let expected = [("id", "1"), ("held_ms", "6000.0")];
    let expected = event(Level::WARN, "object held for long", &expected);
    for name in [type_name::<Bounded>(), type_name::<Expiring>()] {
        eventually(|| told(name).len() > 1);
        assert_eq!(told(name)[1..], std::slice::from_ref(&expected)[..], "{name}");
    }
    drop(held);
}

#[test]
fn the_observer_hears_what_the_subscriber_does_and_the_subscriber_does_not() {
    struct Seen;

    let observed = Arc::new(AtomicUsize::new(0));
    let counter = observed.clone();
    let count = move |event: &Event<'_>| {
        if let Event::Created { .. } = event {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    };
    let pool = ResourcePool::builder(Faulty::new(|_| Ok(Seen), || Ok(())));
    let pool = pool.max_open(10).observer(count).build().expect("a pool");
    let hook = pool.downgrade();
    on_each(type_name::<Seen>(), move || {
        // By a thread of the pool's, which tells on its own; and this one goes on at once.
        let Some(pool) = hook.upgrade() else { return };
        if pool.stats().created == 1 {
            drop(pool.get_timeout(Duration::ZERO));
        }
    });
    Lease::discard(pool.get().expect("an object"));
    assert_eq!(observed.load(Ordering::Relaxed) as u64, pool.stats().created);

    // Where creates run in the getter, all is on one thread.
    struct Nested;

    let pool = BoundedPool::builder(|| Nested).max_open(5).no_reset().build().expect("a pool");
    let (hook, calls) = (pool.clone(), Arc::new(AtomicUsize::new(0)));
    let counter = calls.clone();
    on_each(type_name::<Nested>(), move || {
        counter.fetch_add(1, Ordering::Relaxed);
        let one = hook.try_get().expect("there is room");
        Lease::discard(hook.try_get().expect("there is room"));
        drop(one);
    });
    drop(pool.get().expect("an object"));
    assert_eq!((calls.load(Ordering::Relaxed), pool.stats().created), (1, 3));
    assert_eq!(told(type_name::<Nested>()).len(), 1);
    on_each(type_name::<Nested>(), || ());
}
