//! Prints a stub after a mistake, so that code that uses the type sees no second error.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::attr::TypeAttrs;
use crate::expand::{accessor, krate};
use crate::model::Derive;

/// Prints implementations that are never run.
pub(crate) fn expand(input: &DeriveInput, derive: Derive) -> TokenStream {
    let attrs = TypeAttrs::parse_again(&input.attrs);
    let krate = krate(attrs.krate.as_ref().map(|krate| &krate.value));
    let unbuilt = quote!(#krate::__private::Unbuilt);
    let ident = &input.ident;
    let (params, args, clause) = input.generics.split_for_impl();
    let wipe = cfg!(feature = "zeroize").then(|| {
        quote! {
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
            unsafe impl #params #krate::Poolable for #ident #args #clause {
                type Static = #unbuilt;
                fn pool() -> &'static #krate::TypePool<#unbuilt> { #unbuilt::body() }
                fn __local() -> *const #krate::__private::Local { #unbuilt::body() }
            }

            #[allow(dead_code)]
            impl #params #ident #args #clause {
                #vis fn #accessor() -> #krate::Pooled<Self> { #unbuilt::body() }
            }
        }
    });
    quote! {
        const _: () = {
            impl #params #krate::Reset for #ident #args #clause {
                fn blank() -> Self { #unbuilt::body() }
                fn reset(&mut self) {}
            }
            #wipe
            #pool
        };
    }
}
