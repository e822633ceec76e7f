//! Plain data, and what is made of parts side by side.

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::num::Wrapping;
use core::sync::atomic::{self, Ordering};
use core::time::Duration;
use std::sync::OnceLock;
use std::time::Instant;

use super::{Allocation, Part, made, shown_by_debug};
use crate::rng::Rng;

macro_rules! integers {
    ($($ty:ident)+) => {$(
        impl Part for $ty {
            fn fill(&mut self, rng: &mut Rng) {
                // Any bits will do, so that those cut off make no difference.
                *self = rng.number() as $ty | 1;
            }

            shown_by_debug!();

            fn is_dense() -> bool {
                true
            }
        }
    )+};
}

integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

macro_rules! plain {
    ($($ty:ty: $rng:ident => $value:expr;)+) => {$(
        impl Part for $ty {
            fn fill(&mut self, $rng: &mut Rng) {
                *self = $value;
            }

            shown_by_debug!();
        }
    )+};
}

plain! {
    f32: rng => f32::from(u16::try_from(1 + rng.below(9999)).expect("it is small")) / 8.0;
    f64: rng => f64::from(u32::try_from(1 + rng.below(999_999)).expect("it is small")) / 8.0;
    bool: rng => rng.once_in(2);
    char: rng => *rng.pick(&['a', 'Z', '7', 'ß', '☃', '𝄞']);
    Duration: rng => Duration::from_nanos(rng.number() | 1);
    Option<Instant>: rng => {
        static START: OnceLock<Instant> = OnceLock::new();
        let start = *START.get_or_init(Instant::now);
        start.checked_add(Duration::from_millis(1 + rng.number() % 1000))
    };
}

macro_rules! constant {
    ($([$($generics:tt)*] $ty:ty),+) => {$(
        impl<$($generics)*> Part for $ty {
            fn fill(&mut self, _rng: &mut Rng) {}

            shown_by_debug!();

            fn varies(&self) -> bool {
                false
            }
        }
    )+};
}

constant!([] (), [T: ?Sized] PhantomData<T>);

impl<T: Part> Part for Wrapping<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.0.fill(rng);
    }

    fn show(&self) -> String {
        self.0.show()
    }
}

macro_rules! atomics {
    ($($ty:ident)+) => {$(
        impl Part for atomic::$ty {
            fn fill(&mut self, rng: &mut Rng) {
                self.get_mut().fill(rng);
            }

            fn show(&self) -> String {
                // Relaxed: the field is this thread's own.
                self.load(Ordering::Relaxed).show()
            }
        }
    )+};
}

atomics!(AtomicBool AtomicI8 AtomicU8 AtomicI16 AtomicU16 AtomicI32 AtomicU32 AtomicI64);
atomics!(AtomicU64 AtomicIsize AtomicUsize);

impl<T> Part for atomic::AtomicPtr<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.get_mut().fill(rng);
    }

    fn show(&self) -> String {
        // Relaxed: the field is this thread's own.
        self.load(Ordering::Relaxed).show()
    }
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: Part),+> Part for ($($name,)+) {
            #[allow(non_snake_case, reason = "the type parameter names its value")]
            fn fill(&mut self, rng: &mut Rng) {
                let ($($name,)+) = self;
                $($name.fill(rng);)+
            }

            #[allow(non_snake_case, reason = "the type parameter names its value")]
            fn show(&self) -> String {
                let ($($name,)+) = self;
                format!("({})", [$($name.show()),+].join(", "))
            }

            #[allow(non_snake_case, reason = "the type parameter names its value")]
            fn allocations(&mut self, list: &mut Vec<Allocation>) {
                let ($($name,)+) = self;
                $($name.allocations(list);)+
            }

            #[allow(non_snake_case, reason = "the type parameter names its value")]
            fn spoil(&mut self, rng: &mut Rng) {
                let ($($name,)+) = self;
                $($name.spoil(rng);)+
            }

            #[allow(non_snake_case, reason = "the type parameter names its value")]
            fn spare_memory(&mut self, visit: &mut dyn FnMut(&mut [MaybeUninit<u8>])) {
                let ($($name,)+) = self;
                $($name.spare_memory(visit);)+
            }
        }
        tuples!(@rest $($name)+);
    };
    (@rest $first:ident) => {};
    (@rest $first:ident $($name:ident)+) => { tuples!($($name)+); };
}

tuples!(A B C D E F G H I J K L);

impl<T: Part, const N: usize> Part for [T; N] {
    fn fill(&mut self, rng: &mut Rng) {
        self.iter_mut().for_each(|value| value.fill(rng));
    }

    fn show(&self) -> String {
        super::list(self)
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        self.iter_mut().for_each(|value| value.allocations(list));
    }

    fn spoil(&mut self, rng: &mut Rng) {
        self.iter_mut().for_each(|value| value.spoil(rng));
    }

    fn spare_memory(&mut self, visit: &mut dyn FnMut(&mut [MaybeUninit<u8>])) {
        self.iter_mut().for_each(|value| value.spare_memory(visit));
    }

    fn is_dense() -> bool {
        T::is_dense()
    }
}

/// Never `None` once it is filled, though the value inside may be blank.
impl<T: Part + Default> Part for Option<T> {
    fn fill(&mut self, rng: &mut Rng) {
        *self = Some(made(rng));
    }

    fn show(&self) -> String {
        self.as_ref()
            .map_or_else(|| String::from("None"), |value| format!("Some({})", value.show()))
    }
}
