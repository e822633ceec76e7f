use poolable::Wipe;

fn forget<T: Wipe>(mut secret: T) {
    secret.wipe();
}

fn main() {
    forget(String::from("token"));
}
