//! A handful of objects that move together.

use core::mem::MaybeUninit;

use crate::slot::Object;

/// The most objects that a magazine holds.
///
/// A cache of the default size meets the depot once in this many gets or returns.
pub(crate) const MAGAZINE: usize = 32;

/// Up to [`MAGAZINE`] objects, by value: moving one costs a copy of their pointers,
/// and no list of empty magazines has to be kept.
///
/// It has no `Drop`: whoever holds one hands it on, to `RawPool::discard_all` in the end.
#[derive(Debug)]
pub(crate) struct Magazine {
    len: usize,
    /// Initialised below `len`.
    objects: [MaybeUninit<Object>; MAGAZINE],
}

impl Magazine {
    pub(crate) const fn new() -> Self {
        Self { len: 0, objects: [const { MaybeUninit::uninit() }; MAGAZINE] }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// What its objects hold together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let mut sum = 0_usize;
        for object in &self.objects[..self.len] {
            // SAFETY: objects below `len` are initialised.
            let object = unsafe { object.assume_init_ref() };
            sum = sum.saturating_add(object.bytes());
        }
        sum
    }

    /// Adds an object.
    ///
    /// # Panics
    ///
    /// If there are [`MAGAZINE`] of them already.
    pub(crate) fn push(&mut self, object: Object) {
        self.objects[self.len].write(object);
        self.len += 1;
    }

    pub(crate) fn pop(&mut self) -> Option<Object> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: this place was below the old `len` and so is initialised; `len` is
        // lowered, so it is not read again.
        Some(unsafe { self.objects[self.len].assume_init_read() })
    }
}
