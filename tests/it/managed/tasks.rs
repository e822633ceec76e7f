//! Getters that are tasks: they wait in the same queue, and leave it when they are dropped.

use std::cell::Cell;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use poolable::managed::{
    BoundedPool, BoundedPoolBuilder, Clock, CustomReset, GetError, Lease, Stage, WhenExhausted,
};

use super::scripted::{
    SECOND, assert_laws, queue_up_with, start, start_on, until, until_waiting, wait_at_most,
};

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

type Numbers = BoundedPool<u64>;
type Got = Result<Lease<u64>, GetError>;

/// A future that is polled when the test says so.
struct Task {
    future: Pin<Box<dyn Future<Output = Got> + Send>>,
    bell: Arc<Bell>,
}

impl Task {
    /// A getter that has not been polled.
    fn of(pool: &Numbers) -> Self {
        let pool = pool.clone();
        Self { future: Box::pin(async move { pool.get_async().await }), bell: Arc::default() }
    }

    /// A getter in the queue.
    #[track_caller]
    fn queued(pool: &Numbers) -> Self {
        let before = pool.stats().waiting;
        let mut task = Self::of(pool);
        task.waits();
        assert_eq!(pool.stats().waiting, before + 1);
        task
    }

    fn poll(&mut self) -> Poll<Got> {
        let waker = Waker::from(Arc::clone(&self.bell));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    #[track_caller]
    fn waits(&mut self) {
        let polled = self.poll();
        assert!(polled.is_pending(), "{polled:?}");
    }

    /// What a task got that has been woken.
    #[track_caller]
    fn finish(mut self) -> Got {
        assert!(self.is_woken(), "an executor would not poll it");
        match self.poll() {
            Poll::Ready(got) => got,
            Poll::Pending => panic!("it was woken for nothing"),
        }
    }

    fn is_woken(&self) -> bool {
        self.bell.0.load(Ordering::SeqCst) > 0
    }
}

fn numbers(clock: &Clock) -> BoundedPoolBuilder<u64, CustomReset> {
    let made = AtomicUsize::new(0);
    BoundedPool::builder(move || made.fetch_add(1, Ordering::SeqCst) as u64 + 1)
        .no_reset()
        .max_open(1)
        .clock(clock)
}

/// A pool of one number whose time stands still.
fn one() -> Numbers {
    numbers(&Clock::manual()).build().expect("a pool")
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The least of all executors.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn a_task_gets_what_is_idle_or_can_be_made_without_waiting() {
    let pool = one();
    let (mut first, mut second) = (Task::of(&pool), Task::of(&pool));
    let Poll::Ready(Ok(made)) = first.poll() else { panic!("there is room") };
    drop(made);
    let Poll::Ready(Ok(idle)) = second.poll() else { panic!("one is idle") };
    assert_eq!((*idle, pool.stats().created, pool.stats().waited), (1, 1, 0));
}

#[test]
fn tasks_and_threads_are_served_in_the_order_in_which_they_came() {
    let pool = one();
    let mut held = pool.get().expect("an object");
    let (send, served) = mpsc::channel();
    let mut tasks = Vec::new();
    for turn in 0..20 {
        if turn % 3 == 1 {
            let send = send.clone();
            let _ = queue_up_with(&pool, move |pool| {
                let lease = pool.get().expect("an object");
                // Nobody listens any more if the test has failed.
                let _ = send.send((turn, lease));
            });
        } else {
            tasks.push((turn, Task::queued(&pool)));
        }
    }
    for turn in 0..20 {
        drop(held);
        let woken = tasks.iter().position(|(_, task)| task.is_woken());
        held = if turn % 3 == 1 {
            assert_eq!(woken, None, "it is a thread's turn");
            let (who, lease) = served.recv_timeout(10 * SECOND).expect("a thread is served");
            assert_eq!(who, turn);
            lease
        } else {
            assert_eq!(woken, Some(0), "the first of the tasks alone");
            let (who, task) = tasks.remove(0);
            assert_eq!(who, turn);
            task.finish().expect("an object")
        };
        assert_eq!(pool.stats().waiting, 19 - turn);
    }
    assert_eq!(pool.stats().created, 1);
}

#[test]
fn a_task_that_is_polled_needlessly_keeps_its_place() {
    let pool = one();
    let held = pool.get().expect("an object");
    let (mut first, second) = (Task::queued(&pool), Task::queued(&pool));
    for _ in 0..10 {
        first.waits();
    }
    assert_eq!((pool.stats().waiting, pool.stats().waited), (2, 2));
    drop(held);
    assert!(!second.is_woken());
    drop(first.finish().expect("it came first"));
    drop(second.finish().expect("it came second"));
}

#[test]
fn a_newcomer_does_not_overtake_a_task_that_has_been_woken_but_not_yet_polled() {
    let pool = one();
    let held = pool.get().expect("an object");
    let task = Task::queued(&pool);
    drop(held);
    assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
    let mut late = Task::queued(&pool);
    late.waits();
    drop(task.finish().expect("its object"));
    drop(late.finish().expect("an object"));
}

#[test]
fn a_future_that_is_never_polled_does_nothing() {
    let pool = one();
    let held = pool.get().expect("an object");
    let task = Task::of(&pool);
    assert_eq!((pool.stats().waiting, pool.stats().waited), (0, 0));
    drop((task, held));
    assert_eq!((pool.stats().idle, pool.stats().borrowed), (1, 1));
}

#[test]
fn a_future_dropped_before_its_grant_leaves_its_turn() {
    let pool = one();
    let held = pool.get().expect("an object");
    let (first, second) = (Task::queued(&pool), Task::queued(&pool));
    drop(first);
    assert_eq!(pool.stats().waiting, 1);
    drop(held);
    drop(second.finish().expect("an object"));
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.waiting, stats.cancelled, stats.timed_out), (1, 0, 0, 0));
    assert_laws(&stats);
}

