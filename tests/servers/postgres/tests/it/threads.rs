//! Threads: the crate `postgres` under a `ResourcePool`.

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use poolable::managed::{
    CancelToken, GetError, Lease, Order, ResourcePool, ResourcePoolBuilder, Stage, Timeouts,
};
use poolable_postgres::threads::Sessions;
use poolable_postgres::{Onlooker, SessionError, by_socket};
use poolable_servers::{
    Crowd, Outcome, Postgres, Random, Sampler, Shutdown, Tally, assert_laws, until,
};
use postgres::Client;
use postgres::error::SqlState;

use super::{LEFTOVERS, PATIENCE, SLACK, assert_answer, make_ledger, question, settle};

/// What a pool here waits, if it says nothing else.
const WAIT: Duration = Duration::from_secs(10);
/// And what a session may take to answer.
const CHECK: Duration = Duration::from_secs(5);

const NAME: &str = "threads";

type Pool = ResourcePool<Sessions>;

fn builder(server: &Postgres) -> ResourcePoolBuilder<Sessions> {
    let config = by_socket(server, NAME).into();
    let timeouts = Timeouts { wait: Some(WAIT), ..Timeouts::default() };
    ResourcePool::builder(Sessions { config, patience: CHECK }).timeouts(timeouts)
}

fn pool(server: &Postgres, max_open: usize) -> Pool {
    builder(server).max_open(max_open).build().expect("the settings are sound")
}

/// Gets, and counts that.
fn get(pool: &Pool, tally: &Tally) -> Result<Lease<Client>, Outcome> {
    let start = Instant::now();
    let got = pool.get();
    tally.took(start.elapsed());
    got.map_err(|error| Outcome::from(&error))
}

/// Asks for a number and whether there is a transaction, and sees to it that this is the answer.
fn ask(client: &mut Client, number: i64) -> Result<(), postgres::Error> {
    client.query_one("SELECT $1::int8", &[&number]).map(|row| {
        assert_eq!(row.get::<_, i64>(0), number, "another's answer");
    })?;
    let answer = client.simple_query(&question(number))?;
    assert_answer(&answer, number);
    Ok(())
}

/// A turn of one who behaves.
fn borrow(pool: &Pool, tally: &Tally, random: &mut Random) -> Outcome {
    let mut client = match get(pool, tally) {
        Ok(client) => client,
        Err(outcome) => return outcome,
    };
    match ask(&mut client, random.below(1 << 40) as i64) {
        Ok(()) => Outcome::Served,
        Err(_) => Outcome::Broken,
    }
}

fn crowd(pool: &Pool, threads: usize) -> Crowd {
    let pool = pool.clone();
    Crowd::new(threads, move |tally, random| {
        assert_laws(&pool.stats());
        borrow(&pool, tally, random)
    })
}

/// Ends a crowd whose gets have all had their answers in time.
fn end(crowd: Crowd) -> std::sync::Arc<Tally> {
    let tally = crowd.end(PATIENCE);
    assert!(tally.longest() <= WAIT + CHECK + SLACK, "{}", tally.line());
    tally
}

/// Borrows all that there may be at once: each that is dead is found out, and another is made.
fn refresh(pool: &Pool) {
    let leases: Vec<_> = (0..4).map(|_| pool.get().expect("the server is well")).collect();
    drop(leases);
}

/// The highest number of sessions that the server has seen.
fn sampler(server: &Postgres) -> Sampler {
    let mut onlooker = Onlooker::new(server);
    Sampler::new(move || onlooker.sessions(NAME))
}

/// That the pool is as good as new.
fn assert_usable(pool: &Pool) {
    let mut client = pool.get().expect("the server is well");
    ask(&mut client, 7).expect("a session that passed its check answers");
}

