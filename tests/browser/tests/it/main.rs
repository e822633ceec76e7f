//! The page of the pools, as a browser shows it.
//!
//! Each test has a server and a browser of its own. Without a Chromium they are skipped, and say
//! so; with `POOLABLE_REQUIRE` set they fail.
#![cfg(unix)]
#![allow(clippy::std_instead_of_core, reason = "tests are written as users write")]

mod browser;
mod limits;
mod looks;
mod many;
mod moves;
mod names;
mod served;
mod tab;
