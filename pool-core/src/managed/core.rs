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
//!    sponsor takes over what is under way for that one: unless that is slow, and there is room for
//!    another.
//! 6. `armed` is at most the idle time of an object away, if there is one: so whatever becomes
//!    idle is looked at in time, unless its own end comes first.
//! 7. Who waits for a create keeps its place in the queue, and takes what comes first.
//! 8. A create that is driven by those who wait has a driver if anybody waits who has no create of
//!    its own: whoever becomes its sponsor is told. One that nobody waits for is given an end.
//! 9. At its deadline a getter is out of the queue, whether or not it is polled.

use core::mem;
use core::task::Waker;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::after::After;
use super::queue::Waiter;
use super::reason::Reason;
use super::state::{Armed, Bounds, Due, Source, State, Watcher};
use super::stats::Stats;
use super::ticket::{Begin, Failure, Grant, Ticket};
use crate::raw_pool::{caught, forget_panic};
use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering};

#[derive(Debug)]
pub(crate) struct Core<T> {
    state: Mutex<State<T>>,
    /// Checks that have ended, of those that `State::checks` counts as begun: the one figure
    /// that is counted outside of the lock, which would cost a get a third pass.
    checked: AtomicU64,
    /// Whether somebody waited when the last getter came. Relaxed, wherever it is used: a hint,
    /// that of a queue that has gone since is put right by whoever follows it.
    is_crowded: AtomicBool,
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

/// What is missing among the idle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Warmth {
    /// How many are, not looking at what is being created.
    pub(crate) missing: usize,
    /// Creates that nobody waits for, and that will be idle.
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

/// What a getter leaves behind in the queue.
#[derive(Debug)]
pub(crate) struct Left<T> {
    /// What was granted at the last moment: the getter's, to use or to pass on.
    pub(crate) grant: Option<Grant<T>>,
    /// What was under way for it, and goes on without it.
    pub(crate) create: Option<LeftCreate>,
}

/// A create whose getter has gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeftCreate {
    pub(crate) id: u64,
    /// Whether it had been another one's before.
    pub(crate) is_inherited: bool,
}

/// A create that has taken too long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LateCreate {
    pub(crate) id: u64,
    /// Whether it was begun for another getter than the one that waits for it.
    pub(crate) is_anothers: bool,
}

/// Why a getter leaves the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    TimedOut,
    Cancelled,
    Dropped,
}

