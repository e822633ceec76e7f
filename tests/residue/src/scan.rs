//! Looking for words in all of the process's writable memory.
//!
//! The scanner is a thread that starts before any secret is made and waits. It allocates
//! nothing, and copies memory into one buffer in a static, which is the one place that it
//! does not look at. Its own stack is scanned like all others: a word gets there only after
//! it was found.
//!
//! Scanned are all mappings that may be written to: heap, stacks, thread-locals, statics.
//! What can only be read was never written to, but for what the loader relocated, and guard
//! pages cannot be read.

use core::cell::UnsafeCell;
use core::fmt;
use core::ops::{ControlFlow, Range};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::{Condvar, Mutex};
use std::thread;

use crate::canary::{self, Alphabet, LONGEST};

/// Copied and looked at in one go.
const CHUNK: usize = 1 << 16;
/// As many places are kept for the report.
const PLACES: usize = 16;
/// Enough for the list of mappings of a small program.
const LISTING: usize = 1 << 16;

struct Shared<T>(UnsafeCell<T>);

// SAFETY: the thread of the scanner alone uses them, and there is one.
unsafe impl<T> Sync for Shared<T> {}

static BUFFER: Shared<[u8; CHUNK + LONGEST]> = Shared(UnsafeCell::new([0; CHUNK + LONGEST]));
static MAPS: Shared<[u8; LISTING]> = Shared(UnsafeCell::new([0; LISTING]));

/// Where a word was found.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    address: usize,
    alphabet: Alphabet,
    number: u64,
    mapping: [u8; 24],
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = String::from_utf8_lossy(&self.mapping);
        let Self { address, alphabet, number, .. } = self;
        write!(f, "{address:#x} {} {alphabet:?} word {number}", name.trim_end_matches('\0'))
    }
}

/// What a scan has found.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// How many words.
    pub(crate) words: usize,
    /// The bytes that were looked at.
    pub(crate) bytes: usize,
    places: [Option<Place>; PLACES],
}

impl Found {
    const NOTHING: Self = Self { words: 0, bytes: 0, places: [None; PLACES] };

    /// The first of them.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().flatten()
    }
}

#[expect(clippy::large_enum_variant, reason = "there is one, in a static")]
enum Turn {
    Waits,
    Scans,
    Failed(io::ErrorKind),
    Done(Found),
}

static TURN: Mutex<Turn> = Mutex::new(Turn::Waits);
static CHANGED: Condvar = Condvar::new();

/// Starts the scanner.
pub(crate) fn start() -> io::Result<()> {
    // Opened now, so that nothing is allocated later.
    let memory = File::open("/proc/self/mem")?;
    thread::Builder::new().name("scanner".to_owned()).spawn(move || {
        loop {
            let mut turn = TURN.lock().unwrap();
            while !matches!(*turn, Turn::Scans) {
                turn = CHANGED.wait(turn).unwrap();
            }
            *turn = match scan(&memory) {
                Ok(found) => Turn::Done(found),
                Err(error) => Turn::Failed(error.kind()),
            };
            drop(turn);
            CHANGED.notify_all();
        }
    })?;
    Ok(())
}

/// Has the scanner look, while the caller waits.
pub(crate) fn look() -> io::Result<Found> {
    let mut turn = TURN.lock().unwrap();
    *turn = Turn::Scans;
    CHANGED.notify_all();
    loop {
        match core::mem::replace(&mut *turn, Turn::Waits) {
            Turn::Done(found) => return Ok(found),
            Turn::Failed(kind) => return Err(kind.into()),
            other => *turn = other,
        }
        turn = CHANGED.wait(turn).unwrap();
    }
}

fn scan(memory: &File) -> io::Result<Found> {
    // SAFETY: this thread alone uses the statics, and this function has one frame.
    let buffer = unsafe { &mut *BUFFER.0.get() };
    // SAFETY: as above.
    let listing = unsafe { &mut *MAPS.0.get() };
    let own = buffer.as_ptr_range();
    let own = own.start.addr()..own.end.addr();
    let mut found = Found::NOTHING;
    let listing = list(listing)?;
    for line in listing.split(|byte| *byte == b'\n') {
        let Some((region, name)) = writable(line) else { continue };
        for part in [region.start..region.end.min(own.start), region.start.max(own.end)..region.end]
        {
            scan_region(memory, part, name, buffer, &mut found)?;
        }
    }
    buffer.fill(0);
    Ok(found)
}

/// Reads the list of mappings.
fn list(text: &mut [u8; LISTING]) -> io::Result<&[u8]> {
    let mut maps = File::open("/proc/self/maps")?;
    let mut len = 0;
    loop {
        if len == text.len() {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        match maps.read(&mut text[len..])? {
            0 => return Ok(&text[..len]),
            read => len += read,
        }
    }
}

/// The range and the name of a mapping that can be written to.
fn writable(line: &[u8]) -> Option<(Range<usize>, &[u8])> {
    let line = core::str::from_utf8(line).ok()?;
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    if !fields.next()?.starts_with("rw") {
        return None;
    }
    let number = |text| usize::from_str_radix(text, 16).ok();
    let name = fields.nth(3).unwrap_or("anonymous");
    Some((number(start)?..number(end)?, name.as_bytes()))
}

fn scan_region(
    memory: &File,
    region: Range<usize>,
    name: &[u8],
    buffer: &mut [u8; CHUNK + LONGEST],
    found: &mut Found,
) -> io::Result<()> {
    let mut at = region.start;
    while at < region.end {
        // What a word that begins in the chunk may reach behind it is read with it.
        let len = (region.end - at).min(buffer.len());
        memory.read_exact_at(&mut buffer[..len], at as u64)?;
        let end = len.min(CHUNK);
        found.bytes += end;
        canary::find(&buffer[..len], end, |offset, alphabet, number| {
            if let Some(place) = found.places.get_mut(found.words) {
                let mut mapping = [0; 24];
                let kept = name.len().min(mapping.len());
                mapping[..kept].copy_from_slice(&name[name.len() - kept..]);
                *place = Some(Place { address: at + offset, alphabet, number, mapping });
            }
            found.words += 1;
            ControlFlow::Continue(())
        });
        at += end;
    }
    Ok(())
}
