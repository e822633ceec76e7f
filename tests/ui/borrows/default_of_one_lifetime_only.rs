use poolable::Poolable;

struct Visit<'a>(Option<fn(&'a str)>);

impl Default for Visit<'static> {
    fn default() -> Self {
        Self(Some(stash))
    }
}

fn stash(_: &'static str) {}

#[derive(Poolable)]
struct Request<'a> {
    #[pool(default)]
    visit: Visit<'a>,
    words: Vec<&'a str>,
}

fn main() {
    let line = String::from("of a short life");
    let mut request = Request::pooled();
    request.words.push(&line);
    if let Some(visit) = request.visit.0 {
        visit(&line);
    }
}
