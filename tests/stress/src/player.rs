//! Plays a script on threads of its own, and has the laws checked.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::{env, process};

use crate::act;
use crate::book::{self, book};
use crate::census;
use crate::forecast;
use crate::hand;
use crate::house::Site;
use crate::laws::{self, Ledger};
use crate::script::{Deed, Script, Step};
use crate::stage::{Parcel, Stage};
use crate::verdict::{self, Violation, broken};
use crate::worker::{Swept, Worker, keep_early};

/// After how long a step that does not end has hung. Under valgrind all takes long; what
/// takes longer still may set `POOLABLE_STRESS_PATIENCE`, in seconds.
const PATIENCE: u64 = 120;

/// One script at a time: the fixed pools, the books and the census are the process's.
static ALONE: Mutex<()> = Mutex::new(());
static SCRIPTS: AtomicU64 = AtomicU64::new(0);

/// What was played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tale {
    /// Scripts played.
    pub scripts: u64,
    /// Steps taken.
    pub steps: u64,
    /// Pools used.
    pub pools: u64,
    /// Gets that gave an object.
    pub gets: u64,
    /// Those of them that had to create it.
    pub misses: u64,
    /// Gets that had to be hits, as far as could be foretold.
    pub foretold: u64,
    /// Values that `validate` refused.
    pub refused: u64,
    /// Resets that panicked.
    pub panicked: u64,
    /// Values that pools freed.
    pub freed: u64,
}

impl Tale {
    /// Adds another tale.
    pub fn add(&mut self, other: &Self) {
        self.scripts += other.scripts;
        self.steps += other.steps;
        self.pools += other.pools;
        self.gets += other.gets;
        self.misses += other.misses;
        self.foretold += other.foretold;
        self.refused += other.refused;
        self.panicked += other.panicked;
        self.freed += other.freed;
    }
}

impl fmt::Display for Tale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scripts, steps, pools, gets, misses, foretold, refused, panicked, freed } = self;
        write!(
            f,
            "{scripts} scripts, {steps} steps, {pools} pools, {gets} gets of which {misses} \
             created and {foretold} had to hit, {refused} values refused, {panicked} resets \
             panicked, {freed} values freed"
        )
    }
}

/// Plays a script with the pools of a site.
///
/// # Errors
///
/// The first law that was broken.
///
/// # Panics
///
/// If a thread of the script panics where nothing should.
pub fn play(site: &dyn Site, script: &Script) -> Result<Tale, Violation> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    book::open();
    census::open();
    hand::open();
    forecast::foretold();
    verdict::take();
    verdict::at_step(None);
    let (outboxes, inboxes): (Vec<_>, Vec<_>) = (0..script.threads).map(|_| channel()).unzip();
    let number = SCRIPTS.fetch_add(1, Ordering::Relaxed);
    let stage = Stage::new(site, outboxes, format!("stress-{number}"), !script.lock_step);
    let mut ledger = Ledger::new(site.keeping());
    stage.each_watched(|pool| ledger.begin(pool.book, pool.watch.stats().unwrap_or_default()));

    let mut play = Play { stage: &stage, script, ledger };
    if script.lock_step {
        play.in_lock_step(inboxes);
    } else {
        play.free(inboxes);
    }
    play.end();
    act::close_doors();
    match verdict::take() {
        Some(violation) => Err(violation),
        None => Ok(tale(&stage, script)),
    }
}

fn tale(stage: &Stage<'_>, script: &Script) -> Tale {
    let laps = if script.lock_step { 1 } else { script.laps };
    let mut tale = Tale {
        scripts: 1,
        steps: (script.steps.len() * laps) as u64,
        foretold: forecast::foretold(),
        ..Tale::default()
    };
    stage.each_watched(|pool| {
        let book = book(pool.book);
        tale.pools += u64::from(book.gets.get() > 0);
        tale.gets += book.gets.get();
        tale.misses += book.created_by_get.get();
        tale.refused += book.refused.get();
        tale.panicked += book.panicked.get();
        tale.freed += book.died.get();
    });
    tale
}

struct Play<'a> {
    stage: &'a Stage<'a>,
    script: &'a Script,
    ledger: Ledger,
}

/// What a thread is told in lock-step.
enum Order<'a> {
    Act(usize, &'a Deed),
    End { keeps_hands: bool },
}

/// A thread in lock-step.
struct Puppet<'scope, 'env> {
    orders: Sender<Order<'env>>,
    replies: Receiver<Option<Swept>>,
    thread: ScopedJoinHandle<'scope, Worker>,
}

