//! Pools that types have by their derive, with all kinds of limits.

use core::any::Any;
use core::marker::PhantomData;
use core::{mem, ptr};
use std::sync::Arc;

use poolable::{Poolable, Pooled, Shared, Stats, TypePool};

use crate::act;
use crate::body::{Body, Traces};
use crate::book::book;
use crate::forecast;
use crate::house::{Guest, House, Terms, Watch};
use crate::life::Life;

/// The books of the types.
mod number {
    pub(super) const PLAIN: usize = 0;
    pub(super) const SECRET: usize = 1;
    pub(super) const NOTHING: usize = 2;
    pub(super) const ALIGNED: usize = 3;
    pub(super) const GROWN: usize = 4;
    pub(super) const UNCACHED: usize = 5;
    pub(super) const WIDE: usize = 6;
    pub(super) const FIRST: usize = 7;
    pub(super) const SECOND: usize = 8;
    pub(super) const BORROWING: usize = 9;
}

/// How many types there are.
pub(crate) const TYPES: usize = 10;

/// All of them, in the order of their books.
pub(crate) fn all() -> [Arc<dyn House>; TYPES] {
    let grown = Terms {
        max_object_bytes: Some(200_000),
        max_bytes: Some(400_000),
        ..Terms::new(Some(6), 4)
    };
    [
        Derived::<Plain>::house(number::PLAIN, Terms::new(Some(4), 8)),
        Derived::<Secret>::house(number::SECRET, Terms::new(Some(2), 3)),
        Derived::<Nothing>::house(number::NOTHING, Terms::new(Some(3), 5)),
        Derived::<Aligned>::house(number::ALIGNED, Terms::new(None, 1024)),
        Derived::<Grown>::house(number::GROWN, grown),
        Derived::<Uncached>::house(number::UNCACHED, Terms::new(Some(0), 2)),
        Derived::<Wide>::house(number::WIDE, Terms::new(None, 1024)),
        Derived::<Instance<{ number::FIRST }>>::house(number::FIRST, Terms::new(Some(4), 8)),
        Derived::<Instance<{ number::SECOND }>>::house(number::SECOND, Terms::new(Some(4), 8)),
        Derived::<Borrowing<'static>>::house(number::BORROWING, Terms::new(Some(4), 8)),
    ]
}

/// An everyday type.
#[derive(Poolable)]
#[pool(create = Self::new, validate = Self::is_valid, cache = 4, max_idle = 8)]
struct Plain {
    #[pool(skip)]
    life: Life,
    traces: Traces,
}

/// Holds something that nobody else must see.
#[derive(Poolable)]
#[pool(create = Self::new, validate = Self::is_valid, cache = 2, max_idle = 3)]
struct Secret {
    #[pool(skip)]
    life: Life,
    traces: Traces,
    #[pool(zeroize)]
    token: [u8; 40],
}

/// Has no size, and so no identity but its place.
#[derive(Poolable)]
#[pool(create = Self::new, cache = 3, max_idle = 5)]
struct Nothing;

impl Nothing {
    fn new() -> Self {
        act::creating(number::NOTHING);
        Self
    }
}

impl Drop for Nothing {
    fn drop(&mut self) {
        if !act::is_outside() {
            book(number::NOTHING).died.add();
            forecast::died(number::NOTHING);
        }
    }
}

/// Lies at addresses that few allocations have by chance.
#[derive(Poolable)]
#[pool(create = Self::new, validate = Self::is_valid)]
#[repr(align(512))]
struct Aligned {
    #[pool(skip)]
    life: Life,
    traces: Traces,
}

/// Grows beyond what a thread keeps, and beyond what its pool keeps.
#[derive(Poolable)]
#[pool(create = Self::new, validate = Self::is_valid)]
#[pool(cache = 6, max_idle = 4, max_object_bytes = 200_000, max_bytes = 400_000)]
struct Grown {
    #[pool(skip)]
    life: Life,
    traces: Traces,
}

/// Is kept by the depot alone.
#[derive(Poolable)]
#[pool(create = Self::new, validate = Self::is_valid, cache = 0, max_idle = 2)]
struct Uncached {
    #[pool(skip)]
    life: Life,
    traces: Traces,
}

/// Is so big that a thread keeps few of it.
#[derive(Poolable)]
#[pool(create = Self::new, validate = Self::is_valid)]
struct Wide {
    #[pool(skip)]
    life: Life,
    traces: Traces,
    #[pool(skip)]
    _room: [u8; 40_000],
}

/// Is one of two types that are alike but for their number.
#[derive(Poolable)]
#[pool(create = Self::new, validate = Self::is_valid, cache = 4, max_idle = 8)]
struct Instance<const BOOK: usize> {
    #[pool(skip)]
    life: Life,
    traces: Traces,
}

/// Borrows, and lets go of it.
#[derive(Poolable)]
#[pool(create = Self::new, validate = Self::is_valid, cache = 4, max_idle = 8)]
struct Borrowing<'a> {
    #[pool(skip)]
    life: Life,
    traces: Traces,
    words: Vec<&'a str>,
}

