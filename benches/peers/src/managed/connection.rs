//! What is pooled: something that costs nothing to check, so that only the pools are timed.

use core::convert::Infallible;
use core::hint::black_box;
use core::mem;

/// What every use writes.
const LINE: &[u8; 13] = b"SELECT 1 + 1;";

/// What every use says that it did.
pub(super) const SAID: u64 = LINE.len() as u64;

/// And what it says if the connection was checked for it.
pub(super) const SAID_CHECKED: u64 = SAID + 1;

/// A struct around a buffer of 4096 bytes.
#[derive(poolable::Reset)]
pub(crate) struct Connection {
    #[pool(capacity = 4096)]
    buffer: Vec<u8>,
    /// Since the last use.
    #[pool(skip)]
    is_checked: bool,
}

impl Connection {
    pub(super) fn new() -> Self {
        Self { buffer: Vec::with_capacity(4096), is_checked: false }
    }

    /// What a user does with it. Most pools leave a connection as it was, and so the user
    /// empties the buffer.
    #[inline(always)]
    pub(super) fn talk(&mut self) -> u64 {
        self.buffer.clear();
        self.buffer.extend_from_slice(black_box(LINE));
        black_box(self.buffer.as_ptr());
        self.buffer.len() as u64
    }

    /// What every pool's check does, where it checks at all.
    #[inline(always)]
    pub(super) fn check(&mut self) {
        self.is_checked = true;
    }

    /// What a user of tasks does, who counts the checks: one in each get, of a connection that
    /// was used before.
    #[inline(always)]
    pub(super) fn talk_checked(&mut self) -> u64 {
        self.talk() + u64::from(mem::take(&mut self.is_checked))
    }
}

/// For the managers: to create and to check a [`Connection`] cannot fail.
pub(super) type Never = Infallible;
