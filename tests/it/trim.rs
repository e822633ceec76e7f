//! Objects that nobody uses are freed, and those in use are not.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use poolable::{Pool, PoolBuilder, Poolable};

use crate::census::{Census, Citizen, assert_conserved, burst};
use crate::conservation::Random;

/// A thread that does what it is told, one thing after the other, and idles in between.
struct Worker {
    tell: Option<Sender<Box<dyn FnOnce() + Send>>>,
    is_done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn new() -> Self {
        let (tell, told) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
        let (done, is_done) = mpsc::channel();
        let thread = thread::spawn(move || {
            for work in told {
                work();
                done.send(()).expect("the test waits");
            }
        });
        Self { tell: Some(tell), is_done, thread: Some(thread) }
    }

    fn run(&self, work: impl FnOnce() + Send + 'static) {
        self.tell.as_ref().expect("it is running").send(Box::new(work)).expect("it is running");
        self.is_done.recv().expect("no panic");
    }

    fn end(mut self) {
        self.tell = None;
        self.thread.take().expect("it is running").join().expect("no panic");
    }
}

#[test]
fn an_object_idle_through_two_trims_is_freed_wherever_it_is() {
    let census = Census::new();
    let pool = census.pool();
    // In the depot, large and small, and in the cache.
    drop(pool.attach({
        let mut large = census.birth();
        large.weigh(500 << 10);
        large
    }));
    assert_eq!(pool.prewarm(20), 20);
    let guards: Vec<_> = (0..10).map(|_| pool.attach(census.birth())).collect();
    drop(guards);
    pool.trim();
    assert_eq!((census.died(), pool.stats().idle), (0, 31));
    pool.trim();
    assert_eq!((census.living(), pool.stats().idle, pool.stats().discarded.trimmed), (0, 0, 31));
    assert_eq!(pool.stats().bytes_idle, 0);
    assert_conserved(&pool.stats());
}

#[test]
fn an_object_that_was_used_between_two_trims_stays_and_the_others_go() {
    for count in [1, 2, 31, 32, 33, 64, 65, 100, 200] {
        for used in [0, 1, 5, 32, 64, 150] {
            if used > count {
                continue;
            }
            let census = Census::new();
            let pool = census.pool();
            burst(&pool, count);
            pool.trim();
            assert_eq!(census.died(), 0);
            burst(&pool, used);
            pool.trim();
            assert_eq!(pool.stats().idle, used as u64, "{count} objects");
            burst(&pool, used);
            assert_eq!(pool.stats().misses, count as u64, "{used} were used, and stay");
            pool.trim();
            pool.trim();
            assert_eq!(census.living(), 0);
        }
    }
}

#[test]
fn an_object_in_use_is_no_trims_concern() {
    let census = Census::new();
    let pool = census.pool();
    let guard = pool.get();
    (0..5).for_each(|_| pool.trim());
    drop(guard);
    pool.trim();
    assert_eq!((census.living(), pool.stats().idle), (1, 1), "idle through one of them");
    pool.trim();
    assert_eq!(census.living(), 0);
}

#[test]
fn a_return_makes_an_object_new_for_the_trims() {
    let census = Census::new();
    let pool = census.pool();
    drop(pool.get());
    for _ in 0..10 {
        pool.trim();
        drop(pool.get());
    }
    assert_eq!((pool.stats().misses, pool.stats().hits, census.died()), (1, 10, 0));
}

