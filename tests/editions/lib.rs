//! The derives in a crate that is hard on macros: no prelude, strict lints, names of std
//! taken by other things, and `poolable` under another name.
//!
//! The packages beside this file compile it once for each edition.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(
    warnings,
    future_incompatible,
    keyword_idents,
    let_underscore,
    nonstandard_style,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    unused
)]
#![deny(
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_docs,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused_crate_dependencies,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results
)]
#![deny(clippy::all, clippy::pedantic)]
// What house rules take from clippy's restrictions most often.
#![deny(
    clippy::as_conversions,
    clippy::default_numeric_fallback,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::mem_forget,
    clippy::missing_assert_message,
    clippy::panic,
    clippy::shadow_unrelated,
    clippy::std_instead_of_core,
    clippy::undocumented_unsafe_blocks,
    clippy::unwrap_used
)]

#[cfg(test)]
mod attributes;
#[cfg(test)]
mod generics;
#[cfg(test)]
mod macros;
#[cfg(test)]
mod names;
#[cfg(test)]
mod shadows;
pub mod visibility;
