use poolable::{Poolable, Pooled, PooledMap};

#[derive(Poolable)]
struct Line(Vec<u8>);

fn of_another_life(text: &mut String) -> PooledMap<Line, String> {
    Pooled::map(Line::pooled(), |_| text)
}

fn main() {
    let part = {
        let mut text = String::from("of a short life");
        of_another_life(&mut text)
    };
    println!("{}", *part);
}
