//! Pools that users make.

mod builder;
#[cfg(feature = "mlock")]
mod locked;

use core::fmt;
use core::marker::PhantomData;
use core::panic::{Location, RefUnwindSafe, UnwindSafe};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

pub use self::builder::PoolBuilder;
use crate::cache::CacheRef;
use crate::depot::Visitors;
use crate::guard::{PooledOwned, PooledRef};
use crate::lifecycle::{self, Home};
use crate::limits::{Limits, PoolLimits};
#[cfg(feature = "mlock")]
use crate::mlock::{Held, Locker};
use crate::raw_pool::RawPool;
use crate::registry::{self, Key};
use crate::reset::Reset;
use crate::slot::{Object, Slot, free_object};
use crate::stats::Stats;
use crate::thread;

/// A pool of its own, for a type without `#[derive(Poolable)]`, or for objects that belong
/// to one part of a program.
///
/// It caches objects per thread, as the pool of a type does, and it can stand in a static.
/// Its guards borrow it ([`get`](Self::get)) or keep it alive
/// ([`get_owned`](Self::get_owned)).
///
/// Dropping the pool frees the objects that are idle, wherever they are.
///
/// A pool is `Send` and `Sync` if `T` is `Send`. One of a type that is not is good on one
/// thread, and its objects are dropped there: [`maintain`](crate::maintain) and
/// [`trim_all`](crate::trim_all), called elsewhere, leave a wish, which the next get or
/// return fulfils. So it is with any pool that one thread alone has used so far, unless it
/// is [`shared`](Self::shared).
///
/// # Examples
///
/// ```
/// use poolable::Pool;
///
/// static LINES: Pool<Vec<u8>> = Pool::new(|| Vec::with_capacity(256));
///
/// let mut line = LINES.get();
/// line.extend_from_slice(b"GET /");
/// drop(line);
/// assert_eq!((LINES.get().len(), LINES.get().capacity()), (0, 256));
/// ```
///
/// # Performance
///
/// A hit costs a look into a table of the thread's at either end, and a call through a
/// pointer for the return, more than one of a type's own pool.
pub struct Pool<T: 'static> {
    key: AtomicU64,
    raw: OnceLock<Arc<RawPool>>,
    name: Option<Cow<'static, str>>,
    limits: Limits,
    visitors: Visitors,
    recipe: Recipe<T>,
    #[cfg(feature = "mlock")]
    locker: Option<Arc<Locker>>,
    /// Objects come and go as values of `T`, on any thread.
    _objects: PhantomData<*mut T>,
}

// SAFETY: through a shared pool threads hand each other objects, which `T: Send` allows;
// they never look at one and the same object. The functions of the recipe are `Sync`.
unsafe impl<T: Send> Sync for Pool<T> {}

// SAFETY: a pool owns its idle objects and nothing of the thread it was made on. The
// functions of the recipe are `Send`.
unsafe impl<T: Send> Send for Pool<T> {}

/// A pool of blank objects, with the default limits.
impl<T: Reset> Default for Pool<T> {
    fn default() -> Self {
        Self::new(T::blank)
    }
}

// A panic of user code leaves the pool as it was: no call of it comes in the middle of a
// change.
impl<T> RefUnwindSafe for Pool<T> {}
impl<T> UnwindSafe for Pool<T> {}

/// What a pool asks its user to do with objects.
struct Recipe<T: 'static> {
    create: Create<T>,
    renew: Renew<T>,
    validate: Option<Box<Validate<T>>>,
    /// Wipes the secrets of a value that its drop does not wipe.
    wipe: fn(&mut T),
    /// All of a return, in one call.
    give: Give<T>,
}

/// What a return comes down to: `lifecycle::give`, with whatever is known of the reset.
type Give<T> = unsafe fn(&Pool<T>, NonNull<Slot<T>>);

type Validate<T> = dyn Fn(&T) -> bool + Send + Sync;
type Measure<T> = dyn Fn(&mut T) -> usize + Send + Sync;

