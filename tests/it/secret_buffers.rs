//! Vectors and texts that wipe each buffer they leave.
//!
//! What is in a block when it is freed is seen by the allocator of the tests. To see what is
//! left in a buffer that is in use, a test exposes it, which wipes nothing, and frees it.

use core::cell::Cell;
use core::fmt::Write as _;
use core::panic::AssertUnwindSafe;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;
use std::panic::{catch_unwind, resume_unwind};
use std::thread;

use poolable::{
    Capacity, Pool, Poolable, Pooled, Reset, RetainMap, RetainOption, RetainVec, SecretString,
    SecretVec, Wipe,
};

use super::allocations::{CANARY, allocations_in, secrets_freed_in};

/// The canary as bytes and as text. As bytes it begins at a multiple of its size.
const BYTES: [u8; 8] = CANARY.to_ne_bytes();

/// Larger than two words, so that it passes through memory on its way in.
const BLOCK: [u64; 4] = [CANARY; 4];

fn full(len: usize) -> SecretVec<u64> {
    let mut vec = SecretVec::with_capacity(len);
    vec.resize(len, CANARY);
    vec
}

/// Frees the buffer as it is.
fn expose<T: Wipe>(vec: SecretVec<T>) {
    drop(vec.into_exposed_vec());
}

#[test]
fn a_vector_of_std_leaves_its_secrets_behind_as_it_grows() {
    let freed = secrets_freed_in(|| {
        let mut vec = Vec::new();
        (0..100).for_each(|_| vec.push(CANARY));
        vec.clear();
    });
    assert!(freed >= 4, "the tests would see nothing: {freed}");
    assert_eq!(secrets_freed_in(|| expose(full(4))), 1);
    assert_eq!(secrets_freed_in(|| expose(SecretVec::from(BYTES))), 1);
}

#[test]
fn growth_leaves_no_secret_in_the_old_buffer() {
    let freed = secrets_freed_in(|| {
        let mut words = SecretVec::new();
        let mut blocks = SecretVec::new();
        let mut bytes = SecretVec::new();
        for _ in 0..100 {
            words.push(CANARY);
            blocks.push(BLOCK);
            bytes.extend_from_slice(&BYTES);
        }
        words.reserve(10_000);
        words.reserve_exact(100_000);
        words.try_reserve(1_000_000).unwrap();
        words.grow_to(2_000_000);
        words.extend_from_within(..);
        words.insert(7, CANARY);
        words.append(&mut full(100));
        words.extend([CANARY; 100]);
        words.extend(&[CANARY; 100]);
        words.extend_from_slice(&[CANARY; 100]);
        bytes.write_all(&BYTES).unwrap();
        assert_eq!((words.len(), blocks.len(), bytes.len()), (601, 100, 808));
        assert!(words.iter().all(|word| *word == CANARY));
        assert!(blocks.iter().all(|block| *block == BLOCK));
        assert!(bytes.chunks(8).all(|chunk| chunk == BYTES));
    });
    assert_eq!(freed, 0);
}

#[test]
fn shrinking_leaves_no_secret_in_the_old_buffer() {
    let freed = secrets_freed_in(|| {
        let mut vec = full(1000);
        vec.truncate(500);
        vec.shrink_to(800);
        assert!((800..1000).contains(&vec.capacity()));
        Capacity::shrink_to(&mut vec, 600);
        vec.shrink_to_fit();
        assert_eq!((vec.len(), vec.capacity()), (500, 500));
        assert!(vec.iter().all(|word| *word == CANARY));
        vec.clear();
        vec.shrink_to_fit();
        assert_eq!(vec.capacity(), 0);
    });
    assert_eq!(freed, 0);
}

