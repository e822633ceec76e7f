//! Scripts for pools of buffers, and the model that foretells what these count.
//!
//! A script is any sequence of bytes. One thread plays it, with others that buffers are
//! sent to and dropped on; those are joined at once. So all is foreseeable: the class that
//! a buffer comes from and goes to, whether a get is a hit, what is learned from the
//! writes, and with it every counter. Only a trim is taken at its word.

use core::fmt;
use core::mem;
use std::thread;

use bytes::Bytes;
use poolable::Stats;
use poolable::buffer::{BufferPool, PooledBuf};

use crate::rng::Rng;

/// Buffers in hand at a time, frozen ones included.
const HANDS: usize = 24;
const LONGEST: usize = 2000;
/// No capacity is above, so that a script may keep all that it gets.
const LARGEST: usize = 20_000;

const LADDERS: [&[usize]; 6] = [
    &[64, 256, 1 << 10, 4 << 10, 16 << 10],
    &[1 << 10, 8 << 10, 64 << 10],
    &[65, 100, 127, 128, 129],
    &[1],
    &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    &[3000],
];

/// Whether a pool keeps what comes back.
const KEEPS: bool = !cfg!(any(poolable_passthrough, poolable_chaos));

/// What scripts came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BufferTale {
    /// Steps taken.
    pub steps: u64,
    /// Gets that found a buffer.
    pub hits: u64,
    /// Gets above the ladder.
    pub unpooled: u64,
    /// Buffers that came home to another class than they came from.
    pub moved: u64,
    /// Buffers that were fit for no class, or for one that is not wanted.
    pub unfit: u64,
    /// Windows that changed what is learned.
    pub learned: u64,
}

impl BufferTale {
    /// Adds what another script came to.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.hits += other.hits;
        self.unpooled += other.unpooled;
        self.moved += other.moved;
        self.unfit += other.unfit;
        self.learned += other.learned;
    }
}

/// The bytes of a script: the same for the same seed.
#[must_use]
pub fn buffer_script(seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    (0..1500).map(|_| rng.byte()).collect()
}

/// Plays a script with pools of buffers.
///
/// # Errors
///
/// If a pool does something else than was foretold; the steps so far are told, too.
pub fn play_buffers(script: &[u8]) -> Result<BufferTale, String> {
    let mut table = Table::new(Bytecode(script));
    while !table.script.0.is_empty() && table.tale.steps < LONGEST as u64 {
        table.tale.steps += 1;
        table.step().and_then(|()| table.check()).map_err(|why| table.told(&why))?;
    }
    table.sum_up();
    Ok(table.tale)
}

/// What is left of a script.
struct Bytecode<'s>(&'s [u8]);

impl Bytecode<'_> {
    /// A number below the limit, which is 256 at the most.
    fn below(&mut self, limit: usize) -> usize {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        usize::from(*first) * limit / 256
    }

    /// A size: one of those given, or next to it, or any.
    fn size(&mut self, sizes: &[usize]) -> usize {
        let size = match self.below(4) {
            0 => self.below(256) * self.below(100),
            near => (sizes[self.below(sizes.len())] + near).saturating_sub(2),
        };
        size.min(LARGEST)
    }
}

/// What a class is to have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Book {
    hits: u64,
    misses: u64,
    created: u64,
    returned: u64,
    detached: u64,
    attached: u64,
    oversize: u64,
    invalid: u64,
    explicit: u64,
    trimmed: u64,
    idle: u64,
    in_use: u64,
}

impl Book {
    fn of(stats: &Stats) -> Self {
        Self {
            hits: stats.hits,
            misses: stats.misses,
            created: stats.created,
            returned: stats.returned,
            detached: stats.detached,
            attached: stats.attached,
            oversize: stats.discarded.oversize,
            invalid: stats.discarded.invalid,
            explicit: stats.discarded.explicit,
            trimmed: stats.discarded.trimmed,
            idle: stats.idle,
            in_use: stats.in_use,
        }
    }

    /// What holds whether or not a pool keeps what comes back.
    fn without_luck(self) -> Self {
        let (idle, explicit, trimmed) = (0, 0, 0);
        let (hits, misses) = (self.hits + self.misses, 0);
        Self { hits, misses, idle, explicit, trimmed, created: 0, ..self }
    }
}

