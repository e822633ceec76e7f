//! What thread-cached pools tell a subscriber of `tracing`.
#![allow(clippy::std_instead_of_core, reason = "written as users write")]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use poolable::{Pool, PoolBuilder, Poolable, Pooled, PooledRef};
use poolable_telemetry::{event, listen, on_each, told};
use tracing::Level;

fn strings(name: &'static str) -> PoolBuilder<String> {
    listen();
    Pool::builder().name(name)
}

fn created() -> poolable_telemetry::Told {
    event(Level::DEBUG, "object created", &[])
}

fn discarded(reason: &str, count: &str) -> poolable_telemetry::Told {
    event(Level::DEBUG, "objects discarded", &[("reason", reason), ("count", count)])
}

fn trimmed(reason: &str, count: &str) -> poolable_telemetry::Told {
    event(Level::DEBUG, "idle objects trimmed", &[("reason", reason), ("count", count)])
}

#[test]
fn a_create_is_told_and_a_hit_is_not() {
    let pool = strings("hits").build();
    drop(pool.get());
    assert_eq!(told("hits"), [created()]);
    for _ in 0..1000 {
        drop(pool.get());
    }
    assert_eq!(pool.stats().hits, 1000);
    assert_eq!(told("hits"), [created()]);
}

#[test]
fn the_pool_of_a_type_tells_by_its_name() {
    #[derive(Poolable)]
    #[pool(name = "typed")]
    struct Typed(String);

    listen();
    drop(Typed::pooled());
    Pooled::discard(Typed::pooled());
    assert_eq!(told("typed"), [created(), discarded("explicit", "1")]);
}

#[test]
fn discards_are_told_with_their_reasons() {
    #[derive(Poolable)]
    #[pool(name = "reasons", validate = Self::is_sound, max_object_bytes = 1000)]
    struct Fussy {
        text: String,
        #[pool(with = Self::reset)]
        panics: bool,
    }

    impl Fussy {
        fn is_sound(&self) -> bool {
            self.text != "unsound"
        }

        fn reset(panics: &mut bool) {
            assert!(!*panics, "as it was told to");
        }
    }

    listen();
    let mut fussy = Fussy::pooled();
    fussy.text.push_str("unsound");
    drop(fussy);
    let mut fussy = Fussy::pooled();
    fussy.text.reserve(2000);
    drop(fussy);
    let mut fussy = Fussy::pooled();
    fussy.panics = true;
    assert!(catch_unwind(AssertUnwindSafe(|| drop(fussy))).is_err());
    let expected = [
        created(),
        discarded("invalid", "1"),
        created(),
        discarded("oversize", "1"),
        created(),
        discarded("panic", "1"),
    ];
    assert_eq!(told("reasons"), expected);

    let pool = strings("full").cache(0).max_idle(1).build();
    let (one, other) = (pool.get(), pool.get());
    drop(one);
    drop(other);
    assert_eq!(told("full"), [created(), created(), discarded("full", "1")]);
}

#[test]
fn a_trim_tells_once_however_much_it_frees() {
    let pool = strings("trimmed").build();
    assert_eq!(pool.prewarm(100), 100);
    drop(pool.get()); // some of them are in this thread's cache
    let before = told("trimmed").len();
    pool.trim();
    assert_eq!(told("trimmed").len(), before, "a trim that frees nothing tells nothing");
    pool.trim();
    assert_eq!(pool.stats().idle, 0);
    assert_eq!(told("trimmed")[before..], [trimmed("trimmed", "100")]);
}

#[test]
fn a_clear_and_a_lower_limit_tell_once() {
    let pool = strings("cleared").build();
    pool.prewarm(50);
    let before = told("cleared").len();
    pool.set_max_idle(20);
    assert_eq!(told("cleared")[before..], [trimmed("trimmed", "30")]);
    drop(pool.get());
    pool.clear();
    assert_eq!(told("cleared")[before + 1..], [trimmed("explicit", "20")]);
}

#[test]
fn a_pool_that_is_dropped_tells_once() {
    let pool = strings("dropped").build();
    pool.prewarm(7);
    let before = told("dropped").len();
    drop(pool);
    assert_eq!(told("dropped")[before..], [trimmed("explicit", "7")]);
}

