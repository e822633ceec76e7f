//! lifeguard: short strings, and a list of lists of them.

use core::hint::black_box;

use lifeguard::{Pool, RcRecycled, Recycled};
use poolable::{Poolable, Pooled, RetainVec};

use super::{Case, Headline, SHORT, case, other, ours};
use crate::beyond::Table;
use crate::beyond::work::timed_in_turn;
use crate::timing::{Effort, Sample};
use core::time::Duration;

pub(super) fn headline() -> Headline {
    Headline {
        package: "lifeguard",
        source: "`benches/lib.rs`, and the figures of its README",
        about: "Its pools are for one thread, and so poolable's `local` types, which are as well, \
                stand first; those that all threads share stand beside them. The two flavours of \
                lifeguard, with guards that borrow the pool and such that hold it by `Rc`, are both \
                here.",
        cases: vec![empty(), filled(), lists()],
    }
}

#[derive(Poolable)]
#[pool(max_idle = 16384)]
struct Line {
    text: String,
}

/// The same for one thread, as the pools of lifeguard are.
#[derive(Poolable)]
#[pool(local, cache = 16384)]
struct LocalLine {
    text: String,
}

fn empty() -> Case {
    case(Table {
        file: "heads-lifeguard-empty",
        title: "lifeguard: strings that stay empty",
        about: "Five strings are got and returned, on one thread. Those of pools have no room, \
                the new ones have room for four letters: else nothing would be allocated.",
        unit: "string",
        effort: SHORT,
        rows: vec![
            ours("poolable, `local`", "A struct with a `String`.", |strings| {
                five_at_once(strings, LocalLine::pooled)
            }),
            ours("poolable, `T::pooled()`", "The same, not `local`.", |strings| {
                five_at_once(strings, Line::pooled)
            }),
            other("lifeguard, `new`", "`Pool::with_size(5)`.", |strings| {
                let pool: Pool<String> = Pool::with_size(5);
                five_at_once(strings, || pool.new())
            }),
            other("lifeguard, `new_rc`", "`Pool::with_size(5)`.", |strings| {
                let pool: Pool<String> = Pool::with_size(5);
                five_at_once(strings, || pool.new_rc())
            }),
            other("no pool", "`String::with_capacity(4)`.", |strings| {
                five_at_once(strings, || String::with_capacity(4))
            }),
        ],
    })
}

fn five_at_once<S>(strings: u64, get: impl Fn() -> S) -> Sample {
    timed_in_turn(strings, 5, 5, || {
        let five = [get(), get(), get(), get(), get()];
        black_box(&five).len() as u64
    })
}

const WORDS: [&str; 5] = ["man", "dog", "cat", "mouse", "cheese"];
/// Their letters.
const LETTERS: u64 = 20;

fn filled() -> Case {
    case(Table {
        file: "heads-lifeguard-filled",
        title: "lifeguard: strings of one word",
        about: "Five strings are got, a word written into each, and returned, on one thread.",
        unit: "string",
        effort: SHORT,
        rows: vec![
            ours("poolable, `local`", "`push_str`.", |strings| {
                five_words(
                    strings,
                    |word| {
                        let mut line = LocalLine::pooled();
                        line.text.push_str(word);
                        line
                    },
                    |line| line.text.len(),
                )
            }),
            ours("poolable, `T::pooled()`", "`push_str`.", |strings| {
                five_words(
                    strings,
                    |word| {
                        let mut line = Line::pooled();
                        line.text.push_str(word);
                        line
                    },
                    |line| line.text.len(),
                )
            }),
            other("lifeguard, `new_from`", "`Pool::with_size(5)`.", |strings| {
                let pool: Pool<String> = Pool::with_size(5);
                five_words(strings, |word| pool.new_from(word), |text| text.len())
            }),
            other("lifeguard, `new_rc_from`", "`Pool::with_size(5)`.", |strings| {
                let pool: Pool<String> = Pool::with_size(5);
                five_words(strings, |word| pool.new_rc_from(word), |text| text.len())
            }),
            other("no pool", "`to_owned`.", |strings| {
                five_words(strings, |word: &str| word.to_owned(), |text| text.len())
            }),
        ],
    })
}

