//! A map of std cannot be wiped where its keys or values lie inline.

use std::collections::{BTreeSet, HashMap};

use poolable::Poolable;

#[derive(Poolable)]
struct Session {
    #[pool(zeroize)]
    by_name: HashMap<String, Vec<u8>>,
    #[pool(zeroize)]
    by_key: HashMap<[u8; 32], String>,
    #[pool(zeroize)]
    keys: BTreeSet<u64>,
}

fn main() {}