/// Whom a buffer counts for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Class(usize),
    /// It was too large, or not fit, when the pool first saw it.
    Nobody,
    /// A pool that has gone.
    Gone,
}

enum Held {
    Buffer(PooledBuf),
    Frozen(Bytes),
}

/// A buffer in hand, and what is known about it.
struct Hand {
    held: Held,
    contents: Vec<u8>,
    owner: Owner,
    capacity: usize,
    /// The greatest length that the guard was told of.
    most: usize,
}

/// A model of the pool, in classes.
struct Model {
    sizes: Vec<usize>,
    books: Vec<Book>,
    unpooled: u64,
    /// What was written, by the class that covers it, since the last window.
    window: Option<Vec<u64>>,
    default_size: usize,
    threshold: usize,
}

impl Model {
    fn new(sizes: &[usize], calibrates: bool) -> Self {
        let largest = sizes[sizes.len() - 1];
        Self {
            sizes: sizes.to_vec(),
            books: vec![Book::default(); sizes.len()],
            unpooled: 0,
            window: calibrates.then(|| vec![0; sizes.len() + 1]),
            default_size: sizes.iter().copied().find(|&size| size >= 4096).unwrap_or(largest),
            threshold: largest,
        }
    }

    fn covering(&self, capacity: usize) -> Option<usize> {
        self.sizes.iter().position(|&size| size >= capacity)
    }

    /// The class that keeps a buffer, if one does, and if not, whether it is too large.
    fn home(&self, capacity: usize) -> Result<usize, bool> {
        if capacity > self.sizes[self.sizes.len() - 1] {
            return Err(true);
        }
        self.sizes.iter().rposition(|&size| size <= capacity).ok_or(false)
    }

    fn take(&mut self, capacity: usize) -> Owner {
        let Some(class) = self.covering(capacity) else {
            self.unpooled += 1;
            return Owner::Nobody;
        };
        let book = &mut self.books[class];
        if book.idle > 0 {
            book.hits += 1;
            book.idle -= 1;
        } else {
            book.misses += 1;
            book.created += 1;
        }
        book.in_use += 1;
        Owner::Class(class)
    }

    fn take_default(&mut self) -> Owner {
        let is_idle = |&class: &usize| self.books[class].idle > 0;
        let first = self.covering(self.default_size).unwrap_or(0);
        let mut wanted =
            (first..self.sizes.len()).take_while(|&at| self.sizes[at] <= self.threshold);
        match wanted.find(is_idle).filter(|_| self.window.is_some()) {
            Some(class) => self.take(self.sizes[class]),
            None => self.take(self.default_size),
        }
    }

    fn attach(&mut self, capacity: usize) -> Owner {
        let Ok(class) = self.home(capacity) else { return Owner::Nobody };
        self.books[class].attached += 1;
        self.books[class].in_use += 1;
        Owner::Class(class)
    }

    fn note(&mut self, written: usize) {
        let class = self.covering(written).unwrap_or(self.sizes.len());
        if let Some(window) = &mut self.window {
            window[class] += 1;
        }
    }

    fn give(&mut self, hand: &Hand, tale: &mut BufferTale) {
        self.note(hand.most.max(hand.contents.len()));
        let old = match hand.owner {
            Owner::Class(class) => Some(class),
            Owner::Nobody | Owner::Gone => None,
        };
        let home = match self.home(hand.capacity) {
            // It has grown beyond what is worth keeping.
            Ok(class) if Some(class) != old && self.sizes[class] > self.threshold => Err(true),
            home => home,
        };
        if let Some(old) = old {
            self.books[old].in_use -= 1;
        }
        match (home, old) {
            (Ok(home), old) => {
                if Some(home) != old {
                    tale.moved += 1;
                    self.books[home].attached += 1;
                    if let Some(old) = old {
                        self.books[old].detached += 1;
                    }
                }
                self.books[home].returned += 1;
                self.books[home].idle += 1;
            }
            (Err(is_large), Some(old)) => {
                tale.unfit += 1;
                let book = &mut self.books[old];
                book.returned += 1;
                *(if is_large { &mut book.oversize } else { &mut book.invalid }) += 1;
            }
            (Err(_), None) => {}
        }
    }

