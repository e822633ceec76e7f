//! The same in small, and what the manager does about each kind of borrower.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use poolable::managed::Lease;

use super::*;

/// A pool of one connection, so that whatever leaks gets to the next borrower.
fn pool_of_one(folder: &Folder) -> Result<ResourcePool<SqliteFile>, Failure> {
    let manager = SqliteFile { path: folder.path().join("ledger.db") };
    let pool = ResourcePool::builder(manager).max_open(1).build()?;
    ledger::open(&mut *pool.get()?)?;
    Ok(pool)
}

/// Puts money on an account that nobody paid, in a transaction that is not ended.
fn pay_half(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    ledger::deposit(connection, 1, 7)?;
    assert_eq!(ledger::total(connection)?, TOTAL + 7);
    Ok(())
}

#[test]
fn eight_threads_lose_nothing() -> Result<(), Failure> {
    let report = run(400)?;
    assert_eq!(failed_checks(&report), <[&str; 0]>::default());
    assert_eq!((report.done.forgot, report.done.panicked), (16, 32));
    assert_eq!(report.done.tasks, 8 * 400 + 1);
    assert!(report.done.paid > 0 && report.done.refused >= 16);
    Ok(())
}

#[test]
fn connection_that_behaves_is_kept() -> Result<(), Failure> {
    let folder = Folder::new()?;
    let pool = pool_of_one(&folder)?;
    ledger::transfer(&mut *pool.get()?, 1, 2, 5)?;
    let connection = pool.get()?;
    assert_eq!((Lease::meta(&connection).id, Lease::meta(&connection).uses), (1, 3));
    assert_eq!((ledger::balance(&connection, 1)?, ledger::balance(&connection, 2)?), (995, 1005));
    Ok(())
}

#[test]
fn transaction_left_open_is_rolled_back() -> Result<(), Failure> {
    let folder = Folder::new()?;
    let pool = pool_of_one(&folder)?;
    pay_half(&*pool.get()?)?;
    let connection = pool.get()?;
    assert!(connection.is_autocommit());
    assert_eq!(Lease::meta(&connection).id, 2);
    assert_eq!(ledger::total(&connection)?, TOTAL);
    assert_eq!(pool.stats().destroyed.released, 1);
    Ok(())
}

/// Borrows a connection, and panics behind `act`.
fn panic_after(pool: &ResourcePool<SqliteFile>, act: fn(&Connection) -> rusqlite::Result<()>) {
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let connection = pool.get().expect("it is idle");
        act(&connection).expect("nobody else is at it");
        resume_unwind(Box::new("planned"));
    }));
    assert!(panic.is_err_and(|panic| panic.downcast_ref() == Some(&"planned")));
}

#[test]
fn transaction_of_a_panicking_borrower_is_rolled_back() -> Result<(), Failure> {
    let folder = Folder::new()?;
    let pool = pool_of_one(&folder)?;
    panic_after(&pool, pay_half);
    let connection = pool.get()?;
    assert!(connection.is_autocommit());
    assert_eq!(ledger::total(&connection)?, TOTAL);
    Ok(())
}

#[test]
fn connection_of_a_panicking_borrower_is_closed() -> Result<(), Failure> {
    let folder = Folder::new()?;
    let pool = pool_of_one(&folder)?;
    panic_after(&pool, |connection| connection.execute_batch("CREATE TEMP TABLE draft (line)"));
    let connection = pool.get()?;
    connection.prepare("SELECT * FROM draft").expect_err("it was another connection's");
    assert_eq!(Lease::meta(&connection).id, 2);
    let destroyed = pool.stats().destroyed;
    assert_eq!((destroyed.panicked, destroyed.total()), (1, 1));
    Ok(())
}

#[test]
fn connection_without_foreign_keys_is_not_handed_out() -> Result<(), Failure> {
    let folder = Folder::new()?;
    let pool = pool_of_one(&folder)?;
    pool.get()?.pragma_update(None, "foreign_keys", false)?;
    let mut connection = pool.get()?;
    assert_eq!(Lease::meta(&connection).id, 2);
    ledger::transfer(&mut connection, 1, 2 * TOTAL, 5).expect_err("there is no such account");
    let stats = pool.stats();
    assert_eq!((stats.check_failed, stats.destroyed.broken), (1, 1));
    Ok(())
}

#[test]
fn file_that_cannot_be_opened_is_an_error_of_the_getter() -> Result<(), Failure> {
    let folder = Folder::new()?;
    // A folder is no file.
    let manager = SqliteFile { path: folder.path().to_path_buf() };
    let pool = ResourcePool::builder(manager).build()?;
    let error = pool.get().expect_err("it cannot be opened");
    assert!(matches!(error, GetError::Create(rusqlite::Error::SqliteFailure(..))), "{error}");
    assert_eq!((pool.stats().create_failed, pool.stats().open), (1, 0));
    Ok(())
}
