//! The source text of shapes.
//!
//! ```text
//! #[derive(Poolable)]
//! #[pool(cache = 7)]
//! struct Named007 { .. }
//! impl Named007 { /* what its attributes name */ }
//! impl Drop for Named007 { .. }                   // with `drop_wipe = false`
//! impl Shape for Named007 { .. }
//! impl PooledShape for Named007 { .. }            // if it has a pool
//! #[test] fn named007_shows_what_its_attributes_say() { .. }
//! #[test] fn named007_comes_back_from_its_pool() { .. }
//! ```

use core::fmt::Write;

use crate::attributes::{Action, Function};
use crate::expect;
use crate::shapes::{Blank, Field, Shape, Style, Variant};

/// The file with all shapes.
pub(crate) fn file(seed: u64, shapes: &[Shape]) -> String {
    let mut out = format!("const SEED: u64 = {seed};\n");
    for shape in shapes {
        out.push_str(&declaration(shape));
        out.push_str(&own_items(shape));
        out.push_str(&expect::shape_impl(shape));
        out.push_str(&tests(shape));
    }
    out
}

/// `impl #name for Type<..> {`, generic or at the arguments that are tested.
pub(crate) fn head(shape: &Shape, name: Option<&str>, is_generic: bool) -> String {
    let list = |texts: Vec<&str>| match texts.len() {
        0 => String::new(),
        _ => format!("<{}>", texts.join(", ")),
    };
    let parameters = &shape.parameters;
    let target = name.map_or_else(String::new, |name| format!("{name} for "));
    if is_generic {
        let declared = list(parameters.iter().map(|it| &it.declared[..]).collect());
        let names = list(parameters.iter().map(|it| it.name).collect());
        format!("impl{declared} {target}{}{names}{} {{\n", shape.name, wheres(shape))
    } else {
        format!("impl {target}{} {{\n", at_arguments(shape))
    }
}

/// The type as it is tested.
pub(crate) fn at_arguments(shape: &Shape) -> String {
    let arguments: Vec<_> = shape.parameters.iter().map(|it| &it.argument[..]).collect();
    match arguments.len() {
        0 => shape.name.clone(),
        _ => format!("{}<{}>", shape.name, arguments.join(", ")),
    }
}

fn wheres(shape: &Shape) -> String {
    if shape.wheres.is_empty() {
        return String::new();
    }
    format!(" where {}", shape.wheres.join(", "))
}

fn declaration(shape: &Shape) -> String {
    let mut out = String::new();
    let derive = if shape.is_pooled { "Poolable" } else { "Reset" };
    let default = if shape.blank == Blank::Pool { "" } else { "Default, " };
    writeln!(out, "\n#[derive({default}{derive})]").expect(INTO_MEMORY);
    match &shape.options[..] {
        [] => {}
        // Several attributes are one.
        [first, rest @ ..] if shape.options.len() > 2 => {
            writeln!(out, "#[pool({first})]\n#[pool({},)]", rest.join(", ")).expect(INTO_MEMORY);
        }
        all => writeln!(out, "#[pool({})]", all.join(", ")).expect(INTO_MEMORY),
    }
    if let Some(repr) = shape.repr {
        writeln!(out, "#[repr({repr})]").expect(INTO_MEMORY);
    }
    let parameters: Vec<_> = shape.parameters.iter().map(|it| &it.declared[..]).collect();
    let parameters = match parameters.len() {
        0 => String::new(),
        _ => format!("<{}>", parameters.join(", ")),
    };
    let (name, wheres) = (&shape.name, wheres(shape));
    if shape.is_enum() {
        write!(out, "enum {name}{parameters}{wheres} {{\n{}}}\n", variants(shape))
    } else {
        let variant = &shape.variants[0];
        let fields = fields(variant);
        match variant.style {
            Style::Named => writeln!(out, "struct {name}{parameters}{wheres} {fields}"),
            Style::Tuple => writeln!(out, "struct {name}{parameters}{fields}{wheres};"),
            Style::Unit => writeln!(out, "struct {name}{parameters}{wheres};"),
        }
    }
    .expect(INTO_MEMORY);
    out
}

/// Why writing to a `String` cannot fail.
pub(crate) const INTO_MEMORY: &str = "memory takes any text";

fn variants(shape: &Shape) -> String {
    let mut texts: Vec<_> = shape
        .variants
        .iter()
        .enumerate()
        .map(|(index, variant)| {
            let mark = match (shape.blank, index) {
                (Blank::Pool | Blank::PoolDespiteStd, 0) => "#[pool(blank)] ",
                (Blank::Std, 0) | (Blank::PoolDespiteStd, 1) => "#[default] ",
                _ => "",
            };
            let name = variant.name.unwrap_or_default();
            format!("    {mark}{name}{},\n", fields(variant))
        })
        .collect();
    texts[1..].reverse();
    texts.swap(0, shape.blank_at);
    texts.concat()
}

