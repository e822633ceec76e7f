//! What the guide tells those who come from Go of buffers and JSON, as far as its pages cannot
//! show it: what is allocated, and what Go does with them.

use std::io::{self, Read, Write};

use poolable::buffer::{self, BufferPool, PooledBuf, RingBuffer};
use poolable::{Pool, Poolable, RetainMap, RetainVec, json};
use serde::{Deserialize, Serialize};

use crate::allocations::allocations_in;
use crate::alone;
use crate::from_go::what_go_does::{assert_in_go, in_go};

/// What Go wrote there with an encoder: its newline is cut off.
#[track_caller]
fn encoded_in_go(case: &str) -> String {
    let text: String = serde_json::from_str(in_go(case)).expect("a text in quotes");
    text.strip_suffix('\n').expect("an encoder ends it").to_owned()
}

/// What the second run of some work allocates.
fn warm(mut work: impl FnMut()) -> u64 {
    work();
    allocations_in(work)
}

#[test]
fn go_does_what_the_guide_says_of_it() {
    assert_in_go(&[
        ("a fresh slice of the tier of 1 KiB", "1024"),
        ("one that was used", "0"),
        ("a get of 1024 after a put of 600", "600"),
        ("a get of 8192 after 1 KiB has grown", "1536"),
        ("what the next one finds", "left by someone"),
        ("4 KiB that has grown", "5376"),
        ("allocations of a put by address", "1"),
        ("allocations of a put of a slice", "1"),
        ("bytes of the buffer that were used", "0"),
        ("left of a file that was copied over itself", "0"),
        ("an error that nobody looks at", "true 200 0"),
        ("allocations that a pool of decoders saves", "1"),
        ("what trails, of a decoder", "<nil>"),
        ("what trails, of Unmarshal, is an error", "true"),
        ("fields that are left out and maps", "{2 old [] map[new:2 old:1]}"),
        ("after an error", "true 3"),
        ("after an error of syntax", "true 0"),
        ("a field twice", "4"),
        ("a field in another case", "5"),
        ("a large number", r#"{"user":12345678901234568}"#),
        ("a ring of no size", "true runtime error: index out of range [0] with length 0"),
    ]);
}

/// What the benchmarks of both ways allocate, without a clock.
#[test]
fn buffers_and_encoders_of_go_allocate_what_the_guide_says() {
    assert_in_go(&[
        ("a new buffer of 4 KiB, used in place", "0 B, 0"),
        ("a new buffer of 4 KiB, given to a writer", "4144 B, 2"),
        ("a pooled one", "0 B, 0"),
        ("Marshal of a value", "304 B, 7"),
        ("a pooled buffer, a new encoder and a copy of a value", "304 B, 7"),
        ("Marshal of a pointer", "176 B, 5"),
        ("a pooled buffer, a new encoder and a copy of a pointer", "176 B, 5"),
        ("a kept encoder and a copy of a pointer", "176 B, 5"),
        ("a kept encoder, read in place, with escapes true", "64 B, 4"),
        ("a kept encoder, read in place, with escapes false", "64 B, 4"),
        ("a new encoder, read in place, with escapes true", "64 B, 4"),
        ("a new encoder, read in place, with escapes false", "176 B, 5"),
        ("Unmarshal into a new object", "560 B, 10"),
        ("a new decoder on a kept reader, into a new object", "1128 B, 15"),
    ]);
}

#[derive(Poolable, Deserialize, Serialize)]
struct Payload {
    id: i64,
    name: String,
    tags: RetainVec<String>,
    meta: RetainMap<String, String>,
}

#[test]
fn a_payload_is_the_text_of_go_and_is_read_from_it() {
    let text = in_go("payload");
    let payload = json::from_slice::<Payload>(text.as_bytes()).unwrap();
    assert_eq!((payload.id, payload.name.as_str()), (12345, "Test Object"));
    assert_eq!((payload.tags.len(), payload.meta.len()), (3, 2));
    assert_eq!(json::to_buf(&payload).unwrap(), text.as_bytes());
}

#[test]
fn answers_are_the_texts_of_go() {
    #[derive(Serialize)]
    struct Answer {
        success: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<[u8; 2]>,
        #[serde(skip_serializing_if = "str::is_empty")]
        error: &'static str,
    }

    #[derive(Serialize)]
    struct Reply {
        status: &'static str,
        data: Greeting,
    }

    #[derive(Serialize)]
    struct Greeting {
        count: u8,
        message: &'static str,
    }

    let text = |buf: PooledBuf| String::from_utf8(buf.to_vec()).unwrap();
    for (case, success, data, error) in [
        ("success", true, Some([1, 2]), ""),
        ("no data", true, None, ""),
        ("failure", false, None, "no such order"),
    ] {
        let answer = Answer { success, data, error };
        assert_eq!(text(json::to_buf(&answer).unwrap()), encoded_in_go(case));
        assert_eq!(text(json::to_line(&answer).unwrap()), encoded_in_go(case) + "\n");
    }
    let data = Greeting { count: 42, message: "Hello, World!" };
    let reply = Reply { status: "success", data };
    assert_eq!(text(json::to_buf(&reply).unwrap()), encoded_in_go("greeting"));

    let pretty = text(json::to_buf_pretty(&[1, -2], "", "  ").unwrap());
    assert_eq!(pretty, encoded_in_go("indented by an encoder"));
    assert_eq!(in_go("by MarshalIndent"), format!("{pretty:?}"));
    let escaped = json::Options { escape_html: true }.to_buf("a < b").unwrap();
    assert_eq!(text(escaped), encoded_in_go("escaped"));
    assert_eq!(encoded_in_go("unescaped"), r#""a < b\u2028""#);
    assert_eq!(encoded_in_go("values"), r#"[1,"aGk=",null,null]"#);
}

#[test]
fn buffers_that_come_and_go_are_not_allocated() {
    alone(|| {
        let limited = BufferPool::builder().sizes([4096, 64 << 10]).build();
        let (tiered, sized) = (BufferPool::tiered(), BufferPool::new());
        let build = |data: &[u8]| {
            let mut response = limited.get(4096);
            response.extend_from_slice(b"HTTP/1.1 200 OK\r\n\r\n");
            response.extend_from_slice(data);
            response
        };
        assert_eq!(warm(|| drop(build(&[b'x'; 1000]))), 0);
        assert_eq!(warm(|| drop(build(&[b'x'; 1000]).freeze())), 1);
        let tiers = [1, 1024, 8192, 65_536];
        assert_eq!(warm(|| tiers.into_iter().for_each(|size| drop(tiered.get(size)))), 0);
        let sizes = [50, 100, 500, 2_000, 10_000, 50_000];
        assert_eq!(warm(|| sizes.into_iter().for_each(|size| drop(sized.get_zeroed(size)))), 0);
    });
}

#[test]
fn copies_and_rings_that_come_and_go_are_not_allocated() {
    alone(|| {
        let copy = || {
            let mut reader = io::repeat(b'x').take(100_000);
            assert_eq!(buffer::copy(&mut reader, &mut io::sink()).unwrap(), 100_000);
        };
        assert_eq!(warm(copy), 0);

        let rings = Pool::builder().create(|| RingBuffer::new(1024)).build();
        let stream = || {
            let (mut ring, mut data) = (rings.get(), [0; 100]);
            ring.write_all(&[b'x'; 2000]).unwrap();
            assert_eq!((ring.read(&mut data).unwrap(), ring.len()), (100, 924));
        };
        assert_eq!(warm(stream), 0);
    });
}

#[test]
fn a_payload_that_comes_again_is_not_allocated() {
    alone(|| {
        let text = in_go("payload");
        let read = || json::from_slice::<Payload>(text.as_bytes()).unwrap();
        assert_eq!(warm(|| drop(read())), 0);
        let payload = read();
        assert_eq!(warm(|| drop(json::to_buf(&payload).unwrap())), 0);
    });
}
