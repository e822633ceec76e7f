//! An option whose value stays for reuse when it becomes none.
//!
//! # Invariants
//!
//! 1. `some` implies a value.
//! 2. A value without `some` is spare: blank, and seen by nobody.
//! 3. A value whose reset did not return is dropped; it never becomes spare.
//! 4. Where a call that resets returns, and where it unwinds, a value without `some` is
//!    one whose reset returned, and which since then was lent to nothing but its own
//!    `retained_bytes` and, before one more reset, its own `wipe`; and there is no other
//!    value of `T`. So a value that borrows has nothing of what it borrowed once it is
//!    spare, and after [`Reset::reset`] it is: if that unwinds too.

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::{Deref, DerefMut};

use crate::Reset;
#[cfg(feature = "zeroize")]
use crate::Wipe;

/// An `Option` that resets and keeps its value when it becomes none.
///
/// # Examples
///
/// ```
/// use poolable::RetainOption;
///
/// let mut referer = RetainOption::<String>::new();
/// referer.insert_blank().push_str("https://example.org");
/// let place = referer.as_ref().unwrap().as_ptr();
///
/// referer.clear();
/// assert!(referer.is_none());
/// assert_eq!(referer.insert_blank(), "");
/// assert_eq!(referer.as_ref().unwrap().as_ptr(), place);
/// ```
pub struct RetainOption<T> {
    value: Option<T>,
    some: bool,
}

impl<T> RetainOption<T> {
    /// Returns none, with no value kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// static EMPTY: RetainOption<String> = RetainOption::new();
    /// assert!(EMPTY.is_none());
    /// ```
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self { value: None, some: false }
    }

    /// Tells whether there is a value.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// assert!(RetainOption::from(Some(7)).is_some());
    /// ```
    #[inline]
    #[must_use]
    pub const fn is_some(&self) -> bool {
        self.some
    }

    /// Tells whether there is no value; a kept one does not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// let mut number = RetainOption::from(Some(7));
    /// number.clear();
    /// assert!(number.is_none());
    /// ```
    #[inline]
    #[must_use]
    pub const fn is_none(&self) -> bool {
        !self.some
    }

    /// Borrows the value, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// assert_eq!(RetainOption::from(Some(7)).as_ref(), Some(&7));
    /// ```
    #[inline]
    #[must_use]
    pub const fn as_ref(&self) -> Option<&T> {
        if self.some { self.value.as_ref() } else { None }
    }

    /// Borrows the value mutably, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// let mut number = RetainOption::from(Some(7));
    /// if let Some(value) = number.as_mut() {
    ///     *value += 1;
    /// }
    /// assert_eq!(number.as_ref(), Some(&8));
    /// ```
    #[inline]
    #[must_use]
    pub const fn as_mut(&mut self) -> Option<&mut T> {
        if self.some { self.value.as_mut() } else { None }
    }

    /// Puts a value in, dropping the one that is there or was kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// let mut number = RetainOption::new();
    /// *number.insert(7) += 1;
    /// assert_eq!(number.as_ref(), Some(&8));
    /// ```
    #[inline]
    pub fn insert(&mut self, value: T) -> &mut T {
        self.some = true;
        self.value.insert(value)
    }

    /// Puts a value in and returns the one that was there. One that was kept is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// let mut number = RetainOption::from(Some(7));
    /// assert_eq!(number.replace(8), Some(7));
    /// assert_eq!(number.as_ref(), Some(&8));
    /// ```
    #[inline]
    pub fn replace(&mut self, value: T) -> Option<T> {
        let replaced = self.take();
        self.insert(value);
        replaced
    }

    /// Borrows what the value derefs to, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// let host = RetainOption::from(Some(String::from("example.org")));
    /// assert_eq!(host.as_deref(), Some("example.org"));
    /// ```
    #[inline]
    #[must_use]
    pub fn as_deref(&self) -> Option<&T::Target>
    where
        T: Deref,
    {
        self.as_ref().map(T::deref)
    }

    /// Borrows what the value derefs to mutably, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// let mut host = RetainOption::from(Some(String::from("Example.org")));
    /// if let Some(host) = host.as_deref_mut() {
    ///     host.make_ascii_lowercase();
    /// }
    /// assert_eq!(host.as_deref(), Some("example.org"));
    /// ```
    #[inline]
    #[must_use]
    pub fn as_deref_mut(&mut self) -> Option<&mut T::Target>
    where
        T: DerefMut,
    {
        self.as_mut().map(T::deref_mut)
    }

    /// Takes the value out and leaves none. A kept value stays.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// let mut number = RetainOption::from(Some(7));
    /// assert_eq!(number.take(), Some(7));
    /// assert_eq!(number.take(), None);
    /// ```
    #[inline]
    pub const fn take(&mut self) -> Option<T> {
        if self.some {
            self.some = false;
            self.value.take()
        } else {
            None
        }
    }
}

