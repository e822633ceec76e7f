//! A browser, led by its DevTools protocol.
//!
//! It talks over two pipes, as descriptors 3 and 4, and ends when they close: by the guard, or
//! because the test's process is gone.

use std::collections::HashMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

/// What must come comes within this, however slow the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// What a Chromium is called.
const CALLED: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// What the browser has said.
#[derive(Default)]
struct Heard {
    answers: HashMap<u64, Value>,
    events: Vec<Value>,
    /// Whether it says nothing more.
    is_over: bool,
}

type Ear = Arc<(Mutex<Heard>, Condvar)>;

/// A browser with nothing of its user's in it, until this is dropped.
pub(crate) struct Browser {
    process: Child,
    folder: PathBuf,
    mouth: Option<ChildStdin>,
    ear: Ear,
    listening: Option<JoinHandle<()>>,
    last: u64,
}

impl Browser {
    /// Starts one. `None`, if there is none: that has been said then.
    pub(crate) fn start() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let Some(program) = installed() else {
            let why = "no Chromium is installed";
            assert!(
                env::var_os("POOLABLE_REQUIRE").is_none(),
                "POOLABLE_REQUIRE is set, and {why}"
            );
            // Not by `eprintln!`: of a test that passes, libtest keeps it to itself.
            let _ = std::io::stderr().write_all(format!("skipped: {why}\n").as_bytes());
            return None;
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("poolable-browser-{}-{number}", std::process::id());
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder for the browser");
        let words = fs::File::create(folder.join("stderr")).expect("a file for what it says");
        let mut process = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#])
            .arg(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"])
            .args([
                "--disable-background-networking",
                "--no-first-run",
                "--no-default-browser-check",
            ])
            .args(["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .arg("about:blank")
            // So that it finds nothing of the user's, and leaves nothing there.
            .env("HOME", &folder)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(words)
            .process_group(0)
            .spawn()
            .expect("a shell");
        let (mouth, voice) = (process.stdin.take(), process.stdout.take());
        let ear = Ear::default();
        let voice = voice.expect("it is piped");
        let listening = std::thread::spawn({
            let ear = ear.clone();
            move || listen(voice, &ear)
        });
        Some(Self { process, folder, mouth, ear, listening: Some(listening), last: 0 })
    }

    /// Opens an empty tab.
    pub(crate) fn tab(&mut self) -> Tab<'_> {
        let target = self.call(None, "Target.createTarget", &json!({ "url": "about:blank" }));
        let how = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", &how)["sessionId"].clone();
        let mut tab = Tab { browser: self, session };
        for domain in ["Page", "Runtime", "Log", "Network", "Performance"] {
            tab.call(&format!("{domain}.enable"), &json!({}));
        }
        tab
    }

    fn call(&mut self, session: Option<&Value>, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.clone();
        }
        let mouth = self.mouth.as_mut().expect("it is open until the drop");
        let said = mouth.write_all(format!("{message}\0").as_bytes()).and_then(|()| mouth.flush());
        assert!(said.is_ok(), "the browser has gone: {}", self.words());
        let start = Instant::now();
        let (heard, more) = &*self.ear;
        let mut heard = heard.lock().expect("nobody panics meanwhile");
        let answer = loop {
            if let Some(answer) = heard.answers.remove(&self.last) {
                break answer;
            }
            let left = PATIENCE.checked_sub(start.elapsed());
            assert!(!heard.is_over, "the browser has gone: {}", self.words());
            let left = left.unwrap_or_else(|| panic!("no answer to {method}: {}", self.words()));
            (heard, _) = more.wait_timeout(heard, left).expect("nobody panics meanwhile");
        };
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    /// What it wrote to its standard error.
    fn words(&self) -> String {
        fs::read_to_string(self.folder.join("stderr")).unwrap_or_default()
    }
}

impl Drop for Browser {
    /// Ends all of its processes, and removes what it wrote.
    fn drop(&mut self) {
        drop(self.mouth.take());
        if let Some(group) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            // If they have ended already, so much the better.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.process.wait();
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
        // The last of them may be writing still.
        let start = Instant::now();
        while fs::remove_dir_all(&self.folder).is_err()
            && self.folder.exists()
            && start.elapsed() < PATIENCE
        {
            std::thread::yield_now();
        }
    }
}

/// Takes in what the browser says, until it says nothing more.
fn listen(voice: ChildStdout, (heard, more): &(Mutex<Heard>, Condvar)) {
    let mut voice = BufReader::new(voice);
    let mut message = Vec::new();
    while matches!(voice.read_until(0, &mut message), Ok(length) if length > 0) {
        message.pop();
        if let Ok(value) = serde_json::from_slice::<Value>(&message) {
            let mut heard = heard.lock().expect("nobody panics meanwhile");
            match value["id"].as_u64() {
                Some(id) => drop(heard.answers.insert(id, value)),
                None => heard.events.push(value),
            }
            more.notify_all();
        }
        message.clear();
    }
    heard.lock().expect("nobody panics meanwhile").is_over = true;
    more.notify_all();
}

fn installed() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let is_program = |path: &Path| path.is_file();
    let named = |name: &'static str| {
        env::split_paths(&path)
            .map(move |folder| folder.join(OsStr::new(name)))
            .find(|it| is_program(it))
    };
    CALLED.into_iter().find_map(named)
}

