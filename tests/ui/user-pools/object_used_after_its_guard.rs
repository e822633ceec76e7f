use poolable::Pool;

fn main() {
    let pool = Pool::new(String::new);
    let line = pool.get();
    let text: &str = &line;
    drop(line);
    println!("{text}");
}
