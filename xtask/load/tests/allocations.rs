//! What a request costs in allocations. By itself in its process, which it counts.

use poolable_load::{Counting, Variant, allocations_per_request};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn pooled_handler_makes_one_allocation_beyond_those_of_the_floor() {
    let [pooled, unpooled, axum, floor] =
        Variant::ALL.map(|variant| allocations_per_request(variant, 100).expect("all is answered"));
    // What a connection allocates once in a while falls into the count or does not.
    assert!(pooled - floor <= 1.005, "{pooled} beyond {floor}");
    // A string for each line, and more: otherwise nothing is counted here at all.
    assert!(unpooled - floor > 20.0, "{unpooled} beyond {floor}");
    assert!(axum > unpooled, "{axum} and {unpooled}");
}
