//! A random mix of all that can happen to objects, on several threads over one pool.
//!
//! Whatever the mix, no object is lost or had by two, and the counters obey their laws: at
//! each look while it goes on, and exactly at rest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use poolable::managed::{
    BoundedPool, CancelToken, Clock, GetError, Lease, Order, Stats, WhenExhausted,
};

use super::scripted::{
    Outcome, Pending, Refused, SECOND, Scripted, Thing, Things, Watched, assert_laws, builder,
    eventually, start_on, until, wait_at_most,
};
use crate::conservation::Random;

const THREADS: u64 = 4;

/// A hook that fails, panics, or takes its time, so and so often in a hundred.
fn moody(seed: u64, fails: u64, panics: u64) -> impl Fn() -> Outcome + Send + Sync + 'static {
    let random = Mutex::new(Random(seed));
    move || {
        let draw = |limit| random.lock().expect("nobody panics here").below(limit);
        let (mood, patience) = (draw(100), draw(20));
        for _ in 0..patience {
            thread::yield_now();
        }
        if mood < panics {
            crate::unwind();
        }
        if mood < panics + fails { Err(Refused("a mood")) } else { Ok(()) }
    }
}

/// What the workers did, to be compared with what the pool says.
#[derive(Default)]
struct Ledger {
    got: AtomicU64,
    returned: AtomicU64,
    detached: AtomicU64,
    forgotten: AtomicU64,
    cancelled: AtomicU64,
    timed_out: AtomicU64,
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::SeqCst);
}

/// The moves of one worker.
struct Player {
    random: Random,
    ledger: Arc<Ledger>,
    held: Vec<Lease<Thing>>,
    resizes: bool,
    /// How many leases all players together may forget.
    forgets: Arc<AtomicU64>,
}

impl Player {
    fn keep(&mut self, got: Result<Lease<Thing>, GetError<Refused>>) {
        match got {
            Ok(mut lease) => {
                add(&self.ledger.got);
                assert!(!lease.dirty, "it was let go with this mark");
                lease.touched += 1;
                self.held.push(lease);
            }
            Err(GetError::Timeout { stats, .. }) => {
                add(&self.ledger.timed_out);
                assert_laws(&stats);
            }
            Err(GetError::Cancelled) => add(&self.ledger.cancelled),
            Err(_) => {}
        }
    }

    /// Gets in this way; a panic of a hook is resumed here and does no harm.
    fn get(&mut self, get: impl FnOnce() -> Result<Lease<Thing>, GetError<Refused>>) {
        if let Ok(got) = catch_unwind(AssertUnwindSafe(get)) {
            self.keep(got);
        }
    }

    fn pick(&mut self) -> Option<Lease<Thing>> {
        let count = self.held.len() as u64;
        (count > 0).then(|| self.held.swap_remove(self.random.below(count) as usize))
    }

    fn step(&mut self, pool: &Things) {
        let pause = Duration::from_micros(self.random.below(300));
        match self.random.below(100) {
            // Never more than two in one hand, or all wait for all.
            0..50 if self.held.len() < 2 => match self.random.below(10) {
                0..2 => self.get(|| pool.try_get()),
                2..6 => self.get(|| pool.get_timeout(pause)),
                6 => {
                    let deadline = Instant::now().checked_add(pause);
                    self.get(|| pool.get_with(deadline, &CancelToken::new()));
                }
                7..9 if self.held.is_empty() => self.get(|| pool.get()),
                _ => {
                    let token = CancelToken::new();
                    let own = token.clone();
                    let patience = self.random.below(30);
                    thread::scope(|scope| {
                        scope.spawn(move || {
                            for _ in 0..patience {
                                thread::yield_now();
                            }
                            token.cancel();
                        });
                        self.get(|| pool.get_with(None, &own));
                    });
                }
            },
            0..75 => {
                if let Some(lease) = self.pick() {
                    add(&self.ledger.returned);
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(lease)));
                }
            }
            75..79 => {
                if let Some(lease) = self.pick() {
                    add(&self.ledger.returned);
                    let _ = catch_unwind(AssertUnwindSafe(|| Lease::discard(lease)));
                }
            }
            79..82 => {
                if let Some(lease) = self.pick() {
                    add(&self.ledger.detached);
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(Lease::detach(lease))));
                }
            }
            82..85 => {
                if let Some(mut lease) = self.pick() {
                    add(&self.ledger.returned);
                    lease.dirty = true;
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(lease)));
                }
            }
            85..89 => {
                if let Some(lease) = self.pick() {
                    add(&self.ledger.returned);
                    assert!(crate::unwinds(move || {
                        let _lease = lease;
                        crate::unwind()
                    }));
                }
            }
            89 => {
                let take = |left: u64| left.checked_sub(1);
                if let Some(lease) = self.pick() {
                    match self.forgets.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
                        Ok(_) => {
                            add(&self.ledger.forgotten);
                            std::mem::forget(lease);
                        }
                        Err(_) => self.held.push(lease),
                    }
                }
            }
            90..93 => {
                let odd = self.random.below(2);
                let panics = self.random.below(4) == 0;
                let _ = catch_unwind(AssertUnwindSafe(|| {
                    pool.retain(|thing, _| {
                        if panics && thing.number % 5 == 0 {
                            crate::unwind();
                        }
                        thing.number % 3 != odd
                    })
                }));
            }
            93..95 => {
                let _ = catch_unwind(AssertUnwindSafe(|| {
                    let _ = pool.prewarm(self.random.below(4) as usize);
                }));
            }
            95..98 if self.resizes => {
                let max = self.random.below(9) as usize + 3;
                let _ = catch_unwind(AssertUnwindSafe(|| pool.resize(max)));
            }
            _ => assert_laws(&pool.stats()),
        }
    }

    fn finish(mut self) {
        for lease in std::mem::take(&mut self.held) {
            add(&self.ledger.returned);
            let _ = catch_unwind(AssertUnwindSafe(|| drop(lease)));
        }
    }
}

