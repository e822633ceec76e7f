//! What is drawn is what the pools do.

use serde_json::Value;

use crate::browser::{Browser, Tab};
use crate::served::Served;

/// The cells of a pool's row, by the classes of their columns.
fn cell(name: &str, column: &str) -> String {
    format!(
        "[...document.querySelectorAll('#rows tr:not(.pad)')]
            .find(row => row.querySelector('button').textContent === '{name}')
            .querySelector('.{column}').textContent"
    )
}

/// A number as the page writes it.
fn number(text: &Value) -> f64 {
    let digits = text.as_str().expect("a cell has text").replace('\u{202f}', "");
    digits.trim_end_matches('%').parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

fn open(tab: &mut Tab<'_>, name: &str) {
    let button = format!(
        "[...document.querySelectorAll('#rows button')].find(it => it.textContent === '{name}')"
    );
    tab.until(&format!("!!({button})"));
    tab.click(&button);
    tab.until(&format!("document.getElementById('detail-name').textContent === '{name}'"));
}

#[test]
fn figures_move_under_load_and_nothing_else_is_said_or_asked_for() {
    let Some(mut browser) = Browser::start() else { return };
    let mut served = Served::start(&["--load"]);
    let mut tab = browser.tab();
    tab.size(1400, 900, false);
    tab.open(&served.page());

    tab.until(&format!("parseInt({}) > 0", cell("orders", "gets")));
    tab.until(&format!("{}.startsWith('100') || {0}.startsWith('99')", cell("orders", "hit")));
    open(&mut tab, "orders");
    let total = "[...document.querySelectorAll('#detail tbody tr')]
        .find(row => row.firstChild.textContent === 'Gets').lastChild.textContent";
    let first = number(&tab.eval(total));
    tab.polls(2);
    let second = number(&tab.eval(total));
    assert!(second > first, "{first} gets, and later {second}");

    let line = "document.querySelector('#detail .stroke').getAttribute('d')";
    let (drawn, _) = (tab.until(&format!("{line}.split('L').length > 2 && {line}")), tab.polls(1));
    let moved = tab.until(&format!("{line} !== {drawn} && {line}"));
    assert_ne!(drawn, moved);
    let spoken = tab.eval("document.querySelector('#detail svg').getAttribute('aria-label')");
    let spoken = spoken.as_str().expect("it is text");
    assert!(spoken.starts_with("Gets per second, over the last "), "{spoken}");

    assert_eq!(tab.noise(&served.address), [""; 0]);
    assert_eq!(served.end(), [""; 0]);
}

#[test]
fn depot_that_is_full_is_told_of_with_its_limit() {
    let Some(mut browser) = Browser::start() else { return };
    let served = Served::start(&["--full", "--load"]);
    let mut tab = browser.tab();
    tab.size(1400, 900, false);
    tab.open(&served.page());

    tab.until(&format!("{} === 'max_idle'", cell("bursts", "limit")));
    assert_eq!(tab.eval(&cell("orders", "limit")), "", "nothing is wrong with the other");
    tab.until("document.querySelector('#summary > :last-child dd').textContent !== 'none'");
    open(&mut tab, "bursts");
    let told = tab.until("document.querySelector('.findings .warn').textContent");
    let told = told.as_str().expect("it is text");
    let rest = told.strip_prefix("Limit: In the last ").unwrap_or_else(|| panic!("{told}"));
    let (freed, rest) = rest.split_once(" returned objects were freed ").expect(told);
    assert!(freed.contains(|digit: char| digit.is_ascii_digit()), "{told}");
    assert!(
        rest.starts_with("because the depot holds max_idle = 8 already: raise max_idle"),
        "{told}"
    );
    assert!(rest.contains("gets had to create one"), "it hurts: {told}");
    let limits = tab.eval(
        "[...document.querySelectorAll('#detail table:last-child tbody tr')]
        .map(row => [row.firstChild.textContent, row.lastChild.textContent].join(' '))",
    );
    assert_eq!(limits[0], "cache 4");
    assert_eq!(limits[1], "max_idle 8");
    // All that is freed is counted under one reason.
    let rows = "[...document.querySelector('#detail .figures').tBodies[0].rows]
        .map(row => row.lastChild.textContent)";
    let freed = tab.eval(rows);
    let freed: Vec<f64> = freed.as_array().expect("seven").iter().map(number).collect();
    assert!(freed.len() == 7 && freed[0] > 0.0 && freed[1..] == [0.0; 6], "{freed:?}");
}

#[test]
fn pool_that_is_waited_for_tells_of_waits_timeouts_and_its_maximum() {
    let Some(mut browser) = Browser::start() else { return };
    let served = Served::start(&["--load"]);
    let mut tab = browser.tab();
    tab.size(1400, 900, false);
    tab.open(&served.page());

    open(&mut tab, "connections");
    tab.until("document.querySelector('.findings .bad')?.textContent.includes('gave up waiting')");
    let told = tab.until(
        "[...document.querySelectorAll('.findings li')].map(it => it.textContent).join('\\n')",
    );
    let told = told.as_str().expect("it is text");
    assert!(told.contains("With max_open = 2, raise max_open"), "{told}");
    tab.until("document.querySelector('.findings').textContent.includes('had to wait')");
    assert_eq!(tab.eval(&cell("connections", "limit")), "timeouts");
    assert_eq!(tab.eval(&cell("connections", "hit")), "–", "there is no such thing");
    let kind = tab.eval("document.querySelector('.which').textContent");
    assert_eq!(kind, "Bounded pool");
}

#[test]
fn before_any_pool_is_used_the_page_says_so() {
    let Some(mut browser) = Browser::start() else { return };
    let mut served = Served::start(&[]);
    let mut tab = browser.tab();
    tab.open(&served.page());
    assert_eq!(tab.eval("document.getElementById('empty').hidden"), false);
    assert_eq!(tab.eval("document.getElementById('panes').hidden"), true);
    let text = tab.eval("document.body.innerText");
    assert!(text.as_str().is_some_and(|text| text.contains("No pool has been used yet")), "{text}");
    assert_eq!(tab.noise(&served.address), [""; 0]);
    assert_eq!(served.end(), [""; 0]);
}
