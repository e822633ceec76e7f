//! What the core should do, in as few words as possible: it may be slow.

use std::collections::{BTreeMap, VecDeque};

use super::super::{Bounds, Order, Reason, Stats};

/// What is in a getter's cell.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Cell {
    pub(super) grant: Option<Granted>,
    pub(super) begin: Option<u64>,
    /// Its waker is known, and has not been used.
    pub(super) is_watched: bool,
    pub(super) wakes: usize,
}

impl Cell {
    pub(super) fn nudge(&mut self) {
        self.wakes += usize::from(core::mem::take(&mut self.is_watched));
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Granted {
    Object { name: usize, was_idle: bool },
    Slot,
    Failed,
    Closed,
    TimedOut { had_create: bool },
}

#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) who: usize,
    pub(super) create: Option<u64>,
    is_wary: bool,
}

/// Objects and getters are known by numbers here.
pub(super) struct Reference {
    pub(super) bounds: Bounds,
    pub(super) is_closed: bool,
    /// Longest idle first.
    pub(super) idle: VecDeque<usize>,
    pub(super) queue: BTreeMap<u64, Waiter>,
    /// Those that run apart, and who waits for them.
    pub(super) creates: BTreeMap<u64, Option<u64>>,
    pub(super) slots: usize,
    pub(super) out: usize,
    /// Those that are being destroyed.
    pub(super) ending: usize,
    pub(super) cells: Vec<Cell>,
    pub(super) watchers: usize,
    pub(super) last_number: u64,
    last_create: u64,
    /// The create whose object is on its way.
    pub(super) ended: Option<u64>,
    /// The last create that had begun when one was overtaken.
    overtaken: BTreeMap<u64, u64>,
    inherited: BTreeMap<u64, bool>,
    /// The counters, but not what is counted anew each time.
    pub(super) counts: Stats,
    pub(super) refused: Option<(usize, Reason)>,
    pub(super) is_short: bool,
}

impl Reference {
    pub(super) fn new(bounds: Bounds, getters: usize) -> Self {
        Self {
            bounds,
            is_closed: false,
            idle: VecDeque::new(),
            queue: BTreeMap::new(),
            creates: BTreeMap::new(),
            slots: 0,
            out: 0,
            ending: 0,
            cells: (0..getters).map(|_| Cell::default()).collect(),
            watchers: 0,
            last_number: 0,
            last_create: 0,
            ended: None,
            overtaken: BTreeMap::new(),
            inherited: BTreeMap::new(),
            counts: Stats::default(),
            refused: None,
            is_short: false,
        }
    }

    pub(super) fn creating(&self) -> usize {
        self.slots + self.creates.len()
    }

    pub(super) fn open(&self) -> usize {
        self.idle.len() + self.out + self.creating()
    }

    pub(super) fn has_room(&self) -> bool {
        self.open() < self.bounds.max_open && self.creating() < self.bounds.max_creating
    }

    pub(super) fn missing(&self) -> usize {
        self.bounds.min_idle.saturating_sub(self.idle.len() + self.creating())
    }

    pub(super) fn pop_idle(&mut self, is_wary: bool) -> Option<usize> {
        if self.bounds.order == Order::Fifo && !is_wary {
            self.idle.pop_front()
        } else {
            self.idle.pop_back()
        }
    }

    pub(super) fn grant(&mut self, who: usize, granted: Granted) {
        let cell = &mut self.cells[who];
        assert!(cell.grant.replace(granted).is_none(), "granted twice");
        cell.nudge();
    }

    /// An object that is out goes to the first in the queue.
    fn grant_object(&mut self, name: usize, was_idle: bool, asked: Option<u64>) {
        let (number, first) = self.queue.pop_first().expect("somebody waits");
        if asked != Some(number) {
            // What the first has not begun is begun by the other one, or not at all.
            let unbegun = self.cells[first.who].begin.take();
            // One that is overtaken for the second time, by a younger one, is not waited for while
            // there is room.
            let is_slow = match (self.ended, first.create) {
                (Some(ended), Some(create)) if unbegun.is_none() => {
                    ended > *self.overtaken.entry(create).or_insert(self.last_create)
                }
                _ => false,
            };
            let asked = asked.filter(|asked| self.queue.contains_key(asked));
            let asked = asked.filter(|_| !(is_slow && self.has_room()));
            if let Some(create) = first.create {
                // Whoever takes it over has not asked for it, and is not told of its failure.
                let is_inherited = asked.is_some() && unbegun.is_none();
                self.inherited.insert(create, is_inherited);
            }
            if let Some(waiter) = asked.and_then(|asked| self.queue.get_mut(&asked)) {
                waiter.create = first.create;
                if unbegun.is_some() {
                    let cell = &mut self.cells[waiter.who];
                    assert!(core::mem::replace(&mut cell.begin, unbegun).is_none(), "told twice");
                    cell.nudge();
                }
            }
            match (unbegun, asked) {
                (Some(create), None) => drop(self.creates.remove(&create)),
                _ => drop(first.create.map(|create| self.creates.insert(create, asked))),
            }
        }
        self.grant(first.who, Granted::Object { name, was_idle });
    }

