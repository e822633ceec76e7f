//! The containers of other crates, each behind the feature of its crate's name: how they
//! become blank, keep their memory, and are wiped.

#[cfg(feature = "arrayvec")]
mod arrayvec;
#[cfg(feature = "bytes")]
mod bytes;
#[cfg(feature = "compact_str")]
mod compact_str;
#[cfg(feature = "hashbrown")]
mod hashbrown;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "indexmap")]
mod indexmap;
#[cfg(feature = "serde_json")]
mod serde_json;
#[cfg(feature = "smallvec")]
mod smallvec;

/// What texts are filled up with to be wiped, piece by piece.
#[cfg(all(feature = "zeroize", any(feature = "arrayvec", feature = "compact_str")))]
const NULS: &str = match core::str::from_utf8(&[0; 256]) {
    Ok(nuls) => nuls,
    Err(_) => unreachable!(),
};
