//! What managed pools count.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Mutex;

use ::metrics::{Label, Unit};

use super::{Reading, is_asked, label, lock, reading, record_all, record_by_reason};
use crate::managed::{Destroyed, Event, PoolInfo, Stats, pools};

/// What the managed pools of one name have come to.
#[derive(Clone, Default)]
struct Totals {
    stats: Stats,
    /// Infinite if one has no maximum.
    max_open: f64,
}

const COUNTERS: &[Reading<Totals>] = &[
    reading("poolable_managed_created_total", "Objects created.", |it| it.stats.created),
    reading("poolable_managed_borrowed_total", "Leases given out.", |it| it.stats.borrowed),
    reading("poolable_managed_returned_total", "Leases dropped or discarded.", |it| {
        it.stats.returned
    }),
    reading("poolable_managed_detached_total", "Objects taken out for good.", |it| {
        it.stats.detached
    }),
    reading("poolable_managed_create_failed_total", "Creates that failed.", |it| {
        it.stats.create_failed
    }),
    reading("poolable_managed_check_failed_total", "Checks that failed.", |it| {
        it.stats.check_failed
    }),
    reading("poolable_managed_waited_total", "Gets that had to wait.", |it| it.stats.waited),
    reading("poolable_managed_timed_out_total", "Gets that ended with a timeout.", |it| {
        it.stats.timed_out
    }),
    reading("poolable_managed_cancelled_total", "Gets that were cancelled.", |it| {
        it.stats.cancelled
    }),
];

const DESTROYED: &str = "poolable_managed_destroyed_total";

const GAUGES: &[Reading<Totals>] = &[
    reading("poolable_managed_open", "What counts against the maximum.", |it| it.stats.open),
    reading("poolable_managed_idle", "Objects that wait for their next user.", |it| it.stats.idle),
    reading("poolable_managed_in_use", "Objects in the hands of users.", |it| it.stats.in_use),
    reading("poolable_managed_checking", "Objects that are looked at.", |it| it.stats.checking),
    reading("poolable_managed_creating", "Objects that are being created.", |it| it.stats.creating),
    reading("poolable_managed_destroying", "Objects that are being destroyed.", |it| {
        it.stats.destroying
    }),
    reading("poolable_managed_waiting", "Getters that wait.", |it| it.stats.waiting),
];

const MAX_OPEN: &str = "poolable_managed_max_open";

const WAITS: &str = "poolable_managed_wait_seconds";
const CREATES: &str = "poolable_managed_create_seconds";
const HELD: &str = "poolable_managed_held_too_long_seconds";

impl Totals {
    fn add(&mut self, stats: &Stats) {
        self.add_counts(stats);
        self.max_open += stats.max_open.map_or(f64::INFINITY, |most| most as f64);
        let sum = &mut self.stats;
        sum.open += stats.open;
        sum.idle += stats.idle;
        sum.in_use += stats.in_use;
        sum.checking += stats.checking;
        sum.creating += stats.creating;
        sum.destroying += stats.destroying;
        sum.waiting += stats.waiting;
    }

    /// Adds what only grows.
    fn add_counts(&mut self, stats: &Stats) {
        let sum = &mut self.stats;
        sum.created += stats.created;
        sum.borrowed += stats.borrowed;
        sum.returned += stats.returned;
        sum.detached += stats.detached;
        sum.create_failed += stats.create_failed;
        sum.check_failed += stats.check_failed;
        sum.waited += stats.waited;
        sum.timed_out += stats.timed_out;
        sum.cancelled += stats.cancelled;
        let (sum, more) = (&mut sum.destroyed, &stats.destroyed);
        sum.full += more.full;
        sum.expired += more.expired;
        sum.idle += more.idle;
        sum.broken += more.broken;
        sum.released += more.released;
        sum.resized += more.resized;
        sum.closed += more.closed;
        sum.panicked += more.panicked;
    }

    fn record(&self, pool: &str) {
        record_all(pool, self, COUNTERS, GAUGES);
        ::metrics::gauge!(MAX_OPEN, vec![label(pool)]).set(self.max_open);
        let Destroyed { full, expired, idle, broken, released, resized, closed, panicked } =
            self.stats.destroyed;
        let by_reason = [
            ("full", full),
            ("expired", expired),
            ("idle", idle),
            ("broken", broken),
            ("released", released),
            ("resized", resized),
            ("closed", closed),
            ("panicked", panicked),
        ];
        record_by_reason(pool, DESTROYED, &by_reason);
    }
}

/// What pools that are gone have counted, by their names.
static GONE: Mutex<BTreeMap<String, Totals>> = Mutex::new(BTreeMap::new());

/// Keeps the counts of a pool that ends.
pub(crate) fn keep(pool: &str, stats: &Stats) {
    let mut counts = Totals::default();
    counts.add_counts(stats);
    if !is_asked() || counts.stats == Stats::default() {
        return;
    }
    let name = pool.to_owned();
    let mut gone = lock(&GONE);
    gone.entry(name).or_default().add_counts(stats);
}

pub(super) fn record() {
    // First, as with the other pools.
    let mut named = lock(&GONE).clone();
    for PoolInfo { name, stats, .. } in pools() {
        named.entry(name).or_default().add(&stats);
    }
    for (name, totals) in named {
        totals.record(&name);
    }
}

pub(super) fn describe() {
    for counter in COUNTERS {
        ::metrics::describe_counter!(counter.name, Unit::Count, counter.help);
    }
    ::metrics::describe_counter!(DESTROYED, Unit::Count, "Objects destroyed, by reason.");
    for gauge in GAUGES {
        ::metrics::describe_gauge!(gauge.name, Unit::Count, gauge.help);
    }
    ::metrics::describe_gauge!(MAX_OPEN, Unit::Count, "The maximum of what is open.");
    for (name, help) in [
        (WAITS, "How long gets took that could not be served at once."),
        (CREATES, "How long creates took, with all attempts."),
        (HELD, "How long leases had been out that were told of for that."),
    ] {
        ::metrics::describe_histogram!(name, Unit::Seconds, help);
    }
}

pub(super) fn is_measured(event: &Event<'_>) -> bool {
    histogram(event).is_some()
}

pub(super) fn tell(pool: &str, event: &Event<'_>) {
    let Some((name, outcome, time)) = histogram(event) else { return };
    let mut labels = vec![label(pool)];
    labels.extend(outcome.map(|outcome| Label::from_static_parts("outcome", outcome)));
    ::metrics::histogram!(name, labels).record(time);
}

/// Where the time that an event tells of is recorded, by what outcome.
fn histogram(event: &Event<'_>) -> Option<(&'static str, Option<&'static str>, Duration)> {
    match *event {
        Event::Waited { waited } => Some((WAITS, Some("served"), waited)),
        Event::TimedOut { waited, .. } => Some((WAITS, Some("timed_out"), waited)),
        Event::Created { took, .. } => Some((CREATES, None, took)),
        Event::HeldTooLong { held, .. } => Some((HELD, None, held)),
        _ => None,
    }
}
