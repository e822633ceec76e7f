//! Maps of secrets, written and read as maps.
//!
//! Keys and values are read one by one and go to their buckets; the places on the way are
//! zeroed. What the format holds of the input is the format's.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::ptr;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::SecretMap;
use super::leaving::Owned;
use crate::Wipe;
use crate::secret::vec::{REFUSED, refuse};
use crate::secret::{SecretString, SecretVec};
use crate::wipe::hold;

/// As a map.
impl<K: Serialize + Wipe, V: Serialize + Wipe, S> Serialize for SecretMap<K, V, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self)
    }
}

/// As a map. In place, it is wiped first and keeps its table; if the input is wrong it is
/// left empty.
///
/// No error shows any of the input. What the format itself buffers is not covered.
impl<'de, K, V, S> Deserialize<'de> for SecretMap<K, V, S>
where
    K: Deserialize<'de> + Eq + Hash + Wipe,
    V: Deserialize<'de> + Wipe,
    S: BuildHasher + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Self::default();
        Self::deserialize_in_place(deserializer, &mut map)?;
        Ok(map)
    }

    fn deserialize_in_place<D>(deserializer: D, place: &mut Self) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        place.clear();
        if deserializer.deserialize_map(Entries(place)).is_err() {
            place.clear();
            return Err(D::Error::custom(REFUSED));
        }
        Ok(())
    }
}

struct Entries<'a, K: Wipe, V: Wipe, S>(&'a mut SecretMap<K, V, S>);

impl<'de, K, V, S> Visitor<'de> for Entries<'_, K, V, S>
where
    K: Deserialize<'de> + Eq + Hash + Wipe,
    V: Deserialize<'de> + Wipe,
    S: BuildHasher,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_string<E: Error>(self, text: String) -> Result<(), E> {
        drop(SecretString::from(text));
        Err(E::custom(REFUSED))
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<(), E> {
        drop(SecretVec::from(bytes));
        Err(E::custom(REFUSED))
    }

    refuse! {
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128,
        visit_f64: f64, visit_str: &str, visit_bytes: &[u8],
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // No room is made ahead: the input may claim any length.
        loop {
            let mut read = map.next_key::<K>();
            hold!(read);
            // SAFETY: the result is held, and borrowed here alone.
            let key = match unsafe { &mut *read } {
                Ok(Some(key)) => key,
                Ok(None) => return Ok(()),
                // SAFETY: the error is there, and nobody else takes it or drops it.
                Err(error) => return Err(unsafe { ptr::read(error) }),
            };
            // SAFETY: as for the error.
            let key = unsafe { Owned::new(key) };
            let mut read = map.next_value::<V>();
            hold!(read);
            // SAFETY: as for the result before.
            let value = match unsafe { &mut *read } {
                Ok(value) => value,
                // SAFETY: as for the error before.
                Err(error) => return Err(unsafe { ptr::read(error) }),
            };
            // SAFETY: as for the key.
            let value = unsafe { Owned::new(value) };
            self.0.replace(key, value);
        }
    }
}
