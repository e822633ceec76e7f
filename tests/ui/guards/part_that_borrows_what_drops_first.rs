use poolable::{Poolable, Pooled};

#[derive(Poolable)]
struct Words<'a> {
    first: &'a str,
}

fn main() {
    let mut first = Pooled::map(Words::pooled(), |words| &mut words.first);
    let line = String::from("of a short life");
    *first = &line;
}
