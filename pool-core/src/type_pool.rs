//! The pool that a type has by its derive.

use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::borrow::Cow;

use crate::depot::Visitors;
use crate::guard::Pooled;
use crate::lifecycle::{self, Home, OfType};
use crate::limits::{Limits, PoolLimits};
use crate::poolable::Poolable;
use crate::raw_pool::RawPool;
use crate::slot::free_object;
use crate::stats::Stats;

/// The pool of a type that derives [`Poolable`], reached through
/// [`Poolable::pool`].
///
/// Each thread keeps some idle objects in a cache of its own, where a get and a return
/// find them without a lock. Behind the caches stands the depot, which all threads share:
/// a full cache hands half of itself over in one go, and an empty one takes as many back.
///
/// It lives in a static and is never dropped: idle objects are not dropped when the
/// process exits.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
///
/// #[derive(Poolable)]
/// struct Line(Vec<u8>);
///
/// let pool = Line::pool();
/// pool.prewarm(2);
/// let (first, second) = (Line::pooled(), Line::pooled());
/// assert_eq!(pool.stats().misses, 0);
/// ```
#[repr(transparent)]
pub struct TypePool<T> {
    raw: RawPool,
    /// Objects come and go as values of `T`, on any thread.
    _objects: PhantomData<*mut T>,
}

// SAFETY: through a shared pool threads hand each other objects, which `T: Send` allows;
// they never look at one and the same object. The rest of the pool is `Sync` by itself.
unsafe impl<T: Send> Sync for TypePool<T> {}

// SAFETY: a pool owns its idle objects and nothing of the thread it was made on.
unsafe impl<T: Send> Send for TypePool<T> {}

impl<T> TypePool<T> {
    /// An empty pool. Objects are cached by threads through what [`Poolable::pool`]
    /// returns, and so there is no other use for one.
    pub(crate) const fn new(name: &'static str, limits: Limits) -> Self
    where
        T: Send,
    {
        // SAFETY: `T` is `Send`.
        unsafe { Self::new_unchecked(name, limits) }
    }

    /// An empty pool whose objects stay with the thread that made them.
    pub(crate) const fn local(name: &'static str, limits: Limits) -> Self {
        // SAFETY: the limits are local.
        unsafe { Self::new_unchecked(name, limits.local()) }
    }

    /// # Safety
    ///
    /// - `T` is `Send`, or the limits are local.
    const unsafe fn new_unchecked(name: &'static str, limits: Limits) -> Self {
        // SAFETY: the objects of a `TypePool<T>` are made by `create` and by guards of
        // `T`, and so are of this type; the rest is the caller's promise.
        let raw = unsafe {
            let name = Cow::Borrowed(name);
            RawPool::new(name, limits, size_of::<T>(), free_object::<T>, Visitors::Many)
        };
        Self { raw, _objects: PhantomData }
    }

    pub(crate) fn raw(&self) -> &RawPool {
        &self.raw
    }

    /// Gives a pool its type back.
    ///
    /// # Safety
    ///
    /// - It is the `raw` of a `TypePool<T>`.
    pub(crate) unsafe fn from_raw(raw: &'static RawPool) -> &'static Self {
        // SAFETY: a `TypePool` is a `RawPool` and nothing else, and the type is the right one.
        unsafe { &*(&raw const *raw).cast::<Self>() }
    }

    /// The name given by `#[pool(name = "..")]`, or else the type's path.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// #[pool(name = "lines")]
    /// struct Line(Vec<u8>);
    ///
    /// assert_eq!(Line::pool().name(), "lines");
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.raw.name()
    }

    /// What the pool has counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// struct Line(Vec<u8>);
    ///
    /// let line = Line::pooled();
    /// let stats = Line::pool().stats();
    /// assert_eq!((stats.created, stats.in_use, stats.idle), (1, 1, 0));
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.raw.stats()
    }

    /// What the pool may keep, as things are: [`set_max_idle`](Self::set_max_idle) changes it, and
    /// so does an object that is born bigger, if there is no `max_object_bytes`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// #[pool(cache = 8)]
    /// struct Line(Vec<u8>);
    ///
    /// let limits = Line::pool().limits();
    /// assert_eq!((limits.cache, limits.max_idle, limits.max_bytes), (8, 1024, 64 << 20));
    /// ```
    #[must_use]
    pub fn limits(&self) -> PoolLimits {
        self.raw.limits()
    }
}

