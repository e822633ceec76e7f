//! `poolable::testing::assert_none_outstanding`: which objects count, and for how long.
//!
//! Each test has types of its own, or pools, but for those that show that tests which share
//! them do not disturb each other.

use std::any::Any;
use std::cell::RefCell;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use poolable::testing::{NoneOutstanding, assert_none_outstanding};
use poolable::{Pool, Poolable, Pooled, PooledMap, PooledOwned, PooledRef, RetainVec, Shared};

use crate::unwind;

/// What a check says; nothing, if it passes.
fn said(guard: &NoneOutstanding) -> Option<String> {
    let checked = catch_unwind(AssertUnwindSafe(|| guard.check()));
    checked.err().map(|panic| *panic.downcast::<String>().expect("a message"))
}

/// How many objects a check says are out.
fn out(guard: &NoneOutstanding) -> usize {
    said(guard).map_or(0, |message| message.lines().count() - 1)
}

#[derive(Poolable)]
#[pool(name = "lines of all tests")]
struct Line(String);

/// A line, and what gets an object there.
type Getter = (u32, Box<dyn Fn() -> Box<dyn Any>>);

macro_rules! getters {
    ($($get:expr),+ $(,)?) => {
        [$((line!(), Box::new(|| Box::new($get) as Box<dyn Any>) as Box<dyn Fn() -> Box<dyn Any>>)),+]
    };
}

#[test]
fn every_way_to_get_an_object_is_followed_and_named() {
    static POOL: Pool<String> = Pool::new(String::new);

    fn generic<T: Poolable + 'static>() -> Vec<Getter> {
        let pooled = line!() + 1;
        vec![(pooled, Box::new(|| Box::new(T::pooled())))]
    }

    let owner = Box::leak(Box::new(Arc::new(Pool::new(String::new))));
    let owner: &'static Arc<Pool<String>> = owner;
    let mut getters: Vec<Getter> = Vec::new();
    getters.extend(getters!(Line::pooled()));
    getters.extend(getters!(<Line as Poolable>::pooled()));
    getters.extend(generic::<Line>());
    getters.extend(getters!(Pooled::<Line>::default()));
    getters.extend(getters!(Pooled::attach(Line(String::new()))));
    getters.extend(getters!(Pooled::from(Line(String::new()))));
    getters.extend(getters!(POOL.get()));
    getters.extend(getters!(POOL.attach(String::new())));
    getters.extend(getters!(owner.get_owned()));
    getters.extend(getters!(owner.attach_owned(String::new())));
    #[cfg(feature = "buffer")]
    {
        use poolable::buffer::{BufferPool, PooledBuf};

        static BUFFERS: BufferPool = BufferPool::new();
        getters.extend(getters!(BUFFERS.get(100)));
        getters.extend(getters!(BUFFERS.get_zeroed(100)));
        getters.extend(getters!(BUFFERS.get_default()));
        getters.extend(getters!(BUFFERS.get(3 << 20)));
        getters.extend(getters!(BUFFERS.attach(Vec::with_capacity(5_000))));
        getters.extend(getters!(PooledBuf::with_capacity(10)));
        getters.extend(getters!(PooledBuf::default()));
    }
    #[cfg(feature = "json")]
    {
        use poolable::json::{self, Options};

        // It moves to a larger buffer on the way.
        const LONG: &[u8] = &[7; 2_000];
        getters.extend(getters!(json::from_slice::<Number>(b"1").unwrap()));
        getters.extend(getters!(json::from_reader::<Number, _>(&b"1"[..]).unwrap()));
        getters.extend(getters!(json::to_buf(&1).unwrap()));
        getters.extend(getters!(json::to_buf(LONG).unwrap()));
        getters.extend(getters!(json::to_buf_pretty(LONG, "", " ").unwrap()));
        getters.extend(getters!(json::to_line(&1).unwrap()));
        getters.extend(getters!(json::to_bytes(LONG).unwrap()));
        getters.extend(getters!(Options::default().to_line(LONG).unwrap()));
        getters.extend(getters!(Options::default().to_bytes(&1).unwrap()));
    }

    // From a create, from the hot place, from the array behind it, and from the depot.
    for round in 0..3 {
        for (line, get) in &getters {
            let kept = [get(), get()];
            drop(kept);
            let guard = assert_none_outstanding();
            let kept = [get(), get(), get()];
            let message = said(&guard).unwrap_or_else(|| panic!("line {line}, round {round}"));
            let place = format!("got at {}:{line}:", file!());
            assert_eq!(message.matches(&place).count(), 3, "round {round}: {message}");
            drop(kept);
            assert_eq!(said(&guard), None, "line {line}, round {round}");
        }
        POOL.flush_thread_cache();
        Line::pool().flush_thread_cache();
    }

    // It creates none.
    let guard = assert_none_outstanding();
    let tried = POOL.try_get();
    assert_eq!(out(&guard), usize::from(tried.is_some()));
    drop(tried);
    let tried = Line::pool().try_get();
    assert_eq!(out(&guard), usize::from(tried.is_some()));
    drop(tried);
}

