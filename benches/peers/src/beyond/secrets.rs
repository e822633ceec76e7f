//! Secrets that are overwritten when they are no longer needed.

pub(crate) mod session;
pub(crate) mod wipe;
