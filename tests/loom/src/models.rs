//! What is modelled, each with caches of two objects, so that the depot is met soon.
//!
//! A thread's way to its cache is a variable here; in `pool-core` it is a thread-local,
//! which no other thread reaches.

mod managed;
mod sharing;

use core::ptr::NonNull;
use std::borrow::Cow;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use crate::cache::CacheRef;
use crate::depot::Visitors;
use crate::limits::Limits;
use crate::raw_pool::RawPool;
use crate::slot::{Object, Slot, free_object};

/// An object that finds out when two threads have it at once, or when it is dropped twice.
struct Probe {
    used: UnsafeCell<u32>,
    live: Arc<AtomicUsize>,
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.used.with_mut(|_| ());
        assert_ne!(self.live.fetch_sub(1, Ordering::Relaxed), 0, "dropped twice");
    }
}

/// A pool, and how many of its objects are alive.
#[derive(Clone)]
struct Shared {
    pool: Arc<RawPool>,
    live: Arc<AtomicUsize>,
}

impl Shared {
    fn new(limits: Limits, visitors: Visitors) -> Self {
        // SAFETY: the objects are of this type, which is `Send`.
        let pool = unsafe {
            let name = Cow::Borrowed("model");
            RawPool::new(name, limits, size_of::<Probe>(), free_object::<Probe>, visitors)
        };
        Self { pool: Arc::new(pool), live: Arc::new(AtomicUsize::new(0)) }
    }

    /// A thread with a cache of its own.
    fn enter(&self) -> Thread<'_> {
        let mut claimed = None;
        self.pool.claim(|cache| claimed = Some(cache));
        Thread { shared: self, cache: claimed.expect("the pool has caches") }
    }
}

struct Thread<'a> {
    shared: &'a Shared,
    cache: CacheRef,
}

type Taken = NonNull<Slot<Probe>>;

impl Thread<'_> {
    /// What `lifecycle::take` does, and whether the object was there already.
    fn get(&self) -> (Taken, bool) {
        // SAFETY: this thread has claimed the cache.
        let hit = unsafe { self.cache.pop_any() };
        // SAFETY: as above.
        let object = hit.or_else(|| unsafe { self.shared.pool.take_slow(self.cache) });
        let is_hit = object.is_some();
        let slot = match object {
            // SAFETY: the pool holds probes.
            Some(object) => unsafe { object.into_slot() },
            None => self.create(),
        };
        self.touch(slot);
        (slot, is_hit)
    }

    fn create(&self) -> Taken {
        self.shared.live.fetch_add(1, Ordering::Relaxed);
        self.shared.pool.tally.created.add_one();
        Slot::allocate(|| Probe { used: UnsafeCell::new(0), live: self.shared.live.clone() })
    }

    fn touch(&self, slot: Taken) {
        // SAFETY: the slot is this thread's, and so it is allocated.
        let probe = unsafe { Slot::value(slot) };
        // SAFETY: as above, and its value is valid.
        let probe = unsafe { probe.as_ref() };
        // SAFETY: as above; loom reports it if that is not so.
        probe.used.with_mut(|used| unsafe { *used += 1 });
    }

    /// What `lifecycle::give` does.
    fn give(&self, slot: Taken) {
        self.touch(slot);
        // SAFETY: the slot is this thread's, and given up.
        let object = unsafe { Object::new(slot, 0) };
        // SAFETY: this thread has claimed the cache.
        let Err(object) = (unsafe { self.cache.push(object, 0) }) else { return };
        // SAFETY: as above.
        let Err(object) = (unsafe { self.cache.push_more(object, 0) }) else { return };
        // SAFETY: as above.
        unsafe { self.shared.pool.give_slow(self.cache, object) };
    }

    /// What `thread` does when a thread ends.
    fn leave(self) {
        // SAFETY: this thread has claimed the cache.
        unsafe { self.shared.pool.empty_cache_of_ending_thread(self.cache) };
        // SAFETY: as above, and it does not use it any more.
        unsafe { self.cache.release() };
    }
}

fn small() -> Limits {
    Limits::new().cache(2).max_idle(4)
}

/// Runs a model with every schedule, and checks that nothing is left alive when its pool is
/// gone.
fn model(run: impl Fn(&Shared) + Send + Sync + 'static) {
    model_with(small(), run);
}

fn model_with(limits: Limits, run: impl Fn(&Shared) + Send + Sync + 'static) {
    bounded().check(move || {
        let shared = Shared::new(limits, Visitors::Many);
        let live = shared.live.clone();
        run(&shared);
        drop(shared);
        assert_eq!(live.load(Ordering::Relaxed), 0, "an object outlived its pool");
    });
}

/// Schedules of up to three preemptions: seconds. `LOOM_MAX_PREEMPTIONS` says otherwise;
/// without a bound most models end within a minute, and some do not in five.
fn bounded() -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder
}

