//! Text and paths.

use core::mem::{self, MaybeUninit};
use std::borrow::Cow;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Allocation, Part, governed, made, shown_by_debug};
use crate::rng::Rng;

/// Random text, one character at least.
fn text(rng: &mut Rng) -> impl Iterator<Item = char> + '_ {
    let length = 1 + rng.below(12);
    (0..length).map(|_| *rng.pick(&['a', 'e', 'n', 'r', 's', 't', 'Q', '7', 'ö', '→']))
}

impl Part for String {
    fn fill(&mut self, rng: &mut Rng) {
        self.clear();
        self.extend(text(rng));
    }

    shown_by_debug!();

    fn allocations(&mut self, list: &mut Vec<Allocation>) {
        list.push(Allocation::new(self.as_ptr(), self.capacity()));
    }

    fn heap_bytes(&self) -> usize {
        self.capacity()
    }

    fn spare_memory(&mut self, visit: &mut dyn FnMut(&mut [MaybeUninit<u8>])) {
        let mut bytes = mem::take(self).into_bytes();
        bytes.spare_memory(visit);
        *self = Self::from_utf8(bytes).expect("the text in use is as it was");
    }

    // An empty one too: its pointer is never null, and the length only counts.
    fn is_dense() -> bool {
        true
    }

    governed!(Self::with_capacity);
}

macro_rules! system_text {
    ($($ty:ty: $view:ident;)+) => {$(
        impl Part for $ty {
            fn fill(&mut self, rng: &mut Rng) {
                self.clear();
                self.push(String::from_iter(text(rng)));
            }

            shown_by_debug!();

            fn allocations(&mut self, list: &mut Vec<Allocation>) {
                let place = self.$view().as_encoded_bytes().as_ptr();
                list.push(Allocation::new(place, self.capacity()));
            }

            governed!(Self::with_capacity);
        }
    )+};
}

system_text! {
    OsString: as_os_str;
    PathBuf: as_os_str;
}

macro_rules! unshared {
    ($($ty:ty)+) => {$(
        impl Part for $ty {
            fn fill(&mut self, rng: &mut Rng) {
                *self = String::from_iter(text(rng)).into();
            }

            shown_by_debug!();
        }
    )+};
}

unshared!(Box<str> Arc<str>);

impl Part for &'static str {
    fn fill(&mut self, rng: &mut Rng) {
        *self = *rng.pick(&["GET", "POST", "ünïcode", " "]);
    }

    shown_by_debug!();
}

macro_rules! cow {
    ($($ty:ty: $($choice:expr),+;)+) => {$(
        impl Part for Cow<'static, $ty> {
            fn fill(&mut self, rng: &mut Rng) {
                *self = if rng.once_in(2) {
                    Cow::Borrowed(*rng.pick::<&'static $ty>(&[$($choice),+]))
                } else {
                    Cow::Owned(made(rng))
                };
            }

            /// Tells borrowed from owned, unlike `Debug`.
            fn show(&self) -> String {
                match self {
                    Cow::Borrowed(text) => format!("Borrowed({text:?})"),
                    Cow::Owned(text) => format!("Owned({})", text.show()),
                }
            }

            fn allocations(&mut self, list: &mut Vec<Allocation>) {
                match self {
                    Cow::Borrowed(_) => list.push(Allocation::somewhere(0)),
                    Cow::Owned(text) => text.allocations(list),
                }
            }
        }
    )+};
}

cow! {
    str: "text/plain", "text/html";
    [u8]: b"\r\n", b"\0";
}
