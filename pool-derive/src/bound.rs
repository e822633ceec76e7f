//! Infers the `where` clauses of the generated code.
//!
//! Bounds follow the fields: a field whose type mentions a type or const parameter asks
//! for what the derive calls on it. Fields of concrete types add nothing, nor do those
//! that mention the type itself, where the bound would have to prove itself.

use std::collections::HashSet;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{
    GenericParam, Generics, Ident, Lifetime, Type, TypeParamBound, WhereClause, WherePredicate,
    parse_quote,
};

use crate::model::{AtBirth, Derive, Field, Model, OnReturn, Secret};

/// The `where` clauses that the generated blocks need.
pub(crate) struct Bounds {
    /// What the type itself asks for: all that a `Drop` may ask for.
    pub(crate) declared: WhereClause,
    /// That, and what it takes to make and reset the value.
    pub(crate) reset: WhereClause,
    /// That, and what it takes to have a pool.
    pub(crate) pool: WhereClause,
    /// What it takes to reset the value and to let go of what it borrows. Nothing does if a
    /// field with a lifetime is left as it is.
    pub(crate) release: Option<WhereClause>,
    /// What the type asks for, and what it takes to wipe the fields marked as secret.
    pub(crate) secrets: WhereClause,
    /// That, and what it takes to wipe every field.
    pub(crate) wipe: WhereClause,
}

