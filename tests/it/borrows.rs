//! Pools of types that borrow.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Mutex;
use std::thread;

use poolable::{Poolable, Pooled, Reset, RetainMap, RetainOption, RetainVec};

use crate::allocations::allocations_in;
use crate::census::assert_conserved;
use crate::{unwind, unwinds};

#[derive(Poolable)]
struct Parsed<'a> {
    method: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    cookies: HashMap<&'a str, &'a str>,
    body: Cow<'a, [u8]>,
}

fn parse<'a>(line: &'a str, parsed: &mut Parsed<'a>) {
    parsed.method = &line[..3];
    for word in line.split(' ') {
        parsed.headers.push((word, line.as_bytes()));
        parsed.cookies.insert(word, line);
    }
    parsed.body = Cow::Borrowed(line.as_bytes());
}

#[test]
fn memory_is_kept_from_one_lifetime_to_the_next_and_nothing_else() {
    let (mut place, mut capacity) = (std::ptr::null(), 0);
    for round in 0..20 {
        let line = format!("GET /{round} with a few words more {}", "and more ".repeat(round % 3));
        let mut parsed = Parsed::pooled();
        assert_eq!(parsed.method, "");
        assert!(parsed.headers.is_empty() && parsed.cookies.is_empty());
        assert_eq!(parsed.body, Cow::<[u8]>::Owned(Vec::new()));
        parsed.headers.reserve(50);
        parsed.cookies.reserve(50);
        if round > 0 {
            assert_eq!(
                (parsed.headers.as_ptr().cast(), parsed.cookies.capacity()),
                (place, capacity)
            );
        }
        (place, capacity) = (parsed.headers.as_ptr().cast::<u8>(), parsed.cookies.capacity());
        parse(&line, &mut parsed);
        assert_eq!((parsed.method, parsed.headers[1].0), ("GET", format!("/{round}").as_str()));
    }
    let stats = Parsed::pool().stats();
    assert_eq!((stats.created, stats.hits), (1, 19));
}

#[test]
fn a_second_parse_of_the_same_shape_allocates_nothing() {
    #[derive(Poolable)]
    struct Words<'a> {
        all: Vec<&'a str>,
        count: HashMap<&'a str, usize>,
    }
    fn words(line: &str) -> usize {
        let mut words = Words::pooled();
        words.all.extend(line.split(' '));
        for word in line.split(' ') {
            *words.count.entry(word).or_insert(0) += 1;
        }
        words.count.len()
    }

    let line = String::from("one and one is two");
    assert_eq!(words(&line), 4);
    let other = String::from("two and two is not");
    assert_eq!(allocations_in(|| assert_eq!(words(&other), 4)), 0);
}

/// A part with a drop that sees what it borrows, and may panic or use the pool.
struct Seen<'a> {
    text: &'a str,
    drops: &'a Cell<usize>,
    act: fn(),
}

impl Drop for Seen<'_> {
    fn drop(&mut self) {
        // Borrowed data is there as long as its borrower.
        assert_eq!(self.text, "alive");
        self.drops.set(self.drops.get() + 1);
        (self.act)();
    }
}

#[derive(Poolable)]
#[pool(local)]
struct Holder<'a> {
    parts: Vec<Seen<'a>>,
    nested: Option<Box<Holder<'a>>>,
    last: Option<Seen<'a>>,
}

#[test]
fn what_an_object_holds_is_dropped_while_its_source_lives() {
    let text = String::from("alive");
    let drops = Cell::new(0);
    let seen = |act| Seen { text: &text, drops: &drops, act };
    let mut holder = Holder::pooled();
    holder.parts.extend([seen(|| ()), seen(|| drop(Holder::pooled()))]);
    let mut inner = Holder::pooled();
    inner.last = Some(seen(|| ()));
    holder.nested = Some(Box::new(Pooled::into_inner(inner)));
    drop(holder);
    assert_eq!(drops.get(), 3);
    Holder::pool().clear();
    assert_eq!(drops.get(), 3);
}

#[test]
fn a_panic_in_the_drop_of_a_part_loses_the_object_and_no_more() {
    thread::spawn(|| {
        let text = String::from("alive");
        let drops = Cell::new(0);
        let before = Holder::pool().stats();
        assert!(unwinds(|| {
            let mut holder = Holder::pooled();
            let seen = |act| Seen { text: &text, drops: &drops, act };
            holder.parts.extend([seen(|| ()), seen(|| unwind()), seen(|| ())]);
            holder.last = Some(seen(|| ()));
        }));
        // Dropped there and then, at the type that it had.
        assert_eq!(drops.get(), 4);
        drop(text);
        let after = Holder::pool().stats();
        assert_eq!(after.discarded.panic - before.discarded.panic, 1);
        assert!(Holder::pooled().parts.is_empty());
    })
    .join()
    .expect("no panic");
}

