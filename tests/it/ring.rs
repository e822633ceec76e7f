//! Rings of bytes, alone and in pools.

use std::collections::HashMap;
use std::io::{self, BufRead, Read, Write};

use poolable::buffer::RingBuffer;
use poolable::{Capacity, Pool, Poolable, Pooled, Reset, RetainVec, Wipe};

use self::player::{Birth, Pair, Step, play};
use crate::allocations::{CANARY, allocations_in, secrets_freed_in};
use crate::conservation::Random;
use crate::unwinds;

/// It is the fuzzer's too, to whom it is a module of a library.
#[path = "../stress/src/ring.rs"]
#[allow(unreachable_pub, dead_code, reason = "the fuzzer calls the others")]
mod player;

const CAPACITIES: std::ops::RangeInclusive<usize> = 1..=17;
const KINDS: [fn(usize) -> Birth; 2] = [Birth::New, Birth::Bounded];

fn take(pair: &mut Pair, path: &[Step]) {
    let step = path.last().expect("a step");
    if let Err(difference) = pair.take(*step) {
        panic!("capacity {}, {path:?}: {difference}", pair.capacity());
    }
}

#[test]
fn every_short_script_shows_what_a_queue_shows() {
    /// Goes on with each of the steps, so many more times.
    fn go_on(pair: &Pair, steps: &[Step], path: &mut Vec<Step>, depth: usize) {
        for step in steps {
            let mut pair = pair.clone();
            path.push(*step);
            take(&mut pair, path);
            if depth > 1 {
                go_on(&pair, steps, path, depth - 1);
            }
            path.pop();
        }
    }

    for capacity in CAPACITIES {
        let mut amounts = vec![1, capacity / 2, capacity - 1, capacity, capacity + 1];
        amounts.retain(|amount| *amount > 0);
        amounts.sort_unstable();
        amounts.dedup();
        let mut steps: Vec<_> = amounts.iter().map(|amount| Step::Write(*amount)).collect();
        steps.extend(amounts.iter().map(|amount| Step::Read(*amount)));
        steps.extend([Step::Consume(2), Step::Invert, Step::Clear]);
        for kind in KINDS {
            go_on(&Pair::new(kind(capacity)), &steps, &mut Vec::new(), 4);
        }
    }
}

#[test]
fn every_call_does_in_every_state_what_a_queue_does() {
    let calls: [fn(usize) -> Step; 10] = [
        Step::Write,
        Step::WriteAll,
        Step::Extend,
        Step::Read,
        Step::ReadExact,
        Step::ReadUntil,
        Step::Consume,
        Step::Grow,
        Step::Shrink,
        |_| Step::Invert,
    ];
    let others = [
        Step::ReadToEnd,
        Step::ReadToString,
        Step::Clear,
        Step::Reset,
        Step::Wipe,
        Step::Clone,
        Step::Take,
    ];
    for capacity in CAPACITIES {
        let amounts = 0..=2 * capacity + 1;
        let steps: Vec<_> =
            amounts.flat_map(|amount| calls.map(|call| call(amount))).chain(others).collect();
        for kind in KINDS {
            for head in 0..capacity {
                for len in 0..=capacity {
                    let mut path = Vec::new();
                    let mut pair = Pair::new(kind(capacity));
                    let first = capacity.min(head + len);
                    for step in
                        [Step::Write(first), Step::Read(head), Step::Write(head + len - first)]
                    {
                        path.push(step);
                        take(&mut pair, &path);
                    }
                    for step in &steps {
                        let mut pair = pair.clone();
                        path.push(*step);
                        take(&mut pair, &path);
                        path.pop();
                    }
                }
            }
        }
    }
}

#[test]
fn random_scripts_show_what_a_queue_shows() {
    for seed in 1..=3000 {
        let mut random = Random(seed);
        let bytes: Vec<_> = (0..200).map(|_| random.below(256) as u8).collect();
        if let Err(difference) = play(&bytes) {
            panic!("seed {seed}: {difference}");
        }
    }
}

