//! Hooks of pools whose gets are awaited that call back into their pool, and that panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;
use std::time::Duration;

use poolable::managed::{CancelToken, Event, GetError, Lease, Reason, WeakAsyncResourcePool};

use super::async_scripted::{AsyncScripted, Gate, Links, Set, Task, at, at_then, never, then};
use super::scripted::{Outcome, SECOND, assert_laws, fail, panics, unless_within, wait_at_most};

type Weak = WeakAsyncResourcePool<AsyncScripted>;

/// Where a hook finds its pool; what it holds does not keep the pool open.
#[derive(Clone, Default)]
struct Back(Arc<OnceLock<Weak>>);

impl Back {
    fn to(&self, set: &Set) {
        assert!(self.0.set(set.pool.downgrade()).is_ok(), "a hook has one pool");
    }

    fn pool(&self) -> Option<Links> {
        self.0.get().and_then(Weak::upgrade)
    }

    /// Everything that can be called without waiting.
    fn calls(&self) -> impl Fn() -> Outcome + Send + Sync + 'static {
        let back = self.clone();
        move || {
            unless_within(|| {
                let Some(pool) = back.pool() else { return };
                assert_laws(&pool.stats());
                let cancelled = CancelToken::new();
                cancelled.cancel();
                let deadline = pool.manager().create.count();
                let _ = Task::new({
                    let pool = pool.clone();
                    async move {
                        // Whatever comes of it.
                        drop(pool.try_get().await);
                        drop(pool.get_timeout(Duration::ZERO).await);
                        drop(pool.get_with(None, &cancelled).await);
                    }
                })
                .run();
                // One that waits, and is dropped.
                let _ = Task::new({
                    let pool = pool.clone();
                    async move { drop(pool.get().await) }
                })
                .run();
                let _ = pool.retain(|_, _| true);
                pool.resize(pool.stats().max_open.map(|max| max as usize));
                assert!(deadline <= pool.manager().create.count());
                let _ = (pool.is_closed(), format!("{pool:?}"));
            });
            Ok(())
        }
    }

    /// A future that gets from the pool that it serves.
    fn gets(
        &self,
    ) -> impl Fn() -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync + 'static {
        let back = self.clone();
        move || {
            let pool = back.pool();
            Box::pin(async move {
                if let Some(pool) = pool {
                    drop(pool.try_get().await);
                    assert_laws(&pool.stats());
                }
                Ok(())
            })
        }
    }
}

/// A pool, some of whose hooks are to call back.
fn calling(set: Set, hooks: impl FnOnce(&AsyncScripted, &Back)) -> Set {
    let back = Back::default();
    hooks(&set.script, &back);
    back.to(&set);
    set
}

/// What happens to objects in their lives.
#[track_caller]
fn live(set: &Set) {
    drop(set.lease());
    let mut held = set.leases(3);
    let mut task = set.ask();
    let _ = set.drive(&mut task);
    drop(held.remove(0));
    match set.drive(&mut task) {
        Poll::Ready(got) => Lease::discard(got.expect("an object")),
        Poll::Pending => panic!("it sleeps: {:?}", set.pool.stats()),
    }
    drop((held, task));
    set.spawner.run();
    let _ = set.pool.retain(|link, _| link.number % 2 == 0);
    set.pool.resize(1);
    drop(set.lease());
    set.pool.close();
    set.eventually(|| {
        set.spawner.run();
        set.pool.stats().open == 0 && set.script.alive() == 0
    });
    set.stats();
}

#[test]
fn hooks_that_call_back_into_the_pool_do_not_hang() {
    for hook in 0..7 {
        for set in [Set::of(3), Set::spawning(3)] {
            let set = calling(set, |script, back| {
                if matches!(hook, 0 | 6) {
                    script.create.always(then(back.calls()));
                }
                if matches!(hook, 1 | 6) {
                    script.check.always(then(back.calls()));
                }
                if matches!(hook, 2 | 6) {
                    script.release.always(back.calls());
                }
                if matches!(hook, 3 | 6) {
                    script.destroy.always(back.calls());
                }
                if matches!(hook, 4 | 6) {
                    script.drops.always(back.calls());
                }
                if matches!(hook, 5 | 6) {
                    script.create.drops.always(back.calls());
                    script.check.drops.always(back.calls());
                }
            });
            live(&set);
        }
    }
}

