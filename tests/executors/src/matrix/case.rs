//! One combination, from an empty pool to a closed one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use poolable::managed::{AsyncResourcePool, GetError, Lease, Order, Retry, Stats, Timeouts};

use super::getter::{Visit, visit_all};
use super::stage::{STEP, Stage};
use super::tally::Tally;
use crate::crew::lock;
use crate::ledger::{Ledger, add, subtract, told};
use crate::manager::{Gate, Refused, Scripted, Thing};
use crate::random::Random;
use crate::script::Script;

pub(super) type Got = Result<Lease<Thing>, GetError<Refused>>;

/// What has a script, while all is well with the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Creates,
    Checks,
}

#[derive(Debug)]
pub(super) struct Case {
    pub(super) subject: Subject,
    pub(super) number: u64,
    pub(super) is_hooked: bool,
    /// Whether the pool is closed in the middle of it.
    pub(super) is_cut_off: bool,
}

const GETTERS: usize = 6;
const VISITS: usize = 2;

/// Some go without one limit or the other: then it is the wait that ends, or half a minute that
/// nobody waits.
fn timeouts(random: &mut Random) -> Timeouts {
    Timeouts {
        wait: Some(Duration::from_secs(4)),
        create: (!random.one_in(3)).then(|| Duration::from_secs(2)),
        check: (!random.one_in(3)).then(|| Duration::from_secs(1)),
    }
}

fn retry(random: &mut Random) -> Retry {
    if random.one_in(4) { Retry::exponential(STEP, 2 * STEP, 2) } else { Retry::none() }
}

/// What the tasks of a combination share.
pub(super) struct Scene {
    pub(super) pool: AsyncResourcePool<Arc<Scripted>>,
    pub(super) stage: Stage,
    pub(super) ledger: Arc<Ledger>,
    pub(super) tally: Arc<Tally>,
    /// Whether the pool has been closed, or is about to be.
    pub(super) is_closing: AtomicBool,
    /// Leases that were had.
    pub(super) borrowed: AtomicU64,
    /// Tasks that have not ended.
    left: Arc<AtomicU64>,
}

/// A task that has not ended.
struct Left(Arc<AtomicU64>);

impl Drop for Left {
    fn drop(&mut self) {
        subtract(&self.0);
    }
}

impl Scene {
    pub(super) fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        add(&self.left);
        let left = Left(Arc::clone(&self.left));
        let ledger = Arc::clone(&self.ledger);
        let task = async move {
            let _left = left;
            task.await;
        };
        self.stage.start(task, move |fault| ledger.fault(fault));
    }

    pub(super) fn count(&self, which: fn(&Tally) -> &AtomicU64) {
        add(which(&self.tally));
    }

    /// What holds of a pool at any moment.
    pub(super) fn assert_laws(&self, stats: &Stats) {
        let open = stats.idle + stats.in_use + stats.checking + stats.creating;
        let had = stats.idle + stats.in_use + stats.checking + stats.detached;
        let is_lawful = stats.open == open
            && stats.open <= self.ledger.max_open
            && stats.created == had + stats.destroyed.total();
        if !is_lawful {
            self.ledger.fault(format!("against the laws: {stats:?}"));
        }
    }

    fn is_over(&self) -> bool {
        self.assert_laws(&self.pool.stats());
        told(&self.left) == 0
    }
}

fn build(case: &Case, stage: &Stage, random: &mut Random) -> AsyncResourcePool<Arc<Scripted>> {
    let max_open = 1 + case.number as usize % 3;
    let script = Script::of(case.number);
    let (creates, checks) = match case.subject {
        Subject::Creates => (script, Script::well()),
        Subject::Checks => (Script::well(), script),
    };
    let ledger = Arc::new(Ledger::new(max_open));
    let manager =
        Scripted { ledger, creates, checks, time: stage.time.clone(), gate: Gate::default() };
    let builder = AsyncResourcePool::builder(Arc::new(manager))
        .max_open(max_open)
        .max_connecting(1 + random.below(3) as usize)
        .order(if random.one_in(2) { Order::Fifo } else { Order::Lifo })
        .max_lifetime(None)
        .idle_timeout(None)
        .timeouts(timeouts(random))
        .retry(retry(random))
        .clock(&stage.clock);
    let pool = if case.is_hooked {
        let stage = stage.clone();
        let min_idle = usize::from(random.one_in(4));
        builder.min_idle(min_idle).spawn(move |task| stage.start_plain(task)).build()
    } else {
        builder.build()
    };
    pool.expect("a pool")
}

