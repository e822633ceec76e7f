//! The section of the pools that are waited for.

use super::beyond::table_section;
use super::{allocations, table, three_digits};
use crate::contender;
use crate::managed::{MeasuredCrowd, Order, Results, Row, Setting, Timed, names, tasks};
use crate::plot::Colour;

const INTRODUCTION: &str = "\
`ResourcePool`, `AsyncResourcePool` and `BoundedPool` beside the other pools that have a limit and
make their users wait. What they hold is a struct around a buffer of 4096 bytes, and to check it is
to set a flag: only the pools are timed. All of them have their defaults but for the size, where it
does not say otherwise. That is, in r2d2, bb8, `ResourcePool` and `AsyncResourcePool`, a lifetime, a
timeout for the idle, a check at every get and thirty seconds to wait; deadpool checks at every get,
has no lifetimes, and by default nobody's wait ends. `BoundedPool` has the thirty seconds, and
resets what comes back.
";

const METHOD: &str = "\
### How waiting was measured

- **At home**: r2d2 and `ResourcePool` serve threads, deadpool and bb8 serve tasks of tokio,
  `AsyncResourcePool` tasks of any executor, and `BoundedPool` serves both. In the first table the
  getter of a pool of tasks runs inside one `block_on`, of the runtime of the current thread and of
  that with workers, and the faster one is what poolable is held against. Feature unification gives
  tokio the locks of parking_lot, which bb8 asks for.
- **Idle, for a task**: the pools of tasks beside each other, each on the same runtime as all
  others: in the one `block_on` of the runtime of one thread, and in a task that was spawned on the
  runtime with workers. All have the same create and the same check. That a get has had its check
  is part of what its use says, and is added up. deadpool and bb8 stand there twice, with their own
  defaults and set like poolable as far as they can be; the faster one of the two is judged. The
  quotient is taken from each round, as below, and its median has to be 2.5 by itself: nothing is
  forgiven. Where a check takes a turn of its task, everyone pays the runtime for it, and nothing is
  judged. Allocations are counted in all polls of the task, whichever thread makes them.
- **A cancelled get** is polled once, has to wait, and is dropped. The futures lie where others lay
  before them, so that only pools allocate; afterwards every connection must be there. It is
  reported, and not judged.
- **A crowd** is 16 getters on 4 connections. Everyone gets, writes, computes, returns and asks
  again at once. A counted loop takes about a microsecond where nobody else has the core; with 16
  threads on two cores somebody often has. All connections are out for the first 20 ms, so that
  everyone queues; 50 ms are not counted, and the 100 ms behind them are. Every round makes the pool
  anew. The **median** of the rounds counts here, and the best stands beside it: in its best round a
  crowd is one that hardly met.
- **What is judged** is gets per second over deadpool's. It is taken from each round, in which the
  two stand beside each other, and the **median of the quotients** counts: load that comes and goes
  meets both, where two medians of their own may come from different times. Behind it stands where
  the true median lies with a certainty of 95 %, by the sign test. Two pools that are equal would
  meet \"at least 1\" every other time. So it is met, too, if that range has 1 in it and ends no
  more than 2 % below: a loss that can be told from none is a loss, however small, and a machine too
  loud to tell excuses none.
- **Waits** are from the call of `get` to its return, each of them, in all rounds, in classes of
  1.6 %; two reads of the clock are in everyone's times alike. They are those of gets that
  happened: where a few getters have all connections to themselves, nearly all gets are theirs,
  and nearly all waits are short. That is why **least** stands beside them: what the getter with the
  fewest gets had, in the middle round, of an equal share.
- **In threads** deadpool and bb8 are asked by threads that have no runtime, in two ways. **In
  tasks** 16 tasks run on two workers. A switch of tasks costs a fraction of a switch of threads,
  and a task that nothing holds up keeps its worker: with bb8 two tasks may do everything while the
  others wait. Hence the rows in which every task yields while it holds its connection. Each
  setting is judged by itself: threads beside threads, tasks beside tasks.
- **Order**: 16 threads or tasks, one connection, and whoever returned it asks again at once. The
  holder keeps it until the 15 others wait. Of threads, `stats().waiting` says so or, of the other
  pools, the system: they sleep. A task waits once its get has been polled and is not ready. So it
  is known who has waited longest, and counted how often somebody else gets it.
";

