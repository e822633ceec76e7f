//! What can be wrong with a pool.

use poolable::Stats;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    HandsOutTwice,
    HandsOutTheDead,
    ForgetsToReset,
    ForgetsToWipe,
    MixesPools,
    Moves,
    Meddles,
    DropsInUse,
    DropsTwice,
    LosesObjects,
    ForgetsReturns,
    /// Shows one too many of something.
    Miscounts(&'static str),
    CreatesNeedlessly,
    FreesNeedlessly,
    SaysTrimmed,
    SaysExplicit,
    SaysOversize,
    SaysBytes,
    ForgetsToValidate,
    KeepsTheOversized,
    KeepsTooManyBytes,
    IgnoresMaxIdle,
    TrimsNothing,
    TrimsTheYoung,
    ClearsHalf,
    LeaksAtTheEnd,
    LivesForEver,
    IsNotListed,
    StaysListed,
    IsListedWrongly,
    Panics,
    KeepsAfterPanic,
    /// Keeps something, where nothing is to be kept.
    KeepsSomething,
    PrewarmsTooMany,
}

/// What can be miscounted.
pub(crate) const COUNTERS: [&str; 11] = [
    "created",
    "attached",
    "detached",
    "returned",
    "hits",
    "misses",
    "idle",
    "in_use",
    "invalid",
    "panic",
    "discarded",
];

/// The counter of a name.
pub(crate) fn counter<'a>(stats: &'a mut Stats, name: &str) -> &'a mut u64 {
    match name {
        "created" => &mut stats.created,
        "attached" => &mut stats.attached,
        "detached" => &mut stats.detached,
        "returned" => &mut stats.returned,
        "hits" => &mut stats.hits,
        "misses" => &mut stats.misses,
        "idle" => &mut stats.idle,
        "in_use" => &mut stats.in_use,
        "invalid" => &mut stats.discarded.invalid,
        "panic" => &mut stats.discarded.panic,
        _ => &mut stats.discarded.full,
    }
}
