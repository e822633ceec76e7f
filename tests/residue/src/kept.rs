//! What a container leaves behind while its value stays in use.
//!
//! A value that is wiped as a whole hides what its operations have left in it. So here it
//! is not: when an operation is over, what is still in the container is zeroed by hand, and
//! the look is taken with the object in hand. What is found was left beside: in spare memory,
//! in a source that was emptied, in a buffer that was freed, on the stack.
//!
//! The same code with a container that wipes nothing is the control. Freed blocks are the
//! matter of `growth`.

use core::hint::black_box;
use core::mem;
use std::collections::HashMap;

use poolable::{Poolable, Pooled, Reset, SecretMap, SecretString, SecretVec};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use crate::fill::{self, Lent, by_hand, expect};
use crate::growth::pin;
use crate::matrix::Cell;
use crate::secret::Hold;
use crate::ways::Ended;

#[derive(Poolable)]
struct Kept<T: Default + Send + 'static> {
    user: String,
    #[pool(skip, init = T::default())]
    secret: T,
}

impl<T: Default + Send + 'static> Hold for Kept<T> {
    fn fill(&mut self) {}
}

/// How many bytes a secret has.
const LEN: usize = 512;
/// And how many words.
const WORDS: usize = LEN / 8;

/// What is in a container, and not what it has left.
trait Live {
    fn zero(&mut self);

    /// Leaves it.
    fn leave(&mut self) {
        black_box((&raw mut *self).cast::<u8>());
    }

    /// Zeroes what is there, and leaves all memory as it is for good.
    fn set_aside(mut self)
    where
        Self: Sized,
    {
        self.zero();
        mem::forget(self);
    }
}

impl Live for [u8] {
    fn zero(&mut self) {
        by_hand(self);
    }
}

impl<const N: usize> Live for [u8; N] {
    fn zero(&mut self) {
        by_hand(self);
    }
}

impl Live for String {
    fn zero(&mut self) {
        // SAFETY: zeroes are ASCII.
        by_hand(unsafe { self.as_bytes_mut() });
    }
}

impl Live for SecretString {
    fn zero(&mut self) {
        // SAFETY: zeroes are ASCII.
        by_hand(unsafe { self.as_mut_str().as_bytes_mut() });
    }
}

macro_rules! live {
    ($([$($params:tt)*] $ty:ty: $iter:ident;)*) => {$(
        impl<$($params)*> Live for $ty {
            fn zero(&mut self) {
                self.$iter().for_each(Live::zero);
            }
        }
    )*};
}

live! {
    [] SecretVec<String>: iter_mut;
    [] Vec<String>: iter_mut;
    [const N: usize] SecretVec<[u8; N]>: iter_mut;
    [const N: usize] Vec<[u8; N]>: iter_mut;
    [] SecretMap<[u8; 32], [u8; 64]>: values_mut;
    [] HashMap<[u8; 32], [u8; 64]>: values_mut;
}

impl Live for SecretVec<u8> {
    fn zero(&mut self) {
        by_hand(self);
    }
}

impl Live for Vec<u8> {
    fn zero(&mut self) {
        by_hand(self);
    }
}

/// What std's have under another name.
trait Remove {
    fn remove_range(&mut self, range: core::ops::Range<usize>);
}

impl<T> Remove for Vec<T> {
    fn remove_range(&mut self, range: core::ops::Range<usize>) {
        self.drain(range);
    }
}

impl Remove for String {
    fn remove_range(&mut self, range: core::ops::Range<usize>) {
        self.drain(range);
    }
}

/// The same for what one of them lacks.
trait Text {
    fn append(&mut self, other: &mut Self);
    fn repeat_within(&mut self);
}

impl Text for String {
    fn append(&mut self, other: &mut Self) {
        self.push_str(other);
        other.clear();
    }

    fn repeat_within(&mut self) {
        let text = Lent::<LEN>::new(0);
        self.push_str(core::str::from_utf8(&*text.0).unwrap());
    }
}

impl Text for SecretString {
    fn append(&mut self, other: &mut Self) {
        Self::append(self, other);
    }

    fn repeat_within(&mut self) {
        self.extend_from_within(..);
    }
}

trait Erase {
    fn erase(&mut self, key: &[u8; 32]) -> bool;
}

impl Erase for HashMap<[u8; 32], [u8; 64]> {
    fn erase(&mut self, key: &[u8; 32]) -> bool {
        self.remove(key).is_some()
    }
}

