//! A manager that does as the test tells it, and the means to wait for what it does.

use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use poolable::managed::{
    BoundedPool, Clock, Event, ExpiringPool, Fate, GetError, Lease, Manager, Meta, Reason,
    ResourcePool, ResourcePoolBuilder, Stats, Timeouts,
};

/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// A test that failed while it held one of these locks has said so already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place where hooks stop until the test lets them on.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<(Mutex<Passage>, Condvar)>);

#[derive(Debug, Default)]
struct Passage {
    arrived: usize,
    /// As many of those who arrive may go on, the first ones first.
    free: usize,
    open: bool,
}

impl Gate {
    /// Stops here until the gate is open.
    pub(super) fn pass(&self) {
        let (passage, changed) = &*self.0;
        let mut passage = lock(passage);
        passage.arrived += 1;
        let turn = passage.arrived;
        changed.notify_all();
        let passed = changed
            .wait_timeout_while(passage, PATIENCE, |passage| !passage.open && passage.free < turn)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!passed.1.timed_out(), "nobody opened the gate");
    }

    /// Lets everybody on, now and later.
    pub(super) fn open(&self) {
        lock(&self.0.0).open = true;
        self.0.1.notify_all();
    }

    /// Lets one more of those on that came first.
    pub(super) fn let_one_on(&self) {
        lock(&self.0.0).free += 1;
        self.0.1.notify_all();
    }

    /// Waits until `count` have come here in all.
    #[track_caller]
    pub(super) fn wait_for(&self, count: usize) {
        let (passage, changed) = &*self.0;
        let reached = changed
            .wait_timeout_while(lock(passage), PATIENCE, |passage| passage.arrived < count)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!reached.1.timed_out(), "{} of {count} came to the gate", reached.0.arrived);
    }
}

/// What a scripted call ends with, unless it unwinds.
pub(super) type Outcome = Result<(), Refused>;

type Step = Arc<dyn Fn() -> Outcome + Send + Sync>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) &'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Refused {}

pub(super) fn succeed() -> Outcome {
    Ok(())
}

pub(super) fn fail() -> Outcome {
    Err(Refused("refused by the script"))
}

pub(super) fn panics() -> Outcome {
    crate::unwind()
}

/// Stops at the gate, then succeeds.
pub(super) fn held_at(gate: &Gate) -> impl Fn() -> Outcome + Send + Sync + 'static {
    held_then(gate, succeed)
}

/// Stops at the gate, then goes on as `step`.
pub(super) fn held_then(
    gate: &Gate,
    step: impl Fn() -> Outcome + Send + Sync + 'static,
) -> impl Fn() -> Outcome + Send + Sync + 'static {
    let gate = gate.clone();
    move || {
        gate.pass();
        step()
    }
}

/// The calls of one hook: what they are to do, and how many there were.
pub(super) struct Calls(Mutex<Plan>);

struct Plan {
    next: VecDeque<Step>,
    otherwise: Step,
    count: usize,
    now: usize,
    most: usize,
}

impl Default for Calls {
    fn default() -> Self {
        let otherwise = Arc::new(succeed);
        Self(Mutex::new(Plan { next: VecDeque::new(), otherwise, count: 0, now: 0, most: 0 }))
    }
}

impl Calls {
    /// Says what the next call does that nothing has been said of.
    pub(super) fn next(&self, step: impl Fn() -> Outcome + Send + Sync + 'static) -> &Self {
        lock(&self.0).next.push_back(Arc::new(step));
        self
    }

    /// Says what all calls do that nothing else has been said of.
    pub(super) fn always(&self, step: impl Fn() -> Outcome + Send + Sync + 'static) {
        lock(&self.0).otherwise = Arc::new(step);
    }

    /// How many there were.
    pub(super) fn count(&self) -> usize {
        lock(&self.0).count
    }

    /// How many there were at once, at most.
    pub(super) fn most_at_once(&self) -> usize {
        lock(&self.0).most
    }

