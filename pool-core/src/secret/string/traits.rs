//! What std's traits, and those of pools, show of a text.

use core::convert::Infallible;
use core::fmt;
use core::ops::{AddAssign, Deref, DerefMut, Index, IndexMut};
use core::slice::SliceIndex;
use core::str::FromStr;
use std::borrow::Cow;

use subtle::{Choice, ConstantTimeEq};

use super::{SecretString, SecretUtf8Error};
use crate::secret::SecretVec;
use crate::wipe::{Wipe, WipeOnHeap};
use crate::{Capacity, ReleaseBorrows, Reset};

impl WipeOnHeap for SecretString {}

/// Does what its [`Wipe`] does, for code that asks for that crate's trait.
impl zeroize::Zeroize for SecretString {
    fn zeroize(&mut self) {
        self.wipe();
    }
}

impl zeroize::ZeroizeOnDrop for SecretString {}

/// Wiped as far as it was used, and emptied; the buffer is kept.
impl Reset for SecretString {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn reset(&mut self) {
        self.bytes.reset();
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.capacity()
    }
}

/// A buffer that is left for another one is wiped.
impl Capacity for SecretString {
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity(capacity)
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.capacity()
    }

    #[inline]
    fn grow_to(&mut self, capacity: usize) {
        self.bytes.grow_to(capacity);
    }

    #[inline]
    fn shrink_to(&mut self, capacity: usize) {
        self.shrink_to(capacity);
    }
}

// SAFETY: there are no lifetimes in the type.
unsafe impl ReleaseBorrows for SecretString {}

impl Default for SecretString {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

/// A copy of the secret, which is wiped as the first one is. `clone_from` writes it into the
/// buffer that is there.
impl Clone for SecretString {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone() }
    }

    fn clone_from(&mut self, other: &Self) {
        self.bytes.clone_from(&other.bytes);
    }
}

impl Deref for SecretString {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl DerefMut for SecretString {
    #[inline]
    fn deref_mut(&mut self) -> &mut str {
        self.as_mut_str()
    }
}

/// As for a `String`, but for the panic, which does not show the text.
impl<I: SliceIndex<str>> Index<I> for SecretString {
    type Output = I::Output;

    /// # Panics
    ///
    /// If the range is out of bounds, or begins or ends inside of a character.
    #[inline]
    #[track_caller]
    fn index(&self, range: I) -> &I::Output {
        self.as_str().get(range).expect(NO_RANGE)
    }
}

impl<I: SliceIndex<str>> IndexMut<I> for SecretString {
    /// # Panics
    ///
    /// If the range is out of bounds, or begins or ends inside of a character.
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, range: I) -> &mut I::Output {
        self.as_mut_str().get_mut(range).expect(NO_RANGE)
    }
}

/// What std would say shows the text.
const NO_RANGE: &str =
    "a range of a `SecretString` must lie in it, and begin and end where characters do";

impl AsRef<str> for SecretString {
    #[inline]
    fn as_ref(&self) -> &str {
        self
    }
}

impl AsRef<[u8]> for SecretString {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Shows neither content nor length.
impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(..)")
    }
}

/// Takes the buffer over, without a copy, and wipes what lies behind the length. Buffers that
/// the `String` has grown out of are not covered.
impl From<String> for SecretString {
    #[inline]
    fn from(text: String) -> Self {
        Self { bytes: SecretVec::from(text.into_bytes()) }
    }
}

/// Takes the buffer over, without a copy.
impl From<Box<str>> for SecretString {
    #[inline]
    fn from(text: Box<str>) -> Self {
        Self::from(text.into_string())
    }
}

/// Copies it; the original is not wiped.
impl From<&str> for SecretString {
    #[inline]
    fn from(text: &str) -> Self {
        Self { bytes: SecretVec::from(text.as_bytes()) }
    }
}

/// Copies it, and never fails; the original is not wiped.
impl FromStr for SecretString {
    type Err = Infallible;

    #[inline]
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from(text))
    }
}

/// As [`from_utf8`](SecretString::from_utf8), without a copy.
impl TryFrom<SecretVec<u8>> for SecretString {
    type Error = SecretUtf8Error;

    #[inline]
    fn try_from(bytes: SecretVec<u8>) -> Result<Self, SecretUtf8Error> {
        Self::from_utf8(bytes)
    }
}

/// Takes the bytes, without a copy.
impl From<SecretString> for SecretVec<u8> {
    #[inline]
    fn from(text: SecretString) -> Self {
        text.into_bytes()
    }
}

impl Extend<char> for SecretString {
    fn extend<I: IntoIterator<Item = char>>(&mut self, characters: I) {
        let characters = characters.into_iter();
        self.reserve(characters.size_hint().0);
        characters.for_each(|character| self.push(character));
    }
}

impl<'a> Extend<&'a char> for SecretString {
    fn extend<I: IntoIterator<Item = &'a char>>(&mut self, characters: I) {
        self.extend(characters.into_iter().copied());
    }
}

impl<'a> Extend<&'a str> for SecretString {
    fn extend<I: IntoIterator<Item = &'a str>>(&mut self, texts: I) {
        texts.into_iter().for_each(|text| self.push_str(text));
    }
}

/// Each of them is wiped once it has been copied.
impl Extend<String> for SecretString {
    fn extend<I: IntoIterator<Item = String>>(&mut self, texts: I) {
        self.extend(texts.into_iter().map(Self::from));
    }
}

impl Extend<Self> for SecretString {
    fn extend<I: IntoIterator<Item = Self>>(&mut self, texts: I) {
        texts.into_iter().for_each(|text| self.push_str(&text));
    }
}

macro_rules! collects {
    ($([$($generics:tt)*] $item:ty),+ $(,)?) => {$(
        impl<$($generics)*> FromIterator<$item> for SecretString {
            fn from_iter<I: IntoIterator<Item = $item>>(items: I) -> Self {
                let mut text = Self::new();
                text.extend(items);
                text
            }
        }
    )+};
}

collects!([] char, ['a] &'a char, ['a] &'a str, [] String, [] SecretString);

impl AddAssign<&str> for SecretString {
    #[inline]
    fn add_assign(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Writes at the end, and never fails.
impl fmt::Write for SecretString {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }

    #[inline]
    fn write_char(&mut self, character: char) -> fmt::Result {
        self.push(character);
        Ok(())
    }
}

/// In constant time for texts of one length.
impl ConstantTimeEq for SecretString {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.bytes.ct_eq(&other.bytes)
    }
}

impl PartialEq for SecretString {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for SecretString {}

macro_rules! equals {
    ($($other:ty),+ $(,)?) => {$(
        /// In constant time if the lengths are equal, which is no secret.
        impl PartialEq<$other> for SecretString {
            #[inline]
            fn eq(&self, other: &$other) -> bool {
                self.bytes == *other.as_bytes()
            }
        }

        /// In constant time if the lengths are equal, which is no secret.
        impl PartialEq<SecretString> for $other {
            #[inline]
            fn eq(&self, other: &SecretString) -> bool {
                other == self
            }
        }
    )+};
}

equals!(str, &str, String, &String, Cow<'_, str>);
