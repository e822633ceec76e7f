//! The life of a value: born, used, reset, several times over, alone and in its pool.
//!
//! # Invariants
//!
//! 1. Before each reset every field shows something else than it has to show after it,
//!    unless the reset is to leave it alone; or else its buffer has been taken away.
//! 2. What a field has to show is rendered before the reset.
//! 3. Each shape proves that the checker finds its fields forgotten: see [`bites`].

use core::mem::MaybeUninit;
use core::ptr;

use poolable::Pooled;

use crate::calls;
use crate::rng::Rng;
use crate::shape::{PooledShape, Returns, Shape};
use crate::verdict::{Held, Report, place};

/// How often a value is used and reset.
const ROUNDS: usize = 6;

/// A value on the verge of its reset: what each field holds, and has to show.
struct Used {
    held: Vec<Held>,
    expected: Vec<String>,
}

/// Checks what a value is born with, and what becomes of it in a reset.
///
/// # Panics
///
/// If a field shows or holds something else than its attributes say. The message names
/// every such field.
pub fn check<T: Shape>(seed: u64) {
    let mut rng = Rng::new(seed);
    let mut report = Report::new();
    let mut value = T::blank();
    is_as_born(&mut value, &mut report);
    for round in 0..ROUNDS {
        let before = use_up(&mut value, round, &mut rng);
        calls::forget();
        value.reset();
        report.now(format!("after reset {round}"));
        is_blank_again(&mut value, &before, &mut report);
    }
    for variant in 1..T::VARIANTS.len() {
        value = filled_variant::<T>(variant, &mut rng);
        let places = places(&mut value);
        calls::forget();
        value.reset();
        report.now(format!("after a reset of variant {variant}"));
        has_left(&mut value, variant, &places, &mut report);
    }
    bites(&mut value, &mut rng);
    report.finish(T::NAME, seed);
}

/// Checks the same of a value on its way through its pool, from which the same object
/// has to come back.
///
/// It takes the pool for its own: nobody else may use the type's.
///
/// # Panics
///
/// If a field shows or holds something else than its attributes say, or if the pool does
/// something else than the type's attributes say.
pub fn check_pool<T: PooledShape>(seed: u64) {
    let mut rng = Rng::new(seed);
    let mut report = Report::new();
    let mut guard = T::take();
    is_as_born(&mut *guard, &mut report);
    let name = T::pool().name();
    if name != T::POOL {
        report.whole(&format!("the pool is called `{name}`, not `{}`", T::POOL));
    }
    for round in 0..ROUNDS {
        let before = use_up(&mut *guard, round, &mut rng);
        report.now(format!("after return {round}"));
        guard = give_and_take(guard, &mut report);
        is_blank_again(&mut *guard, &before, &mut report);
    }
    for variant in 1..T::VARIANTS.len() {
        *guard = filled_variant::<T>(variant, &mut rng);
        let places = places(&mut *guard);
        report.now(format!("after a return in variant {variant}"));
        guard = give_and_take(guard, &mut report);
        has_left(&mut *guard, variant, &places, &mut report);
    }
    if T::IS_VALIDATED {
        report.now(String::from("after a return that `validate` refused"));
        calls::refuse_next();
        drop(guard);
        let refused = T::pool().stats().discarded.invalid;
        if refused != 1 {
            report.whole(&format!("{refused} objects were found invalid"));
        }
        guard = T::take();
    }
    report.now(String::from("after it was discarded"));
    let places = places(&mut *guard);
    calls::forget();
    Pooled::discard(guard);
    for (spec, place) in T::VARIANTS[0].iter().zip(places) {
        let calls = calls::positions(place).len();
        if spec.wiped && spec.called && calls != 1 {
            report.field(spec, &format!("its function wiped it {calls} times, not once"));
        }
    }
    report.finish(T::NAME, seed);
}

/// Returns an object and takes one, the same if the pool is any good.
fn give_and_take<T: PooledShape>(guard: Pooled<T>, report: &mut Report) -> Pooled<T> {
    let place = &raw const *guard;
    let shown = guard.shows();
    let misses = T::pool().stats().misses;
    calls::forget();
    drop(guard);
    if T::IS_VALIDATED && calls::approved() != Some(shown) {
        report.whole("`validate` did not see the object as its user left it");
    }
    let guard = T::take();
    // A new object may well have the address of one that was freed.
    if T::pool().stats().misses != misses || !ptr::eq(place, &raw const *guard) {
        report.whole("another object came back");
    }
    guard
}

