//! The behaviour that users rely on, by topic.
#![allow(clippy::std_instead_of_core, reason = "tests are written as users write")]

mod allocations;
mod attributes;
mod batches;
mod bytes;
mod census;
mod conservation;
mod endurance;
mod enums;
mod guards;
mod limits;
mod maintain;
mod one_thread;
mod panics;
mod pool_drop;
mod pool_panics;
mod pools;
mod process;
mod secrets;
mod threads;
mod trim;
mod user_pools;

/// Unwinds without the noise of the panic hook.
fn unwind() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}

/// Whether `work` unwinds.
fn unwinds(work: impl FnOnce()) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err()
}

/// Runs the body of a test in a process of its own: the calls that concern all pools, and a
/// count of the live bytes, would have to do with those of other tests.
///
/// The body is a closure written in the test itself, whose name its type tells.
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
