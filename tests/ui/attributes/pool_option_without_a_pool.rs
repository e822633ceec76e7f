use poolable::Reset;

#[derive(Reset)]
#[pool(validate = Self::is_sound, cache = 64, max_idle = 16, max_object_bytes = 4096, max_bytes = 65536)]
#[pool(accessor = "take", name = "headers")]
struct Header {
    name: String,
}

impl Header {
    fn is_sound(&self) -> bool {
        true
    }
}

fn main() {}
