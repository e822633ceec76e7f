//! Threads that get, and threads that return, with a queue between them.

use std::collections::VecDeque;
use std::sync::{Barrier, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use super::lender::Forwarder;
use crate::timing::Sample;
use poolable_peers::allocations;

/// Those who push never wait; those who pop do, in the kernel.
struct Queue<T> {
    state: Mutex<State<T>>,
    has_come: Condvar,
}

struct State<T> {
    waiting: VecDeque<T>,
    is_over: bool,
}

const SOUND: &str = "nobody panics under the lock";

impl<T> Queue<T> {
    fn new() -> Self {
        let state = State { waiting: VecDeque::new(), is_over: false };
        Self { state: Mutex::new(state), has_come: Condvar::new() }
    }

    fn push(&self, item: T) {
        let mut state = self.state.lock().expect(SOUND);
        if state.waiting.is_empty() {
            self.has_come.notify_all();
        }
        state.waiting.push_back(item);
    }

    /// Nothing once nothing can come any more.
    fn pop(&self) -> Option<T> {
        let state = self.state.lock().expect(SOUND);
        let waits = |state: &mut State<T>| state.waiting.is_empty() && !state.is_over;
        self.has_come.wait_while(state, waits).expect(SOUND).waiting.pop_front()
    }

    fn end(&self) {
        self.state.lock().expect(SOUND).is_over = true;
        self.has_come.notify_all();
    }
}

pub(super) fn forwarded<F: Forwarder, const FROM: usize, const TO: usize>(objects: u64) -> Sample {
    let each = objects.div_ceil(FROM as u64);
    let (forwarder, queue) = (F::new(), Queue::new());
    let start_line = Barrier::new(FROM + TO + 1);
    let push = || {
        start_line.wait();
        let before = allocations::count();
        for _ in 0..each {
            queue.push(forwarder.get_owned());
        }
        allocations::count() - before
    };
    let pop = || {
        start_line.wait();
        let (before, mut popped) = (allocations::count(), 0);
        while let Some(item) = queue.pop() {
            drop(item);
            popped += 1;
        }
        (popped, allocations::count() - before)
    };
    let (elapsed, allocations, popped) = thread::scope(|scope| {
        let from: Vec<_> = (0..FROM).map(|_| scope.spawn(push)).collect();
        let to: Vec<_> = (0..TO).map(|_| scope.spawn(pop)).collect();
        start_line.wait();
        let start = Instant::now();
        let mut allocated: u64 =
            from.into_iter().map(|thread| thread.join().expect("no panic")).sum();
        queue.end();
        let mut popped = 0;
        for thread in to {
            let (count, allocations): (u64, u64) = thread.join().expect("no panic");
            popped += count;
            allocated += allocations;
        }
        (start.elapsed(), allocated, popped)
    });
    let objects = each * FROM as u64;
    assert_eq!(popped, objects, "what was pushed was popped");
    Sample { nanoseconds: elapsed.as_secs_f64() * 1e9 / objects as f64, objects, allocations }
}
