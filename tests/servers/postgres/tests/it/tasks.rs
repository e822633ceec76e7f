//! Tasks: the crate `tokio-postgres` under an `AsyncResourcePool`, whose creates are tasks of their
//! own or are polled by the getters.
//!
//! The tests are threads outside of the runtime: they may wait for what happens in it.

use core::time::Duration;
use std::sync::{Arc, mpsc};
use std::time::Instant;

use poolable::managed::{
    AsyncResourcePool, AsyncResourcePoolBuilder, GetError, Lease, Order, Stage, Timeouts,
};
use poolable_postgres::tasks::{Session, Sessions};
use poolable_postgres::{Onlooker, SessionError, by_loopback};
use poolable_servers::{
    Outcome, Postgres, Sampler, Shutdown, Tally, TaskCrowd, assert_laws, until,
};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::error::SqlState;

use super::{LEFTOVERS, PATIENCE, SLACK, assert_answer, make_ledger, question, settle};

/// What a pool here waits, if it says nothing else.
const WAIT: Duration = Duration::from_secs(10);
/// And what a session may take to answer. A get ends at the former, checks and all.
const CHECK: Duration = Duration::from_secs(5);

const NAME: &str = "tasks";

type Pool = AsyncResourcePool<Sessions>;

/// Who drives the creates.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Tasks of the runtime's, by its clock.
    Spawned,
    /// The getters, by the library's clock.
    Polled,
}

const KINDS: [Kind; 2] = [Kind::Spawned, Kind::Polled];

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("there are threads")
}

fn builder(server: &Postgres, runtime: &Runtime, kind: Kind) -> AsyncResourcePoolBuilder<Sessions> {
    let _runtime = runtime.enter();
    let builder = AsyncResourcePool::builder(Sessions { config: by_loopback(server, NAME) })
        .timeouts(Timeouts { wait: Some(WAIT), create: None, check: Some(CHECK) });
    match kind {
        Kind::Spawned => builder.tokio(),
        Kind::Polled => builder,
    }
}

fn pool(server: &Postgres, runtime: &Runtime, kind: Kind, max_open: usize) -> Pool {
    builder(server, runtime, kind).max_open(max_open).build().expect("the settings are sound")
}

/// Gets, and counts that.
async fn get(pool: &Pool, tally: &Tally) -> Result<Lease<Session>, Outcome> {
    let start = Instant::now();
    let got = pool.get().await;
    tally.took(start.elapsed());
    got.map_err(|error| Outcome::from(&error))
}

/// Asks for a number and whether there is a transaction, and sees to it that this is the answer.
async fn ask(session: &Session, number: i64) -> Result<(), tokio_postgres::Error> {
    let row = session.query_one("SELECT $1::int8", &[&number]).await?;
    assert_eq!(row.get::<_, i64>(0), number, "another's answer");
    let answer = session.simple_query(&question(number)).await?;
    assert_answer(&answer, number);
    Ok(())
}

/// A turn of one who behaves.
async fn borrow(pool: Pool, tally: Arc<Tally>, number: u64) -> Outcome {
    assert_laws(&pool.stats());
    let session = match get(&pool, &tally).await {
        Ok(session) => session,
        Err(outcome) => return outcome,
    };
    match ask(&session, number as i64).await {
        Ok(()) => Outcome::Served,
        Err(_) => Outcome::Broken,
    }
}

fn crowd(runtime: &Runtime, pool: &Pool, tasks: usize) -> TaskCrowd {
    let pool = pool.clone();
    TaskCrowd::new(runtime.handle(), tasks, move |tally, number| {
        borrow(pool.clone(), tally, number)
    })
}

/// Ends a crowd whose gets have all had their answers in time.
fn end(crowd: TaskCrowd) -> Arc<Tally> {
    let tally = crowd.end(PATIENCE);
    assert!(tally.longest() <= WAIT + SLACK, "{}", tally.line());
    tally
}

/// Borrows all that there may be at once: each that is dead is found out, and another is made.
fn refresh(runtime: &Runtime, pool: &Pool) {
    let leases =
        runtime.block_on(async { tokio::join!(pool.get(), pool.get(), pool.get(), pool.get()) });
    assert!(leases.0.is_ok() && leases.1.is_ok() && leases.2.is_ok() && leases.3.is_ok());
}

