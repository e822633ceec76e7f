//! Gets that are awaited: what they find, their order, and what they leave alone.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use poolable::managed::{
    AsyncManager, AsyncResourcePool, CancelToken, Clock, GetError, Lease, Meta, Order,
    PrewarmError, Stage, Stats, WeakAsyncResourcePool,
};

use super::async_scripted::{AsyncScripted, Gate, INSTANT, Set, Task, after_yields, at, then};
use super::scripted::{Refused, SECOND, start, succeed, wait_at_most};
use crate::allocations::allocations_in;

#[test]
fn an_idle_object_is_taken_before_another_is_made() {
    let set = Set::of(4);
    for _ in 0..10 {
        assert_eq!(set.lease().number, 1);
    }
    let held = set.leases(4);
    let numbers: Vec<_> = held.iter().map(|lease| lease.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(set.script.create.count(), 4);
    let stats = set.stats();
    assert_eq!((stats.in_use, stats.open, stats.borrowed), (4, 4, 14), "{stats:?}");
}

#[test]
fn a_future_that_is_never_polled_does_nothing() {
    let set = Set::of(2);
    let before = set.stats();
    drop((set.ask(), set.try_get(), set.ask_for(SECOND)));
    assert_eq!(set.stats(), before);
    assert_eq!(set.script.create.count(), 0);
}

#[test]
fn what_is_idle_is_had_at_the_first_poll() {
    let set = Set::of(2);
    drop(set.lease());
    let Poll::Ready(Ok(lease)) = set.ask().poll() else { panic!("one is idle") };
    assert_eq!((lease.number, set.stats().waited), (1, 0));
}

#[test]
fn an_object_is_lent_by_the_order_of_the_pool() {
    for (order, first) in [(Order::Lifo, 3), (Order::Fifo, 1)] {
        let set = Set::by(|builder| builder.max_open(3).order(order));
        for lease in set.leases(3) {
            drop(lease);
        }
        assert_eq!(set.lease().number, first);
    }
}

#[test]
fn those_who_wait_are_served_in_the_order_in_which_they_came() {
    let set = Set::of(1);
    let mut held = set.lease();
    let mut tasks: Vec<_> = (0..20).map(|_| set.queued()).collect();
    assert_eq!(set.stats().waiting, 20);
    while !tasks.is_empty() {
        drop(held);
        let first = tasks.remove(0);
        assert!(tasks.iter().all(|task| !task.is_woken()), "only the first is served");
        held = first.finish().expect("the one object");
    }
    assert_eq!((held.number, set.stats().waited), (1, 20));
}

#[test]
fn a_newcomer_does_not_overtake_one_who_was_served_and_has_not_looked() {
    let set = Set::of(1);
    let held = set.lease();
    let first = set.queued();
    drop(held);
    let second = set.queued();
    assert!(matches!(set.try_get().finish(), Err(GetError::Exhausted)));
    drop(first.finish().expect("an object"));
    drop(second.finish().expect("an object"));
}

#[test]
fn a_lease_may_be_dropped_on_a_thread_that_knows_of_no_runtime() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    start(move || drop(held)).finish();
    assert_eq!(task.finish().expect("the one object").number, 1);
}

#[test]
fn a_get_may_move_to_another_thread_and_its_last_waker_is_the_one_that_counts() {
    let set = Set::of(1);
    let held = set.lease();
    let mut task = set.queued();
    let former = Arc::clone(task.bell());
    task.change_bell();
    let task = start(move || {
        assert!(task.poll().is_pending());
        task
    })
    .finish();
    let rung = former.rings();
    drop(held);
    assert_eq!(former.rings(), rung, "nobody listens there");
    let number = start(move || task.finish().map(|lease| lease.number)).finish();
    assert_eq!(number.expect("an object"), 1);
}

#[test]
fn a_create_that_is_under_way_wakes_the_last_waker_of_its_getter() {
    for set in [Set::of(1), Set::spawning(1)] {
        let gate = Gate::default();
        set.script.create.next(at(&gate));
        let mut task = set.queued();
        set.spawner.run();
        let former = Arc::clone(task.bell());
        task.change_bell();
        assert!(task.poll().is_pending());
        let rung = former.rings();
        gate.open();
        set.spawner.run();
        assert_eq!(former.rings(), rung, "nobody listens there");
        assert_eq!(task.finish().expect("an object").number, 1);
    }
}

