//! What Go programs pool, timed here and in Go, in one session.
//!
//! `cargo xtask bench --go` runs it.

fn main() {}