pub(super) fn section(results: &Results) -> String {
    let mut section = format!("{INTRODUCTION}\n{METHOD}{}", table_section(&results.alone));
    for timed in results.tasks.iter().chain(&results.cancelled) {
        section.push_str(&timed_section(timed));
    }
    for measured in &results.crowds {
        section.push_str(&crowd_section(measured));
    }
    section.push_str(&order_section(&results.orders));
    section.push_str("\nVersions: ");
    let packages = ["r2d2", "deadpool", "bb8", "tokio"];
    section.push_str(&packages.map(version).join(", "));
    section.push_str(".\n");
    section
}

fn version(package: &str) -> String {
    contender::version(package).unwrap_or_else(|| package.to_owned())
}

/// Like other tables, but with the quotients of the rounds.
fn timed_section(timed: &Timed) -> String {
    let what = &timed.measured.table;
    let rows = timed.measured.by_time().into_iter().map(|(row, figures)| {
        let name = if row.colour == Colour::Poolable {
            format!("**{}**", row.name)
        } else {
            row.name.to_owned()
        };
        vec![
            name,
            three_digits(figures.best),
            three_digits(figures.median),
            timed.quotient(tasks::names::ASYNC, row.name).text(),
            allocations(figures.allocations, figures.allocations_per_object()),
            row.about.to_owned(),
        ]
    });
    let by_unit = format!("allocations per {}", what.unit);
    let head = ["", "ns", "median", "× poolable, by rounds", &by_unit, "used as"];
    format!(
        "\n### {}\n\n{}\n\n![{}: bars of the times below](benchmarks/{}.svg)\n\n{}",
        what.title,
        what.about,
        what.title,
        what.file,
        table(&head, &rows.collect::<Vec<_>>()),
    )
}

fn crowd_section(measured: &MeasuredCrowd) -> String {
    let crowd = &measured.crowd;
    let rows = |setting| {
        let rows = measured.rows().into_iter().filter(move |(row, _)| row.setting == setting);
        rows.map(|(row, figures)| {
            let micros = |nanoseconds: f64| three_digits(nanoseconds / 1e3);
            vec![
                emphasised(row),
                three_digits(figures.median / 1e3),
                three_digits(figures.best / 1e3),
                format!("{:.0} %", figures.least_share * 100.0),
                micros(figures.waits.quantile(0.5)),
                micros(figures.waits.quantile(0.99)),
                micros(figures.waits.quantile(0.999)),
                micros(figures.waits.longest()),
                row.about.to_owned(),
            ]
        })
        .collect::<Vec<_>>()
    };
    let head =
        ["", "1000 gets/s", "best", "least", "wait, µs: p50", "p99", "p99.9", "longest", "used as"];
    format!(
        "\n### {}\n\n{}\n\n![{}: bars of the time from one get to the next](benchmarks/{}.svg)\n\n\
         In threads:\n\n{}\nIn tasks:\n\n{}\n{}",
        crowd.title,
        crowd.about,
        crowd.title,
        crowd.file,
        table(&head, &rows(Setting::Threads)),
        table(&head, &rows(Setting::Tasks)),
        beside_tasks(measured),
    )
}

/// What two settings show beside each other, which is not judged.
fn beside_tasks(measured: &MeasuredCrowd) -> String {
    let over =
        |name, other| three_digits(measured.figures(name).median / measured.figures(other).median);
    format!(
        "`BoundedPool` in tasks makes {} times as many gets as in threads, and {} times as many \
         where its tasks yield. Beside `ResourcePool`, r2d2 makes {} times as many in threads, and \
         keeps no order.\n",
        over(names::BOUNDED_TASKS, names::BOUNDED),
        over(names::BOUNDED_YIELDING, names::BOUNDED),
        over(names::R2D2, names::RESOURCE),
    )
}

fn order_section(orders: &[Order]) -> String {
    let rows: Vec<Vec<String>> = orders
        .iter()
        .map(|order| {
            let name = if order.is_poolable {
                format!("**{}**", order.name)
            } else {
                order.name.to_owned()
            };
            let share = order.out_of_order as f64 / order.grants as f64;
            vec![
                name,
                order.grants.to_string(),
                order.out_of_order.to_string(),
                format!("{:.1} %", share * 100.0),
            ]
        })
        .collect();
    format!(
        "\n### Who has waited longest gets it\n\nHow often a connection that came free went to \
         another getter than the one that had waited longest.\n\n{}",
        table(&["", "grants", "out of order", "share"], &rows),
    )
}

fn emphasised(row: Row) -> String {
    if row.colour == Colour::Poolable { format!("**{}**", row.name) } else { row.name.to_owned() }
}
