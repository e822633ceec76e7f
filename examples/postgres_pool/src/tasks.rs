//! Tasks of tokio, over an `AsyncResourcePool` of the connections of the crate `tokio-postgres`.

use core::future::poll_fn;
use core::ops::{Deref, DerefMut};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::panic::resume_unwind;
use std::time::Instant;

use poolable::managed::{AsyncManager, AsyncResourcePool, Fate, GetError, Meta, Timeouts};
use tokio::task::AbortHandle;
use tokio_postgres::{Client, Config, Error, NoTls};

use crate::ledger::{self, ACCOUNTS, Paid, TOTAL, Transfer};
use crate::plan::{Job, Planned, Random, Tally};
use crate::session::{SWEEP, SessionError, judge};
use crate::threads::Outcome;
use crate::{BORROWERS, CONNECTIONS, Failure};

/// A client, and the task that talks to the server for it.
///
/// By itself that task goes on until all has been answered that was asked: for as long as a query
/// takes whose future was dropped. Here it ends with its client, and the connection with it.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    connection: AbortHandle,
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// Makes connections to one database.
#[derive(Debug)]
pub(crate) struct Postgres(pub(crate) Config);

impl AsyncManager for Postgres {
    type Resource = Session;
    type Error = SessionError;

    async fn create(&self) -> Result<Session, SessionError> {
        let (client, connection) = self.0.connect(NoTls).await?;
        // What it fails of, the next query is told too.
        let connection = tokio::spawn(async move { connection.await.unwrap_or_default() });
        Ok(Session { client, connection: connection.abort_handle() })
    }

    /// Runs when a connection is taken, however short it was idle; `timeouts.check` bounds it. The
    /// server answers in order: it is behind whatever a borrower asked and did not wait for.
    async fn check(&self, session: &mut Session, _: &Meta) -> Result<(), SessionError> {
        judge(&session.simple_query(SWEEP).await?)
    }

    /// Runs when a lease is dropped, and does not wait. But to poll a query once sends it: so a
    /// transaction that was left open ends now, with its locks, and not when somebody comes for the
    /// connection. (A `ROLLBACK` alone would have the server warn where there is none.) Whether it
    /// has, the check asks.
    fn on_release(&self, session: &mut Session, _: &Meta) -> Fate {
        if session.is_closed() {
            return Fate::Discard;
        }
        let rollback = pin!(session.batch_execute("BEGIN; ROLLBACK"));
        let _ = rollback.poll(&mut Context::from_waker(Waker::noop()));
        Fate::keep_unless_panicking()
    }
}

/// Lets tasks do so many jobs each.
pub(crate) async fn run(config: Config, jobs: u64) -> Result<Outcome, Failure> {
    let check = Some(Duration::from_secs(2));
    let pool = AsyncResourcePool::builder(Postgres(config))
        .max_open(CONNECTIONS)
        .timeouts(Timeouts { check, ..Timeouts::default() })
        // Connects then go on though their getters are dropped.
        .tokio()
        .build()?;
    let start = Instant::now();
    let tasks: Vec<_> =
        (1..=BORROWERS).map(|seed| tokio::spawn(work(pool.clone(), seed, jobs))).collect();
    let mut done = Tally::default();
    for task in tasks {
        done += task.await??;
    }
    let elapsed = start.elapsed();

    // Who has all of them at once has seen each checked.
    let mut all = Vec::new();
    while all.len() < CONNECTIONS {
        all.push(pool.get().await?);
    }
    drop(all);
    let at_rest = pool.stats();
    pool.drain(Instant::now() + Duration::from_secs(10)).await?;
    match pool.get().await {
        Err(GetError::Closed) => Ok(Outcome { done, elapsed, at_rest, at_end: pool.stats() }),
        _ => Err("a closed pool still lends".into()),
    }
}

