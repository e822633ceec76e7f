//! `poolable::advise`: what it says, what it measures, and what it leaves behind.
//!
//! Whether its verdict is that of a benchmark, `cargo xtask advise` finds out, in release. Here
//! times decide only where they differ a thousandfold.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Mutex;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use poolable::advise::{Advisor, Rule, Verdict};
use poolable::{Poolable, Reset};

/// A short run, on two threads whatever the machine has.
fn advisor() -> Advisor {
    Advisor::new().threads(2).budget(Duration::from_millis(40))
}

/// What a constructor does that takes its time.
fn work(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {}
}

#[derive(Poolable)]
#[pool(create = Self::new)]
struct Costly(Vec<u8>);

impl Costly {
    fn new() -> Self {
        work(Duration::from_micros(20));
        Self(Vec::new())
    }
}

#[test]
fn what_is_costly_to_create_is_pooled() {
    let advice = advisor().run::<Costly>(|costly| costly.0.push(1));
    assert_eq!((advice.verdict(), advice.rule()), (Verdict::OwnPool, Rule::Faster));
    let figures = advice.figures();
    assert!(figures.create >= 20_000.0 && figures.alone.fresh >= 20_000.0, "{figures:?}");
    assert!(figures.alone.pooled < 20_000.0 && figures.reset < 20_000.0, "{figures:?}");
    assert!(figures.together.unwrap().pooled_is_faster(), "{figures:?}");
    assert_eq!(advice.rate_that_matters(), Some(1_000.0));
    assert!(advice.to_string().contains("worth it from about 1000 gets"), "{advice}");
}

#[test]
fn rate_and_hold_time_decide_too() {
    let ask = |rate, milliseconds| {
        let advisor = advisor().rate(rate).hold(Duration::from_millis(milliseconds));
        advisor.run::<Costly>(|costly| costly.0.push(1))
    };
    let rare = ask(10.0, 1);
    assert_eq!((rare.verdict(), rare.rule()), (Verdict::Nothing, Rule::Rare));
    assert!(rare.raises().is_empty());
    let many = ask(100_000.0, 500);
    assert_eq!((many.verdict(), many.rule()), (Verdict::OwnPool, Rule::InFlight));
    let needed: Vec<_> =
        many.raises().iter().map(|raise| (raise.attribute, raise.needed)).collect();
    assert_eq!(needed, [("max_idle", 50_000)]);
    assert!(many.to_string().contains("#[pool(max_idle = 50000)]"), "{many}");
}

#[derive(Poolable)]
#[pool(create = Self::connect)]
struct Connection(Vec<u8>);

impl Connection {
    fn connect() -> Self {
        work(Duration::from_micros(500));
        Self(Vec::new())
    }
}

#[test]
fn what_takes_as_long_as_a_handshake_is_managed() {
    let advice = advisor().run::<Connection>(|connection| connection.0.push(1));
    assert_eq!((advice.verdict(), advice.rule()), (Verdict::Managed, Rule::SlowCreation));
}

#[derive(Poolable)]
#[pool(create = Self::new, local)]
struct OfAThread(Option<Rc<u8>>);

impl OfAThread {
    fn new() -> Self {
        work(Duration::from_micros(30));
        Self(None)
    }
}

#[test]
fn what_stays_on_its_thread_is_pooled_there() {
    let advice = advisor().run::<OfAThread>(|object| object.0 = Some(Rc::new(1)));
    assert_eq!((advice.verdict(), advice.rule()), (Verdict::Local, Rule::OneThread));
    assert!(advice.to_string().contains("leave it `local`"), "{advice}");
    let alone = advisor().threads(1).run::<Costly>(|costly| costly.0.push(1));
    assert_eq!((alone.verdict(), alone.rule()), (Verdict::Local, Rule::OneThread));
    assert!(alone.to_string().contains("with `#[pool(local)]`"), "{alone}");
}

/// Its reset is what takes long.
struct Swept;

impl Reset for Swept {
    fn blank() -> Self {
        Self
    }

    fn reset(&mut self) {
        work(Duration::from_micros(30));
    }
}

#[derive(Poolable)]
struct Sweeping(Swept, Vec<u8>);

