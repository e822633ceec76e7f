//! Secrets are wiped on every way out; what memory shows afterwards.

use std::cell::{Cell, RefCell};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};

use poolable::{Poolable, Pooled, Reset, RetainOption, RetainVec, SecretString, Wipe};

use crate::allocations::{CANARY, secrets_freed_in};
use crate::unwind;

thread_local! {
    /// The names of the spies that were wiped, reset or dropped, in this order.
    static LOG: RefCell<Vec<(&'static str, &'static str)>> = const { RefCell::new(Vec::new()) };
}

fn log(what: &'static str, name: &'static str) {
    // Late drops find the log gone.
    let _ = LOG.try_with(|log| log.borrow_mut().push((what, name)));
}

fn logged() -> Vec<(&'static str, &'static str)> {
    LOG.take()
}

/// Writes down what happens to it.
struct Spy(&'static str);

impl Reset for Spy {
    fn blank() -> Self {
        Self("unnamed")
    }
    fn reset(&mut self) {
        log("reset", self.0);
    }
}

impl Wipe for Spy {
    fn wipe(&mut self) {
        log("wipe", self.0);
    }
}

impl Drop for Spy {
    fn drop(&mut self) {
        log("drop", self.0);
    }
}

/// The bytes between length and capacity, all of which the caller has initialised once.
fn spare(bytes: &mut Vec<u8>) -> &[u8] {
    let spare: &[MaybeUninit<u8>] = bytes.spare_capacity_mut();
    // SAFETY: the tests fill the buffers to their capacity before they shrink them, and a
    // wipe writes every byte.
    unsafe { &*(std::ptr::from_ref(spare) as *const [u8]) }
}

#[test]
fn secrets_are_wiped_before_any_other_field_is_touched() {
    #[derive(Poolable)]
    struct Session {
        #[pool(init = Spy("plain"))]
        plain: Spy,
        #[pool(zeroize, init = Spy("first"))]
        first: Spy,
        #[pool(zeroize, init = Spy("second"))]
        second: Spy,
    }

    let session = Session::pooled();
    logged();
    drop(session);
    let names = [("wipe", "first"), ("wipe", "second"), ("reset", "plain")];
    assert_eq!(logged()[..3], names);
}

#[test]
fn a_wiped_buffer_is_zero_over_its_whole_capacity() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize, capacity = 64)]
        token: String,
        #[pool(zeroize)]
        key: Vec<u8>,
        #[pool(zeroize)]
        pin: [u8; 4],
    }

    let mut session = Session::pooled();
    session.token.push_str(&"s".repeat(64));
    session.token.truncate(3);
    session.key.resize(100, 0xA5);
    session.key.truncate(1);
    session.pin = [1, 2, 3, 4];
    let capacities = (session.token.capacity(), session.key.capacity());
    drop(session);

    let session = Session::pooled();
    assert_eq!((session.token.capacity(), session.key.capacity()), capacities);
    assert_eq!((session.token.len(), session.key.len(), session.pin), (0, 0, [0; 4]));
    let session = Pooled::into_inner(session);
    let mut token = Clone::clone(&session.token).into_bytes();
    token.clear();
    let mut session = session;
    let mut bytes = std::mem::take(&mut session.token).into_bytes();
    assert!(spare(&mut bytes).iter().all(|byte| *byte == 0));
    assert_eq!(spare(&mut bytes).len(), capacities.0);
    assert!(spare(&mut session.key).iter().all(|byte| *byte == 0));
}

#[test]
fn secrets_are_wiped_when_the_object_dies_elsewhere() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize, init = Spy("secret"))]
        secret: Spy,
    }

    let wiped = || logged().iter().filter(|entry| **entry == ("wipe", "secret")).count();

    drop(Pooled::into_inner(Session::pooled()));
    assert_eq!(wiped(), 1, "taken out");
    Pooled::discard(Session::pooled());
    assert_eq!(wiped(), 1, "discarded");
    drop(vec![Session::blank(), Session::blank()]);
    assert_eq!(wiped(), 2, "in a vector");
    let unwound = catch_unwind(|| {
        let _session = Session::pooled();
        unwind();
    });
    assert!(unwound.is_err());
    assert!(wiped() >= 1, "unwinding");
}