/// Shows a leak checker that an object is lost on purpose.
fn keep_in_sight<T>(object: &mut T) {
    static LOST: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    LOST.lock().expect("no panic").push(ptr::from_mut(object).expose_provenance());
}

#[test]
fn swapped_replaced_and_forgotten_guards_stay_sound() {
    #[derive(Poolable)]
    struct Line<'a>(Vec<&'a str>);

    let (one, two) = (String::from("one"), String::from("two"));
    let mut first = Line::pooled();
    let mut second = Line::pooled();
    first.0.push(&one);
    second.0.push(&two);
    mem::swap(&mut first, &mut second);
    mem::swap(&mut *first, &mut *second);
    assert_eq!((first.0[0], second.0[0]), ("one", "two"));
    let mut forgotten = mem::replace(&mut first, Line::pooled());
    keep_in_sight(&mut *forgotten);
    mem::forget(forgotten);
    let taken = mem::replace(&mut *second, Line(vec![&one]));
    drop((first, second));
    assert_eq!(taken.0, ["two"]);
    let stats = Line::pool().stats();
    assert_eq!((stats.created, stats.in_use, stats.idle), (3, 1, 2));
    assert!(Line::pooled().0.is_empty());
}

#[test]
fn objects_go_in_and_out_with_their_lifetime() {
    #[derive(Poolable)]
    struct Line<'a>(Vec<&'a str>);

    let text = String::from("text");
    let mut attached = Pooled::attach(Line(vec![&text]));
    attached.0.push(&text);
    let inner: Line<'_> = Pooled::into_inner(attached);
    assert_eq!(inner.0, ["text", "text"]);
    let leaked: &mut Line<'_> = Pooled::leak(Pooled::from(inner));
    assert_eq!(leaked.0.len(), 2);
    keep_in_sight(leaked);
    Pooled::discard(Line::pooled());
    assert_eq!(Line::pool().prewarm(3), 3);
    let mut warm = Line::pooled();
    warm.0.push(&text);
    drop(warm);
    assert_conserved(&Line::pool().stats());
}

#[test]
fn guards_go_to_threads_that_their_source_outlives() {
    #[derive(Poolable)]
    struct Line<'a>(Vec<&'a str>);

    let text = String::from("a few words");
    thread::scope(|scope| {
        for _ in 0..4 {
            let mut line = Line::pooled();
            line.0.extend(text.split(' '));
            scope.spawn(move || assert_eq!(line.0.len(), 3));
        }
    });
    drop(text);
    assert!((0..4).all(|_| Line::pooled().0.is_empty()));
    assert_eq!(Line::pool().stats().in_use, 0);
}

#[derive(Reset)]
struct Header<'a> {
    name: &'a str,
    values: Vec<&'a str>,
}

#[derive(Poolable)]
struct Deep<'a, 'b: 'a, T: Send + Sync + 'static> {
    headers: RetainVec<Header<'a>>,
    by_name: RetainMap<String, Header<'b>>,
    first: RetainOption<Header<'a>>,
    pair: (Header<'b>, [Option<&'a T>; 2]),
    cell: RefCell<Box<Header<'a>>>,
    inner: Option<Pooled<Deep<'a, 'b, T>>>,
    beside: Vec<Pooled<Deep<'a, 'b, T>>>,
    #[pool(value = "none")]
    label: &'a str,
    #[pool(default)]
    chars: Option<std::str::Chars<'a>>,
    visit: Option<fn(&'a str)>,
    kept: Cell<Option<&'a mut String>>,
}

