//! Those who call the core, and what they have from it.

use core::mem;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Waker;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Wake;
use std::time::Instant;

use super::super::{Bounds, Due, Item, Order, Reason, Shared, Stats, Ticket};
use super::reference::{Reference, Waiter};
use crate::managed::after::After;
use crate::managed::core::End;

/// The generator "xorshift64*" (Vigna, "An experimental exploration of Marsaglia's
/// xorshift generators, scrambled", 2016).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    pub(super) fn is(&mut self, in_a_hundred: usize) -> bool {
        self.below(100) < in_a_hundred
    }
}

#[derive(Default)]
pub(super) struct Wakes(pub(super) AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) struct Player {
    pub(super) ticket: Arc<Ticket<Item>>,
    pub(super) number: u64,
    pub(super) wakes: Arc<Wakes>,
    pub(super) waker: Waker,
    /// The last create that it was told to begin.
    pub(super) create: Option<u64>,
    pub(super) deadline: Option<Instant>,
    pub(super) does: Does,
}

pub(super) enum Does {
    Nothing,
    /// Waits, or has been served and does not know.
    Wait,
    Check(Item),
    /// Has taken one of the idle out of turn.
    Look(Item),
    Create,
    Use(Item),
}

impl Player {
    pub(super) fn new() -> Self {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let ticket = Arc::new(Ticket::new(0, core::task::Waker::noop().clone()));
        let does = Does::Nothing;
        Self { ticket, number: 0, wakes, waker, create: None, deadline: None, does }
    }
}

pub(super) struct Play {
    pub(super) shared: Shared,
    pub(super) reference: Reference,
    pub(super) players: Vec<Player>,
    /// Creates that have been begun.
    pub(super) begun: Vec<u64>,
    pub(super) watcher: Arc<Wakes>,
    pub(super) watches: usize,
    pub(super) now: Instant,
    /// For how long an object may be idle.
    pub(super) idle: Option<Duration>,
    /// When objects are to be looked at, by their names.
    pub(super) dues: BTreeMap<usize, Due>,
    /// When creates take too long.
    pub(super) lates: BTreeMap<u64, Instant>,
    pub(super) swept_at: Instant,
    pub(super) armed: Option<Instant>,
    /// Whether there are more who want something than there is.
    pub(super) is_busy: bool,
    pub(super) random: Random,
}

pub(super) const PLAYERS: usize = 6;

