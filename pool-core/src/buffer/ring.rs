//! A ring of bytes.
