//! What it means to make a used value blank, and who can do it.

mod cell;
mod collections;
mod pointer;
mod scalar;
mod text;

#[cfg(feature = "hashbrown")]
pub(crate) use collections::has_tombstones;
#[cfg(any(feature = "hashbrown", feature = "indexmap"))]
pub(crate) use collections::table_bytes;

/// A value that can be made blank again while it keeps its allocations.
///
/// # The law
///
/// After `reset` the value shows what [`blank`](Reset::blank) shows, and keeps its
/// allocations where the type allows it. Only what a reader can observe counts: a
/// cleared `Vec` equals a new one, though its buffer stays.
///
/// Derive it. `#[derive(Poolable)]` brings it together with a pool,
/// `#[derive(Reset)]` alone is for types nested inside pooled ones. Writing it by
/// hand is safe: a wrong `reset` shows old data to the next user, and never breaks
/// memory safety.
///
/// # Examples
///
/// ```
/// use poolable::Reset;
///
/// let mut line = String::from("GET /");
/// let capacity = line.capacity();
/// line.reset();
/// assert_eq!(line, String::blank());
/// assert_eq!(line.capacity(), capacity);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Reset`, so it cannot be made blank",
    label = "needs `Reset`",
    note = "derive `Reset` for the type if it is yours, or make the field an `Option`, which is reset to `None`",
    note = "or say on the field what a return does: `#[pool(default)]`, `#[pool(value = EXPR)]`;",
    note = "if it borrows nothing, also `#[pool(skip, init = EXPR)]` or `#[pool(with = PATH, init = EXPR)]`",
    note = "for types of `arrayvec`, `bytes`, `compact_str`, `hashbrown`, `http`, `indexmap`, `serde_json` and `smallvec` there are features of these names",
    note = "for a pool of a type that is not yours, builders take `reset`, those of module `managed` also `no_reset`"
)]
pub trait Reset: Sized {
    /// Returns the value that a new object is born with.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Reset;
    ///
    /// assert_eq!(<(u8, String)>::blank(), (0, String::new()));
    /// ```
    #[must_use]
    fn blank() -> Self;

    /// Makes the value show what [`blank`](Reset::blank) shows.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Reset;
    ///
    /// let mut pair = (7_u8, vec![1, 2, 3]);
    /// pair.reset();
    /// assert_eq!(pair, (0, vec![]));
    /// assert!(pair.1.capacity() >= 3);
    /// ```
    fn reset(&mut self);

    /// Returns how many bytes of heap the idle value holds on to.
    ///
    /// Called after `reset`. The cost must not depend on what the user stored: it is
    /// paid at every return. An estimate will do; limits on memory are as exact as
    /// this figure.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::Reset;
    ///
    /// assert_eq!(Vec::<u32>::with_capacity(8).retained_bytes(), 32);
    /// ```
    fn retained_bytes(&mut self) -> usize {
        0
    }

    /// Wipes the secrets of a value that its drop does not wipe: what the derive writes
    /// for a type with `#[pool(drop_wipe = false)]`.
    #[doc(hidden)]
    #[inline(always)]
    fn __wipe(&mut self) {}
}
