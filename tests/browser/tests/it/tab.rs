//! A page that is looked at, and one that is not; a server that is there, and one that is not.

use crate::browser::Browser;
use crate::served::Served;

const STATE: &str = "document.getElementById('status').dataset.state";

#[test]
fn page_goes_on_when_the_server_is_back() {
    let Some(mut browser) = Browser::start() else { return };
    let mut served = Served::start(&["--load", "--many", "3"]);
    let mut tab = browser.tab();
    tab.size(1400, 900, false);
    tab.open(&served.page());
    tab.until("document.querySelectorAll('#rows tr:not(.pad)').length === 5");
    tab.polls(3);
    assert_eq!(served.end(), [""; 0]);
    tab.until(&format!("{STATE} === 'away'"));
    let told = tab.eval("document.getElementById('status').innerText");
    let told = told.as_str().expect("it is text");
    assert!(told.starts_with("The server cannot be reached: trying again."), "{told}");
    assert!(told.contains("What is shown is of "), "{told}");
    assert_eq!(tab.eval("document.querySelectorAll('#rows tr:not(.pad)').length"), 5);

    // It is another process, which begins to count anew, and has other pools.
    let mut back = served.again(&["--many", "2"]);
    tab.until(&format!("{STATE} === 'live'"));
    tab.until("document.querySelectorAll('#rows tr:not(.pad)').length === 2");
    tab.until("parseInt(document.querySelector('#rows .gets').textContent) > 0");
    tab.polls(1);
    // What its predecessor did is not drawn as if it were its own: the clocks are two.
    let backwards = "[...document.querySelectorAll('#rows .stroke')]
        .map(line => (line.getAttribute('d').match(/[ML][-\\d.]+/g) ?? []).map(x => Number(x.slice(1))))
        .filter(line => line.length < 1 || line.some((x, place) => x <= line[place - 1]))";
    assert_eq!(tab.eval(backwards), serde_json::json!([]));
    // That nobody is there the browser says itself; it is all that is said.
    let noise = tab.noise(&back.address);
    assert!(noise.iter().all(|said| said.contains("net::ERR_")), "{noise:?}");
    assert_eq!(back.end(), [""; 0]);
}

#[test]
fn page_rests_while_nobody_looks() {
    let Some(mut browser) = Browser::start() else { return };
    let served = Served::start(&["--load"]);
    let mut tab = browser.tab();
    tab.open(&served.page());
    tab.polls(2);
    let look = |hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }});
            document.dispatchEvent(new Event('visibilitychange'))"
        )
    };
    tab.eval(&look(true));
    assert_eq!(tab.eval(STATE), "wait");
    let asked = tab.events("Network.requestWillBeSent").len();
    // The browser's clock: three times would have been asked.
    tab.eval("new Promise(done => setTimeout(done, 3200))");
    assert_eq!(tab.events("Network.requestWillBeSent").len(), asked);
    assert_eq!(tab.eval(STATE), "wait");
    tab.eval(&look(false));
    tab.until(&format!("{STATE} === 'live'"));
    tab.polls(2);
    assert_eq!(tab.noise(&served.address), [""; 0]);
}
