//! Threads: the crate `redis` under a `ResourcePool`.

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use poolable::managed::{GetError, Lease, Order, ResourcePool, ResourcePoolBuilder, Timeouts};
use poolable_redis::Onlooker;
use poolable_redis::threads::Connections;
use poolable_servers::{Crowd, Outcome, Random, Redis, Sampler, Tally, assert_laws, until};
use redis::{Connection, RedisResult, cmd};

use super::{PATIENCE, SLACK, client, settle};

/// What a pool here waits, if it says nothing else.
const WAIT: Duration = Duration::from_secs(10);
/// And what the server may take for an answer, of which a check waits for three.
const ANSWER: Duration = Duration::from_secs(3);

const NAME: &str = "threads";

type Pool = ResourcePool<Connections>;

fn builder(server: &Redis, patience: Duration) -> ResourcePoolBuilder<Connections> {
    let manager = Connections { client: client(server), name: NAME.to_owned(), patience };
    let timeouts = Timeouts { wait: Some(WAIT), ..Timeouts::default() };
    ResourcePool::builder(manager).timeouts(timeouts)
}

fn pool(server: &Redis, max_open: usize) -> Pool {
    builder(server, ANSWER).max_open(max_open).build().expect("the settings are sound")
}

/// Gets, and counts that.
fn get(pool: &Pool, tally: &Tally) -> Result<Lease<Connection>, Outcome> {
    let start = Instant::now();
    let got = pool.get();
    tally.took(start.elapsed());
    got.map_err(|error| Outcome::from(&error))
}

/// Writes and reads a number, and sees to it that this is the answer.
fn ask(connection: &mut Connection, number: u64) -> RedisResult<()> {
    let key = format!("key:{number}");
    let set: String = cmd("SET").arg(&key).arg(number).query(connection)?;
    assert_eq!(set, "OK", "in a transaction");
    let (got, deleted): (u64, u64) =
        redis::pipe().cmd("GET").arg(&key).cmd("DEL").arg(&key).query(connection)?;
    assert_eq!((got, deleted), (number, 1), "another's answer");
    Ok(())
}

fn crowd(pool: &Pool, threads: usize) -> Crowd {
    let pool = pool.clone();
    Crowd::new(threads, move |tally: &Tally, random: &mut Random| {
        assert_laws(&pool.stats());
        let mut connection = match get(&pool, tally) {
            Ok(connection) => connection,
            Err(outcome) => return outcome,
        };
        match ask(&mut connection, random.below(1 << 40)) {
            Ok(()) => Outcome::Served,
            Err(_) => Outcome::Broken,
        }
    })
}

/// Ends a crowd whose gets have all had their answers in time.
fn end(crowd: Crowd) -> Arc<Tally> {
    let tally = crowd.end(PATIENCE);
    assert!(tally.longest() <= WAIT + 3 * ANSWER + SLACK, "{}", tally.line());
    tally
}

/// Borrows all that there may be at once: each that is dead is found out, and another is made.
fn refresh(pool: &Pool) {
    let leases: Vec<_> = (0..4).map(|_| pool.get().expect("the server is well")).collect();
    drop(leases);
}

/// That the pool is as good as new.
fn assert_usable(pool: &Pool) {
    let mut connection = pool.get().expect("the server is well");
    ask(&mut connection, 7).expect("a connection that passed its check answers");
}

#[test]
fn load_opens_no_more_than_it_may() {
    let Some(server) = Redis::start(50) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = pool(&server, 4);
    let sampler = Sampler::new(move || onlooker.connections(NAME));
    let crowd = crowd(&pool, 16);
    crowd.until(2000, Outcome::Served, PATIENCE);
    let tally = end(crowd);
    assert_eq!(tally.count(Outcome::Served), tally.ended(), "{}", tally.line());
    // Nothing was destroyed, so that not even for a moment there was one more.
    assert!(sampler.highest() <= 4);
    let stats = settle(&mut Onlooker::new(&server), NAME, || pool.stats());
    assert_eq!((stats.created, stats.idle, stats.destroyed.total()), (4, 4, 0));
}

