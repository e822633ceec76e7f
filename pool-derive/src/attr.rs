//! Reads `#[pool(..)]` into options that remember where they stood.
//!
//! A mistake ends the option it stands in; reading goes on behind the next comma.

mod value;

use proc_macro2::{Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, ExprPath, Ident, Meta, Path, Token, WherePredicate};

use self::value::{boolean, expression, function, identifier, number, path, predicates, string};
use crate::error::Errors;
use crate::model::Derive;
use crate::suggest::closest;

/// An option and the key that names it.
#[derive(Clone)]
pub(crate) struct Setting<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

/// The options of a field.
#[derive(Clone, Default)]
pub(crate) struct FieldAttrs {
    /// The keys of those options that say what a return does, as they stand in the
    /// source.
    pub(crate) actions: Vec<Ident>,
    pub(crate) zeroize: Option<Setting<()>>,
    pub(crate) skip: Option<Setting<()>>,
    pub(crate) default: Option<Setting<()>>,
    pub(crate) value: Option<Setting<Expr>>,
    pub(crate) init: Option<Setting<Expr>>,
    pub(crate) with: Option<Setting<ExprPath>>,
    pub(crate) capacity: Option<Setting<Expr>>,
    pub(crate) max_capacity: Option<Setting<Expr>>,
}

/// The options of a type.
#[derive(Clone, Default)]
pub(crate) struct TypeAttrs {
    pub(crate) create: Option<Setting<ExprPath>>,
    pub(crate) validate: Option<Setting<ExprPath>>,
    pub(crate) cache: Option<Setting<Expr>>,
    pub(crate) max_idle: Option<Setting<Expr>>,
    pub(crate) max_object_bytes: Option<Setting<Expr>>,
    pub(crate) max_bytes: Option<Setting<Expr>>,
    pub(crate) local: Option<Setting<()>>,
    pub(crate) accessor: Option<Setting<Ident>>,
    pub(crate) name: Option<Setting<String>>,
    pub(crate) drop_wipe: Option<Setting<bool>>,
    pub(crate) bound: Option<Setting<Vec<WherePredicate>>>,
    pub(crate) krate: Option<Setting<Path>>,
}

/// Where an option may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Type,
    Variant,
    Field,
}

impl Place {
    fn with_article(self) -> &'static str {
        match self {
            Self::Type => "the type",
            Self::Variant => "a variant of an enum",
            Self::Field => "a field",
        }
    }
}

impl Place {
    /// An option that may stand here.
    fn example(self) -> &'static str {
        match self {
            Self::Type => "cache = 64",
            Self::Variant => "blank",
            Self::Field => "skip",
        }
    }
}

/// What the grammar knows of an option.
struct Known {
    name: &'static str,
    place: Place,
    /// An example of its use, for messages.
    example: &'static str,
    /// Whether only `Poolable` has a use for it.
    needs_pool: bool,
}

const fn known(place: Place, needs_pool: bool, name: &'static str, example: &'static str) -> Known {
    Known { name, place, example, needs_pool }
}

const KNOWN: &[Known] = &[
    known(Place::Field, false, "zeroize", "zeroize"),
    known(Place::Field, false, "skip", "skip"),
    known(Place::Field, false, "default", "default"),
    known(Place::Field, false, "value", "value = 0"),
    known(Place::Field, false, "init", "init = Thing::new()"),
    known(Place::Field, false, "with", "with = path::to::function"),
    known(Place::Field, false, "capacity", "capacity = 1024"),
    known(Place::Field, false, "max_capacity", "max_capacity = 65536"),
    known(Place::Variant, false, "blank", "blank"),
    known(Place::Type, false, "create", "create = Self::new"),
    known(Place::Type, true, "validate", "validate = Self::is_sound"),
    known(Place::Type, true, "cache", "cache = 64"),
    known(Place::Type, true, "max_idle", "max_idle = 1024"),
    known(Place::Type, true, "max_object_bytes", "max_object_bytes = 65536"),
    known(Place::Type, true, "max_bytes", "max_bytes = 1 << 26"),
    known(Place::Type, true, "local", "local"),
    known(Place::Type, true, "accessor", "accessor = \"take\""),
    known(Place::Type, true, "name", "name = \"requests\""),
    known(Place::Type, false, "drop_wipe", "drop_wipe = false"),
    known(Place::Type, false, "bound", "bound = \"T: Clone\""),
    known(Place::Type, false, "crate", "crate = path::to::poolable"),
];

