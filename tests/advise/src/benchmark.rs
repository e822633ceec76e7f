//! Fresh against pooled, round by round, with nothing of the advisor.

use core::time::Duration;
use std::time::Instant;

use crate::cases::Case;

/// Rounds, each of which times both.
const ROUNDS: usize = 151;
/// A difference below this share is none.
const DEAD_ZONE: f64 = 0.1;

/// Nanoseconds per use: medians.
pub(crate) struct Times {
    pub(crate) fresh: f64,
    pub(crate) pooled: f64,
    /// The median of pooled by fresh.
    pub(crate) ratio: f64,
}

/// What the pooled one is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sign {
    Faster,
    Even,
    Slower,
}

impl Times {
    pub(crate) fn sign(&self) -> Sign {
        if self.ratio < 1.0 - DEAD_ZONE {
            Sign::Faster
        } else if self.ratio > 1.0 + DEAD_ZONE {
            Sign::Slower
        } else {
            Sign::Even
        }
    }
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

pub(crate) fn run(case: &Case, time: Duration) -> Times {
    // What takes longest has so many uses in its share of a round.
    let share = time / (2 * ROUNDS as u32);
    let mut uses = 16;
    loop {
        let longest = || (case.fresh)(0..uses).max((case.pooled)(0..uses));
        // The least of three: any of them may have been interrupted.
        let longest = longest().min(longest()).min(longest());
        if longest > share / 2 || uses > 1 << 28 {
            let fit = share.as_secs_f64() / longest.as_secs_f64();
            uses = ((f64::from(uses) * fit) as u32).max(1);
            break;
        }
        uses *= 2;
    }
    let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(uses);
    let mut rounds = Vec::new();
    let start = Instant::now();
    for round in 0..ROUNDS {
        let from = (round as u32).wrapping_mul(uses);
        let indices = from..from.saturating_add(uses);
        let (mut fresh, mut pooled) = (0.0, 0.0);
        for contender in [round % 2, (round + 1) % 2] {
            if contender == 0 {
                fresh = each((case.fresh)(indices.clone()));
            } else {
                pooled = each((case.pooled)(indices.clone()));
            }
        }
        rounds.push((fresh, pooled));
        // On a machine that is busy, enough is enough.
        if round >= 30 && start.elapsed() > 3 * time {
            break;
        }
    }
    Times {
        fresh: middle(rounds.iter().map(|round| round.0).collect()),
        pooled: middle(rounds.iter().map(|round| round.1).collect()),
        ratio: middle(rounds.iter().map(|round| round.1 / round.0).collect()),
    }
}
