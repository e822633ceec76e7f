//! Types that a macro of the user's writes.

use ::core::clone::Clone;
use ::core::convert::From;
#[allow(unused_imports, reason = "the `assert!` of some versions calls it by name")]
use ::core::panic;
use ::core::{assert, assert_eq};
use ::renamed::{Poolable, Reset};
use ::std::string::String;

#[allow(edition_2024_expr_fragment_specifier, reason = "any kind of expression will do")]
macro_rules! message {
    (
        $(#[$meta:meta])* $name:ident in $krate:path as $accessor:literal, at most $idle:expr;
        $($field:ident: $ty:ty = $init:expr, to $given:expr, by $with:path;)*
    ) => {
        $(#[$meta])*
        #[derive(Poolable)]
        #[pool(crate = $krate, accessor = $accessor, max_idle = $idle)]
        struct $name {
            $(
                #[pool(init = $init, with = $with)]
                $field: $ty,
            )*
            #[pool(value = hidden())]
            hidden: u8,
            #[pool(capacity = $idle, max_capacity = ROOM)]
            buffer: ::std::vec::Vec<u8>,
            #[pool(zeroize)]
            secret: String,
        }

        const ROOM: usize = 64;

        const fn hidden() -> u8 {
            42
        }

        #[test]
        fn a_type_written_by_a_macro_is_reset() {
            let mut message = $name::take();
            $(assert!(message.$field == $init, "`init` is given by the macro's user");)*
            assert_eq!(message.hidden, 42, "`value` is given by the macro");
            message.hidden = 1;
            message.secret.push_str("secret");
            message.buffer.resize(ROOM * 2, 1);
            message.reset();
            $(assert!(message.$field == $given, "`with` is given by the macro's user");)*
            assert_eq!(message.hidden, 42, "a field named by the macro is reset");
            assert_eq!(message.secret, "", "a secret named by the macro is wiped");
            assert_eq!(message.buffer.capacity(), ROOM, "the ceiling comes from the macro");
            assert_eq!($name::pool().prewarm(100), $idle, "the limit comes from the user");
        }
    };
}

message! {
    /// Written by a macro.
    Letter in ::renamed as "take", at most 2 + 1;
    subject: String = String::from("none"), to "", by String::clear;
    stamps: u64 = LEAST * 2, to 5, by five;
}

const LEAST: u64 = 5;

fn five(stamps: &mut u64) {
    *stamps = 5;
}

macro_rules! wrapper {
    ($name:ident<$($param:ident),*> { $($field:ident: $ty:ty),* } $(where $($bound:tt)*)?) => {
        /// Written by a macro.
        #[derive(Reset)]
        #[pool(crate = ::renamed)]
        struct $name<$($param),*> $(where $($bound)*)? {
            $($field: $ty,)*
        }
    };
}

wrapper! { Both<A, B> { first: A, second: ::std::vec::Vec<B> } where A: Clone }

macro_rules! choice {
    ($name:ident as $names:literal: $blank:ident | $($other:ident($ty:ty))|*) => {
        /// Written by a macro.
        #[derive(Poolable)]
        #[pool(crate = ::renamed, name = $names)]
        enum $name {
            #[pool(blank)]
            $blank,
            $($other(#[pool(zeroize)] $ty),)*
        }
    };
}

choice! { Reply as "replies": Silence | Text(String) | Bytes(::std::vec::Vec<u8>) }

#[test]
fn a_generic_type_written_by_a_macro_is_reset() {
    let mut both = Both { first: 7_u8, second: ::std::vec![1_u16] };
    both.reset();
    assert_eq!((both.first, both.second.len()), (0, 0), "both fields are reset");
}

#[test]
fn an_enum_written_by_a_macro_is_reset() {
    let mut reply = Reply::pooled();
    for full in [Reply::Text(String::from("x")), Reply::Bytes(::std::vec![1])] {
        *reply = full;
        reply.reset();
        assert!(::core::matches!(&*reply, Reply::Silence), "it is the blank variant");
    }
    assert_eq!(Reply::pool().name(), "replies", "the name comes from the macro's user");
}
