//! The checker finds what it is there to find: types whose `Reset` is written by hand,
//! with one mistake each.

use core::mem;
use core::panic::UnwindSafe;
use std::panic::catch_unwind;

use poolable::{Capacity, Poolable, Pooled, Reset, Wipe};
use poolable_shapes::{
    Part, PooledShape, Returns, Shape, Spec, check, check_pool, shown, shred, stamp, stamped,
};

const SEED: u64 = 1;

/// Mistakes that the `Reset` of `Session` can have.
mod mistake {
    pub(crate) const NONE: u8 = 0;
    pub(crate) const BORN_WITH_CONTENT: u8 = 1;
    pub(crate) const BORN_WITHOUT_CAPACITY: u8 = 2;
    pub(crate) const USER_FORGOTTEN: u8 = 3;
    pub(crate) const VALUE_FORGOTTEN: u8 = 4;
    pub(crate) const KEPT_CLEARED: u8 = 5;
    pub(crate) const KEPT_BUFFER_COPIED: u8 = 6;
    pub(crate) const BUFFER_LOST: u8 = 7;
    pub(crate) const FLOOR_FORGOTTEN: u8 = 8;
    pub(crate) const CEILING_FORGOTTEN: u8 = 9;
    pub(crate) const TOKEN_CLEARED_ONLY: u8 = 10;
    pub(crate) const SPARE_CAPACITY_FORGOTTEN: u8 = 11;
    pub(crate) const FUNCTION_FORGOTTEN: u8 = 12;
    pub(crate) const FUNCTION_CALLED_TWICE: u8 = 13;
    pub(crate) const WIPED_LAST: u8 = 14;
    pub(crate) const NOTHING_RETAINED: u8 = 15;
}

/// What the derive would make of these fields, but for one mistake.
struct Session<const MISTAKE: u8> {
    user: String,
    body: Vec<u8>,
    token: String,
    visits: u32,
    kept: Vec<u64>,
    log: Vec<u8>,
    pin: [u8; 4],
}

impl<const MISTAKE: u8> Reset for Session<MISTAKE> {
    fn blank() -> Self {
        let is = |mistake| MISTAKE == mistake;
        Self {
            user: String::from(if is(mistake::BORN_WITH_CONTENT) { "nobody" } else { "" }),
            body: Vec::with_capacity(if is(mistake::BORN_WITHOUT_CAPACITY) { 0 } else { 32 }),
            token: String::new(),
            visits: 1,
            kept: Vec::new(),
            log: Vec::new(),
            pin: [0; 4],
        }
    }

    fn reset(&mut self) {
        let is = |mistake| MISTAKE == mistake;
        if !is(mistake::WIPED_LAST) {
            shred(&mut self.pin);
        }
        if is(mistake::TOKEN_CLEARED_ONLY) {
            self.token.clear();
        } else if is(mistake::SPARE_CAPACITY_FORGOTTEN) {
            let mut bytes = mem::take(&mut self.token).into_bytes();
            bytes.as_mut_slice().fill(0);
            bytes.clear();
            self.token = String::from_utf8(bytes).expect("no text is one");
        } else {
            self.token.wipe();
        }
        if is(mistake::BUFFER_LOST) {
            self.user = String::new();
        } else if !is(mistake::USER_FORGOTTEN) {
            self.user.clear();
        }
        self.body.clear();
        if !is(mistake::CEILING_FORGOTTEN) {
            self.body.shrink_to(64);
        }
        if !is(mistake::FLOOR_FORGOTTEN) {
            self.body.grow_to(32);
        }
        if !is(mistake::VALUE_FORGOTTEN) {
            self.visits = 1;
        }
        if is(mistake::KEPT_CLEARED) {
            self.kept.clear();
        }
        if is(mistake::KEPT_BUFFER_COPIED) {
            self.kept = self.kept.clone();
        }
        if !is(mistake::FUNCTION_FORGOTTEN) {
            stamp(&mut self.log);
        }
        if is(mistake::FUNCTION_CALLED_TWICE) {
            stamp(&mut self.log);
        }
        if is(mistake::WIPED_LAST) {
            shred(&mut self.pin);
        }
    }

    fn retained_bytes(&mut self) -> usize {
        if MISTAKE == mistake::NOTHING_RETAINED {
            return 0;
        }
        let texts = self.user.capacity() + self.token.capacity();
        let buffers = self.body.capacity() + self.log.capacity();
        texts + buffers + self.kept.capacity() * size_of::<u64>()
    }
}