/// The highest number of sessions that the server has seen.
fn sampler(server: &Postgres) -> Sampler {
    let mut onlooker = Onlooker::new(server);
    Sampler::new(move || onlooker.sessions(NAME))
}

/// That the pool is as good as new.
fn assert_usable(runtime: &Runtime, pool: &Pool) {
    runtime.block_on(async {
        let session = pool.get().await.expect("the server is well");
        ask(&session, 7).await.expect("a session that passed its check answers");
    });
}

#[test]
fn load_opens_no_more_than_it_may() {
    let Some(server) = Postgres::start(20) else { return };
    let runtime = runtime();
    for kind in KINDS {
        let (pool, sampler) = (pool(&server, &runtime, kind, 4), sampler(&server));
        let crowd = crowd(&runtime, &pool, 32);
        crowd.until(2000, Outcome::Served, PATIENCE);
        let tally = end(crowd);
        assert_eq!(tally.count(Outcome::Served), tally.ended(), "{kind:?}: {}", tally.line());
        // Nothing was destroyed, so that not even for a moment there was one more.
        assert!(sampler.highest() <= 4, "{kind:?}");
        let mut onlooker = Onlooker::new(&server);
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.created, stats.idle, stats.destroyed.total()), (4, 4, 0), "{kind:?}");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    }
}

#[test]
fn sessions_that_are_killed_under_load_are_replaced() {
    let Some(server) = Postgres::start(20) else { return };
    let runtime = runtime();
    for kind in KINDS {
        let mut onlooker = Onlooker::new(&server);
        let pool = pool(&server, &runtime, kind, 4);
        let crowd = crowd(&runtime, &pool, 16);
        let mut killed = 0;
        for _ in 0..20 {
            crowd.until(50, Outcome::Served, PATIENCE);
            killed += onlooker.end_all(NAME).expect("the server is well");
        }
        crowd.until(50, Outcome::Served, PATIENCE);
        let tally = end(crowd);
        assert_eq!(tally.ended(), tally.count(Outcome::Served) + tally.count(Outcome::Broken));
        // Nobody gets a broken one twice for one kill.
        assert!(tally.count(Outcome::Broken) <= killed, "{kind:?}, {killed}: {}", tally.line());
        // A kill takes its time to arrive.
        let stats = settle(&mut onlooker, NAME, || {
            refresh(&runtime, &pool);
            pool.stats()
        });
        assert_eq!((stats.idle, stats.timed_out), (4, 0), "{kind:?}: {stats:?}");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    }
}

#[test]
fn server_that_restarts_under_load_is_found_again() {
    let Some(mut server) = Postgres::start(20) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    let pools = KINDS.map(|kind| pool(&server, &runtime, kind, 4));
    let crowds = pools.each_ref().map(|pool| crowd(&runtime, pool, 8));
    for how in [Shutdown::Fast, Shutdown::Immediate, Shutdown::Killed] {
        crowds.iter().for_each(|crowd| crowd.until(50, Outcome::Served, PATIENCE));
        server.stop(how);
        crowds.iter().for_each(|crowd| crowd.until(8, Outcome::NotCreated, PATIENCE));
        server.start_again();
        crowds.iter().for_each(|crowd| crowd.until(50, Outcome::Served, PATIENCE));
    }
    for tally in crowds.map(end) {
        assert_eq!(tally.count(Outcome::TimedOut), 0, "{}", tally.line());
    }
    for pool in pools {
        assert_usable(&runtime, &pool);
        runtime.block_on(pool.drain(Instant::now() + PATIENCE)).expect("nobody has a lease");
    }
    until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
}

/// Has tasks get while the server is stopped, and hands on what they are told before it is woken.
fn told_while_stopped(
    server: &Postgres,
    runtime: &Runtime,
    pool: &Pool,
) -> Vec<(Stage, Duration, Option<Arc<str>>)> {
    let paused = server.pause();
    let (sender, answers) = mpsc::channel();
    for _ in 0..12 {
        let (pool, sender) = (pool.clone(), sender.clone());
        runtime.spawn(async move { sender.send(pool.get().await.map(drop)) });
    }
    let told = (0..12).map(|_| {
        match answers.recv_timeout(PATIENCE).expect("an answer while the server is stopped") {
            Err(GetError::Timeout { stage, waited, last_error, .. }) => (stage, waited, last_error),
            other => panic!("{other:?}"),
        }
    });
    let told = told.collect();
    drop(paused);
    told
}

