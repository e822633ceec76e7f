//! The calls that concern all pools of the process. Each test runs alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use poolable::{Pool, PoolInfo, Poolable, PooledRef, Reaper, maintain, pools, report, trim_all};

use crate::census::{Census, burst};
use crate::{alone, unwind, unwinds};

fn named(name: &str) -> Option<PoolInfo> {
    pools().into_iter().find(|pool| pool.name == name)
}

#[test]
fn pools_are_listed_from_their_first_use_until_they_are_dropped() {
    #[derive(Poolable)]
    #[pool(name = "of a type")]
    struct Line(Vec<u8>);

    static MADE: Pool<String> = Pool::new(String::new);

    alone(|| {
        let census = Census::new();
        let made = census.pool_with(|builder| builder.name("made"));
        assert!(pools().is_empty(), "{:?}", pools());
        assert!(report().to_string().lines().count() == 1, "a head is there all the same");
        assert!(Line::pooled().0.is_empty());
        burst(&made, 3);
        burst(&MADE, 2);
        let names: Vec<_> = pools().into_iter().map(|pool| pool.name).collect();
        assert_eq!(names, ["of a type", "made", std::any::type_name::<String>()]);
        let info = named("made").expect("it is listed");
        assert_eq!((info.stats, info.caches), (made.stats(), 1));
        assert_eq!(info.stats.idle, 3);
        let moved = Box::new(made);
        assert!(named("made").is_some());
        drop(moved);
        assert!(named("made").is_none());
        assert_eq!(pools().len(), 2);
    });
}

#[test]
fn pools_of_one_name_are_all_listed() {
    alone(|| {
        let made: Vec<Pool<String>> =
            (0..100).map(|_| Pool::builder().name("twin").build()).collect();
        made.iter().for_each(|pool| burst(pool, 1));
        assert_eq!(pools().iter().filter(|pool| pool.name == "twin").count(), 100);
        drop(made);
        assert!(pools().is_empty());
    });
}

#[test]
fn a_cache_for_each_thread_that_used_the_pool_at_one_time() {
    alone(|| {
        let pool: Pool<String> = Pool::builder().name("lines").build();
        for alive in [1, 3, 2, 5, 1] {
            let barrier = std::sync::Barrier::new(alive);
            thread::scope(|scope| {
                let workers: Vec<_> = (0..alive)
                    .map(|_| {
                        scope.spawn(|| {
                            burst(&pool, 10);
                            barrier.wait();
                        })
                    })
                    .collect();
                workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
            });
        }
        assert_eq!(named("lines").map(|info| info.caches), Some(5));
    });
}

#[test]
fn a_report_is_a_table_whatever_the_names() {
    alone(|| {
        let names = [
            "",
            "two\nlines",
            "ワイド",
            "a name that is a good deal longer than the others, and has spaces",
            "tab\t\u{1b}[31m\u{0}\u{202e}",
        ];
        let made = names.map(|name| Pool::<String>::builder().name(name).build());
        for (index, pool) in made.iter().enumerate() {
            (0..=index).for_each(|_| burst(pool, 100 * index + 1));
            assert_eq!(pool.name(), names[index], "as it was given");
        }
        let shown = report().to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 1 + names.len(), "a line for each pool:\n{shown}");
        assert!(shown.ends_with('\n') && !shown.contains(['\t', '\u{1b}', '\u{0}', '\u{202e}']));
        assert!(lines.iter().all(|line| !line.ends_with(' ')), "\n{shown}");
        // Reasons stand below the beginning of their title, and where there are none is nothing.
        let why = lines[0].find("why").expect("the last column");
        for (line, pool) in lines[1..].iter().zip(&made) {
            let reasons: String = line.chars().skip(why).collect();
            let full = pool.stats().discarded.full;
            assert_eq!(pool.stats().discarded.total(), full, "no other reason");
            let expected = if full == 0 { String::new() } else { format!("full {full}") };
            assert_eq!(reasons, expected, "\n{shown}");
        }
        // Numbers stand below the ends of their titles.
        for title in ["gets", "hit rate", "in use", "idle", "created", "discarded", "caches"] {
            let end = lines[0].rfind(&format!(" {title}")).expect(title) + 1 + title.len();
            for line in &lines {
                let cut: Vec<char> = line.chars().skip(end - 1).take(2).collect();
                assert!(!cut[0].is_whitespace(), "`{title}`: {line}");
                assert!(cut.get(1).is_none_or(|next| next.is_whitespace()), "`{title}`: {line}");
            }
        }
        let last = made[4].stats();
        let gets = (last.hits + last.misses).to_string();
        assert!(lines[5].split_whitespace().any(|word| word == gets), "{}", lines[5]);
        assert!(lines[5].contains("80.0%"), "{}", lines[5]);
    });
}

