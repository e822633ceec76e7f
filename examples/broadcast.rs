//! A publisher whose frames go to a hundred subscribers, and come home once.
//!
//! A file is read frame by frame. Each frame is shared, not copied: the subscribers, which
//! are spread over threads and keep up more or less well, hold a `Shared<Frame>` each. The
//! last of them to be done with a frame resets it and returns it to the pool, whichever
//! thread that is on, and the publisher finds it there for another part of the file.
//!
//! Run it with `cargo run --release --example broadcast [FILE]`. It does the same with a new
//! `Arc` for each frame, and prints what either allocates. It fails if the pooled way
//! allocates once it is warm, if a subscriber did not see the file as it is, or if a frame did
//! not come home once.

#[path = "quickstart/allocations.rs"]
mod allocations;

use core::array;
use core::ops::{Deref, DerefMut};
use std::collections::VecDeque;
use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use poolable::{Poolable, Pooled, Reset};

use crate::allocations::Allocations;

/// Threads with subscribers.
const THREADS: usize = 4;
/// Subscribers of each thread.
const SUBSCRIBERS: usize = 25;
/// The most frames that a subscriber puts off.
const MOST_BEHIND: usize = 12;
/// The most frames that wait for a thread.
const QUEUE: usize = 8;
/// How often the file is sent, after the first time, which warms all up.
const ROUNDS: usize = 50;
/// The longest frame, in bytes.
const FRAME: usize = 1 << 10;
/// Idle frames that a thread keeps to itself. The publisher drops none, so what the other
/// threads keep is of no use to it before they hand it over: few will do.
const CACHE: usize = 8;
/// The most frames that exist. On its way is what waits for a thread, what that works on, what
/// its subscribers put off, and what the publisher reads; the rest is idle in the caches.
const MOST_FRAMES: usize = QUEUE + 1 + MOST_BEHIND + 1 + (THREADS + 1) * CACHE;

/// A part of the file.
#[derive(Poolable)]
#[pool(cache = CACHE, name = "frames")]
struct Frame {
    number: usize,
    #[pool(capacity = FRAME)]
    bytes: Vec<u8>,
}

impl Frame {
    /// Reads the next part of a file; it is empty behind the end.
    fn fill(&mut self, number: usize, file: &mut File) -> io::Result<()> {
        self.number = number;
        file.take(FRAME as u64).read_to_end(&mut self.bytes)?;
        Ok(())
    }
}

/// How frames are made, and how they are shared.
struct Way<G, H> {
    take: fn() -> G,
    share: fn(G) -> H,
}

/// A subscriber: how far behind it stays, what it has put off, and what it has seen.
struct Subscriber<H> {
    behind: usize,
    put_off: VecDeque<H>,
    seen: usize,
    /// Whether all that was seen is what the file holds.
    is_right: bool,
}

impl<H: Deref<Target = Frame>> Subscriber<H> {
    fn new(number: usize) -> Self {
        // Some keep up, and some do not.
        let behind = number % (1 + MOST_BEHIND);
        let put_off = VecDeque::with_capacity(1 + MOST_BEHIND);
        Self { behind, put_off, seen: 0, is_right: true }
    }

    fn receive(&mut self, frame: H, text: &[u8]) {
        self.put_off.push_back(frame);
        if self.put_off.len() > self.behind {
            self.work(text);
        }
    }

    /// Looks at the oldest frame that was put off; its handle drops.
    fn work(&mut self, text: &[u8]) {
        let Some(frame) = self.put_off.pop_front() else { return };
        let start = self.seen % text.len();
        self.is_right &= text[start..].starts_with(&frame.bytes) && !frame.bytes.is_empty();
        self.seen += frame.bytes.len();
    }
}

/// What became of the frames.
#[derive(Debug, Default)]
struct Outcome {
    frames: usize,
    /// Subscribers that saw all of the file each time, and nothing else.
    served: usize,
    /// Of the frames, those that were sent when all was warm.
    measured: usize,
    /// For these, by all threads, but for what the queues between them allocate.
    allocations: Allocations,
}

