//! When the pool is to be looked at next: in time for whatever is idle.

use core::time::Duration;
use std::time::Instant;

use super::{Due, Getter, bounds, model};

const IDLE: Duration = Duration::from_millis(50);

fn due(since: Instant) -> Due {
    Due { end: None, since, idle: Some(IDLE) }
}

#[test]
fn a_getters_deadline_hides_no_idle_time() {
    model(bounds(1), |shared| {
        let now = Instant::now();
        let item = shared.make();
        let getter = Getter::new(shared);
        let deadline = now + Duration::from_secs(30);
        shared.follow(shared.core.join(&getter.ticket, Some(deadline)));
        shared.core.give(item, due(now)).into_iter().for_each(|after| shared.follow(after));
        let item = getter.object();
        shared.core.give(item, due(now)).into_iter().for_each(|after| shared.follow(after));
        assert!(shared.core.armed().is_some_and(|at| at <= now + IDLE));
        shared.is_settled(1);
    });
}
