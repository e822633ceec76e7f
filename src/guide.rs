//! Guide: one page for each kind of type that takes more than the README has room for.
//!
//! | page | what it is about |
//! | --- | --- |
//! | [`borrowing`] | types with lifetimes: parsed requests that are slices of what was read |
//! | `buffers` | buffers in sizes, frozen ones, rings, copying (feature `buffer`) |
//! | [`from_go`] | what Go programs build on `sync.Pool`, construct by construct |
//! | `from_other_pools` | r2d2, deadpool, bb8 and sqlx's pool, construct by construct (feature `managed`) |
//! | [`generic`] | types with parameters: a pool for each instance |
//! | `json` | JSON into pooled buffers and objects, and web services (features `json` and `axum`) |
//! | [`local`] | types that are not `Send`: a pool for each thread |
//! | `managed` | bounded, expiring and connection pools, which are waited for (feature `managed`) |
//! | [`nested`] | elements that are kept for reuse, and guards inside of pooled objects |
//! | [`shared`] | objects for several users on any threads, and guards of a part of one |
//! | `secrets` | which memory is wiped when, and what cannot be promised |
//! | `serde` | pooled objects read and written (feature `serde`) |

#[doc = include_str!("../docs/guide/borrowing.md")]
pub mod borrowing {}

#[cfg(all(feature = "buffer", any(not(doctest), feature = "bytes")))]
#[doc = include_str!("../docs/guide/buffers.md")]
pub mod buffers {}

#[doc = include_str!("../docs/guide/from_go.md")]
pub mod from_go {
    #[cfg(all(feature = "buffer", any(not(doctest), feature = "bytes")))]
    #[doc = include_str!("../docs/guide/from_go/buffers.md")]
    pub mod buffers {}

    #[cfg(all(feature = "json", any(not(doctest), feature = "axum")))]
    #[doc = include_str!("../docs/guide/from_go/json.md")]
    pub mod json {}

    #[cfg(feature = "managed")]
    #[doc = include_str!("../docs/guide/from_go/limits.md")]
    pub mod limits {}

    #[cfg(any(not(doctest), all(feature = "managed", feature = "zeroize")))]
    #[doc = include_str!("../docs/guide/from_go/pitfalls.md")]
    pub mod pitfalls {}

    #[cfg(any(not(doctest), feature = "managed"))]
    #[doc = include_str!("../docs/guide/from_go/pools.md")]
    pub mod pools {}

    #[cfg(any(not(doctest), feature = "zeroize"))]
    #[doc = include_str!("../docs/guide/from_go/resets.md")]
    pub mod resets {}
}

#[cfg(feature = "managed")]
#[doc = include_str!("../docs/guide/from_other_pools.md")]
pub mod from_other_pools {}

#[doc = include_str!("../docs/guide/generic.md")]
pub mod generic {}

#[cfg(all(feature = "json", any(not(doctest), feature = "axum")))]
#[doc = include_str!("../docs/guide/json.md")]
pub mod json {}

#[doc = include_str!("../docs/guide/local.md")]
pub mod local {}

#[cfg(feature = "managed")]
#[doc = include_str!("../docs/guide/managed.md")]
pub mod managed {}

#[doc = include_str!("../docs/guide/nested.md")]
pub mod nested {}

#[cfg(feature = "zeroize")]
#[doc = include_str!("../docs/guide/secrets.md")]
pub mod secrets {}

#[doc = include_str!("../docs/guide/shared.md")]
pub mod shared {}

#[cfg(feature = "serde")]
#[doc = include_str!("../docs/guide/serde.md")]
pub mod serde {}
