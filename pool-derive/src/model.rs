//! Decides what happens to each field, at birth and on return.

use syn::{
    Attribute, Data, DeriveInput, ExprPath, Fields, Generics, Ident, Member, Type, Visibility,
};

use crate::attr::{self, FieldAttrs, TypeAttrs};
use crate::error::Errors;

/// Which macro runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Derive {
    /// `Reset` and a pool.
    Poolable,
    /// `Reset` alone.
    Reset,
}

/// A type, understood.
pub(crate) struct Model<'a> {
    pub(crate) derive: Derive,
    pub(crate) ident: &'a Ident,
    pub(crate) vis: &'a Visibility,
    pub(crate) generics: &'a Generics,
    pub(crate) type_attrs: &'a [Attribute],
    pub(crate) attrs: TypeAttrs,
    /// One for a struct.
    pub(crate) variants: Vec<Variant<'a>>,
    /// The index of the variant that a blank value has.
    pub(crate) blank: usize,
    /// Whether that is known. If not, a mistake was reported.
    pub(crate) blank_is_known: bool,
}

/// A struct's fields, or those of one variant of an enum.
pub(crate) struct Variant<'a> {
    /// Absent for a struct.
    pub(crate) ident: Option<&'a Ident>,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) blank: Option<attr::Setting<()>>,
}

/// A field, and what becomes of it.
pub(crate) struct Field<'a> {
    pub(crate) member: Member,
    pub(crate) ty: &'a Type,
    /// Unique in the type; generated names carry it.
    pub(crate) index: usize,
    pub(crate) attrs: FieldAttrs,
}

/// How a secret is overwritten, before anything else happens on return.
pub(crate) enum Secret<'a> {
    /// By trait `Wipe`.
    Wipe,
    /// By the function that `with` names.
    With(&'a ExprPath),
}

/// What a return does to a field.
pub(crate) enum OnReturn<'a> {
    Reset,
    Keep,
    Default,
    /// A new one of this capacity: `default` together with `capacity`.
    DefaultWithCapacity,
    Value,
    With(&'a ExprPath),
    /// The wipe has made it blank: `zeroize` together with `with`.
    Wiped,
}

/// What a field is born with.
pub(crate) enum AtBirth {
    Blank,
    Default,
    WithCapacity,
    Given,
}

impl Field<'_> {
    pub(crate) fn secret(&self) -> Option<Secret<'_>> {
        self.attrs.zeroize.as_ref()?;
        Some(match &self.attrs.with {
            Some(with) => Secret::With(&with.value),
            None => Secret::Wipe,
        })
    }

    pub(crate) fn on_return(&self) -> OnReturn<'_> {
        let attrs = &self.attrs;
        if attrs.skip.is_some() {
            OnReturn::Keep
        } else if attrs.value.is_some() {
            OnReturn::Value
        } else if attrs.default.is_some() {
            if attrs.capacity.is_some() { OnReturn::DefaultWithCapacity } else { OnReturn::Default }
        } else if let Some(with) = &attrs.with {
            if attrs.zeroize.is_some() { OnReturn::Wiped } else { OnReturn::With(&with.value) }
        } else {
            OnReturn::Reset
        }
    }

    pub(crate) fn at_birth(&self) -> AtBirth {
        let attrs = &self.attrs;
        if attrs.init.is_some() || attrs.value.is_some() {
            AtBirth::Given
        } else if attrs.capacity.is_some() {
            AtBirth::WithCapacity
        } else if attrs.default.is_some() {
            AtBirth::Default
        } else {
            AtBirth::Blank
        }
    }
}