/// Looks at a pool until it is told to stop; tells how often.
fn watch<P: Watched>(
    pool: &P,
    stop: &Arc<AtomicBool>,
    law: impl Fn(&Stats) + Send + 'static,
) -> Pending<u64> {
    let stop = Arc::clone(stop);
    start_on(pool, move |pool| {
        let mut looks = 0;
        while !stop.load(Ordering::SeqCst) || looks == 0 {
            let stats = pool.now();
            assert_laws(&stats);
            law(&stats);
            looks += 1;
            thread::yield_now();
        }
        looks
    })
}

/// Plays on a pool of eight.
fn play(seed: u64, rounds: u64, resizes: bool, order: Order) {
    let script = Scripted::default();
    script.create.always(moody(seed, 10, 5));
    script.check.always(moody(seed + 1, 8, 2));
    script.release.always(moody(seed + 2, 5, 3));
    script.destroy.always(moody(seed + 3, 0, 3));
    let pool = builder(&script, &Clock::system())
        .max_open(8)
        .max_idle(5)
        .min_idle(1)
        .max_connecting(3)
        .order(order)
        .max_lifetime(Duration::from_millis(5))
        .idle_timeout(Duration::from_millis(2))
        .jitter(0.5)
        .timeouts(wait_at_most(Duration::from_millis(20)))
        .build()
        .expect("a pool");

    let stop = Arc::new(AtomicBool::new(false));
    let watcher = watch(&pool, &stop, move |stats| {
        if !resizes {
            assert!(stats.open <= 8, "{stats:?}");
        }
    });
    let ledger = Arc::new(Ledger::default());
    // Where leaks are looked for, none is made.
    let forgets = Arc::new(AtomicU64::new(if cfg!(poolable_asan) { 0 } else { 2 }));
    let barrier = Arc::new(Barrier::new(THREADS as usize));
    let workers: Vec<_> = (0..THREADS)
        .map(|thread| {
            let barrier = Arc::clone(&barrier);
            let mut player = Player {
                random: Random(seed * 1000 + thread + 1),
                ledger: Arc::clone(&ledger),
                held: Vec::new(),
                resizes,
                forgets: Arc::clone(&forgets),
            };
            start_on(&pool, move |pool| {
                barrier.wait();
                for _ in 0..rounds {
                    player.step(pool);
                }
                if thread == 0 {
                    // While the others go on.
                    let _ = catch_unwind(AssertUnwindSafe(|| pool.close()));
                }
                for _ in 0..rounds / 10 {
                    player.step(pool);
                }
                player.finish();
            })
        })
        .collect();
    for worker in workers {
        worker.finish();
    }
    let forgotten = ledger.forgotten.load(Ordering::SeqCst);
    until(&pool, |stats| stats.open == forgotten);
    stop.store(true, Ordering::SeqCst);
    assert!(watcher.finish() > 0);

    // At rest.
    eventually(&pool, || script.alive() == forgotten);
    let stats = pool.stats();
    let told = |count: &AtomicU64| count.load(Ordering::SeqCst);
    assert_laws(&stats);
    assert_eq!(stats.in_use, forgotten, "{stats:?}");
    assert_eq!(
        (stats.idle, stats.checking, stats.creating, stats.waiting),
        (0, 0, 0, 0),
        "{stats:?}"
    );
    assert_eq!(stats.borrowed, told(&ledger.got), "{stats:?}");
    assert_eq!(stats.returned, told(&ledger.returned), "{stats:?}");
    assert_eq!(stats.detached, told(&ledger.detached), "{stats:?}");
    // Those whose token was cancelled before they waited are not counted.
    assert!(stats.cancelled <= told(&ledger.cancelled), "{stats:?}");
    assert_eq!(stats.timed_out, told(&ledger.timed_out), "{stats:?}");
    assert_eq!(stats.borrowed, stats.returned + stats.detached + forgotten, "{stats:?}");
    assert_eq!(stats.destroyed.total(), script.destroyed().len() as u64, "{stats:?}");
    assert!(stats.borrowed > 0 && stats.destroyed.total() > 0, "the mix reached too little");
}