#[test]
fn a_create_that_calls_back_before_it_is_a_future_does_not_hang() {
    for set in [Set::of(3), Set::spawning(3)] {
        let set = calling(set, |script, back| {
            let calls = back.calls();
            script.create.always(move || {
                let outcome = calls();
                Box::pin(async move { outcome })
            });
        });
        live(&set);
    }
}

#[test]
fn a_create_and_a_check_that_await_a_get_of_their_own_pool_do_not_hang() {
    for set in [Set::of(3), Set::spawning(3)] {
        let set = calling(set, |script, back| {
            script.create.next(back.gets()).next(back.gets());
            script.check.next(back.gets()).next(back.gets());
        });
        live(&set);
    }
}

#[test]
fn a_create_that_awaits_an_object_of_its_own_pool_comes_to_its_time() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(SECOND)));
    let back = Back::default();
    back.to(&set);
    set.script.create.next(move || {
        let pool = back.pool().expect("a handle is held");
        Box::pin(async move {
            let inner = pool.get().await;
            assert!(matches!(inner, Err(GetError::Timeout { .. })), "{inner:?}");
            Ok(())
        })
    });
    let mut task = set.ask();
    assert!(task.run().is_pending());
    set.clock.advance(SECOND);
    // The outer one has waited for as long.
    let outcome = task.finish();
    assert!(matches!(outcome, Ok(_) | Err(GetError::Timeout { .. })), "{outcome:?}");
    drop(outcome);
    set.clock.advance(SECOND);
    drop(set.lease());
    set.script.create.always(then(super::scripted::succeed));
}

#[test]
fn an_observer_that_calls_back_into_the_pool_does_not_hang() {
    let back = Back::default();
    let calls = back.calls();
    let set = Set::spawning_by(|builder| {
        builder.max_open(3).observer(move |_: &Event<'_>| calls().expect("it succeeds"))
    });
    back.to(&set);
    live(&set);
}

#[test]
fn hooks_that_close_their_pool_do_not_hang() {
    for hook in 0..7 {
        for set in [Set::of(3), Set::spawning(3)] {
            let set = calling(set, |script, back| {
                let back = back.clone();
                let closes = move || {
                    if let Some(pool) = back.pool() {
                        pool.close();
                    }
                    Ok(())
                };
                let hooks = [
                    &script.release,
                    &script.destroy,
                    &script.drops,
                    &script.create.drops,
                    &script.check.drops,
                ];
                match hook {
                    0 => {
                        script.create.next(then(super::scripted::succeed)).next(then(closes));
                    }
                    1 => {
                        script.check.next(then(closes));
                    }
                    _ => {
                        hooks[hook - 2].next(closes);
                    }
                }
            });
            let pool = set.pool.clone();
            let outcome = set.finish(Task::new(async move {
                drop(pool.get().await?);
                Lease::discard(pool.get().await?);
                drop(pool.get().await?);
                Ok::<_, GetError<_>>(())
            }));
            assert!(matches!(outcome, Ok(()) | Err(GetError::Closed)), "{hook}: {outcome:?}");
            set.spawner.run();
            set.eventually(|| set.script.alive() == 0);
            assert!(set.pool.is_closed(), "hook {hook} was not called");
            assert_eq!(set.stats().open, 0);
        }
    }
}

#[test]
fn a_create_that_closes_its_pool_while_it_is_polled_is_dropped_after_that() {
    for set in [Set::of(1), Set::spawning(1)] {
        let (gate, back) = (Gate::default(), Back::default());
        back.to(&set);
        set.script.create.next(at_then(&gate, move || {
            back.pool().expect("a handle is held").close();
            Ok(())
        }));
        let task = set.queued();
        set.spawner.run();
        gate.open();
        assert!(matches!(set.finish(task), Err(GetError::Closed)));
        assert_eq!((set.stats().open, set.script.alive(), set.script.create.now()), (0, 0, 0));
    }
}

#[test]
fn a_create_may_drop_the_get_that_polls_on_what_another_left() {
    // The first one's create is polled on by the second, and has a third one dropped.
    let set = Set::of(1);
    let gate = Gate::default();
    let third: Arc<Mutex<Option<Task<_>>>> = Arc::default();
    let taken = Arc::clone(&third);
    set.script.create.next(at_then(&gate, move || {
        let task = taken.lock().expect("no panic").take();
        drop(task);
        Ok(())
    }));
    drop(set.queued());
    let second = set.queued();
    *third.lock().expect("no panic") = Some(set.queued());
    gate.open();
    assert_eq!(second.finish().expect("an object").number, 1);
    assert_eq!(set.stats().waiting, 0);
}

#[test]
fn a_panic_on_release_destroys_the_object_and_is_resumed() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    set.script.release.next(panics);
    let payload = catch_unwind(AssertUnwindSafe(|| drop(held))).expect_err("it is resumed");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(set.script.destroyed(), [(1, Reason::Panicked)]);
    let stats = set.stats();
    assert_eq!((stats.destroyed.panicked, stats.returned), (1, 1), "{stats:?}");
    assert_eq!(task.finish().expect("a new one").number, 2);
}

