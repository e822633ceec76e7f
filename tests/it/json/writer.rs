//! Where the text goes: all of it or nothing, whatever becomes of the writer and of the value.

use std::io::{self, ErrorKind, Write};

use poolable::buffer::BufferPool;
use poolable::json::{self, Options};
use serde::Serialize;
use serde_json::error::Category;

use super::documents::Document;
use super::told;

/// Notes each write, and does what it is told.
#[derive(Default)]
struct Noting<F> {
    taken: Vec<u8>,
    calls: usize,
    behave: F,
}

fn noting<F: FnMut(usize, usize) -> io::Result<usize>>(behave: F) -> Noting<F> {
    Noting { taken: vec![], calls: 0, behave }
}

impl<F: FnMut(usize, usize) -> io::Result<usize>> Write for Noting<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        let accepted = (self.behave)(self.calls, bytes.len())?;
        self.taken.extend_from_slice(&bytes[..accepted]);
        Ok(accepted)
    }

    fn flush(&mut self) -> io::Result<()> {
        unreachable!("to flush is the caller's business")
    }
}

/// A value that comes to something in the middle, after 5000 bytes of text.
struct Midway<F>(F);

impl<F: Fn()> Serialize for Midway<F> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Then<'a, F>(&'a F);

        impl<F: Fn()> Serialize for Then<'_, F> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                (self.0)();
                serializer.serialize_unit()
            }
        }

        ("x".repeat(5000), Then(&self.0)).serialize(serializer)
    }
}

fn failing() -> (String, Document) {
    ("x".repeat(5000), Document::Fails("not today".to_owned()))
}

#[test]
fn a_serialize_that_closes_more_than_it_opened_is_written_to_its_end() {
    use serde::ser::SerializeSeq;

    /// Says that it is empty, and is not.
    struct Liar;

    impl Serialize for Liar {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut elements = serializer.serialize_seq(Some(0))?;
            elements.serialize_element(&[1])?;
            elements.serialize_element(&2)?;
            elements.end()
        }
    }

    let buf = json::to_buf_pretty(&(Liar, 3), "", " ").unwrap();
    assert!(buf.ends_with(b"3\n]"), "{}", String::from_utf8_lossy(&buf));
}

#[test]
fn a_line_ends_with_one_newline_and_nothing_else_adds_any() {
    let value = ["a\nb", "\n", ""];
    let line = json::to_line(&value).unwrap();
    assert_eq!(line.as_slice(), b"[\"a\\nb\",\"\\n\",\"\"]\n");
    assert_eq!(json::to_line("").unwrap().as_slice(), b"\"\"\n");
    assert_eq!(
        Options { escape_html: true }.to_line("<\n").unwrap().as_slice(),
        b"\"\\u003c\\n\"\n"
    );
    let pretty = json::to_buf_pretty(&(), ">", " ").unwrap();
    assert_eq!(pretty.as_slice(), b"null");
    for text in [json::to_buf(&value).unwrap(), json::to_buf_pretty(&value, "\n", "").unwrap()] {
        assert_ne!(text.last(), Some(&b'\n'));
    }
    assert_ne!(json::to_bytes(&value).unwrap().last(), Some(&b'\n'));
    // The newline may be what a buffer has no room for.
    for length in (2..12).flat_map(|power| [(1 << power) - 3, (1 << power) - 2, (1 << power) - 1]) {
        let text = "x".repeat(length);
        assert_eq!(json::to_line(&text).unwrap().as_slice(), format!("\"{text}\"\n").as_bytes());
    }
}

#[test]
fn a_writer_is_written_to_once() {
    for length in [0, 10, 1000, 5000, 2_000_000] {
        let text = "<".repeat(length);
        for options in [Options::default(), Options { escape_html: true }] {
            let mut writer = noting(|_, length| Ok(length));
            options.to_writer(&mut writer, &text).unwrap();
            assert_eq!(writer.calls, 1);
            assert_eq!(writer.taken, options.to_buf(&text).unwrap().as_slice());
        }
    }
}

#[test]
fn a_short_writer_gets_all_of_it_and_an_interrupted_one_is_asked_again() {
    let value = vec!["text"; 1000];
    let expected = serde_json::to_vec(&value).unwrap();
    let mut short = noting(|call, length| Ok(length.min(call % 7 + 1)));
    json::to_writer(&mut short, &value).unwrap();
    assert_eq!(short.taken, expected);
    let mut interrupted = noting(|call, length| match call % 3 {
        0 => Ok(length.min(1000)),
        _ => Err(ErrorKind::Interrupted.into()),
    });
    json::to_writer(&mut interrupted, &value).unwrap();
    assert_eq!(interrupted.taken, expected);
}

