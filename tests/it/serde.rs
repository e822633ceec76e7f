//! Guards and kept values, written and read.

use poolable::{
    Pool, Poolable, Pooled, PooledMap, PooledRef, Reset, RetainMap, RetainOption, RetainVec, Shared,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::allocations::allocations_in;

#[derive(Debug, Default, PartialEq, Reset, Serialize, Deserialize)]
struct Header {
    name: String,
    values: Vec<u32>,
}

const TEXT: &str = r#"{
    "path": "/a/path/that/needs/heap",
    "headers": [
        {"name": "a-header-with-a-long-name", "values": [1, 2, 3]},
        {"name": "another", "values": []}
    ],
    "referer": "https://example.org/with/a/path",
    "user": 7
}"#;

/// Each test has a pool of its own.
macro_rules! request {
    () => {
        #[derive(Debug, PartialEq, Poolable, Serialize, Deserialize)]
        struct Request {
            path: String,
            headers: RetainVec<Header>,
            referer: RetainOption<String>,
            user: u64,
        }

        impl Request {
            #[allow(dead_code, reason = "not every test has it filled")]
            fn check(&self) {
                assert_eq!((self.path.as_str(), self.user), ("/a/path/that/needs/heap", 7));
                assert_eq!(self.headers.len(), 2);
                assert_eq!(self.headers[0].values, [1, 2, 3]);
                assert_eq!(
                    (self.headers[1].name.as_str(), &*self.headers[1].values),
                    ("another", &[][..])
                );
                assert_eq!(self.referer.as_ref().unwrap(), "https://example.org/with/a/path");
            }
        }
    };
}

#[test]
fn every_guard_is_written_as_its_value() {
    #[derive(Poolable, Serialize)]
    struct Word {
        text: String,
    }

    let word = || Pooled::attach(Word { text: "a".to_owned() });
    let shared = Pooled::share(word());
    let mapped = Pooled::map::<str>(word(), |word| word.text.as_mut_str());
    let made = Arc::new(Pool::new(|| vec![1_u8, 2]));
    let borrowed: PooledRef<'_, Vec<u8>> = made.get();
    let written = serde_json::to_string(&(word(), &shared, &mapped, borrowed, made.get_owned()));
    assert_eq!(written.unwrap(), r#"[{"text":"a"},{"text":"a"},"a",[1,2],[1,2]]"#);
    assert_eq!((shared.text.as_str(), &*mapped), ("a", "a"));
    assert_eq!(Word::pool().stats().in_use, 2);
    drop((shared, mapped) as (Shared<Word>, PooledMap<Word, str>));
    assert_eq!(Word::pool().stats().in_use, 0);
}

#[cfg(feature = "managed")]
#[test]
fn a_lease_is_written_as_its_value() {
    let pool = poolable::managed::BoundedPool::new(1, String::new);
    let mut line = pool.get().expect("there is room");
    line.push('a');
    assert_eq!(serde_json::to_string(&(&line, 1)).unwrap(), r#"["a",1]"#);
}

#[test]
fn what_was_written_is_read_again() {
    request!();

    let first: Pooled<Request> = serde_json::from_str(TEXT).unwrap();
    first.check();
    let written = serde_json::to_string(&first).unwrap();
    let second: Pooled<Request> = serde_json::from_str(&written).unwrap();
    assert_eq!(first, second);
    drop((first, second));
    let stats = Request::pool().stats();
    assert_eq!((stats.created, stats.returned, stats.idle), (2, 2, 2));
}

#[test]
fn the_same_shape_read_again_allocates_nothing() {
    request!();

    let read = || drop(serde_json::from_str::<Pooled<Request>>(TEXT).unwrap());
    read();
    assert_eq!(allocations_in(|| (0..100).for_each(|_| read())), 0);
    serde_json::from_str::<Pooled<Request>>(TEXT).unwrap().check();
    assert_eq!(Request::pool().stats().created, 1);
}

#[test]
fn wrong_input_brings_the_object_home_blank() {
    request!();

    // Cut short at every place, and wrong where its last field is.
    let wrong = TEXT.replace("7\n", "\"seven\"\n");
    let cut = (0..TEXT.len()).map(|end| &TEXT[..end]);
    let mut tries = 0;
    for text in cut.chain([wrong.as_str()]) {
        assert!(serde_json::from_str::<Pooled<Request>>(text).is_err());
        tries += 1;
        let stats = Request::pool().stats();
        assert_eq!((stats.returned, stats.in_use, stats.idle), (2 * tries - 1, 0, 1));
        let request = Request::pooled();
        assert_eq!((request.path.as_str(), request.headers.len(), request.user), ("", 0, 0));
        assert!(request.referer.is_none());
    }
    serde_json::from_str::<Pooled<Request>>(TEXT).unwrap().check();
    assert_eq!(Request::pool().stats().created, 1);
}

#[test]
fn a_type_that_is_not_read_in_place_is_read_all_the_same() {
    #[derive(Debug, PartialEq, Poolable)]
    struct Line(String);

    impl<'de> Deserialize<'de> for Line {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer).map(Self)
        }
    }

    let line: Pooled<Line> = serde_json::from_str("\"text\"").unwrap();
    assert_eq!(line.0, "text");
    drop(line);
    assert!(serde_json::from_str::<Pooled<Line>>("7").is_err());
    let stats = Line::pool().stats();
    assert_eq!((stats.created, stats.returned, stats.idle), (1, 2, 1));
}