#[test]
fn an_object_in_another_threads_cache_meets_its_fate_at_that_threads_next_visit() {
    // By how many trims happened in its absence, and by the kind of the visit.
    for trims in 0..=4 {
        for visit_is_get in [true, false] {
            let census = Census::new();
            let pool = Arc::new(census.pool());
            let worker = Worker::new();
            // The test's thread is one that uses the pool as well.
            drop(pool.get());
            pool.flush_thread_cache();
            let inside = Arc::clone(&pool);
            worker.run(move || burst(&inside, 40));
            let guard = (!visit_is_get).then(|| pool.attach_owned(census.birth()));
            (0..trims).for_each(|_| pool.trim());
            assert_eq!(census.died(), 0, "the worker has not been there");
            let inside = Arc::clone(&pool);
            worker.run(move || {
                if guard.is_some() {
                    drop(guard);
                } else {
                    drop(inside.get());
                }
            });
            let kept = match (trims, visit_is_get) {
                (0 | 1, true) => 40,
                (0 | 1, false) => 41,
                _ => 1,
            };
            assert_eq!(pool.stats().idle, kept, "{trims} trims, a get: {visit_is_get}");
            // One more, for those that were marked.
            pool.trim();
            let inside = Arc::clone(&pool);
            worker.run(move || drop(inside.get()));
            let kept = match (trims, visit_is_get) {
                (0, true) => 40,
                (0, false) => 41,
                _ => 1,
            };
            assert_eq!(pool.stats().idle, kept, "{trims} trims and one, a get: {visit_is_get}");
            assert_conserved(&pool.stats());
            worker.end();
            assert_eq!(census.living() as u64, pool.stats().idle);
        }
    }
}

#[test]
fn a_thread_that_slept_through_trims_and_ends_leaves_no_older_objects_than_it_should() {
    for trims in 0..=3 {
        let census = Census::new();
        let pool = Arc::new(census.pool());
        drop(pool.get());
        pool.clear();
        let worker = Worker::new();
        let inside = Arc::clone(&pool);
        worker.run(move || burst(&inside, 40));
        (0..trims).for_each(|_| pool.trim());
        worker.end();
        assert_eq!(pool.stats().idle, if trims < 2 { 40 } else { 0 }, "{trims}");
        pool.trim();
        assert_eq!(pool.stats().idle, if trims < 1 { 40 } else { 0 }, "{trims}");
        pool.trim();
        assert_eq!(census.living(), 0);
        assert_conserved(&pool.stats());
    }
}

#[test]
fn objects_loaded_in_a_batch_and_not_used_stay_as_old_as_they_were() {
    let census = Census::new();
    let pool = Arc::new(census.pool());
    assert_eq!(pool.prewarm(100), 100);
    pool.trim();
    let worker = Worker::new();
    // A get loads half a cache; one of the objects is used.
    let inside = Arc::clone(&pool);
    worker.run(move || drop(inside.get()));
    pool.trim();
    assert_eq!(pool.stats().idle, 32, "the depot's have gone");
    let inside = Arc::clone(&pool);
    worker.run(move || drop(inside.get()));
    assert_eq!((pool.stats().idle, census.living(), pool.stats().misses), (1, 1, 0));
    worker.end();
}

#[test]
fn objects_marked_in_a_cache_stay_as_old_as_they_were_in_the_depot() {
    let census = Census::new();
    let pool = census.pool();
    burst(&pool, 60);
    pool.trim();
    // Back into the cache with half of them, and to the depot again.
    drop(pool.get());
    pool.flush_thread_cache();
    pool.trim();
    assert_eq!((pool.stats().idle, census.living()), (1, 1));
}

#[test]
fn clear_reaches_the_caches_of_other_threads_at_their_next_visit() {
    for visit_is_get in [true, false] {
        let census = Census::new();
        let pool = Arc::new(census.pool());
        let workers: Vec<_> = (0..3).map(|_| Worker::new()).collect();
        for worker in &workers {
            let inside = Arc::clone(&pool);
            worker.run(move || burst(&inside, 50));
        }
        burst(&pool, 50);
        let own = pool.get_owned();
        let living = census.living();
        pool.clear();
        assert!(census.living() < living);
        let mut own = Some(own);
        for worker in &workers {
            let inside = Arc::clone(&pool);
            let guard = if visit_is_get { None } else { own.take() };
            let fresh = census.birth();
            worker.run(move || {
                let guard = guard.or_else(|| (!visit_is_get).then(|| inside.attach_owned(fresh)));
                match guard {
                    Some(guard) => drop(guard),
                    None => drop(inside.get()),
                }
            });
        }
        // One for each visit at the most, and the one that was in use.
        assert!(pool.stats().idle + pool.stats().in_use <= 4, "{:?}", pool.stats());
        drop(own);
        assert_conserved(&pool.stats());
        assert_eq!(census.living() as u64, pool.stats().idle);
        workers.into_iter().for_each(Worker::end);
    }
}

