//! Dark and light, seen by everybody.

use serde_json::{Value, json};

use crate::browser::{Browser, Tab};
use crate::served::Served;

/// All texts that are seen, each with the contrast to what is behind it, by the formulas of the
/// Web Content Accessibility Guidelines.
const CONTRASTS: &str = r"(() => {
    const colour = text => {
        const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
        return { r, g, b, a };
    };
    const over = (top, below) => {
        const mix = part => top[part] * top.a + below[part] * (1 - top.a);
        return { r: mix('r'), g: mix('g'), b: mix('b'), a: 1 };
    };
    const light = ({ r, g, b }) => {
        const [lr, lg, lb] = [r, g, b].map(part => {
            part /= 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * lr + 0.7152 * lg + 0.0722 * lb;
    };
    const behind = element => {
        const layers = [];
        for (let it = element; it; it = it.parentElement) {
            const layer = colour(getComputedStyle(it).backgroundColor);
            layers.push(layer);
            if (layer.a === 1) break;
        }
        return layers.reverse().reduce((below, layer) => over(layer, below));
    };
    const seen = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode.textContent.trim(), element = texts.currentNode.parentElement;
        if (!text || !element.checkVisibility() || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
        const ground = behind(element), ink = over(colour(getComputedStyle(element).color), ground);
        const [a, b] = [light(ink), light(ground)];
        seen.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text]);
    }
    return seen;
})()";

/// The least contrast of a text in what is shown now.
fn least_contrast(tab: &mut Tab<'_>) -> (f64, String) {
    let seen = tab.eval(CONTRASTS);
    let seen = seen.as_array().expect("a list");
    assert!(seen.len() > 50, "only {} texts are seen", seen.len());
    let contrast = |it: &Value| (it[0].as_f64().unwrap_or(0.0), it[1].to_string());
    let all = seen.iter().map(contrast);
    all.min_by(|(a, _), (b, _)| a.total_cmp(b)).expect("there are some")
}

#[test]
fn light_and_dark_differ_and_both_can_be_read() {
    let Some(mut browser) = Browser::start() else { return };
    let mut served = Served::start(&["--load", "--full"]);
    let mut tab = browser.tab();
    tab.size(1400, 900, false);
    tab.open(&served.page());
    tab.until("document.querySelectorAll('#rows .limit .chip').length === 2");
    let ground = "getComputedStyle(document.documentElement).backgroundColor";
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        tab.prefer(&[("prefers-color-scheme", scheme)]);
        grounds.push(tab.eval(ground));
        // Each pool opened, so that each kind of sentence is seen.
        for name in ["bursts", "connections", "orders"] {
            tab.click(&format!(
                "[...document.querySelectorAll('#rows button')].find(it => it.textContent === '{name}')"
            ));
            tab.until(&format!("document.getElementById('detail-name').textContent === '{name}'"));
            let (contrast, text) = least_contrast(&mut tab);
            assert!(contrast >= 4.5, "{scheme}: {contrast:.2} of {text}");
        }
        let placeholder = tab.eval(
            "getComputedStyle(document.getElementById('filter'), '::placeholder').color ===
                getComputedStyle(document.getElementById('process')).color",
        );
        assert_eq!(placeholder, true, "it is as any other text that is quiet");
    }
    assert_ne!(grounds[0], grounds[1]);

    served.end();
    tab.until("document.getElementById('status').dataset.state === 'away'");
    for scheme in ["light", "dark"] {
        tab.prefer(&[("prefers-color-scheme", scheme)]);
        let (contrast, text) = least_contrast(&mut tab);
        assert!(contrast >= 4.5, "{scheme}: {contrast:.2} of {text}");
    }
}

#[test]
fn charts_glide_unless_that_is_not_wanted() {
    let Some(mut browser) = Browser::start() else { return };
    let served = Served::start(&["--load"]);
    let mut tab = browser.tab();
    tab.open(&served.page());
    tab.until("document.getAnimations().length > 0");
    tab.prefer(&[("prefers-reduced-motion", "reduce")]);
    tab.until("document.getAnimations().length === 0");
    let line = tab.eval("document.querySelector('#detail .stroke').getAttribute('d')");
    tab.until(&format!("document.querySelector('#detail .stroke').getAttribute('d') !== {line}"));
    assert_eq!(tab.eval("document.getAnimations().length"), 0);
}

#[test]
fn page_can_be_used_without_eyes_and_without_a_mouse() {
    let Some(mut browser) = Browser::start() else { return };
    let served = Served::start(&["--load", "--full"]);
    let mut tab = browser.tab();
    tab.size(1400, 900, false);
    tab.open(&served.page());
    tab.until("document.querySelectorAll('#rows tr:not(.pad)').length === 3");
    // As the browser tells those who read the page aloud.
    let tree = tab.call("Accessibility.getFullAXTree", &json!({}));
    let nodes = tree["nodes"].as_array().expect("a list");
    let named = |role: &str| {
        let nodes = nodes.iter().filter(|node| node["ignored"] == false);
        let nodes = nodes.filter(|node| node["role"]["value"] == role);
        nodes.map(|node| node["name"]["value"].as_str().unwrap_or_default()).collect::<Vec<_>>()
    };
    let heads = named("columnheader");
    for head in ["Pool", "Gets/s", "Hit rate", "In use", "Idle", "Kept", "Freed/min", "Limit"] {
        assert!(heads.iter().any(|it| it.starts_with(head)), "{head} in {heads:?}");
    }
    for name in ["orders", "bursts", "connections"] {
        assert!(named("rowheader").iter().any(|it| it.starts_with(name)), "{name}");
        assert!(named("button").contains(&name), "{name}");
    }
    assert_eq!(named("searchbox"), ["Filter by name"]);
    assert!(named("image").iter().any(|it| it.starts_with("Hit rate, over the last ")));
    assert!(nodes.iter().any(|node| node["role"]["value"] == "status"));

    // From the box to the heads, and on to the first pool.
    tab.eval("document.getElementById('filter').focus()");
    for _ in 0..1 + 8 {
        for kind in ["rawKeyDown", "keyUp"] {
            let key =
                json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9 });
            tab.call("Input.dispatchKeyEvent", &key);
        }
    }
    let focused =
        tab.eval("document.activeElement.closest('#rows') && document.activeElement.textContent");
    assert!(focused.is_string(), "a pool is focused: {focused}");
    for kind in ["keyDown", "keyUp"] {
        let key = json!({ "type": kind, "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13 });
        tab.call("Input.dispatchKeyEvent", &key);
    }
    tab.until("document.activeElement.getAttribute('aria-pressed') === 'true'");
    assert_eq!(tab.eval("document.getElementById('detail-name').textContent"), focused);
}
