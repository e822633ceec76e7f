//! What the current thread has wiped while somebody watches.
//!
//! # Invariants
//!
//! 1. While nobody watches, the thread's list is empty, so that nothing is lost with it
//!    when the thread ends: it has no destructor, and is there as long as the thread is.
//! 2. A watch that begins within another one hides it: what the object of another pool
//!    wipes on its way home is no memory of the outer one's object.

use core::cell::Cell;
use core::mem::{self, ManuallyDrop};
use core::ptr;

use super::{Span, merge};

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static SPANS: Cell<ManuallyDrop<Vec<Span>>> =
        const { Cell::new(ManuallyDrop::new(Vec::new())) };
    /// An empty list with room.
    static SPARE: Cell<Vec<Span>> = const { Cell::new(Vec::new()) };
}

/// Takes note of memory that has been wiped, or that would have been if it were not blank
/// already.
#[inline]
pub(crate) fn note<T: ?Sized>(memory: &T) {
    if is_watched() {
        note_span(ptr::from_ref(memory).addr(), size_of_val(memory));
    }
}

/// Whether somebody watches. Then everything that is kept is to be wiped, or noted, also
/// what is known to be blank: what is missing counts as freed.
#[inline]
pub(crate) fn is_watched() -> bool {
    // Where thread-locals do not last as long as their thread there may be none.
    WATCHED.try_with(Cell::get).unwrap_or_default()
}

/// Takes note of memory by its address, while somebody watches.
#[cold]
pub(crate) fn note_span(start: usize, length: usize) {
    let span = Span { start, end: start.saturating_add(length) };
    let _ = SPANS.try_with(|list| {
        let mut spans = ManuallyDrop::into_inner(list.take());
        add(&mut spans, span);
        list.set(ManuallyDrop::new(spans));
    });
}

fn add(spans: &mut Vec<Span>, span: Span) {
    // The first is the slot: most of what is wiped lies in there, or goes on where the last
    // wipe ended.
    let is_known = span.len() == 0 || spans.first().is_some_and(|slot| slot.contains(span));
    if is_known {
        return;
    }
    match spans.last_mut() {
        Some(last) if span.start <= last.end && last.start <= span.end => {
            last.start = last.start.min(span.start);
            last.end = last.end.max(span.end);
        }
        _ => spans.push(span),
    }
}

/// Merged ranges of addresses. The list is used again.
#[derive(Debug)]
pub(super) struct Recorded(Vec<Span>);

impl Recorded {
    pub(super) fn spans(&self) -> &[Span] {
        &self.0
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let mut spans = mem::take(&mut self.0);
        spans.clear();
        // Late in a thread's life there is no place for it.
        let _ = SPARE.try_with(|spare| spare.set(spans));
    }
}

/// A watch that goes on when this is dropped, on unwind too.
struct Outer {
    watched: bool,
    spans: Vec<Span>,
}

impl Outer {
    /// Hides it behind another one.
    fn hide(spans: Vec<Span>) -> Self {
        let watched = WATCHED.try_with(|watched| watched.replace(true)).unwrap_or_default();
        Self { watched, spans: swap(spans) }
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        let _ = WATCHED.try_with(|watched| watched.set(self.watched));
        self.spans = swap(mem::take(&mut self.spans));
    }
}

/// Exchanges the list of the thread.
fn swap(spans: Vec<Span>) -> Vec<Span> {
    let swapped = SPANS.try_with(|list| list.replace(ManuallyDrop::new(spans)));
    swapped.map(ManuallyDrop::into_inner).unwrap_or_default()
}

/// Runs code, and tells what it has wiped, and the slot, which it need not have.
pub(super) fn record<T, R>(slot: *const T, work: impl FnOnce() -> R) -> (R, Recorded) {
    let mut spans = SPARE.try_with(Cell::take).unwrap_or_default();
    let start = slot.addr();
    spans.push(Span { start, end: start + size_of::<T>() });
    let outer = Outer::hide(spans);
    let result = work();
    let mut spans = swap(Vec::new());
    drop(outer);
    merge(&mut spans);
    (result, Recorded(spans))
}
