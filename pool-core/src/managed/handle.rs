//! What the faces share: a pool that closes when its last handle is gone.

use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::panic::resume_unwind;
use std::sync::Arc;

use super::error::GetError;
use super::home::Home;
use super::lease::Lease;
use super::ticket::Failure;

/// Closes its pool when it is dropped. Leases keep the pool, but not this.
pub(crate) struct Handle<R: Send + 'static>(Arc<Home<R>>);

impl<R: Send + 'static> Handle<R> {
    pub(super) fn new(home: Arc<Home<R>>) -> Arc<Self> {
        Arc::new(Self(home))
    }
}

// A panic leaves a pool as it should be: no user code runs while it is changed. What a panic may
// leave torn is what is on loan.
impl<R: Send + 'static> UnwindSafe for Handle<R> {}
impl<R: Send + 'static> RefUnwindSafe for Handle<R> {}

impl<R: Send + 'static> Deref for Handle<R> {
    type Target = Arc<Home<R>>;

    #[inline]
    fn deref(&self) -> &Arc<Home<R>> {
        &self.0
    }
}

impl<R: Send + 'static> Drop for Handle<R> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Gives the error of a create its type back. A panic goes on.
#[inline]
pub(crate) fn typed<R: Send + 'static, E: core::error::Error + 'static>(
    got: Result<Lease<R>, GetError<Failure>>,
) -> Result<Lease<R>, GetError<E>> {
    match got {
        Ok(lease) => Ok(lease),
        Err(error) => Err(typed_error(error)),
    }
}

#[cold]
fn typed_error<E: core::error::Error + 'static>(error: GetError<Failure>) -> GetError<E> {
    match error {
        GetError::Timeout { stage, waited, stats, last_error } => {
            GetError::Timeout { stage, waited, stats, last_error }
        }
        GetError::Closed => GetError::Closed,
        GetError::Cancelled => GetError::Cancelled,
        GetError::Exhausted => GetError::Exhausted,
        GetError::Create(failure) => match typed_failure(failure) {
            Some(error) => GetError::Create(error),
            // The pool's own, which getters do not see unless it was closed.
            None => GetError::Closed,
        },
    }
}

/// The error of a manager; none if it is the pool's own. A panic goes on.
pub(crate) fn typed_failure<E: core::error::Error + 'static>(failure: Failure) -> Option<E> {
    match failure {
        Failure::Error(error) => error.downcast::<E>().ok().map(|error| *error),
        Failure::Panic(panic) => resume_unwind(panic),
    }
}
