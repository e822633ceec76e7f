//! Proof that wiped secrets are gone: for each type that a secret lives in, and each way out
//! of a pool, a process of its own makes a secret, sends it that way, and looks for it.
//!
//! `residue` looks in all of its writable memory, `residue-spy` in the blocks that are
//! freed. Each sees what the other is blind to: a frame that is left on the stack has no
//! block, and a block that was reused at once shows nothing later.
//!
//! # Invariants
//!
//! 1. No memory holds what is looked for, but where the secret was put: see `canary`.
//! 2. A cell counts only if its control, the same steps without the wipe, is seen.
//! 3. Nothing runs between the end of a way and the look that could hide what the way has
//!    left: not even the frames of the waiting thread lie where those of the way were.

#[cfg(target_os = "linux")]
mod attach;
#[cfg(target_os = "linux")]
mod baseline;
#[cfg(target_os = "linux")]
mod buffers;
mod canary;
#[cfg(target_os = "linux")]
mod chains;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod fill;
#[cfg(target_os = "linux")]
mod growth;
#[cfg(target_os = "linux")]
mod kept;
#[cfg(target_os = "linux")]
mod known;
#[cfg(target_os = "linux")]
mod matrix;
#[cfg(target_os = "linux")]
mod parent;
#[cfg(target_os = "linux")]
mod rows;
#[cfg(target_os = "linux")]
mod scan;
#[cfg(target_os = "linux")]
mod secret;
mod spy;
#[cfg(target_os = "linux")]
mod types;
#[cfg(target_os = "linux")]
mod ways;

use std::process::ExitCode;

pub use self::spy::Spy;

/// Runs the matrix, or the one cell that the arguments name. `spies` tells whether [`Spy`]
/// is the program's allocator.
pub fn main(spies: bool) -> ExitCode {
    #[cfg(target_os = "linux")]
    return parent::main(spies);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = spies;
        println!("skipped: the memory of a process is read through /proc, which is Linux's");
        let required = std::env::var_os("POOLABLE_REQUIRE").is_some();
        if required { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}
