//! Objects that several users share.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use poolable::{Poolable, Pooled, Shared};

use crate::allocations::allocations_in;
use crate::{unwind, unwinds};

#[test]
fn a_frame_broadcast_to_a_hundred_subscribers_comes_home_once() {
    #[derive(Poolable)]
    struct Frame(Vec<u8>);

    const THREADS: usize = 5;
    const FRAMES: u64 = 200;

    let (queues, workers): (Vec<_>, Vec<_>) = (0..THREADS)
        .map(|_| {
            let (send, receive) = mpsc::sync_channel::<Shared<Frame>>(32);
            (send, thread::spawn(move || receive.iter().map(|frame| frame.0.len()).sum::<usize>()))
        })
        .unzip();
    for _ in 0..FRAMES {
        let mut frame = Frame::pooled();
        frame.0.extend([7; 10]);
        let frame = Pooled::share(frame);
        for subscriber in 0..100 {
            queues[subscriber % THREADS].send(frame.clone()).expect("the worker lives");
        }
    }
    drop(queues);
    let received: usize = workers.into_iter().map(|worker| worker.join().expect("no panic")).sum();
    assert_eq!(received, FRAMES as usize * 100 * 10);
    let stats = Frame::pool().stats();
    assert_eq!((stats.returned, stats.in_use), (FRAMES, 0), "{stats:?}");
    assert_eq!(stats.created, stats.idle + stats.discarded.total());
    assert!(Frame::pooled().0.is_empty());
}

#[test]
fn to_share_and_to_clone_allocates_nothing() {
    #[derive(Poolable)]
    struct Frame(Vec<u8>);

    assert_eq!(size_of::<Shared<Frame>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Shared<Frame>>>(), size_of::<usize>());
    let mut subscribers = Vec::with_capacity(100);
    drop(Frame::pooled());
    let broadcast = allocations_in(|| {
        let frame = Pooled::share(Frame::pooled());
        subscribers.extend((0..100).map(|_| frame.clone()));
        drop(frame);
        subscribers.clear();
    });
    assert_eq!((broadcast, Frame::pool().stats().returned), (0, 2));
}

#[test]
fn the_last_handle_alone_resets_and_returns() {
    #[derive(Poolable)]
    struct Frame(String);

    let mut frame = Frame::pooled();
    frame.0.push_str("to all");
    let place = frame.0.as_ptr();
    let first = Shared::from(frame);
    let second = first.clone();
    let third = second.clone();
    assert_eq!(Shared::count(&second), 3);
    drop(first);
    drop(third);
    assert_eq!((second.0.as_str(), Shared::count(&second)), ("to all", 1));
    assert_eq!(Frame::pool().stats().returned, 0);
    drop(second);
    let stats = Frame::pool().stats();
    assert_eq!((stats.returned, stats.idle, stats.in_use), (1, 1, 0));
    let frame = Frame::pooled();
    assert_eq!((frame.0.as_str(), frame.0.as_ptr()), ("", place));
}

#[test]
fn an_object_changes_through_its_only_handle() {
    #[derive(Poolable)]
    struct Frame(Vec<u8>);

    let mut frame = Pooled::share(Frame::pooled());
    Shared::get_mut(&mut frame).expect("the only one").0.push(1);
    let other = frame.clone();
    assert!(Shared::get_mut(&mut frame).is_none());
    drop(other);
    Shared::get_mut(&mut frame).expect("the only one again").0.push(2);
    assert_eq!(frame.0, [1, 2]);
}

#[test]
fn the_only_handle_becomes_a_guard_again() {
    #[derive(Poolable)]
    struct Frame(Vec<u8>);

    let mut frame = Frame::pooled();
    frame.0.push(1);
    let frame = Pooled::share(frame);
    let other = frame.clone();
    let Err(frame) = Shared::try_unshare(frame) else { panic!("there is another") };
    assert_eq!(Shared::count(&frame), 2);
    drop(frame);
    let Ok(mut frame) = Shared::try_unshare(other) else { panic!("there is no other") };
    frame.0.push(2);
    assert_eq!((frame.0.as_slice(), Frame::pool().stats().returned), ([1, 2].as_slice(), 0));
    drop(frame);
    // All that a guard can do, after one round as a shared one.
    let frame = Shared::try_unshare(Pooled::share(Frame::pooled()));
    let value: Frame = Pooled::into_inner(frame.ok().expect("the only one"));
    assert!(value.0.is_empty());
    let Some(frame) = Shared::try_unshare(Pooled::share(Pooled::attach(value))).ok() else {
        panic!("the only one")
    };
    Pooled::discard(frame);
    let stats = Frame::pool().stats();
    assert_eq!((stats.returned, stats.detached, stats.attached), (1, 1, 1));
    assert_eq!((stats.discarded.explicit, stats.idle, stats.in_use), (1, 0, 0));
}

