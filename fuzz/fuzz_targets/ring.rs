//! Any bytes are a script of calls to a ring, which does what a queue does.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run ring` looks for one where it does not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolable_stress::ring::play;

fuzz_target!(|bytes: &[u8]| {
    if let Err(difference) = play(bytes) {
        panic!("{difference}");
    }
});
