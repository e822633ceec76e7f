//! Decides whether the return of an object may bring about the return of another.
//!
//! Tokens do not tell what a type holds: an alias or a struct from elsewhere may hold a
//! guard. So the answer is "perhaps", unless every name in the fields' types is known. It is
//! a matter of stack and speed alone: with a wrong "no" a long chain of objects overflows
//! the stack, with a wrong "yes" each return counts itself. Nothing is unsound for it.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{GenericArgument, GenericParam, Generics, PathArguments, Token, Type};

use crate::model::Model;

/// Types that hold no guard, or none but in their type arguments: by the last segment of a
/// path, in the order of the alphabet. Names that a user's own type may well have, such as
/// `Path` or `Cell`, are left out: what drops nothing is found to hold no guard all the same.
const KNOWN: &[&str] = &[
    "Arc",
    "AtomicBool",
    "AtomicI16",
    "AtomicI32",
    "AtomicI64",
    "AtomicI8",
    "AtomicIsize",
    "AtomicPtr",
    "AtomicU16",
    "AtomicU32",
    "AtomicU64",
    "AtomicU8",
    "AtomicUsize",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Box",
    "BuildHasherDefault",
    "CString",
    "Cow",
    "DefaultHasher",
    "Duration",
    "HashMap",
    "HashSet",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "LinkedList",
    "Mutex",
    "NonZeroI128",
    "NonZeroI16",
    "NonZeroI32",
    "NonZeroI64",
    "NonZeroI8",
    "NonZeroIsize",
    "NonZeroU128",
    "NonZeroU16",
    "NonZeroU32",
    "NonZeroU64",
    "NonZeroU8",
    "NonZeroUsize",
    "OnceCell",
    "OnceLock",
    "Option",
    "OsString",
    "PathBuf",
    "PhantomData",
    "RandomState",
    "Rc",
    "RefCell",
    "RetainMap",
    "RetainOption",
    "RetainVec",
    "RwLock",
    "SocketAddr",
    "SocketAddrV4",
    "SocketAddrV6",
    "String",
    "Vec",
    "VecDeque",
    "Wrapping",
    "bool",
    "char",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "str",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

/// The types to ask at compile time, once the parameters are known: if one of them has
/// something to drop, that may be a guard. None if a guard is out of the question.
///
/// A type with lifetimes is never asked. Its returns nest without a bound: to put one off is
/// to keep an object longer than its lifetime allows.
pub(crate) fn suspects(model: &Model<'_>) -> Vec<Type> {
    let mut suspects: Vec<Type> = Vec::new();
    if model.generics.lifetimes().next().is_some() {
        return suspects;
    }
    for field in model.fields() {
        let mut params = Vec::new();
        let found = if is_known(field.ty, model.generics, &mut params) {
            params
        } else {
            // The whole type: of the tokens inside, only rustc knows which are types.
            vec![field.ty]
        };
        for ty in found {
            let text = ty.to_token_stream().to_string();
            if suspects.iter().all(|known| known.to_token_stream().to_string() != text) {
                suspects.push(ty.clone());
            }
        }
    }
    suspects
}

/// Whether a type holds no guard but in the type parameters that it mentions, which are
/// added to `params`.
fn is_known<'a>(ty: &'a Type, generics: &Generics, params: &mut Vec<&'a Type>) -> bool {
    match ty {
        Type::Array(array) => is_known(&array.elem, generics, params),
        Type::Slice(slice) => is_known(&slice.elem, generics, params),
        Type::Reference(reference) => is_known(&reference.elem, generics, params),
        Type::Paren(paren) => is_known(&paren.elem, generics, params),
        Type::Group(group) => is_known(&group.elem, generics, params),
        Type::Tuple(tuple) => all_known(tuple.elems.iter(), generics, params),
        Type::Path(path) if path.qself.is_none() => {
            let path = &path.path;
            if let Some(ident) = path.get_ident() {
                if generics.type_params().any(|param| param.ident.unraw() == ident.unraw()) {
                    params.push(ty);
                    return true;
                }
            }
            is_known_path(path, generics, params)
        }
        _ => false,
    }
}

