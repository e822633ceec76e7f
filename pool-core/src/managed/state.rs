//! What is under a pool's lock, and how it changes. The invariants are those of the
//! [core](super::core).

use core::mem;
use core::task::Waker;
use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use super::after::After;
use super::queue::{Queue, Waiter};
use super::reason::Reason;
use super::stats::Destroyed;
use super::ticket::{Begin, Grant};
use crate::sync::{AtomicU64, Ordering};

/// Which idle object is handed out first.
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, Lease, Order};
///
/// for (order, expected) in [(Order::Lifo, 2), (Order::Fifo, 1)] {
///     let pool = BoundedPool::builder(String::new).order(order).build()?;
///     let (first, second) = (pool.get()?, pool.get()?);
///     drop(first);
///     drop(second);
///     assert_eq!(Lease::meta(&pool.get()?).id, expected);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Order {
    /// The one that was returned last: it is warm, and the others may come of age.
    #[default]
    Lifo,
    /// The one that has been idle for longest, so that all of them stay in use.
    Fifo,
}

/// How much a pool may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// `usize::MAX` is no bound.
    pub(crate) max_open: usize,
    /// `None`: as many as may be open.
    pub(crate) max_idle: Option<usize>,
    pub(crate) min_idle: usize,
    pub(crate) max_creating: usize,
    /// Whether creates run apart from getters, who wait meanwhile for whatever comes first.
    pub(crate) is_apart: bool,
    /// Whether creates are driven by those who wait for them, and handed on when these go away.
    pub(crate) are_kept: bool,
    /// Whether those that were left have to be given an end.
    pub(crate) are_forgotten: bool,
    pub(crate) order: Order,
    /// Why an object goes that is returned while more than the maximum are open.
    pub(crate) surplus: Reason,
}

/// A pool, but for its lock.
#[derive(Debug)]
pub(super) struct State<T> {
    /// Longest idle first.
    pub(super) idle: VecDeque<T>,
    pub(super) waiters: Queue<T>,
    /// Creates that run apart from any getter. They are counted as creating.
    pub(super) creates: Vec<Create>,
    /// Those who wait for something that is not handed to them: woken whenever something comes
    /// free, to look.
    pub(super) watchers: Vec<Watcher>,
    pub(super) out: usize,
    pub(super) creating: usize,
    /// Objects that are gone from here, and whose `destroy` has not ended.
    pub(super) ending: usize,
    pub(super) bounds: Bounds,
    pub(super) is_closed: bool,
    pub(super) armed: Armed,
    /// Raised whenever that changes: the same time may come round again.
    pub(super) armings: u64,
    /// Whether there was no thread to look then: the next change tries again.
    pub(super) is_untimed: bool,
    pub(super) last_number: u64,
    pub(super) last_create: u64,
    pub(super) checks: u64,
    pub(super) counts: Counts,
}

#[derive(Debug)]
pub(super) struct Create {
    pub(super) id: u64,
    pub(super) sponsor: Option<u64>,
    /// When its sponsor has waited for it long enough.
    pub(super) late_at: Option<Instant>,
    /// When nobody has waited for it for long enough.
    pub(super) forgotten_at: Option<Instant>,
    /// Whether its sponsor drives it: whoever becomes that is told.
    pub(super) is_kept: bool,
    /// Whether it was begun for another getter than its sponsor.
    pub(super) is_anothers: bool,
    /// Whether its sponsor came to it when it was nobody's: it is not told of its failure.
    pub(super) is_inherited: bool,
    /// Whether it has just been left by a sponsor, and is to be given an end.
    pub(super) is_left: bool,
    /// The last create that had begun when another one overtook it.
    pub(super) overtaken: Option<u64>,
    /// Whether it is slow, and its sponsor was served by another object.
    pub(super) is_spare: bool,
    /// Whether two sponsors have waited for it in vain: nobody else takes it up.
    pub(super) is_hopeless: bool,
}

