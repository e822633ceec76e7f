//! What a pool may keep: what its user says, the defaults, and what follows for a cache.
//!
//! A cache keeps up to `limit` objects of up to `most_retained` bytes each, and the product
//! of the two stays within a budget, so that what an idle thread holds back is bounded in
//! bytes: 1 MiB, unless the user gave `cache`, which then stands alone. A pool begins with
//! the size that its objects are born with. An object that comes back bigger takes the slow
//! way, where the cache trades number for size; a cache that finds itself full of small
//! ones trades back. The size of a batch follows: half the limit.
//!
//! A thread that takes 1000 objects and then returns them needs 40, 14, 10, 8.3 and 7.5 ns
//! for each with a `cache` of 2, 8, 16, 64 and 256, and the same with buffers of 64 KiB as
//! with such of 64 bytes. So what a batch saves does not depend on the size, while what a
//! parked thread holds back does: beyond 64 there is little to gain, and with 8, the most
//! of 128 KiB each, most of the gain is there.
//!
//! The pool of a `local` type has no depot, and its caches have the budget of the whole:
//! `max_bytes`.

use crate::cache::Fit;
use crate::depot::{DepotLimits, MOST_CACHED_BYTES};

/// The default of `max_object_bytes`: 1 MiB.
const MAX_OBJECT_BYTES: usize = 1 << 20;
/// Without a limit of the user's, an object may hold this many times what one held
/// straight after its create.
const GROWTH: usize = 4;
/// The default of `max_idle`, in objects.
const MAX_IDLE: usize = 1024;
/// The default of `max_bytes`: 64 MiB.
const MAX_BYTES: usize = 64 << 20;
/// The default of `cache`, in objects.
const CACHE: usize = 64;
/// The most that a cache of the default size keeps: 1 MiB.
const CACHE_BYTES: usize = 1 << 20;
/// The most objects that a cache keeps, whatever the limits say: it is an array, and an
/// array of `usize::MAX` objects cannot be had.
const MOST_CACHED: usize = 1 << 20;

/// What a thread-cached pool may keep, with the defaults filled in.
///
/// # Examples
///
/// ```
/// use poolable::{Pool, PoolLimits, pools};
///
/// let pool: Pool<String> = Pool::builder().name("lines").max_idle(100).build();
/// drop(pool.get());
/// let limits: PoolLimits = pool.limits();
/// assert_eq!((limits.max_idle, limits.max_bytes), (100, 64 << 20));
/// assert!(pools().iter().any(|pool| pool.name == "lines" && pool.limits == limits));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolLimits {
    /// The most objects that each thread keeps, fewer if they are big; 0 where threads keep
    /// none.
    pub cache: u64,
    /// The most objects that the depot keeps; 0 for the pool of a `local` type, which has none.
    pub max_idle: u64,
    /// The most bytes that an object may hold, inline and on the heap, to be kept. Unless the
    /// user gave it, it follows from what the objects held when they were created.
    pub max_object_bytes: u64,
    /// The most bytes that all idle objects may hold together.
    pub max_bytes: u64,
}

/// The limits of a pool, as attributes or a builder give them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    cache: Option<usize>,
    max_idle: Option<usize>,
    max_object_bytes: Option<usize>,
    max_bytes: Option<usize>,
    is_local: bool,
}

impl Limits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cache: None,
            max_idle: None,
            max_object_bytes: None,
            max_bytes: None,
            is_local: false,
        }
    }

    /// How many objects each thread keeps.
    #[must_use]
    pub const fn cache(self, objects: usize) -> Self {
        Self { cache: Some(objects), ..self }
    }

    /// How many objects the depot keeps.
    #[must_use]
    pub const fn max_idle(self, objects: usize) -> Self {
        Self { max_idle: Some(objects), ..self }
    }

    /// What an object that is kept may hold, inline and on the heap.
    #[must_use]
    pub const fn max_object_bytes(self, bytes: usize) -> Self {
        Self { max_object_bytes: Some(bytes), ..self }
    }

    /// What all idle objects together may hold, inline and on the heap.
    #[must_use]
    pub const fn max_bytes(self, bytes: usize) -> Self {
        Self { max_bytes: Some(bytes), ..self }
    }

    /// Each thread keeps its objects to itself: there is no depot.
    pub(crate) const fn local(self) -> Self {
        Self { is_local: true, ..self }
    }
}

impl Limits {
    /// The limits of a pool of objects that hold `object_size` bytes inline.
    pub(crate) const fn settle(self, object_size: usize) -> Settled {
        // Under these two, every return is to be seen by the depot; with the first it keeps
        // nothing.
        let keeps = !cfg!(poolable_passthrough);
        let is_small = self.is_local || object_size <= MOST_CACHED_BYTES;
        let caches = keeps && !cfg!(poolable_chaos) && is_small;
        let capacity = match self.cache {
            _ if !caches => 0,
            Some(objects) if objects < MOST_CACHED => objects,
            Some(_) => MOST_CACHED,
            None => CACHE,
        };
        let max_bytes = match self.max_bytes {
            Some(bytes) => bytes,
            None => MAX_BYTES,
        };
        let budget = match self.cache {
            _ if self.is_local => max_bytes,
            Some(_) => capacity.saturating_mul(MOST_CACHED_BYTES),
            None => CACHE_BYTES,
        };
        let max_idle = match self.max_idle {
            _ if !keeps || self.is_local => 0,
            Some(objects) => objects,
            None => MAX_IDLE,
        };
        Settled {
            capacity,
            budget: if budget < max_bytes { budget } else { max_bytes },
            max_object_bytes: self.max_object_bytes,
            is_local: self.is_local,
            depot: DepotLimits { max_idle, max_bytes, object_size },
        }
    }
}

/// The limits of a pool with the defaults filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    /// Room in each cache, in objects.
    pub(crate) capacity: usize,
    /// What a cache keeps at the most, in bytes.
    budget: usize,
    max_object_bytes: Option<usize>,
    /// Whether each thread keeps its objects to itself: the depot has room for none.
    pub(crate) is_local: bool,
    pub(crate) depot: DepotLimits,
}

impl Settled {
    /// What an object that is kept may hold, when the biggest held `at_birth` straight after
    /// its create.
    pub(crate) fn max_object_bytes(&self, at_birth: usize) -> usize {
        let grown = MAX_OBJECT_BYTES.max(at_birth.saturating_mul(GROWTH));
        self.max_object_bytes.unwrap_or(grown)
    }

    /// The most that an object in a cache may hold, in bytes. Where there is a depot, bigger
    /// ones are there for all.
    #[inline]
    pub(crate) fn most_cached(&self) -> usize {
        if self.is_local { usize::MAX } else { MOST_CACHED_BYTES }
    }

    /// How many objects a cache may keep if they hold `bytes` each, and on the heap a
    /// quarter more at the most; or its even share of the budget, if that is more.
    pub(crate) fn fit(&self, bytes: usize) -> Fit {
        let object_size = self.depot.object_size;
        let most = self.max_object_bytes.unwrap_or(usize::MAX).min(self.most_cached());
        let even = self.budget.checked_div(self.capacity).unwrap_or(0);
        let growth = bytes.saturating_sub(object_size) / 4;
        let share = even.max(bytes.saturating_add(growth)).min(most).min(self.budget);
        match share.checked_sub(object_size) {
            Some(most_retained) => {
                let limit = self.budget.checked_div(share).unwrap_or(usize::MAX);
                Fit { limit: limit.min(self.capacity), most_retained }
            }
            None => Fit::NOTHING,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
