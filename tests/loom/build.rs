//! Tells the modules of `pool-core` that they are compiled against loom.

fn main() {
    println!("cargo::rustc-cfg=loom");
    // `pool-core` has such features; its wiping, locking and telling are no concern of the models.
    println!(
        "cargo::rustc-check-cfg=cfg(feature, values(\"metrics\", \"mlock\", \"tracing\", \"zeroize\"))"
    );
}
