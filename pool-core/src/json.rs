//! JSON, written into pooled buffers and read into pooled objects.

pub use serde_json::Error;