#[cfg(feature = "json")]
#[derive(Poolable, serde::Deserialize)]
struct Number(u32);

#[test]
fn a_message_names_the_pool_and_the_test() {
    let pool: Pool<String> = Pool::builder().name("a\nname").build();
    let guard = assert_none_outstanding();
    let kept: Vec<_> = (0..22).map(|_| pool.get()).collect();
    let message = said(&guard).expect("they are out");
    let lines: Vec<_> = message.lines().collect();
    let head = format!("22 pooled objects are outstanding, got since {}:", file!());
    assert!(lines[0].starts_with(&head), "{message}");
    assert!(lines[1].starts_with(&format!("  a\\nname: got at {}:", file!())), "{message}");
    assert_eq!((lines.len(), lines[21]), (22, "  and 2 more"));
    drop(kept);
    guard.check();
}

#[test]
fn a_guard_that_goes_panics_unless_a_panic_is_under_way() {
    let guard = assert_none_outstanding();
    let kept = Line::pooled();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(guard))).is_err());
    // What is not back was the guard's that is gone.
    assert_none_outstanding().check();
    let outcome = catch_unwind(|| {
        let _guard = assert_none_outstanding();
        mem::forget(Line::pooled());
        unwind();
    });
    let payload = outcome.expect_err("it unwinds");
    assert_eq!(payload.downcast_ref(), Some(&"on purpose"));
    drop(kept);
}

#[test]
fn objects_from_before_and_of_other_threads_do_not_count() {
    let before = Line::pooled();
    let guard = assert_none_outstanding();
    let elsewhere = thread::spawn(Line::pooled).join().expect("no panic");
    assert_eq!(said(&guard), None);
    drop((before, elsewhere));
}

#[test]
fn objects_of_a_thread_that_is_followed_count() {
    let guard = assert_none_outstanding();
    let tracker = guard.tracker();
    let (send, received) = mpsc::channel();
    let worker = thread::spawn(move || {
        let following = tracker.follow();
        send.send(Line::pooled()).expect("the test waits");
        drop(following);
        send.send(Line::pooled()).expect("the test waits");
    });
    let lines: Vec<_> = received.iter().collect();
    worker.join().expect("no panic");
    assert_eq!((lines.len(), out(&guard)), (2, 1));
    // Wherever they are dropped.
    thread::spawn(move || drop(lines)).join().expect("no panic");
    assert_eq!(out(&guard), 0);
}

#[test]
fn a_tracker_outlives_its_guard_and_follows_nobody_then() {
    let tracker = assert_none_outstanding().tracker();
    let guard = assert_none_outstanding();
    let following = tracker.follow();
    let line = Line::pooled();
    assert_eq!(out(&guard), 0);
    drop(following);
    drop(line);
    mem::forget(Line::pooled());
    assert_eq!(out(&guard), 1);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(guard))).is_err());
}

#[test]
fn the_last_of_several_guards_follows() {
    let outer = assert_none_outstanding();
    let first = Line::pooled();
    let inner = assert_none_outstanding();
    let second = Line::pooled();
    assert_eq!((out(&outer), out(&inner)), (1, 1));
    drop(second);
    drop(inner);
    let third = Line::pooled();
    assert_eq!(out(&outer), 2);
    drop((first, third));
    outer.check();

    // The other way round, the inner one goes on.
    let (outer, inner) = (assert_none_outstanding(), assert_none_outstanding());
    drop(outer);
    let line = Line::pooled();
    assert_eq!(out(&inner), 1);
    drop(line);
}

#[test]
fn what_is_detached_or_freed_is_not_outstanding() {
    #[derive(Poolable)]
    #[pool(validate = Self::is_sound)]
    struct Fragile {
        #[pool(with = Self::reset_state)]
        state: u8,
    }

    impl Fragile {
        fn is_sound(&self) -> bool {
            self.state != 1
        }

        fn reset_state(state: &mut u8) {
            if *state == 2 {
                unwind();
            }
            *state = 0;
        }
    }

    let guard = assert_none_outstanding();
    let pool = Arc::new(Pool::new(String::new));
    drop(Pooled::into_inner(Line::pooled()));
    Pooled::leak(Line::pooled()).0.push('a');
    Pooled::discard(Line::pooled());
    drop(PooledRef::into_inner(pool.get()));
    PooledRef::discard(pool.get());
    PooledRef::leak(pool.get()).push('a');
    drop(PooledOwned::into_inner(pool.get_owned()));
    PooledOwned::discard(pool.get_owned());
    PooledOwned::leak(pool.get_owned()).push('a');
    Fragile::pooled().state = 1;
    let broken = catch_unwind(|| Fragile::pooled().state = 2);
    assert!(broken.is_err());
    #[cfg(feature = "buffer")]
    {
        use poolable::buffer::{BufferPool, PooledBuf};

        let pool = BufferPool::new();
        drop(PooledBuf::into_inner(pool.get(10)));
        PooledBuf::discard(pool.get(10));
        let orphan = pool.get(10);
        drop(pool);
        assert_eq!(out(&guard), 1);
        drop(orphan);
    }
    assert_eq!(said(&guard), None);
}

