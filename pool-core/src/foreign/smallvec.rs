//! Crate `smallvec`'s vector, whose first elements lie inline, and which moves all of them
//! to the heap when they become too many.

use smallvec::{Array, SmallVec};

use crate::{Capacity, ReleaseBorrows, Reset};

/// Emptied. One that has spilled stays on the heap.
impl<A: Array> Reset for SmallVec<A> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn reset(&mut self) {
        self.clear();
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        if self.spilled() { self.capacity().saturating_mul(size_of::<A::Item>()) } else { 0 }
    }
}

/// The inline part is a capacity that cannot be taken away.
impl<A: Array> Capacity for SmallVec<A> {
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity(capacity)
    }

    #[inline]
    fn capacity(&self) -> usize {
        Self::capacity(self)
    }

    #[inline]
    fn grow_to(&mut self, capacity: usize) {
        if Self::capacity(self) < capacity {
            // Reserving counts from the length, which the capacity bounds.
            self.reserve_exact(capacity - self.len());
        }
    }

    #[inline]
    fn shrink_to(&mut self, capacity: usize) {
        let capacity = capacity.max(self.len());
        if self.spilled() && Self::capacity(self) > capacity {
            // Its word for any change of the capacity; back inline if that is enough.
            self.grow(capacity);
        }
    }
}

// SAFETY: the reset leaves no value that could borrow.
unsafe impl<A: Array> ReleaseBorrows for SmallVec<A> {}

#[cfg(feature = "zeroize")]
mod wipe {
    use core::mem::MaybeUninit;
    use core::{ptr, slice};

    use smallvec::{Array, SmallVec};

    use crate::Wipe;
    use crate::wipe::{bytes_of, wipe_memory, wipe_place};

    /// Wiped over all of its memory: the elements, the spare capacity, and, of one that has
    /// spilled, what lay inline before. It keeps its heap memory.
    ///
    /// Beyond its reach are buffers that it grew out of, as with a `Vec`, and copies that
    /// were made when it was moved as a whole. A build without optimisation puts the wiped
    /// value in place by copying one from the stack, along with whatever lay there where the
    /// inline part is unused.
    impl<A: Array<Item: Wipe>> Wipe for SmallVec<A> {
        fn wipe(&mut self) {
            /// Wipes what holds no elements, on unwind too.
            struct Unused<'a, A: Array>(&'a mut SmallVec<A>);

            impl<A: Array> Drop for Unused<'_, A> {
                fn drop(&mut self) {
                    wipe_memory(bytes_of(spare(self.0)));
                    if self.0.spilled() {
                        wipe_inline_part(self.0);
                    }
                }
            }

