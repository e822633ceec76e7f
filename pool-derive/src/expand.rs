//! Prints the code.
//!
//! ```text
//! const _: () = {
//!     impl Request { /* the user's expressions and paths, as associated items */ }
//!     impl Request { fn __pool_wipe(&mut self) {..} }        // if it has secrets
//!     impl Reset for Request {..}
//!     impl Wipe for Request where for<'a> Field: Wipe, .. {..}
//!     impl Drop for Request {..}                             // if it has secrets
//!     static POOL: Home<Request> = ..;                       // from here on
//!     thread_local! { static LOCAL: Local = ..; }            // for `Poolable` only
//!     unsafe impl Poolable for Request {..}
//!     impl Request { pub fn pooled() -> Pooled<Self> {..} }
//! };
//! ```
//!
//! Expressions of the user's become bodies of functions without `self`, so that they see
//! `Self` and the type's parameters, and nothing of the code around them.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Ident, Type};

use crate::attr::TypeAttrs;
use crate::bound::Bounds;
use crate::check::literal;
use crate::model::{AtBirth, Derive, Field, Model, OnReturn, Secret, Variant};

/// Prints the implementation for a type without mistakes.
pub(crate) fn expand(model: &Model<'_>) -> TokenStream {
    let krate = krate(model.attrs.krate.as_ref().map(|krate| &krate.value));
    let bounds = Bounds::new(model, &krate);
    let expander = Expander { model, krate, bounds };
    let given = expander.given();
    let secrets = expander.secrets();
    let reset = expander.reset();
    let wipe = expander.wipe();
    let checks = expander.checks();
    let pool = (model.derive == Derive::Poolable).then(|| expander.pool());
    quote! {
        const _: () = {
            #given
            #secrets
            #reset
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

    /// Expressions, paths and numbers that the attributes give.
    fn given(&self) -> Option<TokenStream> {
        let model = self.model;
        let private = &self.krate;
        let private = quote!(#private::__private);
        let mut items = Vec::new();
        // As constants of the types that are asked for, so that a function of another
        // type is told what it should be.
        if let Some(create) = &model.attrs.create {
            let path = &create.value;
            items.push(quote!(const __POOL_CREATE: fn() -> Self = #path;));
        }
        if let Some(validate) = &model.attrs.validate {
            let path = &validate.value;
            items.push(quote!(const __POOL_VALIDATE: fn(&Self) -> #private::bool = #path;));
        }
        for field in model.blank_fields() {
            let ty = field.ty;
            if let Some(value) = &field.attrs.value {
                let (name, expr) = (item("value", field), &value.value);
                items.push(quote!(fn #name() -> #ty { #expr }));
            }
            if let (Some(init), None) = (&field.attrs.init, &model.attrs.create) {
                let (name, expr) = (item("init", field), &init.value);
                items.push(quote!(fn #name() -> #ty { #expr }));
            }
            if let OnReturn::With(path) = field.on_return() {
                items.push(with_function(field, path));
            }
            let floor = field.attrs.capacity.as_ref();
            let ceiling = field.attrs.max_capacity.as_ref();
            if let Some(floor) = floor {
                let (name, expr) = (constant("CAPACITY", field), &floor.value);
                items.push(quote!(const #name: #private::usize = #expr;));
            }
            if let Some(ceiling) = ceiling {
                let (name, expr) = (constant("MAX_CAPACITY", field), &ceiling.value);
                items.push(quote!(const #name: #private::usize = #expr;));
            }
            if self.has_parameters() && self.checks_capacities(field) {
                items.push(self.check(field, &constant("CHECK", field), &quote!(Self)));
            }
        }
        (!items.is_empty()).then(|| self.block(None, &self.bounds.reset, &quote!(#(#items)*)))
    }

    /// Whether floor and ceiling of a field are compared by rustc, since the macro cannot.
    fn checks_capacities(&self, field: &Field<'_>) -> bool {
        match (&field.attrs.capacity, &field.attrs.max_capacity) {
            (Some(floor), Some(ceiling)) => {
                literal(&floor.value).is_none() || literal(&ceiling.value).is_none()
            }
            _ => false,
        }
    }

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
    fn secrets(&self) -> Option<TokenStream> {
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

    /// `impl Reset`.
    fn reset(&self) -> TokenStream {
        let krate = &self.krate;
        let model = self.model;
        let variant = &model.variants[model.blank];
        let secrets = model.has_secrets().then(|| quote!(Self::__pool_wipe(self, false);));
        let touched = |field: &Field<'_>| {
            !matches!(field.on_return(), OnReturn::Keep | OnReturn::Wiped)
                || field.attrs.capacity.is_some()
                || field.attrs.max_capacity.is_some()
        };
        let pattern = Self::pattern(variant, touched);
        let resets = variant.fields.iter().map(|field| self.reset_field(field));
        let replaced = (model.variants.len() > 1)
            .then(|| quote!(__other => *__other = <Self as #krate::Reset>::blank(),));
        let birth = self.birth();
        let retained = self.retained();
        self.block(
            Some(quote!(#krate::Reset)),
            &self.bounds.reset,
            &quote! {
                fn blank() -> Self { #birth }
                fn reset(&mut self) {
                    #secrets
                    match self {
                        #pattern => { #(#resets)* }
                        #replaced
                    }
                }
                #[inline]
                fn retained_bytes(&mut self) -> #krate::__private::usize { #retained }
            },
        )
    }

    /// The comparisons left to rustc, in constants that are evaluated as they stand.
    fn checks(&self) -> TokenStream {
        let fields = self.model.blank_fields().iter().filter(|_| !self.has_parameters());
        let name = format_ident!("_");
        let owner = self.model.ident.to_token_stream();
        fields
            .filter(|field| self.checks_capacities(field))
            .map(|field| self.check(field, &name, &owner))
            .collect()
    }

    /// `const NAME: () = check_capacities(Owner::CAPACITY, Owner::MAX_CAPACITY);`
    fn check(&self, field: &Field<'_>, name: &Ident, owner: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let (least, most) = (constant("CAPACITY", field), constant("MAX_CAPACITY", field));
        let ceiling = field.attrs.max_capacity.as_ref();
        let place = ceiling.map_or_else(Span::call_site, |ceiling| ceiling.key.span());
        let call = quote!(#krate::__private::check_capacities(#owner::#least, #owner::#most));
        at(place, &quote!(const #name: () = #call;))
    }

    /// Whether constants of the type may depend on what it is used with.
    fn has_parameters(&self) -> bool {
        let generics = self.model.generics;
        generics.type_params().next().is_some() || generics.const_params().next().is_some()
    }

    /// The value that an object is born with: `Self { field: .., .. }`.
    fn birth(&self) -> TokenStream {
        let model = self.model;
        let krate = &self.krate;
        // Those that depend on parameters: evaluated for whoever creates a value.
        let checks = model.blank_fields().iter().filter(|_| self.has_parameters());
        let checks = checks.filter(|field| self.checks_capacities(field));
        let checks = checks.map(|field| constant("CHECK", field));
        let value = if model.attrs.create.is_some() {
            self.created()
        } else {
            let variant = &model.variants[model.blank];
            let path = variant.ident.map(|ident| quote!(::#ident));
            let fields = variant.fields.iter().map(|field| {
                let (member, ty) = (&field.member, field.ty);
                let span = ty.span();
                let value = match field.at_birth() {
                    AtBirth::Blank => on_type(span, ty, &quote!(#krate::Reset), &quote!(blank())),
                    AtBirth::Default => {
                        on_type(span, ty, &quote!(#krate::__private::Default), &quote!(default()))
                    }
                    AtBirth::WithCapacity => self.with_capacity(field),
                    AtBirth::Given => {
                        let kind = if field.attrs.init.is_some() { "init" } else { "value" };
                        let name = item(kind, field);
                        match &field.attrs.capacity {
                            None => quote!(Self::#name()),
                            Some(_) => {
                                let value = local("value");
                                let restored = self.restore(field, &quote!(&mut #value));
                                quote!({ let mut #value = Self::#name(); #restored #value })
                            }
                        }
                    }
                };
                quote!(#member: #value)
            });
            quote!(Self #path { #(#fields,)* })
        };
        quote!(#(let () = Self::#checks;)* #value)
    }

    /// What `create` returns, with the floors of the fields restored if it fell short.
    fn created(&self) -> TokenStream {
        let call = quote!((Self::__POOL_CREATE)());
        let variant = &self.model.variants[self.model.blank];
        let has_floor = |field: &Field<'_>| field.attrs.capacity.is_some();
        if !variant.fields.iter().any(has_floor) {
            return call;
        }
        let value = local("value");
        let pattern = Self::pattern(variant, has_floor);
        let restored = variant
            .fields
            .iter()
            .map(|field| self.restore(field, &binding(field).to_token_stream()));
        let other = (self.model.variants.len() > 1).then(|| quote!(_ => {}));
        quote! {
            let mut #value: Self = #call;
            match &mut #value {
                #pattern => { #(#restored)* }
                #other
            }
            #value
        }
    }

    /// `<Ty as Capacity>::with_capacity(N)`
    fn with_capacity(&self, field: &Field<'_>) -> TokenStream {
        let krate = &self.krate;
        let floor = constant("CAPACITY", field);
        let span = capacity_span(field);
        let ty = at(span, field.ty);
        quote!(<#ty as #krate::Capacity>::with_capacity(Self::#floor))
    }

    /// `<Ty as Capacity>::__restore(place, N);`
    fn restore(&self, field: &Field<'_>, place: &TokenStream) -> Option<TokenStream> {
        let krate = &self.krate;
        field.attrs.capacity.as_ref()?;
        let (floor, ty) = (constant("CAPACITY", field), field.ty);
        let ty = at(capacity_span(field), ty);
        Some(quote!(<#ty as #krate::Capacity>::__restore(#place, Self::#floor);))
    }

    /// What a return does to one field of the blank variant, its wipe apart.
    fn reset_field(&self, field: &Field<'_>) -> TokenStream {
        let krate = &self.krate;
        let (ty, binding) = (field.ty, binding(field));
        let span = ty.span();
        let action = match field.on_return() {
            OnReturn::Reset => {
                let call = on_type(span, ty, &quote!(#krate::Reset), &quote!(reset(#binding)));
                quote!(#call;)
            }
            OnReturn::Keep | OnReturn::Wiped => TokenStream::new(),
            OnReturn::Default => {
                let default = quote!(#krate::__private::Default);
                let call = on_type(span, ty, &default, &quote!(default()));
                quote!(*#binding = #call;)
            }
            OnReturn::DefaultWithCapacity => {
                let call = self.with_capacity(field);
                return quote!(*#binding = #call;);
            }
            OnReturn::Value => {
                let name = item("value", field);
                quote!(*#binding = Self::#name();)
            }
            OnReturn::With(_) => {
                let name = item("with", field);
                quote!(Self::#name(#binding);)
            }
        };
        let ceiling = field.attrs.max_capacity.as_ref().map(|ceiling| {
            let most = constant("MAX_CAPACITY", field);
            let key = field.attrs.capacity.as_ref().map_or(&ceiling.key, |floor| &floor.key);
            let ty = at(key.span(), ty);
            quote!(<#ty as #krate::Capacity>::__limit(#binding, Self::#most);)
        });
        let floor = self.restore(field, &binding.to_token_stream());
        quote!(#action #ceiling #floor)
    }

    /// The sum of what the fields of the blank variant retain.
    fn retained(&self) -> TokenStream {
        let krate = &self.krate;
        let variant = &self.model.variants[self.model.blank];
        let pattern = Self::pattern(variant, |_| true);
        let terms = variant.fields.iter().map(|field| {
            let (ty, binding) = (field.ty, binding(field));
            if matches!(field.on_return(), OnReturn::Reset) {
                let call = quote!(retained_bytes(#binding));
                on_type(ty.span(), ty, &quote!(#krate::Reset), &call)
            } else {
                quote!(#krate::__private::Measured::<#ty>(#binding).retained_bytes())
            }
        });
        let other = (self.model.variants.len() > 1).then(|| quote!(_ => 0,));
        let unmeasured = variant
            .fields
            .iter()
            .any(|field| !matches!(field.on_return(), OnReturn::Reset))
            .then(|| quote!(#[allow(unused_imports)] use #krate::__private::Unmeasured as _;));
        quote! {
            #unmeasured
            match self {
                #pattern => #krate::__private::sum([#(#terms),*]),
                #other
            }
        }
    }

    /// `impl Wipe`, of every field, and `impl Drop`.
    fn wipe(&self) -> Option<TokenStream> {
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
        let wipe = self.block(
            Some(quote!(#krate::Wipe)),
            &self.bounds.wipe,
            &quote!(fn wipe(&mut self) { #body }),
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

    /// The static pool, `impl Poolable`, and the accessor.
    fn pool(&self) -> TokenStream {
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
        let wipe = (model.has_secrets() && !model.wipes_on_drop()).then(|| {
            quote!(
                fn __wipe(&mut self) {
                    Self::__pool_wipe(self, true)
                }
            )
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
                static __POOL_LOCAL: #private::Local = const { #private::Local::new() };
            }

            // SAFETY: the static and the thread-local stand in this block, where no other
            // type can name them, and `Home` accepts only types that are `Send`.
            #[automatically_derived]
            #[allow(deprecated)]
            unsafe impl #krate::Poolable for #ident {
                type Static = Self;

                #[inline]
                fn pool() -> &'static #krate::TypePool<Self> { __POOL.pool() }

                #[inline(always)]
                fn __local() -> *const #private::Local {
                    #private::local(&__POOL_LOCAL)
                }

                #validate
                #wipe
            }

            #inherent
        }
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

/// Where a type without a capacity is reported: at the option that asks for one.
fn capacity_span(field: &Field<'_>) -> Span {
    field.attrs.capacity.as_ref().map_or_else(Span::call_site, |floor| floor.key.span())
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