    fn clear(&mut self, class: usize) {
        self.books[class].explicit += mem::take(&mut self.books[class].idle);
    }

    /// Whether something was learned.
    fn calibrate(&mut self) -> bool {
        let Some(window) = &mut self.window else { return false };
        let counts = mem::replace(window, vec![0; self.sizes.len() + 1]);
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return false;
        }
        let covering = |percent: u64| {
            let covered = |class: usize| counts[..=class].iter().sum::<u64>() * 100;
            let class = (0..counts.len()).find(|&class| covered(class) >= total * percent);
            self.sizes[class.unwrap_or(0).min(self.sizes.len() - 1)]
        };
        let before = (self.default_size, self.threshold);
        (self.default_size, self.threshold) = (covering(90), covering(99));
        let unwanted = (0..self.sizes.len()).filter(|&at| self.sizes[at] > self.threshold);
        unwanted.collect::<Vec<_>>().into_iter().for_each(|class| self.clear(class));
        before != (self.default_size, self.threshold)
    }
}

/// A pool with its model, and what is in hand.
struct Table<'s> {
    script: Bytecode<'s>,
    pool: BufferPool,
    model: Model,
    hands: Vec<Hand>,
    tale: BufferTale,
    /// The last steps.
    told: Vec<String>,
}

impl<'s> Table<'s> {
    fn new(mut script: Bytecode<'s>) -> Self {
        let (pool, model) = Self::pool(&mut script);
        let (hands, told) = (Vec::new(), Vec::new());
        Self { script, pool, model, hands, tale: BufferTale::default(), told }
    }

    fn pool(script: &mut Bytecode<'_>) -> (BufferPool, Model) {
        let sizes = LADDERS[script.below(LADDERS.len())];
        let (zeroizes, calibrates) = (script.below(2) == 1, script.below(2) == 1);
        let builder = BufferPool::builder()
            .sizes(sizes.iter().copied())
            .zeroize(zeroizes)
            .calibrate(calibrates)
            .max_idle(usize::MAX)
            .max_bytes(usize::MAX);
        let cached = script.below(5);
        let builder = if cached < 4 { builder.cache(cached) } else { builder };
        (builder.build(), Model::new(sizes, calibrates))
    }

    /// Adds what the pool counted to the tale.
    fn sum_up(&mut self) {
        self.tale.hits += self.model.books.iter().map(|book| book.hits).sum::<u64>();
        self.tale.unpooled += self.model.unpooled;
    }

    fn told(&self, why: &str) -> String {
        format!("{}\nstep {}: {why}", self.told.join("\n"), self.tale.steps)
    }

    fn tell(&mut self, step: fmt::Arguments<'_>) {
        if self.told.len() == 50 {
            self.told.remove(0);
        }
        self.told.push(format!("{:4} {step}", self.tale.steps));
    }

    fn hold(&mut self, buffer: PooledBuf, owner: Owner, contents: Vec<u8>) -> Result<(), String> {
        if *buffer != contents {
            return Err(format!("{} bytes came, and not {}", buffer.len(), contents.len()));
        }
        if let Owner::Class(class) = owner {
            let size = self.model.sizes[class];
            if KEEPS && buffer.capacity() < size {
                return Err(format!("room for {} in a class of {size}", buffer.capacity()));
            }
        }
        let capacity = buffer.capacity();
        self.hands.push(Hand { held: Held::Buffer(buffer), contents, owner, capacity, most: 0 });
        Ok(())
    }

    /// One in hand that is not frozen.
    fn pick(&mut self) -> Option<usize> {
        let is_buffer = |hand: &Hand| matches!(hand.held, Held::Buffer(_));
        let count = self.hands.iter().filter(|hand| is_buffer(hand)).count();
        let nth = self.script.below(count.max(1));
        let mut buffers = (0..self.hands.len()).filter(|&at| is_buffer(&self.hands[at]));
        buffers.nth(nth)
    }

    /// Has something done with a buffer, and with what it is to contain.
    fn change(&mut self, change: impl Fn(&mut Vec<u8>)) {
        let Some(index) = self.pick() else { return };
        let hand = &mut self.hands[index];
        if let Held::Buffer(buffer) = &mut hand.held {
            hand.most = hand.most.max(hand.contents.len());
            change(buffer);
            change(&mut hand.contents);
            hand.capacity = buffer.capacity();
        }
    }

