//! What must hold in one run, with statistics and limits on.

mod buffers;
mod headlines;

pub(crate) use self::buffers::buffers;
pub(crate) use self::headlines::headlines;

use crate::beyond::secrets::{session, wipe};
use crate::beyond::{self, WANTED, generic};
use crate::cases::Key;
use crate::contender::Who;
use crate::managed::tasks::{JUDGED, names as task_names};
use crate::managed::{self, names};
use crate::plot::Colour;
use crate::results::Results;

pub(crate) struct Bar {
    pub(crate) case: &'static str,
    pub(crate) what: String,
    pub(crate) bound: String,
    pub(crate) found: String,
    pub(crate) is_met: bool,
}

impl Bar {
    pub(crate) fn verdict(&self) -> &'static str {
        if self.is_met { "met" } else { "MISSED" }
    }
}

const OURS: [Who; 2] = [Who::PoolableStatic, Who::PoolableMade];

pub(crate) fn all(results: &Results) -> Vec<Bar> {
    let mut bars = hit(results);
    bars.extend(two_threads(results));
    bars.push(made(results));
    bars.extend(a_to_b(results));
    bars.extend(bursts(results));
    bars.extend(idle(results));
    bars.push(generic_hit(results));
    bars.extend(wipes(results));
    bars.extend(sessions(results));
    bars.push(reasons(results));
    bars.extend(managed(&results.managed));
    bars.extend(buffers(&results.buffers));
    bars.push(allocations(results));
    bars
}

/// Pools that are waited for.
pub(crate) fn managed(results: &managed::Results) -> Vec<Bar> {
    let mut bars = vec![idle_connection(results)];
    bars.extend(tasks(&results.tasks));
    bars.extend(results.crowds.iter().flat_map(crowd));
    bars.extend(results.orders.iter().filter(|order| order.is_poolable).map(order));
    bars.push(no_allocations(
        "idle connection",
        "allocations of poolable in all timings",
        allocations_of(&results.alone),
    ));
    bars
}

/// Idle connections, got by tasks.
pub(crate) fn tasks(tables: &[managed::Timed]) -> Vec<Bar> {
    let mut bars: Vec<Bar> = tables.iter().filter_map(idle_in_tasks).flatten().collect();
    bars.push(no_allocations(
        "idle connection, for a task",
        "allocations of poolable in all timings",
        tables.iter().flat_map(|timed| allocations_of(&timed.measured)).collect(),
    ));
    bars
}

fn idle_connection(results: &managed::Results) -> Bar {
    let rows = results.alone.by_time();
    let mut others = rows.iter().filter(|(row, _)| row.colour == Colour::Other);
    let (fastest, figures) = others.next().expect("others take part");
    at_least(
        "idle connection",
        format!("`ResourcePool`: times as fast as the fastest other, {}", fastest.name),
        2.5,
        figures.best / results.alone.time(names::RESOURCE),
    )
}

/// Each of the others as it is by default or set like poolable, whichever is faster.
fn idle_in_tasks(timed: &managed::Timed) -> Option<[Bar; 2]> {
    const WANTED: f64 = 2.5;
    let table = &timed.measured.table;
    if !JUDGED.contains(&table.file) {
        return None;
    }
    Some([task_names::DEADPOOL, task_names::BB8].map(|theirs| {
        let [one, other] = theirs.map(|name| timed.quotient(task_names::ASYNC, name));
        let (name, quotient) =
            if one.median < other.median { (theirs[0], one) } else { (theirs[1], other) };
        Bar {
            case: table.title,
            what: format!("`AsyncResourcePool`: times as fast as {name}"),
            bound: format!("at least {WANTED}"),
            found: quotient.text(),
            is_met: quotient.median >= WANTED,
        }
    }))
}

/// What may be missing if it is not certain that anything is.
const SLACK: f64 = 0.02;

/// Like beside like, against deadpool: in threads by either executor, and in tasks.
fn crowd(measured: &managed::MeasuredCrowd) -> Vec<Bar> {
    let mut bars = Vec::new();
    for ours in [names::RESOURCE, names::BOUNDED] {
        let quotients = names::DEADPOOL.map(|theirs| measured.quotient(ours, theirs));
        let [one, other] = quotients;
        // The faster one counts. A bar against each of the two would judge twice.
        bars.push((ours, "in threads", if one.median < other.median { one } else { other }));
    }
    for (ours, theirs) in [
        (names::BOUNDED_TASKS, names::DEADPOOL_TASKS),
        (names::BOUNDED_YIELDING, names::DEADPOOL_YIELDING),
        (names::ASYNC_TASKS, names::DEADPOOL_TASKS),
        (names::ASYNC_YIELDING, names::DEADPOOL_YIELDING),
    ] {
        bars.push((ours, "in tasks", measured.quotient(ours, theirs)));
    }
    let bar = |(ours, setting, quotient)| parity(measured.crowd.title, ours, setting, quotient);
    bars.into_iter().map(bar).collect()
}

