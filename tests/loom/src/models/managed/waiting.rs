//! Who waits for what is out, and who gives up.

use core::task::{Poll, Waker};
use std::time::Instant;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};

use super::{Bounds, Getter, Leave, Order, beside, bounds, due, ended, model};
use crate::managed::number;
use crate::managed::reason::Reason;
use crate::managed::ticket::Grant;

#[test]
fn two_returns_wake_two_waiters() {
    model(bounds(2), |shared| {
        let items = [shared.make(), shared.make()];
        let others = [(); 2].map(|()| beside(shared, |shared| Getter::joined(shared).object()));
        items.into_iter().for_each(|item| shared.give(item));
        // Neither has returned anything before both were served.
        others.map(ended).into_iter().for_each(|item| shared.give(item));
        assert!(shared.snapshot().waited <= 2);
        shared.is_settled(2);
    });
}

#[test]
fn whoever_is_about_to_park_is_woken() {
    model(bounds(1), |shared| {
        let item = shared.make();
        let other = beside(shared, |shared| {
            let getter = Getter::joined(shared);
            // A future may be polled with other wakers: the last one counts.
            let first = match getter.polled(Waker::noop()) {
                Poll::Ready(grant) => grant,
                Poll::Pending => getter.wait(),
            };
            shared.consume(first);
        });
        shared.give(item);
        ended(other);
        shared.is_settled(1);
    });
}

#[test]
fn an_object_granted_to_one_who_leaves_goes_to_the_next() {
    model(bounds(1), |shared| {
        let item = shared.make();
        let leaves = beside(shared, |shared| {
            let getter = Getter::joined(shared);
            let grant = match getter.poll() {
                Poll::Ready(grant) => Some(grant),
                Poll::Pending => getter.leave(Leave::TimedOut),
            };
            let is_served = grant.is_some();
            grant.into_iter().for_each(|grant| shared.pass_on(grant));
            is_served
        });
        let stays = beside(shared, |shared| Getter::joined(shared).object());
        shared.give(item);
        let is_served = ended(leaves);
        assert_eq!(shared.snapshot().timed_out, u64::from(!is_served));
        shared.give(ended(stays));
        shared.is_settled(1);
    });
}

#[test]
fn a_slot_granted_to_one_who_leaves_goes_to_the_next() {
    model(bounds(1), |shared| {
        let item = shared.make();
        let leaves = beside(shared, |shared| {
            let getter = Getter::joined(shared);
            let grant = getter.leave(Leave::Cancelled);
            grant.into_iter().for_each(|grant| shared.pass_on(grant));
        });
        let stays = beside(shared, |shared| {
            let grant = Getter::joined(shared).wait();
            assert!(matches!(grant, Grant::Slot), "the object is gone");
            shared.consume(grant);
        });
        shared.end(item);
        ended(leaves);
        ended(stays);
        assert_eq!(shared.snapshot().cancelled, 1);
        shared.is_settled(1);
    });
}

#[test]
fn those_who_wait_are_served_in_the_order_of_their_numbers() {
    model(Bounds { order: Order::Fifo, ..bounds(2) }, |shared| {
        let items = [shared.make(), shared.make()];
        assert!(items[0].name < items[1].name);
        let others = [(); 2].map(|()| {
            beside(shared, |shared| {
                let getter = Getter::joined(shared);
                let item = getter.object();
                (number(&getter.ticket), item)
            })
        });
        items.into_iter().for_each(|item| shared.give(item));
        let [(one, one_has), (other, other_has)] = others.map(ended);
        // They came free in the order of their names.
        assert_eq!(one < other, one_has.name < other_has.name);
        shared.give(one_has);
        shared.give(other_has);
        shared.is_settled(2);
    });
}

#[test]
fn whoever_comes_late_does_not_overtake() {
    model(bounds(1), |shared| {
        let item = shared.make();
        let has_joined = Arc::new(AtomicBool::new(false));
        let other = {
            let has_joined = has_joined.clone();
            beside(shared, move |shared| {
                let getter = Getter::joined(shared);
                has_joined.store(true, Ordering::Release);
                getter.object()
            })
        };
        let was_first = has_joined.load(Ordering::Acquire);
        shared.give(item);
        if let Some(taken) = shared.core.take(false) {
            assert!(!was_first, "the other one waited");
            shared.give(taken.object);
        }
        shared.give(ended(other));
        shared.is_settled(1);
    });
}

#[test]
fn a_slot_that_comes_free_as_somebody_joins_is_granted_once() {
    model(bounds(1), |shared| {
        assert!(shared.core.take_slot(false));
        let other = beside(shared, |shared| {
            let grant = Getter::joined(shared).wait();
            shared.consume(grant);
        });
        shared.follow(shared.core.free(true));
        if shared.core.take_slot(false) {
            shared.snapshot();
            shared.consume(Grant::Slot);
        }
        ended(other);
        assert_eq!(shared.snapshot().create_failed, 1);
        shared.is_settled(1);
    });
}

#[test]
fn what_a_sweep_removes_makes_room() {
    model(bounds(1), |shared| {
        let item = shared.make();
        shared.give(item);
        let other = beside(shared, |shared| {
            let grant = Getter::joined(shared).wait();
            shared.consume(grant);
        });
        let (swept, after) =
            shared.core.sweep(Instant::now(), |_, _| Some(Reason::Expired), |_| None);
        shared.follow(after);
        swept.into_iter().for_each(|(item, _)| shared.destroy(item));
        ended(other);
        let stats = shared.snapshot();
        shared.is_settled(stats.created - stats.destroyed.expired);
    });
}

#[test]
fn what_is_looked_at_comes_back_to_those_who_wait() {
    model(bounds(1), |shared| {
        let item = shared.make();
        shared.give(item);
        let other = beside(shared, |shared| Getter::joined(shared).object());
        if let Some((item, _)) = shared.core.take_idle(0, |_| true) {
            item.touch();
            shared.snapshot();
            shared.follow(shared.core.put_back(item, due(), |_| true));
        }
        shared.give(ended(other));
        shared.is_settled(1);
    });
}

#[test]
fn checks_that_end_outside_of_the_lock_are_never_more_than_have_begun() {
    model(bounds(2), |shared| {
        let items = [shared.make(), shared.make()];
        items.into_iter().for_each(|item| shared.give(item));
        let other = beside(shared, |shared| {
            let taken = shared.core.take(true).expect("one is idle");
            shared.lend(&taken.object);
            shared.give(taken.object);
        });
        let taken = shared.core.take(true).expect("one is idle");
        let stats = shared.snapshot();
        assert!(stats.checking >= 1 && stats.in_use <= 1);
        shared.lend(&taken.object);
        let stats = shared.snapshot();
        assert!(stats.in_use >= 1 && stats.checking <= 1);
        shared.give(taken.object);
        ended(other);
        shared.is_settled(2);
    });
}
