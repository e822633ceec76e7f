//! An object written as JSON, and read.

use std::collections::{BTreeMap, HashMap};

use poolable::{Poolable, RetainMap, RetainVec, json};
use serde::{Deserialize, Serialize};

use super::{PAYLOAD, look, looked_at};
use crate::timing::{Sample, Yield, alone};

/// What is written. Go sorts the keys of a map, and so does this one.
#[derive(Serialize)]
struct Payload {
    id: i64,
    name: String,
    tags: Vec<String>,
    meta: BTreeMap<String, String>,
}

/// What is read without a pool.
#[derive(Deserialize)]
struct Read {
    id: i64,
    #[allow(dead_code, reason = "it is read, as the rest is")]
    name: String,
    tags: Vec<String>,
    meta: HashMap<String, String>,
}

/// What is read into a pooled object that owns its texts.
#[derive(Poolable, Deserialize)]
struct Kept {
    id: i64,
    #[allow(dead_code, reason = "it is read, as the rest is")]
    name: String,
    tags: RetainVec<String>,
    meta: RetainMap<String, String>,
}

/// What is read into one whose texts are those of the document.
#[derive(Poolable, Deserialize)]
struct Borrowed<'a> {
    id: i64,
    #[allow(dead_code, reason = "it is read, as the rest is")]
    name: &'a str,
    #[serde(borrow)]
    tags: Vec<&'a str>,
    #[serde(borrow)]
    meta: RetainMap<&'a str, &'a str>,
}

fn teapot() -> Payload {
    let owned = |text: &[&str]| text.iter().map(|&text| text.to_owned()).collect();
    Payload {
        id: 12345,
        name: "Blue Teapot".to_owned(),
        tags: owned(&["blue", "clay", "sale"]),
        meta: [("made", "Jaipur"), ("firm", "potter")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    }
}

const TEXT: &[u8] = PAYLOAD.as_bytes();

/// What an operation yields that read all of it: the golden text tells, without the types.
fn yield_of_text() -> Yield {
    let all: serde_json::Value = serde_json::from_slice(TEXT).expect("it is JSON");
    let id = all["id"].as_u64().expect("it is a number");
    let lists =
        [all["tags"].as_array().map(Vec::len), all["meta"].as_object().map(|map| map.len())];
    let things: usize = lists.map(|length| length.expect("it is there")).iter().sum();
    Yield::each(id as usize + things)
}

#[inline(never)]
pub(crate) fn encode_unpooled(operations: u64) -> Sample {
    let payload = teapot();
    alone(operations, looked_at(PAYLOAD.trim_end()), |_| {
        look(&serde_json::to_vec(&payload).expect("it can be written"))
    })
}

#[inline(never)]
pub(crate) fn encode_pooled(operations: u64) -> Sample {
    let payload = teapot();
    alone(operations, looked_at(PAYLOAD), |_| {
        look(&json::to_line(&payload).expect("it can be written"))
    })
}

#[inline(never)]
pub(crate) fn decode_unpooled(operations: u64) -> Sample {
    alone(operations, yield_of_text(), |_| {
        let read: Read = serde_json::from_slice(TEXT).expect("it can be read");
        read.id as usize + read.tags.len() + read.meta.len()
    })
}

#[inline(never)]
pub(crate) fn decode_pooled(operations: u64) -> Sample {
    alone(operations, yield_of_text(), |_| {
        let read = json::from_slice::<Kept>(TEXT).expect("it can be read");
        read.id as usize + read.tags.len() + read.meta.len()
    })
}

#[inline(never)]
pub(crate) fn decode_borrowed(operations: u64) -> Sample {
    alone(operations, yield_of_text(), |_| {
        let read = json::from_slice::<Borrowed<'_>>(TEXT).expect("it can be read");
        read.id as usize + read.tags.len() + read.meta.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::allocates;

    #[test]
    fn payload_is_written_as_go_writes_it() {
        assert_eq!(json::to_line(&teapot()).unwrap(), PAYLOAD.as_bytes());
        assert_eq!(serde_json::to_string(&teapot()).unwrap(), PAYLOAD.trim_end());
    }

    #[test]
    fn payload_is_read_into_pooled_objects_which_are_blank_after() {
        for _ in 0..3 {
            let mut kept = Kept::pooled();
            assert!(kept.id == 0 && kept.name.is_empty());
            assert!(kept.tags.is_empty() && kept.meta.is_empty());
            json::from_slice_into(&mut kept, TEXT).unwrap();
            assert_eq!((kept.id, kept.name.as_str()), (12345, "Blue Teapot"));
            assert_eq!(kept.tags.as_slice(), ["blue", "clay", "sale"]);
            assert_eq!((&*kept.meta["firm"], &*kept.meta["made"]), ("potter", "Jaipur"));

            let borrowed = json::from_slice::<Borrowed<'_>>(TEXT).unwrap();
            assert_eq!((borrowed.id, borrowed.name), (12345, "Blue Teapot"));
            assert_eq!(borrowed.tags, ["blue", "clay", "sale"]);
            assert_eq!((borrowed.meta["firm"], borrowed.meta["made"]), ("potter", "Jaipur"));
        }
    }

    #[test]
    fn pooled_rows_allocate_nothing() {
        assert!(!allocates(encode_pooled));
        assert!(!allocates(decode_borrowed));
        assert!(!allocates(decode_pooled));
        assert!(encode_unpooled(500).blocks >= 500.0 && decode_unpooled(500).blocks > 3000.0);
    }
}