impl Create {
    /// When somebody has to look at it.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        earlier(self.late_at, self.forgotten_at)
    }

    /// Whether nobody would miss it.
    pub(super) fn is_stale(&self, now: Instant) -> bool {
        let is_over = self.is_hopeless || self.ends_at().is_some_and(|at| at <= now);
        self.sponsor.is_none() && is_over
    }

    /// Whether somebody who waits should drive it.
    pub(super) fn is_to_adopt(&self) -> bool {
        self.is_kept && self.sponsor.is_none() && !self.is_hopeless
    }

    /// Whether it is better to begin another one, if there is room: somebody has been served
    /// sooner than by this.
    fn is_second_best(&self, has_slot: bool) -> bool {
        self.is_spare && has_slot
    }

    /// Its sponsor goes, `in_vain` if its time is up.
    pub(super) fn leave(&mut self, in_vain: bool) {
        self.sponsor = None;
        self.is_left = true;
        self.is_hopeless |= in_vain && self.is_inherited;
    }
}

/// When the pool is to be looked at next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Armed {
    /// For the sake of what is idle (invariant 6).
    pub(super) idle: Option<Instant>,
    /// For all else: deadlines of getters, and pauses of the pool's own.
    pub(super) other: Option<Instant>,
}

impl Armed {
    pub(super) fn first(self) -> Option<Instant> {
        earlier(self.idle, self.other)
    }
}

pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// One who looks whenever something comes free.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) id: u64,
    pub(super) waker: Waker,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) created: u64,
    pub(super) taken: u64,
    /// Taken, but not given out as leases.
    pub(super) withheld: u64,
    pub(super) returned: u64,
    pub(super) detached: u64,
    pub(super) create_failed: u64,
    pub(super) check_failed: u64,
    pub(super) waited: u64,
    pub(super) timed_out: u64,
    pub(super) cancelled: u64,
    pub(super) destroyed: Destroyed,
}

/// Where an object comes from that is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Borrower,
    /// It has just been created; who asked for it and still waits.
    Create {
        /// The create's number, if it ran apart.
        id: Option<u64>,
        sponsor: Option<u64>,
        /// When that one would have waited for it long enough.
        late_at: Option<Instant>,
    },
    /// It has been idle, if only until a moment ago.
    Idle,
}

/// When an object that becomes idle is to be looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    /// When it has lived for long enough, or a little later.
    pub(crate) end: Option<Instant>,
    /// Since when it is idle.
    pub(crate) since: Instant,
    /// For how long it may be, and a little longer: the same for all objects.
    pub(crate) idle: Option<Duration>,
}

impl Due {
    pub(crate) fn first(self) -> Option<Instant> {
        let idle = self.idle.and_then(|idle| self.since.checked_add(idle));
        earlier(self.end, idle)
    }
}

