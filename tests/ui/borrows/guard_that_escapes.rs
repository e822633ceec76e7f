use poolable::{Poolable, Pooled};
use std::thread;

#[derive(Poolable)]
struct Parsed<'a> {
    words: Vec<&'a str>,
}

fn parse() -> Pooled<Parsed<'static>> {
    let line = String::from("GET /");
    let mut parsed = Parsed::pooled();
    parsed.words.extend(line.split(' '));
    parsed
}

fn send() {
    let line = String::from("GET /");
    let mut parsed = Parsed::pooled();
    parsed.words.extend(line.split(' '));
    thread::spawn(move || drop(parsed));
}

fn leak() -> &'static mut Parsed<'static> {
    let line = String::from("GET /");
    let mut parsed = Parsed::pooled();
    parsed.words.extend(line.split(' '));
    Pooled::leak(parsed)
}

fn main() {}