/// Does so many jobs, each with a connection that is borrowed for it.
async fn work(pool: AsyncResourcePool<Postgres>, seed: u64, jobs: u64) -> Result<Tally, Failure> {
    let mut random = Random(seed);
    let mut tally = Tally { jobs, ..Tally::default() };
    for number in 0..jobs {
        let job = Job::nth(number + 7 * seed);
        let transfer = random.transfer();
        let patience = random.below(40);
        let pool = pool.clone();
        // As a server does with each request: in a task of its own, which may panic.
        let borrower = tokio::spawn(async move {
            let borrowing = borrow(&pool, job, transfer);
            match job {
                Job::Vanish => match polled(borrowing, patience).await {
                    Some(done) => done,
                    None => Ok(Tally { vanished: 1, ..Tally::default() }),
                },
                _ => borrowing.await,
            }
        });
        match borrower.await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(done) => tally += done?,
            Err(Ok(panic)) if panic.is::<Planned>() => tally.panicked += 1,
            Err(Ok(panic)) => resume_unwind(panic),
            Err(Err(error)) => return Err(error.into()),
        }
    }
    Ok(tally)
}

/// What a future comes to, unless it is pending so many times: it is dropped then, wherever it
/// stands.
async fn polled<F: Future>(future: F, mut patience: i64) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if patience == 0 => Poll::Ready(None),
        Poll::Pending => {
            patience -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Borrows a connection for one job.
async fn borrow(
    pool: &AsyncResourcePool<Postgres>,
    job: Job,
    transfer: Transfer,
) -> Result<Tally, Failure> {
    let mut client = pool.get().await?;
    let mut tally = Tally::default();
    match job {
        Job::Look => {
            let left: i64 = client.query_one(ledger::LEFTOVERS, &[]).await?.get(0);
            tally.inherited += u64::from(left > 0);
            client.query_one(ledger::BALANCE, &[&transfer.payer]).await?;
            client.query_one(ledger::BALANCE, &[&transfer.payee]).await?;
        }
        Job::AddUp => {
            let total: i64 = client.query_one(ledger::SUM, &[]).await?.get(0);
            if total != TOTAL {
                return Err(format!("all accounts came to {total}").into());
            }
        }
        Job::Pay | Job::Vanish => tally.count(pay(&mut client, transfer).await?),
        Job::PayNobody => {
            tally.count(pay(&mut client, Transfer { payee: ACCOUNTS + 1, ..transfer }).await?);
        }
        Job::Forget => {
            begin_to_pay(&client, transfer).await?;
            tally.forgot += 1;
        }
        Job::Litter => {
            client.batch_execute(ledger::LITTER).await?;
            tally.littered += 1;
        }
        Job::Panic => {
            begin_to_pay(&client, transfer).await?;
            // Prints no message.
            resume_unwind(Box::new(Planned));
        }
    }
    Ok(tally)
}

/// Moves money, all of it or none.
async fn pay(client: &mut Client, transfer: Transfer) -> Result<Paid, Error> {
    let mut pay = async || {
        // Its drop has the connection's task roll back: after an error, after a panic, and when
        // this future is dropped.
        let all = client.transaction().await?;
        for (account, amount) in transfer.deposits() {
            all.execute(ledger::DEPOSIT, &[&account, &amount]).await?;
        }
        let Transfer { payer, payee, amount } = transfer;
        all.execute(ledger::RECORD, &[&payer, &payee, &amount]).await?;
        all.commit().await
    };
    pay().await.map_or_else(Paid::by_error, |()| Ok(Paid::Yes))
}

/// A transaction by hand, as it should not be done: nothing ends it on the way out.
async fn begin_to_pay(client: &Client, transfer: Transfer) -> Result<(), Error> {
    client.batch_execute("BEGIN").await?;
    match client.execute(ledger::DEPOSIT, &[&transfer.payee, &transfer.amount]).await {
        Ok(_) => Ok(()),
        Err(error) => Paid::by_error(error).map(|_| ()),
    }
}
