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

/// The iterators of [`RetainMap`].
pub mod retain_map {
    pub use super::map::iter::{IntoIter, Iter, IterMut};
}

/// Swaps two elements where they are. std's swap takes a large one to the stack on the way,
/// where its bytes stay behind, and it may be a secret.
#[cfg(feature = "zeroize")]
fn swap<T>(items: &mut [T], one: usize, other: usize) {
    use crate::wipe::place_bytes;

    if one == other {
        return;
    }
    let (low, high) = items.split_at_mut(one.max(other));
    // As bytes they pass through registers.
    place_bytes(&mut low[one.min(other)]).swap_with_slice(place_bytes(&mut high[0]));
}

#[cfg(not(feature = "zeroize"))]
fn swap<T>(items: &mut [T], one: usize, other: usize) {
    items.swap(one, other);
}