    fn release(&mut self, index: usize, elsewhere: bool) {
        let hand = self.hands.swap_remove(index);
        if hand.owner != Owner::Gone {
            self.model.give(&hand, &mut self.tale);
        }
        if elsewhere {
            thread::spawn(move || drop(hand)).join().expect("a return does not panic");
        }
    }

    fn step(&mut self) -> Result<(), String> {
        let step = self.script.below(32);
        let size = self.script.size(&self.model.sizes);
        self.tell(format_args!("{step} with {size}, {} in hand", self.hands.len()));
        let has_room = self.hands.len() < HANDS;
        match step {
            0..=5 if has_room => {
                let owner = self.model.take(size);
                let buffer = self.pool.get(size);
                if buffer.capacity() < size {
                    return Err(format!("room for {} only", buffer.capacity()));
                }
                self.hold(buffer, owner, Vec::new())
            }
            6 | 7 if has_room => {
                let owner = self.model.take(size);
                self.hold(self.pool.get_zeroed(size), owner, vec![0; size])
            }
            8 if has_room => {
                let owner = self.model.take_default();
                self.hold(self.pool.get_default(), owner, Vec::new())
            }
            9 if has_room => {
                let owner = self.model.attach(size);
                let vec = Vec::with_capacity(size);
                self.hold(self.pool.attach(vec), owner, Vec::new())
            }
            10 if has_room => self.copy(),
            0..=12 => {
                let byte = self.script.below(256) as u8;
                self.change(|vec| vec.resize(size, byte));
                Ok(())
            }
            13 => {
                let count = self.script.below(8);
                self.change(|vec| vec.extend((0..count).map(|index| index as u8)));
                Ok(())
            }
            14 => {
                self.change(|vec| vec.truncate(size));
                Ok(())
            }
            15 => {
                self.change(|vec| vec.shrink_to(size));
                Ok(())
            }
            16 => {
                self.change(|vec| vec.reserve_exact(size.saturating_sub(vec.len())));
                Ok(())
            }
            17 => {
                self.change(|vec| *vec = vec![7; size]);
                Ok(())
            }
            18 => self.swap(),
            19 => {
                if let Some(index) = self.pick() {
                    let hand = self.hands.swap_remove(index);
                    self.take_out(hand)?;
                }
                Ok(())
            }
            20 => {
                self.freeze();
                Ok(())
            }
            21..=27 => {
                if !self.hands.is_empty() {
                    let index = self.script.below(self.hands.len());
                    self.release(index, step == 27);
                }
                Ok(())
            }
            28 => {
                self.pool.calibrate_now();
                self.tale.learned += u64::from(self.model.calibrate());
                Ok(())
            }
            29 => self.prewarm(size),
            30 => {
                match self.script.below(8) {
                    0..=3 => self.pool.flush_thread_cache(),
                    4 => self.trim()?,
                    5 => {
                        (0..self.model.sizes.len()).for_each(|class| self.model.clear(class));
                        self.pool.clear();
                    }
                    _ => {
                        self.sum_up();
                        self.hands.iter_mut().for_each(|hand| hand.owner = Owner::Gone);
                        (self.pool, self.model) = Self::pool(&mut self.script);
                    }
                }
                Ok(())
            }
            _ => {
                while self.hands.len() > 3 {
                    self.release(0, false);
                }
                Ok(())
            }
        }
    }

    fn copy(&mut self) -> Result<(), String> {
        let Some(index) = self.pick() else { return Ok(()) };
        let Hand { held: Held::Buffer(buffer), contents, owner, .. } = &self.hands[index] else {
            return Ok(());
        };
        let (copy, contents, owner) = (buffer.clone(), contents.clone(), *owner);
        let owner = match owner {
            Owner::Gone => Owner::Gone,
            Owner::Class(_) | Owner::Nobody => self.model.take(contents.len()),
        };
        self.hold(copy, owner, contents)
    }

