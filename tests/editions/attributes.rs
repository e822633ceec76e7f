//! Every option, once on a type.

use ::core::convert::From;
use ::core::default::Default;
use ::core::mem::drop;
#[allow(unused_imports, reason = "the `assert!` of some versions calls it by name")]
use ::core::panic;
use ::core::{assert, assert_eq};
use ::renamed::{Poolable, Pooled, Reset};
use ::std::collections::HashMap;
use ::std::string::String;
use ::std::vec::Vec;

const ROOM: usize = 64;

/// The options of a field.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
struct Request {
    method: String,
    #[pool(skip)]
    served: u64,
    #[pool(default)]
    port: u16,
    #[pool(value = 80 + 1)]
    fallback_port: u16,
    #[pool(init = String::from("/"))]
    path: String,
    #[pool(with = Vec::clear, init = Vec::new())]
    trail: Vec<&'static str>,
    #[pool(capacity = ROOM, max_capacity = ROOM * 4)]
    body: Vec<u8>,
    #[pool(zeroize, capacity = 32)]
    token: String,
    #[pool(zeroize, with = overwrite)]
    key: [u8; 4],
    #[pool(default, capacity = 8)]
    headers: HashMap<String, String>,
}

fn overwrite(key: &mut [u8; 4]) {
    *key = [0; 4];
}

#[test]
fn every_option_of_a_field_does_what_it_says() {
    let mut request = Request::pooled();
    assert_eq!(request.fallback_port, 81, "`value` is also what a field is born with");
    assert_eq!(request.path, "/", "`init` is what a field is born with");
    assert!(request.body.capacity() >= ROOM, "`capacity` is reserved at birth");
    assert!(request.token.capacity() >= 32, "`capacity` is reserved beside `zeroize`");
    assert!(request.headers.capacity() >= 8, "`capacity` is reserved beside `default`");

    request.method.push_str("GET");
    request.served += 1;
    request.port = 8080;
    request.fallback_port = 8081;
    request.path.push_str("health");
    request.trail.push("proxy");
    request.body.resize(ROOM * 8, 1);
    request.token.push_str("secret");
    request.key = [7; 4];
    assert!(
        request.headers.insert(String::from("host"), String::new()).is_none(),
        "the table is empty"
    );
    request.reset();

    assert_eq!(request.method, "", "a field without options is reset");
    assert_eq!(request.served, 1, "`skip` leaves the field as it is");
    assert_eq!(request.port, 0, "`default` assigns the default");
    assert_eq!(request.fallback_port, 81, "`value` is assigned again");
    assert_eq!(request.path, "", "`init` is not assigned again");
    assert!(request.trail.is_empty(), "`with` is called");
    assert!(request.body.is_empty(), "a buffer is emptied");
    assert!(request.body.capacity() < ROOM * 8, "`max_capacity` gives bloat back");
    assert_eq!(request.token, "", "a secret is wiped");
    assert_eq!(request.key, [0; 4], "`with` wipes a secret");
    assert!(request.headers.is_empty(), "a table is emptied");
    assert!(request.headers.capacity() >= 8, "`capacity` is reserved again");
}

/// The options of a type.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
#[pool(create = Self::new, validate = Self::is_sound, accessor = "take", name = "connections")]
#[pool(cache = CACHED, max_idle = CACHED * 2, max_object_bytes = 4096, drop_wipe = false)]
#[pool(max_bytes = 1 << 20)]
struct Connection {
    id: u64,
    broken: bool,
    #[pool(zeroize)]
    key: Vec<u8>,
}

const CACHED: usize = 2;

impl Connection {
    fn new() -> Self {
        Self { id: 7, broken: false, key: Vec::with_capacity(16) }
    }

    const fn is_sound(&self) -> bool {
        !self.broken
    }
}

#[test]
fn every_option_of_a_type_does_what_it_says() {
    let mut connection: Pooled<Connection> = Connection::take();
    assert_eq!(connection.id, 7, "`create` made the object");
    connection.broken = true;
    drop(connection);
    let discarded = Connection::pool().stats().discarded;
    assert_eq!(discarded.invalid, 1, "`validate` refused the object");

    let mut taken = Pooled::into_inner(Connection::take());
    taken.key.push(1);
    let Connection { key, .. } = taken;
    assert_eq!(key, [1], "`drop_wipe = false` lets fields be moved out");

    let mut bloated = Connection::take();
    bloated.key.reserve(1 << 16);
    drop(bloated);
    let oversize = Connection::pool().stats().discarded.oversize;
    assert_eq!(oversize, 1, "`max_object_bytes` frees what is too big");
    assert_eq!(Connection::pool().prewarm(16), CACHED * 2, "`max_idle` limits the depot");
    assert_eq!(Connection::pool().name(), "connections", "`name` names the pool");
}

