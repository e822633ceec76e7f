//! Types that borrow from the text, and generic ones.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Debug;

use poolable::json;
use poolable::{Poolable, Pooled, Reset, RetainVec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::allocations::allocations_in;

/// Each test has a pool of its own.
macro_rules! words {
    () => {
        #[derive(Debug, PartialEq, Poolable, Serialize, Deserialize)]
        struct Words<'a> {
            #[serde(borrow)]
            title: &'a str,
            #[serde(borrow)]
            words: Vec<&'a str>,
            #[serde(borrow, default)]
            note: Option<&'a str>,
            #[serde(borrow, default)]
            cow: Cow<'a, str>,
        }
    };
}

fn text(of: &str) -> String {
    format!(
        r#"{{"title":"title of {of}","words":["one","two","{of}"],"note":"{of}","cow":"{of}"}}"#
    )
}

#[test]
fn what_is_read_points_into_the_text() {
    words!();

    let source = text("this");
    let range = source.as_bytes().as_ptr_range();
    let words: Pooled<Words<'_>> = json::from_slice(source.as_bytes()).unwrap();
    assert_eq!(
        (words.title, words.words.as_slice()),
        ("title of this", &["one", "two", "this"][..])
    );
    for part in words.words.iter().chain([&words.title]).chain(&words.note) {
        assert!(range.contains(&part.as_ptr()));
    }
    assert_eq!(json::to_buf(&words).unwrap().as_slice(), source.as_bytes());
}

#[test]
fn texts_of_any_lifetime_are_read_into_the_same_buffer() {
    words!();

    let read = |of: &str| {
        let source = text(of);
        let words: Pooled<Words<'_>> = json::from_slice(source.as_bytes()).unwrap();
        assert_eq!(words.words.last(), Some(&of));
        words.words.as_ptr().addr()
    };
    let place = read("one");
    assert_eq!(read("another"), place);
    let source = text("the same again");
    let work = || drop(json::from_slice::<Words<'_>>(source.as_bytes()).unwrap());
    work();
    // `Cow` without `#[serde(borrow)]` for it would own its text.
    assert_eq!(allocations_in(|| (0..20).for_each(|_| work())), 0);
    assert_eq!(Words::pool().stats().created, 1);
}

#[test]
fn a_guard_is_read_into_while_its_texts_live() {
    words!();

    let (first, second) = (text("first"), text("second"));
    let mut words = Words::pooled();
    json::from_slice_into(&mut words, first.as_bytes()).unwrap();
    assert_eq!((words.title, &*words.cow), ("title of first", "first"));
    json::from_slice_into(&mut words, second.as_bytes()).unwrap();
    assert_eq!((words.title, words.note), ("title of second", Some("second")));
    json::from_slice_into(&mut words, br#"{"title":"","words":[]}"#).unwrap();
    assert_eq!(*words, Words::blank());
    for wrong in [&first.as_bytes()[..first.len() - 1], br#"{"title":"a\n","words":[]}"#, b"7"] {
        json::from_slice_into(&mut words, first.as_bytes()).unwrap();
        assert!(json::from_slice_into(&mut words, wrong).is_err());
        assert_eq!(*words, Words::blank());
    }
}

#[test]
fn a_text_with_an_escape_cannot_be_borrowed() {
    words!();

    let wrong = json::from_slice::<Words<'_>>(br#"{"title":"a\n","words":[]}"#).unwrap_err();
    let told = "invalid type: string \"a\\n\", expected a borrowed string at line 1 column 14";
    assert_eq!(wrong.to_string(), told);
    // The text that may own is owned.
    let owned = br#"{"title":"a","words":[],"cow":"a\n"}"#;
    let words: Pooled<Words<'_>> = json::from_slice(owned).unwrap();
    assert!(matches!(&words.cow, Cow::Owned(text) if text == "a\n"));
    drop(words);
    let stats = Words::pool().stats();
    assert_eq!((stats.created, stats.in_use), (1, 0));
    assert_eq!(*Words::pooled(), Words::blank());
}

#[test]
fn generic_types_are_read_into_the_pool_of_each() {
    #[derive(Debug, PartialEq, Poolable, Serialize, Deserialize)]
    #[serde(bound(serialize = "T: Serialize", deserialize = "T: Reset + Deserialize<'de>"))]
    struct Envelope<T: 'static, const N: usize> {
        data: RetainVec<T>,
        #[serde(skip)]
        scratch: Vec<[u8; N]>,
    }

    fn check<T, const N: usize>(text: &str)
    where
        T: Reset + PartialEq + Debug + Serialize + DeserializeOwned + Send + 'static,
    {
        let read = || json::from_slice::<Envelope<T, N>>(text.as_bytes()).unwrap();
        assert_eq!(json::to_buf(&read()).unwrap().as_slice(), text.as_bytes());
        assert_eq!(allocations_in(|| drop(read())), 0);
        let mut guard = read();
        guard.scratch.push([7; N]);
        json::from_slice_into(&mut guard, text.as_bytes()).unwrap();
        assert!(guard.scratch.is_empty());
        assert_eq!(*guard, *json::from_reader::<Envelope<T, N>, _>(text.as_bytes()).unwrap());
        assert!(json::from_slice_into(&mut guard, b"{\"data\":[").is_err());
        assert_eq!(*guard, Envelope::blank());
        drop(guard);
        let stats = Envelope::<T, N>::pool().stats();
        assert_eq!((stats.created, stats.in_use), (2, 0));
    }

    check::<String, 3>(r#"{"data":["one","two"]}"#);
    check::<u8, 3>(r#"{"data":[1,2]}"#);
    check::<u8, 4>(r#"{"data":[]}"#);
    check::<Vec<f64>, 0>(r#"{"data":[[1.5],[],[2.5,3.0]]}"#);
}

#[test]
fn pooled_objects_inside_others_are_read_in_place() {
    #[derive(Debug, PartialEq, Poolable, Serialize, Deserialize)]
    struct Inner {
        text: String,
    }

    #[derive(Debug, PartialEq, Poolable, Serialize, Deserialize)]
    struct Outer {
        inner: Pooled<Inner>,
        all: Vec<Pooled<Inner>>,
        by_name: HashMap<String, Pooled<Inner>>,
    }

    let text =
        r#"{"inner":{"text":"a"},"all":[{"text":"b"},{"text":"c"}],"by_name":{"d":{"text":"e"}}}"#;
    for _ in 0..3 {
        let outer: Pooled<Outer> = json::from_slice(text.as_bytes()).unwrap();
        assert_eq!(json::to_buf(&outer).unwrap().as_slice(), text.as_bytes());
        assert_eq!(Inner::pool().stats().in_use, 4);
        drop(outer);
        assert!(json::from_slice::<Outer>(&text.as_bytes()[..text.len() - 1]).is_err());
        // The one that stays in its outer object.
        assert_eq!((Inner::pool().stats().in_use, Outer::pool().stats().in_use), (1, 0));
        assert_eq!(*Outer::pooled(), Outer::blank());
    }
}
