//! Small pools of scripted things, for the tests of one behaviour each.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use poolable::managed::{AsyncResourcePool, AsyncResourcePoolBuilder, GetError, Lease, Stats};

use crate::block_on::block_on;
use crate::crew::PATIENCE;
use crate::ledger::told;
use crate::manager::{Refused, Scripted, Thing};
use crate::script::End;
use crate::time::Time;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) type Things = AsyncResourcePool<Arc<Scripted>>;
pub(crate) type Got = Result<Lease<Thing>, GetError<Refused>>;

/// A pool whose first creates come to these ends, and its first checks to those.
pub(crate) fn things(
    max_open: usize,
    creates: &[End],
    checks: &[End],
) -> AsyncResourcePoolBuilder<Arc<Scripted>> {
    let manager = Scripted::new(max_open, creates, checks, Time::Tokio);
    AsyncResourcePool::builder(manager).max_open(max_open).max_lifetime(None).idle_timeout(None)
}

/// What holds of a pool at any moment.
#[track_caller]
pub(crate) fn assert_laws(pool: &Things) -> Stats {
    let stats = pool.stats();
    let open = stats.idle + stats.in_use + stats.checking + stats.creating;
    let had = stats.idle + stats.in_use + stats.checking + stats.detached;
    assert_eq!(stats.open, open, "{stats:?}");
    assert_eq!(stats.created, had + stats.destroyed.total(), "{stats:?}");
    assert!(stats.max_open.is_none_or(|max| stats.open <= max), "{stats:?}");
    stats
}

/// All places can be had at once; then the pool is closed, and nothing is left of it.
#[track_caller]
pub(crate) fn assert_sound(pool: &Things) {
    let ledger = Arc::clone(&pool.manager().ledger);
    pool.manager().creates.finish();
    pool.manager().checks.finish();
    pool.manager().gate.open();
    let leases: Vec<_> =
        (0..ledger.max_open).map(|_| block_on(pool.get()).expect("no place is lost")).collect();
    assert_eq!(assert_laws(pool).in_use, ledger.max_open);
    drop(leases);
    let stats = assert_laws(pool);
    assert_eq!((stats.idle, stats.waiting), (ledger.max_open, 0), "{stats:?}");
    pool.close();
    let start = Instant::now();
    while pool.stats().destroying > 0 || told(&ledger.creating) > 0 {
        assert!(start.elapsed() < PATIENCE, "{:?}", pool.stats());
        std::thread::yield_now();
    }
    assert_eq!(assert_laws(pool).open, 0);
    ledger.assert_settled();
}

#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A getter that is polled when the test says so.
pub(crate) struct Getter {
    future: Pin<Box<dyn Future<Output = Got> + Send>>,
    bell: Arc<Bell>,
}

impl Getter {
    pub(crate) fn of(pool: &Things) -> Self {
        let pool = pool.clone();
        Self { future: Box::pin(async move { pool.get().await }), bell: Arc::default() }
    }

    /// One that has been polled once, and waits.
    #[track_caller]
    pub(crate) fn waiting(pool: &Things) -> Self {
        let mut getter = Self::of(pool);
        assert!(getter.poll().is_pending(), "it need not wait: {:?}", pool.stats());
        getter
    }

    pub(crate) fn poll(&mut self) -> Poll<Got> {
        self.bell.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.bell));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Whether an executor would poll it.
    pub(crate) fn is_woken(&self) -> bool {
        self.bell.0.load(Ordering::SeqCst)
    }

    /// Runs it to its end, on this thread.
    pub(crate) fn finish(self) -> Got {
        block_on(self.future)
    }
}
