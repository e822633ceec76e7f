//! The core that pools share whose getters wait.
//!
//! A getter is played as `get` does it, but for hooks and times: whoever would run out of
//! time leaves at once, and loom tries every moment for it. Creates have no thread of their
//! own here; what ends one is said by the model.

mod adopting;
mod ageing;
mod closing;
mod creating;
mod driving;
mod resizing;
mod sequences;
mod waiting;

use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use std::sync::Arc as Shares;
use std::task::Wake;
use std::time::Instant;

use loom::cell::UnsafeCell;
use loom::sync::{Arc, Notify};
use loom::thread;

use super::bounded;
use crate::managed::after::After;
use crate::managed::core::{Core, End, Leave};
use crate::managed::reason::Reason;
use crate::managed::state::{Bounds, Due, Order};
use crate::managed::stats::Stats;
use crate::managed::ticket::{Begin, Failure, Grant, Ticket};

/// An object that finds out when two threads have it at once.
#[derive(Debug)]
struct Item {
    name: usize,
    used: UnsafeCell<()>,
    /// Not one of loom's, which would have more to try out with no more to find.
    live: Shares<AtomicUsize>,
}

impl Item {
    fn touch(&self) {
        self.used.with_mut(|_| ());
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.touch();
        self.live.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A pool's core, and how many of its objects are alive.
#[derive(Clone)]
struct Shared {
    core: Arc<Core<Item>>,
    live: Shares<AtomicUsize>,
    made: Shares<AtomicUsize>,
}

impl Shared {
    fn new(bounds: Bounds) -> Self {
        Self { core: Arc::new(Core::new(bounds)), live: Shares::default(), made: Shares::default() }
    }

    /// An object that is in no pool yet. They are named in order, from 0.
    fn item(&self) -> Item {
        self.live.fetch_add(1, Ordering::Relaxed);
        let name = self.made.fetch_add(1, Ordering::Relaxed);
        Item { name, used: UnsafeCell::new(()), live: self.live.clone() }
    }

    /// What `Home::follow` does.
    fn follow(&self, mut after: After<Item>) {
        after.wake();
        if let Some((item, _)) = after.refused {
            self.destroy(item);
        }
    }

    /// What `Home::destroy` does.
    fn destroy(&self, item: Item) {
        drop(item);
        self.follow(self.core.ended());
    }

    /// Destroys an object that is out.
    fn end(&self, item: Item) {
        self.follow(self.core.end(End::Returned(Reason::Released)));
        self.destroy(item);
    }

    /// A new object, that its creator has.
    fn make(&self) -> Item {
        assert!(self.core.take_slot(false));
        assert!(self.fill());
        self.item()
    }

    fn fill(&self) -> bool {
        let (is_open, after) = self.core.fill();
        self.follow(after);
        is_open
    }

    fn lend(&self, item: &Item) {
        item.touch();
        self.core.lent();
    }

    fn give(&self, item: Item) {
        item.touch();
        self.core.give(item, due()).into_iter().for_each(|after| self.follow(after));
    }

    /// What `Home::pass_on` does.
    fn pass_on(&self, grant: Grant<Item>) {
        match grant {
            Grant::Object { object, .. } => {
                object.touch();
                self.follow(self.core.give_unused(object, due()));
            }
            Grant::Slot => self.follow(self.core.free(false)),
            Grant::Begin(_) => unreachable!("it is not for somebody else"),
            Grant::Failed(_) | Grant::Closed | Grant::TimedOut { .. } => {}
        }
    }

    /// Uses up what ends a get.
    fn consume(&self, grant: Grant<Item>) {
        match grant {
            Grant::Object { object, .. } => {
                self.lend(&object);
                self.give(object);
            }
            Grant::Slot => {
                let item = self.item();
                if self.fill() {
                    self.give(item);
                } else {
                    self.destroy(item);
                }
            }
            Grant::Begin(_) => unreachable!("its getter waits on"),
            Grant::Failed(_) | Grant::Closed | Grant::TimedOut { .. } => {}
        }
    }

    fn end_create(&self, id: u64, made: Result<Item, Failure>) -> Option<Failure> {
        let (after, orphaned) = self.core.end_create(id, made.map(|item| (item, due())));
        self.follow(after);
        orphaned
    }

    fn close(&self) {
        let (idle, after) = self.core.close();
        self.follow(after);
        idle.into_iter().for_each(|item| self.destroy(item));
    }

    fn resize(&self, max_open: usize) {
        let (surplus, after) = self.core.resize(max_open);
        self.follow(after);
        surplus.into_iter().for_each(|item| self.destroy(item));
    }

    /// What is counted right now: its sums hold at any moment.
    fn snapshot(&self) -> Stats {
        let stats = self.core.stats();
        let held = stats.idle + stats.in_use + stats.checking;
        assert_eq!(stats.open, held + stats.creating);
        assert_eq!(stats.created, held + stats.detached + stats.destroyed.total());
        stats
    }

    /// All parties have ended: so many objects are idle, and nothing else is going on.
    fn is_settled(&self, idle: u64) {
        let stats = self.snapshot();
        assert_eq!((stats.idle, stats.open, stats.waiting), (idle, idle, 0));
        assert_eq!(stats.borrowed, stats.returned + stats.detached);
        assert_eq!(self.live.load(Ordering::Relaxed) as u64, idle);
        assert_eq!(self.core.unfinished(), [0; 3]);
    }
}

fn bounds(max_open: usize) -> Bounds {
    Bounds {
        max_open,
        max_idle: None,
        min_idle: 0,
        max_creating: usize::MAX,
        is_apart: false,
        are_kept: false,
        are_forgotten: false,
        order: Order::Lifo,
        surplus: Reason::Resized,
    }
}

/// The bounds of a pool that creates apart from its getters.
fn apart(max_open: usize) -> Bounds {
    Bounds { is_apart: true, ..bounds(max_open) }
}

/// Nothing comes of age here.
fn due() -> Due {
    Due { end: None, since: Instant::now(), idle: None }
}

/// Runs a model with every schedule, and checks that nothing is left alive when its pool is
/// gone.
fn model(bounds: Bounds, run: impl Fn(&Shared) + Send + Sync + 'static) {
    bounded().check(move || {
        let shared = Shared::new(bounds);
        let live = shared.live.clone();
        run(&shared);
        drop(shared);
        assert_eq!(live.load(Ordering::Relaxed), 0, "an object outlived its pool");
    });
}

/// Runs one thread beside the caller's.
fn beside<T: 'static>(
    shared: &Shared,
    run: impl FnOnce(&Shared) -> T + 'static,
) -> thread::JoinHandle<T> {
    let shared = shared.clone();
    thread::spawn(move || run(&shared))
}

fn ended<T>(thread: thread::JoinHandle<T>) -> T {
    thread.join().expect("no panic")
}

struct Told(Notify);

impl Wake for Told {
    fn wake(self: Shares<Self>) {
        self.0.notify();
    }
}

/// A getter with its place in the queue.
struct Getter {
    shared: Shared,
    ticket: Shares<Ticket<Item>>,
    told: Shares<Told>,
    waker: Waker,
}

impl Getter {
    fn new(shared: &Shared) -> Self {
        Self::with_number(shared, 0)
    }

