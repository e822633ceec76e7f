//! Values written as JSON.

use std::io::Write;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Serializer;

use super::document::Document;
use super::layout::{HtmlSafe, Pretty};
use super::{Error, error_of};
use crate::buffer::{BufferPool, PooledBuf};

/// Writes a value as JSON into a buffer of the [pool of the process](BufferPool::global),
/// byte for byte as `serde_json::to_vec` does.
///
/// # Examples
///
/// ```
/// use poolable::json;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Point {
///     x: i32,
///     y: i32,
/// }
///
/// let buf = json::to_buf(&Point { x: 1, y: -2 })?;
/// assert_eq!(buf, br#"{"x":1,"y":-2}"#);
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Errors
///
/// If the value's `Serialize` fails, or a map has a key that JSON has no text for. The buffer
/// goes home then.
///
/// # Performance
///
/// No allocation where buffers are idle, whatever the length up to 1 MiB: a text begins in a
/// buffer of 1 KiB, and moves to the next size when it has filled one. All in all that copies
/// at most one and a third times what is written in the end.
#[track_caller]
pub fn to_buf<T: ?Sized + Serialize>(value: &T) -> Result<PooledBuf, Error> {
    Options::default().to_buf(value)
}

/// Writes a value as JSON into a buffer of a pool of your own.
///
/// With a pool that [zeroizes](crate::buffer::BufferPoolBuilder::zeroize) a secret in the text
/// is wiped when the buffer goes home, from the buffers that the text outgrew too.
///
/// # Examples
///
/// ```
/// use poolable::{buffer::BufferPool, json};
///
/// let secrets = BufferPool::builder().zeroize(true).build();
/// let buf = json::to_buf_in(&secrets, &["hunter2"])?;
/// assert_eq!(buf, br#"["hunter2"]"#);
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Errors
///
/// As [`to_buf`].
#[track_caller]
pub fn to_buf_in<T: ?Sized + Serialize>(pool: &BufferPool, value: &T) -> Result<PooledBuf, Error> {
    Options::default().to_buf_in(pool, value)
}

/// Writes a value as JSON for people: each element on a line of its own, which begins with
/// `prefix` and one `indent` for each level. The first line has no prefix. The layout is that
/// of Go's `json.MarshalIndent`. A `RawValue` of serde_json's stays as it is.
///
/// # Examples
///
/// ```
/// use poolable::json;
///
/// let buf = json::to_buf_pretty(&([1, 2], [(); 0]), "", "  ")?;
/// assert_eq!(buf, b"[\n  [\n    1,\n    2\n  ],\n  []\n]");
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Errors
///
/// As [`to_buf`].
#[track_caller]
pub fn to_buf_pretty<T: ?Sized + Serialize>(
    value: &T,
    prefix: &str,
    indent: &str,
) -> Result<PooledBuf, Error> {
    Options::default().to_buf_pretty(value, prefix, indent)
}

/// Writes a value as one line of JSON, with the newline that ends it.
///
/// # Examples
///
/// ```
/// use poolable::json;
///
/// let mut log = Vec::new();
/// log.extend_from_slice(&json::to_line(&("start", 1))?);
/// log.extend_from_slice(&json::to_line(&("stop\n", 2))?);
/// assert_eq!(log, b"[\"start\",1]\n[\"stop\\n\",2]\n");
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Errors
///
/// As [`to_buf`].
#[track_caller]
pub fn to_line<T: ?Sized + Serialize>(value: &T) -> Result<PooledBuf, Error> {
    Options::default().to_line(value)
}

/// Writes a value as JSON to a writer, all at once: nothing is written of a value that cannot
/// be, and a file or a socket without a buffer gets one write instead of one for each bracket.
///
/// # Examples
///
/// ```
/// use poolable::json;
///
/// let mut file = Vec::new();
/// json::to_writer(&mut file, &[1, 2])?;
/// assert_eq!(file, b"[1,2]");
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Errors
///
/// As [`to_buf`]; and that of the writer, with
/// [`Category::Io`](super::Category::Io).
#[track_caller]
pub fn to_writer<W: Write, T: ?Sized + Serialize>(writer: W, value: &T) -> Result<(), Error> {
    Options::default().to_writer(writer, value)
}

/// Writes a value as JSON, and freezes it: many may share the bytes, and the buffer goes home
/// when the last of them is dropped.
///
/// # Examples
///
/// ```
/// use poolable::json;
///
/// let bytes = json::to_bytes(&["a", "b"])?;
/// assert_eq!(&bytes[..], br#"["a","b"]"#);
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Errors
///
/// As [`to_buf`].
///
/// # Performance
///
/// One allocation, that of [`PooledBuf::freeze`].
#[track_caller]
pub fn to_bytes<T: ?Sized + Serialize>(value: &T) -> Result<Bytes, Error> {
    Options::default().to_bytes(value)
}

