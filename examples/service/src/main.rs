//! Prices orders.

fn main() {}
