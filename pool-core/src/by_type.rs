//! How the pool of a generic type is found: by the identity of the type.
//!
//! Each instance of a generic type has a pool of its own, and there are no generic statics
//! that it could stand in. So the pools stand in a map of the process, under their
//! [`TypeId`]; what a thread has used of them stands in a map of the thread, and in front of
//! that is a table of 64 places, without a destructor, where a type has one place. A hit
//! compares the type with the one that stands there. Of two types that share a place, the
//! one that was looked for last has it; the other is found in the map of the thread.
//!
//! # Invariants
//!
//! 1. Under the identity of `T` stands the pool of `T`, and a cache of that pool which the
//!    thread has claimed, or the empty one.
//! 2. No user code runs while a map is locked or borrowed.
//!
//! # Performance
//!
//! A table larger than the types in use is a matter of luck: with 10 types, one pair shares
//! a place in every second program. See `benches/generic.rs` for what that costs.

use core::any::TypeId;
use core::cell::Cell;
use core::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::collections::HashMap;
use std::thread::LocalKey;

use crate::cache::CacheRef;
use crate::raw_pool::RawPool;
use crate::sync::{Mutex, NATIVE};
use crate::thread;
use crate::type_pool::TypePool;

/// A pool, and the current thread's cache of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    id: TypeId,
    pub(crate) cache: CacheRef,
    pub(crate) pool: &'static RawPool,
}

/// A `TypeId` is a hash already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    #[inline(always)]
    fn write_u64(&mut self, half: u64) {
        self.0 = half;
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    #[inline(always)]
    fn finish(&self) -> u64 {
        self.0
    }
}

type ByIdentity = BuildHasherDefault<Identity>;

/// What the current thread has claimed of generic types.
#[derive(Default)]
pub(crate) struct Map(HashMap<TypeId, Found, ByIdentity>);

impl Map {
    pub(crate) const fn new() -> Self {
        Self(HashMap::with_hasher(ByIdentity::new()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Found> {
        self.0.values()
    }
}

impl IntoIterator for Map {
    type Item = Found;
    type IntoIter = std::collections::hash_map::IntoValues<TypeId, Found>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_values()
    }
}

/// The places of a table.
const PLACES: usize = 64;

type Table = [Cell<Option<Found>>; PLACES];

thread_local! {
    static TABLE: Table = const { [const { Cell::new(None) }; PLACES] };
}

/// All generic types that have been used.
static POOLS: Mutex<HashMap<TypeId, &'static RawPool, ByIdentity>> =
    Mutex::new(HashMap::with_hasher(ByIdentity::new()));

/// The place of a type: a number that the optimiser knows.
#[inline(always)]
fn place(id: TypeId) -> usize {
    ByIdentity::new().hash_one(id) as usize % PLACES
}

/// The current thread's cache of the pool of `T`.
#[inline(always)]
pub(crate) fn find<T: 'static>() -> CacheRef {
    let id = TypeId::of::<T>();
    match at(&TABLE, id).filter(|found| found.id == id) {
        Some(found) => found.cache,
        None => find_more(id),
    }
}

#[inline(always)]
fn at(table: &'static LocalKey<Table>, id: TypeId) -> Option<Found> {
    if NATIVE { table.with(|table| table[place(id)].get()) } else { None }
}

/// Finds a type that another one has displaced, and displaces that.
#[cold]
#[inline(never)]
fn find_more(id: TypeId) -> CacheRef {
    let found = thread::found(|map| map.0.get(&id).copied());
    found.map_or(CacheRef::EMPTY, |found| {
        put(found);
        found.cache
    })
}

fn put(found: Found) {
    TABLE.with(|table| table[place(found.id)].set(Some(found)));
}

/// The current thread's cache of the pool of `T`, which is given, claimed unless the thread
/// is ending.
pub(crate) fn claim<T: 'static>(pool: &'static RawPool) -> CacheRef {
    let id = TypeId::of::<T>();
    if find::<T>().is_empty_one() {
        thread::claim_found(pool, |map, cache| {
            let found = Found { id, cache, pool };
            map.0.insert(id, found);
            put(found);
        });
    }
    find::<T>()
}

/// Has the current thread find no cache any more.
pub(crate) fn forget() {
    TABLE.with(|table| table.iter().for_each(|place| place.set(None)));
}

/// The pool of `T`, made at its first use.
pub(crate) fn pool<T: 'static>(make: impl FnOnce() -> TypePool<T>) -> &'static TypePool<T> {
    let id = TypeId::of::<T>();
    if let Some(found) = at(&TABLE, id).filter(|found| found.id == id) {
        // SAFETY: under the identity of `T` stands the pool of `T` (invariant 1).
        return unsafe { TypePool::from_raw(found.pool) };
    }
    let pool = *POOLS.lock().entry(id).or_insert_with(|| {
        let pool: &'static TypePool<T> = Box::leak(Box::new(make()));
        pool.raw()
    });
    // SAFETY: as above.
    unsafe { TypePool::from_raw(pool) }
}
