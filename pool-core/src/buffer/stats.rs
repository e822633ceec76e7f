//! What a pool of buffers shows.

use crate::stats::Stats;

/// What a [`BufferPool`](super::BufferPool) has counted, class by class.
///
/// # Examples
///
/// ```
/// use poolable::buffer::BufferPool;
///
/// let pool = BufferPool::tiered();
/// drop(pool.get(100));
/// let stats = pool.stats();
/// assert_eq!((stats.classes[0].size, stats.classes[0].stats.idle), (1024, 1));
/// assert_eq!(stats.total().created, 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BufferStats {
    /// One for each size, the smallest first.
    pub classes: Vec<ClassStats>,
    /// Gets of more than the largest size.
    pub unpooled: u64,
}

impl BufferStats {
    /// The sum over the classes.
    ///
    /// A buffer that came home to another class than its own is among those `detached` and
    /// those `attached`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::new();
    /// drop((pool.get(100), pool.get(10_000)));
    /// assert_eq!(pool.stats().total().idle, 2);
    /// ```
    #[must_use]
    pub fn total(&self) -> Stats {
        self.classes.iter().fold(Stats::default(), |sum, class| sum.plus(&class.stats))
    }
}

/// What one class of a [`BufferPool`](super::BufferPool) has counted.
///
/// # Examples
///
/// ```
/// use poolable::buffer::BufferPool;
///
/// let pool = BufferPool::new();
/// let buf = pool.get(5_000);
/// let of_16_kib = &pool.stats().classes[4];
/// assert_eq!((of_16_kib.size, of_16_kib.stats.in_use), (16 << 10, 1));
/// # drop(buf);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassStats {
    /// The size of the class, in bytes: what each of its buffers has room for at least.
    pub size: usize,
    /// Its counters. Buffers without room for the smallest size are freed as `invalid`,
    /// those with more than the largest as `oversize`.
    pub stats: Stats,
}