#[test]
fn needless_polls_do_no_harm() {
    for set in [Set::of(1), Set::spawning(1)] {
        let gate = Gate::default();
        set.script.create.next(at(&gate));
        let mut first = set.queued();
        let mut second = set.queued();
        for _ in 0..10 {
            assert!(first.poll().is_pending() && second.poll().is_pending());
        }
        set.spawner.run();
        assert_eq!((set.script.create.count(), set.stats().waiting), (1, 2));
        gate.open();
        drop(set.finish(first).expect("an object"));
        drop(set.finish(second).expect("an object"));
        assert_eq!(set.script.create.count(), 1);
    }
}

#[test]
fn try_get_creates_nothing_without_a_hook_to_spawn_with() {
    let set = Set::of(2);
    for _ in 0..3 {
        assert!(matches!(set.try_get().finish(), Err(GetError::Exhausted)));
    }
    let stats = set.stats();
    assert_eq!((stats.open, set.script.create.count()), (0, 0), "{stats:?}");
    drop(set.lease());
    assert_eq!(set.try_get().finish().expect("the idle one").number, 1);
}

#[test]
fn try_get_has_a_create_spawned_for_later() {
    let set = Set::spawning(2);
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    for _ in 0..3 {
        assert!(matches!(set.try_get().finish(), Err(GetError::Exhausted)));
        set.spawner.run();
    }
    assert_eq!((set.script.create.count(), set.stats().creating), (1, 1), "one, and no more");
    gate.open();
    set.spawner.run();
    assert_eq!(set.stats().idle, 1);
    assert_eq!(set.try_get().finish().expect("the idle one").number, 1);
}

#[test]
fn a_timeout_of_zero_is_a_try() {
    let set = Set::of(2);
    assert!(matches!(set.ask_for(Duration::ZERO).finish(), Err(GetError::Exhausted)));
    let past = Some(set.clock.now());
    let token = CancelToken::new();
    assert!(matches!(set.ask_with(past, &token).finish(), Err(GetError::Exhausted)));
    assert_eq!((set.script.create.count(), set.stats().timed_out), (0, 0));
    drop(set.lease());
    drop(set.ask_for(Duration::ZERO).finish().expect("the idle one"));
    drop(set.ask_with(past, &token).finish().expect("the idle one"));

    let never = Set::by(|builder| builder.timeouts(wait_at_most(Duration::ZERO)));
    assert!(matches!(never.ask().finish(), Err(GetError::Exhausted)));
    assert_eq!(never.script.create.count(), 0);
}

#[test]
fn try_get_does_not_wait_behind_others() {
    let set = Set::of(1);
    let held = set.lease();
    let task = set.queued();
    assert!(matches!(set.try_get().finish(), Err(GetError::Exhausted)));
    assert!(!task.is_woken());
    drop(held);
    drop(task.finish().expect("an object"));
}

#[test]
fn a_get_times_out_to_the_instant() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(5 * SECOND)));
    let held = set.lease();
    let mut task = set.queued();
    let mut shorter = set.queue(set.ask_for(2 * SECOND));
    set.clock.advance(2 * SECOND - INSTANT);
    shorter.waits();
    set.clock.advance(INSTANT);
    match shorter.finish() {
        Err(GetError::Timeout { stage, waited, stats, .. }) => {
            assert_eq!((stage, waited), (Stage::Wait, 2 * SECOND));
            assert_eq!((stats.in_use, stats.waiting), (1, 1), "{stats:?}");
        }
        other => panic!("{other:?}"),
    }
    set.clock.advance(3 * SECOND - INSTANT);
    task.waits();
    set.clock.advance(INSTANT);
    assert!(matches!(
        task.finish(),
        Err(GetError::Timeout { stage: Stage::Wait, waited, .. }) if waited == 5 * SECOND
    ));
    drop(held);
    let stats = set.stats();
    assert_eq!((stats.timed_out, stats.waiting, stats.idle), (2, 0, 1), "{stats:?}");
}

