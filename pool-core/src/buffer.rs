//! Buffers in sizes, rings of bytes, and copying.
//!
//! [`BufferPool`] keeps buffers of several sizes; each is a class, with a pool of its own:
//! thread caches, a depot, limits and counters. A get takes from the smallest class that
//! covers what it asks for; a [`PooledBuf`] goes home to the largest class that its capacity
//! covers, which may be another one by then.
//!
//! | what | for |
//! | --- | --- |
//! | [`BufferPool`], [`BufferPoolBuilder`], [`PooledBuf`] | buffers of several sizes, which grow as a `Vec<u8>` does |
//! | [`RingBuffer`] | the last so many bytes, or as many as fit |
//! | [`copy`], [`copy_file`]; with feature `tokio` `copy_async`, `copy_file_async` | copying through pooled buffers that are wiped |
//! | [`BufferStats`], [`ClassStats`] | what a pool of buffers has counted |
//!
//! # Examples
//!
//! ```
//! use poolable::buffer::{PooledBuf, RingBuffer};
//! use std::io::Write;
//!
//! let mut out = PooledBuf::with_capacity(100); // of the pool of the process
//! write!(out, "GET {}", "/")?;
//! assert_eq!((&out[..], out.capacity()), (&b"GET /"[..], 256));
//!
//! let mut last = RingBuffer::new(4);
//! last.write_all(&out)?;
//! assert_eq!((last.len(), last.overwritten()), (4, 1));
//! # Ok::<(), std::io::Error>(())
//! ```

// | module | what it owns |
// | --- | --- |
// | `pool`, `builder` | what users hold: the pool, and how it is made |
// | `buf` | the guard |
// | `ladder` | which class is whose |
// | `class` | one size: where its buffers come from, and how they get home |
// | `calibrate` | what was written, and what follows for the default size |
// | `stats` | what a pool of buffers shows |
// | `ring` | a ring of bytes |
// | `copy` | copying through pooled buffers |

mod buf;
mod builder;
mod calibrate;
mod class;
mod copy;
mod ladder;
mod pool;
mod ring;
mod stats;

pub use self::buf::PooledBuf;
pub use self::builder::BufferPoolBuilder;
pub use self::copy::{copy, copy_file};
#[cfg(feature = "tokio")]
pub use self::copy::{copy_async, copy_file_async};
pub use self::pool::BufferPool;
pub use self::ring::RingBuffer;
pub use self::stats::{BufferStats, ClassStats};
