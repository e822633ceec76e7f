use poolable::Poolable;

#[derive(Poolable)]
struct Parsed<'a, T: Clone, const N: usize>
where
    T: Send,
{
    words: Vec<&'a str>,
    values: [Option<T>; N],
}

fn main() {
    let parsed = Parsed::<u8, 2>::pooled();
    assert!(parsed.words.is_empty());
}
