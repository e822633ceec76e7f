//! Which values let go of what they borrow when they are reset.
//!
//! An object of a type with lifetimes is pooled as its `'static` self, and handed out with
//! any lifetime. That is sound if nothing which only holds for one lifetime is left in it
//! when it goes back. A [`Reset`] is safe code and may forget to do its work; so the promise
//! is a trait of its own, which takes `unsafe` to implement.
//!
//! The derive makes the promise for a type, and has rustc prove it, for each field as it
//! stands in the value: a type can be spelled so that it is another one in another place. The
//! proof, the promise and the reset that it is about are bound to the same clause. And what
//! is asked of a field is asked by functions of the very trait that is implemented, since a
//! path to this crate may lead to another one.
//!
//! # Invariants
//!
//! 1. Where a derived `ReleaseBorrows` holds, the derived `Reset` is the type's: its clause
//!    holds too, and there are no two. (Where it does not, there may be one by hand.)
//! 2. Where one of the implementations here asks for the promise of a type, it asks for its
//!    `Reset` too: a `Box` of a user's type is as good as the user's, and may have one by
//!    hand if the type has none.

use core::cell::{Cell, OnceCell, RefCell};
use core::hash::BuildHasher;
use core::marker::PhantomData;
use core::num::Wrapping;
use core::sync::atomic;
use core::time::Duration;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::OsString;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, RwLock};

use crate::guard::Pooled;
use crate::poolable::Poolable;
use crate::reset::Reset;
use crate::retain::{RetainMap, RetainOption, RetainVec};

/// A type that lets go of what it borrows when it is reset.
///
/// The fields of a pooled type that has lifetimes need it where they mention one. Types that
/// derive [`Reset`] have it if their fields do, and of std's types those
/// that a reset empties: `&str`, `&[T]`, `Option`, `Vec`, the maps and sets, `Cow`. Those that
/// are reset inside, such as `Box` and tuples, have it if what is inside has it.
///
/// # Examples
///
/// ```
/// use poolable::Poolable;
///
/// #[derive(Poolable)]
/// struct Words<'a> {
///     words: Vec<&'a str>,
/// }
///
/// let capacity = {
///     let line = String::from("of a short life");
///     let mut words = Words::pooled();
///     words.words.extend(line.split(' '));
///     words.words.capacity()
/// };
/// assert_eq!(Words::pooled().words.capacity(), capacity);
/// ```
///
/// # Safety
///
/// - After `reset` has returned, the value is valid at every choice of the lifetimes in its
///   type: nothing is left in it that was borrowed, or that takes something borrowed. The
///   same is true of what `blank` returns. What `retained_bytes` does changes none of that.
/// - Where the value holds others, whether in use or spare, that is true of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold on to what it borrows when it is reset",
    label = "a pooled object must let go of it",
    note = "put it into an `Option` or a `Vec`, which a reset empties",
    note = "or let a return replace the field: `#[pool(default)]`, `#[pool(value = EXPR)]`",
    note = "or derive `Reset` for the type if it is yours, with no `skip` or `with` on what it borrows, and no macro in the types of its fields"
)]
pub unsafe trait ReleaseBorrows {
    /// Asks that a field lets go.
    #[doc(hidden)]
    fn __lets_go<F: ReleaseBorrows>(_: &mut F) {}

    /// Asks that a field borrows nothing.
    #[doc(hidden)]
    fn __borrows_nothing<F: 'static>(_: &mut F) {}

    /// What a derive calls `Reset` must be this one: an implementation may ask no more of `F`
    /// than stands here.
    #[doc(hidden)]
    fn __resets<F: Reset>() {}

    /// The proof that the derive writes, for rustc to check under the clause of this very
    /// implementation. It is not called.
    #[doc(hidden)]
    fn __proof(&mut self) {}
}

/// Types that borrow nothing.
macro_rules! never_borrow {
    ($($ty:ty)*) => {
        // SAFETY: there are no lifetimes in the type.
        $(unsafe impl ReleaseBorrows for $ty {})*
    };
}