pub(super) async fn play(case: &Case, stage: Stage, tally: &Arc<Tally>) {
    // Creates and checks of one number differ in their getters, too.
    let mut random = Random::new(case.number * 2 + u64::from(case.subject == Subject::Checks));
    let pool = build(case, &stage, &mut random);
    let manager = Arc::clone(pool.manager());
    let scene = Arc::new(Scene {
        stage: stage.clone(),
        ledger: Arc::clone(&manager.ledger),
        tally: Arc::clone(tally),
        is_closing: AtomicBool::new(false),
        borrowed: AtomicU64::new(0),
        left: Arc::default(),
        pool,
    });
    let script = match case.subject {
        Subject::Creates => &manager.creates,
        Subject::Checks => &manager.checks,
    };
    let discards = match case.subject {
        Subject::Creates => 3,
        Subject::Checks => 0,
    };
    let mut plan = Vec::new();
    for _ in 0..GETTERS {
        let visits: Vec<_> = (0..VISITS).map(|_| Visit::draw(&mut random, discards)).collect();
        plan.push(visits.clone());
        scene.start(visit_all(Arc::clone(&scene), visits));
    }
    let demand = |holds: bool, what: &str| {
        let faults = scene.ledger.faults();
        assert!(
            holds && faults.is_empty(),
            "{what}\n  {case:?}\n  {script:?}, {} of it begun\n  {:?}\n  {faults:?}\n  the \
             getters: {plan:#?}\n  alone: POOLABLE_COMBINATION={}",
            script.reached(),
            scene.pool.stats(),
            case.number,
        );
    };
    if case.is_cut_off {
        let mut steps = 2 + random.below(12);
        let is_time = || {
            steps -= 1;
            steps == 0 || scene.is_over()
        };
        demand(stage.until(Some(&mut random.clone()), is_time).await, "no time passes");
        scene.is_closing.store(true, Ordering::SeqCst);
        scene.pool.close();
    }
    demand(stage.until(Some(&mut random), || scene.is_over()).await, "a getter hangs");
    if case.is_cut_off {
        drain(&scene, demand).await;
        return;
    }
    tally.reached(script.reached());
    tally.checks_failed.fetch_add(scene.pool.stats().check_failed, Ordering::SeqCst);

    // Nobody is there any more: whatever is under way comes to its end.
    let is_at_rest = || {
        let stats = scene.pool.stats();
        scene.assert_laws(&stats);
        let Stats { in_use, checking, creating, waiting, destroying, .. } = stats;
        [in_use, checking, creating, waiting, destroying] == [0; 5]
    };
    demand(stage.until(None, is_at_rest).await, "the counts do not settle");
    let under_way = [told(&scene.ledger.creating), told(&scene.ledger.checking)];
    demand(under_way == [0; 2], "a create or a check is neither going on nor dropped");

    // It is as good as new.
    script.finish();
    let leases = Arc::new(std::sync::Mutex::new(Vec::new()));
    for _ in 0..scene.ledger.max_open {
        let (own, leases) = (Arc::clone(&scene), Arc::clone(&leases));
        scene.start(async move {
            match own.pool.get().await {
                Ok(mut lease) => {
                    add(&own.borrowed);
                    lease.hold();
                    lock(&leases).push(lease);
                }
                Err(error) => own.ledger.fault(format!("the pool is of no use: {error}")),
            }
        });
    }
    demand(stage.until(None, || scene.is_over()).await, "a getter hangs, and nobody is in its way");
    let stats = scene.pool.stats();
    demand(stats.in_use == scene.ledger.max_open, "a place is lost");
    for mut lease in lock(&leases).drain(..) {
        lease.let_go(false);
    }
    let stats = scene.pool.stats();
    demand(stats.idle == stats.open && stats.in_use == 0, "a lease did not come back");
    demand(stats.borrowed == told(&scene.borrowed), "leases are counted that nobody had");
    demand(stats.created == told(&scene.ledger.made), "what was made is not what was created");

    drain(&scene, demand).await;
    demand(scene.pool.stats().created == told(&scene.ledger.made), "more was created");
}

/// Closes the pool, if it is not, and looks at what is left of it: nothing.
async fn drain(scene: &Arc<Scene>, demand: impl Fn(bool, &str)) {
    let stage = &scene.stage;
    scene.start({
        let scene = Arc::clone(scene);
        async move {
            // A thread of the pool's may be giving up a create, in a time that no clock here keeps.
            if let Err(error) = scene.pool.drain(scene.stage.clock.now() + 100_000 * STEP).await {
                scene.ledger.fault(error.to_string());
            }
        }
    });
    demand(stage.until(None, || scene.is_over()).await, "the drain hangs");
    let stats = scene.pool.stats();
    demand(stats.open == 0, "something is open in a pool that was drained");
    demand(
        stats.destroyed.total() == told(&scene.ledger.destroyed),
        "what was destroyed is not what is counted",
    );
    demand(true, "a fault");
    scene.ledger.assert_settled();
}
