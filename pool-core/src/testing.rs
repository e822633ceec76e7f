//! Help for the tests of programs that pool.
//!
//! [`assert_none_outstanding`] finds objects that a test does not give back, and where it got
//! them.
//!
//! Besides [`assert_reset`] there is a way to build that flushes out code which relies on
//! the identity or the order of pooled objects: with
//! `RUSTFLAGS="--cfg poolable_chaos" cargo test`, every pool drops one return in four, and
//! hands its objects out in random order.
//!
//! # Examples
//!
//! ```should_panic
//! use poolable::Reset;
//! use poolable::testing::assert_reset;
//!
//! #[derive(Debug, PartialEq)]
//! struct Session {
//!     admin: bool,
//! }
//!
//! impl Reset for Session {
//!     fn blank() -> Self {
//!         Self { admin: false }
//!     }
//!
//!     fn reset(&mut self) {} // "`admin` is not reset"
//! }
//!
//! assert_reset(|session: &mut Session| session.admin = true);
//! ```

mod outstanding;

use core::fmt::Debug;

pub use self::outstanding::{Following, NoneOutstanding, Tracker, assert_none_outstanding};
use crate::reset::Reset;

/// Fills a new value, resets it, and demands that it equals [`Reset::blank`].
///
/// For a `Reset` that is written by hand, where a field is forgotten easily. The message
/// names the field, as `Debug` shows it.
///
/// Fields with `#[pool(skip)]` keep what they had, so `fill` should leave them alone.
///
/// # Examples
///
/// ```
/// use poolable::Reset;
/// use poolable::testing::assert_reset;
///
/// #[derive(Debug, PartialEq)]
/// struct Session {
///     user: String,
///     admin: bool,
/// }
///
/// impl Reset for Session {
///     fn blank() -> Self {
///         Self { user: String::new(), admin: false }
///     }
///
///     fn reset(&mut self) {
///         self.user.clear();
///         self.admin = false; // Without this line: "`admin` is not reset".
///     }
/// }
///
/// assert_reset::<Session>(|session| {
///     session.user.push_str("root");
///     session.admin = true;
/// });
/// ```
///
/// # Panics
///
/// If the value after its reset differs from a blank one; or if it did not differ before,
/// for then `fill` has proved nothing.
#[track_caller]
pub fn assert_reset<T: Reset + PartialEq + Debug>(fill: impl FnOnce(&mut T)) {
    let blank = T::blank();
    let mut value = T::blank();
    fill(&mut value);
    assert!(value != blank, "`fill` left the value blank, so that a reset would prove nothing");
    value.reset();
    if value == blank {
        return;
    }
    let (shown, expected) = (format!("{value:#?}"), format!("{blank:#?}"));
    match first_difference(&shown, &expected) {
        Some(field) => panic!("`{field}` is not reset\n  left: {shown}\n blank: {expected}"),
        None => {
            panic!("the value is not reset, in a part that `Debug` does not show\n  left: {shown}")
        }
    }
}

/// The path of the first field that differs between two values in pretty `Debug` output.
///
/// There each field has a line of its own, four spaces deeper than what it belongs to.
fn first_difference(shown: &str, expected: &str) -> Option<String> {
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut expected_lines = expected.lines();
    for line in shown.lines() {
        let depth = line.len() - line.trim_start().len();
        let name = line.trim_start().split([':', '(', ' ', ',']).next().unwrap_or_default();
        while path.last().is_some_and(|&(above, _)| above >= depth) {
            path.pop();
        }
        path.push((depth, name));
        if expected_lines.next() != Some(line) {
            let is_field = |&(depth, _): &(usize, &str)| depth > 0;
            let fields: Vec<&str> =
                path.iter().filter(|part| is_field(part)).map(|&(_, name)| name).collect();
            return Some(if fields.is_empty() { name.to_owned() } else { fields.join(".") });
        }
    }
    expected_lines.next().map(|line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by `Debug`")]
    struct Outer {
        first: u8,
        inner: Inner,
        list: Vec<u8>,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by `Debug`")]
    struct Inner {
        second: Option<u8>,
    }

    #[test]
    fn the_field_that_differs_is_named_with_its_path() {
        let show = |first, second, list: &[u8]| {
            format!("{:#?}", Outer { first, inner: Inner { second }, list: list.to_vec() })
        };
        let blank = show(0, None, &[]);
        let differing = |shown: &str| first_difference(shown, &blank);
        assert_eq!(differing(&show(1, None, &[])).as_deref(), Some("first"));
        assert_eq!(differing(&show(0, Some(1), &[])).as_deref(), Some("inner.second"));
        assert_eq!(differing(&show(0, None, &[1])).as_deref(), Some("list"));
        assert_eq!(differing(&blank), None);
    }
}
