//! Tasks: the crate `redis` under an `AsyncResourcePool`, whose creates are tasks of their own or
//! are polled by the getters.
//!
//! The tests are threads outside of the runtime: they may wait for what happens in it.

use core::time::Duration;
use std::sync::{Arc, mpsc};
use std::time::Instant;

use poolable::managed::{
    AsyncResourcePool, AsyncResourcePoolBuilder, GetError, Lease, Order, Timeouts,
};
use poolable_redis::Onlooker;
use poolable_redis::tasks::Connections;
use poolable_servers::{Outcome, Redis, Sampler, Tally, TaskCrowd, assert_laws, until};
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, cmd};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::{PATIENCE, SLACK, client, settle};

/// What a pool here waits, if it says nothing else.
const WAIT: Duration = Duration::from_secs(10);
/// And what a check may take. A get ends at the former, checks and all.
const CHECK: Duration = Duration::from_secs(5);

/// What the server may take for an answer: the client never tells of some connections that ended.
const ANSWER: Duration = Duration::from_secs(3);

const NAME: &str = "tasks";

type Pool = AsyncResourcePool<Connections>;

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

fn builder(
    server: &Redis,
    runtime: &Runtime,
    kind: Kind,
    patience: Option<Duration>,
) -> AsyncResourcePoolBuilder<Connections> {
    let _runtime = runtime.enter();
    let manager = Connections { client: client(server), name: NAME.to_owned(), patience };
    let builder = AsyncResourcePool::builder(manager).timeouts(Timeouts {
        wait: Some(WAIT),
        create: None,
        check: Some(CHECK),
    });
    match kind {
        Kind::Spawned => builder.tokio(),
        Kind::Polled => builder,
    }
}

fn pool(server: &Redis, runtime: &Runtime, kind: Kind, max_open: usize) -> Pool {
    builder(server, runtime, kind, Some(ANSWER))
        .max_open(max_open)
        .build()
        .expect("the settings are sound")
}

/// Gets, and counts that.
async fn get(pool: &Pool, tally: &Tally) -> Result<Lease<MultiplexedConnection>, Outcome> {
    let start = Instant::now();
    let got = pool.get().await;
    tally.took(start.elapsed());
    got.map_err(|error| Outcome::from(&error))
}

/// Writes and reads a number, and sees to it that this is the answer.
async fn ask(connection: &mut MultiplexedConnection, number: u64) -> RedisResult<()> {
    let key = format!("key:{number}");
    let set: String = cmd("SET").arg(&key).arg(number).query_async(connection).await?;
    assert_eq!(set, "OK", "in a transaction");
    let mut rest = redis::pipe();
    rest.cmd("GET").arg(&key).cmd("DEL").arg(&key);
    let (got, deleted): (u64, u64) = rest.query_async(connection).await?;
    assert_eq!((got, deleted), (number, 1), "another's answer");
    Ok(())
}

