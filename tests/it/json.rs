//! JSON, written into pooled buffers and read into pooled objects.
//!
//! With `--cfg poolable_passthrough` or `--cfg poolable_chaos` what is written and what is
//! read is the same. There is no allocator that counts then, and pools may keep nothing.

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod blank;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod borrowed;
mod documents;
mod encoded;
mod go;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod in_place;
#[cfg(all(feature = "serde_json", not(any(poolable_passthrough, poolable_chaos))))]
#[allow(unreachable_pub, reason = "it is a module of another crate")]
#[path = "../stress/src/json.rs"]
mod model;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod stream;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod warm;
mod writer;
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
mod wrong;

use poolable::json::Error;

/// All that an error tells.
#[track_caller]
fn told<T>(result: Result<T, Error>) -> (String, usize, usize, serde_json::error::Category) {
    match result {
        Ok(_) => panic!("this is an error"),
        Err(error) => (error.to_string(), error.line(), error.column(), error.classify()),
    }
}
