//! Pools that learn from what is written: how large a buffer is by default, and how large
//! one may be to be kept.

use std::sync::Arc;
use std::thread;

use poolable::buffer::{BufferPool, PooledBuf};

use super::{KIB, LADDER, MIB, Random, assert_conserved, class};

/// Returns of one thread after which what it noted is merged, and merged returns after
/// which a window ends.
const BATCH: usize = 1024;
const WINDOW: usize = 8192;

fn calibrating() -> BufferPool {
    BufferPool::builder().calibrate(true).build()
}

fn learned(pool: &BufferPool) -> (usize, usize) {
    (pool.default_size(), pool.drop_threshold())
}

fn write(pool: &BufferPool, len: usize) {
    // Copied, which is fast in a build for tests, too.
    static CONTENTS: [u8; 2 * MIB] = [1; 2 * MIB];
    pool.get_default().extend_from_slice(&CONTENTS[..len]);
}

fn write_often(pool: &BufferPool, len: usize, count: usize) {
    (0..count).for_each(|_| write(pool, len));
}

#[test]
fn a_pool_that_is_not_asked_to_learns_nothing() {
    for pool in [BufferPool::new(), BufferPool::builder().calibrate(false).build()] {
        write_often(&pool, 10, 2 * WINDOW);
        pool.calibrate_now();
        assert_eq!(learned(&pool), (4 * KIB, MIB));
        write_often(&pool, 100_000, 100);
        pool.calibrate_now();
        assert_eq!(learned(&pool), (4 * KIB, MIB));
    }
    assert_eq!(learned(&BufferPool::tiered()), (8 * KIB, 64 * KIB));
    assert_eq!(learned(BufferPool::global()), (4 * KIB, MIB));
}

#[test]
fn a_pool_starts_as_if_it_could_not_learn() {
    let pool = calibrating();
    assert_eq!(learned(&pool), (4 * KIB, MIB));
    // Nothing was written.
    pool.calibrate_now();
    assert_eq!(learned(&pool), (4 * KIB, MIB));
}

#[test]
fn each_class_is_learned_from_writes_at_its_borders() {
    let mut least = 1;
    for size in LADDER {
        for len in [least, size - 1, size] {
            let pool = calibrating();
            write_often(&pool, len, 10);
            pool.calibrate_now();
            assert_eq!(learned(&pool), (size, size), "{len}");
        }
        least = size + 1;
    }
}

#[test]
fn writes_above_the_ladder_want_the_largest_class() {
    let pool = calibrating();
    write_often(&pool, 2 * MIB, 10);
    pool.calibrate_now();
    assert_eq!(learned(&pool), (MIB, MIB));
}

#[test]
fn a_window_ends_by_itself_after_enough_returns() {
    let pool = calibrating();
    write_often(&pool, 100, WINDOW - 1);
    assert_eq!(learned(&pool), (4 * KIB, MIB), "not yet");
    // The last return is the eighth time that this thread's notes are merged.
    write_often(&pool, 100, BATCH);
    assert_eq!(learned(&pool), (256, 256));
}

#[test]
fn the_load_is_followed_down_and_up_and_down_again() {
    let pool = calibrating();
    for len in [100, 10_000, 50, 70_000, 1000, 60_000, 10, 4096, 4097] {
        // The first window may have begun with what was before.
        write_often(&pool, len, WINDOW + BATCH + WINDOW);
        let expected = LADDER.into_iter().find(|&size| size >= len).expect("one covers it");
        assert_eq!(learned(&pool), (expected, expected), "{len}");
    }
    assert_conserved(&pool.stats());
}

#[test]
fn each_window_starts_with_nothing() {
    let pool = calibrating();
    write_often(&pool, 100_000, WINDOW);
    assert_eq!(learned(&pool), (256 * KIB, 256 * KIB));
    write_often(&pool, 10, 5);
    pool.calibrate_now();
    assert_eq!(learned(&pool), (64, 64), "five, and what was before is forgotten");
    pool.calibrate_now();
    assert_eq!(learned(&pool), (64, 64), "an empty window says nothing");
}

#[test]
fn ninety_percent_make_the_default_and_ninety_nine_the_threshold() {
    for (large, expected) in [
        (0, (256, 256)),
        (1, (256, 256)),
        (2, (256, 64 * KIB)),
        (9, (256, 64 * KIB)),
        (10, (256, 64 * KIB)),
        (11, (64 * KIB, 64 * KIB)),
        (50, (64 * KIB, 64 * KIB)),
    ] {
        let pool = calibrating();
        // Spread, so that no order of theirs matters.
        for index in 0..1000 {
            write(&pool, if index % 100 < large { 50_000 } else { 200 });
        }
        pool.calibrate_now();
        assert_eq!(learned(&pool), expected, "{large} of 100");
    }
}

