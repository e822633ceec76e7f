use poolable::Poolable;

#[derive(Poolable)]
#[pool(create = Parsed::<'static>::new)]
struct Parsed<'a> {
    words: Vec<&'a str>,
    visit: Option<fn(&'a str)>,
}

impl Parsed<'static> {
    fn new() -> Self {
        Parsed { words: vec!["for ever"], visit: None }
    }
}

#[derive(Poolable)]
struct Filled<'a> {
    #[pool(init = Some(stash))]
    visit: Option<fn(&'a str)>,
}

fn stash(_: &'static str) {}

fn main() {}