#[test]
fn a_reset_that_costs_more_than_a_creation_is_found() {
    let advice = advisor().run::<Sweeping>(|sweeping| sweeping.1.push(1));
    assert_eq!((advice.verdict(), advice.rule()), (Verdict::Nothing, Rule::ResetCosts));
    assert!(advice.figures().reset >= 30_000.0, "{:?}", advice.figures());
}

#[derive(Poolable)]
#[pool(create = Self::new)]
struct Uneven(Vec<u8>);

impl Uneven {
    fn new() -> Self {
        work(Duration::from_micros(30));
        Self(Vec::new())
    }
}

#[derive(Poolable)]
#[pool(create = Self::new)]
struct Bounded(#[pool(max_capacity = 4096)] Vec<u8>);

impl Bounded {
    fn new() -> Self {
        work(Duration::from_micros(300));
        Self(Vec::new())
    }
}

#[test]
fn uneven_sizes_are_found_unless_the_type_bounds_them() {
    let mut count = 0;
    let size = move || {
        count += 1;
        if count % 5 == 0 { 100_000 } else { 100 }
    };
    let mut of_uneven = size;
    let advice = advisor().run::<Uneven>(move |uneven| uneven.0.reserve_exact(of_uneven()));
    assert_eq!((advice.verdict(), advice.rule()), (Verdict::Ladder, Rule::Uneven));
    let kept = advice.figures().kept;
    assert_eq!((kept.min, kept.median, kept.p99, kept.max), (100, 100, 100_000, 100_000));

    let mut of_bounded = size;
    let advice = advisor().run::<Bounded>(move |bounded| bounded.0.reserve_exact(of_bounded()));
    let kept = advice.figures().kept;
    assert_eq!((kept.min, kept.p99, kept.max), (100, 4096, 4096));
    assert_eq!(advice.verdict(), Verdict::Managed);
}

#[derive(Poolable)]
#[pool(max_object_bytes = 1000)]
struct Capped(Vec<u8>);

#[test]
fn objects_that_the_pool_does_not_keep_are_told_of() {
    let mut count = 0;
    let advice = advisor().run::<Capped>(move |capped| {
        count += 1;
        capped.0.reserve_exact(if count % 2 == 0 { 100 } else { 5_000 });
    });
    let oversize = advice.figures().oversize;
    assert!((0.4..=1.0).contains(&oversize), "{oversize}");
    assert!(advice.to_string().contains("more than `max_object_bytes`"), "{advice}");
}

#[derive(Poolable)]
#[pool(create = Self::new, cache = 0, max_idle = 0)]
struct Unkept(Vec<u8>);

impl Unkept {
    fn new() -> Self {
        work(Duration::from_micros(20));
        Self(Vec::new())
    }
}

#[test]
fn a_pool_whose_limits_keep_nothing_is_told_of() {
    let advice = advisor().run::<Unkept>(|unkept| unkept.0.push(1));
    assert_eq!((advice.verdict(), advice.figures().missed), (Verdict::Nothing, 1.0));
    let report = advice.to_string();
    assert!(report.contains("In 100 % of the gets the pool had nothing to give"), "{report}");

    let kept = advisor().run::<Costly>(|costly| costly.0.push(1));
    assert!(kept.figures().missed < 0.05, "{:?}", kept.figures());
    assert!(!kept.to_string().contains("nothing to give"), "{kept}");
}

#[derive(Poolable)]
struct Tree(BTreeMap<u8, u8>);

#[test]
fn the_pool_is_left_usable_and_its_books_balance() {
    let kept = Tree::pooled();
    let advice = advisor().run::<Tree>(|tree| {
        assert!(tree.0.is_empty(), "an object was not blank");
        tree.0.insert(1, 2);
    });
    assert_eq!(advice.figures().kept.max, 0);
    drop(kept);
    assert!(Tree::pooled().0.is_empty());
    let stats = Tree::pool().stats();
    assert_eq!(stats.created, stats.idle + stats.discarded.total());
    assert_eq!((stats.in_use, stats.detached), (0, 0));
    assert!(stats.hits > 100 && stats.misses < 10, "{stats:?}");
}

#[derive(Poolable)]
struct Outer(Vec<u8>);

#[test]
fn fill_may_use_the_same_pool_and_ask_for_advice() {
    thread_local! {
        static ASKED: Cell<bool> = const { Cell::new(false) };
    }
    let advice = advisor().run::<Outer>(|outer| {
        let mut inner = Outer::pooled();
        inner.0.push(1);
        outer.0.extend_from_slice(&inner.0);
        if !ASKED.replace(true) {
            let advice = advisor().run::<Outer>(|outer| outer.0.push(1));
            assert!(advice.figures().alone.pooled > 0.0);
        }
    });
    assert!(advice.figures().kept.min >= 1);
    assert_eq!(Outer::pool().stats().in_use, 0);
}

#[derive(Poolable)]
struct Brittle(Vec<u8>);

#[test]
fn a_panic_comes_out_of_the_call_whichever_thread_it_is_on() {
    let here = thread::current().id();
    let panics_where = |strikes: fn(ThreadId, ThreadId) -> bool| {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            advisor().run::<Brittle>(|brittle| {
                brittle.0.push(1);
                if strikes(here, thread::current().id()) {
                    resume_unwind(Box::new("on purpose"));
                }
            })
        }));
        let panic = outcome.expect_err("the panic");
        assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    };
    panics_where(|here, current| here == current);
    panics_where(|here, current| here != current);
    assert_eq!(Brittle::pool().stats().in_use, 0);
}

