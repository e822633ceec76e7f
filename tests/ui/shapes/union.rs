use poolable::Poolable;

#[derive(Poolable)]
union Word {
    whole: u32,
    half: u16,
}

fn main() {}