#[test]
fn getters_of_a_stopped_server_time_out_and_the_pool_recovers() {
    let Some(server) = Postgres::start(20) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    let wait = Duration::from_secs(1);
    // A create that nobody polls any more is kept, with its place, for so long.
    let create = Some(Duration::from_secs(5));
    for kind in KINDS {
        // A check that is given up before the getter's time is over, or with it.
        for check in [Some(Duration::from_millis(200)), None] {
            let pool = builder(&server, &runtime, kind)
                .max_open(4)
                .timeouts(Timeouts { wait: Some(wait), create, check })
                .build()
                .expect("the settings are sound");
            until("the pool is warm", PATIENCE, || runtime.block_on(pool.prewarm(3)).is_ok());
            let told = told_while_stopped(&server, &runtime, &pool);
            let least = wait - Duration::from_millis(5);
            assert!(told.iter().all(|(_, waited, _)| *waited >= least), "{kind:?}: {told:?}");
            let in_check = told.iter().filter(|(stage, ..)| *stage == Stage::Check).count();
            assert_eq!(in_check, if check.is_some() { 0 } else { 3 }, "{kind:?}: {told:?}");
            until("a get succeeds", PATIENCE, || runtime.block_on(pool.get()).is_ok());
            let stats = settle(&mut onlooker, NAME, || pool.stats());
            assert!(stats.timed_out >= 12 && stats.destroyed.broken >= 3, "{kind:?}: {stats:?}");
            drop(pool);
            until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
        }
    }
}

#[test]
fn create_at_a_stopped_server_ends_in_time() {
    let Some(server) = Postgres::start(20) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    let create = Some(Duration::from_millis(200));
    for kind in KINDS {
        let pool = builder(&server, &runtime, kind)
            .max_open(4)
            .timeouts(Timeouts { wait: Some(WAIT), create, check: None })
            .build()
            .expect("the settings are sound");
        let paused = server.pause();
        let got = runtime
            .block_on(async { timeout(PATIENCE, pool.get()).await })
            .expect("it has a limit");
        match got.map(drop) {
            Err(GetError::Timeout { stage: Stage::Create, waited, .. }) => {
                assert!(waited < WAIT, "{kind:?}: {waited:?}");
            }
            other => panic!("{kind:?}: {other:?}"),
        }
        // Its place is free again, and its connection was given up.
        until("nothing is being created", PATIENCE, || pool.stats().open == 0);
        drop(paused);
        assert_usable(&runtime, &pool);
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.created, stats.idle), (1, 1), "{kind:?}: {stats:?}");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    }
}

#[test]
fn full_server_is_an_error_of_the_getter_until_there_is_room() {
    // One of them for the onlooker.
    let Some(server) = Postgres::start(7) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    assert_eq!(onlooker.sessions(NAME), Some(0));
    for kind in KINDS {
        let others = Sessions { config: by_loopback(&server, "others") };
        let others = AsyncResourcePool::new(others);
        assert_eq!(runtime.block_on(others.prewarm(4)).expect("there is room for six"), 4);
        let pool = pool(&server, &runtime, kind, 4);
        let get = || runtime.block_on(pool.get());
        let one = get().expect("there is room for two");
        let other = get().expect("there is room for two");
        for _ in 0..3 {
            match get().map(drop) {
                Err(GetError::Create(SessionError::Postgres(error))) => {
                    assert_eq!(error.code(), Some(&SqlState::TOO_MANY_CONNECTIONS), "{error}");
                }
                other => panic!("{kind:?}: {other:?}"),
            }
        }
        let stats = pool.stats();
        assert_laws(&stats);
        assert_eq!((stats.open, stats.in_use, stats.create_failed), (2, 2, 3), "{stats:?}");
        // One that comes back is as good as new for those who come while there is no room.
        drop(one);
        assert_usable(&runtime, &pool);
        drop(others);
        until("the server has room", PATIENCE, || onlooker.sessions("others") == Some(0));
        let more: Vec<_> = (0..3).map(|_| get().expect("there is room")).collect();
        drop((other, more));
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!(stats.idle, 4, "{kind:?}");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    }
}

