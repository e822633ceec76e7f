//! Any bytes are a script, and no script breaks a law.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run sequences` looks for one; `poolable-stress --bytes FILE`
//! plays what was found without the fuzzer. Scripts that run free are not the same twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolable_stress::{Real, Script, play};

fuzz_target!(|bytes: &[u8]| {
    let script = Script::decode(bytes);
    if let Err(violation) = play(&Real, &script) {
        panic!("{}{violation}", script.until(violation.step));
    }
});
