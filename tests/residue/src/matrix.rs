//! Which ways each type is tried on.

use std::collections::HashSet;

use crate::rows::{self, VecU8, Visitor};
use crate::secret::{Row, Switched};
use crate::types::*;
use crate::ways::{self, Ended};
use crate::{attach, buffers, chains, growth, kept};

/// One type by one way.
pub(crate) struct Cell {
    pub(crate) row: &'static str,
    pub(crate) way: &'static str,
    pub(crate) run: fn() -> Ended,
    /// The same steps without a wipe.
    pub(crate) control: fn() -> Ended,
    /// Those with a secret in a block of its own. A pool wipes all of an object's own memory
    /// before it frees it, marked or not, so that a control that is freed shows what it has
    /// elsewhere.
    pub(crate) boxed: Option<fn() -> Ended>,
}

/// How many cells there are, so that none is lost without notice.
const fn expected(spies: bool) -> usize {
    const ROWS: usize = 95;
    /// The ways of [`Cells::rest`].
    const WAYS: usize = 72
        + if cfg!(poolable_passthrough) { 0 } else { 2 }
        + if cfg!(feature = "mlock") { 3 } else { 0 };
    /// The rows that are tried on these.
    const TRIED: usize = if cfg!(feature = "full") {
        ROWS
    } else if cfg!(poolable_passthrough) {
        1
    } else {
        4
    };
    let in_use = if spies { 0 } else { 60 };
    680 + TRIED * WAYS + in_use
}

/// Tells what is wrong with the list of cells.
pub(crate) fn check(cells: &[Cell], spies: bool) -> Vec<String> {
    let mut names = HashSet::new();
    let mut failures: Vec<String> = cells
        .iter()
        .filter(|cell| !names.insert((cell.row, cell.way)))
        .map(|cell| format!("`{}`, {}: there are two of them", cell.row, cell.way))
        .collect();
    let expected = expected(spies);
    if cells.len() != expected {
        failures.push(format!("there are {} cells, and not {expected}", cells.len()));
    }
    failures
}

/// All of them, row by row.
pub(crate) fn cells(spies: bool) -> Vec<Cell> {
    let mut cells = Cells(Vec::new());
    rows::visit(&mut cells);
    cells.0.extend(growth::cells());
    cells.0.extend(chains::cells());
    cells.0.extend(buffers::cells());
    if !spies {
        // They free nothing.
        cells.0.extend(attach::cells());
        cells.0.extend(kept::cells());
    }
    cells.0
}

struct Cells(Vec<Cell>);

impl Cells {
    /// Tries a way with the row, and as the control with its twin.
    fn add<R: Row>(
        &mut self,
        way: &'static str,
        run: fn() -> Ended,
        control: fn() -> Ended,
        boxed: Option<fn() -> Ended>,
    ) {
        self.0.push(Cell { row: R::NAME, way, run, control, boxed });
    }
}

macro_rules! boxed {
    ($row:ident, $way:expr) => {
        if $row::HEAP { None } else { Some($way) }
    };
}

/// The type that a user has spelled, with the generic one as the control.
macro_rules! spelled {
    ($cells:ident, $row:ident: $($label:literal $way:ident;)*) => {
        $($cells.add::<$row>(
            $label,
            ways::$way::<$row::Spelled>,
            ways::$way::<Session<Switched<$row::Twin>>>,
            boxed!($row, ways::$way::<Session<Switched<VecU8>>>),
        );)*
    };
}

macro_rules! generic {
    ($cells:ident, $row:ident: $($label:literal $way:ident $ty:ident;)*) => {
        $($cells.add::<$row>(
            $label,
            ways::$way::<$ty<Switched<$row>>>,
            ways::$way::<$ty<Switched<$row::Twin>>>,
            boxed!($row, ways::$way::<$ty<Switched<VecU8>>>),
        );)*
    };
}

impl Visitor for Cells {
    fn row<R: Row>(&mut self) {
        spelled! { self, R:
            "drop" drops;
            "unwind" unwinds;
            "discard" is_discarded;
            "into_inner" is_taken_out;
        }
        generic! { self, R:
            "generic: drop" drops Session;
            "generic: discard" is_discarded Session;
        }
        if R::HEAP {
            generic! { self, R: "fill, attach" is_filled_and_attached Session; }
        }
        if R::KNOWS {
            generic! { self, R:
                "unmarked: drop" drops Unmarked;
                "unmarked: unwind" unwinds Unmarked;
                "unmarked: discard" is_discarded Unmarked;
            }
        }
        // A constant: what is not tried is not compiled.
        if R::ALL {
            self.rest::<R>();
        }
    }
}