    pub(super) fn call(&self) -> Outcome {
        struct Leave<'a>(&'a Calls);

        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                lock(&self.0.0).now -= 1;
            }
        }

        let mut plan = lock(&self.0);
        plan.count += 1;
        plan.now += 1;
        plan.most = plan.most.max(plan.now);
        let step = plan.next.pop_front().unwrap_or_else(|| Arc::clone(&plan.otherwise));
        drop(plan);
        let _leave = Leave(self);
        step()
    }
}

/// What the manager of one pool does.
#[derive(Default)]
pub(super) struct Script {
    pub(super) create: Calls,
    pub(super) check: Calls,
    /// A refusal discards the object.
    pub(super) release: Calls,
    pub(super) destroy: Calls,
    /// Runs in the `Drop` of each object.
    pub(super) drops: Calls,
    /// Objects are kept though their borrower panicked.
    pub(super) forgiving: AtomicBool,
    destroyed: Mutex<Vec<(u64, Reason)>>,
    metas: Mutex<Vec<Meta>>,
    born: AtomicU64,
    alive: AtomicU64,
}

/// The manager; its clones share the script.
#[derive(Clone, Default)]
pub(super) struct Scripted(Arc<Script>);

impl Deref for Scripted {
    type Target = Script;

    fn deref(&self) -> &Script {
        &self.0
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").finish_non_exhaustive()
    }
}

impl Scripted {
    /// How many objects are alive, as they count themselves.
    pub(super) fn alive(&self) -> u64 {
        self.alive.load(Ordering::SeqCst)
    }

    /// The numbers of the destroyed objects and why they were, in that order.
    pub(super) fn destroyed(&self) -> Vec<(u64, Reason)> {
        lock(&self.destroyed).clone()
    }

    /// Why objects were destroyed, one by one.
    pub(super) fn reasons(&self) -> Vec<Reason> {
        lock(&self.destroyed).iter().map(|&(_, why)| why).collect()
    }

    /// What `check` was told of the objects, one by one.
    pub(super) fn checked(&self) -> Vec<Meta> {
        lock(&self.metas).clone()
    }
}

impl Manager for Scripted {
    type Resource = Thing;
    type Error = Refused;

    fn create(&self) -> Result<Thing, Refused> {
        self.create.call()?;
        let number = self.born.fetch_add(1, Ordering::SeqCst) + 1;
        self.alive.fetch_add(1, Ordering::SeqCst);
        Ok(Thing { number, dirty: false, touched: 0, script: self.clone() })
    }

    fn check(&self, thing: &mut Thing, meta: &Meta) -> Result<(), Refused> {
        thing.touched += 1;
        lock(&self.metas).push(*meta);
        self.check.call()
    }

    fn on_release(&self, thing: &mut Thing, _meta: &Meta) -> Fate {
        let panicking = thread::panicking() && !self.forgiving.load(Ordering::SeqCst);
        match self.release.call() {
            Ok(()) if !thing.dirty && !panicking => Fate::Keep,
            _ => Fate::Discard,
        }
    }

    fn destroy(&self, thing: Thing, why: Reason) {
        lock(&self.destroyed).push((thing.number, why));
        let _ = self.destroy.call();
        drop(thing);
    }
}

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Does this but where this thread is doing so: hooks that call their pool run hooks.
pub(super) fn unless_within(work: impl FnOnce()) {
    if !WITHIN.replace(true) {
        work();
        WITHIN.set(false);
    }
}

/// What the pools of these tests hold.
pub(super) struct Thing {
    /// Counts from 1, in the order of the creates that succeeded.
    pub(super) number: u64,
    /// Left in a state in which nobody else shall have it, such as an open transaction.
    pub(super) dirty: bool,
    /// How often it was checked.
    pub(super) touched: u64,
    script: Scripted,
}

impl fmt::Debug for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thing({})", self.number)
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        self.script.alive.fetch_sub(1, Ordering::SeqCst);
        let _ = self.script.drops.call();
    }
}

