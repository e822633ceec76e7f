//! Copying through pooled buffers.
