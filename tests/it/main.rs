//! The behaviour that users rely on, by topic.
//!
//! With `--cfg poolable_passthrough` or `--cfg poolable_chaos` pools keep less than they
//! promise otherwise. Then [`off_switches`] is compiled, which shows what they do, and
//! what holds all the same: [`testing`] and [`outstanding`], part of [`buffer`], and of the
//! others only what these need.
#![allow(clippy::std_instead_of_core, reason = "tests are written as users write")]

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod advise;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod allocations;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod attributes;
#[cfg(all(feature = "axum", not(any(poolable_passthrough, poolable_chaos))))]
mod axum;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod batches;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod borrows;
#[cfg(feature = "buffer")]
mod buffer;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod bytes;
#[cfg_attr(
    any(poolable_passthrough, poolable_chaos),
    allow(dead_code, reason = "the other modules use all of it")
)]
mod census;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod chains;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod conservation;
#[cfg(all(
    feature = "arrayvec",
    feature = "compact_str",
    feature = "http",
    feature = "indexmap",
    feature = "serde_json",
    not(any(poolable_passthrough, poolable_chaos))
))]
mod containers;
#[cfg(all(feature = "buffer", not(any(poolable_passthrough, poolable_chaos))))]
mod copy;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod endurance;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod enums;
#[cfg(all(
    feature = "bytes",
    feature = "hashbrown",
    feature = "smallvec",
    not(any(poolable_passthrough, poolable_chaos))
))]
mod foreign;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod from_go;
#[cfg(all(feature = "json", not(any(poolable_passthrough, poolable_chaos))))]
mod from_go_io;
#[cfg(all(feature = "managed", not(any(poolable_passthrough, poolable_chaos))))]
mod from_go_limits;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod generics;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod guards;
#[cfg(all(feature = "axum", feature = "managed", not(any(poolable_passthrough, poolable_chaos))))]
mod guide;
#[cfg(any(feature = "json", not(any(poolable_passthrough, poolable_chaos))))]
mod in_go;
#[cfg(all(
    feature = "inspect",
    feature = "managed",
    not(any(poolable_passthrough, poolable_chaos))
))]
mod inspect;
#[cfg(feature = "json")]
mod json;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod limits;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod local;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod maintain;
#[cfg(all(feature = "managed", not(any(poolable_passthrough, poolable_chaos))))]
mod managed;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod mapped;
#[cfg(all(feature = "mlock", target_os = "linux", not(any(poolable_passthrough, poolable_chaos))))]
#[cfg_attr(poolable_asan, allow(dead_code, unused_imports, reason = "some tests are left out"))]
mod mlock;
#[cfg(any(poolable_passthrough, poolable_chaos))]
mod off_switches;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod one_thread;
mod outstanding;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod panics;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod pool_drop;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod pool_panics;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod pools;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod process;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod recursion;
#[cfg(all(
    feature = "arrayvec",
    feature = "buffer",
    feature = "bytes",
    feature = "compact_str",
    feature = "hashbrown",
    feature = "http",
    feature = "indexmap",
    feature = "serde_json",
    feature = "smallvec",
    not(any(poolable_passthrough, poolable_chaos))
))]
mod resets_page;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod retain;
#[cfg(all(feature = "zeroize", not(any(poolable_passthrough, poolable_chaos))))]
mod retain_model;
#[cfg(all(feature = "buffer", not(any(poolable_passthrough, poolable_chaos))))]
mod ring;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod secret_buffers;
#[cfg(all(feature = "hashbrown", not(any(poolable_passthrough, poolable_chaos))))]
mod secret_map;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod secrets;
#[cfg(all(feature = "serde", not(any(poolable_passthrough, poolable_chaos))))]
mod serde;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod shared;
mod testing;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod threads;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod trim;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod user_pools;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod watch;

/// Unwinds without the noise of the panic hook.
fn unwind() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}

/// Whether `work` unwinds.
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
fn unwinds(work: impl FnOnce()) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err()
}

/// Runs the body of a test in a process of its own: the calls that concern all pools, and a
/// count of the live bytes, would have to do with those of other tests.
///
/// The body is a closure written in the test itself, whose name its type tells.
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
fn alone<F: FnOnce()>(body: F) {
    const INSIDE: &str = "POOLABLE_TEST_ALONE";

    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let closure = std::any::type_name::<F>();
    let test = closure.split("::").skip(1).take_while(|part| !part.starts_with('{'));
    let test = test.collect::<Vec<_>>().join("::");
    let output = std::process::Command::new(std::env::current_exe().expect("the test's binary"))
        .args(["--exact", &test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .expect("a process");
    let (told, warned) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{told}\n{warned}", output.status);
    assert!(told.contains("1 passed"), "`{test}` was not found\n{told}");
}
