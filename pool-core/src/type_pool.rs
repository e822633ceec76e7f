//! The pool that a type has by its derive.

use core::fmt;
use core::marker::PhantomData;
use core::mem;

use crate::lifecycle::create;
use crate::magazine::Magazine;
use crate::pool::{Limits, RawPool};
use crate::poolable::Poolable;
use crate::slot::free_object;
use crate::stats::{Reason, Stats};

/// The pool of a type that derives [`Poolable`], reached through
/// [`Poolable::pool`].
///
/// Each thread keeps some idle objects in a cache of its own, where a get and a return
/// find them without a lock. Behind the caches stands the depot, which all threads share:
/// a full cache hands half of itself over in one go, called a magazine, and an empty one
/// takes a magazine back.
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
    /// An empty pool. Objects are cached by threads through the static that
    /// [`Poolable::pool`] returns, and so there is no other use for one.
    pub(crate) const fn new(name: &'static str, limits: Limits) -> Self {
        // SAFETY: the objects of a `TypePool<T>` are made by `create` and by guards of
        // `T`, and so are of this type.
        let raw = unsafe { RawPool::new(name, limits, size_of::<T>(), free_object::<T>) };
        Self { raw, _objects: PhantomData }
    }

    pub(crate) fn raw(&self) -> &RawPool {
        &self.raw
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
    pub fn name(&self) -> &'static str {
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
}

impl<T: Poolable<Static = T> + 'static> TypePool<T> {
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
        let raw = T::pool().raw();
        let depot = raw.depot();
        let count = count.min(depot.room());
        let mut batch = Batch { pool: raw, magazine: Magazine::new() };
        for created in 0..count {
            let object = create::<T>();
            if object.bytes() > raw.max_object_bytes() {
                raw.discard(object, Reason::Oversize);
                return created;
            }
            if object.bytes() > raw.most_cached_bytes() {
                raw.give_single(object);
                continue;
            }
            batch.magazine.push(object);
            if batch.magazine.len() == depot.magazine_size() {
                batch = Batch { pool: raw, magazine: Magazine::new() };
            }
        }
        count
    }

    /// Frees the idle objects of the depot and of the current thread.
    ///
    /// What other threads keep in their caches stays until they return or exchange it.
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
        T::pool().raw.clear(T::__local().get());
    }

    /// Moves the current thread's idle objects to the depot, for other threads to find.
    ///
    /// A thread that ends does this by itself.
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
        T::pool().raw.flush(T::__local().get());
    }
}

impl<T> fmt::Debug for TypePool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypePool")
            .field("name", &self.name())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// New objects that go to the depot when they go out of scope, on unwind too.
struct Batch<'a> {
    pool: &'a RawPool,
    magazine: Magazine,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.pool.give_magazine(mem::replace(&mut self.magazine, Magazine::new()));
    }
}
