//! Tells the modules of `pool-core` that they are compiled against loom.

fn main() {
    println!("cargo::rustc-cfg=loom");
    // `pool-core` has such a feature; its wiping is no concern of the models.
    println!("cargo::rustc-check-cfg=cfg(feature, values(\"zeroize\"))");
}
