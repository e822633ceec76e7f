//! Types that `build/main.rs` wrote, each checked field by field.
//!
//! Set `POOLABLE_SHAPES_SEED` to have the fields come together in other types.

use core::cell::{Cell, OnceCell, RefCell};
use core::hash::BuildHasherDefault;
use core::marker::PhantomData;
use core::num::Wrapping;
use core::ptr;
use core::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8,
    AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
};
use core::time::Duration;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::OsString;
use std::hash::DefaultHasher;
use std::io::Cursor;
use std::path::PathBuf;
use std::rc;
use std::sync::{self, Arc, Mutex, OnceLock, RwLock};
use std::time::Instant;

use poolable::{Poolable, Pooled, Reset, RetainOption, RetainVec};
use poolable_shapes::{
    Branch, FLOOR, Gauge, Handle, Leaf, Mode, Part, PooledShape, Reel, Returns, Seat, Shape, Spec,
    Vault, approve, check, check_pool, filled, left, shown, stamp, stamped,
};

/// What a `Drop` of the user's own does, in types that gave up the derived one.
fn dropped<T>(value: &mut T) {
    core::hint::black_box(value);
}

#[allow(clippy::all, reason = "the fields are what a derive may meet, not what style asks for")]
mod shapes {
    use super::*;

    include!(concat!(env!("OUT_DIR"), "/shapes.rs"));
}
