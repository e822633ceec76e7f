//! The matrix once more: on each way out, the words of a secret in the blocks that are freed.

#[global_allocator]
static SPY: poolable_residue::Spy = poolable_residue::Spy;

fn main() -> std::process::ExitCode {
    poolable_residue::main(true)
}
