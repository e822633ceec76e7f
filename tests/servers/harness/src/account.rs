//! Whom a server runs as: PostgreSQL refuses to be root, and none of them need be.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// An ordinary user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// The first of these names that the system knows, if we are root; otherwise nobody but us.
    ///
    /// # Errors
    ///
    /// If we are root, and there is no such user.
    pub(crate) fn find(names: &[&str]) -> Result<Option<Self>, String> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd")
            .map_err(|error| format!("cannot read /etc/passwd: {error}"))?;
        let find = |name: &&str| users.lines().find_map(|line| Self::parse(line, name));
        match names.iter().find_map(find) {
            Some(account) => Ok(Some(account)),
            None => Err(format!("there is no user to run it as: {}", names.join(", "))),
        }
    }

    /// What a line of `/etc/passwd` says of a name.
    fn parse(line: &str, name: &str) -> Option<Self> {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let user = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        (user != 0).then_some(Self { user, group })
    }

    /// Has a command run as this user. Its other groups go by that, too.
    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }

    /// Gives a folder to this user.
    pub(crate) fn give(self, folder: &Path) -> Result<(), String> {
        std::os::unix::fs::chown(folder, Some(self.user), Some(self.group))
            .map_err(|error| format!("cannot give {} away: {error}", folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_of_a_user_is_read() {
        let account =
            Account::parse("postgres:x:102:103:,,,:/var/lib/postgresql:/bin/sh", "postgres");
        assert!(account.is_some_and(|account| (account.user, account.group) == (102, 103)));
    }

    #[test]
    fn root_under_another_name_is_no_ordinary_user() {
        assert!(Account::parse("redis:x:0:0::/:/bin/sh", "redis").is_none());
        assert!(Account::parse("redis2:x:7:7::/:/bin/sh", "redis").is_none());
        assert!(Account::parse("redis", "redis").is_none());
    }
}
