//! Pools of buffers.

use core::fmt;
use core::panic::Location;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock, Weak};

use super::buf::PooledBuf;
use super::builder::{BufferPoolBuilder, SIZES, Settings, TIERS};
use super::calibrate::{self, Tuner};
use super::class::{self, Class, Rules};
use super::ladder::{Ladder, MOST, Rungs};
use super::stats::{BufferStats, ClassStats};
use crate::lifecycle::Caller;

/// A pool of byte buffers in several sizes.
///
/// A get takes a buffer of the smallest size that covers what it asks for. A buffer that is
/// dropped comes home to the largest size that its capacity covers: one that has grown may
/// come home to another than it came from. One with less room than the smallest size, or
/// more than the largest, is freed.
///
/// Each thread keeps some buffers of each size for itself, up to 64 of them and up to 1 MiB,
/// and finds them without a lock; what is left stands where all threads find it. Buffers of
/// more than 128 KiB are there only. All of them together hold 64 MiB at the most while they
/// are idle, see [`max_bytes`](BufferPoolBuilder::max_bytes).
///
/// A pool can stand in a static; one from [`builder`](Self::builder) in a
/// [`LazyLock`](std::sync::LazyLock). Its buffers do not borrow it: when it is dropped, those
/// that are idle are freed (those in the caches of other threads when these end, or call
/// [`maintain`](crate::maintain)), and those in use when they are dropped.
///
/// # Examples
///
/// ```
/// use poolable::buffer::BufferPool;
///
/// static BUFFERS: BufferPool = BufferPool::new();
///
/// let mut buf = BUFFERS.get(3_000);
/// assert_eq!((buf.len(), buf.capacity()), (0, 4096));
/// buf.extend_from_slice(b"hello");
/// drop(buf);
/// assert!(BUFFERS.get(4_000).is_empty());
/// assert_eq!(BUFFERS.stats().total().hits, 1);
/// ```
pub struct BufferPool {
    settings: Settings,
    /// Made by the first that comes.
    ladder: OnceLock<Arc<Ladder>>,
    /// Those of the ladder, as soon as it is there.
    rungs: AtomicPtr<Rungs>,
}

/// A pool of the default sizes.
impl Default for BufferPool {
    fn default() -> Self {
        Self::new()
    }
}

