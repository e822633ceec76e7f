//! The containers of crates `arrayvec`, `compact_str`, `http`, `indexmap` and `serde_json` in
//! pooled types.

use arrayvec::{ArrayString, ArrayVec};
use compact_str::CompactString;
use http::header::{CONTENT_TYPE, COOKIE, HOST, HeaderValue};
use http::{Extensions, HeaderMap, Method, Request, Response, StatusCode, Uri, Version};
use indexmap::{IndexMap, IndexSet};
use poolable::{Poolable, Pooled, Reset, Wipe};
use serde_json::{Map, Number, Value, json};

use crate::allocations::{CANARY, allocations_in, live_bytes_here, secrets_freed_in};

/// Eight times the canary, as text.
fn secret() -> String {
    String::from_utf8(CANARY.to_ne_bytes().repeat(8)).expect("it is ASCII")
}

#[test]
fn containers_are_emptied_and_kept() {
    #[derive(Poolable)]
    struct Message {
        path: ArrayVec<u32, 8>,
        code: ArrayString<16>,
        #[pool(capacity = 64, max_capacity = 4096)]
        subject: CompactString,
        short: CompactString,
        #[pool(capacity = 20, max_capacity = 100)]
        fields: IndexMap<u32, u32>,
        seen: IndexSet<u32>,
        #[pool(capacity = 10, max_capacity = 100)]
        headers: HeaderMap,
    }

    let serve = || {
        let mut message = Message::pooled();
        assert!(message.path.is_empty() && message.code.is_empty() && message.subject.is_empty());
        assert!(message.short.is_empty() && message.fields.is_empty() && message.seen.is_empty());
        assert!(message.headers.is_empty());
        assert!(message.subject.capacity() >= 64 && message.fields.capacity() >= 20);
        assert!(message.headers.capacity() >= 10);
        message.path.extend(0..8);
        message.code.push_str("sixteen letters!");
        message
            .subject
            .push_str("a text of more than the bytes that it has inline, and of more than 64");
        message.short.push_str("and a short one");
        for number in 0..60 {
            message.fields.insert(number, number);
            message.seen.insert(number);
        }
        message.headers.insert(HOST, HeaderValue::from_static("host"));
        message.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        for _ in 0..10 {
            message.headers.append(COOKIE, HeaderValue::from_static("a=b"));
        }
    };
    serve();
    assert_eq!(allocations_in(|| (0..100).for_each(|_| serve())), 0);
    assert_eq!(Message::pool().stats().misses, 1);
}

#[test]
fn requests_and_responses_are_reset_and_keep_their_tables_and_bodies() {
    #[derive(Poolable)]
    struct Exchange {
        request: Request<Vec<u8>>,
        response: Response<String>,
        asked: http::request::Parts,
        answered: http::response::Parts,
    }

    let name = |headers: &mut HeaderMap| {
        assert!(headers.is_empty());
        headers.insert(HOST, HeaderValue::from_static("host"));
        headers.append(COOKIE, HeaderValue::from_static("a=b"));
        headers.append(COOKIE, HeaderValue::from_static("c=d"));
    };
    let extend = |extensions: &mut Extensions| {
        assert!(extensions.is_empty());
        // What has no size is boxed without an allocation.
        extensions.insert(());
    };
    let serve = || {
        let mut exchange = Exchange::pooled();
        let Exchange { request, response, asked, answered } = &mut *exchange;
        assert_eq!((request.method(), request.version()), (&Method::GET, Version::HTTP_11));
        assert_eq!((request.uri(), request.body().len()), (&Uri::default(), 0));
        assert_eq!((response.status(), response.version()), (StatusCode::OK, Version::HTTP_11));
        assert_eq!((response.body().len(), &asked.method), (0, &Method::GET));
        assert_eq!((&asked.uri, answered.status), (&Uri::default(), StatusCode::OK));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("*");
        *request.version_mut() = Version::HTTP_2;
        request.body_mut().extend_from_slice(&[1; 500]);
        name(request.headers_mut());
        extend(request.extensions_mut());
        *response.status_mut() = StatusCode::NOT_FOUND;
        *response.version_mut() = Version::HTTP_10;
        response.body_mut().push_str("not here");
        name(response.headers_mut());
        extend(response.extensions_mut());
        asked.method = Method::PUT;
        asked.uri = Uri::from_static("*");
        name(&mut asked.headers);
        extend(&mut asked.extensions);
        answered.status = StatusCode::NOT_FOUND;
        name(&mut answered.headers);
        extend(&mut answered.extensions);
    };
    serve();
    assert_eq!(allocations_in(|| (0..100).for_each(|_| serve())), 0);
    assert_eq!(Exchange::pool().stats().misses, 1);
}

