use poolable::Poolable;

#[derive(Poolable)]
#[pool(drop_wipe = "false")]
struct Session {
    #[pool(zeroize)]
    token: String,
}

#[derive(Poolable)]
#[pool(drop_wipe = no)]
struct Key {
    #[pool(zeroize)]
    bytes: [u8; 32],
}

fn main() {}
