//! Somebody who looks on at the server, and ends connections there.

use core::fmt;

use poolable_servers::Redis;
use redis::{Client, Connection, RedisResult};

/// A client of its own, with a connection that is made anew when it breaks.
pub struct Onlooker {
    client: Client,
    connection: Option<Connection>,
}

impl fmt::Debug for Onlooker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Onlooker").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Onlooker {
    /// One for this server, wherever it may be started again.
    ///
    /// # Panics
    ///
    /// If its socket has no name.
    #[must_use]
    pub fn new(server: &Redis) -> Self {
        let socket = format!("redis+unix://{}", server.socket().display());
        let client = Client::open(socket).expect("it is the name of a socket");
        Self { client, connection: None }
    }

    /// How many connections there are under a name, or `None` while the server is away.
    pub fn connections(&mut self, name: &str) -> Option<u64> {
        self.ids(name).map(|ids| ids.len() as u64)
    }

    /// How many of them do what a word says, such as `blpop`.
    pub fn at(&mut self, name: &str, command: &str) -> Option<u64> {
        let field = format!("cmd={command}");
        let lines = self.lines(name)?;
        let are_at = |line: &&String| line.split(' ').any(|other| other == field);
        Some(lines.iter().filter(are_at).count() as u64)
    }

    /// Ends all of them; how many those were.
    pub fn end_all(&mut self, name: &str) -> Option<u64> {
        let mut ended = 0;
        for id in self.ids(name)? {
            ended += self.ask::<u64>(redis::cmd("CLIENT").arg("KILL").arg("ID").arg(id))?;
        }
        Some(ended)
    }

    /// Asks for anything.
    pub fn ask<T: redis::FromRedisValue>(&mut self, question: &redis::Cmd) -> Option<T> {
        let answer = self.try_ask(question);
        if answer.is_err() {
            self.connection = None;
        }
        answer.ok()
    }

    fn try_ask<T: redis::FromRedisValue>(&mut self, question: &redis::Cmd) -> RedisResult<T> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.client.get_connection()?),
        };
        question.query(connection)
    }

    fn lines(&mut self, name: &str) -> Option<Vec<String>> {
        let list: String = self.ask(redis::cmd("CLIENT").arg("LIST"))?;
        let field = format!("name={name}");
        let are_theirs = |line: &&str| line.split(' ').any(|other| other == field);
        Some(list.lines().filter(are_theirs).map(str::to_owned).collect())
    }

    fn ids(&mut self, name: &str) -> Option<Vec<u64>> {
        self.lines(name)?
            .iter()
            .map(|line| line.split(' ').find_map(|field| field.strip_prefix("id=")?.parse().ok()))
            .collect()
    }
}
