//! Threads that wait.

use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;
use std::thread::{self, Thread};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    static WAKER: Waker = new_waker();
}

fn new_waker() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

/// Unparks the current thread: always the same waker, but while the thread's locals are
/// destroyed.
pub(crate) fn thread_waker() -> Waker {
    WAKER.try_with(Waker::clone).unwrap_or_else(|_| new_waker())
}
