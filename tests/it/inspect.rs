//! The page of the pools and its JSON. What a browser makes of it is in `tests/browser`.

use poolable::managed::{BoundedPool, ExpiringPool};
use poolable::{Pool, Poolable, Pooled, inspect, pools};
use serde_json::{Value, json};

use crate::alone;

/// What is told of a pool.
fn told(name: &str) -> Value {
    let document: Value = serde_json::from_str(&inspect::json()).expect("it is JSON");
    let pools = document["pools"].as_array().expect("a list");
    pools.iter().find(|pool| pool["name"] == name).cloned().unwrap_or_default()
}

fn names_of(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> =
        object.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn json_tells_when_where_and_what() {
    alone(|| {
        let document: Value = serde_json::from_str(&inspect::json()).expect("it is JSON");
        assert_eq!(names_of(&document), ["instance", "pid", "pools", "time_ms", "uptime_ms"]);
        assert_eq!(document["pid"], std::process::id());
        assert_eq!(document["pools"], json!([]));
        let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is later");
        let time = document["time_ms"].as_u64().expect("a number");
        assert!(time.abs_diff(since_1970.as_millis() as u64) < 60_000, "{time}");
        let later: Value = serde_json::from_str(&inspect::json()).expect("it is JSON");
        assert_eq!(later["instance"], document["instance"]);
        assert!(later["uptime_ms"].as_u64() >= document["uptime_ms"].as_u64());
        assert!(document["uptime_ms"].as_u64() < Some(600_000), "the test has just begun");
    });
}

#[test]
fn json_tells_all_of_a_thread_cached_pool() {
    #[derive(Poolable)]
    #[pool(name = "lines", cache = 3, max_idle = 5, max_object_bytes = 700, max_bytes = 9000)]
    struct Line(String);

    alone(|| {
        let lines: Vec<_> = (0..20).map(|_| Line::pooled()).collect();
        drop(lines);
        Pooled::discard(Line::pooled());
        let stats = Line::pool().stats();
        assert!(stats.discarded.full > 0 && stats.hits == 1 && Line::pooled().0.is_empty());
        let (stats, id) = (Line::pool().stats(), pools()[0].id);
        let discarded = stats.discarded;
        let lines = told("lines");
        // As near as its text is read.
        let hit_rate = lines["stats"]["hit_rate"].as_f64().expect("a number");
        assert!((hit_rate - stats.hit_rate()).abs() < 1e-9, "{hit_rate}");
        let expected = json!({
            "id": id,
            "name": "lines",
            "kind": "thread-cached",
            "caches": 1,
            "limits": { "cache": 3, "max_idle": 5, "max_object_bytes": 700, "max_bytes": 9000 },
            "stats": {
                "hits": stats.hits,
                "misses": 20,
                "hit_rate": hit_rate,
                "created": 20,
                "returned": stats.returned,
                "detached": 0,
                "attached": 0,
                "idle": stats.idle,
                "in_use": 0,
                "bytes_idle": stats.bytes_idle,
                "discarded": {
                    "full": discarded.full,
                    "oversize": 0,
                    "bytes": 0,
                    "invalid": 0,
                    "panic": 0,
                    "explicit": 1,
                    "trimmed": 0,
                    "total": discarded.total(),
                },
            },
        });
        assert_eq!(lines, expected);
    });
}

#[test]
fn json_tells_all_of_a_managed_pool() {
    alone(|| {
        let pool = BoundedPool::builder(String::new).max_open(2).name("connections");
        let pool = pool.build().expect("its bounds are right");
        let (one, two) = (pool.get().expect("the first"), pool.get().expect("the second"));
        assert!(pool.get_timeout(std::time::Duration::from_nanos(1)).is_err());
        drop(two);
        let connections = told("connections");
        let stats = &connections["stats"];
        let expected = json!({
            "id": connections["id"],
            "name": "connections",
            "kind": "bounded",
            "closed": false,
            "limits": { "max_open": 2, "max_idle": 2 },
            "stats": {
                "open": 2,
                "idle": 1,
                "in_use": 1,
                "checking": 0,
                "creating": 0,
                "destroying": 0,
                "waiting": 0,
                "max_open": 2,
                "created": 2,
                "borrowed": 2,
                "returned": 1,
                "detached": 0,
                "create_failed": 0,
                "check_failed": 0,
                "waited": 1,
                "timed_out": 1,
                "cancelled": 0,
                "destroyed": stats["destroyed"],
            },
        });
        assert_eq!(connections, expected);
        let reasons = [
            "broken", "closed", "expired", "full", "idle", "panicked", "released", "resized",
            "total",
        ];
        assert_eq!(names_of(&stats["destroyed"]), reasons);
        assert!(connections["id"].as_u64().is_some());
        pool.close();
        assert_eq!(told("connections")["closed"], true);
        assert_eq!(told("connections")["stats"]["destroyed"]["closed"], 1);
        drop((one, pool));
        // Its keeper may be about to see that it is gone.
        let start = std::time::Instant::now();
        while told("connections") != Value::Null {
            assert!(start.elapsed() < std::time::Duration::from_secs(60), "it is listed for ever");
            std::thread::yield_now();
        }

        let expiring =
            ExpiringPool::builder(String::new).name("sessions").build().expect("it is right");
        let sessions = told("sessions");
        assert_eq!(
            (&sessions["kind"], &sessions["limits"]["max_open"]),
            (&json!("expiring"), &Value::Null)
        );
        drop(expiring);
    });
}

#[test]
fn pools_of_one_name_have_ids_of_their_own_which_stay() {
    alone(|| {
        let twins: Vec<Pool<String>> =
            (0..3).map(|_| Pool::builder().name("twin").build()).collect();
        twins.iter().for_each(|twin| drop(twin.get()));
        let ids = || {
            let document: Value = serde_json::from_str(&inspect::json()).expect("it is JSON");
            let pools = document["pools"].as_array().expect("a list");
            pools.iter().map(|pool| pool["id"].as_u64().expect("a number")).collect::<Vec<_>>()
        };
        let first = ids();
        assert_eq!(first.len(), 3);
        let mut distinct = first.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 3);
        let mut twins = twins;
        drop(twins.remove(1));
        let another: Pool<String> = Pool::builder().name("twin").build();
        drop(another.get());
        let later = ids();
        assert_eq!(later.iter().filter(|id| first.contains(id)).count(), 2, "{first:?} {later:?}");
        assert_eq!(later.len(), 3);
    });
}

