//! JSON read into pooled objects.

use core::fmt;
use core::iter::FusedIterator;
use std::io::{self, Read};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::de::IoRead;
use serde_json::{Deserializer, StreamDeserializer};

use super::document::Document;
use super::{Error, error_of};
use crate::buffer::{BufferPool, PooledBuf};
use crate::guard::Pooled;
use crate::poolable::Poolable;

/// Reads JSON into an object of its pool. What the object kept is read into: a shape that comes
/// again finds its texts and vectors.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, json};
/// use serde::Deserialize;
///
/// #[derive(Poolable, Deserialize)]
/// struct Point {
///     name: String,
///     at: Vec<f64>,
/// }
///
/// let point = json::from_slice::<Point>(br#"{"name": "home", "at": [1.5, 2]}"#)?;
/// assert_eq!((point.name.as_str(), &point.at[..]), ("home", &[1.5, 2.0][..]));
///
/// let error = json::from_slice::<Point>(b"{\"name\":\n7}").err().unwrap();
/// assert_eq!((error.line(), error.column()), (2, 1));
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Errors
///
/// As `serde_json::from_slice`: if it is no JSON, or ends early, or is not what the type is
/// read from, or is nested more than 128 deep, or is followed by anything but white space. The
/// object goes home, blank.
///
/// # Performance
///
/// No allocation where the object has kept enough: texts without escapes in a `String`,
/// numbers in a `Vec`, structs in a [`RetainVec`](crate::RetainVec). The guide's page `json`
/// says what is kept by which type.
#[track_caller]
pub fn from_slice<'de, T>(bytes: &'de [u8]) -> Result<Pooled<T>, Error>
where
    T: Poolable + Deserialize<'de>,
{
    let mut object = T::pooled();
    read::<T>(&mut object, bytes)?;
    Ok(object)
}

/// Reads JSON into an object that is at hand, which is made blank first. So fields that the
/// input leaves out, and may leave out, show nothing of what was there before. What was read
/// into a field marked `#[pool(skip)]` stays, as ever, and so do buffers that have grown: limits
/// are looked at when the guard drops.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, json};
/// use serde::Deserialize;
///
/// #[derive(Poolable, Deserialize)]
/// struct Message {
///     id: u64,
///     #[serde(default)]
///     text: String,
/// }
///
/// let mut message = Message::pooled();
/// json::from_slice_into(&mut message, br#"{"id": 1, "text": "hello"}"#)?;
/// assert_eq!((message.id, message.text.as_str()), (1, "hello"));
/// json::from_slice_into(&mut message, br#"{"id": 2}"#)?;
/// assert_eq!((message.id, message.text.as_str()), (2, ""));
///
/// assert!(json::from_slice_into(&mut message, br#"{"id": 3, "text""#).is_err());
/// assert_eq!(message.id, 0);
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Errors
///
/// As [`from_slice`]. The whole object is blank then, but for its `#[pool(skip)]` fields.
///
/// # Panics
///
/// As the type's own code does. The object may be half read then, until its guard drops.
pub fn from_slice_into<'de, T>(place: &mut Pooled<T>, bytes: &'de [u8]) -> Result<(), Error>
where
    T: Poolable + Deserialize<'de>,
{
    T::reset(place);
    read::<T>(place, bytes).inspect_err(|_| T::reset(place))
}

/// Reads JSON into an object of its pool, from a reader: from all that it gives until it
/// ends, which is gathered in a pooled buffer first, and wiped from there.
///
/// A reader that comes from a stranger needs a bound: `reader.take(1 << 20)`.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, json};
/// use serde::Deserialize;
/// use std::io::Read;
///
/// #[derive(Poolable, Deserialize)]
/// struct Config {
///     threads: usize,
/// }
///
/// let file: &[u8] = br#"{"threads": 4}"#;
/// let config = json::from_reader::<Config, _>(file.take(1 << 20))?;
/// assert_eq!(config.threads, 4);
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Errors
///
/// As [`from_slice`]; and that of the reader, with
/// [`Category::Io`](super::Category::Io).
#[track_caller]
pub fn from_reader<T, R>(reader: R) -> Result<Pooled<T>, Error>
where
    T: Poolable + DeserializeOwned,
    R: Read,
{
    let document = Document::read_from(reader).map_err(error_of)?;
    from_slice(document.bytes())
}

fn read<'de, T: Deserialize<'de>>(place: &mut T, bytes: &'de [u8]) -> Result<(), Error> {
    let mut json = Deserializer::from_slice(bytes);
    T::deserialize_in_place(&mut json, place)?;
    json.end()
}