#[test]
fn nested_parts_keep_their_memory_and_let_go_of_what_they_borrow() {
    let mut place = std::ptr::null();
    for round in 0..3 {
        let (text, number) = (String::from("name value more"), 7_u64);
        let mut owned = String::new();
        let mut deep = Deep::pooled();
        assert_eq!(deep.label, "none");
        deep.label = &text;
        let header = deep.headers.push_blank();
        assert_eq!((header.name, header.values.len()), ("", 0));
        header.values.reserve(20);
        if round > 0 {
            assert_eq!(header.values.as_ptr().cast(), place, "the elements of elements are kept");
        }
        place = header.values.as_ptr().cast::<u8>();
        header.name = &text;
        header.values.extend(text.split(' '));
        deep.by_name.insert_blank("name").name = &text;
        deep.first.insert_blank().name = &text;
        deep.pair.0.values.push(&text);
        deep.pair.1[0] = Some(&number);
        deep.cell.get_mut().name = &text;
        deep.chars = Some(text.chars());
        deep.visit = Some(|_| ());
        deep.kept.set(Some(&mut owned));
        let mut inner = Deep::pooled();
        inner.label = &text;
        deep.inner = Some(inner);
        deep.beside.push(Deep::pooled());
    }
    let deep: Pooled<Deep<'static, 'static, u64>> = Deep::pooled();
    assert!(deep.headers.is_empty() && deep.by_name.is_empty() && deep.first.is_none());
    assert!(deep.pair.0.values.is_empty() && deep.pair.1 == [None, None]);
    assert!(deep.cell.borrow().name.is_empty() && deep.inner.is_none() && deep.beside.is_empty());
    assert!(deep.chars.is_none() && deep.visit.is_none() && deep.kept.take().is_none());
}

#[test]
fn an_enum_lets_go_of_what_any_of_its_variants_borrows() {
    #[derive(Poolable)]
    enum Token<'a> {
        Word(&'a str, fn(&'a str) -> usize),
        #[pool(blank)]
        Many(Vec<&'a str>),
    }

    let text = String::from("word");
    let mut token = Token::pooled();
    *token = Token::Word(&text, str::len);
    assert!(matches!(&*token, Token::Word(word, len) if len(word) == 4));
    drop(token);
    drop(text);
    assert!(matches!(&*Token::pooled(), Token::Many(words) if words.is_empty()));
}

#[test]
fn a_reset_that_lies_does_so_about_data_that_lives_for_ever() {
    struct Liar(Vec<&'static str>);
    impl Reset for Liar {
        fn blank() -> Self {
            Liar(Vec::new())
        }
        fn reset(&mut self) {}
    }

    #[derive(Poolable)]
    struct Line<'a> {
        liar: Liar,
        words: Vec<&'a str>,
    }

    Line::pooled().liar.0.push("kept");
    assert_eq!(Line::pooled().liar.0, ["kept"]);
    assert!(Line::pooled().words.is_empty());
}

#[test]
fn a_secret_that_borrows_is_wiped_and_let_go() {
    #[derive(Poolable)]
    struct Login<'a> {
        user: &'a str,
        #[pool(zeroize, capacity = 16)]
        token: String,
        #[pool(zeroize)]
        more: Vec<String>,
    }

    let user = String::from("user");
    let mut login = Login::pooled();
    login.user = &user;
    login.token.push_str("secret");
    login.more.push(String::from("secret"));
    drop(login);
    drop(user);
    let login = Login::pooled();
    assert_eq!((login.user, login.token.as_str(), login.more.len()), ("", "", 0));
    assert!(login.token.capacity() >= 16);
}

#[test]
fn a_panic_while_borrowing_leaves_a_blank_object() {
    #[derive(Poolable)]
    struct Line<'a>(Vec<&'a str>);

    let caught = catch_unwind(AssertUnwindSafe(|| {
        let text = String::from("text");
        let mut line = Line::pooled();
        line.0.push(&text);
        unwind()
    }));
    assert!(caught.is_err());
    assert!(Line::pooled().0.is_empty());
    assert_eq!(Line::pool().stats().created, 1);
}

#[test]
fn the_blank_value_of_any_lifetime_is_that_of_all() {
    #[derive(Poolable)]
    #[pool(create = Self::new, validate = Self::is_short)]
    struct Line<'a> {
        words: Vec<&'a str>,
        #[pool(skip)]
        visit: fn(&str) -> usize,
    }
    impl<'a> Line<'a> {
        fn new() -> Self {
            Line { words: Vec::with_capacity(8), visit: str::len }
        }
        fn is_short(&self) -> bool {
            self.words.len() < 3
        }
    }
    impl Line<'_> {
        fn sum(&self) -> usize {
            self.words.iter().map(|word| (self.visit)(word)).sum()
        }
    }

    assert_eq!(Line::pool().prewarm(1), 1);
    let text = String::from("one two three");
    let mut line = Line::pooled();
    line.words.extend(text.split(' '));
    assert_eq!(line.sum(), 11);
    drop(line);
    assert_eq!(Line::pool().stats().discarded.invalid, 1);
}
