//! Pools whose objects are locked in memory (see `mlock`).

use core::ptr::NonNull;
use std::sync::Arc;

use super::{Pool, PoolBuilder};
use crate::cache::CacheRef;
use crate::lifecycle::{self, Home};
use crate::mlock::{Held, Locker, MemoryLock};
use crate::raw_pool::RawPool;
use crate::slot::{Object, Slot};

impl<T, C, R> PoolBuilder<T, C, R> {
    /// Keeps the secrets of the pool's objects in memory: out of swap, and on Linux out of
    /// core dumps.
    ///
    /// What is locked is each object itself, and the heap memory that its reset wipes: what
    /// is in fields with `#[pool(zeroize)]`, over the whole capacity. To find that out, a new
    /// object is reset once before its first user gets it. It is unlocked when the object
    /// leaves the pool; one that is leaked stays locked.
    ///
    /// The system locks pages as a whole, and limits how much a process may lock
    /// (`ulimit -l`; `LimitMEMLOCK` for a service; CAP_IPC_LOCK lifts it). Where it refuses,
    /// the pool goes on with objects that are not locked: see
    /// [`Pool::memory_lock`]. It asks again for each new object, and for one that still has
    /// other memory than before when it has come back and been reset, not at every return.
    ///
    /// It does not cover
    ///
    /// - what an object's user copies elsewhere, and what was on the stack or in registers
    ///   on its way;
    /// - memory that an object gets while it is in use, until it comes back. So let a buffer
    ///   begin with its `capacity`. What it leaves is unlocked when it comes back. (If it
    ///   gets a range again that it had before, after the system took the pages back, that
    ///   goes unnoticed.) [`attach`](Pool::attach) locks the object itself; its buffers
    ///   follow when it comes back;
    /// - fields with `skip`, and the buffers of fields with `zeroize, with = ..`, whose
    ///   function wipes unseen. Their inline part is covered with the object. A
    ///   [`reset`](Self::reset) or a `Reset` written by hand is seen if it calls
    ///   `Wipe::wipe`, on everything, every time;
    /// - memory of an object in another pool that it holds a guard of, if that was not in
    ///   the guard at the last return;
    /// - the pools that types have by `#[derive(Poolable)]`: make a `Pool<T>` of the type;
    /// - child processes: after a `fork` the child's copies are not locked. It had better
    ///   call `exec`;
    /// - suspend to disk, the memory of a virtual machine as its host sees it, and debuggers.
    ///
    /// Locks are not counted by the system. The objects of all pools of a process are counted
    /// together, and when the last one on a page goes the whole page is unlocked, and shown in
    /// core dumps again, whoever else had asked for the one or the other: `mlockall`, an
    /// `mlock` or a `MADV_DONTDUMP` of the program's own. So a program that locks all of its
    /// memory gets less of that from this, and one that locks some had better not do so on
    /// pages of the heap.
    ///
    /// Each range of pages that is locked is a mapping of its own to the system, which limits
    /// their number (`vm.max_map_count`, mostly 65530): tens of thousands of objects on pages
    /// apart from each other leave none for the rest of the program.
    ///
    /// As a new object is reset once, a [`reset`](Self::reset) must not get an object from
    /// the same pool each time: that one may be new too, and so on without an end.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{MemoryLock, Pool, Wipe};
    ///
    /// // A type with `#[pool(zeroize)]` needs neither `create` nor `reset`.
    /// let pool = Pool::builder()
    ///     .create(|| String::with_capacity(256))
    ///     .reset(|password: &mut String| password.wipe())
    ///     .lock_memory()
    ///     .build();
    ///
    /// pool.get().push_str("s3cr3t");
    /// if let MemoryLock::Locked { bytes, .. } = pool.memory_lock() {
    ///     assert!(bytes >= 256 + size_of::<String>());
    /// }
    /// ```
    ///
    /// # Performance
    ///
    /// A get costs what it costs otherwise. A return takes one lock of the process's, and
    /// compares the memory that was wiped with what is locked. If they differ it resets the
    /// object once more, to see what it still has; so it is at every return where the reset
    /// itself frees secrets, as that of a `Vec<String>` does and that of a
    /// `RetainVec<String>` does not. There are two system calls for each range of pages that
    /// is new or gone, and otherwise none. A `RetainVec` is wiped as a whole, and not only
    /// as far as it was used.
    pub fn lock_memory(mut self) -> Self {
        self.locks = true;
        self
    }
}

