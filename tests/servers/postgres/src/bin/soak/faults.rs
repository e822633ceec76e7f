//! What happens to the server and to its clients, once a second.

use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::thread;

use poolable_postgres::{Onlooker, by_socket};
use poolable_servers::{Postgres, Random, Shutdown};
use postgres::{Client, NoTls};

use crate::borrowers::Mischief;

/// How long the server is stopped or full.
const WHILE: Duration = Duration::from_millis(300);

/// How many borrowers misbehave at a time.
const SOME: u32 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    KillAll,
    KillOne,
    Stop,
    Restart,
    Fill,
    Leak,
    Panic,
    Drop,
}

impl Fault {
    pub(crate) const ALL: [Self; 8] = [
        Self::KillAll,
        Self::KillOne,
        Self::Stop,
        Self::Restart,
        Self::Fill,
        Self::Leak,
        Self::Panic,
        Self::Drop,
    ];

    pub(crate) fn draw(random: &mut Random) -> Self {
        Self::ALL[random.below(Self::ALL.len() as u64) as usize]
    }

    /// Has it happen, and waits until it is over on the server's side.
    pub(crate) fn happen(
        self,
        server: &mut Postgres,
        onlooker: &mut Onlooker,
        (names, mischief): (&[&str], &Mischief),
        random: &mut Random,
    ) {
        // Relaxed: each of the counts is for itself.
        match self {
            Self::KillAll => {
                for name in names {
                    onlooker.end_all(name);
                }
            }
            Self::KillOne => {
                let name = names[random.below(names.len() as u64) as usize];
                onlooker.end_one(name);
            }
            Self::Stop => {
                let _paused = server.pause();
                thread::sleep(WHILE);
            }
            Self::Restart => {
                let ways = [Shutdown::Fast, Shutdown::Immediate, Shutdown::Killed];
                server.stop(ways[random.below(3) as usize]);
                server.start_again();
            }
            Self::Fill => {
                let config = postgres::Config::from(by_socket(server, "others"));
                let others = core::iter::from_fn(|| config.connect(NoTls).ok());
                let _others: Vec<Client> = others.take(1000).collect();
                thread::sleep(WHILE);
            }
            Self::Leak => {
                mischief.leaks.fetch_add(SOME, Ordering::Relaxed);
            }
            Self::Panic => {
                mischief.panics.fetch_add(SOME, Ordering::Relaxed);
            }
            Self::Drop => {
                mischief.drops.fetch_add(10 * SOME, Ordering::Relaxed);
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KillAll => "all sessions killed",
            Self::KillOne => "one session killed",
            Self::Stop => "server stopped for 300 ms",
            Self::Restart => "server restarted",
            Self::Fill => "server full for 300 ms",
            Self::Leak => "20 transactions left open",
            Self::Panic => "20 borrowers panic",
            Self::Drop => "200 futures dropped",
        })
    }
}
