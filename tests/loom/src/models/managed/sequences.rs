//! Long random sequences of everything that the core can be asked for, one call at a time,
//! each followed by a comparison with what it should do.

mod calls;
mod play;
mod reference;

use play::Play;

const SEQUENCES: u64 = 2_000;
const STEPS: usize = 500;

#[test]
fn random_sequences_do_what_the_reference_does() {
    for seed in 1..=SEQUENCES {
        let mut builder = loom::model::Builder::new();
        builder.max_branches = 1_000_000;
        builder.check(move || {
            let mut play = Play::new(seed);
            for _ in 0..STEPS {
                let open = play.reference.open();
                play.step();
                play.compare(open);
            }
            play.wind_down();
        });
    }
}
