//! Who carries out a create.

use core::fmt;
use core::pin::Pin;

/// Has a task run in the background: the user's hook.
pub(crate) type Spawn = Box<dyn Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync>;

/// Who carries out a create.
pub(crate) enum Runner {
    /// The getter that is granted a slot, there and then.
    Getter,
    /// A thread of its own, for each.
    Threads,
    /// A task of its own, for each.
    Tasks(Spawn),
    /// Those who wait for it: whoever it is for polls it, with its own waker.
    Waiters,
}

impl Runner {
    /// Whether creates run apart from the getter that they are for.
    pub(super) fn is_apart(&self) -> bool {
        !matches!(self, Self::Getter)
    }

    /// Whether a create can be ended before its time, by dropping its future; and whether a
    /// `destroy` may be expected not to block.
    pub(super) fn is_async(&self) -> bool {
        matches!(self, Self::Tasks(_) | Self::Waiters)
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Getter => "Getter",
            Self::Threads => "Threads",
            Self::Tasks(_) => "Tasks",
            Self::Waiters => "Waiters",
        })
    }
}
