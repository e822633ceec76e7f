//! Pools that the player makes.

use core::ptr;

use crate::body::{Body, Traces};
use crate::life::Life;

/// A value of a pool that was made for a script; its book is that pool's.
#[derive(Debug)]
pub struct Loose<const ROOM: usize> {
    life: Life,
    traces: Traces,
    _room: [u8; ROOM],
}

impl<const ROOM: usize> Loose<ROOM> {
    /// A blank value.
    #[must_use]
    pub fn with(life: Life) -> Self {
        Self { life, traces: Traces::none(), _room: [0; ROOM] }
    }

    /// Who the value is.
    #[must_use]
    pub fn life(&self) -> &Life {
        &self.life
    }

    /// What a user wrote.
    #[must_use]
    pub fn traces(&mut self) -> &mut Traces {
        &mut self.traces
    }
}

impl<const ROOM: usize> Body for Loose<ROOM> {
    fn given(book: usize) -> Self {
        Self::with(Life::given(book))
    }

    fn place(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    fn life(&mut self) -> Option<&mut Life> {
        Some(&mut self.life)
    }

    fn traces(&mut self) -> Option<&mut Traces> {
        Some(&mut self.traces)
    }
}