/// A type with more to ask of its parameter than its fields tell.
#[derive(Reset)]
#[pool(crate = ::renamed, create = Self::new, bound = "T: Shelf")]
struct Stock<T> {
    #[pool(skip)]
    shelf: usize,
    items: Vec<T>,
}

trait Shelf {
    const SHELF: usize;
}

impl Shelf for u8 {
    const SHELF: usize = 3;
}

impl<T: Shelf> Stock<T> {
    const fn new() -> Self {
        Self { shelf: T::SHELF, items: Vec::new() }
    }
}

#[test]
fn a_bound_of_ones_own_reaches_the_given_functions() {
    let mut stock = Stock::<u8>::blank();
    stock.items.push(1);
    stock.reset();
    assert_eq!(stock.shelf, 3, "`create` could use `T: Shelf`");
    assert!(stock.items.is_empty(), "a field without options is reset");
}

/// An enum with the variant that std calls the default one.
#[derive(Poolable, Default, PartialEq, Debug)]
#[pool(crate = ::renamed)]
enum Phase {
    Failed {
        #[pool(zeroize)]
        reason: String,
    },
    #[default]
    Waiting,
    Running(#[allow(dead_code, reason = "only replaced")] u64),
}

#[test]
fn an_enum_becomes_its_default_variant() {
    let mut phase = Phase::pooled();
    assert_eq!(*phase, Phase::Waiting, "it is born as the default variant");
    *phase = Phase::Failed { reason: String::from("timeout") };
    phase.reset();
    assert_eq!(*phase, Phase::Waiting, "it is reset to the default variant");
    *phase = Phase::Running(3);
    phase.reset();
    assert_eq!(*phase, Phase::default(), "it is reset from any variant");
}

/// An enum whose blank variant has fields, and is not std's default.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
enum Slot {
    Closed,
    #[pool(blank)]
    Open {
        #[pool(capacity = 16)]
        buffer: Vec<u8>,
        #[pool(skip, init = 1)]
        turn: u64,
    },
}

#[test]
fn an_enum_is_reset_in_place_if_it_is_blank_already() {
    let mut slot = Slot::pooled();
    if let Slot::Open { turn, buffer } = &mut *slot {
        *turn += 1;
        buffer.push(1);
    }
    slot.reset();
    assert!(
        ::core::matches!(&*slot, Slot::Open { turn: 2, buffer } if buffer.is_empty()),
        "a skipped field of the blank variant is left as it is"
    );
    *slot = Slot::Closed;
    slot.reset();
    assert!(
        ::core::matches!(&*slot, Slot::Open { turn: 1, .. }),
        "another variant is replaced by a new blank one"
    );
}

/// Shapes without names.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
struct Pair(#[pool(value = 1)] u8, String);

/// Nothing to reset.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
struct Unit;

/// Nothing to reset, in braces.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
struct Empty {}

/// Aligned, and laid out as in C.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
#[repr(C, align(64))]
struct Line {
    bytes: [u8; 3],
}

#[test]
fn structs_of_every_shape_have_a_pool() {
    let mut pair = Pair::pooled();
    pair.0 = 9;
    pair.1.push('x');
    pair.reset();
    assert_eq!((pair.0, &*pair.1), (1, ""), "fields without names are reset");

    drop(Unit::pooled());
    assert_eq!(Unit::pool().stats().returned, 1, "a unit struct has a pool");
    drop(Empty::pooled());
    assert_eq!(Empty::pool().stats().returned, 1, "an empty struct has a pool");

    let mut line = Line::pooled();
    line.bytes = [1; 3];
    let address = ::core::ptr::from_ref(&*line).addr();
    assert_eq!(address % 64, 0, "the alignment of the type holds in the pool");
    line.reset();
    assert_eq!(line.bytes, [0; 3], "an aligned type is reset");
}
