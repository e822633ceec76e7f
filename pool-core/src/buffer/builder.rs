//! How a pool of buffers is made.

use std::borrow::Cow;

use super::pool::BufferPool;
use crate::limits::Limits;

/// The sizes of [`BufferPool::new`], in bytes.
pub(super) const SIZES: &[usize] =
    &[64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];

/// The sizes of [`BufferPool::tiered`], in bytes.
pub(super) const TIERS: &[usize] = &[1 << 10, 8 << 10, 64 << 10];

/// The default of `max_bytes`: 64 MiB.
const MAX_BYTES: usize = 64 << 20;

/// What a pool of buffers is to be like.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    name: Cow<'static, str>,
    /// Another one, which can be given at compile time, since it has nothing to drop.
    pub(super) static_name: Option<&'static str>,
    /// Rising, one at least, none of them 0.
    pub(super) sizes: Cow<'static, [usize]>,
    pub(super) zeroize: bool,
    pub(super) calibrate: bool,
    limits: Limits,
    max_bytes: usize,
}

impl Settings {
    pub(super) const fn new(name: &'static str, sizes: &'static [usize]) -> Self {
        Self {
            name: Cow::Borrowed(name),
            static_name: None,
            sizes: Cow::Borrowed(sizes),
            zeroize: false,
            calibrate: false,
            limits: Limits::new(),
            max_bytes: MAX_BYTES,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.static_name.unwrap_or(&self.name)
    }

    /// The same, for buffers that are wiped.
    pub(super) const fn zeroizing(mut self) -> Self {
        self.zeroize = true;
        self
    }

    /// The limits of each class.
    pub(super) fn limits_of_class(&self) -> Limits {
        self.limits.max_bytes(self.max_bytes / self.sizes.len())
    }
}

/// Makes a [`BufferPool`] with sizes and limits of its own.
///
/// # Examples
///
/// ```
/// use poolable::buffer::BufferPool;
///
/// let packets = BufferPool::builder().name("packets").sizes([1_500, 9_000]).build();
/// assert_eq!(packets.get(1_400).capacity(), 1_500);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct BufferPoolBuilder(Settings);

impl BufferPoolBuilder {
    pub(super) const fn new() -> Self {
        Self(Settings::new("buffers", SIZES))
    }

    /// What reports call the pool, each class with its size behind it: "buffers 4 KiB".
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().name("frames").build();
    /// assert_eq!(pool.name(), "frames");
    /// ```
    pub fn name(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self(Settings { name: name.into(), ..self.0 })
    }

    /// The sizes, in bytes, in any order: 64 and 256 B, 1, 4, 16, 64 and 256 KiB, 1 MiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().sizes([4096, 512, 512]).build();
    /// assert!(pool.sizes().eq([512, 4096]));
    /// ```
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) panics if there is no size, if one of them is 0 or more than
    /// `isize::MAX`, or if there are more than 64.
    pub fn sizes(self, sizes: impl IntoIterator<Item = usize>) -> Self {
        let mut sizes: Vec<usize> = sizes.into_iter().collect();
        sizes.sort_unstable();
        sizes.dedup();
        Self(Settings { sizes: Cow::Owned(sizes), ..self.0 })
    }

    /// The sizes 1, 8 and 64 KiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().tiered().build();
    /// assert!(pool.sizes().eq([1 << 10, 8 << 10, 64 << 10]));
    /// ```
    pub fn tiered(self) -> Self {
        Self(Settings { sizes: Cow::Borrowed(TIERS), ..self.0 })
    }

    /// Has every buffer wiped over its whole capacity when it comes home, before anyone else
    /// can get it, and before it is freed. Off.
    ///
    /// A buffer that has to grow leaves its content in the memory that it grows out of, as
    /// any `Vec` does: ask for enough, or keep secrets in a [`SecretVec`](crate::SecretVec).
    /// Bytes taken out with [`into_inner`](super::PooledBuf::into_inner) are the caller's.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().zeroize(true).build();
    /// pool.get(64).extend_from_slice(b"token");
    /// // As it came home: such a pool has nothing left to zero.
    /// assert_eq!(pool.get_zeroed(64)[..5], [0; 5]);
    /// ```
    ///
    /// # Performance
    ///
    /// One `memset` of the capacity for each return, and none for
    /// [`get_zeroed`](BufferPool::get_zeroed).
    pub fn zeroize(self, zeroize: bool) -> Self {
        Self(Settings { zeroize, ..self.0 })
    }

    /// Has the pool measure what is written into its buffers, and follow it with
    /// [`default_size`](BufferPool::default_size), for
    /// [`get_default`](BufferPool::get_default), and with
    /// [`drop_threshold`](BufferPool::drop_threshold). Off.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().calibrate(true).build();
    /// for _ in 0..100 {
    ///     pool.get_default().extend_from_slice(&[b'x'; 300]);
    /// }
    /// pool.calibrate_now();
    /// assert_eq!(pool.default_size(), 1024);
    /// ```
    pub fn calibrate(self, calibrate: bool) -> Self {
        Self(Settings { calibrate, ..self.0 })
    }

    /// How many buffers of each size each thread keeps: 64, fewer of big ones, none above
    /// 128 KiB; as [`PoolBuilder::cache`](crate::PoolBuilder::cache).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().cache(1).max_idle(0).build();
    /// drop((pool.get(100), pool.get(100)));
    /// assert_eq!(pool.stats().total().idle, 1);
    /// ```
    pub fn cache(self, buffers: usize) -> Self {
        Self(Settings { limits: self.0.limits.cache(buffers), ..self.0 })
    }

    /// How many buffers of each size are kept for all threads, beside what those keep: 1024.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().max_idle(2).build();
    /// assert_eq!(pool.prewarm(4096, 10), 2);
    /// ```
    pub fn max_idle(self, buffers: usize) -> Self {
        Self(Settings { limits: self.0.limits.max_idle(buffers), ..self.0 })
    }

    /// How many bytes all idle buffers together may hold: 64 MiB. Each size has an even
    /// share, and one whose share is less than a buffer keeps none.
    ///
    /// They are counted when a thread and the pool exchange buffers, as
    /// [`PoolBuilder::max_bytes`](crate::PoolBuilder::max_bytes) says: in between a thread
    /// may keep up to 1 MiB more of each size up to 128 KiB; with a [`cache`](Self::cache) of
    /// your own, as many buffers as that says.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().sizes([10_000]).max_bytes(25_000).build();
    /// assert_eq!(pool.prewarm(10_000, 10), 2);
    /// ```
    pub fn max_bytes(self, bytes: usize) -> Self {
        Self(Settings { max_bytes: bytes, ..self.0 })
    }

    /// Makes the pool.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::buffer::BufferPool;
    ///
    /// let pool = BufferPool::builder().build();
    /// assert_eq!(pool.get(5).capacity(), 64);
    /// ```
    ///
    /// # Panics
    ///
    /// If the [`sizes`](Self::sizes) are none, too many, or one of them is 0 or too large.
    #[must_use]
    pub fn build(self) -> BufferPool {
        BufferPool::with(self.0)
    }
}