#[derive(Poolable)]
struct Watched(Vec<u8>);

#[test]
fn one_of_several_threads_that_panics_leaves_nobody_waiting() {
    let first = &Mutex::new(None);
    let here = thread::current().id();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut uses = 0;
        advisor().threads(4).run::<Watched>(move |watched| {
            watched.0.push(1);
            let current = thread::current().id();
            uses += 1;
            // In the middle of the rounds, when the others are at the gate or on their way to it.
            if current != here && uses == 30 {
                let first = *first.lock().unwrap().get_or_insert(current);
                if first == current {
                    resume_unwind(Box::new("on purpose"));
                }
            }
        })
    }));
    assert!(outcome.is_err());
}

/// Counts its uses, and tells them when it goes.
struct Counted<'a> {
    uses: u64,
    told: &'a Mutex<Vec<(ThreadId, u64)>>,
}

impl Clone for Counted<'_> {
    fn clone(&self) -> Self {
        Self { uses: 0, told: self.told }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.told.lock().unwrap().push((thread::current().id(), self.uses));
    }
}

#[derive(Poolable)]
struct Fair(Vec<u8>);

#[test]
fn both_contenders_have_the_same_uses_on_every_thread() {
    let told = Mutex::new(Vec::new());
    let mut counted = Counted { uses: 0, told: &told };
    let _advice = advisor().run::<Fair>(move |fair| {
        let counted = &mut counted;
        counted.uses += 1;
        fair.0.push(1);
    });
    let mut told = told.into_inner().unwrap();
    let here = thread::current().id();
    told.retain(|&(thread, _)| thread != here);
    assert_eq!(told.len(), 4, "two threads, two contenders each");
    told.sort_by_key(|&(thread, _)| format!("{thread:?}"));
    for of_a_thread in told.chunks(2) {
        assert_eq!(of_a_thread[0], of_a_thread[1]);
        assert!(of_a_thread[0].1 > 5, "{of_a_thread:?}");
    }
}

#[test]
fn senseless_inputs_are_refused() {
    let message = |outcome: thread::Result<Advisor>| {
        let panic = outcome.expect_err("it must panic");
        let text = panic.downcast_ref::<String>().cloned();
        text.unwrap_or_else(|| (*panic.downcast_ref::<&str>().unwrap()).to_owned())
    };
    for rate in [-1.0, f64::NAN, f64::INFINITY] {
        let told = message(catch_unwind(|| Advisor::new().rate(rate)));
        assert!(told.contains("`Advisor::rate`"), "{told}");
    }
    let told = message(catch_unwind(|| Advisor::new().threads(0)));
    assert!(told.contains("`Advisor::threads`"), "{told}");
}
