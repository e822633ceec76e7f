//! Containers whose emptied places keep their values for reuse.
//!
//! A cleared `Vec<String>` frees every string, and an `Option<String>` that becomes
//! `None` frees its one. The containers here reset such a value and put it aside, so
//! that its buffer serves the next user.

mod map;
mod option;
mod vec;

pub use map::RetainMap;
pub use option::RetainOption;
pub use vec::RetainVec;

#[cfg(feature = "zeroize")]
use crate::wipe::swap;

/// The iterators of [`RetainMap`].
///
/// # Examples
///
/// ```
/// use poolable::{RetainMap, retain_map};
///
/// let mut ages = RetainMap::<String, u32>::new();
/// *ages.insert_blank("ada") = 36;
/// let mut entries: retain_map::Iter<'_, String, u32> = ages.iter();
/// assert_eq!(entries.next().map(|(name, age)| (name.as_str(), *age)), Some(("ada", 36)));
/// ```
pub mod retain_map {
    pub use super::map::iter::{IntoIter, Iter, IterMut};
}

#[cfg(not(feature = "zeroize"))]
fn swap<T>(items: &mut [T], one: usize, other: usize) {
    items.swap(one, other);
}