#[test]
fn a_thread_that_ends_tells_what_it_could_not_hand_over() {
    let pool = Arc::new(strings("ended").max_idle(2).build());
    let held = pool.clone();
    let user = move || {
        let held: Vec<PooledRef<'_, String>> = (0..5).map(|_| held.get()).collect();
        drop(held);
    };
    thread::spawn(user).join().expect("it ends");
    assert_eq!(pool.stats().discarded.full, 3);
    assert_eq!(told("ended")[5..], [discarded("full", "3")]);
}

#[test]
fn a_subscriber_may_use_the_pool_that_it_is_told_of() {
    static POOL: Pool<Vec<u8>> = Pool::new(Vec::new);

    listen();
    let name = std::any::type_name::<Vec<u8>>();
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = runs.clone();
    on_each(name, move || {
        counter.fetch_add(1, Ordering::Relaxed);
        // More than there are: it creates.
        let taken: Vec<_> = (0..3).map(|_| POOL.get()).collect();
        PooledRef::discard(POOL.get());
        drop(taken);
        POOL.clear();
    });
    drop(POOL.get());
    assert_eq!(told(name), [created()], "what the subscriber does is not told");
    let stats = POOL.stats();
    assert_eq!((runs.load(Ordering::Relaxed), stats.created), (1, 5));
    assert_eq!((stats.discarded.explicit, stats.idle, stats.in_use), (4, 1, 0));
    // And afterwards it hears as before.
    PooledRef::discard(POOL.get());
    assert_eq!(told(name), [created(), discarded("explicit", "1")]);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[test]
fn a_panic_of_the_subscriber_ends_there() {
    #[derive(Poolable)]
    #[pool(name = "panicking")]
    struct Panicking {
        #[pool(with = Self::reset)]
        panics: bool,
    }

    impl Panicking {
        fn reset(panics: &mut bool) {
            assert!(!*panics, "the reset");
        }
    }

    on_each("panicking", || panic!("the subscriber"));
    let mut object = Panicking::pooled();
    object.panics = true;
    // It is told while the panic of the reset unwinds.
    let panic = catch_unwind(AssertUnwindSafe(|| drop(object))).expect_err("that of the reset");
    assert_eq!(panic.downcast_ref(), Some(&"the reset"));
    assert_eq!(Panicking::pool().prewarm(3), 3);
    Panicking::pool().clear();
    let expected = [
        created(),
        discarded("panic", "1"),
        created(),
        created(),
        created(),
        trimmed("explicit", "3"),
    ];
    assert_eq!(told("panicking"), expected);
    let stats = Panicking::pool().stats();
    assert_eq!((stats.created, stats.discarded.total(), stats.in_use), (4, 4, 0));
}

#[test]
fn a_drop_of_an_object_that_panics_is_told_as_any_other() {
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the drop");
        }
    }

    listen();
    let pool = Pool::builder().create(|| Bomb).reset(|_| {}).name("bombs").build();
    pool.prewarm(3);
    assert!(catch_unwind(AssertUnwindSafe(|| pool.clear())).is_err());
    assert_eq!(told("bombs")[3..], [trimmed("explicit", "3")]);
    let bomb = pool.get();
    assert!(catch_unwind(AssertUnwindSafe(|| PooledRef::discard(bomb))).is_err());
    assert_eq!(told("bombs")[5..], [discarded("explicit", "1")]);
}

/// In the destructor of a thread-local, perhaps behind those that pools have.
struct Last {
    pool: Arc<Pool<String>>,
}

impl Drop for Last {
    fn drop(&mut self) {
        drop(self.pool.get());
        PooledRef::discard(self.pool.get());
    }
}

#[test]
fn destructors_of_thread_locals_are_told_of() {
    thread_local! {
        static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
    }

    let pool = Arc::new(strings("ending").build());
    let (hook, runs) = (pool.clone(), Arc::new(AtomicUsize::new(0)));
    let counter = runs.clone();
    on_each("ending", move || {
        counter.fetch_add(1, Ordering::Relaxed);
        drop((hook.get(), hook.get()));
    });
    let user = pool.clone();
    thread::spawn(move || LAST.set(Some(Last { pool: user }))).join().expect("it ends");
    // The hook leaves two, and the first get has created one.
    assert_eq!(told("ending"), [created(), discarded("explicit", "1")]);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!((pool.stats().created, pool.stats().in_use), (3, 0));
}
