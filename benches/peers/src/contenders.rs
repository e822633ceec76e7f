//! Everyone in the field, each used as its documentation shows.

pub(crate) mod array_queue;
pub(crate) mod by_hand;
pub(crate) mod floor;
pub(crate) mod glibc;
pub(crate) mod lockfree_object_pool;
pub(crate) mod mimalloc;
pub(crate) mod mutex_vec;
pub(crate) mod object_pool;
pub(crate) mod opool;
pub(crate) mod poolable_made;
pub(crate) mod poolable_static;
pub(crate) mod poolshark_global;
pub(crate) mod poolshark_local;
pub(crate) mod regex_automata;
pub(crate) mod sharded_slab;
