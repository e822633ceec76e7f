//! A pool as the player sees it, whatever it keeps and whoever made it.

use core::any::Any;
use std::sync::Arc;

use poolable::Stats;

use crate::body::Body;

/// A pool.
pub trait House: Send + Sync {
    /// The number of its book, which its values carry.
    fn book(&self) -> usize;

    /// What it may keep.
    fn terms(&self) -> Terms;

    /// Whether its values have a life; those without a size have none.
    fn has_identities(&self) -> bool {
        true
    }

    /// Gets an object; `owned` asks for a guard that keeps the pool alive by itself, where
    /// there is one.
    fn get(&self, owned: bool) -> Box<dyn Guest>;

    /// Gets an object that is there already, if the pool has such a call.
    fn try_get(&self) -> Option<Box<dyn Guest>>;

    /// Gives a value to the pool.
    fn attach(&self, owned: bool) -> Box<dyn Guest>;

    /// Fills the depot.
    fn prewarm(&self, count: usize) -> usize;

    /// Empties the thread's cache into the depot.
    fn flush(&self);

    /// Ages what is idle, and frees what was idle through two calls.
    fn trim(&self);

    /// Frees what is idle.
    fn clear(&self);

    /// Limits what the depot keeps.
    fn set_max_idle(&self, count: usize);

    /// An eye on the pool, which does not keep it alive.
    fn watch(&self) -> Box<dyn Watch>;
}

/// An eye on a pool.
pub trait Watch: Send {
    /// What the pool is called.
    fn name(&self) -> String;

    /// What the pool counted, while it lives.
    fn stats(&self) -> Option<Stats>;
}

/// What a pool may keep.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How many objects each thread keeps, if that was said.
    pub cache: Option<usize>,
    /// How many objects the depot keeps.
    pub max_idle: usize,
    /// What an object that is kept may hold; `None` for more than one of a script holds.
    pub max_object_bytes: Option<usize>,
    /// The same for all idle objects together.
    pub max_bytes: Option<usize>,
    /// Whether it asks objects whether they are fit to be kept.
    pub validate: bool,
}

impl Terms {
    /// Limits on the number of objects; none on bytes, and a `validate`.
    #[must_use]
    pub fn new(cache: Option<usize>, max_idle: usize) -> Self {
        Self { cache, max_idle, max_object_bytes: None, max_bytes: None, validate: true }
    }
}

/// A guard.
pub trait Guest: Send {
    /// The object.
    fn body(&mut self) -> &mut dyn Body;

    /// Takes the value out.
    fn into_inner(self: Box<Self>) -> Box<dyn Body>;

    /// Frees the object.
    fn discard(self: Box<Self>);

    /// Lets the object live for ever.
    fn leak(self: Box<Self>);

    /// Forgets the guard; one that may still be dropped, much later, comes back.
    fn forget(self: Box<Self>) -> Option<Box<dyn Guest>>;

    /// Swaps two guards of one type; `false` if they are not.
    fn swap(&mut self, other: &mut dyn Guest) -> bool;

    /// The guard, for [`swap`](Self::swap).
    fn as_any(&mut self) -> &mut dyn Any;
}

/// What the pools of a site do with what they get back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// They keep it, and give out what a thread returned last.
    Foreseeable,
    /// They keep some of it, and give it out in any order.
    ByChance,
    /// They free it.
    Nothing,
}

/// Where the player's pools come from.
pub trait Site: Sync {
    /// What the pools do with what they get back.
    fn keeping(&self) -> Keeping;

    /// Pools that are there before a script and after it. Their books are 0, 1, 2 ..
    fn fixed(&self) -> Vec<Arc<dyn House>>;

    /// Builds a pool for the script.
    fn build(&self, order: &Order) -> Arc<dyn House>;

    /// Trims all pools.
    fn trim_all(&self);

    /// Gives back a part of what was not needed lately.
    fn maintain(&self);

    /// Asks for the report of all pools.
    fn survey(&self);

    /// The pools that are listed, with what they counted; `None` if nothing is.
    fn listed(&self) -> Option<Vec<(String, Stats)>>;
}

/// A pool to be built.
#[derive(Clone, Debug)]
pub struct Order {
    /// The number of its book.
    pub book: usize,
    /// Its name.
    pub name: String,
    /// Whether its values are big.
    pub big: bool,
    /// Whether it has a `validate`.
    pub validate: bool,
    /// Its limits; `None` leaves the default.
    pub cache: Option<usize>,
    /// See [`cache`](Self::cache).
    pub max_idle: Option<usize>,
    /// See [`cache`](Self::cache).
    pub max_object_bytes: Option<usize>,
    /// See [`cache`](Self::cache).
    pub max_bytes: Option<usize>,
}