    /// An object that is out is kept, handed on, or refused.
    pub(super) fn keep(&mut self, name: usize, was_idle: bool, asked: Option<u64>) {
        let max_idle = self.bounds.max_idle.unwrap_or(self.bounds.max_open);
        let reason = if self.is_closed {
            Reason::Closed
        } else if self.open() > self.bounds.max_open {
            self.bounds.surplus
        } else if !self.queue.is_empty() {
            return self.grant_object(name, was_idle, asked);
        } else if self.idle.len() < max_idle {
            self.out -= 1;
            return self.idle.push_back(name);
        } else {
            Reason::Full
        };
        self.out -= 1;
        self.doom(reason);
        self.refused = Some((name, reason));
    }

    pub(super) fn doom(&mut self, reason: Reason) {
        self.counts.destroyed.count(reason);
        self.ending += 1;
    }

    pub(super) fn enqueue(&mut self, who: usize, number: u64, create: Option<u64>, is_wary: bool) {
        if let Some(create) = create {
            self.creates.insert(create, Some(number));
        }
        self.queue.insert(number, Waiter { who, create, is_wary });
    }

    pub(super) fn add_create(&mut self, sponsor: Option<u64>) -> u64 {
        self.last_create += 1;
        self.creates.insert(self.last_create, sponsor);
        self.last_create
    }

    pub(super) fn is_inherited(&self, create: u64) -> bool {
        self.inherited.get(&create).copied().unwrap_or_default()
    }

    /// Who waits for it.
    pub(super) fn remove_create(&mut self, id: u64) -> Option<u64> {
        let asked = self.creates.remove(&id)??;
        self.queue.get_mut(&asked).expect("it waits").create = None;
        Some(asked)
    }

    /// One whose time is up is in the queue no more.
    pub(super) fn turn_away(&mut self, number: u64) {
        let waiter = self.queue.remove(&number).expect("it waits");
        let unbegun = self.cells[waiter.who].begin.take();
        match (unbegun, waiter.create) {
            (Some(create), _) => drop(self.creates.remove(&create)),
            (None, create) => drop(create.map(|create| self.creates.insert(create, None))),
        }
        self.counts.timed_out += 1;
        self.grant(waiter.who, Granted::TimedOut { had_create: waiter.create.is_some() });
    }

    /// Whatever is idle, and then whatever room there is, goes to those who wait.
    pub(super) fn settle(&mut self) {
        while let Some(first) = self.queue.first_key_value() {
            let is_wary = first.1.is_wary;
            let Some(name) = self.pop_idle(is_wary) else { break };
            self.out += 1;
            self.grant_object(name, true, None);
        }
        while self.has_room() {
            let next = self.queue.iter().find(|(_, waiter)| waiter.create.is_none());
            let Some((&number, &Waiter { who, .. })) = next else { break };
            if self.bounds.is_apart {
                let id = self.add_create(Some(number));
                self.queue.get_mut(&number).expect("it waits").create = Some(id);
                let cell = &mut self.cells[who];
                assert!(cell.begin.replace(id).is_none(), "told twice");
                cell.nudge();
            } else {
                self.queue.remove(&number);
                self.slots += 1;
                self.grant(who, Granted::Slot);
            }
        }
        self.watchers = 0;
        self.is_short = self.missing() > 0 && self.has_room();
    }

    /// The invariants of the core that can be seen from outside.
    pub(super) fn is_sound(&self) {
        if !self.queue.is_empty() {
            assert!(self.idle.is_empty() && !self.is_closed);
        }
        for (number, waiter) in &self.queue {
            assert!(waiter.create.is_some() || !self.has_room());
            assert!(waiter.create.is_none_or(|id| self.creates[&id] == Some(*number)));
        }
        for (id, asked) in &self.creates {
            assert!(asked.is_none_or(|asked| self.queue[&asked].create == Some(*id)));
        }
    }

    pub(super) fn stats(&self, in_use: usize) -> Stats {
        Stats {
            open: self.open() as u64,
            idle: self.idle.len() as u64,
            in_use: in_use as u64,
            checking: (self.out - in_use) as u64,
            creating: self.creating() as u64,
            destroying: self.ending as u64,
            waiting: self.queue.len() as u64,
            max_open: (self.bounds.max_open != usize::MAX).then_some(self.bounds.max_open as u64),
            ..self.counts
        }
    }
}
