//! What the shared structures are made of: the seam at which a model checker comes in.
//!
//! The models of `tests/loom` compile the modules that use this one against a module of
//! the same names made of loom's types. Nothing else in those modules changes.

use core::cell::Cell;
pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
pub(crate) use std::sync::MutexGuard;
use std::sync::PoisonError;

/// A mutex without poison: only code that cannot panic runs while it is locked.
#[derive(Debug)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands beside plain memory that one thread at a time may touch, and is told of each
/// touch. A model checker finds out whether two of them race; here it is nothing.
#[derive(Debug)]
pub(crate) struct Exclusive;

impl Exclusive {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn touch(&self) {}
}

/// Whether a thread-local without a destructor is memory of the thread's own, there until
/// the thread has ended. Elsewhere std allocates it, and frees it in an order of its own,
/// perhaps before the caches are handed over; so there are no caches there.
pub(crate) const NATIVE: bool = cfg!(any(
    all(target_os = "linux", any(target_env = "gnu", target_env = "musl")),
    target_vendor = "apple",
    all(target_os = "windows", target_env = "msvc"),
    target_os = "freebsd",
));

/// A number for the current thread that no other thread ever has, where thread-locals last
/// as long as their thread.
pub(crate) fn thread_number() -> Option<u64> {
    static LAST: AtomicU64 = AtomicU64::new(0);

    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }

    if !NATIVE {
        return None;
    }
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
        }
        Some(number.get())
    })
}

/// Passes constructors on as they are. A model checker's types cannot be made at compile
/// time, and so its module takes the `const` off here.
macro_rules! at_compile_time {
    ($($tokens:tt)*) => { $($tokens)* };
}

pub(crate) use at_compile_time;
