//! What all managed pools share: who is idle, who waits, and how much is open.
//!
//! An object is idle here, or out with somebody. Room for one that is being created is a
//! slot. Every way in which an object or a slot comes free ends in the same few lines, which
//! serve those who wait.
//!
//! # Invariants
//!
//! 1. `open = idle + out + creating`, and nothing but a shrink, or a pool that creates beyond
//!    its maximum, has it exceed `max_open`.
//! 2. Nothing of a user's runs under the lock: no hook, no drop, no waker. What is to be
//!    dropped or woken is handed to the caller.
//! 3. Whoever waits has a number, and is served in the order of the numbers: by the first
//!    object that comes free, or the first slot unless a create is under way for it.
//! 4. While somebody waits nothing is idle; and no slot is free either, unless a create is
//!    under way for all who wait. So newcomers, who look for what is idle or free, cannot
//!    overtake.
//! 5. A create that is under way for a getter has that getter for its sponsor, who is told of
//!    its failure, until it is served. If the object goes to another one, who came first, the
//!    sponsor takes over what is under way for that one.
//! 6. `armed` is at most the idle time of an object away, if there is one: so whatever becomes
//!    idle is looked at in time, unless its own end comes first.
//! 7. Who waits for a create keeps its place in the queue, and takes what comes first.

use core::mem;
use core::task::Waker;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::reason::Reason;
use super::stats::{Destroyed, Stats};
use super::ticket::{Failure, Grant, Ticket};
use crate::sync::{AtomicU64, Mutex, Ordering};

/// Which idle object is handed out first.
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, Order};
///
/// let pool = BoundedPool::builder(String::new).order(Order::Fifo).build()?;
/// # Ok::<(), poolable::managed::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    pub(crate) order: Order,
    /// Why an object goes that is returned while more than the maximum are open.
    pub(crate) surplus: Reason,
}

#[derive(Debug)]
pub(crate) struct Core<T> {
    state: Mutex<State<T>>,
    /// Checks that have ended, of those that `State::checks` counts as begun: the one figure
    /// that is counted outside of the lock, which would cost a get a third pass.
    checked: AtomicU64,
}

#[derive(Debug)]
struct State<T> {
    /// Longest idle first.
    idle: VecDeque<T>,
    waiters: BTreeMap<u64, Waiter<T>>,
    /// Creates that run apart from any getter. They are counted as creating.
    creates: Vec<Create>,
    /// Those who wait for something that is not handed to them: woken whenever something comes
    /// free, to look.
    watchers: Vec<Waker>,
    out: usize,
    creating: usize,
    /// Objects that are gone from here, and whose `destroy` has not ended.
    ending: usize,
    bounds: Bounds,
    is_closed: bool,
    /// When the pool is to be looked at next.
    armed: Option<Instant>,
    last_number: u64,
    last_create: u64,
    checks: u64,
    counts: Counts,
}

#[derive(Debug)]
struct Waiter<T> {
    ticket: Arc<Ticket<T>>,
    /// The create that is under way for it.
    create: Option<u64>,
    /// Whether it takes what was returned last, whatever the order: it has found a dead
    /// object before.
    is_wary: bool,
}

#[derive(Debug)]
struct Create {
    id: u64,
    sponsor: Option<u64>,
}

#[derive(Debug, Default)]
struct Counts {
    created: u64,
    taken: u64,
    /// Taken, but not given out as leases.
    withheld: u64,
    returned: u64,
    detached: u64,
    create_failed: u64,
    check_failed: u64,
    waited: u64,
    timed_out: u64,
    cancelled: u64,
    destroyed: Destroyed,
}

/// What is to be done once the lock is released.
#[derive(Debug)]
#[must_use = "those who were served have to be woken"]
pub(crate) struct After<T> {
    /// The first apart from the others, so that to wake one takes no allocation.
    first: Option<Waker>,
    more: Vec<Waker>,
    /// An object that the pool did not keep, and whose place is free already.
    pub(crate) refused: Option<(T, Reason)>,
    /// Whether the idle objects are to be looked at earlier than it was thought:
    /// [`Core::armed`] says when.
    pub(crate) is_armed: bool,
    /// Whether fewer are idle than should be.
    pub(crate) is_short: bool,
}

