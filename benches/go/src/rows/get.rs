//! The smallest object: got, used and returned.

use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};

use poolable::Poolable;

use crate::timing::{Sample, Yield, alone};

/// Owns nothing. Its number is given to it once, for all its users.
#[derive(Poolable)]
#[pool(create = Self::new)]
struct Counter {
    #[pool(skip)]
    id: u64,
    value: u64,
}

impl Counter {
    fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        // Relaxed: it is a number and nothing else.
        Self { id: LAST.fetch_add(1, Ordering::Relaxed) + 1, value: 0 }
    }

    /// Who it is, and what was set.
    #[inline(always)]
    fn seen(&self) -> usize {
        (self.id + self.value) as usize
    }
}

#[inline(never)]
pub(crate) fn unpooled(operations: u64) -> Sample {
    alone(operations, Yield { each: 0, indices: 2 }, |index| {
        // On the heap, as an object that somebody else is given.
        let mut counter = Box::new(Counter { id: index, value: 0 });
        counter.value = index;
        black_box(&*counter).seen()
    })
}

#[inline(never)]
pub(crate) fn pooled(operations: u64) -> Sample {
    // It is the same one every time: its number says so.
    let id = Counter::pooled().id;
    alone(operations, Yield { each: id, indices: 1 }, |index| {
        let mut counter = Counter::pooled();
        counter.value = index;
        black_box(&*counter).seen()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_comes_back_blank_and_keeps_its_number() {
        let mut counter = Counter::pooled();
        counter.value = 7;
        let id = counter.id;
        drop(counter);
        let counter = Counter::pooled();
        assert_eq!((counter.id, counter.value), (id, 0));
        drop(counter);
        assert!(!crate::rows::allocates(pooled));
        assert_eq!(unpooled(500).blocks, 500.0);
    }
}
