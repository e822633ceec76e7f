//! How the text is laid out where it is not `serde_json`'s compact one.
//!
//! [`Pretty`] is the layout of Go's `json.MarshalIndent`
//! (<https://pkg.go.dev/encoding/json#MarshalIndent>), and what is escaped for HTML is what its
//! `json.HTMLEscape` escapes.

use std::io::{self, Write};

use serde_json::ser::Formatter;

/// Everything on one line, text fit for HTML.
pub(super) struct HtmlSafe;

impl Formatter for HtmlSafe {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        write_html_safe(writer, fragment)
    }

    fn write_raw_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        // Outside of its texts, JSON has none of the characters that are escaped.
        write_html_safe(writer, fragment)
    }
}

/// Each element on a line of its own, which begins with the prefix and one indent for each
/// level. The first line has no prefix; what is empty stays on its line.
pub(super) struct Pretty<'a> {
    prefix: &'a str,
    indent: &'a str,
    html_safe: bool,
    depth: usize,
    /// Whether the innermost array or object has an element. One that has just been closed is one
    /// of what it stands in, which the end of a value tells.
    has_element: bool,
}

impl<'a> Pretty<'a> {
    pub(super) fn new(prefix: &'a str, indent: &'a str, html_safe: bool) -> Self {
        Self { prefix, indent, html_safe, depth: 0, has_element: false }
    }

    fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_element = false;
        writer.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        // A `Serialize` that says that it is empty, and is not, closes more than it opens.
        self.depth = self.depth.saturating_sub(1);
        if self.has_element {
            self.begin_line(writer)?;
        }
        writer.write_all(bracket)
    }

    fn begin_element<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.begin_line(writer)
    }

    fn begin_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        writer.write_all(self.prefix.as_bytes())?;
        (0..self.depth).try_for_each(|_| writer.write_all(self.indent.as_bytes()))
    }

    fn write_text<W: ?Sized + Write>(&self, writer: &mut W, text: &str) -> io::Result<()> {
        if self.html_safe {
            return write_html_safe(writer, text);
        }
        writer.write_all(text.as_bytes())
    }
}

impl Formatter for Pretty<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W>(&mut self, writer: &mut W, first: bool) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        self.begin_element(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_element = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W>(&mut self, writer: &mut W, first: bool) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        self.begin_element(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_element = true;
        Ok(())
    }

    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        self.write_text(writer, fragment)
    }

    fn write_raw_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        self.write_text(writer, fragment)
    }
}

/// Writes a text with `<`, `>`, `&`, U+2028 and U+2029 as `\u00XX` and `\u202X`.
fn write_html_safe<W: ?Sized + Write>(writer: &mut W, text: &str) -> io::Result<()> {
    let mut rest = text;
    while let Some((at, escape)) = next_escape(rest) {
        writer.write_all(&rest.as_bytes()[..at])?;
        writer.write_all(escape.text)?;
        rest = &rest[at + escape.replaced..];
    }
    writer.write_all(rest.as_bytes())
}

struct Escape {
    text: &'static [u8],
    /// How many bytes it stands for.
    replaced: usize,
}

fn next_escape(text: &str) -> Option<(usize, Escape)> {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().find_map(|(at, byte)| {
        let (text, replaced): (&[u8], _) = match byte {
            b'<' => (b"\\u003c", 1),
            b'>' => (b"\\u003e", 1),
            b'&' => (b"\\u0026", 1),
            0xE2 => match bytes[at + 1..] {
                [0x80, 0xA8, ..] => (b"\\u2028", 3),
                [0x80, 0xA9, ..] => (b"\\u2029", 3),
                _ => return None,
            },
            _ => return None,
        };
        Some((at, Escape { text, replaced }))
    })
}