#[test]
fn load_opens_no_more_than_it_may() {
    let Some(server) = Postgres::start(20) else { return };
    let (pool, sampler) = (pool(&server, 4), sampler(&server));
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
fn sessions_that_are_killed_under_load_are_replaced() {
    let Some(server) = Postgres::start(20) else { return };
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
    assert_eq!(tally.ended(), tally.count(Outcome::Served) + tally.count(Outcome::Broken));
    // Nobody gets a broken one twice for one kill.
    assert!(killed >= 20 && tally.count(Outcome::Broken) <= killed, "{killed}: {}", tally.line());
    // A kill takes its time to arrive.
    let stats = settle(&mut onlooker, NAME, || {
        refresh(&pool);
        pool.stats()
    });
    assert_eq!((stats.idle, stats.timed_out), (4, 0), "{stats:?}");
}

#[test]
fn server_that_restarts_under_load_is_found_again() {
    let Some(mut server) = Postgres::start(20) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = pool(&server, 4);
    let crowd = crowd(&pool, 8);
    for how in [Shutdown::Fast, Shutdown::Immediate, Shutdown::Killed] {
        crowd.until(50, Outcome::Served, PATIENCE);
        server.stop(how);
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
    let Some(server) = Postgres::start(20) else { return };
    let mut onlooker = Onlooker::new(&server);
    let wait = Duration::from_secs(1);
    let timeouts = Timeouts { wait: Some(wait), ..Timeouts::default() };
    let config = by_socket(&server, NAME).into();
    let pool = ResourcePool::builder(Sessions { config, patience: Duration::from_millis(200) })
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
            Err(GetError::Timeout { waited, last_error, .. }) => {
                assert!(waited >= wait, "{waited:?}");
                assert!(last_error.is_some(), "the checks that were not answered");
            }
            other => panic!("{other:?}"),
        }
    }
    let stats = pool.stats();
    assert_laws(&stats);
    assert_eq!((stats.timed_out, stats.check_failed, stats.idle), (12, 3, 0), "{stats:?}");
    // Those who come now are told at the same rate, by creates that are under way.
    match pool.get().map(drop) {
        Err(GetError::Timeout { stage, .. }) => {
            assert!(matches!(stage, Stage::Create | Stage::Wait))
        }
        other => panic!("{other:?}"),
    }
    drop(paused);
    // What was begun for those who have gone is not lost.
    until("a get succeeds", PATIENCE, || pool.get().is_ok());
    let stats = settle(&mut onlooker, NAME, || pool.stats());
    assert_eq!(stats.create_failed, 0, "{stats:?}");
}

#[test]
fn borrower_in_the_middle_of_a_pause_gets_its_answer_afterwards() {
    let Some(server) = Postgres::start(20) else { return };
    let pool = pool(&server, 1);
    let mut client = pool.get().expect("the server is well");
    let paused = server.pause();
    let asking = thread::spawn(move || ask(&mut client, 7).is_ok());
    until("somebody waits for the session", PATIENCE, || {
        matches!(
            pool.get_timeout(Duration::from_millis(50)),
            Err(GetError::Timeout { stage: Stage::Wait, .. })
        )
    });
    drop(paused);
    assert!(asking.join().expect("it did not panic"));
    assert_usable(&pool);
    assert_eq!(pool.stats().created, 1);
}