#[test]
fn an_object_that_is_forgotten_stays_outstanding_and_its_pool_may_go() {
    let guard = assert_none_outstanding();
    let pool: Pool<String> = Pool::builder().name("short-lived").build();
    let other = Pool::new(String::new);
    mem::forget(pool.get());
    let (mut first, mut second) = (other.get(), other.get());
    mem::swap(&mut first, &mut second);
    drop(first);
    assert_eq!(out(&guard), 2);
    drop(second);
    drop((pool, other));
    let message = said(&guard).expect("it is lost");
    assert!(message.contains("\n  short-lived: got at"), "{message}");
    assert!(catch_unwind(AssertUnwindSafe(|| drop(guard))).is_err());
}

#[test]
fn the_pool_of_an_owned_guard_may_go_with_it() {
    let guard = assert_none_outstanding();
    let pool = Arc::new(Pool::new(String::new));
    let kept: PooledOwned<String> = pool.get_owned();
    drop((pool.get_owned(), pool.get_owned()));
    drop(pool);
    assert_eq!(out(&guard), 1);
    drop(kept);
    guard.check();
}

#[test]
fn shared_objects_are_followed_until_the_last_handle_is_gone() {
    let guard = assert_none_outstanding();
    let first = Pooled::share(Line::pooled());
    let second = first.clone();
    assert_eq!(out(&guard), 1);
    drop(first);
    assert_eq!(out(&guard), 1);
    let worker = thread::spawn(move || drop(second));
    worker.join().expect("no panic");
    assert_eq!(out(&guard), 0);

    let mut only = Pooled::share(Line::pooled());
    Shared::get_mut(&mut only).expect("the only one").0.push('a');
    let line = Shared::try_unshare(only).unwrap_or_else(|_| panic!("the only one"));
    assert_eq!(out(&guard), 1);
    let again: Shared<Line> = line.into();
    assert_eq!(out(&guard), 1);
    let line = Shared::try_unshare(again).unwrap_or_else(|_| panic!("the only one"));
    drop(line);
    assert_eq!(out(&guard), 0);

    // A slot that was shared and is back says nothing of the next get, nor of its handles.
    let unfollowed = thread::spawn(|| Pooled::share(Line::pooled()));
    let unfollowed = unfollowed.join().expect("no panic");
    let lines = [Pooled::share(Line::pooled()), Pooled::share(Line::pooled())];
    drop(lines);
    assert_eq!(out(&guard), 0);
    drop(unfollowed);
}

#[test]
fn a_part_is_followed_until_the_whole_is_back() {
    let guard = assert_none_outstanding();
    let part: PooledMap<Line, String> = Pooled::map(Line::pooled(), |line| &mut line.0);
    assert_eq!(out(&guard), 1);
    drop(part);
    guard.check();
}

#[test]
fn objects_inside_of_others_are_followed_until_the_outer_one_is_back() {
    #[derive(Poolable)]
    struct Outer {
        always: Pooled<Line>,
        perhaps: Option<Pooled<Line>>,
        many: Vec<Pooled<Line>>,
        kept: RetainVec<Pooled<Line>>,
        #[pool(default)]
        new: Pooled<Line>,
        shared: Option<Shared<Line>>,
    }

    for _round in 0..3 {
        let guard = assert_none_outstanding();
        // What the creates take is a part of it.
        Outer::pool().prewarm(1);
        assert_eq!(said(&guard), None);
        let mut outer = Outer::pooled();
        assert_eq!(out(&guard), 1);
        outer.perhaps = Some(Line::pooled());
        outer.many.extend([Line::pooled(), Line::pooled()]);
        outer.kept.push(Line::pooled());
        outer.shared = Some(Pooled::share(Line::pooled()));
        assert_eq!(out(&guard), 6);
        // It stays there, and the one that was there before goes.
        outer.always = Line::pooled();
        let parts = &mut *outer;
        mem::swap(&mut parts.new, &mut parts.many[0]);
        assert_eq!(out(&guard), 7);
        outer.always.0.push('a');
        drop(outer);
        assert_eq!(said(&guard), None);
    }
}

