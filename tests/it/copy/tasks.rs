//! Copying in tasks: polled by hand, and dropped between any two polls.

use std::fs;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use poolable::buffer::{copy_async, copy_file_async};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::files::Folder;
use super::{
    CHUNK, End, READS, Random, Side, Step, WRITES, assert_home_and_blank, content, counts, turn,
    until,
};

/// What a call comes to: one that is not ready has itself woken.
fn ready<T>(called: io::Result<T>, context: &Context<'_>) -> Poll<io::Result<T>> {
    match called {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
        called => Poll::Ready(called),
    }
}

impl AsyncRead for Side {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        assert!(room.filled().is_empty());
        let chunk = room.initialize_unfilled();
        self.see(chunk);
        let most = chunk.len().min(self.bytes.len());
        match std::task::ready!(ready(self.next(most), context))? {
            Ok(count) => {
                chunk[..count].copy_from_slice(&self.bytes[..count]);
                self.bytes.drain(..count);
                room.advance(count);
            }
            Err(_) => *room = ReadBuf::new(vec![DECOY; 2 * CHUNK].leak()),
        }
        Poll::Ready(Ok(()))
    }
}

/// What is in a buffer that a reader puts in the place of the one it was given.
const DECOY: u8 = 0xdc;

impl AsyncWrite for Side {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = io::Write::write(&mut *self, bytes);
        ready(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(io::Write::flush(&mut *self))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        unreachable!("a copy does not close its writer")
    }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls until it is done, or so many times; what is not done has had itself woken.
fn poll<T>(future: Pin<&mut impl Future<Output = T>>, times: usize) -> (Option<T>, usize) {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let (mut future, mut context) = (future, Context::from_waker(&waker));
    for polls in 0..times {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return (Some(done), polls);
        }
        assert!(bell.0.swap(0, Ordering::SeqCst) > 0, "nobody wakes it");
    }
    (None, times)
}

fn run(reader: &mut Side, writer: &mut Side) -> End {
    let polled = AssertUnwindSafe(|| poll(pin!(copy_async(reader, writer)), usize::MAX).0);
    match catch_unwind(polled) {
        Ok(Some(Ok(copied))) => End::Copied(copied),
        Ok(Some(Err(error))) => End::Failed(error.kind()),
        Ok(None) => unreachable!("it is polled until it is done"),
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
            let mut writer = Side::new(&until(at, Step::Wait), Vec::new());
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
            let mut reader = Side::new(&[Step::Wait, Step::Move(CHUNK)], all.clone());
            let mut writer = Side::new(&until(at, last), Vec::new());
            assert_eq!(run(&mut reader, &mut writer), end, "{last:?} at {at}");
            let moved = all.len() - reader.bytes.len();
            assert!(writer.bytes.len() <= moved, "{last:?} at {at}");
            assert_eq!(writer.bytes, all[..writer.bytes.len()], "{last:?} at {at}");
            assert_home_and_blank(reader.buffer);
        }
    }
}

/// Passes on to a writer, whose flushes are not ready at first, and fail if they are to.
struct Flushes<'w> {
    writer: &'w mut Side,
    waits: usize,
    fails: bool,
}

impl AsyncWrite for Flushes<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.writer).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waits > 0 {
            self.waits -= 1;
            return ready(Err(ErrorKind::WouldBlock.into()), context);
        }
        if self.fails {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut *self.writer).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        unreachable!("a copy does not close its writer")
    }
}

#[test]
fn copy_ends_when_its_last_flush_does() {
    let _turn = turn();
    for (waits, fails) in [(0, true), (3, true), (3, false)] {
        // Where the reader waits, and at the end.
        for steps in [[Step::Move(10), Step::Wait].as_slice(), &[]] {
            let mut reader = Side::new(steps, content(20));
            let mut side = Side::new(&[], Vec::new());
            let mut writer = Flushes { writer: &mut side, waits, fails };
            let (done, polls) = poll(pin!(copy_async(&mut reader, &mut writer)), usize::MAX);
            let ended = done.expect("it is done").map_err(|error| error.kind());
            assert_eq!(ended, if fails { Err(ErrorKind::BrokenPipe) } else { Ok(20) });
            assert!(polls >= waits && writer.waits == 0);
            assert_eq!(side.bytes, content(20)[..side.bytes.len()]);
            assert_home_and_blank(reader.buffer);
        }
    }
}