#[test]
fn a_field_without_attributes_keeps_the_memory_that_its_first_use_made() {
    #[derive(Poolable)]
    struct Log {
        tail: RingBuffer,
    }

    let mut log = Log::pooled();
    assert_eq!((log.tail.capacity(), log.tail.retained_bytes()), (4096, 0));
    assert!(!log.tail.is_bounded());
    log.tail.write_all(&[7; 5000]).unwrap();
    assert_eq!((log.tail.len(), log.tail.overwritten()), (4096, 904));
    drop(log);
    let serve = || {
        let mut log = Log::pooled();
        assert!(log.tail.is_empty());
        assert_eq!((log.tail.overwritten(), log.tail.retained_bytes()), (0, 4096));
        log.tail.write_all(&[7; 5000]).unwrap();
    };
    assert_eq!(allocations_in(|| (0..100).for_each(|_| serve())), 0);
    assert_eq!(Log::pool().stats().misses, 1);
}

#[test]
fn a_capacity_is_that_of_the_ring_at_birth_and_after_it_was_taken() {
    #[derive(Poolable)]
    struct Log {
        #[pool(capacity = 10_000, max_capacity = 20_000)]
        tail: RingBuffer,
    }

    let mut log = Log::pooled();
    assert_eq!((log.tail.capacity(), log.tail.retained_bytes()), (10_000, 10_000));
    log.tail.write_all(&[7; 10_001]).unwrap();
    assert_eq!(std::mem::take(&mut log.tail).len(), 10_000);
    drop(log);
    let mut log = Log::pooled();
    assert_eq!((log.tail.capacity(), log.tail.retained_bytes()), (10_000, 10_000));
    log.tail = RingBuffer::new(1 << 20);
    drop(log);
    let mut log = Log::pooled();
    assert_eq!((log.tail.capacity(), log.tail.retained_bytes()), (20_000, 20_000));
}

#[test]
fn a_bounded_field_stays_bounded() {
    #[derive(Poolable)]
    struct Inbox {
        #[pool(init = RingBuffer::bounded(100))]
        ring: RingBuffer,
    }

    for _round in 0..3 {
        let mut inbox = Inbox::pooled();
        assert_eq!((inbox.ring.capacity(), inbox.ring.free()), (100, 100));
        assert!(inbox.ring.is_bounded());
        assert_eq!(inbox.ring.write(&[7; 150]).unwrap(), 100);
        assert_eq!(inbox.ring.write(&[7; 150]).unwrap(), 0);
    }
    assert_eq!(Inbox::pool().stats().misses, 1);
}

#[test]
fn a_pool_of_rings_hands_them_out_empty_and_in_their_kind() {
    let pool = Pool::builder().create(|| RingBuffer::bounded(1024)).build();
    for _round in 0..3 {
        let mut ring = pool.get();
        assert!(ring.is_empty() && ring.is_bounded());
        ring.write_all(b"Hello, ring! ").unwrap();
        ring.write_all(b"This is streaming data.").unwrap();
        let mut data = [0; 100];
        let count = ring.read(&mut data[..20]).unwrap();
        assert_eq!(&data[..count], b"Hello, ring! This is");
        assert_eq!((ring.len(), ring.capacity()), (16, 1024));
    }
    let stats = pool.stats();
    assert_eq!((stats.misses, stats.hits), (1, 2));
}

#[test]
fn a_type_that_borrows_may_have_rings() {
    #[derive(Poolable)]
    struct Parser<'a> {
        source: &'a str,
        rest: RingBuffer,
    }

    for text in ["one", "two"].map(String::from) {
        let mut parser = Parser::pooled();
        assert!(parser.source.is_empty() && parser.rest.is_empty());
        parser.source = &text;
        parser.rest.write_all(text.as_bytes()).unwrap();
    }
    assert_eq!(Parser::pool().stats().misses, 1);
}

#[test]
fn a_ring_in_other_things_is_made_blank_with_them() {
    #[derive(Poolable)]
    struct Channels {
        list: RetainVec<RingBuffer>,
        pair: (RingBuffer, Box<RingBuffer>),
        #[pool(zeroize)]
        by_name: HashMap<String, RingBuffer>,
    }

    let fill = |channels: &mut Pooled<Channels>| {
        channels.list.push_blank().write_all(b"abc").unwrap();
        channels.pair.0.write_all(b"abc").unwrap();
        channels.pair.1.write_all(b"abc").unwrap();
        channels.by_name.entry("one".to_owned()).or_default().write_all(b"abc").unwrap();
    };
    let mut channels = Channels::pooled();
    fill(&mut channels);
    drop(channels);
    let mut channels = Channels::pooled();
    assert!(channels.list.is_empty() && channels.by_name.is_empty());
    assert!(channels.pair.0.is_empty() && channels.pair.1.is_empty());
    assert_eq!(allocations_in(|| channels.list.push_blank().write_all(b"abc").unwrap()), 0);
    assert_eq!(channels.list[0], b"abc");
}

