use poolable::Pool;

struct Parser {
    depth: u32,
}

fn main() {
    let pool = Pool::builder().create(|| Parser { depth: 0 }).build();
    println!("{}", pool.get().depth);
}
