//! Getters that are threads. That they wait is what the pool says, if it does, and else the
//! system: their threads sleep.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::{GETTERS, Queue};
use crate::gate::wait_until;
use crate::managed::pool::Blocking;

/// Where the system says what a thread does.
struct Watched(PathBuf);

impl Watched {
    /// The thread that asks.
    fn this() -> Self {
        let thread = fs::read_link("/proc/thread-self").expect("Linux tells threads apart");
        Self(PathBuf::from("/proc").join(thread).join("stat"))
    }

    fn sleeps(&self) -> bool {
        let stat = fs::read_to_string(&self.0).expect("the thread has not ended");
        // The state stands behind the name, which is in parentheses and may have some.
        stat.rsplit(") ").next().is_some_and(|behind| behind.starts_with('S'))
    }
}

pub(super) fn out_of_order<P: Blocking>(grants: u64) -> u64 {
    let pool = P::new(1);
    pool.warm(1);
    let queue = Mutex::new(Queue::new(grants));
    // Grows while the first connection is out, and nobody but the holder looks at it.
    let watched: Mutex<Vec<Watched>> = Mutex::new(Vec::new());
    let all_wait = |but: Option<usize>| {
        let watched = watched.lock().expect("no panic");
        let others = watched.iter().enumerate().filter(|(index, _)| Some(*index) != but);
        let others: Vec<_> = others.map(|(_, thread)| thread).collect();
        wait_until(|| match pool.waiting() {
            Some(waiting) => waiting == others.len(),
            None => others.iter().all(|thread| thread.sleeps()),
        });
    };
    let getter = |index: usize, ready: Sender<Watched>| {
        ready.send(Watched::this()).expect("it is waited for");
        drop(ready);
        loop {
            let lease = pool.get();
            if !queue.lock().expect("no panic").grants(index) {
                // It is over: all leave, one after the other.
                return;
            }
            all_wait(Some(index));
            // Before the return: behind it the next one is at work already.
            queue.lock().expect("no panic").waiting.push_back(index);
            drop(lease);
        }
    };
    pool.on_thread(|| {
        let first = pool.get();
        thread::scope(|scope| {
            for index in 0..GETTERS {
                let (ready, is_ready) = channel();
                let getter = &getter;
                let pool = &pool;
                scope.spawn(move || pool.on_thread(|| getter(index, ready)));
                let thread = is_ready.recv().expect("it says so");
                watched.lock().expect("no panic").push(thread);
                queue.lock().expect("no panic").waiting.push_back(index);
                all_wait(None);
            }
            drop(first);
        });
    });
    queue.into_inner().expect("no panic").out_of_order
}