#[test]
fn what_leaves_the_length_is_wiped_at_once() {
    type Change = fn(&mut SecretVec<u64>);
    let emptied: [Change; 11] = [
        |vec| vec.truncate(0),
        SecretVec::clear,
        Reset::reset,
        Wipe::wipe,
        |vec| while vec.pop().is_some() {},
        |vec| (0..8).for_each(|_| _ = vec.remove(0)),
        |vec| (0..8).for_each(|_| _ = vec.swap_remove(0)),
        |vec| vec.remove_range(..),
        |vec| vec.retain(|_| false),
        |vec| drop(vec.split_off(0)),
        |vec| SecretVec::new().append(vec),
    ];
    for (number, empty) in emptied.into_iter().enumerate() {
        let freed = secrets_freed_in(|| {
            let mut vec = full(8);
            empty(&mut vec);
            assert!(vec.is_empty() && vec.capacity() == 8);
            expose(vec);
        });
        assert_eq!(freed, 0, "way {number}");
    }
    let mixed: [Change; 5] = [
        |vec| _ = vec.remove(3),
        |vec| _ = vec.swap_remove(3),
        |vec| vec.remove_range(3..4),
        |vec| vec.retain(|word| *word != CANARY),
        |vec| vec[3] = 0,
    ];
    for (number, change) in mixed.into_iter().enumerate() {
        let freed = secrets_freed_in(|| {
            let mut vec = SecretVec::from([1, 2, 3, CANARY, 4]);
            change(&mut vec);
            expose(vec);
        });
        assert_eq!(freed, 0, "change {number}");
    }
}

#[test]
fn a_buffer_is_wiped_before_it_is_freed() {
    assert_eq!(secrets_freed_in(|| drop(full(100))), 0);
    assert_eq!(secrets_freed_in(|| drop(full(100).clone())), 0);
    let over = || {
        let mut vec = Vec::from([CANARY; 10]);
        // What lies behind the length was there before.
        vec.truncate(1);
        vec
    };
    assert_eq!(secrets_freed_in(|| drop(SecretVec::from(over()))), 0);
    let freed = secrets_freed_in(|| {
        let mut vec = SecretVec::from(over());
        vec.truncate(0);
        expose(vec);
    });
    assert_eq!(freed, 0, "behind the length");
    let unwound = secrets_freed_in(|| {
        let result = catch_unwind(|| {
            let _vec = full(100);
            super::unwind();
        });
        assert!(result.is_err());
    });
    assert_eq!(unwound, 0);
}

#[test]
fn text_leaves_no_secret_in_a_buffer() {
    let canary = std::str::from_utf8(&BYTES).unwrap();
    assert_eq!(secrets_freed_in(|| drop(canary.to_owned())), 1);
    let freed = secrets_freed_in(|| {
        let mut text = SecretString::new();
        (0..100).for_each(|_| text.push_str(canary));
        text.insert_str(8, canary);
        text.extend([canary; 100]);
        text.extend_from_within(..800);
        write!(text, "{canary}").unwrap();
        text += canary;
        assert_eq!(text.len(), 8 * 303);
        let mut rest = text.split_off(8);
        text.append(&mut rest);
        text.shrink_to(4000);
        let clone = text.clone();
        assert_eq!(clone, text);
        assert_eq!(text.pop(), canary.chars().next_back());
        text.remove_range(8..);
        text.retain(|_| false);
        drop(text.into_exposed_string());
        let bytes = clone.into_bytes();
        let mut text = SecretString::from_utf8(bytes).unwrap();
        (0..100).for_each(|_| _ = text.remove(0));
        text.truncate(0);
        drop(text.into_exposed_string());
        let mut bytes = SecretVec::from(BYTES);
        bytes.push(0xFF);
        let error = SecretString::from_utf8(bytes).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("255"));
    });
    assert_eq!(freed, 0);
}

#[test]
fn arguments_that_cannot_be_kept_are_wiped() {
    struct Heap(Box<[u64; 4]>);

    impl Wipe for Heap {
        fn wipe(&mut self) {
            self.0.wipe();
        }
    }

    let secret = || Heap(Box::new(BLOCK));
    assert_eq!(secrets_freed_in(|| drop(secret())), 1);
    let freed = secrets_freed_in(|| {
        let mut vec = SecretVec::new();
        assert!(catch_unwind(AssertUnwindSafe(|| vec.insert(1, secret()))).is_err());
        vec.push(secret());
        vec.extend([secret(), secret()]);
        vec.insert(1, secret());
        assert_eq!((vec.len(), &*vec[1].0), (4, &BLOCK));
        let mut iterator = (0..3).map(|index| if index == 2 { super::unwind() } else { secret() });
        assert!(catch_unwind(AssertUnwindSafe(|| vec.extend(&mut iterator))).is_err());
        assert_eq!(vec.len(), 6);
    });
    // The panic message of the first one is no secret.
    assert_eq!(freed, 0);
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

/// An element that counts its like, is a secret inside and out, and may panic.
struct Spy {
    number: u64,
    canary: u64,
    heap: Box<u64>,
}

impl Spy {
    fn new(number: u64) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Self { number, canary: CANARY, heap: Box::new(CANARY) }
    }
}

