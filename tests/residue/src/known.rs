//! What is known to leave a residue. Nothing here is promised, and whatever gets mended
//! moves to the matrix.

use poolable::{Poolable, RetainMap, RetainOption, RetainVec};

use crate::fill;
use crate::growth::pin;
use crate::rows::{OptionTaken, Pin};
use crate::secret::{Fill, Hold};
use crate::ways::{Ended, drops};

/// A scenario that leaves words behind.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) run: fn() -> Ended,
}

macro_rules! known {
    ($($ty:ident $name:literal: $field:ty = |$secret:ident| $fill:expr;)*) => {
        $(
            #[derive(Poolable)]
            struct $ty {
                user: String,
                #[pool(zeroize)]
                secret: $field,
            }

            impl Hold for $ty {
                fn fill(&mut self) {
                    let $secret = &mut self.secret;
                    $fill;
                }
            }
        )*

        pub(crate) static ALL: &[Known] = &[
            $(Known { name: $name, run: drops::<$ty> },)*
            Known {
                name: "Option<struct with secrets>, not marked, taken",
                run: drops::<TakenOut>,
            },
        ];
    };
}

/// What was in the option has wiped itself where it went, and nobody else knows of a secret.
#[derive(Poolable)]
struct TakenOut {
    user: String,
    secret: Option<Pin>,
}

impl Hold for TakenOut {
    fn fill(&mut self) {
        <OptionTaken as Fill>::fill(&mut self.secret);
    }
}

known! {
    Grown "Vec<u8> that grows": Vec<u8> = |secret| {
        fill::vec(secret, 256, 0);
        pin();
        secret.reserve(4096)
    };
    Replaced "String that is assigned": String = |secret| {
        fill::string(secret, 256, 0);
        *secret = String::new()
    };
    PushedOver "RetainVec<String>: push over a spare element": RetainVec<String> = |secret| {
        *secret = RetainVec::with_capacity(1);
        fill::string(secret.push_blank(), 256, 0);
        secret.clear();
        secret.push(fill::text(64, 64))
    };
    Shrunk "RetainVec<String>: shrink_to": RetainVec<String> = |secret| {
        fill::string(secret.push_blank(), 256, 0);
        secret.clear();
        secret.shrink_to(0)
    };
    InsertedOver "RetainMap<String, String>: insert over a spare pair":
        RetainMap<String, String> = |secret| {
            secret.reserve(1);
            (0..secret.capacity() as u64).for_each(|pair| {
                drop(secret.insert(fill::text(64, 16 * pair), fill::text(64, 16 * pair + 8)));
            });
            secret.clear();
            secret.insert(fill::text(64, 64), fill::text(64, 72))
        };
    OptionInserted "RetainOption<String>: insert over what is kept": RetainOption<String> =
        |secret| {
            fill::string(secret.insert_blank(), 256, 0);
            secret.clear();
            secret.insert(fill::text(64, 64));
        };
    RetainedGrown "RetainVec<[u8; 64]> that grows": RetainVec<[u8; 64]> = |secret| {
        (0..8).for_each(|index| {
            fill::plain(secret.push_blank(), index * 8);
            pin();
        })
    };
}
