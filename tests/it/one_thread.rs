//! Pools of types that are not `Send`: their objects never see another thread.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, ThreadId};

use poolable::{Pool, maintain, pools, report, trim_all};

use crate::alone;
use crate::census::{assert_conserved, burst};

/// Demands to be dropped on the thread that made it, and counts the drops there.
struct Homebound {
    home: ThreadId,
    shared: Rc<Cell<u64>>,
}

thread_local! {
    static DROPS: Cell<u64> = const { Cell::new(0) };
}

/// A drop elsewhere, for all threads to see: a panic there might be contained.
static STRAYED: AtomicBool = AtomicBool::new(false);

impl Drop for Homebound {
    fn drop(&mut self) {
        if thread::current().id() == self.home {
            DROPS.set(DROPS.get() + 1);
            self.shared.set(self.shared.get() + 1);
        } else {
            STRAYED.store(true, Ordering::Relaxed);
        }
    }
}

fn homebound() -> Pool<Homebound> {
    let create = || Homebound { home: thread::current().id(), shared: Rc::new(Cell::new(0)) };
    Pool::builder().create(create).reset(|object: &mut Homebound| object.shared.set(0)).build()
}

fn elsewhere(work: impl FnOnce() + Send + 'static) {
    thread::spawn(work).join().expect("no panic");
}

#[track_caller]
fn assert_nobody_strayed() {
    assert!(!STRAYED.load(Ordering::Relaxed), "an object was dropped on another thread");
}

#[test]
fn a_pool_of_a_type_that_is_not_send_works_on_its_thread() {
    let pool: Pool<Rc<Cell<u8>>> = Pool::builder()
        .create(|| Rc::new(Cell::new(0)))
        .reset(|cell: &mut Rc<Cell<u8>>| cell.set(0))
        .build();
    for _ in 0..3 {
        let guards: Vec<_> = (0..100).map(|_| pool.get()).collect();
        for cell in &guards {
            assert_eq!(cell.replace(1), 0);
        }
    }
    let pool = Rc::new(pool);
    assert_eq!((pool.stats().misses, pool.stats().hits), (100, 200));
    let arc = Arc::new(Pool::new(|| RefCell::new(Vec::<u8>::new())));
    arc.get_owned().borrow_mut().push(1);
    assert!(arc.get_owned().borrow().is_empty());
}

#[test]
fn trims_from_another_thread_free_such_objects_on_their_owners_next_get() {
    alone(|| {
        let pool = homebound();
        burst(&pool, 100);
        elsewhere(trim_all);
        elsewhere(trim_all);
        elsewhere(trim_all);
        assert_eq!((DROPS.get(), pool.stats().idle), (0, 100));
        drop(pool.get());
        assert_eq!((DROPS.get(), pool.stats().idle, pool.stats().discarded.trimmed), (100, 1, 100));
        assert_conserved(&pool.stats());
        assert_nobody_strayed();
    });
}

#[test]
fn trims_from_another_thread_free_such_objects_on_their_owners_next_return() {
    alone(|| {
        let pool = homebound();
        burst(&pool, 100);
        let guard = pool.get();
        elsewhere(trim_all);
        elsewhere(trim_all);
        assert_eq!(DROPS.get(), 0);
        drop(guard);
        assert_eq!((DROPS.get(), pool.stats().idle), (99, 1));
        assert_nobody_strayed();
    });
}

#[test]
fn a_trim_from_another_thread_counts_as_one_generation() {
    alone(|| {
        let pool = homebound();
        burst(&pool, 100);
        elsewhere(trim_all);
        drop(pool.get());
        assert_eq!(DROPS.get(), 0, "idle through one call");
        elsewhere(trim_all);
        drop(pool.get());
        // But for the one that was used in between, and the one that the second get took.
        assert!((98..=99).contains(&DROPS.get()), "{}", DROPS.get());
        assert_nobody_strayed();
    });
}

#[test]
fn maintaining_from_another_thread_frees_a_burst_on_its_owners_visits() {
    alone(|| {
        let pool = homebound();
        burst(&pool, 1000);
        for _ in 0..12 {
            elsewhere(maintain);
            drop(pool.get());
        }
        assert!(pool.stats().idle < 30, "{:?}", pool.stats());
        assert_eq!(DROPS.get(), 1000 - pool.stats().idle);
        assert_conserved(&pool.stats());
        assert_nobody_strayed();
    });
}

#[test]
fn maintaining_from_another_thread_leaves_a_steady_load_what_it_needs() {
    alone(|| {
        let pool = homebound();
        for _ in 0..20 {
            (0..3).for_each(|_| burst(&pool, 200));
            elsewhere(maintain);
        }
        burst(&pool, 200);
        assert_eq!((pool.stats().misses, DROPS.get()), (200, 0));
        assert_nobody_strayed();
    });
}

#[test]
fn process_wide_calls_never_drop_such_objects_while_their_pool_dies() {
    alone(|| {
        let is_over = Arc::new(AtomicBool::new(false));
        let walks = Arc::new(AtomicU64::new(0));
        let walkers: Vec<_> = [maintain, trim_all, || drop(pools()), || drop(report())]
            .into_iter()
            .map(|walk: fn()| {
                let (is_over, walks) = (Arc::clone(&is_over), Arc::clone(&walks));
                thread::spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        walk();
                        walks.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let mut made = 0;
        // As many as needed, so that pools have died in the midst of walks.
        while walks.load(Ordering::Relaxed) < 2000 || made < 50_000 {
            let pool = homebound();
            burst(&pool, 100);
            made += pool.stats().created;
        }
        is_over.store(true, Ordering::Relaxed);
        walkers.into_iter().for_each(|walker| walker.join().expect("no panic"));
        assert_eq!(DROPS.get(), made);
        assert_nobody_strayed();
    });
}

#[test]
fn such_a_pool_in_a_thread_local_dies_with_its_thread() {
    thread_local! {
        static POOL: Pool<Homebound> = homebound();
    }

    alone(|| {
        let walker = thread::spawn(|| (0..2000).for_each(|_| maintain()));
        for _ in 0..200 {
            elsewhere(|| POOL.with(|pool| burst(pool, 100)));
        }
        walker.join().expect("no panic");
        assert_nobody_strayed();
    });
}

#[test]
fn the_objects_of_such_a_pool_that_outlives_its_thread_are_left_alone() {
    alone(|| {
        elsewhere(|| {
            let pool: &'static Pool<Homebound> = Box::leak(Box::new(homebound()));
            burst(pool, 100);
        });
        for _ in 0..4 {
            trim_all();
            maintain();
        }
        assert_nobody_strayed();
        assert_eq!(pools().iter().map(|pool| pool.stats.idle).sum::<u64>(), 100);
    });
}
