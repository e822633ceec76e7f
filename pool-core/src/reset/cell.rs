//! Interior mutability: reset through `get_mut`, or replaced if a guard was leaked.
//!
//! # Invariants
//!
//! 1. After a reset the value can be borrowed or locked again. A guard that was leaked
//!    (`mem::forget(cell.borrow_mut())`) holds its lock for good, so its cell is
//!    replaced, and the allocations inside are lost.
//! 2. The value's own `reset` runs with nothing borrowed and nothing locked: a panic in
//!    it leaves no lock behind, and no new poison.
//! 3. Poison is cleared last, so it outlives a reset that panicked.

use core::cell::{Cell, OnceCell, RefCell};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, TryLockError};

use super::Reset;

impl<T: Reset> Reset for Cell<T> {
    #[inline]
    fn blank() -> Self {
        Self::new(T::blank())
    }

    #[inline]
    fn reset(&mut self) {
        self.get_mut().reset();
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.get_mut().retained_bytes()
    }
}

impl<T: Reset> Reset for RefCell<T> {
    #[inline]
    fn blank() -> Self {
        Self::new(T::blank())
    }

    #[inline]
    fn reset(&mut self) {
        if self.try_borrow_mut().is_err() {
            *self = Self::blank();
        } else {
            self.get_mut().reset();
        }
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.get_mut().retained_bytes()
    }
}

macro_rules! locks {
    ($($ty:ident: $try_lock:ident),+) => {$(
        impl<T: Reset> Reset for $ty<T> {
            #[inline]
            fn blank() -> Self {
                Self::new(T::blank())
            }

            #[inline]
            fn reset(&mut self) {
                let leaked = matches!(self.$try_lock(), Err(TryLockError::WouldBlock));
                if leaked {
                    *self = Self::blank();
                } else {
                    self.get_mut().unwrap_or_else(PoisonError::into_inner).reset();
                    self.clear_poison();
                }
            }

            #[inline]
            fn retained_bytes(&mut self) -> usize {
                self.get_mut().unwrap_or_else(PoisonError::into_inner).retained_bytes()
            }
        }
    )+};
}

locks!(Mutex: try_lock, RwLock: try_write);

macro_rules! once {
    ($($ty:ident),+) => {$(
        /// Emptied: the next user initialises it anew.
        impl<T> Reset for $ty<T> {
            #[inline]
            fn blank() -> Self {
                Self::new()
            }

            #[inline]
            fn reset(&mut self) {
                drop(self.take());
            }
        }
    )+};
}

once!(OnceCell, OnceLock);

#[cfg(test)]
mod tests {
    use core::mem;
    use core::panic::AssertUnwindSafe;
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;

    /// Unwinds without the noise of a panic hook.
    fn unwind() -> ! {
        resume_unwind(Box::new(()))
    }

    struct Failing;

    impl Reset for Failing {
        fn blank() -> Self {
            Failing
        }
        fn reset(&mut self) {
            unwind()
        }
    }

