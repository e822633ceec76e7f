//! When the pool is to be looked at next: in time for whatever is idle.

use core::time::Duration;
use std::time::Instant;

use super::{Due, Getter, Grant, Item, apart, bounds, model};

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
        assert!(shared.core.armed().0.is_some_and(|at| at <= now + IDLE));
        shared.is_settled(1);
    });
}

#[test]
fn one_that_is_put_back_is_looked_at_in_its_time() {
    model(bounds(2), |shared| {
        let now = Instant::now();
        let items = [shared.make(), shared.make()];
        let name = items[0].name;
        let since = [now, now + IDLE / 2];
        for (item, since) in items.into_iter().zip(since) {
            let after = shared.core.give(item, due(since));
            after.into_iter().for_each(|after| shared.follow(after));
        }
        let is_it = |item: &Item| item.name == name;
        let (item, _) = shared.core.take_idle(0, is_it).expect("it is idle");
        // Meanwhile the pool is looked at for another reason.
        let (swept, after) = shared.core.sweep(now, |_, _| None, |_| due(since[1]).first());
        shared.follow(after);
        assert!(swept.is_empty());
        shared.follow(shared.core.put_back(item, due(now), |_| false));
        assert!(shared.core.armed().0.is_some_and(|at| at <= now + IDLE));
        shared.is_settled(2);
    });
}

#[test]
fn a_create_that_is_taken_back_is_late_in_its_time() {
    model(apart(2), |shared| {
        let now = Instant::now();
        let item = shared.make();
        let (getter, id) = Getter::creating(shared);
        let late_at = now + IDLE;
        shared.follow(shared.core.limit_create(id, late_at));
        shared.give(item);
        let Grant::Object { object, .. } = getter.wait() else { panic!("one was given") };
        // Nobody waits for the create now.
        let (swept, after) = shared.core.sweep(now, |_, _| None, |_| None);
        shared.follow(after);
        assert!(swept.is_empty());
        getter.rejoin(Some(id), object);
        assert!(shared.core.armed().0.is_some_and(|at| at <= late_at));
        shared.end_create(id, Ok(shared.item()));
        shared.consume(getter.wait());
        shared.is_settled(1);
    });
}