impl<T> Pool<T> {
    /// Has a pool that has not been used yet lock its objects.
    pub(super) fn locked(mut self) -> Self {
        self.locker = Some(Arc::new(Locker::new()));
        self.recipe.give = give_locked::<T>;
        self
    }

    /// Whether the pool's secrets stay in memory, as
    /// [`lock_memory`](PoolBuilder::lock_memory) asks for, and if not, why.
    ///
    /// Before there is an object nothing has gone wrong yet. To know at the start of a
    /// program, call [`prewarm`](Self::prewarm) first.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{MemoryLock, Pool};
    ///
    /// let pool: Pool<String> = Pool::builder().build();
    /// assert_eq!(pool.memory_lock(), MemoryLock::Off);
    /// let pool: Pool<String> = Pool::builder().lock_memory().build();
    /// assert_ne!(pool.memory_lock(), MemoryLock::Off);
    ///
    /// // A `String` is cleared and not wiped, so that it is not known to keep a secret.
    /// pool.prewarm(1);
    /// assert!(matches!(pool.memory_lock(), MemoryLock::Degraded { .. }));
    /// ```
    #[must_use]
    pub fn memory_lock(&self) -> MemoryLock {
        self.raw().memory_lock()
    }
}

/// A pool that watches its resets. What it does for objects that come and go otherwise is
/// with the pool itself, off the hit path.
struct Locked<'p, T: 'static> {
    pool: &'p Pool<T>,
    locker: &'p Arc<Locker>,
}

impl<T> Clone for Locked<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Locked<'_, T> {}

// SAFETY: the pool is that of `&Pool<T>`, and so is the cache.
unsafe impl<T> Home<T> for Locked<'_, T> {
    fn raw(&self) -> &RawPool {
        Pool::raw(self.pool)
    }

    #[inline]
    fn cache(&self) -> Option<CacheRef> {
        self.pool.cache()
    }

    fn claim(&self) -> CacheRef {
        self.pool.claim()
    }

    fn list(&self) {}

    fn create(&self) -> T {
        self.pool.create()
    }

    #[inline]
    fn validate(&self, value: &T) -> bool {
        self.pool.validate(value)
    }

    #[inline]
    fn renew(&self, value: &mut T) -> usize {
        self.locker.renew(Slot::around(value), || self.pool.renew(value))
    }

    fn measure(&self, value: &mut T) -> usize {
        self.pool.measure(value)
    }

    fn wipe(&self, value: &mut T) {
        self.pool.wipe(value);
    }

    fn admit(&self, slot: NonNull<Slot<T>>, blank: Option<&mut T>) {
        self.pool.admit(slot, blank);
    }

    fn held(&self, slot: NonNull<Slot<T>>) -> Option<Held> {
        self.pool.held(slot)
    }
}

/// # Safety
///
/// - The slot came from this pool, and the caller owns it and gives it up.
unsafe fn give_locked<T>(pool: &Pool<T>, slot: NonNull<Slot<T>>) {
    match &pool.locker {
        // SAFETY: the caller's promise is the one asked for.
        Some(locker) => unsafe { lifecycle::give(Locked { pool, locker }, slot) },
        // SAFETY: as above.
        None => unsafe { lifecycle::give(pool, slot) },
    }
}

/// Frees an idle object, unlocked before: it is blank.
///
/// # Safety
///
/// - The object was made from a slot of this `T`.
pub(super) unsafe fn free_object<T>(object: Object) {
    // SAFETY: the caller knows the type.
    let slot = unsafe { object.into_slot::<T>() };
    drop(Held::take(slot.as_ptr()));
    // SAFETY: the object owned the slot.
    unsafe { Slot::free(slot) };
}
