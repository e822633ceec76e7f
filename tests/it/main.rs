//! The behaviour that users rely on, by topic.
#![allow(clippy::std_instead_of_core, reason = "tests are written as users write")]

mod allocations;
mod attributes;
mod conservation;
mod enums;
mod guards;
mod limits;
mod panics;
mod pools;
mod secrets;
mod threads;

/// Unwinds without the noise of the panic hook.
fn unwind() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}
