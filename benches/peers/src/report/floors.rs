//! One table of what poolable costs beside the least that each case can cost.

use super::{table, three_digits};
use crate::cases::Key;
use crate::contender::Who;
use crate::results::Results;

pub(crate) fn section(results: &Results) -> String {
    let mut rows = Vec::new();
    for measured in &results.cases {
        let key = measured.case.key;
        // More threads may not make a hit dearer: there, one thread is what it is held to.
        let with_threads = matches!(key, Key::TwoThreads | Key::FourThreads);
        let mut row = vec![measured.case.title.to_owned()];
        row.push(if with_threads { "its own, one thread" } else { "the floor" }.to_owned());
        for who in [Who::PoolableStatic, Who::PoolableMade] {
            let least =
                if with_threads { results.time(Key::Hit, who) } else { measured.time(Who::Floor) };
            let ours = measured.time(who);
            row.push(format!(
                "{} / {} = {:.2}",
                three_digits(ours),
                three_digits(least),
                ours / least
            ));
        }
        let (other, time) = measured.fastest(|who| who != Who::Floor && !who.is_poolable());
        let quotient = time / measured.time(Who::PoolableStatic);
        row.push(format!("{quotient:.2} {}", other.name()));
        rows.push(row);
    }
    let bursts = [
        ("Burst, quotient at 10 000 / quotient at 100", Key::Burst100, Key::Burst10k),
        ("The same, small objects", Key::SmallBurst100, Key::SmallBurst10k),
    ];
    for (name, few, many) in bursts {
        let quotient = |who| format!("{:.2}", results.burst_quotient(few, many, who));
        rows.push(vec![
            name.to_owned(),
            "the floor, twice".to_owned(),
            quotient(Who::PoolableStatic),
            quotient(Who::PoolableMade),
            "".to_owned(),
        ]);
    }
    let head = [
        "case",
        "held against",
        "poolable, `T::pooled()`: ns / ns",
        "poolable, `Pool<T>`: ns / ns",
        "× poolable of the fastest other",
    ];
    format!(
        "The last column is the time of the fastest contender that is not poolable, in times of \
         `T::pooled()`: where it is below 1, poolable is not the fastest. What is fastest may have \
         no limits, no counters, and serve one thread only.\n\n{}",
        table(&head, &rows)
    )
}
