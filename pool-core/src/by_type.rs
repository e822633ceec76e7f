//! How the pool of a generic type is found: by the identity of the type.
//!
//! Each instance of a generic type has a pool of its own, and there are no generic statics
//! that it could stand in. So the pools stand in a map of the process, under their
//! [`TypeId`], and those that a thread uses in a map of the thread. In front of that is a
//! table of 64 places, without a destructor, for the caches. A type has one place that a get
//! and a return look at; if another type was there first, it stands in one of the next, and
//! is looked for in a call. What finds none of them free is left to the map.
//!
//! To compare types, a get and a return compare the address of a function, [`identity`],
//! that exists once for each type, or more often: one number where a `TypeId` is two. It
//! returns the type's `TypeId`, so functions at the same address are those of the same type.
//! Different addresses tell nothing, and have the types compared as such.
//!
//! # Invariants
//!
//! 1. Under the identity of `T` stands the pool of `T`, and a cache of that pool which the
//!    thread has claimed.
//! 2. A type stays where it stands until its thread ends. Between the place where it is
//!    looked for first and the one where it stands there is no free one.
//! 3. No user code runs while a map is locked or borrowed.
//!
//! # Rejected
//!
//! The `TypeId` itself in the table: a hit took 87 instructions where it takes 65.

use core::any::TypeId;
use core::cell::Cell;
use core::hash::{BuildHasher, BuildHasherDefault, Hasher};
use core::ptr;
use std::collections::HashMap;

use crate::cache::CacheRef;
use crate::raw_pool::RawPool;
use crate::sync::{Mutex, NATIVE};
use crate::thread;
use crate::type_pool::TypePool;

/// A pool, and the current thread's cache of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
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
pub(crate) struct Claims(HashMap<TypeId, Claim, ByIdentity>);

impl Claims {
    pub(crate) const fn new() -> Self {
        Self(HashMap::with_hasher(ByIdentity::new()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.0.values()
    }
}

/// All generic types that have been used.
static POOLS: Mutex<HashMap<TypeId, &'static RawPool, ByIdentity>> =
    Mutex::new(HashMap::with_hasher(ByIdentity::new()));

/// The places of a table.
const PLACES: usize = 64;
/// How many of them a type may stand in.
const REACH: usize = 8;

#[derive(Clone, Copy)]
struct Entry {
    identity: fn() -> TypeId,
    cache: CacheRef,
}

thread_local! {
    static TABLE: [Cell<Option<Entry>>; PLACES] = const { [const { Cell::new(None) }; PLACES] };
}

/// A function of each type's own. Inlined, it would be many.
#[inline(never)]
fn identity<T: 'static>() -> TypeId {
    TypeId::of::<T>()
}

/// The places of a type, as numbers that the optimiser knows. The first one comes first.
#[inline(always)]
fn places(id: TypeId) -> impl Iterator<Item = usize> {
    let first = ByIdentity::new().hash_one(id) as usize;
    (0..REACH).map(move |step| first.wrapping_add(step) % PLACES)
}

#[inline(always)]
fn entry(place: usize) -> Option<Entry> {
    if NATIVE { TABLE.with(|table| table[place].get()) } else { None }
}

/// The current thread's cache of the pool of `T`, if that stands in its first place.
#[inline(always)]
pub(crate) fn find<T: 'static>() -> Option<CacheRef> {
    let entry = places(TypeId::of::<T>()).next().and_then(entry)?;
    ptr::fn_addr_eq(entry.identity, identity::<T> as fn() -> TypeId).then_some(entry.cache)
}

/// The current thread's cache of the pool of `T`, wherever that stands, or the empty one.
pub(crate) fn find_anywhere<T: 'static>() -> CacheRef {
    look(identity::<T>).unwrap_or(CacheRef::EMPTY)
}

fn look(identity: fn() -> TypeId) -> Option<CacheRef> {
    let id = identity();
    let here = || places(id).map_while(entry);
    // Nearly always the address tells, and no entry has to be asked.
    let by_address = here().find(|entry| ptr::fn_addr_eq(entry.identity, identity));
    if let Some(entry) = by_address.or_else(|| here().find(|entry| (entry.identity)() == id)) {
        return Some(entry.cache);
    }
    thread::claim_of(|claims| claims.0.get(&id).copied()).map(|claim| claim.cache)
}

/// The current thread's cache of the pool of `T`, claimed unless the thread is ending.
pub(crate) fn claim<T: 'static>(pool: impl FnOnce() -> &'static RawPool) -> CacheRef {
    let id = TypeId::of::<T>();
    if let Some(cache) = look(identity::<T>) {
        return cache;
    }
    let pool = pool();
    thread::claim_by_type(pool, |claims, cache| {
        claims.0.insert(id, Claim { cache, pool });
        if let Some(free) = places(id).find(|&place| entry(place).is_none()) {
            let entry = Entry { identity: identity::<T>, cache };
            TABLE.with(|table| table[free].set(Some(entry)));
        }
    });
    find_anywhere::<T>()
}

/// Has the current thread find no cache any more, and returns what it had.
pub(crate) fn forget(claims: Claims) -> impl Iterator<Item = Claim> {
    if NATIVE {
        TABLE.with(|table| table.iter().for_each(|place| place.set(None)));
    }
    claims.0.into_values()
}

/// The pool of `T`, made at its first use.
pub(crate) fn pool<T: 'static>(make: impl FnOnce() -> TypePool<T>) -> &'static TypePool<T> {
    let id = TypeId::of::<T>();
    let known = thread::claim_of(|claims| claims.0.get(&id).copied());
    let pool = known.map_or_else(|| shared_pool(id, make), |claim| claim.pool);
    // SAFETY: under the identity of `T` stands the pool of `T` (invariant 1).
    unsafe { TypePool::from_raw(pool) }
}

fn shared_pool<T: 'static>(id: TypeId, make: impl FnOnce() -> TypePool<T>) -> &'static RawPool {
    let mut pools = POOLS.lock();
    pools.entry(id).or_insert_with(|| {
        let pool: &'static TypePool<T> = Box::leak(Box::new(make()));
        pool.raw()
    })
}
