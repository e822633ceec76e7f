//! Which class serves which request.

use std::panic::catch_unwind;

use poolable::Stats;
use poolable::buffer::{BufferPool, PooledBuf};

use super::{KIB, LADDER, MIB, assert_conserved, class};

fn gets(stats: &Stats) -> u64 {
    stats.hits + stats.misses
}

/// How often each class was asked, and then how often none was.
fn asked(pool: &BufferPool) -> Vec<u64> {
    let stats = pool.stats();
    stats.classes.iter().map(|class| gets(&class.stats)).chain([stats.unpooled]).collect()
}

/// Asks for all sizes from one border of the ladder to the next, and demands of the counters
/// at each border that nobody but the class in between was asked.
fn assert_each_size_is_served_by_its_class(pool: &BufferPool, most: usize) {
    let sizes: Vec<usize> = pool.sizes().collect();
    let mut expected = vec![0; sizes.len() + 1];
    let mut next = 0;
    for (index, &size) in sizes.iter().enumerate() {
        let last = size.min(most);
        for capacity in next..=last {
            let buf = pool.get(capacity);
            assert!(buf.is_empty(), "{capacity}");
            assert!(buf.capacity() >= size, "{capacity}: {}", buf.capacity());
        }
        expected[index] = (last + 1 - next) as u64;
        assert_eq!(asked(pool), expected, "{next}..={last}");
        next = last + 1;
    }
    // Above, each get is an allocation. That takes its time, and so some of the sizes are
    // only asked whose they are.
    for capacity in next..=most {
        if capacity < next + 100 || capacity % 997 == 0 || capacity == most {
            let buf = pool.get(capacity);
            assert!(buf.is_empty() && buf.capacity() >= capacity, "{}", buf.capacity());
            expected[sizes.len()] += 1;
        }
        assert_eq!(pool.prewarm(capacity, 1), 0, "{capacity}");
    }
    assert_eq!(asked(pool), expected, "above the ladder");
    let stats = pool.stats();
    assert_eq!(stats.total().in_use, 0);
    assert_conserved(&stats);
}

#[test]
fn each_size_up_to_two_mebibytes_is_served_by_the_smallest_class_that_covers_it() {
    let pool = BufferPool::new();
    assert!(pool.sizes().eq(LADDER));
    assert_each_size_is_served_by_its_class(&pool, 2 * MIB);
}

#[test]
fn each_size_is_served_by_the_three_classes_of_a_tiered_pool() {
    for pool in [BufferPool::tiered(), BufferPool::builder().tiered().build()] {
        assert!(pool.sizes().eq([KIB, 8 * KIB, 64 * KIB]));
        assert_each_size_is_served_by_its_class(&pool, 100_000);
    }
}

#[test]
fn sizes_need_not_be_powers_of_two_nor_far_apart() {
    let ladders: [&[usize]; 7] = [
        &[1],
        &[1, 2, 3],
        &[100],
        &[65, 100, 127],
        &[1025, 1026, 1500, 2000, 2047, 2048, 2049],
        &[7, 1000, 1001, 9999],
        &[2, 4, 8, 16, 32, 33, 1 << 13],
    ];
    for ladder in ladders {
        let pool = BufferPool::builder().sizes(ladder.iter().copied()).build();
        assert!(pool.sizes().eq(ladder.iter().copied()), "{ladder:?}");
        assert_each_size_is_served_by_its_class(&pool, 20_000);
    }
}

#[test]
fn a_ladder_has_up_to_sixty_four_sizes() {
    let thirds = (1..=64).map(|index| index * 37);
    let pool = BufferPool::builder().sizes(thirds.clone()).build();
    assert!(pool.sizes().eq(thirds));
    assert_eq!(pool.sizes().len(), 64);
    assert_each_size_is_served_by_its_class(&pool, 3000);

    // One for each bit, but for the last, which no buffer can have.
    let powers = (0..63).map(|bit| 1_usize << bit);
    let pool = BufferPool::builder().sizes(powers.clone()).build();
    assert!(pool.sizes().eq(powers));
    assert_each_size_is_served_by_its_class(&pool, 5000);
}

#[test]
fn sizes_may_come_in_any_order_and_twice() {
    let pool = BufferPool::builder().sizes([4096, 64, 1024, 64, 4096, 4096]).build();
    let mut sizes = pool.sizes();
    assert_eq!((sizes.len(), sizes.next(), sizes.len()), (3, Some(64), 2));
    assert!(sizes.eq([1024, 4096]));
    let stats = pool.stats();
    assert!(stats.classes.iter().map(|class| class.size).eq([64, 1024, 4096]));
    // The doubles do not count among the sixty-four.
    let doubled = (0..200).map(|index| 1 + index % 64);
    assert_eq!(BufferPool::builder().sizes(doubled).build().sizes().len(), 64);
}

#[test]
fn the_last_ladder_that_is_given_is_the_one_that_counts() {
    let pool = BufferPool::builder().tiered().sizes([10, 20]).build();
    assert!(pool.sizes().eq([10, 20]));
    let pool = BufferPool::builder().sizes([10, 20]).tiered().build();
    assert!(pool.sizes().eq([KIB, 8 * KIB, 64 * KIB]));
    assert!(BufferPool::builder().build().sizes().eq(LADDER));
}