impl<T: Poolable<Static = T> + 'static> TypePool<T> {
    /// Takes an object if there is an idle one; creates none, and counts no miss.
    ///
    /// Where the type has lifetimes, they are `'static` here.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// struct Line(Vec<u8>);
    ///
    /// assert!(Line::pool().try_get().is_none());
    /// drop(Line::pooled());
    /// assert!(Line::pool().try_get().is_some());
    /// assert_eq!((Line::pool().stats().hits, Line::pool().stats().misses), (1, 1));
    /// ```
    #[inline]
    #[track_caller]
    #[must_use = "the object goes back to its pool at once unless the guard is kept"]
    pub fn try_get(&self) -> Option<Pooled<T>> {
        Pooled::take_idle()
    }

    /// Creates up to `count` idle objects ahead of time and returns how many.
    ///
    /// They go to the depot, at most to `max_idle`. That many gets by one thread,
    /// whichever it is, are then hits. Several threads may each hold some of them back in
    /// their caches, and so may a thread that only drops what others took.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// #[pool(max_idle = 100)]
    /// struct Line(Vec<u8>);
    ///
    /// assert_eq!(Line::pool().prewarm(70), 70);
    /// assert_eq!(Line::pool().prewarm(70), 30);
    /// ```
    ///
    /// # Panics
    ///
    /// If the create panics. The objects made before are kept.
    pub fn prewarm(&self, count: usize) -> usize {
        lifecycle::prewarm(OfType::<T>::new(), count)
    }

    /// Ends a generation: frees what was idle when the last one ended, and still is.
    ///
    /// So an object that nobody uses is freed by the second call, and one that is used in
    /// between stays. Objects in the caches of other threads are marked, or freed, at the
    /// next visit of their thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// struct Line(Vec<u8>);
    ///
    /// Line::pool().prewarm(3);
    /// Line::pool().trim();
    /// drop(Line::pooled());
    /// Line::pool().trim();
    /// assert_eq!(Line::pool().stats().idle, 1);
    /// ```
    ///
    /// # Panics
    ///
    /// If the drop of an object panics. The others are freed all the same.
    pub fn trim(&self) {
        let home = OfType::<T>::new();
        // SAFETY: the thread has claimed what its home finds.
        unsafe { home.raw().trim(home.any_cache()) };
    }

    /// Frees the idle objects of the depot and of the current thread.
    ///
    /// What other threads keep in their caches is freed at their next visit.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// struct Line(Vec<u8>);
    ///
    /// Line::pool().prewarm(8);
    /// drop(Line::pooled());
    /// Line::pool().clear();
    /// let stats = Line::pool().stats();
    /// assert_eq!((stats.idle, stats.discarded.explicit), (0, 8));
    /// ```
    ///
    /// # Panics
    ///
    /// If the drop of an object panics. The others are freed all the same.
    pub fn clear(&self) {
        let home = OfType::<T>::new();
        // SAFETY: the thread has claimed what its home finds.
        unsafe { home.raw().clear(home.any_cache()) };
    }

    /// Moves the current thread's idle objects to the depot, for other threads to find.
    ///
    /// What the depot has no room for is freed. A thread that ends does this by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// struct Line(Vec<u8>);
    ///
    /// drop(Line::pooled());
    /// Line::pool().flush_thread_cache();
    /// std::thread::spawn(|| drop(Line::pooled())).join().unwrap();
    /// assert_eq!(Line::pool().stats().misses, 1);
    /// ```
    pub fn flush_thread_cache(&self) {
        let home = OfType::<T>::new();
        // SAFETY: the thread has claimed what its home finds.
        unsafe { home.raw().flush(home.any_cache()) };
    }

    /// Changes how many objects the depot keeps, and frees what is above that.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// struct Line(Vec<u8>);
    ///
    /// assert_eq!(Line::pool().prewarm(8), 8);
    /// Line::pool().set_max_idle(3);
    /// let stats = Line::pool().stats();
    /// assert_eq!((stats.idle, stats.discarded.trimmed), (3, 5));
    /// ```
    ///
    /// # Panics
    ///
    /// If the drop of an object panics. The others are freed all the same.
    pub fn set_max_idle(&self, objects: usize) {
        T::pool().raw.set_max_idle(objects);
    }
}

// A panic of user code leaves the pool as it was: no call of it comes in the middle of a
// change.
impl<T> RefUnwindSafe for TypePool<T> {}
impl<T> UnwindSafe for TypePool<T> {}

impl<T> fmt::Debug for TypePool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypePool")
            .field("name", &self.name())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
