//! What is compared with what.

use crate::rows::{analysis, buffers, get, handler, json};
use crate::timing::Sample;

/// Which of Go's forms ours is held against: what is said wherever the fastest is meant.
pub(crate) const FASTEST: &str =
    "fastest form on `sync.Pool` that is not written by hand for its type";

/// Least quotient of the time of Go's fastest to ours where objects and buffers are used.
const OBJECTS: f64 = 4.0;
/// The same where JSON is written.
const ENCODING: f64 = 5.0;

/// One way to do what a case is about.
#[derive(Debug)]
pub(crate) struct Form {
    /// Without the word for its side.
    pub(crate) name: &'static str,
    pub(crate) is_pooled: bool,
    /// Whether it may be the fastest of Go's: see [`FASTEST`].
    pub(crate) counts: bool,
    pub(crate) side: Side,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Ours(fn(u64) -> Sample),
    /// By the name of its benchmark.
    Go(&'static str),
}

impl Form {
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.side, Side::Ours(_))
    }
}

const fn unpooled(name: &'static str, side: Side) -> Form {
    Form { name, is_pooled: false, counts: false, side }
}

const fn pooled(name: &'static str, side: Side) -> Form {
    Form { name, is_pooled: true, counts: true, side }
}

/// Pooled by another pool than Go's own, or partly written by hand: shown, and not judged.
const fn apart(name: &'static str, benchmark: &'static str) -> Form {
    Form { name, is_pooled: true, counts: false, side: Side::Go(benchmark) }
}

/// What objects are pooled by where Go's pool is not the fastest.
const SHELVED: &str = "a slice behind a `sync.Mutex`";

/// What both sides do, in all their forms. The first pooled form of ours is held against Go's.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) title: &'static str,
    /// How its two bars in the plot are called.
    pub(crate) bars: [&'static str; 2],
    pub(crate) about: &'static str,
    /// How many times as fast as Go's [`FASTEST`] ours must be.
    pub(crate) least: Option<f64>,
    pub(crate) forms: &'static [Form],
    /// If a timing is always of so many operations: what it leaves behind is told then.
    pub(crate) operations: Option<u64>,
}

impl Case {
    /// Where our pooled form stands that counts.
    pub(crate) fn ours(&self) -> usize {
        self.place(|form| form.is_ours() && form.is_pooled)
    }

    pub(crate) fn ours_unpooled(&self) -> usize {
        self.place(|form| form.is_ours() && !form.is_pooled)
    }

    fn place(&self, is_it: impl Fn(&Form) -> bool) -> usize {
        self.forms.iter().position(is_it).expect("every case has one")
    }
}

/// How often the large object is filled.
pub(crate) const ROUNDS: u64 = 100_000;

