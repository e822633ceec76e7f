//! A manager whose futures do as the test tells them, and tasks that are polled by hand.
//!
//! There is no executor. A task is polled when it is new or has been woken, as an executor would
//! do it, so that a wake-up that is lost leaves it asleep, and the test fails.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use poolable::managed::{
    AsyncManager, AsyncResourcePool, AsyncResourcePoolBuilder, CancelToken, Clock, Fate, GetError,
    Lease, Meta, Reason, Stats, Timeouts,
};

use super::scripted::{Calls, Outcome, Refused, Watched, assert_laws, succeed, wait_at_most};

/// A test that failed while it held one of these locks has said so already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The least by which times differ.
pub(super) const INSTANT: Duration = Duration::from_nanos(1);

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A place where futures stop until the test lets them on.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<Mutex<Passage>>);

#[derive(Default)]
struct Passage {
    arrived: usize,
    /// As many of those who arrive may go on, the first ones first.
    free: usize,
    is_open: bool,
    /// Who stands here: of each one the waker that it was polled with last, and no other.
    standing: Vec<(usize, Waker)>,
}

impl Gate {
    /// Stops here until the gate is open.
    pub(super) fn passed(&self) -> impl Future<Output = ()> + Send + 'static {
        Pass { gate: self.clone(), turn: 0 }
    }

    /// Lets everybody on, now and later.
    pub(super) fn open(&self) {
        self.change(|passage| passage.is_open = true);
    }

    /// Lets one more of those on that came first.
    pub(super) fn let_one_on(&self) {
        self.change(|passage| passage.free += 1);
    }

    /// How many have come here in all.
    pub(super) fn arrived(&self) -> usize {
        lock(&self.0).arrived
    }

    fn change(&self, how: impl FnOnce(&mut Passage)) {
        let mut passage = lock(&self.0);
        how(&mut passage);
        let (is_open, free) = (passage.is_open, passage.free);
        let standing = std::mem::take(&mut passage.standing);
        let passes = |(turn, _): &(usize, Waker)| is_open || *turn <= free;
        let (passing, stopped): (Vec<_>, _) = standing.into_iter().partition(passes);
        passage.standing = stopped;
        drop(passage);
        passing.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl Passage {
    /// The waker of the one with this turn, who does not stand here any more.
    fn remove(&mut self, turn: usize) -> Option<Waker> {
        let index = self.standing.iter().position(|(other, _)| *other == turn)?;
        Some(self.standing.remove(index).1)
    }
}

struct Pass {
    gate: Gate,
    /// 0 before it has been polled.
    turn: usize,
}

impl Future for Pass {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let gate = self.gate.clone();
        let waker = context.waker().clone();
        let mut passage = lock(&gate.0);
        if self.turn == 0 {
            passage.arrived += 1;
            self.turn = passage.arrived;
        }
        let turn = self.turn;
        let former = passage.remove(turn);
        let passes = passage.is_open || turn <= passage.free;
        if !passes {
            passage.standing.push((turn, waker));
        }
        drop(passage);
        drop(former);
        if passes { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut passage = lock(&self.gate.0);
        let own = passage.remove(self.turn);
        drop(passage);
        drop(own);
    }
}

type Step = Arc<dyn Fn() -> Boxed<Outcome> + Send + Sync>;

/// Stops at the gate, then succeeds.
pub(super) fn at(gate: &Gate) -> impl Fn() -> Boxed<Outcome> + Send + Sync + 'static {
    at_then(gate, succeed)
}

/// Stops at the gate, then goes on as `step`.
pub(super) fn at_then(
    gate: &Gate,
    step: impl Fn() -> Outcome + Send + Sync + 'static,
) -> impl Fn() -> Boxed<Outcome> + Send + Sync + 'static {
    let (gate, step) = (gate.clone(), Arc::new(step));
    move || {
        let (passed, step) = (gate.passed(), Arc::clone(&step));
        Box::pin(async move {
            passed.await;
            step()
        })
    }
}

/// Goes on as `step` when it is polled.
pub(super) fn then(
    step: impl Fn() -> Outcome + Send + Sync + 'static,
) -> impl Fn() -> Boxed<Outcome> + Send + Sync + 'static {
    after_yields(0, step)
}

