//! The names of `pool-core`'s `watch`, where nobody watches.

use core::ptr::NonNull;

use crate::sync::AtomicUsize;

pub(crate) fn is_on() -> bool {
    false
}

pub(crate) fn forget(_word: NonNull<AtomicUsize>) {}
