//! Why objects are freed: the reasons, and how often there was each.

/// Objects that a pool freed, by reason.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, Pooled};
///
/// #[derive(Poolable)]
/// struct Line(String);
///
/// Pooled::discard(Line::pooled());
/// let discarded = Line::pool().stats().discarded;
/// assert_eq!((discarded.explicit, discarded.total()), (1, 1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discarded {
    /// The depot was full, or there is none, as for a `local` type whose thread ends or keeps
    /// enough; or a build with `poolable_passthrough` or `poolable_chaos` kept
    /// it from the depot.
    pub full: u64,
    /// The object held more than `max_object_bytes`.
    pub oversize: u64,
    /// The pool's idle objects held `max_bytes` already.
    pub bytes: u64,
    /// `validate` refused the object, or panicked.
    pub invalid: u64,
    /// The reset panicked.
    pub panic: u64,
    /// The user asked for it, by `discard` or `clear`.
    pub explicit: u64,
    /// It was idle for too long (`trim`, `maintain`), or `set_max_idle` left no room.
    pub trimmed: u64,
}

impl Discarded {
    /// The sum over all reasons.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(poolable::Discarded::default().total(), 0);
    /// ```
    #[must_use]
    pub fn total(&self) -> u64 {
        self.full
            + self.oversize
            + self.bytes
            + self.invalid
            + self.panic
            + self.explicit
            + self.trimmed
    }

    /// The counts, each with its name.
    pub(crate) fn by_reason(&self) -> [(&'static str, u64); 7] {
        let Self { full, oversize, bytes, invalid, panic, explicit, trimmed } = *self;
        [
            ("full", full),
            ("oversize", oversize),
            ("bytes", bytes),
            ("invalid", invalid),
            ("panic", panic),
            ("explicit", explicit),
            ("trimmed", trimmed),
        ]
    }

    #[cfg(any(feature = "buffer", feature = "metrics"))]
    pub(crate) fn plus(mut self, other: &Self) -> Self {
        self.full += other.full;
        self.oversize += other.oversize;
        self.bytes += other.bytes;
        self.invalid += other.invalid;
        self.panic += other.panic;
        self.explicit += other.explicit;
        self.trimmed += other.trimmed;
        self
    }
}

/// Why an object is freed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason {
    Full,
    Oversize,
    Bytes,
    Invalid,
    Panic,
    Explicit,
    Trimmed,
}

impl Reason {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 7] = [
        Self::Full,
        Self::Oversize,
        Self::Bytes,
        Self::Invalid,
        Self::Panic,
        Self::Explicit,
        Self::Trimmed,
    ];

    /// The name of its counter in [`Discarded`].
    #[cfg(feature = "tracing")]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Oversize => "oversize",
            Self::Bytes => "bytes",
            Self::Invalid => "invalid",
            Self::Panic => "panic",
            Self::Explicit => "explicit",
            Self::Trimmed => "trimmed",
        }
    }
}
