//! What a hit allocates: nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use poolable::{Poolable, Reset, RetainVec};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static LIVE_HERE: Cell<i64> = const { Cell::new(0) };
    static WATCHING: Cell<bool> = const { Cell::new(false) };
    static FREED_SECRETS: Cell<u64> = const { Cell::new(0) };
}

static LIVE: AtomicI64 = AtomicI64::new(0);

/// What the tests store as a secret, text if need be. A block that is freed with it inside
/// gave it away.
pub(crate) const CANARY: u64 = u64::from_ne_bytes(*b"s3cr3t!?");

fn note_live(bytes: i64) {
    LIVE.fetch_add(bytes, Ordering::Relaxed);
    LIVE_HERE.set(LIVE_HERE.get() + bytes);
}

/// The system's allocator, counting for each thread, and the live bytes for all. Memory is handed out zeroed, so that
/// all of it may be read when it comes back, and a block that grows is always moved.
struct Counting;

/// Whether a block holds the canary at a multiple of its size.
///
/// # Safety
///
/// - `memory` is a block of that layout, which `Counting` allocated.
unsafe fn holds_canary(memory: *mut u8, layout: Layout) -> bool {
    (0..layout.size() / size_of::<u64>()).any(|index| {
        // SAFETY: the word lies within the block.
        let word = unsafe { memory.cast::<u64>().add(index) };
        // SAFETY: the block was initialised when it was allocated; the alignment may be
        // less than a word's.
        unsafe { word.read_unaligned() == CANARY }
    })
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator as it came, and `realloc` is that of
// the trait: an `alloc`, a copy and a `dealloc`.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        note_live(layout.size() as i64);
        // SAFETY: the caller's promise is the one asked for.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the block comes from `alloc`, by the caller's promise.
        if WATCHING.get() && unsafe { holds_canary(memory, layout) } {
            FREED_SECRETS.set(FREED_SECRETS.get() + 1);
        }
        note_live(-(layout.size() as i64));
        // SAFETY: the caller's promise is the one asked for.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// How many allocations `work` makes on this thread.
pub(crate) fn allocations_in(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// How many bytes this thread has allocated and not freed, on balance.
pub(crate) fn live_bytes_here() -> i64 {
    LIVE_HERE.get()
}

/// How many bytes are allocated in the process.
pub(crate) fn live_bytes() -> i64 {
    LIVE.load(Ordering::Relaxed)
}

/// How many blocks `work` frees on this thread with the canary inside.
pub(crate) fn secrets_freed_in(work: impl FnOnce()) -> u64 {
    let before = FREED_SECRETS.get();
    WATCHING.set(true);
    work();
    WATCHING.set(false);
    FREED_SECRETS.get() - before
}

#[test]
fn a_secret_that_is_freed_is_seen() {
    assert_eq!(secrets_freed_in(|| drop(vec![1, CANARY])), 1);
    assert_eq!(secrets_freed_in(|| drop(vec![1, 2_u64])), 0);
}

#[derive(Reset)]
struct Header {
    name: String,
    value: Vec<u8>,
}

#[derive(Poolable)]
struct Request {
    path: String,
    headers: RetainVec<Header>,
    query: HashMap<u32, u32>,
    #[pool(capacity = 64, max_capacity = 4096)]
    body: Vec<u8>,
    #[pool(zeroize, capacity = 32)]
    token: String,
}

fn serve() {
    let mut request = Request::pooled();
    request.path.push_str("/a/path/that/needs/heap");
    for index in 0..8 {
        let header = request.headers.push_blank();
        header.name.push_str("x-header-with-a-name");
        header.value.extend([index; 40]);
    }
    request.query.extend((0..20).map(|key| (key, key)));
    request.body.extend([7; 1000]);
    request.token.push_str("abcdefghijklmnopqrstuvwxyz");
}

#[test]
fn a_hit_on_an_object_that_has_seen_the_sizes_allocates_nothing() {
    serve();
    assert_eq!(allocations_in(|| (0..1000).for_each(|_| serve())), 0);
    assert_eq!(Request::pool().stats().misses, 1);
}

#[test]
fn exchanges_with_the_depot_allocate_nothing() {
    #[derive(Poolable)]
    struct Buffer(Vec<u8>);

    let burst = |count| {
        let mut guards = Vec::with_capacity(count);
        allocations_in(|| {
            guards.extend(std::iter::repeat_with(Buffer::pooled).take(count));
            guards.clear();
        })
    };
    assert!(burst(500) > 500, "the first burst creates the objects");
    assert_eq!(burst(500), 0);
    assert_eq!(burst(500), 0);
    assert_eq!(Buffer::pool().stats().misses, 500);
}