#[test]
fn what_is_wrong_with_a_writer_is_told() {
    let value = vec!["text"; 1000];
    for kind in [ErrorKind::BrokenPipe, ErrorKind::Other, ErrorKind::WouldBlock] {
        let mut failing = noting(|call, length| match call {
            1 => Ok(length.min(1000)),
            _ => Err(io::Error::new(kind, "the peer is gone")),
        });
        let error = json::to_writer(&mut failing, &value).unwrap_err();
        assert_eq!((error.classify(), error.io_error_kind()), (Category::Io, Some(kind)));
        assert_eq!((error.line(), error.column()), (0, 0));
        assert_eq!(error.to_string(), "the peer is gone");
        assert_eq!(io::Error::from(error).kind(), kind);
        assert_eq!(failing.taken, &serde_json::to_vec(&value).unwrap()[..1000]);
    }
    let mut full = noting(|_, _| Ok(0));
    let error = json::to_writer(&mut full, &value).unwrap_err();
    assert_eq!(told::<()>(Err(error)), {
        told(serde_json::to_writer(noting(|_, _| Ok(0)), &value))
    });
    assert_eq!(full.calls, 1);
}

/// The only one that does not ask again: one whose `write_all` is its own.
#[test]
fn a_writer_that_gives_up_where_it_is_interrupted_has_its_error_told() {
    struct GivesUp;

    impl Write for GivesUp {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.write_all(&[]).map(|()| 0)
        }

        fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
            Err(io::Error::new(ErrorKind::Interrupted, "a signal"))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let expected = serde_json::to_writer(GivesUp, &7).unwrap_err();
    let error = json::to_writer(GivesUp, &7).unwrap_err();
    assert_eq!(error.io_error_kind(), expected.io_error_kind());
    assert_eq!(told::<()>(Err(error)), told::<()>(Err(expected)));
}

#[test]
fn nothing_is_written_of_a_value_that_fails() {
    for options in [Options::default(), Options { escape_html: true }] {
        let mut writer = noting(|_, length| Ok(length));
        let error = told(options.to_writer(&mut writer, &failing()));
        assert_eq!(error, told(serde_json::to_vec(&failing())));
        assert_eq!((writer.calls, writer.taken.len()), (0, 0));
    }
}

#[test]
fn a_value_that_fails_leaves_nothing_in_use() {
    let pool = BufferPool::new();
    for options in [Options::default(), Options { escape_html: true }] {
        let error = options.to_buf_in(&pool, &failing()).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.classify()), ("not today", Category::Data));
        let total = pool.stats().total();
        assert!(total.created > 0 && total.in_use == 0, "{total:?}");
        assert_eq!(pool.stats().unpooled, 0);
    }
}

#[test]
fn a_value_that_panics_leaves_nothing_in_use() {
    let pool = BufferPool::new();
    let panicking = Midway(|| crate::unwind());
    for options in [Options::default(), Options { escape_html: true }] {
        let write = || drop(options.to_buf_in(&pool, &panicking));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(write)).is_err());
        let total = pool.stats().total();
        assert!(total.created > 0 && total.in_use == 0, "{total:?}");
    }
    assert!(json::to_buf_in(&pool, &Midway(|| ())).unwrap().ends_with(b"xx\",null]"));
}

#[test]
fn a_value_may_write_others_with_the_same_pool_while_it_is_written() {
    let pool = BufferPool::new();
    let nested = Midway(|| {
        let inner = json::to_buf_in(&pool, &"y".repeat(5000)).unwrap();
        assert_eq!(inner.len(), 5002);
    });
    let text = json::to_buf_in(&pool, &nested).unwrap();
    assert_eq!(text.as_slice(), format!("[\"{}\",null]", "x".repeat(5000)).as_bytes());
    assert_eq!(pool.stats().total().in_use, 1);
    drop(text);
    assert_eq!(pool.stats().total().in_use, 0);
}

/// All ways that have no pool of their own, in a process of its own.
#[test]
#[cfg(not(any(poolable_passthrough, poolable_chaos)))]
fn nothing_of_the_pool_of_all_stays_in_use() {
    crate::alone(|| {
        let in_use = || BufferPool::global().stats().total().in_use;
        type Way<'a> = &'a dyn Fn(&dyn Fn());
        let ways: [Way<'_>; 5] = [
            &|midway| drop(json::to_buf(&Midway(midway))),
            &|midway| drop(json::to_buf_pretty(&Midway(midway), "", " ")),
            &|midway| drop(json::to_line(&Midway(midway))),
            &|midway| drop(json::to_bytes(&Midway(midway))),
            &|midway| drop(json::to_writer(noting(|_, length| Ok(length)), &Midway(midway))),
        ];
        for write in ways {
            write(&|| assert!(in_use() > 0));
            assert_eq!(in_use(), 0);
            assert!(crate::unwinds(|| write(&|| crate::unwind())));
            assert_eq!(in_use(), 0);
        }
        assert!(json::to_buf(&failing()).is_err() && json::to_bytes(&failing()).is_err());
        assert!(json::to_buf_pretty(&failing(), "", " ").is_err());
        assert!(json::to_line(&failing()).is_err());
        assert!(crate::unwinds(|| {
            drop(json::to_writer(noting(|_, _| crate::unwind()), &failing().0));
        }));
        assert!(json::to_writer(noting(|_, _| Ok(0)), &failing().0).is_err());
        assert_eq!(in_use(), 0);
        let frozen = json::to_bytes(&failing().0).unwrap();
        let clone = frozen.clone();
        drop(frozen);
        assert_eq!(in_use(), 1, "it comes home with its last clone");
        drop(clone);
        assert_eq!(in_use(), 0);
    });
}
