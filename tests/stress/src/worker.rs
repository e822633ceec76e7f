//! One thread of a script: it has guards and pools, and does what it is told.

use core::cell::RefCell;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{Builder, JoinHandle};

use crate::act;
use crate::book::{self, book};
use crate::forecast;
use crate::hand::{self, Hand};
use crate::house::House;
use crate::script::{Deed, Occasion, Plot};
use crate::stage::{Parcel, Stage};
use crate::verdict::broken;

/// How many pools of the script's own a thread knows at a time.
pub(crate) const ROOMS: usize = 3;
/// How many guards a thread has at a time.
const HANDS: usize = 64;
/// How many short-lived threads of its own a thread waits for.
const ERRANDS: usize = 3;

thread_local! {
    /// Guards that the thread has until its very end.
    static KEPT: Kept = const { Kept(RefCell::new(Vec::new())) };
}

struct Kept(RefCell<Vec<Hand>>);

impl Drop for Kept {
    fn drop(&mut self) {
        for hand in self.0.take() {
            // A panic that leaves a thread-local's destructor aborts the process.
            act::survive(|| drop(hand));
        }
    }
}

/// Registers the destructor of [`KEPT`]: before that of the pools, it runs after it.
pub(crate) fn keep_early() {
    KEPT.with(|kept| drop(kept.0.borrow()));
}

/// What a thread has.
pub(crate) struct Worker {
    index: usize,
    hands: Vec<Hand>,
    rooms: [Option<Arc<dyn House>>; ROOMS],
    inbox: Receiver<Parcel>,
    errands: Vec<JoinHandle<()>>,
}

fn join(errand: JoinHandle<()>) {
    errand.join().expect("an errand survives what it does");
}

/// A pool whose idle objects the thread has just freed, but for those that other threads
/// keep in their caches.
pub(crate) struct Swept {
    pub(crate) book: usize,
    pub(crate) cache: usize,
}

impl Worker {
    pub(crate) fn new(index: usize, inbox: Receiver<Parcel>) -> Self {
        let rooms = [const { None }; ROOMS];
        Self { index, hands: Vec::new(), rooms, inbox, errands: Vec::new() }
    }

    /// Ends, and leaves the inbox and perhaps the guards to a successor.
    pub(crate) fn end(mut self, keeps_hands: bool) -> Self {
        let inherits = if keeps_hands { core::mem::take(&mut self.hands) } else { Vec::new() };
        for hand in self.hands.drain(..) {
            act::survive(|| drop(hand));
        }
        for room in &mut self.rooms {
            act::survive(|| *room = None);
        }
        self.errands.drain(..).for_each(join);
        Self { hands: inherits, ..Self::new(self.index, self.inbox) }
    }

    /// Takes what others have sent.
    pub(crate) fn unpack(&mut self) {
        while let Ok(parcel) = self.inbox.try_recv() {
            match parcel {
                Parcel::Hand(hand) => self.hold(hand),
                Parcel::House(room, house) => self.settle(room, house),
            }
        }
    }

    fn settle(&mut self, room: usize, house: Option<Arc<dyn House>>) {
        let before = core::mem::replace(&mut self.rooms[room], house);
        act::survive(|| drop(before));
    }

    fn hold(&mut self, hand: Hand) {
        if self.hands.len() < HANDS {
            self.hands.push(hand);
        } else {
            act::survive(|| drop(hand));
        }
    }

    fn take(&mut self, hand: u8) -> Option<Hand> {
        let count = self.hands.len();
        (count > 0).then(|| self.hands.swap_remove(usize::from(hand) % count))
    }

    /// The pool of a number; an empty room is settled first.
    fn house(&mut self, stage: &Stage<'_>, number: u8) -> Option<Arc<dyn House>> {
        let fixed = stage.fixed.len();
        let number = usize::from(number) % (fixed + ROOMS);
        if number < fixed {
            return Some(Arc::clone(&stage.fixed[number]));
        }
        let room = number - fixed;
        if self.rooms[room].is_none() {
            let limits = [Some(2 + room), Some(4), None];
            let plot = Plot {
                house: 0,
                big: room == 2,
                validate: room > 0,
                cache: limits[room],
                max_idle: limits[room],
                max_object_bytes: None,
                max_bytes: None,
            };
            self.build(stage, room, plot);
        }
        self.rooms[room].clone()
    }

