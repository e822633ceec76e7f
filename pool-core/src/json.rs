//! JSON, written into pooled buffers and read into pooled objects.
//!
//! The parser and the writer are those of [`serde_json`](https://docs.rs/serde_json), and so are
//! the errors, with their line and column. What is here is where the bytes and the values
//! live, and the layout of Go's `encoding/json` for those who compare with it.
//!
//! | what | for |
//! | --- | --- |
//! | [`to_buf`], [`to_buf_in`], [`to_buf_pretty`], [`to_line`] | a value as JSON in a [`PooledBuf`](crate::buffer::PooledBuf) |
//! | [`to_bytes`] | the same, frozen, for a response |
//! | [`to_writer`] | one write to a file or a socket, of all or of nothing |
//! | [`Options`] | text that stands in a `<script>` of HTML |
//! | [`from_slice`], [`from_reader`], [`stream`] | JSON read into objects of their pools |
//! | [`from_slice_into`] | the same, into an object that is at hand |
//! | [`read_buffers`] | the buffers that texts are gathered in, which are wiped |
//!
//! Reading goes field by field into what an object has kept, if it is a struct whose
//! `Deserialize` is derived: the feature `json` has `serde_derive` write it so, in every crate of
//! the build. The guide's page `json` has what else is read in place, and what is not.
//!
//! # Examples
//!
//! ```
//! use poolable::{Poolable, json};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Poolable, Deserialize, Serialize)]
//! struct Point {
//!     name: String,
//!     at: Vec<f64>,
//! }
//!
//! let text = br#"{"name":"home","at":[1.5,2.0]}"#;
//! let point = json::from_slice::<Point>(text)?;
//! assert_eq!(point.name, "home");
//! assert_eq!(json::to_buf(&point)?, text);
//! # Ok::<(), json::Error>(())
//! ```

// | module | what it owns |
// | --- | --- |
// | `encode` | what users call to write |
// | `decode` | what users call to read |
// | `layout` | how the text is laid out |
// | `document` | a buffer that a document may outgrow |

mod decode;
mod document;
mod encode;
mod layout;

use std::io::{self, Write};

pub use serde_json::Error;
pub use serde_json::error::Category;

#[cfg(feature = "axum")]
pub(crate) use self::document::Document;

pub use self::decode::{Stream, from_reader, from_slice, from_slice_into, read_buffers, stream};
pub use self::encode::{Options, to_buf, to_buf_in, to_buf_pretty, to_bytes, to_line, to_writer};

/// What `serde_json` says of a reader or a writer that failed.
fn error_of(error: io::Error) -> Error {
    struct Failing(Option<io::Error>);

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.write_all(bytes).map(|()| bytes.len())
        }

        // That of `Write` would go on after an interruption.
        fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
            Err(self.0.take().unwrap_or_else(|| io::ErrorKind::Other.into()))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    // There is no other way to make such an error than to have `serde_json` meet it.
    let written = serde_json::to_writer(Failing(Some(error)), &());
    written.expect_err("the writer fails at its first byte")
}
