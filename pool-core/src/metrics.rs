//! What pools count, for the recorder of the crate [`metrics`](https://docs.rs/metrics).
//!
//! Pools count for themselves, without a word to anybody: so a hit takes not one instruction more
//! for this. [`record`] reads the statistics of all pools and sets what is in the tables below. Call
//! it where the numbers are about to be read, in the handler that Prometheus scrapes, or on a timer, and
//! [`describe`] once, behind the installation of the recorder.
//!
//! Thread-cached pools, with the label `pool`, their name:
//!
//! | name | kind | what |
//! | --- | --- | --- |
//! | `poolable_hits_total` | counter | gets that found an object |
//! | `poolable_misses_total` | counter | gets that had to create one |
//! | `poolable_created_total` | counter | objects created |
//! | `poolable_returned_total` | counter | guards dropped |
//! | `poolable_detached_total` | counter | objects taken out for good |
//! | `poolable_attached_total` | counter | values given to the pool |
//! | `poolable_discarded_total` | counter | objects freed, by the label `reason`: a counter of [`Discarded`] |
//! | `poolable_idle` | gauge | objects that wait for their next user |
//! | `poolable_in_use` | gauge | objects in the hands of users |
//! | `poolable_idle_bytes` | gauge | what the idle objects hold at least |
//! | `poolable_caches` | gauge | thread caches made |
//!
#![cfg_attr(
    feature = "managed",
    doc = "
Managed pools, likewise:

| name | kind | what |
| --- | --- | --- |
| `poolable_managed_created_total` | counter | objects created |
| `poolable_managed_borrowed_total` | counter | leases given out |
| `poolable_managed_returned_total` | counter | leases dropped or discarded |
| `poolable_managed_detached_total` | counter | objects taken out for good |
| `poolable_managed_create_failed_total` | counter | creates that failed |
| `poolable_managed_check_failed_total` | counter | checks that failed |
| `poolable_managed_waited_total` | counter | gets that had to wait |
| `poolable_managed_timed_out_total` | counter | gets that ended with a timeout |
| `poolable_managed_cancelled_total` | counter | gets that were cancelled |
| `poolable_managed_destroyed_total` | counter | objects destroyed, by the label `reason`: a counter of `Destroyed` |
| `poolable_managed_open` | gauge | what counts against the maximum |
| `poolable_managed_max_open` | gauge | the maximum, or infinity |
| `poolable_managed_idle` | gauge | objects that wait for their next user |
| `poolable_managed_in_use` | gauge | objects in the hands of users |
| `poolable_managed_checking` | gauge | objects that are looked at |
| `poolable_managed_creating` | gauge | objects that are being created |
| `poolable_managed_destroying` | gauge | objects that are being destroyed |
| `poolable_managed_waiting` | gauge | getters that wait |
"
)]
//!
//! No statistics tell how long something took. That is recorded as it happens:
//!
//! | name | kind | what |
//! | --- | --- | --- |
//! | `poolable_held_too_long_seconds` | histogram | how long objects had been out that a [`HoldWatch`](crate::HoldWatch) told of; without one there is nothing |
//! | `poolable_managed_wait_seconds` | histogram | how long gets took that could not be served at once, by the label `outcome`: `served` or `timed_out` |
//! | `poolable_managed_create_seconds` | histogram | how long creates took, with all attempts |
//! | `poolable_managed_held_too_long_seconds` | histogram | as above, of leases (`hold_warn_after`) |
//!
//! # Names
//!
//! Pools of the same name, all unnamed `Pool<String>` say, are added up. What a pool has counted stays
//! in the counters of its name when the pool is dropped, so that they never decrease; its gauges
//! become 0. So it is from the first call of `record` or `describe` on: what was gone before is not
//! counted. It takes some bytes for each name there ever was: as for every label, do not make a name
//! for each connection or user.
//!
//! # Recorders
//!
//! They run on the thread that calls `record`, or that waited or created, with no lock of a pool's held.
//! What they do with pools is not recorded in turn, so that they may use them, but for this: one that
//! waits for an object of the very managed pool that tells it something may wait for itself. A panic
//! of theirs ends where it happens, or goes on in the caller of `record` and `describe`.

use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::metrics::{Label, Unit};

use crate::discarded::Discarded;
use crate::events::{self, Told};
use crate::process::{PoolInfo, pools};
use crate::stats::Stats;

#[cfg(feature = "managed")]
mod leases;

#[cfg(feature = "managed")]
pub(crate) use leases::keep as keep_managed;