pub(crate) static CASES: &[Case] = &[
    Case {
        title: "Get and return",
        bars: ["get and return, poolable", "get and return, Go"],
        about: "A struct of two numbers: got, one of them set, reset and returned. Unpooled it is \
                put on the heap, as an object that is handed on; on the stack it is free on either \
                side.",
        least: Some(OBJECTS),
        operations: None,
        forms: &[
            unpooled("a new `Box`", Side::Ours(get::unpooled)),
            unpooled("a new object", Side::Go("BenchmarkGetUnpooled")),
            pooled("`T::pooled()`", Side::Ours(get::pooled)),
            pooled("`sync.Pool`", Side::Go("BenchmarkGetPooled")),
            apart(SHELVED, "BenchmarkGetShelved"),
        ],
    },
    Case {
        title: "A buffer of 1024 bytes",
        bars: ["1 KiB buffer, poolable", "1 KiB buffer, Go"],
        about: "37 bytes are written into a buffer with room for 1024, and are looked at. Go's is \
                a `bytes.Buffer`, or a plain slice in a struct; `String()` copies.",
        least: Some(OBJECTS),
        operations: None,
        forms: &[
            unpooled("`Vec::with_capacity`", Side::Ours(buffers::unpooled_1024)),
            unpooled("`Grow` and `String()`", Side::Go("BenchmarkBuffer1024Unpooled")),
            unpooled("`Grow` and `Bytes()`", Side::Go("BenchmarkBuffer1024UnpooledInPlace")),
            pooled("`T::pooled()`", Side::Ours(buffers::pooled_1024)),
            pooled("`sync.Pool`, a plain slice", Side::Go("BenchmarkBuffer1024PooledSlice")),
            pooled("`sync.Pool`, `Bytes()`", Side::Go("BenchmarkBuffer1024PooledInPlace")),
            pooled("`sync.Pool`, `String()`", Side::Go("BenchmarkBuffer1024Pooled")),
            apart(SHELVED, "BenchmarkBuffer1024Shelved"),
        ],
    },
    Case {
        title: "A buffer of 1024 bytes, in parallel",
        bars: ["1 KiB buffer, parallel, poolable", "1 KiB buffer, parallel, Go"],
        about: "The same by as many threads or goroutines as there are cores.",
        least: Some(OBJECTS),
        operations: None,
        forms: &[
            unpooled("`Vec::with_capacity`", Side::Ours(buffers::parallel_unpooled_1024)),
            unpooled("`Grow` and `String()`", Side::Go("BenchmarkBuffer1024ParallelUnpooled")),
            unpooled(
                "`Grow` and `Bytes()`",
                Side::Go("BenchmarkBuffer1024ParallelUnpooledInPlace"),
            ),
            pooled("`T::pooled()`", Side::Ours(buffers::parallel_pooled_1024)),
            pooled(
                "`sync.Pool`, a plain slice",
                Side::Go("BenchmarkBuffer1024ParallelPooledSlice"),
            ),
            pooled("`sync.Pool`, `Bytes()`", Side::Go("BenchmarkBuffer1024ParallelPooledInPlace")),
            pooled("`sync.Pool`, `String()`", Side::Go("BenchmarkBuffer1024ParallelPooled")),
            apart(SHELVED, "BenchmarkBuffer1024ParallelShelved"),
        ],
    },
    Case {
        title: "A buffer of 4096 bytes",
        bars: ["4 KiB buffer, poolable", "4 KiB buffer, Go"],
        about: "13 bytes are written into a buffer with room for 4096, and are looked at. Go \
                leaves an unpooled one on the stack, unless it is handed on as an `io.Writer`.",
        least: Some(OBJECTS),
        operations: None,
        forms: &[
            unpooled("`Vec::with_capacity`", Side::Ours(buffers::unpooled_4096)),
            unpooled("`NewBuffer`, on the stack", Side::Go("BenchmarkBuffer4096Unpooled")),
            unpooled("`NewBuffer`, handed on", Side::Go("BenchmarkBuffer4096UnpooledHandedOn")),
            pooled("`T::pooled()`", Side::Ours(buffers::pooled_4096)),
            pooled("`sync.Pool`, a plain slice", Side::Go("BenchmarkBuffer4096PooledSlice")),
            pooled("`sync.Pool`, `Bytes()`", Side::Go("BenchmarkBuffer4096Pooled")),
            apart(SHELVED, "BenchmarkBuffer4096Shelved"),
        ],
    },
    Case {
        title: "A buffer of 4096 bytes, in parallel",
        bars: ["4 KiB buffer, parallel, poolable", "4 KiB buffer, parallel, Go"],
        about: "20 bytes, by as many threads or goroutines as there are cores.",
        least: Some(OBJECTS),
        operations: None,
        forms: &[
            unpooled("`Vec::with_capacity`", Side::Ours(buffers::parallel_unpooled_4096)),
            unpooled("`NewBuffer`, on the stack", Side::Go("BenchmarkBuffer4096ParallelUnpooled")),
            unpooled(
                "`NewBuffer`, handed on",
                Side::Go("BenchmarkBuffer4096ParallelUnpooledHandedOn"),
            ),
            pooled("`T::pooled()`", Side::Ours(buffers::parallel_pooled_4096)),
            pooled(
                "`sync.Pool`, a plain slice",
                Side::Go("BenchmarkBuffer4096ParallelPooledSlice"),
            ),
            pooled("`sync.Pool`, `Bytes()`", Side::Go("BenchmarkBuffer4096ParallelPooled")),
            apart(SHELVED, "BenchmarkBuffer4096ParallelShelved"),
        ],
    },
    Case {
        title: "JSON, written",
        bars: ["JSON written, poolable", "JSON written, Go"],
        about: "A number, a text, three texts in a list and two in a map, 105 bytes of JSON. Our \
                map is a `BTreeMap`, which was sorted before the clock; Go's is sorted each time, \
                or, in the form of any order, not at all. Most of the factor is serde's generated \
                code against reflection, as the unpooled rows show. So the forms that are not \
                judged are nearer: there the type was changed to a list of pairs that were sorted \
                beforehand and write themselves, or all of it is written by hand, as a generator \
                of code would do it: tokens into a pooled encoder, or bytes behind each other.",
        least: Some(ENCODING),
        operations: None,
        forms: &[
            unpooled("`serde_json::to_vec`", Side::Ours(json::encode_unpooled)),
            unpooled("`json.Marshal`", Side::Go("BenchmarkEncodeUnpooled")),
            pooled("`json::to_line`", Side::Ours(json::encode_pooled)),
            pooled("v2, in any order", Side::Go("BenchmarkEncodePooledInPlaceV2AnyOrder")),
            pooled("encoder kept, in place, v2", Side::Go("BenchmarkEncodePooledInPlaceV2")),
            pooled("encoder kept, in place", Side::Go("BenchmarkEncodePooledInPlace")),
            pooled("buffer pooled, copied out", Side::Go("BenchmarkEncodePooled")),
            apart("v2, keys sorted beforehand", "BenchmarkEncodePooledInPlaceV2Sorted"),
            apart("v2, tokens by hand", "BenchmarkEncodePooledTokens"),
            apart("appended by hand", "BenchmarkEncodePooledAppended"),
        ],
    },
    Case {
        title: "JSON, read",
        bars: ["JSON read, poolable", "JSON read, Go"],
        about: "The same text, read into an object. One of ours owns its texts, one borrows them \
                from the document.",
        least: None,
        operations: None,
        forms: &[
            unpooled("`serde_json::from_slice`", Side::Ours(json::decode_unpooled)),
            unpooled("`json.Unmarshal`", Side::Go("BenchmarkDecodeUnpooled")),
            pooled("`json::from_slice`", Side::Ours(json::decode_pooled)),
            pooled("into a pooled object, v2", Side::Go("BenchmarkDecodePooledV2")),
            pooled("into a pooled object", Side::Go("BenchmarkDecodePooled")),
            pooled("`json::from_slice`, borrowing", Side::Ours(json::decode_borrowed)),
        ],
    },
    Case {
        title: "A handler",
        bars: ["handler, poolable", "handler, Go"],
        about: "Answers a request with a content type and 67 bytes of JSON, without the server \
                around it. Go's usual forms have a map for the data and a new `httptest` recorder \
                for each request; the others have a struct, a buffer, an encoder and a minimal \
                `ResponseWriter`, which are all new each time, or kept and used again.",
        least: None,
        operations: None,
        forms: &[
            unpooled("a new `http::Response`", Side::Ours(handler::unpooled)),
            unpooled("as usual", Side::Go("BenchmarkHandlerUnpooled")),
            unpooled("all new, typed", Side::Go("BenchmarkHandlerUnpooledTyped")),
            pooled("recorder and text pooled", Side::Ours(handler::pooled)),
            pooled("all kept, v2", Side::Go("BenchmarkHandlerPooledTypedV2")),
            pooled("all kept", Side::Go("BenchmarkHandlerPooledTyped")),
            pooled("as usual, response pooled", Side::Go("BenchmarkHandlerPooled")),
        ],
    },
    Case {
        title: "A handler, in parallel",
        bars: ["handler, parallel, poolable", "handler, parallel, Go"],
        about: "The same by as many threads or goroutines as there are cores.",
        least: None,
        operations: None,
        forms: &[
            unpooled("a new `http::Response`", Side::Ours(handler::parallel_unpooled)),
            unpooled("as usual", Side::Go("BenchmarkHandlerParallelUnpooled")),
            unpooled("all new, typed", Side::Go("BenchmarkHandlerParallelUnpooledTyped")),
            pooled("recorder and text pooled", Side::Ours(handler::parallel_pooled)),
            pooled("all kept, v2", Side::Go("BenchmarkHandlerParallelPooledTypedV2")),
            pooled("all kept", Side::Go("BenchmarkHandlerParallelPooledTyped")),
            pooled("as usual, response pooled", Side::Go("BenchmarkHandlerParallelPooled")),
        ],
    },
    Case {
        title: "A large object",
        bars: ["large object, poolable", "large object, Go"],
        about: "A number, a block of 4096 bytes, a list and a map with room for 100 each: 100 000 \
                times one byte, one text and one key are put in, and the object is emptied and \
                returned, or freed. The block is made empty in Go, too: one of length 4096 would \
                be moved by the first append. Our texts are written with `write!` into those that \
                were kept; Go's are made by `fmt.Sprintf`, or, in the thrifty form, kept in a list of \
                blocks and a table of the keys that were met.",
        least: None,
        operations: Some(ROUNDS),
        forms: &[
            unpooled("a new object", Side::Ours(analysis::unpooled)),
            unpooled("a new object", Side::Go("BenchmarkAnalysisUnpooled")),
            pooled("`T::pooled()`", Side::Ours(analysis::pooled)),
            pooled("`sync.Pool`, thrifty", Side::Go("BenchmarkAnalysisPooledThrifty")),
            pooled("`sync.Pool`", Side::Go("BenchmarkAnalysisPooled")),
        ],
    },
];

/// All benchmarks that the module must have, those that tell the peaks among them.
#[cfg(test)]
pub(crate) fn benchmarks() -> Vec<&'static str> {
    let forms = CASES.iter().flat_map(|case| case.forms);
    let timed = forms.filter_map(|form| match form.side {
        Side::Go(name) => Some(name),
        Side::Ours(_) => None,
    });
    timed.chain(crate::memory::PEAKS.iter().flat_map(|peak| peak.benchmark())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_both_forms_of_both_sides() {
        for case in CASES {
            for is_pooled in [false, true] {
                for is_ours in [false, true] {
                    let mut forms = case.forms.iter();
                    assert!(
                        forms.any(|form| form.is_pooled == is_pooled && form.is_ours() == is_ours),
                        "{}",
                        case.title
                    );
                }
            }
            assert!(!case.forms[case.ours_unpooled()].is_pooled);
        }
    }
}
