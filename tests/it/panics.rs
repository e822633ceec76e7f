//! A panic in user code costs one object and nothing else.

use std::cell::Cell;

use poolable::{Poolable, Pooled, Reset};

use crate::{unwind, unwinds};

thread_local! {
    static DROPS: Cell<u32> = const { Cell::new(0) };
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

/// Counts its drops.
struct Counted;

impl Reset for Counted {
    fn blank() -> Self {
        Self
    }
    fn reset(&mut self) {}
}

impl Drop for Counted {
    fn drop(&mut self) {
        let _ = DROPS.try_with(|drops| drops.set(drops.get() + 1));
    }
}

fn trip() {
    if ARMED.replace(false) {
        unwind();
    }
}

#[test]
fn a_panic_in_create_loses_nothing() {
    #[derive(Poolable)]
    #[pool(create = Self::new)]
    struct Thing(#[pool(skip)] Counted);

    impl Thing {
        fn new() -> Self {
            trip();
            Self(Counted)
        }
    }

    ARMED.set(true);
    assert!(unwinds(|| drop(Thing::pooled())));
    let stats = Thing::pool().stats();
    assert_eq!((stats.misses, stats.created, stats.in_use), (1, 0, 0));
    drop(Thing::pooled());
    assert_eq!((Thing::pool().stats().created, DROPS.get()), (1, 0));
    ARMED.set(true);
    assert!(unwinds(|| assert_eq!(Thing::pool().prewarm(3), 0)));
    assert_eq!(Thing::pool().stats().idle, 1);
}

#[test]
fn a_panic_in_reset_drops_the_object_once() {
    #[derive(Poolable)]
    struct Thing {
        #[pool(with = Self::trip)]
        step: u8,
        #[pool(skip)]
        counted: Counted,
    }

    impl Thing {
        fn trip(step: &mut u8) {
            *step = 0;
            trip();
        }
    }

    let (one, two) = (Thing::pooled(), Thing::pooled());
    ARMED.set(true);
    assert!(unwinds(|| drop(one)));
    assert_eq!(DROPS.get(), 1);
    drop(two);
    let stats = Thing::pool().stats();
    assert_eq!((stats.discarded.panic, stats.returned, stats.idle, stats.in_use), (1, 2, 1, 0));
    let thing = Thing::pooled();
    assert_eq!((thing.step, DROPS.get()), (0, 1));
    let Thing { counted: Counted, .. } = &*thing;
}

#[test]
fn a_panic_in_validate_drops_the_object_once() {
    #[derive(Poolable)]
    #[pool(validate = Self::check)]
    struct Thing(#[pool(skip)] Counted);

    impl Thing {
        fn check(&self) -> bool {
            let Counted = self.0;
            trip();
            true
        }
    }

    let thing = Thing::pooled();
    ARMED.set(true);
    assert!(unwinds(|| drop(thing)));
    let stats = Thing::pool().stats();
    assert_eq!((stats.discarded.invalid, stats.in_use, DROPS.get()), (1, 0, 1));
    drop(Thing::pooled());
    assert_eq!(Thing::pool().stats().idle, 1);
}

#[test]
fn a_panic_in_the_drop_of_a_surplus_object_costs_that_one() {
    #[derive(Poolable)]
    #[pool(cache = 4, max_idle = 0)]
    struct Thing(#[pool(skip)] Tripping);

    struct Tripping;

    impl Reset for Tripping {
        fn blank() -> Self {
            Self
        }
        fn reset(&mut self) {}
    }

    impl Drop for Tripping {
        fn drop(&mut self) {
            let _ = DROPS.try_with(|drops| drops.set(drops.get() + 1));
            trip();
        }
    }

    let guards: Vec<_> = (0..5).map(|_| Thing::pooled()).collect();
    let Thing(Tripping) = &*guards[0];
    ARMED.set(true);
    // Neither the cache nor the depot has room for the fifth.
    assert!(unwinds(|| drop(guards)));
    let stats = Thing::pool().stats();
    assert_eq!((DROPS.get(), stats.discarded.full), (1, 1));
    assert_eq!((stats.idle, stats.in_use), (4, 0));

    ARMED.set(true);
    assert!(unwinds(|| Thing::pool().clear()));
    assert_eq!((DROPS.get(), Thing::pool().stats().idle), (5, 0));
}

#[test]
fn a_reset_may_get_and_return_objects_of_the_same_pool() {
    #[derive(Poolable)]
    #[pool(create = Self::new, cache = 2, max_idle = 2)]
    struct Thing {
        #[pool(with = Self::visit)]
        depth: u8,
    }

    impl Thing {
        fn new() -> Self {
            Self { depth: 0 }
        }

        fn visit(depth: &mut u8) {
            if *depth > 0 {
                let mut others: Vec<_> = (0..4).map(|_| Self::pooled()).collect();
                others[0].depth = *depth - 1;
                *depth = 0;
            }
        }
    }

    let mut thing = Thing::pooled();
    thing.depth = 4;
    drop(thing);
    let stats = Thing::pool().stats();
    assert_eq!(stats.in_use, 0);
    assert_eq!(stats.created, stats.idle + stats.discarded.total());
    assert!(stats.idle <= 4);
}

#[test]
fn a_drop_may_return_objects_to_the_pool_that_is_cleared() {
    #[derive(Poolable)]
    struct Thing {
        #[pool(init = true)]
        spawns: bool,
    }

    impl Drop for Thing {
        fn drop(&mut self) {
            if self.spawns {
                drop(Self::pooled());
            }
        }
    }

    let guards: Vec<_> = (0..100).map(|_| Pooled::attach(Thing { spawns: true })).collect();
    drop(guards);
    for _ in 0..3 {
        Thing::pool().flush_thread_cache();
        Thing::pool().clear();
    }
    let stats = Thing::pool().stats();
    assert_eq!(stats.created + stats.attached, stats.idle + stats.discarded.total());
}

#[test]
fn a_guard_dropped_while_unwinding_goes_home_blank() {
    #[derive(Poolable)]
    struct Line(String);

    assert!(unwinds(|| {
        let mut line = Line::pooled();
        line.0.push_str("half");
        unwind();
    }));
    assert_eq!(Line::pool().stats().idle, 1);
    assert_eq!(Line::pooled().0, "");
}

#[test]
fn a_nested_object_whose_reset_panicked_is_freed_and_not_reset_again() {
    #[derive(Poolable)]
    struct Inner {
        #[pool(with = Self::fail)]
        armed: bool,
    }

    impl Inner {
        fn fail(armed: &mut bool) {
            if *armed {
                unwind();
            }
        }
    }

    #[derive(Poolable)]
    struct Outer(Pooled<Inner>);

    let mut outer = Outer::pooled();
    outer.0.armed = true;
    assert!(unwinds(|| drop(outer)));
    assert_eq!(Outer::pool().stats().discarded.panic, 1);
    let inner = Inner::pool().stats();
    assert_eq!((inner.discarded.panic, inner.in_use), (1, 0));
}

#[test]
fn several_surplus_objects_whose_drops_panic_cost_themselves_alone() {
    #[derive(Poolable)]
    #[pool(cache = 4, max_idle = 0)]
    struct Thing(#[pool(init = Failing)] Failing);

    struct Failing;

    impl Reset for Failing {
        fn blank() -> Self {
            Self
        }
        fn reset(&mut self) {}
    }

    impl Drop for Failing {
        fn drop(&mut self) {
            unwind();
        }
    }

    let mut guards: Vec<_> = (0..5).map(|_| Thing::pooled()).collect();
    let last = guards.pop();
    let Thing(Failing) = &*guards[0];
    drop(guards);
    // Neither the cache nor the depot has room for the fifth.
    assert!(unwinds(|| drop(last)));
    assert_eq!((Thing::pool().stats().idle, Thing::pool().stats().discarded.full), (4, 1));
    assert!(unwinds(|| Thing::pool().clear()));
    assert_eq!((Thing::pool().stats().idle, Thing::pool().stats().discarded.explicit), (0, 4));
}

#[test]
fn a_prewarm_that_panics_keeps_what_it_has_made() {
    thread_local! {
        static LEFT: Cell<u32> = const { Cell::new(4) };
    }

    #[derive(Poolable)]
    #[pool(create = Self::new)]
    struct Thing(u8);

    impl Thing {
        fn new() -> Self {
            LEFT.set(LEFT.get().checked_sub(1).unwrap_or_else(|| unwind()));
            Self(0)
        }
    }

    assert!(unwinds(|| assert_eq!(Thing::pool().prewarm(10), 0)));
    let stats = Thing::pool().stats();
    assert_eq!((stats.idle, stats.created, stats.in_use), (4, 4, 0));
    assert_eq!(Thing::pooled().0, 0);
}
