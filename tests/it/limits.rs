//! Memory is bounded: by default, and by what the user says.

use poolable::{Poolable, Pooled};

fn burst<T: Poolable>(count: usize) {
    let guards: Vec<Pooled<T>> = (0..count).map(|_| T::pooled()).collect();
    drop(guards);
}

#[test]
fn a_thread_and_the_depot_keep_what_their_limits_say() {
    #[derive(Poolable)]
    #[pool(cache = 8, max_idle = 20)]
    struct Small(u8);

    burst::<Small>(100);
    let stats = Small::pool().stats();
    assert_eq!(stats.idle, 28);
    assert_eq!(stats.discarded.full, 72);
}

#[test]
fn the_default_limits_are_finite() {
    #[derive(Poolable)]
    struct Plain(u8);

    burst::<Plain>(5000);
    let stats = Plain::pool().stats();
    assert!(stats.idle <= 64 + 1024, "{stats:?}");
    assert!(stats.idle >= 1024, "{stats:?}");
}

#[test]
fn limits_of_zero_keep_nothing() {
    #[derive(Poolable)]
    #[pool(cache = 0, max_idle = 0)]
    struct Unkept(u8);

    #[derive(Poolable)]
    #[pool(cache = 0)]
    struct Uncached(u8);

    #[derive(Poolable)]
    #[pool(max_idle = 0, cache = 2)]
    struct NoDepot(u8);

    #[derive(Poolable)]
    #[pool(max_object_bytes = 0)]
    struct NothingFits(u8);

    burst::<Unkept>(10);
    assert_eq!((Unkept::pool().stats().idle, Unkept::pool().stats().discarded.full), (0, 10));
    assert_eq!(Unkept::pool().prewarm(10), 0);

    burst::<Uncached>(10);
    burst::<Uncached>(10);
    assert_eq!((Uncached::pool().stats().idle, Uncached::pool().stats().misses), (10, 10));

    burst::<NoDepot>(10);
    assert_eq!(NoDepot::pool().stats().idle, 2);

    burst::<NothingFits>(10);
    assert_eq!(NothingFits::pool().stats().discarded.oversize, 10);
}

#[test]
fn a_cache_of_one_and_limits_without_end_work() {
    #[derive(Poolable)]
    #[pool(cache = 1)]
    struct One(u8);

    #[derive(Poolable)]
    #[pool(max_idle = usize::MAX, max_object_bytes = usize::MAX, cache = 1000)]
    struct Endless(Vec<u8>);

    for _ in 0..3 {
        burst::<One>(50);
    }
    assert_eq!((One::pool().stats().idle, One::pool().stats().misses), (50, 50));

    for _ in 0..3 {
        burst::<Endless>(5000);
    }
    assert_eq!((Endless::pool().stats().idle, Endless::pool().stats().misses), (5000, 5000));
}

#[test]
fn a_bloated_object_is_let_go() {
    #[derive(Poolable)]
    struct Buffer(Vec<u8>);

    #[derive(Poolable)]
    #[pool(max_object_bytes = 1000)]
    struct Tight(Vec<u8>);

    let mut buffer = Buffer::pooled();
    buffer.0.reserve(256 << 20);
    drop(buffer);
    assert_eq!(Buffer::pool().stats().discarded.oversize, 1);

    // The limit counts the object itself, too.
    let fitting = 1000 - size_of::<Tight>();
    for (capacity, discarded) in [(fitting, 0), (fitting + 1, 1)] {
        drop(Pooled::attach(Tight(Vec::with_capacity(capacity))));
        assert_eq!(Tight::pool().stats().discarded.oversize, discarded, "{capacity}");
    }
}