/// Has itself polled again so many times, then goes on as `step`.
pub(super) fn after_yields(
    count: usize,
    step: impl Fn() -> Outcome + Send + Sync + 'static,
) -> impl Fn() -> Boxed<Outcome> + Send + Sync + 'static {
    let step = Arc::new(step);
    move || {
        let (step, mut left) = (Arc::clone(&step), count);
        Box::pin(poll_fn(move |context| {
            if left == 0 {
                return Poll::Ready(step());
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        }))
    }
}

/// Never ends.
pub(super) fn never() -> Boxed<Outcome> {
    Box::pin(std::future::pending())
}

/// Unwinds before there is a future.
pub(super) fn panics_at_the_call() -> Boxed<Outcome> {
    crate::unwind()
}

/// The calls of one asynchronous hook: what they are to do, and how they fare.
#[derive(Default)]
pub(super) struct AsyncCalls {
    plan: Arc<Mutex<Plan>>,
    /// Runs in the `Drop` of each future.
    pub(super) drops: Arc<Calls>,
}

struct Plan {
    next: VecDeque<Step>,
    otherwise: Step,
    count: usize,
    now: usize,
    most: usize,
    polls: usize,
    abandoned: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            next: VecDeque::new(),
            otherwise: Arc::new(then(succeed)),
            count: 0,
            now: 0,
            most: 0,
            polls: 0,
            abandoned: 0,
        }
    }
}

impl AsyncCalls {
    /// Says what the next call does that nothing has been said of.
    pub(super) fn next(&self, step: impl Fn() -> Boxed<Outcome> + Send + Sync + 'static) -> &Self {
        lock(&self.plan).next.push_back(Arc::new(step));
        self
    }

    /// Says what all calls do that nothing else has been said of.
    pub(super) fn always(&self, step: impl Fn() -> Boxed<Outcome> + Send + Sync + 'static) {
        lock(&self.plan).otherwise = Arc::new(step);
    }

    /// Has all calls succeed from now on.
    pub(super) fn clear(&self) {
        let mut plan = lock(&self.plan);
        let former = std::mem::take(&mut plan.next);
        plan.otherwise = Arc::new(then(succeed));
        drop(plan);
        drop(former);
    }

    /// How many there were.
    pub(super) fn count(&self) -> usize {
        lock(&self.plan).count
    }

    /// How many futures there are now.
    pub(super) fn now(&self) -> usize {
        lock(&self.plan).now
    }

    /// How many futures there were at once, at most.
    pub(super) fn most_at_once(&self) -> usize {
        lock(&self.plan).most
    }

    /// How often they were polled, all in all.
    pub(super) fn polls(&self) -> usize {
        lock(&self.plan).polls
    }

    /// How many futures were dropped before their end.
    pub(super) fn abandoned(&self) -> usize {
        lock(&self.plan).abandoned
    }

    fn call(&self) -> Call {
        let mut plan = lock(&self.plan);
        plan.count += 1;
        let step = plan.next.pop_front().unwrap_or_else(|| Arc::clone(&plan.otherwise));
        drop(plan);
        let future = step();
        let mut plan = lock(&self.plan);
        plan.now += 1;
        plan.most = plan.most.max(plan.now);
        let (own, drops) = (Arc::clone(&self.plan), Arc::clone(&self.drops));
        Call { future, plan: own, drops, has_ended: false }
    }
}

struct Call {
    future: Boxed<Outcome>,
    plan: Arc<Mutex<Plan>>,
    drops: Arc<Calls>,
    has_ended: bool,
}

impl Future for Call {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        assert!(!self.has_ended, "polled after its end");
        lock(&self.plan).polls += 1;
        // A panic is an end, too.
        self.has_ended = true;
        let polled = self.future.as_mut().poll(context);
        self.has_ended = polled.is_ready();
        polled
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut plan = lock(&self.plan);
        plan.now -= 1;
        plan.abandoned += usize::from(!self.has_ended);
        drop(plan);
        let _ = self.drops.call();
    }
}

/// What the manager of one pool does.
#[derive(Default)]
pub(super) struct AsyncScript {
    pub(super) create: AsyncCalls,
    pub(super) check: AsyncCalls,
    /// A refusal discards the object.
    pub(super) release: Calls,
    pub(super) destroy: Calls,
    /// Runs in the `Drop` of each object.
    pub(super) drops: Calls,
    destroyed: Mutex<Vec<(u64, Reason)>>,
    metas: Mutex<Vec<Meta>>,
    born: AtomicU64,
    alive: AtomicU64,
    most_alive: AtomicU64,
}