/// As for threads; and a session ends when its runtime comes to drop the connection.
#[test]
fn discarding_borrowers_open_few_more_than_the_maximum() {
    const TASKS: u64 = 4;
    let Some(server) = Postgres::start(40) else { return };
    let runtime = runtime();
    for kind in KINDS {
        let (pool, sampler) = (pool(&server, &runtime, kind, 4), sampler(&server));
        let crowd = TaskCrowd::new(runtime.handle(), TASKS as usize, {
            let pool = pool.clone();
            move |tally, _| {
                let pool = pool.clone();
                async move {
                    match get(&pool, &tally).await {
                        Ok(session) => {
                            Lease::discard(session);
                            Outcome::Served
                        }
                        Err(outcome) => outcome,
                    }
                }
            }
        });
        crowd.until(300, Outcome::Served, PATIENCE);
        let tally = end(crowd);
        assert_eq!(tally.count(Outcome::Served), tally.ended(), "{kind:?}: {}", tally.line());
        let highest = sampler.highest();
        assert!(highest <= 4 + 3 * TASKS, "{kind:?}: {highest} at once");
        let stats = settle(&mut Onlooker::new(&server), NAME, || pool.stats());
        assert_eq!(stats.destroyed.released, tally.ended(), "{kind:?}");
    }
}

/// A pool of one, so that whatever leaks gets to the next borrower.
fn pool_of_one(server: &Postgres, runtime: &Runtime) -> Pool {
    make_ledger(server);
    pool(server, runtime, Kind::Spawned, 1)
}

async fn rows(pool: &Pool) -> i64 {
    let session = pool.get().await.expect("the server is well");
    session.query_one("SELECT count(*) FROM ledger", &[]).await.expect("it is there").get(0)
}

const HALF_DONE: &str = "BEGIN; INSERT INTO ledger VALUES (7)";

#[test]
fn transaction_left_open_is_rolled_back() {
    let Some(server) = Postgres::start(10) else { return };
    let runtime = runtime();
    let pool = pool_of_one(&server, &runtime);
    runtime.block_on(async {
        let session = pool.get().await.expect("the server is well");
        session.batch_execute(HALF_DONE).await.expect("it may write");
        drop(session);
        assert_eq!(rows(&pool).await, 0);
    });
    assert_usable(&runtime, &pool);
    let stats = settle(&mut Onlooker::new(&server), NAME, || pool.stats());
    // It was rolled back on release, so that the session could be kept.
    assert_eq!((stats.created, stats.destroyed.total()), (1, 0));
}

#[test]
fn locks_of_a_transaction_left_open_go_though_nobody_borrows() {
    let Some(server) = Postgres::start(10) else { return };
    let runtime = runtime();
    let pool = pool_of_one(&server, &runtime);
    let mut onlooker = Onlooker::new(&server);
    runtime.block_on(async {
        let session = pool.get().await.expect("the server is well");
        session.batch_execute("BEGIN; LOCK TABLE ledger").await.expect("it may lock");
    });
    onlooker.execute("SET lock_timeout = '30s'").expect("it is a setting");
    onlooker.execute("BEGIN; LOCK TABLE ledger; COMMIT").expect("it is to be had");
    assert_usable(&runtime, &pool);
    assert_eq!(pool.stats().created, 1);
}

#[test]
fn failed_transaction_left_open_is_not_handed_out() {
    let Some(server) = Postgres::start(10) else { return };
    let runtime = runtime();
    let pool = pool_of_one(&server, &runtime);
    runtime.block_on(async {
        let session = pool.get().await.expect("the server is well");
        session.batch_execute(HALF_DONE).await.expect("it may write");
        session.batch_execute("SELECT 1 / 0").await.expect_err("it is no number");
        drop(session);
        assert_eq!(rows(&pool).await, 0);
    });
    assert_usable(&runtime, &pool);
    assert_eq!(pool.stats().destroyed.broken, 1);
}

