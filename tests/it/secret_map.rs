//! `SecretMap`: what it shows, what it frees, and how it is pooled.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use poolable::{Capacity, Poolable, Reset, SecretMap, Wipe};

use crate::allocations::{CANARY, allocations_in, secrets_freed_in};
use crate::unwinds;

type Key = [u64; 4];
type Value = [u64; 6];

/// A key with the canary inside.
fn key(number: u64) -> Key {
    [number, CANARY, CANARY, CANARY]
}

fn value(number: u64) -> Value {
    [CANARY, CANARY, CANARY, CANARY, CANARY, number]
}

fn filled(numbers: std::ops::Range<u64>) -> SecretMap<Key, Value> {
    numbers.map(|number| (key(number), value(number))).collect()
}

#[test]
fn a_map_of_std_gives_secrets_away() {
    // The control for the tests that find none.
    let freed = secrets_freed_in(|| {
        let mut map = HashMap::new();
        for number in 0..100 {
            map.insert(key(number), value(number));
        }
        map.clear();
    });
    assert!(freed >= 4, "{freed} tables, one for each size");
}

#[test]
fn no_table_is_freed_with_a_secret_in_it() {
    let freed = secrets_freed_in(|| {
        let mut map = filled(0..100);
        map.shrink_to(200);
        map.reserve(1000);
        map.shrink_to_fit();
        Capacity::grow_to(&mut map, 500);
        Capacity::shrink_to(&mut map, 0);
        assert!((0..100).all(|number| map[&key(number)] == value(number)));
        for number in 0..50 {
            assert_eq!(map.remove(&key(number)), Some(value(number)));
        }
        map.shrink_to_fit();
        map.retain(|key, _| key[0] % 2 == 0);
        assert!(map.erase(&key(50)));
        assert_eq!(map.len(), 24);
        map.shrink_to_fit();
    });
    assert_eq!(freed, 0);
}

#[test]
fn a_map_that_unwinds_is_wiped() {
    let freed = secrets_freed_in(|| {
        assert!(unwinds(|| {
            let _map = filled(0..10);
            resume_unwind(Box::new(()));
        }));
    });
    assert_eq!(freed, 0);
}

#[test]
fn secrets_behind_pointers_are_wiped_when_they_leave() {
    let name = |number: u64| [CANARY, number];
    let freed = secrets_freed_in(|| {
        let mut map: SecretMap<Vec<u64>, Vec<u64>> =
            (0..20).map(|number| (name(number).into(), name(100 + number).into())).collect();
        assert!(map.erase(&name(1)[..]));
        map.retain(|key, _| key[1] != 2);
        // The surplus key, and the value that an `extend` replaces.
        let mut old = map.insert(name(3).into(), name(203).into()).expect("it was there");
        assert_eq!(old, name(103));
        old.wipe();
        map.extend([(name(4).into(), name(204).into())]);
        let mut out = map.remove(&name(5)[..]).expect("it was there");
        out.wipe();
        assert_eq!((map[&name(4)[..]] == name(204), map.len()), (true, 17));
        map.clear();
        map.extend([(name(6).into(), name(206).into())]);
    });
    assert_eq!(freed, 0);
}

#[test]
fn plain_vectors_that_are_removed_from_a_map_of_std_are_seen() {
    let freed = secrets_freed_in(|| {
        let mut map = HashMap::from([(1, vec![CANARY])]);
        map.clear();
    });
    assert_eq!(freed, 1);
}

#[test]
fn lookups_find_what_was_inserted_and_nothing_else() {
    let mut map = SecretMap::<String, u32>::new();
    assert_eq!(map.get("a"), None);
    assert_eq!((map.remove("a"), map.erase("a")), (None, false));
    assert_eq!(map.insert("a".into(), 1), None);
    assert_eq!(map.insert("a".into(), 2), Some(1));
    assert_eq!((map.get("a"), map.get("b"), map.len()), (Some(&2), None, 1));
    assert_eq!(map.get_key_value("a"), Some((&String::from("a"), &2)));
    *map.get_mut("a").expect("it was inserted") += 1;
    assert_eq!((map["a"], map.contains_key("a"), map.contains_key("b")), (3, true, false));
    assert_eq!(map.get_mut("b"), None);
    assert_eq!(map.remove_entry("a"), Some((String::from("a"), 3)));
    assert_eq!(map.remove_entry("a"), None);
    assert!(map.is_empty());
}

#[test]
#[should_panic(expected = "`get` asks whether it is")]
fn absent_key_has_no_value_to_index() {
    let _ = SecretMap::<u32, u32>::new()[&1];
}