impl Wipe for Spy {
    fn wipe(&mut self) {
        self.heap.wipe();
        burn();
        self.number.wipe();
        burn();
    }
}

impl Drop for Spy {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        burn();
    }
}

impl Clone for Spy {
    fn clone(&self) -> Self {
        burn();
        Self::new(self.number)
    }
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

/// A vector, and what it should show.
struct Pair {
    vec: SecretVec<Spy>,
    model: Vec<u64>,
    /// The last number given to an element.
    last: u64,
}

/// Wipes a spy that the vector has handed out, and gives its number.
fn seen(mut spy: Spy) -> u64 {
    let number = spy.number;
    FUSE.set(0);
    spy.wipe();
    number
}

impl Pair {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Does one call to both. The model goes first, for the vector may panic.
    fn call(&mut self, call: usize, size: usize) {
        let index = size % self.model.len().max(1);
        let inside = index..(index + size / 2).min(self.model.len());
        match call {
            0..3 => {
                let number = self.next();
                self.model.push(number);
                self.vec.push(Spy::new(number));
            }
            3 => {
                let number = self.next();
                self.model.insert(index, number);
                self.vec.insert(index, Spy::new(number));
            }
            4 => {
                self.model.truncate(size);
                self.vec.truncate(size);
            }
            5 => {
                let expected = self.model.pop();
                assert_eq!(self.vec.pop().map(seen), expected);
            }
            6 if !self.model.is_empty() => {
                let expected = self.model.swap_remove(index);
                assert_eq!(seen(self.vec.swap_remove(index)), expected);
            }
            7 if !self.model.is_empty() => {
                let expected = self.model.remove(index);
                assert_eq!(seen(self.vec.remove(index)), expected);
            }
            8 => {
                drop(self.model.drain(inside.clone()));
                self.vec.remove_range(inside);
            }
            9 => {
                let divisor = size as u64 + 1;
                self.model.retain(|number| number % divisor != 0);
                self.vec.retain(|spy| {
                    burn();
                    spy.number % divisor != 0
                });
            }
            10 => self.vec.shrink_to(size),
            11 => self.vec.reserve(size),
            12 => {
                let number = self.next();
                self.model.resize(size, number);
                self.vec.resize(size, Spy::new(number));
            }
            13 => {
                let numbers: Vec<u64> = (0..size).map(|_| self.next()).collect();
                self.model.extend_from_slice(&numbers);
                self.vec.extend(numbers.into_iter().map(|number| {
                    burn();
                    Spy::new(number)
                }));
            }
            14 => {
                let number = self.next();
                self.model.extend([number, number]);
                let spies = SecretVec::from([Spy::new(number), Spy::new(number)]);
                self.vec.extend_from_slice(&spies);
            }
            15 => {
                self.model.extend_from_within(inside.clone());
                self.vec.extend_from_within(inside);
            }
            16 => {
                let mut off = self.vec.split_off(index.min(self.model.len()));
                self.vec.append(&mut off);
                assert!(off.is_empty());
            }
            17 => {
                self.model.clear();
                self.vec.clear();
            }
            18 => {
                self.model.clear();
                self.vec.wipe();
            }
            _ => self.vec = self.vec.clone(),
        }
    }