impl<const MISTAKE: u8> Shape for Session<MISTAKE> {
    const NAME: &'static str = "Session";
    const VARIANTS: &'static [&'static [Spec]] = &[&[
        Spec::new("user", "String", ""),
        Spec::new("body", "Vec<u8>", "capacity = 32, max_capacity = 64").floor(32).ceiling(64),
        Spec::new("token", "String", "zeroize").wiped(),
        Spec::new("visits", "u32", "value = 1").returns(Returns::Assigned),
        Spec::new("kept", "Vec<u64>", "skip").returns(Returns::Kept),
        Spec::new("log", "Vec<u8>", "with = stamp").returns(Returns::Assigned).called(),
        Spec::new("pin", "[u8; 4]", "zeroize, with = shred")
            .returns(Returns::Assigned)
            .wiped()
            .called(),
    ]];

    fn parts(&mut self) -> Vec<&mut dyn Part> {
        let Self { user, body, token, visits, kept, log, pin } = self;
        vec![user, body, token, visits, kept, log, pin]
    }

    fn shows(&self) -> Vec<String> {
        let Self { user, body, token, visits, kept, log, pin } = self;
        let parts: [&dyn Part; 7] = [user, body, token, visits, kept, log, pin];
        parts.into_iter().map(Part::show).collect()
    }

    fn variant(&self) -> usize {
        0
    }

    fn in_variant(_variant: usize) -> Self {
        Self::blank()
    }

    fn at_birth() -> Vec<String> {
        let empty = shown(&String::new());
        let none = shown(&Vec::<u8>::new());
        vec![
            empty.clone(),
            none.clone(),
            empty,
            shown(&1_u32),
            none.clone(),
            none,
            shown(&[0_u8; 4]),
        ]
    }

    fn on_return(&self) -> Vec<String> {
        let mut expected = Self::at_birth();
        expected[4] = shown(&self.kept);
        expected[5] = shown(&stamped(Vec::<u8>::new()));
        expected[6] = shown(&stamped([0_u8; 4]));
        expected
    }
}

/// An enum whose `reset` does nothing.
enum State {
    Idle,
    Busy(String),
}

impl Reset for State {
    fn blank() -> Self {
        Self::Idle
    }

    fn reset(&mut self) {}
}

impl Shape for State {
    const NAME: &'static str = "State";
    const VARIANTS: &'static [&'static [Spec]] = &[&[], &[Spec::new("0", "String", "")]];

    fn parts(&mut self) -> Vec<&mut dyn Part> {
        match self {
            Self::Idle => vec![],
            Self::Busy(text) => vec![text],
        }
    }

    fn shows(&self) -> Vec<String> {
        match self {
            Self::Idle => vec![],
            Self::Busy(text) => vec![text.show()],
        }
    }

    fn variant(&self) -> usize {
        match self {
            Self::Idle => 0,
            Self::Busy(_) => 1,
        }
    }

    fn in_variant(variant: usize) -> Self {
        if variant == 0 { Self::Idle } else { Self::Busy(String::new()) }
    }

    fn at_birth() -> Vec<String> {
        vec![]
    }

    fn on_return(&self) -> Vec<String> {
        vec![]
    }
}

/// Text whose `reset` does nothing.
#[derive(Default)]
struct Sticky(String);

impl Reset for Sticky {
    fn blank() -> Self {
        Self::default()
    }

    fn reset(&mut self) {}
}

impl Part for Sticky {
    fn fill(&mut self, rng: &mut poolable_shapes::Rng) {
        self.0.fill(rng);
    }

    fn show(&self) -> String {
        self.0.show()
    }
}

/// Has a field that nobody resets.
#[derive(Poolable)]
struct Desk {
    note: Sticky,
}

/// Is never kept.
#[derive(Poolable)]
#[pool(max_object_bytes = 0)]
struct Stray {
    note: String,
}

macro_rules! pooled_with_a_note {
    ($($ty:ident: $note:ident;)+) => {$(
        impl Shape for $ty {
            const NAME: &'static str = stringify!($ty);
            const VARIANTS: &'static [&'static [Spec]] =
                &[&[Spec::new("note", stringify!($note), "")]];

            fn parts(&mut self) -> Vec<&mut dyn Part> {
                vec![&mut self.note]
            }

            fn shows(&self) -> Vec<String> {
                vec![self.note.show()]
            }

            fn variant(&self) -> usize {
                0
            }

            fn in_variant(_variant: usize) -> Self {
                Self::blank()
            }

            fn at_birth() -> Vec<String> {
                vec![shown(&String::new())]
            }

            fn on_return(&self) -> Vec<String> {
                Self::at_birth()
            }
        }

        impl PooledShape for $ty {
            const POOL: &'static str = concat!(module_path!(), "::", stringify!($ty));
            const IS_VALIDATED: bool = false;

            fn take() -> Pooled<Self> {
                Self::pooled()
            }
        }
    )+};
}

pooled_with_a_note! {
    Desk: Sticky;
    Stray: String;
}