#[test]
fn objects_that_are_born_large_are_kept() {
    const LARGE: usize = 3 << 20;

    #[derive(Poolable)]
    struct Frame {
        #[pool(capacity = LARGE)]
        pixels: Vec<u8>,
    }

    for _ in 0..3 {
        let mut frame = Frame::pooled();
        frame.pixels.reserve(2 * LARGE);
    }
    assert_eq!((Frame::pool().stats().misses, Frame::pool().stats().idle), (1, 1));
    let mut frame = Frame::pooled();
    frame.pixels.reserve_exact(5 * LARGE);
    drop(frame);
    assert_eq!(Frame::pool().stats().discarded.oversize, 1);
}

#[test]
fn large_objects_are_kept_by_the_depot_and_never_by_a_thread() {
    #[derive(Poolable)]
    struct Buffer(Vec<u8>);

    let mut buffer = Buffer::pooled();
    buffer.0.reserve(500 << 10);
    let place = buffer.0.as_ptr().addr();
    drop(buffer);
    let elsewhere = std::thread::spawn(|| Buffer::pooled().0.as_ptr().addr());
    assert_eq!(elsewhere.join().expect("no panic"), place);
}

#[test]
fn a_field_that_is_not_reset_counts_for_the_limit_all_the_same() {
    #[derive(Poolable)]
    #[pool(max_object_bytes = 4096)]
    struct Cached {
        #[pool(skip)]
        kept: Vec<u8>,
    }

    let mut cached = Cached::pooled();
    cached.kept.reserve(8192);
    drop(cached);
    assert_eq!(Cached::pool().stats().discarded.oversize, 1);
}

#[test]
fn an_object_is_measured_after_its_reset() {
    #[derive(Poolable)]
    #[pool(max_object_bytes = 1000)]
    struct Buffer {
        #[pool(max_capacity = 100)]
        bytes: Vec<u8>,
    }

    let mut buffer = Buffer::pooled();
    buffer.bytes.resize(10_000, 1);
    drop(buffer);
    let stats = Buffer::pool().stats();
    assert_eq!((stats.idle, stats.discarded.total()), (1, 0));
    assert_eq!(Buffer::pooled().bytes.capacity(), 100);
}

#[test]
fn a_thread_keeps_fewer_of_large_types() {
    #[derive(Poolable)]
    #[pool(max_idle = 0)]
    struct Page([u8; 100 << 10]);

    burst::<Page>(20);
    assert_eq!(Page::pool().stats().idle, 10, "1 MiB for each thread");
    assert_eq!(Page::pooled().0[0], 0);
}

#[test]
fn large_prewarmed_objects_are_not_gathered_by_the_first_thread_that_comes() {
    #[derive(Poolable)]
    struct Frame {
        #[pool(capacity = 200 << 10)]
        pixels: Vec<u8>,
    }

    assert_eq!(Frame::pool().prewarm(40), 40);
    drop(Frame::pooled());
    let other = std::thread::spawn(|| {
        let frames: Vec<_> = (0..40).map(|_| Frame::pooled()).collect();
        frames.iter().all(|frame| frame.pixels.is_empty())
    });
    assert!(other.join().expect("no panic"));
    assert_eq!(Frame::pool().stats().misses, 0);
}

#[test]
fn a_cache_without_end_is_a_large_one() {
    #[derive(Poolable)]
    #[pool(cache = usize::MAX, max_idle = 0)]
    struct Line(String);

    burst::<Line>(2000);
    assert_eq!(Line::pool().stats().idle, 2000);
    assert_eq!(Line::pooled().0, "");
}

#[test]
fn a_large_object_on_its_way_leaves_the_caches_as_they_are() {
    #[derive(Poolable)]
    struct Block {
        #[pool(capacity = 1024)]
        bytes: Vec<u8>,
    }

    let mut small: Vec<_> = (0..40).map(|_| Block::pooled()).collect();
    let last = small.pop();
    drop(small);
    let mut large = Block::pooled();
    large.bytes.reserve_exact(500 << 10);
    let held = (large.bytes.capacity() + size_of::<Block>()) as u64;
    drop((large, last));
    let stats = Block::pool().stats();
    // What the depot has been given: the large one alone.
    assert_eq!((stats.idle, stats.bytes_idle, stats.created), (40, held, 40));
}
