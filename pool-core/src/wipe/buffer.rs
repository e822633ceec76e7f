//! Values in a row: slices, and buffers with room behind them.

use core::mem;
use std::collections::{BinaryHeap, LinkedList, VecDeque};
use std::ffi::OsString;
use std::path::PathBuf;

use super::{Wipe, bytes_of, wipe_each, wipe_memory};

impl<T: Wipe> Wipe for [T] {
    #[inline]
    fn wipe(&mut self) {
        T::wipe_slice(self);
    }
}

impl Wipe for str {
    #[inline]
    fn wipe(&mut self) {
        // SAFETY: zeroes are valid UTF-8.
        let bytes = unsafe { self.as_bytes_mut() };
        u8::wipe_slice(bytes);
    }
}

impl<T: Wipe> Wipe for Vec<T> {
    #[inline]
    fn wipe(&mut self) {
        /// Wipes what lies behind the length, on unwind too.
        struct Spare<'a, T>(&'a mut Vec<T>);

        impl<T> Drop for Spare<'_, T> {
            #[inline]
            fn drop(&mut self) {
                wipe_memory(bytes_of(self.0.spare_capacity_mut()));
            }
        }

        let spare = Spare(self);
        // For plain ones the sweep that follows is enough.
        if !T::__PLAIN {
            T::wipe_slice(spare.0);
        }
        // From here on all of the buffer is spare, so that `Spare` also covers what the
        // elements leave inline, discriminants and lengths included.
        spare.0.clear();
    }
}

impl Wipe for String {
    #[inline]
    fn wipe(&mut self) {
        // SAFETY: the wipe leaves the vector empty, which is valid UTF-8; it cannot
        // panic half way, for `u8` has no code of a user's.
        let bytes = unsafe { self.as_mut_vec() };
        bytes.wipe();
    }
}

/// Its buffer is taken out for the wipe, and put back, which moves nothing inside of it.
impl Wipe for OsString {
    fn wipe(&mut self) {
        let mut bytes = mem::take(self).into_encoded_bytes();
        bytes.wipe();
        // SAFETY: the wipe has left no bytes, and those are the encoding of "".
        *self = unsafe { Self::from_encoded_bytes_unchecked(bytes) };
    }
}

impl Wipe for PathBuf {
    #[inline]
    fn wipe(&mut self) {
        self.as_mut_os_string().wipe();
    }
}

/// Wiped over its whole ring, wherever it begins.
impl<T: Wipe> Wipe for VecDeque<T> {
    fn wipe(&mut self) {
        /// Takes the buffer out of an empty ring, and puts it back wiped.
        struct Ring<'a, T>(&'a mut VecDeque<T>);

        impl<T> Drop for Ring<'_, T> {
            fn drop(&mut self) {
                // Both conversions keep the buffer, and nothing is in it that could move.
                let mut buffer = Vec::from(mem::take(self.0));
                wipe_memory(bytes_of(buffer.spare_capacity_mut()));
                *self.0 = VecDeque::from(buffer);
            }
        }

        /// Drops the elements, on unwind too: a ring shows its room only when it is empty.
        struct Elements<'a, T>(Ring<'a, T>);

        impl<T> Drop for Elements<'_, T> {
            fn drop(&mut self) {
                self.0.0.clear();
            }
        }

        let elements = Elements(Ring(self));
        if !T::__PLAIN {
            let (front, back) = elements.0.0.as_mut_slices();
            wipe_each([front, back].into_iter().flatten());
        }
    }
}

impl<T: Wipe + Ord> Wipe for BinaryHeap<T> {
    fn wipe(&mut self) {
        let mut buffer = mem::take(self).into_vec();
        buffer.wipe();
        *self = Self::from(buffer);
    }
}

/// Its elements are wiped, and freed with their nodes.
impl<T: Wipe> Wipe for LinkedList<T> {
    fn wipe(&mut self) {
        // That of an empty one is a wipe too.
        #[cfg(feature = "mlock")]
        crate::mlock::note::<[u8]>(&[]);
        wipe_each(self.iter_mut());
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use core::panic::AssertUnwindSafe;
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;

    /// A ring of ten whose elements begin in the middle, and which has room left.
    fn wrapped<T>(values: [T; 10]) -> VecDeque<T> {
        let mut ring = VecDeque::from(Vec::from(values));
        for _round in 0..5 {
            let front = ring.pop_front().expect("there are ten");
            ring.push_back(front);
        }
        drop(ring.pop_front());
        assert!(!ring.as_slices().1.is_empty(), "it wraps around");
        ring
    }

    /// The bytes of an empty buffer, all of which have been written once.
    fn all_of(mut buffer: Vec<u8>) -> Vec<u8> {
        assert!(buffer.is_empty());
        let capacity = buffer.capacity();
        // SAFETY: the tests fill their buffers before they wipe them.
        unsafe { buffer.set_len(capacity) };
        buffer
    }

    #[test]
    fn a_ring_is_wiped_over_its_whole_capacity_and_kept() {
        let mut ring = wrapped([0xA5_u8; 10]);
        let place = ring.as_slices().1.as_ptr();
        ring.wipe();
        assert!(ring.is_empty());
        let bytes = all_of(Vec::from(ring));
        assert_eq!((bytes.as_ptr(), &*bytes), (place, &[0; 10][..]));
    }

    #[test]
    fn a_ring_whose_wipe_panics_is_emptied_and_wiped() {
        struct Failing(u8);

        impl Wipe for Failing {
            fn wipe(&mut self) {
                if mem::take(&mut self.0) == 7 {
                    resume_unwind(Box::new(()));
                }
            }
        }

        let mut ring = wrapped([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(Failing));
        assert!(catch_unwind(AssertUnwindSafe(|| ring.wipe())).is_err());
        assert!(ring.is_empty());
        let mut buffer = Vec::from(ring);
        let spare = bytes_of(buffer.spare_capacity_mut()).iter();
        // SAFETY: all ten elements have been written, and were bytes.
        assert!(spare.map(|byte| unsafe { byte.assume_init() }).eq([0; 10]));
    }

    #[test]
    fn names_of_files_are_wiped_and_keep_their_buffer() {
        let mut path = PathBuf::from("/home/secret");
        let (place, capacity) = (path.as_os_str().as_encoded_bytes().as_ptr(), path.capacity());
        path.wipe();
        assert_eq!((path.as_os_str().len(), path.capacity()), (0, capacity));
        let bytes = all_of(path.into_os_string().into_encoded_bytes());
        assert_eq!(bytes.as_ptr(), place);
        assert!(bytes.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn text_in_a_box_keeps_its_length() {
        let mut text = Box::<str>::from("secret");
        text.wipe();
        assert_eq!(&*text, "\0\0\0\0\0\0");
    }

    #[test]
    fn heaps_are_wiped_and_keep_their_buffer() {
        let mut heap = BinaryHeap::from(vec![3_u8, 1, 2]);
        let place = heap.as_slice().as_ptr();
        heap.wipe();
        assert!(heap.is_empty());
        let bytes = all_of(heap.into_vec());
        assert_eq!((bytes.as_ptr(), &*bytes), (place, &[0; 3][..]));
    }
}
