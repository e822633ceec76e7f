use poolable::{Pool, Reset};

#[derive(Reset)]
struct Parsed<'a> {
    words: Vec<&'a str>,
}

fn main() {
    let line = String::from("GET /");
    let pool = Pool::new(Parsed::blank);
    let mut parsed = pool.get();
    parsed.words.extend(line.split(' '));
}
