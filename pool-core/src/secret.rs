//! Containers whose every buffer is wiped before it is let go: when they grow, shrink, are
//! cleared and are dropped.
//!
//! A `Vec` that grows may leave its old buffer to the allocator with all that was in it, and
//! nobody can reach it any more. These make the new buffer themselves, and wipe the old one
//! before it is freed.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `memory` | how values leave memory, and how they pass through our stack |
//! | `vec` | the vector, and every change of its buffer |
//! | `vec/edit` | what comes in and goes out |
//! | `string` | the vector of bytes that are UTF-8 |
//! | `map` | the table of keys and values (feature `hashbrown`) |
//!
//! # Rejected
//!
//! - `Hash`: a hasher holds the last bytes that it was given, on the stack or in a state that
//!   nobody wipes, and a table compares what it finds. Without it `Borrow` would promise what
//!   is not there.
//! - `Ord`: a comparison by order tells where two secrets begin to differ.
//! - `Display`, `FromStr` and iteration by value: each makes copies that look harmless.

#[cfg(feature = "hashbrown")]
mod map;
mod string;
mod vec;

#[cfg(feature = "hashbrown")]
pub use map::SecretMap;
pub use string::{SecretString, SecretUtf8Error};
pub use vec::SecretVec;

/// The iterators of [`SecretMap`].
///
/// # Examples
///
/// ```
/// use poolable::{SecretMap, secret_map};
///
/// let mut pins = SecretMap::<u64, u32>::default();
/// pins.insert(7, 1234);
/// let mut entries: secret_map::Iter<'_, u64, u32> = pins.iter();
/// assert_eq!(entries.next(), Some((&7, &1234)));
/// ```
#[cfg(feature = "hashbrown")]
pub mod secret_map {
    pub use super::map::iter::{Iter, IterMut};
}