/// The manager; its clones share the script.
#[derive(Clone, Default)]
pub(super) struct AsyncScripted(Arc<AsyncScript>);

impl Deref for AsyncScripted {
    type Target = AsyncScript;

    fn deref(&self) -> &AsyncScript {
        &self.0
    }
}

impl AsyncScripted {
    /// How many objects are alive, as they count themselves.
    pub(super) fn alive(&self) -> u64 {
        self.alive.load(Ordering::SeqCst)
    }

    /// How many objects were alive at once, at most.
    pub(super) fn most_alive(&self) -> u64 {
        self.most_alive.load(Ordering::SeqCst)
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

    fn make(&self) -> Link {
        let number = self.born.fetch_add(1, Ordering::SeqCst) + 1;
        let alive = self.alive.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_alive.fetch_max(alive, Ordering::SeqCst);
        Link { number, begun: 0, passed: 0, script: self.clone() }
    }
}

impl AsyncManager for AsyncScripted {
    type Resource = Link;
    type Error = Refused;

    fn create(&self) -> impl Future<Output = Result<Link, Refused>> + Send {
        let call = self.create.call();
        async move {
            call.await?;
            Ok(self.make())
        }
    }

    fn check(
        &self,
        link: &mut Link,
        meta: &Meta,
    ) -> impl Future<Output = Result<(), Refused>> + Send {
        link.begun += 1;
        lock(&self.metas).push(*meta);
        let call = self.check.call();
        async move {
            call.await?;
            link.passed += 1;
            Ok(())
        }
    }

    fn on_release(&self, _link: &mut Link, _meta: &Meta) -> Fate {
        match self.release.call() {
            Ok(()) => Fate::keep_unless_panicking(),
            Err(_) => Fate::Discard,
        }
    }

    fn destroy(&self, link: Link, why: Reason) {
        lock(&self.destroyed).push((link.number, why));
        let _ = self.destroy.call();
        drop(link);
    }
}

/// What the pools of these tests hold.
pub(super) struct Link {
    /// Counts from 1, in the order of the creates that succeeded.
    pub(super) number: u64,
    /// How many checks of it have begun.
    pub(super) begun: u64,
    /// How many it has passed.
    pub(super) passed: u64,
    script: AsyncScripted,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.number)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.script.alive.fetch_sub(1, Ordering::SeqCst);
        let _ = self.script.drops.call();
    }
}

pub(super) type Links = AsyncResourcePool<AsyncScripted>;
pub(super) type LinksBuilder = AsyncResourcePoolBuilder<AsyncScripted>;
pub(super) type Got = Result<Lease<Link>, GetError<Refused>>;

impl Watched for Links {
    fn now(&self) -> Stats {
        self.stats()
    }
}

/// Counts how often it is woken.
#[derive(Default)]
pub(super) struct Bell(AtomicUsize);