#[test]
fn a_report_tells_why_objects_were_discarded() {
    alone(|| {
        let lines: Pool<String> =
            Pool::builder().name("lines").max_idle(2).cache(0).max_object_bytes(100).build();
        let mut held: Vec<_> = (0..7).map(|_| lines.get()).collect();
        held[0].reserve(101);
        held.pop().map(PooledRef::discard).expect("seven");
        drop(held);
        let shown = report().to_string();
        let line = shown.lines().nth(1).expect("its line");
        assert!(line.ends_with("  full 3, oversize 1, explicit 1"), "{shown}");
    });
}

#[test]
fn trim_all_trims_the_pools_of_types_and_those_that_users_made() {
    #[derive(Poolable)]
    struct Line(Vec<u8>);

    alone(|| {
        let census = Census::new();
        let made: Vec<_> = (0..5).map(|_| census.pool()).collect();
        made.iter().for_each(|pool| burst(pool, 100));
        let guards: Vec<_> = (0..100).map(|_| Line::pooled()).collect();
        assert!(guards.iter().all(|line| line.0.is_empty()));
        drop(guards);
        Line::pool().flush_thread_cache();
        trim_all();
        assert_eq!((census.living(), Line::pool().stats().idle), (500, 100));
        trim_all();
        // What is in this thread's caches meets its fate when it next comes.
        assert_eq!(Line::pool().stats().idle, 0);
        made.iter().for_each(|pool| assert!(pool.try_get().is_none()));
        assert_eq!(census.living(), 0);
    });
}

#[test]
fn a_shared_pool_is_trimmed_from_any_thread_though_one_alone_used_it() {
    static SHARED: Pool<String> = Pool::new(String::new).shared();
    static PLAIN: Pool<String> = Pool::new(String::new);

    alone(|| {
        let made = Census::new().pool().shared();
        thread::scope(|scope| {
            let visit = || {
                burst(&SHARED, 1000);
                burst(&PLAIN, 1000);
                burst(&made, 1000);
            };
            scope.spawn(visit).join().expect("no panic");
        });
        (0..20).for_each(|_| maintain());
        assert_eq!((SHARED.stats().idle, PLAIN.stats().idle, made.stats().idle), (0, 1000, 0));
        // The other one waits for a visit.
        trim_all();
        trim_all();
        drop(PLAIN.get());
        assert_eq!((PLAIN.stats().idle, PLAIN.stats().misses), (1, 1001));
    });
}

static ENDED: AtomicU64 = AtomicU64::new(0);

/// Has the thread that drops it be counted when it ends.
struct Watcher;

impl Drop for Watcher {
    fn drop(&mut self) {
        struct AtExit;

        impl Drop for AtExit {
            fn drop(&mut self) {
                ENDED.fetch_add(1, Ordering::Relaxed);
            }
        }

        thread_local! {
            static EXIT: AtExit = const { AtExit };
        }

        EXIT.with(|AtExit| ());
    }
}

#[test]
fn a_reaper_maintains_until_it_is_dropped() {
    alone(|| {
        let pool = Pool::builder().create(|| Watcher).reset(|_: &mut Watcher| ()).build();
        thread::scope(|scope| {
            // The objects are of a type that is `Send`: two threads show it.
            scope.spawn(|| drop(pool.get())).join().expect("no panic");
        });
        burst(&pool, 1000);
        pool.flush_thread_cache();
        let reaper = Reaper::spawn(Duration::from_millis(1)).expect("a thread");
        while pool.stats().idle > 0 {
            thread::yield_now();
        }
        assert_eq!(ENDED.load(Ordering::Relaxed), 0);
        drop(reaper);
        assert_eq!(ENDED.load(Ordering::Relaxed), 1, "the one that freed the objects");
        // Long windows do not hold it up.
        drop(Reaper::spawn(Duration::from_secs(1 << 40)).expect("a thread"));
        drop(Reaper::spawn(Duration::MAX).expect("a thread"));
        drop(Reaper::spawn(Duration::ZERO).expect("a thread"));
    });
}

static DROPS: AtomicU64 = AtomicU64::new(0);

/// Panics when it is dropped, but not at random.
struct Failing;

impl Drop for Failing {
    fn drop(&mut self) {
        DROPS.fetch_add(1, Ordering::Relaxed);
        unwind();
    }
}

fn failing() -> Pool<Failing> {
    Pool::builder().create(|| Failing).reset(|_: &mut Failing| ()).build()
}

