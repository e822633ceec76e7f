#![forbid(unsafe_code)]

mod mixed {
    pub use poolable::{__private, Poolable, Pooled, ReleaseBorrows, TypePool, Wipe};

    pub trait Reset: Sized {
        fn blank() -> Self;

        fn reset(&mut self);

        fn retained_bytes(&mut self) -> usize {
            0
        }
    }

    impl<T: poolable::Reset> Reset for T {
        fn blank() -> Self {
            T::blank()
        }

        fn reset(&mut self) {}
    }
}

#[derive(poolable::Poolable)]
#[pool(crate = crate::mixed)]
struct Request<'a> {
    word: &'a str,
}

impl poolable::Reset for Request<'_> {
    fn blank() -> Self {
        Request { word: "" }
    }

    fn reset(&mut self) {}
}

fn main() {}
