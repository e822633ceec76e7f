//! Snapshots of the expansion, under `snapshots/`.
//!
//! `POOLABLE_BLESS=1 cargo test -p pool-derive` writes them anew; read the difference.

use std::path::Path;
use std::{env, fs};

use quote::quote;

use crate::model::Derive;

/// Compares an expansion with the one on file.
fn snapshot(name: &str, derive: Derive, input: proc_macro2::TokenStream) {
    let expansion = super::derive(input, derive);
    let file = syn::parse2(expansion).expect("the expansion parses");
    let actual = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/snapshots/{name}.rs"));
    if env::var_os("POOLABLE_BLESS").is_some() {
        fs::write(&path, &actual).expect("the snapshot can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        actual == expected,
        "the expansion of `{name}` is not the one on file; if that is right, run \
         `POOLABLE_BLESS=1 cargo test -p pool-derive` and read the difference\n\n{actual}"
    );
}

#[test]
fn a_struct_with_a_pool() {
    snapshot(
        "poolable_struct",
        Derive::Poolable,
        quote! {
            #[pool(cache = 16, validate = Self::is_sound)]
            pub struct Request {
                path: String,
                #[pool(capacity = 1024, max_capacity = LIMIT)]
                body: Vec<u8>,
                #[pool(zeroize, capacity = 256)]
                token: String,
                #[pool(zeroize, with = Zeroize::zeroize, init = Key::none())]
                key: Key,
                #[pool(skip, init = Instant::now())]
                born: Instant,
                #[pool(value = 3)]
                retries: u8,
            }
        },
    );
}

#[test]
fn a_type_whose_fields_are_known_says_nothing_of_nesting() {
    let expansion = |input| super::derive(input, Derive::Poolable).to_string();
    let known = expansion(quote!(
        struct Line(String, Vec<(u8, Duration)>);
    ));
    assert!(known.contains("Poolable for Line") && !known.contains("__NESTS"));
    assert!(
        expansion(quote!(
            struct Line(Link);
        ))
        .contains("__NESTS")
    );
}

#[test]
fn an_enum_without_a_pool() {
    snapshot(
        "reset_enum",
        Derive::Reset,
        quote! {
            enum State<'a, T: Clone, const N: usize> {
                #[pool(blank)]
                Reading(Vec<T>, #[pool(default)] Cursor<'a>),
                Login {
                    #[pool(zeroize)]
                    key: [u8; N],
                },
                Done,
            }
        },
    );
}

#[test]
fn a_mistake_and_the_stub_behind_it() {
    snapshot(
        "stub",
        Derive::Poolable,
        quote! {
            #[pool(crate = renamed, accessor = "fetch")]
            pub(crate) struct Broken<T> {
                #[pool(skpi)]
                field: T,
            }
        },
    );
}

#[test]
fn anything_that_parses_is_expanded_or_rejected_and_never_panics() {
    let options = [
        "",
        "zeroize",
        "skip",
        "default",
        "value = 1",
        "init = 1",
        "with = f",
        "capacity = 1",
        "max_capacity = 1",
        "capacity",
        "= 3",
        "nonsense",
        "cache = 1",
        "blank",
        "crate = a::b",
    ];
    let mut rejected = 0;
    for first in options {
        for second in options {
            for (item, derive) in [("struct S", Derive::Poolable), ("struct S<T>", Derive::Reset)] {
                let code = format!(
                    "#[pool({second})] {item} {{ #[pool({first}, {second})] a: T, #[pool({first})] b: u8 }}"
                );
                let expansion = super::derive(code.parse().expect("it has tokens"), derive);
                let text = expansion.to_string();
                assert!(text.contains("Reset for S"), "no impl for {code}");
                rejected += u32::from(text.contains("compile_error"));
            }
        }
    }
    assert!(rejected > 300, "{rejected}");
}
