//! The matrix: after each way out, the words of a secret in all writable memory.

fn main() -> std::process::ExitCode {
    poolable_residue::main(false)
}
