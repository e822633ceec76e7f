//! Rejects what does not go together, all of it in one pass.

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Lit, Meta, Token, Type};

use crate::bound;
use crate::error::Errors;
use crate::model::{Derive, Field, Model};

/// Reports every mistake that is one only in its context.
pub(crate) fn check(model: &Model<'_>, errors: &mut Errors) {
    layout(model, errors);
    parameters(model, errors);
    limits(model, errors);
    spelling(model, errors);
    for (index, variant) in model.variants.iter().enumerate() {
        for field in &variant.fields {
            if index == model.blank || !model.blank_is_known {
                combinations(model, field, errors);
                borrows(model, field, errors);
            } else {
                only_zeroize(field, errors);
            }
            feature(field, errors);
        }
    }
    drop_bounds(model, errors);
}

/// Types whose fields cannot be borrowed, or whose size is not known.
fn layout(model: &Model<'_>, errors: &mut Errors) {
    for attr in model.type_attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
        let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
        // What rustc cannot read either, it reports itself.
        let Ok(options) = attr.parse_args_with(parse) else { continue };
        for option in options.iter().filter(|option| option.path().is_ident("packed")) {
            errors.at(
                option,
                "a packed type cannot be reset: its fields may lie unaligned, and a reset \
                 borrows them; remove `packed`, or nest the packed type with `value = EXPR`",
            );
        }
    }
    for field in model.variants.iter().filter_map(|variant| variant.fields.last()) {
        if is_unsized(field.ty) {
            let ty = field.ty.to_token_stream();
            errors.at(
                field.ty,
                format!("`{ty}` has no size of its own, so nobody can create one; use `Box<{ty}>`"),
            );
        }
    }
}

/// Whether a type has no size, as far as its tokens tell.
pub(crate) fn is_unsized(ty: &Type) -> bool {
    match ty {
        Type::Slice(_) | Type::TraitObject(_) => true,
        Type::Path(path) => path.qself.is_none() && path.path.is_ident("str"),
        _ => false,
    }
}

/// Parameters of the type that a pool cannot serve.
fn parameters(model: &Model<'_>, errors: &mut Errors) {
    for field in model.variants.iter().filter_map(|variant| variant.fields.last()) {
        for (param, bound) in bound::maybe_unsized(model.generics) {
            if bound::is_parameter(field.ty, param) {
                errors.at(
                    bound,
                    format!(
                        "a value with a field of type `{param}` can only be created if \
                         `{param}` has a size; remove this bound, or use `Box<{param}>`"
                    ),
                );
            }
        }
    }
}

/// Options of the type that exclude each other.
fn limits(model: &Model<'_>, errors: &mut Errors) {
    if let (Some(_), Some(max_idle)) = (&model.attrs.local, &model.attrs.max_idle) {
        errors.at(
            &max_idle.key,
            "`max_idle` and `local` cannot be combined: there is no depot; `cache` is what \
             each thread keeps",
        );
    }
}

/// Types that nobody can vouch for.
fn spelling(model: &Model<'_>, errors: &mut Errors) {
    if !model.is_pooled_for_any_lifetime() {
        return;
    }
    if let Some(place) = bound::macro_in_a_type(model) {
        errors.push(syn::Error::new(
            place,
            "a pooled type that borrows is spelled without macros: one may stand for another type \
             each time that it is expanded; write the type in full, or name it by `type`",
        ));
    }
}

/// Fields that would carry what they borrow from one use to the next.
fn borrows(model: &Model<'_>, field: &Field<'_>, errors: &mut Errors) {
    let lifetime = bound::lifetime_parameter(field.ty, model.generics);
    let (Some(lifetime), Derive::Poolable) = (lifetime, model.derive) else { return };
    let attrs = &field.attrs;
    if let Some(skip) = &attrs.skip {
        errors.at(
            &skip.key,
            format!(
                "a skipped field stays as it is, and what it borrows for `{lifetime}` must not; \
                 remove `skip`, or use `default` or `value = EXPR`"
            ),
        );
    }
    if let Some(with) = &attrs.with {
        errors.at(
            &with.key,
            format!(
                "nothing proves that this function lets go of what the field borrows for \
                 `{lifetime}`; remove `with`, or use `default` or `value = EXPR`"
            ),
        );
    }
}