#[test]
fn a_clear_weighs_more_than_a_trim_for_a_thread_that_missed_both() {
    for clear_first in [true, false] {
        let census = Census::new();
        let pool = Arc::new(census.pool());
        let worker = Worker::new();
        let inside = Arc::clone(&pool);
        worker.run(move || burst(&inside, 30));
        if clear_first {
            pool.clear();
        }
        pool.trim();
        if !clear_first {
            pool.clear();
        }
        let inside = Arc::clone(&pool);
        worker.run(move || drop(inside.get()));
        let stats = pool.stats();
        assert_eq!((stats.idle, stats.discarded.explicit, stats.discarded.trimmed), (1, 30, 0));
        worker.end();
    }
}

#[test]
fn the_pool_of_a_type_trims_too() {
    #[derive(Poolable)]
    struct Line(Vec<u8>);

    let guards: Vec<_> = (0..100).map(|_| Line::pooled()).collect();
    assert!(guards.iter().all(|line| line.0.is_empty()));
    drop(guards);
    Line::pool().trim();
    drop((Line::pooled(), Line::pooled()));
    Line::pool().trim();
    let stats = Line::pool().stats();
    assert_eq!((stats.idle, stats.discarded.trimmed, stats.misses), (2, 98, 100));
    Line::pool().set_max_idle(0);
    assert_eq!(Line::pool().stats().idle, 0, "after a trim all is in the depot");
    assert_conserved(&Line::pool().stats());
}

/// Gets, returns, trims and clears on a pool that others work with too.
fn play(pool: &Pool<Citizen>, census: &Census, seed: u64) {
    let mut random = Random(seed);
    let mut held = Vec::new();
    for _ in 0..20_000 {
        match random.below(200) {
            0..80 if held.len() < 100 => held.push(pool.get()),
            80..150 if !held.is_empty() => {
                let index = random.below(held.len() as u64) as usize;
                let mut guard = held.swap_remove(index);
                guard.weigh(random.below(200 << 10) as usize);
            }
            150..155 => held.clear(),
            155..158 => held.extend(pool.try_get()),
            158 => pool.trim(),
            159 => pool.clear(),
            160 => pool.set_max_idle(random.below(200) as usize),
            161 => pool.flush_thread_cache(),
            162 => assert!(pool.prewarm(5) <= 5),
            163 => held.push(pool.attach(census.birth())),
            164 => held.pop().into_iter().for_each(poolable::PooledRef::discard),
            165 => drop(held.pop().map(poolable::PooledRef::into_inner)),
            _ => {}
        }
    }
}

#[test]
fn nothing_is_freed_twice_whatever_the_mix() {
    for (seed, cache) in [0, 1, 2, 3, 16, 64].into_iter().enumerate() {
        let census = Census::new();
        let limit = |builder: PoolBuilder<_>| {
            builder.max_idle(200).cache(cache).max_bytes([3 << 20, 64 << 20][seed % 2])
        };
        let pool = Arc::new(census.pool_with(limit));
        let players: Vec<_> = (0..4)
            .map(|player| {
                let (pool, census) = (Arc::clone(&pool), census.clone());
                thread::spawn(move || play(&pool, &census, seed as u64 * 10 + player + 1))
            })
            .collect();
        players.into_iter().for_each(|player| player.join().expect("no panic"));
        let stats = pool.stats();
        assert_conserved(&stats);
        assert_eq!((stats.in_use, stats.idle), (0, census.living() as u64), "{stats:?}");
        assert!(stats.discarded.trimmed > 0 && stats.discarded.explicit > 0, "{stats:?}");
        drop(pool);
        assert_eq!(census.living(), 0);
    }
}
