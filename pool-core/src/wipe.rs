//! Overwriting secrets, so that the optimiser cannot take it back.
//!
//! # Invariants
//!
//! 1. A wipe covers every byte that the value owns, spare capacity included, before any of
//!    it is freed.
//! 2. One element whose wipe panics does not save the others from theirs.
//! 3. No secret is moved on the way: what is taken out of a value to get at its memory is
//!    a pointer to it.

mod buffer;
mod cell;
mod field;
mod memory;
mod passing;
mod pointer;
mod scalar;
mod table;

pub use field::WipingField;
pub(crate) use field::forget_failures;
pub(crate) use memory::{bytes_of, wipe_memory, wipe_place};
pub use memory::{overwrite, replace};
pub(crate) use passing::{Vacated, hold, swap};
pub(crate) use table::WipeOnHeap;
#[cfg(any(feature = "hashbrown", feature = "indexmap"))]
pub(crate) use table::wipe_all;

/// A value whose memory can be overwritten in place.
///
/// After `wipe` the value is valid and empty: numbers are zero, buffers have length
/// zero, every byte of their capacity is zero, and they keep their allocation. What is freed
/// on the way is wiped before: the strings of a `Vec<String>`, the nodes of a list or a tree.
/// `#[pool(zeroize)]` calls it on return, on drop and on every other way out.
///
/// The derives write it for their types: a derived type is wiped field by field, all
/// of them, and so has `Wipe` if all of its fields have it.
///
/// # Examples
///
/// ```
/// use poolable::Wipe;
///
/// let mut token = String::from("s3cr3t");
/// let capacity = token.capacity();
/// token.wipe();
/// assert_eq!(token, "");
/// assert_eq!(token.capacity(), capacity);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Wipe`, so nobody knows how to overwrite it",
    label = "needs `Wipe`",
    note = "if it stands inside a type that derives `Reset`, mark the secrets in there with `zeroize`, and not the whole",
    note = "or give a function that overwrites the field: `#[pool(zeroize, with = PATH)]`, for instance `zeroize::Zeroize::zeroize` if that crate is a dependency of yours",
    note = "memory that others may still read, as behind an `Arc`, cannot be wiped"
)]
pub trait Wipe {
    /// Overwrites everything that the value owns.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Wipe;
    ///
    /// let mut key = [0xA5_u8; 32];
    /// key.wipe();
    /// assert_eq!(key, [0; 32]);
    /// ```
    fn wipe(&mut self);

    /// Overwrites every value of a slice; plain numbers do it in one sweep.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Wipe;
    ///
    /// let mut words = [1_u64, 2, 3];
    /// Wipe::wipe_slice(&mut words);
    /// assert_eq!(words, [0; 3]);
    /// ```
    fn wipe_slice(slice: &mut [Self])
    where
        Self: Sized,
    {
        wipe_each(slice);
    }

    /// Whether zeroes are all that a wipe leaves, and all that there is to do, so that a
    /// buffer of such values is memory like any other.
    #[doc(hidden)]
    const __PLAIN: bool = false;
}

/// Wipes each value of a list, in place.
fn wipe_each<'a, T: Wipe + 'a>(values: impl IntoIterator<Item = &'a mut T>) {
    Rest(values.into_iter()).run();
}

/// The elements that are still to be wiped. Unwinding out of one goes on with the
/// next (invariant 2).
struct Rest<'a, T: Wipe + 'a, I: Iterator<Item = &'a mut T>>(I);

impl<'a, T: Wipe + 'a, I: Iterator<Item = &'a mut T>> Rest<'a, T, I> {
    fn run(&mut self) {
        for value in self.0.by_ref() {
            value.wipe();
        }
    }
}

impl<'a, T: Wipe + 'a, I: Iterator<Item = &'a mut T>> Drop for Rest<'a, T, I> {
    fn drop(&mut self) {
        self.run();
    }
}

/// Wipes a value when it drops, and so also while a sibling's wipe unwinds.
pub(crate) struct Wiping<'a, T: Wipe>(pub(crate) &'a mut T);

impl<T: Wipe> Drop for Wiping<'_, T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use core::panic::AssertUnwindSafe;
    use std::collections::{
        BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque,
    };
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;

    std::thread_local! {
        static WIPED: Cell<u32> = const { Cell::new(0) };
    }

    /// Panics at its wipe if it is told to, after it was counted.
    #[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Spy {
        place: u8,
        fails: bool,
    }

    impl Wipe for Spy {
        fn wipe(&mut self) {
            WIPED.set(WIPED.get() + 1);
            if self.fails {
                resume_unwind(Box::new(()));
            }
        }
    }

    fn spies() -> [Spy; 4] {
        [1, 2, 3, 4].map(|place| Spy { place, fails: place == 2 })
    }

    fn wiped_in(work: impl FnOnce()) -> u32 {
        WIPED.set(0);
        assert!(catch_unwind(AssertUnwindSafe(work)).is_err(), "one of them fails");
        WIPED.get()
    }

    #[test]
    fn a_wipe_that_panics_does_not_save_its_neighbours() {
        assert_eq!(wiped_in(|| spies().wipe()), 4);
        assert_eq!(wiped_in(|| Vec::from(spies()).wipe()), 4);
        assert_eq!(wiped_in(|| Box::new(spies()).wipe()), 4);
        let [a, b, c, d] = spies();
        assert_eq!(wiped_in(|| (a, b, (c, d)).wipe()), 4);

        assert_eq!(wiped_in(|| VecDeque::from(spies()).wipe()), 4);
        assert_eq!(wiped_in(|| BinaryHeap::from(spies()).wipe()), 4);
        assert_eq!(wiped_in(|| LinkedList::from(spies()).wipe()), 4);
        let boxed = || spies().map(Box::new);
        assert_eq!(wiped_in(|| HashSet::from(boxed()).wipe()), 4);
        assert_eq!(wiped_in(|| BTreeSet::from(boxed()).wipe()), 4);
        let entries = || boxed().map(|spy| (spy.place.to_string(), spy));
        assert_eq!(wiped_in(|| HashMap::from(entries()).wipe()), 4);
        assert_eq!(wiped_in(|| BTreeMap::from(entries()).wipe()), 4);
    }

    #[test]
    fn plain_values_become_zero_and_buffers_empty() {
        let mut values = (1_u8, -1_i64, 1.5_f32, true, 'x', [7_u16; 3], (), Some(1_u128));
        values.wipe();
        assert_eq!(values, (0, 0, 0.0, false, '\0', [0; 3], (), None));

        let mut text = String::from("secret");
        let place = (text.as_ptr(), text.capacity());
        text.wipe();
        assert_eq!((text.as_str(), text.as_ptr(), text.capacity()), ("", place.0, place.1));

        let mut nested = vec![vec![1_u8, 2], vec![3]];
        nested.wipe();
        assert!(nested.is_empty() && nested.capacity() >= 2);
    }
}
