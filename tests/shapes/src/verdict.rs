//! The comparison of fields with what they have to show and to hold.
//!
//! Nothing here knows the type around the fields, so that rustc compiles it once and not
//! for each of the generated types.
//!
//! # Invariants
//!
//! 1. What is wrong is collected, and reported at the end: one forgotten field does not
//!    hide another.

use core::ptr;

use crate::calls;
use crate::part::{Allocation, Part};
use crate::shape::{Returns, Spec};

/// A field on the verge of its reset, or behind it.
#[derive(Debug)]
pub(crate) struct Held {
    allocations: Vec<Allocation>,
    room: Option<usize>,
}

impl Held {
    pub(crate) fn by(part: &mut dyn Part) -> Self {
        let mut allocations = Vec::new();
        part.allocations(&mut allocations);
        Self { allocations, room: part.room() }
    }
}

/// Where a field is, and its type: what tells the calls of its function from others.
pub(crate) fn place(part: &dyn Part) -> (usize, &'static str) {
    (ptr::from_ref(part).addr(), part.type_name())
}

/// What was wrong.
#[derive(Debug)]
pub(crate) struct Report {
    moment: String,
    /// With the name of the field, if it is one field's fault.
    complaints: Vec<(Option<&'static str>, String)>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { moment: String::from("at birth"), complaints: Vec::new() }
    }

    /// Tells the time of what comes next.
    pub(crate) fn now(&mut self, moment: String) {
        self.moment = moment;
    }

    pub(crate) fn field(&mut self, spec: &Spec, what: &str) {
        let Spec { name, ty, attributes, .. } = spec;
        let moment = &self.moment;
        let complaint = format!("`{name}: {ty}` with `#[pool({attributes})]`, {moment}: {what}");
        self.complaints.push((Some(name), complaint));
    }

    pub(crate) fn whole(&mut self, what: &str) {
        self.complaints.push((None, format!("{}: {what}", self.moment)));
    }

    /// Whether this field, and no other, is complained about.
    pub(crate) fn is_about(&self, spec: &Spec) -> bool {
        !self.complaints.is_empty()
            && self.complaints.iter().all(|(field, _)| *field == Some(spec.name))
    }

    /// Panics if anything was wrong.
    pub(crate) fn finish(self, shape: &str, seed: u64) {
        let complaints: Vec<_> = self.complaints.into_iter().map(|(_, what)| what).collect();
        assert!(
            complaints.is_empty(),
            "`{shape}` breaks the law of `Reset` (POOLABLE_SHAPES_SEED={seed}):\n  {}",
            complaints.join("\n  ")
        );
    }

    pub(crate) fn shows(&mut self, specs: &[Spec], shown: &[String], expected: &[String]) {
        let lengths = (shown.len(), expected.len());
        assert_eq!(lengths, (specs.len(), specs.len()), "each field is described");
        for ((spec, shown), expected) in specs.iter().zip(shown).zip(expected) {
            if shown != expected {
                self.field(spec, &format!("it shows {shown} where {expected} was expected"));
            }
        }
    }

    pub(crate) fn reaches_floors(&mut self, specs: &[Spec], parts: &[&mut dyn Part]) {
        for (spec, part) in specs.iter().zip(parts) {
            let room = part.room().unwrap_or(0);
            if room < spec.floor {
                self.field(spec, &format!("it has room for {room}, below the floor"));
            }
        }
    }

    /// Checks that the functions for `with` were called once each, and those that wipe
    /// before the others.
    pub(crate) fn calls_functions(&mut self, specs: &[Spec], parts: &[&mut dyn Part]) {
        let mut wipes_end = 0;
        let mut others_start = usize::MAX;
        for (spec, part) in specs.iter().zip(parts).filter(|(spec, _)| spec.called) {
            match calls::positions(place(*part))[..] {
                [position] if spec.wiped => wipes_end = wipes_end.max(position),
                [position] => others_start = others_start.min(position),
                ref positions => {
                    let calls = positions.len();
                    self.field(spec, &format!("its function was called {calls} times, not once"));
                }
            }
        }
        if wipes_end > others_start {
            self.whole("a secret was wiped after another field was touched");
        }
    }

    /// Compares what a field of the blank variant holds with what it held.
    pub(crate) fn holds(&mut self, spec: &Spec, part: &mut dyn Part, before: &Held) {
        let after = Held::by(part);
        if let (Some(ceiling), Some(room)) = (spec.ceiling, after.room) {
            let most = part.room_of(ceiling);
            if room > most {
                self.field(spec, &format!("it has room for {room}, above the ceiling of {most}"));
            }
        }
        if !keeps(spec, before, &after) {
            let (before, after) = (&before.allocations, &after.allocations);
            self.field(spec, &format!("allocations {before:?} became {after:?}"));
        }
        // Elsewhere a function of the user's does the wiping, or the buffer is replaced.
        let is_same = spec.returns == Returns::Blank && before.allocations == after.allocations;
        if spec.wiped && is_same {
            self.is_wiped(spec, part);
        }
    }

    /// Checks the memory of a field whose buffers are those that `use_up` soiled.
    fn is_wiped(&mut self, spec: &Spec, part: &mut dyn Part) {
        part.spare_memory(&mut |bytes| {
            let left = bytes.iter().position(|byte| {
                // SAFETY: the place and the capacity tell that the buffer is the one whose
                // unused bytes `use_up` wrote. Those in use were written by the elements,
                // since `spare_memory` visits no buffer whose elements leave bytes between
                // them. Nothing that a reset may do to a buffer undoes that.
                unsafe { byte.assume_init() != 0 }
            });
            if let Some(left) = left {
                self.field(spec, &format!("byte {left} of {} was not wiped", bytes.len()));
            }
        });
    }
}

/// Whether a field still has the allocations that it had.
fn keeps(spec: &Spec, before: &Held, after: &Held) -> bool {
    let room = before.room.unwrap_or(spec.floor);
    let is_replaced = room < spec.floor || spec.ceiling.is_some_and(|ceiling| room > ceiling);
    match spec.returns {
        Returns::Assigned => true,
        _ if is_replaced => true,
        Returns::Kept => before.allocations == after.allocations,
        Returns::Blank => {
            before.allocations.len() == after.allocations.len()
                && before.allocations.iter().zip(&after.allocations).all(|(before, after)| {
                    before.capacity <= after.capacity
                        && (before.place.is_none() || before.place == after.place)
                })
        }
    }
}
