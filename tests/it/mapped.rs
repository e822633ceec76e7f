//! Guards of a part of an object.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::thread;

use poolable::{Poolable, Pooled, PooledMap};

use crate::{unwind, unwinds};

#[test]
fn the_whole_object_comes_home_when_its_part_is_dropped() {
    #[derive(Poolable)]
    struct Message {
        head: String,
        body: Vec<u8>,
    }

    let mut message = Message::pooled();
    message.head.push_str("head");
    let mut body = Pooled::map(message, |message| &mut message.body);
    body.extend(b"body");
    assert_eq!((body.as_slice(), Message::pool().stats().in_use), (b"body".as_slice(), 1));
    drop(body);
    let stats = Message::pool().stats();
    assert_eq!((stats.returned, stats.idle), (1, 1));
    let message = Message::pooled();
    assert_eq!((message.head.as_str(), message.body.len()), ("", 0));
}

#[test]
fn the_whole_object_is_freed_when_its_part_is_discarded() {
    #[derive(Poolable)]
    struct Words<'a> {
        first: Vec<&'a str>,
        next: Option<Pooled<Word>>,
    }

    #[derive(Poolable)]
    struct Word(String);

    let text = String::from("to be");
    let mut words = Words::pooled();
    words.next = Some(Word::pooled());
    words.first.extend(text.split(' '));
    let first = Pooled::map(words, |words| &mut words.first);
    assert_eq!(*first, ["to", "be"]);
    PooledMap::discard(first);
    let stats = Words::pool().stats();
    assert_eq!((stats.discarded.explicit, stats.returned, stats.idle, stats.in_use), (1, 0, 0, 0));
    assert_eq!(Word::pool().stats().idle, 1, "the guard inside is dropped");
}

#[test]
fn a_part_is_narrowed_step_by_step() {
    #[derive(Poolable)]
    struct Message(Vec<String>);

    let mut message = Message::pooled();
    message.0.extend(["one".to_owned(), "two".to_owned()]);
    let lines = Pooled::map(message, |message| message.0.as_mut_slice());
    let second: PooledMap<Message, String> = PooledMap::map(lines, |lines| &mut lines[1]);
    let mut second: PooledMap<Message, str> = PooledMap::map(second, |line| line.as_mut_str());
    second.make_ascii_uppercase();
    assert_eq!(&*second, "TWO");
    drop(second);
    assert_eq!(Message::pool().stats().returned, 1);
}

#[test]
fn a_part_that_is_not_there_gives_the_guard_back() {
    #[derive(Poolable)]
    struct Message(Vec<String>);

    let message = Pooled::try_map(Message::pooled(), |message| message.0.first_mut());
    let Err(mut message) = message else { panic!("there is no line") };
    message.0.push("one".to_owned());
    let Ok(line) = Pooled::try_map(message, |message| message.0.first_mut()) else {
        panic!("there is a line")
    };
    let line = PooledMap::try_map(line, |line| line.get_mut(7..));
    let Err(mut line) = line else { panic!("the line is short") };
    line.push('!');
    let Ok(end) = PooledMap::try_map(line, |line| line.get_mut(3..)) else {
        panic!("the line has an end")
    };
    assert_eq!((&*end, Message::pool().stats().returned), ("!", 0));
    drop(end);
    assert_eq!(Message::pool().stats().returned, 1);
}

#[test]
fn a_panic_in_the_function_brings_the_object_home() {
    #[derive(Poolable)]
    struct Message(Vec<u8>);

    let full = || {
        let mut message = Message::pooled();
        message.0.push(7);
        message
    };
    let part = || Pooled::map(full(), |message| message.0.as_mut_slice());
    assert!(unwinds(|| drop(Pooled::map::<u8>(full(), |_| unwind()))));
    assert!(unwinds(|| drop(Pooled::try_map::<u8>(full(), |_| unwind()))));
    assert!(unwinds(|| drop(PooledMap::map::<u8>(part(), |_| unwind()))));
    assert!(unwinds(|| drop(PooledMap::try_map::<u8>(part(), |_| unwind()))));
    let stats = Message::pool().stats();
    assert_eq!((stats.returned, stats.created, stats.idle), (4, 1, 1));
    assert!(Message::pooled().0.is_empty());
}

#[test]
fn a_part_may_be_seen_as_a_trait() {
    #[derive(Poolable)]
    struct Message(u32, String);

    let mut message = Message::pooled();
    message.0 = 7;
    let shown = Pooled::map::<dyn Display + Send>(message, |message| &mut message.0);
    let told = thread::spawn(move || shown.to_string()).join().expect("no panic");
    assert_eq!((told.as_str(), Message::pool().stats().returned), ("7", 1));
    assert_eq!(Message::pooled().1, "");
}

