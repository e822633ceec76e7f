//! Tokens by which a getter is told to stop waiting.

use std::task::Waker;

#[derive(Clone, Debug, Default)]
pub struct CancelToken;

/// A registration that ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Watch;

impl CancelToken {
    pub fn new() -> Self {
        Self
    }

    pub fn cancel(&self) {}

    pub fn is_cancelled(&self) -> bool {
        false
    }

    pub(crate) fn watch(&self, _waker: &Waker) -> Watch {
        Watch
    }
}
