//! Functions for `with` and `validate`, which leave a trace.

use core::any::type_name;
use core::cell::{Cell, RefCell};
use core::ptr;

use crate::part::Part;
use crate::rng::Rng;
use crate::shape::Shape;

/// A call of one of the functions for `with`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Call {
    place: usize,
    /// Fields at the start of each other have the same address.
    ty: &'static str,
}

thread_local! {
    static CALLS: RefCell<Vec<Call>> = const { RefCell::new(Vec::new()) };
    /// What `approve` saw, and what it says next.
    static SEEN: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
    static REFUSES: Cell<bool> = const { Cell::new(false) };
}

fn note<T>(field: &mut T) {
    let call = Call { place: ptr::from_mut(field).addr(), ty: type_name::<T>() };
    CALLS.with_borrow_mut(|calls| calls.push(call));
}

/// For `with`: puts in what [`stamped`](crate::stamped) makes.
pub fn stamp<T: Part>(field: &mut T) {
    note(field);
    field.fill(&mut Rng::new(0));
}

/// For `zeroize` together with `with`: puts in what [`stamped`](crate::stamped) makes.
pub fn shred<T: Part>(field: &mut T) {
    stamp(field);
}

/// For `with`: leaves the field as it is.
pub fn left<T>(field: &mut T) {
    note(field);
}

/// For `validate`: refuses the next value if it was told to, and remembers it.
pub fn approve<T: Shape>(value: &T) -> bool {
    SEEN.set(Some(value.shows()));
    !REFUSES.take()
}

/// Has `approve` refuse the next value.
pub(crate) fn refuse_next() {
    REFUSES.set(true);
}

/// What `approve` saw since the last time that somebody asked.
pub(crate) fn approved() -> Option<Vec<String>> {
    SEEN.take()
}

/// Forgets the calls so far.
pub(crate) fn forget() {
    CALLS.take();
}

/// The positions, among all calls since `forget`, of those for the field of that type at
/// that place.
pub(crate) fn positions((place, ty): (usize, &str)) -> Vec<usize> {
    let is_it = |call: &Call| call.place == place && call.ty == ty;
    CALLS.with_borrow(|calls| (0..calls.len()).filter(|&index| is_it(&calls[index])).collect())
}