pub(super) type Things = ResourcePool<Scripted>;
pub(super) type Got = Result<Lease<Thing>, GetError<Refused>>;

/// A pool by this script and clock, whose lifetimes are exact.
pub(super) fn builder(script: &Scripted, clock: &Clock) -> ResourcePoolBuilder<Scripted> {
    ResourcePool::builder(script.clone()).clock(clock).jitter(0.0)
}

/// A pool of at most `max_open` whose time stands still.
pub(super) fn pool_of(max_open: usize) -> (Scripted, Things) {
    let script = Scripted::default();
    let pool = builder(&script, &Clock::manual()).max_open(max_open).build();
    (script, pool.expect("a sound configuration"))
}

/// A pool of at most `max_open`, and its clock.
pub(super) fn timed_pool_of(max_open: usize) -> (Scripted, Clock, Things) {
    let (script, clock) = (Scripted::default(), Clock::manual());
    let pool = builder(&script, &clock).max_open(max_open).build();
    (script, clock, pool.expect("a sound configuration"))
}

/// The limit of a wait, and no other.
pub(super) fn wait_at_most(wait: impl Into<Option<Duration>>) -> Timeouts {
    Timeouts { wait: wait.into(), ..Timeouts::default() }
}

/// Pools whose statistics can be waited for.
pub(super) trait Watched: Clone + Send + 'static {
    fn now(&self) -> Stats;
}

impl Watched for Things {
    fn now(&self) -> Stats {
        self.stats()
    }
}

impl<T: Send + 'static> Watched for BoundedPool<T> {
    fn now(&self) -> Stats {
        self.stats()
    }
}

impl<T: Send + 'static> Watched for ExpiringPool<T> {
    fn now(&self) -> Stats {
        self.stats()
    }
}

/// Waits until the statistics are as wanted.
#[track_caller]
pub(super) fn until(pool: &impl Watched, is_so: impl Fn(&Stats) -> bool) {
    let start = Instant::now();
    loop {
        let stats = pool.now();
        if is_so(&stats) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "it never came to that: {stats:?}");
        thread::yield_now();
    }
}

/// Waits until `is_so`; for what the statistics do not show.
#[track_caller]
pub(super) fn eventually(pool: &impl Watched, mut is_so: impl FnMut() -> bool) {
    until(pool, |_| true);
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it never came to that: {:?}", pool.now());
        thread::yield_now();
    }
}

/// Waits until these have been destroyed, and no other, in this order.
///
/// For what is destroyed apart from those who get and return.
#[track_caller]
pub(super) fn until_destroyed(pool: &Things, expected: &[(u64, Reason)]) {
    eventually(pool, || pool.manager().destroyed().len() >= expected.len());
    assert_eq!(pool.manager().destroyed(), expected);
}

/// Waits until `count` getters are in the queue.
#[track_caller]
pub(super) fn until_waiting(pool: &impl Watched, count: u64) {
    until(pool, |stats| stats.waiting == count);
}

/// Work on a thread of its own, which may take a minute.
pub(super) struct Pending<R> {
    result: mpsc::Receiver<thread::Result<R>>,
    tell: Box<dyn Fn() -> String>,
}

impl<R> Pending<R> {
    /// What came of it, or what it unwound with.
    #[track_caller]
    pub(super) fn outcome(self) -> Result<R, Box<dyn Any + Send>> {
        match self.result.recv_timeout(PATIENCE) {
            Ok(outcome) => outcome,
            Err(_) => panic!("it hangs: {}", (self.tell)()),
        }
    }

    /// What came of it.
    #[track_caller]
    pub(super) fn finish(self) -> R {
        match self.outcome() {
            Ok(result) => result,
            Err(payload) => resume_unwind(payload),
        }
    }
}

