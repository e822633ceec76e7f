//! Any bytes are a script for pools of buffers, which do what a model foretells.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolable_stress::play_buffers;

fuzz_target!(|bytes: &[u8]| {
    if let Err(violation) = play_buffers(bytes) {
        panic!("{violation}");
    }
});
