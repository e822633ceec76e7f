//! Whether connections go to those who have waited longest.
//!
//! There is one connection, and everyone who has returned it asks for it again at once. Whoever
//! has it keeps it until all the others wait, so that it is known who has waited how long when
//! it comes free: the queue that is kept here is the true one. That they wait is what the pool
//! says, if it does, and else the system: their threads sleep.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::contenders::bb8::Bb8;
use super::contenders::bounded_pool::Bounded;
use super::contenders::deadpool::Deadpool;
use super::contenders::r2d2::R2d2;
use super::contenders::resource_pool::Resource;
use super::crowd::names;
use super::driven::{ByFutures, Driven};
use super::pool::Blocking;
use crate::gate::wait_until;

const GETTERS: usize = 16;
/// How often the connection is handed on.
const GRANTS: u64 = 800;

/// What was found out about one pool.
pub(crate) struct Order {
    pub(crate) name: &'static str,
    pub(crate) is_poolable: bool,
    pub(crate) grants: u64,
    /// Of these, those that went to someone who had not waited longest.
    pub(crate) out_of_order: u64,
}

pub(super) fn all(is_quick: bool) -> Vec<Order> {
    let grants = if is_quick { GRANTS / 10 } else { GRANTS };
    vec![
        order::<Resource>(names::RESOURCE, true, grants),
        order::<Bounded>(names::BOUNDED, true, grants),
        order::<R2d2>("r2d2", false, grants),
        order::<Driven<Deadpool, ByFutures>>("deadpool", false, grants),
        order::<Driven<Bb8, ByFutures>>("bb8", false, grants),
    ]
}

fn order<P: Blocking>(name: &'static str, is_poolable: bool, grants: u64) -> Order {
    Order { name, is_poolable, grants, out_of_order: out_of_order::<P>(grants) }
}

/// Those who wait, the longest first, and what became of it.
struct Queue {
    waiting: VecDeque<usize>,
    grants: u64,
    out_of_order: u64,
}

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

fn out_of_order<P: Blocking>(grants: u64) -> u64 {
    let pool = P::new(1);
    pool.warm(1);
    let queue = Mutex::new(Queue { waiting: VecDeque::new(), grants: 0, out_of_order: 0 });
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
            let mut now = queue.lock().expect("no panic");
            if now.grants == grants {
                // It is over: all leave, one after the other.
                return;
            }
            now.grants += 1;
            now.out_of_order += u64::from(now.waiting.front() != Some(&index));
            now.waiting.retain(|other| *other != index);
            drop(now);
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
