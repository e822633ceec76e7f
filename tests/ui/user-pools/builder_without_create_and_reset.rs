use poolable::Pool;

struct Parser {
    depth: u32,
}

fn main() {
    let pool: Pool<Parser> = Pool::builder().name("parsers").build();
    println!("{}", pool.get().depth);
}