#[test]
fn a_future_dropped_after_its_grant_passes_the_object_on() {
    let pool = one();
    let held = pool.get().expect("an object");
    let (first, second) = (Task::queued(&pool), Task::queued(&pool));
    drop(held);
    assert!(first.is_woken() && !second.is_woken());
    drop(first);
    let lease = second.finish().expect("the first one's object");
    assert_eq!((*lease, pool.stats().created), (1, 1));
    drop(lease);
    assert_eq!((pool.stats().borrowed, pool.stats().returned), (2, 2));
}

#[test]
fn a_future_dropped_after_its_grant_passes_the_object_on_to_a_thread() {
    let pool = one();
    let held = pool.get().expect("an object");
    let task = Task::queued(&pool);
    let getter = queue_up_with(&pool, |pool| pool.get());
    drop(held);
    assert_eq!(pool.stats().waiting, 1, "it is the task's");
    drop(task);
    assert_eq!(*getter.finish().expect("the task's object"), 1);
}

#[test]
fn a_future_dropped_after_its_grant_with_nobody_behind_it_leaves_the_object_idle() {
    let pool = one();
    let held = pool.get().expect("an object");
    let task = Task::queued(&pool);
    drop(held);
    assert_eq!(pool.stats().idle, 0);
    drop(task);
    assert_eq!((pool.stats().idle, pool.stats().open), (1, 1));
    assert_laws(&pool.stats());
}

#[test]
fn a_future_dropped_after_it_was_granted_room_passes_it_on() {
    let pool = one();
    let held = pool.get().expect("an object");
    let (first, second) = (Task::queued(&pool), Task::queued(&pool));
    let _kept = Lease::detach(held);
    assert!(first.is_woken() && !second.is_woken());
    assert_eq!(pool.stats().creating, 1);
    drop(first);
    assert_eq!(*second.finish().expect("a new one"), 2);
    assert_eq!((pool.stats().idle, pool.stats().create_failed), (1, 0));
}

#[test]
fn a_future_dropped_in_the_moment_of_its_grant_loses_nothing() {
    for round in 0..300_u32 {
        let pool = one();
        let held = pool.get().expect("an object");
        let (first, second) = (Task::queued(&pool), Task::queued(&pool));
        let barrier = Arc::new(Barrier::new(2));
        let dropper = start({
            let barrier = Arc::clone(&barrier);
            move || {
                barrier.wait();
                for _ in 0..round {
                    std::hint::spin_loop();
                }
                drop(first);
            }
        });
        barrier.wait();
        drop(held);
        dropper.finish();
        assert_eq!(*second.finish().expect("the one object"), 1);
        assert_eq!((pool.stats().idle, pool.stats().waiting), (1, 0));
    }
}

