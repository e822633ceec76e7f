//! Each call of the core, beside what the reference says of it.

use std::sync::Arc;

use super::super::{Begin, Grant, Item, Leave, Poll, Reason, Ticket, failure};
use super::play::{Does, PLAYERS, Play};
use super::reference::{Granted, Waiter};
use crate::managed::core::{End, NoCreate};

impl Play {
    pub(super) fn take(&mut self, who: usize) {
        let is_checked = self.random.is(60);
        let expected = self.reference.pop_idle(false);
        let taken = self.shared.core.take(is_checked);
        assert_eq!(taken.as_ref().map(|taken| taken.object.name), expected);
        let Some(taken) = taken else { return };
        self.reference.out += 1;
        self.reference.last_number += 1;
        assert_eq!(taken.number, self.reference.last_number);
        let is_short = self.reference.missing() > 0 && self.reference.has_room();
        assert_eq!(taken.is_short, is_short);
        if is_checked {
            let deadline = self.later();
            let player = &mut self.players[who];
            player.ticket = Arc::new(Ticket::new(taken.number, core::task::Waker::noop().clone()));
            player.number = taken.number;
            player.deadline = deadline;
            player.create = None;
            self.does(who, Does::Check(taken.object));
        } else {
            self.reference.counts.borrowed += 1;
            self.does(who, Does::Use(taken.object));
        }
    }

    pub(super) fn join(&mut self, who: usize) {
        let deadline = self.later();
        let player = &mut self.players[who];
        player.ticket = Arc::new(Ticket::new(0, core::task::Waker::noop().clone()));
        player.create = None;
        player.deadline = deadline;
        player.does = Does::Wait;
        let mut after = self.shared.core.join(&player.ticket, deadline);
        if self.reference.is_closed {
            after.wake();
            return self.reference.grant(who, Granted::Closed);
        }
        self.reference.last_number += 1;
        let number = self.reference.last_number;
        player.number = number;
        self.reference.enqueue(who, number, None, false);
        self.settle(after);
        let waiter = self.reference.queue.get(&number);
        let waits = waiter.is_some_and(|waiter| waiter.create.is_none());
        self.reference.counts.waited += u64::from(waits);
    }

    pub(super) fn poll(&mut self, who: usize) {
        let player = &mut self.players[who];
        let cell = &mut self.reference.cells[who];
        let (grant, needless) = match player.ticket.poll(&player.waker) {
            Poll::Ready(ready) => ready,
            Poll::Pending => {
                assert_eq!((cell.grant, cell.begin), (None, None));
                cell.is_watched = true;
                return;
            }
        };
        if let Grant::Begin(Begin { id, is_new }) = grant {
            assert!(is_new);
            assert_eq!((cell.grant, cell.begin.take()), (None, Some(id)));
            player.create = Some(id);
            self.begun.push(id);
            return;
        }
        assert_eq!(needless, cell.begin.take());
        if let Some(id) = needless {
            self.reference.remove_create(id);
            let after = self.shared.core.abandon(id);
            self.settle(after);
        }
        self.has(who, grant);
    }

    pub(super) fn has(&mut self, who: usize, grant: Grant<Item>) {
        let (granted, does) = match grant {
            Grant::Object { object, was_idle } => {
                (Granted::Object { name: object.name, was_idle }, Does::Check(object))
            }
            Grant::Slot => (Granted::Slot, Does::Create),
            Grant::Failed(_) => (Granted::Failed, Does::Nothing),
            Grant::Closed => (Granted::Closed, Does::Nothing),
            Grant::TimedOut { had_create, .. } => (Granted::TimedOut { had_create }, Does::Nothing),
            Grant::Begin(_) => unreachable!("its getter waits on"),
        };
        assert_eq!(self.reference.cells[who].grant.take(), Some(granted));
        self.does(who, does);
    }

    pub(super) fn leave(&mut self, who: usize) {
        let why = [Leave::TimedOut, Leave::Cancelled, Leave::Dropped][self.random.below(3)];
        let player = &mut self.players[who];
        let (left, after) = self.shared.core.leave(&player.ticket, why);
        let grant = left.grant;
        player.does = Does::Nothing;
        let waiter = self.reference.queue.remove(&player.number);
        let had_create = waiter.as_ref().is_some_and(|waiter| waiter.create.is_some());
        assert_eq!(left.create.is_some(), had_create);
        if let Some(waiter) = waiter {
            if let Some(create) = waiter.create {
                self.reference.creates.insert(create, None);
            }
        }
        let cell = &mut self.reference.cells[who];
        cell.is_watched = false;
        if let Some(begin) = cell.begin.take() {
            self.reference.remove_create(begin);
        }
        let counts = &mut self.reference.counts;
        match why {
            Leave::TimedOut => counts.timed_out += u64::from(grant.is_none()),
            Leave::Cancelled => counts.cancelled += 1,
            Leave::Dropped => {}
        }
        self.settle(after);
        match grant {
            Some(grant) => self.has(who, grant),
            None => assert_eq!(self.reference.cells[who].grant, None),
        }
    }

