//! What a shape is: a struct or an enum, before it is text.

use crate::attributes::Attributes;
use crate::types::Ty;

/// A field of a shape.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: Ty,
    pub(crate) attributes: Attributes,
    /// What `init` or `value` says: the attribute's expression, and one that means the
    /// same where the parameters of the type are not in scope.
    pub(crate) given: Option<(String, String)>,
    /// Tells samples apart.
    pub(crate) seed: usize,
}

/// How the fields of a variant are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Named,
    Tuple,
    Unit,
}

/// The fields of a struct, or of one variant.
#[derive(Clone)]
pub(crate) struct Variant {
    pub(crate) name: Option<&'static str>,
    pub(crate) style: Style,
    pub(crate) fields: Vec<Field>,
}

/// How an enum tells which variant is blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blank {
    Pool,
    Std,
    /// Std's default is another variant.
    PoolDespiteStd,
}

/// A parameter of a type.
#[derive(Clone)]
pub(crate) struct Parameter {
    pub(crate) declared: String,
    pub(crate) name: &'static str,
    pub(crate) argument: String,
}

/// A type to be checked.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) name: String,
    pub(crate) is_pooled: bool,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) wheres: Vec<String>,
    /// The blank one first.
    pub(crate) variants: Vec<Variant>,
    /// Where the blank variant stands in the source.
    pub(crate) blank_at: usize,
    pub(crate) blank: Blank,
    pub(crate) is_created: bool,
    pub(crate) is_validated: bool,
    pub(crate) accessor: &'static str,
    pub(crate) pool_name: Option<String>,
    pub(crate) has_own_drop: bool,
    pub(crate) options: Vec<String>,
    pub(crate) repr: Option<&'static str>,
}

impl Shape {
    pub(crate) fn is_enum(&self) -> bool {
        self.variants[0].name.is_some()
    }

    pub(crate) fn has_secrets(&self) -> bool {
        self.variants.iter().flat_map(|variant| &variant.fields).any(|it| it.attributes.zeroize)
    }
}

/// An expression for a value that is not blank.
pub(crate) fn sample(ty: &Ty, seed: usize) -> String {
    let Ty { text, blank, varies, .. } = ty;
    if *varies { format!("filled::<{text}>({blank}, {seed})") } else { blank.clone() }
}