fn crowd(runtime: &Runtime, pool: &Pool, tasks: usize) -> TaskCrowd {
    let pool = pool.clone();
    TaskCrowd::new(runtime.handle(), tasks, move |tally, number| {
        let pool = pool.clone();
        async move {
            assert_laws(&pool.stats());
            let mut connection = match get(&pool, &tally).await {
                Ok(connection) => connection,
                Err(outcome) => return outcome,
            };
            match ask(&mut connection, number).await {
                Ok(()) => Outcome::Served,
                Err(_) => Outcome::Broken,
            }
        }
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

/// That the pool is as good as new.
fn assert_usable(runtime: &Runtime, pool: &Pool) {
    runtime.block_on(async {
        let mut connection = pool.get().await.expect("the server is well");
        ask(&mut connection, 7).await.expect("a connection that passed its check answers");
    });
}

#[test]
fn load_opens_no_more_than_it_may() {
    let Some(server) = Redis::start(50) else { return };
    let runtime = runtime();
    for kind in KINDS {
        let mut onlooker = Onlooker::new(&server);
        let pool = pool(&server, &runtime, kind, 4);
        let sampler = Sampler::new(move || onlooker.connections(NAME));
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
        until("all have ended", PATIENCE, || onlooker.connections(NAME) == Some(0));
    }
}

#[test]
fn connections_that_are_killed_under_load_are_replaced() {
    let Some(server) = Redis::start(50) else { return };
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
        let harmed = tally.count(Outcome::Broken) + tally.count(Outcome::NotCreated);
        assert!(killed >= 20 && harmed <= killed, "{kind:?}, {killed}: {}", tally.line());
        assert_eq!(tally.ended(), tally.count(Outcome::Served) + harmed, "{}", tally.line());
        let stats = settle(&mut onlooker, NAME, || {
            refresh(&runtime, &pool);
            pool.stats()
        });
        assert_eq!((stats.idle, stats.timed_out), (4, 0), "{kind:?}: {stats:?}");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.connections(NAME) == Some(0));
    }
}

#[test]
fn server_that_restarts_under_load_is_found_again() {
    let Some(mut server) = Redis::start(50) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    let pools = KINDS.map(|kind| pool(&server, &runtime, kind, 4));
    let crowds = pools.each_ref().map(|pool| crowd(&runtime, pool, 8));
    for _ in 0..3 {
        crowds.iter().for_each(|crowd| crowd.until(50, Outcome::Served, PATIENCE));
        server.stop();
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
    until("all have ended", PATIENCE, || onlooker.connections(NAME) == Some(0));
}

#[test]
fn getters_of_a_stopped_server_time_out_and_the_pool_recovers() {
    // The client has no limit of its own here, nor below: the pool's are to be seen at work.
    let Some(server) = Redis::start(50) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    for kind in KINDS {
        let pool = builder(&server, &runtime, kind, None)
            .max_open(4)
            .timeouts(Timeouts {
                wait: Some(Duration::from_secs(1)),
                // A create that nobody polls any more is kept, with its place, for so long.
                create: Some(Duration::from_secs(5)),
                check: Some(Duration::from_millis(200)),
            })
            .build()
            .expect("the settings are sound");
        until("the pool is warm", PATIENCE, || runtime.block_on(pool.prewarm(3)).is_ok());
        let paused = server.pause();
        let (sender, answers) = mpsc::channel();
        for _ in 0..12 {
            let (pool, sender) = (pool.clone(), sender.clone());
            runtime.spawn(async move { sender.send(pool.get().await.map(drop)) });
        }
        // It is not woken before all of them have been told.
        for _ in 0..12 {
            match answers.recv_timeout(PATIENCE).expect("an answer while the server is stopped") {
                Err(GetError::Timeout { last_error, .. }) => {
                    assert!(last_error.is_some(), "{kind:?}: the checks that were not answered");
                }
                other => panic!("{kind:?}: {other:?}"),
            }
        }
        let stats = pool.stats();
        assert_laws(&stats);
        assert_eq!((stats.timed_out, stats.check_failed, stats.idle), (12, 3, 0), "{stats:?}");
        drop(paused);
        until("a get succeeds", PATIENCE, || runtime.block_on(pool.get()).is_ok());
        settle(&mut onlooker, NAME, || pool.stats());
        assert_usable(&runtime, &pool);
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.connections(NAME) == Some(0));
    }
}

#[test]
fn full_server_is_an_error_of_the_getter_until_there_is_room() {
    // One of them for the onlooker.
    let Some(server) = Redis::start(7) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    assert_eq!(onlooker.connections(NAME), Some(0));
    for kind in KINDS {
        let others: Vec<_> = (0..4)
            .map(|_| client(&server).get_connection())
            .collect::<Result<_, _>>()
            .expect("there is room for six");
        let pool = pool(&server, &runtime, kind, 4);
        let get = || runtime.block_on(pool.get());
        let one = get().expect("there is room for two");
        let other = get().expect("there is room for two");
        for _ in 0..3 {
            let error = get().map(drop).expect_err("there is no room for three");
            assert!(matches!(error, GetError::Create(_)), "{kind:?}: {error}");
        }
        let stats = pool.stats();
        assert_laws(&stats);
        assert_eq!((stats.open, stats.in_use, stats.create_failed), (2, 2, 3), "{stats:?}");
        // One that comes back is as good as new for those who come while there is no room.
        drop(one);
        assert_usable(&runtime, &pool);
        drop(others);
        let mut more = Vec::new();
        until("the server has room", PATIENCE, || {
            more.extend(get());
            more.len() == 3
        });
        drop((other, more));
        assert_eq!(settle(&mut onlooker, NAME, || pool.stats()).idle, 4, "{kind:?}");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.connections(NAME) == Some(0));
    }
}

#[test]
fn what_borrowers_leave_in_a_connection_is_not_handed_on() {
    let Some(server) = Redis::start(50) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    let pool = pool(&server, &runtime, Kind::Spawned, 1);
    runtime.block_on(async {
        let mut connection = pool.get().await.expect("the server is well");
        cmd("MULTI").exec_async(&mut *connection).await.expect("it may");
        cmd("SET").arg("key").arg("half").exec_async(&mut *connection).await.expect("it is queued");
    });
    assert_usable(&runtime, &pool);
    assert_eq!((pool.stats().created, pool.stats().destroyed.broken), (2, 1));

    let borrower = runtime.spawn({
        let pool = pool.clone();
        async move {
            let mut connection = pool.get().await.expect("the server is well");
            cmd("MULTI").exec_async(&mut *connection).await.expect("it may");
            std::panic::resume_unwind(Box::new("planned"));
        }
    });
    runtime.block_on(borrower).expect_err("it panics");
    assert_usable(&runtime, &pool);
    assert_eq!((pool.stats().created, pool.stats().destroyed.panicked), (3, 1));

    runtime.block_on(async {
        let mut connection = pool.get().await.expect("the server is well");
        cmd("WATCH").arg("key").exec_async(&mut *connection).await.expect("it may");
        cmd("SELECT").arg(5).exec_async(&mut *connection).await.expect("it may");
    });
    onlooker.ask::<String>(cmd("SET").arg("key").arg("changed")).expect("the server is well");
    runtime.block_on(async {
        let mut connection = pool.get().await.expect("the server is well");
        let mut both = redis::pipe();
        both.atomic().cmd("INCR").arg("count").cmd("GET").arg("key");
        let executed: Option<(u64, Option<String>)> =
            both.query_async(&mut *connection).await.expect("it may");
        let expected = Some((1, Some("changed".to_owned())));
        assert_eq!(executed, expected, "watched for another, or another's database");
    });
    assert_eq!(pool.stats().created, 3);
}

