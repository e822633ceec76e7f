//! Pools that are waited for, beside the others of their kind.
//!
//! r2d2 and `ResourcePool` serve threads, deadpool, bb8 and `AsyncResourcePool` serve tasks,
//! `BoundedPool` serves both: each is timed at home, and others' pools of tasks driven from threads
//! as well.

mod alone;
mod cancelled;
mod check;
mod connection;
mod contenders;
pub(crate) mod counted;
mod crowd;
mod driven;
mod measured;
mod order;
mod pool;
mod quotient;
pub(crate) mod tasks;
mod timed;
mod waits;

pub(crate) use self::crowd::{Crowd, Setting, names};
pub(crate) use self::measured::MeasuredCrowd;
pub(crate) use self::order::Order;
pub(crate) use self::quotient::Quotient;
pub(crate) use self::tasks::counted;
pub(crate) use self::timed::Timed;

use crate::beyond;
use crate::plot::Colour;

/// Who stands in a row.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) colour: Colour,
    pub(crate) setting: Setting,
    /// How it is used.
    pub(crate) about: &'static str,
}

/// Everything that was found out about them.
pub(crate) struct Results {
    pub(crate) alone: beyond::Measured,
    /// Idle connections, got by tasks.
    pub(crate) tasks: Vec<Timed>,
    pub(crate) cancelled: Vec<Timed>,
    pub(crate) crowds: Vec<MeasuredCrowd>,
    pub(crate) orders: Vec<Order>,
}

pub(crate) fn alone() -> beyond::Table {
    alone::table()
}

pub(crate) fn tasks() -> Vec<beyond::Table> {
    tasks::tables()
}

pub(crate) fn cancelled() -> Vec<beyond::Table> {
    cancelled::tables()
}

pub(crate) fn crowds() -> Vec<Crowd> {
    crowd::all()
}

pub(crate) fn orders(is_quick: bool) -> Vec<Order> {
    order::all(is_quick)
}

/// What the orders are printed under.
pub(crate) const ORDER: &str = "Who has waited longest gets it";

impl Results {
    /// The names of the plots' files, and the plots.
    pub(crate) fn plots(&self) -> impl Iterator<Item = (&'static str, String)> {
        let alone = (self.alone.table.file, self.alone.plot());
        let tables = self.tasks.iter().chain(&self.cancelled);
        let tables = tables.map(|timed| (timed.measured.table.file, timed.measured.plot()));
        let crowds = self.crowds.iter().map(|measured| (measured.crowd.file, measured.plot()));
        core::iter::once(alone).chain(tables).chain(crowds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::Entry;

    // What a row does is checked by the row itself: it adds up what the connections said.
    #[test]
    fn every_idle_connection_is_used_and_poolable_allocates_for_none() {
        for entry in alone().rows {
            let sample = entry.run.expect("everyone takes part")(400);
            assert_eq!(sample.objects, 400, "{}", entry.who.name);
            if entry.who.colour == Colour::Poolable {
                assert_eq!(sample.allocations, 0, "{}", entry.who.name);
            }
        }
    }

    #[test]
    fn tasks_have_every_connection_checked_and_poolable_allocates_for_none() {
        for Entry { who, run } in tasks().into_iter().flat_map(|table| table.rows) {
            let sample = run.expect("everyone takes part")(400);
            assert_eq!(sample.objects, 400, "{}", who.name);
            if who.colour == Colour::Poolable {
                assert_eq!(sample.allocations, 0, "{}", who.name);
            }
        }
    }

    #[test]
    fn gets_that_are_given_up_have_waited_and_leave_every_connection_to_others() {
        for Entry { who, run } in cancelled().into_iter().flat_map(|table| table.rows) {
            let sample = run.expect("everyone takes part")(400);
            assert!(sample.objects >= 400, "{}", who.name);
        }
    }

    #[test]
    fn every_crowd_gets_connections_and_its_waits_are_in_order() {
        for crowd in crowds() {
            let measured = MeasuredCrowd::new(crowd.quick());
            for (row, figures) in measured.rows() {
                // The machine may have had something else to do for a whole window.
                assert!(figures.best > 0.0, "{}", row.name);
                assert!(figures.best >= figures.median, "{}", row.name);
                let waits = [0.5, 0.99, 0.999].map(|share| figures.waits.quantile(share));
                assert!(waits.is_sorted(), "{}", row.name);
                assert!(waits[2] <= figures.waits.longest(), "{}", row.name);
            }
        }
    }

    #[test]
    fn poolable_keeps_the_order_and_bb8_is_caught_at_not_keeping_it() {
        for order in orders(true) {
            match order.name {
                name if order.is_poolable => assert_eq!(order.out_of_order, 0, "{name}"),
                "bb8" | names::BB8_TASKS => assert!(order.out_of_order > 0),
                _ => {}
            }
        }
    }
}
