//! Buffers of all sizes on four threads: how fast, and in how much memory.

pub(super) mod load;

use core::time::Duration;
use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use self::load::{HELD, Holder, Lender, Poolable, System, THREADS, Zeropool};
use super::{other, ours};
use crate::beyond::Table;
use crate::cases::a_to_b::{Half, timed};
use crate::cases::hit::warm_up;
use crate::gate::Gate;
use crate::timing::{Effort, Sample};

pub(super) fn table() -> Table {
    Table {
        file: "buffers-mixed",
        title: "Buffers of all sizes on four threads",
        about: "Each of four threads holds 32 buffers, and always returns one of them and gets \
                another: of 0 bytes to 1 MiB, every power of two as likely as any other. It writes \
                one byte to each page of what it asked for. The time is that on the wall, divided \
                by the gets of all threads.",
        unit: "get",
        effort: Effort { rounds: 20, timing: Duration::from_millis(60) },
        rows: vec![
            ours(POOLABLE, "`get` of a pool of its own, all defaults.", time::<Poolable>),
            other(ZEROPOOL, "`alloc_uninit` of a pool of its own, all defaults.", time::<Zeropool>),
            other(SYSTEM, "`Vec::with_capacity`.", time::<System>),
        ],
    }
}

pub(crate) const POOLABLE: &str = "poolable, `BufferPool`";
const ZEROPOOL: &str = "zeropool, `alloc_uninit`";
const SYSTEM: &str = "no pool, the system's malloc";

fn time<L: Lender>(gets: u64) -> Sample {
    let lender = L::new();
    let gate = Gate::new(THREADS);
    let each = gets.div_ceil(THREADS as u64);
    let one = |number| {
        let mut holder = Holder::new(&lender, number);
        holder.get(warm_up(each) + 8 * HELD as u64);
        timed(&gate, || assert!(holder.get(each) > 0, "nothing was written"))
    };
    let parts: Vec<Half> = thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || one(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let start = parts.iter().map(|part| part.0).min().expect("a thread");
    let end = parts.iter().map(|part| part.1).max().expect("a thread");
    let all = each * THREADS as u64;
    Sample {
        nanoseconds: (end - start).as_secs_f64() * 1e9 / all as f64,
        objects: all,
        allocations: parts.iter().map(|part| part.2).sum(),
    }
}

/// Gets in the run that is watched.
const GETS: u64 = 1_000_000;

/// What `poolable-peaks` saw of a million gets, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) name: &'static str,
    /// The most that was allocated at any time.
    pub(crate) peak: u64,
    /// The most that users held whenever all threads stood still.
    pub(crate) held: u64,
    /// The most that was allocated then, and held by nobody.
    pub(crate) idle: u64,
    /// What was left when everything was returned.
    pub(crate) left: u64,
}

/// What [`Memory`] says of each of them; or why it says nothing.
pub(super) fn memory(is_quick: bool) -> Result<Vec<Memory>, String> {
    let gets = if is_quick { GETS / 20 } else { GETS };
    let all = [(POOLABLE, "poolable"), (ZEROPOOL, "zeropool"), (SYSTEM, "system")];
    all.into_iter().map(|(name, who)| watched(name, who, gets)).collect()
}

fn watched(name: &'static str, who: &str, gets: u64) -> Result<Memory, String> {
    let program = program().ok_or("this program is nowhere")?;
    let output = Command::new(&program).args([who, &gets.to_string()]).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<u64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match figures[..] {
        [peak, held, idle, left] if output.status.success() => {
            Ok(Memory { name, peak, held, idle, left })
        }
        _ => Err(format!("{}: {}", program.display(), String::from_utf8_lossy(&output.stderr))),
    }
}

/// The other program, which stands beside this one.
fn program() -> Option<PathBuf> {
    Some(env::current_exe().ok()?.with_file_name("poolable-peaks"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages that a thread writes to, and what it holds before it returns everything.
    fn used<L: Lender>() -> (u64, usize) {
        let lender = L::new();
        let mut holder = Holder::new(&lender, 1);
        let written = holder.get(2_000);
        let held = holder.bytes();
        holder.release();
        assert_eq!(holder.bytes(), 0);
        (written, held)
    }

    #[test]
    fn everyone_is_asked_for_the_same_and_has_it_written() {
        let (written, asked) = used::<System>();
        // Of sizes that double from 1 to 1 MiB, the mean is 50 KiB: 13 pages.
        assert!((20_000..32_000).contains(&written), "{written}");
        for (pages, held) in [used::<Poolable>(), used::<Zeropool>()] {
            assert_eq!(pages, written);
            assert!((asked..asked * 8).contains(&held), "{held} for {asked}");
        }
    }
}