#[test]
fn drop_wipe_false_leaves_drop_to_the_user_and_the_pool_still_wipes() {
    #[derive(Poolable)]
    #[pool(drop_wipe = false, validate = Self::never)]
    struct Session {
        #[pool(zeroize, init = Spy("secret"))]
        secret: Spy,
    }

    impl Session {
        fn never(_: &Self) -> bool {
            false
        }
    }

    impl Drop for Session {
        fn drop(&mut self) {
            log("drop", "session");
        }
    }

    let session = Session::pooled();
    assert_eq!(session.secret.0, "secret");
    logged();
    drop(session);
    assert_eq!(logged(), [("wipe", "secret"), ("drop", "session"), ("drop", "secret")]);
    Pooled::discard(Session::pooled());
    assert_eq!(logged(), [("wipe", "secret"), ("drop", "session"), ("drop", "secret")]);
    drop(Session::blank());
    assert_eq!(logged(), [("drop", "session"), ("drop", "secret")]);
}

#[test]
fn a_wipe_that_panics_does_not_save_the_others_from_theirs() {
    struct Foreign;

    fn fail(_: &mut Foreign) {
        log("wipe", "failing");
        unwind();
    }

    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize, init = Spy("before"))]
        before: Spy,
        #[pool(zeroize, with = fail, init = Foreign)]
        failing: Foreign,
        #[pool(zeroize, init = Spy("after"))]
        after: Spy,
    }

    let session = Session::pooled();
    logged();
    let unwound = catch_unwind(AssertUnwindSafe(|| drop(session)));
    assert!(unwound.is_err());
    let log = logged();
    let count = |entry| log.iter().filter(|logged| **logged == entry).count();
    // Once by the reset and once more by the drop; the one that failed is spared.
    assert_eq!(count(("wipe", "failing")), 1, "{log:?}");
    assert!(count(("wipe", "before")) >= 1 && count(("wipe", "after")) >= 1, "{log:?}");
    assert_eq!((count(("drop", "before")), count(("drop", "after"))), (1, 1));
    let stats = Session::pool().stats();
    assert_eq!((stats.discarded.panic, stats.idle, stats.in_use), (1, 0, 0));

    // The next object is not mistaken for the one that failed.
    let session = Session::pooled();
    logged();
    let unwound = catch_unwind(AssertUnwindSafe(|| drop(session)));
    assert!(unwound.is_err());
    assert_eq!(logged().iter().filter(|entry| **entry == ("wipe", "failing")).count(), 1);
}

#[test]
fn a_panicking_wipe_of_a_nested_value_is_not_repeated() {
    struct Foreign;

    fn fail(_: &mut Foreign) {
        log("wipe", "failing");
        unwind();
    }

    #[derive(Reset)]
    struct Inner {
        #[pool(zeroize, with = fail, init = Foreign)]
        failing: Foreign,
    }

    #[derive(Poolable)]
    struct Outer {
        inner: RetainVec<Inner>,
        other: String,
    }

    let mut outer = Outer::pooled();
    outer.inner.push_blank();
    outer.other.push('x');
    logged();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(outer))).is_err());
    assert_eq!(logged(), [("wipe", "failing")]);
    assert_eq!(Outer::pool().stats().discarded.panic, 1);
}

#[test]
fn a_derived_type_is_wiped_field_by_field() {
    #[derive(Reset)]
    struct Credentials {
        user: String,
        #[pool(with = Vec::clear)]
        key: Vec<u8>,
        id: Option<u64>,
    }

    #[derive(Poolable)]
    struct Login {
        #[pool(zeroize)]
        credentials: Credentials,
    }

    let mut login = Login::pooled();
    login.credentials.user.push_str("ada");
    login.credentials.key.resize(50, 7);
    login.credentials.id = Some(u64::MAX);
    drop(login);
    let mut login = Login::pooled();
    assert!(login.credentials.key.capacity() >= 50);
    assert!(spare(&mut login.credentials.key).iter().all(|byte| *byte == 0));
    assert_eq!((login.credentials.user.as_str(), login.credentials.id), ("", None));
}

