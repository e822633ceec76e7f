//! The pooled type: a request that borrows, and how it is parsed and answered.

use core::mem::MaybeUninit;
use core::str;
use std::collections::HashMap;
use std::io::Write;

use httparse::Status;
use poolable::{Pool, Poolable};

use crate::client;
use crate::server::INBOX;

/// The most headers of a request.
pub(crate) const MAX_HEADERS: usize = 64;

/// A request that gets no answer but 400.
#[derive(Debug)]
pub(crate) struct Malformed;

/// A request as it lies in the inbox.
///
/// One object serves requests of any lifetime. That is sound because a return empties every
/// field of what it borrows, and the derive has rustc check that it does.
#[derive(Poolable)]
pub(crate) struct Parsed<'a> {
    method: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    cookies: HashMap<&'a str, &'a str>,
    /// In one piece, or in the chunks that it was sent in.
    body: Vec<&'a [u8]>,
}

impl<'a> Parsed<'a> {
    /// Parses the first request; returns its length if all of it is there.
    ///
    /// A blank value is filled. What an error or an early end leaves half filled goes home
    /// like any other, and is blank again.
    pub(crate) fn fill(&mut self, bytes: &'a [u8]) -> Result<Option<usize>, Malformed> {
        // The parser wants room of its own for headers. On the stack it costs nothing, since
        // it need not be filled in advance, as `[EMPTY_HEADER; MAX_HEADERS]` would be.
        let mut room = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut []);
        let parsed = head.parse_with_uninit_headers(bytes, &mut room);
        let Status::Complete(head_length) = parsed.map_err(|_| Malformed)? else {
            return Ok(None);
        };
        let (Some(method), Some(path)) = (head.method, head.path) else { return Err(Malformed) };
        (self.method, self.path) = (method, path);
        self.headers.extend(head.headers.iter().map(|header| (header.name, header.value)));
        self.read_cookies()?;
        let body_length = self.read_body(&bytes[head_length..])?;
        Ok(body_length.map(|length| head_length + length))
    }

    fn read_cookies(&mut self) -> Result<(), Malformed> {
        for (name, value) in &self.headers {
            if name.eq_ignore_ascii_case("cookie") {
                let pairs = str::from_utf8(value).map_err(|_| Malformed)?;
                self.cookies.extend(pairs.split("; ").filter_map(|pair| pair.split_once('=')));
            }
        }
        Ok(())
    }

    /// Finds the body behind the head; returns its length on the wire if all of it is there.
    fn read_body(&mut self, bytes: &'a [u8]) -> Result<Option<usize>, Malformed> {
        match (self.only("content-length")?, self.only("transfer-encoding")?) {
            (None, None) => Ok(Some(0)),
            (Some(length), None) => {
                let length = decimal(length).ok_or(Malformed)?;
                let Some(body) = bytes.get(..length) else { return Ok(None) };
                self.body.push(body);
                Ok(Some(length))
            }
            (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") => {
                self.read_chunks(bytes)
            }
            // Who says twice where a body ends may mean two different ends.
            _ => Err(Malformed),
        }
    }

    fn read_chunks(&mut self, bytes: &'a [u8]) -> Result<Option<usize>, Malformed> {
        let mut at = 0;
        loop {
            // The parser takes a line without any digit for a chunk of length 0.
            match bytes.get(at) {
                None => return Ok(None),
                Some(digit) if digit.is_ascii_hexdigit() => {}
                Some(_) => return Err(Malformed),
            }
            let parsed = httparse::parse_chunk_size(&bytes[at..]).map_err(|_| Malformed)?;
            let Status::Complete((line, length)) = parsed else { return Ok(None) };
            let length = usize::try_from(length).ok().filter(|length| *length <= INBOX);
            let start = at + line;
            let end = start + length.ok_or(Malformed)?;
            match bytes.get(end..end + 2) {
                None => return Ok(None),
                Some(b"\r\n") => at = end + 2,
                Some(_) => return Err(Malformed),
            }
            if start == end {
                return Ok(Some(at));
            }
            self.body.push(&bytes[start..end]);
        }
    }

    /// The value of a header that may come once.
    fn only(&self, name: &str) -> Result<Option<&'a [u8]>, Malformed> {
        let mut found = self.headers.iter().filter(|header| header.0.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (first, None) => Ok(first.map(|header| header.1)),
            _ => Err(Malformed),
        }
    }

    /// Appends the answer, which tells the client what was understood.
    pub(crate) fn answer(&self, out: &mut Vec<u8>) {
        /// What goes out is put together here, for its length is to be sent first.
        static TEXTS: Pool<Vec<u8>> = Pool::new(Vec::new);

        let session = self.cookies.get("session").unwrap_or(&"none");
        let (headers, cookies, pieces) = (self.headers.len(), self.cookies.len(), self.body.len());
        let mut text = TEXTS.get();
        let written = write!(
            text,
            "{} {}, {headers} headers, {cookies} cookies, session {session}, body in {pieces}: ",
            self.method, self.path
        )
        .and_then(|()| self.body.iter().try_for_each(|piece| text.write_all(piece)))
        .and_then(|()| client::write_answer(out, &text));
        written.expect("a `Vec` takes whatever is written");
    }
}

/// A number of digits and nothing else, that is not above the size of the inbox.
fn decimal(digits: &[u8]) -> Option<usize> {
    // `parse` would take a sign.
    let digits = str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    digits.parse().ok().filter(|number| *number <= INBOX)
}
