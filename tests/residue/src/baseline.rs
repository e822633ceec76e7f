//! What the scanner must see, and what it must not: it is tried before it is believed.

use core::cell::{Cell, UnsafeCell};
use core::hint::black_box;
use std::thread;

use crate::child::run_below;
use crate::fill;
use crate::ways::Ended;

/// A scenario whose outcome is known.
pub(crate) struct Baseline {
    pub(crate) name: &'static str,
    pub(crate) run: fn() -> Ended,
    /// The words to be found, in memory and in freed blocks.
    pub(crate) memory: Words,
    pub(crate) freed: Words,
}

/// How many words are expected.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Words {
    Exactly(usize),
    Some,
    Any,
}

impl Words {
    pub(crate) fn holds(self, words: usize) -> bool {
        match self {
            Self::Exactly(count) => words == count,
            Self::Some => words > 0,
            Self::Any => true,
        }
    }
}

use Words::{Any, Exactly, Some as AtLeastOne};

macro_rules! baselines {
    ($($name:literal $run:ident: $memory:expr, $freed:expr;)*) => {
        pub(crate) static ALL: &[Baseline] =
            &[$(Baseline { name: $name, run: $run, memory: $memory, freed: $freed }),*];
    };
}

baselines! {
    "no secret" nothing: Exactly(0), Exactly(0);
    "filled, wiped by hand" wiped_by_hand: Exactly(0), Exactly(0);
    "filled on the stack, wiped by hand" wiped_frame: Exactly(0), Exactly(0);
    "alive on the heap" alive: Exactly(64), Exactly(0);
    "alive, chars" alive_chars: Exactly(32), Exactly(0);
    "alive, bools" alive_bools: Exactly(8), Exactly(0);
    "alive, at an odd address" odd: Exactly(63), Exactly(0);
    "alive, in all of a large block" large: Exactly(40_000), Exactly(0);
    "alive in a static" in_static: Exactly(64), Exactly(0);
    "alive in a thread-local" in_thread_local: Exactly(64), Exactly(0);
    "in a dead frame" dead_frame: AtLeastOne, Exactly(0);
    "in a dead frame of another thread" frame_elsewhere: AtLeastOne, Exactly(0);
    "freed" freed: AtLeastOne, Exactly(64);
    "freed, zeroed without a barrier" freed_zeroed: Any, Any;
    "grown" grown: AtLeastOne, Exactly(64);
    "None after Some" none: AtLeastOne, Exactly(0);
}

fn nothing() -> Ended {
    Ended::elsewhere()
}

fn wiped_by_hand() -> Ended {
    let mut secret = Box::new([0_u8; 512]);
    fill::plain(secret.as_mut_slice(), 0);
    fill::by_hand(secret.as_mut_slice());
    drop(secret);
    Ended::elsewhere()
}

#[inline(never)]
fn frame() {
    let mut secret = [0_u64; 64];
    fill::plain(&mut secret, 0);
    black_box(&mut secret);
}

fn wiped_frame() -> Ended {
    let mut secret = [0_u8; 512];
    fill::plain(&mut secret, 0);
    fill::by_hand(&mut secret);
    Ended::elsewhere()
}

fn alive() -> Ended {
    let mut secret = Box::new([0_u64; 64]);
    fill::plain(secret.as_mut_slice(), 0);
    Box::leak(secret);
    Ended::elsewhere()
}

fn alive_chars() -> Ended {
    fill::chars(Box::leak(Box::new(['\0'; 64])), 0);
    Ended::elsewhere()
}

fn alive_bools() -> Ended {
    fill::bools(Box::leak(Box::new([false; 512])), 0);
    Ended::elsewhere()
}

fn odd() -> Ended {
    let memory = Box::leak(Box::new([0_u8; 512]));
    fill::plain(&mut memory[3..3 + 63 * 8], 0);
    Ended::elsewhere()
}

fn large() -> Ended {
    let memory = Box::leak(vec![0_u8; 40_000 * 8].into_boxed_slice());
    fill::plain(memory, 0);
    Ended::elsewhere()
}

fn in_static() -> Ended {
    struct Place(UnsafeCell<[u64; 64]>);

    // SAFETY: one thread alone uses it.
    unsafe impl Sync for Place {}

    static PLACE: Place = Place(UnsafeCell::new([0; 64]));
    // SAFETY: as above, and once.
    fill::plain(unsafe { &mut *PLACE.0.get() }, 0);
    Ended::elsewhere()
}

fn in_thread_local() -> Ended {
    thread_local! {
        static PLACE: Cell<[u64; 64]> = const { Cell::new([0; 64]) };
    }
    PLACE.with(|place| {
        // SAFETY: nobody else looks into the cell meanwhile.
        fill::plain(unsafe { &mut *place.as_ptr() }, 0);
    });
    Ended::elsewhere()
}

fn dead_frame() -> Ended {
    frame();
    Ended::elsewhere()
}

fn frame_elsewhere() -> Ended {
    let (done, is_done) = std::sync::mpsc::sync_channel(0);
    thread::spawn(move || {
        run_below(frame);
        done.send(()).unwrap();
        loop {
            thread::park();
        }
    });
    is_done.recv().unwrap();
    Ended::elsewhere()
}

fn freed() -> Ended {
    let mut secret = Box::new([0_u64; 64]);
    fill::plain(secret.as_mut_slice(), 0);
    drop(secret);
    Ended::elsewhere()
}

/// The optimiser may take the zeroes for dead stores. If it does they are found, and so this
/// is what a wipe without a barrier looks like.
fn freed_zeroed() -> Ended {
    let mut secret = vec![0_u64; 64];
    fill::plain(&mut secret, 0);
    secret.fill(0);
    drop(secret);
    Ended::elsewhere()
}

fn grown() -> Ended {
    let mut secret = Vec::new();
    fill::vec::<u64>(&mut secret, 64, 0);
    // The old block moves, or grows where it is; then there is one copy, alive.
    secret.reserve_exact(4096);
    core::mem::forget(secret);
    Ended::elsewhere()
}

fn none() -> Ended {
    let mut secret = Box::new(Some([0_u64; 64]));
    if let Some(secret) = secret.as_mut() {
        fill::plain(secret, 0);
    }
    *black_box(&mut *secret) = None;
    Box::leak(secret);
    Ended::elsewhere()
}
