//! Text that wipes the memory it leaves.
//!
//! # Invariants
//!
//! 1. The bytes are UTF-8, also while user code runs, and if what it was called by is
//!    leaked or unwinds.

#[cfg(feature = "serde")]
mod serde;
mod traits;

use core::fmt;
use core::ops::RangeBounds;
use core::str::Utf8Error;
use std::collections::TryReserveError;

use super::vec::{Gap, SecretVec, bounds};
use crate::wipe::{Wipe, wipe_place};

/// A `String` that wipes every buffer before it is freed, when it grows too.
///
/// It has the methods of a `String`, but for those that would hand out copies, and what is
/// removed is wiped at once; see [`SecretVec`]. It is equal to other text in constant
/// time, `Debug` shows neither content nor length, and there is no `Display`.
///
/// It derefs to `str`: what is done there is done by std, and `to_owned`, `format!` and
/// `to_uppercase` make copies that nobody wipes, while `==` between two `str` stops where they
/// differ. Ranges such as `text[1..3]` are its own, for the panic of a `str` shows the text; that
/// of `split_at`, and of a range of `as_str()`, still does. Formatting *into* it is covered, but for what the formatted values do themselves.
///
/// # Examples
///
/// ```
/// use poolable::SecretString;
///
/// let mut token = SecretString::from("Bearer ");
/// token.push_str("c2VjcmV0");
/// assert_eq!(token, "Bearer c2VjcmV0");
/// assert_eq!(format!("{token:?}"), "SecretString(..)");
/// ```
pub struct SecretString {
    bytes: SecretVec<u8>,
}

