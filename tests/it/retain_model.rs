//! Random calls on a [`RetainVec`], compared with a `Vec`, with panics in all user code.
//!
//! Beside what it shows, this asks what it keeps: after each call, whether or not it
//! unwound, spare elements are reset; after a wipe, wiped; and no element is lost.

use core::cell::Cell;
use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};
use std::thread;

use poolable::{Reset, RetainVec, Wipe};

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

/// Whether something borrowed or secret may still be in an element.
struct Spy {
    number: u64,
    used_since_reset: bool,
    used_since_wipe: bool,
    heap: usize,
}

impl Spy {
    fn new(number: u64) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        let mut spy = Self { number: 0, used_since_reset: false, used_since_wipe: false, heap: 0 };
        if number != 0 {
            spy.write(number);
        }
        spy
    }

    fn write(&mut self, number: u64) {
        self.number = number;
        self.used_since_reset = true;
        self.used_since_wipe = true;
        self.heap = self.heap.max((number % 7) as usize * 3);
    }
}

impl Drop for Spy {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        burn();
    }
}

impl Reset for Spy {
    fn blank() -> Self {
        burn();
        Self::new(0)
    }

    fn reset(&mut self) {
        burn();
        self.number = 0;
        burn();
        self.used_since_reset = false;
    }

    fn retained_bytes(&mut self) -> usize {
        burn();
        self.heap
    }
}

/// Only a reset that comes after it makes the element blank again.
impl Wipe for Spy {
    fn wipe(&mut self) {
        burn();
        self.used_since_reset = true;
        self.used_since_wipe = false;
        burn();
    }
}

impl Clone for Spy {
    fn clone(&self) -> Self {
        burn();
        Self::new(self.number)
    }

    fn clone_from(&mut self, other: &Self) {
        burn();
        self.write(other.number);
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
    vec: RetainVec<Spy>,
    model: Vec<u64>,
    /// The last number given to an element.
    last: u64,
}

impl Pair {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn shown(&self) -> Vec<u64> {
        self.vec.iter().map(|spy| spy.number).collect()
    }

    /// Does one call to both. The model goes first, for the vector may panic.
    fn call(&mut self, call: usize, size: usize) {
        let index = size % self.model.len().max(1);
        match call {
            0..3 => {
                let number = self.next();
                self.vec.push_blank().write(number);
                self.model.push(number);
            }
            3..5 => {
                let number = self.next();
                self.model.push(number);
                self.vec.push(Spy::new(number));
            }
            5 => {
                self.model.truncate(size);
                self.vec.truncate(size);
            }
            6 => {
                let expected = self.model.pop();
                assert_eq!(self.vec.pop().map(|spy| spy.number), expected);
            }
            7 if !self.model.is_empty() => {
                let expected = self.model.swap_remove(index);
                assert_eq!(self.vec.swap_remove(index).number, expected);
            }
            8 if !self.model.is_empty() => {
                let expected = self.model.remove(index);
                assert_eq!(self.vec.remove(index).number, expected);
            }
            9 => {
                let number = self.next();
                self.model.insert(index, number);
                self.vec.insert(index, Spy::new(number));
            }
            10 => {
                let divisor = size as u64 + 1;
                self.model.retain(|number| number % divisor != 0);
                self.vec.retain(|spy| {
                    burn();
                    spy.number % divisor != 0
                });
            }
            11 => self.vec.shrink_to(size),
            12 => self.vec.set_max_retained(size),
            13 => self.vec.set_max_retained(usize::MAX),
            14 => {
                self.model.resize(size, 0);
                self.vec.resize_blank(size);
            }
            15 => {
                let spies: Vec<Spy> = (0..size).map(|_| Spy::new(self.next())).collect();
                self.model.extend(spies.iter().map(|spy| spy.number));
                self.vec.extend_from_slice(&spies);
            }
            16 => {
                self.model.clear();
                self.vec.wipe();
            }
            17 => {
                self.model.clear();
                self.vec.reset();
            }
            18 => self.vec.reserve(size),
            _ => assert_eq!(self.vec.clone().len(), self.model.len()),
        }
    }

    /// Takes the spare elements out, looks at them, and has them kept again.
    fn check_spares(&mut self, wiped: bool) {
        let (len, spares) = (self.vec.len(), self.vec.retained());
        let claimed = self.vec.retained_bytes();
        let in_use: usize = self.vec.iter().map(|element| element.heap).sum();
        let mut heap = self.vec.capacity() * size_of::<Spy>() + in_use;
        for _ in 0..spares {
            let spare = self.vec.push_blank();
            assert!(!spare.used_since_reset && spare.number == 0, "a spare element is not reset");
            assert!(!(wiped && spare.used_since_wipe), "a spare element is not wiped");
            heap += spare.heap;
        }
        assert_eq!((claimed, self.vec.retained()), (heap, 0));
        self.vec.truncate(len);
    }
}

#[test]
fn random_calls_with_panics_do_to_a_retain_vec_what_they_do_to_a_vec() {
    let mut panics = 0;
    for seed in 1..40 {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        let mut pair = Pair { vec: RetainVec::new(), model: Vec::new(), last: 0 };
        for _ in 0..1000 {
            let (call, size) = (dice.roll(20), dice.roll(12));
            let before = pair.model.clone();
            FUSE.set(if dice.roll(4) == 0 { 1 + dice.roll(30) as u64 } else { 0 });
            let outcome = catch_unwind(AssertUnwindSafe(|| pair.call(call, size)));
            FUSE.set(0);
            let shown = pair.shown();
            if outcome.is_ok() {
                assert_eq!(shown, pair.model);
            } else {
                panics += 1;
                let is_known =
                    |number: &u64| before.contains(number) || pair.model.contains(number);
                assert!(shown.iter().all(|number| *number == 0 || is_known(number)));
                assert!(shown.is_empty() || !(16..18).contains(&call), "a reset left elements");
                pair.model = shown;
            }
            assert_eq!(ALIVE.get(), pair.vec.len() + pair.vec.retained());
            if (16..18).contains(&call) || dice.roll(6) == 0 {
                pair.check_spares(call == 16 && outcome.is_ok());
            }
        }
        drop(pair);
        assert_eq!(ALIVE.get(), 0);
    }
    assert!(panics > 500, "{panics} panics are few");
}
