//! What `Poolable` adds to `Reset`: the static, the thread-local, and the accessor.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;

use super::{Expander, accessor, at};
use crate::bound::static_type;
use crate::nest;

impl Expander<'_> {
    /// The static pool, `impl Poolable`, and the accessor.
    pub(super) fn pool(&self) -> TokenStream {
        let krate = &self.krate;
        let model = self.model;
        let attrs = &model.attrs;
        let (ident, vis) = (model.ident, model.vis);
        let private = quote!(#krate::__private);
        let given_name = match &attrs.name {
            Some(name) => {
                let name = &name.value;
                quote!(#private::Option::Some(#name))
            }
            None => quote!(#private::Option::None),
        };
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
        let suspects = nest::suspects(model);
        let nests = (!suspects.is_empty()).then(|| {
            quote! {
                const __NESTS: #private::bool =
                    #private::nests::<Self>(#(#private::needs_drop::<#suspects>())||*);
            }
        });
        let doc = format!(
            " Takes a `{ident}` from its pool, or creates one; dropping the guard resets and \
             returns it."
        );
        let constructor = if attrs.local.is_some() { quote!(local) } else { quote!(new) };
        let own = static_type(model);
        // A type that is not `Send` is reported at its name.
        let home = |name: &TokenStream| {
            let home = quote!(#private::Home::<#own>::#constructor(#name, <#own>::__POOL_LIMITS));
            at(ident.span(), &home)
        };
        let (statics, pool, way) = if model.is_generic() {
            let home = home(&quote!(#private::name_of_instance::<#own>(#given_name)));
            let pool = quote!(#private::pool_by_type::<#own>(|| #home));
            (None, pool, quote!(#private::Way::ByType))
        } else {
            let home = home(&name);
            let is_send = attrs.local.is_none().then(|| {
                let is_send = quote!(const _: () = #private::is_send::<#own>(););
                let is_send = at(ident.span(), &is_send);
                quote!(#[allow(deprecated)] #is_send)
            });
            let statics = quote! {
                #is_send

                #[allow(deprecated)]
                static __POOL: #private::Home<#own> = #home;

                #private::thread_local! {
                    #[allow(deprecated)]
                    static __POOL_LOCAL: #private::Local<#own> = const { #private::Local::new() };
                }
            };
            (Some(statics), quote!(__POOL.pool()), quote!(#private::local(&__POOL_LOCAL)))
        };
        let same_reset = self.same_reset();
        // Of the fields it has been proved; here, that it was the runtime's trait.
        let proof = model.is_pooled_for_any_lifetime().then(|| {
            quote! {
                fn __proof(&mut self) {
                    <Self as #krate::Poolable>::__lets_go(self)
                }
            }
        });
        let reach = if attrs.local.is_some() { quote!(OneThread) } else { quote!(EveryThread) };
        let unmet = model.is_generic().then(|| quote!(where Self: #krate::Poolable));
        let inherent = self.block(
            None,
            &self.bounds.declared,
            &quote! {
                #(#constants)*
                const __POOL_LIMITS: #private::Limits = #private::Limits::new() #(#limits)*;

                #[doc = #doc]
                #[inline]
                #[track_caller]
                #vis fn #accessor() -> #krate::Pooled<Self> #unmet {
                    <Self as #krate::Poolable>::pooled()
                }
            },
        );
        // SAFETY, of what is printed: `Static` is the type with `'static` for its lifetimes. A
        // type with lifetimes has `ReleaseBorrows`, or `__proof` does not compile; its `blank` is
        // generic over them. The pool is a static of this block, or found by the type, and the
        // way goes with it. `__Reach` follows from `local`.
        let poolable = self.unsafe_block(
            &quote!(#krate::Poolable),
            &self.bounds.pool,
            &quote! {
                type Static = #own;
                type __Reach = #private::#reach;
                #nests

                #[inline]
                fn pool() -> &'static #krate::TypePool<#own> { #pool }

                #[inline(always)]
                fn __way() -> #private::Way<#own> { #way }

                #same_reset
                #proof

                #validate
            },
        );
        quote!(#statics #poolable #inherent)
    }
}
