//! Values without a heap: numbers, arrays of them, tuples.

use core::marker::PhantomData;
use core::num::{Saturating, Wrapping};
use core::sync::atomic;

use super::{Wipe, Wiping};

macro_rules! plain {
    ($($ty:ty => $zero:expr),* $(,)?) => {$(
        impl Wipe for $ty {
            #[inline]
            fn wipe(&mut self) {
                *self = $zero;
                zeroize::optimization_barrier(self);
                #[cfg(feature = "mlock")]
                crate::mlock::note(self);
            }

            #[inline]
            fn wipe_slice(slice: &mut [Self]) {
                slice.fill($zero);
                zeroize::optimization_barrier(slice);
                #[cfg(feature = "mlock")]
                crate::mlock::note(slice);
            }

            const __PLAIN: bool = true;
        }
    )*};
}

plain! {
    u8 => 0, u16 => 0, u32 => 0, u64 => 0, u128 => 0, usize => 0,
    i8 => 0, i16 => 0, i32 => 0, i64 => 0, i128 => 0, isize => 0,
    f32 => 0.0, f64 => 0.0, bool => false, char => '\0',
}

macro_rules! atomics {
    ($($ty:ident)*) => {$(
        impl Wipe for atomic::$ty {
            #[inline]
            fn wipe(&mut self) {
                self.get_mut().wipe();
            }
        }
    )*};
}

atomics! {
    AtomicBool AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicUsize
    AtomicI8 AtomicI16 AtomicI32 AtomicI64 AtomicIsize
}

macro_rules! inside {
    ($($ty:ident)*) => {$(
        impl<T: Wipe> Wipe for $ty<T> {
            #[inline]
            fn wipe(&mut self) {
                self.0.wipe();
            }
        }
    )*};
}

inside!(Wrapping Saturating);

impl Wipe for () {
    #[inline]
    fn wipe(&mut self) {}
}

impl<T: ?Sized> Wipe for PhantomData<T> {
    #[inline]
    fn wipe(&mut self) {}
}

impl<T: Wipe, const N: usize> Wipe for [T; N] {
    #[inline]
    fn wipe(&mut self) {
        T::wipe_slice(self);
    }

    #[inline]
    fn wipe_slice(slice: &mut [Self]) {
        T::wipe_slice(slice.as_flattened_mut());
    }

    const __PLAIN: bool = T::__PLAIN;
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: Wipe),+> Wipe for ($($name,)+) {
            #[allow(non_snake_case, reason = "the type parameter names its value")]
            fn wipe(&mut self) {
                let ($($name,)+) = self;
                // Dropped in reverse, and each of them even if another one panics
                // (invariant 2 of `wipe`).
                $(let _wiping = Wiping($name);)+
            }
        }
        tuples!(@rest $($name)+);
    };
    (@rest $first:ident) => {};
    (@rest $first:ident $($name:ident)+) => { tuples!($($name)+); };
}

tuples!(A B C D E F G H I J K L);
