//! The list of all managed pools, and their part of the report.

use poolable::managed::{
    AsyncManager, AsyncResourcePool, BoundedPool, ExpiringPool, Kind, Lease, Manager, PoolInfo,
    ResourcePool, pools,
};
use poolable::report;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::alone;

struct Numbers;

impl Manager for Numbers {
    type Resource = u32;
    type Error = Infallible;

    fn create(&self) -> Result<u32, Infallible> {
        Ok(7)
    }
}

impl AsyncManager for Numbers {
    type Resource = u32;
    type Error = Infallible;

    async fn create(&self) -> Result<u32, Infallible> {
        Ok(7)
    }
}

fn named(name: &str) -> Option<PoolInfo> {
    pools().into_iter().find(|pool| pool.name == name)
}

#[test]
fn pools_of_all_kinds_are_listed_in_the_order_in_which_they_were_made() {
    alone(|| {
        assert!(pools().is_empty());
        let bounded = BoundedPool::builder(String::new).max_open(4).build().expect("limits");
        let expiring =
            ExpiringPool::builder(String::new).max_idle(3).name("ages").build().expect("limits");
        let resources = ResourcePool::builder(Numbers).max_open(None).max_idle(2).build();
        let tasks = AsyncResourcePool::builder(Numbers).max_open(5).max_idle(9).build();
        let [one, two, three, four] = &pools()[..] else { panic!("{:?}", pools()) };
        assert_eq!((one.kind, one.name.as_str()), (Kind::Bounded, "alloc::string::String"));
        assert_eq!((one.stats.max_open, one.max_idle), (Some(4), Some(4)));
        assert_eq!((two.kind, two.name.as_str()), (Kind::Expiring, "ages"));
        assert_eq!((two.stats.max_open, two.max_idle), (None, Some(3)));
        assert_eq!((three.kind, three.name.as_str()), (Kind::Resource, "u32"));
        assert_eq!((three.stats.max_open, three.max_idle), (None, Some(2)));
        assert_eq!((four.kind, four.name.as_str()), (Kind::AsyncResource, "u32"));
        assert_eq!(four.max_idle, Some(5), "no more than may be open");
        assert!([one, two, three, four].is_sorted_by(|one, two| one.id < two.id));
        drop((bounded, expiring, resources, tasks));
        assert!(pools().is_empty());
    });
}

#[test]
fn a_closed_pool_is_listed_until_its_last_lease_is_back() {
    alone(|| {
        let pool = BoundedPool::builder(String::new).name("lines").build().expect("limits");
        let lease = pool.get().expect("an object");
        assert!(!named("lines").expect("it is open").is_closed);
        drop(pool);
        let closed = named("lines").expect("a lease is out");
        assert!(closed.is_closed);
        assert_eq!((closed.stats.in_use, closed.stats.open), (1, 1));
        drop(lease);
        assert!(named("lines").is_none());
    });
}

#[test]
fn ids_are_those_of_no_other_pool_of_any_kind() {
    alone(|| {
        let mut ids = Vec::new();
        for _ in 0..50 {
            let bounded = BoundedPool::new(1, String::new);
            let cached: poolable::Pool<String> = poolable::Pool::builder().build();
            drop((cached.get(), bounded.get()));
            ids.extend(pools().iter().map(|pool| pool.id));
            ids.extend(poolable::pools().iter().map(|pool| pool.id));
        }
        assert_eq!(ids.len(), 100);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 100);
    });
}

#[test]
fn the_report_has_a_table_of_pools_that_are_waited_for() {
    alone(|| {
        let pool = BoundedPool::builder(String::new).max_open(2).name("two\nlines").build();
        let pool = pool.expect("limits");
        let lease = pool.get().expect("an object");
        drop(pool.get());
        drop(pool.try_get());
        let shown = report().to_string();
        let line = shown.lines().find(|line| line.starts_with("two\\nlines")).expect("its line");
        let cells: Vec<&str> = line.split_whitespace().skip(1).collect();
        // Borrowed, waited, timed out; in use, idle, open, at most, waiting; created, destroyed.
        assert_eq!(cells, ["3", "0", "0", "1", "1", "2", "2", "0", "2", "0"], "{shown}");
        drop(lease);
        Lease::discard(pool.get().expect("an object"));
        pool.resize(0);
        let shown = report().to_string();
        let line = shown.lines().find(|line| line.starts_with("two\\nlines")).expect("its line");
        assert!(line.ends_with("  2  released 1, resized 1"), "{shown}");
        let head = shown.lines().find(|line| line.starts_with("managed pool")).expect("a head");
        assert_eq!(head.find("why"), line.find("released 1"), "{shown}");
        drop(pool);
        assert!(!report().to_string().contains("managed"));
    });
}

static DROPPED: AtomicUsize = AtomicUsize::new(0);

/// Its drop, which belongs to the pool, looks at the list and panics.
struct Rude;

impl Manager for Rude {
    type Resource = u32;
    type Error = Infallible;

    fn create(&self) -> Result<u32, Infallible> {
        Ok(7)
    }
}

impl Drop for Rude {
    fn drop(&mut self) {
        drop(pools());
        DROPPED.fetch_add(1, Ordering::Relaxed);
        crate::unwind();
    }
}

#[test]
fn pools_may_come_and_go_while_somebody_looks() {
    alone(|| {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let looks = scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    assert!(pools().iter().all(|pool| pool.stats.open <= 1));
                }
            });
            for _ in 0..300 {
                // Whoever is last drops the manager: this thread, the one that looks, or the one
                // that created.
                let _ = std::panic::catch_unwind(|| {
                    let pool = ResourcePool::new(Rude);
                    drop(pool.get());
                });
            }
            is_over.store(true, Ordering::Relaxed);
            looks.join().expect("who looks is spared the panics of those who drop");
        });
        // A thread that creates lets go a moment after its object has arrived.
        while DROPPED.load(Ordering::Relaxed) < 300 || !pools().is_empty() {
            thread::yield_now();
        }
        assert_eq!(DROPPED.load(Ordering::Relaxed), 300);
    });
}
