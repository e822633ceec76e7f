//! The section of buffers, rings and copying.

use super::{allocations, table, three_digits};
use crate::beyond::Row;
use crate::buffers::{Frozen, Memory, Phase, Results, THREADS};
use crate::contender;
use crate::managed::Timed;
use crate::plot::Colour;

const INTRODUCTION: &str = "\
`BufferPool` beside malloc, beside the pools of buffers that others publish, and beside poolable's
own pools of objects; `RingBuffer` beside std's queue and ringbuf; copying beside std's.
";

const METHOD: &str = "\
### How buffers were measured

- **malloc** of 4 KiB hangs on what the program has done before: glibc's caches of threads end at
  1 KiB, its locks are taken once there has been a second thread, and its lists are as other
  allocations left them. Here it comes behind all other cases, and may take twice the time and more
  that it takes in a program that has just begun: `cargo xtask bench buffers` runs this part in
  such a one, and is the stricter judge.
- Everyone is asked for as many bytes, and everyone writes the same. A `PooledBuf` is an empty
  vector with room; zeropool and byte-pool hand out bytes instead, as many as were asked for, and
  the use writes to the front of them. What differs is said in the last column.
- **zeropool** is used in the three ways that it has. Its pool stands in a local, which is the
  shortest way to it, keeps no statistics, and is made anew for each timing: a thread's cache is for
  one pool at a time, and whoever uses two of them empties it with each change. The fastest of the
  three counts.
- **× poolable** is a time divided by that of the first row of poolable's in the text of the
  program: `BufferPool::global()`, where it takes part. The slower one of it and of a static
  `BufferPool` is judged, by the best of all rounds.
- Not here: bytes-pool, which shares strings and pools nothing, and buffer-pool, which counts with
  a library for metrics: that brings 130 packages.
- **Frozen**: in the timed table malloc's part is in the time, as everyone shares the memory with
  clones. Apart from that 10 000 buffers were frozen one by one, every other one of them full and the
  rest with 13 bytes: counted are the allocations within the call that makes `Bytes`, and of the
  bytes those that are not where they were written.
- **All sizes**: the memory is that of another program, `poolable-peaks`, whose allocator keeps
  account of every byte; in the timed one that would cost those who allocate. It makes a million
  gets. Fifty times all threads stand still; what is allocated then and held by none of them is
  idle, bookkeeping included. The peak is taken at any time.
- **Rings** are judged by the quotients of the rounds, as the crowds above: the median must be 1, or
  the range in which the true one lies with a certainty of 95 % must have 1 in it and end no more
  than 2 % below.
- **Copies** are not judged. They show where a pooled buffer of 32 KiB is of use, and where std
  does better.
- **Loads that change** are not timed: what is counted is the same in each run.
";

pub(super) fn section(results: &Results) -> String {
    let mut section = format!("{INTRODUCTION}\n{METHOD}");
    for timed in &results.hits {
        section.push_str(&timed_section(timed));
    }
    section.push_str(&timed_section(&results.freeze));
    section.push_str(&frozen_table(&results.frozen));
    section.push_str(&timed_section(&results.mixed));
    section.push_str(&memory_table(&results.memory));
    for timed in results.rings.iter().chain(&results.copies) {
        section.push_str(&timed_section(timed));
    }
    section.push_str(&phases_section(&results.phases));
    section.push_str("\nVersions: ");
    let packages =
        ["zeropool", "byte-pool", "opool", "object-pool", "poolshark", "bytes", "ringbuf"];
    let version = |package| contender::version(package).unwrap_or_else(|| package.to_owned());
    section.push_str(&packages.map(version).join(", "));
    section.push_str(".\n");
    section
}

