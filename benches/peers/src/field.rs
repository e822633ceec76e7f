//! Who takes part in a case, in the order of the tables.

use crate::cases::Workload;
use crate::cases::a_to_b;
use crate::contender::{Contender, Crossing, Who};
use crate::contenders::array_queue::Queue;
use crate::contenders::by_hand::ByHand;
use crate::contenders::floor::Floor;
use crate::contenders::glibc::Glibc;
use crate::contenders::lockfree_object_pool::LockfreeObjectPool;
use crate::contenders::mimalloc::Mimalloc;
use crate::contenders::mutex_vec::MutexVec;
use crate::contenders::object_pool::ObjectPool;
use crate::contenders::opool::Opool;
use crate::contenders::poolable_made::PoolableMade;
use crate::contenders::poolable_static::PoolableStatic;
use crate::contenders::poolshark_global::PoolsharkGlobal;
use crate::contenders::poolshark_local::PoolsharkLocal;
use crate::contenders::regex_automata::RegexAutomata;
use crate::contenders::sharded_slab::ShardedSlab;
use crate::object::AnyObject;
use crate::timing::Entry;

/// Everyone, where every object is returned on the thread that got it.
pub(crate) fn all<W: Workload, T: AnyObject>() -> Vec<Entry> {
    vec![
        entry::<W, Floor<T>>(),
        entry::<W, PoolableStatic<T>>(),
        entry::<W, PoolableMade<T>>(),
        entry::<W, ByHand<T>>(),
        entry::<W, RegexAutomata<T>>(),
        entry::<W, PoolsharkLocal<T>>(),
        entry::<W, PoolsharkGlobal<T>>(),
        entry::<W, ObjectPool<T>>(),
        entry::<W, LockfreeObjectPool<T>>(),
        entry::<W, Opool<T>>(),
        entry::<W, ShardedSlab<T>>(),
        entry::<W, Queue<T>>(),
        entry::<W, MutexVec<T>>(),
        entry::<W, Glibc<T>>(),
        entry::<W, Mimalloc<T>>(),
    ]
}

/// Everyone, where one thread gets and another returns.
pub(crate) fn crossing<T: AnyObject>() -> Vec<Entry>
where
    poolable::Pooled<T>: Send,
{
    vec![
        Entry { who: Who::Floor, run: Ok(a_to_b::channel_alone::<T>) },
        crossing_entry::<PoolableStatic<T>>(),
        crossing_entry::<PoolableMade<T>>(),
        Entry {
            who: Who::ByHand,
            run: Err("objects pile up on the thread that returns them, without a limit"),
        },
        crossing_entry::<RegexAutomata<T>>(),
        Entry {
            who: Who::PoolsharkLocal,
            run: Err("objects stay with the thread that returns them; its documentation \
                      points to `GPooled` for this"),
        },
        crossing_entry::<PoolsharkGlobal<T>>(),
        crossing_entry::<ObjectPool<T>>(),
        crossing_entry::<LockfreeObjectPool<T>>(),
        crossing_entry::<Opool<T>>(),
        crossing_entry::<ShardedSlab<T>>(),
        crossing_entry::<Queue<T>>(),
        crossing_entry::<MutexVec<T>>(),
        crossing_entry::<Glibc<T>>(),
        crossing_entry::<Mimalloc<T>>(),
    ]
}

fn entry<W: Workload, C: Contender>() -> Entry {
    Entry { who: C::WHO, run: Ok(W::run::<C>) }
}

fn crossing_entry<C: Crossing>() -> Entry {
    Entry { who: C::WHO, run: Ok(a_to_b::run::<C>) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Buffer1K, Buffer4K, Object, Request};
    use crate::timing::Sample;

    /// Not timed, but looked at: what a contender hands out.
    struct Looked;

    impl Workload for Looked {
        fn run<C: Contender>(objects: u64) -> Sample {
            let contender = C::new(16);
            let mut local = contender.local();
            for _ in 0..objects {
                let mut items: Vec<_> = (0..8).map(|_| C::get(&mut local)).collect();
                for item in &mut items {
                    assert!(item.is_blank(), "{} hands out what was used", C::WHO.name());
                    item.fill();
                    assert!(!item.is_blank());
                }
                for item in items {
                    C::put(&mut local, item);
                }
            }
            Sample { nanoseconds: 1.0, objects, allocations: 0 }
        }
    }

    fn look(entries: &[Entry]) {
        for entry in entries {
            let run = entry.run.expect("everyone takes part on one thread");
            assert_eq!(run(3).objects, 3);
        }
    }

    #[test]
    fn every_contender_hands_out_blank_objects_with_their_capacity() {
        look(&all::<Looked, Buffer4K>());
        look(&all::<Looked, Request>());
    }

    #[test]
    fn every_contender_that_can_takes_objects_from_a_to_b() {
        let entries = crossing::<Buffer4K>();
        let samples: Vec<_> =
            entries.iter().filter_map(|entry| Some(entry.run.ok()?(500))).collect();
        assert_eq!(samples.len(), entries.len() - 2);
        for sample in samples {
            assert_eq!(sample.objects, 500);
        }
    }

    #[test]
    fn allocators_allocate_for_every_object_and_poolable_for_none() {
        use crate::cases::hit::Hit;
        // A type that no other test uses: they would empty its static pool.
        for entry in all::<Hit, Buffer1K>() {
            let sample = entry.run.expect("everyone takes part on one thread")(1000);
            match entry.who {
                Who::Glibc | Who::Mimalloc => assert_eq!(sample.allocations, 1000),
                Who::PoolableStatic | Who::PoolableMade => assert_eq!(sample.allocations, 0),
                _ => assert!(sample.allocations < 10, "{}", entry.who.name()),
            }
        }
    }
}
