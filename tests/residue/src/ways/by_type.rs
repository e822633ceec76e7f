//! Ways out of the pool of a type.

use poolable::{Poolable, Pooled, PooledMap, Shared};

use super::{Ended, filled, unwind, unwound};
use crate::fill;
use crate::secret::{Hold, Secret, Switched};
use crate::types::{Borrowing, Link, Session};

/// The guard drops, and the object is idle.
pub(crate) fn drops<S: Hold>() -> Ended {
    drop(filled::<S>());
    Ended::of::<S>(|stats| stats.idle == 1)
}

/// The guard drops, and the object is freed.
pub(crate) fn is_full<S: Hold>() -> Ended {
    drop(filled::<S>());
    Ended::of::<S>(|stats| stats.discarded.full == 1)
}

pub(crate) fn has_no_bytes<S: Hold>() -> Ended {
    drop(filled::<S>());
    Ended::of::<S>(|stats| stats.discarded.bytes == 1)
}

pub(crate) fn is_oversize<S: Hold>() -> Ended {
    drop(filled::<S>());
    Ended::of::<S>(|stats| stats.discarded.oversize == 1)
}

pub(crate) fn is_invalid<S: Hold>() -> Ended {
    drop(filled::<S>());
    Ended::of::<S>(|stats| stats.discarded.invalid == 1)
}

/// Its check panics.
pub(crate) fn is_loud<S: Hold>() -> Ended {
    unwound(|| drop(filled::<S>()));
    Ended::of::<S>(|stats| stats.discarded.invalid == 1)
}

/// Its reset panics.
pub(crate) fn fails<S: Hold>() -> Ended {
    unwound(|| drop(filled::<S>()));
    Ended::of::<S>(|stats| stats.discarded.panic == 1)
}

/// A panic while it is in hand.
pub(crate) fn unwinds<S: Hold>() -> Ended {
    unwound(|| {
        let _guard = filled::<S>();
        unwind();
    });
    Ended::of::<S>(|stats| stats.idle == 1)
}

pub(crate) fn is_discarded<S: Hold>() -> Ended {
    Pooled::discard(filled::<S>());
    Ended::of::<S>(|stats| stats.discarded.explicit == 1)
}

/// More return than a thread keeps, and the depot takes them.
pub(crate) fn overflows<S: Hold>() -> Ended {
    drop([filled::<S>(), filled::<S>(), filled::<S>(), filled::<S>()]);
    Ended::of::<S>(|stats| stats.idle == 4)
}

/// More return than there is room for, in a cache or behind it.
pub(crate) fn overflows_all<S: Hold>() -> Ended {
    S::pool().set_max_idle(0);
    drop([filled::<S>(), filled::<S>(), filled::<S>(), filled::<S>()]);
    Ended::of::<S>(|stats| stats.discarded.full >= 3)
}

pub(crate) fn is_trimmed<S: Hold>() -> Ended {
    drop(filled::<S>());
    S::pool().trim();
    S::pool().trim();
    Ended::of::<S>(|stats| stats.discarded.trimmed == 1)
}

pub(crate) fn all_are_trimmed<S: Hold>() -> Ended {
    drop(filled::<S>());
    poolable::trim_all();
    poolable::trim_all();
    Ended::of::<S>(|stats| stats.discarded.trimmed == 1)
}

pub(crate) fn is_cleared<S: Hold>() -> Ended {
    drop(filled::<S>());
    S::pool().clear();
    Ended::of::<S>(|stats| stats.discarded.explicit == 1)
}

pub(crate) fn is_flushed<S: Hold>() -> Ended {
    drop(filled::<S>());
    S::pool().flush_thread_cache();
    Ended::of::<S>(|stats| stats.idle == 1)
}

/// The depot is told to keep none.
pub(crate) fn none_may_be_idle<S: Hold>() -> Ended {
    drop(filled::<S>());
    S::pool().flush_thread_cache();
    S::pool().set_max_idle(0);
    Ended::of::<S>(|stats| stats.discarded.trimmed == 1)
}

/// Windows end in which nobody needed it.
pub(crate) fn is_surplus<S: Hold>() -> Ended {
    drop(filled::<S>());
    S::pool().flush_thread_cache();
    (0..4).for_each(|_| poolable::maintain());
    Ended::of::<S>(|stats| stats.discarded.trimmed == 1)
}

/// The last of the handles drops.
pub(crate) fn is_shared<S: Hold>() -> Ended {
    let shared = Pooled::share(filled::<S>());
    let other = Shared::clone(&shared);
    drop(shared);
    drop(other);
    Ended::of::<S>(|stats| stats.idle == 1)
}

/// The one handle becomes a guard again.
pub(crate) fn is_unshared<S: Hold>() -> Ended {
    drop(Shared::try_unshare(Pooled::share(filled::<S>())).ok());
    Ended::of::<S>(|stats| stats.idle == 1)
}

pub(crate) fn is_narrowed<S: Hold>() -> Ended {
    let part = Pooled::map(filled::<S>(), |object| object);
    drop(PooledMap::map(part, |object| object));
    Ended::of::<S>(|stats| stats.idle == 1)
}

/// The narrowing panics.
pub(crate) fn narrowing_fails<S: Hold>() -> Ended {
    unwound(|| drop(Pooled::map::<S>(filled::<S>(), |_| unwind())));
    Ended::of::<S>(|stats| stats.idle == 1)
}

/// The object is used again, and goes another way.
pub(crate) fn is_used_again<S: Hold>() -> Ended {
    drop(filled::<S>());
    drop(S::pooled());
    // It is filled where it was.
    fill::expect(0);
    drop(filled::<S>());
    Pooled::discard(S::pooled());
    Ended::of::<S>(|stats| stats.discarded.explicit == 1)
}

/// A type with a lifetime.
pub(crate) fn borrows<T: Secret + poolable::Wipe>() -> Ended {
    let text = String::from("lent");
    let mut guard = Borrowing::<T>::pooled();
    guard.text = &text;
    guard.secret.fill();
    drop(guard);
    Ended {
        taken: Box::new(|| cfg!(poolable_passthrough) || Borrowing::<T>::pool().stats().idle == 1),
        settle: Box::new(super::free_all),
    }
}

/// Objects in objects.
pub(crate) fn is_nested<R: crate::secret::Fill>() -> Ended {
    let mut outer = filled::<Link<Switched<R>>>();
    outer.next = Some(Box::new(filled::<Session<Switched<R>>>()));
    drop(outer);
    Ended::of::<Session<Switched<R>>>(|stats| stats.idle == 1)
}
