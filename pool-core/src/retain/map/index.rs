//! The place of an entry, found by its hash.
//!
//! # Invariants
//!
//! 1. There are no slots, or a power of two of them; at most half are taken, so that each
//!    probe comes to a free one.
//! 2. A place stands in one slot, and no slot is free between it and the home of its hash.
//!    Only `clear` breaks that, and leaves all of them free.
//! 3. No user code runs here, but for the comparison in `find`, which changes nothing.
//!
//! # Rejected
//!
//! A std `HashMap` from hash to place: it hashes the hash once more, has no way to ask for
//! one of several equal hashes, and forgets nothing without a walk over its control bytes.

/// Where the entries are, by hash. The map gives each a place, counted from zero.
#[derive(Clone)]
pub(super) struct Index {
    slots: Vec<Slot>,
}

/// Eight bytes, so that a probe looks at eight slots in a cache line.
#[derive(Clone, Copy)]
struct Slot {
    /// A part of the hash, which tells most keys apart without a look at the entry.
    tag: u32,
    /// One more than the place, or zero.
    place: u32,
}

impl Slot {
    const FREE: Self = Self { tag: 0, place: 0 };

    fn new(hash: u64, place: usize) -> Self {
        // `reslot` has made sure that it fits.
        Self { tag: tag(hash), place: place as u32 + 1 }
    }

    fn place(self) -> Option<usize> {
        self.place.checked_sub(1).map(|place| place as usize)
    }
}

fn tag(hash: u64) -> u32 {
    (hash ^ (hash >> 32)) as u32
}

impl Index {
    /// The fewest slots there are, if any.
    const FEWEST: usize = 8;

