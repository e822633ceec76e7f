//! A random mix of all that can happen to objects, on several threads.
//!
//! Whatever the mix, every object is dropped exactly once, none is had by two owners,
//! and the counters obey the law of conservation.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use poolable::{Poolable, Pooled, Reset};

use crate::unwind;

static BORN: AtomicU64 = AtomicU64::new(0);
static DIED: AtomicU64 = AtomicU64::new(0);
static GETS: AtomicU64 = AtomicU64::new(0);
static RETURNS: AtomicU64 = AtomicU64::new(0);

/// Counts births and deaths, and tells when two owners have it.
struct Life {
    alive: AtomicBool,
    owned: AtomicBool,
}

impl Reset for Life {
    fn blank() -> Self {
        BORN.fetch_add(1, Ordering::Relaxed);
        Self { alive: AtomicBool::new(true), owned: AtomicBool::new(false) }
    }

    fn reset(&mut self) {}
}

impl Life {
    fn acquire(&self) {
        assert!(self.alive.load(Ordering::Relaxed), "a dead object was handed out");
        assert!(!self.owned.swap(true, Ordering::Relaxed), "two owners have one object");
    }

    fn release(&self) {
        assert!(self.owned.swap(false, Ordering::Relaxed), "an object had no owner");
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        assert!(self.alive.swap(false, Ordering::Relaxed), "an object was dropped twice");
        DIED.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Poolable)]
#[pool(cache = 8, max_idle = 16, validate = Self::is_valid)]
struct Thing {
    life: Life,
    #[pool(max_capacity = 512)]
    text: String,
    invalid: bool,
    #[pool(with = Self::reset_mood)]
    panics: bool,
}

impl Thing {
    fn is_valid(&self) -> bool {
        RETURNS.fetch_add(1, Ordering::Relaxed);
        !self.invalid
    }

    fn reset_mood(panics: &mut bool) {
        if std::mem::take(panics) {
            unwind();
        }
    }
}

/// The generator "xorshift64*" (Vigna, "An experimental exploration of Marsaglia's
/// xorshift generators, scrambled", 2016).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }
}

const THREADS: u64 = 4;
const ROUNDS: u64 = 250_000;

/// Plays rounds with the objects at hand; some go to another thread.
fn play(
    seed: u64,
    send: &mpsc::SyncSender<Pooled<Thing>>,
    receive: &mpsc::Receiver<Pooled<Thing>>,
) {
    let mut random = Random(seed);
    let mut held: Vec<Pooled<Thing>> = Vec::new();
    for _ in 0..ROUNDS {
        let pick = |held: &mut Vec<_>, random: &mut Random| {
            (!held.is_empty()).then(|| held.swap_remove(random.below(held.len() as u64) as usize))
        };
        match random.below(100) {
            0..45 if held.len() < 40 => {
                let mut thing = Thing::pooled();
                GETS.fetch_add(1, Ordering::Relaxed);
                thing.life.acquire();
                assert!(thing.text.is_empty() && !thing.invalid && !thing.panics);
                thing.text.push_str("used");
                held.push(thing);
            }
            45..80 => {
                if let Some(thing) = pick(&mut held, &mut random) {
                    thing.life.release();
                    drop(thing);
                }
            }
            80..83 => {
                if let Some(thing) = pick(&mut held, &mut random) {
                    thing.life.release();
                    drop(Pooled::into_inner(thing));
                }
            }
            83..86 => {
                let thing = Pooled::attach(Thing::blank());
                thing.life.acquire();
                held.push(thing);
            }
            86..88 => {
                if let Some(thing) = pick(&mut held, &mut random) {
                    thing.life.release();
                    Pooled::discard(thing);
                }
            }
            88..90 => {
                if let Some(mut thing) = pick(&mut held, &mut random) {
                    thing.life.release();
                    thing.invalid = true;
                }
            }
            90..92 => {
                if let Some(mut thing) = pick(&mut held, &mut random) {
                    thing.life.release();
                    thing.panics = true;
                    assert!(catch_unwind(AssertUnwindSafe(|| drop(thing))).is_err());
                }
            }
            92..95 => {
                if let Some(thing) = pick(&mut held, &mut random) {
                    if let Err(mpsc::TrySendError::Full(thing)) = send.try_send(thing) {
                        held.push(thing);
                    }
                }
            }
            95..98 => held.extend(receive.try_recv()),
            98 => Thing::pool().flush_thread_cache(),
            _ => match random.below(60) {
                10..20 => {
                    for thing in held.drain(..) {
                        thing.life.release();
                    }
                }
                0 => Thing::pool().clear(),
                1 => assert!(Thing::pool().prewarm(5) <= 5),
                _ => {}
            },
        }
    }
    for thing in held {
        thing.life.release();
    }
}

#[test]
fn objects_are_conserved_and_dropped_once_in_a_million_rounds() {
    let mut ends: Vec<_> = (0..THREADS).map(|_| mpsc::sync_channel(8)).collect();
    // A ring: each thread sends to the next.
    let first = ends[0].0.clone();
    for index in 0..ends.len() - 1 {
        ends[index].0 = ends[index + 1].0.clone();
    }
    if let Some(last) = ends.last_mut() {
        last.0 = first;
    }
    let ends: Vec<_> = ends.into_iter().collect();
    let barrier = Arc::new(std::sync::Barrier::new(THREADS as usize));
    let workers: Vec<_> = ends
        .into_iter()
        .zip(1..)
        .map(|((send, receive), seed)| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                barrier.wait();
                play(seed, &send, &receive);
                drop(send);
                for thing in receive {
                    thing.life.release();
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().expect("no assertion failed");
    }

    let stats = Thing::pool().stats();
    let (born, died) = (BORN.load(Ordering::Relaxed), DIED.load(Ordering::Relaxed));
    assert_eq!(stats.in_use, 0, "{stats:?}");
    assert_eq!(
        stats.created + stats.attached,
        stats.idle + stats.in_use + stats.detached + stats.discarded.total(),
        "{stats:?}"
    );
    assert_eq!(born, stats.created + stats.attached);
    assert_eq!(GETS.load(Ordering::Relaxed), stats.hits + stats.misses);
    assert_eq!(RETURNS.load(Ordering::Relaxed), stats.returned);
    assert_eq!(born - died, stats.idle, "{stats:?}");
    assert!(stats.idle <= 16 + THREADS * 8, "{stats:?}");
    for count in [stats.discarded.full, stats.discarded.invalid, stats.discarded.panic] {
        assert!(count > 0, "the mix reached too little: {stats:?}");
    }
    Thing::pool().clear();
    assert_eq!(BORN.load(Ordering::Relaxed), DIED.load(Ordering::Relaxed));
}
