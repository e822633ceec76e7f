//! Who takes part, each in a file of its own.

pub(super) mod async_resource_pool;
pub(super) mod bb8;
pub(super) mod bounded_pool;
pub(super) mod by_hand;
pub(super) mod deadpool;
pub(super) mod r2d2;
pub(super) mod resource_pool;
