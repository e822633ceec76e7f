//! The values of options, each read as what its option takes.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprPath, Ident, Lit, Path, Token, WherePredicate};

use super::example;

/// Reads an expression. One that comes from a fragment of `macro_rules!` stands in an
/// invisible group.
fn expression_of(input: ParseStream<'_>) -> syn::Result<Expr> {
    let mut value = input.parse::<Expr>()?;
    while let Expr::Group(group) = value {
        value = *group.expr;
    }
    Ok(value)
}

pub(super) fn number(key: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    let value = expression_of(input)?;
    match &value {
        Expr::Lit(ExprLit { lit: Lit::Int(_), .. }) => Ok(value),
        Expr::Lit(_) => {
            let message = format!("`{key}` takes a number, a constant expression of type `usize`");
            Err(syn::Error::new(value.span(), message))
        }
        _ => Ok(value),
    }
}

pub(super) fn function(key: &Ident, input: ParseStream<'_>) -> syn::Result<ExprPath> {
    let value = expression_of(input)?;
    match value {
        Expr::Path(path) => Ok(path),
        Expr::Closure(_) => {
            let message = format!(
                "`{key}` takes the path of a function; give the closure a name, as a function"
            );
            Err(syn::Error::new_spanned(value, message))
        }
        Expr::Call(call) => {
            let message = format!("`{key}` takes the path of a function; do not call it here");
            Err(syn::Error::new(call.paren_token.span.join(), message))
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let message = format!("`{key}` takes the path of a function, without quotes");
            Err(syn::Error::new(text.span(), message))
        }
        other => {
            let message = format!("`{key}` takes the path of a function, as in `{}`", example(key));
            Err(syn::Error::new_spanned(other, message))
        }
    }
}

pub(super) fn string(key: &Ident, input: ParseStream<'_>) -> syn::Result<(String, syn::LitStr)> {
    match expression_of(input)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok((text.value(), text)),
        other => {
            let message = format!("`{key}` takes a string, in quotes, as in `{}`", example(key));
            Err(syn::Error::new_spanned(other, message))
        }
    }
}

pub(super) fn identifier(key: &Ident, input: ParseStream<'_>) -> syn::Result<Ident> {
    let (text, literal) = string(key, input)?;
    if matches!(text.as_str(), "pool" | "blank") {
        let message = format!("`{text}` is a function of the trait already; take another name");
        return Err(syn::Error::new(literal.span(), message));
    }
    literal.parse::<Ident>().map_err(|_| {
        let is_keyword = syn::parse_str::<Ident>(&format!("r#{text}")).is_ok();
        let message = if is_keyword {
            format!("`{text}` is a keyword; write `{key} = \"r#{text}\"`")
        } else {
            format!("`{text}` is no name for a function; write one, as in `{}`", example(key))
        };
        syn::Error::new(literal.span(), message)
    })
}

pub(super) fn boolean(key: &Ident, input: ParseStream<'_>) -> syn::Result<bool> {
    match expression_of(input)? {
        Expr::Lit(ExprLit { lit: Lit::Bool(value), .. }) => Ok(value.value),
        other => {
            let message = format!("`{key}` takes `true` or `false`");
            Err(syn::Error::new_spanned(other, message))
        }
    }
}

pub(super) fn predicates(key: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<WherePredicate>> {
    let (_, literal) = string(key, input)?;
    literal
        .parse_with(Punctuated::<WherePredicate, Token![,]>::parse_terminated)
        .map(|predicates| predicates.into_iter().collect())
        .map_err(|error| {
            let message =
                format!("`bound` takes `where` predicates, as in `bound = \"T: Clone\"`: {error}");
            syn::Error::new(literal.span(), message)
        })
}

pub(super) fn path(key: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    if input.peek(syn::LitStr) {
        let literal = input.parse::<syn::LitStr>()?;
        let message = format!("`{key}` takes a path without quotes: `{key} = {}`", literal.value());
        return Err(syn::Error::new(literal.span(), message));
    }
    Path::parse(input).map_err(|error| {
        let message = format!("`{key}` takes a path, as in `{}`", example(key));
        syn::Error::new(error.span(), message)
    })
}

pub(super) fn expression(_key: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    input.parse()
}
