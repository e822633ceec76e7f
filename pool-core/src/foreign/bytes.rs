//! The buffers of crate `bytes`. A `BytesMut` may have let go of its front, as it was read,
//! or of its back, to another handle; what nobody else holds is taken back at each reset.

use bytes::{Bytes, BytesMut};

use crate::{Capacity, ReleaseBorrows, Reset};

/// Empties `buffer` and takes back what it owns beside what it shows: the front that
/// `advance` hid, and what handles that are gone had split off.
fn reclaim(buffer: &mut BytesMut) {
    buffer.clear();
    // Each success adds at least `step`, so the steps double until one is too far, and then
    // halve. Nothing is copied, for the buffer is empty. Mostly the first one fails.
    let mut step = 1_usize;
    while buffer.try_reclaim(buffer.capacity().saturating_add(step)) {
        step = step.saturating_mul(2);
    }
    while step > 1 {
        step /= 2;
        // Whether or not it is granted.
        let _granted = buffer.try_reclaim(buffer.capacity().saturating_add(step));
    }
}

/// Moves the content to a buffer of exactly this capacity, or of its length.
fn move_to(buffer: &mut BytesMut, capacity: usize) {
    let mut other = BytesMut::with_capacity(capacity.max(buffer.len()));
    other.extend_from_slice(buffer);
    *buffer = other;
}

/// Emptied. Memory that no other handle leads to is had back in full, the front that was
/// read and is hidden too; other handles keep what they show.
impl Reset for BytesMut {
    fn blank() -> Self {
        Self::new()
    }

    fn reset(&mut self) {
        reclaim(self);
    }

    /// What its own part retains: the rest belongs to other handles.
    fn retained_bytes(&mut self) -> usize {
        self.capacity()
    }
}

/// Becomes empty, and lets go of memory that others may share.
impl Reset for Bytes {
    fn blank() -> Self {
        Self::new()
    }

    fn reset(&mut self) {
        *self = Self::new();
    }
}

/// The capacity is what lies behind the front that is hidden.
impl Capacity for BytesMut {
    fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity(capacity)
    }

    #[inline]
    fn capacity(&self) -> usize {
        Self::capacity(self)
    }

    fn grow_to(&mut self, capacity: usize) {
        if Self::capacity(self) < capacity && !self.try_reclaim(capacity - self.len()) {
            // `reserve` would double it.
            move_to(self, capacity);
        }
    }

    fn shrink_to(&mut self, capacity: usize) {
        if Self::capacity(self) > capacity.max(self.len()) {
            move_to(self, capacity);
        }
    }
}

// SAFETY: there are no lifetimes in the type.
unsafe impl ReleaseBorrows for BytesMut {}

// SAFETY: as above.
unsafe impl ReleaseBorrows for Bytes {}

/// Wiped over all of its memory, if no other handle leads there: what it shows, its spare
/// capacity, the front that `advance` and `split_to` have hidden, and what `split_off` and
/// `split` gave to handles that are gone.
///
/// Beyond its reach is memory that it shares. While another `BytesMut`, or a `Bytes` made by
/// `freeze`, leads to the same allocation, only the part of this handle is wiped, from where
/// it begins to the end of its capacity: not what the other one shows, and not what this one
/// has advanced over. When the other is gone too, the memory is freed as it is, unless this
/// handle is wiped once more. So wipe a buffer that is shared when it is whole again, or do
/// not share it: copy out what is public.
///
/// A buffer that grew has left its old memory to the allocator, as a `Vec` does.
#[cfg(feature = "zeroize")]
impl crate::Wipe for BytesMut {
    fn wipe(&mut self) {
        reclaim(self);
        // Empty as it is, all that it owns is spare.
        crate::wipe::wipe_memory(self.spare_capacity_mut());
    }
}

#[cfg(feature = "zeroize")]
impl crate::wipe::WipeOnHeap for BytesMut {}

#[cfg(test)]
mod tests {
    use bytes::{Buf, BufMut};

    use super::*;

    /// A buffer of a hundred bytes, all of them written.
    fn filled() -> BytesMut {
        let mut buffer = BytesMut::with_capacity(100);
        buffer.put_bytes(0xA5, 100);
        buffer
    }

    #[test]
    fn buffer_is_emptied_and_keeps_its_memory() {
        let mut buffer = filled();
        let place = buffer.as_ptr();
        buffer.reset();
        assert_eq!((buffer.len(), buffer.capacity(), buffer.as_ptr()), (0, 100, place));
        assert_eq!(buffer.retained_bytes(), 100);
        assert_eq!((BytesMut::blank().capacity(), BytesMut::blank().retained_bytes()), (0, 0));
    }

    #[test]
    fn front_that_was_read_is_had_back() {
        for read in [1, 37, 99, 100] {
            let mut buffer = filled();
            let place = buffer.as_ptr();
            buffer.advance(read);
            assert_eq!(buffer.capacity(), 100 - read);
            buffer.reset();
            assert_eq!((buffer.capacity(), buffer.as_ptr()), (100, place), "{read}");
        }
    }

