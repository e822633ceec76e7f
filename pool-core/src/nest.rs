//! Returns that bring about returns: how deep they nest, and which of them wait.
//!
//! The reset of an object drops the guards in it, whose objects are reset, which drops the
//! guards in those, and so on: a list of a million pooled nodes would take a million frames.
//! So each thread counts the returns that are under way in it. Down to [`DEPTH`] they nest.
//! Below, an object is put aside, and the outermost return, when it is through with its own
//! object, gives back all that wait: each as if it were the first, so that what it holds
//! nests again. That happens on unwind too. The last to wait is the first to go, so that
//! what waits of a tree is at most what its widest path bears.
//!
//! Only the types that may hold a guard do this; the derive tells which. In the program of
//! `xtask/hits` such a hit takes 77 instructions, and 59 without.
//!
//! # Invariants
//!
//! 1. An object that waits is owned by the list of its thread, once: the guard that gave it
//!    up is gone, and it leaves the list before it is given.
//! 2. An object that waits borrows from nobody. Its type's `__NESTS` is true, which says
//!    that the type has no lifetimes; its type parameters outlive everything already, since
//!    `Poolable::Static` does, and is the type itself.
//! 3. Something waits only while a return is under way below, on the same stack. So an
//!    object is given by the thread that gave it up, before the outermost return is over,
//!    and needs neither `Send` nor a destructor of the list.
//! 4. No code of the user's, its allocator included, runs between a read of the list and
//!    the write that follows from it.
//!
//! # Panics
//!
//! If an object that waited panics on its way home, the others that wait still go home,
//! while the panic unwinds. If a second one panics then, or if the panic was under way before,
//! the process aborts, as it does everywhere in Rust when a drop panics while unwinding.
//!
//! # Rejected
//!
//! To look at the list at the end of each return: a hit takes 85 instructions then.
//! A vector in place of the linked list: its growth calls the allocator, which may be the
//! user's and return pooled objects itself, with the vector taken out of its place.
//! Deferring pools that users make: their objects may not outlive the pool's handle.

use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use crate::poolable::Poolable;

/// How many returns nest before one waits.
const DEPTH: u8 = 64;

/// Beside the depth, in the same word: something waits. So the end of a return has one
/// number to compare, which is this one if it was the outermost and has work left.
const WAITS: u32 = 1 << u8::BITS;

/// Gives an object back, its type forgotten.
pub(crate) type Give = unsafe fn(NonNull<()>);

/// An object that waits.
struct Waiting {
    slot: NonNull<()>,
    give: Give,
    next: *mut Self,
}

/// The returns of a thread. Without a destructor, so that it also serves the destructors of
/// other thread-locals.
struct Nest {
    /// How many are under way, in the lowest byte, and [`WAITS`].
    depth: Cell<u32>,
    /// What waits for the outermost of them: boxes, the last one first.
    waiting: Cell<*mut Waiting>,
}

thread_local! {
    static NEST: Nest = const { Nest { depth: Cell::new(0), waiting: Cell::new(ptr::null_mut()) } };
}

/// A return that is under way. The end of the outermost one gives back what waits.
pub(crate) struct Level {
    /// Not where std has freed the thread-local of a thread that ends, which it does on
    /// some platforms: returns nest without a bound there.
    is_counted: bool,
    /// It stays on its thread.
    _thread: PhantomData<*mut ()>,
}

impl Level {
    /// Enters a return, unless it is nested too deep.
    #[inline(always)]
    pub(crate) fn enter() -> Option<Self> {
        let entered = NEST.try_with(|nest| {
            let depth = nest.depth.get();
            if depth as u8 >= DEPTH {
                return false;
            }
            nest.depth.set(depth + 1);
            true
        });
        match entered {
            Ok(false) => None,
            counted => Some(Self { is_counted: counted.is_ok(), _thread: PhantomData }),
        }
    }
}

impl Drop for Level {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.is_counted {
            return;
        }
        let depth = NEST.with(|nest| {
            nest.depth.set(nest.depth.get() - 1);
            nest.depth.get()
        });
        if depth == WAITS {
            drain();
        }
    }
}

/// Puts an object aside for the outermost return.
///
/// # Safety
///
/// - `give` may be called with `slot`, once, by this thread, whenever it is this side of the
///   end of the outermost return.
/// - `Level::enter` has just refused.
#[cold]
#[inline(never)]
pub(crate) unsafe fn defer(slot: NonNull<()>, give: Give) {
    // The allocation comes first (invariant 4).
    let waiting = Box::into_raw(Box::new(Waiting { slot, give, next: ptr::null_mut() }));
    NEST.with(|nest| {
        // SAFETY: the box is this function's until it is in the list.
        unsafe { (*waiting).next = nest.waiting.get() };
        nest.waiting.set(waiting);
        nest.depth.set(nest.depth.get() | WAITS);
    });
}

/// Whether a return is under way, of an object that may hold guards.
pub(crate) fn is_under_way() -> bool {
    NEST.try_with(|nest| nest.depth.get() != 0).unwrap_or(false)
}

/// Takes an object that waits out of the list.
fn pop() -> Option<(NonNull<()>, Give)> {
    let first = NEST.with(|nest| {
        let first = NonNull::new(nest.waiting.get())?;
        // SAFETY: what is in the list is a box of `defer`'s, allocated until it is taken out.
        nest.waiting.set(unsafe { first.as_ref() }.next);
        Some(first)
    })?;
    // SAFETY: `defer` took it out of a box, and it is in the list no longer.
    let Waiting { slot, give, .. } = *unsafe { Box::from_raw(first.as_ptr()) };
    Some((slot, give))
}

/// Gives back all that wait, each at depth 1, and what comes to wait meanwhile: the last
/// part of the outermost return.
#[cold]
#[inline(never)]
fn drain() {
    /// Gives back the others if one panics. A second panic aborts.
    struct Rest;

    impl Drop for Rest {
        fn drop(&mut self) {
            give_all();
            NEST.with(|nest| nest.depth.set(0));
        }
    }

    NEST.with(|nest| nest.depth.set(1));
    let _rest = Rest;
    give_all();
}

fn give_all() {
    while let Some((slot, give)) = pop() {
        // SAFETY: who called `defer` allows it, once, and `pop` gives out each object once;
        // the thread is the same and the outermost return is under way (invariant 3).
        unsafe { give(slot) };
    }
}

/// What the derive makes `__NESTS` of: whether the type holds anything that may hold a guard.
/// To call this is to prove that the type has no lifetimes (invariant 2).
#[must_use]
pub const fn nests<T: Poolable<Static = T> + 'static>(holds: bool) -> bool {
    holds
}