/// Runs one thread beside the caller's.
fn beside(shared: &Shared, run: impl FnOnce(&Shared) + 'static) -> thread::JoinHandle<()> {
    let shared = shared.clone();
    thread::spawn(move || run(&shared))
}

fn conserved(shared: &Shared) {
    let stats = shared.pool.stats();
    assert_eq!(stats.created, stats.idle + stats.in_use + stats.discarded.total());
    assert_eq!(stats.in_use, 0);
}

#[test]
fn batches_move_both_ways_and_no_object_is_held_twice() {
    model(|shared| {
        let other = beside(shared, |shared| {
            let thread = shared.enter();
            let taken = [thread.get().0, thread.get().0, thread.get().0];
            taken.into_iter().for_each(|slot| thread.give(slot));
            thread.leave();
        });
        let thread = shared.enter();
        let taken = [thread.get().0, thread.get().0, thread.get().0];
        taken.into_iter().for_each(|slot| thread.give(slot));
        thread.give(thread.get().0);
        other.join().expect("no panic");
        conserved(shared);
        thread.leave();
    });
}

#[test]
fn an_object_goes_from_the_thread_that_took_it_to_the_one_that_drops_it() {
    model(|shared| {
        let here = shared.enter();
        let sent = [here.get().0, here.get().0, here.get().0].map(|slot| slot.as_ptr() as usize);
        let other = beside(shared, move |shared| {
            let thread = shared.enter();
            for address in sent {
                let slot = NonNull::new(address as *mut Slot<Probe>).expect("sent by a thread");
                thread.give(slot);
            }
            thread.leave();
        });
        here.give(here.get().0);
        other.join().expect("no panic");
        conserved(shared);
        here.leave();
    });
}

#[test]
fn a_flush_at_the_end_of_a_thread_leaves_its_objects_to_a_get() {
    model(|shared| {
        let other = beside(shared, |shared| {
            let thread = shared.enter();
            thread.give(thread.get().0);
            thread.leave();
        });
        let thread = shared.enter();
        let (slot, _) = thread.get();
        thread.give(slot);
        other.join().expect("no panic");
        // Nothing that was ever made is out of reach now.
        let created = shared.pool.tally.created.get();
        let (first, is_first_hit) = thread.get();
        let (second, is_second_hit) = thread.get();
        assert_eq!((is_first_hit, is_second_hit), (true, created == 2));
        thread.give(first);
        thread.give(second);
        conserved(shared);
        thread.leave();
    });
}

#[test]
fn a_cache_is_taken_over_with_what_its_last_owner_wrote() {
    model(|shared| {
        let visit = |shared: &Shared| {
            let thread = shared.enter();
            let taken = [thread.get().0, thread.get().0];
            taken.into_iter().for_each(|slot| thread.give(slot));
            thread.leave();
        };
        // Leaves a cache that both of the next ones would like to have.
        visit(shared);
        let other = beside(shared, visit);
        visit(shared);
        other.join().expect("no panic");
        conserved(shared);
        assert!(shared.pool.caches() <= 2);
        // Each get is a hit or created something: no counter was lost in a take-over.
        let stats = shared.pool.stats();
        assert_eq!((stats.hits + stats.created, stats.returned), (6, 6));
    });
}

#[test]
fn whoever_lets_go_of_a_pool_last_frees_all() {
    model(|shared| {
        let other = beside(shared, |shared| {
            let thread = shared.enter();
            let taken = [thread.get().0, thread.get().0, thread.get().0];
            taken.into_iter().for_each(|slot| thread.give(slot));
            thread.leave();
        });
        let thread = shared.enter();
        thread.give(thread.get().0);
        // The cache of this thread stays as it is: the pool is dropped with it.
        other.join().expect("no panic");
    });
}