/// Fills all fields, so that each shows something else than after a reset, takes some
/// buffers away, and lets others grow.
fn use_up<T: Shape>(value: &mut T, round: usize, rng: &mut Rng) -> Used {
    let specs = T::VARIANTS[0];
    for (index, (spec, part)) in specs.iter().zip(value.parts()).enumerate() {
        if (round + index) % 3 == 1 {
            part.grow(spec.ceiling.map_or(200, |ceiling| 2 * ceiling));
        }
        part.fill(rng);
    }
    let born = T::at_birth();
    for attempt in 0.. {
        let (shown, expected) = (value.shows(), value.on_return());
        let mut differs = true;
        for (index, (spec, part)) in specs.iter().zip(value.parts()).enumerate() {
            let other = if spec.returns == Returns::Kept { &born } else { &expected };
            if part.varies() && shown[index] == other[index] {
                part.fill(rng);
                differs = false;
            }
        }
        if differs {
            break;
        }
        assert!(attempt < 64, "`{}` has a field that shows one thing only", T::NAME);
    }
    for (index, (spec, part)) in specs.iter().zip(value.parts()).enumerate() {
        if (round + index) % 3 == 2 {
            part.take_away();
        }
        if round % 2 == 1 && spec.returns == Returns::Blank {
            part.spoil(rng);
        }
        if spec.wiped {
            part.spare_memory(&mut |bytes| bytes.fill(MaybeUninit::new(0xA5)));
        }
    }
    Used { expected: value.on_return(), held: value.parts().into_iter().map(Held::by).collect() }
}

/// A value in a variant which a reset leaves.
fn filled_variant<T: Shape>(variant: usize, rng: &mut Rng) -> T {
    let mut value = T::in_variant(variant);
    assert_eq!(value.variant(), variant, "`{}` is in the variant asked for", T::NAME);
    value.parts().into_iter().for_each(|part| part.fill(rng));
    value
}

fn places<T: Shape>(value: &mut T) -> Vec<(usize, &'static str)> {
    value.parts().into_iter().map(|part| place(part)).collect()
}

/// Checks a value that nobody has used, or that has left the variant it was used in.
fn is_as_born<T: Shape>(value: &mut T, report: &mut Report) {
    if is_in_blank_variant(value, report) {
        report.shows(T::VARIANTS[0], &value.shows(), &T::at_birth());
        report.reaches_floors(T::VARIANTS[0], &value.parts());
    }
}

/// Checks a value after a reset that found it in the blank variant.
fn is_blank_again<T: Shape>(value: &mut T, before: &Used, report: &mut Report) {
    if !is_in_blank_variant(value, report) {
        return;
    }
    let specs = T::VARIANTS[0];
    report.shows(specs, &value.shows(), &before.expected);
    let retained = value.retained_bytes();
    let mut parts = value.parts();
    report.reaches_floors(specs, &parts);
    report.calls_functions(specs, &parts);
    let mut least = 0;
    for ((spec, part), before) in specs.iter().zip(&mut parts).zip(&before.held) {
        report.holds(spec, *part, before);
        if spec.measured {
            least += part.heap_bytes();
        }
    }
    if retained < least {
        report.whole(&format!("it retains {least} bytes at least, and tells of {retained}"));
    }
}

/// Checks a value after a reset that found it in another variant than the blank one.
fn has_left<T: Shape>(
    value: &mut T,
    variant: usize,
    places: &[(usize, &'static str)],
    report: &mut Report,
) {
    for (spec, place) in T::VARIANTS[variant].iter().zip(places) {
        // More than once is fine: the drop of the old value wipes again.
        if spec.called && calls::positions(*place).is_empty() {
            report.field(spec, "its function was not called");
        }
    }
    is_as_born(value, report);
}

fn is_in_blank_variant<T: Shape>(value: &T, report: &mut Report) -> bool {
    let variant = value.variant();
    if variant != 0 {
        report.whole(&format!("it is in variant {variant}, not in the blank one"));
    }
    variant == 0
}

/// Proves of each field that the checker finds it forgotten: puts something else in after
/// the reset, and expects complaints about that field alone.
fn bites<T: Shape>(value: &mut T, rng: &mut Rng) {
    let specs = T::VARIANTS[0];
    for (index, spec) in specs.iter().enumerate() {
        let before = use_up(value, 0, rng);
        value.reset();
        let mut shown = value.shows();
        if !value.parts()[index].varies() || shown != before.expected {
            // There is one thing to show only, or something was found already.
            continue;
        }
        while shown[index] == before.expected[index] {
            value.parts()[index].fill(rng);
            shown = value.shows();
        }
        let mut report = Report::new();
        report.shows(specs, &shown, &before.expected);
        assert!(report.is_about(spec), "`{}` could be forgotten unnoticed: {report:?}", spec.name);
    }
}