#[test]
fn a_get_with_a_deadline_times_out_then_whatever_the_pool_allows() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(SECOND)));
    let held = set.lease();
    let token = CancelToken::new();
    let mut at_ten = set.queue(set.ask_with(Some(set.clock.now() + 10 * SECOND), &token));
    let mut never = set.queue(set.ask_with(None, &token));
    set.clock.advance(9 * SECOND);
    at_ten.waits();
    set.clock.advance(SECOND);
    assert!(matches!(at_ten.finish(), Err(GetError::Timeout { stage: Stage::Wait, .. })));
    set.clock.advance(1_000_000 * SECOND);
    never.waits();
    drop(held);
    drop(never.finish().expect("an object"));
}

#[test]
fn the_time_of_a_get_begins_with_its_first_poll() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(5 * SECOND)));
    let _held = set.lease();
    let mut task = set.ask();
    set.clock.advance(100 * SECOND);
    task.waits();
    set.clock.advance(4 * SECOND);
    task.waits();
    set.clock.advance(SECOND);
    assert!(matches!(task.finish(), Err(GetError::Timeout { .. })));
}

#[test]
fn one_who_is_served_in_time_and_polled_too_late_has_what_it_was_given() {
    let set = Set::by(|builder| {
        builder.max_open(1).check_after(3600 * SECOND).timeouts(wait_at_most(SECOND))
    });
    let held = set.lease();
    let task = set.queued();
    drop(held);
    set.clock.advance(2 * SECOND);
    drop(task.finish().expect("it had been granted in time"));
    assert_eq!(set.stats().timed_out, 0);
}

#[test]
fn a_get_on_the_systems_clock_is_woken_when_its_time_is_up() {
    let limit = SECOND / 50;
    let set = Set::by(|builder| {
        builder.max_open(1).timeouts(wait_at_most(limit)).clock(&Clock::system())
    });
    let held = set.lease();
    let task = set.queued();
    let bell = Arc::clone(task.bell());
    set.eventually(|| bell.rings() > 0);
    assert!(matches!(
        task.finish(),
        Err(GetError::Timeout { waited, .. }) if waited >= limit
    ));
    drop(held);
}

#[test]
fn a_token_ends_a_wait() {
    let set = Set::of(1);
    let held = set.lease();
    let token = CancelToken::new();
    let (first, second) = (set.queue(set.ask_with(None, &token)), set.queued());
    token.cancel();
    assert!(matches!(first.finish(), Err(GetError::Cancelled)));
    assert!(!second.is_woken());
    let stats = set.stats();
    assert_eq!((stats.waiting, stats.cancelled), (1, 1), "{stats:?}");
    assert!(matches!(set.ask_with(None, &token).finish(), Err(GetError::Cancelled)));
    drop(held);
    drop(second.finish().expect("an object"));
}

#[test]
fn a_token_that_was_cancelled_before_has_nothing_created() {
    let set = Set::of(1);
    let token = CancelToken::new();
    token.cancel();
    assert!(matches!(set.ask_with(None, &token).finish(), Err(GetError::Cancelled)));
    assert_eq!((set.script.create.count(), set.stats().open), (0, 0));
}

#[test]
fn one_token_ends_a_thousand_waits() {
    let set = Set::of(1);
    let held = set.lease();
    let token = CancelToken::new();
    let tasks: Vec<_> = (0..1000).map(|_| set.queue(set.ask_with(None, &token))).collect();
    token.cancel();
    for task in tasks {
        assert!(matches!(task.finish(), Err(GetError::Cancelled)));
    }
    drop(held);
    assert_eq!((set.stats().cancelled, set.stats().idle), (1000, 1));
}

/// Drops things in an order that looks like none, the same each time.
fn shuffle<T>(things: &mut [T]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for index in (1..things.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        things.swap(index, (state >> 33) as usize % (index + 1));
    }
}

#[test]
fn thousands_of_waiting_gets_may_be_dropped_in_any_order() {
    let set = Set::of(2);
    let held = set.leases(2);
    let mut tasks: Vec<_> = (0..5000)
        .map(|_| {
            let mut task = set.ask();
            assert!(task.poll().is_pending());
            task
        })
        .collect();
    assert_eq!(set.stats().waiting, 5000);
    shuffle(&mut tasks);
    let kept = tasks.split_off(4990);
    drop(tasks);
    assert_eq!(set.stats().waiting, 10);
    drop(held);
    let (mut served, mut waiting) = (0, kept);
    while !waiting.is_empty() {
        let index = waiting.iter().position(Task::is_woken).expect("one is served");
        drop(waiting.swap_remove(index).finish().expect("an object"));
        served += 1;
    }
    let stats = set.stats();
    assert_eq!((served, stats.waiting, stats.idle), (10, 0, 2), "{stats:?}");
}

