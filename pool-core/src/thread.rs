//! A thread's ways to its caches, and what becomes of them when it ends.
//!
//! The way to the pool of a type is a thread-local pointer *without* a destructor, one for
//! each type, so that a get costs no check of its state. The pools of generic types are
//! found by their type (see `by_type`). For the pools that users make there is a table in
//! each thread, in which a pool has its place (see `registry`). The first of those that hold
//! buffers have a desk of their own beside it, where no key has to be compared. One more
//! thread-local has the destructor for all of them.
//!
//! # Invariants
//!
//! 1. A way leads to the empty cache, or to one that its thread has claimed.
//! 2. A way is typed, and so are the static that it stands in and the pool: no thread
//!    finds objects of another type, whoever wrote the code in between.
//! 3. An entry of the table is looked at by the key of its pool alone, and keys are not
//!    used again. So an entry whose pool has gone is never followed; the next pool in its
//!    place overwrites it.
//! 4. No user code runs between a claim and the installation of the way.
//! 5. A desk is one pool's until no thread has a cache standing there, when that pool has
//!    gone. What stands on it is the thread's cache of that pool; nobody looks there
//!    when the pool has gone, but who removes it.

use core::cell::{Cell, RefCell};
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr;
#[cfg(feature = "buffer")]
use core::sync::atomic::{AtomicU32, Ordering};
use std::thread::LocalKey;

use crate::by_type::{self, Claim, Claims};
use crate::cache::CacheRef;
use crate::raw_pool::{RawPool, caught, forget_panic};
use crate::registry::{self, Key};
use crate::sync::NATIVE;

/// A thread's way to its cache of one pool, whatever the type.
#[derive(Debug)]
pub struct RawLocal(Cell<CacheRef>);

impl RawLocal {
    #[inline(always)]
    pub(crate) fn get(&self) -> CacheRef {
        self.0.get()
    }

    fn set(&self, cache: CacheRef) {
        self.0.set(cache);
    }
}

/// A thread's way to its cache of the pool of `T`: what the derive keeps in a
/// `thread_local!`.
#[derive(Debug)]
pub struct Local<T> {
    raw: RawLocal,
    _type: PhantomData<fn() -> T>,
}

impl<T> Local<T> {
    /// A thread that has not been here yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { raw: RawLocal(Cell::new(CacheRef::EMPTY)), _type: PhantomData }
    }
}

impl<T> Default for Local<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The current thread's [`Local`]. It does not leave the thread.
#[derive(Debug)]
pub struct LocalRef<T> {
    raw: *const RawLocal,
    _type: PhantomData<fn() -> T>,
}

impl<T> Deref for LocalRef<T> {
    type Target = RawLocal;

    #[inline(always)]
    fn deref(&self) -> &RawLocal {
        // SAFETY: `local` made it, on this thread, out of a thread-local without a
        // destructor or of a static; `NATIVE` says that the former is valid until the
        // thread has ended.
        unsafe { &*self.raw }
    }
}

/// How a thread finds its cache of the pool of `T`.
#[derive(Debug)]
pub enum Way<T> {
    /// By the thread-local that the derive made.
    Own(LocalRef<T>),
    /// By the identity of the type: there is no thread-local for each instance of a generic
    /// one.
    ByType,
}

/// The current thread's way to its cache, given the thread-local that the derive made.
#[inline(always)]
pub fn local<T>(key: &'static LocalKey<Local<T>>) -> Way<T> {
    let raw = if NATIVE { key.with(|local| &raw const local.raw) } else { &raw const SHARED.0 };
    Way::Own(LocalRef { raw, _type: PhantomData })
}

/// The way of all threads where there are no caches.
struct Shared(RawLocal);

// SAFETY: nobody writes to it: `claim` does not where this is used, and a destructor sets
// only the ways that `claim` has set.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared(RawLocal(Cell::new(CacheRef::EMPTY)));

/// A thread's caches of the pools that users made: an array, indexed by the place of the
/// pool.
#[derive(Clone, Copy, Debug)]
struct Table {
    entries: *mut Entry,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: Key,
    cache: CacheRef,
}

impl Table {
    const NONE: Self = Self { entries: ptr::null_mut(), len: 0 };

