//! What a secret leaves behind while it is in hand: growing, shrinking, changing.
//!
//! Each operation is tried with a type that wipes the buffers that it leaves, and the very
//! same code with one that does not, which is the control. Both are wiped when they return.

use core::hint::black_box;
use std::collections::HashMap;
use std::io::Write;

use poolable::{Poolable, Pooled, Reset, SecretMap, SecretString, SecretVec, Wipe};

use crate::canary;
use crate::fill::{Lent, clear_registers, expect, plant};
use crate::matrix::Cell;
use crate::secret::Hold;
use crate::ways::Ended;

#[derive(Poolable)]
struct InHand<T: Wipe + Reset + Send + 'static> {
    user: String,
    #[pool(zeroize)]
    secret: T,
}

impl<T: Wipe + Reset + Send + 'static> Hold for InHand<T> {
    fn fill(&mut self) {}
}

/// Nothing wipes what it holds.
#[derive(Poolable)]
struct Unwiped<T: Default + Send + 'static> {
    user: String,
    #[pool(skip, init = T::default())]
    secret: T,
}

impl<T: Default + Send + 'static> Hold for Unwiped<T> {
    fn fill(&mut self) {}
}

fn returned<S: Hold>(guard: Pooled<S>) -> Ended {
    drop(guard);
    Ended::of::<S>(|stats| stats.idle == 1)
}

/// A byte of the canary, which no more than one of is in a register.
#[inline(never)]
fn byte(index: usize) -> u8 {
    let byte = (canary::word_of_bytes(index as u64 / 8) >> (index % 8 * 8)) as u8;
    plant(usize::from(index % 8 == 7));
    clear_registers();
    byte
}

/// Takes the memory behind a buffer, so that it cannot grow where it is.
pub(crate) fn pin() {
    Box::leak(black_box(Box::new([1_u64; 4])));
}

/// How many bytes the secrets come to have.
const LEN: usize = 512;

/// How many words show half of that being cut off; the other half is wiped at last, in the
/// control as well. Where its block is freed then, the allocator joins it with what was cut
/// off, and writes into that.
const CUT: usize = LEN / 2 / 8 - if cfg!(poolable_passthrough) { 8 } else { 0 };

/// Parts of the secret, in memory that is wiped.
fn parts() -> impl Iterator<Item = Lent<64>> {
    (0..LEN as u64 / 64).map(|part| Lent::new(part * 8))
}

macro_rules! operations {
    ($(
        $list:ident $label:literal $ty:ty, $control:ty:
        $($way:literal |$secret:ident| $change:expr;)*
    )*) => {$(
        fn $list() -> Vec<Cell> {
            vec![$({
                fn run() -> Ended {
                    let mut guard = <$ty>::pooled();
                    let $secret = &mut guard.secret;
                    $change;
                    returned(guard)
                }

                fn control() -> Ended {
                    let mut guard = <$control>::pooled();
                    let $secret = &mut guard.secret;
                    $change;
                    returned(guard)
                }

                Cell { row: $label, way: $way, run, control, boxed: None }
            }),*]
        }
    )*};
}

