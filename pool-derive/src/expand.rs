//! Prints the code.
//!
//! ```text
//! const _: () = {
//!     impl Request { /* the user's expressions and paths, as associated items */ }
//!     impl Request { fn __pool_wipe(&mut self) {..} }        // if it has secrets
//!     impl Reset for Request {..}
//!     unsafe impl ReleaseBorrows for Request where Field: ReleaseBorrows, .. {}
//!     impl Wipe for Request where for<'a> Field: Wipe, .. {..}
//!     impl Drop for Request {..}                             // if it has secrets
//!     static POOL: Home<Request> = ..;                       // from here on for `Poolable`
//!     thread_local! { static LOCAL: Local = ..; }            // only; none of a generic type
//!     unsafe impl Poolable for Request {..}
//!     impl Request { pub fn pooled() -> Pooled<Self> {..} }
//! };
//! ```
//!
//! Expressions of the user's become bodies of functions without `self`, so that they see
//! `Self` and the type's parameters, and nothing of the code around them.

mod borrow;
mod given;
mod pool;
mod reset;
mod wipe;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, Type};

use crate::attr::TypeAttrs;
use crate::bound::Bounds;
use crate::model::{Derive, Field, Model, Variant};

/// Prints the implementation for a type without mistakes.
pub(crate) fn expand(model: &Model<'_>) -> TokenStream {
    let krate = krate(model.attrs.krate.as_ref().map(|krate| &krate.value));
    let bounds = Bounds::new(model, &krate);
    let expander = Expander { model, krate, bounds };
    let given = expander.given();
    let secrets = expander.secrets();
    let reset = expander.reset();
    let borrow = expander.borrow();
    let wipe = expander.wipe();
    let checks = expander.checks();
    let pool = (model.derive == Derive::Poolable).then(|| expander.pool());
    quote! {
        const _: () = {
            #given
            #secrets
            #reset
            #borrow
            #wipe
            #pool
            #checks
        };
    }
}

/// The path to the runtime.
pub(crate) fn krate(given: Option<&syn::Path>) -> TokenStream {
    given.map_or_else(|| quote!(::poolable), ToTokens::to_token_stream)
}

/// The name of the method that takes from the pool.
pub(crate) fn accessor(attrs: &TypeAttrs) -> Ident {
    let given = attrs.accessor.as_ref().map(|accessor| accessor.value.clone());
    given.unwrap_or_else(|| Ident::new("pooled", Span::call_site()))
}

struct Expander<'a> {
    model: &'a Model<'a>,
    krate: TokenStream,
    bounds: Bounds,
}

/// The name under which a field's value is bound in a match.
fn binding(field: &Field<'_>) -> Ident {
    Ident::new(&format!("__field_{}", field.index), Span::mixed_site())
}

/// The name of a local, which neither hides a name of the user's nor is hidden by one.
fn local(name: &str) -> Ident {
    format_ident!("__pool_{}", name, span = Span::mixed_site())
}

/// The name of an associated item made for a field.
fn item(kind: &str, field: &Field<'_>) -> Ident {
    format_ident!("__pool_{}_{}", kind, field.index)
}

/// The name of an associated constant made for a field.
fn constant(kind: &str, field: &Field<'_>) -> Ident {
    format_ident!("__POOL_{}_{}", kind, field.index)
}

impl Expander<'_> {
    /// `impl<..> #trait_for Type<..> #clause { #body }`
    fn block(
        &self,
        trait_for: Option<TokenStream>,
        clause: &syn::WhereClause,
        body: &TokenStream,
    ) -> TokenStream {
        let ident = self.model.ident;
        let (params, args, _) = self.model.generics.split_for_impl();
        let trait_for = trait_for.map(|name| quote!(#name for));
        let clause = (!clause.predicates.is_empty()).then_some(clause);
        quote! {
            #[automatically_derived]
            #[allow(dead_code, deprecated, clippy::same_name_method)]
            impl #params #trait_for #ident #args #clause { #body }
        }
    }

    /// `unsafe impl<..> #name for Type<..> #clause { #body }`
    fn unsafe_block(
        &self,
        name: &TokenStream,
        clause: &syn::WhereClause,
        body: &TokenStream,
    ) -> TokenStream {
        let ident = self.model.ident;
        let (params, args, _) = self.model.generics.split_for_impl();
        let clause = (!clause.predicates.is_empty()).then_some(clause);
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            // SAFETY: argued where the body is printed: in `borrow` and in `pool`.
            unsafe impl #params #name for #ident #args #clause { #body }
        }
    }

    /// `Self { member: binding, .. }` with the bindings that `bind` asks for.
    fn pattern(variant: &Variant<'_>, bind: impl Fn(&Field<'_>) -> bool) -> TokenStream {
        let path = variant.ident.map(|ident| quote!(::#ident));
        let bound = variant.fields.iter().filter(|field| bind(field)).map(|field| {
            let (member, binding) = (&field.member, binding(field));
            quote!(#member: #binding)
        });
        let rest = variant.fields.iter().any(|field| !bind(field)).then(|| quote!(..));
        quote!(Self #path { #(#bound,)* #rest })
    }
}

/// `<Ty as Trait>::call`, placed at the type, so that a missing implementation is
/// reported there, and once however often it is missed.
fn on_type(span: Span, ty: &Type, name: &TokenStream, call: &TokenStream) -> TokenStream {
    quote_spanned!(span=> <#ty as #name>::#call)
}

/// Tokens as if they stood at `place`. Their names keep their meaning.
fn at(place: Span, tokens: &impl ToTokens) -> TokenStream {
    fn moved(tokens: TokenStream, place: Span) -> TokenStream {
        let moved = tokens.into_iter().map(|mut token| {
            let span = place.resolved_at(token.span());
            if let TokenTree::Group(group) = &token {
                token = Group::new(group.delimiter(), moved(group.stream(), place)).into();
            }
            token.set_span(span);
            token
        });
        moved.collect()
    }

    moved(tokens.to_token_stream(), place)
}

/// The end of a path. A call whose parentheses stand there is underlined as a whole.
fn end_of(path: &syn::ExprPath) -> Span {
    path.path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span())
}

/// `fn __pool_with_N(__pool_value: &mut Ty) { PATH(__pool_value); }`
fn with_function(field: &Field<'_>, path: &syn::ExprPath) -> TokenStream {
    let (name, ty) = (item("with", field), field.ty);
    let value = local("value");
    let argument = at(end_of(path), &value);
    let call = quote_spanned!(end_of(path)=> #path(#argument));
    quote! {
        fn #name(#value: &mut #ty) {
            let _ = #call;
        }
    }
}