/// Fills an empty vector of bytes, with room to spare.
macro_rules! fill_bytes {
    ($secret:ident) => {
        $secret.reserve(2 * LEN);
        $secret.resize(LEN, 0);
        fill::plain(&mut $secret[..], 0);
    };
}

macro_rules! fill_text {
    ($secret:ident) => {
        $secret.reserve(2 * LEN);
        $secret.push_str(core::str::from_utf8(&*Lent::<LEN>::new(0).0).unwrap());
    };
}

/// Fills a vector of arrays, in place.
macro_rules! fill_arrays {
    ($secret:ident) => {
        $secret.reserve(16);
        $secret.resize(8, [0; 64]);
        $secret.iter_mut().zip(0..).for_each(|(array, index)| fill::plain(array, 8 * index));
    };
}

macro_rules! fill_texts {
    ($secret:ident) => {
        $secret.reserve(16);
        (0..8).for_each(|index| $secret.push(fill::text(64, 8 * index)));
    };
}

/// Keys that are no secret.
fn key(index: u8) -> [u8; 32] {
    [index; 32]
}

/// Fills a map of keys that are no secret, in place.
macro_rules! fill_map {
    ($secret:ident) => {
        $secret.reserve(20);
        (1..9).for_each(|index| _ = $secret.insert(key(index), [0; 64]));
        $secret.values_mut().zip(0..).for_each(|(value, index)| fill::plain(value, 8 * index));
    };
}

/// As [`fill_map`], and keys that are a secret as well.
macro_rules! fill_pairs {
    ($secret:ident) => {
        $secret.reserve(20);
        (0..4).for_each(|index| {
            let key = Lent::<32>::new(128 + 4 * index);
            put(|| _ = $secret.insert(*key.0, [0; 64]));
            fill::plain($secret.get_mut(&*key.0).unwrap(), 8 * index);
        });
    };
}

/// A frame of its own for what passes a value: a place that the caller has made for it
/// is the caller's, and is to be used again.
#[inline(never)]
fn put(pass: impl FnOnce()) {
    pass();
}

/// The object stays in hand.
fn kept<S: Hold>(guard: Pooled<S>) -> Ended {
    mem::forget(guard);
    Ended::of::<S>(|stats| stats.in_use == 1)
}

macro_rules! operations {
    ($(
        $list:ident $label:literal $ty:ty, $control:ty, $end:ident:
        $($way:literal |$secret:ident| $change:expr;)*
    )*) => {$(
        fn $list() -> Vec<Cell> {
            vec![$({
                fn run() -> Ended {
                    let mut guard = Kept::<$ty>::pooled();
                    let $secret = &mut guard.secret;
                    $change;
                    $secret.zero();
                    kept(guard)
                }

                fn control() -> Ended {
                    let mut guard = Kept::<$control>::pooled();
                    let $secret = &mut guard.secret;
                    $change;
                    $secret.$end();
                    kept(guard)
                }

                Cell { row: $label, way: $way, run, control, boxed: None }
            }),*]
        }
    )*};
}

