//! What a getter sees, and what becomes of it.

use core::time::Duration;
use std::sync::OnceLock;
use std::time::Instant;

use super::{Load, Sample};
use crate::managed::waits::Waits;

/// What goes before the count: everyone queues, and then is on the way.
const SETTLING: Duration = Duration::from_millis(50);

/// What is counted: the first to ask says so.
pub(super) struct Window {
    opens: OnceLock<Instant>,
    time: Duration,
}

impl Window {
    pub(super) fn new(load: Load) -> Self {
        Self { opens: OnceLock::new(), time: load.time }
    }

    fn place(&self) -> (Instant, Instant) {
        let opens = *self.opens.get_or_init(|| Instant::now() + SETTLING);
        (opens, opens + self.time)
    }
}

/// What one getter saw.
pub(super) struct Seen {
    opens: Instant,
    closes: Instant,
    /// When it last asked.
    asked: Instant,
    gets: u64,
    waits: Waits,
}

impl Seen {
    pub(super) fn new(window: &Window) -> Self {
        let (opens, closes) = window.place();
        Self { opens, closes, asked: Instant::now(), gets: 0, waits: Waits::new() }
    }

    /// Whether there is time for another get, which begins now.
    #[inline(always)]
    pub(super) fn asks(&mut self) -> bool {
        self.asked = Instant::now();
        self.asked < self.closes
    }

    /// A get is counted if it ends in the window; its wait is, however long it was and wherever
    /// it began, so that whoever is left out is not overlooked.
    #[inline(always)]
    pub(super) fn got(&mut self) {
        let now = Instant::now();
        if now >= self.opens {
            self.waits.add(now - self.asked);
            self.gets += u64::from(now <= self.closes);
        }
    }
}

pub(super) fn sample(all: &[Seen], load: Load) -> Sample {
    let gets: u64 = all.iter().map(|seen| seen.gets).sum();
    let least = all.iter().map(|seen| seen.gets).min().expect("a getter");
    let mut waits = Waits::new();
    for seen in all {
        waits.merge(&seen.waits);
    }
    Sample {
        gets_per_second: gets as f64 / load.time.as_secs_f64(),
        // Nobody had anything: nobody had a share.
        least_share: least as f64 * all.len() as f64 / gets.max(1) as f64,
        waits,
    }
}
