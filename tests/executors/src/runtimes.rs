//! Pools and guards that outlive, change or lose their runtime.

use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use poolable::managed::{Clock, GetError, Lease, Timeouts};
use tokio::runtime::{Builder, Runtime};

use crate::block_on::block_on;
use crate::crew::PATIENCE;
use crate::ledger::told;
use crate::manager::Thing;
use crate::script::End;
use crate::things::{Getter, SECOND, Things, assert_laws, assert_sound, things};

/// A runtime of one thread, which runs while something is blocked on within it.
fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("a runtime")
}

fn spawning(runtime: &Runtime) -> impl Fn(crate::executor::Task) + Send + Sync + 'static {
    let handle = runtime.handle().clone();
    move |task| drop(handle.spawn(task))
}

fn plain(max_open: usize) -> Things {
    things(max_open, &[], &[]).build().expect("a pool")
}

/// Waits for something that other threads do.
#[track_caller]
fn eventually(pool: &Things, holds: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{:?}", pool.stats());
        thread::yield_now();
    }
}

#[test]
fn a_guard_that_is_dropped_outside_of_the_runtime_goes_back() {
    let (runtime, pool) = (threads(), plain(1));
    let lease = runtime.block_on(pool.get()).expect("a lease");
    drop(lease);
    assert_eq!(pool.stats().idle, 1);
    let lease = runtime.block_on(pool.get()).expect("a lease");
    thread::spawn(move || drop(lease)).join().expect("a thread");
    assert_eq!((pool.stats().idle, pool.stats().created), (1, 1));
    assert_sound(&pool);
}

#[test]
fn a_guard_that_outlives_its_runtime_goes_back() {
    for runtime in [one_thread(), threads()] {
        let pool = things(1, &[], &[]).spawn(spawning(&runtime)).build().expect("a pool");
        let lease = runtime.block_on(pool.get()).expect("a lease");
        drop(runtime);
        drop(lease);
        assert_eq!(pool.stats().idle, 1);
        assert_sound(&pool);
    }
}

#[test]
fn a_guard_that_is_broken_when_its_runtime_is_gone_leaves_its_place() {
    let runtime = threads();
    let pool = things(1, &[], &[]).spawn(spawning(&runtime)).build().expect("a pool");
    let mut lease = runtime.block_on(pool.get()).expect("a lease");
    drop(runtime);
    lease.let_go(true);
    Lease::discard(lease);
    assert_eq!((pool.stats().open, pool.stats().destroyed.released), (0, 1));
    assert_sound(&pool);
}

#[test]
fn a_guard_that_is_dropped_on_another_runtime_serves_who_waits_on_the_first() {
    let (first, second, pool) = (threads(), threads(), plain(1));
    let lease = first.block_on(pool.get()).expect("a lease");
    let waiter = first.spawn({
        let pool = pool.clone();
        async move { pool.get().await.map(|lease| Lease::meta(&lease).id) }
    });
    eventually(&pool, || pool.stats().waiting == 1);
    second.block_on(second.spawn(async move { drop(lease) })).expect("it is dropped");
    let id = first.block_on(waiter).expect("a task").expect("a lease");
    assert_eq!((id, pool.stats().created), (1, 1));
    assert_sound(&pool);
}

#[test]
fn a_guard_within_a_task_that_falls_with_its_runtime_goes_back() {
    let (runtime, pool) = (threads(), plain(1));
    let (send, held) = mpsc::channel();
    drop(runtime.spawn({
        let pool = pool.clone();
        async move {
            let lease = pool.get().await;
            send.send(()).expect("the test listens");
            std::future::pending::<()>().await;
            drop(lease);
        }
    }));
    held.recv_timeout(PATIENCE).expect("a lease");
    assert_eq!(pool.stats().in_use, 1);
    drop(runtime);
    assert_eq!(pool.stats().idle, 1);
    assert_sound(&pool);
}

#[test]
fn a_getter_that_falls_with_its_runtime_leaves_its_turn_to_the_next() {
    let (first, pool) = (threads(), plain(1));
    let lease = block_on(pool.get()).expect("a lease");
    drop(first.spawn({
        let pool = pool.clone();
        async move { pool.get().await.map(drop) }
    }));
    eventually(&pool, || pool.stats().waiting == 1);
    let next = Getter::waiting(&pool);
    drop(first);
    assert_eq!(pool.stats().waiting, 1);
    drop(lease);
    assert!(next.is_woken());
    drop(next.finish().expect("a lease"));
    assert_sound(&pool);
}

#[test]
fn a_guard_that_a_thread_keeps_to_its_very_end_goes_back() {
    use std::cell::RefCell;
    thread_local! {
        static KEPT: RefCell<Option<Lease<Thing>>> = const { RefCell::new(None) };
    }
    let pool = plain(1);
    let lease = block_on(pool.get()).expect("a lease");
    thread::spawn(move || KEPT.set(Some(lease))).join().expect("a thread");
    assert_eq!(pool.stats().idle, 1);
    assert_sound(&pool);
}

#[test]
fn a_pool_that_was_made_in_one_runtime_serves_another_and_none() {
    let (first, second) = (threads(), one_thread());
    let pool = first.block_on(async {
        let handle = tokio::runtime::Handle::current();
        things(2, &[], &[]).spawn(move |task| drop(handle.spawn(task))).build().expect("a pool")
    });
    let one = second.block_on(pool.get()).expect("a lease");
    let other = block_on(pool.get()).expect("a lease");
    assert_eq!((pool.stats().in_use, pool.stats().created), (2, 2));
    drop((one, other));
    drop(first.block_on(pool.get()).expect("a lease"));
    assert_sound(&pool);
}