#[test]
fn transaction_of_a_panicking_task_is_rolled_back() {
    let Some(server) = Postgres::start(10) else { return };
    let runtime = runtime();
    let pool = pool_of_one(&server, &runtime);
    let borrower = runtime.spawn({
        let pool = pool.clone();
        async move {
            let session = pool.get().await.expect("the server is well");
            session.batch_execute(HALF_DONE).await.expect("it may write");
            std::panic::resume_unwind(Box::new("planned"));
        }
    });
    let error = runtime.block_on(borrower).expect_err("it panics");
    assert_eq!(error.into_panic().downcast_ref(), Some(&"planned"));
    assert_eq!(runtime.block_on(rows(&pool)), 0);
    assert_usable(&runtime, &pool);
    assert_eq!(pool.stats().destroyed.panicked, 1);
}

#[test]
fn transaction_of_a_future_dropped_in_the_middle_of_a_query_is_rolled_back() {
    let Some(server) = Postgres::start(10) else { return };
    let runtime = runtime();
    make_ledger(&server);
    let mut onlooker = Onlooker::new(&server);
    for kind in KINDS {
        let check = Some(Duration::from_secs(1));
        let pool = builder(&server, &runtime, kind)
            .max_open(1)
            .timeouts(Timeouts { wait: Some(WAIT), create: None, check })
            .build()
            .expect("the settings are sound");
        let borrower = runtime.spawn({
            let pool = pool.clone();
            async move {
                let session = pool.get().await.expect("the server is well");
                session.batch_execute(HALF_DONE).await.expect("it may write");
                // Longer than anybody waits.
                session.batch_execute("SELECT pg_sleep(600); COMMIT").await
            }
        });
        until("the query has begun", PATIENCE, || onlooker.in_query(NAME, "pg_sleep") == Some(1));
        borrower.abort();
        runtime.block_on(borrower).expect_err("it was dropped");
        assert_eq!(runtime.block_on(rows(&pool)), 0, "{kind:?}");
        assert_usable(&runtime, &pool);
        // The query has not been waited for, and its session does not outlive it at the server.
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.created, stats.destroyed.broken), (2, 1), "{kind:?}");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    }
}

#[test]
fn what_borrowers_leave_in_a_session_is_cleared_away() {
    let Some(server) = Postgres::start(10) else { return };
    let runtime = runtime();
    let pool = pool_of_one(&server, &runtime);
    runtime.block_on(async {
        for (what, leave, is_gone) in LEFTOVERS {
            let session = pool.get().await.expect("the server is well");
            let left = session.batch_execute(leave).await;
            left.unwrap_or_else(|error| panic!("{what}: {error}"));
            drop(session);
            let session = pool.get().await.expect("the server is well");
            let row = session.query_one(*is_gone, &[]).await;
            let row = row.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(row.get::<_, bool>(0), "{what}");
        }
        // With one and the same session, whose own statements have stayed.
        let session = pool.get().await.expect("the server is well");
        let statement = session.prepare("SELECT $1::int8 + 1").await.expect("it is one");
        drop(session);
        let session = pool.get().await.expect("the server is well");
        let row = session.query_one(&statement, &[&1_i64]).await.expect("it is still there");
        assert_eq!(row.get::<_, i64>(0), 2);
    });
    assert_eq!((pool.stats().created, pool.stats().destroyed.total()), (1, 0));
}

/// Moves an amount from one to another in several steps, any of which may be its last.
async fn transfer(pool: &Pool, amount: i64) -> Result<(), Outcome> {
    let mut session = pool.get().await.map_err(|error| Outcome::from(&error))?;
    let broken = |_| Outcome::Broken;
    if amount % 2 == 0 {
        let transaction = session.transaction().await.map_err(broken)?;
        let statement = "INSERT INTO ledger VALUES ($1)";
        transaction.execute(statement, &[&amount]).await.map_err(broken)?;
        transaction.execute(statement, &[&-amount]).await.map_err(broken)?;
        transaction.commit().await.map_err(broken)
    } else {
        // By hand, as it should not be done: nothing ends it on the way out.
        session.batch_execute("BEGIN").await.map_err(broken)?;
        let insert = format!("INSERT INTO ledger VALUES ({amount})");
        session.batch_execute(&insert).await.map_err(broken)?;
        let insert = format!("INSERT INTO ledger VALUES (-{amount})");
        session.batch_execute(&insert).await.map_err(broken)?;
        session.batch_execute("COMMIT").await.map_err(broken)
    }
}

