//! Overwriting secrets, so that the optimiser cannot take it back.
//!
//! # Invariants
//!
//! 1. A wipe covers every byte that the value owns, spare capacity included, before
//!    any length changes.
//! 2. One element whose wipe panics does not save the others from theirs.

mod field;

use core::mem::MaybeUninit;
use core::ptr;

pub use field::WipingField;
pub(crate) use field::forget_failures;

/// A value whose memory can be overwritten in place.
///
/// After `wipe` the value is valid and empty: numbers are zero, buffers have length
/// zero, every byte of their capacity is zero, and they keep their allocation.
/// `#[pool(zeroize)]` calls it on return, on drop and on every other way out.
///
/// The derives write it for their types: a derived type is wiped field by field, all
/// of them, and so has `Wipe` if all of its fields have it.
///
/// # Examples
///
/// ```
/// use pool_core::Wipe;
///
/// let mut token = String::from("s3cr3t");
/// let capacity = token.capacity();
/// token.wipe();
/// assert_eq!(token, "");
/// assert_eq!(token.capacity(), capacity);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Wipe`, so `zeroize` cannot overwrite it",
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
    /// use pool_core::Wipe;
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
    /// use pool_core::Wipe;
    ///
    /// let mut words = [1_u64, 2, 3];
    /// Wipe::wipe_slice(&mut words);
    /// assert_eq!(words, [0; 3]);
    /// ```
    fn wipe_slice(slice: &mut [Self])
    where
        Self: Sized,
    {
        let mut rest = Rest(slice.iter_mut());
        rest.run();
    }
}

/// The elements that are still to be wiped. Unwinding out of one goes on with the
/// next (invariant 2).
struct Rest<'a, T: Wipe>(core::slice::IterMut<'a, T>);

impl<T: Wipe> Rest<'_, T> {
    fn run(&mut self) {
        for value in self.0.by_ref() {
            value.wipe();
        }
    }
}

impl<T: Wipe> Drop for Rest<'_, T> {
    fn drop(&mut self) {
        self.run();
    }
}

/// Zeroes memory that holds no value, and makes the stores count as observed.
pub(crate) fn wipe_memory(memory: &mut [MaybeUninit<u8>]) {
    memory.fill(MaybeUninit::new(0));
    zeroize::optimization_barrier(memory);
}

/// The bytes of `spare`, whose elements hold no value.
pub(crate) fn bytes_of<T>(spare: &mut [MaybeUninit<T>]) -> &mut [MaybeUninit<u8>] {
    let length = size_of_val(spare);
    // SAFETY: the pointer and the length describe the memory of `spare`, borrowed for
    // the result's lifetime; `MaybeUninit<u8>` accepts any byte, padding included, and
    // has no alignment; whatever is written is no value of `T` to anybody.
    unsafe { core::slice::from_raw_parts_mut(spare.as_mut_ptr().cast(), length) }
}

macro_rules! wipe_plain {
    ($($ty:ty => $zero:expr),* $(,)?) => {$(
        impl Wipe for $ty {
            fn wipe(&mut self) {
                *self = $zero;
                zeroize::optimization_barrier(self);
            }

            fn wipe_slice(slice: &mut [Self]) {
                slice.fill($zero);
                zeroize::optimization_barrier(slice);
            }
        }
    )*};
}

wipe_plain! {
    u8 => 0, u16 => 0, u32 => 0, u64 => 0, u128 => 0, usize => 0,
    i8 => 0, i16 => 0, i32 => 0, i64 => 0, i128 => 0, isize => 0,
    f32 => 0.0, f64 => 0.0, bool => false, char => '\0',
}

impl Wipe for () {
    fn wipe(&mut self) {}
}

impl<T: ?Sized> Wipe for core::marker::PhantomData<T> {
    fn wipe(&mut self) {}
}

impl<T: Wipe, const N: usize> Wipe for [T; N] {
    fn wipe(&mut self) {
        T::wipe_slice(self);
    }

    fn wipe_slice(slice: &mut [Self]) {
        T::wipe_slice(slice.as_flattened_mut());
    }
}

macro_rules! wipe_tuples {
    ($($name:ident)+) => {
        impl<$($name: Wipe),+> Wipe for ($($name,)+) {
            #[allow(non_snake_case, reason = "the type parameter names its value")]
            fn wipe(&mut self) {
                let ($($name,)+) = self;
                // Dropped in reverse, and each of them even if another one panics
                // (invariant 2).
                $(let _wiping = Wiping($name);)+
            }
        }
        wipe_tuples!(@rest $($name)+);
    };
    (@rest $first:ident) => {};
    (@rest $first:ident $($name:ident)+) => { wipe_tuples!($($name)+); };
}

