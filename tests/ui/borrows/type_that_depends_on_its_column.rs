use poolable::{Poolable, Reset, Wipe};

struct Liar<'a>(&'a str);

impl Reset for Liar<'_> {
    fn blank() -> Self {
        Liar("")
    }

    fn reset(&mut self) {}
}

impl Wipe for Liar<'_> {
    fn wipe(&mut self) {}
}

struct Is<const TRUE: bool>;

trait Choose<'a> {
    type Type;
}

impl<'a> Choose<'a> for Is<true> {
    type Type = Liar<'a>;
}

impl<'a> Choose<'a> for Is<false> {
    type Type = &'a str;
}

#[derive(Poolable)]
struct Request<'a> {
    word: <Is<{ column!() == 17 }> as Choose<'a>>::Type,
}

fn main() {
    {
        let line = String::from("of a short life");
        let mut request = Request::pooled();
        request.word.0 = &line;
    }
    println!("{}", Request::pooled().word.0);
}