#[test]
fn a_pool_is_torn_down_while_a_thread_flushes() {
    bounded().check(|| {
        let shared = Shared::new(small(), Visitors::Many);
        let live = shared.live.clone();
        let other = beside(&shared, |shared| {
            let thread = shared.enter();
            thread.give(thread.get().0);
            thread.leave();
        });
        let thread = shared.enter();
        thread.give(thread.get().0);
        // Not joined yet: whoever comes second frees both objects.
        drop(shared);
        other.join().expect("no panic");
        assert_eq!(live.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn a_pool_is_closed_while_a_thread_flushes() {
    bounded().check(|| {
        let shared = Shared::new(small(), Visitors::Nobody);
        let live = shared.live.clone();
        let owner = shared.enter();
        owner.give(owner.get().0);
        let cache = owner.cache;
        let pool = shared.pool.clone();
        let ending = thread::spawn(move || {
            // SAFETY: the model's other thread does not use the cache any more.
            unsafe { pool.empty_cache_of_ending_thread(cache) };
            // SAFETY: as above.
            unsafe { cache.release() };
        });
        // SAFETY: nobody gets or returns any more.
        unsafe { shared.pool.close() };
        // Whoever had it, all is freed when the pool is closed.
        assert_eq!(live.load(Ordering::Relaxed), 0);
        ending.join().expect("no panic");
    });
}

/// Something that a thread asks of the owners of all caches while one of them works, and
/// the visit by which that one notices.
fn an_order_is_noticed(order: fn(&RawPool), visit: fn(&Thread<'_>)) {
    model(move |shared| {
        let is_done = Arc::new(AtomicBool::new(false));
        let other = {
            let is_done = is_done.clone();
            beside(shared, move |shared| {
                order(&shared.pool);
                is_done.store(true, Ordering::Release);
            })
        };
        let thread = shared.enter();
        let (first, second) = (thread.get().0, thread.get().0);
        thread.give(first);
        thread.give(second);
        if is_done.load(Ordering::Acquire) {
            // The order came before this visit, which carries it out, if none did before.
            visit(&thread);
            assert!(shared.pool.has_obeyed(thread.cache));
        }
        other.join().expect("no panic");
        visit(&thread);
        assert!(shared.pool.has_obeyed(thread.cache));
        conserved(shared);
        thread.leave();
    });
}

/// A get is the first to come.
fn get(thread: &Thread<'_>) {
    thread.give(thread.get().0);
}

/// A return is the first to come: of an object from elsewhere.
fn give(thread: &Thread<'_>) {
    thread.give(thread.create());
}

#[test]
fn a_trim_is_noticed_at_the_next_visit() {
    an_order_is_noticed(RawPool::trim_or_wish, get);
    an_order_is_noticed(RawPool::trim_or_wish, give);
}

#[test]
fn a_maintain_is_noticed_at_the_next_visit() {
    an_order_is_noticed(RawPool::maintain_or_wish, get);
    an_order_is_noticed(RawPool::maintain_or_wish, give);
}

#[test]
fn a_clear_is_noticed_at_the_next_visit() {
    let clear = |pool: &RawPool| {
        pool.claim(|cache| {
            // SAFETY: this thread has claimed the cache.
            unsafe { pool.clear(cache) };
            // SAFETY: as above, and it does not use it any more.
            unsafe { cache.release() };
        });
    };
    an_order_is_noticed(clear, get);
    an_order_is_noticed(clear, give);
}

#[test]
fn a_wish_is_fulfilled_by_the_one_thread_that_may() {
    bounded().check(|| {
        let shared = Shared::new(small(), Visitors::Nobody);
        let live = shared.live.clone();
        let thread = shared.enter();
        thread.give(thread.get().0);
        let other = beside(&shared, |shared| {
            let before = shared.live.load(Ordering::Relaxed);
            shared.pool.trim_or_wish();
            shared.pool.trim_or_wish();
            // Whatever was there is there still: this thread frees nothing.
            assert_eq!((before, shared.live.load(Ordering::Relaxed)), (1, 1));
        });
        other.join().expect("no panic");
        // Idle through two calls.
        let (slot, is_hit) = thread.get();
        assert!(!is_hit);
        thread.give(slot);
        conserved(&shared);
        thread.leave();
        drop(shared);
        assert_eq!(live.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn no_order_is_lost_between_two_of_them() {
    model(|shared| {
        let thread = shared.enter();
        thread.give(thread.get().0);
        let other = beside(shared, |shared| shared.pool.trim_or_wish());
        // Carries the order out, if it has come already; then the second one comes.
        thread.give(thread.get().0);
        shared.pool.trim_or_wish();
        other.join().expect("no panic");
        assert!(thread.cache.is_summoned());
        shared.pool.trim_or_wish();
        // Idle through two calls at least.
        let (slot, is_hit) = thread.get();
        assert!(!is_hit);
        thread.give(slot);
        conserved(shared);
        thread.leave();
    });
}

#[test]
fn two_trims_at_once_free_an_object_once() {
    model(|shared| {
        let thread = shared.enter();
        thread.give(thread.get().0);
        // SAFETY: this thread has claimed the cache.
        unsafe { shared.pool.flush(thread.cache) };
        shared.pool.trim_or_wish();
        let other = beside(shared, |shared| shared.pool.trim_or_wish());
        shared.pool.trim_or_wish();
        other.join().expect("no panic");
        assert_eq!(shared.pool.stats().discarded.trimmed, 1);
        conserved(shared);
        thread.leave();
    });
}

#[test]
fn the_depot_never_keeps_more_than_its_limit() {
    model_with(Limits::new().cache(1).max_idle(1), |shared| {
        let other = beside(shared, |shared| {
            let thread = shared.enter();
            let taken = [thread.get().0, thread.get().0];
            taken.into_iter().for_each(|slot| thread.give(slot));
            thread.leave();
        });
        let thread = shared.enter();
        let taken = [thread.get().0, thread.get().0];
        taken.into_iter().for_each(|slot| thread.give(slot));
        shared.pool.set_max_idle(0);
        other.join().expect("no panic");
        assert!(shared.pool.stats().idle <= 1, "this thread's cache holds one");
        conserved(shared);
        thread.leave();
    });
}
