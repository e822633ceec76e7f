// What Go programs pool, timed by `go test -bench . -benchmem`.
//
// `cargo xtask bench --go` runs the same beside Rust.
module poolable-go

go 1.27