never_borrow! {
    u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char
    String PathBuf OsString Box<str> Duration
    atomic::AtomicBool atomic::AtomicU8 atomic::AtomicU16 atomic::AtomicU32 atomic::AtomicU64
    atomic::AtomicUsize atomic::AtomicI8 atomic::AtomicI16 atomic::AtomicI32 atomic::AtomicI64
    atomic::AtomicIsize
}

/// Types whose reset drops all values of these types that they hold.
macro_rules! emptied {
    ($([$($params:tt)*] $ty:ty;)*) => {
        // SAFETY: the reset leaves no value that could borrow.
        $(unsafe impl<$($params)*> ReleaseBorrows for $ty {})*
    };
}

emptied! {
    [T] Option<T>;
    [T] Vec<T>;
    [T] VecDeque<T>;
    [T: Ord] BinaryHeap<T>;
    [T] LinkedList<T>;
    [K, V, S: BuildHasher + Default + 'static] HashMap<K, V, S>;
    [T, S: BuildHasher + Default + 'static] HashSet<T, S>;
    [K, V] BTreeMap<K, V>;
    [T] BTreeSet<T>;
    [T] OnceCell<T>;
    [T] OnceLock<T>;
    [T] std::rc::Weak<T>;
    [T] std::sync::Weak<T>;
    [T] atomic::AtomicPtr<T>;
    [T: ?Sized] PhantomData<T>;
}

/// Types whose reset resets the value inside.
macro_rules! reset_inside {
    ($([$($params:tt)*] $ty:ty;)*) => {
        // SAFETY: what is inside has been reset, or replaced by a blank value, and lets go.
        $(unsafe impl<$($params)*> ReleaseBorrows for $ty {})*
    };
}

reset_inside! {
    [T: ReleaseBorrows + Reset] Box<T>;
    [T: ReleaseBorrows + Reset] Box<[T]>;
    [T: ReleaseBorrows + Reset, const N: usize] [T; N];
    [T: ReleaseBorrows + Reset] Cell<T>;
    [T: ReleaseBorrows + Reset] RefCell<T>;
    [T: ReleaseBorrows + Reset] Mutex<T>;
    [T: ReleaseBorrows + Reset] RwLock<T>;
    [T: ReleaseBorrows + Reset] Cursor<T>;
    [T: ReleaseBorrows + Reset] Wrapping<T>;
    [T: ReleaseBorrows + Reset] RetainVec<T>;
    [T: ReleaseBorrows + Reset] RetainOption<T>;
    [K: ReleaseBorrows + Reset, V: ReleaseBorrows + Reset, S: 'static] RetainMap<K, V, S>;
}

macro_rules! tuples {
    ($($name:ident)*) => {
        tuples!(@ [] $($name)*);
    };
    (@ [$($done:ident)*]) => {};
    (@ [$($done:ident)*] $next:ident $($rest:ident)*) => {
        // SAFETY: each part has been reset, and lets go.
        unsafe impl<$($done: ReleaseBorrows + Reset,)* $next: ReleaseBorrows + Reset>
            ReleaseBorrows for ($($done,)* $next,)
        {
        }
        tuples!(@ [$($done)* $next] $($rest)*);
    };
}

tuples!(A B C D E F G H I J K L);

// SAFETY: there are no lifetimes in the type.
unsafe impl ReleaseBorrows for () {}

// SAFETY: it is empty after a reset.
unsafe impl ReleaseBorrows for &str {}

// SAFETY: as above.
unsafe impl<T> ReleaseBorrows for &[T] {}

// SAFETY: a null pointer leads nowhere.
unsafe impl<T> ReleaseBorrows for *const T {}

// SAFETY: as above.
unsafe impl<T> ReleaseBorrows for *mut T {}

// SAFETY: a reset leaves an owned value, and that is of a type that has no lifetimes.
unsafe impl<B: ?Sized + ToOwned<Owned: Reset> + 'static> ReleaseBorrows for Cow<'_, B> {}

// SAFETY: the object inside has been reset, or replaced by another one of its pool; and that
// is then valid at every choice of its lifetimes (`Poolable`).
unsafe impl<T: Poolable> ReleaseBorrows for Pooled<T> {}