#[test]
fn a_generic_secret_asks_for_wipe_on_the_type() {
    #[derive(Reset)]
    struct Key<T: poolable::Wipe> {
        #[pool(zeroize)]
        words: Vec<T>,
    }

    let mut key = Key { words: vec![1_u32, 2, 3] };
    let capacity = key.words.capacity();
    key.reset();
    assert_eq!((key.words.len(), key.words.capacity()), (0, capacity));
}

thread_local! {
    static FAILS: Cell<bool> = const { Cell::new(false) };
}

/// Wipes, unless it was told to fail once.
fn wipe_or_fail(key: &mut [u8; 8]) {
    if FAILS.replace(false) {
        unwind();
    }
    key.fill(0);
}

#[test]
fn a_reset_by_hand_that_panicked_does_not_save_the_object_from_its_wipe() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize, with = wipe_or_fail)]
        key: [u8; 8],
    }

    let mut session = Session::pooled();
    FAILS.set(true);
    assert!(catch_unwind(AssertUnwindSafe(|| (*session).reset())).is_err());
    session.key = *b"SECRET!!";
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _session = session;
        unwind();
    }));
    assert!(unwound.is_err());
    assert_eq!(Session::pooled().key, [0; 8]);
}

#[test]
fn a_hand_written_wipe_that_panics_costs_one_object() {
    struct Failing;

    impl Reset for Failing {
        fn blank() -> Self {
            Self
        }
        fn reset(&mut self) {}
    }

    impl Wipe for Failing {
        fn wipe(&mut self) {
            unwind();
        }
    }

    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize)]
        failing: Failing,
        #[pool(zeroize, init = Spy("other"))]
        other: Spy,
    }

    let session = Session::pooled();
    logged();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(session))).is_err());
    assert!(logged().contains(&("wipe", "other")));
    assert_eq!(Session::pool().stats().discarded.panic, 1);
}

#[test]
fn no_secret_is_left_in_freed_memory() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize)]
        word: u64,
        #[pool(zeroize)]
        words: Vec<u64>,
        #[pool(zeroize)]
        nested: Vec<Vec<u64>>,
        #[pool(zeroize)]
        pair: (Option<u64>, Box<[u64; 2]>),
        #[pool(zeroize)]
        kept: RetainVec<Vec<u64>>,
        #[pool(zeroize)]
        maybe: RetainOption<Vec<u64>>,
        #[pool(zeroize, max_capacity = 2)]
        limited: Vec<u64>,
    }

    fn session() -> Pooled<Session> {
        let mut session = Session::pooled();
        session.word = CANARY;
        session.words.extend([CANARY; 10]);
        session.words.truncate(2);
        session.nested.push(vec![CANARY]);
        session.pair = (Some(CANARY), Box::new([CANARY; 2]));
        session.kept.push_blank().push(CANARY);
        session.kept.clear();
        session.maybe.insert_blank().push(CANARY);
        session.maybe.clear();
        session.limited = Vec::with_capacity(100);
        session.limited.extend([CANARY; 100]);
        session
    }

    let mut session_at_hand = Some(session());
    let mut take = || session_at_hand.replace(session()).expect("one is at hand");
    for (way, end) in [
        (
            "returned and cleared",
            (|session| {
                drop::<Pooled<Session>>(session);
                Session::pool().clear();
            }) as fn(Pooled<Session>),
        ),
        ("discarded", Pooled::discard),
        ("taken out", |session| drop(Pooled::into_inner(session))),
    ] {
        let session = take();
        assert_eq!(secrets_freed_in(|| end(session)), 0, "{way}");
    }
    // The search works: a value without a wipe is found.
    assert_eq!(secrets_freed_in(|| drop(vec![vec![CANARY]])), 1);
}

#[derive(Poolable)]
struct Keyed {
    #[pool(zeroize, with = wipe_or_fail)]
    key: [u8; 8],
}

/// A place in which one value follows another, at one address whatever the allocator does.
fn place() -> Box<ManuallyDrop<Keyed>> {
    Box::new(ManuallyDrop::new(Keyed::blank()))
}

/// Drops the value where it is, and leaves the place to the next one.
fn drop_in(place: &mut ManuallyDrop<Keyed>) {
    // SAFETY: the callers put another value in, or none and never look at it as one again.
    unsafe { ManuallyDrop::drop(place) };
}

