//! The derive macros of `poolable`: use that crate, which re-exports and explains them.
//!
//! The stages, each of which hands typed data to the next:
//!
//! | stage | what it does |
//! | --- | --- |
//! | `attr` | reads `#[pool(..)]` into options that remember where they stood |
//! | `model` | decides what happens to each field, at birth and on return |
//! | `check` | rejects what does not go together, all of it in one pass |
//! | `bound` | infers the `where` clauses |
//! | `nest` | tells whether a return may bring about another |
//! | `expand` | prints the code |
//! | `fallback` | prints a stub instead if any stage found a mistake |
#![forbid(unsafe_code)]

mod attr;
mod bound;
mod check;
mod error;
mod expand;
mod fallback;
mod model;
mod nest;
mod suggest;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::error::Errors;
use crate::model::{Derive, Model};

/// Gives a type a field-aware `reset`, a pool of its own and a `pooled` to take from it.
///
/// It writes `impl Reset`, `impl Poolable`, `impl Wipe` (for when all fields have it), an
/// inherent `pooled`, and a `Drop` that wipes if a field is marked `zeroize`.
#[proc_macro_derive(Poolable, attributes(pool))]
pub fn derive_poolable(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input.into(), Derive::Poolable).into()
}

/// Gives a type a field-aware `reset`, for use inside pooled types.
///
/// It writes `impl Reset`, `impl Wipe` (for when all fields have it), and a `Drop` that wipes
/// if a field is marked `zeroize`. `Poolable` includes it: derive one of the two.
#[proc_macro_derive(Reset, attributes(pool))]
pub fn derive_reset(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input.into(), Derive::Reset).into()
}

fn derive(input: TokenStream, derive: Derive) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::new();
    let model = Model::new(&input, derive, &mut errors);
    if let Some(model) = &model {
        check::check(model, &mut errors);
    }
    match (model, errors.into_compile_errors()) {
        (Some(model), None) => expand::expand(&model),
        (_, reported) => {
            let stub = fallback::expand(&input, derive);
            quote::quote!(#reported #stub)
        }
    }
}

// The snapshots show what is printed with all features.
#[cfg(all(test, feature = "zeroize"))]
mod tests;