#[test]
fn thousands_of_gets_may_be_dropped_while_they_are_served() {
    let set = Set::of(3);
    let mut held = set.leases(3);
    let mut tasks: Vec<_> = (0..3000)
        .map(|_| {
            let mut task = set.ask();
            assert!(task.poll().is_pending());
            task
        })
        .collect();
    shuffle(&mut tasks);
    while let Some(task) = tasks.pop() {
        // Whatever was granted is passed on; what it comes to is lent and returned again.
        drop(held.pop());
        drop(task);
        if let Some(index) = tasks.iter().position(Task::is_woken) {
            held.push(tasks.swap_remove(index).finish().expect("an object"));
        }
    }
    drop(held);
    let stats = set.stats();
    assert_eq!((stats.waiting, stats.idle, stats.creating), (0, 3, 0), "{stats:?}");
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_from_being_served() {
    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            crate::unwind();
        }
    }

    let set = Set::of(2);
    let held = set.leases(2);
    let mut first = set.ask();
    assert!(first.poll_with(&Waker::from(Arc::new(Panics))).is_pending());
    let second = set.queued();
    drop(held);
    let Poll::Ready(Ok(lease)) = first.poll() else { panic!("it was served") };
    drop((lease, second.finish().expect("an object")));
    assert_eq!(set.stats().idle, 2);
}

#[test]
fn a_waker_that_panics_when_the_time_is_up_spares_the_others() {
    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            crate::unwind();
        }
    }

    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(SECOND)));
    let _held = set.lease();
    let mut first = set.ask();
    assert!(first.poll_with(&Waker::from(Arc::new(Panics))).is_pending());
    let second = set.queued();
    set.clock.advance(SECOND);
    assert!(matches!(second.finish(), Err(GetError::Timeout { .. })));
    assert!(matches!(first.poll(), Poll::Ready(Err(GetError::Timeout { .. }))));
}

/// Polls its task at once, on the thread that wakes it, unless that is polling it.
struct Eager {
    task: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    wakes: AtomicUsize,
}

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        // One that is being polled is polled again by whoever does.
        while self.wakes.load(Ordering::SeqCst) > 0 {
            let Ok(mut task) = self.task.try_lock() else { return };
            self.wakes.store(0, Ordering::SeqCst);
            let Some(mut future) = task.take() else { return };
            let waker = Waker::from(Arc::clone(&self));
            if future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                *task = Some(future);
            }
        }
    }
}

/// Starts a task on an executor that polls within the wake-up.
fn start_eagerly(future: impl Future<Output = ()> + Send + 'static) {
    let task = Mutex::new(Some(Box::pin(future) as Pin<Box<dyn Future<Output = ()> + Send>>));
    Arc::new(Eager { task, wakes: AtomicUsize::new(0) }).wake();
}

#[test]
fn an_executor_may_poll_within_the_wake_up() {
    let set = Set::of(1);
    let held = set.lease();
    let served = Arc::new(Mutex::new(Vec::new()));
    for turn in 0..50 {
        let (pool, served) = (set.pool.clone(), Arc::clone(&served));
        start_eagerly(async move {
            let lease = pool.get().await.expect("an object");
            served.lock().expect("no panic").push(turn);
            drop(lease);
        });
    }
    assert_eq!(set.stats().waiting, 50);
    // One wakes the next, each within the drop of the lease of the one before.
    drop(held);
    assert_eq!(*served.lock().expect("no panic"), (0..50).collect::<Vec<_>>());
    assert_eq!((set.stats().idle, set.stats().waiting), (1, 0));
}

