use std::collections::HashMap;

use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Request {
    path: String,
    headers: HashMap<String, String>,
}

fn main() {
    drop(Pooled::attach(Request { path: String::new() }));
}