#[test]
fn a_reaper_survives_drops_that_panic() {
    alone(|| {
        let (failing, census) = (failing(), Census::new());
        let other = census.pool();
        thread::scope(|scope| {
            let visit = || {
                burst(&failing, 10);
                burst(&other, 10);
            };
            scope.spawn(visit).join().expect("no panic");
        });
        assert_eq!(failing.prewarm(100), 100);
        assert_eq!(other.prewarm(100), 100);
        let reaper = Reaper::spawn(Duration::from_millis(1)).expect("a thread");
        while DROPS.load(Ordering::Relaxed) < 110 || other.stats().idle > 0 {
            thread::yield_now();
        }
        assert_eq!(failing.stats().idle, 0);
        // It is still at work.
        assert_eq!(other.prewarm(100), 100);
        while other.stats().idle > 0 {
            thread::yield_now();
        }
        drop(reaper);
    });
}

#[test]
fn a_reaper_may_be_dropped_by_an_object_that_it_frees() {
    struct Owner(Option<Reaper>);

    impl Drop for Owner {
        fn drop(&mut self) {
            if self.0.take().is_some() {
                DROPS.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    alone(|| {
        let pool: Pool<Owner> =
            Pool::builder().create(|| Owner(None)).reset(|_: &mut Owner| ()).build();
        thread::scope(|scope| {
            scope.spawn(|| burst(&pool, 1)).join().expect("no panic");
        });
        burst(&pool, 1);
        pool.clear();
        let reaper = Reaper::spawn(Duration::from_millis(1)).expect("a thread");
        drop(pool.attach(Owner(Some(reaper))));
        pool.flush_thread_cache();
        while DROPS.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        assert_eq!(pool.stats().idle, 0);
    });
}

#[test]
fn trim_all_and_maintain_let_a_panic_of_a_drop_through_when_the_pool_is_done() {
    alone(|| {
        let failing = failing();
        for work in [trim_all, maintain] {
            burst(&failing, 100);
            failing.flush_thread_cache();
            // Idle since two generations, and two windows.
            assert!(unwinds(|| (0..3).for_each(|_| work())));
            assert!(failing.stats().idle <= 50, "{:?}", failing.stats());
            let is_left = failing.stats().idle > 0;
            assert_eq!(unwinds(|| failing.clear()), is_left);
        }
        assert_eq!(DROPS.load(Ordering::Relaxed), 200);
    });
}

#[test]
fn pools_may_come_and_go_while_others_walk_through_them() {
    alone(|| {
        let census = Census::new();
        let is_over = Arc::new(AtomicBool::new(false));
        let walkers: Vec<_> = [maintain, trim_all, || drop(report())]
            .into_iter()
            .map(|walk: fn()| {
                let is_over = Arc::clone(&is_over);
                thread::spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        walk();
                    }
                })
            })
            .collect();
        let makers: Vec<_> = (0..2)
            .map(|_| {
                let census = census.clone();
                thread::spawn(move || {
                    for _ in 0..500 {
                        let pools: Vec<_> = (0..5).map(|_| Arc::new(census.pool())).collect();
                        let kept: Vec<_> = pools.iter().map(|pool| pool.get_owned()).collect();
                        pools.iter().for_each(|pool| burst(pool, 70));
                        drop(pools);
                        drop(kept);
                    }
                })
            })
            .collect();
        makers.into_iter().for_each(|maker| maker.join().expect("no panic"));
        is_over.store(true, Ordering::Relaxed);
        walkers.into_iter().for_each(|walker| walker.join().expect("no panic"));
        // A walker may have been the last to hold one.
        assert_eq!((census.living(), pools().len()), (0, 0));
        assert!(census.born() >= 2 * 500 * 5 * 71);
    });
}

#[test]
fn the_calling_threads_own_caches_are_trimmed_and_maintained_at_once() {
    #[derive(Poolable)]
    struct Line(String);

    alone(|| {
        let pool = Pool::new(String::new);
        let fill = || {
            drop((0..10).map(|_| pool.get()).collect::<Vec<_>>());
            let lines: Vec<_> = (0..10).map(|_| Line::pooled()).collect();
            assert!(lines.iter().all(|line| line.0.is_empty()));
        };
        let idle = || (pool.stats().idle, Line::pool().stats().idle);
        fill();
        assert_eq!(idle(), (10, 10));
        trim_all();
        trim_all();
        assert_eq!(idle(), (0, 0));
        fill();
        for _window in 0..7 {
            maintain();
        }
        assert_eq!(idle(), (0, 0));
    });
}
