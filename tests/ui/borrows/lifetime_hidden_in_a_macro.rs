use poolable::Poolable;

macro_rules! word {
    () => { &'a str };
}

macro_rules! request {
    ($lifetime:lifetime) => {
        #[derive(Poolable)]
        struct Request<$lifetime> {
            #[pool(skip)]
            word: &$lifetime str,
        }
    };
}

request!('a);

#[derive(Poolable)]
struct Words<'a> {
    #[pool(skip)]
    word: word!(),
    others: Vec<&'a str>,
}

fn main() {}
