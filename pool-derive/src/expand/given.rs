//! What the attributes give, as associated items, and the comparison of those numbers that
//! the macro cannot read.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Ident;

use super::{Expander, at, constant, item, with_function};
use crate::check::literal;
use crate::model::{Field, OnReturn};

impl Expander<'_> {
    /// Expressions, paths and numbers that the attributes give.
    pub(super) fn given(&self) -> Option<TokenStream> {
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
            if self.model.is_generic() && self.checks_capacities(field) {
                items.push(self.check(field, &constant("CHECK", field), &quote!(Self)));
            }
        }
        (!items.is_empty()).then(|| self.block(None, &self.bounds.reset, &quote!(#(#items)*)))
    }

    /// The comparisons left to rustc, in constants that are evaluated as they stand.
    pub(super) fn checks(&self) -> TokenStream {
        let fields = self.model.blank_fields().iter().filter(|_| !self.model.is_generic());
        let name = format_ident!("_");
        let owner = self.model.ident.to_token_stream();
        fields
            .filter(|field| self.checks_capacities(field))
            .map(|field| self.check(field, &name, &owner))
            .collect()
    }

    /// Whether floor and ceiling of a field are compared by rustc, since the macro cannot.
    pub(super) fn checks_capacities(&self, field: &Field<'_>) -> bool {
        match (&field.attrs.capacity, &field.attrs.max_capacity) {
            (Some(floor), Some(ceiling)) => {
                literal(&floor.value).is_none() || literal(&ceiling.value).is_none()
            }
            _ => false,
        }
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
}
