use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Words<'a> {
    words: Vec<&'a str>,
}

fn main() {
    let kept;
    {
        let line = String::from("of a short life");
        let mut words = Words::pooled();
        words.words.extend(line.split(' '));
        let words = Pooled::share(words);
        kept = words.clone();
    }
    assert_eq!(kept.words.len(), 4);
}
