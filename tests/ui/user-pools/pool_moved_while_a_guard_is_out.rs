use poolable::Pool;

fn main() {
    let pool = Pool::new(String::new);
    let line = pool.get();
    let elsewhere = Box::new(pool);
    println!("{line} {elsewhere:?}");
}
