//! Pools of buffers that wipe: each way that a buffer goes. The control is the same way in a
//! pool that does not.

use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use poolable::buffer::{BufferPool, BufferPoolBuilder, BufferStats, PooledBuf};
use poolable::json;

use crate::fill;
use crate::matrix::Cell;
use crate::ways::{Ended, unwind, unwound};

/// How many bytes the secret has.
const LEN: usize = 512;

fn builder<const WIPES: bool>() -> BufferPoolBuilder {
    BufferPool::builder().zeroize(WIPES)
}

fn pool<const WIPES: bool>() -> Arc<BufferPool> {
    Arc::new(builder::<WIPES>().build())
}

#[inline(never)]
fn filled(pool: &BufferPool) -> PooledBuf {
    let mut buf = pool.get(LEN);
    fill::vec(&mut buf, LEN, 0);
    buf
}

/// The pool is kept until there has been a look, and freed then.
fn ended(pool: Arc<BufferPool>, taken: fn(&BufferStats) -> bool) -> Ended {
    // Both look at it, and neither is sent away.
    let pool = Rc::new(pool);
    let asked = Rc::clone(&pool);
    Ended {
        taken: Box::new(move || cfg!(poolable_passthrough) || taken(&asked.stats())),
        settle: Box::new(move || {
            pool.clear();
            drop(pool);
        }),
    }
}

fn is_idle(stats: &BufferStats) -> bool {
    stats.total().idle == 1 && stats.total().discarded.total() == 0
}

fn drops<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    drop(filled(&pool));
    ended(pool, is_idle)
}

/// What has been removed is in the buffer as ever.
fn is_emptied<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    let mut buf = filled(&pool);
    buf.truncate(3);
    buf.clear();
    drop(buf);
    ended(pool, is_idle)
}

fn unwinds<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    unwound(|| {
        let _buf = filled(&pool);
        unwind();
    });
    ended(pool, is_idle)
}

fn is_discarded<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    PooledBuf::discard(filled(&pool));
    ended(pool, |stats| stats.total().discarded.explicit == 1)
}

fn is_full<const WIPES: bool>() -> Ended {
    let pool = Arc::new(builder::<WIPES>().cache(0).max_idle(0).build());
    drop(filled(&pool));
    ended(pool, |stats| stats.total().discarded.full == 1)
}

fn is_cleared<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    drop(filled(&pool));
    pool.clear();
    ended(pool, |stats| stats.total().discarded.explicit == 1)
}

fn is_trimmed<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    drop(filled(&pool));
    pool.flush_thread_cache();
    (0..3).for_each(|_| pool.trim());
    ended(pool, |stats| stats.total().discarded.trimmed == 1)
}

fn dies_with_its_pool<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    drop(filled(&pool));
    drop(pool);
    Ended::elsewhere()
}

fn outlives_its_pool<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    let buf = filled(&pool);
    drop(pool);
    drop(buf);
    Ended::elsewhere()
}

fn drops_elsewhere<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    let buf = filled(&pool);
    thread::spawn(move || drop(buf)).join().expect("it only drops");
    ended(pool, is_idle)
}

fn lives_on_a_thread<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    let inside = Arc::clone(&pool);
    thread::spawn(move || drop(filled(&inside))).join().expect("it only drops");
    ended(pool, is_idle)
}

fn is_attached<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    let mut vec = Vec::new();
    fill::vec(&mut vec, LEN, 0);
    drop(pool.attach(vec));
    ended(pool, |stats| stats.total().attached == 1 && stats.total().idle == 1)
}

/// It is fit for no class.
fn is_attached_too_small<const WIPES: bool>() -> Ended {
    let pool = Arc::new(builder::<WIPES>().sizes([2 * LEN]).build());
    let mut vec = Vec::new();
    fill::vec(&mut vec, LEN, 0);
    drop(pool.attach(vec));
    ended(pool, |stats| stats.total().idle == 0)
}

fn is_never_pooled<const WIPES: bool>() -> Ended {
    let pool = Arc::new(builder::<WIPES>().sizes([LEN / 2]).build());
    drop(filled(&pool));
    ended(pool, |stats| stats.unpooled == 1)
}

/// It is grown with nothing in it, and goes to another class.
fn goes_to_another_class<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    let mut buf = pool.get(10);
    fill::vec(&mut buf, LEN, 0);
    drop(buf);
    ended(pool, |stats| stats.total().attached == 1 && stats.total().idle == 1)
}

/// What has been learned is that it is too large.
fn is_above_the_threshold<const WIPES: bool>() -> Ended {
    let pool = Arc::new(builder::<WIPES>().calibrate(true).build());
    drop(pool.get(10));
    pool.calibrate_now();
    // A small one that has become large, and left nothing behind as it grew.
    let (mut large, mut small) = (filled(&pool), pool.get(10));
    core::mem::swap(&mut *large, &mut *small);
    drop((large, small));
    ended(pool, |stats| stats.total().discarded.oversize == 1)
}

/// The last of the clones goes on another thread.
fn is_frozen<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    let bytes = filled(&pool).freeze();
    let slice = bytes.slice(LEN / 2..);
    drop(bytes);
    thread::spawn(move || drop(slice)).join().expect("it only drops");
    ended(pool, is_idle)
}

/// It moves to larger buffers as it is written; those that it leaves are in the pool, and idle.
fn is_json_that_grows<const WIPES: bool>() -> Ended {
    let pool = pool::<WIPES>();
    let mut secret = fill::text(LEN, 0);
    // Each of those that come after the secret makes it move.
    let rest = ["-".repeat(1024), "-".repeat(4096)];
    let buf = json::to_buf_in(&pool, &(secret.as_str(), rest)).expect("texts can be written");
    // SAFETY: zeros are ASCII.
    fill::by_hand(unsafe { secret.as_bytes_mut() });
    fill::expect(3 * LEN / 8);
    drop(buf);
    ended(pool, |stats| stats.total().idle == 3 && stats.total().discarded.total() == 0)
}

pub(crate) fn cells() -> Vec<Cell> {
    macro_rules! cells {
        ($($label:literal $way:ident;)*) => {
            vec![$(Cell {
                row: "PooledBuf",
                way: $label,
                run: $way::<true>,
                control: $way::<false>,
                boxed: None,
            }),*]
        };
    }

    cells! {
        "drop" drops;
        "emptied, drop" is_emptied;
        "unwind" unwinds;
        "discard" is_discarded;
        "cache and depot full" is_full;
        "clear" is_cleared;
        "trim" is_trimmed;
        "pool dies" dies_with_its_pool;
        "pool dies first" outlives_its_pool;
        "another thread" drops_elsewhere;
        "thread exit" lives_on_a_thread;
        "attach" is_attached;
        "attach, too small" is_attached_too_small;
        "never pooled" is_never_pooled;
        "another class" goes_to_another_class;
        "above the threshold" is_above_the_threshold;
        "freeze" is_frozen;
        "JSON that grows" is_json_that_grows;
    }
}
