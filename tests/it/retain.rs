//! Containers inside pooled types whose contents stay from one user to the next.

use poolable::{Poolable, Pooled, Reset, RetainMap, RetainOption, RetainVec, Wipe};

use super::allocations::{CANARY, allocations_in, secrets_freed_in};
use super::unwind;

#[derive(Reset, Debug, PartialEq)]
struct Header {
    name: String,
    value: Vec<u8>,
}

/// Fills the map with headers of the same names and sizes each time.
fn fill(headers: &mut RetainMap<String, String>, count: usize, round: usize) {
    for index in 0..count {
        let name = ["host", "accept-encoding", "x-forwarded-for", "cookie"][index % 4];
        let key: [u8; 20] = std::array::from_fn(|at| *name.as_bytes().get(at).unwrap_or(&b'-'));
        let mut key = key;
        key[19] = b'a' + (index / 4) as u8;
        let value = headers.insert_blank(std::str::from_utf8(&key).expect("ASCII"));
        assert_eq!(value, "");
        (0..30).for_each(|_| value.push(char::from(b'a' + (round % 26) as u8)));
    }
}

#[test]
fn map_that_is_filled_with_the_same_shape_allocates_nothing() {
    #[derive(Poolable)]
    struct Request {
        headers: RetainMap<String, String>,
    }

    for count in [5, 50] {
        let serve = |round| {
            let mut request = Request::pooled();
            fill(&mut request.headers, count, round);
            assert_eq!(request.headers.len(), count);
            let found = &request.headers["host---------------a"];
            assert!(found.bytes().all(|byte| byte == b'a' + (round % 26) as u8));
        };
        serve(0);
        assert_eq!(allocations_in(|| (1..500).for_each(serve)), 0);
    }
    assert_eq!(Request::pool().stats().misses, 1);
}

#[test]
fn map_whose_entries_come_and_go_allocates_nothing() {
    let mut map = RetainMap::<Vec<u8>, Vec<u8>>::new();
    let mut serve = |round: u8| {
        for key in 0..40 {
            map.get_or_insert_blank(&[key; 16][..]).extend([round; 32]);
        }
        map.retain(|key, _| key[0] % 3 != 0);
        for key in (0..40).filter(|key| key % 3 == 1) {
            assert!(map.retire(&[key; 16][..]));
        }
        assert!(map.values().all(|value| *value == [round; 32]));
        assert_eq!(map.len(), 13);
        map.clear();
    };
    (0..3).for_each(&mut serve);
    assert_eq!(allocations_in(|| (3..200).for_each(&mut serve)), 0);
}

#[test]
fn vector_and_option_that_are_edited_alike_allocate_nothing() {
    #[derive(Poolable)]
    struct Message {
        headers: RetainVec<Header>,
        words: RetainVec<String>,
        sender: RetainOption<String>,
    }

    let words = ["to", "be", "or", "not", "to", "be"].map(String::from);
    let serve = || {
        let mut message = Message::pooled();
        for index in 0..8 {
            let header = message.headers.push_blank();
            header.name.push_str("header ");
            header.name.push(char::from(b'0' + index));
            header.value.extend([index; 20]);
        }
        message.headers.sort_by(|a, b| b.name.cmp(&a.name));
        message.headers.retain(|header| header.value[0] % 2 == 0);
        message.headers.resize_blank(6);
        assert_eq!(message.headers[0].name, "header 6");
        assert_eq!(message.headers[5], Header::blank());
        message.words.extend_from_slice(&words);
        assert_eq!(message.words, words);
        message.sender.insert_blank().push_str("somebody");
        assert_eq!(message.sender.as_deref(), Some("somebody"));
    };
    // Sorting moves the buffers about; after some rounds each has had every size.
    (0..10).for_each(|_| serve());
    assert_eq!(allocations_in(|| (0..200).for_each(|_| serve())), 0);
}

#[test]
fn bound_on_spare_elements_is_given_at_birth() {
    #[derive(Poolable)]
    struct Batch {
        #[pool(init = RetainVec::new().max_retained(4))]
        rows: RetainVec<String>,
        #[pool(init = RetainMap::new().max_retained(2))]
        index: RetainMap<String, u32>,
        #[pool(max_capacity = 3)]
        names: RetainVec<String>,
    }

    for _ in 0..3 {
        let mut batch = Batch::pooled();
        assert!(batch.rows.retained() <= 4 && batch.index.retained() <= 2);
        assert!(batch.names.retained() <= 3);
        batch.rows.resize_blank(10);
        batch.names.resize_blank(10);
        for word in ["to", "be", "or", "not"] {
            *batch.index.get_or_insert_blank(word) += 1;
        }
    }
    let batch = Batch::pooled();
    assert_eq!((batch.rows.retained(), batch.index.retained(), batch.names.retained()), (4, 2, 3));
}

