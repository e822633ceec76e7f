//! A thousand pools.

use crate::browser::Browser;
use crate::served::Served;

/// What an answer may keep the page busy for, in seconds: the browser's own account of all that
/// its thread does, on a machine with other things to do. See the test's output for what it was.
const BUSY_MOST: f64 = 0.25;

#[test]
fn thousand_pools_stay_readable_and_quick() {
    let Some(mut browser) = Browser::start() else { return };
    let mut served = Served::start(&["--many", "1000"]);
    let mut tab = browser.tab();
    tab.size(1400, 900, false);
    tab.open(&served.page());
    tab.until("document.querySelector('#summary dd').textContent === '1\\u202f000'");
    let rows = "document.querySelectorAll('#rows tr:not(.pad)').length";
    let in_document = tab.eval(rows).as_u64().expect("a number");
    assert!((10..60).contains(&in_document), "{in_document} rows are in the document");
    assert_eq!(tab.eval("document.getElementById('table').getAttribute('aria-rowcount')"), "1001");

    // The room for the others is exactly theirs, and the last is where the page ends.
    tab.eval("scrollTo(0, document.documentElement.scrollHeight)");
    tab.until("[...document.querySelectorAll('#rows tr')].some(row => row.getAttribute('aria-rowindex') === '1001')");
    let at_the_end = "(() => {
        const row = document.querySelector('#rows tr[aria-rowindex=\"1001\"]').getBoundingClientRect();
        return row.top >= 0 && row.bottom <= innerHeight;
    })()";
    assert_eq!(tab.eval(at_the_end), true);
    let height = tab.eval(
        "document.getElementById('rows').getBoundingClientRect().height /
            document.querySelector('#rows tr:not(.pad)').getBoundingClientRect().height",
    );
    assert_eq!(height, 1000, "rows");
    tab.polls(1);
    assert_eq!(tab.eval(at_the_end), true, "an answer does not move what is seen");
    tab.eval("scrollTo(0, 0)");
    tab.until("document.querySelector('#rows tr[aria-rowindex=\"2\"]') !== null");

    // By name, in either direction.
    tab.click("document.querySelector('#head .name button')");
    let first = "document.querySelector('#rows tr:not(.pad) button').textContent";
    tab.until(&format!("{first} === 'pool-0001'"));
    assert_eq!(tab.eval("document.querySelector('#head .name').ariaSort"), "ascending");
    tab.click("document.querySelector('#head .name button')");
    tab.until(&format!("{first} === 'pool-1000'"));
    assert_eq!(tab.eval("document.querySelector('#head .name').ariaSort"), "descending");
    assert_eq!(tab.eval("document.querySelectorAll('#head [aria-sort]').length"), 1);

    // What the page does with an answer, all in all. Without the charts' gliding, whose frames come
    // as often as the screen takes them, however many pools there are.
    const POLLS: usize = 4;
    tab.prefer(&[("prefers-reduced-motion", "reduce")]);
    tab.polls(1);
    let before = tab.metric("TaskDuration");
    tab.polls(POLLS);
    let busy = (tab.metric("TaskDuration") - before) / POLLS as f64;
    println!("busy for {:.1} ms with each answer", busy * 1e3);
    assert!(busy < BUSY_MOST, "busy for {busy} s with each answer");

    tab.click("document.getElementById('filter')");
    tab.call("Input.insertText", &serde_json::json!({ "text": "POOL 777" }));
    tab.until(&format!("{rows} === 1"));
    assert_eq!(tab.eval(first), "pool-0777");
    assert_eq!(tab.eval("document.getElementById('shown').textContent"), "1 of 1\u{202f}000");
    tab.call("Input.insertText", &serde_json::json!({ "text": " nothing like it" }));
    tab.until("!document.getElementById('none').hidden");

    assert_eq!(tab.noise(&served.address), [""; 0]);
    assert_eq!(served.end(), [""; 0]);
}

#[test]
fn thousand_pools_fit_a_phone() {
    let Some(mut browser) = Browser::start() else { return };
    let served = Served::start(&["--many", "1000", "--names", "--load", "--full"]);
    let mut tab = browser.tab();
    tab.size(360, 740, true);
    tab.open(&served.page());
    tab.until("document.querySelectorAll('#rows tr:not(.pad)').length > 0");
    let width = "[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]";
    assert_eq!(tab.eval(width), serde_json::json!([360, 360, 360]));
    tab.polls(1);
    let name = tab.eval("document.querySelector('#rows .name').clientWidth");
    assert!(name.as_u64() > Some(110), "a name has {name} px");
    // A figure that is cut off is none.
    let cut = "[...document.querySelectorAll('#rows td, #head button, #summary dd, #detail td')]
        .filter(it => it.offsetParent && it.scrollWidth > it.clientWidth + 1)
        .map(it => `${it.className} ${it.textContent}`)";
    assert_eq!(tab.eval(cut), serde_json::json!([]));
    // Opened, the details are seen, though the table is far below.
    tab.eval("scrollTo(0, 20000)");
    tab.until("document.querySelector('#rows tr:not(.pad)').getAttribute('aria-rowindex') > 100");
    tab.eval("document.querySelectorAll('#rows tr:not(.pad)')[10].click()");
    tab.until("document.activeElement.id === 'detail'");
    tab.until("document.getElementById('detail').getBoundingClientRect().top < 100");
    assert_eq!(tab.eval(width), serde_json::json!([360, 360, 360]));
    assert_eq!(tab.eval(cut), serde_json::json!([]));
}
