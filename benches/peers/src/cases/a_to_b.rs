//! One thread gets and fills, another returns.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread;
use std::time::Instant;

use super::IDLE;
use super::hit::warm_up;
use crate::contender::Crossing;
use crate::gate::{Gate, wait_until};
use crate::object::{AnyObject, Object};
use crate::timing::Sample;
use poolable_peers::allocations;

/// How many objects the channel holds.
const CHANNEL: usize = 256;

/// How many objects every contender has been asked for at once before anything is timed:
/// enough for a full channel and for what either thread keeps to itself.
const PREPARED: usize = 512;

/// What one of the two threads says: when it began, when it ended, what it allocated.
pub(crate) type Half = (Instant, Instant, u64);

pub(crate) fn run<C: Crossing>(objects: u64) -> Sample {
    let contender = C::new_for_crossing(IDLE);
    let (sender, receiver) = sync_channel(CHANNEL);
    let warm_up = warm_up(objects);
    let gate = Gate::new(2);
    let halves = thread::scope(|scope| {
        let produce = scope.spawn(|| {
            let mut local = contender.local();
            let prepared: Vec<_> = (0..PREPARED).map(|_| C::get(&mut local)).collect();
            for item in prepared {
                C::put(&mut local, item);
            }
            let sender = sender;
            produce::<C>(&mut local, &sender, warm_up);
            timed(&gate, || produce::<C>(&mut local, &sender, objects))
        });
        let consume = scope.spawn(|| {
            let mut local = contender.local();
            let receiver = receiver;
            consume::<C>(&mut local, &receiver, warm_up);
            timed(&gate, || consume::<C>(&mut local, &receiver, objects))
        });
        [produce.join().expect("no panic"), consume.join().expect("no panic")]
    });
    sample(halves, objects)
}

/// The floor: no object crosses, only a word.
pub(crate) fn channel_alone<T: AnyObject>(objects: u64) -> Sample {
    let (sender, receiver) = sync_channel(CHANNEL);
    let gate = Gate::new(2);
    let halves = thread::scope(|scope| {
        let produce = scope.spawn(|| {
            let mut object = T::new();
            let sender = sender;
            timed(&gate, || {
                for word in 0..objects {
                    object.fill();
                    Object::clear(&mut object);
                    send(&sender, word);
                }
            })
        });
        let consume = scope.spawn(|| {
            let receiver = receiver;
            timed(&gate, || {
                for _ in 0..objects {
                    receive(&receiver);
                }
            })
        });
        [produce.join().expect("no panic"), consume.join().expect("no panic")]
    });
    sample(halves, objects)
}

#[inline(never)]
fn produce<'a, C: Crossing>(
    local: &mut C::Local<'a>,
    sender: &SyncSender<C::Parcel<'a>>,
    count: u64,
) {
    for _ in 0..count {
        let mut item = C::get(local);
        item.fill();
        send(sender, C::pack(item));
    }
}

#[inline(never)]
fn consume<'a, C: Crossing>(
    local: &mut C::Local<'a>,
    receiver: &Receiver<C::Parcel<'a>>,
    count: u64,
) {
    for _ in 0..count {
        C::return_parcel(local, receive(receiver));
    }
}

/// Tries until there is room.
#[inline(always)]
pub(crate) fn send<P>(sender: &SyncSender<P>, parcel: P) {
    let mut kept = Some(parcel);
    wait_until(|| match sender.try_send(kept.take().expect("it was not sent")) {
        Ok(()) => true,
        Err(TrySendError::Full(parcel)) => {
            kept = Some(parcel);
            false
        }
        Err(TrySendError::Disconnected(_)) => panic!("the other thread has gone"),
    });
}

/// Tries until something has come.
#[inline(always)]
pub(crate) fn receive<P>(receiver: &Receiver<P>) -> P {
    let mut received = None;
    wait_until(|| match receiver.try_recv() {
        Ok(parcel) => {
            received = Some(parcel);
            true
        }
        Err(TryRecvError::Empty) => false,
        Err(TryRecvError::Disconnected) => panic!("the other thread has gone"),
    });
    received.expect("waited until it came")
}

/// Does what is timed as soon as the other thread does, too.
pub(crate) fn timed(gate: &Gate, work: impl FnOnce()) -> Half {
    gate.pass();
    let allocated = allocations::count();
    let start = Instant::now();
    work();
    (start, Instant::now(), allocations::count() - allocated)
}

/// From the first beginning to the last end.
pub(crate) fn sample(halves: [Half; 2], objects: u64) -> Sample {
    let [a, b] = halves;
    let elapsed = a.1.max(b.1) - a.0.min(b.0);
    Sample {
        nanoseconds: elapsed.as_secs_f64() * 1e9 / objects as f64,
        objects,
        allocations: a.2 + b.2,
    }
}
