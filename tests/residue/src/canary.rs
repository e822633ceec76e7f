//! The words that stand for a secret, and how they are known again.
//!
//! A word is eight bytes: its number, and a keyed hash of it. So whether eight bytes are a
//! word is computed from themselves, and no list of the words is ever in memory. Of a
//! canary that has been half overwritten any word tells.
//!
//! Three alphabets, so that a word is valid wherever it is written: bytes from `0x30` to
//! `0x6F` for text and numbers, two code points for `char`, and for `bool` sixty-four bytes
//! of 0 or 1.

use core::ops::ControlFlow;
use core::sync::atomic::{AtomicU64, Ordering};

/// The key of the hash.
static SEED: AtomicU64 = AtomicU64::new(0);

/// Chooses the words of this process, before any is made.
pub(crate) fn choose(seed: u64) {
    SEED.store(mix(seed.wrapping_add(0x9E37_79B9_7F4A_7C15)), Ordering::Relaxed);
}

/// The finaliser of splitmix64.
#[inline(always)]
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[inline(always)]
fn hash(number: u64) -> u64 {
    mix(SEED.load(Ordering::Relaxed) ^ (number + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93))
}

/// What a word is written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Alphabet {
    /// Text and numbers.
    Bytes,
    /// Two `char`s.
    Chars,
    /// Sixty-four `bool`s.
    Bools,
}

/// There are as many words, which then repeat.
pub(crate) const WORDS: u64 = 256;

const BASE: u64 = 0x3030_3030_3030_3030;
const ABOVE: u64 = 0xC0C0_C0C0_C0C0_C0C0;
const CHARS: u64 = 0x0004_0000_0004_0000;
const CHARS_FIXED: u64 = 0xFFFC_0000_FFFC_0000;
const CHAR_PART: u64 = 0x0003_FFFF;
const NOT_BOOLS: u64 = 0xFEFE_FEFE_FEFE_FEFE;

/// A word as eight bytes, in the order of the machine's low end first.
#[inline(always)]
pub(crate) fn word_of_bytes(number: u64) -> u64 {
    let number = number % WORDS;
    let payload = number | ((hash(number) >> 24) << 8);
    let mut word = 0;
    let mut place = 0;
    while place < 8 {
        word |= ((payload >> (6 * place)) & 0x3F) << (8 * place);
        place += 1;
    }
    word + BASE
}

/// A word as two `char`s, the first one in the low half.
#[inline(always)]
pub(crate) fn word_of_chars(number: u64) -> u64 {
    let number = number % WORDS;
    let payload = number | ((hash(number) >> 36) << 8);
    CHARS | (payload & CHAR_PART) | (((payload >> 18) & CHAR_PART) << 32)
}

/// A word as sixty-four bits, each of them a `bool`. The lowest is set.
#[inline(always)]
pub(crate) fn word_of_bools(number: u64) -> u64 {
    let number = number % WORDS;
    1 | (number << 1) | ((hash(number) >> 9) << 9)
}

#[inline(always)]
fn number_of_bytes(word: u64) -> Option<u64> {
    let word = word.wrapping_sub(BASE);
    // A byte below the base borrows, and shows itself or the byte that it borrowed from.
    if word & ABOVE != 0 {
        return None;
    }
    let payload =
        (0..8).fold(0, |payload, place| payload | ((word >> (8 * place)) & 0x3F) << (6 * place));
    let number = payload % WORDS;
    (payload >> 8 == hash(number) >> 24).then_some(number)
}

#[inline(always)]
fn number_of_chars(word: u64) -> Option<u64> {
    if word & CHARS_FIXED != CHARS {
        return None;
    }
    let payload = (word & CHAR_PART) | ((word >> 32) & CHAR_PART) << 18;
    let number = payload % WORDS;
    (payload >> 8 == hash(number) >> 36).then_some(number)
}

#[cold]
fn number_of_bools(bytes: &[u8]) -> Option<u64> {
    let bytes = bytes.get(..64)?;
    if bytes.iter().any(|byte| *byte > 1) {
        return None;
    }
    let word = bytes.iter().rev().fold(0, |word, byte| word << 1 | u64::from(*byte));
    let number = (word >> 1) % WORDS;
    (word == word_of_bools(number)).then_some(number)
}

/// How many bytes a word takes at most.
pub(crate) const LONGEST: usize = 64;

#[inline(always)]
fn read(bytes: &[u8], at: usize) -> u64 {
    match bytes[at..].first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => 0,
    }
}

/// Finds the words in `bytes` that begin before `end`, at whatever byte.
#[inline(never)]
pub(crate) fn find(
    bytes: &[u8],
    end: usize,
    mut found: impl FnMut(usize, Alphabet, u64) -> ControlFlow<()>,
) {
    let mut at = 0;
    while at < end && at + 8 <= bytes.len() {
        let is_zero = |block: &[u8]| block.iter().fold(0, |any, byte| any | byte) == 0;
        if bytes.get(at..at + 64).is_some_and(is_zero) {
            // The first two bytes of a word of `char`s may be zero.
            at += 62;
            continue;
        }
        let word = read(bytes, at);
        let hit = if let Some(number) = number_of_bytes(word) {
            Some((Alphabet::Bytes, number, 8))
        } else if let Some(number) = number_of_chars(word) {
            Some((Alphabet::Chars, number, 8))
        } else if word & NOT_BOOLS == 0 && word & 1 == 1 {
            number_of_bools(&bytes[at..]).map(|number| (Alphabet::Bools, number, 64))
        } else {
            None
        };
        let Some((alphabet, number, len)) = hit else {
            at += if word == 0 { 6 } else { 1 };
            continue;
        };
        if found(at, alphabet, number).is_break() {
            return;
        }
        at += len;
    }
}
