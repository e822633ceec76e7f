//! Copying: what arrives, what is told, and that the buffer comes home on every way, and the
//! next copy finds it blank. That it is wiped at once is tested where the pool is within reach,
//! beside `copy`.

mod files;
#[cfg(feature = "tokio")]
mod tasks;

use std::io::{self, BufRead, Cursor, ErrorKind, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use poolable::buffer::copy;

use super::{unwind, unwinds};

/// How long the buffers are.
const CHUNK: usize = 32 * 1024;

/// What is in a buffer that nobody has used.
static BLANK: [u8; CHUNK] = [0; CHUNK];

/// What readers leave in all of their buffer, beyond what they say they read.
const DIRT: u8 = 0xd1;

/// All copies of the process share the buffers, and the tests count those in use.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many buffers are with copies, how often one was asked for, and how many were created.
fn counts() -> (u64, u64, u64) {
    poolable::pools().iter().filter(|pool| pool.name.starts_with("copy buffers")).fold(
        (0, 0, 0),
        |(in_use, gets, created), pool| {
            let stats = pool.stats;
            (in_use + stats.in_use, gets + stats.hits + stats.misses, created + stats.created)
        },
    )
}

/// Looks at the buffer that this thread's next copy gets, and tells where it is.
#[track_caller]
fn assert_next_buffer_is_blank() -> usize {
    struct Look(usize);

    impl Read for Look {
        fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
            assert!(chunk == BLANK, "something was left behind");
            self.0 = chunk.as_ptr().addr();
            Ok(0)
        }
    }

    let mut look = Look(0);
    assert_eq!(copy(&mut look, &mut io::sink()).unwrap(), 0);
    look.0
}

/// The buffer of the copy that this thread made last, which was `used`, is home, and blank for the
/// next.
#[track_caller]
fn assert_home_and_blank(used: Option<usize>) {
    assert_eq!(counts().0, 0, "a buffer is still in use");
    let next = assert_next_buffer_is_blank();
    if let Some(used) = used {
        assert_eq!(next, used, "it is another buffer");
    }
}

/// Up to a mebibyte of bytes none of which is zero, or [`DIRT`], and which say where they belong.
fn content(length: usize) -> Vec<u8> {
    static MOST: LazyLock<Vec<u8>> =
        LazyLock::new(|| (0..1 << 20).map(|at| (at * 7 + at / 251) as u8 % 200 + 1).collect());
    MOST[..length].to_vec()
}

#[test]
fn content_is_neither_blank_nor_dirt() {
    let content = content(1 << 20);
    assert!(content.iter().all(|&byte| byte != 0 && byte != DIRT));
    assert_ne!(content[..CHUNK], content[CHUNK..2 * CHUNK]);
}

/// What a call of a reader or a writer does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// Moves so many bytes at most, and at least one.
    Move(usize),
    /// Is interrupted.
    Interrupt,
    /// Fails for good.
    Fail,
    /// A writer takes nothing; a reader has no more.
    Nothing,
    Panic,
    /// Says that it has moved one byte more than it could.
    Claim,
    /// Is not ready, and will be when it is asked again.
    #[cfg(feature = "tokio")]
    Wait,
}

/// One side of a copy: does what its steps say, and then moves what it can.
struct Side {
    steps: std::vec::IntoIter<Step>,
    /// What a reader has still to give, and what a writer has taken.
    bytes: Vec<u8>,
    /// Where the buffer of a reader is, once it has seen it.
    buffer: Option<usize>,
    /// How often a writer was flushed.
    flushes: usize,
}

impl Side {
    fn new(steps: &[Step], bytes: Vec<u8>) -> Self {
        Self { steps: Vec::from(steps).into_iter(), bytes, buffer: None, flushes: 0 }
    }

