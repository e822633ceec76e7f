//! All pools of the process, for the calls that concern all of them.
//!
//! # Invariants
//!
//! 1. No user code runs while the registry is locked, and no depot is locked meanwhile.
//! 2. A [`Key`] is given out once: the place in the list is used again, with another
//!    generation.
//! 3. A pool in a static is listed for ever. One that a user made is listed until it is
//!    dropped, and whoever works with it meanwhile holds it alive.

use core::ops::Deref;
use core::sync::atomic::{AtomicU64, Ordering};
use std::panic::resume_unwind;
use std::sync::{Arc, Weak};

use crate::raw_pool::{RawPool, caught, forget_panic};
use crate::sync::Mutex;

/// Tells a pool that a user made from all others that there ever were.
///
/// The lower half is a place in the list, the upper half its generation. Places are used
/// again, and so they are small numbers: a thread finds its cache in an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    /// The key of no pool. No list is that long.
    pub(crate) const NONE: Self = Self(u64::MAX);

    const fn new(place: u32, generation: u32) -> Self {
        Self((generation as u64) << 32 | place as u64)
    }

    #[inline(always)]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    #[inline(always)]
    pub(crate) const fn place(self) -> usize {
        self.0 as u32 as usize
    }

    const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// A pool that lives at least as long as this.
enum Pinned {
    Static(&'static RawPool),
    Made(Arc<RawPool>),
}

impl Deref for Pinned {
    type Target = RawPool;

    fn deref(&self) -> &RawPool {
        match self {
            Self::Static(pool) => pool,
            Self::Made(pool) => pool,
        }
    }
}

/// A place for pools that users made, one after the other.
struct Place {
    generation: u32,
    pool: Option<Weak<RawPool>>,
}

struct Registry {
    statics: Vec<&'static RawPool>,
    places: Vec<Place>,
    free: Vec<u32>,
}

static REGISTRY: Mutex<Registry> =
    Mutex::new(Registry { statics: Vec::new(), places: Vec::new(), free: Vec::new() });

/// A number that no other pool of the process ever has, of whatever kind.
pub(crate) fn next_id() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);

    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// Lists the pool of a type, once. It is listed when this returns, whoever did it.
#[inline]
pub(crate) fn list_static(pool: &'static RawPool) {
    // A look first: this is called at every create.
    if !pool.is_listed() {
        list_static_slow(pool);
    }
}

#[cold]
fn list_static_slow(pool: &'static RawPool) {
    let mut registry = REGISTRY.lock();
    if !pool.is_listed() {
        registry.statics.push(pool);
        pool.set_listed(next_id());
    }
}

/// Lists a pool that a user made.
pub(crate) fn list(pool: &Arc<RawPool>) -> Key {
    let mut registry = REGISTRY.lock();
    pool.set_listed(next_id());
    let pool = Some(Arc::downgrade(pool));
    if let Some(place) = registry.free.pop() {
        let entry = &mut registry.places[place as usize];
        entry.pool = pool;
        return Key::new(place, entry.generation);
    }
    let place = u32::try_from(registry.places.len()).unwrap_or(u32::MAX);
    assert!(place < u32::MAX, "there are 4 294 967 295 pools at once");
    registry.places.push(Place { generation: 0, pool });
    Key::new(place, 0)
}

/// Takes a pool off the list.
pub(crate) fn unlist(key: Key) {
    let mut registry = REGISTRY.lock();
    let place = &mut registry.places[key.place()];
    place.pool = None;
    // A place whose generations are used up is not used again.
    if let Some(next) = place.generation.checked_add(1) {
        place.generation = next;
        registry.free.push(key.place() as u32);
    }
}

/// Holds a pool alive, if it still is.
pub(crate) fn pin(key: Key) -> Option<Arc<RawPool>> {
    let registry = REGISTRY.lock();
    let place = registry.places.get(key.place())?;
    if place.generation == key.generation() { place.pool.as_ref()?.upgrade() } else { None }
}

/// Visits all pools, those of types first, each in the order of its first use. A visit that
/// panics does not save the other pools from theirs, nor the caller from the panic.
pub(crate) fn visit_all(mut visit: impl FnMut(&RawPool)) {
    let mut outcome = Ok(());
    for pool in all() {
        let visited = caught(|| visit(&pool));
        if outcome.is_ok() {
            outcome = visited;
        } else {
            forget_panic(visited);
        }
        // Perhaps its user has dropped it meanwhile, and its objects are freed here. If one
        // of their drops panics, that is not the caller's concern.
        forget_panic(caught(|| drop(pool)));
    }
    if let Err(payload) = outcome {
        resume_unwind(payload);
    }
}

fn all() -> Vec<Pinned> {
    let registry = REGISTRY.lock();
    let statics = registry.statics.iter().map(|pool| Pinned::Static(pool));
    let made = registry.places.iter().filter_map(|place| place.pool.as_ref()?.upgrade());
    statics.chain(made.map(Pinned::Made)).collect()
}