/// How values are written. Its methods are the functions of this module, with these options.
///
/// # Examples
///
/// ```
/// use poolable::json::{self, Options};
///
/// let name = "</script>";
/// assert_eq!(json::to_buf(name)?, br#""</script>""#);
/// let for_html = Options { escape_html: true };
/// assert_eq!(for_html.to_buf(name)?, br#""\u003c/script\u003e""#);
/// # Ok::<(), json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether `<`, `>`, `&`, U+2028 and U+2029 are written as `\u003c`, `\u003e`, `\u0026`,
    /// `\u2028` and `\u2029`, so that the text may stand in a `<script>` of HTML; nowhere else,
    /// for quotes stay as they are. Off by default; Go has it on.
    pub escape_html: bool,
}

impl Options {
    /// As [`to_buf`](fn@to_buf).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::json::Options;
    ///
    /// let buf = Options { escape_html: true }.to_buf("a < b")?;
    /// assert_eq!(buf, br#""a \u003c b""#);
    /// # Ok::<(), poolable::json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`to_buf`](fn@to_buf).
    #[track_caller]
    pub fn to_buf<T: ?Sized + Serialize>(self, value: &T) -> Result<PooledBuf, Error> {
        self.to_buf_in(BufferPool::global(), value)
    }

    /// As [`to_buf_in`](fn@to_buf_in).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{buffer::BufferPool, json::Options};
    ///
    /// let pool = BufferPool::new();
    /// let buf = Options { escape_html: true }.to_buf_in(&pool, "a & b")?;
    /// assert_eq!(buf, br#""a \u0026 b""#);
    /// assert_eq!(pool.stats().total().in_use, 1);
    /// # Ok::<(), poolable::json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`to_buf`](fn@to_buf).
    #[track_caller]
    pub fn to_buf_in<T>(self, pool: &BufferPool, value: &T) -> Result<PooledBuf, Error>
    where
        T: ?Sized + Serialize,
    {
        self.write(pool, value, b"")
    }

    /// As [`to_buf_pretty`](fn@to_buf_pretty).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::json::Options;
    ///
    /// let buf = Options { escape_html: true }.to_buf_pretty(&["a > b"], "> ", "\t")?;
    /// assert_eq!(buf, b"[\n> \t\"a \\u003e b\"\n> ]");
    /// # Ok::<(), poolable::json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`to_buf`](fn@to_buf).
    #[track_caller]
    pub fn to_buf_pretty<T: ?Sized + Serialize>(
        self,
        value: &T,
        prefix: &str,
        indent: &str,
    ) -> Result<PooledBuf, Error> {
        let mut document = Document::new(BufferPool::global());
        let layout = Pretty::new(prefix, indent, self.escape_html);
        value.serialize(&mut Serializer::with_formatter(&mut document, layout))?;
        Ok(document.into_buf())
    }

    /// As [`to_line`](fn@to_line).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::json::Options;
    ///
    /// let buf = Options { escape_html: true }.to_line("a < b")?;
    /// assert_eq!(buf, b"\"a \\u003c b\"\n");
    /// # Ok::<(), poolable::json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`to_buf`](fn@to_buf).
    #[track_caller]
    pub fn to_line<T: ?Sized + Serialize>(self, value: &T) -> Result<PooledBuf, Error> {
        self.write(BufferPool::global(), value, b"\n")
    }

    /// As [`to_writer`](fn@to_writer).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::json::Options;
    ///
    /// let mut page = b"<script>let name = ".to_vec();
    /// Options { escape_html: true }.to_writer(&mut page, "</script>")?;
    /// assert_eq!(page, br#"<script>let name = "\u003c/script\u003e""#);
    /// # Ok::<(), poolable::json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`to_writer`](fn@to_writer).
    #[track_caller]
    pub fn to_writer<W, T>(self, mut writer: W, value: &T) -> Result<(), Error>
    where
        W: Write,
        T: ?Sized + Serialize,
    {
        let buf = self.to_buf(value)?;
        writer.write_all(&buf).map_err(error_of)
    }

    /// As [`to_bytes`](fn@to_bytes).
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::json::Options;
    ///
    /// let bytes = Options { escape_html: true }.to_bytes("a < b")?;
    /// assert_eq!(&bytes[..], br#""a \u003c b""#);
    /// # Ok::<(), poolable::json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`to_buf`](fn@to_buf).
    #[track_caller]
    pub fn to_bytes<T: ?Sized + Serialize>(self, value: &T) -> Result<Bytes, Error> {
        Ok(self.to_buf(value)?.freeze())
    }

    /// On one line, with what comes after it.
    #[track_caller]
    fn write<T>(self, pool: &BufferPool, value: &T, end: &[u8]) -> Result<PooledBuf, Error>
    where
        T: ?Sized + Serialize,
    {
        let mut document = Document::new(pool);
        if self.escape_html {
            value.serialize(&mut Serializer::with_formatter(&mut document, HtmlSafe))?;
        } else {
            value.serialize(&mut Serializer::new(&mut document))?;
        }
        document.push(end);
        Ok(document.into_buf())
    }
}