/// How an object is made.
enum Create<T> {
    Plain(fn() -> T),
    Capturing(Box<dyn Fn() -> T + Send + Sync>),
}

/// How an object becomes blank, and how its heap is measured.
enum Renew<T: 'static> {
    /// By `T: Reset`. The first of the two does both; the last is for a pool that does not
    /// validate.
    ByTrait {
        renew: fn(&mut T) -> usize,
        measure: fn(&mut T) -> usize,
        give: Give<T>,
    },
    Given {
        reset: Box<dyn Fn(&mut T) + Send + Sync>,
        measure: Box<Measure<T>>,
    },
}

impl<T: Reset + 'static> Renew<T> {
    const BY_TRAIT: Self = Self::ByTrait {
        renew: |value| {
            value.reset();
            value.retained_bytes()
        },
        measure: T::retained_bytes,
        give: give_by_trait::<T>,
    };
}

impl<T: Reset> Pool<T> {
    /// A pool with the default limits.
    ///
    /// A function that captures nothing can be given as a closure. For anything else there
    /// is [`builder`](Self::builder).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// static LINES: Pool<String> = Pool::new(|| String::with_capacity(80));
    /// assert_eq!(LINES.get().capacity(), 80);
    /// ```
    #[must_use]
    pub const fn new(create: fn() -> T) -> Self {
        Self {
            key: AtomicU64::new(Key::NONE.to_bits()),
            raw: OnceLock::new(),
            name: None,
            limits: Limits::new(),
            visitors: Visitors::Nobody,
            recipe: Recipe {
                create: Create::Plain(create),
                renew: Renew::BY_TRAIT,
                validate: None,
                wipe: T::__wipe,
                give: give_by_trait::<T>,
            },
            #[cfg(feature = "mlock")]
            locker: None,
            _objects: PhantomData,
        }
    }
}

impl<T> Pool<T> {
    /// Begins with the defaults; see [`PoolBuilder`].
    ///
    /// The limits and the `validate` of a type with `#[derive(Poolable)]` are those of the
    /// type's own pool, and not of this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<Vec<u8>> = Pool::builder().max_idle(4).build();
    /// assert_eq!(pool.prewarm(10), 4);
    /// ```
    pub fn builder() -> PoolBuilder<T> {
        PoolBuilder::new()
    }

    fn build(name: Option<Cow<'static, str>>, limits: Limits, recipe: Recipe<T>) -> Self {
        Self {
            key: AtomicU64::new(Key::NONE.to_bits()),
            raw: OnceLock::new(),
            name,
            limits,
            visitors: Visitors::Nobody,
            recipe,
            #[cfg(feature = "mlock")]
            locker: None,
            _objects: PhantomData,
        }
    }

    /// Has [`maintain`](crate::maintain) and [`trim_all`](crate::trim_all) free objects on
    /// whatever thread they are called, from the beginning.
    ///
    /// A pool that two threads have used shows by itself that its objects are `Send`. One
    /// that a single thread uses does not: without this, those calls, made elsewhere, wait
    /// for its next get or return. For a pool that has not been used yet; later it does
    /// nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Pool, trim_all};
    ///
    /// static LINES: Pool<String> = Pool::new(String::new).shared();
    ///
    /// LINES.prewarm(3);
    /// std::thread::spawn(|| (trim_all(), trim_all())).join().unwrap();
    /// assert_eq!(LINES.stats().idle, 0);
    /// ```
    #[must_use]
    pub const fn shared(mut self) -> Self
    where
        T: Send,
    {
        self.visitors = Visitors::Many;
        self
    }

    #[inline(always)]
    fn key(&self) -> Key {
        // Relaxed: a key is of use to a thread only once it has been here itself, and it
        // comes by way of `raw`.
        Key::from_bits(self.key.load(Ordering::Relaxed))
    }

