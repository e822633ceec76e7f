// Its examples use features: they are tested where those are there.
#![cfg_attr(
    any(
        not(doctest),
        all(feature = "axum", feature = "inspect", feature = "managed", feature = "metrics"),
    ),
    doc = include_str!("../README.md")
)]
#![forbid(unsafe_code)]
// What a feature brings is marked as such, where the documentation is built by nightly.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod guide;

pub use pool_core::advise;
#[cfg(feature = "axum")]
pub use pool_core::axum;
#[cfg(feature = "buffer")]
pub use pool_core::buffer;
#[cfg(feature = "inspect")]
pub use pool_core::inspect;
#[cfg(feature = "json")]
pub use pool_core::json;
#[cfg(feature = "managed")]
pub use pool_core::managed;
#[cfg(feature = "metrics")]
pub use pool_core::metrics;
#[doc(hidden)]
pub use pool_core::private as __private;
pub use pool_core::testing;
#[cfg(feature = "tracing")]
pub use pool_core::tracing;
pub use pool_core::{
    Capacity, Discarded, Hold, HoldWatch, Pool, PoolBuilder, PoolInfo, PoolLimits, Poolable,
    Pooled, PooledMap, PooledOwned, PooledRef, Reaper, ReleaseBorrows, Report, Reset, RetainMap,
    RetainOption, RetainVec, Shared, Stats, TypePool, maintain, pools, report, retain_map,
    trim_all,
};
#[cfg(feature = "mlock")]
pub use pool_core::{LockError, MemoryLock};
#[cfg(all(feature = "hashbrown", feature = "zeroize"))]
pub use pool_core::{SecretMap, secret_map};
#[cfg(feature = "zeroize")]
pub use pool_core::{SecretString, SecretUtf8Error, SecretVec, Wipe};
/// The options, `#[pool(..)]`, are listed under [Attributes](crate#attributes).
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
///
/// #[derive(Poolable)]
/// struct Line {
///     text: String,
///     #[pool(value = 80)]
///     width: u16,
/// }
///
/// let mut line = Line::pooled();
/// line.text.push_str("hello");
/// line.width = 0;
/// drop(line);
/// let line = Line::pooled();
/// assert_eq!((line.text.as_str(), line.width), ("", 80));
/// assert!(line.text.capacity() >= 5);
/// ```
#[doc(inline)]
pub use pool_derive::Poolable;
/// The options, `#[pool(..)]`, are listed under [Attributes](crate#attributes).
///
/// # Examples
///
/// ```
/// use poolable::Reset;
///
/// #[derive(Reset)]
/// struct Header {
///     name: String,
///     #[pool(skip)]
///     number: u32,
/// }
///
/// let mut header = Header { name: "host".into(), number: 7 };
/// header.reset();
/// assert_eq!((header.name.as_str(), header.number), ("", 7));
/// ```
#[doc(inline)]
pub use pool_derive::Reset;
