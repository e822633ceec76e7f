//! Prints a stub after a mistake, so that code that uses the type sees no second error.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Generics, Token, TypeParamBound, WherePredicate};

use crate::attr::TypeAttrs;
use crate::bound::is_maybe;
use crate::check::is_unsized;
use crate::expand::{accessor, krate};
use crate::model::Derive;

/// Without `?Sized`, which the stub has no use for.
fn sized(mut generics: Generics) -> Generics {
    fn without_maybe(bounds: &mut Punctuated<TypeParamBound, Token![+]>) {
        *bounds = bounds.iter().filter(|bound| !is_maybe(bound)).cloned().collect();
    }

    for param in generics.type_params_mut() {
        without_maybe(&mut param.bounds);
    }
    for predicate in generics.where_clause.iter_mut().flat_map(|clause| &mut clause.predicates) {
        if let WherePredicate::Type(predicate) = predicate {
            without_maybe(&mut predicate.bounds);
        }
    }
    generics
}

/// A type without a size implements nothing that asks for one.
fn has_unsized_tail(input: &DeriveInput) -> bool {
    match &input.data {
        Data::Struct(data) => data.fields.iter().last().is_some_and(|tail| is_unsized(&tail.ty)),
        Data::Enum(_) | Data::Union(_) => false,
    }
}

/// Prints implementations that are never run.
pub(crate) fn expand(input: &DeriveInput, derive: Derive) -> TokenStream {
    let attrs = TypeAttrs::parse_again(&input.attrs);
    let krate = krate(attrs.krate.as_ref().map(|krate| &krate.value));
    let unbuilt = quote!(#krate::__private::Unbuilt);
    let ident = &input.ident;
    if has_unsized_tail(input) {
        return TokenStream::new();
    }
    let generics = sized(input.generics.clone());
    let (params, args, clause) = generics.split_for_impl();
    let wipe = cfg!(feature = "zeroize").then(|| {
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #params #krate::Wipe for #ident #args #clause {
                fn wipe(&mut self) {}
            }
        }
    });
    let pool = (derive == Derive::Poolable).then(|| {
        let vis = &input.vis;
        let accessor = accessor(&attrs);
        quote! {
            // SAFETY: a program with this in it is not built.
            #[automatically_derived]
            #[allow(deprecated)]
            unsafe impl #params #krate::Poolable for #ident #args #clause {
                type Static = #unbuilt;
                type __Reach = #krate::__private::EveryThread;
                fn pool() -> &'static #krate::TypePool<#unbuilt> { #unbuilt::body() }
                fn __way() -> #krate::__private::Way<#unbuilt> { #unbuilt::body() }
            }

            #[automatically_derived]
            #[allow(dead_code, deprecated)]
            impl #params #ident #args #clause {
                #[doc = " Takes an object from the pool."]
                #vis fn #accessor() -> #krate::Pooled<Self> { #unbuilt::body() }
            }
        }
    });
    quote! {
        const _: () = {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #params #krate::Reset for #ident #args #clause {
                fn blank() -> Self { #unbuilt::body() }
                fn reset(&mut self) {}
            }
            #wipe
            #pool
        };
    }
}