impl FieldAttrs {
    pub(crate) fn parse(attrs: &[Attribute], derive: Derive, errors: &mut Errors) -> Self {
        let mut this = Self::default();
        let mut actions = Vec::new();
        each_option(attrs, Place::Field, derive, errors, |key, name, input| {
            if matches!(name, "skip" | "default" | "value" | "with") {
                actions.push(key.clone());
            }
            match name {
                "zeroize" => flag(&mut this.zeroize, key, input),
                "skip" => flag(&mut this.skip, key, input),
                "default" => flag(&mut this.default, key, input),
                "value" => setting(&mut this.value, key, input, expression),
                "init" => setting(&mut this.init, key, input, expression),
                "with" => setting(&mut this.with, key, input, function),
                "capacity" => setting(&mut this.capacity, key, input, number),
                "max_capacity" => setting(&mut this.max_capacity, key, input, number),
                _ => unreachable!("`each_option` knows the options of a field"),
            }
        });
        this.actions = actions;
        this
    }
}

impl TypeAttrs {
    pub(crate) fn parse(attrs: &[Attribute], derive: Derive, errors: &mut Errors) -> Self {
        let mut this = Self::default();
        each_option(attrs, Place::Type, derive, errors, |key, name, input| match name {
            "create" => setting(&mut this.create, key, input, function),
            "validate" => setting(&mut this.validate, key, input, function),
            "cache" => setting(&mut this.cache, key, input, number),
            "max_idle" => setting(&mut this.max_idle, key, input, number),
            "max_object_bytes" => setting(&mut this.max_object_bytes, key, input, number),
            "local" => flag(&mut this.local, key, input),
            "max_bytes" => setting(&mut this.max_bytes, key, input, number),
            "accessor" => setting(&mut this.accessor, key, input, identifier),
            "name" => setting(&mut this.name, key, input, |key, input| {
                string(key, input).map(|(value, _)| value)
            }),
            "drop_wipe" => setting(&mut this.drop_wipe, key, input, boolean),
            "bound" => setting(&mut this.bound, key, input, predicates),
            "crate" => setting(&mut this.krate, key, input, path),
            _ => unreachable!("`each_option` knows the options of a type"),
        });
        this
    }

    /// Reads once more what the stub that follows a mistake needs.
    pub(crate) fn parse_again(attrs: &[Attribute]) -> Self {
        let mut reported = Errors::new();
        let this = Self::parse(attrs, Derive::Poolable, &mut reported);
        drop(reported.into_compile_errors());
        this
    }
}

/// Reads `#[pool(blank)]` off a variant.
pub(crate) fn blank(
    attrs: &[Attribute],
    derive: Derive,
    errors: &mut Errors,
) -> Option<Setting<()>> {
    let mut blank = None;
    each_option(attrs, Place::Variant, derive, errors, |key, _, input| {
        flag(&mut blank, key, input)
    });
    blank
}

/// Calls `read` for every option that may stand in `place`, with the input behind its
/// key.
fn each_option(
    attrs: &[Attribute],
    place: Place,
    derive: Derive,
    errors: &mut Errors,
    mut read: impl FnMut(Ident, &str, ParseStream<'_>) -> syn::Result<()>,
) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("pool")) {
        let Meta::List(_) = &attr.meta else {
            let example = place.example();
            errors.at(
                &attr.meta,
                format!("expected options in parentheses, as in `#[pool({example})]`"),
            );
            continue;
        };
        let parsed = attr.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = one_option(input, place, derive, &mut read) {
                    errors.push(error);
                    skip_to_comma(input)?;
                }
                if !input.is_empty() && !input.peek(Token![,]) {
                    errors.push(input.error("expected a comma between options"));
                    skip_to_comma(input)?;
                }
                input.parse::<Option<Token![,]>>()?;
            }
            Ok(())
        });
        if let Err(error) = parsed {
            errors.push(error);
        }
    }
}

