//! Pooled objects that hold pooled objects: long lists, wide trees, circles of types.
//!
//! Each test runs on a thread whose stack would hold but a small part of its objects, if
//! every return had to wait for the one of the object inside.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use poolable::{Poolable, Pooled, Reset, RetainOption, RetainVec, Stats};

use crate::census::assert_conserved;
use crate::{unwind, unwinds};

const LONG: u64 = 1_000_000;

/// Enough for 64 returns that nest, without optimisation too, and far too little for one
/// more for each of a million objects.
const STACK: usize = 256 << 10;

/// Runs a test on a small stack.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK).spawn(work).expect("a thread");
    thread.join().expect("no assertion failed");
}

/// All that were made are at home or freed.
#[track_caller]
fn assert_home(stats: &Stats) {
    assert_eq!(stats.in_use, 0, "{stats:?}");
    let gone = stats.idle + stats.detached + stats.discarded.total();
    assert_eq!(stats.created + stats.attached, gone, "{stats:?}");
}

/// A list whose elements panic on their way home if they are told to.
macro_rules! list {
    ($name:ident) => {
        #[derive(Poolable)]
        #[pool(max_idle = 2_000_000, max_bytes = 1 << 30)]
        struct $name {
            #[pool(with = fail_if_armed)]
            armed: bool,
            number: u64,
            next: Option<Pooled<$name>>,
        }

        impl $name {
            fn list(len: u64) -> Option<Pooled<Self>> {
                let mut next = None;
                for number in 0..len {
                    let mut node = Self::pooled();
                    assert!(node.next.is_none() && node.number == 0);
                    (node.number, node.next) = (number, next);
                    next = Some(node);
                }
                next
            }
        }
    };
}

fn fail_if_armed(armed: &mut bool) {
    if *armed {
        unwind();
    }
}

#[test]
fn a_list_of_a_million_goes_home() {
    list!(Node);
    on_a_small_stack(|| {
        for _ in 0..2 {
            drop(Node::list(LONG));
            assert_eq!(Node::pool().stats().returned % LONG, 0);
            assert_home(&Node::pool().stats());
        }
        let stats = Node::pool().stats();
        assert_eq!((stats.idle, stats.hits + stats.misses), (LONG, 2 * LONG));
    });
}

#[test]
fn a_list_of_a_million_goes_home_while_a_panic_unwinds() {
    list!(Node);
    on_a_small_stack(|| {
        assert!(unwinds(|| {
            let _list = Node::list(LONG);
            unwind();
        }));
        let stats = Node::pool().stats();
        assert_eq!((stats.idle, stats.returned, stats.discarded.total()), (LONG, LONG, 0));
        assert_home(&stats);
    });
}

#[test]
fn a_panic_in_the_middle_of_a_list_costs_those_whose_reset_it_left() {
    list!(Node);
    for place in [0, 1, 63, 64, 65, 127, 5_000, 9_998, 9_999] {
        on_a_small_stack(move || {
            let before = Node::pool().stats();
            let mut list = Node::list(10_000);
            let mut node = &mut list;
            for _ in 0..place {
                node = &mut node.as_mut().expect("the list is longer").next;
            }
            node.as_mut().expect("the list is longer").armed = true;
            assert!(unwinds(|| drop(list)));
            let stats = Node::pool().stats();
            assert_home(&stats);
            // The panic passes through the resets of those that hold the one that panics.
            let lost = stats.discarded.panic - before.discarded.panic;
            assert!((1..=64).contains(&lost), "{lost} of 10000, at {place}");
            assert_eq!(stats.returned - before.returned, 10_000);
            // The next list nests, waits and comes home as the first would have.
            drop(Node::list(10_000));
            assert_eq!(Node::pool().stats().discarded, stats.discarded);
            assert_home(&Node::pool().stats());
        });
    }
}

#[test]
fn a_panic_of_one_that_waits_does_not_keep_the_others_from_home() {
    #[derive(Poolable)]
    #[pool(max_idle = 2_000_000)]
    struct Node {
        #[pool(with = fail_if_armed)]
        armed: bool,
        inner: Vec<Pooled<Node>>,
    }

    for place in [0, 1, 500, 999] {
        on_a_small_stack(move || {
            let before = Node::pool().stats();
            let mut root = Node::pooled();
            root.inner.extend((0..1_000).map(|_| Node::pooled()));
            root.inner[place].armed = true;
            // So deep that all the thousand wait.
            for _ in 0..100 {
                let mut above = Node::pooled();
                above.inner.push(root);
                root = above;
            }
            assert!(unwinds(|| drop(root)));
            let stats = Node::pool().stats();
            assert_home(&stats);
            assert_eq!(stats.returned - before.returned, 1_101);
            let lost = stats.discarded.panic - before.discarded.panic;
            assert!((1..=64).contains(&lost), "{lost}");
        });
    }
}

