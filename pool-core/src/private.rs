//! What the code that the derives write reaches the runtime through. No API: it changes
//! without notice.

use core::any::type_name;
pub use core::default::Default;
pub use core::marker::Send;
pub use core::mem::needs_drop;
pub use core::ops::Drop;
pub use core::option::Option;
pub use core::primitive::{bool, u8, usize};
pub use core::{concat, module_path};
pub use std::thread_local;

use crate::by_type;
pub use crate::limits::Limits;
pub use crate::nest::nests;
use crate::poolable::Poolable;
use crate::reset::Reset;
pub use crate::thread::{Local, Way, local};
use crate::type_pool::TypePool;
#[cfg(feature = "zeroize")]
use crate::wipe::Wipe;
#[cfg(feature = "zeroize")]
pub use crate::wipe::{WipingField, overwrite, replace};

/// A field that the derive does not reset, and that may hold heap all the same.
///
/// Its `retained_bytes` is the inherent method where the type has `Reset`, and else that
/// of [`Unmeasured`].
#[derive(Debug)]
pub struct Measured<'a, T: ?Sized>(pub &'a mut T);

impl<T: Reset> Measured<'_, T> {
    /// What the field says it retains.
    #[inline]
    #[must_use]
    pub fn retained_bytes(self) -> usize {
        self.0.retained_bytes()
    }
}

/// See [`Measured`].
pub trait Unmeasured: Sized {
    /// Nothing that the pool could know of.
    #[inline]
    fn retained_bytes(self) -> usize {
        0
    }
}

impl<T: ?Sized> Unmeasured for Measured<'_, T> {}

/// Asks for `Wipe` in a roundabout way.
///
/// A bound on a concrete type, `for<'a> Vec<Expr>: Wipe`, is proved where it stands, and
/// types that hold each other would have to prove their own. One that mentions the
/// quantified lifetime waits until somebody wipes.
#[cfg(feature = "zeroize")]
#[derive(Debug)]
pub struct Tie<'a>(core::marker::PhantomData<&'a ()>);

/// See [`Tie`].
#[cfg(feature = "zeroize")]
pub trait WipeTied<T> {
    /// Wipes the value.
    fn wipe(value: &mut T);
}

#[cfg(feature = "zeroize")]
impl<T: Wipe> WipeTied<T> for Tie<'_> {
    #[inline]
    fn wipe(value: &mut T) {
        value.wipe();
    }
}

/// The sum of what the fields of a value retain.
#[inline(always)]
#[must_use]
pub fn sum<const N: usize>(terms: [usize; N]) -> usize {
    terms.into_iter().fold(0, usize::saturating_add)
}

/// Writes the `Drop` of a type with secrets.
///
/// A user's own `Drop` conflicts with it, and all that rustc then says in words that are
/// ours is the name of this macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __drop_wipe {
    ([$($params:tt)*] $ty:ty [$($clause:tt)*]) => {
        #[automatically_derived]
        #[allow(deprecated)]
        impl $($params)* $crate::private::Drop for $ty $($clause)* {
            fn drop(&mut self) {
                Self::__pool_wipe(self, true)
            }
        }
    };
}

pub use crate::__drop_wipe as write_drop_wipe_false_to_have_a_drop_of_your_own;

/// Compares floor and ceiling of a field, at compile time.
///
/// # Panics
///
/// If the ceiling is below the floor.
#[track_caller]
pub const fn check_capacities(floor: usize, ceiling: usize) {
    assert!(floor <= ceiling, "`max_capacity` is below `capacity`; raise it");
}

/// The types that threads can share a pool of: those that are `Send`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Send`, so threads cannot share a pool of it",
    label = "a pool hands its objects from thread to thread",
    note = "mark the type `#[pool(local)]` for a pool in each thread, whose guards stay there",
    note = "or use types that are `Send`: `Arc` for `Rc`, `dyn Trait + Send` for `dyn Trait`, `Mutex` or an atomic for `Cell` behind a reference, no raw pointers, no guards of `local` types",
    note = "in generic code, ask for `{Self}: Poolable`"
)]
pub trait SharedByThreads: Send {}