fn parity(case: &'static str, ours: &str, setting: &str, quotient: managed::Quotient) -> Bar {
    Bar {
        case,
        what: format!("{ours}: gets per second over deadpool's, {setting}"),
        bound: format!("at least 1, or not to be told from 1 within {} %", SLACK * 100.0),
        found: quotient.text(),
        is_met: quotient.is_at_least_one(SLACK),
    }
}

fn order(order: &managed::Order) -> Bar {
    Bar {
        case: managed::ORDER,
        what: format!("{}: grants out of order, of {}", order.name, order.grants),
        bound: "0".to_owned(),
        found: order.out_of_order.to_string(),
        is_met: order.out_of_order == 0,
    }
}

fn at_most(case: &'static str, what: String, bound: f64, found: f64) -> Bar {
    Bar {
        case,
        what,
        bound: format!("at most {bound}"),
        found: format!("{found:.2}"),
        is_met: found <= bound,
    }
}

fn at_least(case: &'static str, what: String, bound: f64, found: f64) -> Bar {
    Bar {
        case,
        what,
        bound: format!("at least {bound}"),
        found: format!("{found:.2}"),
        is_met: found >= bound,
    }
}

fn hit(results: &Results) -> Vec<Bar> {
    const CASE: &str = "hit, one thread";
    let case = results.case(Key::Hit);
    let ours = case.time(Who::PoolableStatic);
    let times_as_fast = |who: Who, bound| {
        at_least(CASE, format!("times as fast as {}", who.name()), bound, case.time(who) / ours)
    };
    let (shared, shared_time) = case.fastest(Who::is_shared);
    vec![
        at_most(CASE, "time over the floor's".to_owned(), 1.3, ours / case.time(Who::Floor)),
        times_as_fast(Who::ByHand, 1.15),
        times_as_fast(Who::RegexAutomata, 1.5),
        times_as_fast(Who::PoolsharkLocal, 3.0),
        at_least(
            CASE,
            format!("times as fast as the fastest shared pool, {}", shared.name()),
            4.0,
            shared_time / ours,
        ),
        times_as_fast(Who::Glibc, 4.0),
    ]
}

fn two_threads(results: &Results) -> Vec<Bar> {
    const CASE: &str = "hit, two threads";
    let case = results.case(Key::TwoThreads);
    let ours = case.time(Who::PoolableStatic);
    // Its owner has the fast way to itself: with two threads it is a shared pool.
    let (shared, shared_time) = case.fastest(|who| who.is_shared() || who == Who::RegexAutomata);
    vec![
        at_most(
            CASE,
            "time over its own with one thread".to_owned(),
            1.3,
            ours / results.time(Key::Hit, Who::PoolableStatic),
        ),
        at_least(
            CASE,
            format!("times as fast as the fastest shared pool, {}", shared.name()),
            8.0,
            shared_time / ours,
        ),
    ]
}

fn made(results: &Results) -> Bar {
    let case = results.case(Key::Hit);
    at_most(
        "hit, pool made by the user",
        "time over that of the static pool".to_owned(),
        2.0,
        case.time(Who::PoolableMade) / case.time(Who::PoolableStatic),
    )
}

fn a_to_b(results: &Results) -> Vec<Bar> {
    const CASE: &str = "A to B";
    let case = results.case(Key::AToB);
    let (other, time) = case.fastest(|who| who != Who::Floor && !who.is_poolable());
    let faster = OURS.map(|who| {
        let ratio = time / case.time(who);
        Bar {
            case: CASE,
            what: format!("{}: times as fast as the fastest other, {}", who.name(), other.name()),
            bound: "above 1".to_owned(),
            found: format!("{ratio:.2}"),
            is_met: ratio > 1.0,
        }
    });
    let allocations = OURS.map(|who| none(CASE, who, case.figures(who).allocations));
    faster.into_iter().chain(allocations).collect()
}

fn none(case: &'static str, who: Who, allocations: u64) -> Bar {
    Bar {
        case,
        what: format!("{}: allocations in all timings together", who.name()),
        bound: "0".to_owned(),
        found: allocations.to_string(),
        is_met: allocations == 0,
    }
}