#[test]
fn a_list_behind_an_alias_goes_home() {
    type Link = Option<Pooled<Node>>;

    #[derive(Poolable)]
    #[pool(max_idle = 2_000_000, max_bytes = 1 << 30)]
    struct Node(Link);

    on_a_small_stack(|| {
        let list = (0..LONG).fold(None, |next, _| {
            let mut node = Node::pooled();
            node.0 = next;
            Some(node)
        });
        drop(list);
        assert_eq!(Node::pool().stats().idle, LONG);
        assert_home(&Node::pool().stats());
    });
}

#[test]
fn a_list_behind_a_nested_type_goes_home() {
    #[derive(Reset)]
    struct Links {
        next: Option<Box<Held>>,
    }

    struct Held(Pooled<Node>);

    #[derive(Poolable)]
    #[pool(max_idle = 2_000_000, max_bytes = 1 << 30)]
    struct Node {
        links: Links,
    }

    on_a_small_stack(|| {
        let list = (0..LONG).fold(None, |next, _| {
            let mut node = Node::pooled();
            node.links.next = next.map(|next| Box::new(Held(next)));
            Some(node)
        });
        let first = list.as_ref().and_then(|node| node.links.next.as_ref());
        assert!(first.is_some_and(|held| held.0.links.next.is_some()));
        drop(list);
        assert_eq!(Node::pool().stats().idle, LONG);
        assert_home(&Node::pool().stats());
    });
}

#[test]
fn types_that_hold_each_other_go_home() {
    #[derive(Poolable)]
    #[pool(max_idle = 2_000_000, max_bytes = 1 << 30)]
    struct Left(Option<Pooled<Right>>);

    #[derive(Poolable)]
    #[pool(max_idle = 2_000_000, max_bytes = 1 << 30)]
    struct Right(Option<Pooled<Left>>);

    on_a_small_stack(|| {
        let list = (0..LONG / 2).fold(None, |next, _| {
            let (mut left, mut right) = (Left::pooled(), Right::pooled());
            left.0 = next;
            right.0 = Some(left);
            Some(right)
        });
        drop(list);
        assert_eq!(Right::pool().stats().returned, LONG / 2);
        assert_eq!(Left::pool().stats().returned, LONG / 2);
        assert_home(&Left::pool().stats());
        assert_home(&Right::pool().stats());
    });
}

#[test]
fn lists_of_a_generic_type_go_home_each_to_its_own_pool() {
    #[derive(Poolable)]
    #[pool(max_idle = 2_000_000, max_bytes = 1 << 30)]
    struct Node<T: Reset + Send + 'static> {
        value: T,
        next: Option<Pooled<Node<T>>>,
    }

    fn list<T: Reset + Clone + Send + 'static>(value: &T, len: u64) -> Option<Pooled<Node<T>>> {
        (0..len).fold(None, |next, _| {
            let mut node = Node::<T>::pooled();
            (node.value, node.next) = (value.clone(), next);
            Some(node)
        })
    }

    on_a_small_stack(|| {
        drop((list(&7_u64, LONG), list(&String::from("seven"), LONG / 10)));
        let stats = [Node::<u64>::pool().stats(), Node::<String>::pool().stats()];
        assert_eq!(stats.map(|stats| stats.returned), [LONG, LONG / 10]);
        assert_home(&stats[0]);
        assert_home(&stats[1]);
    });
}

#[test]
fn a_list_of_a_type_bound_to_its_thread_goes_home() {
    #[derive(Poolable)]
    #[pool(local)]
    struct Node {
        mark: Option<Rc<()>>,
        next: Option<Pooled<Node>>,
    }

    on_a_small_stack(|| {
        let mark = Rc::new(());
        let list = (0..LONG).fold(None, |next, _| {
            let mut node = Node::pooled();
            (node.mark, node.next) = (Some(Rc::clone(&mark)), next);
            Some(node)
        });
        drop(list);
        assert_eq!(Rc::strong_count(&mark), 1);
        assert_eq!(Node::pool().stats().returned, LONG);
        assert_home(&Node::pool().stats());
    });
}

