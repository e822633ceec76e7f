use poolable::Poolable;

#[derive(Poolable)]
struct Parsed<'a> {
    words: Vec<&'a str>,
}

fn main() {
    let line = String::from("GET /");
    let mut parsed = Parsed::pooled();
    parsed.words.extend(line.split(' '));
    drop(line);
    assert_eq!(parsed.words.len(), 2);
}
