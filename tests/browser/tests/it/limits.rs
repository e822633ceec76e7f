//! The limit that is named is the one that is in the way.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::served::Served;

/// What the page says of a pool: in the table, and in sentences.
struct Told {
    limit: String,
    findings: String,
}

/// The second answer on has `pools`, whose counters stood at 0 in the first.
///
/// Each is given by its kind, its limits, and what it says of its objects and counters then.
fn told(pools: &[(&str, Value, Value)]) -> Vec<Told> {
    let mut browser = Browser::start().expect("there was one just now");
    let served = Served::start(&[]);
    let mut tab = browser.tab();
    tab.size(1400, 900, false);
    let pools: Vec<Value> = pools
        .iter()
        .enumerate()
        .map(|(id, (kind, limits, stats))| {
            json!({ "id": id, "name": format!("p{id}"), "kind": kind, "limits": limits, "stats": stats })
        })
        .collect();
    let answers = format!(
        "let asked = 0;
        const ask = window.fetch;
        const pools = {};
        window.fetch = async (...how) => {{
            await ask(...how);
            asked++;
            const all = asked === 1 ? pools.map(pool => ({{ ...pool, stats: {{}} }})) : pools;
            const answer = {{ instance: '1', pid: 1, time_ms: 0, uptime_ms: 1000 * asked, pools: all }};
            return {{ ok: true, json: async () => answer }};
        }};",
        Value::from(pools.clone())
    );
    tab.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": answers }));
    tab.open(&served.page());
    // Three answers are drawn.
    tab.until("document.querySelector('#process').textContent.includes('up 3 s')");
    let told = (0..pools.len())
        .map(|id| {
            let row = format!(
                "[...document.querySelectorAll('#rows tr:not(.pad)')]
                    .find(row => row.querySelector('button').textContent === 'p{id}')"
            );
            let limit = tab.eval(&format!("{row}.querySelector('.limit').textContent"));
            tab.click(&format!("{row}.querySelector('button')"));
            tab.until(&format!("document.getElementById('detail-name').textContent === 'p{id}'"));
            let findings = tab.eval(
                "[...document.querySelectorAll('.findings li')].map(it => it.textContent).join('\\n')",
            );
            let text = |value: Value| value.as_str().expect("it is text").to_owned();
            Told { limit: text(limit), findings: text(findings) }
        })
        .collect();
    assert_eq!(tab.noise(&served.address), [""; 0]);
    told
}

#[test]
fn limit_that_is_named_is_the_one_in_the_way() {
    if Browser::start().is_none() {
        return;
    }
    let cached = |reason: &str, max_idle: u64| {
        let limits =
            json!({ "cache": 2, "max_idle": max_idle, "max_object_bytes": 100, "max_bytes": 500 });
        let stats = json!({ "hits": 10, "misses": 10, "discarded": { reason: 7 } });
        ("thread-cached", limits, stats)
    };
    let managed = |kind, max_open: Option<u64>, stats| {
        (kind, json!({ "max_open": max_open, "max_idle": max_open }), stats)
    };
    let told = told(&[
        cached("full", 5),
        // A `local` type has no depot, whatever is raised.
        cached("full", 0),
        cached("bytes", 5),
        cached("oversize", 5),
        // Each waits for its own create, and there is room for more.
        managed("async-resource", Some(9), json!({ "open": 3, "creating": 3, "waiting": 3 })),
        // Four are created at a time, and five wait for that.
        managed(
            "resource",
            Some(9),
            json!({ "open": 4, "creating": 4, "waiting": 5, "waited": 5 }),
        ),
        // All that may be are open.
        managed("resource", Some(2), json!({ "open": 2, "in_use": 2, "waiting": 1, "waited": 1 })),
        // Nobody waits any more, and what for cannot be told.
        managed("resource", Some(9), json!({ "open": 3, "waited": 4 })),
        // A create that takes too long is nothing that `max_open` has to do with.
        managed("resource", Some(9), json!({ "open": 1, "timed_out": 2 })),
        managed("bounded", Some(2), json!({ "open": 1, "waited": 3, "timed_out": 2 })),
    ]);
    let expected = [
        ("max_idle", "because the depot holds max_idle = 5 already: raise max_idle"),
        ("cache", "the depot keeps none (max_idle = 0): a larger cache keeps more"),
        ("max_bytes", "all idle objects together hold max_bytes = 500"),
        ("max_object_bytes", "each held more than max_object_bytes = 100"),
        ("", "Now 3 gets wait for objects that are being created."),
        ("max_connecting", "4 are being created, and no more may be at a time (max_connecting)"),
        ("max_open", "Now 1 get waits for an object: 2 are in use, and max_open = 2 is the most"),
        ("waits", "because max_open = 9 were open already, or as many were being created"),
        ("timeouts", "gave up while an object was created or checked: none ever had to wait"),
        ("timeouts", "2 gets gave up waiting. With max_open = 2, raise max_open"),
    ];
    assert_eq!(told.len(), expected.len());
    for (place, (told, (limit, finding))) in told.iter().zip(expected).enumerate() {
        assert_eq!(told.limit, limit, "pool {place}: {}", told.findings);
        assert!(told.findings.contains(finding), "pool {place}: {}", told.findings);
    }
    assert!(!told[4].findings.contains("max_open") && !told[8].findings.contains("max_open"));
    assert!(!told[5].findings.contains("max_open"), "{}", told[5].findings);
}