#[test]
fn futures_dropped_anywhere_neither_leak_a_transaction_nor_lose_a_place() {
    let Some(server) = Postgres::start(30) else { return };
    let runtime = runtime();
    make_ledger(&server);
    let mut onlooker = Onlooker::new(&server);
    for kind in KINDS {
        // A create that nobody polls any more is kept, with its place, for so long.
        let create = Some(Duration::from_secs(3));
        let pool = builder(&server, &runtime, kind)
            .max_open(4)
            .timeouts(Timeouts { wait: Some(WAIT), create, check: Some(CHECK) })
            .build()
            .expect("the settings are sound");
        let crowd = TaskCrowd::new(runtime.handle(), 16, {
            let pool = pool.clone();
            move |tally, number| {
                let pool = pool.clone();
                async move {
                    assert_laws(&pool.stats());
                    let amount = 1 + (number % 1000) as i64;
                    // Among them such as end before the get does, and creates in the middle.
                    if number % 64 == 0 {
                        if let Ok(lease) = pool.get().await {
                            Lease::discard(lease);
                        }
                    }
                    // From less than a get takes to more than a transfer does.
                    let limit = Duration::from_micros(50 << (number / 1000 % 10));
                    match timeout(limit, transfer(&pool, amount)).await {
                        Ok(Ok(())) => Outcome::Served,
                        Ok(Err(outcome)) => outcome,
                        Err(_) => {
                            tally.took(limit);
                            Outcome::Cancelled
                        }
                    }
                }
            }
        });
        crowd.until(2000, Outcome::Cancelled, PATIENCE);
        crowd.until(100, Outcome::Served, PATIENCE);
        let tally = end(crowd);
        let answered = tally.count(Outcome::Served) + tally.count(Outcome::Cancelled);
        assert_eq!(answered, tally.ended(), "{kind:?}: {}", tally.line());
        assert_usable(&runtime, &pool);
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!(stats.timed_out, 0, "{kind:?}: {stats:?}");
        let sum = runtime.block_on(async {
            let session = pool.get().await.expect("the server is well");
            let sum = "SELECT coalesce(sum(amount), 0)::int8 FROM ledger";
            session.query_one(sum, &[]).await.expect("it is there").get::<_, i64>(0)
        });
        assert_eq!(sum, 0, "{kind:?}: half of a transfer");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    }
}

#[test]
fn gets_dropped_in_the_middle_of_a_connect_lose_no_place() {
    let Some(server) = Postgres::start(20) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    for kind in KINDS {
        let pool = pool(&server, &runtime, kind, 2);
        let paused = server.pause();
        let getters: Vec<_> = (0..6)
            .map(|_| {
                let pool = pool.clone();
                runtime.spawn(async move { pool.get().await.map(drop) })
            })
            .collect();
        until("two are being created for six", PATIENCE, || {
            let stats = pool.stats();
            (stats.creating, stats.waiting) == (2, 6)
        });
        for getter in getters {
            getter.abort();
            runtime.block_on(getter).expect_err("it was dropped");
        }
        let stats = pool.stats();
        assert_laws(&stats);
        assert_eq!((stats.waiting, stats.creating), (0, 2), "{kind:?}");
        drop(paused);
        match kind {
            // They go on by themselves,
            Kind::Spawned => until("both are there", PATIENCE, || pool.stats().idle == 2),
            // or with those who come next.
            Kind::Polled => until("both are there", PATIENCE, || {
                let (one, other) = runtime.block_on(async { tokio::join!(pool.get(), pool.get()) });
                drop((one.expect("the server is well"), other.expect("the server is well")));
                pool.stats().idle == 2
            }),
        };
        assert_usable(&runtime, &pool);
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.created, stats.create_failed), (2, 0), "{kind:?}: {stats:?}");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    }
}

#[test]
fn drained_pool_leaves_no_session_at_the_server() {
    let Some(server) = Postgres::start(20) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    for round in 0..6 {
        let kind = KINDS[round % 2];
        let pool = pool(&server, &runtime, kind, 4);
        let crowd = crowd(&runtime, &pool, 8);
        crowd.until(50, Outcome::Served, PATIENCE);
        let drained = runtime.block_on(pool.drain(Instant::now() + PATIENCE));
        drained.expect("all leases come back");
        crowd.until(8, Outcome::Closed, PATIENCE);
        let tally = end(crowd);
        assert_eq!(tally.ended(), tally.count(Outcome::Served) + tally.count(Outcome::Closed));
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.open, stats.created), (0, stats.destroyed.total()), "{kind:?}");
    }
}

