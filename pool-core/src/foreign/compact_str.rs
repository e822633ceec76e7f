//! Crate `compact_str`'s text, which lies inline while it is short, and may also point at one
//! that is part of the program.

use compact_str::CompactString;

use crate::{Capacity, ReleaseBorrows, Reset};

/// Emptied. One that lies on the heap stays there; one that points at a text of the program
/// lets go of it.
impl Reset for CompactString {
    #[inline]
    fn blank() -> Self {
        Self::const_new("")
    }

    #[inline]
    fn reset(&mut self) {
        if self.as_static_str().is_some() {
            // `clear` would leave a part of that text, and no room.
            *self = Self::blank();
        } else {
            self.clear();
        }
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        if self.is_heap_allocated() { self.capacity() } else { 0 }
    }
}

/// The inline part is a capacity that cannot be taken away.
impl Capacity for CompactString {
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
            self.reserve(capacity - self.len());
        }
    }

    #[inline]
    fn shrink_to(&mut self, capacity: usize) {
        if Self::capacity(self) > capacity.max(self.len()) {
            Self::shrink_to(self, capacity);
        }
    }
}

// SAFETY: there are no lifetimes in the type.
unsafe impl ReleaseBorrows for CompactString {}

/// Wiped over all of its memory, inline or on the heap, and it keeps that on the heap. A text
/// of the program is no secret, and is let go.
///
/// Beyond its reach are buffers that it grew out of, as with a `String`, and the one that it
/// left when it was made to shrink.
#[cfg(feature = "zeroize")]
impl crate::Wipe for CompactString {
    fn wipe(&mut self) {
        use super::NULS;

        if self.as_static_str().is_some() {
            *self = Self::blank();
        }
        // A text that takes all the room is all the memory there is.
        while self.len() < self.capacity() {
            let room = (self.capacity() - self.len()).min(NULS.len());
            self.push_str(&NULS[..room]);
        }
        self.as_mut_str().wipe();
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "a text that is too long to lie inline";

    #[test]
    fn text_is_emptied_and_keeps_its_memory() {
        let mut inline = CompactString::new("short");
        inline.reset();
        assert_eq!((inline.retained_bytes(), inline.as_str()), (0, ""));

        let mut long = CompactString::new(LONG);
        let (place, capacity) = (long.as_ptr(), long.capacity());
        long.reset();
        assert_eq!((long.as_str(), long.as_ptr(), long.capacity()), ("", place, capacity));
        assert_eq!((long.retained_bytes(), CompactString::blank().retained_bytes()), (capacity, 0));
    }

    #[test]
    fn text_of_the_program_is_let_go() {
        let mut text = CompactString::const_new(LONG);
        assert_eq!(text.retained_bytes(), 0);
        text.reset();
        assert_eq!(
            (text.as_static_str(), text.capacity()),
            (None, CompactString::blank().capacity())
        );
        assert_eq!((text.retained_bytes(), text.as_str()), (0, ""));
    }

    #[test]
    fn text_is_governed() {
        let mut text = <CompactString as Capacity>::with_capacity(100);
        assert_eq!(Capacity::capacity(&text), 100);
        text.push_str("abc");
        let place = text.as_ptr();
        text.grow_to(100);
        Capacity::shrink_to(&mut text, 100);
        assert_eq!(text.as_ptr(), place, "it was there already");
        text.grow_to(1000);
        assert_eq!(Capacity::capacity(&text), 1000);
        Capacity::shrink_to(&mut text, 50);
        assert_eq!((Capacity::capacity(&text), text.is_heap_allocated()), (50, true));
        Capacity::shrink_to(&mut text, 0);
        let inline = Capacity::capacity(&CompactString::blank());
        assert_eq!((Capacity::capacity(&text), text.is_heap_allocated()), (inline, false));
        Capacity::shrink_to(&mut text, 0);
        assert_eq!((text.as_str(), Capacity::capacity(&text)), ("abc", inline));

        let mut long = CompactString::new(LONG);
        long.grow_to(100);
        Capacity::shrink_to(&mut long, 0);
        assert_eq!((long.as_str(), Capacity::capacity(&long)), (LONG, LONG.len()));
    }

    #[test]
    fn ceilings_just_above_the_inline_part_are_kept_to_the_byte_or_word() {
        for ceiling in 0..64 {
            let mut text = CompactString::with_capacity(100);
            text.push('x');
            Capacity::shrink_to(&mut text, ceiling);
            let capacity = Capacity::capacity(&text);
            assert!(capacity <= ceiling.max(32), "{capacity} for {ceiling}");
            // What the text takes for its room must be there: the allocator is asked for it.
            let room = "y".repeat(capacity - 1);
            text.push_str(&room);
            assert_eq!(text.len(), capacity);
        }
    }

    #[cfg(feature = "zeroize")]
    mod wiped {
        use core::mem::MaybeUninit;
        use core::slice;

        use super::*;
        use crate::Wipe;
        use crate::wipe::bytes_of;

        /// How many bytes of memory are those of the secret.
        fn secrets_in(bytes: &[MaybeUninit<u8>]) -> usize {
            // SAFETY: the tests write all of the memory that they look at.
            bytes.iter().filter(|byte| unsafe { byte.assume_init() } == b's').count()
        }

        /// The bytes of the secret in the value itself, which has no padding.
        fn inside(text: &mut CompactString) -> usize {
            let memory = core::ptr::from_mut(text).cast::<MaybeUninit<CompactString>>();
            // SAFETY: it is memory of this layout, borrowed as the text is.
            secrets_in(bytes_of(slice::from_mut(unsafe { &mut *memory })))
        }

        #[test]
        fn an_inline_text_is_wiped_behind_its_end_too() {
            let inline = CompactString::blank().capacity();
            for len in [0, 3, inline] {
                let mut text = CompactString::from("s".repeat(inline));
                text.truncate(len);
                assert!(inside(&mut text) >= inline - 1, "its last byte may hold the length");
                text.wipe();
                assert_eq!((inside(&mut text), text.as_str()), (0, ""));
                text.push_str("again");
                assert_eq!((text.as_str(), text.is_heap_allocated()), ("again", false));
            }
        }

        #[test]
        fn a_text_on_the_heap_is_wiped_over_its_whole_capacity() {
            for len in [0, 40, 1000] {
                let mut text = CompactString::from("s".repeat(1000));
                text.truncate(len);
                let (place, capacity) = (text.as_mut_ptr(), text.capacity());
                let buffer = place.cast::<MaybeUninit<u8>>();
                // SAFETY: all of the buffer belongs to the text.
                let before = secrets_in(unsafe { slice::from_raw_parts(buffer, capacity) });
                assert_eq!(before, 1000);
                text.wipe();
                assert_eq!((text.len(), text.capacity(), text.as_mut_ptr()), (0, capacity, place));
                let buffer = text.as_mut_ptr().cast::<MaybeUninit<u8>>();
                // SAFETY: as above.
                let after = secrets_in(unsafe { slice::from_raw_parts(buffer, capacity) });
                assert_eq!((after, inside(&mut text)), (0, 0));
            }
        }

        #[test]
        fn a_small_buffer_that_came_from_a_string_is_wiped_and_kept() {
            let mut text = CompactString::from_string_buffer(String::from("sss"));
            assert!(text.is_heap_allocated());
            let place = text.as_ptr();
            text.wipe();
            assert_eq!((text.as_str(), text.as_ptr(), text.capacity()), ("", place, 3));
        }

        #[test]
        fn text_of_the_program_is_let_go_by_a_wipe() {
            let mut text = CompactString::const_new(LONG);
            text.wipe();
            assert_eq!((text.as_str(), text.as_static_str()), ("", None));
        }
    }
}
