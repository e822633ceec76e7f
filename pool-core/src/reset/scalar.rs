//! Plain data and what is made of values side by side: tuples and arrays.
//!
//! # Invariants
//!
//! 1. Plain data owns no heap: elements that need no drop are not asked what they
//!    retain, so that a large array of bytes costs one store per byte and no more.

use core::marker::PhantomData;
use core::mem::needs_drop;
use core::num::Wrapping;
use core::sync::atomic;
use core::time::Duration;

use super::Reset;

macro_rules! plain {
    ($($ty:ty => $blank:expr),* $(,)?) => {$(
        impl Reset for $ty {
            #[inline]
            fn blank() -> Self {
                $blank
            }

            #[inline]
            fn reset(&mut self) {
                *self = $blank;
            }
        }
    )*};
}

plain! {
    u8 => 0, u16 => 0, u32 => 0, u64 => 0, u128 => 0, usize => 0,
    i8 => 0, i16 => 0, i32 => 0, i64 => 0, i128 => 0, isize => 0,
    f32 => 0.0, f64 => 0.0, bool => false, char => '\0', Duration => Duration::ZERO,
}

impl Reset for () {
    #[inline]
    fn blank() -> Self {}

    #[inline]
    fn reset(&mut self) {}
}

impl<T: ?Sized> Reset for PhantomData<T> {
    #[inline]
    fn blank() -> Self {
        PhantomData
    }

    #[inline]
    fn reset(&mut self) {}
}

impl<T: Reset> Reset for Wrapping<T> {
    #[inline]
    fn blank() -> Self {
        Wrapping(T::blank())
    }

    #[inline]
    fn reset(&mut self) {
        self.0.reset();
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.0.retained_bytes()
    }
}

macro_rules! atomics {
    ($($width:tt: $($ty:ident)+;)*) => {$($(
        #[cfg(target_has_atomic = $width)]
        impl Reset for atomic::$ty {
            #[inline]
            fn blank() -> Self {
                Self::default()
            }

            #[inline]
            fn reset(&mut self) {
                *self.get_mut() = Default::default();
            }
        }
    )+)*};
}

atomics! {
    "8": AtomicBool AtomicI8 AtomicU8;
    "16": AtomicI16 AtomicU16;
    "32": AtomicI32 AtomicU32;
    "64": AtomicI64 AtomicU64;
    "ptr": AtomicIsize AtomicUsize;
}

#[cfg(target_has_atomic = "ptr")]
impl<T> Reset for atomic::AtomicPtr<T> {
    #[inline]
    fn blank() -> Self {
        Self::new(core::ptr::null_mut())
    }

    #[inline]
    fn reset(&mut self) {
        *self.get_mut() = core::ptr::null_mut();
    }
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: Reset),+> Reset for ($($name,)+) {
            #[inline]
            fn blank() -> Self {
                ($($name::blank(),)+)
            }

            #[inline]
            #[allow(non_snake_case, reason = "the type parameter names its value")]
            fn reset(&mut self) {
                let ($($name,)+) = self;
                $($name.reset();)+
            }

            #[inline]
            #[allow(non_snake_case, reason = "the type parameter names its value")]
            fn retained_bytes(&mut self) -> usize {
                let ($($name,)+) = self;
                0_usize$(.saturating_add($name.retained_bytes()))+
            }
        }
        tuples!(@rest $($name)+);
    };
    (@rest $first:ident) => {};
    (@rest $first:ident $($name:ident)+) => { tuples!($($name)+); };
}

tuples!(A B C D E F G H I J K L);

impl<T: Reset, const N: usize> Reset for [T; N] {
    #[inline]
    fn blank() -> Self {
        core::array::from_fn(|_| T::blank())
    }

    #[inline]
    fn reset(&mut self) {
        for value in self {
            value.reset();
        }
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        retained_behind(self)
    }
}

