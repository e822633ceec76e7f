//! What points at values.

use core::any::Any;
use core::cell::RefCell;
use core::mem::MaybeUninit;
use core::ptr;
use std::io::Cursor;
use std::{rc, sync};

use poolable::{Poolable, Pooled};

use super::{Allocation, Part, list as show_list, made, shown_by_debug};
use crate::rng::Rng;

impl<T: Part> Part for Box<T> {
    fn fill(&mut self, rng: &mut Rng) {
        (**self).fill(rng);
    }

    fn show(&self) -> String {
        (**self).show()
    }

    fn varies(&self) -> bool {
        (**self).varies()
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        list.push(Allocation::new(&raw const **self, size_of::<T>()));
        (**self).allocations(list);
    }

    fn spoil(&mut self, rng: &mut Rng) {
        (**self).spoil(rng);
    }

    fn spare_memory(&mut self, visit: &mut dyn FnMut(&mut [MaybeUninit<u8>])) {
        (**self).spare_memory(visit);
    }
}

/// Filled with a new length, one at least.
impl<T: Part + Default> Part for Box<[T]> {
    fn fill(&mut self, rng: &mut Rng) {
        *self = (0..=rng.below(4)).map(|_| made::<T>(rng)).collect();
    }

    fn show(&self) -> String {
        show_list(self)
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        list.push(Allocation::new(self.as_ptr(), self.len()));
        self.iter_mut().for_each(|value| value.allocations(list));
    }

    fn spare_memory(&mut self, visit: &mut dyn FnMut(&mut [MaybeUninit<u8>])) {
        self.iter_mut().for_each(|value| value.spare_memory(visit));
    }
}

impl Part for &'static [u16] {
    fn fill(&mut self, rng: &mut Rng) {
        static WEIGHTS: [u16; 4] = [1, 10, 100, 1000];
        let start = rng.below(WEIGHTS.len());
        *self = &WEIGHTS[start..];
    }

    shown_by_debug!();
}

impl<T: Part> Part for Cursor<T> {
    fn fill(&mut self, rng: &mut Rng) {
        self.get_mut().fill(rng);
        self.set_position(1 + rng.number() % 9);
    }

    fn show(&self) -> String {
        format!("{} at {}", self.get_ref().show(), self.position())
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        self.get_mut().allocations(list);
    }
}

/// Keeps what weak pointers point at until the thread ends.
fn keep(owner: Box<dyn Any>) {
    thread_local! {
        static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
    }
    KEPT.with_borrow_mut(|kept| kept.push(owner));
}

macro_rules! weak {
    ($($owner:ty: $ty:ty;)+) => {$(
        impl<T: Part + Default + 'static> Part for $ty {
            fn fill(&mut self, rng: &mut Rng) {
                let owner = <$owner>::new(made(rng));
                *self = <$owner>::downgrade(&owner);
                keep(Box::new(owner));
            }

            fn show(&self) -> String {
                self.upgrade().map_or_else(|| String::from("nobody"), |owner| owner.show())
            }
        }
    )+};
}

weak! {
    rc::Rc<T>: rc::Weak<T>;
    sync::Arc<T>: sync::Weak<T>;
}

macro_rules! raw {
    ($($ty:ty: $make:path;)+) => {$(
        impl<T> Part for $ty {
            fn fill(&mut self, rng: &mut Rng) {
                *self = $make(1 + rng.below(1 << 20));
            }

            shown_by_debug!();
        }
    )+};
}

raw! {
    *const T: ptr::without_provenance;
    *mut T: ptr::without_provenance_mut;
}

impl<T: Poolable + Part> Part for Pooled<T> {
    fn fill(&mut self, rng: &mut Rng) {
        (**self).fill(rng);
    }

    fn show(&self) -> String {
        (**self).show()
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        list.push(Allocation::new(&raw const **self, size_of::<T>()));
        (**self).allocations(list);
    }
}
