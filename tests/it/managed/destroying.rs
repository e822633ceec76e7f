//! Threads that destroy apart from those who get and return: one that hangs holds up no other.

use super::scripted::{Gate, SECOND, fail, held_at, lease, leases, timed_pool_of, until};

#[test]
fn a_destroy_that_hangs_keeps_no_other_from_being_destroyed() {
    for others in 1..4 {
        let (script, _clock, pool) = timed_pool_of(1);
        let gate = Gate::default();
        script.destroy.next(held_at(&gate));
        script.check.always(fail);
        drop(lease(&pool));
        drop(lease(&pool));
        gate.wait_for(1);
        for _ in 0..others {
            drop(lease(&pool));
        }
        until(&pool, |stats| stats.destroying == 1);
        assert_eq!(script.alive(), 2, "one is idle, and one hangs");
        gate.open();
        until(&pool, |stats| stats.destroying == 0);
    }
}

#[test]
fn three_destroys_that_hang_keep_no_other_from_being_destroyed() {
    let (script, _clock, pool) = timed_pool_of(1);
    let gate = Gate::default();
    script.check.always(fail);
    drop(lease(&pool));
    for hanging in 1..=3 {
        script.destroy.next(held_at(&gate));
        drop(lease(&pool));
        gate.wait_for(hanging);
    }
    for _ in 0..3 {
        drop(lease(&pool));
    }
    until(&pool, |stats| stats.destroying == 3);
    gate.open();
    until(&pool, |stats| stats.destroying == 0);
}

#[test]
fn at_most_four_threads_destroy_for_a_pool() {
    let (script, clock, pool) = timed_pool_of(10);
    let gate = Gate::default();
    script.destroy.always(held_at(&gate));
    drop(leases(&pool, 10));
    clock.advance(3600 * SECOND);
    gate.wait_for(4);
    assert_eq!((pool.stats().open, pool.stats().destroying), (0, 10));
    drop(lease(&pool));
    gate.open();
    until(&pool, |stats| stats.destroying == 0);
    assert_eq!(script.destroy.most_at_once(), 4);
}

#[test]
fn a_destroy_that_hangs_keeps_nothing_of_its_sweep_from_being_destroyed() {
    let (script, clock, pool) = timed_pool_of(10);
    let gate = Gate::default();
    script.destroy.next(held_at(&gate));
    drop(leases(&pool, 10));
    clock.advance(3600 * SECOND);
    until(&pool, |stats| stats.destroying == 1);
    gate.open();
    until(&pool, |stats| stats.destroying == 0);
}
