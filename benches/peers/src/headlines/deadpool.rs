//! deadpool: objects without content, for tasks that do nothing with them.

use core::convert::Infallible;
use core::future::Future;
use std::sync::LazyLock;
use std::time::Instant;

use deadpool::managed::{Manager, Metrics, Pool, RecycleResult};
use deadpool::unmanaged;
use poolable::managed::{AsyncManager, AsyncResourcePool, BoundedPool, Meta};
use tokio::runtime::{Builder, Runtime};

use super::{Case, Headline, LONG, case, other, ours};
use crate::beyond::Table;
use crate::managed::counted;
use crate::timing::{Effort, Sample};

pub(super) fn headline() -> Headline {
    Headline {
        package: "deadpool",
        source: "`benches/managed.rs` and `benches/unmanaged.rs`; it publishes no figures",
        about: "Tasks of a runtime with two workers get a `()` and drop it at once. Five of its \
                nine combinations of tasks and objects are here. All pools are used with their \
                defaults, which for deadpool are no limit to a wait and no timer.",
        cases: vec![
            managed::<8, 2>("heads-deadpool-8-2", "deadpool: 8 tasks, 2 objects"),
            managed::<8, 8>("heads-deadpool-8-8", "deadpool: 8 tasks, 8 objects"),
            managed::<16, 8>("heads-deadpool-16-8", "deadpool: 16 tasks, 8 objects"),
            managed::<32, 8>("heads-deadpool-32-8", "deadpool: 32 tasks, 8 objects"),
            managed::<32, 32>("heads-deadpool-32-32", "deadpool: 32 tasks, 32 objects"),
            unmanaged(),
        ],
    }
}

/// With as many workers as two cores get, whatever the machine has.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("threads can be started")
});

/// Gets of all tasks together.
const GETS: u64 = 1 << 15;

struct Nothing;

impl Manager for Nothing {
    type Type = ();
    type Error = ();

    async fn create(&self) -> Result<(), ()> {
        Ok(())
    }

    async fn recycle(&self, (): &mut (), _: &Metrics) -> RecycleResult<()> {
        Ok(())
    }
}

impl AsyncManager for Nothing {
    type Resource = ();
    type Error = Infallible;

    async fn create(&self) -> Result<(), Infallible> {
        Ok(())
    }

    async fn check(&self, (): &mut (), _: &Meta) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A pool that tasks share.
trait Shared: Clone + Send + Sync + 'static {
    fn new(objects: usize) -> Self;

    /// Gets one and drops it. Returns whether there was one.
    fn get(&self) -> impl Future<Output = bool> + Send;
}

impl Shared for AsyncResourcePool<Nothing> {
    fn new(objects: usize) -> Self {
        Self::builder(Nothing).max_open(objects).build().expect("it is in order")
    }

    #[inline(always)]
    async fn get(&self) -> bool {
        self.get().await.is_ok()
    }
}

impl Shared for BoundedPool<()> {
    fn new(objects: usize) -> Self {
        Self::new(objects, || ())
    }

    #[inline(always)]
    async fn get(&self) -> bool {
        self.get_async().await.is_ok()
    }
}

impl Shared for Pool<Nothing> {
    fn new(objects: usize) -> Self {
        Self::builder(Nothing).max_size(objects).build().expect("it has no timeouts")
    }

    #[inline(always)]
    async fn get(&self) -> bool {
        self.get().await.is_ok()
    }
}

fn managed<const TASKS: u64, const OBJECTS: usize>(
    file: &'static str,
    title: &'static str,
) -> Case {
    Case {
        allocates: Some("the pool and its objects are new"),
        ..case(Table {
            file,
            title,
            about: "A pool is made, tasks are spawned that share 32768 gets evenly, and all are \
                    waited for. The time is that of all together, for one get. Allocations are \
                    those of the tasks while they run.",
            unit: "get",
            effort: Effort { rounds: 12, timing: LONG.timing },
            rows: vec![
                ours(
                    "poolable, `AsyncResourcePool`",
                    "`max_open`.",
                    shared::<AsyncResourcePool<Nothing>, TASKS, OBJECTS>,
                ),
                ours(
                    "poolable, `BoundedPool`",
                    "`get_async`; it checks nothing.",
                    shared::<BoundedPool<()>, TASKS, OBJECTS>,
                ),
                other("deadpool", "`max_size`.", shared::<Pool<Nothing>, TASKS, OBJECTS>),
            ],
        })
    }
}

fn shared<P: Shared, const TASKS: u64, const OBJECTS: usize>(gets: u64) -> Sample {
    let turns = gets.div_ceil(GETS);
    let one = || async {
        let pool = P::new(OBJECTS);
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(counted(async move { got(&pool, GETS / TASKS).await }))
            })
            .collect();
        let (mut all, mut allocated) = (0, 0);
        for task in tasks {
            let (got, allocations) = task.await.expect("no panic");
            all += got;
            allocated += allocations;
        }
        assert_eq!(all, GETS, "the work was not done");
        allocated
    };
    let start = Instant::now();
    let allocations = (0..turns).map(|_| RUNTIME.block_on(one())).sum();
    let objects = turns * GETS;
    let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / objects as f64;
    Sample { nanoseconds, objects, allocations }
}

async fn got<P: Shared>(pool: &P, gets: u64) -> u64 {
    let mut got = 0;
    for _ in 0..gets {
        got += u64::from(pool.get().await);
    }
    got
}

fn unmanaged() -> Case {
    case(Table {
        file: "heads-deadpool-unmanaged",
        title: "deadpool: unmanaged",
        about: "One task gets the one object of a pool again and again, by `block_on`. Where its \
                benchmark makes a million gets, here are as many as take as long as the others'.",
        unit: "get",
        effort: Effort { rounds: 60, timing: LONG.timing },
        rows: vec![
            ours("poolable, `BoundedPool`", "`BoundedPool::new(16, ..)`, `get_async`.", |gets| {
                let pool = BoundedPool::new(16, || ());
                alone(gets, got(&pool, 100), got(&pool, gets))
            }),
            ours("poolable, `AsyncResourcePool`", "`max_open(16)`; checked.", |gets| {
                let pool: AsyncResourcePool<Nothing> = Shared::new(16);
                alone(gets, got(&pool, 100), got(&pool, gets))
            }),
            other("deadpool, `unmanaged`", "`Pool::new(16)`, and `add` of one.", |gets| {
                let pool = Unmanaged::new(16);
                alone(gets, got(&pool, 100), got(&pool, gets))
            }),
        ],
    })
}

#[derive(Clone)]
struct Unmanaged(unmanaged::Pool<()>);

impl Shared for Unmanaged {
    fn new(objects: usize) -> Self {
        let pool = unmanaged::Pool::new(objects);
        pool.try_add(()).expect("there is room");
        Self(pool)
    }

    #[inline(always)]
    async fn get(&self) -> bool {
        self.0.get().await.is_ok()
    }
}

fn alone(gets: u64, before: impl Future<Output = u64>, work: impl Future<Output = u64>) -> Sample {
    RUNTIME.block_on(async {
        before.await;
        let start = Instant::now();
        let (got, allocations) = counted(work).await;
        let elapsed = start.elapsed();
        assert_eq!(got, gets, "the work was not done");
        Sample {
            nanoseconds: elapsed.as_secs_f64() * 1e9 / gets as f64,
            objects: gets,
            allocations,
        }
    })
}
