//! What points at values: boxes are reset inside, everything else lets go.

use core::ptr;
use std::io::Cursor;
use std::{rc, sync};

use super::Reset;
use super::scalar::retained_behind;

/// Becomes `None`, whatever it holds; `RetainOption` is the one that keeps the value.
impl<T> Reset for Option<T> {
    #[inline]
    fn blank() -> Self {
        None
    }

    #[inline]
    fn reset(&mut self) {
        *self = None;
    }
}

impl<T: Reset> Reset for Box<T> {
    #[inline]
    fn blank() -> Self {
        Self::new(T::blank())
    }

    #[inline]
    fn reset(&mut self) {
        (**self).reset();
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        size_of::<T>().saturating_add((**self).retained_bytes())
    }
}

/// Keeps its length, each element reset; a blank one is empty.
impl<T: Reset> Reset for Box<[T]> {
    #[inline]
    fn blank() -> Self {
        Self::default()
    }

    #[inline]
    fn reset(&mut self) {
        for value in &mut **self {
            value.reset();
        }
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        size_of_val(&**self).saturating_add(retained_behind(self))
    }
}

impl<T> Reset for &[T] {
    #[inline]
    fn blank() -> Self {
        &[]
    }

    #[inline]
    fn reset(&mut self) {
        *self = &[];
    }
}

/// Keeps the buffer, blank, and starts over at position 0.
impl<T: Reset> Reset for Cursor<T> {
    #[inline]
    fn blank() -> Self {
        Self::new(T::blank())
    }

    #[inline]
    fn reset(&mut self) {
        self.set_position(0);
        self.get_mut().reset();
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.get_mut().retained_bytes()
    }
}

macro_rules! handles {
    ($($(#[$doc:meta])* $ty:ty => $blank:expr),+ $(,)?) => {$(
        $(#[$doc])*
        impl<T> Reset for $ty {
            #[inline]
            fn blank() -> Self {
                $blank
            }

            #[inline]
            fn reset(&mut self) {
                *self = $blank;
            }
        }
    )+};
}

handles! {
    /// Lets go of the allocation it points at.
    rc::Weak<T> => Self::new(),
    /// Lets go of the allocation it points at.
    sync::Weak<T> => Self::new(),
    /// Becomes null; what it points at stays the business of whoever owns it.
    *const T => ptr::null(),
    /// Becomes null; what it points at stays the business of whoever owns it.
    *mut T => ptr::null_mut(),
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use core::panic::AssertUnwindSafe;
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;

    #[test]
    fn option_becomes_none_and_drops_its_value() {
        let shared = sync::Arc::new(());
        let mut used = Some(shared.clone());
        used.reset();
        assert_eq!(used, Option::blank());
        assert_eq!(used, None);
        assert_eq!(sync::Arc::strong_count(&shared), 1);
        assert_eq!(used.retained_bytes(), 0);
    }

    #[test]
    fn option_is_none_after_its_value_panicked_in_drop() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                resume_unwind(Box::new(()))
            }
        }
        let mut used = Some(Bomb);
        assert!(catch_unwind(AssertUnwindSafe(|| used.reset())).is_err());
        assert!(used.is_none());
    }

    #[test]
    fn box_is_reset_inside_and_kept() {
        let mut used = Box::new((7_u64, String::from("used")));
        let places = (ptr::from_ref(&*used), used.1.as_ptr());
        used.reset();
        assert_eq!(used, Box::blank());
        assert_eq!((ptr::from_ref(&*used), used.1.as_ptr()), places);
        assert_eq!(used.retained_bytes(), size_of::<(u64, String)>() + used.1.capacity());
    }

    #[test]
    fn boxed_slice_keeps_its_length_and_resets_each_element() {
        let mut used: Box<[String]> = Box::new([String::from("one"), String::from("three")]);
        let places = (used.as_ptr(), used[0].as_ptr(), used[1].as_ptr());
        used.reset();
        assert_eq!(&*used, ["", ""]);
        assert_eq!((used.as_ptr(), used[0].as_ptr(), used[1].as_ptr()), places);
        let behind = used[0].capacity() + used[1].capacity();
        assert_eq!(used.retained_bytes(), 2 * size_of::<String>() + behind);

        assert_eq!(Box::<[String]>::blank().len(), 0);
        assert_eq!(Box::<[String]>::blank().retained_bytes(), 0);
    }

    #[test]
    fn boxed_slice_of_plain_data_counts_its_bytes_alone() {
        let mut used: Box<[u16]> = Box::new([7; 100]);
        used.reset();
        assert_eq!(*used, [0; 100]);
        assert_eq!(used.retained_bytes(), 200);
        let mut units: Box<[()]> = Box::new([(); 100]);
        units.reset();
        assert_eq!((units.len(), units.retained_bytes()), (100, 0));
    }

    #[test]
    fn borrowed_slice_becomes_empty_at_any_lifetime() {
        struct Opaque;
        let owned = [Opaque, Opaque];
        let mut used = &owned[..];
        used.reset();
        assert!(used.is_empty());
        assert!(<&[Opaque]>::blank().is_empty());
        assert_eq!(used.retained_bytes(), 0);
    }

    #[test]
    fn cursor_keeps_its_buffer_and_starts_over() {
        let mut used = Cursor::new(vec![1_u8, 2, 3]);
        used.set_position(u64::MAX);
        let place = used.get_ref().as_ptr();
        used.reset();
        assert_eq!(used, Cursor::blank());
        assert_eq!(used.position(), 0);
        assert_eq!(used.get_ref().as_ptr(), place);
        assert_eq!(used.retained_bytes(), used.get_ref().capacity());
    }

    #[test]
    fn weak_handles_let_go() {
        let shared = rc::Rc::new(Cell::new(0));
        let mut used = rc::Rc::downgrade(&shared);
        used.reset();
        assert!(used.upgrade().is_none());
        assert_eq!(rc::Rc::weak_count(&shared), 0);
        assert!(rc::Weak::<u8>::blank().ptr_eq(&rc::Weak::new()));

        let shared = sync::Arc::new(7);
        let mut used = sync::Arc::downgrade(&shared);
        used.reset();
        assert!(used.upgrade().is_none());
        assert_eq!(sync::Arc::weak_count(&shared), 0);
        assert!(sync::Weak::<u8>::blank().ptr_eq(&sync::Weak::new()));
    }

    #[test]
    fn raw_pointers_become_null() {
        let mut target = 7_u8;
        let mut shared: *const u8 = &raw const target;
        shared.reset();
        assert!(shared.is_null() && <*const u8>::blank().is_null());
        let mut unique: *mut u8 = &raw mut target;
        unique.reset();
        assert!(unique.is_null() && <*mut u8>::blank().is_null());
        assert_eq!(target, 7);
    }
}