impl SecretString {
    /// Returns an empty text without an allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// static EMPTY: SecretString = SecretString::new();
    /// assert!(EMPTY.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: SecretVec::new() }
    }

    /// Returns an empty text with room for at least `capacity` bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let token = SecretString::with_capacity(32);
    /// assert!(token.is_empty() && token.capacity() >= 32);
    /// ```
    ///
    /// # Panics
    ///
    /// If that is more than `isize::MAX`.
    #[inline]
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: SecretVec::with_capacity(capacity) }
    }

    /// Takes bytes that are UTF-8 as text, without a copy.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{SecretString, SecretVec};
    ///
    /// let token = SecretString::from_utf8(SecretVec::from(b"hunter2"));
    /// assert_eq!(token.unwrap(), "hunter2");
    ///
    /// let error = SecretString::from_utf8(SecretVec::from([0xFF])).unwrap_err();
    /// assert_eq!(error.into_bytes(), [0xFF]);
    /// ```
    ///
    /// # Errors
    ///
    /// If they are not UTF-8. The error has the bytes, and does not show them.
    pub fn from_utf8(bytes: SecretVec<u8>) -> Result<Self, SecretUtf8Error> {
        match core::str::from_utf8(&bytes) {
            Ok(_) => Ok(Self { bytes }),
            Err(error) => Err(SecretUtf8Error { bytes, error }),
        }
    }

    /// Returns the bytes, without a copy. They are wiped as the text was.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// assert_eq!(SecretString::from("abc").into_bytes(), b"abc");
    /// ```
    #[inline]
    #[must_use = "the text is wiped if it is not used"]
    pub fn into_bytes(self) -> SecretVec<u8> {
        self.bytes
    }

    /// Gives the text up, and with it the wiping: nothing that happens to the `String` is
    /// covered any more. Nothing is copied.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let exposed: String = SecretString::from("abc").into_exposed_string();
    /// assert_eq!(exposed, "abc");
    /// ```
    #[inline]
    #[must_use = "the text is dropped without a wipe"]
    pub fn into_exposed_string(self) -> String {
        // SAFETY: they are UTF-8 (invariant 1).
        unsafe { String::from_utf8_unchecked(self.bytes.into_exposed_vec()) }
    }

    /// Borrows the text.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// assert_eq!(SecretString::from("abc").as_str(), "abc");
    /// ```
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        // SAFETY: they are UTF-8 (invariant 1).
        unsafe { core::str::from_utf8_unchecked(&self.bytes) }
    }

    /// Borrows the text, to change it in place.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("abc");
    /// token.as_mut_str().make_ascii_uppercase();
    /// assert_eq!(token, "ABC");
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_str(&mut self) -> &mut str {
        // SAFETY: they are UTF-8 (invariant 1), and whoever writes into a `str` promises the
        // same.
        unsafe { core::str::from_utf8_unchecked_mut(&mut self.bytes) }
    }

    /// Borrows the bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// assert_eq!(SecretString::from("abc").as_bytes(), b"abc");
    /// ```
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns for how many bytes there is room without growing.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// assert_eq!(SecretString::new().capacity(), 0);
    /// ```
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Returns how many bytes the text has.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// assert_eq!(SecretString::from("äb").len(), 3);
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns whether the text is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// assert!(!SecretString::from("a").is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Makes room for `additional` more bytes, and for some beyond them. An old buffer is
    /// wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("abc");
    /// token.reserve(100);
    /// assert!(token.capacity() >= 103);
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX`.
    #[inline]
    pub fn reserve(&mut self, additional: usize) {
        self.bytes.reserve(additional);
    }

    /// Makes room for `additional` more bytes, and not for more where the allocator lets it.
    /// An old buffer is wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("abc");
    /// token.reserve_exact(100);
    /// assert!(token.capacity() >= 103);
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX`.
    pub fn reserve_exact(&mut self, additional: usize) {
        self.bytes.reserve_exact(additional);
    }

    /// Makes room for `additional` more bytes, or says that there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// assert!(SecretString::new().try_reserve(usize::MAX).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If the new capacity is more than `isize::MAX`, or the allocator fails.
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.bytes.try_reserve(additional)
    }

    /// Lowers the capacity to the larger of the length and `capacity`, as far as the allocator
    /// lets it. The old buffer is wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::with_capacity(4096);
    /// token.shrink_to(16);
    /// assert!((16..4096).contains(&token.capacity()));
    /// ```
    pub fn shrink_to(&mut self, capacity: usize) {
        self.bytes.shrink_to(capacity);
    }

    /// Lowers the capacity to the length, as far as the allocator lets it. The old buffer is
    /// wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::with_capacity(4096);
    /// token.shrink_to_fit();
    /// assert_eq!(token.capacity(), 0);
    /// ```
    pub fn shrink_to_fit(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Appends text.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("abc");
    /// token.push_str("def");
    /// assert_eq!(token, "abcdef");
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX`.
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends a character.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("abc");
    /// token.push('ß');
    /// assert_eq!(token, "abcß");
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX`.
    #[inline]
    pub fn push(&mut self, character: char) {
        if character.is_ascii() {
            self.bytes.push(character as u8);
        } else {
            self.insert_encoded(self.bytes.len(), character);
        }
    }

    /// Inserts a character before the byte at `index`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("ac");
    /// token.insert(1, 'b');
    /// assert_eq!(token, "abc");
    /// ```
    ///
    /// # Panics
    ///
    /// If `index` is beyond the length or inside of a character.
    #[track_caller]
    pub fn insert(&mut self, index: usize, character: char) {
        self.check_boundary("insert", index);
        self.insert_encoded(index, character);
    }

    /// Inserts text before the byte at `index`.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("ad");
    /// token.insert_str(1, "bc");
    /// assert_eq!(token, "abcd");
    /// ```
    ///
    /// # Panics
    ///
    /// If `index` is beyond the length or inside of a character.
    #[track_caller]
    pub fn insert_str(&mut self, index: usize, text: &str) {
        self.check_boundary("insert_str", index);
        self.bytes.insert_slice(index, text.as_bytes());
    }

    /// Removes the last character and returns it. Its place is wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("aß");
    /// assert_eq!(token.pop(), Some('ß'));
    /// assert_eq!(token, "a");
    /// ```
    pub fn pop(&mut self) -> Option<char> {
        let character = self.as_str().chars().next_back()?;
        self.bytes.truncate(self.bytes.len() - character.len_utf8());
        Some(character)
    }

    /// Removes the character at the byte `index` and returns it. The place that becomes free
    /// is wiped.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("abc");
    /// assert_eq!(token.remove(1), 'b');
    /// assert_eq!(token, "ac");
    /// ```
    ///
    /// # Panics
    ///
    /// If no character begins there.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> char {
        self.check_boundary("remove", index);
        let Some(character) = self.as_str()[index..].chars().next() else {
            panic!("`SecretString::remove`: index must be below the length, {index} is not");
        };
        self.bytes.remove_range(index..index + character.len_utf8());
        character
    }

    /// Removes the text of a range of bytes, and wipes it.
    ///
    /// It does what dropping a `String::drain` does, and hands nothing out.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("Bearer abc");
    /// token.remove_range(..7);
    /// assert_eq!(token, "abc");
    /// ```
    ///
    /// # Panics
    ///
    /// If the range is not within the length, or has an end inside of a character.
    #[track_caller]
    pub fn remove_range(&mut self, range: impl RangeBounds<usize>) {
        let range = bounds(range, self.len());
        self.check_boundary("remove_range", range.start);
        self.check_boundary("remove_range", range.end);
        self.bytes.remove_range(range);
    }

    /// Wipes the text from the byte `len` on; does nothing if there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("abc");
    /// token.truncate(1);
    /// assert_eq!(token, "a");
    /// ```
    ///
    /// # Panics
    ///
    /// If `len` is inside of a character.
    #[track_caller]
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.check_boundary("truncate", len);
            self.bytes.truncate(len);
        }
    }

    /// Wipes the text. The buffer stays.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("abc");
    /// let capacity = token.capacity();
    /// token.clear();
    /// assert_eq!((token.len(), token.capacity()), (0, capacity));
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Removes the characters that `keep` refuses, and wipes them.
    ///
    /// If `keep` panics, the character that it was asked about stays, and those after it.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("a-b-c");
    /// token.retain(|character| character != '-');
    /// assert_eq!(token, "abc");
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(char) -> bool) {
        let mut gap = Gap::at(&mut self.bytes, 0);
        loop {
            // SAFETY: they are UTF-8 (invariant 1), of which whole characters have been kept
            // or removed.
            let rest = unsafe { core::str::from_utf8_unchecked(gap.rest()) };
            let Some(character) = rest.chars().next() else { break };
            let length = character.len_utf8();
            if keep(character) { gap.keep(length) } else { gap.discard(length) }
        }
    }

    /// Moves the text from the byte `at` on to a new one; it is wiped here.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("abc");
    /// assert_eq!(token.split_off(1), "bc");
    /// assert_eq!(token, "a");
    /// ```
    ///
    /// # Panics
    ///
    /// If `at` is beyond the length or inside of a character.
    #[must_use = "use `truncate` if the text is not needed"]
    #[track_caller]
    pub fn split_off(&mut self, at: usize) -> Self {
        self.check_boundary("split_off", at);
        Self { bytes: self.bytes.split_off(at) }
    }

    /// Moves all text of `other` to the end; it is wiped over there.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let (mut token, mut rest) = (SecretString::from("a"), SecretString::from("bc"));
    /// token.append(&mut rest);
    /// assert_eq!(token, "abc");
    /// assert!(rest.is_empty());
    /// ```
    ///
    /// # Panics
    ///
    /// If the new capacity is more than `isize::MAX`.
    pub fn append(&mut self, other: &mut Self) {
        self.bytes.append(&mut other.bytes);
    }

    /// Appends a copy of the text of a range of bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::SecretString;
    ///
    /// let mut token = SecretString::from("abc");
    /// token.extend_from_within(1..);
    /// assert_eq!(token, "abcbc");
    /// ```
    ///
    /// # Panics
    ///
    /// If the range is not within the length, or has an end inside of a character.
    #[track_caller]
    pub fn extend_from_within(&mut self, range: impl RangeBounds<usize>) {
        let range = bounds(range, self.len());
        self.check_boundary("extend_from_within", range.start);
        self.check_boundary("extend_from_within", range.end);
        self.bytes.extend_from_within(range);
    }

    #[track_caller]
    fn check_boundary(&self, method: &str, index: usize) {
        assert!(
            self.as_str().is_char_boundary(index),
            "`SecretString::{method}`: {index} must be the beginning of a character, or the end"
        );
    }

    /// Puts a character in at a boundary.
    fn insert_encoded(&mut self, index: usize, character: char) {
        let mut encoded = [0; 4];
        self.bytes.insert_slice(index, character.encode_utf8(&mut encoded).as_bytes());
        wipe_place(&mut encoded);
    }
}

