//! Threads, over a `ResourcePool` of the connections of the crate `postgres`.

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::{catch_unwind, resume_unwind};
use std::thread;
use std::time::Instant;

use poolable::managed::{Fate, GetError, Manager, Meta, ResourcePool, Stats};
use postgres::{Client, Config, Error, NoTls};

use crate::ledger::{self, ACCOUNTS, Paid, TOTAL, Transfer};
use crate::plan::{Job, Planned, Random, Tally};
use crate::session::{SWEEP, SessionError, judge};
use crate::{BORROWERS, CONNECTIONS, Failure};

/// Makes connections to one database.
#[derive(Debug)]
pub(crate) struct Postgres(pub(crate) Config);

impl Manager for Postgres {
    type Resource = Client;
    type Error = SessionError;

    fn create(&self) -> Result<Client, SessionError> {
        // With a `connect_timeout`, as `Server::config` sets: nothing else ends a connect.
        Ok(self.0.connect(NoTls)?)
    }

    /// Runs when a connection is taken, however short it was idle.
    fn check(&self, client: &mut Client, _: &Meta) -> Result<(), SessionError> {
        // The pool cannot interrupt a check, and this is the one question of the client's that
        // knows a time. When it is answered the server is there, and the next answer at hand.
        client.is_valid(Duration::from_secs(2))?;
        judge(&client.simple_query(SWEEP)?)
    }

    /// Runs when a lease is dropped, so it asks nobody. The client knows whether the connection has
    /// gone; whether a transaction is open it does not know.
    fn on_release(&self, client: &mut Client, _: &Meta) -> Fate {
        if client.is_closed() { Fate::Discard } else { Fate::keep_unless_panicking() }
    }
}

/// What is known of a pool at its end.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) done: Tally,
    pub(crate) elapsed: Duration,
    /// When the borrowers had ended and the pool was full again.
    pub(crate) at_rest: Stats,
    /// When it had been drained.
    pub(crate) at_end: Stats,
}

/// Lets threads do so many jobs each.
pub(crate) fn run(config: Config, jobs: u64) -> Result<Outcome, Failure> {
    let pool = ResourcePool::builder(Postgres(config)).max_open(CONNECTIONS).build()?;
    let start = Instant::now();
    let done = thread::scope(|scope| {
        let pool = &pool;
        let threads: Vec<_> =
            (1..=BORROWERS).map(|seed| scope.spawn(move || work(pool, seed, jobs))).collect();
        threads.into_iter().try_fold(Tally::default(), |mut sum, thread| {
            sum += thread.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            Ok::<_, Failure>(sum)
        })
    })?;
    let elapsed = start.elapsed();

    // Who has all of them at once has seen each checked.
    let all: Vec<_> = (0..CONNECTIONS).map(|_| pool.get()).collect::<Result<_, _>>()?;
    drop(all);
    let at_rest = pool.stats();
    pool.drain(Instant::now() + Duration::from_secs(10))?;
    match pool.get() {
        Err(GetError::Closed) => Ok(Outcome { done, elapsed, at_rest, at_end: pool.stats() }),
        _ => Err("a closed pool still lends".into()),
    }
}

/// Does so many jobs, each with a connection that is borrowed for it.
fn work(pool: &ResourcePool<Postgres>, seed: u64, jobs: u64) -> Result<Tally, Failure> {
    let mut random = Random(seed);
    let mut tally = Tally { jobs, ..Tally::default() };
    for number in 0..jobs {
        // As a server does around each request. The lease drops on the way.
        let job = Job::nth(number + 7 * seed);
        match catch_unwind(AssertUnwindSafe(|| borrow(pool, job, &mut random))) {
            Ok(done) => tally += done?,
            Err(panic) if panic.is::<Planned>() => tally.panicked += 1,
            Err(panic) => resume_unwind(panic),
        }
    }
    Ok(tally)
}

/// Borrows a connection for one job.
fn borrow(pool: &ResourcePool<Postgres>, job: Job, random: &mut Random) -> Result<Tally, Failure> {
    let mut client = pool.get()?;
    let transfer = random.transfer();
    let mut tally = Tally::default();
    match job {
        Job::Look => {
            tally.inherited += u64::from(leftovers(&mut client)? > 0);
            client.query_one(ledger::BALANCE, &[&transfer.payer])?;
            client.query_one(ledger::BALANCE, &[&transfer.payee])?;
        }
        Job::AddUp => {
            let total: i64 = client.query_one(ledger::SUM, &[])?.get(0);
            if total != TOTAL {
                return Err(format!("all accounts came to {total}").into());
            }
        }
        Job::Pay | Job::Vanish => tally.count(pay(&mut client, transfer)?),
        Job::PayNobody => {
            tally.count(pay(&mut client, Transfer { payee: ACCOUNTS + 1, ..transfer })?);
        }
        Job::Forget => {
            begin_to_pay(&mut client, transfer)?;
            tally.forgot += 1;
        }
        Job::Litter => {
            client.batch_execute(ledger::LITTER)?;
            tally.littered += 1;
        }
        Job::Panic => {
            begin_to_pay(&mut client, transfer)?;
            // Prints no message.
            resume_unwind(Box::new(Planned));
        }
    }
    Ok(tally)
}

/// Moves money, all of it or none.
fn pay(client: &mut Client, transfer: Transfer) -> Result<Paid, Error> {
    let mut pay = || {
        // Its drop rolls back, after an error as after a panic.
        let mut all = client.transaction()?;
        for (account, amount) in transfer.deposits() {
            all.execute(ledger::DEPOSIT, &[&account, &amount])?;
        }
        let Transfer { payer, payee, amount } = transfer;
        all.execute(ledger::RECORD, &[&payer, &payee, &amount])?;
        all.commit()
    };
    pay().map_or_else(Paid::by_error, |()| Ok(Paid::Yes))
}

/// A transaction by hand, as it should not be done: nothing ends it on the way out.
fn begin_to_pay(client: &mut Client, transfer: Transfer) -> Result<(), Error> {
    client.batch_execute("BEGIN")?;
    match client.execute(ledger::DEPOSIT, &[&transfer.payee, &transfer.amount]) {
        Ok(_) => Ok(()),
        Err(error) => Paid::by_error(error).map(|_| ()),
    }
}

/// How many things another borrower left behind.
pub(crate) fn leftovers(client: &mut Client) -> Result<i64, Error> {
    let found: i64 = client.query_one(ledger::LEFTOVERS, &[])?.get(0);
    Ok(found)
}