/// Drops a value that has a secret while a panic unwinds, and shows what is left of it.
fn left_by_a_drop_in_unwinding(place: &mut ManuallyDrop<Keyed>) -> [u8; 8] {
    struct DropsInPlace<'a>(&'a mut ManuallyDrop<Keyed>);

    impl Drop for DropsInPlace<'_> {
        fn drop(&mut self) {
            drop_in(self.0);
        }
    }

    place.key = *b"SECRET!!";
    let key = std::ptr::from_ref(&place.key);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _drops = DropsInPlace(place);
        unwind();
    }));
    assert!(unwound.is_err());
    // SAFETY: the memory is the caller's, and bytes stay readable after the drop.
    unsafe { key.read_volatile() }
}

#[test]
fn a_panic_that_is_over_is_forgotten() {
    let forgets: [fn(); 2] = [
        || drop(Keyed::blank()),
        || {
            FAILS.set(true);
            assert!(catch_unwind(|| drop(Keyed::pooled())).is_err());
        },
    ];
    for forget in forgets {
        let mut place = place();
        FAILS.set(true);
        assert!(catch_unwind(AssertUnwindSafe(|| place.reset())).is_err());
        forget();
        assert_eq!(left_by_a_drop_in_unwinding(&mut place), [0; 8]);
    }
}

#[test]
fn a_reset_that_wipes_makes_up_for_one_that_panicked() {
    let mut place = place();
    FAILS.set(true);
    assert!(catch_unwind(AssertUnwindSafe(|| place.reset())).is_err());
    place.reset();
    assert_eq!(left_by_a_drop_in_unwinding(&mut place), [0; 8]);
}

#[test]
fn a_wipe_that_panicked_in_a_drop_is_not_remembered() {
    let mut place = place();
    FAILS.set(true);
    assert!(catch_unwind(AssertUnwindSafe(|| drop_in(&mut place))).is_err());
    *place = ManuallyDrop::new(Keyed { key: [0; 8] });
    assert_eq!(left_by_a_drop_in_unwinding(&mut place), [0; 8]);
}

#[test]
fn a_wipe_that_panics_in_a_drop_while_a_panic_unwinds_does_not_abort() {
    FAILS.set(true);
    assert_eq!(left_by_a_drop_in_unwinding(&mut place()), *b"SECRET!!");
    assert!(!FAILS.get(), "the wipe was called");
}

// Without optimisation a blank value is copied to its place from the stack, as a whole.
#[cfg(not(debug_assertions))]
#[test]
fn a_variant_that_was_taken_away_leaves_nothing_in_its_place() {
    #[derive(Default, Poolable)]
    enum State {
        #[pool(blank)]
        #[default]
        Idle,
        Login {
            #[pool(zeroize)]
            key: [u8; 256],
        },
    }

    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize)]
        state: State,
        marked_inside: State,
    }

    fn left_in(state: &mut State) -> usize {
        let place = std::ptr::from_mut(state).cast::<u8>();
        let bytes = (0..size_of::<State>()).map(|index| {
            // SAFETY: the place is borrowed, and a return has written all of it.
            unsafe { place.add(index).read_volatile() }
        });
        bytes.filter(|byte| *byte == 0xA5).count()
    }

    let mut session = Session::pooled();
    for _round in 0..2 {
        session.state = State::Login { key: [0xA5; 256] };
        session.marked_inside = State::Login { key: [0xA5; 256] };
        drop((std::mem::take(&mut session.state), std::mem::take(&mut session.marked_inside)));
        assert!(left_in(&mut session.state) >= 250, "or there is nothing to be wiped");
        drop(session);
        session = Session::pooled();
        assert_eq!(left_in(&mut session.state), 0);
        assert_eq!(left_in(&mut session.marked_inside), 0);
    }
}

#[test]
fn slicing_a_secret_wrongly_does_not_show_it() {
    let text = SecretString::from("p\u{e4}ssword");
    let panic = catch_unwind(|| text[..2].len()).expect_err("that is inside of a character");
    let message = panic.downcast_ref::<String>().expect("a message");
    assert!(message.contains("SecretString") && !message.contains("ssword"), "{message}");
    assert_eq!((&text[3..5], text.len()), ("ss", 9));
}
