//! What is timed.

pub(crate) mod a_to_b;
pub(crate) mod burst;
pub(crate) mod hit;
pub(crate) mod together;

use core::time::Duration;

use crate::contender::Contender;
use crate::field;
use crate::object::{Buffer1K, Buffer4K, Buffer16, Buffer64K, Burst4K, Burst16, Request};
use crate::timing::{Effort, Entry, Sample};

/// How many idle objects the pools with a limit may keep, where a case says nothing else:
/// poolable's default.
const IDLE: usize = 1024;

/// Something that contenders do whose objects return on the thread that got them.
pub(crate) trait Workload {
    /// Warms up, then times about `objects` objects.
    fn run<C: Contender>(objects: u64) -> Sample;
}

/// Which case this is, for the bars and the file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Hit,
    TwoThreads,
    FourThreads,
    AToB,
    Burst100,
    Burst10k,
    SmallBurst100,
    SmallBurst10k,
    Fields,
    Small,
    Medium,
    Large,
}

pub(crate) struct Case {
    pub(crate) key: Key,
    /// The name of its plot.
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    /// What happens to one object, and what its time is.
    pub(crate) about: &'static str,
    /// What the floor is.
    pub(crate) floor: &'static str,
    pub(crate) effort: Effort,
    pub(crate) entries: Vec<Entry>,
}

const LOCAL_VEC: &str = "a pop and a push of a `Box` on a `Vec` that the loop owns";

const ALONE: Effort = Effort { rounds: 500, timing: Duration::from_micros(250) };
const TOGETHER: Effort = Effort { rounds: 300, timing: Duration::from_millis(1) };
const CROWDED: Effort = Effort { rounds: 40, timing: Duration::from_millis(15) };
const ACROSS: Effort = Effort { rounds: 250, timing: Duration::from_millis(3) };
const BURSTS: Effort = Effort { rounds: 100, timing: Duration::from_micros(500) };

pub(crate) fn all() -> Vec<Case> {
    vec![
        Case {
            key: Key::Hit,
            file: "hit-one-thread",
            title: "Hit, one thread",
            about: "Get, append 13 bytes to a buffer of 4096, return.",
            floor: LOCAL_VEC,
            effort: ALONE,
            entries: field::all::<hit::Hit, Buffer4K>(),
        },
        Case {
            key: Key::TwoThreads,
            file: "hit-two-threads",
            title: "Hit, two threads",
            about: "The same on two threads at once. The time is that of both together, \
                    for as many hits as one of them makes.",
            floor: "as for one thread, with a `Vec` for each of the two",
            effort: TOGETHER,
            entries: field::all::<together::Together<2>, Buffer4K>(),
        },
        Case {
            key: Key::FourThreads,
            file: "hit-four-threads",
            title: "Hit, four threads on two cores",
            about: "The same on four threads, which take turns on two cores. The time is \
                    what a core spends on one hit.",
            floor: "as for one thread, with a `Vec` for each of the four",
            effort: CROWDED,
            entries: field::all::<together::Together<4>, Buffer4K>(),
        },
        Case {
            key: Key::AToB,
            file: "a-to-b",
            title: "From thread A to thread B",
            about: "A gets and fills, sends through a `sync_channel` of 256, and B returns. \
                    Neither sleeps: a full or an empty channel is tried again, so that \
                    nothing of the scheduler is timed. Everyone has been asked for 512 objects \
                    at once before. The channel takes part of every time.",
            floor: "the channel alone: A fills one buffer that it keeps and sends a word",
            effort: ACROSS,
            entries: field::crossing::<Buffer4K>(),
        },
        Case {
            key: Key::Burst100,
            file: "burst-100",
            title: "Burst of 100",
            about: "100 objects with buffers of 4096 bytes are got and filled, and only then \
                    returned. The time is per object.",
            floor: LOCAL_VEC,
            effort: BURSTS,
            entries: field::all::<burst::Burst<100>, Burst4K>(),
        },
        Case {
            key: Key::Burst10k,
            file: "burst-10000",
            title: "Burst of 10 000",
            about: "The same with 10 000 objects. Together they are larger than the caches of \
                    most processors, and so memory takes part of every time.",
            floor: LOCAL_VEC,
            effort: BURSTS,
            entries: field::all::<burst::Burst<10_000>, Burst4K>(),
        },
        Case {
            key: Key::SmallBurst100,
            file: "small-burst-100",
            title: "Burst of 100 small objects",
            about: "A burst of objects with buffers of 16 bytes, where less of the time \
                    is memory's.",
            floor: LOCAL_VEC,
            effort: BURSTS,
            entries: field::all::<burst::Burst<100>, Burst16>(),
        },
        Case {
            key: Key::SmallBurst10k,
            file: "small-burst-10000",
            title: "Burst of 10 000 small objects",
            about: "The same with 10 000 objects.",
            floor: LOCAL_VEC,
            effort: BURSTS,
            entries: field::all::<burst::Burst<10_000>, Burst16>(),
        },
        Case {
            key: Key::Fields,
            file: "four-heap-fields",
            title: "A struct with four heap fields",
            about: "A hit on one thread; the object has four buffers, of 16, 256, 256 and \
                    1024 bytes, and every use appends 13 or 16 bytes to each.",
            floor: LOCAL_VEC,
            effort: ALONE,
            entries: field::all::<hit::Hit, Request>(),
        },
        Case {
            key: Key::Small,
            file: "16-bytes",
            title: "Objects of 16 bytes",
            about: "A hit on one thread; the buffer has 16 bytes.",
            floor: LOCAL_VEC,
            effort: ALONE,
            entries: field::all::<hit::Hit, Buffer16>(),
        },
        Case {
            key: Key::Medium,
            file: "1-kib",
            title: "Objects of 1 KiB",
            about: "A hit on one thread; the buffer has 1 KiB.",
            floor: LOCAL_VEC,
            effort: ALONE,
            entries: field::all::<hit::Hit, Buffer1K>(),
        },
        Case {
            key: Key::Large,
            file: "64-kib",
            title: "Objects of 64 KiB",
            about: "A hit on one thread; the buffer has 64 KiB, of which 13 bytes are used.",
            floor: LOCAL_VEC,
            effort: ALONE,
            entries: field::all::<hit::Hit, Buffer64K>(),
        },
    ]
}
