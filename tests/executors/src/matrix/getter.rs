//! One who gets from the pool of a combination, in one way or the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use poolable::managed::{CancelToken, GetError, Lease};

use super::case::{Got, Scene};
use super::stage::STEP;
use crate::block_on::yield_times;
use crate::ledger::add;
use crate::random::Random;
use crate::takeable::{polled_at_most, takeable};

/// How one gets.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// For as long as the pool lets one wait.
    Patient,
    Try,
    Within(Duration),
    /// With a deadline, or none, and a token that another task cancels.
    Token(Option<Duration>, Moment),
    /// Dropped when it has been polled so often.
    Polled(u64),
    /// Dropped by another task.
    Dropped(Moment),
    /// So many are to be there; dropped when it has been polled so often.
    Prewarm(usize, u64),
}

/// When another task does something: after so many polls of it, and so much time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    yields: u64,
    span: Duration,
}

/// One visit to the pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    way: Way,
    held: Moment,
    is_discarded: bool,
}

/// Some steps, ties included.
fn span(random: &mut Random, steps: u64) -> Duration {
    STEP * random.below(steps) as u32
}

impl Moment {
    fn draw(random: &mut Random, yields: u64, steps: u64) -> Self {
        let yields = random.below(yields);
        // Most things happen when no time has passed.
        let span = if random.one_in(2) { Duration::ZERO } else { span(random, steps) };
        Self { yields, span }
    }

    async fn come(self, scene: &Scene) {
        yield_times(self.yields).await;
        if !self.span.is_zero() {
            scene.stage.time.sleep(self.span).await;
        }
    }
}

impl Visit {
    /// Of so many visitors, `discards` in four are done with what they had.
    pub(super) fn draw(random: &mut Random, discards: u64) -> Self {
        let way = match random.below(16) {
            0..5 => Way::Patient,
            5 => Way::Try,
            6 | 7 => Way::Within(STEP + span(random, 12)),
            8 => {
                let limit = random.one_in(2).then(|| STEP + span(random, 12));
                Way::Token(limit, Moment::draw(random, 6, 10))
            }
            9..11 => Way::Polled(random.below(5) + 1),
            11..15 => Way::Dropped(Moment::draw(random, 8, 10)),
            _ => Way::Prewarm(random.below(4) as usize, 1 + random.below(8)),
        };
        let held = Moment::draw(random, 4, 3);
        Self { way, held, is_discarded: random.below(4) < discards }
    }
}

/// Pays its visits.
pub(super) async fn visit_all(scene: Arc<Scene>, visits: Vec<Visit>) {
    for visit in visits {
        if let Some(got) = get(&scene, visit.way).await {
            receive(&scene, got, visit).await;
        }
    }
}

/// `None` if the future was dropped, or never meant to get.
async fn get(scene: &Arc<Scene>, way: Way) -> Option<Got> {
    let pool = &scene.pool;
    let got = match way {
        Way::Patient => Some(pool.get().await),
        Way::Try => Some(pool.try_get().await),
        Way::Within(limit) => Some(pool.get_timeout(limit).await),
        Way::Polled(polls) => polled_at_most(polls, pool.get()).await,
        Way::Token(limit, moment) => {
            let token = CancelToken::new();
            let deadline = limit.map(|limit| scene.stage.clock.now() + limit);
            scene.start({
                let (scene, token) = (Arc::clone(scene), token.clone());
                async move {
                    moment.come(&scene).await;
                    token.cancel();
                }
            });
            Some(pool.get_with(deadline, &token).await)
        }
        Way::Dropped(moment) => {
            let (get, taker) = takeable({
                let pool = pool.clone();
                async move { pool.get().await }
            });
            scene.start({
                let scene = Arc::clone(scene);
                async move {
                    moment.come(&scene).await;
                    taker.take();
                }
            });
            get.await
        }
        Way::Prewarm(idle, polls) => {
            // What comes of it is part of the counts alone.
            let _ = polled_at_most(polls, pool.prewarm(idle)).await;
            return None;
        }
    };
    if got.is_none() {
        scene.count(|tally| &tally.dropped);
    }
    got
}

async fn receive(scene: &Scene, got: Got, visit: Visit) {
    let counted: fn(&super::Tally) -> &AtomicU64 = match got {
        Ok(mut lease) => {
            add(&scene.borrowed);
            lease.hold();
            visit.held.come(scene).await;
            lease.let_go(visit.is_discarded);
            if visit.is_discarded {
                Lease::discard(lease);
            }
            |tally| &tally.got
        }
        Err(GetError::Create(_)) => |tally| &tally.create_failed,
        Err(GetError::Cancelled) => |tally| &tally.cancelled,
        Err(GetError::Exhausted) => |tally| &tally.exhausted,
        Err(GetError::Timeout { stage, stats, .. }) => {
            scene.assert_laws(&stats);
            scene.tally.late(stage);
            return;
        }
        Err(GetError::Closed) if scene.is_closing.load(Ordering::SeqCst) => return,
        Err(error) => return scene.ledger.fault(format!("{visit:?} came to: {error}")),
    };
    scene.count(counted);
}
