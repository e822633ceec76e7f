//! Bodies of axum, read into pooled objects and written into pooled buffers.
