//! Parameters of every kind on types that are nested in pooled ones.

use ::core::clone::Clone;
use ::core::cmp::Eq;
use ::core::convert::From;
use ::core::default::Default;
use ::core::hash::{BuildHasher, Hash};
use ::core::iter::Extend;
use ::core::marker::PhantomData;
use ::core::option::Option;
#[allow(unused_imports, reason = "the `assert!` of some versions calls it by name")]
use ::core::panic;
use ::core::{assert, assert_eq};
use ::renamed::{Poolable, Reset, Wipe};
use ::std::collections::HashMap;
use ::std::string::String;
use ::std::vec::Vec;

/// A default for each kind of parameter that has one.
#[derive(Reset)]
#[pool(crate = ::renamed)]
struct Page<'text, T = u8, const N: usize = 2>
where
    T: Clone,
{
    title: &'text str,
    words: Vec<&'text str>,
    #[pool(capacity = N)]
    items: Vec<T>,
    #[pool(init = Self::LENGTHS)]
    lengths: [usize; N],
    last: Option<T>,
}

impl<T: Clone, const N: usize> Page<'_, T, N> {
    const LENGTHS: [usize; N] = [1; N];
}

#[test]
fn a_type_with_lifetimes_types_and_constants_is_reset() {
    let text = String::from("a title");
    let mut page = Page::<'_, u16, 3>::blank();
    assert_eq!(page.lengths, [1; 3], "an expression may mention the parameters");
    assert!(page.items.capacity() >= 3, "a capacity may be a parameter");
    page.title = &text;
    page.words.extend(text.split(' '));
    page.items.push(1);
    page.lengths = [9; 3];
    page.last = Option::Some(1);
    page.reset();
    assert_eq!((page.title, page.words.len()), ("", 0), "borrowed text is let go");
    assert_eq!((page.items.len(), page.lengths), (0, [0; 3]), "the other fields are reset");
    assert_eq!(page.last, Option::None, "an option becomes none");
}

/// Parameters that need nothing of their own, and some that do.
#[derive(Reset)]
#[pool(crate = ::renamed)]
struct Table<K, V, S, M>
where
    K: Eq + Hash,
    S: BuildHasher + Default,
{
    rows: HashMap<K, V, S>,
    first: Option<V>,
    kind: PhantomData<fn(M) -> M>,
    #[pool(skip, init = fn_of::<M>)]
    make: fn(M) -> M,
}

const fn fn_of<M>(value: M) -> M {
    value
}

/// A hasher of the user's.
type Hashing = ::std::hash::RandomState;

/// Has none of the traits that an expansion might ask for.
struct Plain;

#[test]
fn a_parameter_asks_for_no_more_than_its_fields_do() {
    let mut table = Table::<u8, Plain, Hashing, Plain>::blank();
    assert!(table.rows.insert(1, Plain).is_none(), "the table is empty");
    table.first = Option::Some(Plain);
    table.reset();
    assert!(table.rows.is_empty() && table.first.is_none(), "the fields are reset");
    let Plain = (table.make)(Plain);
    assert_eq!(table.kind, PhantomData, "a marker has nothing to reset");
}

/// A secret of a type that the user of the type chooses.
#[derive(Reset)]
#[pool(crate = ::renamed)]
struct Sealed<T: Wipe, const N: usize> {
    #[pool(zeroize)]
    keys: [T; N],
    #[pool(zeroize)]
    spare: Vec<T>,
}

/// Gives the wipe on drop up, and so may ask for nothing.
#[derive(Reset)]
#[pool(crate = ::renamed, drop_wipe = false)]
struct Open<T> {
    #[pool(zeroize)]
    key: T,
}

#[test]
fn a_generic_secret_is_wiped() {
    let mut sealed = Sealed::<u8, 2>::blank();
    sealed.keys = [1, 2];
    sealed.spare.push(3);
    sealed.reset();
    assert_eq!((sealed.keys, sealed.spare.len()), ([0; 2], 0), "the secrets are wiped");

    let mut open = Open { key: 7_u8 };
    open.reset();
    let Open { key } = open;
    assert_eq!(key, 0, "the secret is wiped");
}

/// An enum whose other variants ask for nothing.
#[derive(Reset)]
#[pool(crate = ::renamed)]
enum Either<'text, L, R, const N: usize> {
    Left(&'text str, L),
    #[pool(blank)]
    Right(R, [u8; N]),
}

#[test]
fn a_generic_enum_is_reset() {
    let mut either = Either::<'_, Plain, u8, 2>::Left("left", Plain);
    if let Either::Left(text, Plain) = &either {
        assert_eq!(*text, "left", "it is as it was set");
    }
    either.reset();
    assert!(::core::matches!(either, Either::Right(0, [0, 0])), "it is the blank variant");
}

/// Holds all of them.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
struct Outer {
    page: Page<'static>,
    pages: Vec<Page<'static, String>>,
    table: Table<u8, u8, Hashing, u8>,
    sealed: Sealed<u8, 4>,
    open: Open<String>,
    either: Either<'static, u8, u8, 1>,
    nested: Option<Nested<Nested<u8>>>,
}

/// Mentions itself.
#[derive(Reset)]
#[pool(crate = ::renamed)]
struct Nested<T> {
    value: T,
    more: Vec<Nested<T>>,
    #[pool(default)]
    me: Option<::std::boxed::Box<Self>>,
}

#[test]
fn generic_types_nest_in_a_pooled_one() {
    let mut outer = Outer::pooled();
    outer.page.title = "title";
    outer.pages.push(Page::blank());
    outer.table.first = Option::Some(1);
    outer.sealed.keys = [1; 4];
    outer.open.key.push('x');
    outer.either = Either::Left("left", 1);
    outer.nested = Option::Some(Nested::blank());
    outer.reset();
    assert_eq!((outer.page.title, outer.pages.len()), ("", 0), "the pages are reset");
    assert_eq!((outer.table.first, outer.sealed.keys), (Option::None, [0; 4]), "so is the rest");
    assert_eq!((&*outer.open.key, outer.nested.is_none()), ("", true), "so is the rest");

    let mut nested = Nested::<u8>::blank();
    nested.value = 1;
    nested.more.push(Nested::blank());
    nested.me = Option::Some(::std::boxed::Box::new(Nested::blank()));
    nested.reset();
    assert_eq!((nested.value, nested.more.len()), (0, 0), "a type that mentions itself is reset");
    assert!(nested.me.is_none(), "a type that mentions itself is reset");
}