#[test]
fn connections_that_are_killed_under_load_are_replaced() {
    let Some(server) = Redis::start(50) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = pool(&server, 4);
    let crowd = crowd(&pool, 8);
    let mut killed = 0;
    for _ in 0..20 {
        crowd.until(50, Outcome::Served, PATIENCE);
        killed += onlooker.end_all(NAME).expect("the server is well");
    }
    crowd.until(50, Outcome::Served, PATIENCE);
    let tally = end(crowd);
    // Nobody gets a broken one twice for one kill; a create may be killed as well, once it has told
    // the server its name.
    let harmed = tally.count(Outcome::Broken) + tally.count(Outcome::NotCreated);
    assert!(killed >= 20 && harmed <= killed, "{killed}: {}", tally.line());
    assert_eq!(tally.ended(), tally.count(Outcome::Served) + harmed, "{}", tally.line());
    let stats = settle(&mut onlooker, NAME, || {
        refresh(&pool);
        pool.stats()
    });
    assert_eq!((stats.idle, stats.timed_out), (4, 0), "{stats:?}");
}

#[test]
fn server_that_restarts_under_load_is_found_again() {
    let Some(mut server) = Redis::start(50) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = pool(&server, 4);
    let crowd = crowd(&pool, 8);
    for _ in 0..3 {
        crowd.until(50, Outcome::Served, PATIENCE);
        server.stop();
        crowd.until(8, Outcome::NotCreated, PATIENCE);
        server.start_again();
        crowd.until(50, Outcome::Served, PATIENCE);
    }
    let tally = end(crowd);
    assert_eq!(tally.count(Outcome::TimedOut), 0, "{}", tally.line());
    refresh(&pool);
    let stats = settle(&mut onlooker, NAME, || pool.stats());
    assert_eq!(stats.idle, 4);
}

