//! What the user's code does when a pool calls it: nothing, panic, or come back for more.

use core::cell::Cell;
use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use crate::book::{BOOKS, book};
use crate::hand;
use crate::house::House;
use crate::verdict::broken;

/// What the user's code does in a create, a validate, a reset or a drop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Act {
    /// What is expected of it.
    #[default]
    Nothing,
    /// Refuses the value; this means something to a validate alone.
    Refuse,
    /// Panics, unless a panic is under way already: a second one aborts.
    Panic,
    /// Gets, uses and returns another object of the same pool.
    Reenter,
}

/// How deep a pool may be re-entered.
const DEPTH: u8 = 3;

/// The payload of a panic that belongs to the script.
struct Planned;

/// What a thread is in the middle of. None of it has a destructor: it is there in the
/// destructors of other thread-locals as well.
#[derive(Clone, Copy, Default)]
struct Moment {
    /// A prewarm, so that what is created is no get's.
    prewarm: bool,
    /// The drop of a value that was taken out of its pool.
    outside: bool,
    /// Whether the get that is under way has created.
    made: bool,
    /// How deep pools are re-entered.
    depth: u8,
}

thread_local! {
    static MOMENT: Cell<Moment> =
        const { Cell::new(Moment { prewarm: false, outside: false, made: false, depth: 0 }) };
    /// What the next create of a pool does.
    static ARMED: Cell<Option<(usize, Act)>> = const { Cell::new(None) };
    /// How often a pool was re-entered.
    static REENTRIES: Cell<u64> = const { Cell::new(0) };
}

/// The pools, for code that re-enters them.
static DOORS: [Mutex<Option<Weak<dyn House>>>; BOOKS] = [const { Mutex::new(None) }; BOOKS];

/// Lets code re-enter a pool, while others keep it alive.
pub(crate) fn open_door(house: &Arc<dyn House>) {
    let mut door = DOORS[house.book()].lock().unwrap_or_else(PoisonError::into_inner);
    *door = Some(Arc::downgrade(house));
}

/// Forgets all pools.
pub(crate) fn close_doors() {
    for door in &DOORS {
        *door.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Unwinds, without the noise of the panic hook.
pub(crate) fn unwind() -> ! {
    resume_unwind(Box::new(Planned))
}

/// Runs code whose planned panics are no news; any other is.
pub(crate) fn survive<R>(run: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => Some(result),
        Err(payload) => {
            if !payload.is::<Planned>() {
                let text = payload
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| payload.downcast_ref::<&str>().copied());
                broken(format!("a panic that nobody planned: {}", text.unwrap_or("(no text)")));
            }
            None
        }
    }
}

/// Runs code in a moment of its own.
fn within<R>(change: impl FnOnce(&mut Moment), run: impl FnOnce() -> R) -> (R, Moment) {
    struct Restored(Moment);

    impl Drop for Restored {
        fn drop(&mut self) {
            MOMENT.set(self.0);
        }
    }

    let restored = Restored(MOMENT.get());
    let mut moment = restored.0;
    change(&mut moment);
    MOMENT.set(moment);
    let result = run();
    (result, MOMENT.get())
}

/// Runs a get; says whether it created.
pub(crate) fn in_get<R>(run: impl FnOnce() -> R) -> (R, bool) {
    let start = |moment: &mut Moment| (moment.made, moment.prewarm) = (false, false);
    let (result, moment) = within(start, run);
    (result, moment.made)
}

/// Runs a prewarm.
pub(crate) fn in_prewarm<R>(run: impl FnOnce() -> R) -> R {
    within(|moment| moment.prewarm = true, run).0
}

/// Runs the drop of a value that is no pool's any more.
pub(crate) fn outside<R>(run: impl FnOnce() -> R) -> R {
    within(|moment| moment.outside = true, run).0
}

/// Whether a value that dies here was no pool's any more.
pub(crate) fn is_outside() -> bool {
    MOMENT.get().outside
}

/// How often this thread has re-entered a pool.
pub(crate) fn reentries() -> u64 {
    REENTRIES.get()
}

/// Arms the next create of a pool on this thread.
pub(crate) fn arm(book: usize, act: Act) {
    ARMED.set(Some((book, act)));
}

/// What every `create` begins with: it does what it is armed to do, and is counted.
pub(crate) fn creating(index: usize) {
    if let Some((armed, act)) = ARMED.get() {
        if armed == index {
            ARMED.set(None);
            if act == Act::Panic && !MOMENT.get().prewarm && !thread::panicking() {
                book(index).failed.add();
            }
            perform(act, index);
        }
    }
    let book = book(index);
    book.created.add();
    let mut moment = MOMENT.get();
    if moment.prewarm {
        book.prewarmed.add();
    } else {
        book.created_by_get.add();
        moment.made = true;
        MOMENT.set(moment);
    }
}

/// Does what user code does at this point.
pub(crate) fn perform(act: Act, book: usize) {
    match act {
        Act::Nothing | Act::Refuse => {}
        Act::Panic if thread::panicking() => {}
        Act::Panic => unwind(),
        Act::Reenter => reenter(book),
    }
}

fn reenter(book: usize) {
    if MOMENT.get().depth >= DEPTH {
        return;
    }
    let house = DOORS[book].lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(house) = house.and_then(|house| house.upgrade()) else { return };
    REENTRIES.set(REENTRIES.get() + 1);
    let deeper = |moment: &mut Moment| {
        *moment = Moment { depth: moment.depth + 1, ..Moment::default() };
    };
    within(deeper, || {
        survive(|| {
            let mut hand = hand::get(&*house, false);
            hand.mark(7, 40);
            drop(hand);
        });
        // The last to leave may be the one who drops the pool.
        survive(|| drop(house));
    });
}
