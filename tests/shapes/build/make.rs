//! Structs and enums, put together at random.
//!
//! # Invariants
//!
//! 1. Whatever the seed, each type of the catalogue is in some shape, without options if
//!    it can be, and with several sets of them; and each combination of options that the
//!    derive accepts is there. The seed decides what comes together.

use std::collections::BTreeMap;

use crate::attributes::{Action, Attributes, Function, combinations};
use crate::catalogue;
use crate::rng::Rng;
use crate::shapes::{Blank, Field, Shape, Style, Variant, sample};
use crate::types::Ty;

/// How many sets of options each type is seen with: those of types with a capacity, of
/// which there are most, and of the others.
const SETS: [usize; 2] = [20, 6];

/// How many combinations of options there are that the derive accepts.
const KINDS: usize = 52;

/// Names that a derive has to get right: keywords, and those that its own code uses.
const NAMES: &[&str] = &[
    "name",
    "path",
    "token",
    "body",
    "count",
    "r#type",
    "r#match",
    "r#fn",
    "r#move",
    "r#async",
    "r#loop",
    "r#use",
    "value",
    "field",
    "failed",
    "reset",
    "blank",
    "wipe",
    "pool",
    "other",
    "__other",
    "__field_0",
    "__field_1",
    "__pool",
    "_wiping",
    "this",
    "default",
    "init",
    "skip",
];

const VARIANTS: &[&str] =
    &["Idle", "Busy", "None", "Some", "Ok", "Err", "Value", "Reset", "Drop", "Static", "Send"];

/// All shapes.
pub(crate) fn all(rng: &mut Rng) -> Vec<Shape> {
    let mut maker = Maker { rng, queue: Vec::new(), made: 0, fields: 0 };
    maker.fill_queue();
    let mut shapes = Vec::new();
    for style in [Style::Unit; 4] {
        shapes.push(maker.structure(style, 0));
    }
    for _ in 0..40 {
        shapes.push(maker.enumeration());
    }
    for _ in 0..40 {
        shapes.push(maker.generic());
    }
    while !maker.queue.is_empty() {
        let style = if maker.rng.once_in(3) { Style::Tuple } else { Style::Named };
        let count = 3 + maker.rng.below(8);
        shapes.push(maker.structure(style, count));
    }
    assert!(shapes.len() >= 150, "there are {} shapes", shapes.len());
    shapes
}

/// What has been made so far, and of what.
pub(crate) struct Maker<'a> {
    pub(crate) rng: &'a mut Rng,
    /// What has yet to be in some shape.
    queue: Vec<(Ty, Attributes)>,
    made: usize,
    fields: usize,
}