#[test]
fn a_task_times_out_when_the_clock_says_so() {
    let clock = Clock::manual();
    let pool = numbers(&clock).timeouts(wait_at_most(5 * SECOND)).build().expect("a pool");
    let held = pool.get().expect("an object");
    let (first, second) = (Task::queued(&pool), Task::of(&pool));
    clock.advance(4 * SECOND);
    assert!(!first.is_woken());
    let mut second = second;
    second.waits();
    clock.advance(SECOND);
    assert!(!second.is_woken(), "its time begins with its first poll");
    match first.finish() {
        Err(GetError::Timeout { stage, waited, stats, .. }) => {
            assert_eq!((stage, waited), (Stage::Wait, 5 * SECOND));
            assert_eq!((stats.in_use, stats.waiting), (1, 1));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(pool.stats().timed_out, 1);
    drop(held);
    drop(second.finish().expect("an object"));
}

#[test]
fn a_task_that_is_served_when_its_time_is_up_already_takes_what_it_was_given() {
    let clock = Clock::manual();
    let pool = numbers(&clock).timeouts(wait_at_most(SECOND)).build().expect("a pool");
    let held = pool.get().expect("an object");
    let task = Task::queued(&pool);
    drop(held);
    clock.advance(2 * SECOND);
    drop(task.finish().expect("it had been granted in time"));
    assert_eq!(pool.stats().timed_out, 0);
}

#[test]
fn the_keeper_wakes_a_task_whose_time_is_up() {
    let limit = SECOND / 50;
    let pool = numbers(&Clock::system()).timeouts(wait_at_most(limit)).build().expect("a pool");
    let held = pool.get().expect("an object");
    let got = start_on(&pool, |pool| block_on(pool.get_async())).finish();
    assert!(matches!(got, Err(GetError::Timeout { waited, .. }) if waited >= limit), "{got:?}");
    drop(held);
    assert_eq!((pool.stats().timed_out, pool.stats().idle), (1, 1));
}

#[test]
fn a_task_without_a_limit_waits_for_as_long_as_it_takes() {
    let clock = Clock::manual();
    let pool = numbers(&clock).timeouts(wait_at_most(None)).build().expect("a pool");
    let held = pool.get().expect("an object");
    let mut task = Task::queued(&pool);
    clock.advance(365 * 24 * 3600 * SECOND);
    task.waits();
    drop(held);
    drop(task.finish().expect("an object"));
}

#[test]
fn a_task_is_told_of_a_close_while_it_waits() {
    let pool = one();
    let held = pool.get().expect("an object");
    let (first, second) = (Task::queued(&pool), Task::queued(&pool));
    pool.close();
    assert!(matches!(first.finish(), Err(GetError::Closed)));
    drop(second);
    let mut late = Task::of(&pool);
    assert!(matches!(late.poll(), Poll::Ready(Err(GetError::Closed))));
    drop(held);
    assert_eq!((pool.stats().open, pool.stats().waiting), (0, 0));
}

#[test]
fn a_task_that_is_served_before_a_close_keeps_what_it_was_given() {
    let pool = one();
    let held = pool.get().expect("an object");
    let task = Task::queued(&pool);
    drop(held);
    pool.close();
    let lease = task.finish().expect("it was served before");
    assert_eq!(pool.stats().in_use, 1);
    drop(lease);
    assert_eq!((pool.stats().idle, pool.stats().destroyed.closed), (0, 1));
}

#[test]
fn growth_wakes_a_task() {
    let pool = one();
    let held = pool.get().expect("an object");
    let task = Task::queued(&pool);
    pool.resize(2);
    assert_eq!(*task.finish().expect("a new one"), 2);
    drop(held);
}

#[test]
fn a_pool_that_fails_when_exhausted_tells_a_task_at_once() {
    let pool = numbers(&Clock::manual()).when_exhausted(WhenExhausted::Fail).build();
    let pool = pool.expect("a pool");
    let Poll::Ready(Ok(held)) = Task::of(&pool).poll() else { panic!("there is room") };
    assert!(matches!(Task::of(&pool).poll(), Poll::Ready(Err(GetError::Exhausted))));
    drop(held);
    assert_eq!((pool.stats().idle, pool.stats().waited), (1, 0));
}

#[test]
fn a_pool_that_creates_when_exhausted_creates_for_a_task() {
    let pool = numbers(&Clock::manual()).when_exhausted(WhenExhausted::Create).build();
    let pool = pool.expect("a pool");
    let held = pool.get().expect("an object");
    let Poll::Ready(Ok(extra)) = Task::of(&pool).poll() else { panic!("one more is made") };
    assert_eq!((*extra, pool.open()), (2, 2));
    drop((held, extra));
    assert_eq!((pool.size(), pool.stats().destroyed.full), (1, 1));
}

#[test]
fn a_panic_in_create_goes_to_the_task_and_frees_the_place() {
    let pool = BoundedPool::builder(|| -> u64 { crate::unwind() })
        .no_reset()
        .max_open(1)
        .clock(&Clock::manual())
        .build()
        .expect("a pool");
    for failed in 1..4 {
        assert!(crate::unwinds(|| drop(Task::of(&pool).poll())));
        assert_eq!((pool.open(), pool.stats().create_failed), (0, failed));
    }
}

#[test]
fn a_panic_in_a_create_that_a_task_waited_for_lets_the_next_one_try() {
    let calls = AtomicUsize::new(0);
    let create = move || match calls.fetch_add(1, Ordering::SeqCst) {
        1 => crate::unwind(),
        call => call as u64,
    };
    let pool = BoundedPool::builder(create).no_reset().max_open(1).clock(&Clock::manual());
    let pool = pool.build().expect("a pool");
    let held = pool.get().expect("an object");
    let (mut first, second) = (Task::queued(&pool), Task::queued(&pool));
    Lease::discard(held);
    assert!(crate::unwinds(|| drop(first.poll())));
    assert_eq!(*second.finish().expect("the third create succeeds"), 2);
    drop(first);
    assert_eq!((pool.open(), pool.stats().waiting), (1, 0));
}

#[test]
fn a_task_may_move_to_another_thread_and_its_last_waker_is_the_one_that_counts() {
    let pool = one();
    let held = pool.get().expect("an object");
    let mut task = Task::queued(&pool);
    let (former, bell) = (Arc::clone(&task.bell), Arc::default());
    task.bell = Arc::clone(&bell);
    let task = start(move || {
        task.waits();
        task
    });
    let task = task.finish();
    drop(held);
    assert_eq!(former.0.load(Ordering::SeqCst), 0);
    assert_eq!(bell.0.load(Ordering::SeqCst), 1);
    assert_eq!(*start(move || task.finish()).finish().expect("an object"), 1);
}

#[test]
fn the_future_is_send_whatever_the_object_shares() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }

    let pool = BoundedPool::builder(|| Cell::new(7)).no_reset().build().expect("a pool");
    let got = block_on(assert_send(pool.get_async()));
    assert_eq!(got.expect("an object").get(), 7);
}