    /// # Safety
    ///
    /// - The table is the one that its thread uses, and the caller lets go of the slice
    ///   before anyone else looks at it.
    unsafe fn entries<'a>(self) -> &'a mut [Entry] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: `grow` made the array of this length; the caller says that it is alive,
        // and that nobody else looks at it.
        unsafe { core::slice::from_raw_parts_mut(self.entries, self.len) }
    }

    /// A table of at least `len` entries, these among them. The old one is freed.
    ///
    /// # Safety
    ///
    /// - The table is the one that its thread uses, and it does so no longer.
    unsafe fn grow(self, len: usize) -> Self {
        let mut entries = Vec::with_capacity(len.next_power_of_two().max(8));
        // SAFETY: the caller's promise is the one asked for.
        entries.extend_from_slice(unsafe { self.entries() });
        entries.resize(entries.capacity(), Entry { key: Key::NONE, cache: CacheRef::EMPTY });
        // SAFETY: as above.
        unsafe { self.free() };
        let entries = Box::leak(entries.into_boxed_slice());
        Self { len: entries.len(), entries: entries.as_mut_ptr() }
    }

    /// # Safety
    ///
    /// - The table is the one that its thread uses, and it does so no longer.
    unsafe fn free(self) {
        // SAFETY: the caller's promise is the one asked for.
        let entries: *mut [Entry] = unsafe { self.entries() };
        if self.len > 0 {
            // SAFETY: `grow` took the array out of a box of this length.
            drop(unsafe { Box::from_raw(entries) });
        }
    }
}

thread_local! {
    static TABLE: Cell<Table> = const { Cell::new(Table::NONE) };
    static CLAIMED: Claimed = const {
        Claimed { typed: RefCell::new(Vec::new()), by_type: RefCell::new(Claims::new()) }
    };
}

/// The current thread's cache of a pool that a user made.
#[inline(always)]
pub(crate) fn find(key: Key) -> CacheRef {
    if !NATIVE {
        return CacheRef::EMPTY;
    }
    let table = TABLE.get();
    if key.place() < table.len {
        // SAFETY: the table is the thread's own, and the place is in bounds.
        let entry = unsafe { table.entries.add(key.place()) };
        // SAFETY: all entries are initialised.
        let entry = unsafe { entry.read() };
        if entry.key == key {
            return entry.cache;
        }
    }
    CacheRef::EMPTY
}

/// Where a thread finds its cache of a pool that a user made, without a look at the key: a
/// number below [`DESKS`].
#[cfg(feature = "buffer")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Desk(u32);

/// How many desks there are, the one that stays empty included.
#[cfg(feature = "buffer")]
const DESKS: u32 = 128;

/// Who uses each desk: [`POOL`] if a pool does, and [`USER`] for each thread that has a cache
/// standing there. One that nobody uses is free.
#[cfg(feature = "buffer")]
static DESK_USERS: [AtomicU32; DESKS as usize] = [const { AtomicU32::new(0) }; DESKS as usize];

#[cfg(feature = "buffer")]
const POOL: u32 = 1;
#[cfg(feature = "buffer")]
const USER: u32 = 2;

#[cfg(feature = "buffer")]
impl Desk {
    /// The desk on which no cache ever stands.
    pub(crate) const NONE: Self = Self(0);

    /// A desk for a pool, which [gives it up](Self::give_up) in the end; none if all are taken.
    pub(crate) fn new() -> Self {
        let is_free = |desk: &Self| {
            // Acquire: pairs with the Release in `leave`. Nothing stands there any more.
            let users = desk.users();
            users.compare_exchange(0, POOL, Ordering::Acquire, Ordering::Relaxed).is_ok()
        };
        (1..DESKS).map(Self).find(is_free).unwrap_or(Self::NONE)
    }