    /// Takes the vector's buffer, looks behind the length, and gives it back.
    fn check_spare(&mut self) {
        let mut exposed = std::mem::take(&mut self.vec).into_exposed_vec();
        for place in exposed.spare_capacity_mut() {
            let words: *const u64 = place.as_ptr().cast();
            for index in 0..size_of::<Spy>() / size_of::<u64>() {
                let word = words.wrapping_add(index);
                // SAFETY: the word lies within the place; the allocator of the tests hands
                // out memory that is initialised.
                assert_ne!(unsafe { word.read() }, CANARY, "a secret behind the length");
            }
        }
        self.vec = SecretVec::from(exposed);
    }
}

#[test]
fn random_calls_with_panics_do_to_a_secret_vec_what_they_do_to_a_vec() {
    let mut panics = 0;
    let mut freed = 0;
    for seed in 1..40 {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        let mut pair = Pair { vec: SecretVec::new(), model: Vec::new(), last: 0 };
        for _ in 0..1000 {
            let (call, size) = (dice.roll(20), dice.roll(12));
            let before = pair.model.clone();
            FUSE.set(if dice.roll(4) == 0 { 1 + dice.roll(20) as u64 } else { 0 });
            let mut outcome = Ok(());
            freed += secrets_freed_in(|| {
                outcome = catch_unwind(AssertUnwindSafe(|| pair.call(call, size)));
            });
            FUSE.set(0);
            let shown: Vec<u64> = pair.vec.iter().map(|spy| spy.number).collect();
            assert!(pair.vec.iter().all(|spy| spy.canary == CANARY && *spy.heap == CANARY));
            if outcome.is_ok() {
                assert_eq!(shown, pair.model);
            } else {
                panics += 1;
                let is_known =
                    |number: &u64| before.contains(number) || pair.model.contains(number);
                assert!(shown.iter().all(is_known));
                pair.model = shown;
            }
            assert_eq!(ALIVE.get(), pair.vec.len(), "call {call}");
            pair.check_spare();
        }
        freed += secrets_freed_in(|| drop(pair));
        assert_eq!(ALIVE.get(), 0);
    }
    assert_eq!(freed, 0);
    assert!(panics > 500, "{panics} panics are few");
}

#[test]
fn random_calls_do_to_a_secret_string_what_they_do_to_a_string() {
    for seed in 1..30 {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        let (mut text, mut model) = (SecretString::new(), String::new());
        for _ in 0..500 {
            let (call, number) = (dice.roll(14), dice.roll(1000));
            let bounds: Vec<usize> =
                (0..=model.len()).filter(|index| model.is_char_boundary(*index)).collect();
            let first = bounds[number % bounds.len()];
            let second = bounds[dice.roll(bounds.len())].max(first);
            let character = ['a', 'ß', '\u{5EC2}', '\u{1F511}'][number % 4];
            match call {
                0..3 => (text.push(character), model.push(character)).0,
                3 => (text.push_str("aß€"), model.push_str("aß€")).0,
                4 => (text.insert(first, character), model.insert(first, character)).0,
                5 => (text.insert_str(first, "ä€"), model.insert_str(first, "ä€")).0,
                6 => assert_eq!(text.pop(), model.pop()),
                7 if first < model.len() => assert_eq!(text.remove(first), model.remove(first)),
                8 => (text.remove_range(first..second), drop(model.drain(first..second))).0,
                9 => {
                    text.retain(|other| other != character);
                    model.retain(|other| other != character);
                }
                10 => {
                    let copy = model[first..second].to_owned();
                    model.push_str(&copy);
                    text.extend_from_within(first..second);
                }
                11 => {
                    let (off, expected) = (text.split_off(first), model.split_off(first));
                    assert_eq!(off, expected);
                }
                12 => text.shrink_to(number),
                _ => (text.truncate(second), model.truncate(second)).0,
            }
            assert_eq!(text, model);
            assert_eq!(text.as_bytes(), model.as_bytes());
            assert!(std::str::from_utf8(text.as_bytes()).is_ok());
        }
    }
}

#[test]
fn a_place_inside_of_a_character_is_refused() {
    let refused = |change: fn(&mut SecretString)| {
        let mut text = SecretString::from("ß");
        let panicked = catch_unwind(AssertUnwindSafe(|| change(&mut text))).is_err();
        panicked && text == "ß"
    };
    assert!(refused(|text| text.truncate(1)));
    assert!(refused(|text| text.insert(1, 'a')));
    assert!(refused(|text| text.insert_str(3, "a")));
    assert!(refused(|text| _ = text.remove(1)));
    assert!(refused(|text| _ = text.remove(2)));
    assert!(refused(|text| text.remove_range(1..)));
    assert!(refused(|text| text.remove_range(..1)));
    assert!(refused(|text| text.remove_range(..=2)));
    assert!(refused(|text| text.extend_from_within(..1)));
    assert!(refused(|text| drop(text.split_off(1))));
    assert!(!refused(|text| text.truncate(3)), "beyond the end there is nothing");
}

#[test]
fn a_panic_in_the_predicate_keeps_text_whole() {
    let mut text = SecretString::from("aßbßc");
    let mut left = 3;
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        text.retain(|character| {
            left -= 1;
            if left == 0 { super::unwind() } else { character != 'a' }
        });
    }));
    assert!(unwound.is_err());
    assert_eq!(text, "ßbßc");
}