#[test]
fn json_is_blank_and_holds_no_memory() {
    #[derive(Poolable)]
    struct Document {
        value: Value,
        object: Map<String, Value>,
        number: Number,
    }

    let serve = |entries: usize| {
        let mut document = Document::pooled();
        assert!(document.value.is_null() && document.object.is_empty());
        assert_eq!(document.number.as_u64(), Some(0));
        document.value = json!({ "a": [1, "b", null] });
        document.object.extend((0..entries).map(|number| (number.to_string(), number.into())));
        document.number = Number::from_f64(0.5).expect("it is finite");
    };
    serve(0);
    let before = live_bytes_here();
    for entries in [1, 64, 65, 1000] {
        serve(entries);
    }
    assert_eq!(live_bytes_here(), before);
    assert_eq!(Document::pool().stats().misses, 1);
}

/// What a value holds after its reset: bytes that it owns, and those that it says.
fn retained<T: Reset>(make: impl FnOnce() -> T) -> (i64, i64) {
    let before = live_bytes_here();
    let mut value = make();
    value.reset();
    (live_bytes_here() - before, value.retained_bytes().try_into().expect("it is small"))
}

#[test]
fn what_is_retained_is_what_was_allocated() {
    let exact = |(held, said): (i64, i64), what: &str| assert_eq!(held, said, "{what}");
    for count in [0, 1, 2, 3, 7, 8, 14, 15, 28, 100, 1000, 5000_usize] {
        exact(retained(|| (0..count).collect::<IndexSet<_>>()), "a collected set");
        exact(retained(|| (0..count).map(|it| (it, it)).collect::<IndexMap<_, _>>()), "a map");
        let pushed = || {
            let mut map = IndexMap::<usize, String>::new();
            (0..count).for_each(|it| drop(map.insert(it, it.to_string())));
            map
        };
        exact(retained(pushed), "a map that grew");
        exact(retained(|| HeaderMap::<HeaderValue>::with_capacity(count)), "headers");
        exact(retained(|| HeaderMap::<u8>::with_capacity(count)), "headers of bytes");
        let named = || {
            let name = |it: usize| http::HeaderName::try_from(format!("x-{it}")).expect("a name");
            (0..count).map(|it| (name(it), HeaderValue::from(it))).collect::<HeaderMap>()
        };
        exact(retained(named), "headers that grew");
        exact(retained(|| CompactString::from("x".repeat(count))), "a text");
        exact(retained(|| CompactString::with_capacity(count)), "room for a text");
    }
}

#[test]
fn what_odd_maps_retain_is_at_most_twice_what_they_say() {
    type Numbers = IndexMap<u32, u32>;
    type Change = fn(Numbers) -> Numbers;
    let large = || (0..10_000).map(|it| (it, it)).collect::<Numbers>();
    let odd: [(&str, Change); 6] = [
        ("with the entries of a small one", |mut map| {
            map.clone_from(&IndexMap::from([(1, 1), (2, 2)]));
            map
        }),
        ("with the entries of an empty one", |mut map| {
            map.clone_from(&IndexMap::default());
            map
        }),
        ("split off", |mut map| {
            map.truncate(3);
            map.split_off(0)
        }),
        ("emptied from its end", |mut map| {
            while map.pop().is_some() {}
            map
        }),
        ("emptied in some order", |mut map| {
            while map.swap_remove_index(map.len() / 2).is_some() {}
            map
        }),
        ("drained", |mut map| {
            map.drain(..);
            map
        }),
    ];
    for (what, change) in odd {
        let (held, said) = retained(|| change(large()));
        assert!(said <= held && held <= 2 * said, "{what}: {held} held, {said} said");
    }
}