/// Starts work on a thread of its own.
pub(super) fn start<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Pending<R> {
    let (send, result) = mpsc::channel();
    thread::spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(work));
        // Nobody listens any more if the test has failed.
        let _ = send.send(outcome);
    });
    Pending { result, tell: Box::new(|| "no pool".to_owned()) }
}

/// Starts work with a pool on a thread of its own.
pub(super) fn start_on<P: Watched, R: Send + 'static>(
    pool: &P,
    work: impl FnOnce(&P) -> R + Send + 'static,
) -> Pending<R> {
    let (own, told) = (pool.clone(), pool.clone());
    let pending = start(move || {
        let result = work(&own);
        drop(own);
        result
    });
    Pending { tell: Box::new(move || format!("{:?}", told.now())), ..pending }
}

/// Does work that must not hang.
#[track_caller]
pub(super) fn promptly<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    start(work).finish()
}

/// Starts a getter.
pub(super) fn ask(pool: &Things) -> Pending<Got> {
    start_on(pool, |pool| pool.get())
}

/// Starts a getter, and goes on when it has joined the queue.
#[track_caller]
pub(super) fn queue_up(pool: &Things) -> Pending<Got> {
    queue_up_with(pool, |pool| pool.get())
}

/// Starts a getter of another kind, and goes on when it has joined the queue.
#[track_caller]
pub(super) fn queue_up_with<P: Watched, R: Send + 'static>(
    pool: &P,
    get: impl FnOnce(&P) -> R + Send + 'static,
) -> Pending<R> {
    let before = pool.now().waiting;
    let getter = start_on(pool, get);
    until_waiting(pool, before + 1);
    getter
}

/// Gets an object from a pool that has one, or makes one, at once.
#[track_caller]
pub(super) fn lease(pool: &Things) -> Lease<Thing> {
    ask(pool).finish().expect("an object")
}

#[track_caller]
pub(super) fn leases(pool: &Things, count: usize) -> Vec<Lease<Thing>> {
    (0..count).map(|_| lease(pool)).collect()
}

/// The laws that hold at any moment.
#[track_caller]
pub(super) fn assert_laws(stats: &Stats) {
    assert_eq!(
        stats.open,
        stats.idle + stats.in_use + stats.checking + stats.creating,
        "of what is open: {stats:?}"
    );
    assert_eq!(
        stats.created,
        stats.idle + stats.in_use + stats.checking + stats.detached + stats.destroyed.total(),
        "of what was created: {stats:?}"
    );
}

/// An event, as the observer saw it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    Created { id: u64 },
    CreateFailed { error: String, attempt: u32 },
    CheckFailed { id: u64, error: String },
    Destroyed { id: u64, reason: Reason },
    Waited { waited: Duration },
    TimedOut { waited: Duration },
    HeldTooLong { id: u64, held: Duration },
}

/// The events of a pool.
#[derive(Clone, Debug, Default)]
pub(super) struct Diary(Arc<Mutex<Vec<Seen>>>);

impl Diary {
    pub(super) fn observer(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let diary = Arc::clone(&self.0);
        move |event| {
            let seen = match *event {
                Event::Created { id, .. } => Seen::Created { id },
                Event::CreateFailed { error, attempt, .. } => {
                    Seen::CreateFailed { error: error.to_string(), attempt }
                }
                Event::CheckFailed { id, error, .. } => {
                    Seen::CheckFailed { id, error: error.to_string() }
                }
                Event::Destroyed { id, reason, .. } => Seen::Destroyed { id, reason },
                Event::Waited { waited, .. } => Seen::Waited { waited },
                Event::TimedOut { waited, .. } => Seen::TimedOut { waited },
                Event::HeldTooLong { id, held, .. } => Seen::HeldTooLong { id, held },
                _ => return,
            };
            lock(&diary).push(seen);
        }
    }

    pub(super) fn entries(&self) -> Vec<Seen> {
        lock(&self.0).clone()
    }

    pub(super) fn has(&self, seen: &Seen) -> bool {
        lock(&self.0).contains(seen)
    }
}
