use poolable::Reset;

#[derive(Reset)]
struct Frame<T: ?Sized> {
    kind: u8,
    payload: T,
}

#[derive(Reset)]
struct Named<T>
where
    T: ?Sized,
{
    name: String,
    value: T,
}

fn main() {}
