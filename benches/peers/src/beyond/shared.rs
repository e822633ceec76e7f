//! A frame that goes to several subscribers, and home once.

mod across;

use core::array;
use core::hint::black_box;
use std::sync::Arc;

use poolable::{Poolable, Pooled, Shared};
use sharded_slab::Pool;
use sharded_slab::pool::OwnedRef;

use self::across::across;
use super::work::timed;
use super::{ACROSS, LONG, Row, Table, close, floor, other, poolable};
use crate::timing::{Entry, Sample};

/// Bytes in a frame.
const SIZE: usize = 1024;
static PAYLOAD: [u8; SIZE] = [7; SIZE];

/// What every subscriber sees of its frame.
const SEEN: u64 = (SIZE + 7) as u64;

pub(super) fn tables() -> [Table; 4] {
    [
        Table {
            file: "beyond-shared-8",
            title: "A frame for 8 subscribers",
            about: "A frame is made, 1 KiB is copied into it, it is cloned for 8 subscribers, \
                    each of them reads a byte, and all of them drop it. One thread.",
            unit: "frame",
            effort: LONG,
            rows: alone::<8>(),
        },
        Table {
            file: "beyond-shared-100",
            title: "A frame for 100 subscribers",
            about: "The same with 100 subscribers. One thread.",
            unit: "frame",
            effort: LONG,
            rows: alone::<100>(),
        },
        Table {
            file: "beyond-shared-across-8",
            title: "A frame for 8 subscribers on another thread",
            about: "The same, but another thread reads and drops the handles. The frames go there \
                    16 at a time, so that little of the channel is timed. Neither thread sleeps; \
                    the time is from one frame to the next, where both are at work at once.",
            unit: "frame",
            effort: ACROSS,
            rows: crossing::<8>(),
        },
        Table {
            file: "beyond-shared-across-100",
            title: "A frame for 100 subscribers on another thread",
            about: "The same with 100 handles.",
            unit: "frame",
            effort: ACROSS,
            rows: crossing::<100>(),
        },
    ]
}

fn alone<const N: usize>() -> Vec<Entry<Row>> {
    vec![
        poolable("poolable, `Shared<Frame>`", "`Pooled::share` of a guard.", run::<Home, N>),
        floor("floor: `Arc<Frame>`, reused", REUSED, COUNTED, run::<Ring, N>),
        close("`Arc<Frame>` of a new frame", NEW, ALLOCATED, run::<New, N>),
        close("`Arc<[u8]>`, new", SLICE, ALLOCATED, run::<Slice, N>),
        other("sharded-slab, owned guards", SLAB, run::<Slab, N>),
    ]
}

fn crossing<const N: usize>() -> Vec<Entry<Row>> {
    vec![
        poolable("poolable, `Shared<Frame>`", "`Pooled::share` of a guard.", across::<Home, N>),
        floor("floor: `Arc<Frame>`, reused", REUSED, COUNTED, across::<Ring, N>),
        close("`Arc<Frame>` of a new frame", NEW, ALLOCATED, across::<New, N>),
        close("`Arc<[u8]>`, new", SLICE, ALLOCATED, across::<Slice, N>),
        other("sharded-slab, owned guards", SLAB, across::<Slab, N>),
    ]
}

/// Why those who do not allocate either are as fast.
const COUNTED: &str = "it counts the same handles: two locked instructions for each subscriber \
                       are most of the time in both, and no instruction of poolable's pool is \
                       locked; for 8 subscribers poolable has 344 instructions and it has 319";
/// Why those who allocate are not much slower.
const ALLOCATED: &str = "to clone and to drop a handle takes a locked instruction each, in both, \
                         and they are most of the time, the more of them there are; what a new \
                         frame adds are some 300 instructions, however many subscribers it has";
const REUSED: &str = "By hand: a ring of 256 frames, the oldest of which is taken again if \
                      `Arc::get_mut` finds it alone. The ring keeps a handle of each.";
const NEW: &str = "`Arc::new` of a frame with a new buffer: two allocations.";
const SLICE: &str = "`Arc::from` a slice: one allocation.";
const SLAB: &str = "`create_owned().downgrade()`, a `get_owned` of the key for each subscriber, \
                    and `clear`.";

/// A way to come by frames that have several handles.
trait Frames: Sized {
    type Handle: Send;

    fn new() -> Self;

    /// A frame with the payload, and a handle of it for each subscriber.
    fn broadcast<const N: usize>(&mut self) -> [Self::Handle; N];