#[test]
fn nothing_is_shown() {
    let mut map = filled(0..3);
    assert_eq!(format!("{map:?}"), "SecretMap { .. }");
    assert_eq!(format!("{:?}", map.iter()), "Iter { .. }");
    assert_eq!(format!("{:?}", map.iter_mut()), "IterMut { .. }");
}

#[test]
fn iterators_meet_each_entry_once() {
    let mut map: SecretMap<u32, u32> = (0..50).map(|number| (number, number)).collect();
    map.iter_mut().for_each(|(key, value)| *value += key);
    map.values_mut().for_each(|value| *value += 1);
    for (key, value) in &mut map {
        *value += key;
    }
    let mut seen: Vec<_> = (&map).into_iter().map(|(key, value)| (*key, *value)).collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq((0..50).map(|number| (number, 3 * number + 1))));
    assert_eq!((map.iter().len(), map.keys().len(), map.values().len()), (50, 50, 50));
    let mut rest = map.iter();
    rest.next();
    assert_eq!((rest.clone().count(), rest.len()), (49, 49));
    assert_eq!(map.keys().sum::<u32>(), 49 * 25);
    assert_eq!(map.values().sum::<u32>(), 3 * 49 * 25 + 50);
}

#[test]
fn values_of_any_alignment_and_none_are_held() {
    #[derive(PartialEq, Eq, Hash)]
    #[repr(align(64))]
    struct Aligned(u8);

    impl Wipe for Aligned {
        fn wipe(&mut self) {
            self.0 = 0;
        }
    }

    let mut map: SecretMap<Aligned, ()> = (0..100).map(|number| (Aligned(number), ())).collect();
    assert!(map.keys().all(|key| std::ptr::from_ref(key).addr() % 64 == 0));
    assert_eq!((map.len(), map.remove(&Aligned(7))), (99 + 1, Some(())));

    let mut units = SecretMap::<(), ()>::new();
    assert_eq!((units.insert((), ()), units.insert((), ()), units.len()), (None, Some(()), 1));
}

#[test]
fn one_insertion_too_many_for_the_address_space_panics() {
    let mut map = filled(0..3);
    assert!(unwinds(|| map.reserve(usize::MAX)));
    assert!(unwinds(|| map.reserve(usize::MAX / 100)));
    assert_eq!((map.len(), map[&key(1)]), (3, value(1)));
}

#[test]
fn a_map_keeps_its_table_from_user_to_user() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize, capacity = 16)]
        marked: SecretMap<Key, Value>,
        unmarked: SecretMap<Key, Value>,
    }

    let serve = || {
        let mut session = Session::pooled();
        assert!(session.marked.is_empty() && session.unmarked.is_empty());
        assert!(session.marked.capacity() >= 16);
        for number in 0..28 {
            session.marked.insert(key(number), value(number));
            session.unmarked.insert(key(number), value(number));
        }
        for number in 0..20 {
            assert!(session.marked.erase(&key(number)));
        }
    };
    serve();
    assert_eq!(allocations_in(|| (0..100).for_each(|_| serve())), 0);
    assert_eq!(secrets_freed_in(|| Session::pool().clear()), 0);
}

#[test]
fn a_table_that_grew_past_the_ceiling_is_made_smaller() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize, capacity = 14, max_capacity = 28)]
        keys: SecretMap<u64, Value>,
    }

    let mut session = Session::pooled();
    session.keys.extend((0..1000).map(|number| (number, value(number))));
    assert_eq!(secrets_freed_in(|| drop(session)), 0);
    assert!((14..=28).contains(&Session::pooled().keys.capacity()));
}

#[test]
fn a_map_of_what_borrows_is_emptied_before_the_next_user() {
    /// A number that somebody else owns.
    #[derive(PartialEq, Eq, Hash)]
    struct Borrowed<'a>(&'a u64);

    impl Wipe for Borrowed<'_> {
        fn wipe(&mut self) {
            self.0 = &0;
        }
    }

    #[derive(Poolable)]
    struct Parsed<'a> {
        names: SecretMap<u32, Borrowed<'a>>,
    }

    for round in 0..3_u64 {
        let source = round;
        let mut parsed = Parsed::pooled();
        assert!(parsed.names.is_empty());
        parsed.names.insert(1, Borrowed(&source));
        assert_eq!(*parsed.names[&1].0, round);
    }
    assert_eq!(Parsed::pool().stats().misses, 1);
}

#[test]
fn maps_of_maps_are_wiped() {
    let freed = secrets_freed_in(|| {
        let mut map = SecretMap::<u32, SecretMap<u32, Vec<u64>>>::new();
        let inner = [(1, vec![CANARY; 9])].into_iter().collect();
        map.insert(1, inner);
        let mut of_std = HashMap::from([(String::from("a"), map)]);
        of_std.wipe();
    });
    assert_eq!(freed, 0);
}

