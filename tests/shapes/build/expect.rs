//! The source text of what the fields of a shape have to show.

use core::fmt::Write;

use crate::attributes::{Action, Function};
use crate::print::{INTO_MEMORY, at_arguments, composed, head, options};
use crate::shapes::{Field, Shape, Variant, sample};

/// An expression for the value that a field is born with.
pub(crate) fn birth(shape: &Shape, field: &Field) -> String {
    let attributes = &field.attributes;
    match &field.given {
        _ if shape.is_created => sample(&field.ty, field.seed),
        Some((_, given)) => given.clone(),
        None => match (&attributes.floor, attributes.action, &field.ty.default) {
            (None, Action::Default, Some(default)) => default.clone(),
            _ => field.ty.blank.clone(),
        },
    }
}

/// An expression for what a field shows after a return; the used one is `used`.
fn on_return(field: &Field, used: &str) -> String {
    let attributes = &field.attributes;
    let (text, blank) = (&field.ty.text, &field.ty.blank);
    let value = match (attributes.action, &field.given, &field.ty.default) {
        (Action::Skip | Action::With(Function::Left), ..) => return format!("{used}.show()"),
        (Action::Reset, ..) => field.ty.after(used, attributes.zeroize),
        (Action::Default, _, Some(default)) if attributes.floor.is_none() => default.clone(),
        (Action::Value, Some((_, given)), _) => given.clone(),
        (Action::With(Function::Stamp | Function::Own), ..) => {
            format!("stamped::<{text}>({blank})")
        }
        _ => blank.clone(),
    };
    format!("shown::<{text}>(&{value})")
}

/// A match with an arm for each variant.
fn by_variant(shape: &Shape, arm: impl Fn(usize, &Variant) -> String) -> String {
    let arms = shape.variants.iter().enumerate().map(|(index, variant)| {
        let pattern = composed(variant, |index, _| format!("_part{index}"));
        format!("            {pattern} => {},\n", arm(index, variant))
    });
    format!("        match self {{\n{}        }}\n", arms.collect::<String>())
}

/// `impl Shape` and, if it has a pool, `impl PooledShape`.
pub(crate) fn shape_impl(shape: &Shape) -> String {
    let specs: String = shape.variants.iter().map(specs).collect();
    let bindings = |variant: &Variant, call: &str| {
        let each = (0..variant.fields.len()).map(|index| format!("_part{index}{call}"));
        format!("vec![{}]", each.collect::<Vec<_>>().join(", "))
    };
    let blank = &shape.variants[0];
    let at_birth: Vec<_> = blank
        .fields
        .iter()
        .map(|field| format!("shown::<{}>(&{})", field.ty.text, birth(shape, field)))
        .collect();
    let on_return: Vec<_> = blank
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| on_return(field, &format!("_part{index}")))
        .collect();
    let values: Vec<_> = shape
        .variants
        .iter()
        .enumerate()
        .map(|(index, variant)| {
            let value = composed(variant, |_, field| match index {
                0 => birth(shape, field),
                _ => field.ty.blank.clone(),
            });
            format!("{index} => {value},")
        })
        .collect();
    let mut out = head(shape, Some("Shape"), false);
    write!(
        out,
        "    const NAME: &'static str = \"{}\";
    const VARIANTS: &'static [&'static [Spec]] = &[{specs}];
    fn parts(&mut self) -> Vec<&mut dyn Part> {{
{}    }}
    fn shows(&self) -> Vec<String> {{
{}    }}
    fn variant(&self) -> usize {{
{}    }}
    fn in_variant(variant: usize) -> Self {{
        match variant {{ {} _ => unreachable!() }}
    }}
    fn at_birth() -> Vec<String> {{
        vec![{}]
    }}
    fn on_return(&self) -> Vec<String> {{
{}    }}
}}
",
        at_arguments(shape),
        by_variant(shape, |_, variant| bindings(variant, "")),
        by_variant(shape, |_, variant| bindings(variant, ".show()")),
        by_variant(shape, |index, _| index.to_string()),
        values.join(" "),
        at_birth.join(",\n            "),
        by_variant(shape, |index, _| match index {
            0 => format!("vec![{}]", on_return.join(",\n                ")),
            _ => String::from("Self::at_birth()"),
        }),
    )
    .expect(INTO_MEMORY);
    if shape.is_pooled {
        let pool = match &shape.pool_name {
            Some(name) => format!("\"{name}\""),
            None => format!("concat!(module_path!(), \"::{}\")", shape.name),
        };
        write!(
            out,
            "{}    const POOL: &'static str = {pool};
    const IS_VALIDATED: bool = {};
    fn take() -> Pooled<Self> {{ Self::{}() }}
}}
",
            head(shape, Some("PooledShape"), false),
            shape.is_validated,
            shape.accessor,
        )
        .expect(INTO_MEMORY);
    }
    out
}

/// `&[Spec::new("token", "String", "zeroize").wiped(), ..],`
fn specs(variant: &Variant) -> String {
    let each = variant.fields.iter().map(|field| {
        let attributes = &field.attributes;
        let options = options(field).join(", ");
        let mut spec =
            format!("Spec::new(\"{}\", {:?}, {options:?})", field.name, field.ty.declared);
        match attributes.action {
            Action::Reset => {}
            Action::Skip | Action::With(Function::Left) => spec += ".returns(Returns::Kept)",
            _ => spec += ".returns(Returns::Assigned)",
        }
        if attributes.zeroize {
            spec += ".wiped()";
        }
        if field.ty.is_generic() && attributes.action != Action::Reset {
            spec += ".unmeasured()";
        }
        if attributes.is_called() {
            spec += ".called()";
        }
        for (name, number) in [("floor", &attributes.floor), ("ceiling", &attributes.ceiling)] {
            if let Some(number) = number {
                write!(spec, ".{name}({})", number.value).expect(INTO_MEMORY);
            }
        }
        spec
    });
    format!("&[{}],", each.collect::<Vec<_>>().join(",\n        "))
}
