use poolable::{Poolable, Pooled, Shared};

#[derive(Poolable)]
struct Words<'a> {
    words: Vec<&'a str>,
}

fn main() {
    let mut kept: Option<Shared<Words<'_>>> = None;
    let line = String::from("of a short life");
    let mut words = Words::pooled();
    words.words.extend(line.split(' '));
    kept.replace(Pooled::share(words));
}
