//! Which class is whose: the sizes of a pool of buffers, in order.
//!
//! # Invariants
//!
//! 1. The classes rise in size, there is one at least, and there are at most [`MOST`].
//! 2. Under the length in bits of `n - 1` stands the first class that may cover `n`: no
//!    smaller one does.

use std::sync::Arc;

use super::calibrate::Tuner;
use super::class::Class;
use crate::stats::Reason;

/// The most classes that a pool has: 64.
pub(super) const MOST: usize = 64;

/// The lengths that a number may have in bits.
const LENGTHS: usize = usize::BITS as usize + 1;

/// How long `n - 1` is, in bits: all numbers above a power of two and up to the next one
/// are as long.
#[inline(always)]
const fn length(n: usize) -> usize {
    (usize::BITS - n.saturating_sub(1).leading_zeros()) as usize
}

/// The classes of a pool.
#[derive(Debug)]
pub(super) struct Ladder {
    /// By length, the first class to look at.
    first: [u8; LENGTHS],
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
        let mut first = [0; LENGTHS];
        for (bits, first) in first.iter_mut().enumerate() {
            // The least number of this length.
            let least = bits.checked_sub(1).map_or(0, |bits| (1 << bits) + 1);
            // At most 64.
            *first = classes.partition_point(|class| class.size() < least) as u8;
        }
        Self { first, classes, outside, tuner }
    }

    pub(super) fn classes(&self) -> &[Arc<Class>] {
        &self.classes
    }

    pub(super) fn tuner(&self) -> Option<&Arc<Tuner>> {
        self.tuner.as_ref()
    }

    /// Frees the idle buffers of classes that the last window found not worth keeping.
    #[cold]
    pub(super) fn clear_unwanted(&self) {
        self.classes.iter().filter(|class| !class.is_wanted()).for_each(|class| class.clear());
    }

    pub(super) fn outside(&self) -> &Arc<Class> {
        &self.outside
    }

    /// The smallest class that covers `capacity`, as its place.
    #[inline(always)]
    pub(super) fn place_for(&self, capacity: usize) -> usize {
        let mut place = usize::from(self.first[length(capacity)]);
        while self.classes.get(place).is_some_and(|class| class.size() < capacity) {
            place += 1;
        }
        place
    }

    /// The smallest class that covers `capacity`.
    #[inline(always)]
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