#[test]
fn a_count_leaves_no_trace_in_what_the_pool_weighs() {
    #[derive(Poolable)]
    #[pool(max_object_bytes = 4096)]
    struct Frame(Vec<u8>);

    let mut frame = Frame::pooled();
    frame.0.reserve_exact(1000);
    let frame = Pooled::share(frame);
    let handles: Vec<_> = (0..300).map(|_| frame.clone()).collect();
    drop((frame, handles));
    Frame::pool().flush_thread_cache();
    let stats = Frame::pool().stats();
    assert_eq!((stats.idle, stats.bytes_idle), (1, 1000 + size_of::<Frame>() as u64));
    // Idle at one trim, shared, and idle at the next one: it is not old.
    Frame::pool().trim();
    drop(Pooled::share(Frame::pooled()));
    Frame::pool().trim();
    assert_eq!(Frame::pool().stats().idle, 1);
    Frame::pool().trim();
    assert_eq!(Frame::pool().stats().idle, 0);
}

#[test]
fn handles_compare_and_show_as_their_objects() {
    #[derive(Poolable, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Word(String);

    impl std::fmt::Display for Word {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt(f)
        }
    }

    impl AsRef<str> for Word {
        fn as_ref(&self) -> &str {
            &self.0
        }
    }

    let word = |text: &str| Pooled::share(Pooled::attach(Word(text.to_owned())));
    let (a, b) = (word("a"), word("b"));
    assert!(a < b && a == word("a") && a != b);
    assert_eq!((format!("{a}"), format!("{a:?}")), ("a".to_owned(), "Word(\"a\")".to_owned()));
    assert_eq!(<Shared<Word> as AsRef<str>>::as_ref(&b), "b");
    assert!(Shared::ptr_eq(&a, &a.clone()) && !Shared::ptr_eq(&a, &word("a")));
    let mut set = HashSet::from([a.clone(), b.clone(), word("a")]);
    assert_eq!(set.len(), 2);
    assert!(set.remove(&Word("b".to_owned())));
    assert_eq!([b, a].iter().max().map(|word| word.0.as_str()), Some("b"));
}

#[test]
fn a_reset_that_panics_at_the_last_handle_drops_the_object_once() {
    #[derive(Poolable)]
    struct Frame {
        #[pool(with = Self::fail)]
        armed: bool,
        owned: Option<Arc<()>>,
    }

    impl Frame {
        fn fail(armed: &mut bool) {
            if *armed {
                unwind();
            }
        }
    }

    let owned = Arc::new(());
    let mut frame = Frame::pooled();
    frame.armed = true;
    frame.owned = Some(owned.clone());
    let frame = Pooled::share(frame);
    let other = frame.clone();
    drop(frame);
    assert_eq!(Arc::strong_count(&owned), 2);
    assert!(unwinds(|| drop(other)));
    assert_eq!(Arc::strong_count(&owned), 1);
    let stats = Frame::pool().stats();
    assert_eq!((stats.discarded.panic, stats.returned, stats.in_use), (1, 1, 0));
    assert!(!Frame::pooled().armed && Frame::pooled().owned.is_none());
}

#[test]
fn handles_dropped_while_unwinding_bring_the_object_home() {
    #[derive(Poolable)]
    struct Frame(String);

    assert!(unwinds(|| {
        let mut frame = Frame::pooled();
        frame.0.push_str("half");
        let frame = Pooled::share(frame);
        let _other = frame.clone();
        unwind();
    }));
    let stats = Frame::pool().stats();
    assert_eq!((stats.returned, stats.idle), (1, 1));
    assert_eq!(Frame::pooled().0, "");
}

#[test]
fn the_last_handle_may_drop_on_another_thread() {
    #[derive(Poolable)]
    struct Frame(String);

    let mut frame = Frame::pooled();
    frame.0.push_str("sent");
    let frame = Pooled::share(frame);
    let other = frame.clone();
    let met = Arc::new(Barrier::new(2));
    let worker = {
        let met = met.clone();
        thread::spawn(move || {
            met.wait();
            assert_eq!((other.0.as_str(), Shared::count(&other)), ("sent", 1));
        })
    };
    drop(frame);
    met.wait();
    worker.join().expect("no panic");
    // The cache of the other thread went to the depot, where this one finds the object.
    assert_eq!(Frame::pooled().0, "");
    let stats = Frame::pool().stats();
    assert_eq!((stats.created, stats.hits), (1, 1));
}