#[test]
fn a_create_whose_runtime_goes_is_carried_on_by_the_getter_that_waits_elsewhere() {
    let runtime = threads();
    let pool = things(1, &[End::Gated], &[]).spawn(spawning(&runtime)).build().expect("a pool");
    let getter = Getter::waiting(&pool);
    eventually(&pool, || told(&pool.manager().ledger.creating) == 1);
    drop(runtime);
    assert_laws(&pool);
    pool.manager().gate.open();
    drop(getter.finish().expect("a lease"));
    assert_sound(&pool);
}

#[test]
fn a_create_whose_runtime_goes_while_nobody_waits_ends_with_the_pool_at_last() {
    let runtime = threads();
    let pool = things(1, &[End::Never], &[])
        .spawn(spawning(&runtime))
        .clock(&Clock::manual())
        .build()
        .expect("a pool");
    assert!(matches!(block_on(pool.try_get()), Err(GetError::Exhausted)));
    eventually(&pool, || told(&pool.manager().ledger.creating) == 1);
    drop(runtime);
    assert_laws(&pool);
    // It may be kept for the next getter, but no longer than the pool is open.
    pool.close();
    eventually(&pool, || pool.stats().open == 0);
    eventually(&pool, || told(&pool.manager().ledger.creating) == 0);
    pool.manager().ledger.assert_settled();
}

#[test]
fn a_pool_whose_runtime_went_during_a_create_serves_another_runtime_and_none() {
    for is_bare in [false, true] {
        let runtime = threads();
        let pool = things(2, &[End::Gated], &[]).spawn(spawning(&runtime)).build().expect("a pool");
        assert!(matches!(block_on(pool.try_get()), Err(GetError::Exhausted)));
        eventually(&pool, || told(&pool.manager().ledger.creating) == 1);
        drop(runtime);
        pool.manager().gate.open();
        let got = if is_bare { block_on(pool.get()) } else { one_thread().block_on(pool.get()) };
        drop(got.expect("a lease"));
        assert_sound(&pool);
    }
}

#[test]
fn a_pool_with_tokios_clock_lends_and_takes_back_when_that_runtime_is_gone() {
    let runtime = threads();
    let pool = runtime.block_on(async {
        things(1, &[], &[]).tokio().clock(&Clock::tokio()).build().expect("a pool")
    });
    let lease = runtime.block_on(pool.get()).expect("a lease");
    drop(runtime);
    drop(lease);
    assert_eq!(pool.stats().idle, 1);
    drop(block_on(pool.get()).expect("what is idle"));
    drop(threads().block_on(pool.get()).expect("what is idle"));
    assert_sound(&pool);
}

#[test]
fn a_runtime_without_a_timer_will_do_where_the_keeper_has_the_time() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let pool = plain(1);
    let lease = runtime.block_on(pool.get()).expect("a lease");
    let late = runtime.block_on(pool.get_timeout(Duration::from_millis(5)));
    assert!(matches!(late, Err(GetError::Timeout { .. })));
    drop(lease);
    assert_sound(&pool);
}

#[test]
fn getters_that_come_at_once_are_all_served() {
    const GETTERS: usize = 3;
    for round in 0..3000_u64 {
        let limits = Timeouts { wait: Some(5 * SECOND), ..Timeouts::default() };
        let pool = things(GETTERS, &[], &[]).timeouts(limits).build().expect("a pool");
        let barrier = Barrier::new(GETTERS);
        let leases: Vec<_> = thread::scope(|scope| {
            let getters = [(); GETTERS].map(|()| {
                scope.spawn(|| {
                    barrier.wait();
                    block_on(pool.get())
                })
            });
            getters.map(|getter| getter.join().expect("a thread")).into_iter().collect()
        });
        for got in &leases {
            assert!(got.is_ok(), "in round {round}: {:?}", got.as_ref().map(drop));
        }
        assert_eq!(assert_laws(&pool).in_use, GETTERS as u64);
    }
}

#[test]
fn smol_serves_and_is_served_without_a_hook_and_with_one() {
    let pools = [
        plain(1),
        things(1, &[], &[]).spawn(|task| smol::spawn(task).detach()).build().expect("a pool"),
    ];
    for pool in pools {
        let lease = smol::block_on(pool.get()).expect("a lease");
        let late = smol::block_on(pool.get_timeout(Duration::from_millis(5)));
        assert!(matches!(late, Err(GetError::Timeout { .. })));
        let waiter = smol::spawn({
            let pool = pool.clone();
            async move { pool.get().await.map(drop) }
        });
        eventually(&pool, || pool.stats().waiting == 1);
        drop(lease);
        smol::block_on(waiter).expect("a lease");
        assert_sound(&pool);
    }
}

#[test]
fn a_task_of_smols_that_is_dropped_leaves_its_turn_to_a_task_of_tokios() {
    let (runtime, pool) = (threads(), plain(1));
    let lease = block_on(pool.get()).expect("a lease");
    let task = smol::spawn({
        let pool = pool.clone();
        async move { pool.get().await.map(drop) }
    });
    eventually(&pool, || pool.stats().waiting == 1);
    let next = runtime.spawn({
        let pool = pool.clone();
        async move { pool.get_timeout(60 * SECOND).await.map(drop) }
    });
    eventually(&pool, || pool.stats().waiting == 2);
    drop(task);
    eventually(&pool, || pool.stats().waiting == 1);
    drop(lease);
    runtime.block_on(next).expect("a task").expect("a lease");
    assert_sound(&pool);
}
