use poolable::Pool;

fn spawn(work: impl FnOnce() + Send + 'static) {
    work();
}

fn main() {
    let pool = Pool::new(String::new);
    let line = pool.get();
    spawn(move || println!("{line}"));
}
