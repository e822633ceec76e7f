//! The pooled types, one for each choice that a type makes about its pool.
//!
//! They are generic, so that each of them serves each row.

use poolable::{Poolable, Pooled, Reset, RetainOption, RetainVec, Wipe};

use crate::secret::{Hold, Secret};
use crate::ways::unwind;

macro_rules! hold {
    ($($ty:ident)*) => {$(
        impl<T: Secret + Wipe> Hold for $ty<T> {
            fn fill(&mut self) {
                self.secret.fill();
            }
        }
    )*};
}

hold!(Session OneCached NothingKept NoBytes Big Refused Loud Fails FailsLate WipeFails Unwiped
    Local LocalOne Outer Link);

/// With all defaults.
#[derive(Poolable)]
pub(crate) struct Session<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
    count: u64,
}

/// Nothing is marked.
#[derive(Poolable)]
pub(crate) struct Unmarked<T: Secret + Wipe> {
    user: String,
    secret: T,
}

hold!(Unmarked);

/// A thread keeps one.
#[derive(Poolable)]
#[pool(cache = 1)]
pub(crate) struct OneCached<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

/// Nothing is kept at all.
#[derive(Poolable)]
#[pool(cache = 0, max_idle = 0)]
pub(crate) struct NothingKept<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

/// There is room for objects, but not for their bytes.
#[derive(Poolable)]
#[pool(cache = 0, max_bytes = 0)]
pub(crate) struct NoBytes<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

/// Too large for a thread's cache, and so one of the depot's singles.
#[derive(Poolable)]
pub(crate) struct Large<T: Secret + Wipe> {
    room: [u64; 20_000],
    #[pool(zeroize)]
    secret: T,
}

hold!(Large);

/// Every object is too big.
#[derive(Poolable)]
#[pool(max_object_bytes = 1)]
pub(crate) struct Big<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

/// None comes back as it should.
#[derive(Poolable)]
#[pool(validate = Self::never)]
pub(crate) struct Refused<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

impl<T: Secret + Wipe> Refused<T> {
    fn never(_: &Self) -> bool {
        false
    }
}

/// The look at what comes back panics.
#[derive(Poolable)]
#[pool(validate = Self::panics)]
pub(crate) struct Loud<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

impl<T: Secret + Wipe> Loud<T> {
    fn panics(_: &Self) -> bool {
        unwind()
    }
}

fn fail(_: &mut u64) {
    unwind()
}

/// The reset of a field before the secret panics.
#[derive(Poolable)]
pub(crate) struct Fails<T: Secret + Wipe> {
    user: String,
    #[pool(with = fail)]
    count: u64,
    #[pool(zeroize)]
    secret: T,
}

/// The reset of a field after the secret panics.
#[derive(Poolable)]
pub(crate) struct FailsLate<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
    #[pool(with = fail)]
    count: u64,
}

/// The wipe of another secret panics.
#[derive(Poolable)]
pub(crate) struct WipeFails<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize, with = fail)]
    count: u64,
    #[pool(zeroize)]
    secret: T,
    #[pool(zeroize)]
    other: u64,
}

/// The drop does not wipe, but the pool does.
#[derive(Poolable)]
#[pool(drop_wipe = false)]
pub(crate) struct Unwiped<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

/// That, and none comes back as it should.
#[derive(Poolable)]
#[pool(drop_wipe = false, validate = Self::never)]
pub(crate) struct UnwipedRefused<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

impl<T: Secret + Wipe> UnwipedRefused<T> {
    fn never(_: &Self) -> bool {
        false
    }
}

/// That, and the reset of another field panics.
#[derive(Poolable)]
#[pool(drop_wipe = false)]
pub(crate) struct UnwipedFails<T: Secret + Wipe> {
    user: String,
    #[pool(with = fail)]
    count: u64,
    #[pool(zeroize)]
    secret: T,
}

hold!(UnwipedRefused UnwipedFails);

/// Stays with its thread.
#[derive(Poolable)]
#[pool(local)]
pub(crate) struct Local<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

/// Stays with its thread, which keeps one.
#[derive(Poolable)]
#[pool(local, cache = 1)]
pub(crate) struct LocalOne<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

/// Borrows something beside its secret.
#[derive(Poolable)]
pub(crate) struct Borrowing<'a, T: Secret + Wipe> {
    pub(crate) text: &'a str,
    #[pool(zeroize)]
    pub(crate) secret: T,
}

/// The secret is a field's, which the type does not mark.
#[derive(Poolable)]
pub(crate) struct Outer<T: Secret + Wipe> {
    secret: Inner<T>,
    other: u64,
}

#[derive(Reset)]
pub(crate) struct Inner<T: Secret + Wipe> {
    #[pool(zeroize)]
    secret: T,
}

impl<T: Secret + Wipe> Inner<T> {
    fn fill(&mut self) {
        self.secret.fill();
    }
}

/// A chain of objects.
#[derive(Poolable)]
pub(crate) struct Link<T: Secret + Wipe> {
    user: String,
    #[pool(zeroize)]
    secret: T,
    pub(crate) next: Option<Box<Pooled<Session<T>>>>,
}

/// Declares types that hold sessions in something that their reset clears.
macro_rules! holders {
    ($($(#[$doc:meta])* $ty:ident: $field:ty = $fill:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Poolable)]
        pub(crate) struct $ty<T: Secret + Wipe> {
            list: $field,
        }

        impl<T: Secret + Wipe> Hold for $ty<T> {
            fn fill(&mut self) {
                let fill: fn(&mut $field) = $fill;
                fill(&mut self.list);
            }
        }
    )*};
}

holders! {
    InVec: Vec<Session<T>> = |list| {
        list.reserve_exact(3);
        list.extend((0..3).map(|_| Session::blank()));
        list.iter_mut().for_each(Session::fill)
    };
    InOption: Option<Session<T>> = |list| list.insert(Session::blank()).fill();
    InBox: Box<Session<T>> = |list| list.fill();
    InBoxes: Vec<Box<Session<T>>> = |list| {
        list.extend((0..3).map(|_| Box::new(Session::blank())));
        list.iter_mut().for_each(|session| session.fill())
    };
    InRetainVec: RetainVec<Session<T>> = |list| {
        *list = RetainVec::with_capacity(3);
        (0..3).for_each(|_| list.push_blank().fill());
        list.truncate(1)
    };
    InRetainOption: RetainOption<Session<T>> = |list| list.insert_blank().fill();
    InMap: std::collections::HashMap<u64, Session<T>> = |list| {
        list.extend((0..3).map(|key| (key, Session::blank())));
        list.values_mut().for_each(Session::fill)
    };
    InTree: std::collections::BTreeMap<u64, Session<T>> = |list| {
        list.extend((0..3).map(|key| (key, Session::blank())));
        list.values_mut().for_each(Session::fill)
    };
    InDeque: std::collections::VecDeque<Session<T>> = |list| {
        list.extend((0..3).map(|_| Session::blank()));
        list.iter_mut().for_each(Session::fill)
    };
    InGuard: Pooled<Session<T>> = |list| list.fill();
    InGuardRefused: Pooled<Refused<T>> = |list| list.fill();
    InGuardBig: Pooled<Big<T>> = |list| list.fill();
    InGuards: Vec<Pooled<Session<T>>> = |list| {
        list.extend((0..3).map(|_| Session::pooled()));
        list.iter_mut().for_each(|session| session.fill())
    };
}
