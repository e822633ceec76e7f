use poolable::Pool;

fn main() {
    let pool = Pool::new(String::new);
    println!("{}", pool.get_owned());
}
