use poolable::Pool;

static LINES: Pool<String> = Pool::new(|| Vec::<u8>::with_capacity(1024));

fn main() {
    drop(LINES.get());
}