#[cfg(feature = "buffer")]
#[test]
fn buffers_inside_of_others_are_followed_until_the_outer_one_is_back() {
    use poolable::buffer::{BufferPool, PooledBuf};

    #[derive(Poolable)]
    struct Reply {
        body: PooledBuf,
        parts: Vec<PooledBuf>,
    }

    let pool = BufferPool::new();
    for _round in 0..3 {
        let guard = assert_none_outstanding();
        let mut reply = Reply::pooled();
        reply.body = pool.get(100);
        reply.body.extend_from_slice(b"kept");
        reply.parts.push(pool.get(5_000));
        assert_eq!(out(&guard), 3);
        drop(reply);
        assert_eq!(said(&guard), None);
        // One that was made blank where it is goes home as any other.
        drop(mem::take(&mut Reply::pooled().body));
        guard.check();
    }
    assert_eq!(pool.stats().total().in_use, 0);
}

#[test]
fn a_create_that_panics_leaves_the_thread_followed() {
    let pool: Pool<String> = Pool::builder().create(|| unwind()).build();
    let guard = assert_none_outstanding();
    assert!(catch_unwind(AssertUnwindSafe(|| pool.get())).is_err());
    let line = Line::pooled();
    assert_eq!(out(&guard), 1);
    drop(line);
}

#[test]
fn objects_of_all_kinds_are_followed() {
    #[derive(Poolable)]
    struct Nothing;

    #[derive(Poolable)]
    #[pool(cache = 0, max_idle = 1)]
    struct Large(#[pool(capacity = 200 << 10)] Vec<u8>);

    #[derive(Poolable)]
    #[pool(local)]
    struct Local(Option<std::rc::Rc<u8>>);

    #[derive(Poolable)]
    struct Generic<T: Send + 'static>(Vec<T>);

    #[derive(Poolable)]
    struct Borrowing<'a>(Vec<&'a str>);

    fn follow<T: Poolable>() {
        for _round in 0..3 {
            let guard = assert_none_outstanding();
            let kept = [T::pooled(), T::pooled()];
            assert_eq!(out(&guard), 2);
            drop(kept);
            assert_eq!(said(&guard), None);
        }
    }

    follow::<Nothing>();
    follow::<Large>();
    follow::<Local>();
    follow::<Generic<u8>>();
    follow::<Generic<Vec<u8>>>();
    let text = "borrowed".to_owned();
    let guard = assert_none_outstanding();
    let mut borrowing = Borrowing::pooled();
    borrowing.0.push(&text);
    assert_eq!(out(&guard), 1);
    drop(borrowing);
    guard.check();
    assert!(Local::pooled().0.is_none() && Large::pooled().0.is_empty());
    assert!(Generic::<u8>::pooled().0.is_empty());
}

#[test]
fn a_thread_that_ends_is_followed_to_its_last_destructor() {
    static KEPT: Mutex<Vec<Pooled<Line>>> = Mutex::new(Vec::new());

    struct Late;

    impl Drop for Late {
        fn drop(&mut self) {
            drop(Line::pooled());
            KEPT.lock().expect("no panic").push(Line::pooled());
        }
    }

    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }

    let guard = assert_none_outstanding();
    let tracker = guard.tracker();
    let worker = thread::spawn(move || {
        LATE.with(|late| *late.borrow_mut() = Some(Late));
        // So it is followed as long as it has memory.
        mem::forget(tracker.follow());
        drop(Line::pooled());
    });
    worker.join().expect("no panic");
    assert_eq!(out(&guard), 1);
    KEPT.lock().expect("no panic").clear();
    guard.check();
}

#[test]
fn tests_that_share_a_pool_do_not_disturb_each_other() {
    const THREADS: usize = 4;

    let start = Arc::new(Barrier::new(THREADS + 1));
    let workers: Vec<_> = (0..THREADS)
        .map(|worker| {
            let start = Arc::clone(&start);
            thread::spawn(move || {
                start.wait();
                for round in 0..300 {
                    let guard = assert_none_outstanding();
                    let kept: Vec<_> = (0..worker + round % 5).map(|_| Line::pooled()).collect();
                    drop(Line::pooled());
                    let shared = Pooled::share(Line::pooled());
                    assert_eq!(out(&guard), worker + round % 5 + 1);
                    drop(shared);
                    drop(kept);
                    assert_eq!(said(&guard), None);
                }
            })
        })
        .collect();
    start.wait();
    // One that follows nothing.
    for _ in 0..10_000 {
        let lines = [Line::pooled(), Line::pooled()];
        drop(lines);
    }
    workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
}