impl<T> After<T> {
    const fn nothing() -> Self {
        Self { first: None, more: Vec::new(), refused: None, is_armed: false, is_short: false }
    }

    fn will_wake(&mut self, waker: Option<Waker>) {
        if self.first.is_none() {
            self.first = waker;
        } else {
            self.more.extend(waker);
        }
    }

    /// Wakes those who were served.
    pub(crate) fn wake(&mut self) {
        if let Some(waker) = self.first.take() {
            waker.wake();
            for waker in self.more.drain(..) {
                waker.wake();
            }
        }
    }
}

/// An object that was idle.
#[derive(Debug)]
pub(crate) struct Taken<T> {
    pub(crate) object: T,
    /// Its taker's number, should it have to queue for another one.
    pub(crate) number: u64,
    /// Whether fewer are idle now than should be.
    pub(crate) is_short: bool,
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
        match (self.end, idle) {
            (Some(end), Some(idle)) => Some(end.min(idle)),
            (one, other) => one.or(other),
        }
    }
}

/// How an object that is out ends, other than by coming back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// Destroyed when its borrower gave it back.
    Returned(Reason),
    /// Destroyed before its getter had it.
    Unfit(Reason),
    /// Destroyed when somebody looked through the idle ones.
    Withheld(Reason),
    /// Taken out of the pool for good.
    Detached,
}

/// What a create for nobody is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    /// How many are missing among the idle: below `min_idle`, and not being created.
    pub(crate) missing: usize,
    /// Creates that nobody waits for.
    pub(crate) orphans: usize,
}

/// Why no create was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoCreate {
    /// As many are under way as may be at a time.
    Busy,
    /// There is no room, the pool is closed, or nobody wants it.
    Needless,
}

/// Why a getter leaves the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    TimedOut,
    Cancelled,
    Dropped,
}

impl<T> State<T> {
    fn open(&self) -> usize {
        self.idle.len() + self.out + self.creating
    }

    fn max_idle(&self) -> usize {
        self.bounds.max_idle.unwrap_or(self.bounds.max_open)
    }

    fn has_slot(&self) -> bool {
        self.open() < self.bounds.max_open && self.creating < self.bounds.max_creating
    }

    /// How many are neither idle nor being created, of so many that should be.
    fn missing(&self, idle: usize) -> usize {
        idle.saturating_sub(self.idle.len() + self.creating)
    }

    fn is_short(&self) -> bool {
        self.missing(self.bounds.min_idle) > 0 && self.has_slot()
    }

    fn pop_idle(&mut self, is_wary: bool) -> Option<T> {
        match self.bounds.order {
            Order::Fifo if !is_wary => self.idle.pop_front(),
            _ => self.idle.pop_back(),
        }
    }