    fn bytes(handle: &Self::Handle) -> &[u8];
}

/// What a subscriber does with its handle.
#[inline(always)]
fn read<F: Frames>(handle: &F::Handle) -> u64 {
    let bytes = F::bytes(black_box(handle));
    (bytes.len() + usize::from(bytes[SIZE / 2])) as u64
}

/// What all subscribers together do.
#[inline(always)]
fn read_all<F: Frames, const N: usize>(handles: [F::Handle; N]) -> u64 {
    handles.iter().map(read::<F>).sum()
}

fn run<F: Frames, const N: usize>(frames: u64) -> Sample {
    let mut source = F::new();
    timed(frames, N as u64 * SEEN, || read_all::<F, N>(source.broadcast()))
}

#[derive(Poolable)]
struct Frame {
    #[pool(capacity = SIZE)]
    bytes: Vec<u8>,
}

impl Frame {
    #[inline(always)]
    fn fill(&mut self) {
        self.bytes.extend_from_slice(black_box(&PAYLOAD));
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self { bytes: Vec::with_capacity(SIZE) }
    }
}

impl sharded_slab::Clear for Frame {
    fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// A handle for each subscriber, of one that does not stay.
#[inline(always)]
fn clones<H: Clone, const N: usize>(handle: &H) -> [H; N] {
    array::from_fn(|_| handle.clone())
}

struct Home;

impl Frames for Home {
    type Handle = Shared<Frame>;

    fn new() -> Self {
        // What is under way between two threads, and what either of them keeps to itself.
        let ready: Vec<_> = (0..across::PREPARED).map(|_| Frame::pooled()).collect();
        drop(ready);
        Self
    }

    #[inline(always)]
    fn broadcast<const N: usize>(&mut self) -> [Self::Handle; N] {
        let mut frame = Frame::pooled();
        frame.fill();
        clones(&Pooled::share(frame))
    }

    #[inline(always)]
    fn bytes(handle: &Self::Handle) -> &[u8] {
        &handle.bytes
    }
}

struct Ring {
    frames: Vec<Arc<Frame>>,
    next: usize,
}

impl Frames for Ring {
    type Handle = Arc<Frame>;

    fn new() -> Self {
        let frames = (0..across::PREPARED).map(|_| Arc::default()).collect();
        Self { frames, next: 0 }
    }

    #[inline(always)]
    fn broadcast<const N: usize>(&mut self) -> [Self::Handle; N] {
        let place = &mut self.frames[self.next];
        self.next = (self.next + 1) % across::PREPARED;
        match Arc::get_mut(place) {
            Some(frame) => {
                frame.bytes.clear();
                frame.fill();
            }
            None => *place = new_frame(),
        }
        clones(place)
    }

    #[inline(always)]
    fn bytes(handle: &Self::Handle) -> &[u8] {
        &handle.bytes
    }
}

fn new_frame() -> Arc<Frame> {
    let mut frame = Frame::default();
    frame.fill();
    Arc::new(frame)
}

struct New;

impl Frames for New {
    type Handle = Arc<Frame>;

    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn broadcast<const N: usize>(&mut self) -> [Self::Handle; N] {
        clones(&new_frame())
    }

    #[inline(always)]
    fn bytes(handle: &Self::Handle) -> &[u8] {
        &handle.bytes
    }
}

struct Slice;

impl Frames for Slice {
    type Handle = Arc<[u8]>;

    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn broadcast<const N: usize>(&mut self) -> [Self::Handle; N] {
        clones(&Arc::from(&black_box(&PAYLOAD)[..]))
    }

    #[inline(always)]
    fn bytes(handle: &Self::Handle) -> &[u8] {
        handle
    }
}

struct Slab(Arc<Pool<Frame>>);

impl Frames for Slab {
    type Handle = OwnedRef<Frame>;

    fn new() -> Self {
        Self(Arc::new(Pool::new()))
    }

    #[inline(always)]
    fn broadcast<const N: usize>(&mut self) -> [Self::Handle; N] {
        let mut frame = Arc::clone(&self.0).create_owned().expect("the slab has room");
        frame.fill();
        let key = frame.key();
        let _first = frame.downgrade();
        let handles =
            array::from_fn(|_| Arc::clone(&self.0).get_owned(key).expect("it is not cleared yet"));
        self.0.clear(key);
        handles
    }

    #[inline(always)]
    fn bytes(handle: &Self::Handle) -> &[u8] {
        &handle.bytes
    }
}
