use poolable::Poolable;

#[derive(Poolable)]
struct Line {
    text: Vec<u8>,
}

fn render(number: u64) -> &'static [u8] {
    let mut line = Line::pooled();
    line.text.extend(number.to_string().bytes());
    &line.text
}

fn main() {
    render(7);
}
