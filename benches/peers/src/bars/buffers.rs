//! What must hold of buffers.

use super::{Bar, SLACK, at_least, at_most};
use crate::buffers::{Frozen, POOLABLE, Results, THREADS, hit, ring};
use crate::managed::Timed;

pub(crate) fn buffers(results: &Results) -> Vec<Bar> {
    let mut bars: Vec<Bar> =
        hit::JUDGED.map(|file| hits(results.table(file))).into_iter().flatten().collect();
    bars.extend(results.frozen.iter().filter(|seen| seen.is_poolable).flat_map(frozen));
    bars.extend(memory(results));
    bars.extend(ring::JUDGED.map(|file| ring(results.table(file))));
    bars.push(super::no_allocations(
        "buffers",
        "allocations of poolable in all timings of hits",
        results.hits.iter().flat_map(|timed| super::allocations_of(&timed.measured)).collect(),
    ));
    bars
}

/// Of the pools that are asked for a size, the slowest counts.
fn hits(timed: &Timed) -> [Bar; 3] {
    let measured = &timed.measured;
    let case = measured.table.title;
    let rows = [hit::names::GLOBAL, hit::names::STATIC, hit::names::UNKNOWN];
    let ours = rows.map(|row| measured.time(row)).into_iter().fold(0.0, f64::max);
    let theirs = measured.by_time();
    let mut theirs = theirs.iter().filter(|(row, _)| hit::names::ZEROPOOL.contains(&row.name));
    let (zeropool, figures) = theirs.next().expect("zeropool takes part");
    [
        at_least(
            case,
            format!("`BufferPool`: times as fast as {}", hit::names::GLIBC),
            4.0,
            measured.time(hit::names::GLIBC) / ours,
        ),
        at_least(
            case,
            format!("`BufferPool`: times as fast as the fastest of zeropool, {}", zeropool.name),
            3.0,
            figures.best / ours,
        ),
        at_most(
            case,
            "`BufferPool`: time over that of a derived struct".to_owned(),
            2.0,
            ours / measured.time(hit::names::DERIVED),
        ),
    ]
}

fn frozen(seen: &Frozen) -> [Bar; 2] {
    const CASE: &str = "a buffer that becomes `Bytes`";
    let &Frozen { name, count, fewest, most, copied, .. } = seen;
    [
        Bar {
            case: CASE,
            what: format!("{name}: allocations in each of {count} calls"),
            bound: "1".to_owned(),
            found: if fewest == most { most.to_string() } else { format!("{fewest} to {most}") },
            is_met: (fewest, most) == (1, 1),
        },
        Bar {
            case: CASE,
            what: format!("{name}: bytes copied"),
            bound: "0".to_owned(),
            found: copied.to_string(),
            is_met: copied == 0,
        },
    ]
}

/// What a pool by default may hold idle: 64 MiB as it counts them, and what the caches have taken
/// in since: 1 MiB for each thread and each of the six sizes that threads keep any of.
fn memory(results: &Results) -> Vec<Bar> {
    const CASE: &str = "buffers of all sizes on four threads";
    const MIB: u64 = 1 << 20;
    let bound = 64 + 6 * THREADS as u64;
    let bar = |what: &str, found: Option<u64>| Bar {
        case: CASE,
        what: what.to_owned(),
        bound: format!("at most {bound} MiB"),
        found: found.map_or("unknown".to_owned(), |bytes| format!("{} MiB", bytes.div_ceil(MIB))),
        is_met: found.is_some_and(|bytes| bytes <= bound * MIB),
    };
    let ours = results.memory.as_ref().ok();
    let ours = ours.and_then(|all| all.iter().find(|memory| memory.name == POOLABLE));
    vec![
        bar("idle, the most whenever all threads stood still", ours.map(|memory| memory.idle)),
        bar("idle, when everything was returned", ours.map(|memory| memory.left)),
    ]
}

/// The fastest of the others counts. A bar against each of them would judge more than once.
fn ring(timed: &Timed) -> Bar {
    let quotients = ring::names::OTHERS.map(|name| (name, timed.quotient(ring::names::RING, name)));
    let least = quotients.into_iter().min_by(|a, b| a.1.median.total_cmp(&b.1.median));
    let (name, quotient) = least.expect("others take part");
    Bar {
        case: timed.measured.table.title,
        what: format!("`RingBuffer`: times as fast as the fastest other, {name}"),
        bound: format!("at least 1, or not to be told from 1 within {} %", SLACK * 100.0),
        found: quotient.text(),
        is_met: quotient.is_at_least_one(SLACK),
    }
}