#[test]
fn an_outlier_in_more_than_a_hundred_is_forgotten_and_its_buffer_freed() {
    let pool = calibrating();
    for index in 0..2 * WINDOW {
        write(&pool, if index % 128 == 50 { 500_000 } else { 1000 });
    }
    assert_eq!(learned(&pool), (KIB, KIB));
    let before = class(&pool, MIB);
    // It grows, and is freed.
    write(&pool, 500_000);
    let after = class(&pool, MIB);
    assert_eq!((after.idle, before.idle), (0, 0));
    assert_conserved(&pool.stats());
    // Those at the threshold are kept.
    drop(pool.get(KIB));
    assert!(class(&pool, KIB).idle > 0);
}

#[test]
fn what_was_written_counts_and_not_what_is_left_at_the_return() {
    type Empty = fn(&mut PooledBuf);
    let ways: [Empty; 7] = [
        |buf| buf.clear(),
        |buf| buf.truncate(1),
        |buf| drop(buf.drain(..)),
        |buf| {
            let most = buf.len() - 5;
            buf.drain(..most);
        },
        |buf| drop(buf.split_off(3)),
        |buf| {
            buf.clear();
            buf.extend_from_slice(b"again");
            buf.clear();
        },
        |buf| buf.retain(|_| false),
    ];
    for (index, empty) in ways.into_iter().enumerate() {
        let pool = calibrating();
        for _ in 0..10 {
            let mut buf = pool.get_default();
            buf.resize(3000, 1);
            buf.resize(10_000, 2);
            empty(&mut buf);
        }
        pool.calibrate_now();
        assert_eq!(learned(&pool), (16 * KIB, 16 * KIB), "way {index}");
    }
}

#[test]
fn what_was_written_by_the_traits_of_the_guard_counts() {
    use std::io::Write;

    type Fill = fn(&mut PooledBuf);
    let ways: [Fill; 4] = [
        |buf| buf.write_all(&[1; 10_000]).expect("a buffer takes all"),
        |buf| <PooledBuf as Extend<u8>>::extend(buf, [1; 10_000]),
        |buf| <PooledBuf as Extend<&u8>>::extend(buf, &[1; 10_000]),
        |buf| std::io::copy(&mut &[1; 10_000][..], buf).map(drop).expect("a buffer takes all"),
    ];
    for (index, fill) in ways.into_iter().enumerate() {
        let pool = calibrating();
        for _ in 0..10 {
            let mut buf = pool.get_default();
            fill(&mut buf);
            buf.clear();
        }
        pool.calibrate_now();
        assert_eq!(learned(&pool), (16 * KIB, 16 * KIB), "way {index}");
    }
}

#[test]
fn buffers_that_are_frozen_attached_or_asked_for_in_zeroes_count_as_the_others() {
    let pool = calibrating();
    (0..10).for_each(|_| assert_eq!(pool.get_zeroed(5000).len(), 5000));
    pool.calibrate_now();
    assert_eq!(learned(&pool), (16 * KIB, 16 * KIB));
    (0..10).for_each(|_| assert_eq!(pool.attach(vec![1; 1000]).len(), 1000));
    pool.calibrate_now();
    assert_eq!(learned(&pool), (KIB, KIB));
    #[cfg(feature = "bytes")]
    {
        for _ in 0..10 {
            let mut buf = pool.get(10);
            buf.resize(100_000, 1);
            assert_eq!(buf.freeze().len(), 100_000);
        }
        pool.calibrate_now();
        assert_eq!(learned(&pool), (256 * KIB, 256 * KIB));
    }
}

#[test]
fn the_size_that_was_asked_for_is_not_what_counts() {
    let pool = calibrating();
    for _ in 0..100 {
        let mut buf = pool.get(100_000);
        buf.extend_from_slice(b"a few");
    }
    pool.calibrate_now();
    assert_eq!(learned(&pool), (64, 64));
}

#[test]
fn several_threads_are_learned_from_together() {
    let pool = Arc::new(calibrating());
    // One of four writes much: too much for the default, and not for the threshold.
    let run = |lens: [usize; 4], count: usize| {
        let workers = lens.map(|len| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || write_often(&pool, len, count))
        });
        workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
    };
    run([100, 100, 100, 100], WINDOW);
    assert_eq!(learned(&pool), (256, 256));
    run([10_000; 4], WINDOW);
    assert_eq!(learned(&pool), (16 * KIB, 16 * KIB));
    run([50; 4], WINDOW);
    assert_eq!(learned(&pool), (64, 64));
}

#[test]
fn a_thread_that_ends_leaves_what_it_noted() {
    let pool = Arc::new(calibrating());
    // None of them comes to a batch.
    for _ in 0..20 {
        let inside = Arc::clone(&pool);
        let worker = thread::spawn(move || write_often(&inside, 200, BATCH / 2));
        worker.join().expect("no panic");
    }
    assert_eq!(learned(&pool), (256, 256), "20 times 512 are a window");
    let inside = Arc::clone(&pool);
    thread::spawn(move || write_often(&inside, 20_000, BATCH)).join().expect("no panic");
    pool.calibrate_now();
    assert_eq!(learned(&pool).1, 64 * KIB);
}

