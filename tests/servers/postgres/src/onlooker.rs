//! Somebody who looks on at the server, and ends sessions there.

use core::time::Duration;

use poolable_servers::Postgres;
use postgres::{Client, Config, NoTls};

/// A superuser, for whom there is always room, with a connection that is made anew when it breaks.
#[derive(Debug)]
pub struct Onlooker {
    config: Config,
    client: Option<Connected>,
}

/// Hides what has nothing to show.
struct Connected(Client);

impl core::fmt::Debug for Connected {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Connected")
    }
}

impl Onlooker {
    /// One for this server, wherever it may be started again.
    #[must_use]
    pub fn new(server: &Postgres) -> Self {
        let mut config = Config::new();
        config.host_path(server.folder()).port(server.port()).user("postgres").dbname("postgres");
        Self { config, client: None }
    }

    /// How many sessions there are under a name, or `None` while the server is away.
    pub fn sessions(&mut self, name: &str) -> Option<u64> {
        self.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", name)
    }

    /// How many of them are in a transaction and do nothing.
    pub fn idle_in_transaction(&mut self, name: &str) -> Option<u64> {
        self.ask(
            "SELECT count(*) FROM pg_stat_activity \
             WHERE application_name = $1 AND state LIKE 'idle in transaction%'",
            name,
        )
    }

    /// How many of them execute a query that contains a word.
    pub fn in_query(&mut self, name: &str, word: &str) -> Option<u64> {
        self.ask(
            &format!(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 \
                 AND state = 'active' AND query LIKE '%{word}%'"
            ),
            name,
        )
    }

    /// How many of them are older than that.
    pub fn older_than(&mut self, name: &str, age: Duration) -> Option<u64> {
        self.ask(
            &format!(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 \
                 AND backend_start < now() - interval '{} ms'",
                age.as_millis()
            ),
            name,
        )
    }

    /// The sum of a column.
    pub fn sum(&mut self, table: &str, column: &str) -> Option<i64> {
        let Connected(client) = self.connected().ok()?;
        let sum = format!("SELECT coalesce(sum({column}), 0)::int8 FROM {table}");
        client.query_one(&sum, &[]).ok().map(|row| row.get(0))
    }

    /// Ends all of them; how many those were.
    pub fn end_all(&mut self, name: &str) -> Option<u64> {
        self.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE application_name = $1",
            name,
        )
    }

    /// Ends one of them, if there is one.
    pub fn end_one(&mut self, name: &str) -> Option<u64> {
        self.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity \
             WHERE application_name = $1 ORDER BY random() LIMIT 1) AS one",
            name,
        )
    }

    /// Executes something.
    ///
    /// # Errors
    ///
    /// Whatever the server says.
    pub fn execute(&mut self, statements: &str) -> Result<(), postgres::Error> {
        let Connected(client) = self.connected()?;
        let outcome = client.batch_execute(statements);
        if client.is_closed() {
            self.client = None;
        }
        outcome
    }

    fn connected(&mut self) -> Result<&mut Connected, postgres::Error> {
        match &mut self.client {
            Some(client) => Ok(client),
            none => Ok(none.insert(Connected(self.config.connect(NoTls)?))),
        }
    }

    fn ask(&mut self, question: &str, name: &str) -> Option<u64> {
        let Connected(client) = self.connected().ok()?;
        match client.query_one(question, &[&name]) {
            Ok(row) => u64::try_from(row.get::<_, i64>(0)).ok(),
            // It breaks with the server.
            Err(error) => {
                let is_gone = client.is_closed() || error.as_db_error().is_none();
                assert!(is_gone || is_end(&error), "{error}");
                self.client = None;
                None
            }
        }
    }
}

/// Whether the server says that it ends.
fn is_end(error: &postgres::Error) -> bool {
    error.code().is_some_and(|code| code.code().starts_with("57P"))
}
