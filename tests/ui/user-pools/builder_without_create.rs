use poolable::Pool;

struct Parser {
    depth: u32,
}

fn main() {
    let pool = Pool::builder().reset(|parser: &mut Parser| parser.depth = 0).build();
    println!("{}", pool.get().depth);
}
