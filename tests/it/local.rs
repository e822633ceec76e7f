//! Pools of `local` types: one in each thread.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use poolable::{Poolable, Pooled, maintain, pools, trim_all};

use crate::allocations::allocations_in;
use crate::census::assert_conserved;
use crate::{alone, unwind, unwinds};

/// An object whose drop notes the thread that it happened on.
struct Bound {
    home: thread::ThreadId,
}

thread_local! {
    static DROPPED: Cell<usize> = const { Cell::new(0) };
}

impl Drop for Bound {
    fn drop(&mut self) {
        assert_eq!(self.home, thread::current().id(), "dropped on another thread");
        DROPPED.with(|dropped| dropped.set(dropped.get() + 1));
    }
}

fn bound() -> Rc<Bound> {
    Rc::new(Bound { home: thread::current().id() })
}

/// Types of the same kind for tests that count.
macro_rules! pages {
    ($($name:ident $([$($option:tt)*])?),*) => {
        $(
            #[derive(Poolable)]
            #[pool(local $(, $($option)*)?)]
            struct $name {
                #[pool(skip, init = bound())]
                home: Rc<Bound>,
                lines: RefCell<Vec<Rc<str>>>,
            }
        )*
    };
}

#[test]
fn objects_stay_with_their_thread_and_are_dropped_there() {
    pages!(Page);
    let work = |count: usize| {
        let pages: Vec<_> = (0..count).map(|_| Page::pooled()).collect();
        for page in &pages {
            assert_eq!(page.home.home, thread::current().id());
            page.lines.borrow_mut().push(Rc::from("line"));
        }
        drop(pages);
        assert!(Page::pooled().lines.borrow().is_empty());
    };
    for _ in 0..3 {
        thread::spawn(move || work(10)).join().expect("no panic");
    }
    work(3);
    let stats = Page::pool().stats();
    assert_eq!((stats.created, stats.idle, stats.discarded.total()), (33, 3, 30));
    assert_conserved(&stats);
}

#[test]
fn a_hit_allocates_nothing() {
    pages!(Page);
    drop(Page::pooled());
    assert_eq!(allocations_in(|| drop(Page::pooled())), 0);
}

#[test]
fn a_thread_keeps_as_many_as_its_cache_holds_and_no_more() {
    pages!(Page[cache = 5]);
    drop((0..8).map(|_| Page::pooled()).collect::<Vec<_>>());
    let stats = Page::pool().stats();
    assert_eq!((stats.idle, stats.discarded.full), (5, 3));
    // There is no depot to give a limit to.
    Page::pool().set_max_idle(100);
    drop((0..8).map(|_| Page::pooled()).collect::<Vec<_>>());
    assert_eq!(Page::pool().stats().idle, 5);
    Page::pool().set_max_idle(0);
    assert_eq!(Page::pool().stats().idle, 5);
}

#[test]
fn warm_objects_are_the_callers() {
    pages!(Page[cache = 5]);
    assert_eq!(Page::pool().prewarm(3), 3);
    assert_eq!(Page::pool().prewarm(10), 2);
    let pages: Vec<_> = (0..5).map(|_| Page::pooled()).collect();
    assert_eq!(Page::pool().stats().misses, 0);
    thread::spawn(|| assert_eq!(Page::pool().prewarm(2), 2)).join().expect("no panic");
    drop(pages);
    let stats = Page::pool().stats();
    assert_eq!((stats.created, stats.idle, stats.returned), (7, 5, 5));
    assert_conserved(&stats);
}

#[test]
fn warm_objects_may_be_born_with_more_than_an_even_share() {
    #[derive(Poolable)]
    #[pool(local, max_bytes = 64 << 10)]
    struct Buffer {
        #[pool(capacity = 4096)]
        bytes: Vec<u8>,
    }

    assert_eq!(Buffer::pool().prewarm(10), 10);
    let buffers: Vec<_> = (0..10).map(|_| Buffer::pooled()).collect();
    assert!(buffers.iter().all(|buffer| buffer.bytes.capacity() >= 4096));
    let stats = Buffer::pool().stats();
    assert_eq!((stats.misses, stats.created), (0, 10));
}

#[test]
fn a_clear_and_a_flush_free_the_callers_objects_alone() {
    pages!(Page);
    let (go, gone) = (mpsc::channel::<()>(), mpsc::channel::<()>());
    let other = thread::spawn(move || {
        Page::pool().prewarm(4);
        go.0.send(()).expect("the test waits");
        gone.1.recv().expect("the test goes on");
        let dropped = DROPPED.get();
        drop(Page::pooled());
        DROPPED.get() - dropped
    });
    go.1.recv().expect("the other thread is ready");
    Page::pool().prewarm(4);
    Page::pool().flush_thread_cache();
    assert_eq!(Page::pool().stats().idle, 4);
    Page::pool().prewarm(4);
    Page::pool().clear();
    assert_eq!(Page::pool().stats().idle, 4);
    gone.0.send(()).expect("the other thread waits");
    // The call has left a wish there, which its next visit fulfils.
    assert_eq!(other.join().expect("no panic"), 4);
    let stats = Page::pool().stats();
    assert_eq!((stats.idle, stats.in_use), (0, 0));
    assert_conserved(&stats);
}