#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
#[test]
fn a_size_that_is_asked_for_is_served_by_hits_whatever_is_written() {
    let pool = calibrating();
    for _ in 0..3 * WINDOW {
        pool.get(4 * KIB).extend_from_slice(b"hello");
    }
    assert_eq!(learned(&pool), (64, 64));
    // A window that ends frees what is idle just then.
    assert!(class(&pool, 4 * KIB).misses <= 4, "{:?}", class(&pool, 4 * KIB));
}

#[test]
fn a_threshold_that_falls_when_a_thread_ends_frees_what_is_idle_above_it() {
    let pool = Arc::new(calibrating());
    let idle = pool.prewarm(MIB, 3);
    assert_eq!(class(&pool, MIB).idle, idle as u64);
    for _ in 0..9 {
        let inside = Arc::clone(&pool);
        // One less than what a thread that goes on exchanges.
        let worker = thread::spawn(move || write_often(&inside, 50, BATCH - 1));
        worker.join().expect("no panic");
    }
    assert_eq!(learned(&pool), (64, 64));
    assert_eq!(class(&pool, MIB).idle, 0);
    assert_conserved(&pool.stats());
}

#[test]
fn a_threshold_that_falls_frees_what_is_idle_above_it() {
    let pool = calibrating();
    for size in LADDER {
        let bufs: Vec<_> = (0..4).map(|_| pool.get(size)).collect();
        drop(bufs);
    }
    assert_eq!(class(&pool, MIB).idle, 4);
    // More than the returns above, of which a hundredth is not to be forgotten.
    write_often(&pool, 1000, 4000);
    pool.calibrate_now();
    assert_eq!(learned(&pool), (KIB, KIB));
    for size in LADDER {
        assert_eq!(class(&pool, size).idle == 0, size > KIB, "{size}: {:?}", class(&pool, size));
    }
    assert_conserved(&pool.stats());
    // And those that rise keep it again.
    write_often(&pool, 500_000, 4000);
    pool.calibrate_now();
    assert_eq!(learned(&pool), (MIB, MIB));
    write(&pool, 500_000);
    assert!(class(&pool, MIB).idle > 0);
}

#[test]
fn the_default_buffer_is_an_idle_one_rather_than_a_new_one() {
    let pool = calibrating();
    // Two in a hundred are large: the default is small, and the threshold is not.
    for index in 0..1000 {
        write(&pool, if index % 50 == 0 { 10_000 } else { 100 });
    }
    pool.calibrate_now();
    assert_eq!(learned(&pool), (256, 16 * KIB));
    pool.clear();
    let large = pool.get(16 * KIB);
    let address = large.as_ptr();
    drop(large);
    let misses = pool.stats().total().misses;
    let first = pool.get_default();
    assert_eq!((first.as_ptr(), first.capacity()), (address, 16 * KIB));
    assert_eq!(pool.stats().total().misses, misses);
    // With none idle it is one of the default size, and that one is taken before a larger.
    let second = pool.get_default();
    assert_eq!((second.capacity(), pool.stats().total().misses), (256, misses + 1));
    drop((first, second));
    assert_eq!(pool.get_default().capacity(), 256);
    // One above the threshold is left alone.
    drop(pool.get(MIB));
    pool.clear();
    drop(pool.attach(Vec::with_capacity(300_000)));
    assert_eq!(pool.get_default().capacity(), 256);
}

#[test]
fn a_pool_of_one_size_has_nothing_to_learn() {
    let pool = BufferPool::builder().sizes([1000]).calibrate(true).build();
    for len in [1, 1000, 5000] {
        write_often(&pool, len, WINDOW);
        pool.calibrate_now();
        assert_eq!(learned(&pool), (1000, 1000));
    }
}

#[test]
fn a_pool_that_wipes_learns_as_well() {
    let pool = BufferPool::builder().calibrate(true).zeroize(true).build();
    write_often(&pool, 200, WINDOW);
    assert_eq!(learned(&pool), (256, 256));
    assert!(pool.get_zeroed(256).iter().all(|&byte| byte == 0));
}

#[test]
fn a_mixed_load_is_learned_to_the_class() {
    let pool = calibrating();
    let mut random = Random(7);
    // Up to 64 KiB: 8 in a hundred are above 16 KiB.
    for _ in 0..4 * WINDOW {
        write(&pool, random.log_uniform(16));
    }
    assert_eq!(learned(&pool), (16 * KIB, 64 * KIB));
    // Up to 8 KiB: 16 are above 1 KiB, and 4 above 4 KiB.
    for _ in 0..4 * WINDOW {
        write(&pool, random.log_uniform(13));
    }
    assert_eq!(learned(&pool), (4 * KIB, 16 * KIB));
}
