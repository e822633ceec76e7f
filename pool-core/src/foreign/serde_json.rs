//! Crate `serde_json`'s values.
//!
//! # Rejected
//!
//! - To keep the vector or the text of a `Value`: blank is `Null`, which has neither. A field
//!   that is always an array or a text keeps its memory as a `Vec<Value>` or a `String`.
//! - `Wipe`: the nodes of an object keep copies of the numbers that were moved within it, and
//!   with the crate's feature `arbitrary_precision` the digits of a number lie on the heap,
//!   where nobody can write.

use serde_json::{Map, Number, Value};

use crate::{ReleaseBorrows, Reset};

/// Up to how many entries a map keeps the memory that it may have: with the crate's feature
/// `preserve_order` there is some, and no way to ask how much.
const KEPT: usize = 64;

/// Becomes `Null`.
impl Reset for Value {
    #[inline]
    fn blank() -> Self {
        Self::Null
    }

    #[inline]
    fn reset(&mut self) {
        *self = Self::Null;
    }
}

/// Emptied. Its nodes are freed with their entries; with the feature `preserve_order` of that
/// crate it keeps the memory of up to 64 entries, which is not counted.
impl Reset for Map<String, Value> {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn reset(&mut self) {
        if self.len() > KEPT {
            *self = Self::new();
        } else {
            self.clear();
        }
    }
}

/// Becomes 0.
impl Reset for Number {
    #[inline]
    fn blank() -> Self {
        Self::from(0_u8)
    }

    #[inline]
    fn reset(&mut self) {
        *self = Self::blank();
    }
}

// SAFETY: there are no lifetimes in the type.
unsafe impl ReleaseBorrows for Value {}

// SAFETY: as above.
unsafe impl ReleaseBorrows for Map<String, Value> {}

// SAFETY: as above.
unsafe impl ReleaseBorrows for Number {}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: usize) -> Map<String, Value> {
        (0..entries).map(|number| (number.to_string(), Value::from(number))).collect()
    }

    #[test]
    fn values_of_any_kind_become_null() {
        for used in [
            Value::from(true),
            Value::from(7),
            Value::from("text"),
            Value::from(vec![1, 2]),
            Value::from(map(3)),
        ] {
            let mut used = used;
            used.reset();
            assert_eq!((used.retained_bytes(), used), (0, Value::blank()));
        }
        assert!(Value::blank().is_null());
    }

    #[test]
    fn maps_of_any_size_are_emptied() {
        for entries in [0, 1, KEPT, KEPT + 1, 1000] {
            let mut used = map(entries);
            used.reset();
            assert_eq!((used.retained_bytes(), used), (0, Map::blank()));
        }
        assert!(Map::blank().is_empty());
    }

    #[test]
    fn numbers_become_zero() {
        for text in ["7", "-7", "0.5", "-0.0"] {
            let mut used: Number = text.parse().expect("it is a number");
            used.reset();
            assert_eq!((used.retained_bytes(), used), (0, Number::blank()));
        }
        assert_eq!(Number::blank().as_u64(), Some(0));
    }
}
