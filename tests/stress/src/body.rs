//! The values in the pools, as the player sees them: whatever their type, they have a
//! life, traces of their last user, and plans for what comes.

use core::mem;

use poolable::Reset;

use crate::act::{self, Act};
use crate::book::book;
use crate::life::Life;
use crate::verdict::broken;

/// A value in a pool.
pub trait Body: Send {
    /// Makes a value that a user gives to the pool with this book.
    fn given(book: usize) -> Self
    where
        Self: Sized;

    /// Where the value lies.
    fn place(&self) -> usize;

    /// Who it is; a value without a size is nobody.
    fn life(&mut self) -> Option<&mut Life>;

    /// What users write into it.
    fn traces(&mut self) -> Option<&mut Traces>;

    /// Bytes that are 0 in a blank value.
    fn secret(&mut self) -> &mut [u8] {
        &mut []
    }
}

/// What users write into a value, and what they plan for its return.
#[derive(Debug, Reset)]
pub struct Traces {
    text: String,
    bytes: Vec<u8>,
    #[pool(with = Plan::carry_out, init = Plan::default())]
    plan: Plan,
}

impl Traces {
    /// Traces of nobody.
    #[must_use]
    pub fn none() -> Self {
        Self::blank()
    }

    /// What a `validate` answers.
    #[must_use]
    pub fn validate(&self) -> bool {
        self.plan.judge()
    }

    /// Heap that is kept when the value is blank.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.text.capacity() + self.bytes.capacity()
    }

    /// Whether a `validate` will refuse the value.
    pub(crate) fn is_unfit(&self) -> bool {
        self.plan.refuses()
    }

    /// Plans what the user's code does at the return of the value.
    pub(crate) fn plan(&mut self, book: usize, at_validate: Act, at_reset: Act) {
        self.plan = Plan { book, at_validate, at_reset };
    }
}

/// What the user's code does at the next return of a value.
#[derive(Debug, Default)]
struct Plan {
    book: usize,
    at_validate: Act,
    at_reset: Act,
}

impl Plan {
    fn refuses(&self) -> bool {
        matches!(self.at_validate, Act::Refuse | Act::Panic)
    }

    fn judge(&self) -> bool {
        act::perform(self.at_validate, self.book);
        !self.refuses()
    }

    fn carry_out(&mut self) {
        let plan = mem::take(self);
        if plan.at_reset == Act::Panic && !std::thread::panicking() {
            book(plan.book).panicked.add();
        }
        act::perform(plan.at_reset, plan.book);
    }
}

/// What a user has written into a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    number: u8,
    heap: usize,
}

impl Mark {
    /// Writes into a value.
    pub(crate) fn write(body: &mut dyn Body, number: u8, heap: usize) -> Self {
        body.secret().fill(number);
        if let Some(traces) = body.traces() {
            traces.text.clear();
            traces.text.extend([char::from(number), 'x']);
            traces.bytes.clear();
            traces.bytes.resize(heap, number);
        }
        Self { number, heap }
    }

    /// Looks for the mark, which the owner of a value alone can have changed.
    pub(crate) fn check(self, body: &mut dyn Body) {
        let number = self.number;
        let mut is_there = body.secret().iter().all(|&byte| byte == number);
        if let Some(traces) = body.traces() {
            let bytes = &traces.bytes;
            is_there &= traces.text.chars().eq([char::from(number), 'x'])
                && bytes.len() == self.heap
                && [bytes.first(), bytes.last()].into_iter().flatten().all(|&byte| byte == number);
        }
        if !is_there {
            broken("a value changed in its owner's hands");
        }
    }
}

/// Looks for traces of an earlier user.
pub(crate) fn check_blank(body: &mut dyn Body) {
    if body.secret().iter().any(|&byte| byte != 0) {
        broken("a secret of an earlier user is left");
    }
    if let Some(traces) = body.traces() {
        let Plan { book: _, at_validate, at_reset } = traces.plan;
        let is_blank = traces.text.is_empty()
            && traces.bytes.is_empty()
            && [at_validate, at_reset] == [Act::Nothing; 2];
        if !is_blank {
            broken("a value came out of its pool with the traces of an earlier user");
        }
    }
}