            let unused = Unused(self);
            // For plain ones the sweep that follows is enough.
            if !A::Item::__PLAIN {
                A::Item::wipe_slice(unused.0);
            }
            let elements = ptr::from_mut(unused.0.as_mut_slice());
            // `clear` would keep the elements that follow one whose drop panics.
            // SAFETY: no length is below zero.
            unsafe { unused.0.set_len(0) };
            // SAFETY: the elements are valid, and the vector has just forgotten them; they
            // lie in its memory, which it keeps.
            unsafe { ptr::drop_in_place(elements) };
        }
    }

    /// The memory behind the last element.
    fn spare<A: Array>(vec: &mut SmallVec<A>) -> &mut [MaybeUninit<A::Item>] {
        let (len, capacity) = (vec.len(), vec.capacity());
        let start = vec.as_mut_ptr().cast::<MaybeUninit<A::Item>>();
        // SAFETY: the length is at most the capacity, in elements of this pointer.
        let start = unsafe { start.add(len) };
        // SAFETY: the memory up to the capacity belongs to the vector, which is borrowed for
        // as long, and `MaybeUninit` accepts any content. Elements without a size, of which
        // there may be as many as there are numbers, take none.
        unsafe { slice::from_raw_parts_mut(start, capacity - len) }
    }

    /// Zeroes the vector itself, and puts it back as it was.
    ///
    /// It is not moved before, since that would copy what is to be wiped.
    fn wipe_inline_part<A: Array>(vec: &mut SmallVec<A>) {
        debug_assert!(vec.spilled());
        let (start, len, capacity) = (vec.as_mut_ptr(), vec.len(), vec.capacity());
        wipe_place(vec);
        // SAFETY: the three are those of a vector of this very type, which had spilled, and
        // is no more; so there is one owner of its heap memory again.
        let same = unsafe { SmallVec::<A>::from_raw_parts(start, len, capacity) };
        // SAFETY: the pointer comes from a reference; the old value is not to be dropped,
        // for the new one owns what it did. Nothing between the two could have unwound: the
        // capacity is that of a spilled one, which is all that `from_raw_parts` asks.
        unsafe { ptr::write(vec, same) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Small = SmallVec<[u8; 16]>;

    #[test]
    fn vector_is_emptied_and_keeps_its_memory() {
        let mut inline = Small::from_slice(b"abc");
        inline.reset();
        assert_eq!((inline.len(), inline.spilled(), inline.retained_bytes()), (0, false, 0));

        let mut spilled = Small::from_slice(&[1; 40]);
        let (place, capacity) = (spilled.as_ptr(), spilled.capacity());
        spilled.reset();
        assert_eq!((spilled.len(), spilled.as_ptr()), (0, place));
        assert_eq!(spilled.retained_bytes(), capacity);
        assert_eq!(Small::blank().retained_bytes(), 0);
    }

    #[test]
    fn retained_bytes_are_counted_in_the_elements_size() {
        let mut words = SmallVec::<[u64; 2]>::with_capacity(10);
        assert_eq!(words.retained_bytes(), 80);
        let mut units = SmallVec::<[(); 2]>::from_elem((), 100);
        units.reset();
        assert_eq!((units.len(), units.retained_bytes()), (0, 0));
    }

    #[test]
    fn vector_is_governed() {
        let mut vec = <Small as Capacity>::with_capacity(100);
        assert_eq!(Capacity::capacity(&vec), 100);
        vec.extend_from_slice(b"abc");
        let place = vec.as_ptr();
        vec.grow_to(100);
        Capacity::shrink_to(&mut vec, 100);
        assert_eq!(vec.as_ptr(), place, "it was there already");
        vec.grow_to(1000);
        assert_eq!(Capacity::capacity(&vec), 1000);
        Capacity::shrink_to(&mut vec, 50);
        assert_eq!((Capacity::capacity(&vec), vec.spilled()), (50, true));
        Capacity::shrink_to(&mut vec, 0);
        assert_eq!((Capacity::capacity(&vec), vec.spilled()), (16, false));
        Capacity::shrink_to(&mut vec, 0);
        assert_eq!((&vec[..], Capacity::capacity(&vec)), (&b"abc"[..], 16));

        let mut long = Small::from_slice(&[7; 40]);
        long.grow_to(100);
        Capacity::shrink_to(&mut long, 0);
        assert_eq!((&long[..], Capacity::capacity(&long)), (&[7; 40][..], 40));
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

        /// How many bytes of memory are those of the secret.
        fn secrets_in<T>(memory: &mut [MaybeUninit<T>]) -> usize {
            let bytes = bytes_of(memory);
            // SAFETY: the tests write all of the memory that they look at.
            bytes.iter().filter(|byte| unsafe { byte.assume_init() } == 0xA5).count()
        }

        /// The bytes of the secret in the value itself.
        fn inside(vec: &mut Small) -> usize {
            let memory = core::ptr::from_mut(vec).cast::<MaybeUninit<Small>>();
            // SAFETY: it is memory of this layout, borrowed as the vector is.
            secrets_in(unsafe { slice::from_raw_parts_mut(memory, 1) })
        }

        /// Those in its buffer, which must have been written up to its capacity.
        fn in_buffer(vec: &mut Small) -> usize {
            let (start, capacity) = (vec.as_mut_ptr(), vec.capacity());
            // SAFETY: all of the buffer belongs to the vector.
            secrets_in(unsafe {
                slice::from_raw_parts_mut(start.cast::<MaybeUninit<u8>>(), capacity)
            })
        }

        /// A vector in memory that was zeroed before.
        fn in_zeroed_memory(fill: impl FnOnce(&mut Small)) -> Box<Small> {
            let mut place = Box::new(MaybeUninit::<Small>::zeroed());
            place.write(Small::new());
            // SAFETY: it has just been written.
            let mut place = unsafe { place.assume_init() };
            fill(&mut place);
            place
        }

        #[test]
        fn inline_elements_and_the_place_of_former_ones_are_wiped() {
            let mut vec = in_zeroed_memory(|vec| vec.extend_from_slice(&[0xA5; 16]));
            vec.truncate(3);
            assert_eq!(inside(&mut vec), 16);
            vec.wipe();
            assert_eq!((vec.len(), vec.spilled(), inside(&mut vec)), (0, false, 0));
            vec.extend_from_slice(b"again");
            assert_eq!(&vec[..], b"again");
        }

        #[cfg(not(debug_assertions))]
        #[test]
        fn a_spilled_one_is_wiped_in_its_buffer_and_where_it_was_inline_before() {
            let mut vec = in_zeroed_memory(|vec| vec.extend_from_slice(&[0xA5; 16]));
            vec.resize(64, 0xA5);
            vec.resize(vec.capacity(), 0xA5);
            vec.truncate(5);
            let stale = inside(&mut vec);
            assert!(stale > 0, "the inline part keeps what was there");
            assert_eq!(in_buffer(&mut vec), 64);
            let place = vec.as_ptr();

            vec.wipe();
            assert_eq!((vec.len(), vec.capacity(), vec.as_ptr()), (0, 64, place));
            assert_eq!((inside(&mut vec), in_buffer(&mut vec)), (0, 0));
        }

        #[test]
        fn a_wiped_buffer_is_zero_over_its_whole_capacity() {
            let mut vec = Small::from_elem(0xA5, 100);
            vec.truncate(40);
            let place = vec.as_ptr();
            assert_eq!(in_buffer(&mut vec), 100);
            vec.wipe();
            assert_eq!((vec.len(), vec.capacity(), vec.as_ptr()), (0, 100, place));
            assert_eq!(in_buffer(&mut vec), 0);
            vec.extend_from_slice(&[7; 200]);
            assert_eq!(&vec[..], [7; 200]);
        }

        #[test]
        fn elements_without_size_are_wiped_too() {
            let mut units = SmallVec::<[(); 2]>::from_elem((), 100);
            units.wipe();
            assert!(units.is_empty());
        }

        std::thread_local! {
            static WIPED: Cell<u32> = const { Cell::new(0) };
            static DROPPED: Cell<u32> = const { Cell::new(0) };
        }

        /// Panics at its wipe or its drop if it is told to, after it was counted.
        struct Spy {
            fails_to_wipe: bool,
            fails_to_drop: bool,
            secret: [u8; 8],
        }

        impl Wipe for Spy {
            fn wipe(&mut self) {
                WIPED.set(WIPED.get() + 1);
                self.secret.wipe();
                if self.fails_to_wipe {
                    resume_unwind(Box::new(()));
                }
            }
        }

        impl Drop for Spy {
            fn drop(&mut self) {
                DROPPED.set(DROPPED.get() + 1);
                if core::mem::take(&mut self.fails_to_drop) {
                    resume_unwind(Box::new(()));
                }
            }
        }

        fn spies<A: Array<Item = Spy>>(wipe: usize, drop: usize) -> SmallVec<A> {
            let spy = |index| Spy {
                fails_to_wipe: index == wipe,
                fails_to_drop: index == drop,
                secret: [0xA5; 8],
            };
            (0..4).map(spy).collect()
        }

        fn after_a_panic<A: Array<Item = Spy>>(fails_to_wipe: usize, fails_to_drop: usize) {
            WIPED.set(0);
            DROPPED.set(0);
            let mut vec = spies::<A>(fails_to_wipe, fails_to_drop);
            let spilled = vec.spilled();
            assert!(catch_unwind(AssertUnwindSafe(|| vec.wipe())).is_err());
            assert_eq!((WIPED.get(), vec.spilled()), (4, spilled));
            let (start, capacity) = (vec.as_mut_ptr().cast::<MaybeUninit<u8>>(), vec.capacity());
            let bytes = capacity * size_of::<Spy>();
            // SAFETY: the memory belongs to the vector; four of its elements were written,
            // and the rest by the wipe.
            assert_eq!(secrets_in(unsafe { slice::from_raw_parts_mut(start, bytes) }), 0);
            drop(vec);
            assert_eq!(DROPPED.get(), 4, "each of them once");
        }

        #[test]
        fn a_panic_of_one_element_does_not_save_the_others() {
            after_a_panic::<[Spy; 8]>(1, usize::MAX);
            after_a_panic::<[Spy; 2]>(1, usize::MAX);
            after_a_panic::<[Spy; 8]>(usize::MAX, 1);
            after_a_panic::<[Spy; 2]>(usize::MAX, 1);
        }
    }
}
