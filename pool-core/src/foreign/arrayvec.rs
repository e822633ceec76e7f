//! Crate `arrayvec`'s vector and text of a fixed capacity, which lie inline: they keep no heap,
//! and there is no capacity that a pool could govern.

use arrayvec::{ArrayString, ArrayVec};

use crate::{ReleaseBorrows, Reset};

/// Emptied.
impl<T, const N: usize> Reset for ArrayVec<T, N> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn reset(&mut self) {
        self.clear();
    }
}

/// Emptied.
impl<const N: usize> Reset for ArrayString<N> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn reset(&mut self) {
        self.clear();
    }
}

// SAFETY: the reset leaves no value that could borrow.
unsafe impl<T, const N: usize> ReleaseBorrows for ArrayVec<T, N> {}

// SAFETY: there are no lifetimes in the type.
unsafe impl<const N: usize> ReleaseBorrows for ArrayString<N> {}

#[cfg(feature = "zeroize")]
mod wipe {
    use core::mem::MaybeUninit;
    use core::slice;

    use arrayvec::{ArrayString, ArrayVec};

    use crate::Wipe;
    use crate::foreign::NULS;
    use crate::wipe::{bytes_of, wipe_memory};

    /// Wiped over its whole array: the elements, and the places of those that were removed.
    impl<T: Wipe, const N: usize> Wipe for ArrayVec<T, N> {
        fn wipe(&mut self) {
            /// Wipes what holds no elements, on unwind too.
            struct Spare<'a, T, const N: usize>(&'a mut ArrayVec<T, N>);

            impl<T, const N: usize> Drop for Spare<'_, T, N> {
                fn drop(&mut self) {
                    wipe_memory(bytes_of(spare(self.0)));
                }
            }

