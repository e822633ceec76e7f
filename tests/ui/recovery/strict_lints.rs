#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications)]
//! One mistake, and many lints that the stub must not trip over.

use poolable::Poolable;

/// Public, deprecated, and wrong.
#[derive(Poolable)]
#[deprecated = "there is a better one"]
pub struct Request {
    /// Wrong.
    #[pool(skp)]
    pub id: u64,
}

#[allow(dead_code, reason = "nobody asks for one")]
mod private {
    use poolable::{Poolable, Reset};

    #[derive(Poolable)]
    #[pool(blank)]
    struct Header {
        name: String,
    }

    #[derive(Reset)]
    struct Pair<'a, T: ?Sized, const N: usize = 2>
    where
        T: 'a,
    {
        #[pool(cache = 2)]
        text: &'a [u8],
        all: Box<T>,
        bytes: [u8; N],
    }
}

fn main() {}
