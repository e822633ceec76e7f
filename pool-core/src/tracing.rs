//! What pools tell the subscriber of the crate [`tracing`](https://docs.rs/tracing).
//!
//! Events of the target `poolable`, with the feature of that name. A program that has a subscriber
//! filters as usual, `RUST_LOG=poolable=debug`, say, and needs nothing else but what asks for the
//! warnings of long holds: a [`HoldWatch`](crate::HoldWatch), whose report may then be `|_| {}`, and the
//! `hold_warn_after` of a managed pool. Without a subscriber nothing
//! is told, to the crate `log` neither, whatever features `tracing` has.
//!
//! | message | level | fields |
//! | --- | --- | --- |
//! | `object created` | debug | `pool`; of a managed pool `id` and `took_ms`, with all attempts |
//! | `objects discarded` | debug | `pool`, `reason`, `count` |
//! | `idle objects trimmed` | debug | `pool`, `reason`, `count` |
//! | `object held for long`, while a `HoldWatch` lives, or of a managed pool with `hold_warn_after` | warn | `pool`, `held_ms`, and `location`, the get, or `id`, of a managed pool |
//! | `object destroyed` | debug | `pool`, `id`, `reason` |
//! | `getter waited` | debug | `pool`, `waited_ms` |
//! | `getter waited for long` | warn | `pool`, `waited_ms` |
//! | `getter timed out` | warn | `pool`, `waited_ms`, `stage` |
//! | `create failed` | warn | `pool`, `attempt`, `error` |
//! | `check failed` | warn | `pool`, `id`, `error` |
//!
//! From `object destroyed` on they are those of managed pools alone, and are what
//! `managed::Event` has.
//!
//! - `pool` is the pool's name, or the type's. `reason` is the name of a counter of
//!   [`Discarded`](crate::Discarded), or of `managed::Destroyed`.
//! - Times, `.._ms`, are milliseconds and fractions of them: floating-point numbers.
//! - A wait is *long* from one second on, or from half the time that the getter would have waited,
//!   if that is less.
//! - A call of `trim`, `maintain`, `set_max_idle` or `clear` tells of each pool once, however many
//!   objects it frees (`trimmed`, or `explicit` of `clear` and of a pool that is dropped); a thread
//!   that is late to obey tells of its own cache when it does. One that frees nothing tells
//!   nothing.
//! - A pool at its limit discards whatever comes back, which may be thousands of objects in a
//!   second: hence the level.
//! - A hit, and a return to the cache, tell nothing, and take not one instruction more for this.
//!
//! # Subscribers
//!
//! They are told on the thread that it happens on, with no lock of a pool's held, and a panic of
//! theirs ends there. They may use pools, even the one that they are told of: what happens on a
//! thread while its subscriber is told something is not told. But one that waits for an object of the
//! very managed pool that tells it something may wait for itself. And one that takes a pooled object
//! *while it holds a lock of its own* to write what somebody else has told it, is told of the object
//! if that has to be created: it should not listen to this target, or take the object before.

use core::time::Duration;

use ::tracing::Level;
use ::tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

use crate::events::Told;
#[cfg(feature = "managed")]
use crate::managed::Event;

