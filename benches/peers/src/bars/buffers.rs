//! What must hold of buffers.

use super::{Bar, at_least, at_most};
use crate::buffers::{Frozen, POOLABLE, Results, THREADS, hit};
use crate::managed::Timed;

pub(crate) fn buffers(results: &Results) -> Vec<Bar> {
    let mut bars: Vec<Bar> =
        hit::JUDGED.map(|file| hits(results.table(file))).into_iter().flatten().collect();
    bars.extend(results.frozen.iter().filter(|seen| seen.is_poolable).flat_map(frozen));
    bars.extend(memory(results));
    bars.push(super::no_allocations(
        "buffers",
        "allocations of poolable in all timings of hits",
        results.hits.iter().flat_map(|timed| super::allocations_of(&timed.measured)).collect(),
    ));
    bars
}

/// The pool of the process is the slower one of the two that are asked for a size.
fn hits(timed: &Timed) -> [Bar; 3] {
    let measured = &timed.measured;
    let case = measured.table.title;
    let ours = measured.time(hit::names::GLOBAL).max(measured.time(hit::names::STATIC));
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
