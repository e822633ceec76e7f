use poolable::Pool;

fn main() {
    let size = 80;
    let pool = Pool::new(|| String::with_capacity(size));
    println!("{}", pool.get());
}
