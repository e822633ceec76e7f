//! When a create that failed is tried again.

use core::time::Duration;

/// When a create that failed is tried again.
///
/// The getter waits meanwhile, for this or for another object, and is told of the last error
/// alone. The pauses go by the pool's [`Clock`](super::Clock): one that a test moves has to be
/// moved over them. A pool that is closed tries no more.
///
/// # Examples
///
/// ```
/// use poolable::managed::{Manager, ResourcePool, Retry};
/// use std::io;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Duration;
///
/// /// A server that comes up late.
/// struct Late(AtomicU32);
///
/// impl Manager for Late {
///     type Resource = ();
///     type Error = io::Error;
///
///     fn create(&self) -> io::Result<()> {
///         match self.0.fetch_add(1, Ordering::Relaxed) {
///             0 | 1 => Err(io::ErrorKind::ConnectionRefused.into()),
///             _ => Ok(()),
///         }
///     }
/// }
///
/// let (first, longest) = (Duration::from_millis(1), Duration::from_millis(100));
/// let pool = ResourcePool::builder(Late(AtomicU32::new(0)))
///     .retry(Retry::exponential(first, longest, 5))
///     .build()?;
/// assert!(pool.get().is_ok());
/// assert_eq!(pool.stats().create_failed, 0);
/// # Ok::<(), poolable::managed::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    first: Duration,
    longest: Duration,
    attempts: u32,
}

impl Retry {
    /// Never.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::Retry;
    ///
    /// assert_eq!(Retry::default(), Retry::none());
    /// ```
    #[must_use]
    pub const fn none() -> Self {
        Self { first: Duration::ZERO, longest: Duration::ZERO, attempts: 0 }
    }

    /// Up to `attempts` times after the first, with pauses that double from `first` up to
    /// `longest`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::managed::Retry;
    /// use std::time::Duration;
    ///
    /// let retry = Retry::exponential(Duration::from_millis(100), Duration::from_secs(2), 5);
    /// assert_ne!(retry, Retry::none());
    /// ```
    #[must_use]
    pub const fn exponential(first: Duration, longest: Duration, attempts: u32) -> Self {
        Self { first, longest, attempts }
    }

    /// How long to wait after so many failures, if there is to be another attempt.
    pub(super) fn pause(&self, failures: u32) -> Option<Duration> {
        if failures > self.attempts {
            return None;
        }
        let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        Some(self.first.saturating_mul(factor).min(self.longest))
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let retry = Retry::exponential(Duration::from_millis(100), Duration::from_millis(350), 4);
        let pauses: Vec<_> = (1..=5).map(|failures| retry.pause(failures)).collect();
        let pause = |millis| Some(Duration::from_millis(millis));
        assert_eq!(pauses, [pause(100), pause(200), pause(350), pause(350), None]);
    }

    #[test]
    fn many_attempts_do_not_overflow() {
        let retry = Retry::exponential(Duration::from_secs(1), Duration::MAX, u32::MAX);
        assert!(retry.pause(40).is_some_and(|pause| pause >= Duration::from_secs(1 << 31)));
        assert_eq!(Retry::none().pause(1), None);
    }
}