impl<T> State<T> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            idle: VecDeque::new(),
            waiters: Queue::new(),
            creates: Vec::new(),
            watchers: Vec::new(),
            out: 0,
            creating: 0,
            ending: 0,
            bounds,
            is_closed: false,
            armed: Armed::default(),
            armings: 0,
            is_untimed: false,
            last_number: 0,
            last_create: 0,
            checks: 0,
            counts: Counts::default(),
        }
    }

    pub(super) fn open(&self) -> usize {
        self.idle.len() + self.out + self.creating
    }

    pub(super) fn max_idle(&self) -> usize {
        self.bounds.max_idle.unwrap_or(self.bounds.max_open)
    }

    pub(super) fn has_slot(&self) -> bool {
        self.open() < self.bounds.max_open && self.creating < self.bounds.max_creating
    }

    /// How many are neither idle nor being created, of so many that should be.
    pub(super) fn missing(&self, idle: usize) -> usize {
        idle.saturating_sub(self.idle.len() + self.creating)
    }

    pub(super) fn is_short(&self) -> bool {
        self.missing(self.bounds.min_idle) > 0 && self.has_slot()
    }

    pub(super) fn pop_idle(&mut self, is_wary: bool) -> Option<T> {
        match self.bounds.order {
            Order::Fifo if !is_wary => self.idle.pop_front(),
            _ => self.idle.pop_back(),
        }
    }

    /// Whether an object that comes back concerns nobody: it need only be put to the idle ones.
    #[inline]
    pub(super) fn is_calm(&self, due: Due) -> bool {
        let is_armed = match self.armed.idle {
            // Invariant 6: its idle time will not be over sooner.
            Some(armed) => due.end.is_none_or(|end| end >= armed),
            None => due.end.is_none() && due.idle.is_none(),
        };
        is_armed
            && !self.is_closed
            && self.waiters.is_empty()
            && self.watchers.is_empty()
            && self.open() <= self.bounds.max_open
            && self.idle.len() < self.max_idle()
    }

    #[cold]
    pub(super) fn give_slow(&mut self, object: T, due: Due) -> After<T> {
        let mut after = After::nothing();
        self.keep(object, due, Source::Borrower, &mut after);
        self.settle(&mut after);
        after
    }

    /// Keeps an object that is out, or hands it on.
    pub(super) fn keep(&mut self, object: T, due: Due, source: Source, after: &mut After<T>) {
        let reason = if self.is_closed {
            Reason::Closed
        } else if self.open() > self.bounds.max_open {
            self.bounds.surplus
        } else if !self.waiters.is_empty() {
            return self.grant_object(object, source, after);
        } else if self.idle.len() >= self.max_idle() {
            Reason::Full
        } else {
            self.out -= 1;
            self.idle.push_back(object);
            self.arm(due, after);
            return;
        };
        self.out -= 1;
        self.doom(reason);
        after.refused = Some((object, reason));
    }

    /// Has an object that has just become idle looked at in time.
    fn arm(&mut self, due: Due, after: &mut After<T>) {
        let at = due.first();
        if at.is_some_and(|at| self.armed.idle.is_none_or(|armed| at < armed)) {
            after.is_armed |= self.armed.first().is_none_or(|armed| at < Some(armed));
            self.set_armed(Armed { idle: at, ..self.armed });
        }
    }

    pub(super) fn set_armed(&mut self, armed: Armed) {
        self.armed = armed;
        self.armings += 1;
    }

    /// Has the pool looked at at that time, or before.
    pub(super) fn arm_at(&mut self, at: Option<Instant>, after: &mut After<T>) {
        if at.is_some_and(|at| self.armed.other.is_none_or(|armed| at < armed)) {
            after.is_armed |= self.armed.first().is_none_or(|armed| at < Some(armed));
            self.set_armed(Armed { other: at, ..self.armed });
        }
    }

    /// Gives an object that is out to the first who waits: somebody does. If another one had
    /// asked for it, that one takes over what is under way for the first (invariant 5).
    pub(super) fn grant_object(&mut self, object: T, source: Source, after: &mut After<T>) {
        let Some(first) = self.waiters.pop_first() else { unreachable!("somebody waits") };
        let (id, sponsor, late_at) = match source {
            Source::Create { id, sponsor, late_at } => (id, sponsor, late_at),
            _ => (None, None, None),
        };
        // What it has not begun is begun by another one, or not at all.
        let is_new = first.ticket.take_begin().is_some_and(|begin| begin.is_new);
        let is_slow = !is_new && self.is_slow(first.create, id);
        let heir = sponsor.filter(|sponsor| self.waiters.get(*sponsor).is_some());
        let heir = heir.filter(|_| !(is_slow && self.has_slot()));
        if is_new && heir.is_none() {
            self.remove_create(first.create);
        }
        if let Some(create) = self.creates.iter_mut().find(|create| Some(create.id) == first.create)
        {
            create.leave(false);
            create.sponsor = heir;
            create.is_spare = is_slow;
            create.is_anothers = heir.is_some() && !is_new;
            create.is_inherited = create.is_anothers;
            if heir.is_some() && !self.bounds.are_forgotten {
                // The heir waits for as long as it would have for its own. One that can be ended
                // keeps its own time.
                create.late_at = create.late_at.max(late_at);
            }
            let (id, late_at) = (create.id, create.late_at);
            let is_told = create.is_kept || is_new;
            if let Some(heir) = heir.and_then(|heir| self.waiters.get_mut(heir)) {
                heir.create = Some(id);
                if is_told {
                    after.will_wake(heir.ticket.begin(Begin { id, is_new }));
                }
                self.arm_at(late_at, after);
            }
        }
        self.counts.taken += 1;
        self.checks += 1;
        after.will_wake(
            first.ticket.grant(Grant::Object { object, was_idle: source == Source::Idle }),
        );
    }

    /// Whether a create takes longer than two others in a row: the second began when the first had
    /// overtaken it. It may hang, and nobody is to wait for it while there is room for another.
    fn is_slow(&mut self, id: Option<u64>, overtaken_by: Option<u64>) -> bool {
        let last_create = self.last_create;
        let (Some(create), Some(other)) = (self.create(id), overtaken_by) else { return false };
        let since = *create.overtaken.get_or_insert(last_create);
        other > since
    }

    /// Serves those who wait with what has come free, and says what else there is to do.
    /// Everything that frees something ends with this.
    pub(super) fn settle(&mut self, after: &mut After<T>) {
        if !self.waiters.is_empty() {
            self.serve(after);
        }
        // To drain a list that is empty takes 50 instructions.
        if !self.watchers.is_empty() {
            for watcher in self.watchers.drain(..) {
                after.will_wake(Some(watcher.waker));
            }
        }
        if self.bounds.are_forgotten {
            let left = self.creates.iter_mut().filter(|create| create.sponsor.is_none());
            let left =
                left.filter_map(|create| mem::take(&mut create.is_left).then_some(create.id));
            after.left.extend(left);
        }
        if mem::take(&mut self.is_untimed) {
            self.arm_at(self.waiters.first().and_then(|first| first.deadline), after);
        }
        after.is_short = self.is_short();
    }

    pub(super) fn serve(&mut self, after: &mut After<T>) {
        while let Some(first) = self.waiters.first() {
            let is_wary = first.is_wary;
            let Some(object) = self.pop_idle(is_wary) else { break };
            self.out += 1;
            self.grant_object(object, Source::Idle, after);
        }
        self.adopt(after);
        while self.has_slot() {
            // Those for whom a create is under way are no more than there may be creates.
            let next = self.waiters.iter().find(|waiter| waiter.create.is_none());
            let Some(number) = next.map(|waiter| waiter.number) else { break };
            self.creating += 1;
            if self.bounds.is_apart {
                let id = self.add_create(Some(number));
                let Some(waiter) = self.waiters.get_mut(number) else { break };
                waiter.create = Some(id);
                after.will_wake(waiter.ticket.begin(Begin { id, is_new: true }));
            } else if let Some(waiter) = self.waiters.remove(number) {
                after.will_wake(waiter.ticket.grant(Grant::Slot));
            }
        }
        // There may be no room any more.
        self.adopt(after);
    }

    /// Has those who wait drive what nobody does.
    fn adopt(&mut self, after: &mut After<T>) {
        let has_slot = self.has_slot();
        let is_wanted = |create: &Create| create.is_to_adopt() && !create.is_second_best(has_slot);
        while let Some(index) = self.creates.iter().position(is_wanted) {
            let next = self.waiters.iter().find(|waiter| waiter.create.is_none());
            let Some(number) = next.map(|waiter| waiter.number) else { return };
            let Some(waiter) = self.waiters.get_mut(number) else { return };
            let create = &mut self.creates[index];
            create.sponsor = Some(number);
            create.is_anothers = true;
            create.is_inherited = true;
            create.is_left = false;
            create.forgotten_at = None;
            waiter.create = Some(create.id);
            after.will_wake(waiter.ticket.begin(Begin { id: create.id, is_new: false }));
        }
    }

    /// Turns those away whose time is up, or that of their creates, and has the others looked at in
    /// time.
    pub(super) fn hurry(&mut self, now: Instant, after: &mut After<T>) {
        let are_ended = self.bounds.are_forgotten;
        let mut late: Vec<u64> = Vec::new();
        for create in &mut self.creates {
            if create.late_at.is_none_or(|at| at > now) {
                continue;
            }
            if are_ended && create.is_anothers {
                // Its sponsor is rid of it, and goes on with another one.
                create.is_hopeless = true;
                let sponsor = create.sponsor.take();
                if let Some(waiter) = sponsor.and_then(|number| self.waiters.get_mut(number)) {
                    waiter.create = None;
                }
            } else {
                create.is_hopeless = are_ended;
                late.extend(create.sponsor);
            }
        }
        let is_late = |waiter: &Waiter<T>| {
            waiter.deadline.is_some_and(|at| at <= now) || late.contains(&waiter.number)
        };
        // Here and now: one whose executor has forgotten it would be in the way of the others.
        for waiter in self.waiters.extract(is_late) {
            let begin = waiter.ticket.take_begin();
            let mut hopeless = None;
            if begin.is_some_and(|begin| begin.is_new) {
                self.remove_create(waiter.create);
            } else if let Some(create) = self.create(waiter.create) {
                create.leave(true);
                hopeless = create.is_hopeless.then_some(create.id);
            }
            self.counts.timed_out += 1;
            let had_create = waiter.create.is_some();
            after.will_wake(waiter.ticket.grant(Grant::TimedOut { had_create, hopeless }));
        }
        // Of the creates all: one that nobody waits for may have a sponsor again by then.
        let deadlines = self.waiters.iter().filter_map(|waiter| waiter.deadline);
        let limits = self.creates.iter().filter_map(Create::ends_at);
        let next = deadlines.chain(limits).filter(|at| *at > now).min();
        self.arm_at(next, after);
    }

    /// Puts a waiter into the queue, at its old place if it has had one.
    pub(super) fn enqueue(&mut self, mut waiter: Waiter<T>, after: &mut After<T>) {
        if waiter.number == 0 {
            self.last_number += 1;
            waiter.number = self.last_number;
            waiter.ticket.set_number(self.last_number);
        }
        self.arm_at(waiter.deadline, after);
        self.waiters.insert(waiter);
    }

    /// Creates that nobody waits for.
    pub(super) fn orphans(&self) -> usize {
        self.creates.iter().filter(|create| create.sponsor.is_none()).count()
    }

    pub(super) fn create(&mut self, id: Option<u64>) -> Option<&mut Create> {
        self.creates.iter_mut().find(|create| Some(create.id) == id)
    }

    pub(super) fn add_create(&mut self, sponsor: Option<u64>) -> u64 {
        self.last_create += 1;
        self.creates.push(Create {
            id: self.last_create,
            sponsor,
            late_at: None,
            forgotten_at: None,
            is_kept: self.bounds.are_kept && sponsor.is_some(),
            is_anothers: false,
            is_inherited: false,
            is_left: false,
            overtaken: None,
            is_spare: false,
            is_hopeless: false,
        });
        self.last_create
    }

    /// Takes a create off the list, if it is there, with who has asked for it and still waits.
    pub(super) fn remove_create(&mut self, id: Option<u64>) -> Option<Create> {
        let index = self.creates.iter().position(|create| Some(create.id) == id)?;
        self.creating -= 1;
        let mut create = self.creates.swap_remove(index);
        let waiter = create.sponsor.and_then(|sponsor| self.waiters.get_mut(sponsor));
        create.sponsor = waiter.map(|waiter| {
            waiter.create = None;
            waiter.number
        });
        Some(create)
    }

    /// Counts an object that its getter cannot have.
    pub(super) fn unfit(&mut self, reason: Reason) {
        let has_failed = matches!(reason, Reason::Broken | Reason::Panicked);
        self.counts.check_failed += u64::from(has_failed);
        self.doom(reason);
    }

    /// Counts an object that is to be destroyed.
    pub(super) fn doom(&mut self, reason: Reason) {
        self.counts.destroyed.count(reason);
        self.ending += 1;
    }

    /// Counts an object that was to be checked, and has not been lent.
    pub(super) fn withhold(&mut self, checked: &AtomicU64) {
        self.counts.withheld += 1;
        // Release: as in `lent`. Added under the lock, so that `stats` sees both or none.
        checked.fetch_add(1, Ordering::Release);
    }
}