    /// What the next call does: how many bytes it may move, or how many it claims.
    fn next(&mut self, room: usize) -> io::Result<Result<usize, usize>> {
        match self.steps.next().unwrap_or(Step::Move(usize::MAX)) {
            Step::Move(count) => Ok(Ok(count.min(room))),
            Step::Interrupt => Err(ErrorKind::Interrupted.into()),
            Step::Fail => Err(io::Error::new(ErrorKind::ConnectionReset, "on purpose")),
            Step::Nothing => Ok(Ok(0)),
            Step::Panic => unwind(),
            Step::Claim => Ok(Err(room + 1)),
            #[cfg(feature = "tokio")]
            Step::Wait => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// A reader is given a buffer: it is blank at first, and dirty from then on.
    fn see(&mut self, chunk: &mut [u8]) {
        match self.buffer {
            None => assert!(chunk == BLANK, "what others had copied"),
            Some(buffer) => assert_eq!(buffer, chunk.as_ptr().addr(), "one copy, one buffer"),
        }
        self.buffer = Some(chunk.as_ptr().addr());
        chunk.fill(DIRT);
    }
}

impl Read for Side {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        self.see(chunk);
        Ok(match self.next(chunk.len().min(self.bytes.len()))? {
            Ok(count) => {
                chunk[..count].copy_from_slice(&self.bytes[..count]);
                self.bytes.drain(..count);
                count
            }
            Err(_) => chunk.len() + 1,
        })
    }
}

impl Write for Side {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let moved = self.next(bytes.len())?;
        let taken = moved.unwrap_or(bytes.len());
        self.bytes.extend_from_slice(&bytes[..taken]);
        Ok(moved.unwrap_or_else(|claimed| claimed))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushes += 1;
        Ok(())
    }
}

/// How a copy ended.
#[derive(Debug, PartialEq)]
enum End {
    Copied(u64),
    Failed(ErrorKind),
    Panicked,
}

/// Steps of which the `at`th is `last`, the others move up to 10 000 bytes or are interrupted.
fn until(at: usize, last: Step) -> Vec<Step> {
    let mut steps: Vec<_> = (0..at)
        .map(|step| if step % 3 == 1 { Step::Interrupt } else { Step::Move(10_000 - step) })
        .collect();
    steps.push(last);
    steps
}

/// The ends that a reader's and a writer's step lead to.
const READS: [(Step, End); 4] = [
    (Step::Fail, End::Failed(ErrorKind::ConnectionReset)),
    (Step::Nothing, End::Copied(0)),
    (Step::Panic, End::Panicked),
    (Step::Claim, End::Panicked),
];
const WRITES: [(Step, End); 4] = [
    (Step::Fail, End::Failed(ErrorKind::ConnectionReset)),
    (Step::Nothing, End::Failed(ErrorKind::WriteZero)),
    (Step::Panic, End::Panicked),
    (Step::Claim, End::Panicked),
];

fn run(reader: &mut Side, writer: &mut Side) -> End {
    match catch_unwind(AssertUnwindSafe(|| copy(reader, writer))) {
        Ok(Ok(copied)) => End::Copied(copied),
        Ok(Err(error)) => End::Failed(error.kind()),
        Err(_) => End::Panicked,
    }
}

#[test]
fn all_that_was_read_before_a_read_ends_the_copy_has_been_written() {
    let _turn = turn();
    for (last, end) in READS {
        for at in 0..12 {
            let all = content(200_000);
            let mut reader = Side::new(&until(at, last), all.clone());
            let mut writer = Side::new(&until(at, Step::Move(1)), Vec::new());
            let ended = run(&mut reader, &mut writer);
            let moved = all.len() - reader.bytes.len();
            let expected = match &end {
                End::Copied(_) => &End::Copied(moved as u64),
                end => end,
            };
            assert_eq!(ended, *expected, "{last:?} at {at}");
            assert_eq!(writer.bytes, all[..moved], "{last:?} at {at}");
            assert_home_and_blank(reader.buffer);
        }
    }
}

#[test]
fn what_was_written_before_a_write_ends_the_copy_stays_written() {
    let _turn = turn();
    for (last, end) in WRITES {
        for at in 0..12 {
            let all = content(200_000);
            let mut reader = Side::new(&[Step::Move(CHUNK), Step::Interrupt], all.clone());
            let mut writer = Side::new(&until(at, last), Vec::new());
            assert_eq!(run(&mut reader, &mut writer), end, "{last:?} at {at}");
            let moved = all.len() - reader.bytes.len();
            assert!(writer.bytes.len() <= moved, "{last:?} at {at}");
            assert_eq!(writer.bytes, all[..writer.bytes.len()], "{last:?} at {at}");
            assert_home_and_blank(reader.buffer);
        }
    }
}

#[test]
fn reader_that_claims_too_much_is_told_so() {
    let _turn = turn();
    let mut reader = Side::new(&[Step::Claim], content(10));
    let panic = catch_unwind(AssertUnwindSafe(|| copy(&mut reader, &mut io::sink()))).unwrap_err();
    let message = panic.downcast_ref::<String>().expect("a message");
    assert!(message.contains("`copy`: the reader claims to have read 32769 bytes"), "{message}");
    assert_home_and_blank(reader.buffer);
}

