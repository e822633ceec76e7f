#![forbid(unsafe_code)]

use poolable::Reset;

mod gullible {
    pub use poolable::*;

    pub mod __private {
        pub use poolable::__private::*;

        pub fn lets_go<T>() {}

        pub fn borrows_nothing<T: ?Sized>() {}
    }
}

struct Liar<'a>(&'a str);

impl Reset for Liar<'_> {
    fn blank() -> Self {
        Liar("")
    }

    fn reset(&mut self) {}
}

#[derive(poolable::Poolable)]
#[pool(crate = crate::gullible)]
struct Request<'a> {
    word: Liar<'a>,
}

fn main() {
    {
        let line = String::from("of a short life");
        Request::pooled().word.0 = &line;
    }
    println!("{}", Request::pooled().word.0);
}
