//! The highest that something has been while it was looked at.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// A thread that looks at a number again and again.
#[derive(Debug)]
pub struct Sampler {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<(u64, u64)>>,
}

impl Sampler {
    /// Begins to look, with pauses of a millisecond: the number is asked of a server that others
    /// are busy with. `None` is no number, as while the server is away.
    #[must_use]
    pub fn new(mut look: impl FnMut() -> Option<u64> + Send + 'static) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let is_over = is_over.clone();
            move || {
                let (mut looks, mut highest) = (0, 0);
                // Relaxed: it says when to stop, and nothing else.
                while !is_over.load(Ordering::Relaxed) {
                    if let Some(number) = look() {
                        looks += 1;
                        highest = highest.max(number);
                    }
                    thread::park_timeout(Duration::from_millis(1));
                }
                (looks, highest)
            }
        });
        Self { is_over, thread: Some(thread) }
    }

    /// The highest number that was seen.
    ///
    /// # Panics
    ///
    /// If none was, or if the look panicked.
    #[must_use]
    pub fn highest(mut self) -> u64 {
        let (looks, highest) = self.end().unwrap_or_else(|panic| resume_unwind(panic));
        assert!(looks > 0, "nothing was seen");
        highest
    }

    fn end(&mut self) -> thread::Result<(u64, u64)> {
        self.is_over.store(true, Ordering::Relaxed);
        match self.thread.take() {
            Some(thread) => {
                thread.thread().unpark();
                thread.join()
            }
            None => Ok((0, 0)),
        }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        // A panic in here has been printed, and we may be panicking ourselves.
        let _ = self.end();
    }
}