operations! {
    of_vec "in hand: SecretVec<u8>" InHand<SecretVec<u8>>, InHand<Vec<u8>>:
        "push" |secret| (0..LEN).for_each(|index| {
            secret.push(byte(index));
            pin();
        });
        "insert" |secret| (0..LEN).rev().for_each(|index| {
            secret.insert(0, byte(index));
            pin();
        });
        "extend" |secret| parts().for_each(|part| {
            secret.extend(part.0.iter());
            pin();
        });
        "extend_from_slice" |secret| parts().for_each(|part| {
            secret.extend_from_slice(&*part.0);
            pin();
        });
        "extend_from_within" |secret| {
            parts().take(4).for_each(|part| secret.extend_from_slice(&*part.0));
            pin();
            secret.extend_from_within(..);
        };
        "write" |secret| parts().for_each(|part| {
            secret.write_all(&*part.0).unwrap();
            pin();
        });
        "reserve" |secret| {
            parts().for_each(|part| secret.extend_from_slice(&*part.0));
            pin();
            secret.reserve(4 * LEN);
        };
        "resize" |secret| {
            parts().for_each(|part| secret.extend_from_slice(&*part.0));
            pin();
            secret.resize(4 * LEN, 0);
        };
        "shrink_to_fit" |secret| {
            secret.reserve(8 * LEN);
            parts().for_each(|part| secret.extend_from_slice(&*part.0));
            secret.truncate(LEN / 2);
            expect(CUT);
            secret.shrink_to_fit();
            pin();
        };
        "append" |secret| parts().for_each(|part| {
            let mut other = secret.clone();
            other.clear();
            other.extend_from_slice(&*part.0);
            secret.append(&mut other);
        });
        "split_off" |secret| {
            parts().for_each(|part| secret.extend_from_slice(&*part.0));
            expect(CUT);
            drop(secret.split_off(LEN / 2));
        };
        "clone" |secret| {
            parts().for_each(|part| secret.extend_from_slice(&*part.0));
            drop(secret.clone());
        };
        "replaced" |secret| {
            parts().for_each(|part| secret.extend_from_slice(&*part.0));
            *secret = Default::default();
        };
        "collect" |secret| {
            let bytes = (0..LEN).map(byte).inspect(|_| pin());
            *secret = bytes.filter(|byte| *byte > 0).collect();
        };

    of_string "in hand: SecretString" InHand<SecretString>, InHand<String>:
        "push" |secret| (0..LEN).for_each(|index| {
            secret.push(char::from(byte(index)));
            pin();
        });
        "insert" |secret| (0..LEN).rev().for_each(|index| {
            secret.insert(0, char::from(byte(index)));
            pin();
        });
        "push_str" |secret| parts().for_each(|part| {
            secret.push_str(core::str::from_utf8(&*part.0).unwrap());
            pin();
        });
        "insert_str" |secret| parts().for_each(|part| {
            secret.insert_str(0, core::str::from_utf8(&*part.0).unwrap());
            pin();
        });
        "write" |secret| parts().for_each(|part| {
            let text = core::str::from_utf8(&*part.0).unwrap();
            core::fmt::Write::write_str(secret, text).unwrap();
            pin();
        });
        "reserve" |secret| {
            parts().for_each(|part| secret.push_str(core::str::from_utf8(&*part.0).unwrap()));
            pin();
            secret.reserve(4 * LEN);
        };
        "shrink_to_fit" |secret| {
            secret.reserve(8 * LEN);
            parts().for_each(|part| secret.push_str(core::str::from_utf8(&*part.0).unwrap()));
            secret.truncate(LEN / 2);
            expect(CUT);
            secret.shrink_to_fit();
            pin();
        };
        "split_off" |secret| {
            parts().for_each(|part| secret.push_str(core::str::from_utf8(&*part.0).unwrap()));
            expect(CUT);
            drop(secret.split_off(LEN / 2));
        };
        "clone" |secret| {
            parts().for_each(|part| secret.push_str(core::str::from_utf8(&*part.0).unwrap()));
            drop(secret.clone());
        };

    of_map "in hand: SecretMap<[u8; 32], [u8; 64]>"
    InHand<SecretMap<[u8; 32], [u8; 64]>>, Unwiped<HashMap<[u8; 32], [u8; 64]>>:
        "insert" |secret| pairs().for_each(|(key, value)| {
            secret.insert(*key.0, *value.0);
            pin();
        });
        "reserve" |secret| {
            pairs().for_each(|(key, value)| _ = secret.insert(*key.0, *value.0));
            secret.reserve(1000);
        };
        "shrink_to_fit" |secret| {
            secret.reserve(1000);
            pairs().for_each(|(key, value)| _ = secret.insert(*key.0, *value.0));
            secret.shrink_to_fit();
        };
        "retain" |secret| {
            pairs().for_each(|(key, value)| _ = secret.insert(*key.0, *value.0));
            secret.retain(|_, _| false);
        };
        "clear" |secret| {
            pairs().for_each(|(key, value)| _ = secret.insert(*key.0, *value.0));
            secret.clear();
        };
        "replaced" |secret| {
            pairs().for_each(|(key, value)| _ = secret.insert(*key.0, *value.0));
            *secret = Default::default();
        };
}

/// Keys and values. Those that are passed by value are the caller's until the call.
fn pairs() -> impl Iterator<Item = (Lent<32>, Lent<64>)> {
    (0..20).map(|pair| (Lent::new(pair * 12), Lent::new(pair * 12 + 4)))
}

pub(crate) fn cells() -> Vec<Cell> {
    [of_vec(), of_string(), of_map()].into_iter().flatten().collect()
}
