//! Fields: how each type is filled, shown and measured.
//!
//! # Invariants
//!
//! 1. What [`Part::fill`] puts in follows from the numbers alone, never from what was
//!    there before.
//! 2. [`Part::show`] renders the same text for the same content, in whatever order a
//!    table keeps it.
//! 3. [`Part::allocations`] lists as many allocations after a reset as before it.

mod cell;
mod collections;
mod pointer;
mod scalar;
mod text;

use core::mem::MaybeUninit;

use crate::rng::Rng;

/// An allocation that a reset has to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Where it is, if the type tells and there is one.
    pub place: Option<usize>,
    /// How much it holds, in whatever unit the type counts.
    pub capacity: usize,
}

impl Allocation {
    /// Describes a buffer; one without capacity is nowhere.
    fn new<T: ?Sized>(place: *const T, capacity: usize) -> Self {
        Self { place: (capacity > 0).then(|| place.cast::<()>().addr()), capacity }
    }

    /// Describes what tells no address.
    fn somewhere(capacity: usize) -> Self {
        Self { place: None, capacity }
    }
}

/// A type that fields of generated types have.
pub trait Part {
    /// Puts random content in, all over.
    fn fill(&mut self, rng: &mut Rng);

    /// Renders all that a reader of the field can see.
    fn show(&self) -> String;

    /// The type, as the functions for `with` know it.
    fn type_name(&self) -> &'static str {
        core::any::type_name::<Self>()
    }

    /// Whether it can show more than one thing.
    fn varies(&self) -> bool {
        true
    }

    /// Lists the allocations that a reset keeps.
    fn allocations(&mut self, _list: &mut Vec<Allocation>) {}

    /// How many bytes of heap it holds at least.
    fn heap_bytes(&self) -> usize {
        0
    }

    /// How much it holds without growing, if `capacity = N` can govern it.
    fn room(&self) -> Option<usize> {
        None
    }

    /// The room that a new value has which was asked for `capacity`.
    fn room_of(&self, _capacity: usize) -> usize {
        0
    }

    /// Grows to at least `capacity`.
    fn grow(&mut self, _capacity: usize) {}

    /// Takes the buffer away, and leaves a new value behind.
    fn take_away(&mut self) {}

    /// Leaks a guard of its lock, or poisons it.
    fn spoil(&mut self, _rng: &mut Rng) {}

    /// Visits the unused memory of its buffers: those whose elements leave no byte
    /// between them.
    fn spare_memory(&mut self, _visit: &mut dyn FnMut(&mut [MaybeUninit<u8>])) {}

    /// Whether each byte of a value is part of it.
    fn is_dense() -> bool
    where
        Self: Sized,
    {
        false
    }
}

/// Renders a value that has the type `T`, whatever the expression leaves open.
pub fn shown<T: Part>(value: &T) -> String {
    value.show()
}

/// Fills `blank` until it shows something else.
///
/// # Panics
///
/// If the type has nothing else to show.
pub fn filled<T: Part>(mut blank: T, seed: u64) -> T {
    let before = blank.show();
    let mut rng = Rng::new(seed);
    for _ in 0..64 {
        blank.fill(&mut rng);
        if blank.show() != before {
            return blank;
        }
    }
    panic!("`{}` shows nothing but {before}", core::any::type_name::<T>());
}

/// Fills `blank` the way the functions for `with` do.
pub fn stamped<T: Part>(mut blank: T) -> T {
    blank.fill(&mut Rng::new(0));
    blank
}

/// A random value.
fn made<T: Part + Default>(rng: &mut Rng) -> T {
    let mut value = T::default();
    value.fill(rng);
    value
}

/// Renders values in the order they come in.
fn list<'a, T: Part + 'a>(values: impl IntoIterator<Item = &'a T>) -> String {
    let shown: Vec<_> = values.into_iter().map(T::show).collect();
    format!("[{}]", shown.join(", "))
}

/// The methods of a container with a capacity.
macro_rules! governed {
    ($new:path) => {
        fn room(&self) -> Option<usize> {
            Some(Self::capacity(self))
        }

        fn room_of(&self, capacity: usize) -> usize {
            $new(capacity).capacity()
        }

        fn grow(&mut self, capacity: usize) {
            poolable::Capacity::grow_to(self, capacity);
        }

        fn take_away(&mut self) {
            *self = Self::default();
        }
    };
}

/// Renders by `Debug`.
macro_rules! shown_by_debug {
    () => {
        fn show(&self) -> String {
            format!("{self:?}")
        }
    };
}

use {governed, shown_by_debug};