#[test]
fn pool_closed_in_the_middle_of_connects_leaves_no_session_at_the_server() {
    let Some(server) = Postgres::start(20) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    for kind in KINDS {
        let pool = pool(&server, &runtime, kind, 2);
        let paused = server.pause();
        let getter = runtime.spawn({
            let pool = pool.clone();
            async move { pool.get().await.map(drop) }
        });
        until("a session is being created", PATIENCE, || pool.stats().creating == 1);
        pool.close();
        let told = runtime
            .block_on(async { timeout(PATIENCE, getter).await })
            .expect("the server is stopped");
        assert!(matches!(told, Ok(Err(GetError::Closed))), "{kind:?}: {told:?}");
        let drained = runtime.block_on(pool.drain(Instant::now() + PATIENCE));
        drained.expect("the create was dropped");
        drop(paused);
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.open, stats.created), (0, 0), "{kind:?}: {stats:?}");
    }
}

#[test]
fn leases_outlive_their_runtime() {
    let Some(server) = Postgres::start(20) else { return };
    let mut onlooker = Onlooker::new(&server);
    for kind in KINDS {
        let runtime = runtime();
        let pool = pool(&server, &runtime, kind, 4);
        let leases = runtime.block_on(async {
            [pool.get().await, pool.get().await, pool.get().await].map(Result::unwrap)
        });
        let [one, other, last] = leases;
        drop(one);
        drop(runtime);
        // The connections were tasks of it.
        until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
        drop(other);
        Lease::discard(last);
        assert_laws(&pool.stats());
        pool.close();
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.open, stats.created), (0, 3), "{kind:?}: {stats:?}");
    }
}

#[test]
fn idle_sessions_come_back_after_a_massacre() {
    let Some(server) = Postgres::start(20) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    let pool = builder(&server, &runtime, Kind::Spawned)
        .max_open(6)
        .min_idle(3)
        .order(Order::Fifo)
        .build()
        .expect("the settings are sound");
    until("the pool is warm", PATIENCE, || onlooker.sessions(NAME) == Some(3));
    until("the pool knows", PATIENCE, || pool.stats().idle == 3);
    assert_eq!(onlooker.end_all(NAME), Some(3));
    until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    // The pool learns of it from the one who comes next, who gets a new one: those that have been
    // idle for longest are the dead ones.
    assert_usable(&runtime, &pool);
    until("the pool is warm again", PATIENCE, || {
        pool.stats().idle >= 3 && onlooker.sessions(NAME) == Some(pool.stats().idle)
    });
    let stats = settle(&mut onlooker, NAME, || pool.stats());
    assert_eq!((stats.destroyed.broken, stats.check_failed), (3, 3), "{stats:?}");
}

#[test]
fn sessions_end_at_the_server_when_they_have_been_idle_for_long() {
    let Some(server) = Postgres::start(20) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    for kind in KINDS {
        let pool = builder(&server, &runtime, kind)
            .idle_timeout(Duration::from_millis(300))
            .build()
            .expect("the settings are sound");
        runtime.block_on(pool.prewarm(4)).expect("the server is well");
        until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.open, stats.created, stats.destroyed.idle), (0, 4, 4), "{kind:?}");
    }
}

#[test]
fn sessions_end_at_the_server_when_they_are_old() {
    let Some(server) = Postgres::start(20) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    for kind in KINDS {
        let pool = builder(&server, &runtime, kind)
            .max_open(3)
            .max_lifetime(Duration::from_millis(500))
            .build()
            .expect("the settings are sound");
        let crowd = crowd(&runtime, &pool, 4);
        crowd.until(1, Outcome::Served, PATIENCE);
        let start = Instant::now();
        until("each has been replaced twice", PATIENCE, || pool.stats().destroyed.expired >= 6);
        until("those of the beginning have ended", PATIENCE, || {
            onlooker.older_than(NAME, start.elapsed()) == Some(0)
        });
        let tally = end(crowd);
        assert_eq!(tally.count(Outcome::Served), tally.ended(), "{kind:?}: {}", tally.line());
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    }
}
