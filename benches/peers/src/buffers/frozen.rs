//! Buffers that become `Bytes`.
//!
//! Timed like everything else; and looked at one by one, to see what `freeze` allocates and
//! whether the bytes are where they were.

use core::hint::black_box;
use core::time::Duration;
use std::sync::mpsc::sync_channel;
use std::thread;

use bytes::{Bytes, BytesMut};
use poolable::buffer::{BufferPool, PooledBuf};

use super::source::LINE;
use super::sources::SIZE;
use super::{other, ours};
use crate::beyond::work::timed;
use crate::beyond::{Row, Table};
use crate::timing::{Effort, Entry, Sample};
use poolable_peers::allocations;

/// How many are frozen to be looked at.
const LOOKED_AT: u64 = 10_000;

/// What was seen of one way to freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frozen {
    pub(crate) name: &'static str,
    pub(crate) is_poolable: bool,
    pub(crate) count: u64,
    /// Allocations in one call, the fewest and the most.
    pub(crate) fewest: u64,
    pub(crate) most: u64,
    /// Bytes that are not where they were written, of all that were.
    pub(crate) copied: u64,
}

static BUFFERS: BufferPool = BufferPool::new();

pub(super) fn table() -> Table {
    Table {
        file: "buffers-freeze",
        title: "A buffer that becomes `Bytes`",
        about: "Get a buffer of 4 KiB, append 13 bytes, freeze it, clone it once, drop both, on \
                one thread. The allocations are those of all of it.",
        unit: "buffer",
        effort: Effort { rounds: 300, timing: Duration::from_micros(500) },
        rows: vec![
            row::<Pooled>(true, "`PooledBuf::freeze`: the last clone takes the buffer home."),
            row::<FromVec>(
                false,
                "`Vec::with_capacity(4096)`, and `Bytes::from` it: with room to spare it allocates \
                 what its clones share.",
            ),
            row::<FromBytesMut>(false, "`BytesMut::with_capacity(4096)`, and its `freeze`."),
            row::<Split>(
                false,
                "One `BytesMut` for all: `split().freeze()`, and `reserve(4096)` has the memory \
                 back when all clones are gone. It is not to be had before.",
            ),
            row::<Copied>(false, "`Bytes::copy_from_slice` of a vector that is used again."),
        ],
    }
}

fn row<W: Way>(is_poolable: bool, about: &'static str) -> Entry<Row> {
    if is_poolable { ours(W::NAME, about, time::<W>) } else { other(W::NAME, about, time::<W>) }
}

fn time<W: Way>(buffers: u64) -> Sample {
    let mut way = W::new();
    timed(buffers, LINE.len() as u64, || {
        let mut buffer = way.get();
        W::append(&mut buffer, black_box(LINE));
        let frozen = way.freeze(buffer);
        let clone = black_box(frozen.clone());
        drop(frozen);
        clone.len() as u64
    })
}

/// A way to write bytes and to hand them on as `Bytes`.
trait Way {
    const NAME: &str;
    type Buffer;

    fn new() -> Self;
    fn get(&mut self) -> Self::Buffer;
    fn append(buffer: &mut Self::Buffer, bytes: &[u8]);
    fn start(&self, buffer: &Self::Buffer) -> *const u8;
    fn freeze(&mut self, buffer: Self::Buffer) -> Bytes;
}

struct Pooled;

impl Way for Pooled {
    const NAME: &str = "poolable, `freeze`";
    type Buffer = PooledBuf;

    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn get(&mut self) -> PooledBuf {
        BUFFERS.get(SIZE)
    }

    #[inline(always)]
    fn append(buffer: &mut PooledBuf, bytes: &[u8]) {
        buffer.extend_from_slice(bytes);
    }

    fn start(&self, buffer: &PooledBuf) -> *const u8 {
        buffer.as_ptr()
    }

    #[inline(always)]
    fn freeze(&mut self, buffer: PooledBuf) -> Bytes {
        buffer.freeze()
    }
}

struct FromVec;

impl Way for FromVec {
    const NAME: &str = "`Bytes::from(Vec)`";
    type Buffer = Vec<u8>;

    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn get(&mut self) -> Vec<u8> {
        Vec::with_capacity(SIZE)
    }

    #[inline(always)]
    fn append(buffer: &mut Vec<u8>, bytes: &[u8]) {
        buffer.extend_from_slice(bytes);
    }

    fn start(&self, buffer: &Vec<u8>) -> *const u8 {
        buffer.as_ptr()
    }

    #[inline(always)]
    fn freeze(&mut self, buffer: Vec<u8>) -> Bytes {
        Bytes::from(buffer)
    }
}

struct FromBytesMut;