impl Cells {
    fn rest<R: Row>(&mut self) {
        generic! { self, R:
            "full depot" is_full NothingKept;
            "another thread" drops_elsewhere Session;
            "field's reset panics" fails FailsLate;
            "in Vec" drops InVec;
            "in hand: unwind" unwinds Session;
            "into_inner (generic)" is_taken_out Session;
            "into_inner, unwind" is_taken_out_and_unwinds Session;
            "attach, fill" is_attached_and_filled Session;
            "no pool" has_no_pool Session;
            "reset by hand" is_reset_by_hand Session;
            "full cache" overflows OneCached;
            "cache and depot full" overflows_all OneCached;
            "max_bytes" has_no_bytes NoBytes;
            "oversize" is_oversize Big;
            "validate false" is_invalid Refused;
            "validate panics" is_loud Loud;
            "earlier reset panics" fails Fails;
            "other wipe panics" fails WipeFails;
            "trim" is_trimmed Session;
            "trim_all" all_are_trimmed Session;
            "clear" is_cleared Session;
            "flush" is_flushed Session;
            "set_max_idle(0)" none_may_be_idle Session;
            "maintain" is_surplus Session;
            "Shared" is_shared Session;
            "Shared, other thread" is_shared_elsewhere Session;
            "try_unshare" is_unshared Session;
            "PooledMap" is_narrowed Session;
            "PooledMap, panic" narrowing_fails Session;
            "drop_wipe = false" drops Unwiped;
            "drop_wipe = false, discard" is_discarded Unwiped;
            "drop_wipe = false, invalid" is_invalid UnwipedRefused;
            "drop_wipe = false, panic" fails UnwipedFails;
            "local" drops Local;
            "local, discard" is_discarded Local;
            "local, full" overflows_all LocalOne;
            "local, trim" is_trimmed Local;
            "local, clear" is_cleared Local;
            "local, thread exit" ends_with_its_thread Local;
            "thread exit" lives_on_a_thread Session;
            "drop as a thread ends" drops_at_a_threads_end Session;
            "in a thread-local" drops_late Session;
            "cleared from elsewhere" is_cleared_from_elsewhere Session;
            "changes hands" changes_hands Session;
            "Pool: drop" made_drops Session;
            "Pool: PooledOwned" made_is_owned Session;
            "Pool: last guard" made_dies_with_its_guard Session;
            "Pool: dies" made_dies Session;
            "Pool: discard" made_is_discarded Session;
            "Pool: into_inner" made_is_taken_out Session;
            "PooledOwned: into_inner" made_owned_is_taken_out Session;
            "Pool: validate false" made_refuses Session;
            "Pool: validate panics" made_panics_at_its_look Session;
            "Pool: full" made_is_full Session;
            "Pool: oversize" made_is_oversize Session;
            "Pool: reset panics" made_fails Session;
            "Pool: drop_wipe = false" made_refuses Unwiped;
            "in a field" drops Outer;
            "in Option" drops InOption;
            "in Box" drops InBox;
            "in Vec<Box>" drops InBoxes;
            "in RetainVec" drops InRetainVec;
            "in RetainOption" drops InRetainOption;
            "in HashMap" drops InMap;
            "in BTreeMap" drops InTree;
            "in VecDeque" drops InDeque;
            "in Pooled" drops InGuard;
            "in Pooled, invalid" drops InGuardRefused;
            "in Pooled, oversize" drops InGuardBig;
            "in Vec<Pooled>" drops InGuards;
        }
        // Pools that keep nothing give a block that large back to the system, and a smaller
        // one to the next object, so that a control would show nothing.
        if !cfg!(poolable_passthrough) {
            generic! { self, R:
                "large" drops Large;
                "used again" is_used_again Session;
            }
        }
        #[cfg(feature = "mlock")]
        generic! { self, R:
            "Pool: lock_memory" made_locks Session;
            "Pool: lock_memory, discard" made_locks_and_is_discarded Session;
            "Pool: lock_memory, dies" made_locks_and_dies Session;
        }
        self.add::<R>(
            "borrowing",
            ways::borrows::<Switched<R>>,
            ways::borrows::<Switched<R::Twin>>,
            boxed!(R, ways::borrows::<Switched<VecU8>>),
        );
        self.add::<R>(
            "nested",
            ways::is_nested::<R>,
            ways::is_nested::<R::Twin>,
            boxed!(R, ways::is_nested::<VecU8>),
        );
    }
}
