//! What holds of a pool's statistics at any moment, and what when it is at rest.

use poolable::managed::Stats;

/// Both sums of [`Stats`], and the maximum.
///
/// # Panics
///
/// If one does not hold.
pub fn assert_laws(stats: &Stats) {
    let Stats { open, idle, in_use, checking, creating, .. } = *stats;
    assert_eq!(open, idle + in_use + checking + creating, "{stats:?}");
    assert!(stats.max_open.is_none_or(|max| open <= max), "more than the maximum: {stats:?}");
    let there_are = idle + in_use + checking + stats.detached;
    assert_eq!(stats.created, there_are + stats.destroyed.total(), "{stats:?}");
    assert!(stats.returned <= stats.borrowed, "{stats:?}");
}

/// The same, and that nobody is at it any more.
///
/// # Panics
///
/// If something does not hold.
pub fn assert_at_rest(stats: &Stats) {
    assert_laws(stats);
    let Stats { in_use, checking, creating, destroying, waiting, .. } = *stats;
    let busy = (in_use, checking, creating, destroying, waiting);
    assert_eq!(busy, (0, 0, 0, 0, 0), "{stats:?}");
    assert_eq!(stats.borrowed, stats.returned + stats.detached, "{stats:?}");
}
