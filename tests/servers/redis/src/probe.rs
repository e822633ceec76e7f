//! What a connection is asked before it is handed out.

use poolable::managed::Meta;
use redis::{ErrorKind, Pipeline, RedisError};

/// Lets go of watched keys, goes back to the first database, and asks for a word that nobody has
/// asked for before: an answer that was meant for somebody else is found out, and so is a
/// transaction that was left open, where each answer is that it is queued.
pub(crate) struct Probe(String);

impl Probe {
    pub(crate) fn new(meta: &Meta) -> Self {
        Self(format!("{}:{}", meta.id, meta.uses))
    }

    pub(crate) fn question(&self) -> Pipeline {
        let mut question = redis::pipe();
        question.cmd("UNWATCH").cmd("SELECT").arg(0).cmd("ECHO").arg(&self.0);
        question
    }

    /// Judges the answers.
    pub(crate) fn judge(&self, (.., word): (String, String, String)) -> Result<(), RedisError> {
        if word == self.0 {
            return Ok(());
        }
        let why = "a transaction was left open, or an answer was left behind";
        Err((ErrorKind::UnexpectedReturnType, why, word).into())
    }
}
