//! Whether connections go to those who have waited longest.
//!
//! There is one connection, and everyone who has returned it asks for it again at once. Whoever
//! has it keeps it until all the others wait, so that it is known who has waited how long when
//! it comes free: the queue that is kept here is the true one.

mod tasks;
mod threads;

use std::collections::VecDeque;

use super::contenders::async_resource_pool::Asynchronous;
use super::contenders::bb8::Bb8;
use super::contenders::bounded_pool::Bounded;
use super::contenders::deadpool::Deadpool;
use super::contenders::r2d2::R2d2;
use super::contenders::resource_pool::Resource;
use super::crowd::names;
use super::driven::{ByFutures, Driven};
use super::pool::{Awaited, Blocking};

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
        in_threads::<Resource>(names::RESOURCE, true, grants),
        in_threads::<Bounded>(names::BOUNDED, true, grants),
        in_threads::<R2d2>(names::R2D2, false, grants),
        in_threads::<Driven<Deadpool, ByFutures>>("deadpool", false, grants),
        in_threads::<Driven<Bb8, ByFutures>>("bb8", false, grants),
        in_tasks::<Bounded>(names::BOUNDED_TASKS, true, grants),
        in_tasks::<Asynchronous>(names::ASYNC_TASKS, true, grants),
        in_tasks::<Deadpool>(names::DEADPOOL_TASKS, false, grants),
        in_tasks::<Bb8>(names::BB8_TASKS, false, grants),
    ]
}

fn in_threads<P: Blocking>(name: &'static str, is_poolable: bool, grants: u64) -> Order {
    Order { name, is_poolable, grants, out_of_order: threads::out_of_order::<P>(grants) }
}

fn in_tasks<P: Awaited>(name: &'static str, is_poolable: bool, grants: u64) -> Order {
    Order { name, is_poolable, grants, out_of_order: tasks::out_of_order::<P>(grants) }
}

/// Those who wait, the longest first, and what became of it.
struct Queue {
    waiting: VecDeque<usize>,
    /// How often the connection is to be handed on.
    wanted: u64,
    grants: u64,
    out_of_order: u64,
}

impl Queue {
    fn new(wanted: u64) -> Self {
        Self { waiting: VecDeque::new(), wanted, grants: 0, out_of_order: 0 }
    }

    /// Notes who has got the connection; whether it goes on.
    fn grants(&mut self, index: usize) -> bool {
        if self.grants == self.wanted {
            return false;
        }
        self.grants += 1;
        self.out_of_order += u64::from(self.waiting.front() != Some(&index));
        self.waiting.retain(|other| *other != index);
        true
    }
}