impl BufferPool {
    /// A pool of buffers of 64 and 256 B, 1, 4, 16, 64 and 256 KiB, and 1 MiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// assert_eq!(pool.get(257).capacity(), 1024);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self::of(Settings::new("buffers", SIZES))
    }

    /// A pool of buffers of 1, 8 and 64 KiB: small, medium and large.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::tiered();
    /// assert_eq!(pool.get(5_000).capacity(), 8 << 10);
    /// ```
    #[must_use]
    pub const fn tiered() -> Self {
        Self::of(Settings::new("buffers", TIERS))
    }

    /// Gives a name to a pool, one in a static for instance. One that has been used stays in
    /// reports what it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// static FRAMES: BufferPool = BufferPool::tiered().named("frames");
    ///
    /// drop(FRAMES.get(1024));
    /// assert!(poolable::report().to_string().contains("frames 1 KiB"));
    /// ```
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.settings.static_name = Some(name);
        self
    }

    /// Begins with the defaults; see [`BufferPoolBuilder`].
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().sizes([512]).build();
    /// assert_eq!(pool.get(1).capacity(), 512);
    /// ```
    pub const fn builder() -> BufferPoolBuilder {
        BufferPoolBuilder::new()
    }

    /// The pool of the process, with the default sizes.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// drop(BufferPool::global().get(100));
    /// assert_eq!(BufferPool::global().stats().total().idle, 1);
    /// ```
    #[must_use]
    pub fn global() -> &'static Self {
        static GLOBAL: BufferPool = BufferPool::new();
        &GLOBAL
    }

    /// A pool of the default sizes, whose buffers are wiped on return.
    #[cfg(feature = "json")]
    pub(crate) const fn wiping(name: &'static str) -> Self {
        Self::of(Settings::new(name, SIZES).zeroizing())
    }

    pub(super) const fn of(settings: Settings) -> Self {
        let rungs = AtomicPtr::new(ptr::from_ref(Rungs::NONE).cast_mut());
        Self { settings, ladder: OnceLock::new(), rungs }
    }

    /// A pool whose settings a user wrote.
    pub(super) fn with(settings: Settings) -> Self {
        let sizes = &settings.sizes;
        assert!(!sizes.is_empty(), "`BufferPoolBuilder::sizes`: give one size at least");
        assert!(sizes[0] > 0, "`BufferPoolBuilder::sizes`: a size must be 1 at least");
        let largest = sizes[sizes.len() - 1];
        assert!(
            isize::try_from(largest).is_ok(),
            "`BufferPoolBuilder::sizes`: {largest} is more than any buffer can hold"
        );
        let count = sizes.len();
        assert!(
            count <= MOST,
            "`BufferPoolBuilder::sizes`: there are {count}, and must be {MOST} at most"
        );
        Self::of(settings)
    }

    #[inline(always)]
    fn rungs(&self) -> &Rungs {
        // Acquire: pairs with the Release in `ladder`, which publishes them.
        let rungs = self.rungs.load(Ordering::Acquire);
        // SAFETY: they are static, or part of the ladder, which is there as long as the pool,
        // and nobody changes them.
        unsafe { &*rungs }
    }

    fn ladder(&self) -> &Arc<Ladder> {
        let Settings { sizes, zeroize, calibrate, .. } = &self.settings;
        let name = self.settings.name();
        let make = |ladder: &Weak<Ladder>| {
            let rules = Rules {
                limits: self.settings.limits_of_class(),
                zeroizes: *zeroize,
                ladder: Weak::clone(ladder),
                tuner: calibrate.then(|| Arc::new(Tuner::new(sizes, Weak::clone(ladder)))),
            };
            // The largest size has room for itself alone.
            let rooms = sizes.windows(2).map(|pair| pair[1] - pair[0]).chain([1]);
            let class = |(&size, room): (&usize, usize)| {
                let name = Cow::Owned(format!("{name} {}", human(size)));
                Arc::new(Class::new(name, size, room, &rules))
            };
            let classes = sizes.iter().zip(rooms).map(class).collect();
            let largest = sizes.last().copied().unwrap_or_default();
            let outside = Class::outside(format!("{name} above {}", human(largest)).into(), &rules);
            Ladder::new(classes, Arc::new(outside), rules.tuner)
        };
        self.ladder.get_or_init(|| {
            let ladder = Arc::new_cyclic(make);
            let rungs = ptr::from_ref(ladder.rungs()).cast_mut();
            // Release: pairs with the Acquire in `rungs`.
            self.rungs.store(rungs, Ordering::Release);
            ladder
        })
    }

    /// What was learnt, in a pool that measures.
    fn tuner(&self) -> Option<&Arc<Tuner>> {
        if self.settings.calibrate { self.ladder().tuner() } else { None }
    }

    /// Takes an empty buffer with room for `capacity` bytes at least, or makes one.
    ///
    /// More than the largest size is served too, unpooled; [`report`](crate::report) has a line of
    /// its own for those.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// assert_eq!(pool.get(0).capacity(), 64);
    /// assert!(pool.get(3 << 20).capacity() >= 3 << 20);
    /// ```
    ///
    /// # Panics
    ///
    /// If `capacity` exceeds `isize::MAX`, as `Vec` does.
    ///
    /// # Performance
    ///
    /// No lock, no allocation, and no atomic read-modify-write where the thread keeps one, of
    /// up to 128 KiB. The first 127 sizes that are used at one time are found the fastest.
    #[inline]
    #[track_caller]
    pub fn get(&self, capacity: usize) -> PooledBuf {
        self.get_for(capacity, Location::caller())
    }

    /// The same as [`get`](Self::get), for somebody who asked elsewhere.
    #[inline]
    pub(crate) fn get_for(&self, capacity: usize, caller: Caller) -> PooledBuf {
        match class::take_hot(self.rungs(), capacity) {
            // SAFETY: the slot is the guard's, and its short way with it.
            Some((slot, short_way)) => unsafe { PooledBuf::from_parts(slot, short_way) },
            None => self.get_more(capacity, caller),
        }
    }

    /// The get of a second buffer of a class, and of more.
    #[inline(never)]
    fn get_more(&self, capacity: usize, caller: Caller) -> PooledBuf {
        if let Some((slot, short_way)) = class::take_more(self.rungs(), capacity) {
            // SAFETY: the slot is the guard's, and its short way with it.
            return unsafe { PooledBuf::from_parts(slot, short_way) };
        }
        // SAFETY: the slot is the guard's.
        unsafe { PooledBuf::from_slot(class::take_from(self.ladder(), capacity, caller)) }
    }

    /// Takes a buffer of `len` bytes, all of them 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// pool.get(100).extend_from_slice(b"left by someone");
    /// assert_eq!(*pool.get_zeroed(100), [0; 100]);
    /// ```
    ///
    /// # Panics
    ///
    /// If `len` exceeds `isize::MAX`, as `Vec` does.
    ///
    /// # Performance
    ///
    /// A `memset` of `len` bytes, unless the pool [zeroizes](BufferPoolBuilder::zeroize):
    /// then its buffers are zero already.
    #[track_caller]
    pub fn get_zeroed(&self, len: usize) -> PooledBuf {
        let mut buf = self.get(len);
        buf.fill_with_zeros(len);
        buf
    }

    /// Takes an empty buffer of the [default size](Self::default_size).
    ///
    /// A pool that [calibrates](BufferPoolBuilder::calibrate) gives a larger one rather than
    /// to make one, as long as that is worth keeping.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// assert_eq!(BufferPool::new().get_default().capacity(), 4096);
    /// ```
    #[track_caller]
    pub fn get_default(&self) -> PooledBuf {
        let default_size = self.default_size();
        if let Some((slot, short_way)) = class::take_hot(self.rungs(), default_size) {
            // SAFETY: the slot is the guard's, and its short way with it.
            return unsafe { PooledBuf::from_parts(slot, short_way) };
        }
        if self.settings.calibrate {
            let ladder = self.ladder();
            let (first, threshold) = (ladder.place_for(default_size), self.drop_threshold());
            let classes = ladder.classes()[first..].iter();
            let mut kept = classes.take_while(|class| class.size() <= threshold);
            let caller = Location::caller();
            if let Some(slot) = kept.find_map(|class| class::take_idle(class, caller)) {
                // SAFETY: the slot is the guard's.
                return unsafe { PooledBuf::from_slot(slot) };
            }
        }
        self.get(default_size)
    }

    /// Gives a buffer to the pool: a guard for it, as if it had come from there. Its content
    /// stays until then.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// drop(pool.attach(Vec::with_capacity(5_000)));
    /// assert_eq!(pool.get(4_096).capacity(), 5_000);
    /// ```
    #[track_caller]
    pub fn attach(&self, bytes: Vec<u8>) -> PooledBuf {
        let ladder = self.ladder();
        let class = ladder.home_of(bytes.capacity()).unwrap_or(ladder.outside());
        // SAFETY: the slot is the guard's.
        unsafe { PooledBuf::from_slot(class::attach(class, bytes)) }
    }

    /// What [`get_default`](Self::get_default) gives, in bytes.
    ///
    /// 4 KiB, or the next size that there is. In a pool that
    /// [calibrates](BufferPoolBuilder::calibrate), the smallest size that covers nine in ten
    /// of the buffers written in the last window: 8192 returns, counted by each thread for
    /// itself and summed up every 1024. What counts is the most that was in a buffer, as far
    /// as it was accessed through its guard, even if it is empty in the end.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().calibrate(true).build();
    /// assert_eq!(pool.default_size(), 4096);
    /// for _ in 0..8192 {
    ///     pool.get_default().resize(10_000, 0);
    /// }
    /// assert_eq!(pool.default_size(), 16 << 10);
    /// ```
    #[must_use]
    pub fn default_size(&self) -> usize {
        let unmeasured = || calibrate::unmeasured(&self.settings.sizes);
        self.tuner().map_or_else(unmeasured, |tuner| tuner.default_size())
    }

    /// The largest size that buffers may grow into and be kept, in bytes.
    ///
    /// The largest there is. In a pool that [calibrates](BufferPoolBuilder::calibrate), the
    /// smallest size that covers all but one in a hundred of the buffers written in the last
    /// window. A buffer that comes home in a larger size than it was got from is freed if
    /// that is above, and at the end of each window so are idle buffers above it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// assert_eq!(BufferPool::new().drop_threshold(), 1 << 20);
    /// ```
    #[must_use]
    pub fn drop_threshold(&self) -> usize {
        let largest = || self.settings.sizes[self.settings.sizes.len() - 1];
        self.tuner().map_or_else(largest, |tuner| tuner.drop_threshold())
    }

    /// Closes the window as it is: what this thread measured, and what others have summed
    /// up. Without any of it, or in a pool that does not calibrate, nothing happens.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().calibrate(true).build();
    /// pool.get(100).push(1);
    /// pool.calibrate_now();
    /// assert_eq!((pool.default_size(), pool.drop_threshold()), (64, 64));
    /// ```
    pub fn calibrate_now(&self) {
        if let Some(tuner) = self.tuner() {
            tuner.calibrate();
        }
    }

    /// The sizes, in bytes, the smallest first.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// assert_eq!(BufferPool::new().sizes().max(), Some(1 << 20));
    /// ```
    pub fn sizes(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.settings.sizes.iter().copied()
    }

    /// The name given to it or to the builder, or else "buffers".
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// assert_eq!(BufferPool::global().name(), "buffers");
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.settings.name()
    }

    /// What the pool has counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// let large = pool.get(2 << 20);
    /// assert_eq!((pool.stats().unpooled, pool.stats().total().created), (1, 0));
    /// # drop(large);
    /// ```
    #[must_use]
    pub fn stats(&self) -> BufferStats {
        let ladder = self.ladder();
        let of_class = |class: &Arc<Class>| ClassStats { size: class.size(), stats: class.stats() };
        BufferStats {
            classes: ladder.classes().iter().map(of_class).collect(),
            unpooled: ladder.outside().stats().misses,
        }
    }

    /// Makes up to `count` idle buffers with room for `capacity` ahead of time, and returns
    /// how many; as [`Pool::prewarm`](crate::Pool::prewarm).
    ///
    /// Of more than the largest size there are none.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// assert_eq!(pool.prewarm(4096, 8), 8);
    /// drop(pool.get(4096));
    /// assert_eq!(pool.stats().total().misses, 0);
    /// ```
    pub fn prewarm(&self, capacity: usize, count: usize) -> usize {
        self.ladder().class_for(capacity).map_or(0, |class| class.prewarm(count))
    }

    /// Ends a generation in each class, as [`Pool::trim`](crate::Pool::trim): frees what was
    /// idle when the last one ended, and still is.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// pool.prewarm(64, 3);
    /// pool.trim();
    /// pool.trim();
    /// assert_eq!(pool.stats().total().idle, 0);
    /// ```
    pub fn trim(&self) {
        self.ladder().classes().iter().for_each(|class| class.trim());
    }

    /// Frees what is idle, in the caches of other threads at their next visit; as
    /// [`Pool::clear`](crate::Pool::clear).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// drop(pool.get(64));
    /// pool.clear();
    /// assert_eq!(pool.stats().total().discarded.explicit, 1);
    /// ```
    pub fn clear(&self) {
        self.ladder().classes().iter().for_each(|class| class.clear());
    }

    /// Moves the current thread's idle buffers to where all threads find them; as
    /// [`Pool::flush_thread_cache`](crate::Pool::flush_thread_cache).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// drop(pool.get(64));
    /// pool.flush_thread_cache();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| drop(pool.get(64)));
    /// });
    /// assert_eq!(pool.stats().total().hits, 1);
    /// ```
    pub fn flush_thread_cache(&self) {
        self.ladder().classes().iter().for_each(|class| class.flush());
    }
}

