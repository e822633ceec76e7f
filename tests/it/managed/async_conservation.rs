//! Random scripts of gets that are polled, dropped, timed out and closed: nothing is lost, nobody
//! sleeps for ever, and the counts hold at any moment.

use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use poolable::managed::{CancelToken, GetError, Lease, Retry, Timeouts};

use super::async_scripted::{Gate, Got, Link, Set, Task, after_yields, at, at_then, never, then};
use super::scripted::{SECOND, assert_laws, fail, panics, start, succeed};

/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn pick<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        let count = from.len() as u64;
        if count == 0 { None } else { Some(from.swap_remove(self.roll(count) as usize)) }
    }
}

struct Player {
    set: Set,
    dice: Dice,
    tasks: Vec<Task<Got>>,
    held: Vec<Lease<Link>>,
    token: CancelToken,
    gate: Gate,
    max_open: usize,
    /// What the getters came to.
    served: u64,
    failed: u64,
}

impl Player {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let max_open = dice.roll(4) as usize + 1;
        let max_connecting = dice.roll(3) as usize + 1;
        let timeouts = Timeouts {
            wait: Some(20 * SECOND),
            create: (dice.roll(2) == 0).then_some(7 * SECOND),
            check: (dice.roll(2) == 0).then_some(5 * SECOND),
        };
        let retry = if dice.roll(3) == 0 {
            Retry::exponential(SECOND, 2 * SECOND, 2)
        } else {
            Retry::none()
        };
        let (spawns, lives) = (dice.roll(2) == 0, dice.roll(3) == 0);
        let min_idle = if spawns && dice.roll(3) == 0 { 1 } else { 0 };
        let settings = |builder: super::async_scripted::LinksBuilder| {
            builder
                .max_open(max_open)
                .max_connecting(max_connecting)
                .timeouts(timeouts)
                .retry(retry)
                .min_idle(min_idle)
                .max_lifetime(lives.then_some(40 * SECOND))
        };
        let set = if spawns { Set::spawning_by(settings) } else { Set::by(settings) };
        Self {
            set,
            dice,
            tasks: Vec::new(),
            held: Vec::new(),
            token: CancelToken::new(),
            gate: Gate::default(),
            max_open,
            served: 0,
            failed: 0,
        }
    }

    /// Says what the next create and the next check are to do.
    fn script(&mut self) {
        let gate = self.gate.clone();
        let calls = [&self.set.script.create, &self.set.script.check];
        for calls in calls {
            match self.dice.roll(10) {
                0..=2 => calls.next(at(&gate)),
                3 => calls.next(at_then(&gate, fail)),
                4 => calls.next(then(fail)),
                5 => calls.next(after_yields(self.dice.roll(4) as usize, succeed)),
                6 => calls.next(at_then(&gate, panics)),
                7 => calls.next(never),
                _ => calls.next(then(succeed)),
            };
        }
    }

    fn note(&mut self, got: Got) {
        match got {
            Ok(lease) => {
                self.served += 1;
                self.held.push(lease);
            }
            Err(error) => {
                self.failed += 1;
                if let GetError::Timeout { stats, .. } = error {
                    assert_laws(&stats);
                }
            }
        }
    }

    /// Polls a task, as an executor would that contains panics.
    fn poll(&mut self, mut task: Task<Got>) {
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| task.poll()));
        match polled {
            Ok(Poll::Ready(got)) => self.note(got),
            Ok(Poll::Pending) => self.tasks.push(task),
            Err(_) => self.failed += 1,
        }
    }

    fn poll_one_that_is_woken(&mut self) -> bool {
        let woken: Vec<_> =
            (0..self.tasks.len()).filter(|index| self.tasks[*index].is_woken()).collect();
        if woken.is_empty() {
            return false;
        }
        let index = woken[self.dice.roll(woken.len() as u64) as usize];
        let task = self.tasks.swap_remove(index);
        self.poll(task);
        true
    }

    fn step(&mut self) {
        match self.dice.roll(40) {
            0..=7 => {
                self.script();
                let task = match self.dice.roll(6) {
                    0 => self.set.try_get(),
                    1 => self.set.ask_with(None, &self.token),
                    2 => self.set.ask_for(3 * SECOND),
                    _ => self.set.ask(),
                };
                self.tasks.push(task);
            }
            8..=17 => drop(self.poll_one_that_is_woken()),
            18..=20 => drop(self.dice.pick(&mut self.tasks)),
            21..=24 => drop(self.dice.pick(&mut self.held)),
            25 => self.dice.pick(&mut self.held).into_iter().for_each(Lease::discard),
            26 => drop(self.dice.pick(&mut self.held).map(Lease::detach)),
            27..=29 => self.gate.let_one_on(),
            30..=33 => drop(self.set.spawner.step()),
            34 | 35 => self.set.clock.advance(SECOND),
            36 => {
                self.max_open = self.dice.roll(4) as usize + 1;
                self.set.pool.resize(self.max_open);
            }
            37 => {
                // One that is polled though nobody woke it.
                if let Some(task) = self.dice.pick(&mut self.tasks) {
                    self.poll(task);
                }
            }
            38 => match self.dice.roll(4) {
                0 => {
                    self.token.cancel();
                    self.token = CancelToken::new();
                }
                1 => drop(self.set.spawner.shut_down()),
                2 => drop(self.set.pool.retain(|_, meta| meta.id % 3 > 0)),
                _ => self.set.clock.advance(8 * SECOND),
            },
            _ => {
                let pool = self.set.pool.clone();
                let mut warming = Task::new(async move { drop(pool.prewarm(2).await) });
                // Polled once, and dropped.
                drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| warming.poll())));
            }
        }
        let stats = self.set.stats();
        assert_eq!(stats.in_use, self.held.len() as u64 + self.granted(), "{stats:?}");
        assert!(self.set.script.alive() >= stats.idle + self.held.len() as u64, "{stats:?}");
    }

    /// Objects that were granted, and whose getters have not looked.
    fn granted(&self) -> u64 {
        let stats = self.set.pool.stats();
        stats.in_use.saturating_sub(self.held.len() as u64)
    }

    /// Runs all to its end: everybody is served, or told why not.
    fn settle(&mut self) {
        self.set.script.create.clear();
        self.set.script.check.clear();
        self.gate.open();
        if self.max_open == 0 {
            self.set.pool.resize(1);
        }
        let (mut rounds, start) = (0, Instant::now());
        loop {
            self.set.spawner.run();
            while self.poll_one_that_is_woken() {
                self.set.spawner.run();
                self.held.clear();
            }
            self.held.clear();
            if self.tasks.is_empty() {
                break;
            }
            rounds += 1;
            if rounds < 70 {
                // Those who wait behind what never ends come to their time, or have none.
                self.set.clock.advance(SECOND);
            } else {
                // What a thread of the pool's is at may take its time.
                thread::yield_now();
            }
            if rounds == 40 {
                self.token.cancel();
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{} of {} sleep: {:?}",
                self.tasks.iter().filter(|task| !task.is_woken()).count(),
                self.tasks.len(),
                self.set.pool.stats()
            );
        }
        // What never ends is given up in time, and the pool is as good as new.
        for _ in 0..3 {
            self.set.clock.advance(31 * SECOND);
            self.set.spawner.run();
        }
        self.set.eventually(|| {
            self.set.spawner.run();
            self.set.pool.stats().creating == 0 && self.set.script.create.now() == 0
        });
        let stats = self.set.stats();
        assert_eq!((stats.in_use, stats.checking, stats.waiting), (0, 0, 0), "{stats:?}");
        let max = stats.max_open.expect("a maximum") as usize;
        let leases = self.set.leases(max);
        assert_eq!(leases.len(), max);
        drop(leases);
        let stats = self.set.stats();
        assert!(stats.open <= max as u64, "{stats:?}");
        assert_eq!(stats.borrowed, stats.returned + stats.detached, "{stats:?}");
    }
}