#[test]
fn a_task_may_wait_with_the_lease_of_another_pool_in_its_hands() {
    let (outer, inner) = (one(), one());
    let held = inner.get().expect("an object");
    let both = start_on(&outer, {
        let inner = inner.clone();
        move |outer| {
            block_on(async {
                let first = outer.get_async().await.expect("it is free");
                let second = inner.get_async().await.expect("it comes free");
                *first + *second
            })
        }
    });
    until_waiting(&inner, 1);
    assert_eq!(outer.stats().in_use, 1);
    drop(held);
    assert_eq!(both.finish(), 2);
}

#[test]
fn numbers_are_conserved_among_tasks_and_threads_that_come_and_go() {
    const ROUNDS: u64 = 500;

    let pool = numbers(&Clock::system()).max_open(2).build().expect("a pool");
    let threads = (0..2).map(|_| {
        start_on(&pool, |pool| (0..ROUNDS).for_each(|_| drop(pool.get().expect("an object"))))
    });
    let tasks = (0..2).map(|_| {
        start_on(&pool, |pool| {
            for round in 0..ROUNDS {
                if round % 2 == 0 {
                    drop(block_on(pool.get_async()).expect("an object"));
                } else {
                    // One who gives up, wherever it is by then.
                    let mut task = Task::of(pool);
                    drop(task.poll());
                }
            }
        })
    });
    let workers: Vec<_> = threads.chain(tasks).collect();
    workers.into_iter().for_each(super::scripted::Pending::finish);
    until(&pool, |stats| stats.in_use == 0 && stats.waiting == 0);
    let stats = pool.stats();
    assert_laws(&stats);
    assert!(stats.created <= 2, "{stats:?}");
    assert_eq!(stats.borrowed, stats.returned);
    assert!(stats.borrowed >= 3 * ROUNDS, "{stats:?}");
}