#[test]
fn pooled_objects_are_read_inside_others() {
    #[derive(Poolable, Serialize, Deserialize)]
    struct Inner {
        text: String,
    }

    #[derive(Poolable, Serialize, Deserialize)]
    struct Outer {
        first: Pooled<Inner>,
        rest: Vec<Pooled<Inner>>,
    }

    let text = r#"{"first":{"text":"one and only"},"rest":[{"text":"two"},{"text":"three"}]}"#;
    let outer: Pooled<Outer> = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&outer).unwrap(), text);
    let place = outer.first.text.as_ptr();
    drop(outer);
    let outer: Pooled<Outer> = serde_json::from_str(text).unwrap();
    assert_eq!(outer.first.text.as_ptr(), place);
    drop(outer);
    assert!(serde_json::from_str::<Pooled<Outer>>(&text[..50]).is_err());
    let (outer, inner) = (Outer::pool().stats(), Inner::pool().stats());
    // The first one stays in its outer object.
    assert_eq!((outer.in_use, inner.in_use, inner.created), (0, 1, 3));
}

#[test]
fn kept_elements_are_read_into_again() {
    let mut headers = RetainVec::<Header>::new();
    let mut read = |text: &str| {
        let mut json = serde_json::Deserializer::from_str(text);
        let result = RetainVec::deserialize_in_place(&mut json, &mut headers);
        let places: Vec<_> = headers.iter().map(|header| header.name.as_ptr()).collect();
        (result.is_ok(), places, headers.retained())
    };
    let three = r#"[{"name":"one","values":[]},{"name":"two","values":[]},
        {"name":"three","values":[1]}]"#;
    let one = r#"[{"name":"ONE","values":[4]}]"#;
    let (_, places, retained) = read(three);
    assert_eq!((places.len(), retained), (3, 0));
    assert_eq!(read(one), (true, places[..1].to_vec(), 2));
    assert_eq!(read(three), (true, places.clone(), 0));
    assert_eq!(read("[]"), (true, vec![], 3));
    assert!(!read("[{}").0 && !read("7").0);
    assert_eq!(read(three), (true, places, 0));
    assert_eq!((headers[0].name.as_str(), &*headers[0].values), ("one", &[][..]));
    assert_eq!((headers[2].name.as_str(), &*headers[2].values), ("three", &[1][..]));
}

#[test]
fn kept_entries_are_read_into_again() {
    let mut map = RetainMap::<String, Vec<u8>>::new();
    let mut read = |text: &str| {
        let mut json = serde_json::Deserializer::from_str(text);
        let result = RetainMap::deserialize_in_place(&mut json, &mut map);
        let places: Vec<_> =
            map.iter().map(|(key, value)| (key.as_ptr(), value.as_ptr())).collect();
        (result.is_ok(), places, serde_json::to_string(&map).unwrap())
    };
    let two = r#"{"accept":[1,2],"host":[3]}"#;
    let (is_read, places, written) = read(two);
    assert_eq!((is_read, written.as_str()), (true, two));
    let other = r#"{"a":[7],"b":[]}"#;
    assert_eq!(read(other), (true, places.clone(), other.to_owned()));
    // The last one counts, as with std's maps.
    assert_eq!(read(r#"{"a":[7],"a":[8]}"#).2, r#"{"a":[8]}"#);
    assert!(!read(r#"{"a":[7],"b":"#).0 && !read("[]").0);
    assert_eq!(read(two), (true, places, two.to_owned()));
}

#[test]
fn a_kept_value_is_read_into_again() {
    let mut option = RetainOption::<String>::new();
    let mut read = |text: &str| {
        let mut json = serde_json::Deserializer::from_str(text);
        let result = RetainOption::deserialize_in_place(&mut json, &mut option);
        let read = option.as_ref().map(|text| (text.clone(), text.as_ptr()));
        (result.is_ok(), read)
    };
    let (is_read, Some((text, place))) = read("\"a text\"") else { panic!("there is a text") };
    assert_eq!((is_read, text.as_str()), (true, "a text"));
    assert_eq!(read("\"other\""), (true, Some(("other".to_owned(), place))));
    assert_eq!(read("null"), (true, None));
    assert_eq!(read("\"again\""), (true, Some(("again".to_owned(), place))));
    assert!(!read("7").0);
    assert_eq!(serde_json::to_string(&option).unwrap(), "\"\"");
    assert_eq!(serde_json::to_string(&RetainOption::<u8>::new()).unwrap(), "null");
    assert_eq!(serde_json::from_str::<RetainOption<u8>>("7").unwrap().as_ref(), Some(&7));
    assert!(serde_json::from_str::<RetainOption<u8>>("null").unwrap().is_none());
}

#[test]
fn an_object_is_read_that_borrows_from_the_input() {
    #[derive(Poolable, Deserialize)]
    struct Words<'a> {
        #[serde(borrow)]
        words: Vec<&'a str>,
    }

    let read = |text: &str| {
        let words: Pooled<Words<'_>> = serde_json::from_str(text).unwrap();
        (words.words.concat(), words.words.capacity())
    };
    let (told, capacity) = read(r#"{"words": ["one", "two", "three", "four", "five"]}"#);
    assert_eq!(told, "onetwothreefourfive");
    assert_eq!(read(r#"{"words": ["six"]}"#), ("six".to_owned(), capacity));
}