#[test]
fn whatever_the_two_sides_move_at_a_time_all_of_it_arrives() {
    let _turn = turn();
    for seed in 0..400 {
        let mut random = Random(seed);
        let all = content(random.length());
        let mut reader = Side::new(&random.steps(), all.clone());
        let mut writer = Side::new(&random.steps(), Vec::new());
        assert_eq!(run(&mut reader, &mut writer), End::Copied(all.len() as u64), "seed {seed}");
        assert!(writer.bytes == all, "seed {seed}");
        assert!(writer.flushes > 0, "seed {seed}");
        assert_home_and_blank(reader.buffer);
    }
}

#[test]
fn copy_that_is_dropped_between_any_two_polls_brings_its_buffer_home() {
    let _turn = turn();
    let all = content(100_000);
    let waits = |first: Step| {
        let steps = [first, Step::Wait, Step::Move(9000), Step::Interrupt, Step::Wait];
        steps.repeat(6)
    };
    let sides = || {
        (
            Side::new(&waits(Step::Wait), all.clone()),
            Side::new(&waits(Step::Move(4000)), Vec::new()),
        )
    };
    let (mut reader, mut writer) = sides();
    let (done, polls) = poll(pin!(copy_async(&mut reader, &mut writer)), usize::MAX);
    assert_eq!(done.map(Result::ok), Some(Some(all.len() as u64)));
    assert!(polls > 20, "there are {polls} places to be dropped at");

    for times in 0..=polls {
        let (mut reader, mut writer) = sides();
        let (done, _) = poll(pin!(copy_async(&mut reader, &mut writer)), times);
        assert!(done.is_none(), "after {times} polls");
        assert_eq!(writer.bytes, all[..writer.bytes.len()], "after {times} polls");
        let lost = all.len() - reader.bytes.len() - writer.bytes.len();
        assert!(lost <= CHUNK, "after {times} polls");
        assert_eq!(reader.buffer.is_some(), times > 0, "it takes a buffer when it begins");
        assert_home_and_blank(reader.buffer);
    }
}

#[test]
fn copy_that_waits_has_one_buffer() {
    let _turn = turn();
    let (mut reader, mut writer) = (Side::new(&[Step::Wait; 9], Vec::new()), tokio::io::sink());
    let mut copy = Box::pin(copy_async(&mut reader, &mut writer));
    assert_eq!(counts().0, 0);
    for _ in 0..3 {
        assert!(poll(copy.as_mut(), 1).0.is_none());
        assert_eq!(counts().0, 1);
    }
    drop(copy);
    assert_home_and_blank(reader.buffer);
}

#[test]
fn writer_is_flushed_before_the_reader_is_waited_for() {
    let _turn = turn();
    let steps = [Step::Wait, Step::Move(10), Step::Move(10), Step::Wait, Step::Wait, Step::Nothing];
    let seen = [1, 2, 3, 4].map(|polls| {
        let mut reader = Side::new(&steps, content(20));
        let mut writer = Side::new(&[], Vec::new());
        let (done, _) = poll(pin!(copy_async(&mut reader, &mut writer)), polls);
        assert_eq!(done.is_some(), polls == 4);
        (writer.bytes.len(), writer.flushes)
    });
    // Nothing was there to flush; then something; then nothing new; and at the end, in any case.
    assert_eq!(seen, [(0, 0), (20, 1), (20, 1), (20, 2)]);
}

#[test]
fn two_sides_that_never_wait_do_not_keep_other_tasks_from_running() {
    let _turn = turn();
    let mut reader = Side::new(&[Step::Move(1); 1000], content(1000));
    let mut writer = Side::new(&[], Vec::new());
    let (done, polls) = poll(pin!(copy_async(&mut reader, &mut writer)), usize::MAX);
    assert_eq!(done.map(Result::ok), Some(Some(1000)));
    assert!(polls >= 20, "it has returned {polls} times only");
    // Nor do those that are always interrupted.
    let mut reader = Side::new(&[Step::Interrupt; 1000], Vec::new());
    let (done, _) = poll(pin!(copy_async(&mut reader, &mut writer)), 20);
    assert!(done.is_none());
}

#[test]
fn reader_that_fills_another_buffer_is_told_so() {
    let _turn = turn();
    let mut reader = Side::new(&[Step::Claim], content(10));
    let mut writer = Side::new(&[], Vec::new());
    let polled = AssertUnwindSafe(|| poll(pin!(copy_async(&mut reader, &mut writer)), 1).0);
    let panic = catch_unwind(polled).unwrap_err();
    let message = panic.downcast_ref::<&str>().expect("a message");
    assert!(message.starts_with("`copy_async`: the reader has filled another buffer"), "{message}");
    assert!(writer.bytes.is_empty());
    assert_home_and_blank(reader.buffer);
}

