//! Accounts, and the transfers between them. Nothing in here knows of the pool.

use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior};

/// How many accounts there are; their ids count from 1.
pub(crate) const ACCOUNTS: i64 = 100;
/// What is on each of them at first.
pub(crate) const START: i64 = 1000;
/// What all of them come to at any time: a transfer moves money, and makes none.
pub(crate) const TOTAL: i64 = ACCOUNTS * START;

/// Makes the tables, and opens the accounts.
pub(crate) fn open(connection: &mut Connection) -> Result<()> {
    let all = connection.transaction()?;
    all.execute_batch(
        "CREATE TABLE accounts (
             id INTEGER PRIMARY KEY,
             balance INTEGER NOT NULL CHECK (balance >= 0)
         ) STRICT;
         CREATE TABLE transfers (
             id INTEGER PRIMARY KEY,
             payer INTEGER NOT NULL REFERENCES accounts,
             payee INTEGER NOT NULL REFERENCES accounts,
             amount INTEGER NOT NULL CHECK (amount > 0)
         ) STRICT;
         CREATE INDEX transfers_by_payer ON transfers (payer);
         CREATE INDEX transfers_by_payee ON transfers (payee);",
    )?;
    for account in 1..=ACCOUNTS {
        all.execute("INSERT INTO accounts VALUES (?1, ?2)", [account, START])?;
    }
    all.commit()
}

/// Moves money, all of it or none. Five queries.
///
/// # Errors
///
/// A violated constraint if the payer has too little, or there is no such payee.
pub(crate) fn transfer(
    connection: &mut Connection,
    payer: i64,
    payee: i64,
    amount: i64,
) -> Result<()> {
    // Locks at once. One that began as a reader could find that another has written since,
    // and fail without a wait. Its drop rolls back, after an error as after a panic.
    let transfer = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    deposit(&transfer, payee, amount)?;
    deposit(&transfer, payer, -amount)?;
    transfer
        .prepare_cached("INSERT INTO transfers (payer, payee, amount) VALUES (?1, ?2, ?3)")?
        .execute([payer, payee, amount])?;
    transfer.commit()
}

/// Half a transfer, if nobody else is made to pay. One query.
pub(crate) fn deposit(connection: &Connection, account: i64, amount: i64) -> Result<()> {
    connection
        .prepare_cached("UPDATE accounts SET balance = balance + ?2 WHERE id = ?1")?
        .execute([account, amount])?;
    Ok(())
}

/// What is on an account. One query.
pub(crate) fn balance(connection: &Connection, account: i64) -> Result<i64> {
    connection
        .prepare_cached("SELECT balance FROM accounts WHERE id = ?1")?
        .query_row([account], |row| row.get(0))
}

/// What an account paid last, if it ever did. One query.
pub(crate) fn last_payment(connection: &Connection, payer: i64) -> Result<Option<i64>> {
    connection
        .prepare_cached("SELECT amount FROM transfers WHERE payer = ?1 ORDER BY id DESC LIMIT 1")?
        .query_row([payer], |row| row.get(0))
        .optional()
}

/// What is on all accounts together. One query.
pub(crate) fn total(connection: &Connection) -> Result<i64> {
    connection.prepare_cached("SELECT sum(balance) FROM accounts")?.query_row([], |row| row.get(0))
}

/// What the file has to say about itself.
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) total: i64,
    pub(crate) transfers: i64,
    /// Accounts whose balance is not what the transfers come to.
    pub(crate) wrong_accounts: i64,
    /// "ok", unless SQLite finds the file damaged.
    pub(crate) integrity: String,
    /// Whether nobody else has the file open.
    pub(crate) is_alone: bool,
}

/// Goes over all of the file.
pub(crate) fn audit(connection: &Connection) -> Result<Audit> {
    Ok(Audit {
        total: total(connection)?,
        transfers: connection.query_row("SELECT count(*) FROM transfers", [], |row| row.get(0))?,
        wrong_accounts: connection.query_row(
            "SELECT count(*) FROM accounts WHERE balance <> ?1
                 + (SELECT coalesce(sum(amount), 0) FROM transfers WHERE payee = accounts.id)
                 - (SELECT coalesce(sum(amount), 0) FROM transfers WHERE payer = accounts.id)",
            [START],
            |row| row.get(0),
        )?,
        integrity: connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?,
        // SQLite gives up its log for nobody who is not alone with the file.
        is_alone: connection
            .pragma_update_and_check(None, "journal_mode", "delete", |row| row.get::<_, String>(0))
            .is_ok_and(|mode| mode == "delete"),
    })
}
