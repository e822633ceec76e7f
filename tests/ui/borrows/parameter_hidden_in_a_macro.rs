use poolable::Poolable;

macro_rules! kept {
    () => { Option<T> };
}

#[derive(Poolable)]
struct Keeper<T> {
    #[pool(skip, init = None)]
    kept: kept!(),
    let_go: Option<T>,
}

#[derive(Poolable)]
struct Request<'a> {
    keeper: Keeper<&'a str>,
}

fn main() {
    {
        let line = String::from("of a short life");
        Request::pooled().keeper.kept = Some(&line);
    }
    println!("{:?}", Request::pooled().keeper.kept);
}
