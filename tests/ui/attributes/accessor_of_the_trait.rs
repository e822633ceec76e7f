use poolable::Poolable;

#[derive(Poolable)]
#[pool(accessor = "pool")]
struct Line(String);

fn main() {
    drop(Line::pool());
}
