//! Guide: one page for each kind of type that takes more than the README has room for.
//!
//! | page | what it is about |
//! | --- | --- |
//! | [`choosing`] | which pool for what, and when none |
//! | [`resets`] | what a return does to each type |
//! | [`nested`] | elements that are kept for reuse, and guards inside of pooled objects |
//! | [`borrowing`] | types with lifetimes: parsed requests that are slices of what was read |
//! | [`generic`] | types with parameters: a pool for each instance |
//! | [`local`] | types that are not `Send`: a pool for each thread |
//! | [`shared`] | objects for several users on any threads, and guards of a part of one |
//! | `secrets` | which memory is wiped when, and what cannot be promised |
//! | `buffers` | buffers in sizes, frozen ones, rings, copying (feature `buffer`) |
//! | `managed` | bounded, expiring and connection pools, which are waited for (feature `managed`) |
//! | `tasks` | guards in async code: across `.await`, cancelled, on other threads (feature `managed`) |
//! | `json` | JSON into pooled buffers and objects, and web services (features `json` and `axum`) |
//! | `serde` | pooled objects read and written (feature `serde`) |
//! | [`production`] | limits, trimming, and what the statistics tell |
//! | [`watching`] | what is held, what is freed and why: in tests, in a browser, on a dashboard, in a log |
//! | [`inside`] | the way of an object, from get to return and beyond the end of its thread |
//! | [`benchmarks`] | what is measured, how to run it again, and how to read it |
//! | [`from_go`] | what Go programs build on `sync.Pool`, construct by construct |
//! | [`from_object_pools`] | object-pool, lifeguard, opool and other pools of objects, construct by construct |
//! | `from_other_pools` | r2d2, deadpool, bb8 and sqlx's pool, construct by construct (feature `managed`) |

#[doc = include_str!("../docs/guide/benchmarks.md")]
pub mod benchmarks {}

#[doc = include_str!("../docs/guide/borrowing.md")]
pub mod borrowing {}

#[cfg(all(feature = "buffer", any(not(doctest), feature = "bytes")))]
#[doc = include_str!("../docs/guide/buffers.md")]
pub mod buffers {}

#[cfg(any(not(doctest), all(feature = "buffer", feature = "managed")))]
#[doc = include_str!("../docs/guide/choosing.md")]
pub mod choosing {}

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

#[doc = include_str!("../docs/guide/from_object_pools.md")]
pub mod from_object_pools {}

#[cfg(feature = "managed")]
#[doc = include_str!("../docs/guide/from_other_pools.md")]
pub mod from_other_pools {}

#[doc = include_str!("../docs/guide/generic.md")]
pub mod generic {}

#[cfg(any(not(doctest), feature = "managed"))]
#[doc = include_str!("../docs/guide/inside.md")]
pub mod inside {}

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

#[doc = include_str!("../docs/guide/production.md")]
pub mod production {}

#[doc = include_str!("../docs/guide/resets.md")]
pub mod resets {}

#[cfg(feature = "zeroize")]
#[doc = include_str!("../docs/guide/secrets.md")]
pub mod secrets {}

#[doc = include_str!("../docs/guide/shared.md")]
pub mod shared {}

#[cfg(feature = "serde")]
#[doc = include_str!("../docs/guide/serde.md")]
pub mod serde {}

#[cfg(all(feature = "managed", any(not(doctest), feature = "tokio")))]
#[doc = include_str!("../docs/guide/tasks.md")]
pub mod tasks {}

#[cfg(any(not(doctest), all(feature = "inspect", feature = "managed", feature = "metrics")))]
#[doc = include_str!("../docs/guide/watching.md")]
pub mod watching {}