#[test]
fn a_part_may_lie_behind_a_pointer_of_the_object() {
    #[derive(Poolable)]
    struct Inner(Vec<u8>);

    #[derive(Poolable)]
    struct Outer(Pooled<Inner>, RefCell<String>);

    let mut inner = Pooled::map(Outer::pooled(), |outer| &mut *outer.0);
    inner.0.push(7);
    assert_eq!(inner.0, [7]);
    drop(inner);
    let mut text = Pooled::map(Outer::pooled(), |outer| outer.1.get_mut());
    text.push('!');
    drop(text);
    let outer = Outer::pooled();
    assert!(outer.0.0.is_empty() && outer.1.borrow().is_empty());
    assert_eq!(Outer::pool().stats().created, 1);
}

#[test]
fn a_part_forwards_what_it_can_do() {
    #[derive(Poolable)]
    struct Word(String, u32);

    let word =
        |text: &str| Pooled::map(Pooled::attach(Word(text.to_owned(), 0)), |word| &mut word.0);
    let (a, b) = (word("a"), word("b"));
    assert!(a < b && a == word("a") && a != b);
    assert_eq!((format!("{a}"), format!("{a:?}")), ("a".to_owned(), "\"a\"".to_owned()));
    assert_eq!(<PooledMap<Word, String> as AsRef<str>>::as_ref(&a), "a");
    let set = BTreeSet::from([a, b, word("a")]);
    assert_eq!(set.len(), 2);
    let b = String::from("b");
    assert!(set.contains(&b));
}

#[test]
fn parts_may_be_swapped_with_their_objects() {
    #[derive(Poolable)]
    struct Word(String);

    let word = |text: &str| Pooled::attach(Word(text.to_owned()));
    let mut a = Pooled::map(word("a"), |word| &mut word.0);
    let mut b = Pooled::map(word("b"), |word| &mut word.0);
    std::mem::swap(&mut a, &mut b);
    assert_eq!((a.as_str(), b.as_str()), ("b", "a"));
    std::mem::swap(&mut *a, &mut *b);
    assert_eq!((a.as_str(), b.as_str()), ("a", "b"));
    drop(a);
    b.push('!');
    assert_eq!(*b, "b!");
    drop(b);
    assert_eq!(Word::pool().stats().returned, 2);
}

#[test]
fn a_part_may_be_something_else_that_lives_long_enough() {
    #[derive(Poolable)]
    struct Word(String);

    let mut outside = 7;
    {
        // No part of the object at all.
        let beside: &'static mut i32 = Box::leak(Box::new(outside));
        let mut part = Pooled::map(Word::pooled(), move |_| beside);
        *part += 1;
        outside = *part;
        let place = &raw mut *part;
        drop(part);
        // SAFETY: it was leaked from a box above, and nobody else has it any more.
        drop(unsafe { Box::from_raw(place) });
    }
    assert_eq!((outside, Word::pool().stats().returned), (8, 1));
}

#[test]
fn a_reset_that_panics_behind_a_part_drops_the_object_once() {
    #[derive(Poolable)]
    struct Message {
        #[pool(with = Self::fail)]
        armed: bool,
        body: Vec<u8>,
    }

    impl Message {
        fn fail(armed: &mut bool) {
            if *armed {
                unwind();
            }
        }
    }

    let mut message = Message::pooled();
    message.armed = true;
    let body = Pooled::map(message, |message| &mut message.body);
    assert!(unwinds(|| drop(body)));
    let stats = Message::pool().stats();
    assert_eq!((stats.discarded.panic, stats.in_use), (1, 0));
    assert!(!Message::pooled().armed);
}

#[test]
fn a_part_of_an_object_that_borrows_takes_what_lives_as_long() {
    #[derive(Poolable)]
    struct Words<'a> {
        first: &'a str,
        rest: Vec<&'a str>,
    }

    {
        let line = String::from("of a short life");
        let mut first = Pooled::map(Words::pooled(), |words| &mut words.first);
        *first = &line[..2];
        assert_eq!(*first, "of");
        drop(first);
        let mut words = Words::pooled();
        words.rest.extend(line.split(' '));
        // In one step: the type of the vector tells of a lifetime that a part's might not.
        let last = Pooled::try_map(words, |words| words.rest.last_mut());
        assert!(last.is_ok_and(|last| *last == "life"));
    }
    let words = Words::pooled();
    assert_eq!((words.first, words.rest.len()), ("", 0));
}