#[diagnostic::do_not_recommend]
impl<T: Send> SharedByThreads for T {}

/// Asks the same in rustc's words, which tell the field that is to blame.
pub const fn is_send<T: Send>() {}

/// What holds a type's pool: a static, or the map of the pools of generic types.
#[derive(Debug)]
pub struct Home<T>(TypePool<T>);

// SAFETY: `new` asks for `T: Send`, and a `TypePool` of such a type is `Sync`. Through one
// made by `local` a thread reaches no objects but those that it made. Without the bound
// here, a type that is not `Send` gives one error instead of two.
unsafe impl<T> Sync for Home<T> {}

impl<T> Home<T> {
    /// An empty pool.
    #[must_use]
    pub const fn new(name: &'static str, limits: Limits) -> Self
    where
        T: SharedByThreads,
    {
        Self(TypePool::new(name, limits))
    }

    /// An empty pool in each thread.
    #[must_use]
    pub const fn local(name: &'static str, limits: Limits) -> Self {
        Self(TypePool::local(name, limits))
    }
}

impl<T> Home<T> {
    /// The pool.
    #[inline]
    #[must_use]
    pub const fn pool(&self) -> &TypePool<T> {
        &self.0
    }
}

/// The pool of a type, found by its identity, and made by its first user.
pub fn pool_by_type<T: 'static>(make: impl FnOnce() -> Home<T>) -> &'static TypePool<T> {
    by_type::pool(|| make().0)
}

/// The name of the pool of an instance of a generic type: what `name` gives, or the path, and
/// the type's parameters.
#[must_use]
pub fn name_of_instance<T>(name: Option<&'static str>) -> &'static str {
    let path = type_name::<T>();
    // As long as its pool: for ever.
    name.map_or(path, |name| String::leak(format!("{name}{}", parameters(path))))
}

/// The `<..>` at the end of a type's path, in which there may be others.
fn parameters(path: &str) -> &str {
    let mut depth = 0;
    let start = path.bytes().enumerate().rev().find(|&(place, byte)| {
        match byte {
            // The end of an arrow ends no list.
            b'>' if !path[..place].ends_with('-') => depth += 1,
            b'<' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    start.map_or("", |(place, _)| &path[place..])
}

/// What `__Reach` is for a type whose guards go where the type does.
#[derive(Debug)]
pub enum EveryThread {}

/// What `__Reach` is for a type marked `local`.
#[derive(Debug)]
pub enum OneThread {}

/// A guard that may leave its thread, if its object may.
#[diagnostic::on_unimplemented(
    message = "the guard of a `local` type stays on the thread that got it",
    label = "this must be `Send`",
    note = "without `#[pool(local)]` a type has one pool for all threads, and its guards are `Send` if it is",
    note = "in generic code, ask for `Pooled<T>: Send`"
)]
pub trait LeavesThread {}

impl LeavesThread for EveryThread {}

/// What the derive implements instead of itself after it reported an error, so that no
/// second error follows from the first.
#[derive(Debug)]
pub enum Unbuilt {}

impl Unbuilt {
    /// Stands for a body.
    #[cold]
    #[must_use]
    pub fn body<T>() -> T {
        unreachable!("the derive reported an error, and so this program was never built")
    }
}

impl Reset for Unbuilt {
    fn blank() -> Self {
        Self::body()
    }

    fn reset(&mut self) {}
}

// SAFETY: there is no value of this type, and no function here returns.
unsafe impl Poolable for Unbuilt {
    type Static = Self;
    type __Reach = EveryThread;

    fn pool() -> &'static TypePool<Self> {
        Self::body()
    }

    fn __way() -> Way<Self> {
        Self::body()
    }
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn parameters_are_those_at_the_end_of_the_path() {
        for (path, expected) in [
            ("a::Batch<u64, 8>", "<u64, 8>"),
            ("a::Batch<alloc::vec::Vec<u8>, fn(u8) -> u8>", "<alloc::vec::Vec<u8>, fn(u8) -> u8>"),
            ("<a::X<u8> as a::Y>::f::Batch<'_>", "<'_>"),
        ] {
            assert_eq!(parameters(path), expected);
        }
    }
}
