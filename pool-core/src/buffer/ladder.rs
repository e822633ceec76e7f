//! Which class is whose: the sizes of a pool of buffers, in order.
//!
//! # Invariants
//!
//! 1. The classes rise in size, there is one at least, and there are at most [`MOST`].
//! 2. Under the length of `n` stands the first class that may cover it: no smaller one
//!    does.

use std::sync::Arc;

use super::calibrate::Tuner;
use super::class::Class;
use crate::cache::CacheRef;
use crate::discarded::Reason;
use crate::thread::Desk;

/// The most classes that a pool has: 64.
pub(super) const MOST: usize = 64;

/// The lengths that a number may have in bits, 0 counted as 1.
const LENGTHS: usize = usize::BITS as usize;

/// How long `n - 1` is in bits, less one: all numbers above a power of two and up to the
/// next one are as long. That of 0 wraps, to a length that no size has.
#[inline(always)]
const fn length(n: usize) -> usize {
    (n.wrapping_sub(1) | 1).ilog2() as usize
}

/// The place of the first class that may cover a number of this length.
fn first_place(classes: &[Arc<Class>], bits: usize) -> usize {
    let least = if bits == 0 { 0 } else { (1 << bits) + 1 };
    classes.partition_point(|class| class.size() < least)
}

/// What a get finds at the first look: for each length, the first class that may do.
#[derive(Debug)]
pub(super) struct Rungs([Rung; LENGTHS]);

#[derive(Clone, Copy, Debug)]
struct Rung {
    size: usize,
    desk: Desk,
    short_way: Desk,
}

impl Rung {
    const NONE: Self = Self { size: 0, desk: Desk::NONE, short_way: Desk::NONE };
}

impl Rungs {
    /// Those of a pool that has not been built.
    pub(super) const NONE: &Self = &Self([Rung::NONE; LENGTHS]);

    fn new(classes: &[Arc<Class>]) -> Self {
        let rung = |bits: usize| {
            classes.get(first_place(classes, bits)).map_or(Rung::NONE, |class| Rung {
                size: class.size(),
                desk: class.desk(),
                short_way: class.short_way(),
            })
        };
        Self(core::array::from_fn(rung))
    }

    /// The thread's cache of the smallest class that covers `capacity`, or the empty one if
    /// it takes more to find it; and the short way home from that class.
    #[inline(always)]
    pub(super) fn cache_for(&self, capacity: usize) -> (CacheRef, Desk) {
        let rung = &self.0[length(capacity)];
        let cache = if rung.size >= capacity { rung.desk.cache() } else { CacheRef::EMPTY };
        (cache, rung.short_way)
    }
}

/// The classes of a pool.
#[derive(Debug)]
pub(super) struct Ladder {
    rungs: Rungs,
    /// By length, the place of the first class that may cover such a number.
    places: [u8; LENGTHS],
    classes: Box<[Arc<Class>]>,
    /// What buffers belong to that are larger than any class.
    outside: Arc<Class>,
    tuner: Option<Arc<Tuner>>,
}

impl Ladder {
    /// A ladder of classes that rise in size.
    pub(super) fn new(
        classes: Box<[Arc<Class>]>,
        outside: Arc<Class>,
        tuner: Option<Arc<Tuner>>,
    ) -> Self {
        debug_assert!(classes.len() <= MOST && classes.is_sorted_by_key(|class| class.size()));
        // At most 64.
        let places = core::array::from_fn(|bits| first_place(&classes, bits) as u8);
        Self { rungs: Rungs::new(&classes), places, classes, outside, tuner }
    }

    pub(super) fn rungs(&self) -> &Rungs {
        &self.rungs
    }

    pub(super) fn classes(&self) -> &[Arc<Class>] {
        &self.classes
    }

    pub(super) fn tuner(&self) -> Option<&Arc<Tuner>> {
        self.tuner.as_ref()
    }

    /// Frees the idle buffers of classes that the last window found not worth growing into.
    #[cold]
    pub(super) fn clear_unwanted(&self) {
        self.classes.iter().filter(|class| !class.is_wanted()).for_each(|class| class.clear());
    }

    pub(super) fn outside(&self) -> &Arc<Class> {
        &self.outside
    }

    /// The smallest class that covers `capacity`, as its place.
    pub(super) fn place_for(&self, capacity: usize) -> usize {
        // The length of 0 is another one.
        let first = usize::from(self.places[length(capacity.max(1))]);
        let too_small = |class: &&Arc<Class>| class.size() < capacity;
        first + self.classes[first..].iter().take_while(too_small).count()
    }

    /// The smallest class that covers `capacity`.
    pub(super) fn class_for(&self, capacity: usize) -> Option<&Arc<Class>> {
        self.classes.get(self.place_for(capacity))
    }

    /// The class that a buffer of this capacity comes home to: the largest that it covers.
    pub(super) fn home_of(&self, capacity: usize) -> Result<&Arc<Class>, Reason> {
        let covered = self.classes.partition_point(|class| class.size() <= capacity);
        let class = covered.checked_sub(1).map(|place| &self.classes[place]);
        let class = class.ok_or(Reason::Invalid)?;
        if class.holds(capacity) { Ok(class) } else { Err(Reason::Oversize) }
    }
}
