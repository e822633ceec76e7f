//! Async pools on the executors there are, with every end that a create or a check can come to.
//!
//! | module | what it has |
//! | --- | --- |
//! | `matrix` | every script of five creates, and of five checks, on every executor |
//! | `storm` | a hundred thousand futures dropped at random points |
//! | `runtimes` | pools and guards that outlive, change or lose their runtime |
//! | `hooks` | spawn hooks that do not do as they should |
//! | `tokio_clock` | every limit of a pool by a clock that tokio has paused |
//! | `combinators` | gets within `select!`, `join_all` and their like |
//!
//! No test sleeps: time is a clock that the test moves, or one that tokio has paused.
//!
//! # Running one case again
//!
//! A combination that fails prints its number. `POOLABLE_COMBINATION` has the matrix run that one
//! alone:
//!
//! ```sh
//! POOLABLE_COMBINATION=417 cargo test -p poolable-executors creates_settle_on_smol_with_a_hook
//! ```
//!
//! A storm that fails prints its seed, which `POOLABLE_SEED` gives it again. What threads do
//! between two draws is not part of the seed.
#![allow(clippy::std_instead_of_core, reason = "tests are written as users write")]

#[cfg(test)]
mod block_on;
#[cfg(test)]
mod combinators;
#[cfg(test)]
mod crew;
#[cfg(test)]
mod executor;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod manager;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod random;
#[cfg(test)]
mod runtimes;
#[cfg(test)]
mod script;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod takeable;
#[cfg(test)]
mod things;
#[cfg(test)]
mod time;
#[cfg(test)]
mod tokio_clock;