#[test]
fn objects_are_conserved_whatever_happens_to_them() {
    for seed in 1..=4 {
        play(seed, 500, false, if seed % 2 == 0 { Order::Fifo } else { Order::Lifo });
    }
}

#[test]
fn objects_are_conserved_while_the_maximum_changes() {
    for seed in 11..=14 {
        play(seed, 500, true, if seed % 2 == 0 { Order::Fifo } else { Order::Lifo });
    }
}

/// Counts itself, and tells when two have it.
struct Counted {
    owned: bool,
    alive: Arc<AtomicU64>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

fn play_bounded(seed: u64, when_exhausted: WhenExhausted, bounded: bool) {
    let alive = Arc::new(AtomicU64::new(0));
    let mood = moody(seed, 0, 5);
    let reset_mood = moody(seed + 1, 0, 5);
    let pool: BoundedPool<Counted> = BoundedPool::builder({
        let alive = Arc::clone(&alive);
        move || {
            mood().expect("it does not fail");
            alive.fetch_add(1, Ordering::SeqCst);
            Counted { owned: false, alive: Arc::clone(&alive) }
        }
    })
    .max_open(3)
    .when_exhausted(when_exhausted)
    .reset(move |value: &mut Counted| {
        assert!(std::mem::take(&mut value.owned), "a value had no owner");
        reset_mood().expect("it does not fail");
    })
    .build()
    .expect("a pool");
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = watch(&pool, &stop, move |stats| {
        assert!(!bounded || stats.open <= 3, "{stats:?}");
    });
    let workers: Vec<_> = (0..THREADS)
        .map(|thread| {
            start_on(&pool, move |pool| {
                let mut random = Random(seed * 1000 + thread + 1);
                for _ in 0..500 {
                    let pause = Duration::from_micros(random.below(200));
                    let got = catch_unwind(AssertUnwindSafe(|| pool.get_timeout(pause)));
                    let Ok(Ok(mut lease)) = got else { continue };
                    assert!(!std::mem::replace(&mut lease.owned, true), "two owners have one");
                    match random.below(10) {
                        0 => Lease::discard(lease),
                        1 => drop(Lease::detach(lease)),
                        2 => {
                            let _ = crate::unwinds(move || {
                                let _lease = lease;
                                crate::unwind()
                            });
                        }
                        _ => {
                            let _ = catch_unwind(AssertUnwindSafe(|| drop(lease)));
                        }
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.finish();
    }
    stop.store(true, Ordering::SeqCst);
    assert!(watcher.finish() > 0);
    let stats = pool.stats();
    assert_laws(&stats);
    assert_eq!(stats.open, stats.idle, "{stats:?}");
    assert_eq!(alive.load(Ordering::SeqCst), stats.idle, "{stats:?}");
    assert_eq!(stats.borrowed, stats.returned + stats.detached, "{stats:?}");
    assert!(stats.idle <= 3, "{stats:?}");
    pool.close();
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    assert!(pool.drain(Instant::now() + SECOND).is_ok());
}

#[test]
fn values_of_bounded_pools_are_conserved() {
    for seed in 21..=22 {
        play_bounded(seed, WhenExhausted::Wait, true);
        play_bounded(seed + 10, WhenExhausted::Fail, true);
        play_bounded(seed + 20, WhenExhausted::Create, false);
    }
}