impl<T: Reset> RetainOption<T> {
    /// Becomes some, with a blank value: a kept one, or the reset of the one that is
    /// there, or a new one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// let mut line = RetainOption::from(Some(String::from("used")));
    /// assert_eq!(line.insert_blank(), "");
    /// assert!(line.is_some());
    /// ```
    #[inline]
    pub fn insert_blank(&mut self) -> &mut T {
        self.clear();
        self.get_or_insert_blank()
    }

    /// Borrows the value; if there is none, becomes some with a blank one.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// let mut line = RetainOption::<String>::new();
    /// line.get_or_insert_blank().push_str("GET");
    /// line.get_or_insert_blank().push_str(" /");
    /// assert_eq!(line.as_ref().unwrap(), "GET /");
    /// ```
    #[inline]
    pub fn get_or_insert_blank(&mut self) -> &mut T {
        let value = self.value.get_or_insert_with(T::blank);
        self.some = true;
        value
    }

    /// Becomes none; the value is reset and kept. If its reset panics it is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainOption;
    ///
    /// let mut line = RetainOption::from(Some(String::from("used")));
    /// line.clear();
    /// assert_eq!(line.as_ref(), None);
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        if self.some {
            self.some = false;
            let retiring = Retiring { value: &mut self.value };
            if let Some(value) = retiring.value {
                value.reset();
            }
            core::mem::forget(retiring);
        }
    }
}

/// A value on its way to become spare. Unwinding drops it (invariant 3).
struct Retiring<'a, T> {
    value: &'a mut Option<T>,
}

impl<T> Drop for Retiring<'_, T> {
    fn drop(&mut self) {
        *self.value = None;
    }
}

impl<T: Reset> Reset for RetainOption<T> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn reset(&mut self) {
        self.clear();
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.value.as_mut().map_or(0, T::retained_bytes)
    }
}

/// Becomes none. A value that is there or was kept is wiped, then reset and kept.
#[cfg(feature = "zeroize")]
impl<T: Wipe + Reset> Wipe for RetainOption<T> {
    fn wipe(&mut self) {
        /// Drops a value whose wipe or reset unwinds, and wipes the place it leaves.
        struct Wiping<'a, T: Wipe> {
            value: &'a mut Option<T>,
        }

        impl<T: Wipe> Drop for Wiping<'_, T> {
            fn drop(&mut self) {
                *self.value = None;
                self.value.wipe();
            }
        }

        self.some = false;
        let wiping = Wiping { value: &mut self.value };
        // Without a value the guard has its work to do: one that was taken out has left
        // its bytes behind.
        if let Some(value) = wiping.value {
            value.wipe();
            value.reset();
            core::mem::forget(wiping);
        }
    }
}

impl<T> Default for RetainOption<T> {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<Option<T>> for RetainOption<T> {
    #[inline]
    fn from(value: Option<T>) -> Self {
        Self { some: value.is_some(), value }
    }
}

/// Takes what is seen; a kept value is dropped.
impl<T> From<RetainOption<T>> for Option<T> {
    #[inline]
    fn from(mut option: RetainOption<T>) -> Self {
        option.take()
    }
}

/// Clones what is seen; a kept value stays behind.
impl<T: Clone> Clone for RetainOption<T> {
    #[inline]
    fn clone(&self) -> Self {
        Self::from(self.as_ref().cloned())
    }
}

impl<T: PartialEq> PartialEq for RetainOption<T> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl<T: Eq> Eq for RetainOption<T> {}

impl<T: PartialOrd> PartialOrd for RetainOption<T> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.as_ref().partial_cmp(&other.as_ref())
    }
}

impl<T: Ord> Ord for RetainOption<T> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_ref().cmp(&other.as_ref())
    }
}