#[test]
fn places_that_are_not_there_are_refused() {
    let refused = |change: fn(&mut SecretVec<u8>)| {
        let mut vec = SecretVec::from([1, 2]);
        let panicked = catch_unwind(AssertUnwindSafe(|| change(&mut vec))).is_err();
        panicked && vec == [1, 2]
    };
    assert!(refused(|vec| vec.insert(3, 0)));
    assert!(refused(|vec| _ = vec.remove(2)));
    assert!(refused(|vec| _ = vec.swap_remove(2)));
    assert!(refused(|vec| drop(vec.split_off(3))));
    assert!(refused(|vec| vec.remove_range(..3)));
    #[allow(clippy::reversed_empty_ranges, reason = "it is refused")]
    fn reversed(vec: &mut SecretVec<u8>) {
        vec.remove_range(2..1);
    }
    assert!(refused(reversed));
    assert!(refused(|vec| vec.remove_range(..=usize::MAX)));
    assert!(refused(|vec| vec.extend_from_within(1..4)));
    assert!(refused(|vec| vec.reserve(usize::MAX)));
    assert!(refused(|vec| vec.reserve(isize::MAX as usize)));
    assert!(refused(|vec| vec.reserve_exact(usize::MAX - 2)));
    assert!(refused(|vec| vec.try_reserve(usize::MAX).unwrap()));
    assert!(catch_unwind(|| SecretVec::<u64>::with_capacity(usize::MAX / 8)).is_err());
}

#[test]
fn elements_of_every_size_and_alignment_are_kept() {
    #[derive(Clone, Copy)]
    #[repr(align(64))]
    struct Wide([u64; 8]);

    impl Wipe for Wide {
        fn wipe(&mut self) {
            self.0.wipe();
        }
    }

    let freed = secrets_freed_in(|| {
        let mut wide = SecretVec::new();
        for _ in 0..20 {
            wide.push(Wide([CANARY; 8]));
            assert!(wide.as_ptr().addr() % 64 == 0);
        }
        wide.insert(3, Wide([1; 8]));
        assert_eq!(wide.remove(3).0, [1; 8]);
        wide.truncate(1);
        wide.shrink_to_fit();
        assert_eq!(wide[0].0, [CANARY; 8]);
        wide.clear();
        expose(wide);
    });
    assert_eq!(freed, 0);

    let mut units = SecretVec::<()>::new();
    units.push(());
    units.extend([(); 3]);
    units.insert(2, ());
    assert_eq!((units.len(), units.pop(), units.remove(0)), (5, Some(()), ()));
    units.retain(|()| true);
    units.shrink_to_fit();
    assert_eq!((units.len(), units.capacity()), (3, usize::MAX));
    assert!(units.try_reserve(usize::MAX).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| units.reserve(usize::MAX))).is_err());
    units.wipe();
    assert!(units.is_empty());
}

#[test]
fn growth_is_amortised_and_room_is_not_asked_for_twice() {
    let mut vec = SecretVec::new();
    let allocations = allocations_in(|| (0..10_000).for_each(|number| vec.push(number as u8)));
    assert!(allocations <= 12, "{allocations}");
    let mut vec = SecretVec::<u8>::with_capacity(100);
    assert_eq!(allocations_in(|| (0..100).for_each(|number| vec.push(number))), 0);
    assert_eq!(allocations_in(|| vec = SecretVec::from(vec.as_slice().to_vec())), 1);
}

#[test]
fn buffers_are_taken_over_without_a_copy() {
    let items = vec![1_u8, 2, 3];
    let place = items.as_ptr();
    let vec = SecretVec::from(items);
    assert_eq!(vec.as_ptr(), place);
    let text = SecretString::from_utf8(vec).unwrap();
    assert_eq!(text.as_ptr(), place);
    let text = SecretString::from(text.into_exposed_string());
    assert_eq!((text.as_ptr(), text.as_bytes()), (place, &[1, 2, 3][..]));
    let vec = SecretVec::from(text).into_exposed_vec();
    assert_eq!(vec.as_ptr(), place);
    let boxed = vec.into_boxed_slice();
    assert_eq!(SecretVec::from(boxed).as_ptr(), place);
}

