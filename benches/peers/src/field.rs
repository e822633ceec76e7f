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
#[cfg(feature = "made")]
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
        #[cfg(feature = "made")]
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
pub(crate) fn crossing<T: AnyObject>() -> Vec<Entry> {
    vec![
        Entry { who: Who::Floor, run: Ok(a_to_b::channel_alone::<T>) },
        crossing_entry::<PoolableStatic<T>>(),
        #[cfg(feature = "made")]
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