#[test]
fn no_secret_of_a_map_is_left_in_freed_memory() {
    #[derive(Poolable)]
    struct Vault {
        #[pool(zeroize, capacity = 16)]
        secrets: RetainMap<Vec<u64>, Vec<u64>>,
        #[pool(zeroize, capacity = 16)]
        inline: RetainMap<u64, [u64; 4]>,
    }

    fn vault() -> Pooled<Vault> {
        let mut vault = Vault::pooled();
        for index in 0..10 {
            vault.secrets.insert_blank(&[CANARY, index][..]).extend([CANARY; 3]);
            *vault.inline.insert_blank(&(CANARY + index)) = [CANARY; 4];
        }
        assert!(vault.secrets.retire(&[CANARY, 3][..]));
        vault.inline.retain(|key, _| key % 2 == 0);
        vault
    }

    let mut at_hand = Some(vault());
    let mut take = || at_hand.replace(vault()).expect("one is at hand");
    for end in [
        (|vault| {
            drop::<Pooled<Vault>>(vault);
            Vault::pool().clear();
        }) as fn(Pooled<Vault>),
        Pooled::discard,
        |vault| drop(Pooled::into_inner(vault)),
    ] {
        let vault = take();
        assert_eq!(secrets_freed_in(|| end(vault)), 0);
    }
    // The search works: a map without a wipe is found.
    let plain = RetainMap::from([(vec![CANARY], vec![CANARY])]);
    assert!(secrets_freed_in(|| drop(plain)) >= 2);
}

#[test]
fn secrets_of_elements_are_wiped_when_these_are_cleared() {
    #[derive(Reset)]
    struct Login {
        user: String,
        #[pool(zeroize)]
        token: Vec<u64>,
    }

    let mut logins = RetainVec::<Login>::new();
    for _ in 0..4 {
        let login = logins.push_blank();
        login.user.push_str("ada");
        login.token.push(CANARY);
    }
    logins.retain(|login| login.user != "ada");
    assert_eq!((logins.len(), logins.retained()), (0, 4));
    assert_eq!(secrets_freed_in(|| drop(logins)), 0);

    let mut bounded = RetainVec::<Login>::new().max_retained(1);
    bounded.resize_blank(4);
    bounded.iter_mut().for_each(|login| login.token.push(CANARY));
    assert_eq!(secrets_freed_in(|| bounded.clear()), 0);
    bounded.wipe();
    assert_eq!(bounded.retained(), 1);
}

#[derive(Reset, Debug, PartialEq)]
struct Field<'a> {
    name: &'a str,
    values: Vec<&'a [u8]>,
}

#[test]
fn kept_elements_have_nothing_of_what_they_borrowed() {
    let source = String::from("host: example.org");
    let (name, value) = source.split_once(": ").expect("there is one");
    let mut fields = RetainVec::<Field<'_>>::new();
    let mut chosen = RetainOption::<Field<'_>>::new();
    let mut by_name = RetainMap::<&str, Field<'_>>::new();
    for field in [fields.push_blank(), chosen.insert_blank(), by_name.insert_blank(&name)] {
        field.name = name;
        field.values.push(value.as_bytes());
    }
    let values = fields[0].values.as_ptr();
    fields.reset();
    chosen.reset();
    by_name.reset();
    assert_eq!((fields.retained(), by_name.retained()), (1, 1));
    let blank = Field { name: "", values: vec![] };
    assert_eq!(fields.push_blank(), &blank);
    assert_eq!(fields[0].values.as_ptr(), values);
    assert_eq!(chosen.get_or_insert_blank(), &blank);
    assert_eq!(by_name.insert_blank(&""), &blank);
}

#[test]
fn panic_in_the_reset_of_an_element_discards_the_object() {
    #[derive(Default)]
    struct Fuse(bool);

    impl Reset for Fuse {
        fn blank() -> Self {
            Self::default()
        }
        fn reset(&mut self) {
            if std::mem::take(&mut self.0) {
                unwind();
            }
        }
    }

    #[derive(Poolable)]
    struct Board {
        fuses: RetainMap<String, Fuse>,
    }

    let mut board = Board::pooled();
    for name in ["a", "b", "c"] {
        board.fuses.insert_blank(name).0 = name == "b";
    }
    assert!(super::unwinds(|| drop(board)));
    assert_eq!(Board::pool().stats().discarded.panic, 1);
    assert_eq!(Board::pooled().fuses.retained(), 0);
}

#[test]
fn containers_come_of_arrays() {
    let mut names = RetainVec::from([String::from("a"), String::from("b")]);
    assert_eq!((&*names, names.retained()), (&["a".to_owned(), "b".to_owned()][..], 0));
    names.clear();
    assert_eq!((names.len(), names.retained()), (0, 2));
    assert_eq!(RetainVec::from([0_u8; 0]).capacity(), 0);
    let map = RetainMap::from([(String::from("a"), 1), (String::from("a"), 2)]);
    assert_eq!((map.len(), map["a"]), (1, 2));
}