/// A size as people write it.
fn human(bytes: usize) -> String {
    match bytes.trailing_zeros() {
        20.. => format!("{} MiB", bytes >> 20),
        10.. => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} B"),
    }
}

impl Drop for BufferPool {
    fn drop(&mut self) {
        if let Some(ladder) = self.ladder.take() {
            let classes = ladder.classes().to_vec();
            // From here on returns find no pool, but for those that are under way.
            drop(ladder);
            classes.iter().for_each(|class| class.close());
        }
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferPool")
            .field("name", &self.name())
            .field("sizes", &self.settings.sizes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{BufferPool, human};
    use crate::thread::Desk;

    /// One test, for there are so many desks in a process.
    #[test]
    fn desks_are_used_again_and_not_needed() {
        desks_that_a_thread_used_which_goes_on_are_free_when_it_maintains();
        desks_of_pools_that_have_gone_are_free_again();
        pools_that_come_when_all_desks_are_taken_serve_hits_too();
    }

    fn desks_that_a_thread_used_which_goes_on_are_free_when_it_maintains() {
        let (send, receive) = std::sync::mpsc::sync_channel::<std::sync::Arc<BufferPool>>(0);
        let (done, is_done) = std::sync::mpsc::channel();
        let worker = std::thread::spawn(move || {
            for pool in receive {
                // What it kept of pools that have gone.
                crate::maintain();
                drop(pool.sizes().map(|size| pool.get(size)).collect::<Vec<_>>());
                drop(pool);
                done.send(()).expect("the test waits");
            }
        });
        for round in 0..100 {
            let pool = std::sync::Arc::new(BufferPool::new());
            send.send(std::sync::Arc::clone(&pool)).expect("the worker lives");
            is_done.recv().expect("the worker lives");
            let has_desk = pool.ladder().classes()[0].desk() != Desk::NONE;
            assert!(has_desk, "in round {round}");
        }
        drop(send);
        worker.join().expect("no panic");
    }

    fn desks_of_pools_that_have_gone_are_free_again() {
        let use_all = |pool: &BufferPool| {
            let bufs: Vec<_> = pool.sizes().map(|size| pool.get(size)).collect();
            drop(bufs);
        };
        for round in 0..200 {
            let pool = BufferPool::new();
            use_all(&pool);
            std::thread::scope(|scope| {
                let thread = scope.spawn(|| use_all(&pool));
                thread.join().expect("it only gets and drops");
            });
            let has_desk = pool.ladder().classes()[0].desk() != Desk::NONE;
            assert!(has_desk, "in round {round}");
        }
    }

    fn pools_that_come_when_all_desks_are_taken_serve_hits_too() {
        // There are 127 desks, and a class takes one.
        let pools: Vec<BufferPool> = (0..20).map(|_| BufferPool::new()).collect();
        for _round in 0..2 {
            for pool in &pools {
                drop((pool.get(64), pool.get(64), pool.get(100_000)));
            }
        }
        let keeps = !cfg!(any(poolable_passthrough, poolable_chaos));
        for pool in pools.iter().filter(|_| keeps) {
            let stats = pool.stats().total();
            assert_eq!((stats.hits, stats.misses, stats.idle), (3, 3, 3));
        }
    }

    #[test]
    fn sizes_are_written_in_the_unit_that_divides_them() {
        for (bytes, expected) in [
            (64, "64 B"),
            (1_500, "1500 B"),
            (1_536, "1536 B"),
            (4 << 10, "4 KiB"),
            (3 << 20, "3 MiB"),
        ] {
            assert_eq!(human(bytes), expected);
        }
    }
}
