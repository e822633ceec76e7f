//! What `Poolable` adds to `Reset`: the static, the thread-local, and the accessor.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;

use super::{Expander, accessor, at};

impl Expander<'_> {
    /// The static pool, `impl Poolable`, and the accessor.
    pub(super) fn pool(&self) -> TokenStream {
        let krate = &self.krate;
        let model = self.model;
        let attrs = &model.attrs;
        let (ident, vis) = (model.ident, model.vis);
        let private = quote!(#krate::__private);
        let name = match &attrs.name {
            Some(name) => name.value.to_token_stream(),
            None => {
                let ident = ident.unraw().to_string();
                quote!(#private::concat!(#private::module_path!(), "::", #ident))
            }
        };
        let limits = [
            ("cache", &attrs.cache),
            ("max_idle", &attrs.max_idle),
            ("max_object_bytes", &attrs.max_object_bytes),
            ("max_bytes", &attrs.max_bytes),
        ];
        let limits = limits.into_iter().filter_map(|(name, limit)| {
            let value = &limit.as_ref()?.value;
            let constant = format_ident!("__POOL_{}", name.to_uppercase());
            let name = format_ident!("{name}");
            Some((
                quote!(const #constant: #private::usize = #value;),
                quote!(.#name(Self::#constant)),
            ))
        });
        let (constants, limits): (Vec<_>, Vec<_>) = limits.unzip();
        let accessor = accessor(attrs);
        let validate = attrs.validate.is_some().then(|| {
            quote! {
                #[inline]
                fn __validate(&self) -> #private::bool { (Self::__POOL_VALIDATE)(self) }
            }
        });
        let doc = format!(
            " Takes a `{ident}` from its pool, or creates one; dropping the guard resets and \
             returns it."
        );
        // A type that is not `Send` is reported at its name.
        let home = quote!(#private::Home::<#ident>::new(#name, <#ident>::__POOL_LIMITS));
        let home = at(ident.span(), &home);
        let inherent = self.block(
            None,
            &self.bounds.declared,
            &quote! {
                #(#constants)*
                const __POOL_LIMITS: #private::Limits = #private::Limits::new() #(#limits)*;

                #[doc = #doc]
                #[inline]
                #vis fn #accessor() -> #krate::Pooled<Self> {
                    <Self as #krate::Poolable>::pooled()
                }
            },
        );
        quote! {
            #[allow(deprecated)]
            static __POOL: #private::Home<#ident> = #home;

            #private::thread_local! {
                #[allow(deprecated)]
                static __POOL_LOCAL: #private::Local<#ident> = const { #private::Local::new() };
            }

            #[automatically_derived]
            #[allow(deprecated)]
            // SAFETY: `Static` is the type itself; the static and the thread-local stand in
            // this block, one of each.
            unsafe impl #krate::Poolable for #ident {
                type Static = Self;

                #[inline]
                fn pool() -> &'static #krate::TypePool<Self> { __POOL.pool() }

                #[inline(always)]
                fn __local() -> #private::LocalRef<Self> {
                    #private::local(&__POOL_LOCAL)
                }

                #validate
            }

            #inherent
        }
    }
}
