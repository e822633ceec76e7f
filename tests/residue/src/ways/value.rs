//! Ways out of the pool for the value alone, and ways in.

use poolable::{Pooled, Reset};

use super::{Ended, filled, unwind, unwound};
use crate::secret::Hold;

/// The value is taken out, and dropped where it is.
pub(crate) fn is_taken_out<S: Hold>() -> Ended {
    let value = Pooled::into_inner(filled::<S>());
    used!(value);
    Ended::of::<S>(|stats| stats.detached == 1)
}

/// The value is taken out, and a panic drops it.
pub(crate) fn is_taken_out_and_unwinds<S: Hold>() -> Ended {
    unwound(|| {
        let value = Pooled::into_inner(filled::<S>());
        used!(value, unwind());
    });
    Ended::of::<S>(|stats| stats.detached == 1)
}

/// A value that the user made is filled when it is in the pool.
pub(crate) fn is_attached_and_filled<S: Hold>() -> Ended {
    let mut guard = Pooled::attach(S::blank());
    guard.fill();
    drop(guard);
    Ended::of::<S>(|stats| stats.attached == 1 && stats.idle == 1)
}

/// A value that the user filled is attached. What it holds inline stays behind in the
/// frames that it was moved through, which are the user's.
pub(crate) fn is_filled_and_attached<S: Hold>() -> Ended {
    let mut value = S::blank();
    value.fill();
    drop(Pooled::attach(value));
    Ended::of::<S>(|stats| stats.attached == 1 && stats.idle == 1)
}

/// The value has never seen a pool.
pub(crate) fn has_no_pool<S: Hold>() -> Ended {
    let mut value = Box::new(S::blank());
    value.fill();
    drop(value);
    Ended::elsewhere()
}

/// That, and it is reset first.
pub(crate) fn is_reset_by_hand<S: Hold + Reset>() -> Ended {
    let mut value = Box::new(S::blank());
    value.fill();
    value.reset();
    let settle = move || drop(value);
    Ended { taken: Box::new(|| true), settle: Box::new(settle) }
}
