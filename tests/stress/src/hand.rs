//! A guard in the player's hands: nothing comes out of a pool or goes back but through
//! here, where it is checked and counted.

use core::mem;
use std::sync::{Mutex, PoisonError};

use crate::act;
use crate::body::{Body, Mark, check_blank};
use crate::book::{Book, book};
use crate::census::Id;
use crate::forecast;
use crate::house::{Guest, House};
use crate::verdict::broken;

/// Objects that hold no more than this on the heap surely find room in a thread's cache.
const SMALL: usize = 4096;

/// Where values without a size lie that the player has: they have no number.
static PLACES: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Guards that were forgotten, and may be remembered when all is over.
static ATTIC: Mutex<Vec<Hand>> = Mutex::new(Vec::new());

/// Where leaked values lie: for leak checkers, which should find what is lost by mistake.
static LEAKED: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// A guard.
pub(crate) struct Hand {
    guest: Option<Box<dyn Guest>>,
    index: usize,
    mark: Option<Mark>,
}

/// Gets an object.
pub(crate) fn get(house: &dyn House, owned: bool) -> Hand {
    let found = forecast::found(house.book());
    let (guest, made) = act::in_get(|| house.get(owned));
    forecast::got(house, found, made);
    Hand::new(guest, house, made)
}

/// Gets an object that is there already.
pub(crate) fn try_get(house: &dyn House) -> Option<Hand> {
    let found = forecast::found(house.book());
    let (guest, made) = act::in_get(|| house.try_get());
    forecast::got(house, found, guest.is_none() || made);
    guest.map(|guest| Hand::new(guest, house, made))
}

/// Gives a value to the pool.
pub(crate) fn attach(house: &dyn House, owned: bool) -> Hand {
    let mut guest = house.attach(owned);
    let book = book(house.book());
    book.attached.add();
    book.held.add();
    took(guest.body(), house.book());
    Hand { guest: Some(guest), index: house.book(), mark: None }
}

/// Drops the guards that were forgotten.
pub(crate) fn remember_forgotten() {
    let hands = mem::take(&mut *ATTIC.lock().unwrap_or_else(PoisonError::into_inner));
    for hand in hands {
        act::survive(|| drop(hand));
    }
}

/// Starts anew.
pub(crate) fn open() {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

/// The player has got a value of the pool with this book.
fn took(body: &mut dyn Body, index: usize) {
    let place = body.place();
    if let Some(life) = body.life() {
        if life.book() != index {
            broken(format!("pool {index} handed out a value of pool {}", life.book()));
        }
        if let Some(id) = life.id() {
            id.take(place);
        }
        return;
    }
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    if places.contains(&place) {
        broken("a value without a size has two owners");
    }
    places.push(place);
}

impl Hand {
    fn new(mut guest: Box<dyn Guest>, house: &dyn House, made: bool) -> Self {
        let book = book(house.book());
        book.gets.add();
        book.held.add();
        took(guest.body(), house.book());
        check_blank(guest.body());
        let heap = guest.body().traces().map_or(0, |traces| traces.heap());
        if let Some(most) = house.terms().max_object_bytes.filter(|&most| heap > most && !made) {
            broken(format!("an object of {heap} bytes was kept, and {most} are allowed"));
        }
        Self { guest: Some(guest), index: house.book(), mark: None }
    }

    /// The book of the pool.
    pub(crate) fn book(&self) -> usize {
        self.index
    }

    /// The value.
    pub(crate) fn body(&mut self) -> Option<&mut dyn Body> {
        self.guest.as_mut().map(|guest| guest.body())
    }

    /// Writes into the value, after a look at what was written before.
    pub(crate) fn mark(&mut self, number: u8, heap: usize) {
        let mark = self.mark;
        let Some(body) = self.body() else { return };
        if let Some(mark) = mark {
            mark.check(body);
        }
        self.mark = Some(Mark::write(body, number, heap));
    }

    /// Ends the player's hold of the value.
    fn part(mut self, leave: fn(Id)) -> Option<(Box<dyn Guest>, Option<Mark>, &'static Book)> {
        let mut guest = self.guest.take()?;
        release(guest.body(), self.mark, leave);
        let book = book(self.index);
        book.held.sub();
        Some((guest, self.mark, book))
    }

    /// Takes the value out of its pool, and drops it.
    pub(crate) fn into_inner(self) {
        let Some((guest, mark, book)) = self.part(Id::detach) else { return };
        book.detached.add();
        let mut body = guest.into_inner();
        if let Some(mark) = mark {
            mark.check(&mut *body);
        }
        act::outside(|| drop(body));
    }

    /// Frees the object.
    pub(crate) fn discard(self) {
        let Some((guest, _, book)) = self.part(Id::release) else { return };
        book.discarded.add();
        guest.discard();
    }

    /// Lets the object live for ever.
    pub(crate) fn leak(self) {
        let Some((mut guest, _, book)) = self.part(Id::detach) else { return };
        book.detached.add();
        note_leak(guest.body().place());
        guest.leak();
    }

    /// Forgets the guard; the player has the value for ever.
    pub(crate) fn forget(mut self) {
        let Some(mut guest) = self.guest.take() else { return };
        let place = guest.body().place();
        match guest.forget() {
            Some(guest) => {
                let hand = Self { guest: Some(guest), index: self.index, mark: self.mark };
                ATTIC.lock().unwrap_or_else(PoisonError::into_inner).push(hand);
            }
            None => note_leak(place),
        }
    }

    /// Swaps two guards in place, if they are of one type.
    pub(crate) fn swap(&mut self, other: &mut Self) {
        let (Some(one), Some(two)) = (&mut self.guest, &mut other.guest) else { return };
        if one.swap(&mut **two) {
            mem::swap(&mut self.mark, &mut other.mark);
            mem::swap(&mut self.index, &mut other.index);
        }
    }
}

impl Drop for Hand {
    /// Returns the object.
    fn drop(&mut self) {
        let Some(mut guest) = self.guest.take() else { return };
        let book = book(self.index);
        let died = book.died.get();
        release(guest.body(), self.mark, Id::release);
        book.held.sub();
        book.returned.add();
        let id = guest.body().life().and_then(|life| life.id());
        if let Some(id) = id {
            id.note_idle_since(book.trims.get());
        }
        let mut small = true;
        if let Some(traces) = guest.body().traces() {
            small = traces.heap() <= SMALL;
            if traces.is_unfit() && book.validates() {
                book.refused.add();
            }
        }
        let moves = forecast::moves(self.index);
        drop(guest);
        // Nothing is in anybody's way here but in lock-step, and only there does the
        // forecast listen.
        if id.map_or(book.died.get() == died, Id::is_idle) {
            forecast::returned(self.index, small, moves);
        }
    }
}

/// The player leaves a value, whose contents nobody else has changed.
fn release(body: &mut dyn Body, mark: Option<Mark>, leave: fn(Id)) {
    if let Some(mark) = mark {
        mark.check(body);
    }
    let place = body.place();
    if let Some(life) = body.life() {
        if let Some(id) = life.id() {
            leave(id);
        }
        return;
    }
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    places.retain(|&other| other != place);
}

fn note_leak(place: usize) {
    // Behind its header a value without a size lies at the end of its memory, not in it.
    let places = [place, place - 1];
    LEAKED.lock().unwrap_or_else(PoisonError::into_inner).extend(places);
}
