//! Why a pool lets an object go.

use core::fmt;

/// Why an object is destroyed.
///
/// It shows itself as the name of its counter in [`Destroyed`](super::Destroyed).
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, Lease, Reason};
///
/// let pool = BoundedPool::new(1, String::new);
/// Lease::discard(pool.get()?);
/// assert_eq!(pool.stats().destroyed.released, 1);
/// assert_eq!(Reason::Released.to_string(), "released");
/// # Ok::<(), poolable::managed::GetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// There was no room for it among the idle ones, or it was made beyond the maximum
    /// ([`WhenExhausted::Create`](super::WhenExhausted::Create)).
    Full,
    /// It had reached its `max_lifetime`.
    Expired,
    /// It was idle for longer than `idle_timeout`, or than the `max_age` of an
    /// [`ExpiringPool`](super::ExpiringPool).
    Idle,
    /// Its check failed, or was cut short: its getter went away, or its time was up.
    Broken,
    /// `on_release` refused it, its borrower discarded it, or `retain` did.
    Released,
    /// The pool was made smaller.
    Resized,
    /// The pool is closed.
    Closed,
    /// Its check, `on_release` or its reset panicked; or `on_release` refused it while its
    /// borrower's thread panicked.
    Panicked,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Expired => "expired",
            Self::Idle => "idle",
            Self::Broken => "broken",
            Self::Released => "released",
            Self::Resized => "resized",
            Self::Closed => "closed",
            Self::Panicked => "panicked",
        })
    }
}