/// A tab of a browser.
pub(crate) struct Tab<'b> {
    browser: &'b mut Browser,
    session: Value,
}

impl Tab<'_> {
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.browser.call(Some(&self.session), method, parameters)
    }

    /// Goes to a page, and waits until it says that it is alive.
    pub(crate) fn open(&mut self, url: &str) {
        let outcome = self.call("Page.navigate", &json!({ "url": url }));
        assert!(outcome["errorText"].is_null(), "{url}: {outcome}");
        self.until("document.getElementById('status').dataset.state === 'live'");
    }

    /// What an expression comes to, once it does if it is a promise.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let how = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
            "timeout": PATIENCE.as_millis() as u64,
        });
        let outcome = self.call("Runtime.evaluate", &how);
        assert!(outcome["exceptionDetails"].is_null(), "{expression}: {outcome}");
        outcome["result"]["value"].clone()
    }

    /// Waits until an expression is true, or something that counts as that, and returns it.
    pub(crate) fn until(&mut self, expression: &str) -> Value {
        let patience = PATIENCE.as_millis() / 2;
        let waiting = format!(
            "new Promise((done, failed) => {{
                const began = performance.now();
                const look = () => {{
                    let value;
                    try {{ value = ({expression}); }} catch {{ value = false; }}
                    if (value) done(value);
                    else if (performance.now() - began > {patience}) failed(new Error(document.body.innerText));
                    else setTimeout(look, 20);
                }};
                look();
            }})"
        );
        self.eval(&waiting)
    }

    /// Waits until the server has answered so many times from now on.
    pub(crate) fn polls(&mut self, count: usize) {
        let seen = format!(
            "new Promise(done => {{
                let left = {count};
                const observer = new PerformanceObserver(list => {{
                    left -= list.getEntries().filter(entry => entry.responseStatus === 200).length;
                    if (left <= 0) {{ observer.disconnect(); setTimeout(done, 50); }}
                }});
                observer.observe({{ type: 'resource' }});
            }})"
        );
        self.eval(&seen);
    }

    /// Clicks in the middle of an element.
    pub(crate) fn click(&mut self, element: &str) {
        let place = self.eval(&format!(
            "(() => {{
                const element = {element};
                element.scrollIntoView({{ block: 'center' }});
                const box = element.getBoundingClientRect();
                return {{ x: box.x + box.width / 2, y: box.y + box.height / 2 }};
            }})()"
        ));
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let click = json!({
                "type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1,
            });
            self.call("Input.dispatchMouseEvent", &click);
        }
        // Away, since the rows under a mouse stay where they are.
        let away = json!({ "type": "mouseMoved", "x": 1, "y": 1 });
        self.call("Input.dispatchMouseEvent", &away);
    }

    /// Sets media features.
    pub(crate) fn prefer(&mut self, features: &[(&str, &str)]) {
        let features = features.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        let features: Vec<_> = features.collect();
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// Makes the window so wide and high.
    pub(crate) fn size(&mut self, width: u32, height: u32, is_phone: bool) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone,
        });
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// A figure that the browser keeps of the page.
    pub(crate) fn metric(&mut self, name: &str) -> f64 {
        let metrics = self.call("Performance.getMetrics", &json!({}));
        let metrics = metrics["metrics"].as_array().expect("a list");
        let metric = metrics.iter().find(|metric| metric["name"] == name);
        metric.and_then(|metric| metric["value"].as_f64()).expect("it is counted")
    }

    /// The events of a kind, of this tab.
    pub(crate) fn events(&self, method: &str) -> Vec<Value> {
        let heard = self.browser.ear.0.lock().expect("nobody panics meanwhile");
        let ours = |event: &&Value| event["method"] == method && event["sessionId"] == self.session;
        heard.events.iter().filter(ours).map(|event| event["params"].clone()).collect()
    }

    /// What the page wrote to the console, threw, violated, asked for in a dialog; and which
    /// other addresses it asked for.
    pub(crate) fn noise(&mut self, address: &str) -> Vec<String> {
        // What has been said until now has been heard once this is answered.
        self.eval("1");
        let kinds = [
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
            "Network.webSocketCreated",
        ];
        let said = kinds.iter().flat_map(|kind| self.events(kind));
        let mut noise: Vec<_> = said.map(|event| event.to_string()).collect();
        let asked = self.events("Network.requestWillBeSent");
        assert!(asked.len() > 1, "the page and its JSON are asked for: {asked:?}");
        let asked = asked.iter().map(|event| event["request"]["url"].as_str().unwrap_or_default());
        let json = format!("http://{address}/%22'%3Cpools%3E&.json");
        let page = format!("http://{address}/pools");
        noise.extend(asked.filter(|url| **url != json && **url != page).map(str::to_owned));
        noise
    }
}
