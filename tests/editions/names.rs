//! Names that a careless expansion would confuse, or could not write.

use ::core::mem::drop;
#[allow(unused_imports, reason = "the `assert!` of some versions calls it by name")]
use ::core::panic;
use ::core::{assert, assert_eq, assert_ne, matches};
use ::renamed::Poolable;
use ::std::string::String;

/// Beside `FOO`: a static named after the type in capitals would be that one.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
struct Foo {
    id: u8,
}

/// Beside `Foo`.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
#[allow(clippy::upper_case_acronyms, reason = "the name is the point")]
struct FOO {
    id: u16,
}

/// What an expansion might call its own things.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
struct Names {
    pool: u8,
    value: u8,
    field: u8,
    other: u8,
    __other: u8,
    __field_0: u8,
    r#self_: u8,
    #[pool(value = value())]
    given: u8,
    #[pool(with = field)]
    with: u8,
}

const fn value() -> u8 {
    1
}

fn field(field: &mut u8) {
    *field = 2;
}

#[test]
fn names_that_differ_in_case_alone_have_pools_of_their_own() {
    let (foo, upper) = (Foo::pooled(), FOO::pooled());
    assert_eq!(foo.id, 0, "the object is blank");
    drop(foo);
    assert_eq!(Foo::pool().stats().idle, 1, "`Foo` went back to its pool");
    assert_eq!(FOO::pool().stats().idle, 0, "`FOO` is still out");
    assert_eq!(upper.id, 0, "the object is blank");
}

#[test]
fn fields_may_be_called_as_the_expansion_calls_things() {
    let mut names = Names::pooled();
    names.pool = 9;
    names.value = 9;
    names.field = 9;
    names.other = 9;
    names.__other = 9;
    names.__field_0 = 9;
    names.r#self_ = 9;
    names.given = 9;
    names.with = 9;
    ::renamed::Reset::reset(&mut *names);
    assert_eq!(
        [names.pool, names.value, names.field, names.other, names.__other],
        [0; 5],
        "each field was reset"
    );
    assert_eq!([names.__field_0, names.r#self_], [0; 2], "each field was reset");
    assert_eq!([names.given, names.with], [1, 2], "the given functions are the user's");
}

/// Keywords as names.
#[derive(Poolable)]
#[pool(crate = ::renamed, accessor = "r#try")]
#[allow(non_camel_case_types, reason = "keywords are in lower case")]
struct r#match {
    r#type: String,
    #[pool(value = r#const())]
    r#fn: u8,
    #[pool(with = r#in, init = 1)]
    r#loop: u8,
}

const fn r#const() -> u8 {
    5
}

fn r#in(r#loop: &mut u8) {
    *r#loop = 6;
}

/// Keywords as names of variants and of fields in them.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
#[allow(non_camel_case_types, reason = "keywords are in lower case")]
enum r#enum {
    #[pool(blank)]
    r#struct {
        r#mod: u8,
    },
    r#union(#[allow(dead_code, reason = "only replaced")] u8),
}