#[test]
fn an_executor_may_poll_within_the_wake_up_of_a_create_and_a_timeout() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(SECOND)));
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    let results = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..2 {
        let (pool, results) = (set.pool.clone(), Arc::clone(&results));
        start_eagerly(async move {
            let got = pool.get().await;
            results.lock().expect("no panic").push(got);
        });
    }
    gate.open();
    assert_eq!(results.lock().expect("no panic").len(), 1);
    set.clock.advance(SECOND);
    let mut results = std::mem::take(&mut *results.lock().expect("no panic"));
    assert!(matches!(results.pop(), Some(Err(GetError::Timeout { stage: Stage::Wait, .. }))));
    assert!(matches!(results.pop(), Some(Ok(lease)) if lease.number == 1));
}

#[test]
fn a_waker_may_call_the_pool() {
    struct Calls(AsyncResourcePool<AsyncScripted>, Mutex<Vec<Stats>>);

    impl Wake for Calls {
        fn wake(self: Arc<Self>) {
            let pool = &self.0;
            let mut task = Task::new({
                let pool = pool.clone();
                async move { pool.try_get().await.is_ok() }
            });
            assert!(task.poll().is_ready());
            let _ = set_aside(pool);
            pool.resize(1);
            assert_eq!(pool.retain(|_, _| true), 0);
            self.1.lock().expect("no panic").push(pool.stats());
        }
    }

    /// A get that is queued and dropped.
    fn set_aside(pool: &AsyncResourcePool<AsyncScripted>) -> Stats {
        let mut task = Task::new({
            let pool = pool.clone();
            async move { drop(pool.get().await) }
        });
        let _ = task.poll();
        pool.stats()
    }

    let set = Set::of(1);
    let held = set.lease();
    let calls = Arc::new(Calls(set.pool.clone(), Mutex::default()));
    let mut task = set.ask();
    assert!(task.poll_with(&Waker::from(Arc::clone(&calls))).is_pending());
    drop(held);
    assert_eq!(calls.1.lock().expect("no panic").len(), 1);
    let Poll::Ready(Ok(lease)) = task.poll() else { panic!("it was served") };
    drop((lease, task));
}

#[test]
fn a_task_may_hold_a_lease_and_wait_for_that_of_another_pool() {
    let (outer, inner) = (Set::of(1), Set::of(1));
    let held = inner.lease();
    let mut both = Task::new({
        let (outer, inner) = (outer.pool.clone(), inner.pool.clone());
        async move {
            let first = outer.get().await.expect("it is free");
            let second = inner.get().await.expect("it comes free");
            first.number + second.number
        }
    });
    both.waits();
    assert_eq!((outer.stats().in_use, inner.stats().waiting), (1, 1));
    drop(held);
    assert_eq!(both.finish(), 2);
}

#[test]
fn gets_of_one_task_may_be_polled_side_by_side() {
    let set = Set::of(2);
    let gates = [Gate::default(), Gate::default()];
    set.script.create.next(at(&gates[0])).next(at(&gates[1]));
    let pool = set.pool.clone();
    let mut both = Task::new(async move {
        let (mut first, mut second) = (pin!(pool.get()), pin!(pool.get()));
        let (mut one, mut other) = (None, None);
        std::future::poll_fn(move |context| {
            for (future, place) in [(first.as_mut(), &mut one), (second.as_mut(), &mut other)] {
                if place.is_none() {
                    if let Poll::Ready(got) = future.poll(context) {
                        *place = Some(got.expect("an object"));
                    }
                }
            }
            match (one.take(), other.take()) {
                (Some(first), Some(second)) => Poll::Ready(first.number + second.number),
                (first, second) => {
                    (one, other) = (first, second);
                    Poll::Pending
                }
            }
        })
        .await
    });
    both.waits();
    assert_eq!(set.stats().creating, 2);
    gates[1].open();
    both.waits();
    gates[0].open();
    assert_eq!(both.finish(), 3);
}

/// Without a script, a lock or a box.
struct Plain {
    made: AtomicU64,
    checked: AtomicU64,
}

impl Plain {
    fn new() -> Self {
        Self { made: AtomicU64::new(0), checked: AtomicU64::new(0) }
    }
}

impl AsyncManager for Plain {
    type Resource = u64;
    type Error = Infallible;

    async fn create(&self) -> Result<u64, Infallible> {
        Ok(self.made.fetch_add(1, Ordering::SeqCst) + 1)
    }