impl<T> Core<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            state: Mutex::new(State::new(bounds)),
            checked: AtomicU64::new(0),
            is_crowded: AtomicBool::new(false),
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

    /// Whether it is likely that a getter has to queue, so that it had better not look first for
    /// what is idle: [`join`](Self::join) does so too.
    #[inline]
    pub(crate) fn is_crowded(&self) -> bool {
        self.is_crowded.load(Ordering::Relaxed)
    }

    /// Takes a slot, if nobody waits for it: [`fill`](Self::fill) or [`free`](Self::free) it.
    /// `beyond` the maximum there is always one, unless that is 0.
    pub(crate) fn take_slot(&self, beyond: bool) -> bool {
        let mut state = self.state.lock();
        let is_beyond = beyond && state.bounds.max_open > 0;
        let is_free = !state.is_closed && (is_beyond || state.has_slot());
        state.creating += usize::from(is_free);
        is_free
    }

    /// Queues for an object or a slot, until the deadline.
    pub(crate) fn join(&self, ticket: &Arc<Ticket<T>>, deadline: Option<Instant>) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        if state.is_closed {
            after.will_wake(ticket.grant(Grant::Closed));
            return after;
        }
        let number = ticket.number();
        let waiter =
            Waiter { number, ticket: ticket.clone(), create: None, is_wary: false, deadline };
        state.enqueue(waiter, &mut after);
        state.settle(&mut after);
        // A newcomer is the last, unless it has been served.
        let last = state.waiters.last().filter(|last| last.number == ticket.number());
        let waits = last.is_some_and(|last| last.create.is_none());
        state.counts.waited += u64::from(waits);
        let is_crowded = !state.waiters.is_empty();
        if is_crowded != self.is_crowded.load(Ordering::Relaxed) {
            self.is_crowded.store(is_crowded, Ordering::Relaxed);
        }
        after
    }

    /// Queues again, at the old place, in exchange for an object that is of no use.
    ///
    /// `create` is what was begun for the getter: if it is still under way, it counts.
    pub(crate) fn rejoin(
        &self,
        ticket: &Arc<Ticket<T>>,
        deadline: Option<Instant>,
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
                create.forgotten_at = None;
                (create.id, create.is_kept)
            });
            if let Some((id, true)) = create {
                after.will_wake(ticket.begin(Begin { id, is_new: false }));
            }
            let create = create.map(|(id, _)| id);
            let waiter = Waiter { number, ticket: ticket.clone(), create, is_wary: true, deadline };
            state.enqueue(waiter, &mut after);
        }
        state.settle(&mut after);
        after
    }

    /// Gives up a create that its getter was told to begin, and has not.
    pub(crate) fn abandon(&self, id: u64) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        state.remove_create(Some(id));
        state.settle(&mut after);
        after
    }

    /// Has the sponsor of a create drive it, or whoever comes, since the one who did has let go of
    /// it.
    pub(crate) fn hand_over(&self, id: u64) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        let Some(create) = state.create(Some(id)) else { return after };
        create.is_kept = true;
        let sponsor = create.sponsor;
        create.is_left |= sponsor.is_none();
        let waiter = sponsor.and_then(|sponsor| state.waiters.get(sponsor));
        if let Some(waiter) = waiter {
            after.will_wake(waiter.ticket.begin(Begin { id, is_new: false }));
        }
        state.settle(&mut after);
        after
    }

    /// Says that a create has been begun by that getter, who is to drive it. If it has become
    /// another one's meanwhile, that one did not find it.
    pub(crate) fn begun(&self, id: u64, number: u64) -> Option<After<T>> {
        let mut state = self.state.lock();
        let is_still = state.create(Some(id)).is_none_or(|create| create.sponsor == Some(number));
        drop(state);
        (!is_still).then(|| self.hand_over(id))
    }

    /// Creates that have taken too long, or that nobody has waited for in a long while.
    pub(crate) fn stale_creates(&self, now: Instant) -> Vec<u64> {
        let state = self.state.lock();
        let stale = state.creates.iter().filter(|create| create.is_stale(now));
        stale.map(|create| create.id).collect()
    }

    /// Creates that are to be driven by those who wait, of whom there are none.
    pub(crate) fn kept_creates(&self) -> Vec<u64> {
        let state = self.state.lock();
        let kept = state.creates.iter().filter(|create| create.is_to_adopt());
        kept.map(|create| create.id).collect()
    }

    /// Has a create end at its limit, or at that time if it has none, if nobody waits for it.
    pub(crate) fn forget_create(&self, id: u64, at: Instant) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        if let Some(create) = state.create(Some(id)).filter(|create| create.sponsor.is_none()) {
            if create.late_at.is_none() {
                create.forgotten_at = Some(at);
            }
            // It may be over: its sponsor, who was woken for that, has gone instead of looking.
            let ends_at = create.ends_at();
            state.arm_at(ends_at, &mut after);
        }
        after
    }

    /// Takes a slot for a create that nobody waits for, if there is one and it is wanted.
    pub(crate) fn begin_create_if(
        &self,
        is_wanted: impl FnOnce(Demand) -> bool,
    ) -> Result<u64, NoCreate> {
        let mut state = self.state.lock();
        let demand =
            Demand { missing: state.missing(state.bounds.min_idle), orphans: state.orphans() };
        if state.is_closed || state.open() >= state.bounds.max_open || !is_wanted(demand) {
            return Err(NoCreate::Needless);
        }
        if !state.has_slot() {
            return Err(NoCreate::Busy);
        }
        state.creating += 1;
        Ok(state.add_create(None))
    }

    /// Whether fewer are idle than should be, and there is room.
    pub(crate) fn is_short(&self) -> bool {
        let state = self.state.lock();
        !state.is_closed && state.is_short()
    }

    /// How far the pool is from having so many idle, as far as the limits allow.
    pub(crate) fn warmth(&self, idle: usize) -> Warmth {
        let state = self.state.lock();
        let room = state.bounds.max_open.saturating_sub(state.out);
        let wanted = idle.min(state.max_idle()).min(room);
        Warmth { missing: wanted.saturating_sub(state.idle.len()), orphans: state.orphans() }
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
        let create = state.remove_create(Some(id));
        let sponsor = create.as_ref().and_then(|create| create.sponsor);
        let late_at = create.as_ref().and_then(|create| create.late_at);
        let mut orphaned = None;
        match made {
            Ok((object, due)) => {
                state.counts.created += 1;
                state.out += 1;
                state.keep(
                    object,
                    due,
                    Source::Create { id: Some(id), sponsor, late_at },
                    &mut after,
                );
            }
            Err(failure) => {
                state.counts.create_failed += 1;
                // An heir to what was nobody's has not asked for it, and asks for another.
                let sponsor = sponsor.filter(|_| create.is_some_and(|it| !it.is_inherited));
                match sponsor.and_then(|sponsor| state.waiters.remove(sponsor)) {
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
        state.keep(
            object,
            due,
            Source::Create { id: None, sponsor: None, late_at: None },
            &mut after,
        );
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

    /// Counts an object as checked that was [taken](Self::take) as one that is not.
    #[cold]
    pub(crate) fn begin_check(&self) {
        self.state.lock().checks += 1;
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
        state.keep(object, due, Source::Idle, &mut after);
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

    /// Gives up a place in the queue.
    pub(crate) fn leave(&self, ticket: &Ticket<T>, why: Leave) -> (Left<T>, After<T>) {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        let id = state.waiters.remove(ticket.number()).and_then(|waiter| waiter.create);
        let (grant, begin) = ticket.clear();
        let create = state.create(id).map(|create| {
            create.leave(why == Leave::TimedOut);
            LeftCreate { id: create.id, is_inherited: create.is_inherited }
        });
        if let Some(Begin { id, is_new: true }) = begin {
            state.remove_create(Some(id));
        }
        match why {
            Leave::TimedOut => state.counts.timed_out += u64::from(grant.is_none()),
            Leave::Cancelled => state.counts.cancelled += 1,
            Leave::Dropped => {}
        }
        state.settle(&mut after);
        (Left { grant, create }, after)
    }

    /// Has a getter give up its create at that time.
    pub(crate) fn limit_create(&self, id: u64, late_at: Instant) -> After<T> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        if let Some(create) = state.create(Some(id)) {
            create.late_at = Some(late_at);
            state.arm_at(Some(late_at), &mut after);
        }
        after
    }

    /// What is under way for a getter, and takes too long.
    pub(crate) fn late_create(&self, ticket: &Ticket<T>, now: Instant) -> Option<LateCreate> {
        let mut state = self.state.lock();
        let create = state.waiters.get(ticket.number()).and_then(|waiter| waiter.create);
        let create = state.create(create).filter(|it| it.late_at.is_some_and(|at| at <= now))?;
        Some(LateCreate { id: create.id, is_anothers: create.is_anothers })
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
        state.set_armed(Armed::default());
        let idle = mem::take(&mut state.idle);
        for _ in &idle {
            state.doom(Reason::Closed);
        }
        while let Some(waiter) = state.waiters.pop_first() {
            // What it has not begun is nothing to wait for.
            if waiter.ticket.take_begin().is_some_and(|begin| begin.is_new) {
                state.remove_create(waiter.create);
            }
            after.will_wake(waiter.ticket.grant(Grant::Closed));
        }
        for create in &mut state.creates {
            create.leave(false);
        }
        state.settle(&mut after);
        drop(state);
        (idle, after)
    }

    /// The most that may be idle. `usize::MAX` is no bound.
    pub(crate) fn max_idle(&self) -> usize {
        let state = self.state.lock();
        state.max_idle().min(state.bounds.max_open)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().is_closed
    }

    /// Removes what is idle and should go, and wakes those whose time is up. `verdict` and `due`
    /// compare times: the one is told how many are idle.
    pub(crate) fn sweep(
        &self,
        now: Instant,
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
        let idle = state.idle.iter().filter_map(due).min();
        state.set_armed(Armed { idle, other: None });
        state.hurry(now, &mut after);
        state.settle(&mut after);
        drop(state);
        (swept, after)
    }

    /// Has the pool looked at at the latest at that time; whether that is earlier than before.
    pub(crate) fn arm(&self, at: Instant) -> bool {
        let mut after = After::<T>::nothing();
        let mut state = self.state.lock();
        state.arm_at(Some(at), &mut after);
        after.is_armed
    }

    /// Has the pool looked at no more, unless that has changed since the arming of this number:
    /// there is no thread that would. Whoever changes something tries again, and those who rely
    /// on it are woken to look after themselves.
    pub(crate) fn disarm(&self, arming: u64) -> Option<After<T>> {
        let mut after = After::nothing();
        let mut state = self.state.lock();
        if state.armings != arming {
            return None;
        }
        state.set_armed(Armed::default());
        state.is_untimed = true;
        for waiter in state.waiters.iter() {
            after.will_wake(waiter.ticket.nudge());
        }
        Some(after)
    }

    /// When the pool is to be looked at next, and a number that changes whenever that does.
    pub(crate) fn armed(&self) -> (Option<Instant>, u64) {
        let state = self.state.lock();
        (state.armed.first(), state.armings)
    }

    /// What the idle objects show, longest idle first.
    pub(crate) fn map_idle<U>(&self, show: impl Fn(&T) -> U) -> Vec<U> {
        self.state.lock().idle.iter().map(show).collect()
    }

    /// Takes one of the idle out of turn, to look at it, and says where it was. It is looked for
    /// from there on where it is likely.
    pub(crate) fn take_idle(
        &self,
        likely: usize,
        is_it: impl Fn(&T) -> bool,
    ) -> Option<(T, usize)> {
        let mut state = self.state.lock();
        let likely = likely.min(state.idle.len());
        let later = state.idle.iter().skip(likely).position(&is_it).map(|index| likely + index);
        let index = later.or_else(|| state.idle.iter().take(likely).position(&is_it))?;
        let object = state.idle.remove(index)?;
        state.out += 1;
        state.counts.taken += 1;
        state.checks += 1;
        Some((object, index))
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
        state.keep(object, due, Source::Idle, &mut after);
        if state.idle.len() > before {
            let index = state.idle.partition_point(is_earlier).min(before);
            if let Some(object) = state.idle.pop_back() {
                state.idle.insert(index, object);
            }
        }
        state.settle(&mut after);
        after
    }

    /// A number that no getter has, for one who watches.
    pub(crate) fn number(&self) -> u64 {
        let mut state = self.state.lock();
        state.last_number += 1;
        state.last_number
    }

    /// Has a watcher look again whenever something comes free, once.
    pub(crate) fn watch(&self, id: u64, waker: &Waker) {
        let waker = waker.clone();
        let mut state = self.state.lock();
        let known = state.watchers.iter().position(|watcher| watcher.id == id);
        let former = known.map(|index| state.watchers.swap_remove(index));
        state.watchers.push(Watcher { id, waker });
        drop(state);
        // A waker's drop is its executor's code.
        forget_panic(caught(|| drop(former)));
    }

    /// Ends that.
    pub(crate) fn unwatch(&self, id: u64) {
        let mut state = self.state.lock();
        let index = state.watchers.iter().position(|watcher| watcher.id == id);
        let watcher = index.map(|index| state.watchers.swap_remove(index));
        drop(state);
        forget_panic(caught(|| drop(watcher)));
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
            destroying: state.ending as u64,
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
