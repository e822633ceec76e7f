//! Pools in a process that is given no thread for a while.
//!
//! Each test runs in a process of its own, as an ordinary user: the limit does not hold for
//! root.

use poolable::managed::{Clock, GetError, Reason};
use rustix::process::{Resource, Rlimit, Uid, getrlimit, getuid, setrlimit};
use rustix::thread::set_thread_res_uid;

use super::scripted::{
    SECOND, Scripted, assert_laws, builder, eventually, lease, until, until_destroyed,
};

/// A user that has no processes.
const NOBODY: Uid = Uid::from_raw_unchecked(54_321);

/// Allows this user so many threads, those that run already among them.
fn allow(threads: Option<u64>) {
    let maximum = getrlimit(Resource::Nproc).maximum;
    let current = threads.or(maximum);
    setrlimit(Resource::Nproc, Rlimit { current, maximum }).expect("the limit is lowered");
}

/// Does the first without a thread to be had, and the second with threads again.
fn without_threads<T>(first: impl FnOnce() -> T, second: impl FnOnce(T)) {
    if getuid().is_root() {
        set_thread_res_uid(NOBODY, NOBODY, NOBODY).expect("root may become anybody");
    }
    allow(Some(1));
    if std::thread::Builder::new().spawn(|| ()).is_ok() {
        println!("skipped: this system does not limit threads");
        return;
    }
    let between = first();
    allow(None);
    second(between);
}

/// A pool whose idle objects last for fifty milliseconds.
fn short_lived(script: &Scripted) -> super::scripted::Things {
    let pool = builder(script, &Clock::system()).max_lifetime(None).idle_timeout(SECOND / 20);
    pool.build().expect("a pool")
}

#[test]
fn a_moment_without_threads_does_not_end_the_reaping_of_a_pool() {
    crate::alone(|| {
        let script = Scripted::default();
        without_threads(
            || {
                let pool = short_lived(&script);
                drop(pool.get().expect("its getter creates it"));
                assert_eq!(pool.stats().idle, 1);
                pool
            },
            |pool| {
                // The return tries again.
                drop(pool.get().expect("the idle one, or another"));
                until(&pool, |stats| stats.idle == 0 && stats.destroying == 0);
                assert!(script.reasons().iter().all(|why| *why == Reason::Idle));
            },
        );
    });
}

#[test]
fn what_found_no_thread_to_be_destroyed_by_is_destroyed_by_the_close() {
    crate::alone(|| {
        let script = Scripted::default();
        let pool = short_lived(&script);
        let other = builder(&script, &Clock::system()).idle_timeout(3600 * SECOND);
        let other = other.build().expect("a pool");
        // The keeper runs for the sake of these.
        drop((lease(&pool), lease(&other)));
        without_threads(
            || eventually(&pool, || pool.stats().idle == 0),
            |()| {
                pool.close();
                pool.drain(Clock::system().now() + 10 * SECOND).expect("nothing is left");
                until_destroyed(&pool, &[(1, Reason::Idle)]);
            },
        );
    });
}

#[test]
fn a_try_creates_nothing_itself_and_a_getter_does() {
    crate::alone(|| {
        let script = Scripted::default();
        without_threads(
            || {
                let pool = builder(&script, &Clock::system()).build().expect("a pool");
                assert!(matches!(pool.try_get(), Err(GetError::Exhausted)));
                assert_eq!(script.create.count(), 0);
                drop(pool.get().expect("an object"));
                assert_eq!(script.create.count(), 1);
                pool
            },
            |pool| {
                drop(lease(&pool));
                assert_laws(&pool.stats());
            },
        );
    });
}

#[test]
fn a_minimum_of_many_idle_ones_waits_for_threads() {
    crate::alone(|| {
        let script = Scripted::default();
        without_threads(
            || {
                let pool = builder(&script, &Clock::manual()).max_open(20_000).min_idle(20_000);
                let pool = pool.build().expect("a pool");
                assert_eq!((pool.stats().open, script.create.count()), (0, 0));
            },
            |()| (),
        );
    });
}