fn five_words<S>(
    strings: u64,
    get: impl Fn(&'static str) -> S,
    len: impl Fn(&S) -> usize,
) -> Sample {
    timed_in_turn(strings, 5, LETTERS, || {
        let five = black_box(WORDS).map(&get);
        black_box(&five).iter().map(|text| len(text) as u64).sum()
    })
}

/// Lists, and strings in each.
const SIDE: usize = 100;
const ALL: u64 = (SIDE * SIDE) as u64;

/// A list of guards, as lifeguard's benchmark has it.
#[derive(Poolable)]
struct Lines {
    lines: Vec<Pooled<Line>>,
}

#[derive(Poolable)]
#[pool(local, cache = 128)]
struct LocalLines {
    lines: Vec<Pooled<LocalLine>>,
}

/// One object that keeps all of it.
#[derive(Poolable)]
struct Page {
    lists: RetainVec<RetainVec<String>>,
}

fn lists() -> Case {
    case(Table {
        file: "heads-lifeguard-lists",
        title: "lifeguard: a list of lists of strings",
        about: "A hundred lists are filled with a hundred strings of five letters each, and \
                returned, on one thread. The list of lists is kept, where its benchmark makes a \
                new one. The time is for one string.",
        unit: "string",
        effort: Effort { rounds: 60, timing: Duration::from_millis(1) },
        rows: vec![
            ours("poolable, `RetainVec`s", "One object that keeps all.", page),
            ours("poolable, guards in guards", "A guard for each list and string.", |strings| {
                listed(strings, || {
                    let mut list = Lines::pooled();
                    list.lines.extend((0..SIDE).map(|_| {
                        let mut line = Line::pooled();
                        line.text.push_str(black_box("test!"));
                        line
                    }));
                    list
                })
            }),
            ours("poolable, `local` guards in guards", "For one thread.", |strings| {
                listed(strings, || {
                    let mut list = LocalLines::pooled();
                    list.lines.extend((0..SIDE).map(|_| {
                        let mut line = LocalLine::pooled();
                        line.text.push_str(black_box("test!"));
                        line
                    }));
                    list
                })
            }),
            other("lifeguard", "A guard for each list and string.", |strings| {
                let lines: Pool<String> = Pool::with_size(SIDE * SIDE);
                let lists: Pool<Vec<Recycled<String>>> = Pool::with_size(SIDE);
                listed(strings, || {
                    let mut list = lists.new();
                    for _ in 0..SIDE {
                        list.push(lines.new_from(black_box("test!")));
                    }
                    list
                })
            }),
            other("lifeguard, by `Rc`", "The same with guards that hold the pool.", |strings| {
                let lists: Pool<Vec<RcRecycled<String>>> = Pool::with_size(SIDE);
                let lines: Pool<String> = Pool::with_size(SIDE * SIDE);
                listed(strings, || {
                    let mut list = lists.new_rc();
                    for _ in 0..SIDE {
                        list.push(lines.new_rc_from(black_box("test!")));
                    }
                    list
                })
            }),
            other("no pool", "`Vec`s that grow, and `to_owned`.", |strings| {
                listed(strings, || {
                    let mut list = Vec::new();
                    for _ in 0..SIDE {
                        list.push(black_box("test!").to_owned());
                    }
                    list
                })
            }),
        ],
    })
}

fn page(strings: u64) -> Sample {
    timed_in_turn(strings, ALL, ALL, || {
        let mut page = Page::pooled();
        for _ in 0..SIDE {
            let list = page.lists.push_blank();
            for _ in 0..SIDE {
                list.push_blank().push_str(black_box("test!"));
            }
        }
        let lists = black_box(&page.lists);
        lists.iter().map(|list| list.len() as u64).sum()
    })
}

fn listed<L>(strings: u64, get: impl Fn() -> L) -> Sample {
    let mut lists = Vec::new();
    timed_in_turn(strings, ALL, ALL, || {
        lists.extend((0..SIDE).map(|_| get()));
        let count = black_box(&mut lists).len() * SIDE;
        lists.clear();
        count as u64
    })
}
