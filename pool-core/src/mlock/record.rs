//! What the current thread has wiped while somebody watches.
//!
//! # Invariants
//!
//! 1. While nobody watches, the thread's list is empty, so that nothing is lost with it
//!    when the thread ends: it has no destructor, and is there as long as the thread is.
//! 2. A watch that begins within another one hides it: what the object of another pool
//!    wipes on its way home is no memory of the outer one's object.
//! 3. What lies on the stack, in a frame of the watched code, is not kept: it is gone when
//!    the watch ends, and its page is the thread's.
//!
//! # Rejected
//!
//! A static that tells whether any pool locks, in front of the thread-local, for programs
//! where none does: a crate reaches another one's static through a pointer. That makes four
//! instructions for each wipe where the look at the thread-local takes two to three. A
//! return of a type with four secrets went from 278 to 286 (240 without the feature).

use core::cell::Cell;
use core::hint::black_box;
use core::mem::{self, ManuallyDrop};
use core::ptr;

use super::{Span, merge};

/// The farthest that the watched code's frames may reach for what they hold to be seen. The
/// system maps no memory so close below a stack, should the watched code switch to another
/// one; and what lies deeper is locked needlessly.
const STACK: usize = 64 << 10;

/// What a watch keeps beside its list.
#[derive(Clone, Copy, Default)]
struct Watch {
    /// An address in the frame that began it.
    frame: usize,
    /// Whether anything was wiped, and be it of no length.
    has_wiped: bool,
}

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static WATCH: Cell<Watch> = const { Cell::new(Watch { frame: 0, has_wiped: false }) };
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
// Not inlined, so that its frame lies behind those of the watched code.
#[cold]
#[inline(never)]
pub(crate) fn note_span(start: usize, length: usize) {
    let span = Span { start, end: start.saturating_add(length) };
    let mut watch = WATCH.try_with(Cell::get).unwrap_or_default();
    let local = 0;
    let frames = Span { start: address_of(&local), end: watch.frame };
    if frames.start < frames.end && frames.len() <= STACK && frames.contains(span) {
        return;
    }
    if !mem::replace(&mut watch.has_wiped, true) {
        let _ = WATCH.try_with(|cell| cell.set(watch));
    }
    let _ = SPANS.try_with(|list| {
        let mut spans = ManuallyDrop::into_inner(list.take());
        add(&mut spans, span);
        list.set(ManuallyDrop::new(spans));
    });
}

/// The address of a local variable, which tells that of a frame.
#[inline(always)]
fn address_of(local: &u8) -> usize {
    ptr::from_ref(black_box(local)).addr()
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
pub(super) struct Recorded {
    spans: Vec<Span>,
    has_wiped: bool,
}

impl Recorded {
    pub(super) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether anything was wiped, and be it a buffer without memory.
    pub(super) fn has_wiped(&self) -> bool {
        self.has_wiped
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let mut spans = mem::take(&mut self.spans);
        spans.clear();
        // Late in a thread's life there is no place for it.
        let _ = SPARE.try_with(|spare| spare.set(spans));
    }
}

/// A watch that goes on when this is dropped, on unwind too.
struct Outer {
    watched: bool,
    watch: Watch,
    spans: Vec<Span>,
}

impl Outer {
    /// Hides it behind another one.
    fn hide(frame: usize, spans: Vec<Span>) -> Self {
        let watched = WATCHED.try_with(|watched| watched.replace(true)).unwrap_or_default();
        let watch = Watch { frame, has_wiped: false };
        let watch = WATCH.try_with(|cell| cell.replace(watch)).unwrap_or_default();
        Self { watched, watch, spans: swap(spans) }
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        let _ = WATCHED.try_with(|watched| watched.set(self.watched));
        let _ = WATCH.try_with(|watch| watch.set(self.watch));
        self.spans = swap(mem::take(&mut self.spans));
    }
}

/// Exchanges the list of the thread.
fn swap(spans: Vec<Span>) -> Vec<Span> {
    let swapped = SPANS.try_with(|list| list.replace(ManuallyDrop::new(spans)));
    swapped.map(ManuallyDrop::into_inner).unwrap_or_default()
}

/// Runs code, and tells what it has wiped, and the slot, which it need not have.
#[inline]
pub(super) fn record<T, R>(slot: *const T, work: impl FnOnce() -> R) -> (R, Recorded) {
    let (start, local) = (slot.addr(), 0);
    let slot = Span { start, end: start + size_of::<T>() };
    record_behind(address_of(&local), slot, work)
}

// Not inlined, so that the frames of the code, inlined in here or not, lie behind `frame`.
#[inline(never)]
fn record_behind<R>(frame: usize, slot: Span, work: impl FnOnce() -> R) -> (R, Recorded) {
    let mut spans = SPARE.try_with(Cell::take).unwrap_or_default();
    spans.push(slot);
    let outer = Outer::hide(frame, spans);
    let result = work();
    let mut spans = swap(Vec::new());
    let has_wiped = WATCH.try_with(Cell::get).unwrap_or_default().has_wiped;
    drop(outer);
    merge(&mut spans);
    (result, Recorded { spans, has_wiped })
}