#[test]
fn keywords_may_be_names() {
    let mut object = r#match::r#try();
    object.r#type.push('x');
    object.r#fn = 9;
    object.r#loop = 9;
    ::renamed::Reset::reset(&mut *object);
    assert_eq!((&*object.r#type, object.r#fn, object.r#loop), ("", 5, 6), "fields are reset");

    let mut choice = r#enum::pooled();
    for full in [r#enum::r#struct { r#mod: 9 }, r#enum::r#union(9)] {
        *choice = full;
        ::renamed::Reset::reset(&mut *choice);
        assert!(matches!(*choice, r#enum::r#struct { r#mod: 0 }), "the blank variant is reset");
    }
}

fn first_counter() -> u64 {
    #[derive(Poolable)]
    #[pool(crate = ::renamed)]
    struct Counter {
        count: u64,
    }

    drop(Counter::pooled());
    let counter = Counter::pooled();
    let stats = Counter::pool().stats();
    assert_eq!((stats.created, stats.hits), (1, 1), "this pool served this function alone");
    counter.count
}

fn second_counter() -> u64 {
    #[derive(Poolable)]
    #[pool(crate = ::renamed, create = Self::new)]
    struct Counter {
        count: u64,
    }

    impl Counter {
        const fn new() -> Self {
            Self { count: 100 }
        }
    }

    let counter = Counter::pooled();
    let stats = Counter::pool().stats();
    assert_eq!((stats.created, stats.hits), (1, 0), "this pool served this function alone");
    counter.count
}

#[test]
fn types_of_one_name_in_two_functions_have_pools_of_their_own() {
    assert_ne!(first_counter(), second_counter(), "each function has objects of its own");
}

#[test]
fn a_derive_may_stand_in_a_closure_and_in_a_constant() {
    const LENGTH: usize = {
        #[derive(Poolable)]
        #[pool(crate = ::renamed)]
        #[allow(dead_code, reason = "it stands here to be compiled")]
        struct Measured {
            bytes: [u8; 3],
        }

        ::core::mem::size_of::<Measured>()
    };
    let count = || {
        #[derive(Poolable)]
        #[pool(crate = ::renamed)]
        struct Inner {
            count: usize,
        }

        Inner::pooled().count + LENGTH
    };
    assert_eq!(count(), 3, "both types compile");
}

/// A type with a `pooled` of its own.
#[derive(Poolable)]
#[pool(crate = ::renamed, accessor = "from_pool")]
struct Pebble {
    weight: u8,
}

impl Pebble {
    const fn pooled() -> &'static str {
        "mine"
    }
}

#[test]
fn a_pooled_of_the_type_itself_stays_beside_another_accessor() {
    assert_eq!(Pebble::pooled(), "mine", "the type's own function is called");
    assert_eq!(Pebble::from_pool().weight, 0, "the accessor has the other name");
    let generic = <Pebble as Poolable>::pooled();
    assert_eq!(generic.weight, 0, "generic code takes the trait's way");
}

/// A type that uses itself in its fields and in what is given for them.
#[derive(Poolable)]
#[pool(crate = ::renamed, max_idle = Self::IDLE)]
struct Node {
    #[pool(init = Self::FIRST_ID)]
    id: u64,
    #[pool(value = Self::port(Self::FIRST_ID))]
    port: u64,
    #[pool(with = Self::clear)]
    children: ::std::vec::Vec<Self>,
    parent: ::core::option::Option<::std::boxed::Box<Self>>,
    next: ::core::option::Option<::renamed::Pooled<Self>>,
    #[pool(capacity = Self::IDLE, max_capacity = Node::IDLE * 2)]
    buffer: ::std::vec::Vec<u8>,
    table: [u8; Node::IDLE],
}

impl Node {
    const FIRST_ID: u64 = 100;
    const IDLE: usize = 4;

    const fn port(id: u64) -> u64 {
        id + 1
    }

    fn clear(children: &mut ::std::vec::Vec<Self>) {
        children.clear();
    }
}

#[test]
fn the_type_may_be_called_self_wherever_it_is_named() {
    let mut node = Node::pooled();
    assert_eq!((node.id, node.port), (100, 101), "expressions see `Self`");
    node.id = 1;
    node.port = 2;
    node.table = [9; 4];
    node.children.push(::renamed::Pooled::into_inner(Node::pooled()));
    node.parent = ::core::option::Option::Some(::std::boxed::Box::new(
        ::renamed::Pooled::into_inner(Node::pooled()),
    ));
    node.next = ::core::option::Option::Some(Node::pooled());
    ::renamed::Reset::reset(&mut *node);
    assert_eq!((node.id, node.port), (0, 101), "`init` is for the birth alone");
    assert_eq!(node.table, [0; 4], "the array is reset");
    assert_eq!((node.children.len(), node.parent.is_none()), (0, true), "other nodes are let go");
    assert!(node.next.is_none(), "a guard in a field is dropped");
    assert_eq!(Node::pool().stats().in_use, 1, "and its object went home");
    assert_eq!(node.buffer.capacity(), 4, "constants of the type are capacities");
}
