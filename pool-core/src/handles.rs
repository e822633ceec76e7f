//! How many handles share an object.
//!
//! # Invariants
//!
//! 1. Each handle is counted once, from the moment it is made until it begins to go.
//! 2. A handle is made of another one, which is there meanwhile. So whoever has the only
//!    one, exclusively, knows that no other comes into being.
//! 3. What is done through a handle happens before whatever its owner does who finds itself
//!    alone: every removal is a release, and that finding an acquire. The additions between
//!    break no chain of releases, for they modify the number in one step with reading it.
//!
//! # Rejected
//!
//! A fence in place of the load that the last removal ends with: ThreadSanitizer cannot
//! model one.

use std::process;

use crate::sync::{AtomicUsize, Ordering};

/// The most handles that one more may join. What threads add at once beyond that, each
/// before it looks, is far less than what is left of a word.
const MOST: usize = usize::MAX / 2;

/// The count of an object's handles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handles<'a>(&'a AtomicUsize);

impl<'a> Handles<'a> {
    pub(crate) const fn new(count: &'a AtomicUsize) -> Self {
        Self(count)
    }

    /// Begins with one handle. Whoever calls this owns the object.
    pub(crate) fn begin(self) {
        // Relaxed: other threads get to know of the object by what is made of it.
        self.0.store(1, Ordering::Relaxed);
    }

    /// Counts a handle more. Too many of them end the process: if the number went round, an
    /// object would go home while it is used.
    #[inline]
    pub(crate) fn add(self) {
        // Relaxed: the new handle reaches its thread by the ways of the one that it is made
        // of, and they bring everything else with them.
        if self.0.fetch_add(1, Ordering::Relaxed) > MOST {
            process::abort();
        }
    }

    /// Counts a handle less, and tells whether it was the last. If it was not, the object
    /// may be gone when this returns.
    #[inline]
    pub(crate) fn remove(self) -> bool {
        // Release: pairs with the Acquire below and with that in `is_one`, so that what was
        // done through this handle is done when the object changes or goes home.
        if self.0.fetch_sub(1, Ordering::Release) != 1 {
            return false;
        }
        // Acquire: pairs with the Release in the removals of all the others.
        self.0.load(Ordering::Acquire);
        true
    }

    /// Whether the handle of the caller, who has it exclusively, is the only one.
    #[inline]
    pub(crate) fn is_one(self) -> bool {
        // Acquire: pairs with the Release in `remove`.
        self.0.load(Ordering::Acquire) == 1
    }

    /// How many handles there were a moment ago.
    pub(crate) fn count(self) -> usize {
        // Relaxed: nobody may conclude anything from it.
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::env;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn too_many_handles_end_the_process() {
        const INSIDE: &str = "POOLABLE_TEST_TOO_MANY_HANDLES";

        let count = AtomicUsize::new(MOST);
        Handles::new(&count).add();
        assert_eq!(Handles::new(&count).count(), MOST + 1);
        if env::var_os(INSIDE).is_some() {
            // This process would pass the test if it lived on.
            Handles::new(&count).add();
            return;
        }
        let status = Command::new(env::current_exe().expect("the test's binary"))
            .args(["--exact", "handles::tests::too_many_handles_end_the_process"])
            .env(INSIDE, "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("a process");
        assert!(!status.success(), "{status}");
    }

    #[test]
    fn the_last_handle_knows_that_it_is() {
        let count = AtomicUsize::new(usize::MAX);
        let handles = Handles::new(&count);
        handles.begin();
        assert!(handles.is_one());
        handles.add();
        assert!(!handles.is_one());
        assert!(!handles.remove());
        assert!(handles.is_one() && handles.remove());
    }
}
