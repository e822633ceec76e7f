//! A name is text, whatever is in it.

use crate::browser::Browser;
use crate::served::Served;

#[test]
fn names_stay_text_wherever_they_are_shown() {
    let Some(mut browser) = Browser::start() else { return };
    let mut served = Served::start(&["--names"]);
    let mut tab = browser.tab();
    tab.size(1400, 900, false);
    // Whoever runs something leaves a trace.
    tab.call(
        "Page.addScriptToEvaluateOnNewDocument",
        &serde_json::json!({ "source": "window.ran = 0; window.alert = () => { window.ran++; };" }),
    );
    tab.open(&served.page());
    tab.until("document.querySelectorAll('#rows button').length === 5");
    let names = "[...document.querySelectorAll('#rows button')].map(it => it.textContent).sort()";
    let expected = [
        "\"'><svg onload=alert(1)>&amp;&lt;",
        "(no name)",
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "line\\u{a}break \\u{202e}backwards",
    ];
    assert_eq!(tab.eval(names), serde_json::json!(expected));

    let elements = "[document.images.length, document.scripts.length,
        document.querySelectorAll('svg:not([viewBox]), [onerror], [onload]').length]";
    for name in expected {
        let name = serde_json::Value::from(name);
        tab.click(&format!(
            "[...document.querySelectorAll('#rows button')].find(it => it.textContent === {name})"
        ));
        tab.until(&format!("document.getElementById('detail-name').textContent === {name}"));
        assert_eq!(tab.eval(elements), serde_json::json!([0, 1, 0]), "{name}");
    }
    assert_eq!(tab.eval("window.ran"), 0);
    assert_eq!(tab.noise(&served.address), [""; 0]);
    assert_eq!(served.end(), [""; 0]);
}