/// Sums what the values of a slice retain, without their own places (invariant 1).
#[inline]
pub(super) fn retained_behind<T: Reset>(values: &mut [T]) -> usize {
    if !needs_drop::<T>() {
        return 0;
    }
    values.iter_mut().fold(0, |sum, value| sum.saturating_add(value.retained_bytes()))
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{
        AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16,
        AtomicU32, AtomicUsize, Ordering,
    };

    use super::*;

    /// Asserts the law for a used value that owns no heap.
    fn is_blanked<T: Reset + PartialEq + core::fmt::Debug>(mut used: T) {
        assert_ne!(used, T::blank(), "the value must differ before the reset");
        used.reset();
        assert_eq!(used, T::blank());
        assert_eq!(used.retained_bytes(), 0);
    }

    #[test]
    fn integers_become_zero() {
        assert_eq!((u8::blank(), i128::blank(), usize::blank()), (0, 0, 0));
        is_blanked(u8::MAX);
        is_blanked(u16::MAX);
        is_blanked(u32::MAX);
        is_blanked(u64::MAX);
        is_blanked(u128::MAX);
        is_blanked(usize::MAX);
        is_blanked(i8::MIN);
        is_blanked(i16::MIN);
        is_blanked(i32::MIN);
        is_blanked(i64::MIN);
        is_blanked(i128::MIN);
        is_blanked(isize::MIN);
    }

    #[test]
    fn floats_become_positive_zero() {
        is_blanked(f32::INFINITY);
        is_blanked(-2.5_f64);
        let mut negative = -0.0_f64;
        negative.reset();
        assert_eq!(negative.to_bits(), 0);
        let mut nan = f32::NAN;
        nan.reset();
        assert_eq!(nan.to_bits(), 0);
    }

    #[test]
    fn other_plain_values_become_what_blank_shows() {
        is_blanked(true);
        is_blanked('x');
        is_blanked(Duration::MAX);
        is_blanked(Wrapping(7_u32));
        assert_eq!(Duration::blank(), Duration::ZERO);
        assert_eq!(char::blank(), '\0');
        assert!(!bool::blank());
    }

    #[test]
    fn values_without_bytes_stay_what_they_are() {
        assert_eq!(<()>::blank(), ());
        assert_eq!(().retained_bytes(), 0);
        let mut marker = PhantomData::<str>;
        marker.reset();
        assert_eq!(marker, PhantomData::<str>::blank());
        assert_eq!(marker.retained_bytes(), 0);
    }

    #[test]
    fn wrapping_keeps_what_it_wraps() {
        let mut used = Wrapping(String::from("used"));
        let place = used.0.as_ptr();
        used.reset();
        assert_eq!(used.0, "");
        assert_eq!(used.0.as_ptr(), place);
        assert_eq!(used.retained_bytes(), used.0.capacity());
    }

    #[test]
    fn atomics_become_zero() {
        macro_rules! zeroed {
            ($($ty:ident)+) => {$(
                let mut used = $ty::new(1);
                used.reset();
                assert_eq!(used.load(Ordering::Relaxed), 0);
                assert_eq!($ty::blank().into_inner(), 0);
                assert_eq!(used.retained_bytes(), 0);
            )+};
        }
        zeroed!(AtomicI8 AtomicU8 AtomicI16 AtomicU16 AtomicI32 AtomicU32 AtomicIsize AtomicUsize);
        #[cfg(target_has_atomic = "64")]
        {
            use core::sync::atomic::{AtomicI64, AtomicU64};
            zeroed!(AtomicI64 AtomicU64);
        }

        let mut flag = AtomicBool::new(true);
        flag.reset();
        assert!(!flag.into_inner());
        assert!(!AtomicBool::blank().into_inner());
    }

    #[test]
    fn atomic_pointer_becomes_null() {
        let mut target = 1_u8;
        let mut used = AtomicPtr::new(&raw mut target);
        used.reset();
        assert!(used.load(Ordering::Relaxed).is_null());
        assert!(AtomicPtr::<u8>::blank().into_inner().is_null());
    }

    #[test]
    fn tuple_resets_each_value_and_keeps_their_buffers() {
        let mut used = (7_u8, String::from("used"), vec![1_u32, 2]);
        let places = (used.1.as_ptr(), used.2.as_ptr());
        used.reset();
        assert_eq!(used, Reset::blank());
        assert_eq!((used.1.as_ptr(), used.2.as_ptr()), places);
        assert_eq!(used.retained_bytes(), used.1.capacity() + 4 * used.2.capacity());
    }

    #[test]
    fn tuples_reach_from_one_to_twelve() {
        is_blanked((1_u8,));
        let mut used = (1_u8, 2_u8, 3_u8, 4_u8, 5_u8, 6_u8, 7_u8, 8_u8, 9_u8, 'a', true, vec![1]);
        used.reset();
        assert_eq!(used, Reset::blank());
    }

    #[test]
    fn array_resets_each_value_and_keeps_their_buffers() {
        let mut used = [String::from("one"), String::from("three")];
        let places = used.each_ref().map(|text| text.as_ptr());
        used.reset();
        assert_eq!(used, <[String; 2]>::blank());
        assert_eq!(used.each_ref().map(|text| text.as_ptr()), places);
        assert_eq!(used.retained_bytes(), used[0].capacity() + used[1].capacity());
    }

    #[test]
    fn array_of_any_length_has_a_blank() {
        assert_eq!(<[String; 0]>::blank(), [""; 0]);
        assert_eq!(<[String; 0]>::blank().retained_bytes(), 0);
        let mut used = [0xFF_u8; 4096];
        used.reset();
        assert!(used.iter().all(|byte| *byte == 0));
        assert_eq!(used, <[u8; 4096]>::blank());
    }

    #[test]
    fn array_without_values_asks_for_none() {
        struct Never;
        impl Reset for Never {
            fn blank() -> Self {
                unreachable!("an empty array creates nothing")
            }
            fn reset(&mut self) {
                unreachable!("an empty array resets nothing")
            }
        }
        let mut empty = <[Never; 0]>::blank();
        empty.reset();
        assert_eq!(empty.retained_bytes(), 0);
    }

    #[test]
    fn plain_elements_are_not_asked_what_they_retain() {
        struct Plain;
        impl Reset for Plain {
            fn blank() -> Self {
                Plain
            }
            fn reset(&mut self) {}
            fn retained_bytes(&mut self) -> usize {
                unreachable!("plain data owns no heap")
            }
        }
        assert_eq!([Plain, Plain].retained_bytes(), 0);
    }

    #[test]
    fn sum_of_what_is_retained_saturates() {
        struct Huge(#[expect(dead_code, reason = "makes the type need a drop")] String);
        impl Reset for Huge {
            fn blank() -> Self {
                Huge(String::new())
            }
            fn reset(&mut self) {}
            fn retained_bytes(&mut self) -> usize {
                usize::MAX
            }
        }
        assert_eq!(<[Huge; 2]>::blank().retained_bytes(), usize::MAX);
        assert_eq!(<(Huge, Huge)>::blank().retained_bytes(), usize::MAX);
    }
}