    pub(super) fn rejoin(&mut self, who: usize, item: Item) {
        let reason = if self.random.is(50) { Reason::Broken } else { Reason::Expired };
        let player = &mut self.players[who];
        player.does = Does::Wait;
        let after = self.shared.core.rejoin(&player.ticket, player.deadline, player.create, reason);
        drop(item);
        self.reference.out -= 1;
        self.reference.counts.check_failed += u64::from(reason == Reason::Broken);
        self.reference.doom(reason);
        if self.reference.is_closed {
            self.reference.grant(who, Granted::Closed);
        } else {
            let is_nobodys = |id: &u64| self.reference.creates.get(id) == Some(&None);
            let create = player.create.filter(is_nobodys);
            self.reference.enqueue(who, player.number, create, true);
        }
        self.settle(after);
    }

    pub(super) fn give(&mut self, item: Item) {
        self.reference.keep(item.name, false, None);
        let due = self.due(&item);
        match self.shared.core.give(item, due) {
            Some(after) => self.settle(after),
            None => {
                // Nobody is concerned.
                let is_short = self.reference.is_short;
                assert_eq!((self.reference.watchers, self.reference.refused), (0, None));
                assert!(self.reference.queue.is_empty());
                self.reference.settle();
                self.reference.is_short = is_short;
            }
        }
    }

    pub(super) fn end(&mut self, item: Item, end: End, reason: Option<Reason>) {
        drop(item);
        self.reference.out -= 1;
        if let Some(reason) = reason {
            self.reference.doom(reason);
        }
        let after = self.shared.core.end(end);
        self.settle(after);
    }

    pub(super) fn create(&mut self) -> Option<()> {
        let core = self.shared.core.clone();
        if !self.reference.bounds.is_apart {
            let who = self.one_without_anything()?;
            let is_beyond = self.random.is(10);
            let expected = !self.reference.is_closed && (is_beyond || self.reference.has_room());
            assert_eq!(core.take_slot(is_beyond), expected);
            if expected {
                self.reference.slots += 1;
                self.does(who, Does::Create);
            }
            return Some(());
        }
        let is_wanted = self.random.is(70);
        let reference = &mut self.reference;
        let orphans = reference.creates.values().filter(|asked| asked.is_none()).count();
        let missing = reference.missing();
        let begun = core.begin_create_if(|demand| {
            assert_eq!((demand.missing, demand.orphans), (missing, orphans));
            is_wanted
        });
        let has_place = reference.open() < reference.bounds.max_open;
        if reference.is_closed || !has_place || !is_wanted {
            assert_eq!(begun, Err(NoCreate::Needless));
        } else if reference.creating() >= reference.bounds.max_creating {
            assert_eq!(begun, Err(NoCreate::Busy));
        } else {
            let id = reference.add_create(None);
            assert_eq!(begun, Ok(id));
            self.begun.push(id);
        }
        Some(())
    }

    pub(super) fn end_create(&mut self) -> Option<()> {
        let core = self.shared.core.clone();
        let (item, due) = self.item();
        if self.begun.is_empty() {
            let who = self.one_who_creates()?;
            self.reference.slots -= 1;
            match self.random.below(3) {
                0 => {
                    let has_failed = self.random.is(50);
                    self.reference.counts.create_failed += u64::from(has_failed);
                    self.settle(core.free(has_failed));
                }
                1 => {
                    self.reference.counts.created += 1;
                    self.reference.out += 1;
                    self.reference.keep(item.name, false, None);
                    self.settle(core.fill_idle(item, due));
                }
                _ => {
                    self.reference.counts.created += 1;
                    let (is_open, after) = core.fill();
                    assert_eq!(is_open, !self.reference.is_closed);
                    if is_open {
                        self.reference.out += 1;
                        self.reference.counts.borrowed += 1;
                        self.does(who, Does::Use(item));
                    } else {
                        self.reference.doom(Reason::Closed);
                    }
                    self.settle(after);
                }
            }
            return Some(());
        }
        let index = self.random.below(self.begun.len());
        let id = self.begun.swap_remove(index);
        let asked = self.reference.remove_create(id);
        if self.random.is(60) {
            self.reference.counts.created += 1;
            self.reference.out += 1;
            self.reference.ended = Some(id);
            self.reference.keep(item.name, false, asked);
            self.reference.ended = None;
            let (after, failure) = core.end_create(id, Ok((item, due)));
            assert!(failure.is_none());
            self.settle(after);
        } else {
            self.reference.counts.create_failed += 1;
            let asked = asked.filter(|_| !self.reference.is_inherited(id));
            let waiter = asked.and_then(|asked| self.reference.queue.remove(&asked));
            let (after, orphaned) = core.end_create(id, Err(failure()));
            assert_eq!(orphaned.is_none(), waiter.is_some());
            if let Some(waiter) = waiter {
                self.reference.grant(waiter.who, Granted::Failed);
            }
            self.settle(after);
        }
        Some(())
    }