fn all_known<'a>(
    mut types: impl Iterator<Item = &'a Type>,
    generics: &Generics,
    params: &mut Vec<&'a Type>,
) -> bool {
    types.all(|ty| is_known(ty, generics, params))
}

fn is_known_path<'a>(path: &'a syn::Path, generics: &Generics, params: &mut Vec<&'a Type>) -> bool {
    let (Some(first), Some(last)) = (path.segments.first(), path.segments.last()) else {
        return false;
    };
    let first = first.ident.unraw();
    let is_local = ["self", "super", "crate", "Self"].iter().any(|local| first == local);
    let is_shadowed = generics.params.iter().any(|param| match param {
        GenericParam::Type(param) => param.ident.unraw() == first,
        _ => false,
    });
    let name = last.ident.unraw().to_string();
    if is_local || is_shadowed || KNOWN.binary_search(&name.as_str()).is_err() {
        return false;
    }
    let before = path.segments.iter().rev().skip(1);
    if before.into_iter().any(|segment| !segment.arguments.is_none()) {
        return false;
    }
    match &last.arguments {
        PathArguments::None => true,
        PathArguments::AngleBracketed(given) => known_arguments(&given.args, generics, params),
        PathArguments::Parenthesized(_) => false,
    }
}

fn known_arguments<'a>(
    given: &'a Punctuated<GenericArgument, Token![,]>,
    generics: &Generics,
    params: &mut Vec<&'a Type>,
) -> bool {
    given.iter().all(|argument| match argument {
        GenericArgument::Lifetime(_) | GenericArgument::Const(_) => true,
        GenericArgument::Type(ty) => is_known(ty, generics, params),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::DeriveInput;

    use super::*;
    use crate::error::Errors;
    use crate::model::Derive;

    /// The suspects of a type, spelled without spaces.
    fn of(item: proc_macro2::TokenStream) -> Vec<String> {
        let input: DeriveInput = syn::parse2(item).expect("it parses");
        let mut errors = Errors::new();
        let model = Model::new(&input, Derive::Poolable, &mut errors).expect("a struct");
        assert!(errors.into_compile_errors().is_none());
        let suspects = suspects(&model);
        suspects.iter().map(|ty| ty.to_token_stream().to_string().replace(' ', "")).collect()
    }

    #[test]
    fn the_list_is_sorted_as_the_search_expects() {
        assert!(KNOWN.is_sorted());
    }

    #[test]
    fn known_names_are_no_suspects_however_they_are_combined() {
        let none = of(quote! {
            struct Plain {
                a: std::collections::HashMap<String, Vec<[u8; 16]>>,
                b: (Option<Box<str>>, time::Duration, &'static [u8]),
                c: r#u64,
                d: ::std::sync::Arc<Mutex<()>>,
            }
        });
        assert_eq!(none, [""; 0]);
    }

    #[test]
    fn what_may_hold_a_guard_is_a_suspect_once() {
        let two = of(quote! {
            struct Node { next: Option<Pooled<Self>>, last: Option<Pooled<Self>>, link: Link, n: u8 }
        });
        assert_eq!(two, ["Option<Pooled<Self>>", "Link"]);
        let hidden = of(quote! {
            struct Node(Box<dyn Any + Send>, <T as Trait>::Out, crate::text::String, list!(u8), Vec::<u8>::Out);
        });
        assert_eq!(hidden.len(), 5);
    }

    #[test]
    fn a_type_parameter_is_the_suspect_and_not_what_holds_it() {
        let params = of(quote! {
            struct Batch<T, const N: usize, S> { a: Vec<T>, b: [T; N], c: HashMap<u8, T, S> }
        });
        assert_eq!(params, ["T", "S"]);
        // A parameter may have the name of something known, and a constant may stand where
        // a type would.
        assert_eq!(
            of(quote!(
                struct Odd<String>(Vec<String>, String::Out);
            ))
            .len(),
            2
        );
        assert_eq!(
            of(quote!(
                struct Odd<const N: usize>(heapless::String<N>);
            )),
            ["heapless::String<N>"]
        );
    }

    #[test]
    fn a_type_with_lifetimes_is_never_asked() {
        assert_eq!(
            of(quote!(
                struct Node<'a>(Option<Pooled<Node<'a>>>);
            )),
            [""; 0]
        );
    }
}