#[test]
fn equality_asks_for_content_and_length() {
    let vec = SecretVec::from(b"abc");
    assert_eq!(vec, vec.clone());
    assert_eq!(vec, b"abc");
    assert_eq!(vec, *b"abc");
    assert_eq!(vec, b"abc"[..]);
    assert_eq!(vec, &b"abc"[..]);
    assert_eq!(vec, Vec::from(b"abc"));
    assert_eq!(b"abc", vec);
    assert_eq!(b"abc"[..], vec);
    assert_eq!(Vec::from(b"abc"), vec);
    for other in [&b"abd"[..], b"ab", b"abcd", b"", b"Abc"] {
        assert_ne!(vec, other);
        assert_ne!(other, vec);
        assert_ne!(vec, SecretVec::from(other));
    }
    let text = SecretString::from("abc");
    assert_eq!(text, *"abc");
    assert_eq!(*"abc", text);
    assert_eq!("abc", text);
    let owned = String::from("abc");
    assert_eq!(text, owned);
    assert_eq!(owned, text);
    assert_eq!(text, &owned);
    assert_eq!(Cow::from("abc"), text);
    for other in ["ab", "abd", "abcd", "", "Abc"] {
        assert_ne!(text, other);
        assert_ne!(other, text);
    }
    assert_eq!(text, text.clone());
}

#[test]
fn nothing_is_shown() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "it is shown")]
    struct Login {
        name: &'static str,
        password: SecretString,
        key: SecretVec,
    }

    let login = |password: &str| Login {
        name: "me",
        password: password.into(),
        key: SecretVec::from(password.as_bytes()),
    };
    let shown = format!("{:?}", login("hunter2"));
    assert_eq!(shown, "Login { name: \"me\", password: SecretString(..), key: SecretVec(..) }");
    assert_eq!(shown, format!("{:?}", login("")));
}

#[test]
fn everything_can_be_written_and_collected() {
    let mut bytes = SecretVec::new();
    write!(bytes, "a-{:02}", 7).unwrap();
    let slices = [std::io::IoSlice::new(b"bc"), std::io::IoSlice::new(b"d")];
    assert_eq!(bytes.write_vectored(&slices).unwrap(), 3);
    bytes.flush().unwrap();
    assert_eq!(bytes, b"a-07bcd");
    assert_eq!((1..4).collect::<SecretVec<u8>>(), [1, 2, 3]);

    let mut text: SecretString = ['a', 'ß'].into_iter().collect();
    text.extend(&['c']);
    text.extend([String::from("d"), String::from("e")]);
    text.extend([SecretString::from("f")]);
    text.write_char('€').unwrap();
    assert_eq!(text, "aßcdef€");
    text.make_ascii_uppercase();
    assert_eq!(AsRef::<str>::as_ref(&text), "AßCDEF€");
    assert_eq!(["a", "b"].into_iter().collect::<SecretString>(), "ab");
}

#[test]
fn text_is_parsed_and_comes_of_bytes() {
    let text: SecretString = "aß".parse().expect("it never fails");
    assert_eq!(text, "aß");
    let place = text.as_bytes().as_ptr();
    let bytes = SecretVec::from(text);
    let text = SecretString::try_from(bytes).expect("it is UTF-8");
    assert_eq!((&*text, text.as_bytes().as_ptr()), ("aß", place));
    let error = SecretString::try_from(SecretVec::from(b"a\xff")).expect_err("it is not UTF-8");
    assert_eq!(
        (error.utf8_error().valid_up_to(), error.into_bytes().as_slice()),
        (1, &b"a\xff"[..])
    );
}

