//! The containers of other crates in pooled types.

use bytes::{Buf, Bytes, BytesMut};
use hashbrown::{HashMap, HashSet, HashTable};
use poolable::{Poolable, Reset, Wipe};
use smallvec::SmallVec;

use crate::allocations::{CANARY, allocations_in, secrets_freed_in};

/// Eight times the canary, as bytes.
fn secret() -> [u8; 64] {
    let mut bytes = [0; 64];
    for word in bytes.chunks_exact_mut(8) {
        word.copy_from_slice(&CANARY.to_ne_bytes());
    }
    bytes
}

#[test]
fn containers_of_other_crates_are_emptied_and_kept() {
    #[derive(Poolable)]
    struct Message {
        head: SmallVec<[u8; 16]>,
        #[pool(capacity = 64, max_capacity = 4096)]
        body: BytesMut,
        attachment: Bytes,
        #[pool(capacity = 20)]
        fields: HashMap<u32, u32>,
        seen: HashSet<u32>,
        table: HashTable<u32>,
    }

    let shared = Bytes::from(vec![1; 100]);
    let serve = || {
        let mut message = Message::pooled();
        assert!(message.head.is_empty() && message.body.is_empty());
        assert!(message.attachment.is_empty() && message.fields.is_empty());
        assert!(message.seen.is_empty() && message.table.is_empty());
        assert!(message.body.capacity() >= 64 && message.fields.capacity() >= 20);
        message.head.extend_from_slice(&[1; 40]);
        message.body.extend_from_slice(&[2; 500]);
        // What was read is hidden, until the return takes it back.
        message.body.advance(400);
        message.attachment = shared.clone();
        for number in 0..20 {
            message.fields.insert(number, number);
            message.seen.insert(number);
            message.table.insert_unique(number.into(), number, |number| (*number).into());
        }
    };
    serve();
    assert_eq!(allocations_in(|| (0..100).for_each(|_| serve())), 0);
    assert_eq!(Message::pool().stats().misses, 1);
    assert!(shared.is_unique(), "an idle object holds none of it");
}

#[test]
fn a_spilled_vector_is_wiped_on_the_heap_and_inline() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize)]
        key: SmallVec<[u64; 8]>,
    }

    let fill = |key: &mut SmallVec<[u64; 8]>| {
        key.extend_from_slice(&[CANARY; 8]);
        key.extend_from_slice(&[CANARY; 8]);
        key.truncate(3);
    };

    // The object's own memory is freed too.
    let freed = secrets_freed_in(|| {
        let mut session = Session::pooled();
        fill(&mut session.key);
        poolable::Pooled::discard(session);
    });
    assert_eq!(freed, 0);

    let freed = secrets_freed_in(|| {
        let mut key = Box::new(SmallVec::new());
        fill(&mut key);
    });
    // Without optimisation it spills by copying a whole vector over the inline part.
    let seen = if cfg!(debug_assertions) { 1..=2 } else { 2..=2 };
    assert!(seen.contains(&freed), "without a wipe, both parts are seen: {freed}");
}

#[test]
fn a_vector_that_was_only_reset_holds_what_it_held() {
    let freed = secrets_freed_in(|| {
        let mut key = SmallVec::<[u8; 16]>::from_slice(&secret());
        key.reset();
    });
    assert_eq!(freed, 1);
    let freed = secrets_freed_in(|| {
        let mut key = SmallVec::<[u8; 16]>::from_slice(&secret());
        key.wipe();
    });
    assert_eq!(freed, 0);
}

#[test]
fn a_buffer_is_wiped_with_the_front_that_was_read() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize, capacity = 64)]
        inbox: BytesMut,
    }

    let freed = secrets_freed_in(|| {
        let mut session = Session::pooled();
        session.inbox.extend_from_slice(&secret());
        session.inbox.advance(48);
        let tail = session.inbox.split_to(8);
        drop(tail);
        poolable::Pooled::discard(session);
    });
    assert_eq!(freed, 0);

    let freed = secrets_freed_in(|| {
        let mut inbox = BytesMut::from(&secret()[..]);
        inbox.advance(48);
        inbox.reset();
    });
    assert_eq!(freed, 1, "a reset alone does not wipe");
}

#[test]
fn a_part_that_somebody_else_holds_is_beyond_a_wipe() {
    // As the documentation says.
    let mut inbox = BytesMut::from(&secret()[..]);
    let front = inbox.split_to(32).freeze();
    inbox.wipe();
    assert_eq!(front, secret()[..32]);
    assert_eq!(secrets_freed_in(|| drop((front, inbox))), 1);
}

#[test]
fn tables_are_wiped_where_their_secrets_lie_on_the_heap() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize)]
        map: HashMap<Vec<u8>, Box<[u8; 64]>>,
        #[pool(zeroize)]
        set: HashSet<Vec<u8>>,
        #[pool(zeroize)]
        table: HashTable<Vec<u8>>,
    }

    let freed = secrets_freed_in(|| {
        let mut session = Session::pooled();
        session.map.insert(secret().to_vec(), Box::new(secret()));
        session.set.insert(secret().to_vec());
        session.table.insert_unique(1, secret().to_vec(), |_| 1);
        drop(session);
        assert!(Session::pooled().map.capacity() > 0, "its table is kept");
    });
    assert_eq!(freed, 0);
    let freed = secrets_freed_in(|| {
        let mut map = HashMap::new();
        map.insert(secret().to_vec(), Box::new(secret()));
        map.reset();
    });
    assert_eq!(freed, 2, "without a wipe, key and value are seen");
}

#[test]
fn containers_of_what_borrows_are_emptied_before_the_next_user() {
    #[derive(Poolable)]
    struct Parsed<'a> {
        words: SmallVec<[&'a str; 4]>,
        fields: HashMap<&'a str, &'a str>,
        seen: HashSet<&'a str>,
        table: HashTable<&'a str>,
        rest: BytesMut,
        all: Bytes,
    }

    for round in 0..3 {
        let line = format!("{round} of a short life");
        let mut parsed = Parsed::pooled();
        assert!(parsed.words.is_empty() && parsed.fields.is_empty() && parsed.seen.is_empty());
        assert!(parsed.table.is_empty() && parsed.rest.is_empty() && parsed.all.is_empty());
        parsed.words.extend(line.split(' '));
        parsed.fields.insert(&line, &line);
        parsed.seen.insert(&line);
        parsed.table.insert_unique(1, &line, |_| 1);
        parsed.rest.extend_from_slice(line.as_bytes());
        parsed.all = Bytes::copy_from_slice(line.as_bytes());
        assert_eq!(parsed.words.len(), 5);
    }
    assert_eq!(Parsed::pool().stats().misses, 1);
}
