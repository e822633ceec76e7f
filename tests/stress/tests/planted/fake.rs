//! A small pool that is right, but for a mistake: one shelf behind a lock.

use core::any::Any;
use core::panic::AssertUnwindSafe;
use core::{mem, ptr};
use std::panic::{catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use poolable::{Reset, Stats};
use poolable_stress::{Body, Guest, House, Keeping, Life, Order, Site, Terms, Traces, Watch};

use crate::mistake::{Mistake, counter};

/// What the pools hold.
struct Thing {
    life: Life,
    traces: Traces,
    token: [u8; 8],
}

impl Thing {
    fn with(life: Life) -> Self {
        Self { life, traces: Traces::none(), token: [0; 8] }
    }

    /// A second thing that takes itself for this one.
    fn forged(&self) -> Box<Self> {
        Box::new(Self::with(self.life.forged()))
    }
}

impl Body for Thing {
    fn given(book: usize) -> Self {
        Self::with(Life::given(book))
    }

    fn place(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    fn life(&mut self) -> Option<&mut Life> {
        Some(&mut self.life)
    }

    fn traces(&mut self) -> Option<&mut Traces> {
        Some(&mut self.traces)
    }

    fn secret(&mut self) -> &mut [u8] {
        &mut self.token
    }
}

/// A place with one fixed pool, where others are built.
pub(crate) struct Fake {
    mistake: Mistake,
    built: Mutex<Vec<Eye>>,
}

impl Fake {
    pub(crate) fn with(mistake: Mistake) -> Self {
        Self { mistake, built: Mutex::new(Vec::new()) }
    }

    fn open(&self, order: &Order) -> Arc<dyn House> {
        let shop = Arc::new(Shop {
            mistake: self.mistake,
            order: order.clone(),
            inside: Mutex::new(Inside {
                max_idle: order.max_idle.unwrap_or(1024),
                ..Inside::default()
            }),
        });
        if self.mistake == Mistake::LivesForEver {
            mem::forget(Arc::clone(&shop));
        }
        let eye = Eye { name: order.name.clone(), shop: Arc::downgrade(&shop) };
        self.built.lock().unwrap_or_else(PoisonError::into_inner).push(eye);
        Arc::new(Door(shop))
    }
}

impl Site for Fake {
    fn keeping(&self) -> Keeping {
        match self.mistake {
            Mistake::KeepsSomething => Keeping::Nothing,
            _ => Keeping::Foreseeable,
        }
    }

    fn fixed(&self) -> Vec<Arc<dyn House>> {
        vec![self.open(&Order {
            book: 0,
            name: "fixed".to_owned(),
            big: false,
            validate: true,
            cache: Some(0),
            max_idle: Some(6),
            max_object_bytes: None,
            max_bytes: None,
        })]
    }

    fn build(&self, order: &Order) -> Arc<dyn House> {
        // One shelf is all there is, and it does not look at bytes.
        let limits = (Some(0), None, None);
        let (cache, max_object_bytes, max_bytes) = limits;
        self.open(&Order { cache, max_object_bytes, max_bytes, ..order.clone() })
    }

    fn trim_all(&self) {}

    fn maintain(&self) {}

    fn survey(&self) {
        if self.mistake == Mistake::Panics {
            resume_unwind(Box::new("on its own"));
        }
    }

    fn listed(&self) -> Option<Vec<(String, Stats)>> {
        let built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = |eye: &Eye| {
            let mut stats = match self.mistake {
                Mistake::IsNotListed => return None,
                Mistake::StaysListed => eye.stats().unwrap_or_default(),
                _ => eye.stats()?,
            };
            stats.hits += u64::from(self.mistake == Mistake::IsListedWrongly);
            Some((eye.name(), stats))
        };
        Some(built.iter().filter_map(entry).collect())
    }
}

/// The pool.
struct Shop {
    mistake: Mistake,
    order: Order,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    max_idle: usize,
    /// With whether it was idle at the last trim.
    shelf: Vec<(Box<Thing>, bool)>,
    /// What was handed out once, and is so once more.
    twin: Option<Box<Thing>>,
    stats: Stats,
    /// Decides who meets a mistake.
    calls: u64,
}

impl Shop {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn errs(&self, mistake: Mistake) -> bool {
        self.mistake == mistake
    }

    /// Whether this call is one of a few that are to meet the mistake.
    fn errs_now(&self, mistake: Mistake) -> bool {
        let mut inside = self.inside();
        inside.calls += 1;
        self.errs(mistake) && inside.calls % 3 == 0
    }

    fn find(self: &Arc<Self>) -> Option<Box<Thing>> {
        if self.errs_now(Mistake::CreatesNeedlessly) {
            return None;
        }
        let mut inside = self.inside();
        if let Some(twin) = inside.twin.take() {
            inside.stats.hits += 1;
            return Some(twin);
        }
        let (mut thing, _) = inside.shelf.pop()?;
        inside.stats.hits += 1;
        match self.mistake {
            Mistake::HandsOutTwice => inside.twin = Some(thing.forged()),
            Mistake::HandsOutTheDead => {
                let forged = thing.forged();
                // The user's code runs without the lock.
                drop(inside);
                drop(forged);
            }
            Mistake::Moves => {
                let forged = thing.forged();
                mem::forget(mem::replace(&mut thing, forged));
            }
            _ => {}
        }
        Some(thing)
    }

    fn get(self: &Arc<Self>) -> Guard {
        let thing = self.find().unwrap_or_else(|| {
            self.inside().stats.misses += 1;
            self.create()
        });
        Guard { shop: Arc::clone(self), thing: Some(thing), looks: 0 }
    }

    fn create(&self) -> Box<Thing> {
        let book = self.order.book;
        let life = if self.errs(Mistake::MixesPools) {
            Life::given(book + 1)
        } else {
            Life::created(book)
        };
        self.inside().stats.created += 1;
        Box::new(Thing::with(life))
    }

    /// Frees things, each whatever becomes of the others.
    fn free(&self, things: impl IntoIterator<Item = Box<Thing>>, count: fn(&mut Stats)) {
        let mut outcome = Ok(());
        for thing in things {
            count(&mut self.inside().stats);
            if self.errs(Mistake::LosesObjects) {
                mem::forget(thing);
                continue;
            }
            let forged = self.errs(Mistake::DropsTwice).then(|| thing.forged());
            let freed = catch_unwind(AssertUnwindSafe(|| drop(thing)));
            outcome = outcome.and(freed);
            drop(forged);
        }
        if let Err(payload) = outcome {
            resume_unwind(payload);
        }
    }

    fn count_full(&self) -> fn(&mut Stats) {
        match self.mistake {
            Mistake::SaysTrimmed => |stats| stats.discarded.trimmed += 1,
            Mistake::SaysExplicit => |stats| stats.discarded.explicit += 1,
            Mistake::SaysOversize => |stats| stats.discarded.oversize += 1,
            Mistake::SaysBytes => |stats| stats.discarded.bytes += 1,
            _ => |stats| stats.discarded.full += 1,
        }
    }

    /// Takes a thing back.
    fn give(&self, thing: Box<Thing>) {
        /// Frees the thing if the user's code panics or refuses it.
        struct InHand<'a>(&'a Shop, Option<Box<Thing>>, fn(&mut Stats));

        impl Drop for InHand<'_> {
            fn drop(&mut self) {
                if let Some(thing) = self.1.take() {
                    self.0.free([thing], self.2);
                }
            }
        }

        if !self.errs(Mistake::ForgetsReturns) {
            self.inside().stats.returned += 1;
        }
        let mut hand = InHand(self, Some(thing), |stats| stats.discarded.invalid += 1);
        let Some(thing) = &mut hand.1 else { return };
        let asks = self.order.validate && !self.errs(Mistake::ForgetsToValidate);
        if asks && !thing.traces.validate() {
            return;
        }
        hand.2 = |stats| stats.discarded.panic += 1;
        if self.errs(Mistake::KeepsAfterPanic) {
            let _ = catch_unwind(AssertUnwindSafe(|| thing.traces.reset()));
        } else if !self.errs_now(Mistake::ForgetsToReset) {
            thing.traces.reset();
        }
        if !self.errs(Mistake::ForgetsToWipe) {
            thing.token = [0; 8];
        }
        hand.2 = self.count_full();
        let mut inside = self.inside();
        let has_room = inside.shelf.len() < inside.max_idle || self.errs(Mistake::IgnoresMaxIdle);
        let keeps = has_room && !self.errs(Mistake::FreesNeedlessly);
        if let Some(thing) = hand.1.take_if(|_| keeps) {
            inside.shelf.push((thing, false));
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let shelf = mem::take(&mut self.inside().shelf);
        if self.errs(Mistake::LeaksAtTheEnd) {
            return mem::forget(shelf);
        }
        self.free(shelf.into_iter().map(|(thing, _)| thing), |stats| stats.discarded.explicit += 1);
    }
}

/// The way into a pool.
struct Door(Arc<Shop>);

impl House for Door {
    fn book(&self) -> usize {
        self.0.order.book
    }

    fn terms(&self) -> Terms {
        let max_idle = self.0.order.max_idle.unwrap_or(1024);
        Terms {
            validate: self.0.order.validate,
            max_object_bytes: self.0.errs(Mistake::KeepsTheOversized).then_some(50),
            max_bytes: self.0.errs(Mistake::KeepsTooManyBytes).then_some(50),
            ..Terms::new(Some(0), max_idle)
        }
    }

    fn get(&self, _owned: bool) -> Box<dyn Guest> {
        Box::new(self.0.get())
    }

    fn try_get(&self) -> Option<Box<dyn Guest>> {
        let thing = Some(self.0.find()?);
        Some(Box::new(Guard { shop: Arc::clone(&self.0), thing, looks: 0 }))
    }

    fn attach(&self, _owned: bool) -> Box<dyn Guest> {
        let thing = Some(Box::new(Thing::given(self.book())));
        self.0.inside().stats.attached += 1;
        Box::new(Guard { shop: Arc::clone(&self.0), thing, looks: 0 })
    }

    fn prewarm(&self, count: usize) -> usize {
        let room = {
            let inside = self.0.inside();
            inside.max_idle.saturating_sub(inside.shelf.len())
        };
        let count = count.min(room);
        for made in 0..count {
            let thing = self.0.create();
            let mut inside = self.0.inside();
            // A create that re-enters may have filled the shelf, and so may others.
            if inside.shelf.len() >= inside.max_idle {
                drop(inside);
                self.0.free([thing], self.0.count_full());
                return made;
            }
            inside.shelf.push((thing, false));
        }
        if self.0.errs(Mistake::PrewarmsTooMany) { count + 40 } else { count }
    }

    fn flush(&self) {}

    fn trim(&self) {
        if self.0.errs(Mistake::TrimsNothing) {
            return;
        }
        let shelf = mem::take(&mut self.0.inside().shelf);
        let trims_all = self.0.errs(Mistake::TrimsTheYoung);
        let (old, young): (Vec<_>, Vec<_>) =
            shelf.into_iter().partition(|(_, is_old)| *is_old || trims_all);
        self.0.inside().shelf.splice(0..0, young.into_iter().map(|(thing, _)| (thing, true)));
        self.0.free(old.into_iter().map(|(thing, _)| thing), |stats| stats.discarded.trimmed += 1);
    }

    fn clear(&self) {
        let mut shelf = mem::take(&mut self.0.inside().shelf);
        if self.0.errs(Mistake::ClearsHalf) {
            let half = shelf.split_off(shelf.len() / 2);
            self.0.inside().shelf.splice(0..0, half);
        }
        let things = shelf.into_iter().map(|(thing, _)| thing);
        self.0.free(things, |stats| stats.discarded.explicit += 1);
    }

    fn set_max_idle(&self, count: usize) {
        let surplus = {
            let mut inside = self.0.inside();
            inside.max_idle = count;
            let surplus = inside.shelf.len().saturating_sub(count);
            inside.shelf.drain(..surplus).map(|(thing, _)| thing).collect::<Vec<_>>()
        };
        self.0.free(surplus, |stats| stats.discarded.trimmed += 1);
    }

    fn watch(&self) -> Box<dyn Watch> {
        Box::new(Eye { name: self.0.order.name.clone(), shop: Arc::downgrade(&self.0) })
    }
}

struct Eye {
    name: String,
    shop: Weak<Shop>,
}

impl Watch for Eye {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn stats(&self) -> Option<Stats> {
        let shop = self.shop.upgrade()?;
        let inside = shop.inside();
        let mut stats = inside.stats;
        stats.idle = inside.shelf.len() as u64;
        stats.bytes_idle = stats.idle * 1000;
        let gone = stats.idle + stats.detached + stats.discarded.total();
        stats.in_use = (stats.created + stats.attached).saturating_sub(gone);
        // Not from the start, where it would be taken for what earlier scripts have left.
        if let (Mistake::Miscounts(name), 1..) = (shop.mistake, stats.returned) {
            *counter(&mut stats, name) += 1;
        }
        Some(stats)
    }
}

/// A guard.
struct Guard {
    shop: Arc<Shop>,
    thing: Option<Box<Thing>>,
    looks: u32,
}

impl Guard {
    fn into_thing(mut self) -> Option<Box<Thing>> {
        self.thing.take()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(thing) = self.thing.take() {
            self.shop.give(thing);
        }
    }
}

impl Guest for Guard {
    fn body(&mut self) -> &mut dyn Body {
        let thing = self.thing.as_mut().expect("the guard has a thing until it ends");
        self.looks += 1;
        if self.looks == 4 {
            match self.shop.mistake {
                Mistake::Meddles => thing.token = [77; 8],
                Mistake::DropsInUse => drop(thing.forged()),
                _ => {}
            }
        }
        &mut **thing
    }

    fn into_inner(self: Box<Self>) -> Box<dyn Body> {
        self.shop.inside().stats.detached += 1;
        self.into_thing().expect("the guard has a thing until it ends")
    }

    fn discard(self: Box<Self>) {
        let shop = Arc::clone(&self.shop);
        shop.free(self.into_thing(), |stats| stats.discarded.explicit += 1);
    }

    fn leak(self: Box<Self>) {
        self.shop.inside().stats.detached += 1;
        mem::forget(self.into_thing());
    }

    fn forget(self: Box<Self>) -> Option<Box<dyn Guest>> {
        Some(self)
    }

    fn swap(&mut self, other: &mut dyn Guest) -> bool {
        other.as_any().downcast_mut().map(|other| mem::swap(self, other)).is_some()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}
