//! The pools of `poolable` keep the laws in some hundred random scripts.

use poolable_stress::{Keeping, Real, Script, Site, Tale, play};

/// Scripts that each test plays.
const SEEDS: u64 = 400;

fn play_seeds(first: u64, lock_step: bool) -> Tale {
    let mut total = Tale::default();
    for seed in first..first + SEEDS {
        let script = Script::of_seed(seed).in_lock_step(lock_step);
        match play(&Real, &script) {
            Ok(tale) => total.add(&tale),
            Err(violation) => panic!("seed {seed}, {violation}"),
        }
    }
    total
}

/// The mix has to reach what it is there for.
fn assert_rich(tale: &Tale) {
    let keeps = Real.keeping() != Keeping::Nothing;
    let counts = [tale.refused, tale.panicked, tale.freed, tale.misses, tale.pools - SEEDS * 5];
    assert!(counts.into_iter().all(|count| count > SEEDS / 4), "{tale}");
    assert!(!keeps || tale.gets > tale.misses + SEEDS * 10, "{tale}");
}

#[test]
fn pools_do_what_can_be_foretold_in_lock_step() {
    let tale = play_seeds(1, true);
    assert_rich(&tale);
    let is_foretold = Real.keeping() == Keeping::Foreseeable;
    assert_eq!(tale.foretold > SEEDS * 10, is_foretold, "{tale}");
}

#[test]
fn pools_keep_the_laws_when_threads_run_free() {
    let tale = play_seeds(100_000, false);
    assert_rich(&tale);
    assert_eq!(tale.foretold, 0);
}

#[test]
fn any_bytes_are_a_script() {
    for bytes in [&[][..], &[0], &[0x83, 1], &[0xFF; 300], &[3; 2000]] {
        let script = Script::decode(bytes);
        assert_eq!(play(&Real, &script).map(|tale| tale.scripts), Ok(1));
    }
}

#[test]
fn the_same_seed_is_the_same_script() {
    let shown = |seed| Script::of_seed(seed).until(None);
    assert_eq!(shown(5), shown(5));
    assert_ne!(shown(5), shown(6));
}