#[test]
fn limit_that_is_none_is_null() {
    alone(|| {
        let pool = Pool::builder().name("lines").max_bytes(usize::MAX).max_idle(usize::MAX);
        let pool: Pool<String> = pool.max_object_bytes(usize::MAX).build();
        drop(pool.get());
        let limits = &told("lines")["limits"];
        for name in ["max_bytes", "max_idle", "max_object_bytes"] {
            assert_eq!(limits[name], Value::Null, "{name}");
        }
        assert_eq!(limits["cache"], 64);
    });
}

#[test]
fn names_are_escaped_for_json_and_for_html() {
    const NAMES: [&str; 6] = [
        "</script><script>alert(1)</script>",
        "<!-- <img src=x onerror=\"alert('1')\">",
        "\"quoted\" \\ and\nbroken\0\u{7f}",
        "\u{2028}\u{2029} & \u{202e}",
        "π\u{1f980}",
        "",
    ];

    alone(|| {
        let named = |name: &'static str| Pool::builder().name(name).build();
        let pools: Vec<Pool<String>> = NAMES.map(named).into();
        pools.iter().for_each(|pool| drop(pool.get()));
        let text = inspect::json();
        let seen = ['<', '>', '&', '\n', '\0', '\u{2028}', '\u{2029}'];
        assert!(!text.contains(seen), "{text}");
        let document: Value = serde_json::from_str(&text).expect("it is JSON");
        let told = document["pools"].as_array().expect("a list");
        let told: Vec<_> = told.iter().map(|pool| pool["name"].as_str().expect("text")).collect();
        assert_eq!(told, NAMES);
    });
}

#[test]
fn path_stays_an_attribute_whatever_it_is() {
    let plain = inspect::html("");
    for (path, escaped) in [
        ("/pools.json?a=1&b=2", "/pools.json?a=1&amp;b=2"),
        ("\" onload=\"alert(1)", "&quot; onload=&quot;alert(1)"),
        (
            "</script><script>alert(1)</script>",
            "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
        ),
        ("'>{script}{style}{path}", "&#39;&gt;{script}{style}{path}"),
    ] {
        let page = inspect::html(path);
        assert!(page.contains(&format!("<body data-json=\"{escaped}\">")), "{path}");
        // Nothing else of the page hangs on it.
        assert_eq!(page.replacen(escaped, "", 1), plain, "{path}");
        assert_eq!(page.matches("</script").count(), 1, "{path}");
    }
}

/// A drop that asks for the JSON while its pool is being emptied.
#[test]
fn json_may_be_asked_for_from_anywhere() {
    struct Curious(String);

    impl poolable::Reset for Curious {
        fn blank() -> Self {
            Self(String::new())
        }

        fn reset(&mut self) {
            self.0 = inspect::json();
        }
    }

    impl Drop for Curious {
        fn drop(&mut self) {
            assert!(inspect::json().contains("\"curious\""));
        }
    }

    alone(|| {
        let pool = Pool::builder().name("curious").cache(2).max_idle(2).build();
        let pool: std::sync::Arc<Pool<Curious>> = std::sync::Arc::new(pool);
        let other = pool.clone();
        let thread =
            std::thread::spawn(move || drop((0..10).map(|_| other.get()).collect::<Vec<_>>()));
        drop((0..10).map(|_| pool.get()).collect::<Vec<_>>());
        thread.join().expect("nothing is in its way");
        pool.clear();
        assert_eq!(told("curious")["stats"]["idle"], 0);
    });
}