#[test]
fn what_a_borrowing_object_holds_goes_home_and_itself_is_never_put_off() {
    #[derive(Poolable)]
    struct Note(Option<Pooled<Note>>);

    #[derive(Poolable)]
    struct Parsed<'a> {
        text: &'a str,
        notes: Vec<Pooled<Note>>,
    }

    on_a_small_stack(|| {
        const { assert!(!<Parsed<'_> as Poolable>::__NESTS) };
        let text = String::from("borrowed");
        let mut parsed = Parsed::pooled();
        parsed.text = &text;
        let list = (0..LONG / 10).fold(Note::pooled(), |next, _| {
            let mut note = Note::pooled();
            note.0 = Some(next);
            note
        });
        parsed.notes.push(list);
        drop(parsed);
        assert_eq!(Parsed::pool().stats().in_use, 0);
        assert_eq!(Note::pool().stats().returned, LONG / 10 + 1);
        assert_home(&Note::pool().stats());
    });
}

#[test]
fn a_wide_tree_below_a_long_trunk_goes_home() {
    #[derive(Poolable)]
    #[pool(max_idle = 2_000_000, max_bytes = 1 << 30)]
    struct Node(Vec<Pooled<Node>>);

    fn tree(depth: u32, width: usize) -> Pooled<Node> {
        let mut node = Node::pooled();
        if depth > 0 {
            node.0.extend((0..width).map(|_| tree(depth - 1, width)));
        }
        node
    }

    on_a_small_stack(|| {
        let mut root = tree(3, 40);
        for _ in 0..200 {
            let mut above = Node::pooled();
            above.0.push(tree(1, 500));
            above.0.push(root);
            root = above;
        }
        drop(root);
        let made = 1 + 40 + 40 * 40 + 40 * 40 * 40 + 200 * 502;
        assert_eq!(Node::pool().stats().returned, made);
        assert_home(&Node::pool().stats());
    });
}

#[test]
fn a_list_that_a_thread_leaves_behind_goes_home() {
    list!(Node);
    thread_local! {
        static LEFT: RefCell<Option<Pooled<Node>>> = const { RefCell::new(None) };
        static LATER: RefCell<Option<Pooled<Node>>> = const { RefCell::new(None) };
    }

    on_a_small_stack(|| {
        // One before the thread's caches are made, the other after.
        LEFT.with_borrow_mut(|left| assert!(left.is_none()));
        let list = Node::list(LONG / 2);
        LATER.with_borrow_mut(|later| *later = Node::list(LONG / 2));
        LEFT.with_borrow_mut(|left| *left = list);
    });
    let stats = Node::pool().stats();
    assert_eq!((stats.returned, stats.idle), (LONG, LONG));
    assert_home(&stats);
}

#[test]
fn what_a_discarded_or_detached_head_holds_goes_home() {
    list!(Node);
    on_a_small_stack(|| {
        Pooled::discard(Node::list(LONG).expect("a head"));
        let stats = Node::pool().stats();
        assert_eq!((stats.idle, stats.discarded.explicit), (LONG - 1, 1));
        let head = Pooled::into_inner(Node::list(LONG).expect("a head"));
        assert_eq!(head.number, LONG - 1);
        drop(head);
        let stats = Node::pool().stats();
        assert_eq!((stats.returned, stats.detached), (2 * LONG - 2, 1));
        assert_home(&stats);
        Node::pool().flush_thread_cache();
        Node::pool().clear();
        assert_eq!(Node::pool().stats().idle, 0);
    });
}

#[test]
fn objects_that_fail_their_check_do_not_nest_without_a_bound() {
    #[derive(Poolable)]
    #[pool(validate = Self::never)]
    struct Node(Option<Pooled<Node>>);

    impl Node {
        fn never(&self) -> bool {
            false
        }
    }

    on_a_small_stack(|| {
        let list = (0..LONG).fold(None, |next, _| {
            let mut node = Node::pooled();
            node.0 = next;
            Some(node)
        });
        drop(list);
        let stats = Node::pool().stats();
        assert_eq!((stats.discarded.invalid, stats.returned), (LONG, LONG));
        assert_home(&stats);
    });
}

#[test]
fn a_reset_that_gets_and_returns_lists_of_its_own_finds_its_way() {
    thread_local! {
        static SPAWNS: Cell<u32> = const { Cell::new(0) };
    }

    #[derive(Poolable)]
    #[pool(max_idle = 2_000_000)]
    struct Node {
        #[pool(with = Self::spawn)]
        spawns: bool,
        next: Option<Pooled<Node>>,
    }

    impl Node {
        fn list(len: u32, spawns: bool) -> Option<Pooled<Self>> {
            (0..len).fold(None, |next, _| {
                let mut node = Self::pooled();
                assert!(node.next.is_none() && !node.spawns);
                (node.spawns, node.next) = (spawns, next);
                Some(node)
            })
        }

        fn spawn(spawns: &mut bool) {
            if std::mem::take(spawns) {
                SPAWNS.set(SPAWNS.get() + 1);
                drop(Self::list(200, false));
            }
        }
    }

    on_a_small_stack(|| {
        drop(Node::list(1_000, true));
        assert_eq!(SPAWNS.get(), 1_000);
        assert_eq!(Node::pool().stats().returned, 1_000 + 1_000 * 200);
        assert_home(&Node::pool().stats());
    });
}

#[test]
fn a_list_goes_home_on_the_thread_that_drops_it() {
    list!(Node);
    let (send, receive) = mpsc::channel();
    on_a_small_stack(move || send.send(Node::list(LONG / 10)).expect("a receiver"));
    on_a_small_stack(move || drop(receive.recv().expect("a list")));
    let stats = Node::pool().stats();
    assert_eq!((stats.returned, stats.idle), (LONG / 10, LONG / 10));
    assert_home(&stats);
}

#[test]
fn all_is_home_when_the_outermost_return_is_over_and_the_next_starts_anew() {
    list!(Node);
    on_a_small_stack(|| {
        for len in [1, 63, 64, 65, 66, 127, 128, 129, 193] {
            for _ in 0..3 {
                drop(Node::list(len));
                assert_eq!(Node::pool().stats().in_use, 0);
            }
        }
        assert_eq!(Node::pool().stats().created, 193);
    });
}

#[test]
fn types_that_cannot_nest_do_not_count_their_returns() {
    #[derive(Poolable)]
    struct Plain(Vec<u8>, Option<Box<str>>);

    #[derive(Reset)]
    struct Key([u8; 16]);

    // Its name says nothing, but it has nothing to drop.
    #[derive(Poolable)]
    struct Keyed(String, Key);

    #[derive(Poolable)]
    struct Node(Option<Pooled<Plain>>);

    #[derive(Poolable)]
    struct Batch<T, const N: usize>(Vec<T>, [u8; N]);

    let nests = [
        <Plain as Poolable>::__NESTS,
        <Keyed as Poolable>::__NESTS,
        <Batch<u64, 8> as Poolable>::__NESTS,
        <Node as Poolable>::__NESTS,
        <Batch<Pooled<Plain>, 8> as Poolable>::__NESTS,
    ];
    assert_eq!(nests, [false, false, false, true, true]);
    let (plain, keyed) = (Plain::pooled(), Keyed::pooled());
    assert!(plain.0.is_empty() && plain.1.is_none() && keyed.0.is_empty() && keyed.1.0 == [0; 16]);
    assert!(Node::pooled().0.is_none());
    let batch = Batch::<u64, 8>::pooled();
    assert!(batch.0.is_empty() && batch.1 == [0; 8]);
}

#[test]
fn a_long_chain_of_kept_guards_does_not_overflow_the_stack() {
    #[derive(Poolable)]
    struct Kept {
        next: RetainOption<Pooled<Kept>>,
        list: RetainVec<Pooled<Kept>>,
    }

    thread::Builder::new()
        .stack_size(512 << 10)
        .spawn(|| {
            for in_list in [false, true] {
                let mut head = Kept::pooled();
                for _ in 0..100_000 {
                    let mut longer = Kept::pooled();
                    if in_list {
                        longer.list.push(head);
                    } else {
                        longer.next.insert(head);
                    }
                    head = longer;
                }
                drop(head);
            }
        })
        .expect("a thread")
        .join()
        .expect("no panic");
    let stats = Kept::pool().stats();
    assert_conserved(&stats);
    // What is kept is kept in pieces, each of which no return has to go down far.
    drop((0..100).map(|_| Kept::pooled()).collect::<Vec<_>>());
}