impl<'scope, 'env> Puppet<'scope, 'env> {
    fn new(
        scope: &'scope Scope<'scope, 'env>,
        stage: &'env Stage<'env>,
        mut worker: Worker,
        early: bool,
    ) -> Self {
        let (orders, told) = channel();
        let (reply, replies) = channel();
        let thread = spawn(scope, move || {
            if early {
                keep_early();
            }
            loop {
                match told.recv() {
                    Ok(Order::Act(step, deed)) => {
                        verdict::at_step(Some(step));
                        let swept = worker.act(stage, deed);
                        if reply.send(swept).is_err() {
                            return worker.end(false);
                        }
                    }
                    Ok(Order::End { keeps_hands }) => return worker.end(keeps_hands),
                    Err(_) => return worker.end(false),
                }
            }
        });
        Self { orders, replies, thread }
    }

    fn act(&self, script: &Script, step: usize, deed: &'env Deed) -> Option<Swept> {
        self.orders.send(Order::Act(step, deed)).expect("the thread waits for orders");
        wait(&self.replies, script, &(step, deed))
    }

    fn end(self, keeps_hands: bool) -> Worker {
        self.orders.send(Order::End { keeps_hands }).expect("the thread waits for orders");
        join(self.thread)
    }
}

/// Waits for a reply; there is no way to end a thread that gives none, but with the process.
fn wait<T>(replies: &Receiver<T>, of: &Script, step: &dyn fmt::Debug) -> T {
    let given = env::var("POOLABLE_STRESS_PATIENCE").ok().and_then(|given| given.parse().ok());
    let seconds = given.unwrap_or(PATIENCE);
    match replies.recv_timeout(Duration::from_secs(seconds)) {
        Ok(reply) => reply,
        Err(RecvTimeoutError::Timeout) => {
            eprintln!("{}, {step:?}: hung for {seconds} s", of.origin);
            process::exit(1);
        }
        Err(RecvTimeoutError::Disconnected) => panic!("{}, {step:?}: panicked", of.origin),
    }
}

/// Starts a thread with little stack, which costs less to have where memory is watched.
fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    run: impl FnOnce() -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    let builder = thread::Builder::new().stack_size(1 << 20);
    builder.spawn_scoped(scope, run).expect("the system has another thread")
}

fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().expect("the worker survives what it is told")
}

/// How a free running thread ended: for good, or with a successor.
enum Ended<'scope> {
    Last(Worker),
    Replaced(ScopedJoinHandle<'scope, Ended<'scope>>),
}

/// Takes the steps of one thread, until that thread is replaced.
fn run<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    stage: &'env Stage<'env>,
    mut worker: Worker,
    mut steps: impl Iterator<Item = (usize, &'env Step)> + Send + 'scope,
    done: Sender<()>,
) -> Ended<'scope> {
    while let Some((index, step)) = steps.next() {
        if verdict::is_broken() {
            break;
        }
        verdict::at_step(Some(index));
        if let Deed::End { keeps_hands } = step.deed {
            let heir = worker.end(keeps_hands);
            // Boxed: the type of the steps would grow with every successor.
            let steps: Box<dyn Iterator<Item = _> + Send + 'scope> = Box::new(steps);
            return Ended::Replaced(spawn(scope, move || {
                if index % 2 == 0 {
                    keep_early();
                }
                run(scope, stage, heir, steps, done)
            }));
        }
        let _ = worker.act(stage, &step.deed);
    }
    let last = worker.end(false);
    let _ = done.send(());
    Ended::Last(last)
}