impl Bell {
    pub(super) fn rings(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A future that is polled when the test says so.
pub(super) struct Task<T> {
    future: Boxed<T>,
    bell: Arc<Bell>,
    is_new: bool,
}

impl<T> Task<T> {
    /// One that has not been polled.
    pub(super) fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self { future: Box::pin(future), bell: Arc::default(), is_new: true }
    }

    /// Whether an executor would poll it.
    pub(super) fn is_woken(&self) -> bool {
        self.is_new || self.bell.rings() > 0
    }

    /// The bell that it is polled with next.
    pub(super) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// Has another bell from now on.
    pub(super) fn change_bell(&mut self) {
        self.bell = Arc::default();
    }

    /// Polls it once, woken or not.
    pub(super) fn poll(&mut self) -> Poll<T> {
        let waker = Waker::from(Arc::clone(&self.bell));
        self.poll_with(&waker)
    }

    /// Polls it once with a waker of the test's.
    pub(super) fn poll_with(&mut self, waker: &Waker) -> Poll<T> {
        self.is_new = false;
        self.bell.0.store(0, Ordering::SeqCst);
        self.future.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// Polls it for as long as an executor would.
    pub(super) fn run(&mut self) -> Poll<T> {
        while self.is_woken() {
            if let Poll::Ready(result) = self.poll() {
                return Poll::Ready(result);
            }
        }
        Poll::Pending
    }
}

impl<T: fmt::Debug> Task<T> {
    /// Runs it; it has to wait.
    #[track_caller]
    pub(super) fn waits(&mut self) {
        let polled = self.run();
        assert!(polled.is_pending(), "{polled:?}");
    }

    /// What came of it, if an executor would have brought it there.
    #[track_caller]
    pub(super) fn finish(mut self) -> T {
        match self.run() {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("it sleeps"),
        }
    }

    /// What it unwinds with.
    #[track_caller]
    pub(super) fn panic(&mut self) -> Box<dyn Any + Send> {
        match catch_unwind(AssertUnwindSafe(|| self.run())) {
            Ok(polled) => panic!("no panic, but {polled:?}"),
            Err(payload) => payload,
        }
    }
}

/// Keeps the tasks that a pool spawns.
#[derive(Clone, Default)]
pub(super) struct Spawner(Arc<Mutex<Spawned>>);

#[derive(Default)]
struct Spawned {
    tasks: Vec<Task<()>>,
    count: usize,
}

impl Spawner {
    /// The hook for the builder.
    pub(super) fn hook(&self) -> impl Fn(Boxed<()>) + Send + Sync + 'static {
        let spawned = Arc::clone(&self.0);
        move |future| {
            let mut spawned = lock(&spawned);
            spawned.tasks.push(Task::new(future));
            spawned.count += 1;
        }
    }

    /// How many were spawned.
    pub(super) fn count(&self) -> usize {
        lock(&self.0).count
    }

    /// How many have not ended.
    pub(super) fn unfinished(&self) -> usize {
        lock(&self.0).tasks.len()
    }

    /// Polls one that has been woken, the first first; whether there was one.
    pub(super) fn step(&self) -> bool {
        let mut spawned = lock(&self.0);
        let Some(index) = spawned.tasks.iter().position(Task::is_woken) else { return false };
        let mut task = spawned.tasks.remove(index);
        drop(spawned);
        if task.poll().is_pending() {
            lock(&self.0).tasks.push(task);
        }
        true
    }

    /// Polls all for as long as an executor would.
    pub(super) fn run(&self) {
        while self.step() {}
    }

    /// Drops those that have not ended, as a runtime does that shuts down; how many those were.
    pub(super) fn shut_down(&self) -> usize {
        let tasks = std::mem::take(&mut lock(&self.0).tasks);
        tasks.len()
    }
}

/// A pool with all that moves it.
///
/// Every test ends with its drop, which closes the pool and looks for what was left behind.
pub(super) struct Set {
    pub(super) pool: Links,
    pub(super) script: AsyncScripted,
    pub(super) clock: Clock,
    pub(super) spawner: Spawner,
}

impl Set {
    /// One of at most `max_open`, where getters poll their creates.
    pub(super) fn of(max_open: usize) -> Self {
        Self::by(|builder| builder.max_open(max_open))
    }

    /// One by these settings, where getters poll their creates.
    pub(super) fn by(settings: impl FnOnce(LinksBuilder) -> LinksBuilder) -> Self {
        Self::new(Spawner::default(), settings)
    }

    /// One of at most `max_open` that spawns its creates.
    pub(super) fn spawning(max_open: usize) -> Self {
        Self::spawning_by(|builder| builder.max_open(max_open))
    }

    /// One by these settings that spawns its creates.
    pub(super) fn spawning_by(settings: impl FnOnce(LinksBuilder) -> LinksBuilder) -> Self {
        let spawner = Spawner::default();
        let hook = spawner.hook();
        Self::new(spawner, |builder| settings(builder.spawn(hook)))
    }

    fn new(spawner: Spawner, settings: impl FnOnce(LinksBuilder) -> LinksBuilder) -> Self {
        let (script, clock) = (AsyncScripted::default(), Clock::manual());
        let builder = AsyncResourcePool::builder(script.clone()).clock(&clock).jitter(0.0);
        let pool = settings(builder).build().expect("a sound configuration");
        Self { pool, script, clock, spawner }
    }

    /// A getter that has not been polled.
    pub(super) fn ask(&self) -> Task<Got> {
        let pool = self.pool.clone();
        Task::new(async move { pool.get().await })
    }