macro_rules! bodies {
    ($(
        impl[$($params:tt)*] $ty:ty: $number:expr, { $($field:ident: $value:expr),* } $($secret:ident)?;
    )+) => {$(
        impl<$($params)*> $ty {
            fn new() -> Self {
                Self::with(Life::created($number))
            }

            fn is_valid(&self) -> bool {
                self.traces.validate()
            }

            fn with(life: Life) -> Self {
                Self { life, traces: Traces::none(), $($field: $value),* }
            }
        }

        impl<$($params)*> Body for $ty {
            fn given(book: usize) -> Self {
                Self::with(Life::given(book))
            }

            fn place(&self) -> usize {
                ptr::from_ref(self).addr()
            }

            fn life(&mut self) -> Option<&mut Life> {
                Some(&mut self.life)
            }

            fn traces(&mut self) -> Option<&mut Traces> {
                Some(&mut self.traces)
            }

            $(fn secret(&mut self) -> &mut [u8] {
                &mut self.$secret
            })?
        }
    )+};
}

bodies! {
    impl[] Plain: number::PLAIN, {};
    impl[] Secret: number::SECRET, { token: [0; 40] } token;
    impl[] Aligned: number::ALIGNED, {};
    impl[] Grown: number::GROWN, {};
    impl[] Uncached: number::UNCACHED, {};
    impl[] Wide: number::WIDE, { _room: [0; 40_000] };
    impl[const BOOK: usize] Instance<BOOK>: BOOK, {};
    impl['a] Borrowing<'a>: number::BORROWING, { words: Vec::new() };
}

impl Body for Nothing {
    fn given(_book: usize) -> Self {
        Self
    }

    fn place(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    fn life(&mut self) -> Option<&mut Life> {
        None
    }

    fn traces(&mut self) -> Option<&mut Traces> {
        None
    }
}

/// The pool of a type.
struct Derived<T> {
    book: usize,
    terms: Terms,
    _type: PhantomData<fn() -> T>,
}

impl<T: Poolable<Static = T> + Body + 'static> Derived<T>
where
    Pooled<T>: Send,
    Shared<T>: Send,
{
    fn house(book: usize, terms: Terms) -> Arc<dyn House> {
        Arc::new(Self { book, terms, _type: PhantomData })
    }
}

impl<T: Poolable<Static = T> + Body + 'static> House for Derived<T>
where
    Pooled<T>: Send,
    Shared<T>: Send,
{
    fn book(&self) -> usize {
        self.book
    }

    fn terms(&self) -> Terms {
        self.terms
    }

    fn has_identities(&self) -> bool {
        size_of::<T>() > 0
    }

    fn get(&self, owned: bool) -> Box<dyn Guest> {
        if owned { Box::new(Pooled::share(T::pooled())) } else { Box::new(T::pooled()) }
    }

    fn try_get(&self) -> Option<Box<dyn Guest>> {
        Some(self.get(false))
    }

    fn attach(&self, _owned: bool) -> Box<dyn Guest> {
        Box::new(Pooled::attach(T::given(self.book)))
    }

    fn prewarm(&self, count: usize) -> usize {
        T::pool().prewarm(count)
    }

    fn flush(&self) {
        T::pool().flush_thread_cache();
    }

    fn trim(&self) {
        T::pool().trim();
    }

    fn clear(&self) {
        T::pool().clear();
    }

    fn set_max_idle(&self, count: usize) {
        T::pool().set_max_idle(count);
    }

    fn watch(&self) -> Box<dyn Watch> {
        Box::new(T::pool())
    }
}

impl<T: Send> Watch for &'static TypePool<T> {
    fn name(&self) -> String {
        TypePool::name(self).to_owned()
    }

    fn stats(&self) -> Option<Stats> {
        Some(TypePool::stats(self))
    }
}

impl<T: Poolable + Body + 'static> Guest for Pooled<T>
where
    Self: Send,
{
    fn body(&mut self) -> &mut dyn Body {
        &mut **self
    }

    fn into_inner(self: Box<Self>) -> Box<dyn Body> {
        Box::new(Pooled::into_inner(*self))
    }

    fn discard(self: Box<Self>) {
        Pooled::discard(*self);
    }

    fn leak(self: Box<Self>) {
        Pooled::leak(*self);
    }

    fn forget(self: Box<Self>) -> Option<Box<dyn Guest>> {
        Some(self)
    }

    fn swap(&mut self, other: &mut dyn Guest) -> bool {
        other.as_any().downcast_mut().map(|other| mem::swap(self, other)).is_some()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// The only handle but for a moment: a clone comes and goes with each look at the object.
impl<T: Poolable + Body + 'static> Guest for Shared<T>
where
    Self: Send,
{
    fn body(&mut self) -> &mut dyn Body {
        drop(self.clone());
        Shared::get_mut(self).expect("the only handle")
    }

    fn into_inner(self: Box<Self>) -> Box<dyn Body> {
        Box::new(Pooled::into_inner(unshared(*self)))
    }

    fn discard(self: Box<Self>) {
        Pooled::discard(unshared(*self));
    }

    fn leak(self: Box<Self>) {
        Pooled::leak(unshared(*self));
    }

    fn forget(self: Box<Self>) -> Option<Box<dyn Guest>> {
        Some(self)
    }

    fn swap(&mut self, other: &mut dyn Guest) -> bool {
        other.as_any().downcast_mut().map(|other| mem::swap(self, other)).is_some()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

fn unshared<T: Poolable>(handle: Shared<T>) -> Pooled<T> {
    let handle = match Shared::try_unshare(Shared::clone(&handle)) {
        Err(clone) => {
            drop(handle);
            clone
        }
        Ok(_) => unreachable!("there are two handles"),
    };
    Shared::try_unshare(handle).unwrap_or_else(|_| unreachable!("there is one handle"))
}