/// A generator of numbers, the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn steps(&mut self) -> Vec<Step> {
        let most = [3, 5000, 50_000][self.below(3)];
        (0..self.below(40))
            .map(|_| match self.below(4) {
                0 => Step::Interrupt,
                #[cfg(feature = "tokio")]
                1 => Step::Wait,
                _ => Step::Move(1 + self.below(most)),
            })
            .collect()
    }

    /// Lengths around those of whole chunks among them.
    fn length(&mut self) -> usize {
        match self.below(3) {
            0 => self.below(200_000),
            1 => self.below(4) * CHUNK + self.below(2),
            _ => (1 + self.below(4)) * CHUNK - 1,
        }
    }
}

#[test]
fn whatever_the_two_sides_move_at_a_time_all_of_it_arrives() {
    let _turn = turn();
    for seed in 0..400 {
        let mut random = Random(seed);
        let all = content(random.length());
        let mut sides = [Vec::new(), Vec::new()].map(|_: Vec<Step>| {
            let mut steps = random.steps();
            steps.retain(|step| !matches!(step, Step::Move(0)));
            // Nobody waits here.
            #[cfg(feature = "tokio")]
            steps.retain(|step| *step != Step::Wait);
            Side::new(&steps, Vec::new())
        });
        let [reader, writer] = &mut sides;
        reader.bytes.clone_from(&all);
        assert_eq!(run(reader, writer), End::Copied(all.len() as u64), "seed {seed}");
        assert!(writer.bytes == all, "seed {seed}");
        assert_eq!(writer.flushes, 0, "seed {seed}");
        assert_home_and_blank(reader.buffer);
    }
}

#[test]
fn trait_objects_and_buffered_sides_are_copied() {
    let _turn = turn();
    let all = content(70_000);
    let mut cursor = Cursor::new(&all);
    let reader: &mut dyn Read = &mut cursor;
    let mut written = Vec::new();
    let writer: &mut dyn Write = &mut written;
    assert_eq!(copy(reader, writer).unwrap(), 70_000);
    assert_eq!(written, all);

    let mut reader = io::BufReader::with_capacity(100, all.as_slice());
    assert_eq!(reader.fill_buf().unwrap().len(), 100);
    let mut writer = io::BufWriter::with_capacity(1 << 20, Vec::new());
    assert_eq!(copy(&mut reader, &mut writer).unwrap(), 70_000);
    assert!(writer.get_ref().is_empty(), "it has been flushed");
    assert_eq!(writer.into_inner().unwrap(), all);
}

#[test]
fn copies_in_a_row_take_one_buffer() {
    let _turn = turn();
    let used = assert_next_buffer_is_blank();
    let (_, gets, created) = counts();
    for _ in 0..100 {
        let mut reader = Side::new(&[], content(100));
        assert_eq!(copy(&mut reader, &mut io::sink()).unwrap(), 100);
        assert_eq!(reader.buffer, Some(used));
    }
    assert_eq!(counts(), (0, gets + 100, created));
}

#[test]
fn copy_in_a_read_has_a_buffer_of_its_own() {
    struct Nested(Side);

    impl Read for Nested {
        fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
            chunk.fill(DIRT);
            let mut inner = Side::new(&[], content(100));
            assert_eq!(copy(&mut inner, &mut io::sink())?, 100);
            assert_ne!(inner.buffer, Some(chunk.as_ptr().addr()));
            assert!(chunk.iter().all(|&byte| byte == DIRT));
            chunk.fill(0);
            self.0.read(chunk)
        }
    }

    let _turn = turn();
    let mut reader = Nested(Side::new(&[], content(100)));
    // Its buffer is dirty from the second read on.
    reader.0.steps = vec![Step::Move(100)].into_iter();
    let mut written = Vec::new();
    assert_eq!(copy(&mut reader, &mut written).unwrap(), 100);
    assert_eq!(written, content(100));
    assert_home_and_blank(reader.0.buffer);
}

#[test]
fn buffers_are_in_the_report() {
    let _turn = turn();
    assert_next_buffer_is_blank();
    let report = poolable::report().to_string();
    assert!(report.lines().any(|line| line.starts_with("copy buffers")), "{report}");
}

#[test]
fn panicking_writer_is_heard() {
    let _turn = turn();
    let mut reader = Side::new(&[], content(100));
    let mut writer = Side::new(&[Step::Panic], Vec::new());
    assert!(unwinds(|| _ = copy(&mut reader, &mut writer)));
    assert_home_and_blank(reader.buffer);
}