/// Options of a field that exclude each other.
fn combinations(model: &Model<'_>, field: &Field<'_>, errors: &mut Errors) {
    let attrs = &field.attrs;
    if let [first, others @ ..] = &attrs.actions[..] {
        for second in others.iter().filter(|second| *second != first) {
            errors.at(
                second,
                format!("`{first}` and `{second}` cannot be combined; remove one of them"),
            );
        }
    }
    if let (Some(init), Some(_)) = (&attrs.init, &attrs.value) {
        errors.at(
            &init.key,
            "`init` and `value` cannot be combined; `value` is also what the field is born with",
        );
    }
    if let (Some(init), Some(_)) = (&attrs.init, &model.attrs.create) {
        errors.at(
            &init.key,
            "`init` has no effect under `create`, which makes the whole value; remove one of them",
        );
    }
    if let (Some(zeroize), Some(_)) = (&attrs.zeroize, &attrs.skip) {
        errors.at(
            &zeroize.key,
            "`zeroize` and `skip` cannot be combined: a secret is never kept; remove one of them",
        );
    }
    for capacity in [&attrs.capacity, &attrs.max_capacity].into_iter().flatten() {
        if attrs.skip.is_some() {
            errors.at(
                &capacity.key,
                format!("`{0}` and `skip` cannot be combined: a skipped field is left alone; remove one of them", capacity.key),
            );
        }
        if attrs.value.is_some() {
            errors.at(
                &capacity.key,
                format!("`{0}` and `value` cannot be combined: the value brings its own capacity; remove one of them", capacity.key),
            );
        }
    }
    if let (Some(floor), Some(ceiling)) = (&attrs.capacity, &attrs.max_capacity) {
        let limits = (literal(&floor.value), literal(&ceiling.value));
        if let (Some(least), Some(most)) = limits {
            if most < least {
                errors.at(
                    &ceiling.value,
                    format!("`max_capacity` is {most}, below the `capacity` of {least}; raise it"),
                );
            }
        }
    }
}

/// The value of a number that is written out.
pub(crate) fn literal(expr: &Expr) -> Option<u128> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        _ => None,
    }
}

/// Fields of variants that a reset leaves by assignment.
fn only_zeroize(field: &Field<'_>, errors: &mut Errors) {
    let attrs = &field.attrs;
    let with = attrs.with.as_ref().filter(|_| attrs.zeroize.is_none());
    let keys = [
        attrs.skip.as_ref().map(|setting| &setting.key),
        attrs.default.as_ref().map(|setting| &setting.key),
        attrs.value.as_ref().map(|setting| &setting.key),
        attrs.init.as_ref().map(|setting| &setting.key),
        with.map(|setting| &setting.key),
        attrs.capacity.as_ref().map(|setting| &setting.key),
        attrs.max_capacity.as_ref().map(|setting| &setting.key),
    ];
    for key in keys.into_iter().flatten() {
        errors.at(
            key,
            format!(
                "`{key}` has no effect here: a reset replaces this variant by the blank one, \
                 and only `zeroize` works on its fields; remove it"
            ),
        );
    }
}

/// `zeroize` in a build without it.
fn feature(field: &Field<'_>, errors: &mut Errors) {
    if cfg!(feature = "zeroize") {
        return;
    }
    if let Some(zeroize) = &field.attrs.zeroize {
        errors.at(
            &zeroize.key,
            "`zeroize` needs the feature of that name: \
             `poolable = { version = \"..\", features = [\"zeroize\"] }`",
        );
    }
}

/// A `Drop` may ask no more of a parameter than the type does.
fn drop_bounds(model: &Model<'_>, errors: &mut Errors) {
    if !model.wipes_on_drop() || bound::names_wipe(model.generics) {
        return;
    }
    for field in model.fields().filter(|field| field.attrs.zeroize.is_some()) {
        if field.attrs.with.is_some() {
            continue;
        }
        let Some(param) = bound::type_parameter(field.ty, model.generics) else { continue };
        errors.at(
            field.ty,
            format!(
                "a wiped field that mentions `{param}` needs `{param}: Wipe` on the type itself, \
                 since its `Drop` wipes the field; write `{param}: poolable::Wipe` there, or give \
                 the wipe on drop up with `#[pool(drop_wipe = false)]`"
            ),
        );
    }
}