    async fn check(&self, number: &mut u64, meta: &Meta) -> Result<(), Infallible> {
        assert_eq!(*number, meta.id);
        self.checked.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn an_uncontended_get_and_return_allocates_nothing() {
    let pools = [
        AsyncResourcePool::new(Plain::new()),
        AsyncResourcePool::builder(Plain::new()).spawn(drop).build().expect("a pool"),
        AsyncResourcePool::builder(Plain::new())
            .clock(&Clock::manual())
            .max_lifetime(None)
            .idle_timeout(None)
            .build()
            .expect("a pool"),
    ];
    for pool in pools {
        let mut context = Context::from_waker(Waker::noop());
        let mut round = || {
            let mut got = pin!(pool.get());
            let Poll::Ready(Ok(lease)) = got.as_mut().poll(&mut context) else {
                panic!("it is ready")
            };
            assert_eq!(*lease, 1);
        };
        round();
        round();
        assert_eq!(allocations_in(|| (0..100).for_each(|_| round())), 0);
        assert_eq!((pool.stats().created, pool.manager().checked.load(Ordering::SeqCst)), (1, 101));
    }
}

#[test]
fn a_try_get_and_one_with_a_time_of_its_own_allocate_nothing_either() {
    let pool = AsyncResourcePool::new(Plain::new());
    let token = CancelToken::new();
    let mut context = Context::from_waker(Waker::noop());
    let mut round = |which: u32| {
        let lease = match which {
            0 => pin!(pool.get()).poll(&mut context),
            1 => pin!(pool.try_get()).poll(&mut context),
            2 => pin!(pool.get_timeout(SECOND)).poll(&mut context),
            _ => pin!(pool.get_with(None, &token)).poll(&mut context),
        };
        let Poll::Ready(Ok(lease)) = lease else { panic!("it is ready") };
        drop(lease);
    };
    (0..4).for_each(&mut round);
    assert_eq!(allocations_in(|| (0..40).for_each(|turn| round(turn % 4))), 0);
}

#[test]
fn a_manager_needs_no_more_than_create() {
    struct Least;

    impl AsyncManager for Least {
        type Resource = String;
        type Error = Infallible;

        fn create(&self) -> impl Future<Output = Result<String, Infallible>> + Send {
            ready(Ok(String::from("new")))
        }
    }

    let pool = AsyncResourcePool::builder(Least).clock(&Clock::manual()).build().expect("a pool");
    let get = || {
        let pool = pool.clone();
        Task::new(async move { pool.get().await }).finish().expect("a string")
    };
    let mut lease = get();
    lease.push_str(" and used");
    drop(lease);
    assert_eq!(*get(), "new and used");
    assert!(crate::unwinds(|| {
        let _lease = get();
        crate::unwind()
    }));
    assert_eq!(pool.stats().destroyed.panicked, 1);
    assert_eq!(*get(), "new");
}

#[test]
fn a_manager_may_be_shared_by_pools() {
    let manager = Arc::new(Plain::new());
    let pools = [
        AsyncResourcePool::new(Arc::clone(&manager)),
        AsyncResourcePool::new(Arc::clone(&manager)),
    ];
    let mut numbers = Vec::new();
    for pool in &pools {
        let pool = pool.clone();
        let lease = Task::new(async move { pool.get().await }).finish().expect("an object");
        numbers.push((*lease, Lease::meta(&lease).id));
    }
    assert_eq!(numbers, [(1, 1), (2, 1)]);
    assert!(Arc::ptr_eq(pools[0].manager(), &manager));
}

#[test]
fn pools_and_their_futures_go_where_their_objects_may_go() {
    fn sent<T: Send>(value: T) -> T {
        value
    }
    fn is_static<T: Send + Sync + 'static>() {}
    fn may_unwind<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}

    /// `Send`, and no more.
    struct OnlySent;

    impl AsyncManager for OnlySent {
        type Resource = std::cell::Cell<u8>;
        type Error = Infallible;

        async fn create(&self) -> Result<std::cell::Cell<u8>, Infallible> {
            Ok(std::cell::Cell::new(7))
        }
    }

    is_static::<AsyncResourcePool<OnlySent>>();
    is_static::<WeakAsyncResourcePool<OnlySent>>();
    is_static::<AsyncResourcePool<AsyncScripted>>();
    is_static::<PrewarmError<Refused>>();
    may_unwind::<GetError<Refused>>();
    let pool = AsyncResourcePool::new(OnlySent);
    let token = CancelToken::new();
    drop(sent(pool.get()));
    drop(sent(pool.try_get()));
    drop(sent(pool.get_timeout(SECOND)));
    drop(sent(pool.get_with(None, &token)));
    drop(sent(pool.prewarm(1)));
    drop(sent(pool.drain(std::time::Instant::now())));
    let whole = sent({
        let pool = pool.clone();
        async move {
            let lease = pool.get().await?;
            // Held across an await.
            ready(()).await;
            Ok::<_, GetError<Infallible>>(lease.get())
        }
    });
    assert_eq!(Task::new(whole).finish().expect("an object"), 7);
    assert_eq!(thread::spawn(move || pool.stats().idle).join().expect("no panic"), 1);
}

#[test]
fn a_pool_and_its_builder_can_be_printed() {
    let set = Set::of(3);
    drop(set.lease());
    let printed = format!("{:?}", set.pool);
    assert!(printed.starts_with("AsyncResourcePool"), "{printed}");
    let builder = AsyncResourcePool::builder(AsyncScripted::default()).spawn(drop);
    assert!(format!("{builder:?}").starts_with("ResourcePoolBuilder"), "{builder:?}");
    let weak = set.pool.downgrade();
    assert!(format!("{weak:?}").starts_with("WeakAsyncResourcePool"), "{weak:?}");
}

#[test]
fn clones_are_handles_to_one_pool() {
    let set = Set::of(1);
    let other = set.pool.clone();
    let held = set.lease();
    assert_eq!(other.stats().in_use, 1);
    let mut task = Task::new(async move { other.get().await.map(|lease| lease.number) });
    task.waits();
    drop(held);
    assert_eq!(task.finish().expect("an object"), 1);
}

#[test]
fn a_create_and_a_check_that_yield_are_polled_on() {
    for set in [Set::of(1), Set::spawning(1)] {
        set.script.create.next(after_yields(5, succeed));
        set.script.check.always(after_yields(7, succeed));
        drop(set.lease());
        assert_eq!(set.script.create.polls(), 6);
        drop(set.lease());
        assert_eq!(set.script.check.polls(), 8);
    }
}

#[test]
fn a_lease_tells_what_is_known_of_its_object() {
    let set = Set::of(2);
    let born = set.clock.now();
    let first = set.lease();
    let meta = Lease::meta(&first);
    assert_eq!((meta.id, meta.created_at, meta.uses), (1, born, 1));
    set.clock.advance(SECOND);
    drop(first);
    set.clock.advance(SECOND);
    let again = set.lease();
    let meta = Lease::meta(&again);
    assert_eq!((meta.id, meta.created_at, meta.uses), (1, born, 2));
    assert_eq!(Lease::meta(&set.lease()).id, 2);
}

#[test]
fn the_last_error_is_told_by_a_timeout() {
    let set = Set::by(|builder| builder.max_open(1).timeouts(wait_at_most(2 * SECOND)));
    set.script.create.next(then(|| Err(Refused("no route"))));
    assert!(matches!(set.ask().finish(), Err(GetError::Create(Refused("no route")))));
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    let task = set.queued();
    set.clock.advance(2 * SECOND);
    match task.finish() {
        Err(GetError::Timeout { last_error: Some(last), stage: Stage::Create, .. }) => {
            assert!(last.contains("no route"), "{last}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_async_pool_is_not_among_the_pools_of_the_process() {
    crate::alone(|| {
        let set = Set::of(1);
        drop(set.lease());
        assert!(poolable::pools().is_empty());
        poolable::trim_all();
        assert_eq!(set.stats().idle, 1);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_pool_without_time_limits_needs_no_thread() {
    crate::alone(|| {
        let set = Set::by(|builder| {
            builder.timeouts(wait_at_most(None)).max_lifetime(None).idle_timeout(None)
        });
        let gate = Gate::default();
        set.script.create.next(at(&gate));
        let task = set.queued();
        gate.open();
        drop(task.finish().expect("an object"));
        drop(set.leases(3));
        set.pool.close();
        let threads = std::fs::read_dir("/proc/self/task")
            .expect("the threads of this process")
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .filter(|name| name.starts_with("poolable"))
            .count();
        assert_eq!(threads, 0);
    });
}