impl Bounds {
    pub(crate) fn new(model: &Model<'_>, krate: &TokenStream) -> Self {
        let declared = model.generics.where_clause.clone().unwrap_or_else(|| parse_quote!(where));
        let with = |predicates: Vec<WherePredicate>| {
            let mut clause = declared.clone();
            let mut seen = HashSet::new();
            let new =
                |predicate: &WherePredicate| seen.insert(predicate.to_token_stream().to_string());
            clause.predicates.extend(predicates.into_iter().filter(new));
            clause
        };
        let given = model.attrs.bound.as_ref().map(|bound| bound.value.clone());
        let mut reset = given.clone().unwrap_or_else(|| {
            let fields = model.fields().filter(|field| is_inferred(field, model));
            fields.flat_map(|field| needs(field, model, krate)).collect()
        });
        if model.is_pooled_for_any_lifetime() {
            // What holds for every lifetime of a reference to `T` asks that of `T`.
            reset.extend(outlives(model));
        }
        let pool: Vec<_> = reset.iter().cloned().chain(pool(model, krate)).collect();
        let release = if model.is_pooled_for_any_lifetime() {
            Some(pool.clone())
        } else {
            let release = release(model, krate);
            release.map(|release| reset.iter().cloned().chain(release).collect())
        };
        let secrets = if model.wipes_on_drop() { Vec::new() } else { reset.clone() };
        let has_with = model.fields().any(|field| matches!(field.secret(), Some(Secret::With(_))));
        let wipe = model
            .fields()
            .filter(|field| !matches!(field.secret(), Some(Secret::With(_))))
            .map(|field| {
                let (lifetimes, ty) = bound_type(field, model);
                // By way of `Tie`, so that a field without `Wipe` is no error before
                // somebody wipes the type.
                let tie = quote!(#krate::__private::Tie<'__pool>);
                let wipe = quote!(#krate::__private::WipeTied<#ty>);
                parse_quote!(for<'__pool #(, #lifetimes)*> #tie: #wipe)
            });
        // A `with` that wipes stands among the items that have the bounds of `secrets`.
        let also = if has_with && !model.wipes_on_drop() {
            reset.clone()
        } else {
            given.unwrap_or_default()
        };
        let wipe = also.into_iter().chain(wipe).collect();
        Self {
            reset: with(reset),
            pool: with(pool),
            release: release.map(with),
            secrets: with(secrets),
            wipe: with(wipe),
            declared,
        }
    }
}

/// `T: 'static`, of every type parameter.
fn outlives(model: &Model<'_>) -> Vec<WherePredicate> {
    let params = model.generics.type_params().map(|param| &param.ident);
    params.map(|param| parse_quote!(#param: 'static)).collect()
}

/// What a pool asks for beyond a reset: type parameters that may stay in it, on any thread,
/// and fields that let go of what they borrow, as far as that depends on a parameter.
fn pool(model: &Model<'_>, krate: &TokenStream) -> Vec<WherePredicate> {
    if model.derive != Derive::Poolable {
        return Vec::new();
    }
    let mut predicates = outlives(model);
    let shared = quote!(#krate::__private::SharedByThreads);
    let is_recursive = model.fields().any(|field| {
        mentions_itself(field, model) || mentions(field.ty.to_token_stream(), "Pooled")
    });
    if model.attrs.local.is_some() {
        // Its objects stay where they are.
    } else if is_recursive || model.attrs.bound.is_some() {
        // Asked of the type, it would have to prove itself: a guard is `Send` if its object
        // has a pool, and that again if it is `Send`.
        let params = model.generics.type_params().map(|param| &param.ident);
        let send = quote!(#krate::__private::Send);
        predicates.extend(params.map(|param| -> WherePredicate { parse_quote!(#param: #send) }));
    } else if model.generics.type_params().next().is_some() {
        let own = static_type(model);
        predicates.push(parse_quote!(#own: #shared));
    }
    if model.is_pooled_for_any_lifetime() && model.attrs.bound.is_none() {
        let fields = model.blank_fields().iter().filter(|field| {
            matches!(field.on_return(), OnReturn::Reset)
                && lifetime_parameter(field.ty, model.generics).is_some()
                && is_inferred(field, model)
        });
        predicates.extend(fields.map(|field| lets_go(field, model, krate)));
    }
    predicates
}

/// The type as its pool holds it: `Type<'static, T, N>`.
pub(crate) fn static_type(model: &Model<'_>) -> TokenStream {
    let ident = model.ident;
    if model.generics.params.is_empty() {
        return ident.to_token_stream();
    }
    let args = model.generics.params.iter().map(|param| match param {
        GenericParam::Lifetime(_) => quote!('static),
        GenericParam::Type(param) => param.ident.to_token_stream(),
        // In braces, or it may be taken for a type of that name.
        GenericParam::Const(param) => {
            let ident = &param.ident;
            quote!({ #ident })
        }
    });
    quote!(#ident<#(#args),*>)
}

/// What it takes for a value to let go of what it borrows: fields that do, or that borrow
/// nothing. Those by which the type may hold values of its own are left to the proof, for a
/// clause that asks for itself holds for nobody.
fn release(model: &Model<'_>, krate: &TokenStream) -> Option<Vec<WherePredicate>> {
    let mut predicates = Vec::new();
    if model.generics.params.is_empty() {
        return Some(predicates);
    }
    if macro_in_a_type(model).is_some() {
        return None;
    }
    let fields = model.blank_fields().iter().filter(|field| may_borrow(field, model));
    for field in fields.filter(|field| !may_recur(field, model)) {
        match field.on_return() {
            OnReturn::Reset => predicates.push(lets_go(field, model, krate)),
            OnReturn::Keep | OnReturn::With(_) | OnReturn::Wiped => {
                if lifetime_parameter(field.ty, model.generics).is_some() {
                    return None;
                }
                let ty = field.ty;
                predicates.push(parse_quote!(#ty: 'static));
            }
            // Made anew, by code that knows no lifetime of its own.
            OnReturn::Default | OnReturn::DefaultWithCapacity | OnReturn::Value => {}
        }
    }
    Some(predicates)
}

/// Whether a field may hold values of its own type, itself or by way of other types: through
/// containers that are reset inside.
fn may_recur(field: &Field<'_>, model: &Model<'_>) -> bool {
    let is_inside = ["Box", "RetainMap", "RetainOption", "RetainVec"];
    let tokens = field.ty.to_token_stream();
    mentions_itself(field, model)
        || !depends(field, model) && is_inside.iter().any(|name| mentions(tokens.clone(), name))
}

/// `FieldTy: ReleaseBorrows`
fn lets_go(field: &Field<'_>, model: &Model<'_>, krate: &TokenStream) -> WherePredicate {
    let (lifetimes, ty) = bound_type(field, model);
    let quantifier = (!lifetimes.is_empty()).then(|| quote!(for<#(#lifetimes),*>));
    parse_quote!(#quantifier #ty: #krate::ReleaseBorrows)
}

/// Whether a field may borrow, for all that its tokens tell.
pub(crate) fn may_borrow(field: &Field<'_>, model: &Model<'_>) -> bool {
    lifetime_parameter(field.ty, model.generics).is_some()
        || depends(field, model)
        || mentions_itself(field, model)
}

/// A macro that is called where a type is spelled, in a field or in a clause. It may stand for
/// another type each time that it is printed, and nothing can be promised of such a type.
pub(crate) fn macro_in_a_type(model: &Model<'_>) -> Option<Span> {
    fn find(tokens: TokenStream) -> Option<Span> {
        let mut name = None;
        let mut is_call = false;
        for token in tokens {
            match token {
                TokenTree::Group(_) if is_call => return name,
                TokenTree::Group(group) => {
                    if let Some(found) = find(group.stream()) {
                        return Some(found);
                    }
                    (name, is_call) = (None, false);
                }
                TokenTree::Ident(ident) => (name, is_call) = (Some(ident.span()), false),
                TokenTree::Punct(punct) => {
                    is_call = punct.as_char() == '!' && name.is_some();
                    name = name.filter(|_| is_call);
                }
                TokenTree::Literal(_) => (name, is_call) = (None, false),
            }
        }
        None
    }

    let fields = model.blank_fields().iter().map(|field| field.ty.to_token_stream());
    let bound = model.attrs.bound.iter().flat_map(|bound| &bound.value);
    let generics =
        [model.generics.params.to_token_stream(), model.generics.where_clause.to_token_stream()];
    fields.chain(bound.map(ToTokens::to_token_stream)).chain(generics).find_map(find)
}

/// What the derive calls on the type of a field.
fn needs(field: &Field<'_>, model: &Model<'_>, krate: &TokenStream) -> Vec<WherePredicate> {
    let mut traits = Vec::new();
    let is_blank = model.blank_fields().iter().any(|blank| blank.index == field.index);
    if is_blank {
        if matches!(field.on_return(), OnReturn::Reset) {
            traits.push(quote!(#krate::Reset));
        }
        if matches!(field.on_return(), OnReturn::Default) {
            traits.push(quote!(#krate::__private::Default));
        }
        if model.attrs.create.is_none() {
            match field.at_birth() {
                AtBirth::Blank => traits.push(quote!(#krate::Reset)),
                AtBirth::Default => traits.push(quote!(#krate::__private::Default)),
                AtBirth::WithCapacity | AtBirth::Given => {}
            }
        }
        if field.attrs.capacity.is_some() || field.attrs.max_capacity.is_some() {
            traits.push(quote!(#krate::Capacity));
        }
    }
    if matches!(field.secret(), Some(Secret::Wipe)) {
        traits.push(quote!(#krate::Wipe));
    }
    let (lifetimes, ty) = bound_type(field, model);
    let quantifier = (!lifetimes.is_empty()).then(|| quote!(for<#(#lifetimes),*>));
    traits.into_iter().map(|name| parse_quote!(#quantifier #ty: #name)).collect()
}

/// Whether a field's type is asked for what is needed of it.
///
/// Not one of several lifetimes of which one outlives another, in a pooled type: rustc has no
/// way to ask that of all lifetimes. What such a field needs of a type parameter has to be
/// said.
fn is_inferred(field: &Field<'_>, model: &Model<'_>) -> bool {
    let clause = model.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let are_ordered = model.generics.lifetimes().any(|param| !param.bounds.is_empty())
        || clause.into_iter().any(|predicate| matches!(predicate, WherePredicate::Lifetime(_)));
    let is_for_one_order = model.is_pooled_for_any_lifetime()
        && are_ordered
        && quantified(field.ty, false).0.len() > 1;
    depends(field, model) && !is_for_one_order
}

/// The type of a field as a bound names it, and the lifetimes of a `for<..>` in front.
///
/// Two bounds that differ in a lifetime alone, `&'a str: Reset` and `&'b str: Reset`,
/// are ambiguous to rustc; quantified they are one and the same. Others stay as they are,
/// for they may hold for their own lifetimes only; but the pool's own type has other
/// lifetimes than the user's.
fn bound_type(field: &Field<'_>, model: &Model<'_>) -> (Vec<Lifetime>, TokenStream) {
    let (lifetimes, ty) = quantified(field.ty, true);
    let is_ambiguous = model.fields().any(|other| {
        let (_, other_ty) = quantified(other.ty, true);
        let differs =
            other.ty.to_token_stream().to_string() != field.ty.to_token_stream().to_string();
        differs && other_ty.to_string() == ty.to_string()
    });
    if is_ambiguous {
        (lifetimes, ty)
    } else if model.is_pooled_for_any_lifetime() {
        quantified(field.ty, false)
    } else {
        (Vec::new(), field.ty.to_token_stream())
    }
}

/// A type with its lifetimes replaced by ones for a `for<..>`; `'static` only if it is asked
/// for.
fn quantified(ty: &Type, with_static: bool) -> (Vec<Lifetime>, TokenStream) {
    /// The old names and the new ones.
    type Names = Vec<(Ident, Lifetime)>;

    fn replace(tokens: TokenStream, with_static: bool, names: &mut Names) -> TokenStream {
        let mut replaced = TokenStream::new();
        let mut tokens = tokens.into_iter();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(quote) if quote.as_char() == '\'' => {
                    let Some(TokenTree::Ident(old)) = tokens.next() else { continue };
                    if old == "static" && !with_static {
                        replaced.extend(Lifetime::new("'static", old.span()).to_token_stream());
                        continue;
                    }
                    let known = names.iter().find(|(name, _)| *name == old);
                    let new = known.map(|(_, new)| new.clone()).unwrap_or_else(|| {
                        let new = format!("'__pool_{}", names.len());
                        let new = Lifetime::new(&new, Span::mixed_site());
                        names.push((old, new.clone()));
                        new
                    });
                    replaced.extend(new.to_token_stream());
                }
                TokenTree::Group(group) => {
                    let inner = replace(group.stream(), with_static, names);
                    replaced.extend([TokenTree::from(Group::new(group.delimiter(), inner))]);
                }
                other => replaced.extend([other]),
            }
        }
        replaced
    }

    let tokens = ty.to_token_stream();
    // A binder of its own would hide the names given here.
    if mentions(tokens.clone(), "for") {
        return (Vec::new(), tokens);
    }
    let mut names = Names::new();
    let tokens = replace(tokens, with_static, &mut names);
    (names.into_iter().map(|(_, new)| new).collect(), tokens)
}

/// Whether what the field needs depends on a parameter.
pub(crate) fn depends(field: &Field<'_>, model: &Model<'_>) -> bool {
    let mentions_parameter = model.generics.params.iter().any(|param| match param {
        GenericParam::Type(param) => {
            mentions(field.ty.to_token_stream(), &param.ident.unraw().to_string())
        }
        GenericParam::Const(param) => {
            mentions(field.ty.to_token_stream(), &param.ident.unraw().to_string())
        }
        GenericParam::Lifetime(_) => false,
    });
    mentions_parameter && !mentions_itself(field, model)
}

/// Whether the type mentions the one that it is a field of.
pub(crate) fn mentions_itself(field: &Field<'_>, model: &Model<'_>) -> bool {
    let tokens = field.ty.to_token_stream();
    mentions(tokens.clone(), &model.ident.unraw().to_string()) || mentions(tokens, "Self")
}

/// The first type parameter that a type mentions.
pub(crate) fn type_parameter<'a>(ty: &Type, generics: &'a Generics) -> Option<&'a Ident> {
    let tokens = ty.to_token_stream();
    generics
        .type_params()
        .map(|param| &param.ident)
        .find(|ident| mentions(tokens.clone(), &ident.unraw().to_string()))
}

/// The first lifetime parameter that a type mentions.
pub(crate) fn lifetime_parameter<'a>(ty: &Type, generics: &'a Generics) -> Option<&'a Lifetime> {
    fn mentions(tokens: TokenStream, name: &Ident) -> bool {
        let mut follows_quote = false;
        tokens.into_iter().any(|token| match token {
            TokenTree::Punct(punct) => {
                follows_quote = punct.as_char() == '\'';
                false
            }
            TokenTree::Ident(found) => {
                core::mem::take(&mut follows_quote) && found.unraw() == name.unraw()
            }
            TokenTree::Group(group) => mentions(group.stream(), name),
            TokenTree::Literal(_) => false,
        })
    }

    let mut params = generics.lifetimes().map(|param| &param.lifetime);
    params.find(|param| mentions(ty.to_token_stream(), &param.ident))
}

/// The type parameters that need not have a size, and the bounds that say so.
pub(crate) fn maybe_unsized(generics: &Generics) -> Vec<(&Ident, &TypeParamBound)> {
    let listed = generics.type_params().map(|param| (&param.ident, &param.bounds));
    let clause = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let stated = clause.filter_map(|predicate| match predicate {
        WherePredicate::Type(predicate) => {
            let params = generics.type_params().map(|param| &param.ident);
            let mut params = params.filter(|param| is_parameter(&predicate.bounded_ty, param));
            Some((params.next()?, &predicate.bounds))
        }
        _ => None,
    });
    let bounds = listed.chain(stated);
    bounds
        .flat_map(|(param, bounds)| bounds.iter().map(move |bound| (param, bound)))
        .filter(|(_, bound)| is_maybe(bound))
        .collect()
}

/// Whether a bound is `?Sized`.
pub(crate) fn is_maybe(bound: &TypeParamBound) -> bool {
    let mut tokens = bound.to_token_stream().into_iter();
    matches!(tokens.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '?')
}

/// Whether a type is a parameter, and no more than that.
pub(crate) fn is_parameter(ty: &Type, param: &Ident) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident(param))
}

/// Whether the type's own bounds name `Wipe`, by whatever path.
pub(crate) fn names_wipe(generics: &Generics) -> bool {
    fn names(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(found) => found == "Wipe",
            TokenTree::Group(group) => names(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }

    names(generics.params.to_token_stream()) || names(generics.where_clause.to_token_stream())
}

/// Whether tokens name something, given without `r#`. Behind `::` it is somebody else's, as in
/// `http::Request`, unless the path starts in this crate.
fn mentions(tokens: TokenStream, name: &str) -> bool {
    let mut is_foreign = false;
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Ident(found) => {
                if colons < 2 {
                    is_foreign = !["self", "crate"].iter().any(|home| found == home);
                }
                if found.unraw() == *name && (colons < 2 || !is_foreign) {
                    return true;
                }
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Group(group) if mentions(group.stream(), name) => return true,
            _ => colons = 0,
        }
    }
    false
}
