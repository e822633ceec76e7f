//! What pools tell the crates `tracing` and `metrics`, as a program hears it.
//!
//! Both have one listener for the process, so this is a package of its own. The tests run side by
//! side: each has a name for its pools, and looks at what it is told of that.
#![allow(clippy::std_instead_of_core, reason = "written as users write")]

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// An event of a pool's.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// How urgent.
    pub level: Level,
    /// Its message.
    pub message: String,
    /// The other fields in their order, but for the pool's name.
    pub fields: Vec<(&'static str, String)>,
}

/// What is done when a pool of some name tells something.
type Hook = Arc<dyn Fn() + Send + Sync>;

/// The subscriber: it writes everything down, and does what it was asked to.
#[derive(Default)]
struct Diary {
    told: Mutex<HashMap<String, Vec<Told>>>,
    hooks: Mutex<HashMap<String, Hook>>,
}

#[derive(Default)]
struct Fields {
    pool: String,
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => self.others.push((name, format!("{value:?}"))),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "pool" => self.pool = value.to_owned(),
            name => self.others.push((name, value.to_owned())),
        }
    }
}

impl Subscriber for Diary {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        assert_eq!(event.metadata().target(), "poolable", "nobody else tells anything here");
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Fields { pool, message, others } = fields;
        let told = Told { level: *event.metadata().level(), message, fields: others };
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(pool.clone()).or_default().push(told);
        drop(all);
        let hook = self.hooks.lock().unwrap_or_else(PoisonError::into_inner).get(&pool).cloned();
        if let Some(hook) = hook {
            hook();
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        unreachable!("pools have no spans")
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn diary() -> &'static Arc<Diary> {
    static DIARY: OnceLock<Arc<Diary>> = OnceLock::new();
    DIARY.get_or_init(|| {
        let diary = Arc::new(Diary::default());
        tracing::subscriber::set_global_default(diary.clone()).expect("the only subscriber");
        diary
    })
}

/// Has the subscriber listen.
pub fn listen() {
    diary();
}

/// Has something done by the subscriber, whenever it is told of a pool of that name.
pub fn on_each(pool: &str, hook: impl Fn() + Send + Sync + 'static) {
    let mut hooks = diary().hooks.lock().unwrap_or_else(PoisonError::into_inner);
    hooks.insert(pool.to_owned(), Arc::new(hook));
}

/// What has been told of the pools of that name.
#[must_use]
pub fn told(pool: &str) -> Vec<Told> {
    let told = diary().told.lock().unwrap_or_else(PoisonError::into_inner);
    told.get(pool).cloned().unwrap_or_default()
}

/// An event, to compare with.
#[must_use]
pub fn event(level: Level, message: &str, fields: &[(&'static str, &str)]) -> Told {
    let fields = fields.iter().map(|&(name, value)| (name, value.to_owned())).collect();
    Told { level, message: message.to_owned(), fields }
}

/// Waits until something is true that another thread is about to bring about.
///
/// # Panics
///
/// If that takes a minute.
#[track_caller]
pub fn eventually(mut is_true: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < Duration::from_secs(60), "it does not come true");
        std::thread::yield_now();
    }
}
