//! Types inside the generated ones.
//!
//! Where one has `Default`, it is another value than the blank one, so that a test can
//! tell which of the two a field was given.

use core::mem::MaybeUninit;

use poolable::{Capacity, Poolable, Reset, Wipe};

use crate::part::{Allocation, Part};
use crate::rng::Rng;

/// Two plain fields.
#[derive(Debug, Reset)]
pub struct Leaf {
    /// Emptied.
    pub name: String,
    /// Zeroed.
    pub count: u32,
}

/// A type in a type, and fields that a reset does not make blank.
#[derive(Debug, Reset)]
pub struct Branch {
    /// Reset in its turn.
    pub leaf: Leaf,
    /// Assigned.
    #[pool(value = 3)]
    pub limit: u8,
    /// Left as it is.
    #[pool(skip)]
    pub kept: u16,
}

/// Secrets, which are wiped even if the field around them is not marked.
#[derive(Debug, Reset)]
pub struct Vault {
    /// Zeroed.
    #[pool(zeroize)]
    pub key: [u8; 16],
    /// Emptied.
    #[pool(zeroize)]
    pub pin: String,
}

/// An enum.
#[derive(Debug, Default, Reset)]
pub enum Mode {
    /// The blank variant.
    #[pool(blank)]
    Idle(String),
    /// The default one.
    #[default]
    Off,
    /// One with a name for its field.
    Busy {
        /// Gone after a reset.
        job: Vec<u8>,
    },
}

/// A type with a pool of its own.
#[derive(Debug, Poolable)]
pub struct Seat {
    /// Emptied.
    pub label: String,
    /// Zeroed.
    pub row: u32,
}

/// No `Reset`, though it has `Default`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gauge(pub u64);

/// Neither `Reset` nor `Default`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// The number of the resource.
    pub id: u64,
}

/// A buffer without `Reset` and `Default`, which has a capacity.
#[derive(Debug)]
pub struct Reel(pub Vec<u8>);

impl Default for Leaf {
    fn default() -> Self {
        Self { name: String::from("leaf"), count: 9 }
    }
}

impl Default for Branch {
    fn default() -> Self {
        Self { leaf: Leaf::default(), limit: 8, kept: 5 }
    }
}

impl Default for Vault {
    fn default() -> Self {
        Self { key: [7; 16], pin: String::from("0000") }
    }
}

impl Default for Gauge {
    fn default() -> Self {
        Self(7)
    }
}

impl Capacity for Reel {
    fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }

    fn grow_to(&mut self, capacity: usize) {
        self.0.grow_to(capacity);
    }

    fn shrink_to(&mut self, capacity: usize) {
        Capacity::shrink_to(&mut self.0, capacity);
    }
}

impl Wipe for Reel {
    fn wipe(&mut self) {
        self.0.wipe();
    }
}

/// A struct is what its fields are.
macro_rules! of_fields {
    ($($ty:ident { $($field:tt),+ })+) => {$(
        impl Part for $ty {
            fn fill(&mut self, rng: &mut Rng) {
                $(self.$field.fill(rng);)+
            }

            fn show(&self) -> String {
                format!("{} {{ {} }}", stringify!($ty), [$(self.$field.show()),+].join(", "))
            }

            fn allocations(&mut self, list: &mut Vec<Allocation>) {
                $(self.$field.allocations(list);)+
            }

            fn spare_memory(&mut self, visit: &mut dyn FnMut(&mut [MaybeUninit<u8>])) {
                $(self.$field.spare_memory(visit);)+
            }
        }
    )+};
}

of_fields! {
    Leaf { name, count }
    Branch { leaf, limit, kept }
    Vault { key, pin }
    Seat { label, row }
    Gauge { 0 }
    Handle { id }
}

impl Part for Mode {
    fn fill(&mut self, rng: &mut Rng) {
        *self = match rng.below(3) {
            0 => Self::Idle(String::new()),
            1 => Self::Busy { job: Vec::new() },
            _ => Self::Off,
        };
        match self {
            Self::Idle(text) => text.fill(rng),
            Self::Busy { job } => job.fill(rng),
            Self::Off => {}
        }
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Part for Reel {
    fn fill(&mut self, rng: &mut Rng) {
        self.0.fill(rng);
    }

    fn show(&self) -> String {
        self.0.show()
    }

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        self.0.allocations(list);
    }

    fn room(&self) -> Option<usize> {
        self.0.room()
    }

    fn room_of(&self, capacity: usize) -> usize {
        self.0.room_of(capacity)
    }

    fn grow(&mut self, capacity: usize) {
        self.0.grow(capacity);
    }

    fn take_away(&mut self) {
        self.0.take_away();
    }
}