impl<'a> Model<'a> {
    /// Reads a type. `None` if it is of a kind that has no fields to reset.
    pub(crate) fn new(input: &'a DeriveInput, derive: Derive, errors: &mut Errors) -> Option<Self> {
        let attrs = TypeAttrs::parse(&input.attrs, derive, errors);
        let mut next_index = 0;
        let mut misread_variant = false;
        let mut read =
            |ident: Option<&'a Ident>, attrs: &[Attribute], fields, errors: &mut Errors| {
                let before = errors.count();
                let blank = ident.and_then(|_| attr::blank(attrs, derive, errors));
                misread_variant |= errors.count() != before;
                let fields = read_fields(fields, &mut next_index, derive, errors);
                Variant { ident, fields, blank }
            };
        let variants: Vec<_> = match &input.data {
            Data::Struct(data) => vec![read(None, &[], &data.fields, errors)],
            Data::Enum(data) => data
                .variants
                .iter()
                .map(|variant| read(Some(&variant.ident), &variant.attrs, &variant.fields, errors))
                .collect(),
            Data::Union(data) => {
                errors.at(
                    data.union_token,
                    "a union cannot be reset: nothing tells which of its fields is alive; \
                     use an enum",
                );
                return None;
            }
        };
        let blank = match &input.data {
            Data::Enum(_) if variants.is_empty() => {
                errors.at(
                    &input.ident,
                    "an enum without variants has no blank value; add one, or remove the derive",
                );
                return None;
            }
            // A variant marked in a way that was not understood may be the blank one.
            Data::Enum(_) if misread_variant => None,
            Data::Enum(data) => blank_variant(input, data, &variants, errors),
            _ => Some(0),
        };
        Some(Self {
            derive,
            ident: &input.ident,
            vis: &input.vis,
            generics: &input.generics,
            type_attrs: &input.attrs,
            attrs,
            variants,
            blank: blank.unwrap_or(0),
            blank_is_known: blank.is_some(),
        })
    }

    /// The fields of all variants.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field<'a>> {
        self.variants.iter().flat_map(|variant| &variant.fields)
    }

    /// The fields that a blank value has.
    pub(crate) fn blank_fields(&self) -> &[Field<'a>] {
        &self.variants[self.blank].fields
    }

    pub(crate) fn has_secrets(&self) -> bool {
        self.fields().any(|field| field.secret().is_some())
    }

    /// Whether the pool holds objects of other lifetimes than its users do.
    pub(crate) fn is_pooled_for_any_lifetime(&self) -> bool {
        self.derive == Derive::Poolable && self.generics.lifetimes().next().is_some()
    }

    /// Whether there is more than one type, and so more than one pool.
    pub(crate) fn is_generic(&self) -> bool {
        self.generics.type_params().next().is_some()
            || self.generics.const_params().next().is_some()
    }

    /// Whether the derive writes the type's `Drop`.
    pub(crate) fn wipes_on_drop(&self) -> bool {
        self.has_secrets() && self.attrs.drop_wipe.as_ref().is_none_or(|setting| setting.value)
    }
}

fn read_fields<'a>(
    fields: &'a Fields,
    next_index: &mut usize,
    derive: Derive,
    errors: &mut Errors,
) -> Vec<Field<'a>> {
    let members = fields.members();
    members
        .zip(fields)
        .map(|(member, field)| {
            let index = *next_index;
            *next_index += 1;
            let attrs = FieldAttrs::parse(&field.attrs, derive, errors);
            Field { member, ty: &field.ty, index, attrs }
        })
        .collect()
}

/// Finds the variant marked `#[pool(blank)]`, or else std's `#[default]`.
fn blank_variant(
    input: &DeriveInput,
    data: &syn::DataEnum,
    variants: &[Variant<'_>],
    errors: &mut Errors,
) -> Option<usize> {
    let mut marked = variants
        .iter()
        .enumerate()
        .filter_map(|(index, variant)| Some((index, variant.blank.as_ref()?)));
    if let Some((first, _)) = marked.next() {
        for (_, second) in marked {
            errors.at(&second.key, "an enum has one `blank` variant; remove one of them");
        }
        return Some(first);
    }
    let default = data
        .variants
        .iter()
        .position(|variant| variant.attrs.iter().any(|attr| attr.path().is_ident("default")));
    if default.is_none() {
        errors.at(
            &input.ident,
            "no variant is marked as the one that a reset leaves; mark one with `#[pool(blank)]`",
        );
    }
    default
}