    fn build(&mut self, stage: &Stage<'_>, room: usize, plot: Plot) {
        let Some(house) = stage.build(plot) else { return };
        self.tell(stage, room, Some(&house));
        self.settle(room, Some(house));
    }

    /// Tells the others of a pool.
    fn tell(&self, stage: &Stage<'_>, room: usize, house: Option<&Arc<dyn House>>) {
        for (thread, outbox) in stage.outboxes.iter().enumerate() {
            if thread != self.index {
                // A thread that has ended for good needs no news.
                let _ = outbox.send(Parcel::House(room, house.cloned()));
            }
        }
    }

    /// Does a deed. What panics on purpose is survived.
    pub(crate) fn act(&mut self, stage: &Stage<'_>, deed: &Deed) -> Option<Swept> {
        self.unpack();
        match *deed {
            Deed::Use { hand, heap } => {
                if let Some(mut held) = self.take(hand) {
                    held.mark(hand, heap);
                    self.hold(held);
                }
            }
            Deed::Plan { hand, occasion, act } => {
                if let Some(mut held) = self.take(hand) {
                    plan(&mut held, occasion, act);
                    self.hold(held);
                }
            }
            Deed::Drop { hand } => self.with_hand(hand, drop),
            Deed::IntoInner { hand } => self.with_hand(hand, Hand::into_inner),
            Deed::Discard { hand } => self.with_hand(hand, Hand::discard),
            Deed::Leak { hand } if stage.may_leak() => self.with_hand(hand, Hand::leak),
            Deed::Forget { hand } if stage.may_leak() => self.with_hand(hand, Hand::forget),
            Deed::Leak { hand } | Deed::Forget { hand } => self.with_hand(hand, drop),
            Deed::DropAll { newest_first } => {
                let mut hands = core::mem::take(&mut self.hands);
                if newest_first {
                    hands.reverse();
                }
                for hand in hands {
                    act::survive(|| drop(hand));
                }
            }
            Deed::Unwind { hands } => {
                let held: Vec<_> = (0..hands).filter_map(|hand| self.take(hand)).collect();
                act::survive(move || {
                    let _held = held;
                    act::unwind()
                });
            }
            Deed::Send { hand, to } => self.send(stage, hand, to),
            Deed::Swap { hand, other } => {
                let (mut one, mut two) = (self.take(hand), self.take(other));
                if let (Some(one), Some(two)) = (&mut one, &mut two) {
                    one.swap(two);
                }
                [one, two].into_iter().flatten().for_each(|hand| self.hold(hand));
            }
            Deed::KeepForTheEnd { hand } => {
                if let Some(hand) = self.take(hand) {
                    KEPT.with(|kept| kept.0.borrow_mut().push(hand));
                }
            }
            Deed::TrimAll => {
                forecast::all_may_have_died();
                book::trim_all();
                act::survive(|| stage.site.trim_all());
                forecast::all_may_have_died();
            }
            Deed::Maintain => {
                forecast::all_may_have_died();
                book::trim_all();
                act::survive(|| stage.site.maintain());
                forecast::all_may_have_died();
            }
            // No user code has a place in it, and so no panic of a script's has.
            Deed::Survey => {
                if act::survive(|| stage.site.survey()).is_none() {
                    broken("a look at all pools panicked");
                }
            }
            Deed::Build(plot) => self.build(stage, usize::from(plot.house) % ROOMS, plot),
            Deed::Close { house } => {
                let room = usize::from(house) % ROOMS;
                self.tell(stage, room, None);
                self.settle(room, None);
            }
            Deed::Get { house, .. }
            | Deed::TryGet { house }
            | Deed::Cycle { house, .. }
            | Deed::Errand { house, .. }
            | Deed::Attach { house, .. }
            | Deed::PlanCreate { house, .. }
            | Deed::Flush { house }
            | Deed::Prewarm { house, .. }
            | Deed::Trim { house, .. }
            | Deed::Clear { house }
            | Deed::SetMaxIdle { house, .. } => {
                let house = self.house(stage, house)?;
                if let Deed::Errand { times, .. } = *deed {
                    self.run_errand(stage, house, times);
                    return None;
                }
                let swept = self.visit(&*house, deed);
                act::survive(|| drop(house));
                return swept;
            }
            // The player's business.
            Deed::End { .. } => {}
        }
        None
    }