            let spare = Spare(self);
            // For plain ones the sweep that follows is enough.
            if !T::__PLAIN {
                T::wipe_slice(spare.0);
            }
            spare.0.clear();
        }
    }

    /// The places behind the last element.
    fn spare<T, const N: usize>(vec: &mut ArrayVec<T, N>) -> &mut [MaybeUninit<T>] {
        let len = vec.len();
        let start = vec.as_mut_ptr().cast::<MaybeUninit<T>>();
        // SAFETY: the length is at most the capacity, in elements of this pointer.
        let start = unsafe { start.add(len) };
        // SAFETY: the array has `N` places; it is borrowed for as long, and `MaybeUninit`
        // accepts any content.
        unsafe { slice::from_raw_parts_mut(start, N - len) }
    }

    /// Wiped over its whole array, by way of a text that fills it.
    impl<const N: usize> Wipe for ArrayString<N> {
        fn wipe(&mut self) {
            while !self.is_full() {
                let room = (N - self.len()).min(NULS.len());
                self.push_str(&NULS[..room]);
            }
            str::wipe(self);
            self.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vector_and_text_are_emptied_and_retain_nothing() {
        let shared = std::sync::Arc::new(());
        let mut vec = ArrayVec::<_, 4>::from([shared.clone(), shared.clone(), shared, ().into()]);
        let first = vec[0].clone();
        vec.reset();
        assert_eq!((vec.len(), std::sync::Arc::strong_count(&first)), (0, 1));
        assert_eq!((vec.retained_bytes(), vec), (0, ArrayVec::blank()));

        let mut text = ArrayString::<8>::from("abc").expect("it has room");
        text.reset();
        assert_eq!((text.retained_bytes(), text), (0, ArrayString::blank()));
        text.push_str("12345678");
        assert_eq!(&text[..], "12345678");
    }

    #[cfg(feature = "zeroize")]
    mod wiped {
        use core::cell::Cell;
        use core::mem::MaybeUninit;
        use core::panic::AssertUnwindSafe;
        use core::slice;
        use std::panic::{catch_unwind, resume_unwind};

        use super::*;
        use crate::Wipe;
        use crate::wipe::bytes_of;

        /// How many bytes of a value that has no padding, and was written as a whole, are not
        /// zero.
        fn left_in<T>(value: &mut T) -> usize {
            let place = core::ptr::from_mut(value).cast::<MaybeUninit<T>>();
            // SAFETY: it is memory of this layout, borrowed as the value is.
            let bytes = bytes_of(slice::from_mut(unsafe { &mut *place }));
            // SAFETY: the tests write all of it.
            bytes.iter().filter(|byte| unsafe { byte.assume_init() } != 0).count()
        }

        #[test]
        fn elements_and_the_places_of_former_ones_are_wiped() {
            for len in [0, 3, 16] {
                let mut vec = Box::new(ArrayVec::from([0xA5_u8; 16]));
                vec.truncate(len);
                assert!(left_in(&mut *vec) >= 16);
                vec.wipe();
                assert_eq!((vec.len(), left_in(&mut *vec)), (0, 0));
                vec.push(7);
                assert_eq!(vec[..], [7]);
            }
        }

        #[test]
        fn a_text_is_wiped_behind_its_end_too() {
            let secret = "s".repeat(300);
            for len in [0, 3, 299, 300] {
                let mut text = Box::new(ArrayString::<300>::from(&secret).expect("it has room"));
                text.truncate(len);
                assert!(left_in(&mut *text) >= 300);
                text.wipe();
                assert_eq!((text.len(), left_in(&mut *text)), (0, 0));
                text.push_str("again");
                assert_eq!(&text[..], "again");
            }
        }

        #[test]
        fn those_without_places_are_wiped_too() {
            let mut none = ArrayVec::<u8, 0>::new();
            let mut units = ArrayVec::<(), 3>::from([(); 3]);
            let mut text = ArrayString::<0>::new();
            none.wipe();
            units.wipe();
            text.wipe();
            assert!(none.is_empty() && units.is_empty() && text.is_empty());
        }

        std::thread_local! {
            static WIPED: Cell<u32> = const { Cell::new(0) };
            static DROPPED: Cell<u32> = const { Cell::new(0) };
        }

        /// Panics at its wipe or its drop if it is told to, after it was counted.
        struct Spy {
            fails_to_wipe: u64,
            fails_to_drop: u64,
            secret: [u8; 8],
        }

        impl Wipe for Spy {
            fn wipe(&mut self) {
                WIPED.set(WIPED.get() + 1);
                self.secret.wipe();
                if self.fails_to_wipe == 1 {
                    resume_unwind(Box::new(()));
                }
            }
        }

        impl Drop for Spy {
            fn drop(&mut self) {
                DROPPED.set(DROPPED.get() + 1);
                if core::mem::take(&mut self.fails_to_drop) == 1 {
                    resume_unwind(Box::new(()));
                }
            }
        }

        #[test]
        fn a_panic_of_one_element_does_not_save_the_others() {
            for (fails_to_wipe, fails_to_drop) in [(1, 9), (9, 1)] {
                WIPED.set(0);
                DROPPED.set(0);
                let spy = |index| Spy {
                    fails_to_wipe: u64::from(index == fails_to_wipe),
                    fails_to_drop: u64::from(index == fails_to_drop),
                    secret: [0xA5; 8],
                };
                let mut vec: ArrayVec<_, 6> = (0..4).map(spy).collect();
                assert!(catch_unwind(AssertUnwindSafe(|| vec.wipe())).is_err());
                assert_eq!(WIPED.get(), 4);
                let start = vec.as_mut_ptr().cast::<[MaybeUninit<u8>; size_of::<Spy>()]>();
                // SAFETY: the array has six places of this size.
                let places = unsafe { slice::from_raw_parts_mut(start, 6) };
                // SAFETY: four were written as a whole, the others wiped.
                let is_secret = |byte: &&MaybeUninit<u8>| unsafe { byte.assume_init() } == 0xA5;
                assert_eq!(places.as_flattened().iter().filter(is_secret).count(), 0);
                drop(vec);
                assert_eq!(DROPPED.get(), 4, "each of them once");
            }
        }
    }
}