    /// One with a time of its own.
    pub(super) fn ask_for(&self, time: Duration) -> Task<Got> {
        let pool = self.pool.clone();
        Task::new(async move { pool.get_timeout(time).await })
    }

    /// One that takes what is there.
    pub(super) fn try_get(&self) -> Task<Got> {
        let pool = self.pool.clone();
        Task::new(async move { pool.try_get().await })
    }

    /// One with a deadline and a token.
    pub(super) fn ask_with(&self, deadline: Option<Instant>, token: &CancelToken) -> Task<Got> {
        let (pool, token) = (self.pool.clone(), token.clone());
        Task::new(async move { pool.get_with(deadline, &token).await })
    }

    /// A getter that waits.
    #[track_caller]
    pub(super) fn queued(&self) -> Task<Got> {
        self.queue(self.ask())
    }

    /// Has a getter wait.
    #[track_caller]
    pub(super) fn queue(&self, mut getter: Task<Got>) -> Task<Got> {
        let before = self.stats().waiting;
        getter.waits();
        assert_eq!(self.stats().waiting, before + 1);
        getter
    }

    /// Runs a task and those that are spawned, for as long as an executor would.
    pub(super) fn drive<T>(&self, task: &mut Task<T>) -> Poll<T> {
        loop {
            if let Poll::Ready(result) = task.run() {
                return Poll::Ready(result);
            }
            self.spawner.run();
            if !task.is_woken() {
                return Poll::Pending;
            }
        }
    }

    /// What comes of a task that waits for none but the spawned ones.
    #[track_caller]
    pub(super) fn finish<T>(&self, mut task: Task<T>) -> T {
        match self.drive(&mut task) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("it sleeps: {:?}", self.pool.stats()),
        }
    }

    /// Gets an object from a pool that has one, or makes one.
    #[track_caller]
    pub(super) fn lease(&self) -> Lease<Link> {
        self.finish(self.ask()).expect("an object")
    }

    #[track_caller]
    pub(super) fn leases(&self, count: usize) -> Vec<Lease<Link>> {
        (0..count).map(|_| self.lease()).collect()
    }

    /// The statistics, which obey their laws.
    #[track_caller]
    pub(super) fn stats(&self) -> Stats {
        let stats = self.pool.stats();
        assert_laws(&stats);
        stats
    }

    /// Waits until so many creates have been given up, and none is left.
    #[track_caller]
    pub(super) fn until_given_up(&self, count: usize) {
        self.eventually(|| {
            self.spawner.run();
            let is_idle = self.spawner.unfinished() + self.script.create.now() == 0;
            is_idle && self.pool.stats().creating == 0
        });
        assert_eq!(self.script.create.abandoned(), count);
    }

    /// Waits until `is_so`: for what threads do.
    #[track_caller]
    pub(super) fn eventually(&self, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(10), "never: {:?}", self.pool.stats());
            thread::yield_now();
        }
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        // What the script has a hook do that has not been called yet is not done here.
        let _ = catch_unwind(AssertUnwindSafe(|| self.pool.close()));
        self.spawner.run();
        let (script, pool) = (&self.script, &self.pool);
        self.eventually(|| {
            self.spawner.run();
            script.create.now() + script.check.now() == 0 && script.alive() == 0
        });
        let stats = self.stats();
        assert_eq!((stats.open, stats.waiting), (0, 0), "{stats:?}");
        self.eventually(|| pool.stats().destroying == 0);
        self.spawner.run();
        assert_eq!(self.spawner.unfinished(), 0, "a task never ends");
    }
}

/// A getter whose create stops at a gate.
#[track_caller]
pub(super) fn creating(set: &Set) -> (Task<Got>, Gate) {
    let gate = Gate::default();
    set.script.create.next(at(&gate));
    let task = set.queued();
    assert_eq!(gate.arrived(), 1, "a newcomer polls its create at once");
    (task, gate)
}

/// A create that its getter has left behind.
#[track_caller]
pub(super) fn kept(set: &Set) -> Gate {
    let (task, gate) = creating(set);
    drop(task);
    gate
}

/// The limit of a create, and none of the wait.
pub(super) fn create_at_most(create: impl Into<Option<Duration>>) -> Timeouts {
    Timeouts { create: create.into(), ..wait_at_most(None) }
}
