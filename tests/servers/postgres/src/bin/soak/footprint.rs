//! What the process takes of its system: memory, threads, open files.

use std::fs;

/// One look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    /// Resident memory, in KiB.
    memory: u64,
    threads: u64,
    files: u64,
}

impl Footprint {
    pub(crate) fn now() -> Result<Self, String> {
        let status = fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok())
                .ok_or(format!("no {name} in /proc/self/status"))
        };
        let files = fs::read_dir("/proc/self/fd").map_err(|error| error.to_string())?;
        let files = files.count() as u64;
        Ok(Self { memory: number("VmRSS:")?, threads: number("Threads:")?, files })
    }
}

/// A row of the table: what there was in the second quarter and in the last, and what may be more.
pub(crate) struct Growth {
    pub(crate) what: &'static str,
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) may_grow: u64,
}

impl Growth {
    /// The medians of the second quarter against those of the last. The first is for warming up.
    ///
    /// - Memory may grow by 4 MiB: the allocator keeps a heap for each thread that was there at
    ///   the same time, and the pages that it gives back differ from look to look. A session takes
    ///   some 30 KiB in this process, so that one lost in each second would take 9 MiB in five
    ///   minutes, and a lost waiter or timer of a hundred bytes in each get more than that.
    /// - Threads may be 4 more: as many as connect for a pool at a time.
    /// - Files may be as many more as the pools may have sessions: a median look may find them
    ///   empty or full.
    pub(crate) fn of(looks: &[Footprint], sessions: u64) -> [Self; 3] {
        let quarter = looks.len() / 4;
        let (before, after) = (&looks[quarter..2 * quarter], &looks[looks.len() - quarter..]);
        let row = |what, number: fn(&Footprint) -> u64, may_grow| {
            let median = |looks: &[Footprint]| {
                let mut numbers: Vec<u64> = looks.iter().map(number).collect();
                numbers.sort_unstable();
                numbers[numbers.len() / 2]
            };
            Self { what, before: median(before), after: median(after), may_grow }
        };
        [
            row("memory (KiB)", |look| look.memory, 4096),
            row("threads", |look| look.threads, 4),
            row("open files", |look| look.files, sessions),
        ]
    }

    pub(crate) fn is_flat(&self) -> bool {
        self.after <= self.before + self.may_grow
    }
}
