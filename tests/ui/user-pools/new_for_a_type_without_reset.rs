use poolable::Pool;

struct Parser {
    depth: u32,
}

fn main() {
    let pool = Pool::new(|| Parser { depth: 0 });
    println!("{}", pool.get().depth);
}
