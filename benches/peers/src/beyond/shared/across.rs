//! The frames are made on one thread, and read and dropped on another.

use std::sync::mpsc::sync_channel;
use std::thread;

use super::{Frames, SEEN, read_all};
use crate::cases::a_to_b::{receive, sample, send, timed};
use crate::cases::hit::warm_up;
use crate::gate::Gate;
use crate::timing::Sample;

/// How many frames go to the other thread at once, so that little of a channel is timed.
const BATCH: usize = 16;
/// How many batches go round: the second thread returns them empty.
const BATCHES: usize = 4;

/// How many frames there are before anything is timed, for those who keep frames: enough
/// for what is under way and for what either thread keeps to itself.
pub(super) const PREPARED: usize = 256;

pub(super) fn across<F: Frames, const N: usize>(frames: u64) -> Sample {
    let (full_sender, full) = sync_channel::<Vec<[F::Handle; N]>>(BATCHES);
    let (empty_sender, empty) = sync_channel(BATCHES);
    for _ in 0..BATCHES {
        send(&empty_sender, Vec::with_capacity(BATCH));
    }
    let batches = frames.div_ceil(BATCH as u64);
    let warm_up = warm_up(frames).div_ceil(BATCH as u64);
    let gate = Gate::new(2);
    let halves = thread::scope(|scope| {
        let produce = scope.spawn(|| {
            let (full, empty) = (full_sender, empty);
            let mut source = F::new();
            let mut produce = |count: u64| {
                for _ in 0..count {
                    let mut batch = receive(&empty);
                    batch.extend((0..BATCH).map(|_| source.broadcast::<N>()));
                    send(&full, batch);
                }
            };
            produce(warm_up);
            // The other thread sends batches until its end, and so the channel comes along.
            (timed(&gate, || produce(batches)), empty)
        });
        let consume = scope.spawn(|| {
            let (full, empty) = (full, empty_sender);
            let consume = |count: u64| {
                let mut seen = 0;
                for _ in 0..count {
                    let mut batch = receive(&full);
                    seen += batch.drain(..).map(read_all::<F, N>).sum::<u64>();
                    send(&empty, batch);
                }
                let expected = count * (BATCH * N) as u64 * SEEN;
                assert_eq!(seen, expected, "the work was not done");
            };
            consume(warm_up);
            timed(&gate, || consume(batches))
        });
        let (produced, _empty) = produce.join().expect("no panic");
        [produced, consume.join().expect("no panic")]
    });
    sample(halves, batches * BATCH as u64)
}
