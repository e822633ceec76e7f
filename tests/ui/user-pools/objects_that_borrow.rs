use poolable::Pool;

fn main() {
    let text = String::from("GET /");
    let pool: Pool<Vec<&str>> = Pool::new(Vec::new);
    pool.get().push(&text);
}