    #[test]
    fn parts_whose_handles_are_gone_are_had_back() {
        for at in [0, 1, 37, 64, 99, 100] {
            for (first, second) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let mut front = filled();
                let place = front.as_ptr();
                let mut back = front.split_off(at);
                front.advance(first.min(front.len()));
                back.advance(second.min(back.len()));
                drop(front);
                back.reset();
                assert_eq!((back.capacity(), back.as_ptr()), (100, place), "the back, {at}");

                let mut front = filled();
                let place = front.as_ptr();
                drop(front.split_off(at));
                front.advance(first.min(front.len()));
                front.reset();
                assert_eq!((front.capacity(), front.as_ptr()), (100, place), "the front, {at}");
            }
        }
    }

    #[test]
    fn parts_of_other_handles_are_left_to_them() {
        let mut buffer = filled();
        let front = buffer.split_to(60);
        let shared = front.freeze();
        buffer.advance(10);
        buffer.reset();
        assert_eq!((buffer.len(), buffer.capacity()), (0, 30));
        assert_eq!(shared, vec![0xA5; 60]);
        drop(shared);
        buffer.reset();
        assert_eq!(buffer.capacity(), 100);
    }

    #[test]
    fn shared_bytes_let_go_of_their_memory() {
        let mut bytes = filled().freeze();
        let other = bytes.clone();
        assert!(!other.is_unique());
        bytes.reset();
        assert!(bytes.is_empty() && other.is_unique());
        assert_eq!((Bytes::blank(), bytes.retained_bytes()), (Bytes::new(), 0));
    }

    #[test]
    fn buffer_is_governed() {
        let mut buffer = <BytesMut as Capacity>::with_capacity(100);
        assert_eq!(Capacity::capacity(&buffer), 100);
        buffer.extend_from_slice(b"abc");
        let place = buffer.as_ptr();
        buffer.grow_to(100);
        Capacity::shrink_to(&mut buffer, 100);
        assert_eq!(buffer.as_ptr(), place, "it was there already");
        buffer.grow_to(1024);
        assert_eq!(Capacity::capacity(&buffer), 1024, "doubling would make it more");
        Capacity::shrink_to(&mut buffer, 50);
        assert_eq!(Capacity::capacity(&buffer), 50);
        Capacity::shrink_to(&mut buffer, 0);
        assert_eq!((&buffer[..], Capacity::capacity(&buffer)), (&b"abc"[..], 3));
    }

    #[test]
    fn hidden_front_serves_before_new_memory_does() {
        let mut buffer = filled();
        let place = buffer.as_ptr();
        buffer.advance(60);
        buffer.grow_to(100);
        assert_eq!((buffer.len(), buffer.capacity(), buffer.as_ptr()), (40, 100, place));
    }

    #[cfg(feature = "zeroize")]
    mod wiped {
        use super::*;
        use crate::Wipe;

        /// The bytes that are not zero, of a buffer all of which was written.
        fn left_in(buffer: &mut BytesMut) -> usize {
            let spare = buffer.spare_capacity_mut();
            // SAFETY: the tests have written all of it.
            spare.iter().filter(|byte| unsafe { byte.assume_init() } != 0).count()
        }

        #[test]
        fn all_of_a_buffer_is_wiped_its_hidden_front_too() {
            for read in [0, 1, 37, 100] {
                let mut buffer = filled();
                buffer.advance(read);
                buffer.truncate(5);
                buffer.wipe();
                assert_eq!((buffer.len(), buffer.capacity(), left_in(&mut buffer)), (0, 100, 0));
            }
        }

        #[test]
        fn a_buffer_that_is_only_reset_holds_what_it_held() {
            let mut buffer = filled();
            buffer.advance(37);
            buffer.reset();
            assert_eq!(left_in(&mut buffer), 100);
        }

        #[test]
        fn parts_that_were_split_off_and_are_gone_are_wiped() {
            let mut buffer = filled();
            drop(buffer.split_off(40));
            drop(buffer.split_to(10));
            drop(buffer.split().freeze());
            buffer.wipe();
            assert_eq!((buffer.capacity(), left_in(&mut buffer)), (100, 0));
        }

        #[test]
        fn shared_memory_is_wiped_where_it_is_the_buffers_own() {
            let mut buffer = filled();
            let shared = buffer.split_to(60).freeze();
            buffer.wipe();
            assert_eq!((buffer.capacity(), left_in(&mut buffer)), (40, 0));
            assert_eq!(shared, vec![0xA5; 60]);
            drop(shared);
            buffer.reset();
            assert_eq!(left_in(&mut buffer), 60, "the handle that is gone has left it");
            buffer.wipe();
            assert_eq!(left_in(&mut buffer), 0);
        }
    }
}