/// Eight times the canary.
fn secret() -> Vec<u8> {
    CANARY.to_ne_bytes().repeat(8)
}

/// Rings whose content is a secret: to be read, wrapped around, read already, and cleared.
fn secret_rings() -> [RingBuffer; 4] {
    let filled = || {
        let mut ring = RingBuffer::new(64);
        ring.write_all(&secret()).unwrap();
        ring
    };
    let mut wrapped = filled();
    wrapped.write_all(&secret()[..24]).unwrap();
    assert!(!wrapped.as_slices().1.is_empty());
    let mut read = filled();
    read.read_exact(&mut [0; 64]).unwrap();
    let mut cleared = filled();
    cleared.clear();
    [filled(), wrapped, read, cleared]
}

#[test]
fn wiped_rings_free_no_secret_even_of_what_was_read() {
    for index in 0..4 {
        let freed = |wipes: bool| {
            let mut ring = secret_rings().into_iter().nth(index).expect("there are four");
            secrets_freed_in(|| {
                if wipes {
                    ring.wipe();
                }
                drop(ring);
            })
        };
        assert_eq!(freed(true), 0, "{index}");
        assert_ne!(freed(false), 0, "otherwise it would prove nothing, {index}");
    }
}

#[test]
fn a_marked_ring_leaves_no_secret_however_its_object_goes() {
    #[derive(Poolable)]
    struct Session {
        #[pool(zeroize, capacity = 64, max_capacity = 64)]
        ring: RingBuffer,
    }

    let leaves = |go: fn(Pooled<Session>)| {
        for index in 0..4 {
            let mut session = Session::pooled();
            let ring = secret_rings().into_iter().nth(index).expect("there are four");
            session.ring = ring;
            let freed = secrets_freed_in(|| {
                go(session);
                Session::pool().clear();
            });
            assert_eq!(freed, 0, "{index}");
        }
    };
    leaves(drop);
    leaves(|session| drop(Pooled::into_inner(session)));
    leaves(Pooled::discard);
    // It is larger than its ceiling, and moves on return.
    let mut session = Session::pooled();
    session.ring = RingBuffer::new(128);
    session.ring.write_all(&secret().repeat(2)).unwrap();
    assert_eq!(secrets_freed_in(|| drop(session)), 0);
    assert_eq!(Session::pooled().ring.capacity(), 64);
}

#[test]
fn readers_and_writers_of_std_go_through_a_ring() {
    let mut ring = RingBuffer::bounded(10);
    let text = b"a text of some length\nand one more line";
    let mut out = Vec::new();
    for piece in text.chunks(7) {
        assert_eq!(io::copy(&mut &*piece, &mut ring).unwrap(), piece.len() as u64);
        io::copy(&mut ring, &mut out).unwrap();
    }
    assert_eq!(out, text);
    let refused = io::copy(&mut &text[..], &mut ring).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::WriteZero);
    assert_eq!(ring, b"a text of ");
    let mut rest = String::new();
    Read::by_ref(&mut ring).take(6).read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "a text");
    assert!(write!(ring, "{}", 123).is_ok() && ring == b" of 123");
    ring.flush().unwrap();
}

#[test]
fn lines_are_read_across_the_seam() {
    let mut ring = RingBuffer::new(16);
    for number in 0..100 {
        write!(ring, "line {number}\nmore").unwrap();
        let mut lines = (&mut ring).lines();
        assert_eq!(lines.next().unwrap().unwrap(), format!("line {number}"));
        assert_eq!(lines.next().unwrap().unwrap(), "more");
        assert!(lines.next().is_none());
    }
    assert_eq!(ring.overwritten(), 0);
}

#[test]
fn calls_that_cannot_be_served_panic_and_change_nothing() {
    let mut ring = RingBuffer::bounded(4);
    ring.write_all(b"abcd").unwrap();
    assert!(unwinds(|| ring.consume(5)));
    assert!(unwinds(|| ring.extend(b"e")));
    assert!(unwinds(|| ring.grow_to(usize::MAX)));
    assert_eq!(ring, b"abcd");
    assert!(unwinds(|| drop(RingBuffer::new(0))));
    assert!(unwinds(|| drop(RingBuffer::bounded(0))));
    assert!(unwinds(|| drop(RingBuffer::new(usize::MAX))));
}