    /// Whether an object that comes back concerns nobody: it need only be put to the idle ones.
    #[inline]
    fn is_calm(&self, due: Due) -> bool {
        let is_armed = match self.armed {
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
    fn give_slow(&mut self, object: T, due: Due) -> After<T> {
        let mut after = After::nothing();
        self.keep(object, due, None, &mut after);
        self.settle(&mut after);
        after
    }

    /// Keeps an object that is out, or hands it on. If it was created, its sponsor is who asked
    /// for it.
    fn keep(&mut self, object: T, due: Due, sponsor: Option<u64>, after: &mut After<T>) {
        let reason = if self.is_closed {
            Reason::Closed
        } else if self.open() > self.bounds.max_open {
            self.bounds.surplus
        } else if !self.waiters.is_empty() {
            return self.grant_object(object, false, sponsor, after);
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
        let at = match self.armed {
            // Invariant 6.
            Some(armed) => due.end.filter(|end| *end < armed),
            None => due.first(),
        };
        if at.is_some() {
            self.armed = at;
            after.is_armed = true;
        }
    }

    /// Gives an object that is out to the first who waits: somebody does. If another one had
    /// asked for it, that one takes over what is under way for the first (invariant 5).
    fn grant_object(
        &mut self,
        object: T,
        was_idle: bool,
        sponsor: Option<u64>,
        after: &mut After<T>,
    ) {
        let Some((_, first)) = self.waiters.pop_first() else { unreachable!("somebody waits") };
        let heir = sponsor.and_then(|sponsor| self.waiters.get_mut(&sponsor));
        let heir = heir.map(|heir| {
            heir.create = first.create;
            heir.ticket.number()
        });
        if let Some(create) = self.create(first.create) {
            create.sponsor = heir;
        }
        self.counts.taken += 1;
        self.checks += 1;
        after.will_wake(first.ticket.grant(Grant::Object { object, was_idle }));
    }

    /// Serves those who wait with what has come free, and says what else there is to do.
    /// Everything that frees something ends with this.
    fn settle(&mut self, after: &mut After<T>) {
        if !self.waiters.is_empty() {
            self.serve(after);
        }
        for watcher in self.watchers.drain(..) {
            after.will_wake(Some(watcher));
        }
        after.is_short = self.is_short();
    }

    fn serve(&mut self, after: &mut After<T>) {
        while let Some((_, first)) = self.waiters.first_key_value() {
            let is_wary = first.is_wary;
            let Some(object) = self.pop_idle(is_wary) else { break };
            self.out += 1;
            self.grant_object(object, true, None, after);
        }
        while self.has_slot() {
            // Those for whom a create is under way are no more than there may be creates.
            let next = self.waiters.iter().find(|(_, waiter)| waiter.create.is_none());
            let Some(number) = next.map(|(&number, _)| number) else { break };
            self.creating += 1;
            if self.bounds.is_apart {
                let id = self.add_create(Some(number));
                let Some(waiter) = self.waiters.get_mut(&number) else { break };
                waiter.create = Some(id);
                after.will_wake(waiter.ticket.begin(id));
            } else if let Some(waiter) = self.waiters.remove(&number) {
                after.will_wake(waiter.ticket.grant(Grant::Slot));
            }
        }
    }

    /// Puts a ticket into the queue, at its old place if it has had one.
    fn enqueue(&mut self, ticket: &Arc<Ticket<T>>, create: Option<u64>, is_wary: bool) {
        if ticket.number() == 0 {
            self.last_number += 1;
            ticket.set_number(self.last_number);
        }
        let waiter = Waiter { ticket: ticket.clone(), create, is_wary };
        let former = self.waiters.insert(ticket.number(), waiter);
        debug_assert!(former.is_none(), "a ticket queues once at a time");
    }

    fn create(&mut self, id: Option<u64>) -> Option<&mut Create> {
        self.creates.iter_mut().find(|create| Some(create.id) == id)
    }

    fn add_create(&mut self, sponsor: Option<u64>) -> u64 {
        self.last_create += 1;
        self.creates.push(Create { id: self.last_create, sponsor });
        self.last_create
    }

    /// Takes a create off the list; who has asked for it and still waits.
    fn remove_create(&mut self, id: u64) -> Option<u64> {
        let index = self.creates.iter().position(|create| create.id == id)?;
        self.creating -= 1;
        let sponsor = self.creates.swap_remove(index).sponsor?;
        self.waiters.get_mut(&sponsor)?.create = None;
        Some(sponsor)
    }
}

impl<T> Core<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            state: Mutex::new(State {
                idle: VecDeque::new(),
                waiters: BTreeMap::new(),
                creates: Vec::new(),
                watchers: Vec::new(),
                out: 0,
                creating: 0,
                ending: 0,
                bounds,
                is_closed: false,
                armed: None,
                last_number: 0,
                last_create: 0,
                checks: 0,
                counts: Counts::default(),
            }),
            checked: AtomicU64::new(0),
        }
    }

    /// Takes what is idle: nobody waits then (invariant 4). An object that is to be checked
    /// is [`lent`](Self::lent), or withheld, afterwards.
    #[inline]
    pub(crate) fn take(&self, is_checked: bool) -> Option<Taken<T>> {
        let mut state = self.state.lock();
        let object = state.pop_idle(false)?;
        state.out += 1;
        state.counts.taken += 1;
        state.checks += u64::from(is_checked);
        state.last_number += 1;
        Some(Taken { object, number: state.last_number, is_short: state.is_short() })
    }

    /// Takes a slot, if nobody waits for it: [`fill`](Self::fill) or [`free`](Self::free) it.
    /// `beyond` the maximum there is always one.
    pub(crate) fn take_slot(&self, beyond: bool) -> bool {
        let mut state = self.state.lock();
        let is_free = !state.is_closed && (beyond || state.has_slot());
        state.creating += usize::from(is_free);
        is_free
    }

