//! All managed pools of the process, for those who watch it.
//!
//! # Invariants
//!
//! 1. A pool is on the list until it is dropped: as long as there is a handle, or a lease.
//! 2. No user code runs while the list is locked. A pool that is held alive for a look at it may
//!    lose its last owner meanwhile, and is dropped afterwards.

use core::fmt;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::home::Home;
use super::stats::Stats;
use crate::raw_pool::{caught, forget_panic};
use crate::registry;
use crate::sync::Mutex;

static LIST: Mutex<BTreeMap<u64, Weak<dyn Listed>>> = Mutex::new(BTreeMap::new());

/// What [`pools`] tells of a pool.
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, Kind, pools};
///
/// let pool = BoundedPool::builder(String::new).max_open(4).name("lines").build()?;
/// let line = pool.get()?;
/// let lines = pools().into_iter().find(|pool| pool.name == "lines").unwrap();
/// assert_eq!((lines.kind, lines.stats.in_use), (Kind::Bounded, 1));
/// assert_eq!((lines.stats.max_open, lines.max_idle), (Some(4), Some(4)));
/// # drop(line);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolInfo {
    /// A number that no other pool of the process ever has, of whatever kind.
    pub id: u64,
    /// The name that the user gave, or the type's of what it holds.
    pub name: String,
    /// What kind of pool it is.
    pub kind: Kind,
    /// What it has counted.
    pub stats: Stats,
    /// The most idle objects; `None` is no maximum.
    pub max_idle: Option<u64>,
    /// Whether it is closed: it is listed until its last lease is back.
    pub is_closed: bool,
}

/// The kinds of managed pools.
///
/// # Examples
///
/// ```
/// assert_eq!(poolable::managed::Kind::AsyncResource.to_string(), "AsyncResourcePool");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A [`BoundedPool`](super::BoundedPool).
    Bounded,
    /// An [`ExpiringPool`](super::ExpiringPool).
    Expiring,
    /// A [`ResourcePool`](super::ResourcePool).
    Resource,
    /// An [`AsyncResourcePool`](super::AsyncResourcePool).
    AsyncResource,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bounded => "BoundedPool",
            Self::Expiring => "ExpiringPool",
            Self::Resource => "ResourcePool",
            Self::AsyncResource => "AsyncResourcePool",
        })
    }
}

/// All managed pools that exist, in the order in which they were made.
///
/// The thread-cached ones are in [`pools`](crate::pools) of the crate's root.
///
/// # Examples
///
/// ```
/// use poolable::managed::{ExpiringPool, pools};
///
/// let pool = ExpiringPool::builder(String::new).name("lines").build()?;
/// assert!(pools().iter().any(|pool| pool.name == "lines"));
/// drop(pool);
/// assert!(pools().is_empty());
/// # Ok::<(), poolable::managed::BuildError>(())
/// ```
#[must_use]
pub fn pools() -> Vec<PoolInfo> {
    // Held alive, so that none is dropped while the list is locked.
    let pools: Vec<_> = LIST.lock().values().filter_map(Weak::upgrade).collect();
    let look = |pool: Arc<dyn Listed>| {
        let info = pool.info();
        // Perhaps its last owner has let go of it meanwhile. If a drop of its user's panics, that
        // is not the caller's concern.
        forget_panic(caught(|| drop(pool)));
        info
    };
    pools.into_iter().map(look).collect()
}

/// What a pool is called, and what it is.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: Kind,
}

impl Identity {
    /// Of a pool of `R`, whose type's name stands in for one that the user did not give.
    pub(super) fn new<R>(name: Option<Cow<'static, str>>, kind: Kind) -> Self {
        Self { name: name.unwrap_or(Cow::Borrowed(core::any::type_name::<R>())), kind }
    }
}

/// A pool's place on the list, until this is dropped.
#[derive(Debug)]
pub(crate) struct Listing {
    id: u64,
}

impl Listing {
    /// A place that is empty.
    pub(super) fn new() -> Self {
        Self { id: registry::next_id() }
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        let place = LIST.lock().remove(&self.id);
        drop(place);
    }
}

/// A pool without the type of its objects.
trait Listed: Send + Sync {
    fn info(&self) -> PoolInfo;
}

impl<R: Send + 'static> Listed for Home<R> {
    fn info(&self) -> PoolInfo {
        let max_idle = self.core.max_idle();
        PoolInfo {
            id: self.listing.id,
            name: self.identity.name.clone().into_owned(),
            kind: self.identity.kind,
            stats: self.stats(),
            max_idle: (max_idle != usize::MAX).then_some(max_idle as u64),
            is_closed: self.core.is_closed(),
        }
    }
}

impl<R: Send + 'static> Home<R> {
    /// Lists a new pool.
    pub(super) fn list(self: &Arc<Self>) {
        let weak: Weak<Self> = Arc::downgrade(self);
        LIST.lock().insert(self.listing.id, weak);
    }
}
