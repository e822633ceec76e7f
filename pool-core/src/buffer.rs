//! Pooled buffers, rings, and copying with them.

mod copy;
mod ring;