#[cfg(feature = "serde")]
mod serde {
    use super::*;

    const JSON: &str = r#"{"alice":1234,"bob":4321}"#;

    #[test]
    fn maps_are_written_and_read_as_maps() {
        let map: SecretMap<String, u32> = serde_json::from_str(JSON).expect("it is right");
        assert_eq!((map.len(), map["alice"], map["bob"]), (2, 1234, 4321));
        let written = serde_json::to_string(&map).expect("it can be written");
        let again: HashMap<String, u32> = serde_json::from_str(&written).expect("it is right");
        assert_eq!(again, serde_json::from_str(JSON).expect("it is right"));
    }

    #[test]
    fn a_map_that_is_read_in_place_keeps_its_table() {
        let mut map: SecretMap<u32, u32> = (0..100).map(|number| (number, number)).collect();
        let capacity = map.capacity();
        let read = |map: &mut _, json| {
            let mut json = serde_json::Deserializer::from_str(json);
            ::serde::Deserialize::deserialize_in_place(&mut json, map)
        };
        assert_eq!(allocations_in(|| read(&mut map, r#"{"7":8}"#).expect("it is right")), 0);
        assert_eq!((map.len(), map[&7], map.capacity()), (1, 8, capacity));
        assert!(read(&mut map, r#"{"1":2,"3":"#).is_err());
        assert_eq!((map.len(), map.capacity()), (0, capacity), "nothing is left half read");
    }

    #[test]
    fn errors_of_reading_do_not_show_the_input() {
        for json in [r#""s3cr3t""#, r#"{"s3cr3t":1}"#, r#"{"1":"s3cr3t"}"#, r#"["s3cr3t"]"#] {
            let error = serde_json::from_str::<SecretMap<u32, u32>>(json).unwrap_err().to_string();
            assert!(error.starts_with("could not read a secret (not shown)"), "{error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }
}

thread_local! {
    /// How many calls of user code are left before one panics; zero means never.
    static FUSE: Cell<u64> = const { Cell::new(0) };
    static ALIVE: Cell<usize> = const { Cell::new(0) };
}

/// User code runs.
fn burn() {
    let left = FUSE.get();
    FUSE.set(left.saturating_sub(1));
    if left == 1 && !thread::panicking() {
        resume_unwind(Box::new(()));
    }
}

/// A number, with the canary inside and behind a pointer, whose code may panic.
struct Spy {
    number: u64,
    inline: [u64; 3],
    heap: Vec<u64>,
}

impl Spy {
    fn new(number: u64) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Self { number, inline: [CANARY; 3], heap: vec![CANARY; 2] }
    }
}

impl Drop for Spy {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        burn();
    }
}

impl Wipe for Spy {
    fn wipe(&mut self) {
        self.inline.wipe();
        self.heap.wipe();
        burn();
    }
}

impl PartialEq for Spy {
    fn eq(&self, other: &Self) -> bool {
        burn();
        self.number == other.number
    }
}

impl Eq for Spy {}

impl Hash for Spy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        burn();
        state.write_u64(self.number);
    }
}

/// Puts the numbers side by side, so that removals leave tombstones; and some of them in the
/// same place, so that keys are compared.
#[derive(Default)]
struct Narrow(u64);

impl Hasher for Narrow {
    fn finish(&self) -> u64 {
        self.0 / 3
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only numbers are used")
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// A map, and what it should show.
struct Pair<S> {
    map: SecretMap<Spy, Spy, S>,
    model: HashMap<u64, u64>,
    /// The last number that a value had.
    last: u64,
}

/// A key or a value that is the test's.
fn wiped(mut spy: Spy) -> u64 {
    let fuse = FUSE.take();
    let number = spy.number;
    spy.wipe();
    drop(spy);
    FUSE.set(fuse);
    number
}

impl<S: BuildHasher + Default> Pair<S> {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// A key for lookups, without a secret that would be the test's to wipe.
    fn probe(number: u64) -> Spy {
        ALIVE.set(ALIVE.get() + 1);
        Spy { number, inline: [0; 3], heap: Vec::new() }
    }

    /// Does one call to both. The model goes first, for the map may panic.
    fn call(&mut self, call: u64, number: u64) {
        let value = self.next();
        let probe = Self::probe(number);
        match call {
            0..5 => {
                let expected = self.model.insert(number, value);
                let found = self.map.insert(Spy::new(number), Spy::new(value));
                assert_eq!(found.map(wiped), expected);
            }
            5..7 => {
                let expected = self.model.remove(&number);
                assert_eq!(self.map.remove(&probe).map(wiped), expected);
            }
            7 => {
                let expected = self.model.remove(&number).map(|value| (number, value));
                let found = self.map.remove_entry(&probe);
                assert_eq!(found.map(|(key, value)| (wiped(key), wiped(value))), expected);
            }
            8..11 => {
                let expected = self.model.remove(&number).is_some();
                assert_eq!(self.map.erase(&probe), expected);
            }
            11 => {
                let expected = self.model.get(&number);
                assert_eq!(self.map.get(&probe).map(|spy| &spy.number), expected);
                assert_eq!(self.map.contains_key(&probe), expected.is_some());
                let found = self.map.get_key_value(&probe);
                assert_eq!(
                    found.map(|(key, value)| (&key.number, &value.number)),
                    self.model.get_key_value(&number)
                );
            }
            12 => {
                if let Some(place) = self.model.get_mut(&number) {
                    *place = value;
                }
                if let Some(spy) = self.map.get_mut(&probe) {
                    spy.number = value;
                }
            }
            13 => {
                self.model.retain(|key, _| key % 3 != number % 3);
                self.map.retain(|key, _| {
                    burn();
                    key.number % 3 != number % 3
                });
            }
            14 => self.map.reserve(number as usize),
            15 => self.map.shrink_to(number as usize),
            16 => {
                let numbers = (0..number % 8).map(|step| (number + step, value + step));
                self.last += 8;
                self.model.extend(numbers.clone());
                self.map.extend(numbers.map(|(key, value)| {
                    burn();
                    (Spy::new(key), Spy::new(value))
                }));
            }
            17 if number < 8 => {
                self.model.clear();
                self.map.clear();
            }
            18 if number < 8 => {
                self.model.clear();
                self.map.reset();
            }
            19 if number < 8 => {
                self.model.clear();
                drop(std::mem::take(&mut self.map));
            }
            _ => {
                self.map.values_mut().for_each(|spy| spy.number += 1);
                self.model.values_mut().for_each(|value| *value += 1);
            }
        }
    }

    fn shown(&self) -> HashMap<u64, u64> {
        let shown: HashMap<_, _> =
            self.map.iter().map(|(key, value)| (key.number, value.number)).collect();
        assert_eq!((shown.len(), self.map.iter().len()), (self.map.len(), self.map.len()));
        shown
    }
}

/// Returns how many calls unwound.
fn compare_with_std<S: BuildHasher + Default>(seed: u64) -> u32 {
    let mut panics = 0;
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
    let map = SecretMap::<Spy, Spy, S>::default();
    let mut pair = Pair { map, model: HashMap::new(), last: 1000 };
    for _ in 0..1500 {
        let (call, number) = (dice.roll(21), dice.roll(80));
        let before = pair.model.clone();
        let fuse = if dice.roll(4) == 0 { 1 + dice.roll(40) } else { 0 };
        let mut outcome = Ok(());
        let freed = secrets_freed_in(|| {
            FUSE.set(fuse);
            outcome = catch_unwind(AssertUnwindSafe(|| pair.call(call, number)));
            FUSE.set(0);
        });
        assert_eq!(freed, 0, "call {call} of seed {seed} gave a secret away");
        let shown = pair.shown();
        match outcome {
            Ok(()) => assert_eq!(shown, pair.model),
            Err(cause) => {
                // An assertion has a message.
                if !cause.is::<()>() {
                    resume_unwind(cause);
                }
                panics += 1;
                for (key, value) in &shown {
                    let known = [before.get(key), pair.model.get(key)];
                    assert!(known.contains(&Some(value)), "call {call} of seed {seed}");
                }
                assert!(shown.is_empty() || !(17..20).contains(&call) || number >= 8);
                pair.model = shown;
            }
        }
        assert_eq!(ALIVE.get(), 2 * pair.map.len(), "call {call} of seed {seed}");
        // Each is found where the table says it is.
        for (number, value) in &pair.model {
            let found = pair.map.get(&Pair::<S>::probe(*number));
            assert_eq!(found.map(|spy| &spy.number), Some(value));
        }
    }
    assert_eq!(secrets_freed_in(|| drop(pair)), 0);
    assert_eq!(ALIVE.get(), 0);
    panics
}

#[test]
fn random_calls_with_panics_do_to_a_secret_map_what_they_do_to_one_of_std() {
    let mut panics = 0;
    for seed in 1..12 {
        panics += compare_with_std::<RandomState>(seed);
        panics += compare_with_std::<BuildHasherDefault<Narrow>>(seed);
    }
    assert!(panics > 500, "{panics} panics are few");
}

#[test]
fn a_spy_that_is_not_wiped_is_seen() {
    // The control for the comparison.
    assert_eq!(secrets_freed_in(|| drop(HashMap::from([(1, Spy::new(1))]))), 2);
}
