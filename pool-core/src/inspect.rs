//! A page that shows what the pools of the process do, and the JSON that it asks for.
//!
//! [`html`] is the page and [`json`] what it polls: mount each at a path of its own, whatever
//! the server. With axum that is
//!
//! ```
//! use axum::{Router, http::header::CONTENT_TYPE, response::Html, routing::get};
//! use poolable::inspect;
//!
//! let service: Router = Router::new()
//!     .route("/inspect", get(async || Html(inspect::html("/inspect.json"))))
//!     .route("/inspect.json", get(async || ([(CONTENT_TYPE, inspect::JSON)], inspect::json())));
//! # use axum::{body::Body, http::Request};
//! # use tower::ServiceExt;
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # for (path, kind) in [("/inspect", "text/html; charset=utf-8"), ("/inspect.json", inspect::JSON)] {
//! #     let asked = Request::get(path).body(Body::empty()).unwrap();
//! #     let answer = runtime.block_on(service.clone().oneshot(asked)).unwrap();
//! #     assert_eq!((answer.status().as_u16(), &answer.headers()[CONTENT_TYPE]), (200, &kind.parse().unwrap()));
//! # }
//! ```
//!
//! Both belong behind the operator's access control: who reaches them sees the names, the limits and
//! the counts of all pools, though nothing of what is in them.
//!
//! # The page
//!
//! It is one document that loads nothing but the JSON, which it asks for about once a second, not
//! while nobody can see it. It works under, and brings along, the policy
//! `default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'`.
//! What it draws of the past is what it has seen itself since it was opened, five minutes at the most.
//!
//! # The JSON
//!
//! An object. This much is a promise; fields may be added, and so may kinds of pools.
//!
//! | field | what it is |
//! | --- | --- |
//! | `instance` | text that no other process has: if it changes, the counters began anew |
//! | `pid` | the number of the process |
//! | `time_ms` | when it was asked for, in milliseconds since 1970, by the system's clock |
//! | `uptime_ms` | milliseconds since the process began, by a clock that only goes forward; on other systems than Linux, since the first call of this module |
//! | `pools` | an array of all pools that there are |
//!
//! and of each pool
//!
//! | field | what it is |
//! | --- | --- |
//! | `id` | a number that no other pool of the process ever has: names may be there twice |
//! | `name` | its name |
//! | `kind` | `thread-cached`, `bounded`, `expiring`, `resource` or `async-resource` |
//! | `caches` | of a thread-cached pool: the most threads that used it at one time |
//! | `closed` | of the others: whether it is closed |
//! | `limits` | by name; `null` is no limit. `cache`, `max_idle`, `max_object_bytes`, `max_bytes` of a thread-cached pool, `max_open`, `max_idle` of the others |
//! | `stats` | the fields of [`Stats`](crate::Stats), or of `managed::Stats`, by their names; `discarded` and `destroyed` are objects, with the reasons and a `total` |
//!
//! Neither it nor the page has a `<`, `>` or `&` out of a name or a path: they may stand in HTML.

// | module | what it owns |
// | --- | --- |
// | `document` | what of the pools is told, and by which names |
// | `uptime` | for how long the process has been there |

mod document;
mod uptime;

use core::fmt::Write;

use self::document::document;

const PAGE: &str = include_str!("inspect/page.html");
const STYLE: &str = include_str!("inspect/page.css");
const SCRIPT: &str = include_str!("inspect/page.js");

/// The content type of [`json`].
///
/// # Examples
///
/// ```
/// assert_eq!(poolable::inspect::JSON, "application/json");
/// ```
pub const JSON: &str = "application/json";

/// The page, which asks for [`json`] at `json_path`: a path on the same server, absolute or
/// relative to the page's own. It is the same at each call, and may be kept.
///
/// # Examples
///
/// ```
/// let page = poolable::inspect::html("/pools.json");
/// assert!(page.starts_with("<!doctype html>") && page.contains("\"/pools.json\""));
/// // Whatever the path is, it stays one.
/// let page = poolable::inspect::html("\"><script>alert(1)</script>");
/// assert!(page.contains("\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""));
/// ```
#[must_use]
pub fn html(json_path: &str) -> String {
    uptime::uptime();
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + json_path.len());
    let mut rest = PAGE;
    for (mark, part) in [("{style}", STYLE), ("{path}", ""), ("{script}", SCRIPT)] {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        page.push_str(before);
        page.push_str(part);
        if mark == "{path}" {
            push_attribute(&mut page, json_path);
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Appends what stands for `text` between the quotes of an attribute.
fn push_attribute(page: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            char => page.push(char),
        }
    }
}

/// What all pools have counted, and their limits, as [JSON](self#the-json).
///
/// # Examples
///
/// ```
/// use poolable::{Pool, inspect};
///
/// let pool: Pool<String> = Pool::builder().name("lines").max_idle(100).build();
/// drop(pool.get());
/// let told: serde_json::Value = serde_json::from_str(&inspect::json())?;
/// let lines = &told["pools"][0];
/// assert_eq!((&lines["name"], &lines["kind"]), (&"lines".into(), &"thread-cached".into()));
/// assert_eq!((&lines["stats"]["misses"], &lines["limits"]["max_idle"]), (&1.into(), &100.into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn json() -> String {
    // Nothing in it fails to be written: its keys are text, and its numbers are finite.
    for_html(serde_json::to_string(&document()).unwrap_or_default())
}

/// Escapes what HTML would see in it. In JSON these stand in texts alone.
fn for_html(json: String) -> String {
    const SEEN: [char; 5] = ['<', '>', '&', '\u{2028}', '\u{2029}'];

    if !json.contains(SEEN) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 64);
    for char in json.chars() {
        if SEEN.contains(&char) {
            // A string takes whatever is written into it.
            let _ = write!(escaped, "\\u{:04x}", char as u32);
        } else {
            escaped.push(char);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_page_fit_together() {
        assert_eq!(PAGE.matches('{').count(), 3, "marks alone have braces");
        let places = ["{style}", "{path}", "{script}"].map(|mark| PAGE.find(mark));
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?}");
        assert!(!SCRIPT.to_ascii_lowercase().contains("</script") && !SCRIPT.contains("<!--"));
        assert!(!STYLE.to_ascii_lowercase().contains("</style"));
    }

    #[test]
    fn page_names_nothing_elsewhere() {
        let page = html("/pools.json");
        // The name of a vocabulary, which nobody asks for.
        let page = page.replace("http://www.w3.org/2000/svg", "");
        for elsewhere in ["http:", "https:", "//cdn", "url(", "@import", "src=", "import("] {
            assert!(!page.contains(elsewhere), "{elsewhere}");
        }
    }
}