impl Play {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let bounds = Bounds {
            max_open: if random.is(5) { usize::MAX } else { 1 + random.below(4) },
            max_idle: random.is(30).then(|| random.below(3)),
            min_idle: if random.is(30) { random.below(3) } else { 0 },
            max_creating: if random.is(50) { usize::MAX } else { 1 + random.below(2) },
            is_apart: random.is(60),
            are_kept: false,
            are_forgotten: false,
            order: if random.is(50) { Order::Lifo } else { Order::Fifo },
            surplus: if random.is(50) { Reason::Full } else { Reason::Resized },
        };
        let now = Instant::now();
        Self {
            shared: Shared::new(bounds),
            reference: Reference::new(bounds, PLAYERS),
            players: (0..PLAYERS).map(|_| Player::new()).collect(),
            begun: Vec::new(),
            watcher: Arc::default(),
            watches: 0,
            now,
            idle: random.is(60).then(|| Duration::from_millis(1 + random.below(50) as u64)),
            dues: BTreeMap::new(),
            lates: BTreeMap::new(),
            swept_at: now,
            armed: None,
            is_busy: random.is(50),
            random,
        }
    }

    /// What follows a call that ends in a settlement: `after` is the core's.
    pub(super) fn settle(&mut self, mut after: After<Item>) {
        self.reference.settle();
        assert_eq!(after.is_short, self.reference.is_short);
        self.is_told(&after);
        after.wake();
        self.refuse(after.refused);
    }

    pub(super) fn refuse(&mut self, refused: Option<(Item, Reason)>) {
        let refused = refused.map(|(item, reason)| (item.name, reason));
        assert_eq!(refused, self.reference.refused.take());
    }

    /// Whoever is to set the timer knows it.
    pub(super) fn is_told(&mut self, after: &After<Item>) {
        let armed = self.shared.core.armed().0;
        let is_earlier = armed.is_some_and(|at| self.armed.is_none_or(|before| at < before));
        assert!(after.is_armed || !is_earlier, "nobody is told of an earlier time");
        self.armed = armed;
    }

    /// When a getter is to look at the time.
    pub(super) fn limits_of(&self, waiter: &Waiter) -> impl Iterator<Item = Instant> {
        let late_at = waiter.create.and_then(|id| self.lates.get(&id).copied());
        self.players[waiter.who].deadline.into_iter().chain(late_at)
    }

    /// Some time from now on, or never.
    pub(super) fn later(&mut self) -> Option<Instant> {
        let after = Duration::from_millis(1 + self.random.below(100) as u64);
        self.random.is(60).then(|| self.now + after)
    }

    pub(super) fn item(&mut self) -> (Item, Due) {
        let item = self.shared.item();
        let due = Due { end: self.later(), since: self.now, idle: self.idle };
        self.dues.insert(item.name, due);
        (item, due)
    }

    /// When to look at one that has been used until now.
    pub(super) fn due(&mut self, item: &Item) -> Due {
        let due = self.dues.get_mut(&item.name).expect("it was made");
        due.since = self.now;
        *due
    }

    pub(super) fn any(&mut self, which: impl Fn(&Does) -> bool) -> Option<usize> {
        let start = self.random.below(PLAYERS);
        (0..PLAYERS)
            .map(|step| (start + step) % PLAYERS)
            .find(|&who| which(&self.players[who].does))
    }

    pub(super) fn does(&mut self, who: usize, does: Does) {
        self.players[who].does = does;
    }

    pub(super) fn one_without_anything(&mut self) -> Option<usize> {
        self.any(|does| matches!(does, Does::Nothing))
    }

    pub(super) fn one_who_waits(&mut self) -> Option<usize> {
        self.any(|does| matches!(does, Does::Wait))
    }

    pub(super) fn one_who_creates(&mut self) -> Option<usize> {
        let who = self.any(|does| matches!(does, Does::Create))?;
        self.does(who, Does::Nothing);
        Some(who)
    }

    pub(super) fn one_who_checks(&mut self) -> Option<(usize, Item)> {
        let who = self.any(|does| matches!(does, Does::Check(_)))?;
        match mem::replace(&mut self.players[who].does, Does::Nothing) {
            Does::Check(item) => Some((who, item)),
            _ => None,
        }
    }

    pub(super) fn one_who_looks(&mut self) -> Option<Item> {
        let who = self.any(|does| matches!(does, Does::Look(_)))?;
        match mem::replace(&mut self.players[who].does, Does::Nothing) {
            Does::Look(item) => Some(item),
            _ => None,
        }
    }

    pub(super) fn one_who_uses(&mut self) -> Option<Item> {
        let who = self.any(|does| matches!(does, Does::Use(_)))?;
        match mem::replace(&mut self.players[who].does, Does::Nothing) {
            Does::Use(item) => Some(item),
            _ => None,
        }
    }

    /// Does something, if anybody is there to do it.
    pub(super) fn step(&mut self) -> Option<()> {
        self.now += Duration::from_millis(self.random.below(3) as u64);
        let core = self.shared.core.clone();
        match self.random.below(100) {
            0..10 => {
                let who = self.one_without_anything()?;
                self.take(who);
            }
            10..22 if self.is_busy || self.random.is(30) => {
                let who = self.one_without_anything()?;
                self.join(who);
            }
            22..42 => {
                let who = self.one_who_waits()?;
                self.poll(who);
            }
            42..47 => {
                let who = self.one_who_waits()?;
                self.leave(who);
            }
            47..53 => {
                let (who, item) = self.one_who_checks()?;
                self.reference.counts.borrowed += 1;
                core.lent();
                self.does(who, Does::Use(item));
            }
            53..56 => {
                let (_, item) = self.one_who_checks()?;
                self.reference.keep(item.name, true, None);
                let due = self.dues[&item.name];
                self.settle(core.give_unused(item, due));
            }
            56..60 => {
                let (who, item) = self.one_who_checks()?;
                self.rejoin(who, item);
            }
            60..61 => {
                let (_, item) = self.one_who_checks()?;
                self.reference.counts.check_failed += 1;
                self.end(item, End::Unfit(Reason::Panicked), Some(Reason::Panicked));
            }
            61..72 => {
                let item = self.one_who_uses()?;
                self.reference.counts.returned += 1;
                self.give(item);
            }
            72..74 => {
                let item = self.one_who_uses()?;
                self.reference.counts.returned += 1;
                self.end(item, End::Returned(Reason::Released), Some(Reason::Released));
            }
            74..75 => {
                let item = self.one_who_uses()?;
                self.reference.counts.detached += 1;
                self.end(item, End::Detached, None);
            }
            75..81 => self.create()?,
            81..88 => self.end_create()?,
            88..91 => {
                let max_open = 1 + self.random.below(4);
                self.resize(max_open);
            }
            91..93 => self.sweep(),
            93..95 => self.look()?,
            95..96 => self.ended()?,
            96..97 => {
                let id = core.number();
                self.reference.last_number += 1;
                core.watch(id, &Waker::from(self.watcher.clone()));
                if self.random.is(30) {
                    core.unwatch(id);
                } else {
                    self.reference.watchers += 1;
                    self.watches += 1;
                }
            }
            97 => self.limit()?,
            98 if self.random.is(5) => self.close(),
            _ => {}
        }
        Some(())
    }

    pub(super) fn compare(&self, open_before: usize) -> Stats {
        self.reference.is_sound();
        let is_in_use = |player: &&Player| matches!(player.does, Does::Use(_));
        let in_use = self.players.iter().filter(is_in_use).count();
        let stats = self.shared.snapshot();
        assert_eq!(stats, self.reference.stats(in_use));
        for (player, cell) in self.players.iter().zip(&self.reference.cells) {
            assert_eq!(player.wakes.0.load(Ordering::Relaxed), cell.wakes);
        }
        let is_woken = self.watcher.0.load(Ordering::Relaxed) == self.watches;
        assert_eq!(is_woken, self.reference.watchers == 0);
        let Reference { out, ending, .. } = self.reference;
        assert_eq!(self.shared.core.unfinished(), [out, self.reference.creating(), ending]);
        let live = self.shared.live.load(Ordering::Relaxed) as u64;
        assert_eq!(live, stats.open - stats.creating);
        assert_eq!(self.shared.core.is_closed(), self.reference.is_closed);
        self.is_looked_at_in_time();
        if self.reference.bounds.is_apart {
            let most = self.reference.bounds.max_open.max(open_before);
            assert!(self.reference.open() <= most, "more than may be open");
        }
        stats
    }

    /// Whatever was in time at the last look, and whoever was, has another one in time.
    fn is_looked_at_in_time(&self) {
        let armed = self.shared.core.armed().0;
        let is_early = |at: Instant| at <= self.swept_at || armed.is_some_and(|armed| armed <= at);
        for name in &self.reference.idle {
            let due = self.dues[name];
            assert!(due.first().is_none_or(is_early), "{name}: {due:?}, but {armed:?}");
        }
        for waiter in self.reference.queue.values() {
            for at in self.limits_of(waiter) {
                assert!(is_early(at), "a getter: {at:?}, but {armed:?}");
            }
        }
    }

    /// Everybody goes home.
    pub(super) fn wind_down(mut self) {
        self.close();
        while self.shared.core.unfinished() != [0; 3] {
            let open = self.reference.open();
            self.step();
            self.compare(open);
        }
        while let Some(who) = self.one_who_waits() {
            self.poll(who);
        }
        let stats = self.compare(0);
        assert_eq!((stats.open, stats.waiting), (0, 0));
    }
}
