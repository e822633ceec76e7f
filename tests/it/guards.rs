//! What a guard can do, and what it forwards.

use std::borrow::{Borrow, BorrowMut};
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::mem;

use poolable::{Poolable, Pooled, RetainVec};

#[derive(Poolable, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Word(String);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsMut<String> for Word {
    fn as_mut(&mut self) -> &mut String {
        &mut self.0
    }
}

fn word(text: &str) -> Pooled<Word> {
    let mut word = Word::pooled();
    word.0.push_str(text);
    word
}

#[test]
fn a_guard_is_one_word_and_so_is_an_optional_one_at_most_two() {
    assert_eq!(size_of::<Pooled<Word>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Pooled<Word>>>(), size_of::<usize>());
}

#[test]
fn a_guard_forwards_what_its_object_can_do() {
    let (a, mut b) = (word("a"), word("b"));
    assert!(a < b && a != b && a == word("a"));
    assert_eq!(a.cmp(&b), std::cmp::Ordering::Less);
    assert_eq!(
        (format!("{a}"), format!("{a:?}")),
        (String::from("a"), String::from("Word(\"a\")"))
    );
    let text: &str = a.as_ref();
    assert_eq!(text, "a");
    let text: &mut String = b.as_mut();
    text.push('!');
    assert_eq!(b.0, "b!");
    let inner: &Word = a.borrow();
    assert_eq!(inner.0, "a");
    let inner: &mut Word = b.borrow_mut();
    inner.0.clear();

    let set: HashSet<Pooled<Word>> = [word("x"), word("y"), word("x")].into_iter().collect();
    assert_eq!(set.len(), 2);
    assert!(set.contains(&Word(String::from("x"))));
    let sorted: BTreeSet<Pooled<Word>> = [word("q"), word("p")].into_iter().collect();
    assert_eq!(sorted.first().map(|first| first.0.as_str()), Some("p"));
}

#[test]
fn an_object_taken_out_is_counted_as_detached_and_never_comes_back() {
    #[derive(Poolable)]
    struct Line(String);

    let mut line = Line::pooled();
    line.0.push_str("kept");
    let line = Pooled::into_inner(line);
    assert_eq!(line.0, "kept");
    drop(line);
    let stats = Line::pool().stats();
    assert_eq!((stats.created, stats.detached, stats.idle, stats.in_use), (1, 1, 0, 0));
}

#[test]
fn an_attached_value_joins_the_pool() {
    #[derive(Poolable)]
    struct Line(String);

    let guard: Pooled<Line> = Line(String::with_capacity(100)).into();
    drop(guard);
    let stats = Line::pool().stats();
    assert_eq!((stats.created, stats.attached, stats.idle), (0, 1, 1));
    assert_eq!(Line::pooled().0.capacity(), 100);
}

#[test]
fn a_forgotten_guard_stays_in_use() {
    #[derive(Poolable)]
    struct Line(String);

    mem::forget(Line::pooled());
    let stats = Line::pool().stats();
    assert_eq!((stats.in_use, stats.idle), (1, 0));
    drop(Line::pooled());
}

#[test]
fn swapped_values_each_go_home_once() {
    let (mut a, mut b) = (word("first"), word("second"));
    mem::swap(&mut *a, &mut *b);
    assert_eq!((a.0.as_str(), b.0.as_str()), ("second", "first"));
    mem::swap(&mut a, &mut b);
    assert_eq!((a.0.as_str(), b.0.as_str()), ("first", "second"));
}

#[test]
fn values_of_any_size_and_alignment_are_pooled() {
    #[derive(Poolable)]
    struct Nothing;

    #[derive(Poolable)]
    #[repr(align(4096))]
    struct Page([u8; 4096]);

    #[derive(Poolable)]
    struct Large([u64; 20_000]);

    let (first, second) = (Nothing::pooled(), Nothing::pooled());
    drop((first, second));
    assert_eq!(Nothing::pool().stats().idle, 2);

    for _ in 0..3 {
        let mut page = Page::pooled();
        assert_eq!(std::ptr::from_ref(&*page).addr() % 4096, 0);
        assert_eq!(page.0, [0; 4096]);
        page.0.fill(1);
    }
    assert_eq!(Page::pool().stats().misses, 1);

    for _ in 0..3 {
        let mut large = Large::pooled();
        assert!(large.0.iter().all(|word| *word == 0));
        large.0[19_999] = 1;
    }
    assert_eq!(Large::pool().stats().misses, 1);
}

#[test]
fn a_guard_is_send_and_sync_as_its_value_is() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}

    #[derive(Poolable)]
    struct OnlySend(std::cell::Cell<u8>);

    is_send::<Pooled<Word>>();
    is_sync::<Pooled<Word>>();
    is_send::<Pooled<OnlySend>>();
    is_sync::<poolable::TypePool<OnlySend>>();
    assert_eq!(OnlySend::pooled().0.get(), 0);
}

#[test]
fn generic_code_takes_from_any_pool() {
    fn warm<T: Poolable>(count: usize) -> usize {
        T::pool().prewarm(count);
        let guards: Vec<Pooled<T>> = (0..count).map(|_| T::pooled()).collect();
        guards.len()
    }

    #[derive(Poolable)]
    struct Line(String);

    assert_eq!(warm::<Line>(5), 5);
    assert_eq!(Line::pool().stats().misses, 0);
    drop(Pooled::<Line>::default());
}

#[test]
fn an_object_inside_an_object_is_validated_and_held_to_its_limits() {
    #[derive(Poolable)]
    #[pool(validate = Self::is_healthy, max_object_bytes = 1000)]
    struct Connection {
        #[pool(skip, init = true)]
        is_healthy: bool,
        buffer: Vec<u8>,
    }
    impl Connection {
        fn is_healthy(&self) -> bool {
            self.is_healthy
        }
    }
    #[derive(Poolable)]
    struct Request {
        connection: Pooled<Connection>,
    }

    let mut request = Request::pooled();
    request.connection.is_healthy = false;
    drop(request);
    let mut request = Request::pooled();
    assert!(request.connection.is_healthy);
    assert_eq!(Connection::pool().stats().discarded.invalid, 1);
    request.connection.buffer.reserve(2000);
    drop(request);
    assert_eq!(Request::pooled().connection.buffer.capacity(), 0);
    assert_eq!(Connection::pool().stats().discarded.oversize, 1);
    let stats = Connection::pool().stats();
    assert_eq!((stats.in_use, stats.created), (1, 3));
}

#[test]
fn what_retained_elements_hold_at_birth_counts() {
    #[derive(Poolable)]
    #[pool(create = Self::create)]
    struct Big {
        parts: RetainVec<Vec<u8>>,
    }
    impl Big {
        fn create() -> Self {
            Self { parts: RetainVec::from(vec![Vec::with_capacity(3 << 20)]) }
        }
    }

    drop(Big::pooled());
    drop(Big::pooled());
    let stats = Big::pool().stats();
    assert_eq!((stats.created, stats.hits, stats.discarded.oversize), (1, 1, 0));
}