impl Play<'_> {
    fn in_lock_step(&mut self, inboxes: Vec<Receiver<Parcel>>) {
        let (stage, script) = (self.stage, self.script);
        forecast::start(stage.site.keeping());
        let workers = thread::scope(|scope| {
            let mut puppets: Vec<_> = inboxes
                .into_iter()
                .enumerate()
                .map(|(index, inbox)| {
                    let worker = Worker::new(index, inbox);
                    Some(Puppet::new(scope, stage, worker, index % 2 == 1))
                })
                .collect();
            for (index, step) in script.steps.iter().enumerate() {
                verdict::at_step(Some(index));
                forecast::turn(step.thread);
                let puppet = &mut puppets[step.thread];
                let mut swept = None;
                if let Deed::End { keeps_hands } = step.deed {
                    let heir = puppet.take().map(|puppet| puppet.end(keeps_hands));
                    forecast::replaced();
                    *puppet = heir.map(|heir| Puppet::new(scope, stage, heir, index % 2 == 0));
                } else if let Some(puppet) = puppet {
                    swept = puppet.act(script, index, &step.deed);
                }
                self.check_step(&step.deed, swept);
                if verdict::is_broken() {
                    break;
                }
            }
            forecast::stop();
            verdict::at_step(None);
            puppets.into_iter().flatten().map(|puppet| puppet.end(false)).collect()
        });
        Self::clean_up(workers);
    }

    /// Nobody is at work between two steps, so that the counters are exact.
    fn check_step(&mut self, deed: &Deed, swept: Option<Swept>) {
        let threads = self.script.threads;
        let ledger = &mut self.ledger;
        self.stage.each_watched(|pool| {
            let Some(stats) = pool.watch.stats() else { return laws::check_gone(pool) };
            ledger.compare(pool, &stats, threads);
            ledger.check_step(pool, &stats);
            if let Some(swept) = &swept {
                if swept.book == pool.book {
                    let others = (threads - 1) * swept.cache;
                    laws::check_limit(&pool.watch.name(), stats.idle, 0, others);
                }
            }
        });
        if matches!(deed, Deed::Survey) {
            self.check_listed();
        }
    }

    fn check_listed(&self) {
        if let Some(listed) = self.stage.site.listed() {
            self.stage.each_watched(|pool| laws::check_listed(&listed, pool));
        }
    }

    fn free(&mut self, inboxes: Vec<Receiver<Parcel>>) {
        let (stage, script) = (self.stage, self.script);
        let barrier = &Barrier::new(script.threads);
        let (done, all_done) = channel();
        let workers = thread::scope(|scope| {
            let mut threads = Vec::new();
            for (index, inbox) in inboxes.into_iter().enumerate() {
                let done = done.clone();
                let lap = script.steps.iter().enumerate();
                let lap = lap.filter(move |(_, step)| step.thread == index);
                let steps = (0..script.laps).flat_map(move |_| lap.clone());
                threads.push(spawn(scope, move || {
                    if index % 2 == 1 {
                        keep_early();
                    }
                    barrier.wait();
                    run(scope, stage, Worker::new(index, inbox), steps, done)
                }));
            }
            for _ in 0..script.threads {
                wait(&all_done, script, &"running free");
            }
            let mut workers = Vec::new();
            for mut thread in threads {
                // Joined by its handle, so that its thread-locals are gone.
                loop {
                    match join(thread) {
                        Ended::Last(worker) => break workers.push(worker),
                        Ended::Replaced(next) => thread = next,
                    }
                }
            }
            workers
        });
        Self::clean_up(workers);
    }

    /// Drops what was sent and never received.
    fn clean_up(workers: Vec<Worker>) {
        on_a_thread(move || {
            for mut worker in workers {
                worker.unpack();
                worker.end(false);
            }
        });
    }

    fn end(&mut self) {
        verdict::at_step(None);
        self.check_rest(false);
        on_a_thread(hand::remember_forgotten);
        self.check_rest(true);
        self.check_listed();
        let fixed = &self.stage.fixed;
        on_a_thread(|| {
            for house in fixed {
                let book = book(house.book());
                // Twice: what is freed may come back for more.
                for _ in 0..2 {
                    book.clears.add();
                    act::survive(|| house.clear());
                }
                book.shrinks.add();
                house.set_max_idle(house.terms().max_idle);
            }
        });
        self.check_rest(true);
        self.stage.each_watched(|pool| {
            let Some(stats) = pool.watch.stats() else { return };
            if (stats.idle, stats.bytes_idle) != (0, 0) {
                let name = pool.watch.name();
                broken(format!("{name}: something is left after a clear: {stats:?}"));
            }
        });
    }

    /// No thread is left.
    fn check_rest(&self, all_dropped: bool) {
        let fixed = self.stage.fixed.len();
        self.stage.each_watched(|pool| {
            let Some(stats) = pool.watch.stats() else { return laws::check_gone(pool) };
            self.ledger.compare(pool, &stats, 0);
            let name = pool.watch.name();
            laws::check_limit(&name, stats.idle, book(pool.book).allowed(), 0);
            if pool.book >= fixed && all_dropped {
                broken(format!("{name} lives on, though all its handles are gone"));
            }
        });
    }
}

/// Runs code on a thread that is gone afterwards, with its caches.
fn on_a_thread(run: impl FnOnce() + Send) {
    thread::scope(|scope| join(spawn(scope, run)));
}
