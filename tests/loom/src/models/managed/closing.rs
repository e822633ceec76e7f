//! The end of a pool, while others are at work.

use loom::sync::Notify;

use super::{Getter, Shares, Told, apart, beside, bounds, due, ended, failure, model};
use crate::managed::ticket::Grant;

#[test]
fn what_comes_back_to_a_closed_pool_does_not_stay() {
    model(bounds(1), |shared| {
        let item = shared.make();
        let other = beside(shared, |shared| {
            let grant = Getter::joined(shared).wait();
            assert!(matches!(grant, Grant::Object { .. } | Grant::Closed));
            shared.consume(grant);
        });
        let closes = beside(shared, |shared| {
            shared.close();
            let stats = shared.snapshot();
            assert_eq!((stats.idle, stats.waiting), (0, 0));
        });
        shared.give(item);
        ended(other);
        ended(closes);
        assert_eq!(shared.snapshot().destroyed.closed, 1);
        shared.is_settled(0);
    });
}

#[test]
fn whoever_is_to_begin_a_create_is_told_of_the_end() {
    model(apart(1), |shared| {
        let getter = Getter::joined(shared);
        let closes = beside(shared, |shared| shared.close());
        let grant = getter.wait();
        assert!(matches!(grant, Grant::Begin(_) | Grant::Closed), "granted {grant:?}");
        getter.consume(grant);
        ended(closes);
        shared.is_settled(0);
    });
}

#[test]
fn a_create_that_ends_in_a_closed_pool_leaves_nothing() {
    model(apart(1), |shared| {
        let (getter, id) = Getter::creating(shared);
        let creates = beside(shared, move |shared| {
            shared.end_create(id, Ok(shared.item()));
        });
        let closes = beside(shared, |shared| shared.close());
        let grant = getter.wait();
        assert!(matches!(grant, Grant::Object { .. } | Grant::Closed));
        shared.consume(grant);
        ended(creates);
        ended(closes);
        assert_eq!(shared.snapshot().created, 1);
        shared.is_settled(0);
    });
}

#[test]
fn a_failure_that_comes_with_the_end_goes_to_one_of_two() {
    model(apart(1), |shared| {
        let (getter, id) = Getter::creating(shared);
        let creates = beside(shared, move |shared| shared.end_create(id, Err(failure())).is_some());
        let closes = beside(shared, |shared| shared.close());
        let grant = getter.wait();
        assert!(matches!(grant, Grant::Failed(_) | Grant::Closed));
        let is_orphaned = ended(creates);
        assert_eq!(is_orphaned, matches!(grant, Grant::Closed));
        ended(closes);
        shared.is_settled(0);
    });
}

#[test]
fn whoever_found_an_object_unfit_is_told_of_the_end() {
    model(bounds(1), |shared| {
        let item = shared.make();
        shared.give(item);
        let closes = beside(shared, |shared| shared.close());
        if let Some(taken) = shared.core.take(true) {
            let getter = Getter::with_number(shared, taken.number);
            getter.rejoin(None, taken.object);
            let grant = getter.wait();
            assert!(matches!(grant, Grant::Slot | Grant::Closed));
            shared.consume(grant);
        }
        ended(closes);
        shared.is_settled(0);
    });
}

#[test]
fn an_object_made_for_a_closed_pool_is_not_counted_as_out() {
    model(bounds(2), |shared| {
        assert!(shared.core.take_slot(false));
        let closes = beside(shared, |shared| shared.close());
        let other = beside(shared, |shared| {
            if shared.core.take_slot(false) {
                shared.follow(shared.core.fill_idle(shared.item(), due()));
            }
        });
        let item = shared.item();
        if shared.fill() {
            shared.give(item);
        } else {
            shared.destroy(item);
        }
        ended(other);
        ended(closes);
        shared.is_settled(0);
    });
}

#[test]
fn whoever_drains_sees_the_last_one_end() {
    model(bounds(2), |shared| {
        let item = shared.make();
        assert!(shared.core.take_slot(false));
        let ends = beside(shared, |shared| shared.end(item));
        let fails = beside(shared, |shared| shared.follow(shared.core.free(true)));
        shared.close();
        let told = Shares::new(Told(Notify::new()));
        let waker = told.clone().into();
        let id = shared.core.number();
        loop {
            shared.core.watch(id, &waker);
            if shared.core.unfinished() == [0; 3] {
                break;
            }
            told.0.wait();
        }
        shared.core.unwatch(id);
        ended(ends);
        ended(fails);
        shared.is_settled(0);
    });
}