    /// Says when a create takes too long.
    pub(super) fn limit(&mut self) -> Option<()> {
        let &id = self.begun.get(self.random.below(PLAYERS))?;
        let at = self.later()?;
        let after = self.shared.core.limit_create(id, at);
        self.lates.insert(id, at);
        self.is_told(&after);
        Some(())
    }

    pub(super) fn resize(&mut self, max_open: usize) {
        let (surplus, after) = self.shared.core.resize(max_open);
        self.reference.bounds.max_open = max_open;
        let mut expected = Vec::new();
        while self.reference.open() > max_open {
            let Some(name) = self.reference.idle.pop_front() else { break };
            self.reference.doom(Reason::Resized);
            expected.push(name);
        }
        let surplus: Vec<usize> = surplus.iter().map(|item| item.name).collect();
        assert_eq!(surplus, expected);
        self.settle(after);
    }

    pub(super) fn sweep(&mut self) {
        let (rest, spared) = (self.random.below(3), self.random.below(3));
        let goes = |name: usize, left: usize| left > spared && name % 3 == rest;
        let verdict = |item: &Item, left| goes(item.name, left).then_some(Reason::Idle);
        let (now, dues) = (self.now, &self.dues);
        let due = |item: &Item| dues[&item.name].first().filter(|at| *at > now);
        let (swept, after) = self.shared.core.sweep(now, verdict, due);
        self.swept_at = now;
        let mut left = self.reference.idle.len();
        let mut expected = Vec::new();
        self.reference.idle.retain(|&name| {
            let is_kept = !goes(name, left);
            if !is_kept {
                left -= 1;
                expected.push(name);
            }
            is_kept
        });
        for _ in &expected {
            self.reference.doom(Reason::Idle);
        }
        let is_over = |waiter: &Waiter| self.limits_of(waiter).any(|at| at <= now);
        let over = self.reference.queue.iter().filter(|(_, waiter)| is_over(waiter));
        let over: Vec<u64> = over.map(|(&number, _)| number).collect();
        over.into_iter().for_each(|number| self.reference.turn_away(number));
        let swept: Vec<usize> = swept.iter().map(|(item, _)| item.name).collect();
        assert_eq!(swept, expected);
        self.settle(after);
    }

    pub(super) fn ended(&mut self) -> Option<()> {
        self.reference.ending = self.reference.ending.checked_sub(1)?;
        let after = self.shared.core.ended();
        self.settle(after);
        Some(())
    }

    /// Takes one of the idle out of turn, or puts it back.
    pub(super) fn look(&mut self) -> Option<()> {
        let core = self.shared.core.clone();
        let Some(item) = self.one_who_looks() else {
            let who = self.one_without_anything()?;
            let idle = core.map_idle(|item| item.name);
            assert_eq!(self.reference.idle, idle);
            let &name = idle.get(self.random.below(idle.len().max(1)))?;
            let likely = self.random.below(4);
            let is_it = |item: &Item| item.name == name;
            let (item, index) = core.take_idle(likely, is_it).expect("it is idle");
            assert_eq!(self.reference.idle[index], name);
            self.reference.idle.retain(|&other| other != name);
            self.reference.out += 1;
            self.does(who, Does::Look(item));
            return Some(());
        };
        if self.random.is(30) {
            self.end(item, End::Withheld(Reason::Released), Some(Reason::Released));
            return Some(());
        }
        let is_last = self.random.is(50);
        let before = self.reference.idle.len();
        self.reference.keep(item.name, true, None);
        if self.reference.idle.len() > before && !is_last {
            self.reference.idle.rotate_right(1);
        }
        let due = self.dues[&item.name];
        self.settle(core.put_back(item, due, |_| is_last));
        Some(())
    }

    pub(super) fn close(&mut self) {
        let (idle, after) = self.shared.core.close();
        self.reference.is_closed = true;
        let idle: Vec<usize> = idle.iter().map(|item| item.name).collect();
        assert_eq!(self.reference.idle, idle);
        for _ in core::mem::take(&mut self.reference.idle) {
            self.reference.doom(Reason::Closed);
        }
        while let Some((_, waiter)) = self.reference.queue.pop_first() {
            if let Some(unbegun) = self.reference.cells[waiter.who].begin.take() {
                self.reference.creates.remove(&unbegun);
            }
            self.reference.grant(waiter.who, Granted::Closed);
        }
        self.reference.creates.values_mut().for_each(|asked| *asked = None);
        self.settle(after);
    }
}