    fn users(self) -> &'static AtomicU32 {
        &DESK_USERS[self.0 as usize]
    }

    fn leave(self, user: u32) {
        // Release: pairs with the Acquire in `new`.
        self.users().fetch_sub(user, Ordering::Release);
    }

    /// Clears the desks of pools that have gone, for those that come.
    fn clear_up() {
        for desk in (1..DESKS).map(Self) {
            // Relaxed: one that is seen too late is seen the next time.
            if desk.users().load(Ordering::Relaxed) & POOL == 0 {
                desk.put(CacheRef::EMPTY);
            }
        }
    }

    /// Puts the current thread's cache there, or the empty one.
    fn put(self, cache: CacheRef) {
        if !NATIVE || self == Self::NONE {
            return;
        }
        let before = ON_DESKS.with(|desks| desks[self.0 as usize].replace(cache));
        // By their addresses: what stood here may have gone with its pool.
        match (before == CacheRef::EMPTY, cache == CacheRef::EMPTY) {
            // Relaxed: whoever has a cache to put here keeps the pool alive, which is a user.
            (true, false) => _ = self.users().fetch_add(USER, Ordering::Relaxed),
            (false, true) => self.leave(USER),
            _ => {}
        }
    }

    /// Lets go of the desk of a pool that is going.
    pub(crate) fn give_up(self) {
        if self != Self::NONE {
            self.put(CacheRef::EMPTY);
            self.leave(POOL);
        }
    }

    /// The current thread's cache of the pool whose desk this is, or the empty one.
    #[inline(always)]
    pub(crate) fn cache(self) -> CacheRef {
        if !NATIVE {
            return CacheRef::EMPTY;
        }
        // SAFETY: `NONE` and `new` make no desk beyond the last.
        ON_DESKS.with(|desks| unsafe { desks.get_unchecked(self.0 as usize) }.get())
    }
}

#[cfg(feature = "buffer")]
thread_local! {
    static ON_DESKS: [Cell<CacheRef>; DESKS as usize] =
        const { [const { Cell::new(CacheRef::EMPTY) }; DESKS as usize] };
}

/// A cache of the pool of a type, and the way to it.
struct Typed {
    cache: CacheRef,
    local: *const RawLocal,
    pool: &'static RawPool,
}

/// The caches that the current thread has claimed. This and the table together.
struct Claimed {
    typed: RefCell<Vec<Typed>>,
    /// Those of generic types.
    by_type: RefCell<Claims>,
}

impl Drop for Claimed {
    /// Hands the caches of a thread that ends to their pools.
    ///
    /// While this runs, a claim finds the list gone, and so code that runs in here or later
    /// on this thread works without a cache.
    fn drop(&mut self) {
        for Typed { cache, local, pool } in self.typed.take() {
            // SAFETY: `claim` set the pointer on this thread, and `NATIVE` says that it is
            // valid until the thread has ended.
            let local = unsafe { &*local };
            // First of all: from here on no get and no return finds the cache.
            local.set(CacheRef::EMPTY);
            // SAFETY: this thread claimed it, and has no way to it any more.
            unsafe { pool.empty_cache_of_ending_thread(cache) };
            // SAFETY: as above.
            unsafe { cache.release() };
        }
        // First of all, as above.
        for Claim { cache, pool } in by_type::forget(self.by_type.take()) {
            // SAFETY: as above.
            unsafe { pool.empty_cache_of_ending_thread(cache) };
            // SAFETY: as above.
            unsafe { cache.release() };
        }
        // First of all, as above.
        #[cfg(feature = "buffer")]
        (1..DESKS).for_each(|desk| Desk(desk).put(CacheRef::EMPTY));
        let table = TABLE.replace(Table::NONE);
        // SAFETY: the thread does not use the table any more.
        for &mut Entry { key, cache } in unsafe { table.entries() } {
            if key == Key::NONE {
                continue;
            }
            // A pool that has gone took its caches along.
            let Some(pool) = registry::pin(key) else { continue };
            // SAFETY: the pool lives, so the cache does; this thread claimed it, and has no
            // way to it any more.
            unsafe { pool.empty_cache_of_ending_thread(cache) };
            // SAFETY: as above.
            unsafe { cache.release() };
            // Perhaps the last to hold it: its objects are freed then.
            forget_panic(caught(|| drop(pool)));
        }
        // SAFETY: as above.
        unsafe { table.free() };
    }
}

