//! Other things under the names that expansions use.

macro_rules! hostile_macros {
    ($($name:ident)*) => {$(
        #[allow(unused_macros, reason = "an expansion that calls it does not compile")]
        macro_rules! $name {
            ($first:tt $second:tt $third:tt) => {};
        }
    )*};
}

hostile_macros! { assert concat const_assert debug_assert module_path stringify thread_local }

/// Traits, types and modules called as those of std and of the runtime.
#[allow(
    dead_code,
    non_camel_case_types,
    non_upper_case_globals,
    clippy::upper_case_acronyms,
    reason = "only their names matter"
)]
mod hostile {
    pub(super) mod core {
        pub(crate) mod marker {}
        pub(crate) mod ops {}
    }
    pub(super) mod std {
        pub(crate) mod string {}
    }
    pub(super) mod alloc {}
    pub(super) mod poolable {}
    pub(super) mod pool_core {}

    pub(super) struct String;
    pub(super) struct Option;
    pub(super) struct Vec;
    pub(super) struct Box;
    pub(super) struct Result;
    pub(super) struct Some;
    pub(super) struct None;
    pub(super) struct Ok;
    pub(super) struct Err;
    pub(super) struct Pooled;
    pub(super) struct TypePool;
    pub(super) struct Home;
    pub(super) struct Local;
    pub(super) struct Limits;
    pub(super) struct Wiping;
    pub(super) struct PhantomData;

    pub(super) struct bool;
    pub(super) struct u8;
    pub(super) struct usize;
    pub(super) struct str;

    pub(super) trait Default {}
    pub(super) trait Drop {}
    pub(super) trait Clone {}
    pub(super) trait Sized {}
    pub(super) trait Send {}
    pub(super) trait Sync {}
    pub(super) trait Reset {}
    pub(super) trait Wipe {}
    pub(super) trait Capacity {}
    pub(super) trait Poolable {}
    pub(super) trait Unmeasured {}

    pub(super) const fn drop() {}
    pub(super) const fn blank() {}
    pub(super) const fn reset() {}
    pub(super) const fn pooled() {}
    pub(super) const value: () = ();
    pub(super) static POOL: () = ();
    pub(super) static __POOL: () = ();
}

/// Every kind of action, in the midst of those names.
#[allow(unused_imports, reason = "the names are here to be in the way")]
mod pooled_in_their_midst {
    use super::hostile::*;

    /// What the names stand for elsewhere.
    pub(super) type Text = ::std::string::String;
    pub(super) type Bytes = ::std::vec::Vec<::core::primitive::u8>;

    #[derive(::renamed::Poolable)]
    #[pool(crate = ::renamed, create = Self::new, validate = Self::is_sound)]
    #[pool(cache = 4, max_idle = 8, max_object_bytes = 4096)]
    pub(super) struct Object {
        pub(super) plain: Text,
        #[pool(skip)]
        pub(super) kept: ::core::primitive::u8,
        #[pool(default)]
        pub(super) fresh: Text,
        #[pool(default, capacity = 4)]
        pub(super) roomy: Bytes,
        #[pool(value = 1)]
        pub(super) given: ::core::primitive::u8,
        #[pool(with = clear)]
        pub(super) cleared: Bytes,
        #[pool(capacity = 4, max_capacity = 8)]
        pub(super) bounded: Bytes,
        #[pool(zeroize)]
        pub(super) secret: Text,
        #[pool(zeroize, with = clear)]
        pub(super) wiped: Bytes,
    }

    impl Object {
        const fn new() -> Self {
            Self {
                plain: Text::new(),
                kept: 0,
                fresh: Text::new(),
                roomy: Bytes::new(),
                given: 1,
                cleared: Bytes::new(),
                bounded: Bytes::new(),
                secret: Text::new(),
                wiped: Bytes::new(),
            }
        }

        const fn is_sound(&self) -> ::core::primitive::bool {
            self.given != 255
        }
    }

    fn clear(bytes: &mut Bytes) {
        bytes.clear();
    }

    #[derive(::renamed::Poolable)]
    #[pool(crate = ::renamed)]
    pub(super) enum Choice {
        #[pool(blank)]
        Some {
            text: Text,
        },
        None(#[pool(zeroize)] Text),
    }

    #[derive(::renamed::Reset)]
    #[pool(crate = ::renamed)]
    pub(super) struct Holder<T> {
        pub(super) held: T,
        #[pool(skip, init = 0)]
        pub(super) kept: ::core::primitive::u8,
    }
}

use ::core::convert::From;
#[allow(unused_imports, reason = "the `assert!` of some versions calls it by name")]
use ::core::panic;
use ::core::{assert_eq, matches};
use ::renamed::Reset;
use pooled_in_their_midst::{Choice, Holder, Object, Text};

#[test]
fn an_expansion_uses_no_name_that_the_user_can_take() {
    let mut object = Object::pooled();
    object.plain.push('x');
    object.kept = 1;
    object.fresh.push('x');
    object.roomy.push(1);
    object.given = 2;
    object.cleared.push(1);
    object.bounded.resize(16, 1);
    object.secret.push('x');
    object.wiped.push(1);
    object.reset();
    assert_eq!((object.kept, object.given), (1, 1), "numbers are treated as they should be");
    let lengths = [
        object.plain.len(),
        object.fresh.len(),
        object.roomy.len(),
        object.cleared.len(),
        object.bounded.len(),
        object.secret.len(),
        object.wiped.len(),
    ];
    assert_eq!(lengths, [0; 7], "every buffer is empty");
    assert_eq!(object.bounded.capacity(), 8, "the ceiling holds");

    let mut choice = Choice::pooled();
    *choice = Choice::None(Text::from("x"));
    choice.reset();
    ::core::assert!(matches!(&*choice, Choice::Some { text } if text.is_empty()), "it is blank");

    let mut holder = Holder { held: 7_u8, kept: 3 };
    holder.reset();
    assert_eq!((holder.held, holder.kept), (0, 3), "a generic type is reset");
}
