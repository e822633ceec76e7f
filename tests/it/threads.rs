//! Objects on their way between threads, and threads that end.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use poolable::{Poolable, Pooled, Reset};

use crate::allocations::allocations_in;
use crate::unwind;

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
    // In flight, in the two caches, and a batch each on the way.
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
            unwind();
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
        unwind();
    });
    assert!(worker.join().is_err());
    assert_eq!(Line::pool().stats().idle, 1);
    assert!(catch_unwind(AssertUnwindSafe(|| Line::pooled().0.is_empty())).expect("no panic"));
}

#[test]
fn a_thread_hands_over_the_caches_of_all_its_pools() {
    #[derive(Poolable)]
    struct One(u8);
    #[derive(Poolable)]
    struct Two(u8);
    #[derive(Poolable)]
    struct Three(u8);

    let worker = thread::spawn(|| (One::pooled().0, Two::pooled().0, Three::pooled().0));
    assert_eq!(worker.join().expect("no panic"), (0, 0, 0));
    drop((One::pooled(), Two::pooled(), Three::pooled()));
    let misses = [One::pool().stats(), Two::pool().stats(), Three::pool().stats()];
    assert_eq!(misses.map(|stats| stats.misses), [1, 1, 1]);
}

#[test]
fn a_thread_takes_over_the_cache_of_one_that_has_ended() {
    #[derive(Poolable)]
    struct Line(String);

    let visit = || {
        let worker = thread::spawn(|| allocations_in(|| assert_eq!(Line::pooled().0, "")));
        worker.join().expect("no panic")
    };
    assert!(visit() > 2, "the first thread makes the cache and the object");
    // A thread's list of its caches is its own.
    assert_eq!((0..1000).map(|_| visit()).max(), Some(1));
}

#[test]
fn an_ending_thread_leaves_the_cache_that_it_gave_back_alone() {
    #[derive(Poolable)]
    struct Line(String);

    /// Runs after the caches have been given back, since the destructor was registered
    /// before the first of them was claimed.
    fn late() {
        // Another thread takes the cache over, and keeps it.
        let (ready, is_ready) = mpsc::channel();
        let (done, is_done) = mpsc::channel::<()>();
        let owner = thread::spawn(move || {
            drop(Line::pooled());
            ready.send(()).expect("the test waits");
            is_done.recv().expect_err("nothing is ever sent");
        });
        is_ready.recv().expect("the owner lives");
        // What is returned here must go to the depot, for a third thread to find.
        drop(Pooled::attach(Line(String::with_capacity(999))));
        let third = thread::spawn(|| Line::pooled().0.capacity());
        assert_eq!(third.join().expect("no panic"), 999);
        drop(done);
        owner.join().expect("no panic");
    }

    in_destructor(true, late, || drop(Line::pooled()));
    assert_eq!(Line::pool().stats().in_use, 0);
}