#[test]
fn handles_may_drop_in_a_thread_locals_destructor() {
    #[derive(Poolable)]
    struct Frame(String);

    thread_local! {
        static KEPT: RefCell<Option<Shared<Frame>>> = const { RefCell::new(None) };
    }

    for pool_first in [true, false] {
        let last = thread::spawn(move || {
            if pool_first {
                drop(Frame::pooled());
            }
            // Registers the destructor, before or after that of the caches.
            KEPT.set(None);
            let mut frame = Frame::pooled();
            frame.0.push_str("kept");
            let frame = Pooled::share(frame);
            KEPT.set(Some(frame.clone()));
            frame
        });
        let frame = last.join().expect("no panic");
        assert_eq!((frame.0.as_str(), Shared::count(&frame)), ("kept", 1));
        let worker = thread::spawn(move || KEPT.set(Some(frame)));
        worker.join().expect("no panic");
        assert_eq!(Frame::pool().stats().in_use, 0);
    }
    let stats = Frame::pool().stats();
    assert_eq!(stats.created, stats.idle + stats.discarded.total());
}

#[test]
fn a_handle_inside_a_pooled_object_is_let_go_when_that_returns() {
    #[derive(Poolable)]
    struct Frame(String);

    #[derive(Poolable)]
    struct Outbox {
        last: Option<Shared<Frame>>,
        queue: Vec<Shared<Frame>>,
    }

    let frame = Pooled::share(Frame::pooled());
    let mut outbox = Outbox::pooled();
    outbox.last = Some(frame.clone());
    outbox.queue.extend([frame.clone(), frame.clone()]);
    assert_eq!(Shared::count(&frame), 4);
    drop(frame);
    assert_eq!(Frame::pool().stats().returned, 0);
    drop(outbox);
    assert_eq!((Frame::pool().stats().returned, Outbox::pool().stats().idle), (1, 1));
}

#[test]
fn a_value_that_is_made_only_once_may_be_made_through_any_handle() {
    #[derive(Poolable)]
    struct Frame {
        encoded: std::sync::OnceLock<String>,
    }

    let frame = Pooled::share(Frame::pooled());
    let workers: Vec<_> = (0..4)
        .map(|number| {
            let frame = frame.clone();
            thread::spawn(move || frame.encoded.get_or_init(|| number.to_string()).clone())
        })
        .collect();
    let told: HashSet<_> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    assert_eq!(told, HashSet::from([frame.encoded.get().expect("it was made").clone()]));
    drop(frame);
    assert_eq!(Frame::pooled().encoded.get(), None);
}

#[test]
fn an_object_that_borrows_is_shared_within_the_life_of_its_source() {
    #[derive(Poolable)]
    struct Words<'a>(Vec<&'a str>);

    let capacity = {
        let line = String::from("of a short life");
        let mut words = Words::pooled();
        words.0.extend(line.split(' '));
        let capacity = words.0.capacity();
        let words = Pooled::share(words);
        let lengths = thread::scope(|scope| {
            let other = words.clone();
            let worker = scope.spawn(move || other.0.len());
            (words.0.len(), worker.join().expect("no panic"))
        });
        assert_eq!(lengths, (4, 4));
        capacity
    };
    let words = Words::pooled();
    assert_eq!((words.0.len(), words.0.capacity()), (0, capacity));
}

#[test]
fn a_long_chain_of_shared_objects_comes_home_on_a_small_stack() {
    #[derive(Poolable)]
    struct Node {
        number: u32,
        next: Option<Shared<Node>>,
    }

    const NODES: u32 = 100_000;

    let worker = thread::Builder::new().stack_size(512 * 1024).spawn(|| {
        let mut head = None;
        for number in 0..NODES {
            let mut node = Node::pooled();
            node.number = number;
            node.next = head.take();
            head = Some(Pooled::share(node));
        }
        // One more handle in the middle, so that the chain goes in two parts.
        let kept = {
            let mut node = head.clone().expect("it was made");
            while node.number > NODES / 2 {
                node = node.next.clone().expect("there are more");
            }
            node
        };
        drop(head);
        assert_eq!(Node::pool().stats().in_use, u64::from(NODES / 2) + 1);
        drop(kept);
    });
    worker.expect("a thread").join().expect("no panic");
    let stats = Node::pool().stats();
    assert_eq!((stats.returned, stats.in_use), (u64::from(NODES), 0));
    assert_eq!(stats.created, stats.idle + stats.discarded.total());
}
