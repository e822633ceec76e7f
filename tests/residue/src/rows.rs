//! The types that secrets live in, and how each is filled.
//!
//! A row is a type and a function that fills a blank value of it. A secret of many buffers
//! gives each of them words of its own.

use core::cell::{Cell, RefCell};
use core::num::Wrapping;
use core::sync::atomic::AtomicU64;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::OsString;
use std::io::{BufRead, Cursor, Read, Write};
use std::path::PathBuf;
use std::sync::{Mutex, RwLock};

use arrayvec::{ArrayString, ArrayVec};
use bytes::{Buf, BytesMut};
use compact_str::CompactString;
use indexmap::{IndexMap, IndexSet};
use poolable::buffer::RingBuffer;
use poolable::{
    Capacity, Poolable, Reset, RetainMap, RetainOption, RetainVec, SecretMap, SecretString,
    SecretVec,
};
use smallvec::SmallVec;

use crate::fill;
use crate::fill::Lent;
use crate::secret::{Fill, Hold, Row};

/// Declares rows, each with a module that has a pooled type with such a field. `MOST`,
/// `ALL`, `HEAP` and `KNOWS` are those of [`Row`]; a control that is not the row itself stands behind `as`.
macro_rules! rows {
    ($(
        $(#[$flag:ident])* $row:ident $(as $twin:ident)? $label:literal:
        $ty:ty = |$secret:ident| $fill:expr;
    )*) => {
        $(
            pub(crate) enum $row {}

            impl Fill for $row {
                type Secret = $ty;

                #[inline(never)]
                fn fill($secret: &mut $ty) {
                    $fill;
                }
            }

            const _: () = {
                #[derive(Poolable)]
                pub(crate) struct Spelled {
                    user: String,
                    #[pool(zeroize)]
                    secret: $ty,
                    count: u64,
                }

                impl Hold for Spelled {
                    fn fill(&mut self) {
                        <$row as Fill>::fill(&mut self.secret);
                    }
                }

                impl Row for $row {
                    const NAME: &'static str = $label;
                    $(const $flag: bool = true;)*
                    type Spelled = Spelled;
                    type Twin = twin!($row $($twin)?);
                }
            };
        )*

        /// Has `visitor` see all rows.
        pub(crate) fn visit(visitor: &mut impl Visitor) {
            $(visitor.row::<$row>();)*
        }
    };
}

macro_rules! twin {
    ($row:ident) => {
        $row
    };
    ($row:ident $twin:ident) => {
        $twin
    };
}

/// What wants to see all rows.
pub(crate) trait Visitor {
    fn row<R: Row>(&mut self);
}

/// A type of the user's in another one.
#[derive(Reset)]
pub(crate) struct Credentials {
    user: String,
    key: Vec<u8>,
    pin: [u8; 64],
    session: Option<[u64; 16]>,
}

/// Secrets in a variant that is left.
#[derive(Reset)]
pub(crate) enum Login {
    #[pool(blank)]
    Out,
    In {
        token: String,
        pin: [u8; 128],
    },
}

/// The same, and it knows that they are.
#[derive(Reset)]
pub(crate) enum MarkedLogin {
    #[pool(blank)]
    Out,
    In {
        #[pool(zeroize)]
        token: String,
        #[pool(zeroize)]
        pin: [u8; 128],
    },
}

/// A type that knows its secrets itself.
#[derive(Reset)]
pub(crate) struct Marked {
    user: u64,
    #[pool(zeroize)]
    key: Vec<u8>,
    #[pool(zeroize, with = zeroize::Zeroize::zeroize)]
    foreign: Vec<u8>,
}

/// A secret that is nothing else.
#[derive(Reset)]
pub(crate) struct Pin {
    #[pool(zeroize)]
    digits: [u8; 256],
}

/// How many pairs a map gets, and how long each half is.
const PAIRS: u64 = 8;
const HALF: usize = 64;

/// Makes a blank ring one of 256 bytes, in one slice, all of them secret from `start` on.
fn ring(place: &mut RingBuffer, start: usize) {
    // It has no memory yet: the next write makes it.
    place.shrink_to(256);
    place.extend([0_u8; 256]);
    fill::plain(&mut place.make_contiguous()[start..], 0);
}

/// The first words of the halves of all pairs.
fn pairs() -> impl Iterator<Item = (u64, u64)> {
    (0..PAIRS).map(|pair| (pair * 16, pair * 16 + 8))
}

fn key(base: u64) -> String {
    fill::text(HALF, base)
}

fn bytes(base: u64) -> Vec<u8> {
    key(base).into_bytes()
}

rows! {
    U8x64 "[u8; 64]": [u8; 64] = |secret| fill::plain(secret, 0);
    U8x1 "[[u8; 1]; 64]": [[u8; 1]; 64] = |secret| fill::plain(secret.as_flattened_mut(), 0);
    U8x3 "[[u8; 3]; 64]": [[u8; 3]; 64] = |secret| fill::plain(secret.as_flattened_mut(), 0);
    #[MOST]
    U8x1000 "[u8; 1000]": [u8; 1000] = |secret| fill::plain(secret, 0);
    U16 "[u16; 64]": [u16; 64] = |secret| fill::plain(secret, 0);
    U32 "[u32; 64]": [u32; 64] = |secret| fill::plain(secret, 0);
    U64 "[u64; 64]": [u64; 64] = |secret| fill::plain(secret, 0);
    U128 "[u128; 16]": [u128; 16] = |secret| fill::plain(secret, 0);
    Usize "[usize; 32]": [usize; 32] = |secret| fill::plain(secret, 0);
    I8 "[i8; 64]": [i8; 64] = |secret| fill::plain(secret, 0);
    I16 "[i16; 64]": [i16; 64] = |secret| fill::plain(secret, 0);
    I32 "[i32; 64]": [i32; 64] = |secret| fill::plain(secret, 0);
    I64 "[i64; 64]": [i64; 64] = |secret| fill::plain(secret, 0);
    I128 "[i128; 16]": [i128; 16] = |secret| fill::plain(secret, 0);
    Isize "[isize; 32]": [isize; 32] = |secret| fill::plain(secret, 0);
    F32 "[f32; 64]": [f32; 64] = |secret| fill::plain(secret, 0);
    F64 "[f64; 64]": [f64; 64] = |secret| fill::plain(secret, 0);
    Chars "[char; 64]": [char; 64] = |secret| fill::chars(secret, 0);
    Bools "[bool; 512]": [bool; 512] = |secret| fill::bools(secret, 0);
    LoneU64 "u64": u64 = |secret| fill::plain(core::slice::from_mut(secret), 0);
    // Two: the allocator writes over the first sixteen bytes of what is freed.
    LoneU128 "(u128, u128)": (u128, u128) = |secret| {
        fill::plain(core::slice::from_mut(&mut secret.0), 0);
        fill::plain(core::slice::from_mut(&mut secret.1), 2)
    };
    Tuple "([u8; 64], String, u64)": ([u8; 64], String, u64) = |secret| {
        fill::plain(&mut secret.0, 0);
        fill::string(&mut secret.1, 256, 8);
        fill::plain(core::slice::from_mut(&mut secret.2), 40)
    };
    OptionSome "Option<[u8; 256]>": Option<[u8; 256]> =
        |secret| fill::plain(secret.insert([0; 256]), 0);
    OptionNone "Option<[u8; 256]>, None": Option<[u8; 256]> = |secret| {
        fill::plain(secret.insert([0; 256]), 0);
        *secret = None
    };
    #[HEAP]
    OptionString "Option<String>": Option<String> = |secret| *secret = Some(fill::text(256, 0));
    #[HEAP]
    BoxArray "Box<[u8; 256]>": Box<[u8; 256]> = |secret| fill::plain(secret.as_mut_slice(), 0);
    #[HEAP]
    BoxSlice "Box<[u8]>": Box<[u8]> = |secret| {
        *secret = vec![0; 256].into_boxed_slice();
        fill::plain(secret, 0)
    };
    #[HEAP]
    BoxStr "Box<str>": Box<str> = |secret| *secret = fill::text(256, 0).into_boxed_str();
    #[MOST]
    #[HEAP]
    VecU8 "Vec<u8>": Vec<u8> = |secret| fill::vec(secret, 512, 0);
    #[HEAP]
    VecU64 "Vec<u64>": Vec<u64> = |secret| fill::vec(secret, 64, 0);
    #[HEAP]
    VecTruncated "Vec<u8>, truncated": Vec<u8> = |secret| {
        fill::vec(secret, 512, 0);
        secret.truncate(3)
    };
    #[MOST]
    #[HEAP]
    Text "String": String = |secret| fill::string(secret, 512, 0);
    #[HEAP]
    TextCleared "String, cleared": String = |secret| {
        fill::string(secret, 512, 0);
        secret.clear()
    };
    #[HEAP]
    Deque "VecDeque<u8>": VecDeque<u8> = |secret| {
        secret.reserve_exact(256);
        secret.resize(256, 0);
        fill::plain(secret.make_contiguous(), 0)
    };
    #[HEAP]
    DequeWrapped "VecDeque<u8>, wrapped": VecDeque<u8> = |secret| {
        secret.reserve_exact(256);
        secret.resize(128, 0);
        secret.drain(..);
        // So that it begins in the middle of its buffer.
        secret.resize(128, 0);
        secret.drain(..120);
        secret.resize(256, 0);
        let (front, back) = secret.as_mut_slices();
        fill::plain(front, 0);
        fill::plain(back, 32)
    };
    #[HEAP]
    DequeOfStrings "VecDeque<String>": VecDeque<String> =
        |secret| secret.extend((0..4).map(|index| fill::text(64, index * 8)));
    DequeOfStringsWrapped "VecDeque<String>, wrapped": VecDeque<String> = |secret| {
        secret.reserve_exact(4);
        (2..4).for_each(|index| secret.push_back(fill::text(64, index * 8)));
        // They lie at the end of the buffer, and the others at its beginning.
        (0..2).for_each(|index| secret.push_front(fill::text(64, index * 8)));
        assert!(!secret.as_slices().1.is_empty())
    };
    #[HEAP]
    Path "PathBuf": PathBuf = |secret| *secret = PathBuf::from(fill::text(256, 0));
    #[HEAP]
    OsText "OsString": OsString = |secret| *secret = OsString::from(fill::text(256, 0));
    #[ALL]
    Nested "struct": Credentials = |secret| {
        fill::string(&mut secret.user, 128, 0);
        fill::vec(&mut secret.key, 128, 16);
        fill::plain(&mut secret.pin, 32);
        fill::plain(secret.session.insert([0; 16]), 40)
    };
    Enum "enum": Login = |secret| {
        *secret = Login::In { token: String::new(), pin: [0; 128] };
        if let Login::In { token, pin } = secret {
            fill::string(token, 256, 0);
            fill::plain(pin, 32);
        }
    };
    #[KNOWS]
    MarkedEnum as Enum "enum with secrets": MarkedLogin = |secret| {
        *secret = MarkedLogin::In { token: String::new(), pin: [0; 128] };
        if let MarkedLogin::In { token, pin } = secret {
            fill::string(token, 256, 0);
            fill::plain(pin, 32);
        }
    };
    EnumTaken "enum, taken": Login = |secret| {
        *secret = Login::In { token: String::new(), pin: [0; 128] };
        if let Login::In { pin, .. } = secret {
            fill::plain(pin, 0);
        }
        fill::take(secret, || Login::Out)
    };
    #[KNOWS]
    MarkedEnumTaken as EnumTaken "enum with secrets, taken": MarkedLogin = |secret| {
        *secret = MarkedLogin::In { token: String::new(), pin: [0; 128] };
        if let MarkedLogin::In { pin, .. } = secret {
            fill::plain(pin, 0);
        }
        fill::take(secret, || MarkedLogin::Out)
    };
    OptionTaken as OptionNone "Option<struct with secrets>, taken": Option<Pin> = |secret| {
        fill::plain(&mut secret.insert(Pin { digits: [0; 256] }).digits, 0);
        fill::take(secret, || None)
    };
    #[KNOWS]
    MarkedInside as Nested "struct with secrets": Marked = |secret| {
        secret.user = 1;
        fill::vec(&mut secret.key, 256, 0);
        fill::vec(&mut secret.foreign, 256, 32)
    };
    #[HEAP]
    VecOfStrings "Vec<String>": Vec<String> =
        |secret| secret.extend((0..4).map(|index| fill::text(64, index * 8)));
    #[HEAP]
    VecOfArrays "Vec<[u8; 32]>": Vec<[u8; 32]> = |secret| {
        secret.reserve_exact(16);
        secret.resize(16, [0; 32]);
        fill::plain(secret.as_flattened_mut(), 0)
    };
    #[HEAP]
    VecOfVecs "Vec<Vec<u8>>": Vec<Vec<u8>> =
        |secret| secret.extend((0..4).map(|index| bytes(index * 8)));
    #[HEAP]
    MapOfStrings "HashMap<String, String>": HashMap<String, String> =
        |secret| secret.extend(pairs().map(|(k, v)| (key(k), key(v))));
    #[HEAP]
    MapOfBytes "HashMap<String, Vec<u8>>": HashMap<String, Vec<u8>> =
        |secret| secret.extend(pairs().map(|(k, v)| (key(k), bytes(v))));
    #[HEAP]
    TreeOfStrings "BTreeMap<String, String>": BTreeMap<String, String> =
        |secret| secret.extend(pairs().map(|(k, v)| (key(k), key(v))));
    #[HEAP]
    SetOfStrings "HashSet<String>": HashSet<String> =
        |secret| secret.extend(pairs().map(|(k, _)| key(k)));
    #[HEAP]
    TreeSetOfStrings "BTreeSet<String>": BTreeSet<String> =
        |secret| secret.extend(pairs().map(|(k, _)| key(k)));
    RetainedStrings "RetainVec<String>": RetainVec<String> = |secret| {
        (0..4).for_each(|index| fill::string(secret.push_blank(), 64, index * 8));
        secret.truncate(1)
    };
    RetainedArrays "RetainVec<[u8; 64]>": RetainVec<[u8; 64]> = |secret| {
        *secret = RetainVec::with_capacity(8);
        (0..8).for_each(|index| fill::plain(secret.push_blank(), index * 8))
    };
    RetainedMap "RetainMap<String, String>": RetainMap<String, String> = |secret| {
        pairs().for_each(|(k, v)| drop(secret.insert(key(k), key(v))));
        secret.retain(|key, _| key.as_bytes()[0] % 2 == 0)
    };
    RetainedMapOfArrays "RetainMap<[u8; 32], [u8; 32]>": RetainMap<[u8; 32], [u8; 32]> = |secret| {
        secret.reserve(PAIRS as usize);
        pairs().for_each(|(k, v)| {
            let key = Lent::<32>::new(k);
            fill::plain(secret.insert_blank(&*key.0), v);
        })
    };
    RetainedText "RetainOption<String>": RetainOption<String> =
        |secret| fill::string(secret.insert_blank(), 256, 0);
    RetainedArray "RetainOption<[u8; 64]>": RetainOption<[u8; 64]> =
        |secret| fill::plain(secret.insert_blank(), 0);
    RetainedTaken "RetainOption<[u8; 64]>, taken": RetainOption<[u8; 64]> = |secret| {
        fill::plain(secret.insert_blank(), 0);
        if let Some(taken) = &mut secret.take() {
            fill::by_hand(taken);
        }
    };
    Heap "BinaryHeap<String>": BinaryHeap<String> =
        |secret| secret.extend((0..4).map(|index| key(index * 8)));
    List "LinkedList<String>": LinkedList<String> =
        |secret| secret.extend((0..4).map(|index| key(index * 8)));
    Guarded "Mutex<String>": Mutex<String> =
        |secret| fill::string(secret.get_mut().unwrap(), 256, 0);
    Locked "RwLock<String>": RwLock<String> =
        |secret| fill::string(secret.get_mut().unwrap(), 256, 0);
    // A row may be shared by threads.
    Borrowed "Mutex<RefCell<String>>": Mutex<RefCell<String>> =
        |secret| fill::string(secret.get_mut().unwrap().get_mut(), 256, 0);
    Copied "Mutex<Cell<String>>": Mutex<Cell<String>> =
        |secret| fill::string(secret.get_mut().unwrap().get_mut(), 256, 0);
    Atomics "[AtomicU64; 32]": [AtomicU64; 32] = |secret| {
        secret.iter_mut().zip(0..).for_each(|(number, index)| {
            fill::plain(core::slice::from_mut(number.get_mut()), index);
        })
    };
    Wraps "[Wrapping<u64>; 32]": [Wrapping<u64>; 32] = |secret| {
        secret.iter_mut().zip(0..).for_each(|(number, index)| {
            fill::plain(core::slice::from_mut(&mut number.0), index);
        })
    };
    Reader "Cursor<Vec<u8>>": Cursor<Vec<u8>> = |secret| fill::vec(secret.get_mut(), 256, 0);
    #[HEAP]
    Ring "RingBuffer": RingBuffer = |secret| ring(secret, 0);
    #[HEAP]
    RingWrapped "RingBuffer, wrapped": RingBuffer = |secret| {
        ring(secret, 64);
        secret.consume(128);
        secret.write_all(&*Lent::<64>::new(24).0).unwrap();
        assert!(!secret.as_slices().1.is_empty())
    };
    #[HEAP]
    RingRead "RingBuffer, read": RingBuffer = |secret| {
        ring(secret, 0);
        let mut place = Box::new([0; 256]);
        secret.read_exact(&mut *place).unwrap();
        fill::by_hand(&mut *place)
    };
    #[HEAP]
    RingCleared "RingBuffer, cleared": RingBuffer = |secret| {
        ring(secret, 0);
        secret.clear()
    };
    SmallInline "SmallVec<[u8; 64]>": SmallVec<[u8; 64]> = |secret| {
        secret.resize(64, 0);
        fill::plain(secret, 0)
    };
    SmallSpilled "SmallVec<[u8; 64]>, spilled": SmallVec<[u8; 64]> = |secret| {
        secret.resize(64, 0);
        fill::plain(secret, 0);
        secret.reserve_exact(192);
        secret.resize(256, 0);
        fill::plain(secret, 16)
    };
    BytesBuffer "BytesMut": BytesMut = |secret| {
        secret.reserve(256);
        secret.resize(256, 0);
        fill::plain(secret, 0)
    };
    BytesTruncated "BytesMut, truncated": BytesMut = |secret| {
        secret.reserve(256);
        secret.resize(256, 0);
        fill::plain(secret, 0);
        secret.truncate(3)
    };
    BytesAdvanced "BytesMut, advanced": BytesMut = |secret| {
        secret.reserve(256);
        secret.resize(256, 0);
        fill::plain(secret, 0);
        secret.advance(200)
    };
    ForeignMap "hashbrown::HashMap<String, String>": hashbrown::HashMap<String, String> =
        |secret| secret.extend(pairs().map(|(k, v)| (key(k), key(v))));
    ArrayOfBytes "ArrayVec<u8, 256>": ArrayVec<u8, 256> = |secret| {
        (0..256).for_each(|_| secret.push(0));
        fill::plain(secret, 0)
    };
    ArrayTruncated "ArrayVec<u8, 256>, truncated": ArrayVec<u8, 256> = |secret| {
        (0..256).for_each(|_| secret.push(0));
        fill::plain(secret, 0);
        secret.truncate(3)
    };
    ArrayOfTexts "ArrayVec<String, 4>": ArrayVec<String, 4> =
        |secret| secret.extend((0..4).map(|index| fill::text(64, index * 8)));
    ArrayText "ArrayString<256>": ArrayString<256> = |secret| {
        (0..256).for_each(|_| secret.push('\0'));
        fill::plain(bytes_of(secret), 0)
    };
    ArrayTextTruncated "ArrayString<256>, truncated": ArrayString<256> = |secret| {
        (0..256).for_each(|_| secret.push('\0'));
        fill::plain(bytes_of(secret), 0);
        secret.truncate(3)
    };
    CompactInline "CompactString": CompactString = |secret| {
        (0..24).for_each(|_| secret.push('\0'));
        fill::plain(bytes_of(secret), 0)
    };
    #[HEAP]
    CompactText "CompactString, on the heap": CompactString = |secret| {
        secret.reserve(256);
        (0..256).for_each(|_| secret.push('\0'));
        fill::plain(bytes_of(secret), 0)
    };
    #[HEAP]
    CompactTruncated "CompactString, truncated": CompactString = |secret| {
        secret.reserve(256);
        (0..256).for_each(|_| secret.push('\0'));
        fill::plain(bytes_of(secret), 0);
        secret.truncate(3)
    };
    #[HEAP]
    OrderedMap "IndexMap<String, String>": IndexMap<String, String> =
        |secret| secret.extend(pairs().map(|(k, v)| (key(k), key(v))));
    #[HEAP]
    OrderedSet "IndexSet<String>": IndexSet<String> =
        |secret| secret.extend(pairs().map(|(k, _)| key(k)));
    #[KNOWS]
    SecretBytes as VecU8 "SecretVec<u8>": SecretVec<u8> = |secret| {
        secret.resize(512, 0);
        fill::plain(secret.as_mut_slice(), 0)
    };
    #[KNOWS]
    SecretArrays as VecOfArrays "SecretVec<[u8; 64]>": SecretVec<[u8; 64]> = |secret| {
        secret.resize(8, [0; 64]);
        secret.iter_mut().zip(0..).for_each(|(array, index)| fill::plain(array, index * 8))
    };
    #[KNOWS]
    SecretText as Text "SecretString": SecretString = |secret| {
        (0..512).for_each(|_| secret.push('\0'));
        fill::plain(text_of(secret), 0)
    };
    #[KNOWS]
    SecretTable as VecOfArrays "SecretMap<[u8; 32], [u8; 64]>": SecretMap<[u8; 32], [u8; 64]> =
        |secret| {
            secret.reserve(PAIRS as usize);
            pairs().for_each(|(k, v)| {
                let key = Lent::<32>::new(k);
                secret.insert(*key.0, [0; 64]);
                fill::plain(secret.get_mut(&*key.0).unwrap(), v);
            })
        };
    #[KNOWS]
    SecretTexts as MapOfStrings "SecretMap<String, SecretString>":
        SecretMap<String, SecretString> = |secret| pairs().for_each(|(k, v)| {
            let mut value = SecretString::with_capacity(HALF);
            (0..HALF).for_each(|_| value.push('\0'));
            fill::plain(text_of(&mut value), v);
            secret.insert(key(k), value);
        });
}

fn text_of(secret: &mut SecretString) -> &mut [u8] {
    bytes_of(secret.as_mut_str())
}

/// The bytes of a text, to be filled.
fn bytes_of(text: &mut str) -> &mut [u8] {
    // SAFETY: what is written to it is ASCII.
    unsafe { text.as_bytes_mut() }
}