#[test]
fn full_server_is_an_error_of_the_getter_until_there_is_room() {
    // One of them for the onlooker.
    let Some(server) = Postgres::start(7) else { return };
    let mut onlooker = Onlooker::new(&server);
    assert_eq!(onlooker.sessions(NAME), Some(0));
    let others: Vec<Client> = (0..4)
        .map(|_| postgres::Config::from(by_socket(&server, "others")).connect(postgres::NoTls))
        .collect::<Result<_, _>>()
        .expect("there is room for six");
    let pool = pool(&server, 4);
    let one = pool.get().expect("there is room for two");
    let other = pool.get().expect("there is room for two");
    for _ in 0..3 {
        match pool.get().map(drop) {
            Err(GetError::Create(SessionError::Postgres(error))) => {
                assert_eq!(error.code(), Some(&SqlState::TOO_MANY_CONNECTIONS), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
    let stats = pool.stats();
    assert_laws(&stats);
    assert_eq!((stats.open, stats.in_use, stats.create_failed), (2, 2, 3), "{stats:?}");
    // One that comes back is as good as new for those who come while there is no room.
    drop(one);
    assert_usable(&pool);
    drop(others);
    until("the server has room", PATIENCE, || onlooker.sessions("others") == Some(0));
    let more: Vec<_> = (0..3).map(|_| pool.get().expect("there is room")).collect();
    drop((other, more));
    let stats = settle(&mut onlooker, NAME, || pool.stats());
    assert_eq!(stats.idle, 4);
}

#[test]
fn full_server_under_load_loses_nobody() {
    // One of them for the onlooker.
    let Some(server) = Postgres::start(7) else { return };
    let mut onlooker = Onlooker::new(&server);
    assert_eq!(onlooker.sessions(NAME), Some(0));
    let others = || -> Vec<Client> {
        let config = postgres::Config::from(by_socket(&server, "others"));
        core::iter::from_fn(|| config.connect(postgres::NoTls).ok()).collect()
    };
    let pool = pool(&server, 4);
    let crowd = crowd(&pool, 8);
    for _ in 0..5 {
        crowd.until(50, Outcome::Served, PATIENCE);
        // Whose places the others take, as soon as they get them.
        let mut taken = Vec::new();
        until("the others have all of it", PATIENCE, || {
            onlooker.end_all(NAME).expect("the server is well");
            taken.extend(others());
            taken.len() == 6
        });
        crowd.until(8, Outcome::NotCreated, PATIENCE);
        drop(taken);
    }
    crowd.until(50, Outcome::Served, PATIENCE);
    let tally = end(crowd);
    assert_eq!(tally.count(Outcome::TimedOut), 0, "{}", tally.line());
    let stats = settle(&mut onlooker, NAME, || {
        refresh(&pool);
        pool.stats()
    });
    assert_eq!(stats.idle, 4);
}

/// A place is free before its `destroy` has ended, and a server's process goes some time after its
/// client. So there may be more sessions for a moment: those that the threads are just discarding,
/// as many as there are threads, and those of their turns before that the server has not cleared
/// away yet.
#[test]
fn discarding_borrowers_open_few_more_than_the_maximum() {
    const THREADS: u64 = 4;
    let Some(server) = Postgres::start(40) else { return };
    let (pool, sampler) = (pool(&server, 4), sampler(&server));
    let crowd = Crowd::new(THREADS as usize, {
        let pool = pool.clone();
        move |tally, _| match get(&pool, tally) {
            Ok(client) => {
                Lease::discard(client);
                Outcome::Served
            }
            Err(outcome) => outcome,
        }
    });
    crowd.until(300, Outcome::Served, PATIENCE);
    let tally = end(crowd);
    assert_eq!(tally.count(Outcome::Served), tally.ended(), "{}", tally.line());
    let highest = sampler.highest();
    assert!(highest <= 4 + 3 * THREADS, "{highest} at once");
    let stats = settle(&mut Onlooker::new(&server), NAME, || pool.stats());
    assert_eq!(stats.destroyed.released, tally.ended());
}

/// A pool of one, so that whatever leaks gets to the next borrower.
fn pool_of_one(server: &Postgres) -> Pool {
    make_ledger(server);
    pool(server, 1)
}

fn rows(pool: &Pool) -> i64 {
    let mut client = pool.get().expect("the server is well");
    client.query_one("SELECT count(*) FROM ledger", &[]).expect("it is there").get(0)
}

#[test]
fn transaction_left_open_is_rolled_back() {
    let Some(server) = Postgres::start(10) else { return };
    let pool = pool_of_one(&server);
    let mut client = pool.get().expect("the server is well");
    client.batch_execute("BEGIN; INSERT INTO ledger VALUES (7)").expect("it may write");
    drop(client);
    assert_usable(&pool);
    assert_eq!(rows(&pool), 0);
    let stats = settle(&mut Onlooker::new(&server), NAME, || pool.stats());
    assert_eq!((stats.created, stats.check_failed, stats.destroyed.broken), (2, 1, 1));
}

#[test]
fn failed_transaction_left_open_is_not_handed_out() {
    let Some(server) = Postgres::start(10) else { return };
    let pool = pool_of_one(&server);
    let mut client = pool.get().expect("the server is well");
    client.batch_execute("BEGIN; INSERT INTO ledger VALUES (7)").expect("it may write");
    client.batch_execute("SELECT 1 / 0").expect_err("it is no number");
    drop(client);
    assert_usable(&pool);
    assert_eq!((rows(&pool), pool.stats().destroyed.broken), (0, 1));
}

#[test]
fn transaction_of_a_panicking_borrower_is_rolled_back() {
    let Some(server) = Postgres::start(10) else { return };
    let pool = pool_of_one(&server);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let mut client = pool.get().expect("the server is well");
        client.batch_execute("BEGIN; INSERT INTO ledger VALUES (7)").expect("it may write");
        resume_unwind(Box::new("planned"));
    }));
    assert!(panic.is_err_and(|panic| panic.downcast_ref() == Some(&"planned")));
    assert_usable(&pool);
    assert_eq!((rows(&pool), pool.stats().destroyed.panicked), (0, 1));
}

#[test]
fn locks_of_a_transaction_left_open_go_though_nobody_borrows() {
    let Some(server) = Postgres::start(10) else { return };
    let pool = pool_of_one(&server);
    let mut client = pool.get().expect("the server is well");
    client.batch_execute("BEGIN; LOCK TABLE ledger").expect("it may lock");
    drop(client);
    // Waits for the lock, and for as long as the server lets a session idle in a transaction.
    let mut onlooker = Onlooker::new(&server);
    onlooker.execute("SET lock_timeout = '30s'").expect("it is a setting");
    onlooker.execute("BEGIN; LOCK TABLE ledger; COMMIT").expect("it is to be had");
    assert_usable(&pool);
    assert_eq!(pool.stats().created, 2);
}

#[test]
fn what_borrowers_leave_in_a_session_is_cleared_away() {
    let Some(server) = Postgres::start(10) else { return };
    let pool = pool_of_one(&server);
    for (what, leave, is_gone) in LEFTOVERS {
        let mut client = pool.get().expect("the server is well");
        client.batch_execute(leave).unwrap_or_else(|error| panic!("{what}: {error}"));
        drop(client);
        let mut client = pool.get().expect("the server is well");
        let row = client.query_one(*is_gone, &[]).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(row.get::<_, bool>(0), "{what}");
    }
    let mut client = pool.get().expect("the server is well");
    client.batch_execute("SELECT nextval('numbers')").expect("it may count");
    drop(client);
    let mut client = pool.get().expect("the server is well");
    client.query_one("SELECT currval('numbers')", &[]).expect_err("it was another's");
    drop(client);
    // With one and the same session, whose own settings and statements have stayed.
    let mut client = pool.get().expect("the server is well");
    let row = client
        .query_one("SELECT current_setting('idle_in_transaction_session_timeout')", &[])
        .expect("it is a setting");
    assert_eq!(row.get::<_, &str>(0), "2s");
    drop(client);
    assert_eq!((pool.stats().created, pool.stats().destroyed.total()), (1, 0));
}

#[test]
fn prepared_statements_outlive_the_check() {
    let Some(server) = Postgres::start(10) else { return };
    let pool = pool_of_one(&server);
    let mut client = pool.get().expect("the server is well");
    let statement = client.prepare("SELECT $1::int8 + 1").expect("it is one");
    drop(client);
    let mut client = pool.get().expect("the server is well");
    let row = client.query_one(&statement, &[&1_i64]).expect("it is still there");
    assert_eq!(row.get::<_, i64>(0), 2);
}

#[test]
fn get_that_is_cancelled_in_the_middle_of_a_connect_wastes_none() {
    let Some(server) = Postgres::start(10) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = pool(&server, 2);
    let paused = server.pause();
    let token = CancelToken::new();
    let getter = thread::spawn({
        let (pool, token) = (pool.clone(), token.clone());
        move || pool.get_with(None, &token).map(drop)
    });
    until("a session is being created", PATIENCE, || pool.stats().creating == 1);
    token.cancel();
    until("the getter has been told", PATIENCE, || getter.is_finished());
    assert!(matches!(getter.join(), Ok(Err(GetError::Cancelled))));
    drop(paused);
    until("the session has come", PATIENCE, || pool.stats().idle == 1);
    let stats = settle(&mut onlooker, NAME, || pool.stats());
    assert_usable(&pool);
    assert_eq!((stats.created, pool.stats().created), (1, 1));
}

#[test]
fn drained_pool_leaves_no_session_at_the_server() {
    let Some(server) = Postgres::start(20) else { return };
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
        assert_eq!((stats.open, stats.idle, stats.created), (0, 0, stats.destroyed.total()));
    }
}