wipe_tuples!(A B C D E F G H I J K L);

impl<T: Wipe> Wipe for Option<T> {
    /// Wipes the value, then the inline bytes, which an earlier `None` may have left
    /// as they were. A build without optimisation writes the final `None` by copying one
    /// from the stack, along with whatever lay there beside its tag.
    fn wipe(&mut self) {
        /// Puts `None` into memory whose value is gone, even if its drop panicked.
        struct Emptied<'a, T>(&'a mut Option<T>);

        impl<T> Drop for Emptied<'_, T> {
            fn drop(&mut self) {
                let memory = bytes_of(core::slice::from_mut(as_memory(self.0)));
                wipe_memory(memory);
                // SAFETY: the pointer comes from a reference, and `write` drops
                // nothing: the old value was dropped before this guard drops.
                unsafe { ptr::write(self.0, None) };
            }
        }

        if let Some(value) = self {
            value.wipe();
        }
        let emptied = Emptied(self);
        // SAFETY: the value is valid, borrowed exclusively, and not dropped again:
        // `Emptied` overwrites it, on unwind too.
        unsafe { ptr::drop_in_place(emptied.0) };
    }
}

/// Views a place as memory, without a value.
fn as_memory<T>(place: &mut T) -> &mut MaybeUninit<T> {
    // SAFETY: `MaybeUninit<T>` has the layout of `T`. The callers put a valid value back
    // before anybody can read the place as a `T` again.
    unsafe { &mut *ptr::from_mut(place).cast() }
}

impl<T: Wipe + ?Sized> Wipe for Box<T> {
    fn wipe(&mut self) {
        (**self).wipe();
    }
}

impl<T: Wipe> Wipe for [T] {
    fn wipe(&mut self) {
        T::wipe_slice(self);
    }
}

impl Wipe for str {
    fn wipe(&mut self) {
        // SAFETY: zeroes are valid UTF-8.
        let bytes = unsafe { self.as_bytes_mut() };
        u8::wipe_slice(bytes);
    }
}

impl<T: Wipe> Wipe for Vec<T> {
    fn wipe(&mut self) {
        /// Wipes what lies behind the length, on unwind too.
        struct Spare<'a, T>(&'a mut Vec<T>);

        impl<T> Drop for Spare<'_, T> {
            fn drop(&mut self) {
                wipe_memory(bytes_of(self.0.spare_capacity_mut()));
            }
        }

        let spare = Spare(self);
        T::wipe_slice(spare.0);
        // From here on all of the buffer is spare, so that `Spare` also covers what the
        // elements leave inline, discriminants and lengths included.
        spare.0.clear();
    }
}

impl Wipe for String {
    fn wipe(&mut self) {
        // SAFETY: the wipe leaves the vector empty, which is valid UTF-8; it cannot
        // panic half way, for `u8` has no code of a user's.
        let bytes = unsafe { self.as_mut_vec() };
        bytes.wipe();
    }
}

/// Wipes a value when it drops, and so also while a sibling's wipe unwinds.
struct Wiping<'a, T: Wipe>(&'a mut T);

impl<T: Wipe> Drop for Wiping<'_, T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use core::panic::AssertUnwindSafe;
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;

    std::thread_local! {
        static WIPED: Cell<u32> = const { Cell::new(0) };
    }

    /// Panics at its wipe if it is told to, after it was counted.
    struct Spy {
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
        [false, true, false, false].map(|fails| Spy { fails })
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
    }

    #[cfg(not(debug_assertions))]
    #[test]
    fn an_option_is_wiped_over_its_inline_bytes_whichever_it_is() {
        for last in [Some([0xA5_u8; 16]), None] {
            let mut option = Some([0xA5_u8; 16]);
            // A `None` leaves the bytes of the value before as they were.
            option.clone_from(&last);
            option.wipe();
            assert!(option.is_none());
            let bytes = bytes_of(core::slice::from_mut(as_memory(&mut option)));
            // SAFETY: the wipe has written all of them.
            let is_zero = |byte: &MaybeUninit<u8>| unsafe { byte.assume_init() } == 0;
            assert!(bytes.iter().all(is_zero));
        }
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