#[test]
fn a_refusal_on_release_with_one_who_waits_has_it_create() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    set.script.release.next(fail);
    drop(held);
    assert_eq!(task.finish().expect("a new one").number, 2);
    assert_eq!(set.script.destroyed(), [(1, Reason::Released)]);
}

#[test]
fn a_borrower_that_panics_costs_the_object() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    assert!(crate::unwinds(move || {
        let _held = held;
        crate::unwind();
    }));
    assert_eq!(set.script.destroyed(), [(1, Reason::Panicked)]);
    assert_eq!(task.finish().expect("a new one").number, 2);
}

#[test]
fn a_panic_in_destroy_is_resumed_and_leaves_a_working_pool() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    set.script.destroy.next(panics);
    assert!(crate::unwinds(|| Lease::discard(held)));
    assert_eq!(task.finish().expect("a new one").number, 2);
    assert_eq!(set.script.alive(), 1);
}

#[test]
fn a_panic_in_the_drop_of_an_object_is_resumed_and_leaves_a_working_pool() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    set.script.drops.next(panics);
    assert!(crate::unwinds(|| Lease::discard(held)));
    assert_eq!(task.finish().expect("a new one").number, 2);
    assert_eq!(set.stats().open, 1);
}

#[test]
fn a_panic_in_the_destroy_of_what_failed_its_check_leaves_a_working_pool() {
    for drops in [false, true] {
        let set = Set::of(1);
        drop(set.lease());
        set.script.check.next(then(fail));
        if drops {
            set.script.drops.next(panics);
        } else {
            set.script.destroy.next(panics);
        }
        // Whether it goes on in the getter or is contained.
        let mut task = set.ask();
        let outcome = catch_unwind(AssertUnwindSafe(|| task.run()));
        drop((outcome, task));
        set.eventually(|| set.pool.stats().destroying == 0);
        let stats = set.stats();
        assert_eq!((stats.waiting, stats.checking, stats.destroyed.broken), (0, 0, 1), "{stats:?}");
        drop(set.lease());
        assert_eq!(set.script.alive(), 1);
    }
}

#[test]
fn a_panic_in_the_destroy_of_what_was_being_checked_loses_no_slot() {
    for drops in [false, true] {
        let set = Set::of(1);
        drop(set.lease());
        set.script.check.next(never);
        let mut task = set.ask();
        task.waits();
        if drops {
            set.script.drops.next(panics);
        } else {
            set.script.destroy.next(panics);
        }
        let _ = crate::unwinds(move || drop(task));
        set.eventually(|| set.pool.stats().destroying == 0);
        assert_eq!((set.stats().open, set.stats().checking), (0, 0));
        assert_eq!(set.lease().number, 2);
    }
}

