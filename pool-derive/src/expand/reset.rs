//! `impl Reset`: what a field is born with, what a return does to it, what it retains.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;

use super::{Expander, at, binding, constant, item, local, on_type};
use crate::model::{AtBirth, Field, OnReturn};

impl Expander<'_> {
    /// `impl Reset`.
    pub(super) fn reset(&self) -> TokenStream {
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
        let blank = quote!(<Self as #krate::Reset>::blank());
        let reset = match (model.variants.len(), model.has_secrets()) {
            (1, _) => quote!(match self { #pattern => { #(#resets)* } }),
            (_, false) => quote!(match self {
                #pattern => { #(#resets)* }
                __other => *__other = #blank,
            }),
            // A variant that a user has taken away may have left its secrets in the place.
            (_, true) if variant.fields.is_empty() => self.made_blank(),
            (_, true) => quote!(match self {
                #pattern => { #(#resets)* }
                __other => #krate::__private::replace(__other, #blank),
            }),
        };
        let birth = self.birth();
        let retained = self.retained();
        let wipe = (self.model.has_secrets() && !self.model.wipes_on_drop()).then(|| {
            quote! {
                fn __wipe(&mut self) {
                    Self::__pool_wipe(self, true)
                }
            }
        });
        self.block(
            Some(quote!(#krate::Reset)),
            &self.bounds.reset,
            &quote! {
                fn blank() -> Self { #birth }
                #[inline]
                fn reset(&mut self) {
                    #secrets
                    #reset
                }
                #[inline]
                fn retained_bytes(&mut self) -> #krate::__private::usize { #retained }
                #wipe
            },
        )
    }

    /// An enum made blank, with all of its place wiped, where the blank variant has no fields:
    /// what a value is that is blank already needs no drop.
    ///
    /// The new value is a constant. One made here would lie on the stack first, and bring along
    /// what was there.
    pub(super) fn made_blank(&self) -> TokenStream {
        let krate = &self.krate;
        let ident = self.model.variants[self.model.blank].ident;
        quote! {
            match self {
                Self::#ident {} => #krate::__private::overwrite(self, const { Self::#ident {} }),
                _ => #krate::__private::replace(self, const { Self::#ident {} }),
            }
        }
    }

    /// What a return does to one field of the blank variant, its wipe apart.
    fn reset_field(&self, field: &Field<'_>) -> TokenStream {
        let krate = &self.krate;
        let (ty, binding) = (field.ty, binding(field));
        let span = ty.span();
        let action = match field.on_return() {
            OnReturn::Reset => {
                // Not by the name of its type, which may be that of what it derefs to.
                at(span, &quote!(<_ as #krate::Reset>::reset(#binding);))
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

    /// The value that an object is born with: `Self { field: .., .. }`.
    fn birth(&self) -> TokenStream {
        let model = self.model;
        let krate = &self.krate;
        // Those that depend on parameters: evaluated for whoever creates a value.
        let checks = model.blank_fields().iter().filter(|_| model.is_generic());
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
}

/// Where a type without a capacity is reported: at the option that asks for one.
fn capacity_span(field: &Field<'_>) -> Span {
    field.attrs.capacity.as_ref().map_or_else(Span::call_site, |floor| floor.key.span())
}
