//! A hundred thousand futures dropped at random points, and no place lost.
//!
//! Where each was dropped is counted, and each point must have been met some hundred times: a storm
//! that never hits one would show nothing of it.

mod bare;
mod flight;
mod tasks;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use poolable::managed::{AsyncResourcePool, Clock, Stats, Timeouts};

use self::flight::Drops;
use crate::block_on::block_on;
use crate::executor::Spawn;
use crate::ledger::{Ledger, told};
use crate::manager::{Gate, Scripted};
use crate::random::Random;
use crate::script::Script;
use crate::time::Time;

const CANCELLATIONS: u64 = 100_000;
const MAX_OPEN: usize = 4;

/// It takes seconds, on a machine that does nothing else.
const LONGEST: Duration = Duration::from_secs(300);

type Pool = AsyncResourcePool<Arc<Scripted>>;

/// What those who drop futures share.
struct Storm {
    pool: Pool,
    is_hooked: bool,
    start: Instant,
    seed: u64,
    drops: Drops,
    borrowed: AtomicU64,
}

impl Storm {
    /// Whether enough were dropped, at each point; or there is no end to it.
    fn is_over(&self) -> bool {
        let is_enough = self.drops.sum() >= CANCELLATIONS && self.drops.are_all_met(self.is_hooked);
        is_enough || self.start.elapsed() > LONGEST
    }

    /// The draws of one of those who take part.
    fn random(&self, who: u64) -> Random {
        Random::new(self.seed.wrapping_mul(1000) + who)
    }

    /// What holds of a pool at any moment.
    fn assert_laws(&self) -> Stats {
        let stats = self.pool.stats();
        let open = stats.idle + stats.in_use + stats.checking + stats.creating;
        let had = stats.idle + stats.in_use + stats.checking + stats.detached;
        assert_eq!(stats.open, open, "{stats:?}");
        assert_eq!(stats.created, had + stats.destroyed.total(), "{stats:?}");
        assert!(stats.open <= MAX_OPEN as u64, "{stats:?}");
        stats
    }
}

fn seed() -> u64 {
    match env::var("POOLABLE_SEED") {
        Ok(text) => text.parse().expect("`POOLABLE_SEED`: a number is wanted"),
        Err(_) => 1,
    }
}

/// Lets it storm over a pool, and then looks at what is left of that.
fn rage(hook: Option<Spawn>, storm_over: impl FnOnce(&Arc<Storm>)) {
    let seed = seed();
    let raged = catch_unwind(AssertUnwindSafe(|| {
        let manager = Scripted {
            ledger: Arc::new(Ledger::new(MAX_OPEN)),
            creates: Script::drawn(seed, 5),
            checks: Script::drawn(seed + 1, 4),
            // Nothing in it waits for a time.
            time: Time::Tokio,
            gate: Gate::default(),
        };
        let is_hooked = hook.is_some();
        let builder = AsyncResourcePool::builder(Arc::new(manager))
            .max_open(MAX_OPEN)
            .max_connecting(2)
            .max_lifetime(None)
            .idle_timeout(None)
            .timeouts(Timeouts { wait: Some(Duration::from_secs(20)), ..Timeouts::default() });
        let pool = match hook {
            Some(hook) => builder.spawn(move |task| hook(task)).build(),
            None => builder.build(),
        };
        let storm = Arc::new(Storm {
            pool: pool.expect("a pool"),
            is_hooked,
            start: Instant::now(),
            seed,
            drops: Drops::default(),
            borrowed: AtomicU64::new(0),
        });
        storm_over(&storm);
        println!("{:?}, {:?}", storm.drops, storm.pool.stats());
        assert!(storm.drops.are_all_met(is_hooked), "it has gone soft: {:?}", storm.drops);
        survey(&storm);
    }));
    if let Err(payload) = raged {
        println!("again: POOLABLE_SEED={seed}");
        resume_unwind(payload);
    }
}

/// No place is lost, and nothing is left behind.
fn survey(storm: &Storm) {
    let ledger = &storm.pool.manager().ledger;
    assert_eq!(storm.assert_laws().in_use, 0);
    let leases: Vec<_> = block_on(async {
        let mut leases = Vec::new();
        // One in sixteen creates fails.
        while leases.len() < MAX_OPEN {
            match storm.pool.get().await {
                Ok(lease) => leases.push(lease),
                Err(poolable::managed::GetError::Create(_)) => {}
                Err(error) => panic!("a place is lost: {error}"),
            }
        }
        leases
    });
    let stats = storm.assert_laws();
    assert_eq!((stats.in_use, stats.open), (MAX_OPEN as u64, MAX_OPEN as u64), "{stats:?}");
    drop(leases);
    let stats = storm.assert_laws();
    assert_eq!((stats.idle, stats.waiting), (MAX_OPEN as u64, 0), "{stats:?}");
    assert_eq!(stats.borrowed, told(&storm.borrowed) + MAX_OPEN as u64, "{stats:?}");
    assert_eq!(stats.returned, stats.borrowed, "{stats:?}");
    assert_eq!(stats.created, told(&ledger.made), "{stats:?}");
    assert_eq!(stats.timed_out, 0, "somebody was never woken: {stats:?}");
    let deadline = Clock::system().now() + Duration::from_secs(10);
    block_on(storm.pool.drain(deadline)).expect("nothing is left");
    assert!(Instant::now() < deadline);
    assert_eq!(storm.assert_laws().open, 0);
    ledger.assert_settled();
}
