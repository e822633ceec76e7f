//! The ways out: what may become of an object with a secret, and of the value.
//!
//! Each way takes a blank object, fills it where it is, and has it go. What is left when
//! the function returns is what the pool answers for.

/// Uses a value where it is, and leaves it there to be dropped, or to be so as `$then` panics.
/// For a spy, which sees blocks alone, it is moved into one.
macro_rules! used {
    ($value:ident $(, $then:expr)?) => {
        if crate::spy::watches() {
            let boxed = Box::new($value);
            core::hint::black_box(&boxed);
            $($then)?
        } else {
            core::hint::black_box(&$value);
            $($then)?
        }
    };
}

mod by_type;
mod made;
mod threads;
mod value;

use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};

use poolable::{Pooled, Stats};

pub(crate) use self::by_type::*;
pub(crate) use self::made::*;
pub(crate) use self::threads::*;
pub(crate) use self::value::*;
use crate::secret::Hold;

/// How a way came out.
pub(crate) struct Ended {
    /// Whether the object has gone that way, and no other.
    pub(crate) taken: Box<dyn FnOnce() -> bool>,
    /// Frees what is idle.
    pub(crate) settle: Box<dyn FnOnce()>,
}

impl Ended {
    /// In the pool of the type `S`, which `taken` looks at the counters of. They are others
    /// where pools keep nothing.
    pub(crate) fn of<S: Hold>(taken: fn(&Stats) -> bool) -> Self {
        Self {
            taken: Box::new(move || cfg!(poolable_passthrough) || taken(&S::pool().stats())),
            settle: Box::new(free_all),
        }
    }

    /// With no pool to be asked.
    pub(crate) fn elsewhere() -> Self {
        Self { taken: Box::new(|| true), settle: Box::new(free_all) }
    }
}

/// Frees all that is idle.
fn free_all() {
    // What is in an object becomes idle when that is freed.
    (0..6).for_each(|_| poolable::trim_all());
}

/// Panics without a message.
#[cold]
pub(crate) fn unwind() -> ! {
    resume_unwind(Box::new(()))
}

/// Runs code that panics.
pub(crate) fn unwound(run: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "nothing panicked");
}

/// An object with a secret in it.
#[inline(never)]
fn filled<S: Hold>() -> Pooled<S> {
    let mut guard = S::pooled();
    guard.fill();
    guard
}
