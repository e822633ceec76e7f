//! What a managed pool counts.

use super::reason::Reason;

/// A snapshot of a managed pool, taken in one go: its sums hold at any moment.
///
/// - `open = idle + in_use + checking + creating`, which is at most `max_open`, unless the
///   pool has just been made smaller or creates beyond its maximum.
/// - `created = idle + in_use + checking + detached + destroyed.total()`.
///
/// # Examples
///
/// ```
/// use poolable::managed::BoundedPool;
///
/// let pool = BoundedPool::new(4, String::new);
/// let line = pool.get()?;
/// let stats = pool.stats();
/// assert_eq!((stats.open, stats.in_use, stats.idle, stats.max_open), (1, 1, 0, Some(4)));
/// drop(line);
/// assert_eq!(pool.stats().idle, 1);
/// # Ok::<(), poolable::managed::GetError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// What counts against the maximum: `idle + in_use + checking + creating`.
    pub open: u64,
    /// Objects that wait for their next user.
    pub idle: u64,
    /// Objects in the hands of users.
    pub in_use: u64,
    /// Objects on their way to a user, who may be checking them, or looked at by `retain`. A check
    /// of an [`AsyncResourcePool`](super::AsyncResourcePool) counts from when it first has to wait:
    /// until then its object is in use, and borrowed.
    pub checking: u64,
    /// Objects that are being created, or are about to be.
    pub creating: u64,
    /// Objects whose `destroy` has not ended. Their places are free already.
    pub destroying: u64,
    /// Getters that wait.
    pub waiting: u64,
    /// The maximum of `open`; `None` is no maximum.
    pub max_open: Option<u64>,
    /// Objects created since the pool was made.
    pub created: u64,
    /// Leases given out.
    pub borrowed: u64,
    /// Leases dropped or discarded, whatever became of the object.
    pub returned: u64,
    /// Objects taken out for good.
    pub detached: u64,
    /// Creates that failed, panicked or were given up, not counting those that were tried again.
    pub create_failed: u64,
    /// Checks that failed or panicked.
    pub check_failed: u64,
    /// Gets that found nothing idle, and no room to create, whatever became of them.
    pub waited: u64,
    /// Gets that ended with a timeout.
    pub timed_out: u64,
    /// Gets that were cancelled while they waited or between two checks: not those whose token
    /// was cancelled beforehand, and not futures that were dropped.
    pub cancelled: u64,
    /// Objects destroyed, by reason.
    pub destroyed: Destroyed,
}

/// Objects that a managed pool destroyed, by [`Reason`].
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, Lease};
///
/// let pool = BoundedPool::new(4, String::new);
/// Lease::discard(pool.get()?);
/// let destroyed = pool.stats().destroyed;
/// assert_eq!((destroyed.released, destroyed.total()), (1, 1));
/// # Ok::<(), poolable::managed::GetError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destroyed {
    /// See [`Reason::Full`].
    pub full: u64,
    /// See [`Reason::Expired`].
    pub expired: u64,
    /// See [`Reason::Idle`].
    pub idle: u64,
    /// See [`Reason::Broken`].
    pub broken: u64,
    /// See [`Reason::Released`].
    pub released: u64,
    /// See [`Reason::Resized`].
    pub resized: u64,
    /// See [`Reason::Closed`].
    pub closed: u64,
    /// See [`Reason::Panicked`].
    pub panicked: u64,
}

impl Destroyed {
    /// The sum over all reasons.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(poolable::managed::Destroyed::default().total(), 0);
    /// ```
    #[must_use]
    pub fn total(&self) -> u64 {
        self.full
            + self.expired
            + self.idle
            + self.broken
            + self.released
            + self.resized
            + self.closed
            + self.panicked
    }

    /// The counts, each with its name.
    pub(crate) fn by_reason(&self) -> [(&'static str, u64); 8] {
        let Self { full, expired, idle, broken, released, resized, closed, panicked } = *self;
        [
            ("full", full),
            ("expired", expired),
            ("idle", idle),
            ("broken", broken),
            ("released", released),
            ("resized", resized),
            ("closed", closed),
            ("panicked", panicked),
        ]
    }

    pub(crate) fn count(&mut self, reason: Reason) {
        *match reason {
            Reason::Full => &mut self.full,
            Reason::Expired => &mut self.expired,
            Reason::Idle => &mut self.idle,
            Reason::Broken => &mut self.broken,
            Reason::Released => &mut self.released,
            Reason::Resized => &mut self.resized,
            Reason::Closed => &mut self.closed,
            Reason::Panicked => &mut self.panicked,
        } += 1;
    }
}