impl Maker<'_> {
    fn fill_queue(&mut self) {
        let mut times_seen = BTreeMap::new();
        for ty in catalogue::all() {
            let mut sets = combinations(&ty, self.rng);
            let wanted = if ty.has_capacity { SETS[0] } else { SETS[1] };
            // The first one is the field without options, if there is such a one.
            shuffle(&mut sets[1..], self.rng);
            sets[1..].sort_by_key(|set| times_seen.get(&set.kind()).copied().unwrap_or(0));
            sets.truncate(wanted);
            for set in sets {
                *times_seen.entry(set.kind()).or_insert(0) += 1;
                self.queue.push((ty.clone(), set));
            }
        }
        assert_eq!(times_seen.len(), KINDS, "each combination of options is seen");
        shuffle(&mut self.queue, self.rng);
    }

    /// Takes up to `count` fields off the queue that `fit`.
    pub(crate) fn take(
        &mut self,
        count: usize,
        fit: impl Fn(&Ty, &Attributes) -> bool,
    ) -> Vec<Field> {
        let mut taken = Vec::new();
        let mut index = self.queue.len();
        while taken.len() < count && index > 0 {
            index -= 1;
            if fit(&self.queue[index].0, &self.queue[index].1) {
                let (ty, attributes) = self.queue.swap_remove(index);
                taken.push(self.field(ty, attributes));
            }
        }
        taken
    }

    pub(crate) fn field(&mut self, ty: Ty, attributes: Attributes) -> Field {
        self.fields += 1;
        let seed = self.fields;
        let given = attributes.init || attributes.action == Action::Value;
        let given = given.then(|| {
            let text = match &ty.text[..] {
                "String" => format!("String::from(\"start {seed}\")"),
                "u32" | "i64" | "f64" if seed % 2 == 0 => format!("{seed}_{}", ty.text),
                _ => sample(&ty, seed),
            };
            let is_own = self.rng.once_in(4);
            (if is_own { format!("Self::start_{seed}()") } else { text.clone() }, text)
        });
        Field { name: String::new(), ty, attributes, given, seed }
    }

    /// Names the fields of a variant.
    pub(crate) fn variant(
        &mut self,
        name: Option<&'static str>,
        style: Style,
        fields: Vec<Field>,
    ) -> Variant {
        let mut names = NAMES.to_vec();
        shuffle(&mut names, self.rng);
        let fields = fields.into_iter().enumerate().map(|(index, field)| Field {
            name: if style == Style::Tuple { index.to_string() } else { names[index].into() },
            ..field
        });
        Variant { name, style, fields: fields.collect() }
    }

    /// A shape of its variants, with nothing else decided.
    pub(crate) fn shape(&mut self, prefix: &str, is_pooled: bool, variants: Vec<Variant>) -> Shape {
        self.made += 1;
        Shape {
            name: format!("{prefix}{:03}", self.made),
            is_pooled,
            parameters: Vec::new(),
            wheres: Vec::new(),
            blank_at: self.rng.below(variants.len()),
            variants,
            blank: Blank::Pool,
            is_created: false,
            is_validated: false,
            accessor: "pooled",
            pool_name: None,
            has_own_drop: false,
            options: Vec::new(),
            repr: None,
        }
    }

    fn structure(&mut self, style: Style, count: usize) -> Shape {
        let is_pooled = !self.rng.once_in(3);
        let is_created = self.rng.once_in(5);
        let fields = self.take(count, |ty, attributes| {
            (ty.is_send || !is_pooled) && (attributes.fit_under_create() || !is_created)
        });
        let is_pooled = is_pooled && !(fields.is_empty() && count > 0);
        let fields = if fields.is_empty() { self.take(count, |_, _| true) } else { fields };
        let is_created = is_created && fields.iter().all(|it| it.attributes.fit_under_create());
        let mut fields = fields;
        if is_created && style != Style::Unit {
            fields.push(self.born_by_create());
        }
        let variants = vec![self.variant(None, style, fields)];
        let prefix = match style {
            Style::Named => "Named",
            Style::Tuple => "Tuple",
            Style::Unit => "Unit",
        };
        let mut shape = self.shape(prefix, is_pooled, variants);
        shape.is_created = is_created;
        if self.rng.once_in(8) {
            shape.repr = Some("align(64)");
        }
        self.options(&mut shape);
        shape
    }

    /// A field that nothing but `create` can make.
    fn born_by_create(&mut self) -> Field {
        let action = *self.rng.pick(&[Action::Skip, Action::With(Function::Stamp)]);
        self.field(catalogue::handle(), Attributes { action, ..Attributes::none() })
    }

    fn enumeration(&mut self) -> Shape {
        let is_pooled = !self.rng.once_in(3);
        let mut names = VARIANTS.to_vec();
        shuffle(&mut names, self.rng);
        let blank = *self.rng.pick(&[Blank::Pool, Blank::Pool, Blank::Std, Blank::PoolDespiteStd]);
        let mut variants = Vec::new();
        for (index, name) in names.into_iter().take(1 + self.rng.below(4)).enumerate() {
            let is_unit = match index {
                0 => blank == Blank::Std,
                // Std's default is the second one, if it is not the blank one.
                1 => blank == Blank::PoolDespiteStd,
                _ => false,
            };
            let style = *self.rng.pick(&[Style::Named, Style::Tuple, Style::Unit]);
            let style = if is_unit { Style::Unit } else { style };
            let count = if style == Style::Unit { 0 } else { 1 + self.rng.below(5) };
            let fields = if index == 0 {
                self.take(count, |ty, _| ty.is_send || !is_pooled)
            } else {
                self.other_fields(count, is_pooled)
            };
            variants.push(self.variant(Some(name), style, fields));
        }
        let blank =
            if variants.len() == 1 && blank == Blank::PoolDespiteStd { Blank::Pool } else { blank };
        let fields = &variants[0].fields;
        let is_created =
            fields.iter().all(|it| it.attributes.fit_under_create()) && self.rng.once_in(4);
        let mut shape = self.shape("Enum", is_pooled, variants);
        shape.blank = blank;
        shape.is_created = is_created;
        self.options(&mut shape);
        shape
    }

    /// Fields of a variant that is not blank: whatever their type, they may be secrets.
    pub(crate) fn other_fields(&mut self, count: usize, is_pooled: bool) -> Vec<Field> {
        let types = catalogue::all();
        let types: Vec<_> = types.into_iter().filter(|ty| ty.is_send || !is_pooled).collect();
        let field = |maker: &mut Self| {
            let ty = maker.rng.pick(&types).clone();
            let (zeroize, action) = match maker.rng.below(3) {
                0 if ty.has_wipe => (true, Action::Reset),
                1 if ty.varies => (true, Action::With(Function::Stamp)),
                _ => (false, Action::Reset),
            };
            maker.field(ty, Attributes { zeroize, action, ..Attributes::none() })
        };
        (0..count).map(|_| field(self)).collect()
    }

    /// Picks the options of a type.
    pub(crate) fn options(&mut self, shape: &mut Shape) {
        let mut options = Vec::new();
        if shape.is_created {
            options.push(String::from("create = Self::make"));
        }
        if self.rng.once_in(8) {
            options.push(String::from("crate = ::poolable_shapes::elsewhere"));
        }
        if shape.has_secrets() && self.rng.once_in(3) {
            options.push(String::from("drop_wipe = false"));
            shape.has_own_drop = true;
        }
        if shape.is_pooled {
            self.pool_options(shape, &mut options);
        }
        shuffle(&mut options, self.rng);
        shape.options.extend(options);
    }

    fn pool_options(&mut self, shape: &mut Shape, options: &mut Vec<String>) {
        let cache = *self.rng.pick(&[None, None, Some(0), Some(1), Some(7)]);
        options.extend(cache.map(|cache| format!("cache = {cache}")));
        let least_idle = if cache == Some(0) { 1 } else { 0 };
        if self.rng.once_in(4) {
            options.push(format!("max_idle = {}", least_idle + self.rng.below(3)));
        }
        if self.rng.once_in(4) {
            options.push(String::from("max_object_bytes = 1 << 20"));
        }
        if self.rng.once_in(4) {
            options.push(String::from("max_bytes = 1 << 24"));
        }
        if self.rng.once_in(4) {
            options.push(String::from("validate = approve"));
            shape.is_validated = true;
        }
        if self.rng.once_in(4) {
            shape.accessor = *self.rng.pick(&["acquire", "from_pool", "get"]);
            options.push(format!("accessor = \"{}\"", shape.accessor));
        }
        if self.rng.once_in(4) {
            let name = format!("shapes/{}", shape.name);
            options.push(format!("name = \"{name}\""));
            shape.pool_name = Some(name);
        }
    }
}

pub(crate) fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for end in (2..=items.len()).rev() {
        items.swap(end - 1, rng.below(end));
    }
}