#[test]
fn future_dropped_in_a_call_that_blocks_costs_the_next_one_a_check() {
    let Some(server) = Redis::start(50) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    for kind in KINDS {
        let pool = builder(&server, &runtime, kind, None)
            .max_open(1)
            .timeouts(Timeouts {
                wait: Some(WAIT),
                create: None,
                check: Some(Duration::from_secs(1)),
            })
            .build()
            .expect("the settings are sound");
        let borrower = runtime.spawn({
            let pool = pool.clone();
            async move {
                let mut connection = pool.get().await.expect("the server is well");
                // For ever.
                cmd("BLPOP").arg("list").arg(0).exec_async(&mut *connection).await
            }
        });
        until("the call has begun", PATIENCE, || onlooker.at(NAME, "blpop") == Some(1));
        borrower.abort();
        runtime.block_on(borrower).expect_err("it was dropped");
        assert_usable(&runtime, &pool);
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.created, stats.destroyed.broken), (2, 1), "{kind:?}");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.connections(NAME) == Some(0));
    }
}

#[test]
fn futures_dropped_anywhere_neither_mix_up_answers_nor_lose_a_place() {
    let Some(server) = Redis::start(100) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    for kind in KINDS {
        // A create that nobody polls any more is kept, with its place, for so long.
        let create = Some(Duration::from_secs(3));
        let pool = builder(&server, &runtime, kind, Some(ANSWER))
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
                    if number % 64 == 0 {
                        if let Ok(lease) = pool.get().await {
                            Lease::discard(lease);
                        }
                    }
                    let turn = async {
                        let mut connection = get(&pool, &tally).await?;
                        ask(&mut connection, number).await.map_err(|_| Outcome::Broken)
                    };
                    // From less than a get takes to more than a turn does.
                    let limit = Duration::from_micros(50 << (number / 64 % 10));
                    match timeout(limit, turn).await {
                        Ok(Ok(())) => Outcome::Served,
                        Ok(Err(outcome)) => outcome,
                        Err(_) => Outcome::Cancelled,
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
        settle(&mut onlooker, NAME, || pool.stats());
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.connections(NAME) == Some(0));
    }
}

#[test]
fn gets_dropped_in_the_middle_of_a_connect_lose_no_place() {
    let Some(server) = Redis::start(50) else { return };
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
        assert_laws(&pool.stats());
        drop(paused);
        let leases = runtime.block_on(async { tokio::join!(pool.get(), pool.get()) });
        drop((leases.0.expect("the server is well"), leases.1.expect("the server is well")));
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.created, stats.create_failed), (2, 0), "{kind:?}: {stats:?}");
        drop(pool);
        until("all have ended", PATIENCE, || onlooker.connections(NAME) == Some(0));
    }
}

#[test]
fn drained_pool_leaves_no_connection_at_the_server() {
    let Some(server) = Redis::start(50) else { return };
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
fn idle_connections_come_back_after_a_massacre_and_end_when_they_are_too_many() {
    let Some(server) = Redis::start(50) else { return };
    let runtime = runtime();
    let mut onlooker = Onlooker::new(&server);
    let pool = builder(&server, &runtime, Kind::Spawned, Some(ANSWER))
        .max_open(6)
        .min_idle(3)
        .order(Order::Fifo)
        .idle_timeout(Duration::from_millis(300))
        .build()
        .expect("the settings are sound");
    until("the pool is warm", PATIENCE, || onlooker.connections(NAME) == Some(3));
    until("the pool knows", PATIENCE, || pool.stats().idle == 3);
    assert_eq!(onlooker.end_all(NAME), Some(3));
    until("all have ended", PATIENCE, || onlooker.connections(NAME) == Some(0));
    assert_usable(&runtime, &pool);
    until("the pool is warm again", PATIENCE, || {
        pool.stats().idle >= 3 && onlooker.connections(NAME) == Some(pool.stats().idle)
    });
    runtime.block_on(pool.prewarm(6)).expect("the server is well");
    until("those beyond three have ended", PATIENCE, || onlooker.connections(NAME) == Some(3));
    let stats = settle(&mut onlooker, NAME, || pool.stats());
    // A dead one may come of age before anybody has found it out.
    let (idle, broken) = (stats.destroyed.idle, stats.destroyed.broken);
    assert!(broken >= 1 && idle + broken >= 6, "{stats:?}");
}
