//! `GET /pools`.

use poolable::axum::Json;
use poolable::buffer::BufferPool;
use poolable::{PoolInfo, Stats};
use serde::Serialize;

use crate::envelope::Envelope;

/// What the pools of the process have counted.
#[derive(Clone, Debug, Serialize)]
pub struct Pools {
    /// All of them, the buffers' among them.
    pub pools: Vec<Counted>,
    /// The buffers that bodies and answers are in.
    pub buffers: Buffers,
}

/// What a pool has counted.
#[derive(Clone, Debug, Serialize)]
pub struct Counted {
    /// The pool's name.
    pub name: String,
    /// The most threads that used it at one time.
    pub caches: usize,
    /// The share of gets that found an object.
    pub hit_rate: f64,
    /// Its counters.
    pub counts: Counts,
}

/// What the pool of buffers has counted.
#[derive(Clone, Debug, Serialize)]
pub struct Buffers {
    /// Gets of more than the largest size.
    pub unpooled: u64,
    /// Each size that was asked for.
    pub sizes: Vec<Size>,
}

/// What has been counted of buffers of one size.
#[derive(Clone, Debug, Serialize)]
pub struct Size {
    /// In bytes.
    pub size: usize,
    /// Its counters.
    pub counts: Counts,
}

/// The counters of [`Stats`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Counts {
    /// Gets that found an object.
    pub hits: u64,
    /// Gets that did not.
    pub misses: u64,
    /// Objects created.
    pub created: u64,
    /// Guards dropped.
    pub returned: u64,
    /// Objects taken out for good.
    pub detached: u64,
    /// Objects given to the pool.
    pub attached: u64,
    /// Objects freed, for whatever reason.
    pub discarded: u64,
    /// Objects that wait.
    pub idle: u64,
    /// Objects that are used.
    pub in_use: u64,
    /// What those that wait hold, in bytes.
    pub bytes_idle: u64,
}

impl From<&Stats> for Counts {
    fn from(stats: &Stats) -> Self {
        Self {
            hits: stats.hits,
            misses: stats.misses,
            created: stats.created,
            returned: stats.returned,
            detached: stats.detached,
            attached: stats.attached,
            discarded: stats.discarded.total(),
            idle: stats.idle,
            in_use: stats.in_use,
            bytes_idle: stats.bytes_idle,
        }
    }
}

impl From<PoolInfo> for Counted {
    fn from(pool: PoolInfo) -> Self {
        Self {
            caches: pool.caches,
            hit_rate: pool.stats.hit_rate(),
            counts: Counts::from(&pool.stats),
            name: pool.name,
        }
    }
}

impl Pools {
    /// As it is now.
    ///
    /// # Examples
    ///
    /// ```
    /// use service::{Order, pools::Pools};
    ///
    /// let order = Order::pooled();
    /// let pools = Pools::look().pools;
    /// let orders = pools.iter().find(|pool| pool.name == "orders").unwrap();
    /// assert_eq!(orders.counts.in_use, 1);
    /// # drop(order);
    /// ```
    pub fn look() -> Self {
        let buffers = BufferPool::global().stats();
        let used = buffers.classes.iter().filter(|class| class.stats != Stats::default());
        let sizes = used.map(|class| Size { size: class.size, counts: Counts::from(&class.stats) });
        Self {
            pools: poolable::pools().into_iter().map(Counted::from).collect(),
            buffers: Buffers { unpooled: buffers.unpooled, sizes: sizes.collect() },
        }
    }
}

/// Shows what the pools have counted.
///
/// # Examples
///
/// ```
/// use axum::response::IntoResponse;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!(service::pools::show().await.into_response().status(), 200);
/// # }
/// ```
pub async fn show() -> Json<Envelope<Pools>> {
    Json(Envelope::of(Pools::look()))
}