    fn raw(&self) -> &Arc<RawPool> {
        self.raw.get_or_init(|| {
            let name = self.name.clone();
            let name = name.unwrap_or(Cow::Borrowed(core::any::type_name::<T>()));
            // SAFETY: the objects of a `Pool<T>` are made by its guards and by its create,
            // and so are of this type; `shared` asks for `T: Send`.
            let raw = unsafe {
                RawPool::new(name, self.limits, size_of::<T>(), self.free(), self.visitors)
            };
            #[cfg(feature = "mlock")]
            let raw = raw.with_locker(self.locker.clone());
            let raw = Arc::new(raw);
            self.key.store(registry::list(&raw).to_bits(), Ordering::Relaxed);
            raw
        })
    }

    /// What frees an object that is idle.
    fn free(&self) -> unsafe fn(Object) {
        #[cfg(feature = "mlock")]
        if self.locker.is_some() {
            return locked::free_object::<T>;
        }
        free_object::<T>
    }

    /// Gives an object back.
    ///
    /// # Safety
    ///
    /// - The slot came from this pool, and the caller owns it and gives it up.
    #[inline]
    pub(crate) unsafe fn give(&self, slot: NonNull<Slot<T>>) {
        // SAFETY: the caller's promise is the one asked for.
        unsafe { (self.recipe.give)(self, slot) };
    }

