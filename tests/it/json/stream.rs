//! Many values, one after the other, from a reader.

use std::io::{self, ErrorKind, Read};

use poolable::json::{self, Error, Stream};
use poolable::{Poolable, Pooled, RetainVec};
use serde::Deserialize;
use serde_json::error::Category;

use crate::alone;

/// A byte at a time, and interrupted before each.
struct Trickle<'b> {
    bytes: &'b [u8],
    was_interrupted: bool,
}

fn trickle(text: &str) -> Trickle<'_> {
    Trickle { bytes: text.as_bytes(), was_interrupted: false }
}

impl Read for Trickle<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.was_interrupted = !self.was_interrupted;
        if self.was_interrupted {
            return Err(ErrorKind::Interrupted.into());
        }
        let most = to.len().min(1);
        self.bytes.read(&mut to[..most])
    }
}

/// What each test reads has a pool of its own.
macro_rules! pooled {
    ($name:ident($inner:ty)) => {
        #[derive(Debug, PartialEq, Poolable, Deserialize)]
        struct $name($inner);
    };
    ($name:ident {$($field:ident: $kind:ty),*}) => {
        #[derive(Debug, PartialEq, Poolable, Deserialize)]
        struct $name { $($field: $kind),* }
    };
}

/// What a stream gives until it ends.
fn all<T, U, R>(stream: &mut Stream<T, R>, of: impl Fn(&T) -> U) -> Vec<Result<U, Error>>
where
    T: Poolable + serde::de::DeserializeOwned,
    R: Read,
{
    let values = stream.by_ref().map(|value| value.map(|value| of(&value))).collect();
    assert_eq!(T::pool().stats().in_use, 0);
    assert!(stream.next().is_none() && stream.next().is_none(), "it has ended");
    values
}

fn fine<U>(values: Vec<Result<U, Error>>) -> Vec<U> {
    values.into_iter().map(Result::unwrap).collect()
}

#[test]
fn numbers_are_told_apart_by_space() {
    pooled!(Number(f64));

    for text in ["1 2.5\n-3\t\r\n4e2", "1 2.5 -3 4e2 ", "  \n1 2.5 -3 4e2\n\n"] {
        let expected = [1.0, 2.5, -3.0, 400.0];
        assert_eq!(fine(all(&mut json::stream::<Number, _>(text.as_bytes()), |n| n.0)), expected);
        assert_eq!(fine(all(&mut json::stream::<Number, _>(trickle(text)), |n| n.0)), expected);
    }
    assert_eq!(Number::pool().stats().created, 1);
}

#[test]
fn texts_arrays_and_objects_may_stand_back_to_back() {
    pooled!(Text(String));
    pooled!(List(RetainVec<u8>));
    pooled!(Point { x: i32, y: i32 });

    let text = "\"one\"\"two\" \"three\"\n\"\"";
    let texts = fine(all(&mut json::stream::<Text, _>(trickle(text)), |text| text.0.clone()));
    assert_eq!(texts, ["one", "two", "three", ""]);
    let lists = fine(all(&mut json::stream::<List, _>(trickle("[1,2][3]\n[] [4]")), |list| {
        list.0.to_vec()
    }));
    assert_eq!(lists, [vec![1, 2], vec![3], vec![], vec![4]]);
    let text = "{\"x\":1,\"y\":2}{\"y\":4,\"x\":3}\r\n\r\n[5,6]";
    let points = fine(all(&mut json::stream::<Point, _>(trickle(text)), |p| (p.x, p.y)));
    assert_eq!(points, [(1, 2), (3, 4), (5, 6)]);
}

#[test]
fn nothing_is_a_stream_of_no_values() {
    pooled!(Number(u8));

    for text in ["", " ", "\n\t\r\n "] {
        assert_eq!(all(&mut json::stream::<Number, _>(trickle(text)), |_| ()).len(), 0);
    }
    // No value was there for it to be taken.
    assert!(Number::pool().stats().created <= 1);
}

#[test]
fn values_are_held_while_others_are_read() {
    pooled!(Number(u32));

    let text: String = (0..2000).map(|number| format!("{number}\n")).collect();
    let held: Vec<Pooled<Number>> =
        json::stream(text.as_bytes()).collect::<Result<_, _>>().unwrap();
    assert!(held.iter().map(|number| number.0).eq(0..2000));
    assert_eq!(Number::pool().stats().in_use, 2000);
    drop(held);
    assert_eq!(Number::pool().stats().in_use, 0);
}

