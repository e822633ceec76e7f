//! The containers of other crates, each behind the feature of its crate's name: how they
//! become blank, keep their memory, and are wiped.

#[cfg(feature = "bytes")]
mod bytes;
#[cfg(feature = "hashbrown")]
mod hashbrown;
#[cfg(feature = "smallvec")]
mod smallvec;
