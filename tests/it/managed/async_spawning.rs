//! Creates that are spawned: they go on without their getters, and getters without the hook.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use poolable::managed::{
    CancelToken, GetError, Lease, Reason, Retry, Stage, WeakAsyncResourcePool,
};

use super::async_scripted::{
    AsyncScripted, Gate, Got, INSTANT, Set, Task, at, at_then, create_at_most, never,
    panics_at_the_call, then,
};
use super::scripted::{Diary, Refused, SECOND, Seen, fail, panics, start, wait_at_most};

/// A getter whose create is spawned, and stops at a gate.
#[track_caller]
fn spawned(set: &Set) -> (Task<Got>, Gate) {
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    let before = set.spawner.count();
    let mut task = set.queued();
    assert_eq!(set.spawner.count(), before + 1, "it is spawned");
    set.spawner.run();
    assert_eq!(gate.arrived(), 1);
    task.waits();
    (task, gate)
}

#[test]
fn a_spawned_create_serves_the_getter_that_asked() {
    let set = Set::spawning(1);
    let (task, gate) = spawned(&set);
    let stats = set.stats();
    assert_eq!((stats.creating, stats.waiting), (1, 1), "{stats:?}");
    gate.open();
    assert!(!task.is_woken(), "the task of its own is polled first");
    set.spawner.run();
    assert_eq!(task.finish().expect("an object").number, 1);
    assert_eq!((set.script.create.count(), set.spawner.unfinished()), (1, 0));
}

