//! A get that is under way, and where it was when it was dropped.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use poolable::managed::{GetError, Lease};

use super::Pool;
use crate::crew::lock;
use crate::ledger::{add, told};
use crate::manager::{Hook, Refused, Thing, noting};

pub(super) type Got = Result<Lease<Thing>, GetError<Refused>>;

/// How many futures are to be dropped at each point.
const LEAST: u64 = 500;

/// How many futures were dropped at each point.
#[derive(Debug, Default)]
pub(super) struct Drops {
    unpolled: AtomicU64,
    in_queue: AtomicU64,
    /// Woken, and not polled since.
    granted: AtomicU64,
    in_check: AtomicU64,
    in_create: AtomicU64,
}

impl Drops {
    fn all(&self) -> [&AtomicU64; 5] {
        [&self.unpolled, &self.in_queue, &self.granted, &self.in_check, &self.in_create]
    }

    pub(super) fn sum(&self) -> u64 {
        self.all().map(told).iter().sum()
    }

    /// Whether each point has been met often enough. A getter polls its create itself if there is
    /// no hook.
    pub(super) fn are_all_met(&self, is_hooked: bool) -> bool {
        let points = self.all();
        let points = if is_hooked { &points[..4] } else { &points[..] };
        points.iter().all(|point| told(point) >= LEAST)
    }
}

/// Notes that it was woken.
struct Bell {
    rung: AtomicBool,
    task: Mutex<Waker>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, Ordering::SeqCst);
        let task = lock(&self.task).clone();
        task.wake();
    }
}

pub(super) struct Flight {
    future: Pin<Box<dyn Future<Output = Got> + Send>>,
    bell: Arc<Bell>,
    polls: u64,
    pending: Option<Hook>,
}

impl Flight {
    pub(super) fn of(pool: &Pool) -> Self {
        let pool = pool.clone();
        let bell = Bell { rung: AtomicBool::new(false), task: Mutex::new(Waker::noop().clone()) };
        Self {
            future: Box::pin(async move { pool.get().await }),
            bell: Arc::new(bell),
            polls: 0,
            pending: None,
        }
    }

    pub(super) fn poll(&mut self, task: &Waker) -> Poll<Got> {
        self.polls += 1;
        lock(&self.bell.task).clone_from(task);
        self.bell.rung.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.bell));
        let (polled, pending) =
            noting(|| self.future.as_mut().poll(&mut Context::from_waker(&waker)));
        self.pending = pending;
        polled
    }

    pub(super) fn polls(&self) -> u64 {
        self.polls
    }

    /// Whether an executor would poll it.
    pub(super) fn is_due(&self) -> bool {
        self.polls == 0 || self.bell.rung.load(Ordering::SeqCst)
    }

    /// Drops it.
    pub(super) fn cancel(self, drops: &Drops) {
        let rung = self.bell.rung.load(Ordering::SeqCst);
        add(match self.pending {
            _ if self.polls == 0 => &drops.unpolled,
            Some(Hook::Create) => &drops.in_create,
            Some(Hook::Check) => &drops.in_check,
            None if rung => &drops.granted,
            None => &drops.in_queue,
        });
        drop(self.future);
    }
}
