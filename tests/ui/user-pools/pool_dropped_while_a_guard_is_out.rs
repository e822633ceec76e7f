use poolable::Pool;

fn main() {
    let pool = Pool::new(String::new);
    let line = pool.get();
    drop(pool);
    println!("{line}");
}
