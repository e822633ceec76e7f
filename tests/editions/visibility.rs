//! Who may see a type, its fields and its accessor, and what lints ask of those.

use ::renamed::Poolable;
use ::std::string::String;

/// Public, with fields of a private type.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
pub struct Public {
    /// For everybody.
    pub id: u64,
    private: Private,
}

/// Private, with a public field.
#[derive(::renamed::Reset)]
#[pool(crate = ::renamed)]
struct Private {
    /// As public as its type.
    pub text: String,
}

impl Public {
    /// What only this module sees.
    #[must_use]
    pub fn text(&mut self) -> &mut String {
        &mut self.private.text
    }
}

/// A public enum with a private type in it, an accessor, and documentation in the way.
#[derive(Poolable)]
#[pool(crate = ::renamed, accessor = "take")]
pub enum Choice {
    /// Blank.
    #[pool(blank)]
    Nothing,
    /// Something.
    Something(
        /// Of a public type.
        #[pool(zeroize)]
        String,
    ),
}

/// Types for the levels of visibility between public and private.
pub mod inner {
    use ::renamed::Poolable;

    /// For the crate.
    #[derive(Poolable)]
    #[pool(crate = ::renamed)]
    pub(crate) struct ForTheCrate {
        pub(crate) id: u8,
    }

    /// For the parent.
    #[derive(Poolable)]
    #[pool(crate = ::renamed)]
    pub(super) struct ForTheParent {
        pub(super) id: u8,
    }

    pub(in crate::visibility) mod deeper {
        use ::renamed::Poolable;

        /// For a path.
        #[derive(Poolable)]
        #[pool(crate = ::renamed)]
        pub(in crate::visibility) struct ForAPath {
            pub(in crate::visibility) id: u8,
        }

        /// For this module.
        #[derive(Poolable)]
        #[pool(crate = ::renamed)]
        struct ForItself {
            id: u8,
        }

        pub(in crate::visibility) fn own_id() -> u8 {
            ForItself::pooled().id
        }
    }
}

/// Uses each of them.
#[must_use]
pub fn ids() -> [u8; 4] {
    [
        inner::ForTheCrate::pooled().id,
        inner::ForTheParent::pooled().id,
        inner::deeper::ForAPath::pooled().id,
        inner::deeper::own_id(),
    ]
}

/// Not to be used any more, and poolable all the same.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
#[deprecated = "there is a better one"]
pub struct Old {
    /// As old as the type.
    pub id: u8,
}

/// Has a part that is not to be used any more.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
pub struct Renewed {
    /// Not to be used any more.
    #[deprecated = "there is a better one"]
    #[pool(value = 3)]
    pub old: u8,
    /// Used instead.
    pub new: u8,
    /// Not to be used any more, and secret.
    #[deprecated = "there is a better one"]
    #[pool(zeroize)]
    pub token: String,
}

/// Has a variant that is not to be used any more.
#[derive(Poolable)]
#[pool(crate = ::renamed)]
pub enum Renamed {
    /// Used instead.
    #[pool(blank)]
    New,
    /// Not to be used any more.
    #[deprecated = "there is a better one"]
    Old(u8),
}

#[cfg(test)]
mod tests {
    use super::{Choice, Public, Renamed, Renewed};
    use ::core::convert::From;
    #[allow(unused_imports, reason = "the `assert!` of some versions calls it by name")]
    use ::core::panic;
    use ::core::{assert, assert_eq, matches};
    use ::renamed::Reset;
    use ::std::string::String;

    #[test]
    fn a_public_type_may_have_private_parts() {
        let mut public = Public::pooled();
        public.id = 1;
        public.text().push('x');
        public.reset();
        assert_eq!((public.id, &**public.text()), (0, ""), "both fields are reset");

        let mut choice = Choice::take();
        *choice = Choice::Something(String::from("x"));
        choice.reset();
        assert!(matches!(*choice, Choice::Nothing), "the enum is reset");
    }

    #[test]
    fn an_accessor_is_as_visible_as_its_type() {
        assert_eq!(super::ids(), [0; 4], "each module reaches what it may");
    }

    #[test]
    #[allow(deprecated, reason = "it is what this is about")]
    fn deprecated_things_are_pooled_without_a_warning() {
        let mut old = super::Old::pooled();
        old.id = 1;
        old.reset();
        assert_eq!(old.id, 0, "a deprecated type is reset");

        let mut renewed = Renewed::pooled();
        renewed.old = 1;
        renewed.new = 1;
        renewed.token.push('x');
        renewed.reset();
        assert_eq!((renewed.old, renewed.new, &*renewed.token), (3, 0, ""), "fields are reset");

        let mut renamed = Renamed::pooled();
        *renamed = Renamed::Old(1);
        renamed.reset();
        assert!(matches!(*renamed, Renamed::New), "the enum is reset");
    }
}