    /// Returns an index without an allocation.
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// For how many entries there is room.
    pub(super) fn capacity(&self) -> usize {
        self.slots.len() / 2
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// Makes room for `capacity` entries; `hashes` are those of the entries there are, in
    /// the order of their places.
    #[inline]
    pub(super) fn grow_to(&mut self, capacity: usize, hashes: impl Iterator<Item = u64>) {
        #[cold]
        #[inline(never)]
        fn grow(index: &mut Index, capacity: usize, hashes: impl Iterator<Item = u64>) {
            index.reslot(capacity, hashes);
        }

        if self.capacity() < capacity {
            grow(self, capacity, hashes);
        }
    }

    /// Lowers the room towards that for `capacity` entries, which is no less than there
    /// are.
    pub(super) fn shrink_to(&mut self, capacity: usize, hashes: impl Iterator<Item = u64>) {
        if Self::slots_for(capacity) < self.slots.len() {
            self.reslot(capacity, hashes);
        }
    }

    fn slots_for(capacity: usize) -> usize {
        match capacity {
            0 => 0,
            _ => capacity.saturating_mul(2).max(Self::FEWEST).next_power_of_two(),
        }
    }

    fn reslot(&mut self, capacity: usize, hashes: impl Iterator<Item = u64>) {
        assert!(
            u32::try_from(capacity).is_ok_and(|capacity| capacity < u32::MAX),
            "`RetainMap`: it holds fewer than 2^32 - 1 entries; split them over several maps"
        );
        self.slots = vec![Slot::FREE; Self::slots_for(capacity)];
        self.fill(hashes);
    }

    /// Links all entries; none is linked yet, and there is room for them.
    pub(super) fn fill(&mut self, hashes: impl Iterator<Item = u64>) {
        for (place, hash) in hashes.enumerate() {
            self.link(hash, place);
        }
    }

    /// The slot where a probe begins. The product's high bits depend on all bits of the
    /// hash, so that hashers which leave some of them alone do no harm.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        let bits = self.slots.len().trailing_zeros();
        (hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - bits)) as usize
    }

    #[inline]
    fn after(&self, slot: usize) -> usize {
        (slot + 1) & (self.slots.len() - 1)
    }

    /// How far a probe that begins at `home` has come at `slot`.
    fn distance(&self, home: usize, slot: usize) -> usize {
        slot.wrapping_sub(home) & (self.slots.len() - 1)
    }

    /// Returns the place of the entry with that hash for which `is_it` says yes.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(usize) -> bool) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let mut at = self.home(hash);
        loop {
            let slot = self.slots[at];
            let place = slot.place()?;
            if slot.tag == tag(hash) && is_it(place) {
                return Some(place);
            }
            at = self.after(at);
        }
    }

    /// Adds an entry, for which there is room.
    #[inline]
    pub(super) fn link(&mut self, hash: u64, place: usize) {
        let mut at = self.home(hash);
        while self.slots[at].place != 0 {
            at = self.after(at);
        }
        self.slots[at] = Slot::new(hash, place);
    }

    /// The slot of an entry that is there.
    fn slot_of(&self, hash: u64, place: usize) -> usize {
        let mut at = self.home(hash);
        while self.slots[at].place() != Some(place) {
            at = self.after(at);
        }
        at
    }

    /// Says that an entry has moved.
    pub(super) fn relink(&mut self, hash: u64, from: usize, to: usize) {
        let at = self.slot_of(hash, from);
        self.slots[at] = Slot::new(hash, to);
    }

    /// Removes an entry; `hash_at` tells the hashes of the others.
    pub(super) fn unlink(&mut self, hash: u64, place: usize, hash_at: impl Fn(usize) -> u64) {
        let mut hole = self.slot_of(hash, place);
        let mut at = self.after(hole);
        while let Some(place) = self.slots[at].place() {
            // An entry moves down if its probe passes the hole (invariant 2).
            let home = self.home(hash_at(place));
            if self.distance(home, at) >= self.distance(hole, at) {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
            at = self.after(at);
        }
        self.slots[hole] = Slot::FREE;
    }

    /// Removes all entries, whose hashes are given in the order of their places.
    #[inline]
    pub(super) fn clear(&mut self, hashes: impl ExactSizeIterator<Item = u64>) {
        if hashes.len() < self.slots.len() / 8 {
            // Few entries in a table that has seen many.
            for (place, hash) in hashes.enumerate() {
                let at = self.slot_of(hash, place);
                self.slots[at] = Slot::FREE;
            }
        } else {
            self.slots.fill(Slot::FREE);
        }
    }

    /// How many entries are linked.
    #[cfg(test)]
    pub(super) fn links(&self) -> usize {
        self.slots.iter().filter(|slot| slot.place != 0).count()
    }

    /// Removes all entries and overwrites what was remembered of them.
    #[cfg(feature = "zeroize")]
    pub(super) fn wipe(&mut self) {
        self.slots.fill(Slot::FREE);
        zeroize::optimization_barrier(&self.slots[..]);
        #[cfg(feature = "mlock")]
        crate::mlock::note(&self.slots[..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index together with what it indexes.
    struct Model {
        index: Index,
        hashes: Vec<u64>,
    }

    impl Model {
        fn new() -> Self {
            Self { index: Index::new(), hashes: Vec::new() }
        }

        fn add(&mut self, hash: u64) {
            self.index.grow_to(self.hashes.len() + 1, self.hashes.iter().copied());
            self.index.link(hash, self.hashes.len());
            self.hashes.push(hash);
        }

        fn remove(&mut self, place: usize) {
            let last = self.hashes.len() - 1;
            self.index.unlink(self.hashes[place], place, |place| self.hashes[place]);
            if place != last {
                self.index.relink(self.hashes[last], last, place);
            }
            self.hashes.swap_remove(place);
        }

        fn clear(&mut self) {
            self.index.clear(self.hashes.iter().copied());
            self.hashes.clear();
        }

        fn is_consistent(&self) {
            assert_eq!(self.index.links(), self.hashes.len());
            assert!(self.hashes.len() <= self.index.capacity());
            for (place, hash) in self.hashes.iter().enumerate() {
                assert_eq!(self.index.find(*hash, |found| found == place), Some(place));
            }
        }
    }

    #[test]
    fn entries_are_found_whatever_the_hashes() {
        for hash in
            [|n| n, |n| n << 32, |n| n << 56, |n| n.wrapping_mul(0x5851_F42D_4C95_7F2D), |_| 7]
                as [fn(u64) -> u64; 5]
        {
            let mut model = Model::new();
            for n in 0..100 {
                model.add(hash(n));
                model.is_consistent();
            }
            for n in 0..90 {
                model.remove((n * 7) % model.hashes.len());
                model.is_consistent();
            }
            model.index.shrink_to(10, model.hashes.iter().copied());
            assert_eq!(model.index.slots.len(), 32);
            model.is_consistent();
            model.clear();
            model.is_consistent();
        }
    }

    #[test]
    fn few_entries_in_a_large_table_are_removed_one_by_one() {
        let mut model = Model::new();
        (0..100).for_each(|n| model.add(n));
        model.clear();
        for n in 0..20 {
            // All in one chain, so that the holes lie on the way to the next.
            model.add(7 + (n << 32 | n));
        }
        model.clear();
        model.is_consistent();
        model.add(7);
        model.is_consistent();
    }

    #[test]
    fn no_entries_need_no_slots() {
        let mut index = Index::new();
        index.clear(core::iter::empty());
        assert_eq!(index.find(7, |_| true), None);
        assert_eq!((index.capacity(), index.bytes()), (0, 0));
        index.grow_to(1, core::iter::empty());
        assert_eq!(index.capacity(), 4);
        index.shrink_to(0, core::iter::empty());
        assert_eq!((index.capacity(), index.bytes()), (0, 0));
    }

    #[test]
    fn more_entries_than_a_slot_can_name_are_refused() {
        let grow = || Index::new().grow_to(u32::MAX as usize, core::iter::empty());
        assert!(std::panic::catch_unwind(grow).is_err());
    }
}
