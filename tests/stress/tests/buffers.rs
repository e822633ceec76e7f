//! Pools of buffers do what a model foretells, in some hundred random scripts.

use poolable_stress::{BufferTale, buffer_script, play_buffers};

const SEEDS: u64 = 400;

#[test]
fn pools_of_buffers_do_what_is_foretold() {
    let mut total = BufferTale::default();
    for seed in 0..SEEDS {
        match play_buffers(&buffer_script(seed)) {
            Ok(tale) => total.add(&tale),
            Err(violation) => panic!("seed {seed}\n{violation}"),
        }
    }
    // The mix has to reach what it is there for.
    assert!(total.steps > SEEDS * 200, "{total:?}");
    let BufferTale { hits, unpooled, moved, unfit, learned, .. } = total;
    let counts = [hits, unpooled, moved, unfit, learned];
    assert!(counts.into_iter().all(|count| count > SEEDS), "{total:?}");
}

#[test]
fn any_bytes_are_a_script_for_buffers() {
    for bytes in [&[][..], &[0], &[0x83, 1], &[0xFF; 300], &[3; 2000], &[200; 5000]] {
        assert!(play_buffers(bytes).is_ok_and(|tale| tale.steps <= 2000), "{bytes:?}");
    }
}