    fn with_hand(&mut self, hand: u8, end: fn(Hand)) {
        if let Some(hand) = self.take(hand) {
            act::survive(|| end(hand));
        }
    }

    fn send(&mut self, stage: &Stage<'_>, hand: u8, to: usize) {
        let Some(hand) = self.take(hand) else { return };
        let outbox = &stage.outboxes[to % stage.outboxes.len()];
        if let Err(back) = outbox.send(Parcel::Hand(hand)) {
            if let Parcel::Hand(hand) = back.0 {
                self.hold(hand);
            }
        }
    }

    /// Sends a thread to a pool, which ends by itself.
    fn run_errand(&mut self, stage: &Stage<'_>, house: Arc<dyn House>, times: u8) {
        if !stage.is_free {
            return;
        }
        if self.errands.len() >= ERRANDS {
            join(self.errands.remove(0));
        }
        let run = move || {
            for time in 0..times {
                act::survive(|| {
                    let mut hand = hand::get(&*house, false);
                    hand.mark(time, 20);
                });
            }
            act::survive(|| drop(house));
        };
        let thread = Builder::new().stack_size(1 << 20).spawn(run);
        self.errands.push(thread.expect("the system has another thread"));
    }

    /// Does a deed that is about a pool.
    fn visit(&mut self, house: &dyn House, deed: &Deed) -> Option<Swept> {
        let index = house.book();
        match *deed {
            Deed::Get { count, owned, .. } => {
                for _ in 0..count {
                    if let Some(hand) = act::survive(|| hand::get(house, owned)) {
                        self.hold(hand);
                    }
                }
            }
            Deed::Cycle { times, heap, .. } => {
                for time in 0..times {
                    act::survive(|| {
                        let mut hand = hand::get(house, time % 2 == 0);
                        hand.mark(time, heap);
                    });
                }
            }
            Deed::TryGet { .. } => {
                if let Some(Some(hand)) = act::survive(|| hand::try_get(house)) {
                    self.hold(hand);
                }
            }
            Deed::Attach { owned, .. } => self.hold(hand::attach(house, owned)),
            Deed::PlanCreate { act, .. } => act::arm(index, act),
            Deed::Flush { .. } => {
                forecast::flushed(index);
                act::survive(|| house.flush());
                forecast::flushed(index);
            }
            Deed::Prewarm { count, .. } => {
                let warmed = act::survive(|| act::in_prewarm(|| house.prewarm(count)));
                if let Some(warmed) = warmed {
                    if warmed > count {
                        broken(format!("a prewarm of {count} made {warmed}"));
                    }
                    forecast::warmed(index, warmed);
                }
            }
            Deed::Trim { times, .. } => {
                let trim = || {
                    for _ in 0..times {
                        book(index).trims.add();
                        act::survive(|| house.trim());
                    }
                };
                return sweep(house, times > 1, trim);
            }
            Deed::Clear { .. } => {
                book(index).clears.add();
                return sweep(house, true, || _ = act::survive(|| house.clear()));
            }
            Deed::SetMaxIdle { count, .. } => {
                book(index).shrinks.add();
                book(index).allow(count);
                sweep(house, false, || _ = act::survive(|| house.set_max_idle(count)));
            }
            _ => {}
        }
        None
    }
}

/// Frees idle objects; if it `frees` all in reach, says so.
fn sweep(house: &dyn House, frees: bool, run: impl FnOnce()) -> Option<Swept> {
    let book = house.book();
    let reentries = act::reentries();
    forecast::died(book);
    run();
    forecast::died(book);
    // Code that came back for more may have left some.
    let cache = house.terms().cache.unwrap_or(64);
    (frees && act::reentries() == reentries).then_some(Swept { book, cache })
}

fn plan(hand: &mut Hand, occasion: Occasion, act: act::Act) {
    let book = hand.book();
    let Some(body) = hand.body() else { return };
    match occasion {
        Occasion::Death => {
            if let Some(life) = body.life() {
                life.plan_death(act);
            }
        }
        Occasion::Validate => {
            if let Some(traces) = body.traces() {
                traces.plan(book, act, act::Act::Nothing);
            }
        }
        Occasion::Reset => {
            if let Some(traces) = body.traces() {
                traces.plan(book, act::Act::Nothing, act);
            }
        }
    }
}
