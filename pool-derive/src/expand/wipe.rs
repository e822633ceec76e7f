//! Secrets: `fn __pool_wipe`, `impl Wipe` and `impl Drop`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;

use super::{Expander, at, binding, item, local, on_type, with_function};
use crate::model::{Field, Secret};

impl Expander<'_> {
    /// `fn __pool_wipe`: overwrites the fields marked as secret.
    ///
    /// ```text
    /// match self {
    ///     Self { token: __field_1, key: __field_2, .. } => {
    ///         // dropped in reverse, on unwind too
    ///         let __pool_wiping = WipingField { field: __field_2, .. };
    ///         let __pool_wiping = WipingField { field: __field_1, .. };
    ///     }
    /// }
    /// ```
    pub(super) fn secrets(&self) -> Option<TokenStream> {
        let model = self.model;
        if !model.has_secrets() {
            return None;
        }
        let withs = model.fields().filter_map(|field| match field.secret() {
            Some(Secret::With(path)) => Some(with_function(field, path)),
            _ => None,
        });
        let krate = &self.krate;
        let dropping = local("dropping");
        let body = self.wiping_match(
            &dropping.to_token_stream(),
            |field| field.secret().is_some(),
            // Named at the type, where a missing `Wipe` is then reported.
            |field| on_type(field.ty.span(), field.ty, &quote!(#krate::Wipe), &quote!(wipe)),
        );
        Some(self.block(
            None,
            &self.bounds.secrets,
            &quote! {
                #(#withs)*
                #[inline]
                fn __pool_wipe(&mut self, #dropping: #krate::__private::bool) { #body }
            },
        ))
    }

    /// A match that wipes the fields that `wipes` names, the first one first, each by the
    /// function that `wipe` names unless it has one of the user's.
    fn wiping_match(
        &self,
        dropping: &TokenStream,
        wipes: impl Fn(&Field<'_>) -> bool,
        wipe: impl Fn(&Field<'_>) -> TokenStream,
    ) -> TokenStream {
        let krate = &self.krate;
        let arms = self.model.variants.iter().map(|variant| {
            let pattern = Self::pattern(variant, &wipes);
            let wiped = variant.fields.iter().rev().filter(|field| wipes(field)).map(|field| {
                let (binding, index) = (binding(field), field.index);
                let wipe = match field.secret() {
                    Some(Secret::With(_)) => {
                        let with = item("with", field);
                        quote!(Self::#with)
                    }
                    _ => wipe(field),
                };
                quote! {
                    let __pool_wiping = #krate::__private::WipingField {
                        field: #binding,
                        wipe: #wipe,
                        key: &__POOL_KEYS[#index],
                        dropping: #dropping,
                    };
                }
            });
            quote!(#pattern => { #(#wiped)* })
        });
        quote!(match self { #(#arms)* })
    }

    /// `impl Wipe`, of every field, and `impl Drop`.
    pub(super) fn wipe(&self) -> Option<TokenStream> {
        if !cfg!(feature = "zeroize") {
            return None;
        }
        let krate = &self.krate;
        let body = self.wiping_match(
            &quote!(false),
            |_| true,
            |field| {
                let ty = field.ty;
                quote!(<#krate::__private::Tie<'_> as #krate::__private::WipeTied<#ty>>::wipe)
            },
        );
        // As in `reset`. A blank variant with fields takes `Reset` to make; its enum keeps what
        // another variant has left, if that was moved out.
        let blank = &self.model.variants[self.model.blank];
        let replaced =
            (self.model.variants.len() > 1 && blank.fields.is_empty()).then(|| self.made_blank());
        // `inline`, or a library would compile it before anybody calls it, and rustc not come
        // to an end with the bounds of a type that holds itself.
        let wipe = self.block(
            Some(quote!(#krate::Wipe)),
            &self.bounds.wipe,
            &quote!(#[inline] fn wipe(&mut self) { #body #replaced }),
        );
        let drop = self.model.wipes_on_drop().then(|| {
            let first = self.model.fields().find_map(|field| field.attrs.zeroize.as_ref());
            let place = first.map_or_else(Span::call_site, |zeroize| zeroize.key.span());
            // A `Drop` of the user's own conflicts with this one: let the message point
            // at the option that asks for it.
            let ident = self.model.ident;
            let (params, args, _) = self.model.generics.split_for_impl();
            let clause = &self.bounds.declared;
            let clause = (!clause.predicates.is_empty()).then_some(clause);
            let drop = quote! {
                #krate::__private::write_drop_wipe_false_to_have_a_drop_of_your_own! {
                    [#params] #ident #args [#clause]
                }
            };
            at(place, &drop)
        });
        let count = self.model.fields().count();
        let keys = (count > 0).then(|| {
            let u8 = quote!(#krate::__private::u8);
            quote!(static __POOL_KEYS: [#u8; #count] = [0; #count];)
        });
        Some(quote!(#keys #wipe #drop))
    }
}