fn play(seed: u64, steps: usize) -> (u64, u64) {
    let mut player = Player::new(seed);
    for _ in 0..steps {
        player.step();
    }
    player.settle();
    (player.served, player.failed)
}

/// A script that fails is played again by its seed: `POOLABLE_SEED=7 cargo test random_scripts`.
#[test]
fn nothing_is_lost_in_random_scripts() {
    if let Some(seed) = std::env::var("POOLABLE_SEED").ok().and_then(|seed| seed.parse().ok()) {
        play(seed, 400);
        return;
    }
    let (mut served, mut failed) = (0, 0);
    for seed in 0..300 {
        let played = std::panic::catch_unwind(|| play(seed, 400));
        let Ok(came_to) = played else { panic!("with POOLABLE_SEED={seed}") };
        served += came_to.0;
        failed += came_to.1;
    }
    assert!(served > 5000 && failed > 1000, "{served} served and {failed} not: it has gone soft");
}

#[test]
fn numbers_are_conserved_among_tasks_on_threads_that_come_and_go() {
    const ROUNDS: u64 = 1000;

    let set = Set::of(2);
    set.script.create.always(after_yields(1, succeed));
    set.script.check.always(after_yields(1, succeed));
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let pool = set.pool.clone();
            start(move || {
                let mut dice = Dice(worker);
                let mut served = 0_u64;
                for _ in 0..ROUNDS {
                    let pool = pool.clone();
                    let mut task = Task::new(async move { pool.get().await });
                    let mut polls = dice.roll(6);
                    // Half of them give up, wherever they are by then.
                    let is_patient = dice.roll(2) == 0;
                    loop {
                        if task.is_woken() {
                            if let Poll::Ready(got) = task.poll() {
                                drop(got.expect("an object"));
                                served += 1;
                                break;
                            }
                        } else {
                            thread::yield_now();
                        }
                        if !is_patient && polls == 0 {
                            break;
                        }
                        polls = polls.saturating_sub(1);
                    }
                }
                served
            })
        })
        .collect();
    let served: u64 = workers.into_iter().map(|worker| worker.finish()).sum();
    let stats = set.stats();
    assert_eq!((stats.in_use, stats.checking, stats.waiting), (0, 0, 0), "{stats:?}");
    assert_eq!((stats.borrowed, stats.returned), (served, served), "{stats:?}");
    assert!(served > ROUNDS, "{stats:?}");
    assert!(set.script.most_alive() <= 2 + 4, "what is being destroyed beside: {stats:?}");
    assert_eq!(set.leases(2).len(), 2);
}