/// The current thread's cache of the pool of a type, claimed unless the thread is ending.
pub(crate) fn claim_typed(pool: &'static RawPool, local: &RawLocal) -> CacheRef {
    let is_possible = NATIVE && pool.has_caches() && local.get().is_empty_one();
    if is_possible && CLAIMED.try_with(|_| ()).is_ok() {
        // First, so that a watch finds the cache, or the cache the watch.
        registry::list_static(pool);
        pool.claim(|cache| {
            CLAIMED.with(|claimed| claimed.typed.borrow_mut().push(Typed { cache, local, pool }));
            local.set(cache);
        });
    }
    local.get()
}

/// Claims a cache of the pool of a generic type for the current thread, unless that is
/// ending, and has `install` note it.
pub(crate) fn claim_by_type(pool: &'static RawPool, install: impl FnOnce(&mut Claims, CacheRef)) {
    let is_possible = NATIVE && pool.has_caches();
    if is_possible && CLAIMED.try_with(|_| ()).is_ok() {
        // First, as above.
        registry::list_static(pool);
        pool.claim(|cache| {
            CLAIMED.with(|claimed| install(&mut claimed.by_type.borrow_mut(), cache));
        });
    }
}

/// Looks for one of the claims of the current thread, unless that is ending.
pub(crate) fn claim_of(look: impl FnOnce(&Claims) -> Option<Claim>) -> Option<Claim> {
    CLAIMED.try_with(|claimed| look(&claimed.by_type.borrow())).ok().flatten()
}

/// The current thread's cache of a pool that a user made, claimed unless the thread is
/// ending.
pub(crate) fn claim_made(pool: &RawPool, key: Key) -> CacheRef {
    let is_possible = NATIVE && pool.has_caches() && find(key).is_empty_one();
    // This also has the destructor run when the thread ends.
    if is_possible && CLAIMED.try_with(|_| ()).is_ok() {
        pool.claim(|cache| {
            let mut table = TABLE.get();
            if key.place() >= table.len {
                // SAFETY: the table is this thread's, and replaced below.
                table = unsafe { table.grow(key.place() + 1) };
                TABLE.set(table);
            }
            // SAFETY: nobody else looks at the thread's table meanwhile.
            let entries = unsafe { table.entries() };
            entries[key.place()] = Entry { key, cache };
        });
    }
    find(key)
}

/// The same, for a pool that has a desk.
#[cfg(feature = "buffer")]
pub(crate) fn claim_at_desk(pool: &RawPool, key: Key, desk: Desk) -> CacheRef {
    let cache = claim_made(pool, key);
    // Of a thread that is ending it is the empty one, and so it is here.
    if desk.cache() != cache {
        Desk::clear_up();
        desk.put(cache);
    }
    cache
}

/// Has the current thread do in all its caches what it was summoned for.
pub(crate) fn catch_up() {
    #[cfg(feature = "buffer")]
    Desk::clear_up();
    let typed = CLAIMED.try_with(|claimed| {
        let (typed, by_type) = (claimed.typed.borrow(), claimed.by_type.borrow());
        let typed = typed.iter().map(|typed| (typed.cache, typed.pool));
        typed.chain(by_type.iter().map(|claim| (claim.cache, claim.pool))).collect::<Vec<_>>()
    });
    // The thread is ending, and has no caches any more.
    let Ok(typed) = typed else { return };
    for (cache, pool) in typed {
        // SAFETY: this thread claimed the cache, and it has not ended.
        unsafe { pool.catch_up(cache) };
    }
    // SAFETY: the slice is let go of before any user code runs.
    let made = unsafe { TABLE.get().entries() }.to_vec();
    for Entry { key, cache } in made {
        if key == Key::NONE {
            continue;
        }
        let Some(pool) = registry::pin(key) else { continue };
        // SAFETY: as above, and the pool lives.
        unsafe { pool.catch_up(cache) };
    }
}

/// A way must not leave its thread: this is ambiguous, and so an error, if it is `Send`.
const _: () = {
    trait IsNotSend<T> {
        const HOLDS: bool = true;
    }

    impl<T: ?Sized> IsNotSend<()> for T {}
    impl<T: ?Sized + Send> IsNotSend<u8> for T {}

    assert!(<LocalRef<u8> as IsNotSend<_>>::HOLDS);
};