    /// Takes an object from the pool, or creates one; dropping the guard returns it.
    ///
    /// The guard of a pool in a static is a `PooledRef<'static, T>`, which may go anywhere.
    /// For one in an `Arc` there is [`get_owned`](Self::get_owned).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool = Pool::new(Vec::<u8>::new);
    /// pool.get().push(1);
    /// assert!(pool.get().is_empty());
    /// ```
    ///
    /// # Panics
    ///
    /// If a new object is needed and its create panics.
    #[inline]
    #[track_caller]
    pub fn get(&self) -> PooledRef<'_, T> {
        PooledRef::new(self, lifecycle::take(self))
    }

    /// Takes an object if there is an idle one; creates none, and counts no miss.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool = Pool::new(Vec::<u8>::new);
    /// assert!(pool.try_get().is_none());
    /// drop(pool.get());
    /// assert!(pool.try_get().is_some());
    /// ```
    #[inline]
    #[track_caller]
    #[must_use = "the object goes back to its pool at once unless the guard is kept"]
    pub fn try_get(&self) -> Option<PooledRef<'_, T>> {
        Some(PooledRef::new(self, lifecycle::take_idle(self, Location::caller())?))
    }

    /// The same as [`get`](Self::get), with a guard that keeps the pool alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    /// use std::sync::Arc;
    ///
    /// let pool = Arc::new(Pool::new(Vec::<u8>::new));
    /// let mut object = pool.get_owned();
    /// std::thread::spawn(move || object.push(1)).join().unwrap();
    /// assert_eq!(pool.stats().idle, 1);
    /// ```
    ///
    /// # Panics
    ///
    /// If a new object is needed and its create panics.
    #[inline]
    #[track_caller]
    pub fn get_owned(self: &Arc<Self>) -> PooledOwned<T> {
        PooledOwned::new(Arc::clone(self), lifecycle::take(&**self))
    }

    /// Gives a value to the pool: a guard for it, as if it had come from there.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool = Pool::new(Vec::<u8>::new);
    /// drop(pool.attach(Vec::with_capacity(512)));
    /// assert_eq!(pool.get().capacity(), 512);
    /// ```
    #[track_caller]
    pub fn attach(&self, mut value: T) -> PooledRef<'_, T> {
        PooledRef::new(self, lifecycle::attach_argument!(self, value))
    }

    /// The same as [`attach`](Self::attach), with a guard that keeps the pool alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    /// use std::sync::Arc;
    ///
    /// let pool = Arc::new(Pool::new(Vec::<u8>::new));
    /// drop(pool.attach_owned(Vec::with_capacity(512)));
    /// assert_eq!(pool.get().capacity(), 512);
    /// ```
    #[track_caller]
    pub fn attach_owned(self: &Arc<Self>, mut value: T) -> PooledOwned<T> {
        PooledOwned::new(Arc::clone(self), lifecycle::attach_argument!(&**self, value))
    }

    /// The name given to the builder, or else that of the type.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<String> = Pool::builder().name("lines").build();
    /// assert_eq!(pool.name(), "lines");
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.raw().name()
    }

    /// What the pool has counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool = Pool::new(String::new);
    /// let line = pool.get();
    /// assert_eq!((pool.stats().in_use, pool.stats().idle), (1, 0));
    /// # drop(line);
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.raw().stats()
    }

    /// What the pool may keep, as things are: [`set_max_idle`](Self::set_max_idle) changes it, and
    /// so does an object that is born bigger, if there is no `max_object_bytes`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool: Pool<String> = Pool::builder().max_bytes(1 << 20).build();
    /// pool.set_max_idle(3);
    /// let limits = pool.limits();
    /// assert_eq!((limits.max_idle, limits.max_bytes), (3, 1 << 20));
    /// ```
    #[must_use]
    pub fn limits(&self) -> PoolLimits {
        self.raw().limits()
    }

    /// Creates up to `count` idle objects ahead of time and returns how many.
    ///
    /// They go to the depot, at most to `max_idle`. That many gets by one thread,
    /// whichever it is, are then hits. Several threads may each hold some of them back in
    /// their caches.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool = Pool::new(String::new);
    /// assert_eq!(pool.prewarm(70), 70);
    /// assert_eq!(pool.stats().idle, 70);
    /// ```
    ///
    /// # Panics
    ///
    /// If the create panics. The objects made before are kept.
    pub fn prewarm(&self, count: usize) -> usize {
        lifecycle::prewarm(self, count)
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
    /// use poolable::Pool;
    ///
    /// let pool = Pool::new(String::new);
    /// pool.prewarm(3);
    /// pool.trim();
    /// drop(pool.get());
    /// pool.trim();
    /// assert_eq!(pool.stats().idle, 1);
    /// ```
    ///
    /// # Panics
    ///
    /// If the drop of an object panics. The others are freed all the same.
    pub fn trim(&self) {
        // SAFETY: the thread has claimed what its home finds.
        unsafe { self.raw().trim(self.any_cache()) };
    }

    /// Frees the idle objects of the depot and of the current thread.
    ///
    /// What other threads keep in their caches is freed at their next visit.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool = Pool::new(String::new);
    /// pool.prewarm(8);
    /// pool.clear();
    /// assert_eq!((pool.stats().idle, pool.stats().discarded.explicit), (0, 8));
    /// ```
    ///
    /// # Panics
    ///
    /// If the drop of an object panics. The others are freed all the same.
    pub fn clear(&self) {
        // SAFETY: the thread has claimed what its home finds.
        unsafe { self.raw().clear(self.any_cache()) };
    }

    /// Moves the current thread's idle objects to the depot, for other threads to find.
    ///
    /// What the depot has no room for is freed. A thread that ends does this by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool = Pool::new(String::new);
    /// drop(pool.get());
    /// pool.flush_thread_cache();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert!(pool.try_get().is_some()));
    /// });
    /// ```
    pub fn flush_thread_cache(&self) {
        // SAFETY: the thread has claimed what its home finds.
        unsafe { self.raw().flush(self.any_cache()) };
    }

    /// Changes how many objects the depot keeps, and frees what is above that.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Pool;
    ///
    /// let pool = Pool::new(String::new);
    /// pool.prewarm(8);
    /// pool.set_max_idle(3);
    /// assert_eq!((pool.stats().idle, pool.stats().discarded.trimmed), (3, 5));
    /// ```
    ///
    /// # Panics
    ///
    /// If the drop of an object panics. The others are freed all the same.
    pub fn set_max_idle(&self, objects: usize) {
        self.raw().set_max_idle(objects);
    }
}

// SAFETY: the key, the depot and the caches behind `raw` are the pool's own, and it is used
// with objects of `T` alone; `thread` finds a cache that the thread has claimed.
unsafe impl<T> Home<T> for &Pool<T> {
    #[inline]
    fn raw(&self) -> &RawPool {
        Pool::raw(self)
    }

