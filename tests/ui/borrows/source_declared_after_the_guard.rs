use poolable::Poolable;

#[derive(Poolable)]
struct Parsed<'a> {
    words: Vec<&'a str>,
}

fn main() {
    let mut parsed = Parsed::pooled();
    let line = String::from("GET /");
    parsed.words.extend(line.split(' '));
}
