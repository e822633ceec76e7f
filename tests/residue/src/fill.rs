//! Writing secrets without leaving them anywhere else.
//!
//! Each byte is a volatile store of a part of a word that was computed in a register. What
//! the registers hold last is no word.

use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::canary;

/// The words that have been written so far.
static PLANTED: AtomicUsize = AtomicUsize::new(0);

/// Counts words that the secret has come to hold.
pub(crate) fn plant(words: usize) {
    PLANTED.fetch_add(words, Ordering::Relaxed);
}

/// Takes so many for what was planted, where others have been overwritten.
pub(crate) fn expect(words: usize) {
    PLANTED.store(words, Ordering::Relaxed);
}

/// How many words there were, each of which was in one place.
pub(crate) fn planted() -> usize {
    PLANTED.load(Ordering::Relaxed)
}

/// Numbers, all of whose bits may be anything.
///
/// # Safety
///
/// - Any bytes are a value.
pub(crate) unsafe trait Plain {}

macro_rules! plain {
    ($($ty:ty)*) => {$(
        // SAFETY: any bytes are such a number.
        unsafe impl Plain for $ty {}
    )*};
}

plain!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

/// Writes words, and at last what is none into the registers.
///
/// # Safety
///
/// - `place` is valid for writes of `count` times `$bytes` bytes.
macro_rules! writer {
    ($name:ident, $word:path, $bytes:literal, $byte:expr) => {
        #[inline(never)]
        unsafe fn $name(place: *mut u8, count: usize, base: u64) {
            let byte: fn(u64, usize) -> u8 = $byte;
            let mut nowhere = 0_u8;
            for index in 0..=count {
                let word = if index < count { $word(base + index as u64) } else { !(index as u64) };
                for part in 0..$bytes {
                    let byte = byte(word, part);
                    if index < count {
                        // SAFETY: the caller's memory goes on for as long.
                        let place = unsafe { place.add(index * $bytes + part) };
                        // SAFETY: as above.
                        unsafe { place.write_volatile(byte) };
                    } else {
                        // SAFETY: it is a local.
                        unsafe { (&raw mut nowhere).write_volatile(byte) };
                    }
                }
            }
            plant(count);
            clear_registers();
        }
    };
}

writer!(write_bytes, canary::word_of_bytes, 8, |word, part| (word >> (8 * part)) as u8);
writer!(write_chars, canary::word_of_chars, 8, |word, part| (word >> (8 * part)) as u8);
writer!(write_bools, canary::word_of_bools, 64, |word, part| (word >> part) as u8 & 1);

/// Overwrites the registers that a callee may use, and so push to align the stack.
#[inline(always)]
pub(crate) fn clear_registers() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: it changes registers alone, and says which.
    unsafe {
        core::arch::asm!(
            "xor eax, eax", "xor ecx, ecx", "xor edx, edx", "xor esi, esi", "xor edi, edi",
            "xor r8d, r8d", "xor r9d, r9d", "xor r10d, r10d", "xor r11d, r11d",
            "xorps xmm0, xmm0", "xorps xmm1, xmm1", "xorps xmm2, xmm2", "xorps xmm3, xmm3",
            "xorps xmm4, xmm4", "xorps xmm5, xmm5", "xorps xmm6, xmm6", "xorps xmm7, xmm7",
            "xorps xmm8, xmm8", "xorps xmm9, xmm9", "xorps xmm10, xmm10", "xorps xmm11, xmm11",
            "xorps xmm12, xmm12", "xorps xmm13, xmm13", "xorps xmm14, xmm14",
            "xorps xmm15, xmm15",
            out("rax") _, out("rcx") _, out("rdx") _, out("rsi") _, out("rdi") _,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _,
            out("xmm5") _, out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _,
            out("xmm10") _, out("xmm11") _, out("xmm12") _, out("xmm13") _, out("xmm14") _,
            out("xmm15") _,
            options(nomem, nostack),
        );
    }
}

/// Fills numbers with the words from `base` on.
pub(crate) fn plain<T: Plain>(place: &mut [T], base: u64) {
    let words = size_of_val(place) / 8;
    // SAFETY: the memory is that of the slice, and any bytes are values of it.
    unsafe { write_bytes(place.as_mut_ptr().cast(), words, base) };
}

/// Fills characters, an even number of them.
pub(crate) fn chars(place: &mut [char], base: u64) {
    // SAFETY: the memory is that of the slice, and the words are pairs of `char`s.
    unsafe { write_chars(place.as_mut_ptr().cast(), place.len() / 2, base) };
}

/// Fills truth values, a multiple of sixty-four.
pub(crate) fn bools(place: &mut [bool], base: u64) {
    // SAFETY: the memory is that of the slice, and each byte is 0 or 1.
    unsafe { write_bools(place.as_mut_ptr().cast(), place.len() / 64, base) };
}

/// Fills an empty vector, which grows first if it has to.
pub(crate) fn vec<T: Plain>(place: &mut Vec<T>, len: usize, base: u64) {
    place.clear();
    place.reserve_exact(len);
    // SAFETY: so much has been reserved.
    unsafe { write_bytes(place.as_mut_ptr().cast(), len * size_of::<T>() / 8, base) };
    // SAFETY: all of it has been written.
    unsafe { place.set_len(len) };
}

/// Fills an empty string.
pub(crate) fn string(place: &mut String, len: usize, base: u64) {
    // SAFETY: what is written is ASCII.
    vec(unsafe { place.as_mut_vec() }, len, base);
}

/// A string that was born with its capacity.
pub(crate) fn text(len: usize, base: u64) -> String {
    let mut text = String::new();
    string(&mut text, len, base);
    text
}

/// A buffer on the heap, wiped by hand when it drops: for keys that are lent to a map.
pub(crate) struct Lent<const N: usize>(pub(crate) Box<[u8; N]>);

impl<const N: usize> Lent<N> {
    pub(crate) fn new(base: u64) -> Self {
        let mut lent = Self(Box::new([0; N]));
        plain(lent.0.as_mut_slice(), base);
        lent
    }
}

impl<const N: usize> Drop for Lent<N> {
    fn drop(&mut self) {
        by_hand(self.0.as_mut_slice());
    }
}

/// Moves a value out, as `mem::replace` does, to where it is wiped. It drops there, and what it
/// leaves behind is the place that it was in.
#[inline(always)]
pub(crate) fn take<T>(place: &mut T, blank: impl FnOnce() -> T) {
    let mut taken = Box::<T>::new_uninit();
    // SAFETY: both are valid for one value, in two places. The old one is overwritten next.
    unsafe { ptr::copy_nonoverlapping(place, taken.as_mut_ptr(), 1) };
    // Made where it belongs, so that no more is written than what the blank variant has.
    // SAFETY: the place is borrowed exclusively, and its value has moved.
    unsafe { ptr::write(place, blank()) };
    // SAFETY: the value is there now, and not used again.
    unsafe { taken.assume_init_drop() };
    let bytes = taken.as_mut_ptr().cast::<u8>();
    // SAFETY: the block is as long, and was zeroed by the drop or written by the move; padding
    // may be anything.
    by_hand(unsafe { slice::from_raw_parts_mut(bytes, size_of::<T>()) });
}

/// Zeroes memory, by code that has nothing to do with the one that is tried.
#[inline(never)]
pub(crate) fn by_hand(place: &mut [u8]) {
    for byte in place {
        // SAFETY: the pointer comes from a reference.
        unsafe { (&raw mut *byte).write_volatile(0) };
    }
}
