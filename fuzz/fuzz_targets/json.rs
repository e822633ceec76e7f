//! Any bytes are read into pooled objects as serde_json reads them into others.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run json` looks for some that are not. The first bytes of a
//! script say whether the others are a text or what documents are made of, and damaged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use poolable_stress::json::play_json;

fuzz_target!(|bytes: &[u8]| {
    if let Err(difference) = play_json(bytes) {
        panic!("{difference}");
    }
});