    fn with_number(shared: &Shared, number: u64) -> Self {
        let told = Shares::new(Told(Notify::new()));
        let waker = Waker::from(told.clone());
        Self {
            shared: shared.clone(),
            ticket: Shares::new(Ticket::new(number, waker.clone())),
            told,
            waker,
        }
    }

    fn join(&self) {
        self.shared.follow(self.shared.core.join(&self.ticket, None));
    }

    /// A getter that has joined.
    fn joined(shared: &Shared) -> Self {
        let getter = Self::new(shared);
        getter.join();
        getter
    }

    /// A getter that has begun a create.
    fn creating(shared: &Shared) -> (Self, u64) {
        let getter = Self::joined(shared);
        let Grant::Begin(Begin { id, .. }) = getter.wait() else { panic!("there is room") };
        (getter, id)
    }

    fn rejoin(&self, create: Option<u64>, unfit: Item) {
        let after = self.shared.core.rejoin(&self.ticket, None, create, Reason::Broken);
        self.shared.follow(after);
        self.shared.destroy(unfit);
    }

    fn poll(&self) -> Poll<Grant<Item>> {
        self.polled(&self.waker)
    }

    fn polled(&self, waker: &Waker) -> Poll<Grant<Item>> {
        let Poll::Ready((grant, needless)) = self.ticket.poll(waker) else { return Poll::Pending };
        if let Some(create) = needless {
            self.shared.follow(self.shared.core.abandon(create));
        }
        Poll::Ready(grant)
    }

    /// Loom reports a thread that nobody wakes.
    fn wait(&self) -> Grant<Item> {
        loop {
            if let Poll::Ready(grant) = self.poll() {
                return grant;
            }
            self.told.0.wait();
        }
    }

    /// Waits for an object, and has it for its own.
    fn object(&self) -> Item {
        let grant = self.wait();
        let Grant::Object { object, .. } = grant else { panic!("granted {grant:?}") };
        self.shared.lend(&object);
        object
    }

    /// Uses up what was granted, and what comes after that: a create is carried out here.
    fn consume(&self, grant: Grant<Item>) {
        match grant {
            Grant::Begin(Begin { id, .. }) => {
                self.shared.snapshot();
                self.shared.end_create(id, Ok(self.shared.item()));
                self.consume(self.wait());
            }
            grant => self.shared.consume(grant),
        }
    }

    fn leave(&self, why: Leave) -> Option<Grant<Item>> {
        let (left, after) = self.shared.core.leave(&self.ticket, why);
        self.shared.follow(after);
        left.grant
    }
}

fn failure() -> Failure {
    Failure::Error("no luck".into())
}