/// The target of all events: `poolable`.
///
/// # Examples
///
/// ```
/// use poolable::{Pool, Pooled, Poolable};
/// use std::sync::Mutex;
/// use tracing::field::{Field, Visit};
/// use tracing::{Event, Metadata, Subscriber, span};
///
/// /// Gathers the events of pools, a line each.
/// #[derive(Default)]
/// struct Diary(Mutex<Vec<String>>);
///
/// struct Line(String);
///
/// impl Visit for Line {
///     fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
///         self.0 += &format!(" {field}={value:?}");
///     }
/// }
///
/// impl Subscriber for Diary {
///     fn enabled(&self, metadata: &Metadata<'_>) -> bool {
///         metadata.target() == poolable::tracing::TARGET
///     }
///     fn event(&self, event: &Event<'_>) {
///         let mut line = Line(event.metadata().level().to_string());
///         event.record(&mut line);
///         self.0.lock().unwrap().push(line.0);
///     }
/// #   fn new_span(&self, _: &span::Attributes<'_>) -> span::Id { span::Id::from_u64(1) }
/// #   fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
/// #   fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
/// #   fn enter(&self, _: &span::Id) {}
/// #   fn exit(&self, _: &span::Id) {}
/// }
///
/// let diary = std::sync::Arc::new(Diary::default());
/// tracing::subscriber::with_default(diary.clone(), || {
///     let pool: Pool<String> = Pool::builder().name("lines").build();
///     drop(pool.get());
///     drop(pool.get()); // a hit
///     pool.clear();
/// });
/// let lines = diary.0.lock().unwrap();
/// assert_eq!(lines.len(), 2);
/// assert_eq!(lines[0], r#"DEBUG message=object created pool="lines""#);
/// assert_eq!(lines[1], r#"DEBUG message=idle objects trimmed pool="lines" reason="explicit" count=1"#);
/// ```
pub const TARGET: &str = "poolable";

/// Whether there may be a subscriber for a level: two constants and a load, no code of a user's.
#[inline]
pub(crate) fn is_heard(level: Level) -> bool {
    level <= STATIC_MAX_LEVEL && level <= LevelFilter::current()
}

/// The level that something is told at.
#[inline]
pub(crate) fn level(told: &Told<'_>) -> Level {
    match told {
        Told::Created | Told::Discarded { .. } | Told::Trimmed { .. } => Level::DEBUG,
        Told::Held { .. } => Level::WARN,
        #[cfg(feature = "managed")]
        Told::Managed { event, is_long } => match event {
            Event::Created { .. } | Event::Destroyed { .. } => Level::DEBUG,
            Event::Waited { .. } if !is_long => Level::DEBUG,
            _ => Level::WARN,
        },
    }
}

/// Tells the subscriber.
pub(crate) fn tell(pool: &str, told: &Told<'_>) {
    match *told {
        Told::Created => ::tracing::debug!(target: TARGET, pool, "object created"),
        Told::Discarded { reason, count } => {
            let reason = reason.name();
            ::tracing::debug!(target: TARGET, pool, reason, count, "objects discarded");
        }
        Told::Trimmed { reason, count } => {
            let reason = reason.name();
            ::tracing::debug!(target: TARGET, pool, reason, count, "idle objects trimmed");
        }
        Told::Held { location, held } => {
            let held_ms = milliseconds(held);
            ::tracing::warn!(target: TARGET, pool, %location, held_ms, "object held for long");
        }
        #[cfg(feature = "managed")]
        Told::Managed { event, is_long } => tell_managed(pool, event, is_long),
    }
}

#[cfg(feature = "managed")]
fn tell_managed(pool: &str, event: &Event<'_>, is_long: bool) {
    match *event {
        Event::Created { id, took } => {
            let took_ms = milliseconds(took);
            ::tracing::debug!(target: TARGET, pool, id, took_ms, "object created");
        }
        Event::CreateFailed { error, attempt } => {
            ::tracing::warn!(target: TARGET, pool, attempt, error, "create failed");
        }
        Event::CheckFailed { id, error } => {
            ::tracing::warn!(target: TARGET, pool, id, error, "check failed");
        }
        Event::Destroyed { id, reason } => {
            ::tracing::debug!(target: TARGET, pool, id, %reason, "object destroyed");
        }
        Event::Waited { waited } if is_long => {
            let waited_ms = milliseconds(waited);
            ::tracing::warn!(target: TARGET, pool, waited_ms, "getter waited for long");
        }
        Event::Waited { waited } => {
            let waited_ms = milliseconds(waited);
            ::tracing::debug!(target: TARGET, pool, waited_ms, "getter waited");
        }
        Event::TimedOut { stage, waited } => {
            let waited_ms = milliseconds(waited);
            ::tracing::warn!(target: TARGET, pool, waited_ms, %stage, "getter timed out");
        }
        Event::HeldTooLong { id, held } => {
            let held_ms = milliseconds(held);
            ::tracing::warn!(target: TARGET, pool, id, held_ms, "object held for long");
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
