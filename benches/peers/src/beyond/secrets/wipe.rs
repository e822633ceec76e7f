//! The wipe alone, of memory that stays where it is.

use core::hint::black_box;

use poolable::Wipe;
use zeroize::Zeroize;

use crate::beyond::work::timed;
use crate::beyond::{Effort, SHORT, Table, floor, other, poolable};
use crate::timing::Sample;

/// Where a timing of the least count takes milliseconds.
const WIDE: Effort = Effort { rounds: 50, timing: core::time::Duration::from_millis(1) };

/// A size, and what bars and files call it.
pub(crate) struct Size {
    pub(crate) bytes: usize,
    pub(crate) file: &'static str,
    title: &'static str,
}

pub(crate) const SIZES: [Size; 4] = [
    Size { bytes: 32, file: "beyond-wipe-32", title: "Wipe of 32 bytes" },
    Size { bytes: 256, file: "beyond-wipe-256", title: "Wipe of 256 bytes" },
    Size { bytes: 4096, file: "beyond-wipe-4k", title: "Wipe of 4 KiB" },
    Size { bytes: 65536, file: "beyond-wipe-64k", title: "Wipe of 64 KiB" },
];

/// What is wiped, and the names of the rows that do it: poolable's, `fill`'s and that of
/// crate `zeroize`.
pub(crate) const KINDS: [(&str, [&str; 3]); 3] = [
    ("`[u8]`", ["poolable, `[u8]`", "`fill(0)`, `[u8]`", "zeroize, `[u8]`"]),
    ("`Vec<u8>`", ["poolable, `Vec<u8>`", "`fill(0)`, `Vec<u8>`", "zeroize, `Vec<u8>`"]),
    ("array", ["poolable, array", "`fill(0)`, array", "zeroize, array"]),
];

pub(in crate::beyond) fn tables() -> [Table; 4] {
    let [small, medium, large, huge] = SIZES;
    [table::<32>(small), table::<256>(medium), table::<4096>(large), table::<65536>(huge)]
}

fn table<const N: usize>(size: Size) -> Table {
    const FILLED: &str = "the `memset` alone is the whole of a wipe";
    let [slice, vec, array] = KINDS.map(|(_, names)| names);
    Table {
        file: size.file,
        title: size.title,
        about: "Memory that is in the cache is overwritten. `black_box` hides before each wipe \
                where the memory is, and of `[u8]` and `Vec<u8>` how long, and may read all of it \
                afterwards: that is what keeps the stores of `fill(0)`. The vector is as long as \
                its capacity, and is given that length again after each wipe. Afterwards all of \
                it must be zero.",
        unit: "wipe",
        effort: if N > 4096 { WIDE } else { SHORT },
        rows: vec![
            poolable(slice[0], "`<[u8] as poolable::Wipe>::wipe`.", |wipes| {
                in_slice::<N>(wipes, |bytes| bytes.wipe())
            }),
            poolable(vec[0], "The same of a vector, which it empties.", |wipes| {
                in_vec::<N>(wipes, |bytes| bytes.wipe())
            }),
            poolable(array[0], "The same of an array.", |wipes| {
                in_array::<N>(wipes, |bytes| bytes.wipe())
            }),
            floor(slice[1], "`<[u8]>::fill(0)`.", FILLED, |wipes| {
                in_slice::<N>(wipes, |bytes| bytes.fill(0))
            }),
            floor(vec[1], "The same of a vector, and `clear`.", FILLED, |wipes| {
                in_vec::<N>(wipes, |bytes| {
                    bytes.fill(0);
                    black_box(bytes.as_ptr());
                    bytes.clear();
                })
            }),
            floor(array[1], "The same of an array.", FILLED, |wipes| {
                in_array::<N>(wipes, |bytes| bytes.fill(0))
            }),
            other(slice[2], "`zeroize::Zeroize`: a volatile store for each byte.", |wipes| {
                in_slice::<N>(wipes, |bytes| bytes.zeroize())
            }),
            other(vec[2], "The same of a vector, which it empties.", |wipes| {
                in_vec::<N>(wipes, |bytes| bytes.zeroize())
            }),
            other(array[2], "The same of an array.", |wipes| {
                in_array::<N>(wipes, |bytes| bytes.zeroize())
            }),
        ],
    }
}

/// What is in the memory before the first wipe.
const SECRET: u8 = 0xA5;

/// Wipes memory again and again, and puts it in order in between. After each wipe it is
/// seen by code that nobody knows, so that no wipe can be left out.
#[inline(always)]
fn wiped<M: AsRef<[u8]>>(
    wipes: u64,
    mut memory: M,
    wipe: impl Fn(&mut M),
    order: impl Fn(&mut M),
) -> Sample {
    let sample = timed(wipes, 1, || {
        wipe(&mut memory);
        order(&mut memory);
        black_box(memory.as_ref());
        1
    });
    assert!(memory.as_ref().iter().all(|byte| *byte == 0), "the wipe was not done");
    sample
}

#[inline(always)]
fn in_slice<const N: usize>(wipes: u64, wipe: impl Fn(&mut [u8])) -> Sample {
    wiped(wipes, vec![SECRET; N], |memory| wipe(black_box(&mut memory[..])), |_| {})
}

#[inline(always)]
fn in_vec<const N: usize>(wipes: u64, wipe: impl Fn(&mut Vec<u8>)) -> Sample {
    let memory = vec![SECRET; N];
    assert_eq!(memory.capacity(), N);
    let refill = |memory: &mut Vec<u8>| {
        assert!(memory.capacity() == N, "a wipe keeps the buffer");
        // SAFETY: all of the capacity was written when the vector was made, and by each wipe.
        unsafe { memory.set_len(N) };
    };
    wiped(wipes, memory, |memory| wipe(black_box(memory)), refill)
}

#[inline(always)]
fn in_array<const N: usize>(wipes: u64, wipe: impl Fn(&mut [u8; N])) -> Sample {
    let memory: Box<[u8; N]> = Box::new([SECRET; N]);
    wiped(wipes, Bytes(memory), |memory| wipe(black_box(&mut memory.0)), |_| {})
}

struct Bytes<const N: usize>(Box<[u8; N]>);

impl<const N: usize> AsRef<[u8]> for Bytes<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0[..]
    }
}