#[test]
fn pooled_objects_keep_their_buffers_and_lose_their_secrets() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize, capacity = 16)]
        token: SecretString,
        #[pool(max_capacity = 100)]
        key: SecretVec,
        #[pool(zeroize)]
        blocks: SecretVec<[u64; 4]>,
        plain: SecretString,
        #[pool(zeroize)]
        by_name: HashMap<String, SecretString>,
        #[pool(zeroize)]
        old: Option<SecretVec<u64>>,
        #[pool(zeroize)]
        list: RetainVec<SecretString>,
        map: RetainMap<String, SecretVec<u64>>,
        last: RetainOption<SecretString>,
    }

    let serve = || {
        let mut session = Session::pooled();
        assert!(session.token.is_empty() && session.token.capacity() >= 16);
        assert!(session.key.is_empty() && session.key.capacity() <= 100);
        assert!(session.blocks.is_empty() && session.plain.is_empty());
        session.token.push_str("0123456789abcdef");
        session.key.extend_from_slice(&BYTES);
        session.blocks.extend([BLOCK; 10]);
        session.plain.push_str("abc");
        session.list.push_blank().push_str("def");
        session.map.insert_blank("key").extend([CANARY; 3]);
        session.last.insert_blank().push_str("ghi");
    };
    serve();
    assert_eq!(allocations_in(|| (0..10).for_each(|_| serve())), 0);
    let freed = secrets_freed_in(|| {
        let mut session = Session::pooled();
        session.key.resize(1000, 7);
        (0..100).for_each(|_| session.key.extend_from_slice(&BYTES));
        session.old = Some(full(10));
        drop(session);
        let mut session = Session::pooled();
        session.key.extend_from_slice(&BYTES);
        session.blocks.push(BLOCK);
        drop(Pooled::into_inner(session));
        Session::pool().clear();
    });
    assert_eq!(freed, 0);

    #[derive(Poolable)]
    struct Request<'a> {
        path: &'a str,
        key: SecretVec,
        #[pool(zeroize)]
        parts: SecretVec<Part<'a>>,
    }

    #[derive(Clone, Copy)]
    struct Part<'a>(&'a str);

    impl Wipe for Part<'_> {
        fn wipe(&mut self) {
            self.0 = "";
        }
    }

    for round in 0..3 {
        let path = format!("/{round}");
        let mut request = Request::pooled();
        assert!(request.path.is_empty() && request.key.is_empty() && request.parts.is_empty());
        request.path = &path;
        request.key.push(round);
        request.parts.push(Part(&path));
        assert_eq!(request.parts[0].0, request.path);
    }

    let pool = Pool::new(SecretString::new);
    pool.get().push_str("a secret");
    assert!(pool.get().is_empty() && pool.get().capacity() >= 8);
}

#[test]
fn vectors_follow_their_elements_to_other_threads() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<(SecretString, SecretVec)>();
    let vec = SecretVec::from([1_u8]);
    assert_eq!(thread::spawn(move || vec.len()).join().unwrap(), 1);
}

#[cfg(feature = "serde")]
mod serialized {
    use serde::de::value::{
        BorrowedStrDeserializer, BytesDeserializer, Error, StringDeserializer, U64Deserializer,
    };
    use serde::de::{Deserialize, Deserializer, IntoDeserializer, Visitor};
    use serde::forward_to_deserialize_any;

    use super::*;

    /// Hands over a vector of bytes.
    struct Owned(Vec<u8>);