#[test]
fn those_before_an_error_are_given_and_it_ends_the_stream() {
    pooled!(Point { x: i32, y: i32 });

    let good = "{\"x\":1,\"y\":2}\n{\"x\":3,\"y\":4}\n";
    for (bad, line, column, category) in [
        ("{\"x\":true,\"y\":5}\n", 3, 9, Category::Data),
        ("{\"x\":7}\n", 3, 7, Category::Data),
        ("{\"x\":7,\"x\":7,\"y\":7}\n", 3, 11, Category::Data),
        ("{\"x\":7,}\n", 3, 8, Category::Syntax),
        ("nul", 3, 3, Category::Eof),
        ("{\"x\":7,", 3, 7, Category::Eof),
        ("}", 3, 1, Category::Syntax),
        ("\u{feff}{}", 3, 1, Category::Syntax),
    ] {
        let text = format!("{good}{bad}{good}");
        let text = if category == Category::Eof { &text[..text.len() - good.len()] } else { &text };
        for reader in [&mut text.as_bytes() as &mut dyn Read, &mut trickle(text)] {
            let mut values = all(&mut json::stream::<Point, _>(reader), |p| (p.x, p.y));
            let error = values.pop().unwrap().unwrap_err();
            assert_eq!(
                (error.line(), error.column(), error.classify()),
                (line, column, category),
                "{bad}: {error}"
            );
            assert_eq!(fine(values), [(1, 2), (3, 4)]);
        }
    }
    assert_eq!(*Point::pooled(), Point { x: 0, y: 0 });
}

/// The parser itself goes on after a value that something follows.
#[test]
fn a_number_that_something_follows_ends_the_stream() {
    pooled!(Number(u32));

    for (text, before) in [("6?7 8", 0), ("1 2 3x 4", 2), ("1,2", 1), ("5\"a\" 6", 1)] {
        let mut values = all(&mut json::stream::<Number, _>(trickle(text)), |number| number.0);
        let error = values.pop().unwrap().unwrap_err();
        assert!(matches!(error.classify(), Category::Syntax | Category::Data), "{text}: {error}");
        assert_eq!(values.len(), before, "{text}");
        assert!(values.iter().all(Result::is_ok));
    }
}

/// As a file does that somebody appends to.
#[test]
fn a_stream_that_has_ended_does_not_go_on_with_its_reader() {
    struct Parts(Vec<&'static str>);

    impl Read for Parts {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let part = self.0.pop().unwrap_or_default();
            to[..part.len()].copy_from_slice(part.as_bytes());
            Ok(part.len())
        }
    }

    pooled!(Number(u32));

    let mut stream = json::stream::<Number, _>(Parts(vec!["4 5", "", "1 2 3 "]));
    assert_eq!(fine(all(&mut stream, |number| number.0)), [1, 2, 3]);
}

#[test]
fn an_error_of_the_reader_is_told_and_ends_the_stream() {
    struct Breaks<'b>(&'b [u8]);

    impl Read for Breaks<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            match self.0.read(to)? {
                0 => Err(io::Error::new(ErrorKind::ConnectionReset, "the peer is gone")),
                count => Ok(count),
            }
        }
    }

    pooled!(Text(String));

    for (text, before) in [("\"one\" \"two\" \"thr", 2), ("\"one\"", 1), ("", 0), ("\"one\" ", 1)] {
        let mut stream = json::stream::<Text, _>(Breaks(text.as_bytes()));
        let mut values = all(&mut stream, |text| text.0.clone());
        let error = values.pop().unwrap().unwrap_err();
        assert_eq!(error.classify(), Category::Io);
        assert_eq!(error.io_error_kind(), Some(ErrorKind::ConnectionReset));
        assert_eq!(error.to_string(), "the peer is gone");
        assert_eq!(fine(values), ["one", "two"][..before]);
        let error = json::from_reader::<Text, _>(Breaks(text.as_bytes())).unwrap_err();
        assert_eq!(error.io_error_kind(), Some(ErrorKind::ConnectionReset));
        assert_eq!(error.to_string(), "the peer is gone");
    }
    assert_eq!(Text::pool().stats().in_use, 0);
}

#[test]
fn the_offset_is_that_of_the_end_of_what_was_read() {
    pooled!(Text(String));

    let text = "\"one\" \"two\"\"three\" ";
    let mut stream = json::stream::<Text, _>(text.as_bytes());
    let mut offsets = vec![stream.byte_offset()];
    while let Some(value) = stream.next() {
        drop(value.unwrap());
        offsets.push(stream.byte_offset());
    }
    assert_eq!(offsets, [0, 5, 11, 18]);
}

/// The stream has a buffer of its own, which goes home with it: at its end or before.
#[test]
fn a_stream_that_is_dropped_leaves_nothing_in_use() {
    pooled!(Number(u32));

    alone(|| {
        struct Panics;

        impl Read for Panics {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                crate::unwind()
            }
        }

        let in_use = || json::read_buffers().stats().total().in_use + Number::pool().stats().in_use;
        for text in ["1 2 3", "1 x", "", "1"] {
            let mut stream = json::stream::<Number, _>(text.as_bytes());
            let first = stream.next();
            drop(stream);
            assert_eq!(in_use(), u64::from(matches!(first, Some(Ok(_)))), "{text}");
            drop(first);
            assert_eq!(in_use(), 0);
        }
        drop(json::stream::<Number, _>(&b"1"[..]));
        assert!(crate::unwinds(|| drop(json::stream::<Number, _>(Panics).next())));
        assert!(crate::unwinds(|| drop(json::from_reader::<Number, _>(Panics))));
        assert_eq!(in_use(), 0);
    });
}