/// Reads one value after the other, each into an object of its pool, from a reader: values that
/// follow each other with white space between them, lines for instance, or without. It ends
/// with the first error.
///
/// Each is given as soon as its last byte is there; a number, `true`, `false` or `null`, as soon
/// as something follows. An object is taken when its first byte is there. The reader need not be buffered: it is
/// read through a pooled buffer, which is wiped when the stream is dropped.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, json};
/// use serde::Deserialize;
///
/// #[derive(Poolable, Deserialize)]
/// struct Event {
///     id: u32,
/// }
///
/// let lines: &[u8] = b"{\"id\":1}\n{\"id\":2}\n{\"id\":";
/// let mut events = json::stream::<Event, _>(lines);
/// assert_eq!(events.next().unwrap()?.id, 1);
/// assert_eq!(events.next().unwrap()?.id, 2);
/// let error = events.next().unwrap().err().unwrap();
/// assert_eq!((error.is_eof(), error.line()), (true, 3));
/// assert!(events.next().is_none());
/// # Ok::<(), json::Error>(())
/// ```
///
/// # Performance
///
/// `serde_json` allocates a buffer for the texts of a stream, as large as the longest of them,
/// once for all its values. It is not wiped: [`from_slice`] and [`from_reader`] are for secrets.
pub fn stream<T, R>(reader: R) -> Stream<T, R>
where
    T: Poolable + DeserializeOwned,
    R: Read,
{
    Stream { values: Deserializer::from_reader(Chunks::new(reader)).into_iter(), is_over: false }
}

/// The values of [`stream`], up to the first error.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, Pooled, json};
/// use serde::Deserialize;
///
/// #[derive(Poolable, Deserialize)]
/// struct Event {
///     id: u32,
/// }
///
/// let events: json::Stream<Event, _> = json::stream(&b"{\"id\":1} {\"id\":2}"[..]);
/// let events: Vec<Pooled<Event>> = events.collect::<Result<_, json::Error>>()?;
/// assert_eq!(events.iter().map(|event| event.id).sum::<u32>(), 3);
/// # Ok::<(), json::Error>(())
/// ```
#[must_use = "nothing is read unless it is asked for"]
pub struct Stream<T: Poolable, R: Read> {
    values: StreamDeserializer<'static, IoRead<Chunks<R>>, Pooled<T>>,
    /// `serde_json` goes on behind some errors, in the middle of what was wrong.
    is_over: bool,
}

impl<T: Poolable + DeserializeOwned, R: Read> Stream<T, R> {
    /// How many bytes there are up to the end of the last value; after an error, up to the
    /// beginning of the value that was wrong. The error itself has its line and column.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::{Poolable, json};
    /// use serde::Deserialize;
    ///
    /// #[derive(Poolable, Deserialize)]
    /// struct Event {
    ///     id: u32,
    /// }
    ///
    /// let mut events = json::stream::<Event, _>(&b"{\"id\":1} {\"id\":2}"[..]);
    /// assert_eq!(events.next().unwrap()?.id, 1);
    /// assert_eq!(events.byte_offset(), 8);
    ///
    /// let mut events = json::stream::<Event, _>(&b"{\"id\":1} {\"id\":[]}"[..]);
    /// assert_eq!(events.by_ref().filter(Result::is_err).count(), 1);
    /// assert_eq!(events.byte_offset(), 9);
    /// # Ok::<(), json::Error>(())
    /// ```
    #[must_use]
    pub fn byte_offset(&self) -> usize {
        self.values.byte_offset()
    }
}

impl<T: Poolable + DeserializeOwned, R: Read> Iterator for Stream<T, R> {
    type Item = Result<Pooled<T>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.values.next();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

impl<T: Poolable + DeserializeOwned, R: Read> FusedIterator for Stream<T, R> {}

impl<T: Poolable, R: Read> fmt::Debug for Stream<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

/// The pool of the buffers that texts are gathered in, by [`from_reader`], [`stream`] and the
/// extractor of `poolable::axum`: to ask how it does, or to warm it.
///
/// They are wiped when they go home. A secret in a text is in its object next, which wipes
/// it, and stays in no buffer behind that.
///
/// # Examples
///
/// ```
/// use poolable::{Poolable, json};
/// use serde::Deserialize;
///
/// #[derive(Poolable, Deserialize)]
/// struct Event {
///     id: u32,
/// }
///
/// assert_eq!(json::from_reader::<Event, _>(&b"{\"id\":1}"[..])?.id, 1);
/// let stats = json::read_buffers().stats().total();
/// assert_eq!((stats.in_use, stats.idle), (0, 1));
/// # Ok::<(), json::Error>(())
/// ```
#[must_use]
pub fn read_buffers() -> &'static BufferPool {
    static READ: BufferPool = BufferPool::wiping("json read");
    &READ
}

/// What is read at a time, at most.
const CHUNK: usize = 4096;

/// A reader with a pooled buffer before it.
struct Chunks<R> {
    reader: R,
    /// As long as a chunk may be.
    chunk: PooledBuf,
    /// How much of it has been taken, of how much was read.
    taken: usize,
    filled: usize,
}

impl<R: Read> Chunks<R> {
    fn new(reader: R) -> Self {
        let chunk = read_buffers().get_zeroed(CHUNK);
        Self { reader, chunk, taken: 0, filled: 0 }
    }

    #[cold]
    fn fill(&mut self) -> io::Result<()> {
        (self.taken, self.filled) = (0, 0);
        self.filled = self.reader.read(&mut self.chunk)?;
        Ok(())
    }
}

impl<R: Read> Read for Chunks<R> {
    #[inline]
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.filled {
            self.fill()?;
        }
        let ahead = &self.chunk[self.taken..self.filled];
        // `serde_json` takes one after the other.
        let count = match (to, ahead) {
            ([to], [byte, ..]) => {
                *to = *byte;
                1
            }
            (to, mut ahead) => ahead.read(to)?,
        };
        self.taken += count;
        Ok(count)
    }
}
