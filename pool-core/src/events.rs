//! What happens in pools off the hit path, and who is told.
//!
//! All pools tell through here: thread-cached ones what they create and free, managed ones the
//! events of [`managed::Event`](crate::managed::Event), after the pool's own observer. Those who
//! listen are features: [`tracing`](crate::tracing) and [`metrics`](crate::metrics). With neither,
//! nothing in here compiles to anything. What a pool counts is not told: it is in its statistics.
//!
//! # Invariants
//!
//! 1. Nothing on the hit path tells anything. `cargo xtask hit-path` counts its instructions with
//!    both features and without.
//! 2. Who listens is user code. It is told where a drop of an object might run as well: with no
//!    lock held, no thread-local borrowed, and no cache half updated.
//! 3. Its panics end here, each listener's by itself, on a thread that unwinds too.
//! 4. What happens on a thread while somebody is told there is told to nobody: a subscriber that
//!    takes its buffers from a pool would otherwise be told of them, and take more, without end.
//!    The observer of a managed pool hears it all the same, as ever.
//! 5. That a thread is telling is noted in a thread-local without a destructor, so that
//!    destructors of other thread-locals may use pools. Where std has freed it (see `NATIVE`
//!    in `sync`), nobody is told.

use core::panic::Location;
use core::time::Duration;

use crate::discarded::Reason;
#[cfg(feature = "managed")]
use crate::managed::Event;
use crate::stats::Stats;

/// What happened in a pool.
#[derive(Debug)]
#[cfg_attr(
    not(all(feature = "metrics", feature = "tracing")),
    allow(dead_code, reason = "who listens reads it")
)]
pub(crate) enum Told<'a> {
    /// An object was created.
    Created,
    /// Objects were freed, as they came back or for want of room.
    Discarded { reason: Reason, count: u64 },
    /// Idle objects were freed by an order: to trim, to maintain, to clear ..
    Trimmed { reason: Reason, count: u64 },
    /// An object has been out for long.
    Held { location: &'a Location<'a>, held: Duration },
    /// What the observer of a managed pool is told as well.
    #[cfg(feature = "managed")]
    Managed {
        event: &'a Event<'a>,
        /// Whether it is a wait that took long, for a getter of that patience.
        is_long: bool,
    },
}

/// Tells that an object was created.
#[inline]
pub(crate) fn created(pool: &str) {
    tell(pool, &Told::Created);
}

/// Tells that an object was taken at `location` and has been out for so long.
#[inline]
pub(crate) fn held(pool: &str, location: &Location<'_>, held: Duration) {
    tell(pool, &Told::Held { location, held });
}

/// Tells that an object was discarded, when this is dropped: behind its free, which may panic.
#[must_use]
pub(crate) struct Discarding<'a> {
    pub(crate) pool: &'a str,
    pub(crate) reason: Reason,
}

impl Drop for Discarding<'_> {
    #[inline]
    fn drop(&mut self) {
        tell(self.pool, &Told::Discarded { reason: self.reason, count: 1 });
    }
}

/// How many objects one call has freed, by reason.
#[derive(Debug, Default)]
pub(crate) struct Freed([u64; Reason::ALL.len()]);

impl Freed {
    #[inline]
    pub(crate) fn add(&mut self, reason: Reason) {
        self.0[reason as usize] += 1;
    }

    /// Tells of them: one event for each reason that there was.
    #[inline]
    pub(crate) fn tell(self, pool: &str) {
        for (reason, count) in Reason::ALL.into_iter().zip(self.0) {
            match reason {
                _ if count == 0 => {}
                Reason::Trimmed | Reason::Explicit => tell(pool, &Told::Trimmed { reason, count }),
                _ => tell(pool, &Told::Discarded { reason, count }),
            }
        }
    }
}

/// Has the counts of a pool that ends stay in the totals of its name.
#[inline]
pub(crate) fn gone(pool: &str, stats: impl FnOnce() -> Stats) {
    #[cfg(feature = "metrics")]
    crate::metrics::keep(pool, stats());
    #[cfg(not(feature = "metrics"))]
    let _ = (pool, stats);
}

/// Tells what the observer of a managed pool has been told.
#[cfg(feature = "managed")]
#[inline]
pub(crate) fn managed(pool: &str, event: &Event<'_>, is_long: bool) {
    tell(pool, &Told::Managed { event, is_long });
}

/// The same as [`gone`], of a managed pool.
#[cfg(feature = "managed")]
#[inline]
pub(crate) fn managed_gone(pool: &str, stats: impl FnOnce() -> crate::managed::Stats) {
    #[cfg(feature = "metrics")]
    crate::metrics::keep_managed(pool, &stats());
    #[cfg(not(feature = "metrics"))]
    let _ = (pool, stats);
}

/// Whether somebody listens to how long getters of managed pools wait, so that it is worth a look
/// at the clock.
#[cfg(feature = "managed")]
#[inline]
pub(crate) fn are_waits_heard() -> bool {
    #[cfg(feature = "tracing")]
    let is_traced = crate::tracing::is_heard(::tracing::Level::WARN);
    #[cfg(not(feature = "tracing"))]
    let is_traced = false;
    // Nothing tells whether there is a recorder.
    is_traced || cfg!(feature = "metrics")
}

#[cfg(not(any(feature = "metrics", feature = "tracing")))]
#[inline(always)]
fn tell(_: &str, _: &Told<'_>) {}

#[cfg(feature = "metrics")]
pub(crate) use listeners::silently;
#[cfg(any(feature = "metrics", feature = "tracing"))]
use listeners::tell;

#[cfg(any(feature = "metrics", feature = "tracing"))]
mod listeners {
    use core::cell::Cell;

    use super::Told;
    use crate::raw_pool::{caught, forget_panic};

    thread_local! {
        /// Whether somebody is being told something on this thread (invariants 4 and 5).
        static IS_TELLING: Cell<bool> = const { Cell::new(false) };
    }

    /// Tells those who listen, if there may be any. Until that is known no code of theirs runs.
    #[inline]
    pub(super) fn tell(pool: &str, told: &Told<'_>) {
        #[cfg(feature = "tracing")]
        if crate::tracing::is_heard(crate::tracing::level(told)) {
            tell_one(|| crate::tracing::tell(pool, told));
        }
        #[cfg(feature = "metrics")]
        if crate::metrics::is_measured(told) {
            tell_one(|| crate::metrics::tell(pool, told));
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_one(tell: impl FnOnce()) {
        // Where std has freed the thread-local, nothing would end a recursion.
        if !IS_TELLING.try_with(Cell::get).unwrap_or(true) {
            forget_panic(caught(|| silently(tell)));
        }
    }

    /// Runs code of a listener's, and tells nobody what that does in pools.
    pub(crate) fn silently<R>(run: impl FnOnce() -> R) -> R {
        /// Ends the silence, after a panic too, unless it lasts on further out.
        struct Silence(Option<bool>);

        impl Drop for Silence {
            fn drop(&mut self) {
                if let Some(before) = self.0 {
                    IS_TELLING.set(before);
                }
            }
        }

        let _silence = Silence(IS_TELLING.try_with(|telling| telling.replace(true)).ok());
        run()
    }
}
