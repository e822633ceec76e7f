//! The same in small, and what becomes of what a borrower leaves behind.

use core::panic::AssertUnwindSafe;
use core::pin::pin;
use core::task::{Context, Waker};
use std::panic::{catch_unwind, resume_unwind};
use std::sync::LazyLock;

use poolable::managed::{AsyncResourcePool, Lease, ResourcePool};

use super::*;

/// A server for all tests, unless there is none and they may do without. It ends with the process.
fn server() -> Result<Option<&'static Server>, Failure> {
    static SERVER: LazyLock<Result<Option<Server>, Failure>> = LazyLock::new(Server::find);
    match &*SERVER {
        Ok(Some(server)) => Ok(Some(server)),
        Ok(None) => {
            report("skipped: a test needs PostgreSQL, or a DATABASE_URL");
            assert!(!is_required(), "POOLABLE_REQUIRE is 1, and there is no PostgreSQL");
            Ok(None)
        }
        Err(error) => Err(error.to_string().into()),
    }
}

/// Has tasks do what a test wants of a server.
fn in_tasks(test: impl AsyncFnOnce(&Server) -> Result<(), Failure>) -> Result<(), Failure> {
    let Some(server) = server()? else { return Ok(()) };
    Builder::new_current_thread().enable_all().build()?.block_on(test(server))
}

/// A pool of one connection, so that whatever leaks gets to the next borrower.
fn pool_of_one(server: &Server) -> Result<ResourcePool<threads::Postgres>, Failure> {
    let manager = threads::Postgres(server.config("one").into());
    Ok(ResourcePool::builder(manager).max_open(1).build()?)
}

fn async_pool_of_one(server: &Server) -> Result<AsyncResourcePool<tasks::Postgres>, Failure> {
    let manager = tasks::Postgres(server.config("one"));
    Ok(AsyncResourcePool::builder(manager).max_open(1).tokio().build()?)
}

#[test]
fn money_is_kept_by_threads_and_tasks() -> Result<(), Failure> {
    if let Some(server) = server()? {
        assert_eq!(trials(server, 100)?, <[String; 0]>::default());
    }
    Ok(())
}

#[test]
fn transaction_left_open_by_a_thread_is_rolled_back() -> Result<(), Failure> {
    let Some(server) = server()? else { return Ok(()) };
    let pool = pool_of_one(server)?;
    pool.get()?.batch_execute("BEGIN")?;
    let client = pool.get()?;
    assert_eq!(Lease::meta(&client).id, 2);
    assert_eq!((pool.stats().check_failed, pool.stats().destroyed.broken), (1, 1));
    Ok(())
}

#[test]
fn failed_transaction_of_a_thread_does_not_reach_the_next() -> Result<(), Failure> {
    let Some(server) = server()? else { return Ok(()) };
    let pool = pool_of_one(server)?;
    pool.get()?.batch_execute("BEGIN; SELECT 1 / 0").expect_err("there is no such number");
    pool.get()?.batch_execute("SELECT 1")?;
    assert_eq!(pool.stats().check_failed, 1);
    Ok(())
}

#[test]
fn session_of_a_thread_is_swept() -> Result<(), Failure> {
    let Some(server) = server()? else { return Ok(()) };
    let pool = pool_of_one(server)?;
    pool.get()?.batch_execute(ledger::LITTER)?;
    let mut client = pool.get()?;
    assert_eq!((Lease::meta(&client).id, threads::leftovers(&mut client)?), (1, 0));
    let path: String = client.query_one("SHOW search_path", &[])?.get(0);
    assert_eq!(path, "postgres_pool");
    Ok(())
}

#[test]
fn connection_of_a_thread_that_panicked_is_closed() -> Result<(), Failure> {
    let Some(server) = server()? else { return Ok(()) };
    let pool = pool_of_one(server)?;
    let borrowed = catch_unwind(AssertUnwindSafe(|| {
        let _client = pool.get();
        resume_unwind(Box::new(plan::Planned));
    }));
    assert!(borrowed.is_err());
    assert_eq!((Lease::meta(&pool.get()?).id, pool.stats().destroyed.panicked), (2, 1));
    Ok(())
}

/// Begins a transaction that holds a lock.
const BEGIN: &str = "BEGIN; SELECT pg_advisory_xact_lock(8)";

#[test]
fn transaction_left_open_by_a_task_is_rolled_back() -> Result<(), Failure> {
    in_tasks(async |server| {
        let pool = async_pool_of_one(server)?;
        pool.get().await?.batch_execute(BEGIN).await?;
        let client = pool.get().await?;
        let left: i64 = client.query_one(ledger::LEFTOVERS, &[]).await?.get(0);
        assert_eq!((Lease::meta(&client).id, left, pool.stats().check_failed), (1, 0, 0));
        Ok(())
    })
}

#[test]
fn transaction_left_open_by_a_task_ends_though_nobody_comes() -> Result<(), Failure> {
    in_tasks(async |server| {
        let pool = async_pool_of_one(server)?;
        let other = async_pool_of_one(server)?;
        pool.get().await?.batch_execute(BEGIN).await?;
        // Waits for the lock, for two seconds at most.
        other.get().await?.batch_execute(BEGIN).await?;
        Ok(())
    })
}

#[test]
fn failed_transaction_of_a_task_does_not_reach_the_next() -> Result<(), Failure> {
    in_tasks(async |server| {
        let pool = async_pool_of_one(server)?;
        let client = pool.get().await?;
        client.batch_execute("BEGIN; SELECT 1 / 0").await.expect_err("there is no such number");
        drop(client);
        assert_eq!(Lease::meta(&pool.get().await?).id, 2);
        assert_eq!((pool.stats().check_failed, pool.stats().destroyed.broken), (1, 1));
        Ok(())
    })
}

#[test]
fn session_of_a_task_is_swept() -> Result<(), Failure> {
    in_tasks(async |server| {
        let pool = async_pool_of_one(server)?;
        pool.get().await?.batch_execute(ledger::LITTER).await?;
        let client = pool.get().await?;
        let left: i64 = client.query_one(ledger::LEFTOVERS, &[]).await?.get(0);
        assert_eq!((Lease::meta(&client).id, left), (1, 0));
        Ok(())
    })
}

#[test]
fn task_dropped_in_mid_query_leaves_no_transaction() -> Result<(), Failure> {
    in_tasks(async |server| {
        let pool = async_pool_of_one(server)?;
        let client = pool.get().await?;
        {
            // On its way when it is dropped: the server begins, and nobody hears of it.
            let begin = pin!(client.batch_execute(BEGIN));
            assert!(begin.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        drop(client);
        assert_eq!(pool.stats().idle, 1);
        let client = pool.get().await?;
        let left: i64 = client.query_one(ledger::LEFTOVERS, &[]).await?.get(0);
        assert_eq!((Lease::meta(&client).id, left, pool.stats().check_failed), (1, 0, 0));
        Ok(())
    })
}

#[test]
fn transaction_that_is_dropped_is_rolled_back_and_its_connection_kept() -> Result<(), Failure> {
    in_tasks(async |server| {
        let pool = async_pool_of_one(server)?;
        let mut client = pool.get().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute("SELECT pg_advisory_xact_lock(8)").await?;
        drop(transaction);
        drop(client);
        let client = pool.get().await?;
        let left: i64 = client.query_one(ledger::LEFTOVERS, &[]).await?.get(0);
        assert_eq!((Lease::meta(&client).id, left, pool.stats().check_failed), (1, 0, 0));
        Ok(())
    })
}