fn bursts(results: &Results) -> Vec<Bar> {
    const CASE: &str = "burst";
    let mut bars = Vec::new();
    for (few, many, objects) in [
        (Key::Burst100, Key::Burst10k, "4096 bytes"),
        (Key::SmallBurst100, Key::SmallBurst10k, "16 bytes"),
    ] {
        for who in OURS {
            bars.push(at_most(
                CASE,
                format!(
                    "{}, {objects}: time over the floor's at 10 000, over the same at 100",
                    who.name()
                ),
                2.0,
                results.burst_quotient(few, many, who),
            ));
        }
    }
    bars
}

fn idle(results: &Results) -> [Bar; 2] {
    let share = |what: &str, share: f64| Bar {
        case: "burst",
        what: format!("still idle, {what}"),
        bound: "at most 30 %".to_owned(),
        found: format!("{:.0} %", share * 100.0),
        is_met: share <= 0.3,
    };
    [
        share("new pool, after three windows", results.idle.first[2]),
        // The window that the burst ends in has seen the depot empty.
        share("used pool, after three windows behind that of the burst", results.idle.later[3]),
    ]
}

fn generic_hit(results: &Results) -> Bar {
    let table = results.table(generic::FILE);
    at_most(
        "hit of a generic type",
        "time over that of a type without parameters".to_owned(),
        1.4,
        table.time(generic::GENERIC) / table.time(generic::STATIC),
    )
}

/// A wipe is a `memset` and nothing more where there is much of it, and no slower than the
/// usual one where there is little.
fn wipes(results: &Results) -> Vec<Bar> {
    const CASE: &str = "wipe";
    let mut bars = Vec::new();
    for size in wipe::SIZES {
        let table = results.table(size.file);
        for (kind, [ours, filled, zeroize]) in wipe::KINDS {
            let bytes = size.bytes;
            bars.push(if bytes >= 256 {
                let ratio = table.time(ours) / table.time(filled);
                at_most(CASE, format!("{kind}, {bytes} bytes: time over `fill(0)`'s"), 1.2, ratio)
            } else {
                let ratio = table.time(zeroize) / table.time(ours);
                let what = format!("{kind}, {bytes} bytes: times as fast as crate `zeroize`");
                at_least(CASE, what, 1.0, ratio)
            });
        }
    }
    bars
}

fn sessions(results: &Results) -> [Bar; 2] {
    session::FILES.map(|file| {
        let table = results.table(file);
        at_least(
            "session of three secrets",
            format!("times as fast as new `Zeroizing` ones: {}", table.table.title),
            3.0,
            table.time(session::FRESH) / table.ours(),
        )
    })
}

/// A row that comes close to poolable must say how.
fn reasons(results: &Results) -> Bar {
    let mut without = Vec::new();
    for measured in &results.beyond {
        for (row, quotient) in measured.close().filter(|(row, _)| row.reason.is_none()) {
            without.push(format!("{}: {} ({quotient:.2})", measured.table.title, row.name));
        }
    }
    Bar {
        case: "beyond plain objects",
        what: format!("below {WANTED} times poolable's time, and nobody knows why"),
        bound: "0".to_owned(),
        is_met: without.is_empty(),
        found: if without.is_empty() { "0".to_owned() } else { without.join("; ") },
    }
}

fn allocations(results: &Results) -> Bar {
    let mut faults = Vec::new();
    for measured in &results.cases {
        for who in OURS {
            let count = measured.figures(who).allocations;
            if count > 0 {
                faults.push(format!("{} in {} ({})", count, measured.case.title, who.name()));
            }
        }
    }
    faults.extend(results.beyond.iter().flat_map(allocations_of));
    no_allocations("steady state", "allocations of poolable in all timings of all cases", faults)
}

/// Where poolable allocated in a table of its own.
fn allocations_of(measured: &beyond::Measured) -> Vec<String> {
    let ours = measured.rows().filter(|(row, _)| row.colour == Colour::Poolable);
    let faults = ours.filter(|(_, figures)| figures.allocations > 0).map(|(row, figures)| {
        format!("{} in {} ({})", figures.allocations, measured.table.title, row.name)
    });
    faults.collect()
}

fn no_allocations(case: &'static str, what: &str, faults: Vec<String>) -> Bar {
    Bar {
        case,
        what: what.to_owned(),
        bound: "0".to_owned(),
        found: if faults.is_empty() { "0".to_owned() } else { faults.join("; ") },
        is_met: faults.is_empty(),
    }
}
