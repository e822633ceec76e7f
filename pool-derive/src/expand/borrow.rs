//! `impl ReleaseBorrows`, and the proof that a type lets go of what it borrows.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;

use super::{Expander, at, binding};
use crate::bound::{lifetime_parameter, may_borrow, mentions_itself};
use crate::model::{Field, OnReturn};

/// What a field has to prove.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    LetsGo,
    BorrowsNothing,
    /// Nothing: it is made anew, by code that knows no lifetime of its own.
    IsNew,
}

impl Expander<'_> {
    /// ```text
    /// unsafe impl ReleaseBorrows for Type<..> where Field: Reset, Field: ReleaseBorrows, .. {
    ///     fn __resets<F: Reset>() {}
    ///     fn __proof(&mut self) { .. }
    /// }
    /// ```
    pub(super) fn borrow(&self) -> TokenStream {
        let krate = &self.krate;
        let Some(clause) = &self.bounds.release else { return TokenStream::new() };
        let promise = quote!(#krate::ReleaseBorrows);
        let same_reset = self.same_reset();
        // SAFETY, of what is printed: `__proof` stands in the very implementation that makes the
        // promise, and does not compile unless each field that a reset leaves lets go of what it
        // borrows, or borrows nothing. `__resets` ties it to the derived `Reset`, which resets
        // those very fields, and holds under this clause.
        // Without parameters there is nothing to prove.
        let is_generic = !self.model.generics.params.is_empty();
        let proof = is_generic.then(|| self.proof());
        self.unsafe_block(&promise, clause, &quote!(#same_reset #proof))
    }

    /// What ties an implementation of the runtime's traits to its `Reset`.
    pub(super) fn same_reset(&self) -> TokenStream {
        let krate = &self.krate;
        quote! {
            #[inline(always)]
            fn __resets<__PoolReset: #krate::Reset>() {}
        }
    }

    /// ```text
    /// fn __proof(&mut self) {
    ///     match self {
    ///         Self { words: __field_0, count: __field_1 } => {
    ///             <Self as ReleaseBorrows>::__lets_go(__field_0);
    ///             <Self as ReleaseBorrows>::__borrows_nothing(__field_1);
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// It is what rustc checks for all lifetimes and types that the clause allows, and where it
    /// reports a field that holds on. It names no type: it speaks of the fields as they are.
    fn proof(&self) -> TokenStream {
        let krate = &self.krate;
        let variant = &self.model.variants[self.model.blank];
        let pattern = Self::pattern(variant, |field| self.claim(field) != Claim::IsNew);
        let claims = variant.fields.iter().map(|field| {
            let binding = binding(field);
            let call = match self.claim(field) {
                Claim::LetsGo => quote!(__lets_go),
                Claim::BorrowsNothing => quote!(__borrows_nothing),
                Claim::IsNew => return TokenStream::new(),
            };
            at(field.ty.span(), &quote!(<Self as #krate::ReleaseBorrows>::#call(#binding);))
        });
        let other = (self.model.variants.len() > 1).then(|| quote!(_ => {}));
        quote! {
            fn __proof(&mut self) {
                match self {
                    #pattern => { #(#claims)* }
                    #other
                }
            }
        }
    }

    fn claim(&self, field: &Field<'_>) -> Claim {
        let (model, ty) = (self.model, field.ty);
        let borrows = if model.is_pooled_for_any_lifetime() {
            // The type parameters do not.
            lifetime_parameter(ty, model.generics).is_some() || mentions_itself(field, model)
        } else {
            may_borrow(field, model)
        };
        match field.on_return() {
            OnReturn::Default | OnReturn::DefaultWithCapacity | OnReturn::Value => Claim::IsNew,
            OnReturn::Reset if borrows => Claim::LetsGo,
            OnReturn::Reset | OnReturn::Keep | OnReturn::With(_) | OnReturn::Wiped => {
                Claim::BorrowsNothing
            }
        }
    }
}
