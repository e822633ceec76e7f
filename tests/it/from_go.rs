//! What the guide promises those who come from Go, on more threads and paths than its pages have
//! room for.

pub(crate) mod what_go_does;

use std::collections::HashMap;
use std::error::Error;
use std::panic;
use std::sync::{Arc, Barrier};
use std::thread;

use poolable::{Poolable, Pooled, RetainMap, RetainVec};

use super::allocations::allocations_in;
use super::{alone, unwind};

#[test]
fn no_user_sees_what_another_one_left() {
    #[derive(Poolable)]
    #[pool(cache = 2)]
    struct UserRequest {
        user_id: i64,
        #[pool(zeroize)]
        api_key: String,
        payload: Vec<u8>,
        headers: HashMap<String, String>,
        session: Option<Arc<str>>,
    }

    const USERS: i64 = 4;
    const REQUESTS: i64 = 500;
    let session: Arc<str> = "the same for all".into();
    let begin = Arc::new(Barrier::new(USERS as usize));
    let users = (1..=USERS).map(|user| {
        let (session, begin) = (Arc::clone(&session), Arc::clone(&begin));
        thread::spawn(move || {
            begin.wait();
            for number in 0..REQUESTS {
                // More than a cache keeps, so that objects go from thread to thread.
                let mut requests: Vec<_> = (0..5).map(|_| UserRequest::pooled()).collect();
                for request in &mut requests {
                    assert_eq!(request.user_id, 0);
                    assert_eq!(request.api_key, "");
                    assert!(request.payload.is_empty());
                    assert!(request.headers.is_empty());
                    assert!(request.session.is_none());
                    request.user_id = user;
                    request.api_key.push_str("secret-key");
                    request.payload.extend_from_slice(&number.to_le_bytes());
                    request.headers.insert(user.to_string(), number.to_string());
                    request.session = Some(Arc::clone(&session));
                }
                assert!(requests.iter().all(|request| request.user_id == user));
            }
        })
    });
    for user in users.collect::<Vec<_>>() {
        user.join().expect("nothing was left behind");
    }
    assert_eq!(Arc::strong_count(&session), 1);
    let stats = UserRequest::pool().stats();
    assert_eq!((stats.in_use, stats.returned), (0, (USERS * REQUESTS * 5) as u64));
    assert!(stats.created < 100, "they were hardly shared: {stats:?}");
}

#[test]
fn an_object_is_home_whichever_way_its_user_leaves() {
    #[derive(Debug, Poolable)]
    struct Scratch {
        bytes: Vec<u8>,
    }

    fn process(input: &[u8]) -> Result<Pooled<Scratch>, Box<dyn Error>> {
        let mut scratch = Scratch::pooled();
        assert!(scratch.bytes.is_empty());
        if input.is_empty() {
            return Err("empty input".into());
        }
        scratch.bytes.extend_from_slice(input);
        let text = std::str::from_utf8(&scratch.bytes)?;
        if text == "panic" {
            unwind();
        }
        scratch.bytes.extend_from_slice(b"-processed");
        Ok(scratch)
    }

    for round in 1..=250 {
        process(b"").expect_err("there is nothing in it");
        process(b"\xff").expect_err("it is no text");
        panic::catch_unwind(|| process(b"panic")).expect_err("it panics");
        let result = process(b"order").expect("a result");
        assert_eq!(result.bytes, b"order-processed");
        assert_eq!(Scratch::pool().stats().in_use, 1);
        drop(result);
        let stats = Scratch::pool().stats();
        assert_eq!((stats.returned, stats.in_use, stats.idle), (4 * round, 0, 1));
    }
    let stats = Scratch::pool().stats();
    assert_eq!((stats.created, stats.misses, stats.hits), (1, 1, 999));
    assert_eq!(stats.discarded.total(), 0);
}

#[test]
fn hits_and_misses_of_all_threads_add_up_to_their_gets() {
    #[derive(Poolable)]
    struct Frame(Vec<u8>);

    const GETS: u64 = 1000;
    let threads = [(); 4].map(|()| {
        thread::spawn(|| {
            for _ in 0..GETS {
                Frame::pooled().0.push(1);
            }
        })
    });
    for thread in threads {
        thread.join().expect("no panic");
    }
    let stats = Frame::pool().stats();
    assert_eq!((stats.hits + stats.misses, stats.returned), (4 * GETS, 4 * GETS));
    // A thread that finds what another one has left, creates nothing.
    assert!((1..=4).contains(&stats.misses), "{stats:?}");
    assert_eq!((stats.created, stats.idle), (stats.misses, stats.misses));
    assert!(stats.hit_rate() >= 0.999, "{stats:?}");
}

#[test]
fn every_thread_finds_what_was_made_ahead_of_time() {
    #[derive(Poolable)]
    struct Buffer {
        #[pool(capacity = 4096)]
        bytes: Vec<u8>,
    }

    assert_eq!(Buffer::pool().prewarm(100), 100);
    for _ in 0..8 {
        let taker = thread::spawn(|| {
            let buffers: Vec<_> = (0..100).map(|_| Buffer::pooled()).collect();
            assert!(buffers.iter().all(|buffer| buffer.bytes.capacity() == 4096));
        });
        taker.join().expect("no panic");
    }
    let stats = Buffer::pool().stats();
    assert_eq!((stats.hits, stats.misses, stats.created, stats.idle), (800, 0, 100, 100));
}

#[test]
fn what_is_written_into_is_not_allocated_and_what_is_assigned_is() {
    #[derive(Poolable)]
    struct Assigned {
        message: String,
        body: Vec<u8>,
        tags: Vec<String>,
        fields: HashMap<String, String>,
    }

    #[derive(Poolable)]
    struct Written {
        message: String,
        copied: String,
        body: Vec<u8>,
        tags: RetainVec<String>,
        fields: RetainMap<String, String>,
    }

    alone(|| {
        let text = "connection accepted".to_owned();
        let assign = || {
            let mut entry = Assigned::pooled();
            entry.message = text.to_string();
            entry.body = text.as_bytes().to_vec();
            entry.tags.push(text.to_string());
            entry.fields.insert("host".into(), text.as_str().into());
        };
        let write = || {
            let mut entry = Written::pooled();
            entry.message.push_str(&text);
            entry.copied.clone_from(&text);
            entry.body.extend_from_slice(text.as_bytes());
            entry.tags.push_blank().push_str(&text);
            entry.fields.insert_blank("host").push_str(&text);
        };
        assign();
        write();
        assert_eq!(allocations_in(assign), 5, "each of them, and two for the map");
        assert_eq!(allocations_in(write), 0);
        // The statistics tell nothing of it.
        let (assigned, written) = (Assigned::pool().stats(), Written::pool().stats());
        assert_eq!((assigned.created, assigned.hits), (1, 1));
        assert_eq!((written.created, written.hits), (1, 1));
    });
}
