//! Crate `http`'s messages and what they consist of. A `HeaderMap` keeps its table and the room
//! for its entries, `Extensions` keep their table, and a message keeps both and what its body
//! keeps. Names and values of headers, extensions, and whatever is in a `Uri` are let go: they
//! are made for each message.
//!
//! # Rejected
//!
//! `Wipe`: headers and addresses are `Bytes`, which others may still read, and a type that went
//! into `Extensions` cannot be named any more.

use http::header::{HeaderMap, HeaderName};
use http::{Extensions, Method, Request, Response, StatusCode, Uri, Version, request, response};

use crate::{Capacity, ReleaseBorrows, Reset};

macro_rules! plain {
    ($($(#[$doc:meta])+ $ty:ty;)+) => {$(
        $(#[$doc])+
        impl Reset for $ty {
            #[inline]
            fn blank() -> Self {
                Self::default()
            }

            #[inline]
            fn reset(&mut self) {
                *self = Self::default();
            }
        }
    )+};
}

plain! {
    /// Becomes `GET`.
    Method;
    /// Becomes `/`, and lets go of memory that others may share.
    Uri;
    /// Becomes 200.
    StatusCode;
    /// Becomes HTTP/1.1.
    Version;
}

/// How many values beside the first ones of their names a map may have had for its memory to
/// be kept. Nobody can ask how much memory there is for them.
const FURTHER_VALUES: usize = 64;

/// How many slots the table of a map has that holds so many names.
const fn slots(capacity: usize) -> usize {
    // A quarter of them stays free.
    match capacity {
        0 => 0,
        _ => capacity.saturating_add(capacity / 3).next_power_of_two(),
    }
}

/// Moves the headers to a map that was made for so many names.
fn move_to<T>(headers: &mut HeaderMap<T>, capacity: usize) {
    let mut other = HeaderMap::with_capacity(capacity);
    other.extend(headers.drain());
    *headers = other;
}

/// Emptied; the table is kept, and the room for its entries.
///
/// The room for further values of one name is kept too, but not counted. So a map that comes
/// back with more than 64 of those lets go of all. What a map had of them before its user
/// removed them, nobody can ask it: let the parser bound how many headers a message may have.
impl<T> Reset for HeaderMap<T> {
    #[inline]
    fn blank() -> Self {
        Self::default()
    }

    #[inline]
    fn reset(&mut self) {
        if self.len() - self.keys_len() > FURTHER_VALUES {
            *self = Self::default();
        } else {
            self.clear();
        }
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        // A slot is a place and a part of a hash, two bytes each; an entry has that part too,
        // and where its further values begin and end.
        let entry = size_of::<(u16, HeaderName, T, Option<(usize, usize)>)>();
        let capacity = self.capacity();
        capacity.saturating_mul(entry).saturating_add(slots(capacity).saturating_mul(4))
    }
}

/// Counts names. No map holds more than 24 576 of them, and to ask for more panics.
impl<T> Capacity for HeaderMap<T> {
    #[inline]
    fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity(capacity)
    }

    #[inline]
    fn capacity(&self) -> usize {
        Self::capacity(self)
    }

    fn grow_to(&mut self, capacity: usize) {
        if Self::capacity(self) < capacity {
            // Before 1.3 its `reserve` stops short of what it was asked for.
            move_to(self, capacity);
        }
    }

    fn shrink_to(&mut self, capacity: usize) {
        let capacity = capacity.max(self.keys_len());
        if slots(capacity) < slots(Self::capacity(self)) {
            // It has no word for it.
            move_to(self, capacity);
        }
    }
}

/// Emptied; the table is kept. It is not counted, but has no more room than for the types that
/// a program puts there.
impl Reset for Extensions {
    #[inline]
    fn blank() -> Self {
        Self::new()
    }

    #[inline]
    fn reset(&mut self) {
        self.clear();
    }
}

macro_rules! messages {
    ($($message:ident, $parts:ty: $($field:ident $field_mut:ident),+;)+) => {$(
        /// Each part is reset. Headers and extensions keep their tables.
        impl Reset for $parts {
            fn blank() -> Self {
                $message::new(()).into_parts().0
            }

            fn reset(&mut self) {
                $(self.$field.reset();)+
            }

            fn retained_bytes(&mut self) -> usize {
                self.headers.retained_bytes()
            }
        }

        /// Head and body are reset, in place. Headers and extensions keep their tables, the
        /// body keeps what its type does.
        impl<B: Reset> Reset for $message<B> {
            fn blank() -> Self {
                Self::new(B::blank())
            }

            fn reset(&mut self) {
                $(self.$field_mut().reset();)+
                self.body_mut().reset();
            }

            fn retained_bytes(&mut self) -> usize {
                let headers = self.headers_mut().retained_bytes();
                headers.saturating_add(self.body_mut().retained_bytes())
            }
        }

        // SAFETY: there are no lifetimes in the type.
        unsafe impl ReleaseBorrows for $parts {}

        // SAFETY: the body has been reset, and lets go; in the head there are no lifetimes.
        unsafe impl<B: ReleaseBorrows + Reset> ReleaseBorrows for $message<B> {}
    )+};
}

messages! {
    Request, request::Parts: method method_mut, uri uri_mut, version version_mut,
        headers headers_mut, extensions extensions_mut;
    Response, response::Parts: status status_mut, version version_mut,
        headers headers_mut, extensions extensions_mut;
}

macro_rules! never_borrow {
    ($($ty:ty),+) => {
        // SAFETY: there are no lifetimes in the type.
        $(unsafe impl ReleaseBorrows for $ty {})+
    };
}

never_borrow!(Method, Uri, StatusCode, Version, Extensions);

// SAFETY: the reset leaves no value that could borrow, and no name does.
unsafe impl<T> ReleaseBorrows for HeaderMap<T> {}

#[cfg(test)]
mod tests {
    use http::header::{COOKIE, HOST, HeaderValue};

    use super::*;

    fn name(number: usize) -> HeaderName {
        format!("x-{number}").parse().expect("it is a name")
    }

    /// A map of so many names.
    fn named(names: usize) -> HeaderMap {
        (0..names).map(|number| (name(number), HeaderValue::from(number))).collect()
    }

    #[test]
    fn parts_of_a_head_become_what_a_new_one_shows() {
        let mut method = Method::from_bytes(b"A-METHOD-OF-ONES-OWN").expect("it is a token");
        let mut uri: Uri = "https://user@host:1/path?query".parse().expect("it is an address");
        let (mut status, mut version) = (StatusCode::NOT_FOUND, Version::HTTP_2);
        method.reset();
        uri.reset();
        status.reset();
        version.reset();
        assert_eq!(
            (&method, &status, &version),
            (&Method::GET, &StatusCode::OK, &Version::HTTP_11)
        );
        assert_eq!((uri.to_string(), Uri::blank()), ("/".into(), uri.clone()));
        assert_eq!((method.retained_bytes(), uri.retained_bytes()), (0, 0));
    }

    #[test]
    fn headers_are_emptied_and_keep_their_table() {
        for names in [0, 1, 2, 3, 7, 12, 13, 1000] {
            let mut headers = named(names);
            headers.append(HOST, HeaderValue::from_static("a"));
            headers.append(HOST, HeaderValue::from_static("b"));
            let capacity = headers.capacity();
            headers.reset();
            assert_eq!((headers.len(), headers.capacity()), (0, capacity));
            assert_eq!(headers, HeaderMap::blank());
            assert!(headers.get(HOST).is_none() && headers.get(name(0)).is_none());
            assert!(headers.retained_bytes() > capacity * (32 + 40));
        }
        let mut blank = HeaderMap::<HeaderValue>::blank();
        assert_eq!((blank.capacity(), blank.retained_bytes()), (0, 0));
    }

    #[test]
    fn headers_with_many_values_of_one_name_let_go_of_all() {
        for (further, kept) in [(FURTHER_VALUES, true), (FURTHER_VALUES + 1, false)] {
            let mut headers = named(12);
            for _ in 0..=further {
                headers.append(COOKIE, HeaderValue::from_static("a"));
            }
            headers.reset();
            assert_eq!((headers.len(), headers.capacity() > 0), (0, kept));
        }
    }

    #[test]
    fn slots_follow_from_the_capacity() {
        for names in 0..3000 {
            let capacity = HeaderMap::<()>::with_capacity(names).capacity();
            let again = HeaderMap::<()>::with_capacity(capacity).capacity();
            assert_eq!((slots(names), again), (slots(capacity), capacity), "{names}");
            assert_eq!(slots(capacity) - slots(capacity) / 4, capacity, "{names}");
        }
    }

    #[test]
    fn headers_are_governed() {
        let mut headers = <HeaderMap as Capacity>::with_capacity(10);
        assert_eq!(Capacity::capacity(&headers), 12);
        headers.extend(named(2));
        headers.append(HOST, HeaderValue::from_static("a"));
        headers.append(HOST, HeaderValue::from_static("b"));
        let before = headers.clone();
        headers.grow_to(12);
        assert_eq!(Capacity::capacity(&headers), 12, "it was there already");
        headers.grow_to(1000);
        assert_eq!(Capacity::capacity(&headers), 1536);
        // Of a power of two, three quarters.
        for (ceiling, capacity) in [(1000, 1536), (768, 768), (7, 12), (6, 6), (0, 3)] {
            Capacity::shrink_to(&mut headers, ceiling);
            assert_eq!((Capacity::capacity(&headers), &headers), (capacity, &before), "{ceiling}");
        }
        assert_eq!(headers.get_all(HOST).iter().count(), 2);
        headers.clear();
        Capacity::shrink_to(&mut headers, 0);
        assert_eq!(Capacity::capacity(&headers), 0);
    }

    #[test]
    fn extensions_are_emptied() {
        let shared = std::sync::Arc::new(());
        let mut extensions = Extensions::new();
        extensions.insert(shared.clone());
        extensions.reset();
        assert!(extensions.is_empty() && Extensions::blank().is_empty());
        assert_eq!((std::sync::Arc::strong_count(&shared), extensions.retained_bytes()), (1, 0));
    }

    #[test]
    fn requests_are_reset_in_place() {
        let mut request = Request::post("/path").body(vec![1_u8; 100]).expect("it is a request");
        *request.version_mut() = Version::HTTP_10;
        *request.headers_mut() = named(7);
        request.extensions_mut().insert(7_u8);
        let retained = request.headers_mut().retained_bytes();
        request.reset();
        let blank = Request::<Vec<u8>>::blank();
        assert_eq!((request.method(), request.uri()), (blank.method(), blank.uri()));
        assert_eq!((request.version(), request.body()), (blank.version(), blank.body()));
        assert!(request.headers().is_empty() && request.extensions().is_empty());
        assert_eq!(request.retained_bytes(), retained + 100);
        assert_eq!(Request::<Vec<u8>>::blank().retained_bytes(), 0);

        let (mut parts, ()) = Request::put("/path").body(()).expect("it is a request").into_parts();
        parts.headers = named(7);
        parts.extensions.insert(7_u8);
        parts.version = Version::HTTP_10;
        parts.reset();
        let blank = request::Parts::blank();
        assert_eq!((&parts.method, &parts.uri), (&blank.method, &blank.uri));
        assert_eq!((parts.version, &parts.headers), (blank.version, &blank.headers));
        assert_eq!((parts.extensions.len(), parts.retained_bytes()), (0, retained));
    }

    #[test]
    fn responses_are_reset_in_place() {
        let mut response = Response::new(String::from("not here"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        *response.version_mut() = Version::HTTP_10;
        *response.headers_mut() = named(7);
        response.extensions_mut().insert(7_u8);
        let retained = response.headers_mut().retained_bytes();
        response.reset();
        let blank = Response::<String>::blank();
        assert_eq!((response.status(), response.version()), (blank.status(), blank.version()));
        assert_eq!((response.headers(), response.body()), (blank.headers(), blank.body()));
        assert!(response.extensions().is_empty());
        assert_eq!(response.retained_bytes(), retained + "not here".len());

        let mut parts = Response::new(()).into_parts().0;
        parts.status = StatusCode::NOT_FOUND;
        parts.version = Version::HTTP_10;
        parts.headers = named(7);
        parts.extensions.insert(7_u8);
        parts.reset();
        let blank = response::Parts::blank();
        assert_eq!((parts.status, parts.version), (blank.status, blank.version));
        assert_eq!((&parts.headers, parts.extensions.len()), (&blank.headers, 0));
        assert_eq!(parts.retained_bytes(), retained);
    }
}
