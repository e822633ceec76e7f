//! Objects that are counted while they live, and pools of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use poolable::{Pool, PoolBuilder, PooledRef, Stats};

/// Who was born and who died, on any thread.
#[derive(Clone, Default)]
pub(crate) struct Census(Arc<Counts>);

#[derive(Default)]
struct Counts {
    born: AtomicU64,
    died: AtomicU64,
    /// What those who live weigh.
    weight: AtomicI64,
}

/// One that is counted. Its weight is the heap that it claims to hold.
pub(crate) struct Citizen {
    counts: Arc<Counts>,
    pub(crate) number: u64,
    weight: usize,
}

impl Census {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn birth(&self) -> Citizen {
        let number = self.0.born.fetch_add(1, Ordering::Relaxed);
        Citizen { counts: Arc::clone(&self.0), number, weight: 0 }
    }

    pub(crate) fn born(&self) -> u64 {
        self.0.born.load(Ordering::Relaxed)
    }

    pub(crate) fn died(&self) -> u64 {
        self.0.died.load(Ordering::Relaxed)
    }

    /// How many live. Below zero if some died twice.
    pub(crate) fn living(&self) -> i64 {
        self.born() as i64 - self.died() as i64
    }

    /// What those who live weigh together.
    pub(crate) fn weight(&self) -> i64 {
        self.0.weight.load(Ordering::Relaxed)
    }

    /// A pool of such objects, which keep their numbers and weights when they are reset.
    pub(crate) fn pool(&self) -> Pool<Citizen> {
        self.pool_with(|builder| builder)
    }

    /// The same, with limits.
    pub(crate) fn pool_with(
        &self,
        limit: impl FnOnce(PoolBuilder<Citizen>) -> PoolBuilder<Citizen>,
    ) -> Pool<Citizen> {
        let census = self.clone();
        limit(Pool::builder())
            .create(move || census.birth())
            .reset(|_: &mut Citizen| ())
            .measure(|citizen| citizen.weight)
            .build()
    }
}

impl Citizen {
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Makes it claim to hold as many bytes of heap.
    pub(crate) fn weigh(&mut self, weight: usize) {
        let more = weight as i64 - self.weight as i64;
        self.counts.weight.fetch_add(more, Ordering::Relaxed);
        self.weight = weight;
    }
}

impl Drop for Citizen {
    fn drop(&mut self) {
        self.weigh(0);
        self.counts.died.fetch_add(1, Ordering::Relaxed);
    }
}

/// Takes as many objects at once, and returns them, those taken first before the others.
pub(crate) fn burst<T>(pool: &Pool<T>, count: usize) {
    let guards: Vec<_> = (0..count).map(|_| pool.get()).collect();
    drop(guards);
}

/// How many objects a thread finds that has none in its cache: what the depot had. They
/// are freed.
pub(crate) fn depot_of<T: Send>(pool: &Pool<T>) -> usize {
    std::thread::scope(|scope| {
        let taken = scope.spawn(|| {
            let taken = std::iter::from_fn(|| pool.try_get()).collect::<Vec<_>>();
            let count = taken.len();
            taken.into_iter().for_each(PooledRef::discard);
            count
        });
        taken.join().expect("no panic")
    })
}

/// The law of conservation, at rest.
#[track_caller]
pub(crate) fn assert_conserved(stats: &Stats) {
    assert_eq!(
        stats.created + stats.attached,
        stats.idle + stats.in_use + stats.detached + stats.discarded.total(),
        "{stats:?}"
    );
}
