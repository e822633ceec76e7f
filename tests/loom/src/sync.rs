//! The names of `pool-core`'s `sync`, made of loom's types.

use core::hash::{Hash, Hasher};
use std::hash::DefaultHasher;

use loom::cell::UnsafeCell;
pub(crate) use loom::sync::MutexGuard;
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};

#[derive(Debug)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().expect("nothing panics while the lock is held")
    }
}

/// Loom reports two threads that touch it without one happening before the other.
#[derive(Debug)]
pub(crate) struct Exclusive(UnsafeCell<()>);

impl Exclusive {
    pub(crate) fn new() -> Self {
        Self(UnsafeCell::new(()))
    }

    pub(crate) fn touch(&self) {
        self.0.with_mut(|_| ());
    }
}

pub(crate) fn thread_number() -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    loom::thread::current().id().hash(&mut hasher);
    Some(hasher.finish())
}

/// Takes the `const` off constructors: loom's types are made while a model runs.
macro_rules! at_compile_time {
    ($(#[$meta:meta])* $vis:vis const $($rest:tt)*) => { $(#[$meta])* $vis $($rest)* };
}

pub(crate) use at_compile_time;
