//! Objects on their way between threads, and threads that end.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use poolable::{Poolable, Pooled, Reset};

#[test]
fn a_thread_that_ends_hands_its_cache_over() {
    #[derive(Poolable)]
    struct Line(String);

    for _ in 0..50 {
        let worker = thread::spawn(|| {
            let guards: Vec<_> = (0..10).map(|_| Line::pooled()).collect();
            drop(guards);
        });
        worker.join().expect("no panic");
    }
    let stats = Line::pool().stats();
    assert_eq!((stats.misses, stats.idle, stats.hits), (10, 10, 490));
}

#[test]
fn objects_dropped_on_another_thread_come_home() {
    #[derive(Poolable)]
    struct Message(Vec<u8>);

    let (send, receive) = mpsc::sync_channel::<Pooled<Message>>(16);
    let consumer =
        thread::spawn(move || receive.iter().map(|message| message.0.len()).sum::<usize>());
    for _ in 0..20_000 {
        let mut message = Message::pooled();
        message.0.extend([1; 10]);
        send.send(message).expect("the consumer lives");
    }
    drop(send);
    assert_eq!(consumer.join().expect("no panic"), 200_000);
    let stats = Message::pool().stats();
    assert_eq!((stats.returned, stats.in_use), (20_000, 0));
    // In flight, in the two caches, and a magazine each on the way.
    assert!(stats.created <= 16 + 2 + 2 * 64 + 2 * 32, "{stats:?}");
}

/// Runs `work` inside the destructor of a thread-local, in a thread of its own. With
/// `before`, the destructor was registered before the thread first met the pool.
fn in_destructor(before: bool, work: fn(), meet: fn()) {
    struct AtExit(fn());

    impl Drop for AtExit {
        fn drop(&mut self) {
            (self.0)();
        }
    }

    thread_local! {
        static EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
    }

    let worker = thread::spawn(move || {
        if !before {
            meet();
        }
        EXIT.set(Some(AtExit(work)));
        if before {
            meet();
        }
    });
    worker.join().expect("no panic");
}

#[test]
fn a_pool_works_inside_thread_local_destructors() {
    #[derive(Poolable)]
    struct Line(String);

    thread_local! {
        static KEPT: RefCell<Vec<Pooled<Line>>> = const { RefCell::new(Vec::new()) };
    }

    fn work() {
        let guards: Vec<_> = (0..100).map(|_| Line::pooled()).collect();
        assert!(guards.iter().all(|line| line.0.is_empty()));
        drop(guards);
        Line::pool().flush_thread_cache();
        drop(Line::pooled());
    }

    for before in [true, false] {
        in_destructor(before, work, || drop(Line::pooled()));
        in_destructor(before, work, || {});
        // Guards that live in a thread-local of the user's.
        in_destructor(before, work, || KEPT.with_borrow_mut(|kept| kept.push(Line::pooled())));
    }
    let stats = Line::pool().stats();
    assert_eq!((stats.in_use, stats.created), (0, stats.idle + stats.discarded.total()));
    assert_eq!(stats.created, 101, "{stats:?}");
}

#[test]
fn a_surplus_object_that_panics_at_a_threads_end_harms_nobody() {
    #[derive(Poolable)]
    #[pool(max_idle = 3)]
    struct Thing(Failing);

    struct Failing;

    impl Reset for Failing {
        fn blank() -> Self {
            Self
        }
        fn reset(&mut self) {}
    }

    impl Drop for Failing {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    }

    let worker = thread::spawn(|| {
        let guards: Vec<_> = (0..10).map(|_| Thing::pooled()).collect();
        drop(guards);
    });
    worker.join().expect("no panic");
    let stats = Thing::pool().stats();
    assert_eq!((stats.idle, stats.discarded.full, stats.created), (3, 7, 10));
}

#[test]
fn a_thread_that_panics_hands_its_cache_over_too() {
    #[derive(Poolable)]
    struct Line(String);

    let worker = thread::spawn(|| {
        let mut line = Line::pooled();
        line.0.push('x');
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(worker.join().is_err());
    assert_eq!(Line::pool().stats().idle, 1);
    assert!(catch_unwind(AssertUnwindSafe(|| Line::pooled().0.is_empty())).expect("no panic"));
}
