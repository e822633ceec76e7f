//! The trait of types that have a home pool.

use crate::borrow::ReleaseBorrows;
use crate::guard::Pooled;
use crate::reset::Reset;
use crate::thread::Way;
use crate::type_pool::TypePool;

/// A type with a pool of its own. Derive it.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, Pooled};
///
/// #[derive(Poolable)]
/// struct Line(Vec<u8>);
///
/// // In code that knows the type, `Line::pooled()`; in generic code, the same.
/// fn fresh<T: Poolable>() -> Pooled<T> {
///     T::pooled()
/// }
///
/// let mut line = fresh::<Line>();
/// line.0.extend(b"GET /");
/// drop(line);
/// assert!(fresh::<Line>().0.is_empty());
/// ```
///
/// # Safety
///
/// Implemented by the derive alone. An implementation promises that
///
/// - `Static` is the type itself, with `'static` for its lifetimes;
/// - after `reset` has returned, and after `blank`, the value is valid whatever these
///   lifetimes are;
/// - `pool` returns the same pool each time, and `__way` the way to the current thread's
///   cache of that pool;
/// - `__Reach` is [`OneThread`](crate::private::OneThread) if the pool was made local;
/// - `__NESTS` is true only for a type without lifetimes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no pool",
    label = "needs `#[derive(Poolable)]`",
    note = "`#[derive(Reset)]` alone makes a type blank, and gives it no pool",
    note = "a generic type has one if its parameters are `'static`, have what its fields need, and are `Send` unless it is marked `#[pool(local)]`",
    note = "name the object's own type where a `Pooled` of it comes out; a type of std goes into a struct of yours",
    note = "in generic code, ask for `{Self}: Poolable`"
)]
pub unsafe trait Poolable: Reset + Sized {
    /// The type as its pool holds it: itself, with any lifetime replaced by `'static`.
    type Static: Poolable<Static = Self::Static> + 'static;

    /// Whether guards may go to other threads.
    #[doc(hidden)]
    type __Reach;

    /// Takes an object from the pool, or creates one; dropping the guard returns it.
    ///
    /// The derive also gives the type a method of this name, so that the trait need not
    /// be in scope.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// struct Line(Vec<u8>);
    ///
    /// assert!(<Line as Poolable>::pooled().0.is_empty());
    /// ```
    ///
    /// # Panics
    ///
    /// If a new object is needed and its create panics.
    ///
    /// # Performance
    ///
    /// No lock, no allocation, and no atomic read-modify-write on a hit. One exchange
    /// with the shared depot for every half a cache of gets that no return balances.
    #[inline]
    #[track_caller]
    fn pooled() -> Pooled<Self> {
        Pooled::take()
    }

    /// The pool itself: to warm it, to empty it, to ask how it does.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Poolable;
    ///
    /// #[derive(Poolable)]
    /// struct Line(Vec<u8>);
    ///
    /// assert_eq!(Line::pool().prewarm(8), 8);
    /// assert_eq!(Line::pool().stats().idle, 8);
    /// ```
    fn pool() -> &'static TypePool<Self::Static>;

    /// How the current thread finds its cache.
    #[doc(hidden)]
    fn __way() -> Way<Self::Static>;

    /// Whether the return of an object may bring about the return of another. Then it may
    /// also be put off, until the outermost of the thread's returns is through.
    #[doc(hidden)]
    const __NESTS: bool = false;

    /// As in [`ReleaseBorrows`](crate::ReleaseBorrows).
    #[doc(hidden)]
    fn __lets_go<F: ReleaseBorrows>(_: &mut F) {}

    /// As in [`ReleaseBorrows`](crate::ReleaseBorrows).
    #[doc(hidden)]
    fn __resets<F: Reset>() {}

    /// The proof that the derive writes, for rustc to check under the clause of this very
    /// implementation. It is not called.
    #[doc(hidden)]
    fn __proof(&mut self) {}

    /// `#[pool(validate = ..)]`.
    #[doc(hidden)]
    #[inline(always)]
    fn __validate(&self) -> bool {
        true
    }
}