#[test]
fn getters_of_a_stopped_server_time_out_and_the_pool_recovers() {
    let Some(server) = Redis::start(50) else { return };
    let mut onlooker = Onlooker::new(&server);
    let timeouts = Timeouts { wait: Some(Duration::from_secs(1)), ..Timeouts::default() };
    let pool = builder(&server, Duration::from_secs(2))
        .max_open(4)
        .timeouts(timeouts)
        .build()
        .expect("the settings are sound");
    until("the pool is warm", PATIENCE, || pool.prewarm(3).is_ok());
    let paused = server.pause();
    let (sender, answers) = mpsc::channel();
    for _ in 0..12 {
        let (pool, sender) = (pool.clone(), sender.clone());
        thread::spawn(move || sender.send(pool.get().map(drop)));
    }
    // It is not woken before all of them have been told.
    for _ in 0..12 {
        match answers.recv_timeout(PATIENCE).expect("an answer while the server is stopped") {
            Err(GetError::Timeout { .. } | GetError::Create(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    let stats = pool.stats();
    assert_laws(&stats);
    assert_eq!((stats.check_failed, stats.idle), (3, 0), "{stats:?}");
    drop(paused);
    until("a get succeeds", PATIENCE, || pool.get().is_ok());
    settle(&mut onlooker, NAME, || pool.stats());
    assert_usable(&pool);
}

#[test]
fn answer_that_comes_too_late_does_not_get_to_the_next_borrower() {
    let Some(server) = Redis::start(50) else { return };
    let pool = builder(&server, Duration::from_secs(1))
        .max_open(1)
        .build()
        .expect("the settings are sound");
    let mut connection = pool.get().expect("the server is well");
    cmd("SET").arg("mine").arg("secret").exec(&mut *connection).expect("the server is well");
    cmd("SET").arg("yours").arg("word").exec(&mut *connection).expect("the server is well");
    let paused = server.pause();
    let answer: RedisResult<String> = cmd("GET").arg("mine").query(&mut *connection);
    assert!(answer.is_err_and(|error| error.is_timeout()));
    drop((connection, paused));
    let mut connection = pool.get().expect("the server is well again");
    let answer: String = cmd("GET").arg("yours").query(&mut *connection).expect("it answers");
    assert_eq!(answer, "word");
}

#[test]
fn full_server_is_an_error_of_the_getter_until_there_is_room() {
    // One of them for the onlooker.
    let Some(server) = Redis::start(7) else { return };
    let mut onlooker = Onlooker::new(&server);
    assert_eq!(onlooker.connections(NAME), Some(0));
    let others: Vec<Connection> = (0..4)
        .map(|_| client(&server).get_connection())
        .collect::<Result<_, _>>()
        .expect("there is room for six");
    let pool = pool(&server, 4);
    let one = pool.get().expect("there is room for two");
    let other = pool.get().expect("there is room for two");
    for _ in 0..3 {
        let error = pool.get().map(drop).expect_err("there is no room for three");
        assert!(matches!(error, GetError::Create(_)), "{error}");
    }
    let stats = pool.stats();
    assert_laws(&stats);
    assert_eq!((stats.open, stats.in_use, stats.create_failed), (2, 2, 3), "{stats:?}");
    // One that comes back is as good as new for those who come while there is no room.
    drop(one);
    assert_usable(&pool);
    drop(others);
    let mut more = Vec::new();
    until("the server has room", PATIENCE, || {
        more.extend(pool.get());
        more.len() == 3
    });
    drop((other, more));
    assert_eq!(settle(&mut onlooker, NAME, || pool.stats()).idle, 4);
}

#[test]
fn transaction_left_open_is_not_handed_out() {
    let Some(server) = Redis::start(50) else { return };
    let pool = pool(&server, 1);
    let mut connection = pool.get().expect("the server is well");
    cmd("MULTI").exec(&mut *connection).expect("it may");
    cmd("SET").arg("key").arg("half").exec(&mut *connection).expect("it is queued");
    drop(connection);
    assert_usable(&pool);
    let mut connection = pool.get().expect("the server is well");
    let value: Option<String> = cmd("GET").arg("key").query(&mut *connection).expect("it answers");
    assert_eq!(value, None);
    drop(connection);
    let stats = settle(&mut Onlooker::new(&server), NAME, || pool.stats());
    assert_eq!((stats.created, stats.destroyed.broken), (2, 1));
}

#[test]
fn transaction_of_a_panicking_borrower_is_not_handed_out() {
    let Some(server) = Redis::start(50) else { return };
    let pool = pool(&server, 1);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let mut connection = pool.get().expect("the server is well");
        cmd("MULTI").exec(&mut *connection).expect("it may");
        resume_unwind(Box::new("planned"));
    }));
    assert!(panic.is_err_and(|panic| panic.downcast_ref() == Some(&"planned")));
    assert_usable(&pool);
    assert_eq!((pool.stats().created, pool.stats().destroyed.panicked), (2, 1));
}

#[test]
fn watched_keys_and_the_database_are_not_handed_on() {
    let Some(server) = Redis::start(50) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = pool(&server, 1);
    let mut connection = pool.get().expect("the server is well");
    cmd("WATCH").arg("key").exec(&mut *connection).expect("it may");
    drop(connection);
    onlooker.ask::<String>(cmd("SET").arg("key").arg("changed")).expect("the server is well");
    let mut connection = pool.get().expect("the server is well");
    let executed: Option<(u64,)> =
        redis::pipe().atomic().cmd("INCR").arg("count").query(&mut *connection).expect("it may");
    assert_eq!(executed, Some((1,)), "it was watched for another");
    cmd("SELECT").arg(5).exec(&mut *connection).expect("it may");
    drop(connection);
    let mut connection = pool.get().expect("the server is well");
    let value: String = cmd("GET").arg("key").query(&mut *connection).expect("it answers");
    assert_eq!(value, "changed");
    assert_eq!((pool.stats().created, pool.stats().destroyed.total()), (1, 0));
}

#[test]
fn drained_pool_leaves_no_connection_at_the_server() {
    let Some(server) = Redis::start(50) else { return };
    let mut onlooker = Onlooker::new(&server);
    for _ in 0..5 {
        let pool = pool(&server, 4);
        let crowd = crowd(&pool, 8);
        crowd.until(50, Outcome::Served, PATIENCE);
        pool.drain(Instant::now() + PATIENCE).expect("all leases come back");
        crowd.until(8, Outcome::Closed, PATIENCE);
        let tally = end(crowd);
        assert_eq!(tally.ended(), tally.count(Outcome::Served) + tally.count(Outcome::Closed));
        let stats = settle(&mut onlooker, NAME, || pool.stats());
        assert_eq!((stats.open, stats.created), (0, stats.destroyed.total()));
    }
}

#[test]
fn idle_connections_come_back_after_a_massacre_and_end_when_they_are_too_many() {
    let Some(server) = Redis::start(50) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = builder(&server, ANSWER)
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
    assert_usable(&pool);
    until("the pool is warm again", PATIENCE, || {
        pool.stats().idle >= 3 && onlooker.connections(NAME) == Some(pool.stats().idle)
    });
    pool.prewarm(6).expect("the server is well");
    until("those beyond three have ended", PATIENCE, || onlooker.connections(NAME) == Some(3));
    let stats = settle(&mut onlooker, NAME, || pool.stats());
    // A dead one may come of age before anybody has found it out.
    let (idle, broken) = (stats.destroyed.idle, stats.destroyed.broken);
    assert!(broken >= 1 && idle + broken >= 6, "{stats:?}");
}