#[test]
fn a_timeout_wastes_no_connect() {
    let set = Set::spawning(1);
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    let task = set.queue(set.ask_for(SECOND));
    set.spawner.run();
    set.clock.advance(SECOND);
    match task.finish() {
        Err(GetError::Timeout { stage, waited, .. }) => {
            assert_eq!((stage, waited), (Stage::Create, SECOND));
        }
        other => panic!("{other:?}"),
    }
    gate.open();
    set.spawner.run();
    assert_eq!(set.stats().idle, 1, "nobody had to come for it");
    assert_eq!(set.lease().number, 1);
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn a_getter_that_is_dropped_wastes_no_connect_wherever_its_create_is() {
    // Before the task is polled, between, and when it has ended.
    for polled in 0..3 {
        let set = Set::spawning(1);
        let gate = Gate::default();
        set.script.create.next(at(&gate));
        let task = set.queued();
        if polled > 0 {
            set.spawner.run();
        }
        if polled > 1 {
            gate.open();
            set.spawner.run();
            assert!(task.is_woken());
        }
        drop(task);
        gate.open();
        set.spawner.run();
        assert_eq!((set.stats().idle, set.stats().creating), (1, 0), "{polled}");
        assert_eq!(set.lease().number, 1);
        assert_eq!((set.script.create.count(), set.script.create.abandoned()), (1, 0));
    }
}

#[test]
fn a_cancelled_getter_wastes_no_connect() {
    let set = Set::spawning(1);
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    let token = CancelToken::new();
    let task = set.queue(set.ask_with(None, &token));
    token.cancel();
    assert!(matches!(task.finish(), Err(GetError::Cancelled)));
    gate.open();
    set.spawner.run();
    assert_eq!((set.stats().idle, set.script.create.count()), (1, 1));
}

#[test]
fn a_create_that_its_getter_left_serves_those_who_wait() {
    let set = Set::spawning(1);
    let (first, gate) = spawned(&set);
    let second = set.queued();
    drop(first);
    gate.open();
    set.spawner.run();
    assert_eq!(second.finish().expect("what the first one asked for").number, 1);
    assert_eq!((set.script.create.count(), set.spawner.count()), (1, 1));
}

#[test]
fn one_who_comes_while_a_create_is_left_alone_counts_on_it_or_begins_another() {
    let set = Set::spawning(2);
    let (first, gate) = spawned(&set);
    drop(first);
    let task = set.queued();
    gate.open();
    assert!(set.finish(task).is_ok());
    assert!(set.script.create.count() <= 2);
    assert!(set.stats().open <= 2);
}

#[test]
fn a_failed_create_is_told_to_the_getter_that_asked_for_it() {
    let set = Set::spawning(1);
    let gate = Gate::default();
    set.script.create.next(at_then(&gate, || Err(Refused("no route"))));
    let (first, second) = (set.queued(), set.queued());
    gate.open();
    assert!(matches!(set.finish(first), Err(GetError::Create(Refused("no route")))));
    assert_eq!(set.finish(second).expect("one of its own").number, 1);
    assert_eq!(set.stats().create_failed, 1);
}

#[test]
fn a_failure_that_nobody_waits_for_is_told_to_the_observer_alone() {
    let diary = Diary::default();
    let set = Set::spawning_by(|builder| builder.max_open(1).observer(diary.observer()));
    let gate = Gate::default();
    set.script.create.next(at_then(&gate, || Err(Refused("no route"))));
    drop(set.queued());
    set.spawner.run();
    gate.open();
    set.spawner.run();
    assert!(diary.has(&Seen::CreateFailed { error: "no route".to_owned(), attempt: 1 }));
    let stats = set.stats();
    assert_eq!((stats.create_failed, stats.open), (1, 0), "{stats:?}");
    assert_eq!(set.lease().number, 1);
}

#[test]
fn a_panic_of_a_spawned_create_is_contained_and_goes_on_in_its_getter() {
    for at_the_call in [true, false] {
        let set = Set::spawning(1);
        if at_the_call {
            set.script.create.next(panics_at_the_call);
        } else {
            set.script.create.next(then(panics));
        }
        let mut task = set.ask();
        // It may be called in the getter, or in the task.
        let payload = match catch_unwind(AssertUnwindSafe(|| task.run())) {
            Ok(_) => {
                set.spawner.run();
                task.panic()
            }
            Err(payload) => payload,
        };
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
        drop(task);
        let stats = set.stats();
        assert_eq!((stats.create_failed, stats.open, stats.waiting), (1, 0, 0), "{stats:?}");
        set.spawner.run();
        assert_eq!((set.script.create.now(), set.spawner.unfinished()), (0, 0));
        assert_eq!(set.lease().number, 1);
    }
}

#[test]
fn a_panic_of_a_spawned_create_that_nobody_waits_for_is_contained() {
    let set = Set::spawning(1);
    let gate = Gate::default();
    set.script.create.next(at_then(&gate, panics));
    drop(set.queued());
    set.spawner.run();
    gate.open();
    set.spawner.run();
    assert_eq!((set.stats().create_failed, set.stats().open), (1, 0));
    assert_eq!(set.lease().number, 1);
}

#[test]
fn what_comes_back_is_as_good_and_the_create_goes_on() {
    let set = Set::spawning(2);
    let held = set.lease();
    let (task, gate) = spawned(&set);
    drop(held);
    let lease = task.finish().expect("the one that came back");
    assert_eq!((lease.number, set.stats().creating), (1, 1));
    gate.open();
    set.spawner.run();
    assert_eq!((set.stats().idle, set.stats().in_use), (1, 1));
    assert_eq!(set.lease().number, 2);
}

#[test]
fn what_is_created_goes_to_the_first_in_the_queue_whoever_asked_for_it() {
    let set = Set::spawning(2);
    let (first, slow) = spawned(&set);
    let (mut second, quick) = spawned(&set);
    quick.open();
    set.spawner.run();
    second.waits();
    let served = first.finish().expect("what the second one asked for");
    assert_eq!((served.number, set.stats().waiting), (1, 1));
    slow.open();
    set.spawner.run();
    assert_eq!(second.finish().expect("what the first one asked for").number, 2);
    assert_eq!(set.script.create.count(), 2);
}

#[test]
fn one_whose_create_went_to_another_does_not_hang_when_the_others_fails() {
    let set = Set::spawning(2);
    let (slow, quick) = (Gate::default(), Gate::default());
    set.script.create.next(at_then(&slow, fail)).next(at(&quick));
    let (first, second) = (set.queued(), set.queued());
    set.spawner.run();
    quick.open();
    set.spawner.run();
    let served = first.finish().expect("what the second one asked for");
    slow.open();
    // It has taken over what was under way for the first one, for better or worse.
    match set.finish(second) {
        Ok(lease) => assert_eq!(lease.number, 2),
        Err(error) => assert!(matches!(error, GetError::Create(_)), "{error:?}"),
    }
    assert_eq!((served.number, set.stats().waiting), (1, 0));
}

#[test]
fn a_create_whose_task_is_dropped_is_polled_by_the_getter_that_waits() {
    // Before the task was polled, and after.
    for is_polled in [false, true] {
        let set = Set::spawning(1);
        let gate = Gate::default();
        set.script.create.next(at(&gate));
        let mut task = set.queued();
        if is_polled {
            set.spawner.run();
        }
        assert_eq!(set.spawner.shut_down(), 1);
        assert!(task.is_woken(), "nobody else polls it");
        task.waits();
        gate.open();
        assert_eq!(task.finish().expect("an object").number, 1);
        assert_eq!((set.script.create.count(), set.script.create.abandoned()), (1, 0));
    }
}

#[test]
fn a_create_that_was_ready_when_its_task_was_dropped_is_not_lost() {
    let set = Set::spawning(1);
    let (task, gate) = spawned(&set);
    gate.open();
    // The runtime ends before it polls what was woken.
    assert_eq!(set.spawner.shut_down(), 1);
    assert_eq!(task.finish().expect("an object").number, 1);
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn a_create_whose_task_is_dropped_when_nobody_waits_blocks_nobody() {
    let set = Set::spawning(1);
    let (task, gate) = spawned(&set);
    drop(task);
    assert_eq!(set.spawner.shut_down(), 1);
    let task = set.queued();
    gate.open();
    assert_eq!(set.finish(task).expect("an object").number, 1);
    assert!(set.stats().open <= 1);
}

#[test]
fn a_create_whose_getter_goes_after_its_task_blocks_nobody() {
    let set = Set::spawning(1);
    let (task, gate) = spawned(&set);
    let next = set.queued();
    assert_eq!(set.spawner.shut_down(), 1);
    drop(task);
    gate.open();
    assert_eq!(set.finish(next).expect("an object").number, 1);
}

#[test]
fn many_tasks_that_are_dropped_leave_nobody_waiting() {
    let set = Set::spawning_by(|builder| builder.max_open(4).max_connecting(4));
    let gate = Gate::default();
    set.script.create.always(at(&gate));
    let mut tasks: Vec<_> = (0..6).map(|_| set.queued()).collect();
    set.spawner.run();
    assert_eq!(set.spawner.shut_down(), 4);
    gate.open();
    while !tasks.is_empty() {
        set.spawner.run();
        let next = tasks.iter().position(Task::is_woken).expect("one is woken");
        if let Poll::Ready(got) = tasks[next].run() {
            drop(got.expect("an object"));
            drop(tasks.swap_remove(next));
        }
    }
    assert!(set.stats().open <= 4);
}

/// A pool whose hook is this.
fn hooked(
    max_open: usize,
    hook: impl Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync + 'static,
) -> Set {
    Set::by(|builder| builder.max_open(max_open).spawn(hook))
}

#[test]
fn without_a_runtime_the_getter_polls_its_create() {
    let calls = Arc::new(AtomicUsize::new(0));
    for panics in [false, true] {
        let count = Arc::clone(&calls);
        let set = hooked(2, move |task| {
            count.fetch_add(1, Ordering::SeqCst);
            if panics {
                // As `Handle::spawn` does where there is none.
                crate::unwind();
            }
            drop(task);
        });
        let gate = Gate::default();
        set.script.create.next(at(&gate));
        let mut task = set.queued();
        task.waits();
        gate.open();
        assert_eq!(task.finish().expect("an object").number, 1);
        assert_eq!((set.script.create.count(), set.script.create.abandoned()), (1, 0));
        let held = set.leases(2);
        assert_eq!(held.len(), 2);
    }
    assert!(calls.load(Ordering::SeqCst) >= 2);
}

#[test]
fn without_a_runtime_a_failed_create_is_told_all_the_same() {
    let set = hooked(1, drop);
    set.script.create.next(then(fail)).next(then(panics));
    assert!(matches!(set.ask().finish(), Err(GetError::Create(_))));
    assert_eq!(set.ask().panic().downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(set.lease().number, 1);
    assert_eq!(set.stats().create_failed, 2);
}

#[test]
fn without_a_runtime_what_a_getter_leaves_is_there_for_the_next() {
    let set = hooked(1, drop);
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    let mut task = set.queued();
    task.waits();
    drop(task);
    let task = set.queued();
    gate.open();
    assert_eq!(task.finish().expect("an object").number, 1);
    assert!(set.stats().open <= 1);
}

#[test]
fn without_a_runtime_try_get_leaves_nothing_under_way_that_keeps_others_waiting() {
    for panics in [false, true] {
        let set = hooked(1, move |task| {
            if panics {
                crate::unwind();
            }
            drop(task);
        });
        assert!(matches!(set.try_get().finish(), Err(GetError::Exhausted)));
        assert_eq!(set.lease().number, 1);
        assert!(set.stats().open <= 1);
    }
}

#[test]
fn a_hook_may_run_the_task_at_once() {
    let set = hooked(2, |mut task| {
        let mut context = Context::from_waker(Waker::noop());
        while task.as_mut().poll(&mut context).is_pending() {}
    });
    let mut held = set.leases(2);
    let task = set.queued();
    Lease::discard(held.remove(0));
    assert_eq!(task.finish().expect("a new one").number, 3);
    drop(set.try_get().finish());
    let task = set.ask();
    drop(task.finish().expect("an object"));
}

#[test]
fn a_hook_may_poll_the_task_once_and_drop_it() {
    let set = hooked(1, |mut task| {
        let _ = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    });
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    let mut task = set.queued();
    task.waits();
    gate.open();
    assert_eq!(task.finish().expect("an object").number, 1);
    assert_eq!(set.script.create.count(), 1);
}

#[test]
fn a_hook_may_run_the_task_on_a_thread() {
    let set = hooked(2, |mut task| {
        std::thread::spawn(move || {
            let thread = std::thread::current();
            struct Unpark(std::thread::Thread);
            impl std::task::Wake for Unpark {
                fn wake(self: Arc<Self>) {
                    self.0.unpark();
                }
            }
            let waker = Waker::from(Arc::new(Unpark(thread)));
            while task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                std::thread::park();
            }
        });
    });
    for _ in 0..50 {
        let mut task = set.ask();
        let mut got = task.run();
        set.eventually(|| got.is_ready() || task.is_woken());
        while got.is_pending() {
            got = task.run();
            std::thread::yield_now();
        }
        let Poll::Ready(Ok(lease)) = got else { panic!("{got:?}") };
        Lease::discard(lease);
    }
    assert_eq!(set.script.create.count(), 50);
}

#[test]
fn a_hook_may_call_the_pool() {
    let place: Arc<OnceLock<WeakAsyncResourcePool<AsyncScripted>>> = Arc::default();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let set = hooked(3, {
        let (place, kept) = (Arc::clone(&place), Arc::clone(&kept));
        move |task| {
            kept.lock().expect("no panic").push(Task::new(task));
            let Some(pool) = place.get().and_then(WeakAsyncResourcePool::upgrade) else { return };
            let _ = pool.stats();
            pool.resize(3);
            assert_eq!(pool.retain(|_, _| true), 0);
            if kept.lock().expect("no panic").len() < 3 {
                let _ = Task::new(async move { drop(pool.try_get().await) }).run();
            }
        }
    });
    assert!(place.set(set.pool.downgrade()).is_ok());
    let mut task = set.queued();
    loop {
        let next = kept.lock().expect("no panic").pop();
        let Some(spawned) = next else { break };
        spawned.finish();
    }
    let Poll::Ready(got) = task.run() else { panic!("it sleeps") };
    drop(got.expect("an object"));
}

#[test]
fn a_create_over_its_limit_is_dropped_to_the_instant_and_its_slot_goes_on() {
    let set = Set::spawning_by(|builder| builder.max_open(1).timeouts(create_at_most(2 * SECOND)));
    set.script.create.next(never);
    let (mut task, next) = (set.queued(), set.queued());
    set.spawner.run();
    set.clock.advance(2 * SECOND - INSTANT);
    set.spawner.run();
    task.waits();
    assert_eq!(set.script.create.abandoned(), 0);
    set.clock.advance(INSTANT);
    set.spawner.run();
    match task.finish() {
        Err(GetError::Timeout { stage, waited, .. }) => {
            assert_eq!((stage, waited), (Stage::Create, 2 * SECOND));
        }
        other => panic!("{other:?}"),
    }
    set.eventually(|| {
        set.spawner.run();
        set.script.create.abandoned() == 1
    });
    assert_eq!(set.finish(next).expect("one of its own").number, 1);
    assert_eq!(set.stats().timed_out, 1);
}

#[test]
fn the_limit_of_a_create_holds_though_its_getter_has_gone() {
    let set = Set::spawning_by(|builder| builder.max_open(1).timeouts(create_at_most(2 * SECOND)));
    set.script.create.next(never);
    drop(set.queued());
    set.spawner.run();
    set.clock.advance(2 * SECOND - INSTANT);
    set.spawner.run();
    assert_eq!(set.stats().creating, 1);
    set.clock.advance(INSTANT);
    set.until_given_up(1);
    assert_eq!((set.stats().creating, set.stats().open), (0, 0));
}

#[test]
fn the_limit_of_a_create_holds_though_its_task_is_never_polled() {
    let set = Set::spawning_by(|builder| builder.max_open(1).timeouts(create_at_most(2 * SECOND)));
    let task = set.queued();
    set.clock.advance(2 * SECOND);
    assert!(matches!(task.finish(), Err(GetError::Timeout { stage: Stage::Create, .. })));
    set.spawner.run();
    drop(set.lease());
}

#[test]
fn without_a_limit_a_create_that_hangs_is_given_up_half_a_minute_after_the_last_who_waited() {
    let set = Set::spawning_by(|builder| builder.max_open(1).timeouts(wait_at_most(None)));
    set.script.create.next(never);
    let mut task = set.queued();
    set.spawner.run();
    set.clock.advance(3600 * SECOND);
    set.spawner.run();
    task.waits();
    assert_eq!(set.stats().creating, 1, "somebody waits for it");
    drop(task);
    set.clock.advance(29 * SECOND);
    set.spawner.run();
    assert_eq!(set.stats().creating, 1);
    set.clock.advance(SECOND);
    set.until_given_up(1);
    assert_eq!((set.stats().creating, set.stats().open), (0, 0));
    assert_eq!(set.lease().number, 1);
}

#[test]
fn a_close_drops_the_creates_that_are_under_way() {
    let set = Set::spawning(2);
    set.script.create.next(never).next(never);
    let (task, other) = (set.queued(), set.queued());
    set.spawner.run();
    drop(other);
    assert_eq!(set.script.create.now(), 2);
    set.pool.close();
    assert!(matches!(task.finish(), Err(GetError::Closed)));
    set.eventually(|| {
        set.spawner.run();
        set.script.create.now() == 0 && set.spawner.unfinished() == 0
    });
    let stats = set.stats();
    assert_eq!((stats.open, stats.creating, stats.waiting), (0, 0, 0), "{stats:?}");
}

#[test]
fn what_is_ready_when_the_pool_is_closed_is_let_go() {
    let set = Set::spawning(1);
    let (task, gate) = spawned(&set);
    gate.open();
    set.pool.close();
    set.spawner.run();
    assert!(matches!(task.finish(), Err(GetError::Closed)));
    assert_eq!((set.stats().open, set.script.alive()), (0, 0));
}

#[test]
fn failed_creates_are_tried_again_in_their_task() {
    let set = Set::spawning_by(|builder| {
        builder.max_open(1).retry(Retry::exponential(SECOND, SECOND, 2))
    });
    set.script.create.next(then(fail)).next(then(fail));
    let mut task = set.queued();
    for tries in 1..3 {
        set.spawner.run();
        assert_eq!(set.script.create.count(), tries);
        set.clock.advance(SECOND - INSTANT);
        set.spawner.run();
        task.waits();
        assert_eq!(set.script.create.count(), tries);
        set.clock.advance(INSTANT);
    }
    set.spawner.run();
    assert_eq!(task.finish().expect("the third try succeeds").number, 1);
    assert_eq!((set.script.create.count(), set.stats().create_failed), (3, 0));
}

#[test]
fn tries_go_on_when_the_getter_has_gone() {
    let set = Set::spawning_by(|builder| {
        builder.max_open(1).retry(Retry::exponential(SECOND, SECOND, 2))
    });
    set.script.create.next(then(fail)).next(then(fail));
    drop(set.queued());
    for _ in 0..2 {
        set.spawner.run();
        set.clock.advance(SECOND);
    }
    set.spawner.run();
    assert_eq!((set.stats().idle, set.script.create.count()), (1, 3));
}

#[test]
fn a_close_ends_a_pause() {
    for set in [
        Set::by(|builder| builder.max_open(1).retry(Retry::exponential(SECOND, SECOND, 2))),
        Set::spawning_by(|builder| {
            builder.max_open(1).retry(Retry::exponential(SECOND, SECOND, 2))
        }),
    ] {
        set.script.create.next(then(fail));
        let task = set.queued();
        set.spawner.run();
        set.pool.close();
        assert!(matches!(task.finish(), Err(GetError::Closed)));
        set.spawner.run();
        assert_eq!((set.stats().open, set.spawner.unfinished()), (0, 0));
        set.clock.advance(100 * SECOND);
        set.spawner.run();
        assert_eq!(set.script.create.count(), 1);
    }
}

#[test]
fn min_idle_is_there_without_a_get() {
    let set = Set::spawning_by(|builder| builder.min_idle(3));
    set.spawner.run();
    assert_eq!((set.stats().idle, set.script.create.count()), (3, 3));
}

#[test]
fn min_idle_is_replenished_behind_the_getters_backs() {
    let set = Set::spawning_by(|builder| builder.max_open(5).min_idle(2));
    set.spawner.run();
    let held = set.lease();
    set.spawner.run();
    assert_eq!(set.stats().idle, 2);
    let more = set.leases(2);
    set.spawner.run();
    assert_eq!((set.stats().idle, set.stats().open), (2, 5));
    let last = set.lease();
    set.spawner.run();
    assert_eq!(set.stats().idle, 1, "no further than the maximum");
    Lease::discard(held);
    set.spawner.run();
    assert_eq!((set.stats().idle, set.stats().open), (2, 5));
    drop((more, last));
}

#[test]
fn min_idle_that_cannot_be_created_is_tried_again_a_second_later() {
    let set = Set::spawning_by(|builder| builder.max_open(5).min_idle(1));
    set.script.create.next(then(fail)).next(then(fail));
    // What was begun when the pool was built goes by the script as well.
    set.spawner.run();
    assert_eq!((set.script.create.count(), set.stats().idle), (1, 0));
    set.clock.advance(SECOND - INSTANT);
    set.spawner.run();
    assert_eq!(set.script.create.count(), 1);
    set.clock.advance(INSTANT);
    set.spawner.run();
    assert_eq!((set.script.create.count(), set.stats().idle), (2, 0));
    set.clock.advance(SECOND);
    set.spawner.run();
    assert_eq!((set.script.create.count(), set.stats().idle), (3, 1));
}

#[test]
fn what_comes_of_age_is_destroyed_though_the_executor_stands_still() {
    let set = Set::spawning_by(|builder| builder.max_open(3).idle_timeout(10 * SECOND));
    drop(set.leases(3));
    set.clock.advance(12 * SECOND);
    assert_eq!((set.stats().idle, set.stats().destroyed.idle), (0, 3));
    set.eventually(|| set.script.alive() == 0 && set.pool.stats().destroying == 0);
    assert_eq!((set.script.reasons(), set.spawner.unfinished()), (vec![Reason::Idle; 3], 0));
}

#[test]
fn a_create_that_hangs_ends_at_its_limit_though_the_executor_stands_still() {
    let set = Set::spawning_by(|builder| {
        builder.max_open(1).timeouts(super::async_scripted::create_at_most(2 * SECOND))
    });
    set.script.create.next(never);
    let task = set.queued();
    set.spawner.run();
    drop(task);
    assert_eq!(set.stats().creating, 1);
    set.clock.advance(2 * SECOND);
    set.eventually(|| set.pool.stats().creating == 0);
    assert_eq!(set.lease().number, 1);
}

/// Each went to the getter before, whose own was the hung one's heir.
#[test]
fn one_create_that_hangs_delays_no_more_than_two_getters() {
    let set = Set::spawning(10);
    set.script.create.next(never);
    let (mut waiting, mut held) = (Vec::new(), Vec::new());
    for asked in 0..8 {
        waiting.push(set.ask());
        for _ in 0..3 {
            waiting.retain_mut(|task| match task.run() {
                Poll::Ready(got) => {
                    held.push(got.expect("an object"));
                    false
                }
                Poll::Pending => true,
            });
            set.spawner.run();
        }
        let late = waiting.len();
        assert!(late <= 1 && (asked < 3 || late == 0), "{late} of {asked}: {:?}", set.stats());
    }
    assert_eq!((held.len(), set.stats().creating), (8, 1));
}

#[test]
fn a_getter_is_told_of_no_failure_of_anothers_create() {
    let set = Set::of(2);
    let gate = Gate::default();
    set.script.create.next(at_then(&gate, fail));
    let first = set.queued();
    // Its own goes to the first one, and it waits for what the first has begun.
    let mut second = set.ask();
    second.waits();
    let first = first.finish().expect("the other one's object");
    gate.open();
    assert_eq!(second.finish().expect("one more of its own").number, 2);
    assert_eq!((first.number, set.script.create.count(), set.stats().create_failed), (1, 3, 1));
}

#[test]
fn what_comes_of_age_is_destroyed_though_the_hook_panics_or_drops() {
    for panics in [false, true] {
        let set = Set::by(|builder| {
            builder.max_open(3).idle_timeout(10 * SECOND).spawn(move |task| {
                if panics {
                    crate::unwind();
                }
                drop(task);
            })
        });
        drop(set.leases(3));
        set.clock.advance(12 * SECOND);
        assert_eq!((set.stats().idle, set.stats().destroyed.idle), (0, 3));
        set.pool.close();
        set.eventually(|| set.script.alive() == 0 && set.pool.stats().destroying == 0);
        assert_eq!(set.script.reasons(), [Reason::Idle; 3]);
    }
}

#[test]
fn without_a_hook_what_comes_of_age_is_destroyed_on_a_thread() {
    let set = Set::by(|builder| builder.max_open(3).idle_timeout(10 * SECOND));
    drop(set.leases(3));
    set.clock.advance(12 * SECOND);
    assert_eq!((set.stats().idle, set.stats().destroyed.idle), (0, 3));
    set.eventually(|| set.script.reasons() == [Reason::Idle; 3]);
    set.eventually(|| set.script.alive() == 0 && set.pool.stats().destroying == 0);
}

#[test]
fn a_destroy_that_panics_is_contained_and_spares_the_others_that_come_of_age() {
    let set = Set::spawning_by(|builder| builder.max_open(3).idle_timeout(10 * SECOND));
    drop(set.leases(3));
    set.script.destroy.next(panics);
    set.clock.advance(12 * SECOND);
    set.eventually(|| set.script.alive() == 0 && set.pool.stats().destroying == 0);
    assert_eq!(set.script.reasons().len(), 3);
}

#[test]
fn the_task_of_a_create_does_not_keep_the_pool_open() {
    let set = Set::spawning(1);
    let script = set.script.clone();
    let spawner = set.spawner.clone();
    let (task, gate) = spawned(&set);
    drop((task, set));
    gate.open();
    spawner.run();
    assert_eq!((script.alive(), script.create.now(), spawner.unfinished()), (0, 0, 0));
}

#[test]
fn a_create_that_is_polled_by_two_is_polled_by_one_at_a_time() {
    for round in 0..200_u32 {
        let set = Set::spawning(1);
        let (mut task, gate) = spawned(&set);
        let spawner = set.spawner.clone();
        let barrier = Arc::new(Barrier::new(2));
        let runner = start({
            let barrier = Arc::clone(&barrier);
            move || {
                barrier.wait();
                for _ in 0..round {
                    std::hint::spin_loop();
                }
                // The one polls on what the other gives up in this moment.
                spawner.shut_down()
            }
        });
        barrier.wait();
        gate.open();
        let mut got = task.run();
        runner.finish();
        if got.is_pending() {
            got = task.run();
        }
        let Poll::Ready(Ok(lease)) = got else { panic!("{got:?}") };
        assert_eq!((lease.number, set.script.create.count()), (1, 1));
    }
}