/// Sends a file to all subscribers, again and again.
fn broadcast<G, H>(path: &Path, way: &Way<G, H>) -> io::Result<Outcome>
where
    G: DerefMut<Target = Frame> + 'static,
    H: Deref<Target = Frame> + Clone + Send + 'static,
{
    let text: Arc<[u8]> = fs::read(path)?.into();
    if text.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "there is nothing in it"));
    }
    let warm_up = text.len().div_ceil(FRAME);
    let (queues, threads): (Vec<_>, Vec<_>) = (0..THREADS)
        .map(|_| {
            let (queue, frames) = sync_channel(QUEUE);
            let (text, take) = (Arc::clone(&text), way.take);
            let deliver = move || {
                // The first return of a thread makes its cache.
                drop(take());
                deliver(&frames, &text, warm_up)
            };
            (queue, thread::spawn(deliver))
        })
        .unzip();

    let mut outcome = Outcome::default();
    for _ in 0..1 + ROUNDS {
        let mut file = File::open(path)?;
        loop {
            let before = allocations::of_this_thread();
            let mut frame = (way.take)();
            frame.fill(outcome.frames, &mut file)?;
            if frame.bytes.is_empty() {
                break;
            }
            let frame = (way.share)(frame);
            let handles: [H; THREADS] = array::from_fn(|_| frame.clone());
            if outcome.frames >= warm_up {
                outcome.allocations += allocations::of_this_thread() - before;
                outcome.measured += 1;
            }
            outcome.frames += 1;
            for (queue, frame) in queues.iter().zip(handles) {
                queue.send(frame).map_err(|_| io::Error::other("a thread has ended"))?;
            }
        }
    }
    // The threads end when nothing more can come.
    drop(queues);
    for thread in threads {
        let of_thread = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        outcome.served += of_thread.served;
        outcome.allocations += of_thread.allocations;
    }
    Ok(outcome)
}

/// Hands the frames of a queue to the subscribers of a thread.
fn deliver<H>(frames: &Receiver<H>, text: &[u8], warm_up: usize) -> Outcome
where
    H: Deref<Target = Frame> + Clone,
{
    let mut subscribers: Vec<_> = (0..SUBSCRIBERS).map(Subscriber::new).collect();
    let mut outcome = Outcome::default();
    for frame in frames {
        let is_measured = frame.number >= warm_up;
        let before = allocations::of_this_thread();
        for subscriber in &mut subscribers {
            subscriber.receive(frame.clone(), text);
        }
        drop(frame);
        if is_measured {
            outcome.allocations += allocations::of_this_thread() - before;
        }
    }
    for subscriber in &mut subscribers {
        while !subscriber.put_off.is_empty() {
            subscriber.work(text);
        }
        let has_all = subscriber.seen == text.len() * (1 + ROUNDS);
        outcome.served += usize::from(has_all && subscriber.is_right);
    }
    outcome
}

fn main() -> ExitCode {
    let readme = || Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let path = env::args_os().nth(1).map_or_else(readme, PathBuf::from);
    match run(&path) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("broadcast: {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// Returns whether the pool kept what it promises.
fn run(path: &Path) -> io::Result<bool> {
    let fresh = Way { take: || Box::new(Frame::blank()), share: Arc::<Frame>::from };
    let unpooled = broadcast(path, &fresh)?;

    // All that there will ever be, so that the publisher never waits for one to be made.
    let prewarmed = Frame::pool().prewarm(MOST_FRAMES);
    let pooled = broadcast(path, &Way { take: Frame::pooled, share: Pooled::share })?;

    println!(
        "{:<16}{:>10}{:>14}{:>16}{:>16}",
        "", "frames", "subscribers", "allocs/frame", "bytes/frame"
    );
    print_outcome("a new `Arc`", &unpooled);
    print_outcome("a pooled frame", &pooled);
    let stats = Frame::pool().stats();
    println!(
        "\n{}: {} hits, {} misses; created {}, returned {}, idle {}, in use {}, discarded {}",
        Frame::pool().name(),
        stats.hits,
        stats.misses,
        stats.created,
        stats.returned,
        stats.idle,
        stats.in_use,
        stats.discarded.total()
    );

    // Beside the frames: the one that found the end of the file each time, and one that each
    // thread took to begin with.
    let taken = pooled.frames + (1 + ROUNDS) + THREADS;
    let checks = [
        (pooled.served == THREADS * SUBSCRIBERS, "a subscriber did not see the file"),
        (pooled.allocations.count == 0, "the warm pool allocated"),
        (prewarmed == MOST_FRAMES && stats.misses == 0, "there were too few frames"),
        (stats.returned == taken as u64, "a frame did not come home once"),
        (stats.idle == stats.created && stats.in_use == 0, "a frame was lost"),
    ];
    let failed = checks.iter().filter(|(holds, _)| !holds);
    Ok(failed.inspect(|(_, what)| println!("FAILED: {what}")).count() == 0)
}

fn print_outcome(name: &str, outcome: &Outcome) {
    let per_frame = |total: u64| total as f64 / outcome.measured as f64;
    println!(
        "{name:<16}{:>10}{:>14}{:>16.3}{:>16.1}",
        outcome.frames,
        outcome.served,
        per_frame(outcome.allocations.count),
        per_frame(outcome.allocations.bytes)
    );
}
