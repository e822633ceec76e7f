//! Object pools by derive.
#![forbid(unsafe_code)]
