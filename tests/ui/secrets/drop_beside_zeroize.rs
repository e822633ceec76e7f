use poolable::Poolable;

#[derive(Poolable)]
struct Session {
    id: u64,
    #[pool(zeroize)]
    token: String,
}

impl Drop for Session {
    fn drop(&mut self) {
        println!("session {} ends", self.id);
    }
}

fn main() {}