#[test]
fn ladders_of_nothing_of_no_size_and_of_too_many_are_refused() {
    type Sizes = fn() -> Vec<usize>;
    let bad: [Sizes; 5] =
        [Vec::new, || vec![0], || vec![0, 64], || vec![64, 1024, 0], || (1..=65).collect()];
    for sizes in bad {
        let built = catch_unwind(|| drop(BufferPool::builder().sizes(sizes()).build()));
        let payload = built.expect_err("it was refused");
        let told = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|told| (*told).to_owned()));
        assert!(told.is_some_and(|told| told.contains("size")), "{:?}", sizes());
    }
}

#[test]
fn a_size_that_no_buffer_can_have_is_refused() {
    let build = || BufferPool::builder().sizes([64, isize::MAX as usize + 1]).build();
    let Err(refused) = catch_unwind(build) else { panic!("it was built") };
    let message = refused.downcast_ref::<String>().expect("a message");
    assert!(message.contains("is more than any buffer can hold"), "{message}");
    let largest = BufferPool::builder().sizes([64, isize::MAX as usize]).build();
    assert!(largest.get(10).capacity() >= 64);
}

#[test]
fn what_no_vec_can_hold_is_refused_as_by_vec() {
    let pool = BufferPool::new();
    for capacity in [isize::MAX as usize + 1, usize::MAX] {
        let attempt = |get: &dyn Fn() -> PooledBuf| {
            assert!(catch_unwind(std::panic::AssertUnwindSafe(|| drop(get()))).is_err());
        };
        attempt(&|| pool.get(capacity));
        attempt(&|| pool.get_zeroed(capacity));
        attempt(&|| PooledBuf::with_capacity(capacity));
    }
    assert_eq!(pool.stats().total().in_use, 0);
    assert_conserved(&pool.stats());
    assert!(pool.get(1).capacity() >= 64);
}

#[test]
fn the_default_pool_of_the_process_has_the_usual_ladder_and_a_name() {
    let global = BufferPool::global();
    assert!(std::ptr::eq(global, BufferPool::global()));
    assert!(global.sizes().eq(LADDER));
    assert_eq!(global.name(), "buffers");
    // Other tests may ask, too.
    let before = gets(&class(global, 16 * KIB));
    assert!(PooledBuf::with_capacity(5000).capacity() >= 16 * KIB);
    assert!(gets(&class(global, 16 * KIB)) > before);
    let before = gets(&class(global, 64));
    assert!(PooledBuf::default().is_empty() && PooledBuf::default().capacity() >= 64);
    assert!(gets(&class(global, 64)) >= before + 2);
}

#[test]
fn pools_made_in_any_way_work() {
    static IN_A_STATIC: BufferPool = BufferPool::new();
    static TIERED: BufferPool = BufferPool::tiered();

    let boxed = Box::new(BufferPool::default());
    let named = BufferPool::builder().name("some").build();
    let owned = BufferPool::builder().name(String::from("other")).build();
    assert_eq!((named.name(), owned.name()), ("some", "other"));
    assert!(!IN_A_STATIC.name().is_empty() && !boxed.name().is_empty());
    for pool in [&IN_A_STATIC, &TIERED, &boxed, &named, &owned] {
        let smallest = pool.sizes().next().expect("there is one");
        for _ in 0..100 {
            let mut buf = pool.get(10);
            assert!(buf.is_empty() && buf.capacity() >= smallest);
            buf.extend_from_slice(b"some bytes");
        }
        assert_eq!(gets(&class(pool, smallest)), 100);
        assert_conserved(&pool.stats());
    }
    // It may move while its buffers are out.
    let buf = boxed.get(10);
    let moved = *boxed;
    drop(buf);
    assert_eq!(class(&moved, 64).in_use, 0);
    assert!(format!("{moved:?}").contains("BufferPool"), "{moved:?}");
}

#[test]
fn the_default_size_is_four_kibibytes_or_what_comes_next_to_it() {
    let default_size = |sizes: &[usize]| {
        let pool = BufferPool::builder().sizes(sizes.iter().copied()).build();
        assert_eq!(pool.drop_threshold(), *sizes.iter().max().expect("there is one"));
        let buf = pool.get_default();
        assert!(buf.is_empty() && buf.capacity() >= pool.default_size());
        assert_eq!(gets(&class(&pool, pool.default_size())), 1);
        pool.default_size()
    };
    assert_eq!(default_size(&LADDER), 4 * KIB);
    assert_eq!(default_size(&[KIB, 8 * KIB, 64 * KIB]), 8 * KIB);
    assert_eq!(default_size(&[10, 20, 30]), 30);
    assert_eq!(default_size(&[100, 4095, 4097]), 4097);
    assert_eq!(default_size(&[100, 4096, 4097]), 4096);
    assert_eq!(default_size(&[1 << 20]), 1 << 20);
}