#[test]
fn answer_that_waits_for_a_buffered_writer_comes() {
    let _turn = turn();
    run_on_tokio(async {
        let (mut client, mut from_client) = tokio::io::duplex(64);
        let (mut server, to_server) = tokio::io::duplex(64);
        let proxy = tokio::spawn(async move {
            let mut to_server = tokio::io::BufWriter::new(to_server);
            copy_async(&mut from_client, &mut to_server).await
        });
        for _ in 0..3 {
            client.write_all(b"ping").await.unwrap();
            let mut heard = [0; 4];
            server.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"ping");
        }
        drop(client);
        assert_eq!(proxy.await.unwrap().unwrap(), 12);
    });
    assert_home_and_blank(None);
}

#[test]
fn future_goes_to_other_threads() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }

    let _turn = turn();
    let mut writer = Side::new(&[], Vec::new());
    let all = content(100_000);
    let mut reader = Side::new(&[Step::Move(10), Step::Wait].repeat(4), all.clone());
    let mut copy = Box::pin(is_send(copy_async(&mut reader, &mut writer)));
    // Each poll on a thread of its own.
    let mut done = None;
    while done.is_none() {
        done = std::thread::scope(|scope| scope.spawn(|| poll(copy.as_mut(), 1).0).join().unwrap());
    }
    drop(copy);
    assert_eq!(done.map(Result::ok), Some(Some(100_000)));
    assert_eq!(writer.bytes, all);
    assert_home_and_blank(None);
    drop(is_send(copy_file_async("from", "to")));
}

fn run_on_tokio<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn file_is_copied_as_without_tasks() {
    let _turn = turn();
    let folder = Folder::new();
    let (from, to) = (folder.write("from", &content(100_000)), folder.join("to"));
    assert_eq!(run_on_tokio(copy_file_async(&from, &to)).unwrap(), 100_000);
    assert_eq!(fs::read(&to).unwrap(), content(100_000));

    let refused = run_on_tokio(copy_file_async(&from, &from)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert_eq!(fs::read(&from).unwrap(), content(100_000));
    let missing = run_on_tokio(copy_file_async(folder.join("missing"), &to)).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_home_and_blank(None);
}

#[test]
fn copying_a_file_outside_of_a_runtime_says_so() {
    let polled = || poll(pin!(copy_file_async("from", "to")), 1).0;
    let panic = catch_unwind(AssertUnwindSafe(polled)).unwrap_err();
    let message = panic.downcast_ref::<&str>().expect("a message");
    assert!(message.starts_with("`copy_file_async`: poll it in a tokio runtime"), "{message}");
}

#[test]
fn runtime_that_has_ended_copies_nothing_and_says_so() {
    let folder = Folder::new();
    let (from, to) = (folder.write("from", b"bytes"), folder.join("to"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _entered = handle.enter();
    let (done, _) = poll(pin!(copy_file_async(from, &to)), 1);
    assert_eq!(done.expect("it is done").unwrap_err().kind(), ErrorKind::Other);
    assert!(!to.exists());
}

#[test]
fn file_copy_that_is_dropped_before_it_begins_touches_nothing() {
    let folder = Folder::new();
    let (from, to) = (folder.write("from", b"bytes"), folder.write("to", b"stays"));
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.max_blocking_threads(1).build().unwrap();
    let (done, busy) = std::sync::mpsc::channel::<()>();
    // The only thread that may block does so.
    runtime.spawn_blocking(move || busy.recv());
    {
        let _entered = runtime.enter();
        let waker = Waker::noop();
        let mut copy = Box::pin(copy_file_async(&from, &to));
        assert!(copy.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }
    drop(done);
    // What comes after it is done after it.
    runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    assert_eq!(fs::read(to).unwrap(), b"stays");
}

#[cfg(unix)]
#[test]
fn file_copy_that_is_dropped_on_its_way_stops_before_its_next_chunk() {
    let _turn = turn();
    let folder = Folder::new();
    let length = 1 << 20;
    let (from, to) = (folder.write("from", &content(length)), folder.join("to"));
    // A pipe takes less than the file, and so shows where the copy is.
    super::files::unix::make_fifo(&to);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut pipe = {
        let _entered = runtime.enter();
        let mut copy = Box::pin(copy_file_async(&from, &to));
        assert!(copy.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        // Returns when the copy has opened it, too.
        let mut pipe = fs::File::open(&to).unwrap();
        io::Read::read_exact(&mut pipe, &mut [0]).unwrap();
        pipe
    };
    let mut rest = Vec::new();
    // Until the copy closes it, by when its buffer is home.
    io::Read::read_to_end(&mut pipe, &mut rest).unwrap();
    assert!(rest.len() < length / 2, "{} bytes came yet", rest.len());
    assert_eq!(rest, content(length)[1..=rest.len()]);
    assert_home_and_blank(None);
}