    #[inline(always)]
    fn cache(&self) -> Option<CacheRef> {
        Some(thread::find(self.key()))
    }

    fn claim(&self) -> CacheRef {
        let raw = Pool::raw(self);
        thread::claim_made(raw, self.key())
    }

    /// It is listed from its first use on.
    fn list(&self) {}

    fn create(&self) -> T {
        match &self.recipe.create {
            Create::Plain(create) => create(),
            Create::Capturing(create) => create(),
        }
    }

    #[inline]
    fn validate(&self, value: &T) -> bool {
        self.recipe.validate.as_ref().is_none_or(|validate| validate(value))
    }

    #[inline]
    fn renew(&self, value: &mut T) -> usize {
        match &self.recipe.renew {
            Renew::ByTrait { renew, .. } => renew(value),
            Renew::Given { reset, measure } => {
                reset(value);
                measure(value)
            }
        }
    }

    fn measure(&self, value: &mut T) -> usize {
        match &self.recipe.renew {
            Renew::ByTrait { measure, .. } => measure(value),
            Renew::Given { measure, .. } => measure(value),
        }
    }

    fn wipe(&self, value: &mut T) {
        (self.recipe.wipe)(value);
    }

    #[cfg(feature = "mlock")]
    fn admit(&self, slot: NonNull<Slot<T>>, blank: Option<&mut T>) {
        if let Some(locker) = &self.locker {
            locker.admit(slot.as_ptr(), blank.map(|value| || self.renew(value)));
        }
    }

    #[cfg(feature = "mlock")]
    fn held(&self, slot: NonNull<Slot<T>>) -> Option<Held> {
        self.locker.as_ref().and_then(|_| Held::take(slot.as_ptr()))
    }
}

/// A pool whose objects are reset by their trait, and not validated: a return has that
/// inlined.
struct ByTrait<'p, T: 'static>(&'p Pool<T>);

impl<T> Clone for ByTrait<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ByTrait<'_, T> {}

// SAFETY: the pool is that of `&Pool<T>`, and so is the cache.
unsafe impl<T: Reset> Home<T> for ByTrait<'_, T> {
    fn raw(&self) -> &RawPool {
        Pool::raw(self.0)
    }

    #[inline(always)]
    fn cache(&self) -> Option<CacheRef> {
        self.0.cache()
    }

    fn claim(&self) -> CacheRef {
        self.0.claim()
    }

    fn list(&self) {}

    fn create(&self) -> T {
        self.0.create()
    }

    #[inline(always)]
    fn validate(&self, _: &T) -> bool {
        true
    }

    #[inline(always)]
    fn renew(&self, value: &mut T) -> usize {
        value.reset();
        value.retained_bytes()
    }

    fn measure(&self, value: &mut T) -> usize {
        value.retained_bytes()
    }

    fn wipe(&self, value: &mut T) {
        value.__wipe();
    }
}

/// # Safety
///
/// - The slot came from this pool, and the caller owns it and gives it up.
unsafe fn give_by_trait<T: Reset>(pool: &Pool<T>, slot: NonNull<Slot<T>>) {
    // SAFETY: the caller's promise is the one asked for.
    unsafe { lifecycle::give(ByTrait(pool), slot) };
}

/// # Safety
///
/// - The slot came from this pool, and the caller owns it and gives it up.
unsafe fn give_by_recipe<T>(pool: &Pool<T>, slot: NonNull<Slot<T>>) {
    // SAFETY: the caller's promise is the one asked for.
    unsafe { lifecycle::give(pool, slot) };
}

impl<T> Drop for Pool<T> {
    /// Frees what is idle.
    ///
    /// # Panics
    ///
    /// If the drop of an object panics. The others are freed all the same.
    fn drop(&mut self) {
        if let Some(raw) = self.raw.take() {
            registry::unlist(self.key());
            // SAFETY: guards borrow the pool or own it, so none is left that will return.
            unsafe { raw.close() };
        }
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.name())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
