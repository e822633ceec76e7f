use poolable::Reset;

#[derive(Reset)]
struct Header {
    name: String,
}

fn main() {
    let header = Header::pooled();
    assert_eq!(header.name, "");
}
