//! Creates apart from those who asked for them.

use super::{Bounds, Getter, Leave, Shared, apart, beside, ended, failure, model};
use crate::managed::ticket::Grant;

#[test]
fn an_error_goes_to_who_asked_and_the_slot_to_the_next() {
    model(apart(1), |shared| {
        let (asks, id) = Getter::creating(shared);
        let next = Getter::joined(shared);
        let creates = beside(shared, move |shared| shared.end_create(id, Err(failure())).is_some());
        let leaves = beside(shared, move |shared| match asks.leave(Leave::TimedOut) {
            Some(Grant::Failed(_)) => true,
            Some(grant) => panic!("granted {grant:?}"),
            None => {
                shared.snapshot();
                false
            }
        });
        let grant = next.wait();
        assert!(matches!(grant, Grant::Begin(_)), "granted {grant:?}");
        next.consume(grant);
        let (is_orphaned, is_told) = (ended(creates), ended(leaves));
        assert_ne!(is_orphaned, is_told, "one of two has the error");
        shared.is_settled(1);
    });
}

#[test]
fn what_was_created_for_one_who_left_goes_to_the_next() {
    model(apart(1), |shared| {
        let (asks, id) = Getter::creating(shared);
        let next = Getter::joined(shared);
        let creates = beside(shared, move |shared| {
            assert!(shared.end_create(id, Ok(shared.item())).is_none());
        });
        let leaves = beside(shared, move |shared| {
            let grant = asks.leave(Leave::Dropped);
            assert!(grant.as_ref().is_none_or(|grant| matches!(grant, Grant::Object { .. })));
            grant.into_iter().for_each(|grant| shared.pass_on(grant));
        });
        shared.give(next.object());
        ended(creates);
        ended(leaves);
        assert_eq!(shared.snapshot().created, 1);
        shared.is_settled(1);
    });
}

#[test]
fn a_returned_object_and_a_created_one_serve_two() {
    model(apart(2), |shared| {
        let item = shared.make();
        let (asks, id) = Getter::creating(shared);
        let next = Getter::joined(shared);
        let creates = beside(shared, move |shared| {
            assert!(shared.end_create(id, Ok(shared.item())).is_none());
        });
        let gives = beside(shared, move |shared| shared.give(item));
        let had = [asks.object(), next.object()];
        ended(creates);
        ended(gives);
        had.into_iter().for_each(|item| shared.give(item));
        shared.is_settled(2);
    });
}

#[test]
fn a_failure_serves_nobody_who_has_an_object_already() {
    model(apart(2), |shared| {
        let item = shared.make();
        let (asks, id) = Getter::creating(shared);
        let next = Getter::joined(shared);
        let creates = beside(shared, move |shared| shared.end_create(id, Err(failure())).is_some());
        let gives = beside(shared, move |shared| shared.give(item));
        let first = asks.wait();
        assert!(matches!(first, Grant::Object { .. } | Grant::Failed(_)), "granted {first:?}");
        let second = next.wait();
        assert!(matches!(second, Grant::Object { .. } | Grant::Begin(_)), "granted {second:?}");
        let is_orphaned = ended(creates);
        assert_eq!(is_orphaned, matches!(first, Grant::Object { .. }));
        assert!(!is_orphaned || matches!(second, Grant::Begin(_)));
        ended(gives);
        shared.consume(first);
        next.consume(second);
        let created = shared.snapshot().created;
        shared.is_settled(created);
    });
}

/// Two creates for two getters, who are served in their own order.
fn two_creates(first_fails: bool, second_fails: bool) {
    model(apart(2), move |shared| {
        let (first, first_id) = Getter::creating(shared);
        let (second, second_id) = Getter::creating(shared);
        let end = |id, fails| {
            beside(shared, move |shared| {
                let made = if fails { Err(failure()) } else { Ok(shared.item()) };
                shared.end_create(id, made).is_some()
            })
        };
        let creates = [end(first_id, first_fails), end(second_id, second_fails)];
        let granted = [first.wait(), second.wait()];
        let untold = creates.into_iter().map(ended).filter(|is_untold| *is_untold).count();
        let is_failed = |grant: &Grant<_>| matches!(grant, Grant::Failed(_));
        let failed = granted.iter().filter(|grant| is_failed(grant)).count();
        assert_eq!(failed + untold, usize::from(first_fails) + usize::from(second_fails));
        // Who has taken over what failed is not told, and begins one of its own.
        assert_eq!(untold > 0, matches!(granted[1], Grant::Begin(_)), "granted {granted:?}");
        if second_fails && !first_fails {
            assert!(is_failed(&granted[1]), "an error goes to who asked");
        }
        let [one, other] = granted;
        shared.consume(one);
        second.consume(other);
        let created = shared.snapshot().created;
        shared.is_settled(created);
    });
}