#[test]
fn a_prewarm_fulfils_what_another_thread_wished_for() {
    pages!(Page);
    assert_eq!(Page::pool().prewarm(3), 3);
    thread::spawn(|| Page::pool().clear()).join().expect("no panic");
    assert_eq!(Page::pool().prewarm(2), 2);
    let stats = Page::pool().stats();
    assert_eq!((stats.idle, stats.discarded.explicit), (2, 3));
    assert_conserved(&stats);
}

#[test]
fn calls_for_the_whole_process_leave_a_wish() {
    alone(|| {
        pages!(Page);
        for call in [trim_all as fn(), maintain] {
            let (go, gone) = (mpsc::channel::<()>(), mpsc::channel::<()>());
            let other = thread::spawn(move || {
                Page::pool().prewarm(6);
                // Two are in use all the time.
                let mut left = Vec::new();
                for _ in 0..4 {
                    drop((Page::pooled(), Page::pooled()));
                    go.0.send(()).expect("the test waits");
                    gone.1.recv().expect("the test goes on");
                    left.push(Page::pool().stats().idle);
                }
                left
            });
            for _ in 0..4 {
                go.1.recv().expect("the other thread is ready");
                call();
                gone.0.send(()).expect("the other thread waits");
            }
            let left = other.join().expect("no panic");
            assert_eq!(left[0], 6, "nothing is done by another thread");
            assert_eq!(left[3], 2, "what two calls found unused is gone: {left:?}");
        }
        assert_eq!(Page::pool().stats().in_use, 0);
    });
}

#[test]
fn big_objects_are_kept_too() {
    #[derive(Poolable)]
    #[pool(local)]
    struct Big(Vec<u8>);

    Big::pooled().0.reserve_exact(900 << 10);
    assert_eq!(Big::pooled().0.capacity(), 900 << 10);
    Big::pooled().0.reserve_exact(2 << 20);
    assert_eq!(Big::pool().stats().discarded.oversize, 1);

    #[derive(Poolable)]
    #[pool(local)]
    struct Inline([[u64; 17]; 1024]);
    drop((0..2).map(|_| Box::new(Inline::pooled())).collect::<Vec<_>>());
    assert_eq!(Inline::pool().stats().idle, 2);
}

#[test]
fn a_thread_keeps_at_most_max_bytes() {
    #[derive(Poolable)]
    #[pool(local, max_bytes = 1 << 20)]
    struct Buffer(Vec<u8>);

    let buffers: Vec<_> = (0..40)
        .map(|_| {
            let mut buffer = Buffer::pooled();
            buffer.0.reserve_exact(100 << 10);
            buffer
        })
        .collect();
    drop(buffers);
    let stats = Buffer::pool().stats();
    assert!((5..=10).contains(&stats.idle), "{stats:?}");
    assert!(stats.bytes_idle <= 1 << 20, "{stats:?}");
    assert_conserved(&stats);
}

#[test]
fn without_a_cache_nothing_is_kept() {
    pages!(Page[cache = 0]);
    drop(Page::pooled());
    assert_eq!(Page::pool().prewarm(3), 0);
    let stats = Page::pool().stats();
    assert_eq!((stats.idle, stats.hits), (0, 0));
    assert_conserved(&stats);
}

#[test]
fn destructors_of_thread_locals_may_use_it() {
    pages!(Page);
    struct AtExit(RefCell<Option<Pooled<Page>>>);
    impl Drop for AtExit {
        fn drop(&mut self) {
            drop(self.0.take());
            drop((Page::pooled(), Page::pooled()));
        }
    }
    thread_local! {
        static EXIT: AtExit = const { AtExit(RefCell::new(None)) };
    }
    thread::spawn(|| EXIT.with(|exit| exit.0.replace(Some(Page::pooled())).is_none()))
        .join()
        .expect("no panic");
    thread::spawn(|| {
        drop(Page::pooled());
        EXIT.with(|exit| exit.0.replace(Some(Page::pooled())).is_none())
    })
    .join()
    .expect("no panic");
    let stats = Page::pool().stats();
    assert_eq!((stats.idle, stats.in_use), (0, 0));
    assert_conserved(&stats);
}

#[test]
fn instances_of_a_generic_type_may_be_local_and_borrow() {
    #[derive(Poolable)]
    #[pool(local, name = "views")]
    struct View<'a, T> {
        items: Vec<&'a T>,
        shared: Option<Rc<T>>,
    }

    let number = Rc::new(Cell::new(7));
    let mut view = View::pooled();
    view.items.push(&*number);
    view.items.reserve(30);
    view.shared = Some(Rc::clone(&number));
    let capacity = view.items.capacity();
    drop(view);
    assert_eq!(Rc::strong_count(&number), 1);
    assert_eq!(View::<Cell<i32>>::pooled().items.capacity(), capacity);
    let name = View::<Cell<i32>>::pool().name();
    assert!(name.starts_with("views<") && name.ends_with("Cell<i32>>"), "{name}");
    assert!(pools().iter().any(|pool| pool.name == name && pool.stats.created == 1));
}

#[test]
fn a_panic_of_a_reset_drops_the_object_on_its_thread() {
    fn fail(_: &mut u8) {
        unwind();
    }

    #[derive(Poolable)]
    #[pool(local)]
    struct Failing {
        #[pool(skip, init = bound())]
        _home: Rc<Bound>,
        #[pool(with = fail)]
        _fails: u8,
    }

    let dropped = DROPPED.get();
    assert!(unwinds(|| drop(Failing::pooled())));
    assert_eq!(DROPPED.get() - dropped, 1);
    assert_eq!(Failing::pool().stats().discarded.panic, 1);
}
