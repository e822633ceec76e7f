//! Guards and kept values, written and read as what they hold.
//!
//! Reading goes through `deserialize_in_place`, which a type may leave as it is: then a value
//! is made and put where the old one was. With the feature `deserialize_in_place` of
//! `serde_derive` the derive writes one that goes field by field into what is there, and so
//! keeps the buffers of a pooled object.
//!
//! Input that turns out to be wrong in the middle leaves a value half read, as it does
//! everywhere in serde. A guard that was to be returned is dropped then, and its object goes
//! home blank.

use core::fmt;
use core::hash::{BuildHasher, Hash};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::guard::{Pooled, PooledMap, PooledOwned, PooledRef, Shared};
#[cfg(feature = "managed")]
use crate::managed::Lease;
use crate::poolable::Poolable;
use crate::reset::Reset;
use crate::retain::{RetainMap, RetainOption, RetainVec};

/// Writes guards as what they lead to.
macro_rules! as_target {
    ($([$($params:tt)*] $guard:ty => $target:ty;)*) => {$(
        /// As what it leads to.
        impl<$($params)*> Serialize for $guard
        where
            $target: Serialize,
        {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                (**self).serialize(serializer)
            }
        }
    )*};
}

as_target! {
    [T: Poolable] Pooled<T> => T;
    [T: Poolable] Shared<T> => T;
    [T: Poolable, U: ?Sized] PooledMap<T, U> => U;
    [T] PooledRef<'_, T> => T;
    [T] PooledOwned<T> => T;
    [T] RetainVec<T> => [T];
}

#[cfg(feature = "managed")]
as_target! {
    [T: Send + 'static] Lease<T> => T;
}

/// As a map.
impl<K: Serialize, V: Serialize, H> Serialize for RetainMap<K, V, H> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

/// As the option that it shows.
impl<T: Serialize> Serialize for RetainOption<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().serialize(serializer)
    }
}

/// Into an object of the pool, in place if the type's `Deserialize` knows how; if it does not,
/// what the object kept is lost, and fields that serde skips are replaced. `serde_derive` needs
/// its feature `deserialize_in_place` for that: see the page `serde` of the guide.
///
/// If the input is wrong the object goes back, blank.
impl<'de, T: Poolable + Deserialize<'de>> Deserialize<'de> for Pooled<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut guard = Self::take();
        T::deserialize_in_place(deserializer, &mut guard)?;
        Ok(guard)
    }

    fn deserialize_in_place<D>(deserializer: D, place: &mut Self) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        T::deserialize_in_place(deserializer, place)
    }
}

/// As a sequence. In place, the elements that are there and those that were kept are read
/// into again.
impl<'de, T: Reset + Deserialize<'de>> Deserialize<'de> for RetainVec<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut elements = Self::new();
        Self::deserialize_in_place(deserializer, &mut elements)?;
        Ok(elements)
    }

    fn deserialize_in_place<D>(deserializer: D, place: &mut Self) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        deserializer.deserialize_seq(Elements(place))
    }
}

/// Reads a sequence into kept elements.
struct Elements<'a, T>(&'a mut RetainVec<T>);

impl<'de, T: Reset + Deserialize<'de>> Visitor<'de> for Elements<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        self.0.clear();
        // No room is made ahead: the input may claim any length.
        while sequence.next_element_seed(Next(self.0))?.is_some() {}
        Ok(())
    }
}

/// Reads one element, which is appended when it is known to be there.
struct Next<'a, T>(&'a mut RetainVec<T>);

impl<'de, T: Reset + Deserialize<'de>> DeserializeSeed<'de> for Next<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::deserialize_in_place(deserializer, self.0.push_blank())
    }
}

/// As a map. In place, the keys and values that are there and those that were kept are read
/// into again.
impl<'de, K, V, H> Deserialize<'de> for RetainMap<K, V, H>
where
    K: Deserialize<'de> + Eq + Hash + Reset,
    V: Deserialize<'de> + Reset,
    H: BuildHasher + Default,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut entries = Self::default();
        Self::deserialize_in_place(deserializer, &mut entries)?;
        Ok(entries)
    }

    fn deserialize_in_place<D>(deserializer: D, place: &mut Self) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        deserializer.deserialize_map(Entries(place))
    }
}

struct Entries<'a, K, V, H>(&'a mut RetainMap<K, V, H>);

impl<'de, K, V, H> Visitor<'de> for Entries<'_, K, V, H>
where
    K: Deserialize<'de> + Eq + Hash + Reset,
    V: Deserialize<'de> + Reset,
    H: BuildHasher,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.clear();
        loop {
            let read = |key: &mut K| Ok(map.next_key_seed(InPlace(key))?.is_some());
            let Some(value) = self.0.insert_blank_read(read)? else { return Ok(()) };
            map.next_value_seed(InPlace(value))?;
        }
    }
}

struct InPlace<'a, T>(&'a mut T);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for InPlace<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::deserialize_in_place(deserializer, self.0)
    }
}

/// As an option. In place, the value that is there or was kept is read into again.
///
/// A field that is absent from the input is another matter: a derived `Deserialize` puts a
/// new one in its place, without a kept value.
impl<'de, T: Reset + Deserialize<'de>> Deserialize<'de> for RetainOption<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Self::new();
        Self::deserialize_in_place(deserializer, &mut value)?;
        Ok(value)
    }

    fn deserialize_in_place<D>(deserializer: D, place: &mut Self) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        deserializer.deserialize_option(Kept(place))
    }
}

/// Reads an option into a kept value.
struct Kept<'a, T>(&'a mut RetainOption<T>);

impl<'de, T: Reset + Deserialize<'de>> Visitor<'de> for Kept<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an option")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.0.clear();
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::deserialize_in_place(deserializer, self.0.insert_blank())
    }
}