    fn poisoned_mutex(text: &str) -> Mutex<String> {
        let mutex = Mutex::new(String::from(text));
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _guard = mutex.lock();
            unwind()
        }));
        assert!(caught.is_err() && mutex.is_poisoned());
        mutex
    }

    fn poisoned_lock(text: &str) -> RwLock<String> {
        let lock = RwLock::new(String::from(text));
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _guard = lock.write();
            unwind()
        }));
        assert!(caught.is_err() && lock.is_poisoned());
        lock
    }

    #[test]
    fn cell_resets_its_value_in_place() {
        let mut number = Cell::new(7_u8);
        number.reset();
        assert_eq!(number, Cell::blank());

        let mut text = Cell::new(String::from("used"));
        let place = text.get_mut().as_ptr();
        text.reset();
        assert_eq!(text.get_mut(), "");
        assert_eq!(text.get_mut().as_ptr(), place);
        assert_eq!(text.retained_bytes(), text.get_mut().capacity());
    }

    #[test]
    fn ref_cell_resets_its_value_in_place() {
        let mut used = RefCell::new(String::from("used"));
        let place = used.borrow().as_ptr();
        used.reset();
        assert_eq!(used, RefCell::blank());
        assert_eq!(used.borrow().as_ptr(), place);
        assert_eq!(used.retained_bytes(), used.borrow().capacity());
    }

    #[test]
    fn leaked_borrows_do_not_survive_the_reset() {
        let mut used = RefCell::new(String::from("used"));
        mem::forget(used.borrow_mut());
        used.reset();
        assert_eq!(*used.borrow_mut(), "");

        used.borrow_mut().push_str("again");
        mem::forget(used.borrow());
        used.reset();
        assert_eq!(*used.borrow_mut(), "");
        assert_eq!(used.retained_bytes(), 0);
    }

    #[test]
    fn replaced_value_is_dropped() {
        struct Counted(std::rc::Rc<()>);
        impl Reset for Counted {
            fn blank() -> Self {
                Counted(std::rc::Rc::default())
            }
            fn reset(&mut self) {
                unreachable!("a stuck cell is replaced")
            }
        }
        let witness = std::rc::Rc::new(());
        let mut used = RefCell::new(Counted(witness.clone()));
        mem::forget(used.borrow_mut());
        used.reset();
        assert_eq!(std::rc::Rc::strong_count(&witness), 1);
        assert_eq!(std::rc::Rc::strong_count(&used.borrow().0), 1);
    }

    #[test]
    fn mutex_resets_its_value_in_place() {
        let mut used = Mutex::new(String::from("used"));
        let place = used.get_mut().unwrap().as_ptr();
        used.reset();
        assert_eq!(*used.lock().unwrap(), "");
        assert_eq!(used.lock().unwrap().as_ptr(), place);
        assert!(used.retained_bytes() >= 4);
        assert_eq!(Mutex::<String>::blank().retained_bytes(), 0);
    }

    #[test]
    fn lock_resets_its_value_in_place() {
        let mut used = RwLock::new(String::from("used"));
        let place = used.get_mut().unwrap().as_ptr();
        used.reset();
        assert_eq!(*used.read().unwrap(), "");
        assert_eq!(used.read().unwrap().as_ptr(), place);
        assert!(used.retained_bytes() >= 4);
        assert_eq!(RwLock::<String>::blank().retained_bytes(), 0);
    }

    #[test]
    fn poison_is_cleared_and_the_buffer_kept() {
        let mut mutex = poisoned_mutex("used");
        assert!(mutex.retained_bytes() >= 4);
        mutex.reset();
        assert!(!mutex.is_poisoned());
        assert_eq!(*mutex.lock().unwrap(), "");
        assert!(mutex.retained_bytes() >= 4);

        let mut lock = poisoned_lock("used");
        assert!(lock.retained_bytes() >= 4);
        lock.reset();
        assert!(!lock.is_poisoned());
        assert_eq!(*lock.write().unwrap(), "");
        assert!(lock.retained_bytes() >= 4);
    }

    #[test]
    fn leaked_locks_do_not_survive_the_reset() {
        let mut mutex = Mutex::new(String::from("used"));
        mem::forget(mutex.lock());
        mutex.reset();
        assert_eq!(*mutex.try_lock().unwrap(), "");

        let mut lock = RwLock::new(String::from("used"));
        mem::forget(lock.write());
        lock.reset();
        assert_eq!(*lock.try_write().unwrap(), "");

        lock.get_mut().unwrap().push_str("again");
        mem::forget(lock.read());
        lock.reset();
        assert_eq!(*lock.try_write().unwrap(), "");
    }

    #[test]
    fn leaked_lock_of_a_poisoned_value_does_not_survive_the_reset() {
        let mut mutex = poisoned_mutex("used");
        mem::forget(mutex.lock());
        mutex.reset();
        assert!(!mutex.is_poisoned());
        assert_eq!(*mutex.try_lock().unwrap(), "");
    }

    #[test]
    fn panic_in_the_inner_reset_leaves_no_lock_and_no_poison() {
        let mut mutex = Mutex::new(Failing);
        assert!(catch_unwind(AssertUnwindSafe(|| mutex.reset())).is_err());
        assert!(mutex.try_lock().is_ok());

        let mut lock = RwLock::new(Failing);
        assert!(catch_unwind(AssertUnwindSafe(|| lock.reset())).is_err());
        assert!(lock.try_write().is_ok());

        let mut cell = RefCell::new(Failing);
        assert!(catch_unwind(AssertUnwindSafe(|| cell.reset())).is_err());
        assert!(cell.try_borrow_mut().is_ok());
    }

    #[test]
    fn poison_outlives_a_reset_that_panicked() {
        let mut mutex = Mutex::new(Failing);
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let _guard = mutex.lock();
            unwind()
        }));
        assert!(catch_unwind(AssertUnwindSafe(|| mutex.reset())).is_err());
        assert!(mutex.is_poisoned());
    }

    #[test]
    fn reset_while_unwinding_leaves_no_poison() {
        struct OnDrop(Mutex<u8>, std::sync::mpsc::Sender<bool>);
        impl Drop for OnDrop {
            fn drop(&mut self) {
                self.0.reset();
                let _ = self.1.send(self.0.is_poisoned());
            }
        }
        let (sender, receiver) = std::sync::mpsc::channel();
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _used = OnDrop(Mutex::new(7), sender);
            unwind()
        }));
        assert!(caught.is_err());
        assert_eq!(receiver.recv(), Ok(false));
    }

    #[test]
    fn once_cells_are_emptied_whatever_they_hold() {
        struct Opaque;
        let mut cell = OnceCell::from(Opaque);
        cell.reset();
        assert!(cell.get().is_none());
        assert!(cell.set(Opaque).is_ok());
        assert!(OnceCell::<Opaque>::blank().get().is_none());
        assert_eq!(cell.retained_bytes(), 0);

        let mut lock = OnceLock::from(Opaque);
        lock.reset();
        assert!(lock.get().is_none());
        assert!(lock.set(Opaque).is_ok());
        assert!(OnceLock::<Opaque>::blank().get().is_none());
        assert_eq!(lock.retained_bytes(), 0);
    }

    #[test]
    fn once_cell_is_empty_after_its_value_panicked_in_drop() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                unwind()
            }
        }
        let mut cell = OnceCell::from(Bomb);
        assert!(catch_unwind(AssertUnwindSafe(|| cell.reset())).is_err());
        assert!(cell.get().is_none());
        let mut lock = OnceLock::from(Bomb);
        assert!(catch_unwind(AssertUnwindSafe(|| lock.reset())).is_err());
        assert!(lock.get().is_none());
    }
}
