use poolable::{Poolable, Pooled, PooledMap};

#[derive(Poolable)]
struct Line(Vec<u8>);

struct Holder<'x>(&'x mut String);

fn forget<'x>(holder: &'x mut Holder<'x>) -> PooledMap<Line, String> {
    let part: PooledMap<Line, Holder<'x>> = Pooled::map(Line::pooled(), |_| holder);
    PooledMap::map(part, |holder| &mut *holder.0)
}

fn forget_perhaps<'x>(holder: &'x mut Holder<'x>) -> PooledMap<Line, str> {
    let part = Pooled::try_map(Line::pooled(), |_| Some(holder)).ok().unwrap();
    PooledMap::try_map(part, |holder| Some(holder.0.as_mut_str())).ok().unwrap()
}

fn main() {}
