//! The part of a value that tells who it is, whose it is, and that it dies once.

use core::hint::black_box;
use core::mem;

use crate::act::{self, Act};
use crate::book::book;
use crate::census::{self, Id, State};
use crate::forecast;
use crate::verdict::broken;

/// What the seal of a living value differs from its number by.
const SEAL: u64 = 0xA5C3_96E1_7B2D_480F;

/// The identity of a value; it survives resets.
#[derive(Debug)]
pub struct Life {
    id: u64,
    /// Tells a value from memory that was freed or overwritten.
    seal: u64,
    book: usize,
    at_death: Act,
}

impl Life {
    fn new(book: usize) -> Self {
        let id = census::born();
        id.note_idle_since(self::book(book).trims.get());
        let id = id.number();
        Self { id, seal: id ^ SEAL, book, at_death: Act::Nothing }
    }

    /// Begins a value that the pool with this book creates.
    #[must_use]
    pub fn created(book: usize) -> Self {
        act::creating(book);
        Self::new(book)
    }

    /// Begins a value that a user gives to the pool with this book.
    #[must_use]
    pub fn given(book: usize) -> Self {
        Self::new(book)
    }

    /// A second life of the same number: what a pool makes that hands a value out twice.
    #[must_use]
    pub fn forged(&self) -> Self {
        Self { at_death: Act::Nothing, ..*self }
    }

    /// The book of the pool that the value belongs to.
    #[must_use]
    pub fn book(&self) -> usize {
        self.book
    }

    /// The number, if this is a living value at all.
    pub(crate) fn id(&self) -> Option<Id> {
        if self.seal != self.id ^ SEAL {
            broken("a value is no value: its memory was freed or overwritten");
            return None;
        }
        Some(Id::from_number(self.id))
    }

    /// Sets what the drop of the value does.
    pub(crate) fn plan_death(&mut self, act: Act) {
        self.at_death = act;
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let Some(id) = self.id() else { return };
        if matches!(id.die(), Some(State::Idle | State::Fresh)) {
            let book = book(self.book);
            book.died.add();
            if id.trims_idle(book.trims.get()) >= 2 {
                book.died_old.add();
            }
            forecast::died(self.book);
        }
        // Whoever drops this memory once more finds no value in it.
        self.seal = self.id;
        black_box(&mut self.seal);
        act::perform(mem::take(&mut self.at_death), self.book);
    }
}
