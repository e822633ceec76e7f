//! Which options go together on a field, and what they ask for.

use crate::rng::Rng;
use crate::types::Ty;

/// The option that says what a return does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Reset,
    Skip,
    Default,
    Value,
    With(Function),
}

/// What `with` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// One that puts a certain value in.
    Stamp,
    /// The same, by way of an associated function of the type.
    Own,
    /// One that leaves the field alone.
    Left,
    /// One of std's that empties the field.
    Clear,
}

/// A number as an attribute spells it.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub(crate) text: String,
    pub(crate) value: usize,
}

/// The options of a field.
#[derive(Clone, Debug)]
pub(crate) struct Attributes {
    pub(crate) action: Action,
    pub(crate) init: bool,
    pub(crate) zeroize: bool,
    pub(crate) floor: Option<Number>,
    pub(crate) ceiling: Option<Number>,
}

impl Attributes {
    /// No options.
    pub(crate) fn none() -> Self {
        Self { action: Action::Reset, init: false, zeroize: false, floor: None, ceiling: None }
    }

    /// Which options there are, whatever they say.
    pub(crate) fn kind(&self) -> (&'static str, [bool; 4]) {
        let action = match self.action {
            Action::Reset => "",
            Action::Skip => "skip",
            Action::Default => "default",
            Action::Value => "value",
            Action::With(_) => "with",
        };
        let limits = [self.floor.is_some(), self.ceiling.is_some()];
        (action, [self.init, self.zeroize, limits[0], limits[1]])
    }

    /// Whether a function leaves a trace when it is called.
    pub(crate) fn is_called(&self) -> bool {
        matches!(self.action, Action::With(Function::Stamp | Function::Own | Function::Left))
    }

    /// Whether the field can have them, in a type whose values are born by their fields.
    fn fit(&self, ty: &Ty) -> bool {
        let has_birth = self.init || self.floor.is_some() || ty.has_reset;
        let acts = match self.action {
            Action::Reset => ty.has_reset,
            Action::Skip => has_birth && !self.zeroize && !self.has_limits(),
            Action::Default => self.floor.is_some() || ty.default.is_some(),
            Action::Value => !self.init && !self.has_limits(),
            // Empty fields have no address of their own that a call could be told by.
            Action::With(_) => has_birth && ty.varies,
        };
        let wipes = !self.zeroize || ty.has_wipe || matches!(self.action, Action::With(_));
        acts && wipes && (!self.has_limits() || ty.has_capacity)
    }

    fn has_limits(&self) -> bool {
        self.floor.is_some() || self.ceiling.is_some()
    }

    /// Whether they also work where `create` makes the values.
    pub(crate) fn fit_under_create(&self) -> bool {
        !self.init
    }
}

/// All combinations that a field of this type can have, numbers and functions picked at
/// random.
pub(crate) fn combinations(ty: &Ty, rng: &mut Rng) -> Vec<Attributes> {
    let mut all = Vec::new();
    let actions = [Action::Reset, Action::Skip, Action::Default, Action::Value];
    for action in actions.into_iter().chain([Action::With(Function::Stamp)]) {
        for bits in 0..16 {
            let is_set = |bit: u32| bits & (1 << bit) != 0;
            let (floor, ceiling) = limits(rng);
            let attributes = Attributes {
                action: if action == Action::With(Function::Stamp) {
                    function(ty, is_set(1), rng)
                } else {
                    action
                },
                init: is_set(0),
                zeroize: is_set(1),
                floor: is_set(2).then_some(floor),
                ceiling: is_set(3).then_some(ceiling),
            };
            if attributes.fit(ty) {
                all.push(attributes);
            }
        }
    }
    all
}

fn function(ty: &Ty, zeroize: bool, rng: &mut Rng) -> Action {
    Action::With(match (rng.below(5), ty.clear) {
        (0, Some(_)) if !zeroize => Function::Clear,
        (1, _) if !zeroize => Function::Left,
        (2, _) => Function::Own,
        _ => Function::Stamp,
    })
}

/// A floor and a ceiling above it, or at it.
fn limits(rng: &mut Rng) -> (Number, Number) {
    if rng.once_in(6) {
        let number = |text: &str, value| Number { text: text.into(), value };
        return (number("FLOOR", 24), number("::poolable_shapes::CEILING", 48));
    }
    let floor = 8 + 8 * rng.below(6);
    // Not below the longest text, which a function may leave in the field.
    let ceiling = if rng.once_in(4) { floor } else { floor + rng.below(64) }.max(40);
    (spelled(floor, rng), spelled(ceiling, rng))
}

/// Spells a number in one of the ways that a constant expression can be spelt.
fn spelled(value: usize, rng: &mut Rng) -> Number {
    let text = match rng.below(6) {
        0 => format!("{value}_usize"),
        1 => format!("{} + {}", value / 2, value - value / 2),
        2 => format!("{{ const N: usize = {value}; N }}"),
        3 => format!("{value:#x}"),
        _ => value.to_string(),
    };
    Number { text, value }
}