fn one_option(
    input: ParseStream<'_>,
    place: Place,
    derive: Derive,
    read: &mut impl FnMut(Ident, &str, ParseStream<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    if !input.peek(Ident::peek_any) {
        let here =
            input.cursor().token_tree().map_or_else(Span::call_site, |(token, _)| token.span());
        let message = format!("expected the name of an option, as in `{}`", place.example());
        return Err(syn::Error::new(here, message));
    }
    let key = Ident::parse_any(input)?;
    let name = key.unraw().to_string();
    let Some(option) = KNOWN.iter().find(|known| known.name == name) else {
        return Err(unknown(&key, &name, place));
    };
    if option.place != place {
        let message = format!(
            "`{name}` belongs on {}, not on {}",
            option.place.with_article(),
            place.with_article()
        );
        return Err(syn::Error::new(key.span(), message));
    }
    if option.needs_pool && derive == Derive::Reset {
        let message =
            format!("`{name}` needs a pool; derive `Poolable` instead of `Reset`, or remove it");
        return Err(syn::Error::new(key.span(), message));
    }
    if input.peek(syn::token::Paren) {
        let group = input.parse::<TokenTree>()?;
        let message = format!("`{name}` takes no parentheses; write `{}`", option.example);
        return Err(syn::Error::new(group.span(), message));
    }
    let is_flag = option.example == option.name;
    if is_flag && input.peek(Token![=]) {
        let message = format!("`{name}` takes no value; write `{name}` alone");
        return Err(input.error(message));
    }
    if !is_flag && !input.peek(Token![=]) {
        let message = format!("`{name}` needs a value, as in `{}`", option.example);
        return Err(syn::Error::new(key.span(), message));
    }
    read(key, &name, input)
}

fn unknown(key: &Ident, name: &str, place: Place) -> syn::Error {
    let here = KNOWN.iter().filter(|known| known.place == place).map(|known| known.name);
    let message = match closest(name, here.clone()) {
        Some(word) => format!("unknown option `{name}`; did you mean `{word}`?"),
        None => match closest(name, KNOWN.iter().map(|known| known.name)) {
            Some(word) => format!(
                "unknown option `{name}`; did you mean `{word}`, which belongs on {}?",
                KNOWN
                    .iter()
                    .find(|known| known.name == word)
                    .map_or("another place", |known| known.place.with_article())
            ),
            None => {
                let list: Vec<_> = here.map(|name| format!("`{name}`")).collect();
                let place = place.with_article();
                format!("unknown option `{name}`; {place} takes {}", list.join(", "))
            }
        },
    };
    syn::Error::new(key.span(), message)
}

/// An example of an option's use.
fn example(key: &Ident) -> &'static str {
    let name = key.unraw().to_string();
    KNOWN.iter().find(|known| known.name == name).map_or("", |known| known.example)
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn flag(slot: &mut Option<Setting<()>>, key: Ident, _input: ParseStream<'_>) -> syn::Result<()> {
    put(slot, key, ())
}

fn setting<T>(
    slot: &mut Option<Setting<T>>,
    key: Ident,
    input: ParseStream<'_>,
    read: impl FnOnce(&Ident, ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<()> {
    let equals = input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        let message = format!("`{key}` needs a value, as in `{}`", example(&key));
        return Err(syn::Error::new(equals.span, message));
    }
    let value = read(&key, input)?;
    put(slot, key, value)
}

fn put<T>(slot: &mut Option<Setting<T>>, key: Ident, value: T) -> syn::Result<()> {
    if slot.is_some() {
        let message = format!("`{key}` is given twice; remove one of them");
        return Err(syn::Error::new(key.span(), message));
    }
    *slot = Some(Setting { key, value });
    Ok(())
}
