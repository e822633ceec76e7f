//! What the generated types of `tests/generated.rs` are filled and checked with.
//!
//! `build/main.rs` writes structs and enums with every field type that has `Reset` and
//! every combination of attributes. Beside each type it writes what its fields have to
//! show, at birth and after a return, in plain expressions that never ask the derive.
//! The modules here do the rest:
//!
//! | module | what it owns |
//! | --- | --- |
//! | `part` | fields: how each type is filled, shown and measured |
//! | `calls` | functions for `with` and `validate`, which leave a trace |
//! | `nested` | types inside the generated ones, some without `Reset` |
//! | `shape` | what is checked: a type, and what its attributes ask for |
//! | `check` | the life of a value, in its pool and outside |
//! | `recursive` | types that hold themselves, which rustc has to build in a library |
//! | `verdict` | the comparison of fields with what was expected of them |
//! | `rng` | randomness that a seed reproduces |

mod calls;
mod check;
mod nested;
mod part;
pub mod recursive;
mod rng;
mod shape;
mod verdict;

pub use calls::{approve, left, shred, stamp};
pub use check::{check, check_pool};
pub use nested::{Branch, Gauge, Handle, Leaf, Mode, Reel, Seat, Vault};
pub use part::{Allocation, Part, filled, shown, stamped};
pub use poolable as elsewhere;
pub use rng::Rng;
pub use shape::{PooledShape, Returns, Shape, Spec};

/// A floor that attributes name by path.
pub const FLOOR: usize = 24;

/// A ceiling that attributes name by path.
pub const CEILING: usize = 48;
