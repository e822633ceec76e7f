//! The order of things.

use core::time::Duration;

use poolable_load::{Client, Variant, orders};

use crate::process::{self, Process};
use crate::results::{Allocations, CONTENDERS, Contender, Figures, Round};
use crate::wrk::Wrk;

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// What is not counted.
    pub(crate) warm_up: Duration,
    pub(crate) counted: Duration,
}

impl Effort {
    pub(crate) const FULL: Self =
        Self { rounds: 9, warm_up: Duration::from_secs(2), counted: Duration::from_secs(8) };
    pub(crate) const QUICK: Self =
        Self { rounds: 3, warm_up: Duration::from_secs(1), counted: Duration::from_secs(1) };
}

/// Counted by another program, whose allocator counts, and with one client.
pub(crate) fn allocations() -> Result<Allocations, String> {
    let count = |variant: Variant| -> Result<f64, String> {
        let said = process::output("poolable-load-counted", variant)?;
        let odd = |_| format!("no count of allocations: {said:?}");
        let count = said.trim().parse().map_err(odd)?;
        println!("{:<20} {count:>9.3} allocations per request", variant.name());
        Ok(count)
    };
    Ok(Allocations {
        pooled: count(Variant::Pooled)?,
        unpooled: count(Variant::Unpooled)?,
        axum: count(Variant::Axum)?,
        floor: count(Variant::Floor)?,
    })
}

/// Every round has a server of each, started anew, one after the other.
pub(crate) fn all(wrk: &Wrk, effort: Effort) -> Result<Vec<Round>, String> {
    (0..effort.rounds)
        .map(|number| {
            let mut round = [None; CONTENDERS.len()];
            for index in order(number) {
                let contender = &CONTENDERS[index];
                let figures = measure(wrk, contender, effort)
                    .map_err(|error| format!("{}: {error}", contender.name))?;
                println!(
                    "round {} of {}: {:<20} {:>9.0} requests/s, p99 {:>6.0} µs",
                    number + 1,
                    effort.rounds,
                    contender.name,
                    figures.seen.requests_per_second,
                    figures.seen.p99,
                );
                round[index] = Some(figures);
            }
            Ok(round.map(|figures| figures.expect("everyone had a turn")))
        })
        .collect()
}

/// Each comes first, second and third equally often.
fn order(round: usize) -> impl Iterator<Item = usize> {
    (0..CONTENDERS.len()).map(move |turn| (round + turn) % CONTENDERS.len())
}

fn measure(wrk: &Wrk, contender: &Contender, effort: Effort) -> Result<Figures, String> {
    let server = Process::start(contender.program, contender.variant)?;
    check(&server)?;
    wrk.load(server.address(), effort.warm_up)?;
    let seen = wrk.load(server.address(), effort.counted)?;
    check(&server)?;
    Ok(Figures { seen, peak: server.peak()? })
}

/// Whoever is fast answers right, too.
fn check(server: &Process) -> Result<(), String> {
    let mut client = Client::connect(server.address()).map_err(|error| error.to_string())?;
    for (number, (order, right)) in orders::all().iter().zip(orders::answers()).enumerate() {
        let answer = client.post("/orders", order).map_err(|error| error.to_string())?;
        if (answer.status, &answer.body[..]) != (right.status, &right.body[..]) {
            return Err(format!("order {number} is answered otherwise: {answer:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_first_second_and_third_equally_often() {
        let mut seats = [[0; CONTENDERS.len()]; CONTENDERS.len()];
        for round in 0..Effort::FULL.rounds {
            for (turn, index) in order(round).enumerate() {
                seats[index][turn] += 1;
            }
        }
        assert_eq!(seats, [[3; 3]; 3]);
    }
}