impl<T: Hash> Hash for RetainOption<T> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl<T: fmt::Debug> fmt::Debug for RetainOption<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use core::panic::AssertUnwindSafe;
    use std::panic::{catch_unwind, resume_unwind};
    use std::rc::Rc;

    use super::*;

    fn used() -> RetainOption<String> {
        RetainOption::from(Some(String::from("used")))
    }

    fn place(option: &RetainOption<String>) -> Option<*const u8> {
        option.value.as_ref().map(|value| value.as_ptr())
    }

    #[test]
    fn cleared_value_is_blank_and_kept() {
        let mut option = used();
        let kept = place(&option);
        option.clear();
        assert!(option.is_none() && !option.is_some());
        assert_eq!(option.as_ref(), None);
        assert_eq!(option.as_mut(), None);
        assert_eq!(place(&option), kept);
        assert_eq!(option.insert_blank(), "");
        assert_eq!(place(&option), kept);
    }

    #[test]
    fn reset_keeps_the_value_and_counts_it() {
        let mut option = used();
        let kept = place(&option);
        option.reset();
        assert_eq!(option, RetainOption::blank());
        assert_eq!(place(&option), kept);
        assert!(option.retained_bytes() >= 4);
        assert_eq!(RetainOption::<String>::blank().retained_bytes(), 0);
    }

    #[test]
    fn insert_blank_reuses_a_value_in_use() {
        let mut option = used();
        let kept = place(&option);
        assert_eq!(option.insert_blank(), "");
        assert!(option.is_some());
        assert_eq!(place(&option), kept);
    }

    #[test]
    fn get_or_insert_blank_leaves_a_value_in_use() {
        let mut option = used();
        assert_eq!(option.get_or_insert_blank(), "used");
        option.clear();
        assert_eq!(option.get_or_insert_blank(), "");
        assert_eq!(RetainOption::<String>::new().get_or_insert_blank(), "");
    }

    #[test]
    fn inserted_value_replaces_the_kept_one() {
        let witness = Rc::new(());
        let mut option = RetainOption::from(Some(Some(witness.clone())));
        *option.insert(None) = None;
        assert_eq!(Rc::strong_count(&witness), 1);

        let mut option = used();
        option.clear();
        assert_eq!(option.insert(String::from("new")), "new");
        assert_eq!(option.as_ref().map(String::as_str), Some("new"));
    }

    #[test]
    fn take_moves_out_what_is_seen_alone() {
        let mut option = used();
        assert_eq!(option.take().as_deref(), Some("used"));
        assert_eq!((option.is_none(), place(&option)), (true, None));

        let mut option = used();
        option.clear();
        let kept = place(&option);
        assert_eq!(option.take(), None);
        assert_eq!(place(&option), kept);
    }

    #[test]
    fn replaced_value_is_one_that_was_seen() {
        let mut option = used();
        assert_eq!(option.replace(String::from("new")).as_deref(), Some("used"));
        option.clear();
        assert_eq!(option.replace(String::from("newer")), None);
        assert_eq!(option.as_deref(), Some("newer"));
        option.as_deref_mut().unwrap().make_ascii_uppercase();
        assert_eq!(Option::from(option), Some(String::from("NEWER")));
    }

    #[test]
    fn kept_value_leads_nowhere() {
        let mut option = used();
        option.clear();
        assert_eq!(option.as_deref(), None);
        assert_eq!(option.as_deref_mut(), None);
        assert_eq!(Option::from(option), None::<String>);
    }

    #[test]
    fn kept_value_takes_no_part_in_a_comparison() {
        use core::hash::BuildHasher;

        let mut cleared = used();
        cleared.clear();
        assert!(cleared < used() && cleared.cmp(&RetainOption::new()).is_eq());
        let state = std::hash::RandomState::new();
        assert_eq!(state.hash_one(&cleared), state.hash_one(None::<String>));
        assert_eq!(state.hash_one(used()), state.hash_one(Some("used")));
    }

    #[test]
    fn kept_value_is_invisible() {
        let mut cleared = used();
        cleared.clear();
        assert_eq!(cleared, RetainOption::default());
        assert_ne!(cleared, RetainOption::from(Some(String::new())));
        assert_eq!(format!("{cleared:?} {:?}", used()), r#"None Some("used")"#);
        assert_eq!(place(&cleared.clone()), None);
        assert_eq!(used().clone(), used());
    }

    /// Panics in its reset while told to.
    #[derive(Debug)]
    struct Failing {
        text: &'static str,
        fails: bool,
        _witness: Rc<()>,
    }

    impl Reset for Failing {
        fn blank() -> Self {
            Failing { text: "", fails: false, _witness: Rc::default() }
        }
        fn reset(&mut self) {
            if self.fails {
                resume_unwind(Box::new(()));
            }
            self.text = "";
        }
    }

    #[cfg(feature = "zeroize")]
    impl Wipe for Failing {
        fn wipe(&mut self) {
            self.text = "";
        }
    }

    #[test]
    fn panic_in_reset_drops_the_value() {
        let witness = Rc::new(());
        for act in [
            |option: &mut RetainOption<Failing>| option.clear(),
            |option: &mut RetainOption<Failing>| option.reset(),
            |option: &mut RetainOption<Failing>| assert_eq!(option.insert_blank().text, ""),
        ] {
            let failing = Failing { text: "used", fails: true, _witness: witness.clone() };
            let mut option = RetainOption::from(Some(failing));
            assert!(catch_unwind(AssertUnwindSafe(|| act(&mut option))).is_err());
            assert_eq!(Rc::strong_count(&witness), 1);
            assert!(option.is_none());
            assert_eq!(option.insert_blank().text, "");
        }
    }

    #[test]
    fn panic_in_blank_leaves_none() {
        #[derive(Debug)]
        struct Unborn;
        impl Reset for Unborn {
            fn blank() -> Self {
                resume_unwind(Box::new(()))
            }
            fn reset(&mut self) {}
        }
        let mut option = RetainOption::<Unborn>::new();
        assert!(catch_unwind(AssertUnwindSafe(|| option.insert_blank().reset())).is_err());
        assert!(option.is_none() && option.as_ref().is_none());
    }

    #[test]
    fn insert_leaves_the_new_value_when_the_old_one_panics_in_drop() {
        struct Bomb(bool);
        impl Drop for Bomb {
            fn drop(&mut self) {
                if self.0 {
                    resume_unwind(Box::new(()));
                }
            }
        }
        let mut option = RetainOption::from(Some(Bomb(true)));
        assert!(catch_unwind(AssertUnwindSafe(|| option.insert(Bomb(false)).0 = true)).is_err());
        assert!(matches!(option.as_ref(), Some(Bomb(false))));
    }

    #[cfg(feature = "zeroize")]
    #[test]
    fn wipe_covers_a_value_in_use_and_a_kept_one() {
        for kept_before in [false, true] {
            let mut option = used();
            if kept_before {
                option.clear();
            }
            let kept = place(&option);
            option.wipe();
            assert!(option.is_none());
            assert_eq!(place(&option), kept);

            option.insert_blank();
            let mut bytes = option.take().unwrap().into_bytes();
            assert_eq!(bytes.len(), 0);
            assert!(bytes.capacity() >= 4);
            // SAFETY: the text was at least four bytes long, so they are initialised.
            unsafe { bytes.set_len(4) };
            assert_eq!(bytes, [0; 4]);
        }
    }

    #[cfg(feature = "zeroize")]
    #[test]
    fn wiped_value_is_blank_again() {
        /// Its blank is not what a wipe leaves.
        #[derive(Debug, PartialEq)]
        struct Port(u16);
        impl Reset for Port {
            fn blank() -> Self {
                Port(80)
            }
            fn reset(&mut self) {
                self.0 = 80;
            }
        }
        impl Wipe for Port {
            fn wipe(&mut self) {
                self.0.wipe();
            }
        }
        let mut option = RetainOption::from(Some(Port(8080)));
        option.wipe();
        assert_eq!(option.as_ref(), None);
        assert_eq!(option.value, Some(Port(80)));
        let mut none = RetainOption::<Port>::new();
        none.wipe();
        assert_eq!(none.value, None);
    }

    #[cfg(feature = "zeroize")]
    #[test]
    fn panic_after_the_wipe_drops_the_value() {
        let witness = Rc::new(());
        let failing = Failing { text: "used", fails: true, _witness: witness.clone() };
        let mut option = RetainOption::from(Some(failing));
        assert!(catch_unwind(AssertUnwindSafe(|| option.wipe())).is_err());
        assert_eq!(Rc::strong_count(&witness), 1);
        assert!(option.is_none() && option.value.is_none());
    }
}