    impl<'de> Deserializer<'de> for Owned {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_byte_buf(self.0)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
            option unit unit_struct newtype_struct seq tuple tuple_struct map struct enum
            identifier ignored_any
        }
    }

    #[test]
    fn what_is_written_is_what_std_writes_and_is_read_again() {
        let (vec, text) = (SecretVec::from(b"abc"), SecretString::from("a\"ß"));
        let written = serde_json::to_string(&(&vec, &text)).unwrap();
        let plain = serde_json::to_string(&(b"abc".to_vec(), "a\"ß")).unwrap();
        assert_eq!(written, plain);
        let read: (SecretVec, SecretString) = serde_json::from_str(&written).unwrap();
        assert_eq!(read, (vec, text));
        let read: (SecretVec, SecretString) = serde_json::from_reader(written.as_bytes()).unwrap();
        assert_eq!(read.1, "a\"ß");
        let words: SecretVec<String> = serde_json::from_str(r#"["a", "b"]"#).unwrap();
        assert_eq!(words.as_slice(), ["a", "b"]);
    }

    #[test]
    fn bytes_and_owned_buffers_are_read_too() {
        let bytes = || BytesDeserializer::<Error>::new(b"abc");
        assert_eq!(SecretVec::<u8>::deserialize(bytes()).unwrap(), b"abc");
        assert_eq!(SecretString::deserialize(bytes()).unwrap(), "abc");
        assert_eq!(SecretVec::<u8>::deserialize(Owned(b"abc".to_vec())).unwrap(), b"abc");
        assert!(SecretString::deserialize(Owned(vec![0xFF])).is_err());
        let borrowed = BorrowedStrDeserializer::<Error>::new("abc");
        assert_eq!(SecretString::deserialize(borrowed).unwrap(), "abc");

        // A buffer that is handed over is taken, if there is none.
        let text = String::from("abcdef");
        let place = text.as_ptr();
        let owned: StringDeserializer<Error> = text.into_deserializer();
        let mut text = SecretString::deserialize(owned).unwrap();
        assert_eq!((text.as_ptr(), text.as_str()), (place, "abcdef"));
        let owned: StringDeserializer<Error> = String::from("xyz").into_deserializer();
        SecretString::deserialize_in_place(owned, &mut text).unwrap();
        assert_eq!((text.as_ptr(), text.as_str()), (place, "xyz"));
        let text = SecretString::deserialize(Owned(b"abc".to_vec())).unwrap();
        assert_eq!(text, "abc");
    }

    #[test]
    fn buffers_that_are_handed_over_are_wiped() {
        let freed = secrets_freed_in(|| {
            drop(SecretVec::<u8>::deserialize(Owned(BYTES.repeat(4))).unwrap());
            drop(SecretString::deserialize(Owned(BYTES.repeat(4))).unwrap());
            let mut wrong = Vec::with_capacity(9);
            wrong.extend(BYTES);
            wrong.push(0xFF);
            assert!(SecretString::deserialize(Owned(wrong)).is_err());
            let text = || std::str::from_utf8(&BYTES).unwrap().to_owned();
            let owned: StringDeserializer<Error> = text().into_deserializer();
            assert!(SecretVec::<u8>::deserialize(owned).is_err());
            let owned: StringDeserializer<Error> = text().into_deserializer();
            let mut there = SecretString::with_capacity(100);
            SecretString::deserialize_in_place(owned, &mut there).unwrap();
        });
        assert_eq!(freed, 0);
    }

    #[test]
    fn reading_in_place_keeps_the_buffer_and_wipes_it_first() {
        let mut vec = SecretVec::with_capacity(64);
        vec.extend_from_slice(&BYTES);
        let place = vec.as_ptr();
        let mut json = serde_json::Deserializer::from_str("[1, 2, 3]");
        SecretVec::deserialize_in_place(&mut json, &mut vec).unwrap();
        assert_eq!((vec.as_ptr(), vec.as_slice()), (place, &[1, 2, 3][..]));
        for wrong in ["[1, 2, 300]", "[1, 2", "\"s3cr3t\"", "7", "{}", "[1, \"s3cr3t\"]"] {
            vec.push(1);
            let mut json = serde_json::Deserializer::from_str(wrong);
            assert!(SecretVec::deserialize_in_place(&mut json, &mut vec).is_err());
            assert!(vec.is_empty() && vec.as_ptr() == place);
        }
        let mut text = SecretString::from("before");
        for wrong in ["\"s3cr3t", "7", "[\"s3cr3t\"]"] {
            text.push('x');
            let mut json = serde_json::Deserializer::from_str(wrong);
            assert!(SecretString::deserialize_in_place(&mut json, &mut text).is_err());
            assert!(text.is_empty());
        }
    }

    #[test]
    fn errors_do_not_quote_the_input() {
        let quoted = serde_json::from_str::<Vec<u8>>("\"s3cr3t\"").unwrap_err().to_string();
        assert!(quoted.contains("s3cr3t"), "serde quotes: {quoted}");

        #[derive(Debug, serde::Deserialize)]
        #[allow(dead_code, reason = "it is read")]
        struct Login {
            key: SecretVec,
            password: SecretString,
        }

        let inputs = [
            r#"{"key": "s3cr3t"}"#,
            r#"{"key": [1, "s3cr3t"]}"#,
            r#"{"key": [1, 987654]}"#,
            r#"{"key": 987654}"#,
            r#"{"key": 9.87654}"#,
            r#"{"key": true}"#,
            r#"{"password": 987654}"#,
            r#"{"password": -987654}"#,
            r#"{"password": 987.654}"#,
            r#"{"password": ["s3cr3t"]}"#,
            r#"{"password": {"s3cr3t": 1}}"#,
            r#"{"password": "s3cr3t"#,
        ];
        for input in inputs {
            let errors = [
                serde_json::from_str::<Login>(input).unwrap_err().to_string(),
                serde_json::from_value::<Login>(serde_json::from_str(input).unwrap_or_default())
                    .unwrap_err()
                    .to_string(),
            ];
            for error in errors {
                let told = ["s3cr3t", "987", "true"].iter().any(|secret| error.contains(secret));
                assert!(!told, "{input}: {error}");
            }
        }
        let number: U64Deserializer<Error> = 987_654_u64.into_deserializer();
        let error = SecretString::deserialize(number).unwrap_err().to_string();
        assert_eq!(error, "could not read a secret (not shown)");
    }
}