#[test]
fn whoever_asked_second_takes_over_what_the_first_asked_for() {
    two_creates(false, false);
    two_creates(true, false);
    two_creates(false, true);
}

#[test]
fn whoever_took_a_create_over_leaves() {
    model(apart(2), |shared| {
        let (first, first_id) = Getter::creating(shared);
        let (second, second_id) = Getter::creating(shared);
        let third = Getter::joined(shared);
        let creates = beside(shared, move |shared| {
            assert!(shared.end_create(second_id, Ok(shared.item())).is_none());
            shared.end_create(first_id, Err(failure())).is_some()
        });
        let leaves = beside(shared, move |shared| {
            let grant = second.leave(Leave::Cancelled);
            let is_told = matches!(grant, Some(Grant::Failed(_)));
            grant.into_iter().for_each(|grant| shared.pass_on(grant));
            is_told
        });
        let item = first.object();
        let grant = third.wait();
        assert!(matches!(grant, Grant::Begin(_)), "granted {grant:?}");
        assert_ne!(ended(creates), ended(leaves), "one of two has the error");
        shared.give(item);
        third.consume(grant);
        shared.is_settled(2);
    });
}

#[test]
fn whoever_finds_an_object_unfit_takes_back_the_create_that_it_asked_for() {
    model(apart(2), |shared| {
        let item = shared.make();
        let (asks, id) = Getter::creating(shared);
        shared.give(item);
        // It has the object now, and the create is nobody's.
        let Grant::Object { object, .. } = asks.wait() else { panic!("the object was given") };
        let creates = beside(shared, move |shared| shared.end_create(id, Err(failure())).is_some());
        let joins = beside(shared, |shared| {
            let getter = Getter::joined(shared);
            let grant = getter.wait();
            assert!(matches!(grant, Grant::Begin(_)), "granted {grant:?}");
            (getter, grant)
        });
        asks.rejoin(Some(id), object);
        let grant = asks.wait();
        let is_orphaned = ended(creates);
        // The room of the unfit object is for it, if the create is over.
        assert_eq!(is_orphaned, matches!(grant, Grant::Begin(_)), "granted {grant:?}");
        assert!(is_orphaned || matches!(grant, Grant::Failed(_)));
        let (other, other_grant) = ended(joins);
        asks.consume(grant);
        other.consume(other_grant);
        let stats = shared.snapshot();
        shared.is_settled(stats.created - stats.destroyed.broken);
    });
}

#[test]
fn creates_for_nobody_serve_those_who_come() {
    model(Bounds { max_creating: 1, ..apart(2) }, |shared| {
        let create = |shared: &Shared| shared.core.begin_create_if(|demand| demand.orphans == 0);
        let id = create(shared).expect("there is room");
        let joins = beside(shared, |shared| {
            let getter = Getter::joined(shared);
            getter.consume(getter.wait());
        });
        let again = beside(shared, move |shared| {
            let Ok(id) = create(shared) else { return false };
            shared.end_create(id, Err(failure())).is_some()
        });
        assert!(shared.end_create(id, Ok(shared.item())).is_none());
        let has_failed = ended(again);
        ended(joins);
        let stats = shared.snapshot();
        assert_eq!(stats.create_failed, u64::from(has_failed));
        shared.is_settled(stats.created);
    });
}

#[test]
fn a_create_that_its_getter_has_not_begun_is_another_ones() {
    model(apart(2), |shared| {
        let item = shared.make();
        // It was told to begin a create, and does not know yet.
        let leaves = Getter::joined(shared);
        let stays = Getter::joined(shared);
        let gives = beside(shared, move |shared| shared.give(item));
        let left = beside(shared, move |shared| {
            let grant = leaves.leave(Leave::TimedOut);
            assert!(grant.as_ref().is_none_or(|grant| matches!(grant, Grant::Object { .. })));
            grant.into_iter().for_each(|grant| shared.pass_on(grant));
        });
        stays.consume(stays.wait());
        ended(gives);
        ended(left);
        let created = shared.snapshot().created;
        shared.is_settled(created);
    });
}

#[test]
fn whoever_takes_over_what_was_not_begun_begins_it() {
    model(apart(2), |shared| {
        let first = Getter::joined(shared);
        let (second, id) = Getter::creating(shared);
        let creates = beside(shared, move |shared| {
            assert!(shared.end_create(id, Ok(shared.item())).is_none());
        });
        let other = beside(shared, move |_| first.consume(first.wait()));
        second.consume(second.wait());
        ended(creates);
        ended(other);
        let created = shared.snapshot().created;
        shared.is_settled(created);
    });
}
