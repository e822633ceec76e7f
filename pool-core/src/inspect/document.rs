//! What of the pools is told, and by which names.

use core::hash::{BuildHasher, Hasher};
use std::hash::RandomState;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

use super::uptime::uptime;
use crate::limits::PoolLimits;
#[cfg(feature = "managed")]
use crate::managed;
use crate::{Discarded, PoolInfo, Stats, pools};

/// An object whose names are known. They are written in this order.
pub(super) struct Object(Vec<(&'static str, Value)>);

/// What a name stands for.
enum Value {
    Count(u64),
    Rate(f64),
    Text(String),
    #[cfg(feature = "managed")]
    Is(bool),
    /// A maximum, or none.
    Most(Option<u64>),
    Object(Object),
    Objects(Vec<Object>),
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => count.serialize(serializer),
            Self::Rate(rate) => rate.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            #[cfg(feature = "managed")]
            Self::Is(is) => is.serialize(serializer),
            Self::Most(most) => most.serialize(serializer),
            Self::Object(object) => object.serialize(serializer),
            Self::Objects(objects) => objects.serialize(serializer),
        }
    }
}

/// An object of counts that are named as the variables are.
macro_rules! counts {
    ($($name:ident)*) => { vec![$((stringify!($name), Value::Count($name))),*] };
}

/// All pools, now.
pub(super) fn document() -> Object {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let all = pools().into_iter().map(thread_cached);
    #[cfg(feature = "managed")]
    let all = all.chain(managed::pools().into_iter().map(waited_for));
    Object(vec![
        ("instance", Value::Text(instance().to_owned())),
        ("pid", Value::Count(std::process::id().into())),
        ("time_ms", Value::Count(time.as_millis() as u64)),
        ("uptime_ms", Value::Count(uptime().as_millis() as u64)),
        ("pools", Value::Objects(all.collect())),
    ])
}

/// What tells this process from its predecessor, which may have had the same number.
fn instance() -> &'static str {
    static INSTANCE: OnceLock<String> = OnceLock::new();

    INSTANCE.get_or_init(|| {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        format!("{:016x}", hasher.finish())
    })
}

fn thread_cached(pool: PoolInfo) -> Object {
    let PoolLimits { cache, max_idle, max_object_bytes, max_bytes } = pool.limits;
    let limits = [
        ("cache", cache),
        ("max_idle", max_idle),
        ("max_object_bytes", max_object_bytes),
        ("max_bytes", max_bytes),
    ];
    // The greatest number is none that is ever reached.
    let limit = |most: u64| Value::Most((most < usize::MAX as u64).then_some(most));
    Object(vec![
        ("id", Value::Count(pool.id)),
        ("name", Value::Text(pool.name)),
        ("kind", Value::Text("thread-cached".to_owned())),
        ("caches", Value::Count(pool.caches as u64)),
        ("limits", Value::Object(Object(limits.map(|(name, most)| (name, limit(most))).into()))),
        ("stats", Value::Object(stats(&pool.stats))),
    ])
}

fn stats(stats: &Stats) -> Object {
    let Stats {
        hits,
        misses,
        created,
        returned,
        detached,
        attached,
        discarded,
        idle,
        in_use,
        bytes_idle,
    } = *stats;
    let mut object = counts!(hits misses);
    object.push(("hit_rate", Value::Rate(stats.hit_rate())));
    object.extend(counts!(created returned detached attached idle in_use bytes_idle));
    let total = discarded.total();
    let Discarded { full, oversize, bytes, invalid, panic, explicit, trimmed } = discarded;
    let discarded = counts!(full oversize bytes invalid panic explicit trimmed total);
    object.push(("discarded", Value::Object(Object(discarded))));
    Object(object)
}

#[cfg(feature = "managed")]
fn waited_for(pool: managed::PoolInfo) -> Object {
    let kind = match pool.kind {
        managed::Kind::Bounded => "bounded",
        managed::Kind::Expiring => "expiring",
        managed::Kind::Resource => "resource",
        managed::Kind::AsyncResource => "async-resource",
    };
    let limits = vec![
        ("max_open", Value::Most(pool.stats.max_open)),
        ("max_idle", Value::Most(pool.max_idle)),
    ];
    Object(vec![
        ("id", Value::Count(pool.id)),
        ("name", Value::Text(pool.name)),
        ("kind", Value::Text(kind.to_owned())),
        ("closed", Value::Is(pool.is_closed)),
        ("limits", Value::Object(Object(limits))),
        ("stats", Value::Object(managed_stats(&pool.stats))),
    ])
}

#[cfg(feature = "managed")]
fn managed_stats(stats: &managed::Stats) -> Object {
    let managed::Stats {
        open,
        idle,
        in_use,
        checking,
        creating,
        destroying,
        waiting,
        max_open,
        created,
        borrowed,
        returned,
        detached,
        create_failed,
        check_failed,
        waited,
        timed_out,
        cancelled,
        destroyed,
    } = *stats;
    let mut object = counts!(open idle in_use checking creating destroying waiting);
    object.push(("max_open", Value::Most(max_open)));
    object.extend(counts!(created borrowed returned detached create_failed check_failed));
    object.extend(counts!(waited timed_out cancelled));
    let total = destroyed.total();
    let managed::Destroyed { full, expired, idle, broken, released, resized, closed, panicked } =
        destroyed;
    let destroyed = counts!(full expired idle broken released resized closed panicked total);
    object.push(("destroyed", Value::Object(Object(destroyed))));
    Object(object)
}