// `expect` says how many words leave. The name at the end is what the control does with those
// that are still there.
operations! {
    of_bytes "in use: SecretVec<u8>" SecretVec<u8>, Vec<u8>, zero:
        "truncate" |secret| {
            fill_bytes!(secret);
            secret.truncate(8);
            expect(WORDS - 1)
        };
        "clear" |secret| {
            fill_bytes!(secret);
            secret.clear()
        };
        "reset" |secret| {
            fill_bytes!(secret);
            secret.reset()
        };
        "pop" |secret| {
            fill_bytes!(secret);
            (0..LEN / 2).for_each(|_| _ = black_box(secret.pop()));
            expect(WORDS / 2)
        };
        "remove_range" |secret| {
            fill_bytes!(secret);
            secret.remove_range(8..LEN / 2);
            expect(WORDS / 2 - 1)
        };
        "retain" |secret| {
            fill_bytes!(secret);
            let mut index = 0;
            secret.retain(|_| {
                index += 1;
                index % 128 < 64
            });
            expect(WORDS / 2)
        };
        "append" |secret| {
            let mut other = secret.clone();
            fill_bytes!(other);
            secret.append(&mut other);
            other.set_aside()
        };
        "split_off" |secret| {
            fill_bytes!(secret);
            secret.split_off(LEN / 2).set_aside();
            expect(WORDS / 2)
        };
        "split_off all" |secret| {
            fill_bytes!(secret);
            secret.split_off(0).set_aside();
            // Where the other one takes the buffer nothing stays in it.
            expect(0)
        };
        "insert, remove" |secret| {
            fill_bytes!(secret);
            (0..64).for_each(|_| secret.insert(0, 0));
            secret.remove_range(0..64);
            expect(8)
        };
        "extend_from_within" |secret| {
            fill_bytes!(secret);
            secret.extend_from_within(..LEN / 2);
            secret.truncate(LEN / 2);
            expect(WORDS)
        };
        "grow" |secret| {
            fill_bytes!(secret);
            pin();
            secret.reserve(8 * LEN)
        };
        "shrink_to" |secret| {
            fill_bytes!(secret);
            secret.truncate(LEN / 2);
            pin();
            secret.shrink_to(LEN / 2);
            expect(WORDS / 2)
        };

    of_arrays "in use: SecretVec<[u8; 64]>" SecretVec<[u8; 64]>, Vec<[u8; 64]>, zero:
        "truncate" |secret| {
            fill_arrays!(secret);
            secret.truncate(1);
            expect(7 * 8)
        };
        "remove_range" |secret| {
            fill_arrays!(secret);
            secret.remove_range(1..4);
            expect(3 * 8)
        };
        "retain" |secret| {
            fill_arrays!(secret);
            let mut index = 0;
            secret.retain(|_| {
                index += 1;
                index % 2 == 0
            });
            expect(4 * 8)
        };
        "clear" |secret| {
            fill_arrays!(secret);
            secret.clear()
        };
        "pop" |secret| {
            fill_arrays!(secret);
            (0..4).for_each(|_| put(|| secret.pop().as_mut().unwrap().zero()));
            expect(4 * 8)
        };
        "remove" |secret| {
            fill_arrays!(secret);
            put(|| secret.remove(0).zero());
            expect(8)
        };
        "swap_remove" |secret| {
            fill_arrays!(secret);
            (0..4).for_each(|_| put(|| secret.swap_remove(0).zero()));
            expect(8)
        };

    // What is passed by value arrives, and the control shows that.
    of_passed_arrays "passed: SecretVec<[u8; 64]>" SecretVec<[u8; 64]>, Vec<[u8; 64]>, leave:
        "push" |secret| {
            secret.reserve(8);
            (0..8).for_each(|index| {
                let array = Lent::<64>::new(8 * index);
                put(|| secret.push(*array.0));
            })
        };
        "push and grow" |secret| (0..8).for_each(|index| {
            let array = Lent::<64>::new(8 * index);
            put(|| secret.push(*array.0));
            pin();
        });
        "insert" |secret| {
            secret.reserve(8);
            (0..8).for_each(|index| {
                let array = Lent::<64>::new(8 * index);
                put(|| secret.insert(0, *array.0));
            })
        };
        "extend" |secret| {
            let arrays: Vec<_> = (0..8).map(|index| Lent::<64>::new(8 * index)).collect();
            put(|| secret.extend(arrays.iter().map(|array| *array.0)))
        };
        "resize" |secret| {
            let array = Lent::<64>::new(0);
            put(|| secret.resize(8, *array.0));
            expect(8 * 8)
        };

    of_texts "in use: SecretVec<String>" SecretVec<String>, Vec<String>, zero:
        "truncate" |secret| {
            fill_texts!(secret);
            secret.truncate(1);
            expect(7 * 8)
        };
        "remove_range" |secret| {
            fill_texts!(secret);
            secret.remove_range(1..4);
            expect(3 * 8)
        };
        "retain" |secret| {
            fill_texts!(secret);
            secret.retain(|_| false)
        };
        "clear" |secret| {
            fill_texts!(secret);
            secret.clear()
        };

    of_string "in use: SecretString" SecretString, String, zero:
        "truncate" |secret| {
            fill_text!(secret);
            secret.truncate(8);
            expect(WORDS - 1)
        };
        "clear" |secret| {
            fill_text!(secret);
            secret.clear()
        };
        "reset" |secret| {
            fill_text!(secret);
            secret.reset()
        };
        "pop" |secret| {
            fill_text!(secret);
            (0..LEN / 2).for_each(|_| _ = black_box(secret.pop()));
            expect(WORDS / 2)
        };
        "remove_range" |secret| {
            fill_text!(secret);
            secret.remove_range(8..LEN / 2);
            expect(WORDS / 2 - 1)
        };
        "retain" |secret| {
            fill_text!(secret);
            let mut index = 0;
            secret.retain(|_| {
                index += 1;
                index % 128 < 64
            });
            expect(WORDS / 2)
        };
        "append" |secret| {
            let mut other = secret.clone();
            fill_text!(other);
            Text::append(secret, &mut other);
            other.set_aside()
        };
        "split_off" |secret| {
            fill_text!(secret);
            secret.split_off(LEN / 2).set_aside();
            expect(WORDS / 2)
        };
        "insert, remove" |secret| {
            fill_text!(secret);
            (0..64).for_each(|_| secret.insert(0, ' '));
            secret.remove_range(0..64);
            expect(8)
        };
        "extend_from_within" |secret| {
            fill_text!(secret);
            secret.repeat_within();
            secret.truncate(LEN);
            expect(WORDS)
        };
        "grow" |secret| {
            fill_text!(secret);
            pin();
            secret.reserve(8 * LEN)
        };
        "shrink_to" |secret| {
            fill_text!(secret);
            secret.truncate(LEN / 2);
            pin();
            secret.shrink_to(LEN / 2);
            expect(WORDS / 2)
        };
        "read in place, again" |secret| {
            fill_text!(secret);
            let text: StrDeserializer<'_, Error> = "short".into_deserializer();
            Deserialize::deserialize_in_place(text, secret).unwrap();
            expect(WORDS - 1)
        };

    of_map "in use: SecretMap<[u8; 32], [u8; 64]>"
    SecretMap<[u8; 32], [u8; 64]>, HashMap<[u8; 32], [u8; 64]>, zero:
        "erase" |secret| {
            fill_map!(secret);
            (1..7).for_each(|index| assert!(secret.erase(&key(index))));
            expect(6 * 8)
        };
        "remove" |secret| {
            fill_map!(secret);
            (1..7).for_each(|index| put(|| secret.remove(&key(index)).as_mut().unwrap().zero()));
            expect(6 * 8)
        };
        "retain" |secret| {
            fill_map!(secret);
            secret.retain(|key, _| key[0] == 1);
            expect(7 * 8)
        };
        "clear" |secret| {
            fill_map!(secret);
            secret.clear()
        };
        "reset" |secret| {
            fill_map!(secret);
            secret.reset()
        };
        "grow" |secret| {
            fill_map!(secret);
            pin();
            secret.reserve(1000)
        };
        "shrink_to" |secret| {
            fill_map!(secret);
            secret.reserve(300);
            expect(8 * 8);
            secret.shrink_to(10)
        };
        "erase pairs" |secret| {
            fill_pairs!(secret);
            (0..4).for_each(|index| {
                let key = Lent::<32>::new(128 + 4 * index);
                assert!(secret.erase(key.0.as_ref()));
            });
            expect(4 * 12)
        };
        "clear pairs" |secret| {
            fill_pairs!(secret);
            secret.clear();
            expect(4 * 12)
        };

    of_passed_pairs "passed: SecretMap<[u8; 32], [u8; 64]>"
    SecretMap<[u8; 32], [u8; 64]>, HashMap<[u8; 32], [u8; 64]>, leave:
        "insert" |secret| {
            secret.reserve(20);
            (0..8).for_each(|index| {
                let value = Lent::<64>::new(8 * u64::from(index));
                put(|| _ = secret.insert(key(index), *value.0));
            })
        };
        "insert again" |secret| {
            fill_map!(secret);
            (1..9).for_each(|index| {
                let value = Lent::<64>::new(8 * u64::from(index));
                put(|| secret.insert(key(index), *value.0).as_mut().unwrap().zero());
            });
            expect(8 * 8)
        };
        "extend" |secret| {
            secret.reserve(20);
            (0..8).for_each(|index| {
                // Handed out as it lies there: one that is put together passes through the
                // frames of whoever does that.
                let mut pair = Box::new((key(index), [0; 64]));
                fill::plain(&mut pair.1, 8 * u64::from(index));
                put(|| secret.extend(core::iter::once(&*pair).copied()));
                pair.1.zero();
            })
        };
}

pub(crate) fn cells() -> Vec<Cell> {
    let lists = [
        of_bytes(),
        of_arrays(),
        of_passed_arrays(),
        of_texts(),
        of_string(),
        of_map(),
        of_passed_pairs(),
    ];
    lists.into_iter().flatten().collect()
}
