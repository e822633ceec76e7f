//! A vector, written as its elements and read from a sequence or from bytes.
//!
//! # Invariants
//!
//! 1. No error says anything about the input: formats quote what they did not expect, and that
//!    may be the secret. So an error is replaced by one of ours, whatever it was, and its place
//!    in the input is lost if the format does not add it.

use core::fmt;
use core::marker::PhantomData;

use serde::de::value::SeqDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::SecretVec;
use crate::secret::SecretString;
use crate::wipe::Wipe;

/// What every error says.
pub(in crate::secret) const REFUSED: &str = "could not read a secret (not shown)";

/// Room is made ahead for at most so many bytes: the input may claim any length.
const AHEAD: usize = 4096;

/// Refuses values without showing them, as the visitor's own methods would.
macro_rules! refuse {
    ($($method:ident: $ty:ty),+ $(,)?) => {$(
        fn $method<E: Error>(self, _: $ty) -> Result<Self::Value, E> {
            Err(E::custom(REFUSED))
        }
    )+};
}

pub(in crate::secret) use refuse;

/// As a sequence of its elements, as a `Vec` is.
impl<T: Wipe + Serialize> Serialize for SecretVec<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

/// As a sequence, or as bytes where the format has them. In place, the buffer is kept.
///
/// No error shows any of the input. After one the vector that was read into is empty. What the
/// format itself buffers is not covered.
impl<'de, T: Wipe + Deserialize<'de>> Deserialize<'de> for SecretVec<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut vec = Self::new();
        Self::deserialize_in_place(deserializer, &mut vec)?;
        Ok(vec)
    }

    fn deserialize_in_place<D>(deserializer: D, place: &mut Self) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        place.clear();
        if deserializer.deserialize_seq(Elements(place, PhantomData)).is_err() {
            place.clear();
            return Err(D::Error::custom(REFUSED));
        }
        Ok(())
    }
}

struct Elements<'a, 'de, T: Wipe>(&'a mut SecretVec<T>, PhantomData<&'de ()>);

impl<'de, T: Wipe + Deserialize<'de>> Visitor<'de> for Elements<'_, 'de, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let hint = sequence.size_hint().unwrap_or(0);
        self.0.reserve(hint.min(AHEAD / size_of::<T>().max(1)));
        while let Some(value) = sequence.next_element()? {
            self.0.push(value);
        }
        Ok(())
    }

    /// A sequence of its bytes: only a vector of numbers takes them.
    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
        let bytes = bytes.iter().copied().map(IntoDeserializer::<E>::into_deserializer);
        self.visit_seq(SeqDeserializer::new(bytes))
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<(), E> {
        self.visit_bytes(&SecretVec::from(bytes))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<(), E> {
        drop(SecretString::from(text));
        Err(E::custom(REFUSED))
    }

    refuse! {
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128,
        visit_f64: f64, visit_str: &str,
    }
}