    fn swap(&mut self) -> Result<(), String> {
        let (Some(first), Some(second)) = (self.pick(), self.pick()) else { return Ok(()) };
        let (low, high) = (first.min(second), first.max(second));
        if low == high {
            return Ok(());
        }
        let (left, right) = self.hands.split_at_mut(high);
        let (first, second) = (&mut left[low], &mut right[0]);
        if let (Held::Buffer(one), Held::Buffer(other)) = (&mut first.held, &mut second.held) {
            first.most = first.most.max(first.contents.len());
            second.most = second.most.max(second.contents.len());
            mem::swap(&mut **one, &mut **other);
            mem::swap(&mut first.contents, &mut second.contents);
            mem::swap(&mut first.capacity, &mut second.capacity);
        }
        Ok(())
    }

    fn take_out(&mut self, hand: Hand) -> Result<(), String> {
        let Held::Buffer(buffer) = hand.held else { return Ok(()) };
        let discards = self.script.below(2) == 0;
        if let Owner::Class(class) = hand.owner {
            let book = &mut self.model.books[class];
            book.in_use -= 1;
            *(if discards { &mut book.explicit } else { &mut book.detached }) += 1;
        }
        if discards {
            PooledBuf::discard(buffer);
        } else if PooledBuf::into_inner(buffer) != hand.contents {
            return Err("other bytes were taken out than were in".to_owned());
        }
        Ok(())
    }

    fn freeze(&mut self) {
        let Some(index) = self.pick() else { return };
        let hand = self.hands.swap_remove(index);
        let Held::Buffer(buffer) = hand.held else { return };
        let address = buffer.as_ptr();
        let bytes = buffer.freeze();
        assert_eq!(bytes.as_ptr(), address, "the bytes were copied");
        let held = Held::Frozen(bytes);
        self.hands.push(Hand { held, ..hand });
    }

    fn prewarm(&mut self, size: usize) -> Result<(), String> {
        let count = self.script.below(10);
        let made = self.pool.prewarm(size, count);
        let class = self.model.covering(size);
        if KEEPS && made != class.map_or(0, |_| count) {
            return Err(format!("{made} of {count} were prewarmed"));
        }
        if let Some(class) = class {
            self.model.books[class].created += made as u64;
            self.model.books[class].idle += made as u64;
        }
        Ok(())
    }

    fn trim(&mut self) -> Result<(), String> {
        self.pool.trim();
        for (book, class) in self.model.books.iter_mut().zip(self.pool.stats().classes) {
            let seen = Book::of(&class.stats);
            if KEEPS
                && (seen.idle > book.idle || seen.trimmed - book.trimmed != book.idle - seen.idle)
            {
                return Err(format!("a trim of {book:?} left {seen:?}"));
            }
            (book.idle, book.trimmed) = (seen.idle, seen.trimmed);
        }
        Ok(())
    }

    /// Holds all that can be seen against the model.
    fn check(&self) -> Result<(), String> {
        for hand in &self.hands {
            let seen: &[u8] = match &hand.held {
                Held::Buffer(buffer) => buffer,
                Held::Frozen(bytes) => bytes,
            };
            if seen != hand.contents {
                return Err("a buffer in hand has changed".to_owned());
            }
        }
        let learned = (self.pool.default_size(), self.pool.drop_threshold());
        let expected = (self.model.default_size, self.model.threshold);
        if learned != expected {
            return Err(format!("{learned:?} was learned, and not {expected:?}"));
        }
        let stats = self.pool.stats();
        if stats.unpooled != self.model.unpooled {
            let (seen, expected) = (stats.unpooled, self.model.unpooled);
            return Err(format!("{seen} unpooled, and not {expected}"));
        }
        for (class, expected) in stats.classes.iter().zip(&self.model.books) {
            let (size, stats, seen) = (class.size, &class.stats, Book::of(&class.stats));
            let is_foretold = if KEEPS {
                seen == *expected
            } else {
                seen.without_luck() == expected.without_luck()
            };
            if !is_foretold {
                return Err(format!("class {size}\n    seen {seen:?}\nforetold {expected:?}"));
            }
            let kept = stats.idle + stats.in_use + stats.detached + stats.discarded.total();
            if stats.created + stats.attached != kept {
                return Err(format!("class {size} does not add up: {stats:?}"));
            }
        }
        Ok(())
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        // Some outlive their pool.
        let (pool, _) = Self::pool(&mut Bytecode(&[]));
        self.pool = pool;
        self.hands.clear();
    }
}