/// Sets the counters and gauges of all pools.
///
/// It takes the locks of the pools, one after the other, for the time of a look at some numbers, and
/// hands about 20 values for each name to the recorder.
///
/// # Examples
///
/// ```
/// use metrics::{Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
/// use poolable::Pool;
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex};
///
/// /// A recorder that has nothing but counters.
/// #[derive(Default)]
/// struct Counters(Mutex<HashMap<String, Arc<Count>>>);
///
/// #[derive(Default)]
/// struct Count(Mutex<u64>);
///
/// impl CounterFn for Count {
///     fn increment(&self, value: u64) {
///         *self.0.lock().unwrap() += value;
///     }
///     fn absolute(&self, value: u64) {
///         let mut count = self.0.lock().unwrap();
///         *count = value.max(*count);
///     }
/// }
///
/// impl metrics::Recorder for Counters {
///     fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
///         let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
///         let name = format!("{} {}", key.name(), labels.collect::<Vec<_>>().join(" "));
///         Counter::from_arc(self.0.lock().unwrap().entry(name).or_default().clone())
///     }
/// #   fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
/// #   fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
/// #   fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
/// #   fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge { Gauge::noop() }
/// #   fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram { Histogram::noop() }
/// }
///
/// let pool: Pool<String> = Pool::builder().name("lines").build();
/// drop(pool.get());
/// drop(pool.get());
///
/// let counters = Counters::default();
/// metrics::with_local_recorder(&counters, poolable::metrics::record);
/// let counters = counters.0.lock().unwrap();
/// assert_eq!(*counters["poolable_hits_total pool=lines"].0.lock().unwrap(), 1);
/// assert_eq!(*counters["poolable_discarded_total pool=lines reason=full"].0.lock().unwrap(), 0);
/// ```
///
/// # Panics
///
/// If the recorder does; or if a pool is dropped meanwhile, ends here, and the drop of one of its
/// objects panics.
pub fn record() {
    ask(|| {
        // First: what ends behind this is still alive below, or in neither for once, and never in
        // both. A counter that is told less than before stays as it is.
        let mut named = lock(&GONE).clone();
        for PoolInfo { name, stats, caches, .. } in pools() {
            let totals = named.entry(name).or_default();
            totals.stats = totals.stats.plus(&stats);
            totals.caches += caches as u64;
        }
        for (name, totals) in named {
            totals.record(&name);
        }
        #[cfg(feature = "managed")]
        leases::record();
    });
}

/// Tells the recorder what all the names mean, and their units.
///
/// # Examples
///
/// ```
/// use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
/// use std::sync::Mutex;
///
/// /// A recorder that has nothing but the units of gauges.
/// #[derive(Default)]
/// struct Units(Mutex<Vec<(String, Option<Unit>)>>);
///
/// impl metrics::Recorder for Units {
///     fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
///         self.0.lock().unwrap().push((name.as_str().to_owned(), unit));
///     }
/// #   fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
/// #   fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
/// #   fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter { Counter::noop() }
/// #   fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge { Gauge::noop() }
/// #   fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram { Histogram::noop() }
/// }
///
/// let units = Units::default();
/// metrics::with_local_recorder(&units, poolable::metrics::describe);
/// let bytes = ("poolable_idle_bytes".to_owned(), Some(Unit::Bytes));
/// assert!(units.0.lock().unwrap().contains(&bytes));
/// ```
///
/// # Panics
///
/// If the recorder does.
pub fn describe() {
    ask(|| {
        for counter in COUNTERS {
            ::metrics::describe_counter!(counter.name, Unit::Count, counter.help);
        }
        ::metrics::describe_counter!(DISCARDED, Unit::Count, "Objects freed, by reason.");
        for gauge in GAUGES {
            let unit = if gauge.name == IDLE_BYTES { Unit::Bytes } else { Unit::Count };
            ::metrics::describe_gauge!(gauge.name, unit, gauge.help);
        }
        ::metrics::describe_histogram!(
            HELD,
            Unit::Seconds,
            "How long objects had been out that were told of for that."
        );
        #[cfg(feature = "managed")]
        leases::describe();
    });
}

/// A number that is read from statistics.
struct Reading<S> {
    name: &'static str,
    help: &'static str,
    read: fn(&S) -> u64,
}

const fn reading<S>(name: &'static str, help: &'static str, read: fn(&S) -> u64) -> Reading<S> {
    Reading { name, help, read }
}

/// What the pools of one name have come to.
#[derive(Clone, Default)]
struct Totals {
    stats: Stats,
    caches: u64,
}

