use poolable::Pool;

fn main() {
    let line;
    {
        let pool = Pool::new(String::new);
        line = pool.get();
    }
    println!("{line}");
}