/// Runs a check that has to fail, and returns what it says.
fn complaints(check: impl FnOnce() + UnwindSafe) -> String {
    let payload = catch_unwind(check).expect_err("the checker has to find the mistake");
    *payload.downcast::<String>().expect("the checker says what it found")
}

/// Asserts that a mistake is found, and that each complaint is about `field`, says `what`,
/// and names the attributes.
fn is_found<const MISTAKE: u8>(field: &str, what: &str) {
    let complaints = complaints(|| check::<Session<MISTAKE>>(SEED));
    let (head, lines) = complaints.split_once('\n').expect("the complaints follow the head");
    assert_eq!(head, "`Session` breaks the law of `Reset` (POOLABLE_SHAPES_SEED=1):");
    for line in lines.lines() {
        let about = line.trim_start();
        assert!(about.starts_with(&format!("`{field}: ")), "{complaints}");
        assert!(about.contains("#[pool(") && about.contains(what), "{complaints}");
    }
}

#[test]
fn reset_without_a_mistake_passes() {
    for seed in 0..50 {
        check::<Session<{ mistake::NONE }>>(seed);
    }
}

#[test]
fn forgotten_field_is_found() {
    is_found::<{ mistake::USER_FORGOTTEN }>("user", "where \"\" was expected");
    is_found::<{ mistake::VALUE_FORGOTTEN }>("visits", "where 1 was expected");
}

#[test]
fn wrong_birth_is_found() {
    is_found::<{ mistake::BORN_WITH_CONTENT }>("user", "at birth: it shows \"nobody\"");
    is_found::<{ mistake::BORN_WITHOUT_CAPACITY }>("body", "at birth: it has room for 0");
}

#[test]
fn change_of_a_skipped_field_is_found() {
    is_found::<{ mistake::KEPT_CLEARED }>("kept", "it shows []");
    is_found::<{ mistake::KEPT_BUFFER_COPIED }>("kept", "allocations");
}

#[test]
fn lost_buffer_is_found() {
    is_found::<{ mistake::BUFFER_LOST }>("user", "allocations");
}

#[test]
fn forgotten_limit_of_a_capacity_is_found() {
    is_found::<{ mistake::FLOOR_FORGOTTEN }>("body", "below the floor");
    is_found::<{ mistake::CEILING_FORGOTTEN }>("body", "above the ceiling of 64");
}

#[test]
fn secret_left_in_memory_is_found() {
    is_found::<{ mistake::TOKEN_CLEARED_ONLY }>("token", "was not wiped");
}

#[test]
fn secret_left_behind_the_length_is_found() {
    is_found::<{ mistake::SPARE_CAPACITY_FORGOTTEN }>("token", "was not wiped");
}

#[test]
fn function_not_called_once_is_found() {
    is_found::<{ mistake::FUNCTION_FORGOTTEN }>("log", "");
    is_found::<{ mistake::FUNCTION_CALLED_TWICE }>("log", "its function was called 2 times");
}

#[test]
fn secret_wiped_late_is_found() {
    let complaints = complaints(|| check::<Session<{ mistake::WIPED_LAST }>>(SEED));
    assert!(complaints.contains("a secret was wiped after another field was touched"));
}

#[test]
fn understated_heap_is_found() {
    let complaints = complaints(|| check::<Session<{ mistake::NOTHING_RETAINED }>>(SEED));
    assert!(complaints.contains("bytes at least, and tells of 0"), "{complaints}");
}

#[test]
fn variant_that_stays_is_found() {
    let complaints = complaints(|| check::<State>(SEED));
    assert!(complaints.contains("it is in variant 1, not in the blank one"), "{complaints}");
}

#[test]
fn field_forgotten_on_the_way_through_the_pool_is_found() {
    let complaints = complaints(|| check_pool::<Desk>(SEED));
    assert!(complaints.contains("`note: Sticky` with `#[pool()]`, after return 0"), "{complaints}");
}

#[test]
fn pool_that_keeps_nothing_is_found() {
    let complaints = complaints(|| check_pool::<Stray>(SEED));
    assert!(complaints.contains("another object came back"), "{complaints}");
}

/// The same text twice, but for one field.
macro_rules! order {
    ($name:ident $(, $added:ident: $ty:ty)?) => {
        #[derive(Reset)]
        struct $name {
            number: u64,
            $($added: $ty,)?
        }
    };
}

order!(Order);
order!(OrderWithNote, note: String);

#[test]
fn field_added_to_a_derived_struct_is_reset() {
    let mut order = Order::blank();
    order.number = 7;
    order.reset();
    assert_eq!(order.number, 0);

    let mut order = OrderWithNote::blank();
    order.number = 7;
    order.note.push_str("fragile");
    order.reset();
    assert_eq!((order.number, &order.note[..]), (0, ""));
}