impl Way for FromBytesMut {
    const NAME: &str = "`BytesMut::freeze`";
    type Buffer = BytesMut;

    fn new() -> Self {
        Self
    }

    #[inline(always)]
    fn get(&mut self) -> BytesMut {
        BytesMut::with_capacity(SIZE)
    }

    #[inline(always)]
    fn append(buffer: &mut BytesMut, bytes: &[u8]) {
        buffer.extend_from_slice(bytes);
    }

    fn start(&self, buffer: &BytesMut) -> *const u8 {
        buffer.as_ptr()
    }

    #[inline(always)]
    fn freeze(&mut self, buffer: BytesMut) -> Bytes {
        buffer.freeze()
    }
}

/// Lends what it is made of, and has it back by `reserve`.
struct Split(BytesMut);

impl Way for Split {
    const NAME: &str = "one `BytesMut`, `split().freeze()`";
    type Buffer = BytesMut;

    fn new() -> Self {
        Self(BytesMut::new())
    }

    #[inline(always)]
    fn get(&mut self) -> BytesMut {
        self.0.reserve(SIZE);
        core::mem::take(&mut self.0)
    }

    #[inline(always)]
    fn append(buffer: &mut BytesMut, bytes: &[u8]) {
        buffer.extend_from_slice(bytes);
    }

    fn start(&self, buffer: &BytesMut) -> *const u8 {
        buffer.as_ptr()
    }

    #[inline(always)]
    fn freeze(&mut self, mut buffer: BytesMut) -> Bytes {
        let frozen = buffer.split().freeze();
        self.0 = buffer;
        frozen
    }
}

struct Copied(Vec<u8>);

impl Way for Copied {
    const NAME: &str = "`Bytes::copy_from_slice`";
    type Buffer = Vec<u8>;

    fn new() -> Self {
        Self(Vec::with_capacity(SIZE))
    }

    #[inline(always)]
    fn get(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.0)
    }

    #[inline(always)]
    fn append(buffer: &mut Vec<u8>, bytes: &[u8]) {
        buffer.extend_from_slice(bytes);
    }

    fn start(&self, buffer: &Vec<u8>) -> *const u8 {
        buffer.as_ptr()
    }

    #[inline(always)]
    fn freeze(&mut self, mut buffer: Vec<u8>) -> Bytes {
        let frozen = Bytes::copy_from_slice(&buffer);
        buffer.clear();
        self.0 = buffer;
        frozen
    }
}

/// All ways, each dropped where it was frozen; and poolable's once more, dropped on another
/// thread.
pub(super) fn look_at_all() -> Vec<Frozen> {
    vec![
        look::<Pooled>(Pooled::NAME, drop),
        across(),
        look::<FromVec>(FromVec::NAME, drop),
        look::<FromBytesMut>(FromBytesMut::NAME, drop),
        look::<Split>(Split::NAME, drop),
        look::<Copied>(Copied::NAME, drop),
    ]
}

fn across() -> Frozen {
    // Few at a time, so that buffers come home while others are frozen.
    let (sender, receiver) = sync_channel::<Bytes>(16);
    thread::scope(|scope| {
        let drops =
            scope.spawn(|| receiver.into_iter().map(|bytes| bytes.len() as u64).sum::<u64>());
        let sender = sender;
        let seen = look::<Pooled>("poolable, `freeze`, dropped on another thread", |bytes| {
            sender.send(bytes).expect("the other thread is there");
        });
        drop(sender);
        assert_eq!(drops.join().expect("no panic"), seen.count / 2 * (SIZE + LINE.len()) as u64);
        seen
    })
}

/// Fills buffers, freezes them, and sees what that took.
fn look<W: Way>(name: &'static str, mut leave: impl FnMut(Bytes)) -> Frozen {
    let content: Vec<u8> = (0..SIZE).map(|place| place as u8).collect();
    let mut way = W::new();
    let mut seen = Frozen {
        name,
        is_poolable: name.starts_with("poolable"),
        count: LOOKED_AT,
        fewest: u64::MAX,
        most: 0,
        copied: 0,
    };
    for turn in 0..LOOKED_AT {
        // Vectors that are full and such that are not become `Bytes` in different ways.
        let content = if turn % 2 == 0 { &content[..] } else { LINE };
        let mut buffer = way.get();
        W::append(&mut buffer, content);
        let start = way.start(&buffer);
        let before = allocations::count();
        let frozen = way.freeze(buffer);
        let allocated = allocations::count() - before;
        assert_eq!(frozen, content);
        seen.fewest = seen.fewest.min(allocated);
        seen.most = seen.most.max(allocated);
        if frozen.as_ptr() != start {
            seen.copied += content.len() as u64;
        }
        leave(frozen);
    }
    seen
}