#[test]
fn a_create_whose_future_panics_when_it_is_dropped_after_its_end_is_not_lost() {
    for outcome in [super::scripted::succeed, fail] {
        for set in [Set::of(1), Set::spawning(1)] {
            set.script.create.next(then(outcome));
            set.script.create.drops.next(panics);
            let mut task = set.ask();
            let got = catch_unwind(AssertUnwindSafe(|| set.drive(&mut task)));
            drop((got, task));
            let _ = crate::unwinds(|| set.spawner.run());
            let stats = set.stats();
            assert_eq!((stats.creating, stats.in_use, stats.waiting), (0, 0, 0), "{stats:?}");
            assert_eq!(set.script.alive(), stats.idle, "{stats:?}");
            drop(set.lease());
            assert_eq!(set.stats().open, 1);
        }
    }
}

#[test]
fn a_kept_create_whose_future_panics_when_it_is_given_up_frees_its_slot() {
    for set in [
        Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(None))),
        Set::spawning_by(|builder| builder.max_open(1).timeouts(wait_at_most(None))),
    ] {
        set.script.create.next(never);
        set.script.create.drops.next(panics);
        drop(set.queued());
        set.spawner.run();
        let _ = crate::unwinds(|| set.clock.advance(31 * SECOND));
        set.eventually(|| {
            let _ = crate::unwinds(|| set.spawner.run());
            set.script.create.now() == 0 && set.pool.stats().creating == 0
        });
        assert_eq!((set.stats().creating, set.stats().open), (0, 0));
        assert_eq!(set.lease().number, 1);
    }
}

#[test]
fn a_panic_in_a_create_that_was_handed_on_is_contained_or_goes_to_whoever_waits() {
    let set = Set::of(2);
    let (slow, quick) = (Gate::default(), Gate::default());
    set.script.create.next(at_then(&slow, panics)).next(at(&quick));
    let (first, mut second) = (set.queued(), set.queued());
    quick.open();
    second.waits();
    let served = first.finish().expect("what the second one asked for");
    slow.open();
    // It has taken over what was under way for the first one, for better or worse.
    let got = catch_unwind(AssertUnwindSafe(|| second.run()));
    assert!(!matches!(got, Ok(Poll::Pending)), "it sleeps");
    drop((got, second));
    assert_eq!((served.number, set.stats().create_failed, set.stats().waiting), (1, 1, 0));
}

#[test]
fn a_panic_in_an_observer_leaves_a_working_pool() {
    for spawns in [false, true] {
        let settings = |builder: super::async_scripted::LinksBuilder| {
            builder.max_open(2).observer(|_: &Event<'_>| crate::unwind())
        };
        let set = if spawns { Set::spawning_by(settings) } else { Set::by(settings) };
        set.script.create.next(then(fail));
        for _ in 0..5 {
            let mut task = set.ask();
            // Whether it is resumed in the caller or contained.
            let got = catch_unwind(AssertUnwindSafe(|| set.drive(&mut task)));
            if let Ok(Poll::Ready(Ok(lease))) = got {
                let _ = crate::unwinds(|| Lease::discard(lease));
            }
            drop(task);
            let _ = crate::unwinds(|| set.spawner.run());
        }
        let stats = set.stats();
        assert_eq!((stats.in_use, stats.creating, stats.waiting), (0, 0, 0), "{stats:?}");
        assert_eq!(set.script.alive(), stats.idle);
        assert!(stats.create_failed >= 1, "{stats:?}");
    }
}

#[test]
fn a_getter_that_is_dropped_by_one_who_panics_loses_nothing() {
    for polled in 0..3 {
        let set = Set::of(1);
        let held = set.lease();
        let (first, second) = (set.queued(), set.queued());
        let gate = Gate::default();
        match polled {
            0 => drop(held),
            1 => Lease::discard(held),
            _ => {
                set.script.create.next(at(&gate));
                Lease::discard(held);
            }
        }
        let mut first = first;
        if polled == 2 {
            first.waits();
        }
        assert!(crate::unwinds(move || {
            let _first = first;
            crate::unwind();
        }));
        gate.open();
        drop(second.finish().expect("an object"));
        assert_eq!((set.stats().idle, set.stats().waiting), (1, 0));
    }
}

#[test]
fn a_get_that_panicked_can_be_dropped() {
    for set in [Set::of(1), Set::spawning(1)] {
        set.script.create.next(then(panics));
        let mut task = set.ask();
        assert!(catch_unwind(AssertUnwindSafe(|| set.drive(&mut task))).is_err());
        drop(task);
        assert_eq!(set.lease().number, 1);
    }
}
