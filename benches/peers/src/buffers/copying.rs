//! Copying, beside what std has for it.
//!
//! Everything is timed by the KiB, so that a large copy is not made a thousand times over.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::env;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

use poolable::buffer::{copy, copy_file};

use super::{other, ours};
use crate::beyond::Table;
use crate::beyond::work::timed_in_turn;
use crate::timing::{Effort, Sample};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

pub(super) fn tables() -> Vec<Table> {
    let mut tables = vec![
        in_memory::<{ KIB }>("buffers-copy-1k", "Copies of 1 KiB in memory"),
        in_memory::<{ 64 * KIB }>("buffers-copy-64k", "Copies of 64 KiB in memory"),
        in_memory::<{ 4 * MIB }>("buffers-copy-4m", "Copies of 4 MiB in memory"),
    ];
    tables.extend([
        file::<Temporary, { 4 * KIB }>("buffers-file-4k", "A file of 4 KiB", 100),
        file::<Temporary, MIB>("buffers-file-1m", "A file of 1 MiB", 60),
        file::<Temporary, { 64 * MIB }>("buffers-file-64m", "A file of 64 MiB", 8),
    ]);
    if Shared::folder().is_dir() {
        tables.extend([
            file::<Shared, { 4 * KIB }>("buffers-shm-4k", "A file of 4 KiB in memory", 100),
            file::<Shared, MIB>("buffers-shm-1m", "A file of 1 MiB in memory", 60),
            file::<Shared, { 64 * MIB }>("buffers-shm-64m", "A file of 64 MiB in memory", 8),
        ]);
    }
    tables
}

const IN_MEMORY: &str = "From a slice to a vector that has the room. In half of the rows both are \
                         as std knows them: `io::copy` then reads all of the one into the other, \
                         and needs no buffer. In the others both are wrapped in types of the \
                         program, of which it knows nothing.";

fn in_memory<const SIZE: usize>(file: &'static str, title: &'static str) -> Table {
    Table {
        file,
        title,
        about: IN_MEMORY,
        unit: "KiB",
        effort: Effort { rounds: 100, timing: Duration::from_millis(1) },
        rows: vec![
            ours("poolable, `copy`", "A wrapped reader and writer.", wrapped::<Ours, SIZE>),
            ours("poolable, `copy`, std's types", "`Cursor` to `Vec`.", known::<Ours, SIZE>),
            other("`io::copy`", "A wrapped reader and writer.", wrapped::<Std, SIZE>),
            other("`io::copy`, std's types", "`Cursor` to `Vec`.", known::<Std, SIZE>),
        ],
    }
}

/// Who copies.
trait Copier {
    fn copy(reader: &mut impl Read, writer: &mut impl Write) -> io::Result<u64>;
}

struct Ours;

impl Copier for Ours {
    #[inline(always)]
    fn copy(reader: &mut impl Read, writer: &mut impl Write) -> io::Result<u64> {
        copy(reader, writer)
    }
}

struct Std;

impl Copier for Std {
    #[inline(always)]
    fn copy(reader: &mut impl Read, writer: &mut impl Write) -> io::Result<u64> {
        io::copy(reader, writer)
    }
}

/// A reader of the program's own.
struct Wrapped<R>(R);

impl<R: Read> Read for Wrapped<R> {
    #[inline]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl<W: Write> Write for Wrapped<W> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn wrapped<C: Copier, const SIZE: usize>(kib: u64) -> Sample {
    let source = vec![1; SIZE];
    let mut sink = Vec::with_capacity(SIZE);
    by_kib::<SIZE>(kib, || {
        sink.clear();
        C::copy(&mut Wrapped(&source[..]), &mut Wrapped(&mut sink)).expect("memory does not fail")
    })
}

fn known<C: Copier, const SIZE: usize>(kib: u64) -> Sample {
    let source = vec![1; SIZE];
    let mut sink = Vec::with_capacity(SIZE);
    by_kib::<SIZE>(kib, || {
        sink.clear();
        C::copy(&mut Cursor::new(&source[..]), &mut sink).expect("memory does not fail")
    })
}

fn by_kib<const SIZE: usize>(kib: u64, work: impl FnMut() -> u64) -> Sample {
    const { assert!(SIZE.is_multiple_of(KIB)) };
    timed_in_turn(kib, (SIZE / KIB) as u64, SIZE as u64, work)
}

/// Where files lie.
trait Place {
    const ABOUT: &str;

    fn folder() -> PathBuf;
}

struct Temporary;

impl Place for Temporary {
    const ABOUT: &str = "From one file to a new one in the folder for temporary files. What is read \
                         lies in the system's cache, and nobody waits for the disk. That the last \
                         copy is removed before is part of the time: ext4 writes a file to the disk \
                         at once if another is copied over it.";

    fn folder() -> PathBuf {
        env::temp_dir()
    }
}

struct Shared;

impl Place for Shared {
    const ABOUT: &str = "The same in `/dev/shm`, whose files are memory.";

    fn folder() -> PathBuf {
        PathBuf::from("/dev/shm")
    }
}

fn file<P: Place, const SIZE: usize>(
    file: &'static str,
    title: &'static str,
    rounds: usize,
) -> Table {
    Table {
        file,
        title,
        about: P::ABOUT,
        unit: "KiB",
        effort: Effort { rounds, timing: Duration::from_millis(2) },
        rows: vec![
            ours("poolable, `copy_file`", "It is told both paths.", by_path::<P, SIZE, true>),
            ours("poolable, `copy`", "Files that are opened for it.", opened::<Ours, P, SIZE>),
            other(
                "`fs::copy`",
                "It is told both paths, and has the system copy.",
                by_path::<P, SIZE, false>,
            ),
            other(
                "`io::copy`",
                "Files that are opened for it: it knows them, and has the system copy.",
                opened::<Std, P, SIZE>,
            ),
        ],
    }
}

/// A file and its copy, until they are dropped.
struct Files {
    folder: PathBuf,
    from: PathBuf,
    to: PathBuf,
}

impl Files {
    fn new<P: Place>(size: usize) -> Self {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        // Relaxed: all that counts is that no two have the same number.
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = P::folder().join(format!("poolable-peers-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder can be made");
        let (from, to) = (folder.join("from"), folder.join("to"));
        fs::write(&from, vec![1; size]).expect("a file can be written");
        fs::write(&to, []).expect("a file can be written");
        Self { folder, from, to }
    }

    /// Where to copy from, and where to: there is no file.
    fn paths(&self) -> (&Path, &Path) {
        fs::remove_file(&self.to).expect("the last copy is there");
        (&self.from, &self.to)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // Whoever comes next has another one.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn by_path<P: Place, const SIZE: usize, const IS_OURS: bool>(kib: u64) -> Sample {
    let files = Files::new::<P>(SIZE);
    by_kib::<SIZE>(kib, || {
        let (from, to) = files.paths();
        let copied = if IS_OURS { copy_file(from, to) } else { fs::copy(from, to) };
        copied.expect("the file can be copied")
    })
}

fn opened<C: Copier, P: Place, const SIZE: usize>(kib: u64) -> Sample {
    let files = Files::new::<P>(SIZE);
    by_kib::<SIZE>(kib, || {
        let (from, to) = files.paths();
        let mut from = File::open(from).expect("it is there");
        let mut to = File::create(to).expect("it can be written");
        C::copy(&mut from, &mut to).expect("the file can be copied")
    })
}
