//! What pools count, as the text that Prometheus reads.
#![allow(clippy::std_instead_of_core, reason = "written as users write")]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use poolable::managed::{BoundedPool, Clock, Lease, Timeouts};
use poolable::{Pool, Poolable, Pooled, PooledRef};
use poolable_telemetry::eventually;

const SECOND: Duration = Duration::from_secs(1);

/// The recorder of this process.
fn prometheus() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets(&[0.5, 5.0]).expect("some buckets");
        let handle = builder.install_recorder().expect("the only recorder");
        poolable::metrics::describe();
        handle
    })
}

/// What stands in the text after a `record`, of the pools of that name: escaped, as it stands there.
fn lines(pool: &str) -> Vec<String> {
    let handle = prometheus();
    poolable::metrics::record();
    let text = handle.render();
    let label = format!("pool=\"{pool}\"");
    let mut lines: Vec<_> =
        text.lines().filter(|line| line.contains(&label)).map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn a_pool_that_is_used_is_in_the_text() {
    #[derive(Poolable)]
    #[pool(name = "requests", validate = Self::is_sound)]
    struct Request {
        body: Vec<u8>,
    }

    impl Request {
        fn is_sound(&self) -> bool {
            self.body.is_empty()
        }
    }

    drop((Request::pooled(), Request::pooled()));
    drop(Request::pooled());
    Request::pooled().body.push(1);
    let detached = Request::pooled();
    drop(Pooled::into_inner(detached));
    let _held = Pooled::attach(Request { body: Vec::new() });
    let expected = [
        "poolable_attached_total{pool=\"requests\"} 1",
        "poolable_caches{pool=\"requests\"} 1",
        "poolable_created_total{pool=\"requests\"} 2",
        "poolable_detached_total{pool=\"requests\"} 1",
        "poolable_discarded_total{pool=\"requests\",reason=\"bytes\"} 0",
        "poolable_discarded_total{pool=\"requests\",reason=\"explicit\"} 0",
        "poolable_discarded_total{pool=\"requests\",reason=\"full\"} 0",
        "poolable_discarded_total{pool=\"requests\",reason=\"invalid\"} 1",
        "poolable_discarded_total{pool=\"requests\",reason=\"oversize\"} 0",
        "poolable_discarded_total{pool=\"requests\",reason=\"panic\"} 0",
        "poolable_discarded_total{pool=\"requests\",reason=\"trimmed\"} 0",
        "poolable_hits_total{pool=\"requests\"} 3",
        "poolable_idle_bytes{pool=\"requests\"} 0",
        "poolable_idle{pool=\"requests\"} 0",
        "poolable_in_use{pool=\"requests\"} 1",
        "poolable_misses_total{pool=\"requests\"} 2",
        "poolable_returned_total{pool=\"requests\"} 4",
    ];
    assert_eq!(lines("requests"), expected);
}

#[test]
fn a_hit_is_in_the_text_once_it_is_recorded() {
    let pool: Pool<String> = Pool::builder().name("pulled").build();
    drop(pool.get());
    let hits = || lines("pulled").into_iter().find(|line| line.contains("_hits_"));
    assert_eq!(hits().as_deref(), Some("poolable_hits_total{pool=\"pulled\"} 0"));
    for _ in 0..1000 {
        drop(pool.get());
    }
    assert!(prometheus().render().contains("poolable_hits_total{pool=\"pulled\"} 0\n"));
    assert_eq!(hits().as_deref(), Some("poolable_hits_total{pool=\"pulled\"} 1000"));
}

#[test]
fn the_readme_shows_what_there_is() {
    static LINES: Pool<String> = Pool::new(String::new);

    drop(LINES.get());
    let there = lines(std::any::type_name::<String>());
    let readme = include_str!("../../../README.md");
    let shown: Vec<_> = readme.lines().filter(|line| line.starts_with("poolable_")).collect();
    assert_eq!(shown.len(), 4);
    for line in shown {
        assert!(there.iter().any(|there| there == line), "{line}: {there:?}");
    }
}

#[test]
fn a_name_is_escaped() {
    let pool: Pool<String> = Pool::builder().name("a \"b\" \\ c\nd").build();
    drop(pool.get());
    let created = lines(r#"a \"b\" \\ c\nd"#);
    let line = r#"poolable_created_total{pool="a \"b\" \\ c\nd"} 1"#;
    assert!(created.iter().any(|created| created == line), "{created:?}");
}

#[test]
fn pools_of_one_name_are_added_up_and_what_is_gone_stays_in_the_counters() {
    let new = || -> Pool<String> { Pool::builder().name("twins").build() };
    let (one, other) = (new(), new());
    drop(one.get());
    drop((other.get(), other.get()));
    let look = || -> Vec<String> {
        let is_of_interest = |line: &String| {
            ["_created_", "_idle{", "_in_use", "explicit"].iter().any(|part| line.contains(part))
        };
        lines("twins").into_iter().filter(is_of_interest).collect()
    };
    let text = |created: u64, explicit: u64, idle: u64, in_use: u64| {
        [
            format!("poolable_created_total{{pool=\"twins\"}} {created}"),
            format!("poolable_discarded_total{{pool=\"twins\",reason=\"explicit\"}} {explicit}"),
            format!("poolable_idle{{pool=\"twins\"}} {idle}"),
            format!("poolable_in_use{{pool=\"twins\"}} {in_use}"),
        ]
    };
    assert_eq!(look(), text(3, 0, 3, 0));
    drop(other);
    assert_eq!(look(), text(3, 2, 1, 0));
    let held = one.get();
    assert_eq!(look(), text(3, 2, 0, 1));
    drop(held);
    drop(one);
    assert_eq!(look(), text(3, 3, 0, 0));
    let third = new();
    drop(third.get());
    assert_eq!(look(), text(4, 3, 1, 0));
}

#[test]
fn totals_never_decrease_while_pools_come_and_go() {
    const ROUNDS: u64 = 200;

    prometheus();
    let users: Vec<_> = (0..2)
        .map(|_| {
            thread::spawn(|| {
                for _ in 0..ROUNDS {
                    let pool: Pool<String> = Pool::builder().name("mayflies").build();
                    drop(pool.get());
                }
            })
        })
        .collect();
    let created = || -> u64 {
        let lines = lines("mayflies");
        let line = lines.iter().find_map(|line| line.strip_prefix("poolable_created_total"));
        line.map_or(0, |line| {
            line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number")
        })
    };
    let mut last = 0;
    while users.iter().any(|user| !user.is_finished()) {
        let now = created();
        assert!(last <= now && now <= 2 * ROUNDS, "{last}, then {now}");
        last = now;
    }
    users.into_iter().for_each(|user| user.join().expect("no panic"));
    assert_eq!(created(), 2 * ROUNDS);
}

#[test]
fn a_managed_pool_is_in_the_text() {
    prometheus();
    let clock = Clock::manual();
    let timeouts = Timeouts { wait: Some(4 * SECOND), ..Timeouts::default() };
    let creates = clock.clone();
    let create = move || {
        creates.advance(Duration::from_millis(250));
        String::new()
    };
    let builder = BoundedPool::builder(create).max_open(2).name("leases").clock(&clock);
    let pool = builder.timeouts(timeouts).build().expect("a pool");
    let (one, other) = (pool.get().expect("an object"), pool.get().expect("an object"));
    thread::scope(|scope| {
        let late = scope.spawn(|| pool.get().is_err());
        eventually(|| pool.stats().waiting == 1);
        clock.advance(4 * SECOND);
        assert!(late.join().expect("no panic"));
        let served = scope.spawn(|| pool.get().map(drop));
        eventually(|| pool.stats().waiting == 1);
        clock.advance(SECOND);
        drop(one);
        served.join().expect("no panic").expect("an object");
    });
    Lease::discard(other);
    let label = "{pool=\"leases\"}";
    let reason = |reason: &str| format!("destroyed_total{{pool=\"leases\",reason=\"{reason}\"}}");
    let waits = |part: &str, outcome: &str, more: &str| {
        format!("wait_seconds_{part}{{pool=\"leases\",outcome=\"{outcome}\"{more}}}")
    };
    let creates =
        |part: &str, more: &str| format!("create_seconds_{part}{{pool=\"leases\"{more}}}");
    let mut expected: Vec<String> = [
        (format!("borrowed_total{label}"), "3"),
        (format!("cancelled_total{label}"), "0"),
        (format!("check_failed_total{label}"), "0"),
        (format!("checking{label}"), "0"),
        (format!("create_failed_total{label}"), "0"),
        (creates("bucket", ",le=\"0.5\""), "2"),
        (creates("bucket", ",le=\"5\""), "2"),
        (creates("bucket", ",le=\"+Inf\""), "2"),
        (creates("sum", ""), "0.5"),
        (creates("count", ""), "2"),
        (format!("created_total{label}"), "2"),
        (format!("creating{label}"), "0"),
        (reason("broken"), "0"),
        (reason("closed"), "0"),
        (reason("expired"), "0"),
        (reason("full"), "0"),
        (reason("idle"), "0"),
        (reason("panicked"), "0"),
        (reason("released"), "1"),
        (reason("resized"), "0"),
        (format!("destroying{label}"), "0"),
        (format!("detached_total{label}"), "0"),
        (format!("idle{label}"), "1"),
        (format!("in_use{label}"), "0"),
        (format!("max_open{label}"), "2"),
        (format!("open{label}"), "1"),
        (format!("returned_total{label}"), "3"),
        (format!("timed_out_total{label}"), "1"),
        (waits("bucket", "served", ",le=\"0.5\""), "0"),
        (waits("bucket", "served", ",le=\"5\""), "1"),
        (waits("bucket", "served", ",le=\"+Inf\""), "1"),
        (waits("sum", "served", ""), "1"),
        (waits("count", "served", ""), "1"),
        (waits("bucket", "timed_out", ",le=\"0.5\""), "0"),
        (waits("bucket", "timed_out", ",le=\"5\""), "1"),
        (waits("bucket", "timed_out", ",le=\"+Inf\""), "1"),
        (waits("sum", "timed_out", ""), "4"),
        (waits("count", "timed_out", ""), "1"),
        (format!("waited_total{label}"), "2"),
        (format!("waiting{label}"), "0"),
    ]
    .map(|(name, value)| format!("poolable_managed_{name} {value}"))
    .into();
    expected.sort();
    assert_eq!(lines("leases"), expected);

    drop(pool);
    let lines = lines("leases");
    for line in [
        "poolable_managed_borrowed_total{pool=\"leases\"} 3",
        "poolable_managed_destroyed_total{pool=\"leases\",reason=\"closed\"} 1",
        "poolable_managed_max_open{pool=\"leases\"} 0",
        "poolable_managed_idle{pool=\"leases\"} 0",
    ] {
        assert!(lines.iter().any(|other| other == line), "{line}: {lines:?}");
    }
}

#[test]
fn managed_pools_of_one_name_are_added_up() {
    let new = |max_open: Option<usize>| {
        BoundedPool::builder(String::new).max_open(max_open).name("sums").build().expect("a pool")
    };
    let (one, other) = (new(Some(3)), new(Some(4)));
    let _held = (one.get().expect("an object"), other.get().expect("an object"));
    let has = |line: &str| lines("sums").iter().any(|other| other == line);
    assert!(has("poolable_managed_in_use{pool=\"sums\"} 2"));
    assert!(has("poolable_managed_max_open{pool=\"sums\"} 7"));
    let _unbounded = new(None);
    assert!(has("poolable_managed_max_open{pool=\"sums\"} inf"));
}

/// A recorder that has names alone, and may be worse.
#[derive(Default)]
struct Names {
    told: std::sync::Mutex<BTreeSet<String>>,
    described: std::sync::Mutex<BTreeSet<String>>,
    then: Option<fn()>,
}

impl Names {
    fn tell(&self, key: &Key) {
        self.told.lock().expect("no panic").insert(key.name().to_owned());
        if let Some(then) = self.then {
            then();
        }
    }

    fn describe(&self, name: KeyName, unit: Option<Unit>, help: &SharedString) {
        assert!(unit.is_some() && help.ends_with('.'));
        assert!(self.described.lock().expect("no panic").insert(name.as_str().to_owned()));
    }
}

impl metrics::Recorder for Names {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        assert!(name.as_str().ends_with("_total"));
        self.describe(name, unit, &help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(name, unit, &help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        assert!(name.as_str().ends_with("_seconds"));
        self.describe(name, unit, &help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.tell(key);
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.tell(key);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.tell(key);
        Histogram::noop()
    }
}

#[test]
fn every_name_is_described_and_documented() {
    let names = Names::default();
    metrics::with_local_recorder(&names, || {
        let _pools = (
            BoundedPool::new(1, String::new),
            Pool::<String>::builder().name("described").build().prewarm(1),
        );
        poolable::metrics::describe();
        poolable::metrics::record();
    });
    let described = names.described.into_inner().expect("no panic");
    let told = names.told.into_inner().expect("no panic");
    let is_histogram = |name: &&String| name.ends_with("_seconds");
    assert!(told.is_subset(&described));
    assert!(described.difference(&told).all(|name| is_histogram(&name)), "{described:?}");
    let docs = include_str!("../../../pool-core/src/metrics.rs");
    let documented =
        docs.lines().filter_map(|line| line.strip_prefix("//! | `").or(line.strip_prefix("| `")));
    let documented: BTreeSet<_> =
        documented.filter_map(|line| Some(line.split_once('`')?.0.to_owned())).collect();
    assert_eq!(documented, described);
}

#[test]
fn a_recorder_may_use_pools() {
    static POOL: Pool<Vec<u64>> = Pool::new(Vec::new);
    static LEASES: OnceLock<BoundedPool<Vec<u64>>> = OnceLock::new();

    fn use_pools() {
        drop((POOL.get(), POOL.get()));
        POOL.clear();
        let leases = LEASES.get_or_init(|| BoundedPool::new(100, Vec::new));
        Lease::discard(leases.try_get().expect("there is room"));
    }

    let names = Names { then: Some(use_pools), ..Names::default() };
    metrics::with_local_recorder(&names, || {
        poolable::metrics::record();
        use_pools();
        // A create of a managed pool is told while it happens.
        assert!(LEASES.get().expect("a pool").stats().created > 1);
    });
    let told = names.told.into_inner().expect("no panic");
    assert!(told.contains("poolable_managed_create_seconds"), "{told:?}");
    assert_eq!((POOL.stats().in_use, POOL.stats().idle), (0, 0));
}

#[test]
fn a_panic_of_the_recorder_ends_in_who_records() {
    let names = Names { then: Some(|| panic!("the recorder")), ..Names::default() };
    metrics::with_local_recorder(&names, || {
        // One that records what happens by itself ends where it happened.
        let pool = BoundedPool::new(1, String::new);
        drop(pool.get().expect("an object"));
        let pool: Pool<String> = Pool::builder().name("panicking").build();
        PooledRef::discard(pool.get());
        assert!(catch_unwind(AssertUnwindSafe(poolable::metrics::record)).is_err());
    });
    // What it left does no harm: it is told again on this thread.
    let names = Names::default();
    metrics::with_local_recorder(&names, || {
        drop(BoundedPool::new(1, String::new).get().expect("an object"));
    });
    let told = names.told.into_inner().expect("no panic");
    assert!(told.contains("poolable_managed_create_seconds"), "{told:?}");
}