#[test]
fn pool_that_is_dropped_under_load_leaves_no_session_at_the_server() {
    let Some(server) = Postgres::start(20) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = pool(&server, 4);
    let leases: Vec<_> = (0..3).map(|_| pool.get().expect("the server is well")).collect();
    drop(pool);
    assert_eq!(onlooker.sessions(NAME), Some(3));
    drop(leases);
    until("all sessions have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
}

#[test]
fn idle_sessions_come_back_after_a_massacre() {
    let Some(server) = Postgres::start(20) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = builder(&server)
        .max_open(6)
        .min_idle(3)
        .order(Order::Fifo)
        .build()
        .expect("the settings are sound");
    until("the pool is warm", PATIENCE, || onlooker.sessions(NAME) == Some(3));
    assert_eq!(onlooker.end_all(NAME), Some(3));
    until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    // The pool learns of it from the one who comes next, who gets a new one: those that have been
    // idle for longest are the dead ones.
    assert_usable(&pool);
    until("the pool is warm again", PATIENCE, || {
        pool.stats().idle >= 3 && onlooker.sessions(NAME) == Some(pool.stats().idle)
    });
    let stats = settle(&mut onlooker, NAME, || pool.stats());
    assert_eq!((stats.destroyed.broken, stats.check_failed), (3, 3), "{stats:?}");
}

#[test]
fn sessions_end_at_the_server_when_they_have_been_idle_for_long() {
    let Some(server) = Postgres::start(20) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = builder(&server)
        .idle_timeout(Duration::from_millis(300))
        .build()
        .expect("the settings are sound");
    pool.prewarm(4).expect("the server is well");
    until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
    let stats = settle(&mut onlooker, NAME, || pool.stats());
    assert_eq!((stats.open, stats.created, stats.destroyed.idle), (0, 4, 4));
}

#[test]
fn sessions_end_at_the_server_when_they_are_old() {
    let Some(server) = Postgres::start(20) else { return };
    let mut onlooker = Onlooker::new(&server);
    let pool = builder(&server)
        .max_open(3)
        .min_idle(2)
        .max_lifetime(Duration::from_millis(500))
        .order(Order::Fifo)
        .build()
        .expect("the settings are sound");
    let crowd = crowd(&pool, 4);
    crowd.until(1, Outcome::Served, PATIENCE);
    let start = Instant::now();
    until("each has been replaced twice", PATIENCE, || pool.stats().destroyed.expired >= 6);
    until("those of the beginning have ended", PATIENCE, || {
        onlooker.older_than(NAME, start.elapsed()) == Some(0)
    });
    let tally = end(crowd);
    assert_eq!(tally.count(Outcome::Served), tally.ended(), "{}", tally.line());
    assert_laws(&pool.stats());
    drop(pool);
    until("all have ended", PATIENCE, || onlooker.sessions(NAME) == Some(0));
}