/// `{ name: Ty, .. }` or `(Ty, ..)`.
fn fields(variant: &Variant) -> String {
    let texts = variant.fields.iter().map(|field| {
        let options = options(field);
        let attribute = match (&options[..], field.seed % 3) {
            ([], _) => String::new(),
            ([first, rest @ ..], 0) if !rest.is_empty() => {
                format!("#[pool({first})] #[pool({})] ", rest.join(", "))
            }
            (all, _) => format!("#[pool({})] ", all.join(", ")),
        };
        let name = match variant.style {
            Style::Named => format!("{}: ", field.name),
            _ => String::new(),
        };
        format!("{attribute}{name}{}", field.ty.declared)
    });
    let texts = texts.collect::<Vec<_>>().join(",\n    ");
    match variant.style {
        Style::Named => format!("{{\n    {texts}\n}}"),
        Style::Tuple => format!("(\n    {texts}\n)"),
        Style::Unit => String::new(),
    }
}

/// The options of a field as they stand in the source.
pub(crate) fn options(field: &Field) -> Vec<String> {
    let attributes = &field.attributes;
    let given = field.given.as_ref().map_or("", |(text, _)| text);
    let mut options = Vec::new();
    if attributes.zeroize {
        options.push(String::from("zeroize"));
    }
    match attributes.action {
        Action::Reset => {}
        Action::Skip => options.push(String::from("skip")),
        Action::Default => options.push(String::from("default")),
        Action::Value => options.push(format!("value = {given}")),
        Action::With(function) => options.push(format!("with = {}", path(field, function))),
    }
    if attributes.init {
        options.push(format!("init = {given}"));
    }
    let limits = [("capacity", &attributes.floor), ("max_capacity", &attributes.ceiling)];
    for (name, number) in limits {
        options.extend(number.as_ref().map(|number| format!("{name} = {}", number.text)));
    }
    // In any order.
    let turn = field.seed % options.len().max(1);
    options.rotate_left(turn);
    options
}

fn path(field: &Field, function: Function) -> String {
    let text = &field.ty.text;
    match function {
        Function::Stamp if field.attributes.zeroize => String::from("::poolable_shapes::shred"),
        Function::Stamp if field.seed % 2 == 0 => format!("stamp::<{text}>"),
        Function::Stamp => String::from("stamp"),
        Function::Own => format!("Self::change_{}", field.seed),
        Function::Left => String::from("left"),
        Function::Clear => field.ty.clear.unwrap_or_default().into(),
    }
}

/// `Self::Variant { name: binding, .. }`, for patterns and expressions alike.
pub(crate) fn composed(variant: &Variant, each: impl Fn(usize, &Field) -> String) -> String {
    let path = variant.name.map_or_else(String::new, |name| format!("::{name}"));
    let fields = variant.fields.iter().enumerate().map(|(index, field)| match variant.style {
        Style::Tuple => each(index, field),
        _ => format!("{}: {}", field.name, each(index, field)),
    });
    let fields = fields.collect::<Vec<_>>().join(", ");
    match variant.style {
        Style::Named => format!("Self{path} {{ {fields} }}"),
        Style::Tuple => format!("Self{path}({fields})"),
        Style::Unit => format!("Self{path}"),
    }
}

/// The functions that the attributes name, and a `Drop`.
fn own_items(shape: &Shape) -> String {
    let mut items = String::new();
    if shape.is_created {
        let value = composed(&shape.variants[0], |_, field| expect::birth(shape, field));
        writeln!(items, "    fn make() -> Self {{ {value} }}").expect(INTO_MEMORY);
    }
    for field in shape.variants.iter().flat_map(|variant| &variant.fields) {
        let (text, seed) = (&field.ty.text, field.seed);
        let given = field.given.as_ref().filter(|(text, _)| text.starts_with("Self::"));
        if let Some((_, value)) = given {
            writeln!(items, "    fn start_{seed}() -> {text} {{ {value} }}").expect(INTO_MEMORY);
        }
        if field.attributes.action == Action::With(Function::Own) {
            writeln!(items, "    fn change_{seed}(field: &mut {text}) {{ stamp(field); }}")
                .expect(INTO_MEMORY);
        }
    }
    let mut out = String::new();
    if !items.is_empty() {
        writeln!(out, "{}{items}}}", head(shape, None, true)).expect(INTO_MEMORY);
    }
    if shape.has_own_drop {
        let head = head(shape, Some("Drop"), true);
        writeln!(out, "{head}    fn drop(&mut self) {{ dropped(self); }}\n}}").expect(INTO_MEMORY);
    }
    out
}

fn tests(shape: &Shape) -> String {
    let (name, lower) = (at_arguments(shape), shape.name.to_lowercase());
    let mut out = format!(
        "#[test]
fn {lower}_shows_what_its_attributes_say() {{
    check::<{name}>(SEED);
}}
"
    );
    if shape.is_pooled {
        write!(
            out,
            "#[test]
fn {lower}_comes_back_from_its_pool() {{
    check_pool::<{name}>(SEED);
}}
"
        )
        .expect(INTO_MEMORY);
    }
    out
}
