//! The calls on a pool.

use poolable::{Pool, Poolable, Pooled, pools};

#[test]
fn prewarmed_objects_serve_any_thread() {
    #[derive(Poolable)]
    struct Line(String);

    assert_eq!(Line::pool().prewarm(100), 100);
    let hits = std::thread::spawn(|| {
        let guards: Vec<_> = (0..100).map(|_| Line::pooled()).collect();
        assert!(guards.iter().all(|line| line.0.is_empty()));
        Line::pool().stats().misses
    });
    assert_eq!(hits.join().expect("no panic"), 0);
    let stats = Line::pool().stats();
    assert_eq!((stats.created, stats.hits, stats.misses, stats.idle), (100, 100, 0, 100));
}

#[test]
fn prewarm_stops_at_the_limits() {
    #[derive(Poolable)]
    #[pool(max_idle = 10)]
    struct Few(u8);

    #[derive(Poolable)]
    #[pool(max_object_bytes = 10)]
    struct TooBig([u8; 64]);

    assert_eq!((Few::pool().prewarm(7), Few::pool().prewarm(7)), (7, 3));
    assert_eq!(TooBig::pool().prewarm(5), 0);
    assert_eq!(TooBig::pool().stats().idle, 0);
}

#[test]
fn clear_frees_what_is_idle_and_leaves_what_is_in_use() {
    #[derive(Poolable)]
    struct Line(String);

    let kept = Line::pooled();
    let guards: Vec<_> = (0..200).map(|_| Line::pooled()).collect();
    drop(guards);
    // These are too few for a batch.
    assert_eq!(Line::pool().prewarm(5), 5);
    Line::pool().clear();
    let stats = Line::pool().stats();
    assert_eq!((stats.idle, stats.in_use, stats.discarded.explicit), (0, 1, 205));
    assert_eq!(stats.bytes_idle, 0);
    drop(kept);
    assert_eq!(Line::pool().stats().idle, 1);
}

#[test]
fn a_flushed_cache_is_there_for_other_threads() {
    #[derive(Poolable)]
    struct Line(String);

    let guards: Vec<_> = (0..10).map(|_| Line::pooled()).collect();
    drop(guards);
    Line::pool().flush_thread_cache();
    let other = std::thread::spawn(|| {
        let guards: Vec<_> = (0..10).map(|_| Line::pooled()).collect();
        guards.len()
    });
    assert_eq!(other.join().expect("no panic"), 10);
    assert_eq!(Line::pool().stats().misses, 10);
}

#[test]
fn idle_bytes_are_counted_at_exchanges() {
    #[derive(Poolable)]
    struct Buffer {
        #[pool(capacity = 1000)]
        bytes: Vec<u8>,
    }

    let each = (1000 + size_of::<Buffer>()) as u64;
    let bytes_idle = || Buffer::pool().stats().bytes_idle;
    assert_eq!(Buffer::pool().prewarm(64), 64);
    assert_eq!(bytes_idle(), 64 * each);
    let guards: Vec<_> = (0..100).map(|_| Buffer::pooled()).collect();
    assert_eq!((bytes_idle(), guards[0].bytes.capacity()), (0, 1000));
    // The cache of 64 was full at the 65th return, when half of it went, and at the 97th,
    // when all of it did. What it was given since is in no sum.
    drop(guards);
    assert_eq!(bytes_idle(), 96 * each);
    Buffer::pool().flush_thread_cache();
    assert_eq!(bytes_idle(), 100 * each);
    std::thread::spawn(|| drop(Buffer::pooled())).join().expect("no panic");
    assert_eq!(bytes_idle(), 100 * each);
}

#[test]
fn gets_and_returns_without_a_cache_are_counted() {
    #[derive(Poolable)]
    #[pool(cache = 0)]
    struct Line(String);

    for _ in 0..10 {
        assert_eq!(Line::pooled().0, "");
    }
    let stats = Line::pool().stats();
    assert_eq!((stats.hits, stats.misses, stats.returned), (9, 1, 10));
}

