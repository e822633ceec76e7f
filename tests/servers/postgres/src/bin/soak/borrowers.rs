//! Those who borrow: most behave, and some do not when it is their turn.

use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;

use poolable::managed::{AsyncResourcePool, Lease, ResourcePool};
use poolable_postgres::{tasks, threads};
use poolable_servers::{Outcome, Random, Tally};
use tokio::time::timeout;
use tokio_postgres::SimpleQueryMessage;

/// How many of the next borrowers do what they should not.
#[derive(Debug, Default)]
pub(crate) struct Mischief {
    /// Leave a transaction open, with half of what should be in it.
    pub(crate) leaks: AtomicU32,
    /// Panic there.
    pub(crate) panics: AtomicU32,
    /// Have no time, and go wherever they are; threads get with little time instead.
    pub(crate) drops: AtomicU32,
}

#[derive(Clone, Copy)]
enum Act {
    Ask,
    Transfer,
    Leak,
    Panic,
    Drop,
}

/// What the planned panics carry, to tell them from others.
struct Planned;

impl Mischief {
    fn act(&self, lot: u64) -> Act {
        // Relaxed: each of the counts is for itself.
        let take = |left: &AtomicU32| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .is_ok()
        };
        if take(&self.leaks) {
            Act::Leak
        } else if take(&self.panics) {
            Act::Panic
        } else if take(&self.drops) {
            Act::Drop
        } else if lot % 5 == 0 {
            Act::Transfer
        } else {
            Act::Ask
        }
    }
}

/// A time that ends anywhere: from less than a get takes to more than a transfer does.
fn little(lot: u64) -> Duration {
    Duration::from_micros(50 << (lot % 10))
}

const LEAK: &str = "BEGIN; INSERT INTO ledger VALUES (7)";

/// The second half undoes the first, so that the sum tells whether there is half of one.
fn transfer(amount: u64) -> [String; 2] {
    [
        format!("INSERT INTO ledger VALUES ({amount})"),
        format!("INSERT INTO ledger VALUES (-{amount})"),
    ]
}

/// A question whose answer nobody else can have got, and which tells of a transaction.
fn question(number: u64) -> String {
    format!("SELECT {number}, now() = statement_timestamp()")
}

/// What becomes of the answer.
fn judge(answer: &[SimpleQueryMessage], number: u64) -> Outcome {
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((row.get(0)?, row.get(1)?)),
        _ => None,
    });
    assert_eq!(row, Some((&*number.to_string(), "t")), "another's answer, or a transaction");
    Outcome::Served
}

/// A turn of a thread.
pub(crate) fn thread(
    pool: &ResourcePool<threads::Sessions>,
    mischief: &Mischief,
    tally: &Tally,
    random: &mut Random,
) -> Outcome {
    let lot = random.below(1 << 40);
    let act = mischief.act(lot);
    let turn = || -> Result<Outcome, Outcome> {
        let start = Instant::now();
        let got = match act {
            Act::Drop => pool.get_timeout(little(lot)),
            _ => pool.get(),
        };
        tally.took(start.elapsed());
        let mut client = got.map_err(|error| Outcome::from(&error))?;
        let broken = |_| Outcome::Broken;
        match act {
            Act::Ask | Act::Drop => {
                let answer = client.simple_query(&question(lot)).map_err(broken)?;
                Ok(judge(&answer, lot))
            }
            Act::Transfer => {
                let mut transaction = client.transaction().map_err(broken)?;
                for half in transfer(lot) {
                    transaction.batch_execute(&half).map_err(broken)?;
                }
                transaction.commit().map_err(broken)?;
                Ok(Outcome::Served)
            }
            Act::Leak => client.batch_execute(LEAK).map(|()| Outcome::Served).map_err(broken),
            Act::Panic => {
                client.batch_execute(LEAK).map_err(broken)?;
                resume_unwind(Box::new(Planned));
            }
        }
    };
    match catch_unwind(AssertUnwindSafe(turn)) {
        Ok(ended) => ended.unwrap_or_else(|outcome| outcome),
        Err(panic) if panic.is::<Planned>() => Outcome::Served,
        Err(panic) => resume_unwind(panic),
    }
}

/// A turn of a task.
pub(crate) async fn task(
    pool: AsyncResourcePool<tasks::Sessions>,
    mischief: Arc<Mischief>,
    tally: Arc<Tally>,
    lot: u64,
) -> Outcome {
    let act = mischief.act(lot);
    let turn = async move {
        let start = Instant::now();
        let got = pool.get().await;
        tally.took(start.elapsed());
        let session = got.map_err(|error| Outcome::from(&error))?;
        work(session, act, lot).await
    };
    let ended = match act {
        Act::Drop => match timeout(little(lot), turn).await {
            Ok(ended) => ended,
            Err(_) => Err(Outcome::Cancelled),
        },
        // In a task of its own, which contains it.
        Act::Panic => match tokio::spawn(turn).await {
            Ok(ended) => ended,
            Err(error) => match error.into_panic() {
                panic if panic.is::<Planned>() => Ok(Outcome::Served),
                panic => resume_unwind(panic),
            },
        },
        _ => turn.await,
    };
    ended.unwrap_or_else(|outcome| outcome)
}

async fn work(mut session: Lease<tasks::Session>, act: Act, lot: u64) -> Result<Outcome, Outcome> {
    let broken = |_| Outcome::Broken;
    match act {
        Act::Ask => {
            let answer = session.simple_query(&question(lot)).await.map_err(broken)?;
            return Ok(judge(&answer, lot));
        }
        Act::Transfer => {
            let transaction = session.transaction().await.map_err(broken)?;
            for half in transfer(lot) {
                transaction.batch_execute(&half).await.map_err(broken)?;
            }
            transaction.commit().await.map_err(broken)?;
        }
        // By hand: nothing ends it on the way out.
        Act::Drop => {
            session.batch_execute("BEGIN").await.map_err(broken)?;
            for half in transfer(lot) {
                session.batch_execute(&half).await.map_err(broken)?;
            }
            session.batch_execute("COMMIT").await.map_err(broken)?;
        }
        Act::Leak => session.batch_execute(LEAK).await.map_err(broken)?,
        Act::Panic => {
            session.batch_execute(LEAK).await.map_err(broken)?;
            resume_unwind(Box::new(Planned));
        }
    }
    Ok(Outcome::Served)
}
