//! How long a get may take.

use core::time::Duration;

/// How long a get may take, as a whole and in its parts. `None` is for ever.
///
/// # Examples
///
/// ```
/// use poolable::managed::Timeouts;
/// use std::time::Duration;
///
/// let timeouts = Timeouts { wait: Some(Duration::from_secs(5)), ..Timeouts::default() };
/// assert_eq!((timeouts.create, timeouts.check), (None, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// How long a get waits, for all that it waits for: 30 seconds. Zero is a try. A check that is
    /// under way then is waited for, unless it is a future: that is dropped.
    ///
    /// `get_timeout` and `get_with` bring limits of their own in place of this.
    pub wait: Option<Duration>,
    /// How long a get waits for the create that it has begun: as long as it waits. A create
    /// that blocks goes on behind its back, and its object goes to the pool.
    ///
    /// In an [`AsyncResourcePool`](super::AsyncResourcePool) it is how long a create may take, with all
    /// attempts and the pauses of [`Retry`](super::Retry), whoever waits for it: then it is dropped.
    /// Unset, one goes on for as long as somebody waits for it, and for 30 seconds more. Set it where
    /// a connect may hang. A limit for each attempt belongs into the create itself.
    pub create: Option<Duration>,
    /// How long a check may take: as long as it does. One that blocks cannot be interrupted: if
    /// it took longer, it counts as failed when it is over. One that is a future is dropped: set this
    /// where one asks over a network, or one that gets no answer takes its getter all its time.
    pub check: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { wait: Some(Duration::from_secs(30)), create: None, check: None }
    }
}