impl Wipe for SecretString {
    #[inline]
    fn wipe(&mut self) {
        self.bytes.wipe();
    }
}

/// Bytes that are not UTF-8, and that [`SecretString::from_utf8`] gives back.
///
/// # Examples
///
/// ```
/// use poolable::{SecretString, SecretVec};
///
/// let error = SecretString::from_utf8(SecretVec::from(b"abc\xFF")).unwrap_err();
/// assert_eq!(error.utf8_error().valid_up_to(), 3);
/// assert_eq!(error.to_string(), "the secret is not UTF-8");
/// ```
pub struct SecretUtf8Error {
    bytes: SecretVec<u8>,
    error: Utf8Error,
}

impl SecretUtf8Error {
    /// Returns the bytes, without a copy.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{SecretString, SecretVec};
    ///
    /// let error = SecretString::from_utf8(SecretVec::from([0xFF])).unwrap_err();
    /// assert_eq!(error.into_bytes(), [0xFF]);
    /// ```
    #[must_use = "the bytes are wiped if they are not used"]
    pub fn into_bytes(self) -> SecretVec<u8> {
        self.bytes
    }

    /// Returns where the bytes stop being UTF-8.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{SecretString, SecretVec};
    ///
    /// let error = SecretString::from_utf8(SecretVec::from(b"a\xFF")).unwrap_err();
    /// assert_eq!(error.utf8_error().valid_up_to(), 1);
    /// ```
    #[must_use]
    pub fn utf8_error(&self) -> Utf8Error {
        self.error
    }
}

/// Shows nothing of the bytes, nor where they are wrong.
impl fmt::Debug for SecretUtf8Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretUtf8Error(..)")
    }
}

impl fmt::Display for SecretUtf8Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the secret is not UTF-8")
    }
}

impl core::error::Error for SecretUtf8Error {}
