//! A large object: filled a little, emptied and returned.

use core::fmt::Write;
use core::hint::black_box;
use std::collections::HashMap;

use poolable::{Poolable, RetainMap, RetainVec};
use poolable_go::allocations;

use crate::timing::{Sample, Yield, alone};

/// Without a pool.
struct Large {
    id: u64,
    data: Vec<u8>,
    strings: Vec<String>,
    by_key: HashMap<String, u64>,
}

impl Large {
    fn new() -> Self {
        Self {
            id: 0,
            data: Vec::with_capacity(4096),
            strings: Vec::with_capacity(100),
            by_key: HashMap::with_capacity(100),
        }
    }

    fn fill(&mut self, index: u64) {
        self.id = index;
        self.data.push(index as u8);
        self.strings.push(format!("item-{index}"));
        self.by_key.insert(format!("key-{}", index % 100), index);
    }
}

/// The same with its texts kept.
#[derive(Poolable)]
struct Kept {
    id: u64,
    #[pool(capacity = 4096)]
    data: Vec<u8>,
    #[pool(capacity = 100)]
    strings: RetainVec<String>,
    #[pool(capacity = 100)]
    by_key: RetainMap<String, u64>,
    /// What a key is written into, to be looked up.
    key: String,
}

impl Kept {
    fn fill(&mut self, index: u64) {
        self.id = index;
        self.data.push(index as u8);
        let _ = write!(self.strings.push_blank(), "item-{index}"); // never fails
        let _ = write!(self.key, "key-{}", index % 100);
        *self.by_key.insert_blank(self.key.as_str()) = index;
    }
}

/// Its index, and one thing in each of three.
const FILLED: Yield = Yield { each: 3, indices: 1 };

#[inline(always)]
fn unpooled_once(index: u64) -> usize {
    let mut large = Large::new();
    large.fill(index);
    let large = black_box(&large);
    large.id as usize + large.data.len() + large.strings.len() + large.by_key.len()
}

#[inline(always)]
fn pooled_once(index: u64) -> usize {
    let mut large = Kept::pooled();
    large.fill(index);
    let large = black_box(&*large);
    large.id as usize + large.data.len() + large.strings.len() + large.by_key.len()
}

#[inline(never)]
pub(crate) fn unpooled(operations: u64) -> Sample {
    alone(operations, FILLED, unpooled_once)
}

#[inline(never)]
pub(crate) fn pooled(operations: u64) -> Sample {
    alone(operations, FILLED, pooled_once)
}

/// What is live at the most, and when it is over, in bytes. Pools are empty before, and are left
/// as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Memory {
    pub(crate) peak: f64,
    pub(crate) left: f64,
}

pub(crate) fn memory_unpooled(operations: u64) -> Memory {
    memory(operations, unpooled_once)
}

pub(crate) fn memory_pooled(operations: u64) -> Memory {
    Kept::pool().clear();
    memory(operations, pooled_once)
}

fn memory(operations: u64, once: fn(u64) -> usize) -> Memory {
    let before = allocations::counts().live;
    allocations::watch_peak();
    let mut seen = 0;
    for index in 0..operations {
        seen += once(index);
    }
    let after = allocations::counts();
    assert_eq!(seen as u64, FILLED.of(0..operations));
    Memory { peak: (after.peak - before) as f64, left: (after.live - before) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::allocates;

    #[test]
    fn both_are_filled_alike_and_the_pooled_one_is_blank_after() {
        for index in [7, 12345] {
            let (item, key) = (format!("item-{index}"), format!("key-{}", index % 100));
            let mut large = Large::new();
            large.fill(index);
            let mut kept = Kept::pooled();
            assert_eq!((kept.id, kept.data.len(), kept.strings.len()), (0, 0, 0));
            assert!(kept.by_key.is_empty() && kept.key.is_empty());
            kept.fill(index);
            assert_eq!((large.id, kept.id), (index, index));
            assert_eq!((&large.data[..], &kept.data[..]), (&[index as u8][..], &[index as u8][..]));
            assert_eq!((&large.strings[..], &kept.strings[..]), (&[item.clone()][..], &[item][..]));
            assert_eq!((large.by_key[&key], kept.by_key[&key]), (index, index));
            assert_eq!((large.data.capacity(), kept.data.capacity()), (4096, 4096));
        }
    }

    #[test]
    fn only_the_unpooled_one_allocates_and_nothing_is_left_of_it() {
        assert!(!allocates(pooled));
        let sample = unpooled(500);
        assert!(sample.blocks >= 5.0 * 500.0 && sample.blocks == sample.frees);
        assert_eq!(memory_unpooled(500).left, 0.0);
        let memory = memory_pooled(500);
        assert!(memory.left > 4096.0 && memory.peak >= memory.left, "{memory:?}");
        assert_eq!(memory_pooled(500), memory);
    }
}
