//! The mistakes found in one input, reported together.

use core::fmt::Display;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// A list of mistakes, each at its guilty tokens.
///
/// Panics when it is dropped unread, so that no stage can swallow one.
#[derive(Debug)]
pub(crate) struct Errors(Option<Vec<syn::Error>>);

impl Errors {
    pub(crate) fn new() -> Self {
        Self(Some(Vec::new()))
    }

    /// How many mistakes there are so far.
    pub(crate) fn count(&self) -> usize {
        self.0.as_ref().map_or(0, Vec::len)
    }

    /// Reports a mistake at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.get_or_insert_default().push(error);
    }

    /// The code that makes the compiler report all mistakes, if there are any.
    pub(crate) fn into_compile_errors(mut self) -> Option<TokenStream> {
        let errors = self.0.take().unwrap_or_default();
        if errors.is_empty() {
            return None;
        }
        let reports = errors.iter().map(syn::Error::to_compile_error);
        Some(quote!(#(#reports)*))
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        if self.0.is_some() && !std::thread::panicking() {
            panic!("the mistakes found in the input were not reported");
        }
    }
}
