//! Types with parameters. They have no pool of their own, and so derive `Reset`.

use crate::attributes::{Action, Attributes, Function, Number, combinations};
use crate::catalogue;
use crate::make::{Maker, shuffle};
use crate::shapes::{Field, Parameter, Shape, Style, Variant};
use crate::types::{self, Ty};

impl Maker<'_> {
    /// A type with a lifetime, a type and a const parameter.
    pub(crate) fn generic(&mut self) -> Shape {
        let length = 1 + self.rng.below(5);
        let argument = match self.rng.below(4) {
            0 => types::number("u32"),
            1 => types::string(),
            2 => types::vec(&types::number("u8")),
            _ => catalogue::leaf(),
        };
        let argument = argument.declared_as("T");
        let mut fields = Vec::new();
        for ty in generic_types(&argument, length) {
            if self.rng.once_in(2) {
                continue;
            }
            let sets = combinations(&ty, self.rng);
            let sets: Vec<_> = sets.into_iter().filter(fits_generic).collect();
            let mut set = self.rng.pick(&sets).clone();
            if let Action::With(_) = set.action {
                set.action = Action::With(Function::Left);
            }
            if let Some(floor) = &mut set.floor {
                *floor = Number { text: String::from("N"), value: length };
            }
            fields.push(self.field(ty, set));
        }
        let mut size = self.field(types::number("usize"), Attributes::none());
        size.attributes.action = Action::Value;
        size.given = Some((String::from("N * 3"), format!("{}", length * 3)));
        fields.push(size);
        let mut marker = types::phantom(&argument);
        marker.declared = String::from("PhantomData<&'a T>");
        marker.text = format!("PhantomData<&'static {}>", argument.text);
        fields.push(self.field(marker, Attributes::none()));
        let count = self.rng.below(4);
        fields.extend(self.take(count, |_, _| true));
        shuffle(&mut fields, self.rng);

        let variants = self.generic_variants(fields);
        let mut shape = self.shape("Generic", false, variants);
        self.bounds(&mut shape);
        let declared = if shape.wheres.is_empty() && self.rng.once_in(2) { "T: 'a" } else { "T" };
        let parameter = |declared: &str, name, argument: &str| Parameter {
            declared: declared.into(),
            name,
            argument: argument.into(),
        };
        shape.parameters = vec![
            parameter("'a", "'a", "'static"),
            parameter(declared, "T", &argument.text),
            parameter("const N: usize", "N", &length.to_string()),
        ];
        shape
    }

    fn generic_variants(&mut self, fields: Vec<Field>) -> Vec<Variant> {
        let style = *self.rng.pick(&[Style::Named, Style::Tuple]);
        if !self.rng.once_in(4) {
            return vec![self.variant(None, style, fields)];
        }
        let others = self.other_fields(2, false);
        vec![
            self.variant(Some("Idle"), style, fields),
            self.variant(Some("Busy"), Style::Tuple, others),
        ]
    }

    /// What a type has to ask of its parameter, and what the derive cannot infer.
    fn bounds(&mut self, shape: &mut Shape) {
        let fields = shape.variants.iter().flat_map(|variant| &variant.fields);
        let generic: Vec<_> = fields.filter(|it| it.ty.is_generic()).collect();
        let wipes = |field: &&Field| {
            let attributes = &field.attributes;
            attributes.zeroize && !matches!(attributes.action, Action::With(_))
        };
        let mut options = Vec::new();
        if generic.iter().any(|field| wipes(field) && mentions(&field.ty.declared, "T")) {
            shape.wheres.push(String::from("T: ::poolable::Wipe"));
        }
        // Its elements are reset after the wipe.
        if generic.iter().any(|field| wipes(field) && field.ty.text.starts_with("RetainVec")) {
            shape.wheres.push(String::from("T: ::poolable::Reset"));
        }
        let is_plain = |field: &&Field| field.attributes.action == Action::Reset;
        if generic.iter().all(is_plain) {
            options.push(String::from("bound = \"T: ::poolable::Reset\""));
        }
        shape.options.extend(options);
        self.options(shape);
    }
}

/// Types that mention the parameters `'a`, `T` and `N`.
fn generic_types(argument: &Ty, length: usize) -> Vec<Ty> {
    let bytes = types::number("u8");
    let text = types::text("&'a str");
    vec![
        argument.clone(),
        types::vec(argument),
        types::option(argument),
        types::boxed(argument),
        types::mutex(argument),
        types::array(argument, "N", length),
        types::tuple(&[argument, &types::string()]),
        types::map(&types::string(), argument),
        types::retain_vec(argument),
        types::array(&bytes, "N", length),
        types::vec(&text),
        types::option(&text),
        text.clone(),
        types::slice("&'a [u16]"),
        types::cow("Cow<'a, str>", "Cow<'static, str>", "String::new()"),
    ]
}

/// Whether options work without more bounds on the parameters.
fn fits_generic(set: &Attributes) -> bool {
    // The samples are of concrete types.
    let is_given = set.init || set.action == Action::Value;
    // The ceiling would have to be above `N`.
    let has_ceiling = set.ceiling.is_some();
    let wipes_with = set.zeroize && matches!(set.action, Action::With(_));
    !is_given && !has_ceiling && !wipes_with
}

/// Whether a type mentions a parameter, a word of its own.
fn mentions(text: &str, parameter: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == parameter)
}