const COUNTERS: &[Reading<Totals>] = &[
    reading("poolable_hits_total", "Gets that found an object.", |it| it.stats.hits),
    reading("poolable_misses_total", "Gets that had to create an object.", |it| it.stats.misses),
    reading("poolable_created_total", "Objects created.", |it| it.stats.created),
    reading("poolable_returned_total", "Guards dropped.", |it| it.stats.returned),
    reading("poolable_detached_total", "Objects taken out for good.", |it| it.stats.detached),
    reading("poolable_attached_total", "Values given to the pool.", |it| it.stats.attached),
];

const DISCARDED: &str = "poolable_discarded_total";

const GAUGES: &[Reading<Totals>] = &[
    reading("poolable_idle", "Objects that wait for their next user.", |it| it.stats.idle),
    reading("poolable_in_use", "Objects in the hands of users.", |it| it.stats.in_use),
    reading(IDLE_BYTES, "What the idle objects hold at least.", |it| it.stats.bytes_idle),
    reading("poolable_caches", "Thread caches made.", |it| it.caches),
];

const IDLE_BYTES: &str = "poolable_idle_bytes";

const HELD: &str = "poolable_held_too_long_seconds";

impl Totals {
    fn record(&self, pool: &str) {
        record_all(pool, self, COUNTERS, GAUGES);
        let Discarded { full, oversize, bytes, invalid, panic, explicit, trimmed } =
            self.stats.discarded;
        let by_reason = [
            ("full", full),
            ("oversize", oversize),
            ("bytes", bytes),
            ("invalid", invalid),
            ("panic", panic),
            ("explicit", explicit),
            ("trimmed", trimmed),
        ];
        record_by_reason(pool, DISCARDED, &by_reason);
    }
}

fn record_all<S>(pool: &str, totals: &S, counters: &[Reading<S>], gauges: &[Reading<S>]) {
    for counter in counters {
        ::metrics::counter!(counter.name, vec![label(pool)]).absolute((counter.read)(totals));
    }
    for gauge in gauges {
        ::metrics::gauge!(gauge.name, vec![label(pool)]).set((gauge.read)(totals) as f64);
    }
}

fn record_by_reason(pool: &str, name: &'static str, by_reason: &[(&'static str, u64)]) {
    for &(reason, count) in by_reason {
        let labels = vec![label(pool), Label::from_static_parts("reason", reason)];
        ::metrics::counter!(name, labels).absolute(count);
    }
}

fn label(pool: &str) -> Label {
    Label::new("pool", pool.to_owned())
}

/// Whether anybody has asked: for those who never do, nothing is kept of pools that are gone.
static IS_ASKED: AtomicBool = AtomicBool::new(false);

/// Runs a recorder, and tells it nothing of what it does in pools.
fn ask(recorder: impl FnOnce()) {
    // Relaxed: what ends meanwhile is kept, or it is not.
    IS_ASKED.store(true, Ordering::Relaxed);
    events::silently(recorder);
}

/// Whether what a pool that ends has counted is to be kept.
fn is_asked() -> bool {
    IS_ASKED.load(Ordering::Relaxed)
}

/// What pools that are gone have counted, by their names.
static GONE: Mutex<BTreeMap<String, Totals>> = Mutex::new(BTreeMap::new());

/// Keeps the counts of a pool that ends.
pub(crate) fn keep(pool: &str, stats: Stats) {
    if !is_asked() || stats == Stats::default() {
        return;
    }
    // What is idle or in use of a pool that is gone is nobody's.
    let counts = Stats { idle: 0, in_use: 0, bytes_idle: 0, ..stats };
    let name = pool.to_owned();
    let mut gone = lock(&GONE);
    let totals = gone.entry(name).or_default();
    totals.stats = totals.stats.plus(&counts);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether something is recorded when it happens.
#[inline]
pub(crate) fn is_measured(told: &Told<'_>) -> bool {
    match told {
        Told::Held { .. } => true,
        Told::Created | Told::Discarded { .. } | Told::Trimmed { .. } => false,
        #[cfg(feature = "managed")]
        Told::Managed { event, .. } => leases::is_measured(event),
    }
}

/// Records it.
pub(crate) fn tell(pool: &str, told: &Told<'_>) {
    match told {
        Told::Held { held, .. } => ::metrics::histogram!(HELD, vec![label(pool)]).record(*held),
        Told::Created | Told::Discarded { .. } | Told::Trimmed { .. } => {}
        #[cfg(feature = "managed")]
        Told::Managed { event, .. } => leases::tell(pool, event),
    }
}