/// Answers five seconds apart, of which the page asks for as many as it takes to know a minute.
/// What each pool has counted is a program of how often it was asked.
const GROWING: &str = "
    let asked = 0;
    const [ask, wait] = [window.fetch, window.setTimeout];
    // Between two questions; not what a question is given up after.
    window.setTimeout = (run, after, ...rest) => wait(run, after > 1000 ? after : Math.min(after, 50), ...rest);
    const of = (name, kind, stats) => k => ({ id: name, name, kind, limits: { max_idle: 9, max_open: 9 }, stats: stats(k) });
    const pools = [
        of('lost', 'thread-cached', k => ({ hits: 0, misses: 10 * k, returned: 0, in_use: 10 * k })),
        of('leased', 'bounded', k => ({ borrowed: 3 * k, returned: 0, in_use: 3 * k, open: 3 * k })),
        of('busy', 'thread-cached', k => ({ hits: 900 * k, misses: 100 * k, returned: 990 * k, in_use: 10 * k })),
        of('burst', 'thread-cached', k => ({ hits: 0, misses: 100, returned: 0, in_use: k < 3 ? 0 : 100 })),
        of('detached', 'thread-cached', k => ({ hits: 0, misses: 10 * k, returned: 0, detached: 10 * k, in_use: 0 })),
    ];
    window.fetch = async (...how) => {
        // The last answer stands.
        if (asked === 15) await new Promise(() => {});
        await ask(...how);
        asked++;
        const answer = { instance: '1', pid: 1, time_ms: 0, uptime_ms: 5000 * asked, pools: pools.map(pool => pool(asked)) };
        return { ok: true, json: async () => answer };
    };";

#[test]
fn guards_that_are_kept_are_told_of_and_a_load_is_not() {
    let Some(mut browser) = Browser::start() else { return };
    let served = Served::start(&[]);
    let mut tab = browser.tab();
    tab.size(1400, 900, false);
    tab.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": GROWING }));
    tab.open(&served.page());
    let row = |name: &str| {
        format!(
            "[...document.querySelectorAll('#rows tr:not(.pad)')]
                .find(row => row.querySelector('button').textContent === '{name}')"
        )
    };
    let limit = |name: &str| format!("{}.querySelector('.limit').textContent", row(name));
    tab.until("document.querySelector('#process').textContent.includes('up 1 min 15 s')");
    for (name, expected) in [
        ("lost", "guards held"),
        ("leased", "guards held"),
        ("busy", ""),
        ("burst", ""),
        ("detached", ""),
    ] {
        assert_eq!(tab.eval(&limit(name)), expected, "{name}");
    }
    for (name, tool) in
        [("lost", "A HoldWatch tells where"), ("leased", "hold_warn_after tells of each")]
    {
        tab.click(&format!("{}.querySelector('button')", row(name)));
        tab.until(&format!("document.getElementById('detail-name').textContent === '{name}'"));
        let findings = tab.eval(
            "[...document.querySelectorAll('.findings li')].map(it => it.textContent).join('\\n')",
        );
        let findings = findings.as_str().expect("it is text");
        assert!(findings.contains("out than came back") && findings.contains(tool), "{findings}");
        assert!(findings.contains("Held: ") && !findings.contains("Limit: "), "{findings}");
    }
    assert_eq!(tab.noise(&served.address), [""; 0]);
}