    /// Queues for an object or a slot.
    pub(crate) fn join(&self, ticket: &Arc<Ticket<T>>) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        if state.is_closed {
            after.will_wake(ticket.grant(Grant::Closed));
            return after;
        }
        state.enqueue(ticket, None, false);
        state.settle(&mut after);
        let waiter = state.waiters.get(&ticket.number());
        let waits = waiter.is_some_and(|waiter| waiter.create.is_none());
        state.counts.waited += u64::from(waits);
        after
    }

    /// Queues again, at the old place, in exchange for an object that is of no use.
    ///
    /// `create` is what was begun for the getter: if it is still under way, it counts.
    pub(crate) fn rejoin(
        &self,
        ticket: &Arc<Ticket<T>>,
        create: Option<u64>,
        reason: Reason,
    ) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.out -= 1;
        state.withhold(&self.checked);
        state.unfit(reason);
        if state.is_closed {
            after.will_wake(ticket.grant(Grant::Closed));
        } else {
            let number = ticket.number();
            let create = state.create(create).filter(|create| create.sponsor.is_none());
            let create = create.map(|create| {
                create.sponsor = Some(number);
                create.id
            });
            state.enqueue(ticket, create, true);
        }
        state.settle(&mut after);
        after
    }

    /// Gives up a create that its getter was told to begin, and has not.
    pub(crate) fn abandon(&self, id: u64) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.remove_create(id);
        state.settle(&mut after);
        after
    }

    /// Takes a slot for a create that nobody waits for, if there is one and it is wanted.
    pub(crate) fn begin_create_if(
        &self,
        is_wanted: impl FnOnce(Demand) -> bool,
    ) -> Result<u64, NoCreate> {
        let mut state = self.state.lock();
        let demand = Demand {
            missing: state.missing(state.bounds.min_idle),
            orphans: state.creates.iter().filter(|create| create.sponsor.is_none()).count(),
        };
        if state.is_closed || state.open() >= state.bounds.max_open || !is_wanted(demand) {
            return Err(NoCreate::Needless);
        }
        if !state.has_slot() {
            return Err(NoCreate::Busy);
        }
        state.creating += 1;
        Ok(state.add_create(None))
    }

    /// Whether so many are idle, or will never be: nothing is being created.
    pub(crate) fn is_warm(&self, idle: usize) -> bool {
        let state = self.state.lock();
        state.creating == 0 || state.idle.len() >= idle.min(state.max_idle())
    }

    /// How many must be created for so many to be idle, as far as the limits allow.
    pub(crate) fn missing(&self, idle: usize) -> usize {
        let state = self.state.lock();
        let room = state.bounds.max_open.saturating_sub(state.open());
        state.missing(idle.min(state.max_idle())).min(room)
    }

    /// Ends a create that ran apart from its getter. A failure that nobody waits for comes
    /// back.
    pub(crate) fn end_create(
        &self,
        id: u64,
        made: Result<(T, Due), Failure>,
    ) -> (After<T>, Option<Failure>) {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        let sponsor = state.remove_create(id);
        let mut orphaned = None;
        match made {
            Ok((object, due)) => {
                state.counts.created += 1;
                state.out += 1;
                state.keep(object, due, sponsor, &mut after);
            }
            Err(failure) => {
                state.counts.create_failed += 1;
                match sponsor.and_then(|sponsor| state.waiters.remove(&sponsor)) {
                    Some(waiter) => after.will_wake(waiter.ticket.grant(Grant::Failed(failure))),
                    None => orphaned = Some(failure),
                }
            }
        }
        state.settle(&mut after);
        (after, orphaned)
    }

    /// Turns a slot into an object that its creator keeps in hand; whether it may. If the pool
    /// has been closed, the object is to be destroyed.
    pub(crate) fn fill(&self) -> (bool, After<T>) {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.creating -= 1;
        state.counts.created += 1;
        let is_open = !state.is_closed;
        if is_open {
            state.out += 1;
            state.counts.taken += 1;
        } else {
            state.doom(Reason::Closed);
        }
        state.settle(&mut after);
        (is_open, after)
    }

    /// Turns a slot into an idle object, or hands it to whoever waits.
    pub(crate) fn fill_idle(&self, object: T, due: Due) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.creating -= 1;
        state.counts.created += 1;
        state.out += 1;
        state.keep(object, due, None, &mut after);
        state.settle(&mut after);
        after
    }

    /// Gives up a slot, without an object.
    pub(crate) fn free(&self, has_failed: bool) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.creating -= 1;
        state.counts.create_failed += u64::from(has_failed);
        state.settle(&mut after);
        after
    }

    /// Says that an object that was to be checked has gone to its borrower.
    #[inline]
    pub(crate) fn lent(&self) {
        // Release: pairs with the Acquire in `stats`, which finds begun what it finds ended.
        self.checked.fetch_add(1, Ordering::Release);
    }

    /// Takes back what a borrower returns. `None`: it is idle now, and that is all.
    #[inline]
    pub(crate) fn give(&self, object: T, due: Due) -> Option<After<T>> {
        let mut state = self.state.lock();
        state.counts.returned += 1;
        if state.is_calm(due) {
            state.out -= 1;
            state.idle.push_back(object);
            return None;
        }
        Some(state.give_slow(object, due))
    }

    /// Takes back what was granted and has not been lent.
    pub(crate) fn give_unused(&self, object: T, due: Due) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.withhold(&self.checked);
        state.keep(object, due, None, &mut after);
        state.settle(&mut after);
        after
    }

    /// Frees the place of an object that is out.
    pub(crate) fn end(&self, end: End) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.out -= 1;
        match end {
            End::Returned(reason) => {
                state.counts.returned += 1;
                state.doom(reason);
            }
            End::Unfit(reason) => {
                state.withhold(&self.checked);
                state.unfit(reason);
            }
            End::Withheld(reason) => {
                state.withhold(&self.checked);
                state.doom(reason);
            }
            End::Detached => state.counts.detached += 1,
        }
        state.settle(&mut after);
        after
    }

    /// Gives up a place in the queue. What was granted meanwhile is the caller's, to use or
    /// to pass on.
    pub(crate) fn leave(&self, ticket: &Ticket<T>, why: Leave) -> (Option<Grant<T>>, After<T>) {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        let waiter = state.waiters.remove(&ticket.number());
        if let Some(create) = state.create(waiter.and_then(|waiter| waiter.create)) {
            create.sponsor = None;
        }
        let (grant, begin) = ticket.clear();
        if let Some(id) = begin {
            state.remove_create(id);
        }
        match why {
            Leave::TimedOut => state.counts.timed_out += u64::from(grant.is_none()),
            Leave::Cancelled => state.counts.cancelled += 1,
            Leave::Dropped => {}
        }
        state.settle(&mut after);
        (grant, after)
    }

    /// Sets another maximum. What is idle beyond it comes back.
    pub(crate) fn resize(&self, max_open: usize) -> (Vec<T>, After<T>) {
        let mut after = After::nothing();
        let mut surplus = Vec::new();
        let mut state = self.state.lock();
        state.bounds.max_open = max_open;
        while state.open() > max_open {
            let Some(object) = state.idle.pop_front() else { break };
            state.doom(Reason::Resized);
            surplus.push(object);
        }
        state.settle(&mut after);
        drop(state);
        (surplus, after)
    }

    /// Ends the pool. Those who wait are told, and what is idle comes back.
    pub(crate) fn close(&self) -> (VecDeque<T>, After<T>) {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.is_closed = true;
        state.armed = None;
        let idle = mem::take(&mut state.idle);
        for _ in &idle {
            state.doom(Reason::Closed);
        }
        while let Some((_, waiter)) = state.waiters.pop_first() {
            after.will_wake(waiter.ticket.grant(Grant::Closed));
        }
        for create in &mut state.creates {
            create.sponsor = None;
        }
        state.settle(&mut after);
        drop(state);
        (idle, after)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().is_closed
    }

    /// Removes what is idle and should go. `verdict` and `due` compare times: the one is told
    /// how many are idle.
    pub(crate) fn sweep(
        &self,
        verdict: impl Fn(&T, usize) -> Option<Reason>,
        due: impl Fn(&T) -> Option<Instant>,
    ) -> (Vec<(T, Reason)>, After<T>) {
        let mut after = After::nothing();
        let mut swept = Vec::new();
        let mut state = self.state.lock();
        let idle = state.idle.len();
        let mut left = idle;
        for _ in 0..idle {
            let Some(object) = state.idle.pop_front() else { break };
            match verdict(&object, left) {
                Some(reason) => {
                    left -= 1;
                    state.doom(reason);
                    swept.push((object, reason));
                }
                None => state.idle.push_back(object),
            }
        }
        state.armed = state.idle.iter().filter_map(due).min();
        after.is_armed = true;
        state.settle(&mut after);
        drop(state);
        (swept, after)
    }

    /// Has the pool looked at at the latest at that time; whether that is earlier than before.
    pub(crate) fn arm(&self, at: Instant) -> bool {
        let mut state = self.state.lock();
        let is_earlier = !state.is_closed && state.armed.is_none_or(|armed| at < armed);
        if is_earlier {
            state.armed = Some(at);
        }
        is_earlier
    }

    /// When the pool is to be looked at next.
    pub(crate) fn armed(&self) -> Option<Instant> {
        self.state.lock().armed
    }

    /// What the idle objects show, longest idle first.
    pub(crate) fn map_idle<U>(&self, show: impl Fn(&T) -> U) -> Vec<U> {
        self.state.lock().idle.iter().map(show).collect()
    }

    /// Takes one of the idle out of turn, to look at it.
    pub(crate) fn take_idle(&self, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let mut state = self.state.lock();
        let index = state.idle.iter().position(is_it)?;
        let object = state.idle.remove(index)?;
        state.out += 1;
        state.counts.taken += 1;
        state.checks += 1;
        Some(object)
    }

    /// Puts one back that was taken out of turn, behind those that were returned earlier.
    pub(crate) fn put_back(
        &self,
        object: T,
        due: Due,
        is_earlier: impl Fn(&T) -> bool,
    ) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.withhold(&self.checked);
        let before = state.idle.len();
        state.keep(object, due, None, &mut after);
        if state.idle.len() > before {
            let index = state.idle.partition_point(is_earlier).min(before);
            if let Some(object) = state.idle.pop_back() {
                state.idle.insert(index, object);
            }
        }
        state.settle(&mut after);
        after
    }

    /// Has a thread look again whenever something comes free, once.
    pub(crate) fn watch(&self, waker: &Waker) {
        let waker = waker.clone();
        self.state.lock().watchers.push(waker);
    }

    /// Says that an object has been destroyed.
    pub(crate) fn ended(&self) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.ending -= 1;
        state.settle(&mut after);
        after
    }

    /// What is out, being created, and being destroyed.
    pub(crate) fn unfinished(&self) -> [usize; 3] {
        let state = self.state.lock();
        [state.out, state.creating, state.ending]
    }

    pub(crate) fn stats(&self) -> Stats {
        let state = self.state.lock();
        // Acquire: pairs with the Release in `lent`. What has ended was begun under the lock.
        let checking = state.checks - self.checked.load(Ordering::Acquire);
        let counts = &state.counts;
        let max_open = state.bounds.max_open;
        Stats {
            open: state.open() as u64,
            idle: state.idle.len() as u64,
            in_use: state.out as u64 - checking,
            checking,
            creating: state.creating as u64,
            waiting: state.waiters.len() as u64,
            max_open: (max_open != usize::MAX).then_some(max_open as u64),
            created: counts.created,
            borrowed: counts.taken - counts.withheld - checking,
            returned: counts.returned,
            detached: counts.detached,
            create_failed: counts.create_failed,
            check_failed: counts.check_failed,
            waited: counts.waited,
            timed_out: counts.timed_out,
            cancelled: counts.cancelled,
            destroyed: counts.destroyed,
        }
    }
}

impl<T> State<T> {
    /// Counts an object that its getter cannot have.
    fn unfit(&mut self, reason: Reason) {
        let has_failed = matches!(reason, Reason::Broken | Reason::Panicked);
        self.counts.check_failed += u64::from(has_failed);
        self.doom(reason);
    }

    /// Counts an object that is to be destroyed.
    fn doom(&mut self, reason: Reason) {
        self.counts.destroyed.count(reason);
        self.ending += 1;
    }

    /// Counts an object that was to be checked, and has not been lent.
    fn withhold(&mut self, checked: &AtomicU64) {
        self.counts.withheld += 1;
        // Release: as in `lent`. Added under the lock, so that `stats` sees both or none.
        checked.fetch_add(1, Ordering::Release);
    }
}
