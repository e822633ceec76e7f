//! What a value leaves behind on its way into a pool.
//!
//! It is moved there out of a place that is wiped by hand later. What is in the pool is
//! zeroed by hand too, and stays in hand: what is found was left on the way.

use core::mem;
use std::sync::Arc;

use poolable::{Pool, Poolable, Pooled};

use crate::fill::{Lent, by_hand};
use crate::matrix::Cell;
use crate::secret::{Hold, is_control};
use crate::ways::Ended;

#[derive(Poolable)]
struct Key<const N: usize> {
    #[pool(zeroize)]
    bytes: [u8; N],
}

impl<const N: usize> Hold for Key<N> {
    fn fill(&mut self) {}
}

/// The control leaves what is in the pool: it shows that the secret has got there.
fn zero(place: &mut [u8]) {
    if !is_control() {
        by_hand(place);
    }
}

#[inline(never)]
fn attach<const N: usize>(bytes: &[u8; N]) -> Pooled<Key<N>> {
    Pooled::attach(Key { bytes: *bytes })
}

fn by_type<const N: usize>() -> Ended {
    let mut guard = attach(&Lent::<N>::new(0).0);
    zero(&mut guard.bytes);
    mem::forget(guard);
    Ended::of::<Key<N>>(|stats| stats.attached == 1 && stats.in_use == 1)
}

fn pool<const N: usize>() -> Arc<Pool<Key<N>>> {
    Arc::new(Pool::new(|| Key { bytes: [0; N] }))
}

fn ended<const N: usize>(pool: Arc<Pool<Key<N>>>) -> Ended {
    let taken = move || cfg!(poolable_passthrough) || pool.stats().attached == 1;
    Ended { taken: Box::new(taken), settle: Box::new(|| ()) }
}

fn by_pool<const N: usize>() -> Ended {
    #[inline(never)]
    fn attach<'a, const N: usize>(
        pool: &'a Pool<Key<N>>,
        bytes: &[u8; N],
    ) -> poolable::PooledRef<'a, Key<N>> {
        pool.attach(Key { bytes: *bytes })
    }

    let pool = pool();
    let mut guard = attach(&pool, &Lent::<N>::new(0).0);
    zero(&mut guard.bytes);
    mem::forget(guard);
    ended(pool)
}

fn by_shared_pool<const N: usize>() -> Ended {
    #[inline(never)]
    fn attach<const N: usize>(
        pool: &Arc<Pool<Key<N>>>,
        bytes: &[u8; N],
    ) -> poolable::PooledOwned<Key<N>> {
        pool.attach_owned(Key { bytes: *bytes })
    }

    let pool = pool();
    let mut guard = attach(&pool, &Lent::<N>::new(0).0);
    zero(&mut guard.bytes);
    mem::forget(guard);
    ended(pool)
}

fn cells_of<const N: usize>(row: &'static str) -> [Cell; 3] {
    let cell = |way, run| Cell { row, way, run, control: run, boxed: None };
    [
        cell("attach", by_type::<N>),
        cell("Pool: attach", by_pool::<N>),
        cell("Pool: attach_owned", by_shared_pool::<N>),
    ]
}

pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    cells.extend(cells_of::<96>("attached: [u8; 96]"));
    cells.extend(cells_of::<1000>("attached: [u8; 1000]"));
    cells
}
