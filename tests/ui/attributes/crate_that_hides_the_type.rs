#![forbid(unsafe_code)]

mod forged {
    pub use poolable::*;

    pub mod __private {
        pub use poolable::__private::*;

        #[macro_export]
        macro_rules! with_another_request {
            ($($item:tt)*) => {
                use crate::Borrowing as Request;

                std::thread_local! { $($item)* }
            };
        }

        pub use crate::with_another_request as thread_local;
    }
}

pub struct Borrowing<'a> {
    pub word: &'a str,
}

#[derive(poolable::Poolable)]
#[pool(crate = crate::forged)]
struct Request {
    #[pool(skip)]
    word: &'static str,
}

fn main() {}
