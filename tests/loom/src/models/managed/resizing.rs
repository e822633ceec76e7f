//! A maximum that changes, while others are at work.

use super::{Getter, Shared, Stats, apart, beside, bounds, ended, model};
use crate::managed::ticket::Grant;

/// A snapshot that comes after another one: while there are too many, none is added.
fn next_snapshot(shared: &Shared, before: Stats) -> Stats {
    let stats = shared.snapshot();
    let max = stats.max_open.expect("a maximum");
    if before.max_open == Some(max) {
        assert!(stats.open <= before.open.max(max), "{before:?} and then {stats:?}");
    }
    assert!(stats.open <= 2);
    stats
}

#[test]
fn a_pool_that_shrinks_and_grows_serves_who_waits() {
    model(bounds(2), |shared| {
        let items = [shared.make(), shared.make()];
        let resizes = beside(shared, |shared| {
            shared.resize(1);
            let stats = shared.snapshot();
            assert_eq!(stats.max_open, Some(1));
            shared.resize(2);
        });
        let [stays, item] = items;
        let gives = beside(shared, move |shared| {
            let before = shared.snapshot();
            shared.give(item);
            next_snapshot(shared, before);
        });
        let grant = Getter::joined(shared).wait();
        assert!(matches!(grant, Grant::Object { .. } | Grant::Slot), "granted {grant:?}");
        shared.consume(grant);
        ended(gives);
        ended(resizes);
        shared.give(stays);
        let stats = shared.snapshot();
        assert!(stats.idle >= 1);
        shared.is_settled(stats.created - stats.destroyed.resized);
    });
}

#[test]
fn a_pool_that_shrinks_keeps_as_many_as_it_may() {
    model(bounds(2), |shared| {
        let items = [shared.make(), shared.make()];
        let gives = items.map(|item| {
            beside(shared, |shared| {
                let before = shared.snapshot();
                shared.give(item);
                next_snapshot(shared, before);
            })
        });
        shared.resize(1);
        gives.into_iter().for_each(ended);
        assert_eq!(shared.snapshot().destroyed.resized, 1);
        shared.is_settled(1);
    });
}

#[test]
fn a_getter_whose_create_falls_to_a_shrink_is_served_by_the_next_room() {
    model(apart(2), |shared| {
        let item = shared.make();
        let (getter, id) = Getter::creating(shared);
        let resizes = beside(shared, |shared| shared.resize(1));
        let creates = beside(shared, move |shared| {
            assert!(shared.end_create(id, Ok(shared.item())).is_none());
        });
        shared.end(item);
        let grant = getter.wait();
        assert!(matches!(grant, Grant::Object { .. } | Grant::Begin(_)), "granted {grant:?}");
        ended(resizes);
        ended(creates);
        getter.consume(grant);
        shared.is_settled(1);
    });
}

#[test]
fn growth_wakes_two() {
    model(bounds(1), |shared| {
        let item = shared.make();
        let others = [(); 2].map(|()| {
            beside(shared, |shared| {
                let grant = Getter::joined(shared).wait();
                assert!(matches!(grant, Grant::Slot), "granted {grant:?}");
                assert!(shared.fill());
                shared.item()
            })
        });
        shared.resize(3);
        let items = others.map(ended);
        assert_eq!(shared.snapshot().open, 3);
        items.into_iter().for_each(|item| shared.give(item));
        shared.give(item);
        shared.is_settled(3);
    });
}