#[test]
fn an_unnamed_pool_is_called_after_its_type() {
    #[derive(Poolable)]
    struct r#Line(String);

    assert_eq!(r#Line::pool().name(), "it::pools::Line");
    let shown = format!("{:?}", Line::pool());
    assert!(shown.contains("it::pools::Line") && shown.contains("hits: 0"), "{shown}");
}

#[test]
fn types_of_one_layout_have_pools_of_their_own() {
    #[derive(Poolable)]
    struct Line(String);

    #[expect(clippy::upper_case_acronyms, reason = "differs from the other in its case alone")]
    #[derive(Poolable)]
    struct LINE(String);

    drop(Pooled::attach(Line(String::with_capacity(77))));
    assert_eq!(LINE::pooled().0.capacity(), 0);
    assert_eq!((Line::pool().stats().idle, LINE::pool().stats().misses), (1, 1));
    assert_eq!(Line::pooled().0.capacity(), 77);
}

#[test]
fn a_try_finds_what_is_idle_and_creates_nothing() {
    /// Its create tries, too.
    #[derive(Poolable)]
    #[pool(create = Self::new)]
    struct Line(String);

    impl Line {
        fn new() -> Self {
            assert!(Line::pool().try_get().is_none(), "nothing is idle");
            Self(String::new())
        }
    }

    let pool = Line::pool();
    assert!(pool.try_get().is_none());
    let mut line = Line::pooled();
    line.0.push('a');
    assert!(pool.try_get().is_none(), "it is in use");
    drop(line);
    let found = pool.try_get().expect("it is back");
    assert_eq!(found.0, "");
    assert!(pool.try_get().is_none());
    drop(found);

    // What another thread put into the depot is found.
    pool.clear();
    assert_eq!(std::thread::spawn(|| Line::pool().prewarm(1)).join().expect("no panic"), 1);
    let found: Vec<_> = std::iter::from_fn(|| pool.try_get()).collect();
    assert_eq!(found.len(), 1);
    drop(found);
    let stats = pool.stats();
    assert_eq!((stats.created, stats.misses, stats.hits, stats.gets()), (2, 1, 2, 3));
    assert_eq!((stats.returned, stats.idle, stats.in_use), (3, 1, 0));
}

#[test]
fn a_try_finds_objects_that_borrowed_and_those_of_one_thread() {
    #[derive(Poolable)]
    struct Words<'a>(Vec<&'a str>);

    #[derive(Poolable)]
    #[pool(local)]
    struct Shares(Vec<std::rc::Rc<u8>>);

    let text = String::from("to be");
    let mut words = Words::pooled();
    words.0.extend(text.split(' '));
    drop(words);
    let found: Pooled<Words<'static>> = Words::pool().try_get().expect("it is back");
    assert_eq!((found.0.len(), found.0.capacity() >= 2), (0, true));

    drop(Shares::pooled());
    assert!(Shares::pool().try_get().is_some());
    let is_elsewhere = std::thread::spawn(|| Shares::pool().try_get().is_some());
    assert!(!is_elsewhere.join().expect("no panic"));
}

#[test]
fn limits_are_those_that_hold_at_the_moment() {
    #[derive(Poolable)]
    #[pool(cache = 4, max_idle = 9, max_object_bytes = 300, max_bytes = 5000)]
    struct Given(u8);

    #[derive(Poolable)]
    #[pool(create = Self::new)]
    struct Big(Vec<u8>);

    impl Big {
        fn new() -> Self {
            Self(Vec::with_capacity(1 << 20))
        }
    }

    let limits = Given::pool().limits();
    assert_eq!((limits.cache, limits.max_idle), (4, 9));
    assert_eq!((limits.max_object_bytes, limits.max_bytes), (300, 5000));
    Given::pool().set_max_idle(2);
    assert_eq!(Given::pool().limits().max_idle, 2);

    assert_eq!(Big::pool().limits().max_object_bytes, 1 << 20);
    drop(Big::pooled());
    assert!(Big::pool().limits().max_object_bytes > 4 << 20);

    // A pool that nobody has used yet has some, too, and tells them no other way.
    let pool: Pool<String> = Pool::builder().name("never used").cache(3).max_bytes(77).build();
    let limits = pool.limits();
    assert_eq!((limits.cache, limits.max_idle, limits.max_bytes), (3, 1024, 77));
    assert!(pools().iter().all(|pool| pool.name != "never used"));
}

#[test]
fn the_pool_of_a_type_passes_a_panic_whatever_its_objects_are() {
    #[derive(Poolable)]
    struct Count(std::cell::Cell<u8>);

    let pool = Count::pool();
    let outcome = std::panic::catch_unwind(|| {
        pool.prewarm(1);
        let count = Count::pooled();
        count.0.set(1);
        crate::unwind();
    });
    assert!(outcome.is_err());
    let stats = pool.stats();
    assert_eq!((stats.hits, stats.idle, Count::pooled().0.get()), (1, 1, 0));
}