fn timed_section(timed: &Timed) -> String {
    let measured = &timed.measured;
    let what = &measured.table;
    let first = what.rows[0].who.name;
    let rows = measured.by_time().into_iter().map(|(row, figures)| {
        vec![
            emphasised(row),
            three_digits(figures.best),
            three_digits(figures.median),
            three_digits(figures.best / measured.ours()),
            timed.quotient(first, row.name).text(),
            allocations(figures.allocations, figures.allocations_per_object()),
            row.about.to_owned(),
        ]
    });
    let by_unit = format!("allocations per {}", what.unit);
    let head = ["", "ns", "median", "× poolable", "by rounds", &by_unit, "used as"];
    format!(
        "\n### {}\n\n{}\n\n![{}: bars of the times below](benchmarks/{}.svg)\n\n{}",
        what.title,
        what.about,
        what.title,
        what.file,
        table(&head, &rows.collect::<Vec<_>>()),
    )
}

fn emphasised(row: Row) -> String {
    of_poolable(row.name, row.colour == Colour::Poolable)
}

fn of_poolable(name: &str, is_poolable: bool) -> String {
    if is_poolable { format!("**{name}**") } else { name.to_owned() }
}

fn frozen_table(frozen: &[Frozen]) -> String {
    let rows = frozen.iter().map(|seen| {
        vec![
            of_poolable(seen.name, seen.is_poolable),
            seen.fewest.to_string(),
            seen.most.to_string(),
            seen.copied.to_string(),
        ]
    });
    let head = ["", "allocations in the call, the fewest", "the most", "bytes copied"];
    format!("\nOne by one:\n\n{}", table(&head, &rows.collect::<Vec<_>>()))
}

fn memory_table(memory: &Result<Vec<Memory>, String>) -> String {
    let memory = match memory {
        Ok(memory) => memory,
        Err(why) => return format!("\nWhat memory they take is not known: {why}\n"),
    };
    let mib = |bytes: u64| three_digits(bytes as f64 / f64::from(1 << 20));
    let rows = memory.iter().map(|memory| {
        vec![
            of_poolable(memory.name, memory.name.starts_with("poolable")),
            mib(memory.peak),
            mib(memory.held),
            mib(memory.idle),
            mib(memory.left),
        ]
    });
    let head = ["MiB", "peak", "held, the most", "idle, the most", "idle in the end"];
    format!(
        "\nThe memory of {THREADS} threads that make a million gets:\n\n{}",
        table(&head, &rows.collect::<Vec<_>>())
    )
}

fn phases_section(phases: &[Phase]) -> String {
    let rows = phases.iter().map(|phase| {
        vec![
            of_poolable(phase.way, phase.is_calibrated),
            phase.load.to_owned(),
            size(phase.default_size),
            size(phase.drop_threshold),
            format!("{:.4}", phase.allocations as f64 / phase.buffers as f64),
            size(phase.idle as usize),
        ]
    });
    let head = ["pool", "written", "default size", "kept up to", "allocations per buffer", "idle"];
    let buffers = phases.first().map_or(0, |phase| phase.buffers);
    format!(
        "\n### A load that changes\n\nOne thread gets 32 buffers, writes to all of them and returns \
         them, and so on: {buffers} buffers in each phase. One in 125 gets 1 MiB, the others what \
         the phase is about. A pool that calibrates looks at what was written and follows; \
         one that does not grows buffers in their users' hands, and keeps what has grown. The \
         figures are those at the end of each phase.\n\n{}",
        table(&head, &rows.collect::<Vec<_>>()),
    )
}

/// A number of bytes as people read it.
fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", three_significant(bytes, 1 << 10)),
        _ => format!("{} MiB", three_significant(bytes, 1 << 20)),
    }
}

fn three_significant(bytes: usize, unit: usize) -> String {
    if bytes.is_multiple_of(unit) {
        (bytes / unit).to_string()
    } else {
        three_digits(bytes as f64 / unit as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_in_the_largest_unit_that_they_reach() {
        assert_eq!([0, 64, 4096, 1 << 20].map(size), ["0 B", "64 B", "4 KiB", "1 MiB"]);
        assert_eq!([1536, 5 << 19].map(size), ["1.50 KiB", "2.50 MiB"]);
    }
}
