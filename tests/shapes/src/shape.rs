//! What is checked: a type, and what the attributes of its fields ask for.

use poolable::{Poolable, Pooled, Reset};

use crate::part::Part;

/// What a return does to a field, as far as its memory is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// Made blank in place: the allocations stay.
    Blank,
    /// Left as it is.
    Kept,
    /// Replaced, or changed by a function of the user's.
    Assigned,
}

/// A field, and what its attributes ask for.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    pub(crate) name: &'static str,
    pub(crate) ty: &'static str,
    pub(crate) attributes: &'static str,
    pub(crate) returns: Returns,
    pub(crate) wiped: bool,
    pub(crate) called: bool,
    pub(crate) measured: bool,
    pub(crate) floor: usize,
    pub(crate) ceiling: Option<usize>,
}

impl Spec {
    /// Describes a field without options: `name`, type and attributes as in the source.
    #[must_use]
    pub const fn new(name: &'static str, ty: &'static str, attributes: &'static str) -> Self {
        Self {
            name,
            ty,
            attributes,
            returns: Returns::Blank,
            wiped: false,
            called: false,
            measured: true,
            floor: 0,
            ceiling: None,
        }
    }

    /// A return does something else than to reset it.
    #[must_use]
    pub const fn returns(self, returns: Returns) -> Self {
        Self { returns, ..self }
    }

    /// It is a secret.
    #[must_use]
    pub const fn wiped(self) -> Self {
        Self { wiped: true, ..self }
    }

    /// A function of module `calls` is called, once.
    #[must_use]
    pub const fn called(self) -> Self {
        Self { called: true, ..self }
    }

    /// `retained_bytes` need not count it: its type is a parameter, and nothing else asks
    /// for the parameter's `Reset`.
    #[must_use]
    pub const fn unmeasured(self) -> Self {
        Self { measured: false, ..self }
    }

    /// `capacity = N`
    #[must_use]
    pub const fn floor(self, floor: usize) -> Self {
        Self { floor, ..self }
    }

    /// `max_capacity = N`
    #[must_use]
    pub const fn ceiling(self, ceiling: usize) -> Self {
        Self { ceiling: Some(ceiling), ..self }
    }
}

/// A type that is checked.
pub trait Shape: Reset + Sized + 'static {
    /// What messages call it.
    const NAME: &'static str;
    /// The fields of each variant, those of the blank one first. A struct has one.
    const VARIANTS: &'static [&'static [Spec]];
    /// The fields of the current variant.
    fn parts(&mut self) -> Vec<&mut dyn Part>;

    /// What the fields of the current variant show.
    fn shows(&self) -> Vec<String>;

    /// The index of the current variant.
    fn variant(&self) -> usize;

    /// A value in that variant, whatever its fields show.
    fn in_variant(variant: usize) -> Self;

    /// What the fields have to show in a new value.
    fn at_birth() -> Vec<String>;

    /// What the fields of this value, in the blank variant, have to show after a reset.
    fn on_return(&self) -> Vec<String>;
}

/// A type with a pool that is checked.
pub trait PooledShape: Shape + Poolable<Static = Self> {
    /// The name that the pool has to have.
    const POOL: &'static str;
    /// Whether it is validated by `approve`.
    const IS_VALIDATED: bool;

    /// Calls the accessor.
    fn take() -> Pooled<Self>;
}
