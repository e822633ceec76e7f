//! Where a combination is played: an executor, and a time.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use futures::FutureExt;
use poolable::managed::Clock;

use crate::crew::{Crew, PATIENCE};
use crate::executor::{self, Spawn, Task};
use crate::random::Random;
use crate::time::{Moved, Time};

/// What the time is moved by. All that waits does so for a multiple of it, so that much falls
/// together.
pub(super) const STEP: Duration = Duration::from_millis(250);

/// More steps than any combination takes: then it is the machine's time that is waited for.
const STEPS: u64 = 400;

#[derive(Clone)]
pub(super) struct Stage {
    pub(super) time: Time,
    pub(super) clock: Clock,
    /// Those who are to rest before the time moves on. Tokio's paused clock sees to that itself.
    crew: Option<Arc<Crew>>,
    spawn: Spawn,
}

impl Stage {
    pub(super) fn moved(spawn: Spawn) -> Self {
        let moved = Moved::new();
        let clock = moved.clock.clone();
        Self { time: Time::Moved(moved), clock, crew: Some(Crew::new()), spawn }
    }

    /// Within a runtime of one thread, whose clock is paused.
    pub(super) fn paused() -> Self {
        Self { time: Time::Tokio, clock: Clock::tokio(), crew: None, spawn: executor::tokio_here() }
    }

    /// Starts a task. A panic in it is told.
    pub(super) fn start(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
        tell: impl FnOnce(String) + Send + 'static,
    ) {
        self.start_plain(Box::pin(async move {
            if let Err(payload) = AssertUnwindSafe(task).catch_unwind().await {
                let text = payload.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
                tell(format!("a task panicked: {}", text.unwrap_or("(no text)")));
            }
        }));
    }

    pub(super) fn start_plain(&self, task: Task) {
        match &self.crew {
            Some(crew) => (self.spawn)(Box::pin(crew.member(task))),
            None => (self.spawn)(task),
        }
    }

    /// Lets some time pass, when all have had their turn.
    async fn pass_at_rest(&self, sleepers_first: bool) {
        match (&self.time, &self.crew) {
            (Time::Moved(moved), Some(crew)) => {
                assert!(crew.rest(), "somebody never comes to rest");
                moved.advance(STEP, sleepers_first);
            }
            _ => tokio::time::sleep(STEP).await,
        }
    }

    /// Lets some time pass, whoever is about to run.
    async fn pass_at_once(&self, sleepers_first: bool, yields: u64) {
        match &self.time {
            Time::Moved(moved) => {
                (0..yields).for_each(|_| thread::yield_now());
                moved.advance(STEP, sleepers_first);
            }
            Time::Tokio => tokio::time::advance(STEP).await,
        }
    }

    /// Lets time pass until something holds; says whether it came to that.
    ///
    /// With a draw, some of it passes while others are about to run.
    pub(super) async fn until(
        &self,
        mut random: Option<&mut Random>,
        mut holds: impl FnMut() -> bool,
    ) -> bool {
        let start = Instant::now();
        let mut steps = 0;
        while !holds() {
            steps += 1;
            if steps > STEPS {
                if start.elapsed() > PATIENCE {
                    return false;
                }
                thread::yield_now();
            }
            let Some(random) = &mut random else {
                self.pass_at_rest(false).await;
                continue;
            };
            let sleepers_first = random.one_in(2);
            if random.one_in(3) {
                self.pass_at_once(sleepers_first, random.below(4)).await;
            } else {
                self.pass_at_rest(sleepers_first).await;
            }
        }
        true
    }
}