#[test]
fn maps_that_are_emptied_entry_by_entry_are_refilled_without_allocation() {
    #[derive(Poolable)]
    struct Queue {
        #[pool(capacity = 100)]
        jobs: IndexMap<u32, u32>,
    }

    let serve = || {
        let mut queue = Queue::pooled();
        for round in 0..10 {
            queue.jobs.extend((0..100).map(|it| (it * 7 + round, it)));
            while queue.jobs.pop().is_some() {}
        }
    };
    // The marks in the table may have it doubled, once.
    (0..10).for_each(|_| serve());
    assert_eq!(allocations_in(|| (0..100).for_each(|_| serve())), 0);
}

#[test]
fn inline_containers_are_wiped_over_all_of_their_places() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize)]
        key: ArrayVec<u64, 8>,
        #[pool(zeroize)]
        name: ArrayString<64>,
        #[pool(zeroize)]
        pin: CompactString,
    }

    let text = secret();
    // The object's own memory is freed too.
    let freed = secrets_freed_in(|| {
        let mut session = Session::pooled();
        session.key.extend([CANARY; 8]);
        session.key.truncate(3);
        session.name.push_str(&text);
        session.name.truncate(5);
        session.pin.push_str(&text[..24]);
        session.pin.truncate(23);
        Pooled::discard(session);
    });
    assert_eq!(freed, 0);
    let freed = secrets_freed_in(|| {
        let mut key = Box::new(ArrayVec::from([CANARY; 8]));
        key.reset();
        drop(key);
    });
    assert_eq!(freed, 1, "a reset alone does not wipe");
}

#[test]
fn texts_on_the_heap_are_wiped_where_they_lie() {
    let text = secret();
    let freed = |end: fn(&mut CompactString)| {
        secrets_freed_in(|| {
            let mut name = CompactString::new(&text);
            name.truncate(8);
            end(&mut name);
        })
    };
    assert_eq!((freed(Reset::reset), freed(Wipe::wipe)), (1, 0));
}

#[test]
fn maps_are_wiped_where_their_secrets_lie_on_the_heap() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize)]
        map: IndexMap<Vec<u8>, Box<[u8; 64]>>,
        #[pool(zeroize)]
        set: IndexSet<Vec<u8>>,
    }

    let bytes = || secret().into_bytes();
    let boxed = || Box::<[u8; 64]>::try_from(bytes().into_boxed_slice()).expect("it is as long");
    let freed = secrets_freed_in(|| {
        let mut session = Session::pooled();
        session.map.insert(bytes(), boxed());
        session.set.insert(bytes());
        drop(session);
        let session = Session::pooled();
        assert!(session.map.capacity() > 0 && session.set.capacity() > 0, "they are kept");
    });
    assert_eq!(freed, 0);
    let freed = secrets_freed_in(|| {
        let mut map = IndexMap::<_, _>::from([(bytes(), boxed())]);
        map.reset();
    });
    assert_eq!(freed, 2, "without a wipe, key and value are seen");
}

#[test]
fn containers_of_what_borrows_are_emptied_before_the_next_user() {
    #[derive(Poolable)]
    struct Parsed<'a> {
        words: ArrayVec<&'a str, 8>,
        fields: IndexMap<&'a str, &'a str>,
        seen: IndexSet<&'a str>,
        headers: HeaderMap<&'a str>,
        request: Request<Vec<&'a str>>,
        response: Response<Option<&'a str>>,
        text: CompactString,
        value: Value,
    }

    for round in 0..3 {
        let line = format!("{round} of a short life");
        let mut parsed = Parsed::pooled();
        assert!(parsed.words.is_empty() && parsed.fields.is_empty() && parsed.seen.is_empty());
        assert!(parsed.headers.is_empty() && parsed.request.body().is_empty());
        assert!(parsed.response.body().is_none() && parsed.text.is_empty());
        assert!(parsed.value.is_null());
        parsed.words.extend(line.split(' '));
        parsed.fields.insert(&line, &line);
        parsed.seen.insert(&line);
        parsed.headers.append(HOST, &line);
        parsed.headers.append(HOST, &line);
        parsed.request.body_mut().push(&line);
        *parsed.response.body_mut() = Some(&line);
        parsed.text.push_str(&line);
        parsed.value = Value::from(line.as_str());
        assert_eq!(parsed.words.len(), 5);
    }
    assert_eq!(Parsed::pool().stats().misses, 1);
}
