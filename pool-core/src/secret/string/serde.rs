//! A text, written and read as one. What holds for errors is said in `vec/serde`.

use core::fmt;
use core::str;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use super::SecretString;
use crate::secret::SecretVec;
use crate::secret::vec::{REFUSED, refuse};

/// As text.
impl Serialize for SecretString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// As text, or as bytes that are UTF-8. In place, the buffer is kept; else the one of a `String`
/// that the format hands over is taken.
///
/// No error shows any of the input. After one the text that was read into is empty. What the
/// format itself buffers is not covered.
impl<'de> Deserialize<'de> for SecretString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = Self::new();
        Self::deserialize_in_place(deserializer, &mut text)?;
        Ok(text)
    }

    fn deserialize_in_place<D>(deserializer: D, place: &mut Self) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        place.clear();
        if deserializer.deserialize_string(Text(place)).is_err() {
            place.clear();
            return Err(D::Error::custom(REFUSED));
        }
        Ok(())
    }
}

struct Text<'a>(&'a mut SecretString);

impl Text<'_> {
    /// Keeps the buffer that is there if the text fits; the other one is wiped.
    fn take(self, text: SecretString) {
        if self.0.capacity() < text.len() {
            *self.0 = text;
        } else {
            self.0.push_str(&text);
        }
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<(), E> {
        self.take(SecretString::from(text));
        Ok(())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
        self.visit_str(str::from_utf8(bytes).map_err(|_| E::custom(REFUSED))?)
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<(), E> {
        let text = SecretString::from_utf8(SecretVec::from(bytes));
        self.take(text.map_err(|_| E::custom(REFUSED))?);
        Ok(())
    }

    refuse! {
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128,
        visit_f64: f64,
    }
}
