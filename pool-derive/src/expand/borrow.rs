//! `impl ReleaseBorrows`, and the proof that a pooled type lets go of what it borrows.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;
use syn::spanned::Spanned;

use super::{Expander, at};
use crate::bound::{depends, lifetime_parameter, may_borrow, mentions_itself};
use crate::model::{Derive, Field, OnReturn};

impl Expander<'_> {
    /// ```text
    /// unsafe impl ReleaseBorrows for Type<..> where Field: ReleaseBorrows, .. {}
    /// impl Type<..> {
    ///     fn __pool_borrows() {
    ///         lets_go::<Vec<&'a str>>();
    ///         borrows_nothing::<u64>();
    ///     }
    /// }
    /// ```
    ///
    /// The clause of the one holds for those lifetimes and types that it is asked for. The
    /// function is never called: it is what rustc checks for all of them, field by field, and
    /// where it reports a field that holds on.
    pub(super) fn borrow(&self) -> TokenStream {
        let krate = &self.krate;
        let model = self.model;
        let release = self.bounds.release.as_ref().map(|clause| {
            self.unsafe_block(&quote!(#krate::ReleaseBorrows), clause, &TokenStream::new())
        });
        let proofs: Vec<_> =
            model.blank_fields().iter().filter_map(|field| self.proof(field)).collect();
        let proof = (!proofs.is_empty()).then(|| {
            let clause = match model.derive {
                Derive::Poolable => &self.bounds.pool,
                Derive::Reset => &self.bounds.reset,
            };
            self.block(None, clause, &quote!(fn __pool_borrows() { #(#proofs)* }))
        });
        quote!(#release #proof)
    }

    /// What a field has to prove, if the clauses do not ask for it.
    fn proof(&self, field: &Field<'_>) -> Option<TokenStream> {
        let (model, krate, ty) = (self.model, &self.krate, field.ty);
        let private = quote!(#krate::__private);
        let prove = |name: &str| {
            let name = Ident::new(name, ty.span());
            at(ty.span(), &quote!(#private::#name::<#ty>();))
        };
        let nothing = Some(prove("borrows_nothing"));
        if !model.is_pooled_for_any_lifetime() {
            // In a pool the parameters are `'static`, and so is the type.
            let may_differ = model.derive == Derive::Reset && !model.generics.params.is_empty();
            return nothing.filter(|_| may_differ && !may_borrow(field, model));
        }
        let borrows =
            lifetime_parameter(ty, model.generics).is_some() || mentions_itself(field, model);
        match field.on_return() {
            OnReturn::Default | OnReturn::DefaultWithCapacity | OnReturn::Value if borrows => None,
            OnReturn::Reset if borrows && depends(field, model) => None,
            OnReturn::Reset if borrows => Some(prove("lets_go")),
            _ => nothing,
        }
    }
}
