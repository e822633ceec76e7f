//! Work that several drive, one at a time: nobody's wake-up is lost when one leaves it to another.

use core::task::{Poll, Waker};

use loom::cell::UnsafeCell;
use loom::sync::{Arc, Mutex, Notify};
use loom::thread;

use super::super::bounded;
use super::{Shares, Told};
use crate::managed::job::{Driven, Job};

/// What the work waits for. It knows the waker that it was polled with last, and no other.
#[derive(Clone)]
pub(super) struct Event(Arc<Mutex<State>>);

#[derive(Default)]
pub(super) struct State {
    has_come: bool,
    waker: Option<Waker>,
}

impl Event {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State::default())))
    }

    pub(super) fn come(&self) {
        let mut state = self.0.lock().expect("no panic");
        state.has_come = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    pub(super) fn poll(&self, waker: &Waker) -> Poll<()> {
        let mut state = self.0.lock().expect("no panic");
        if state.has_come {
            return Poll::Ready(());
        }
        let former = state.waker.replace(waker.clone());
        drop(state);
        drop(former);
        Poll::Pending
    }

    /// Knows nobody any more.
    pub(super) fn forget(&self) {
        let waker = self.0.lock().expect("no panic").waker.take();
        drop(waker);
    }
}

/// Work that waits for one event, and counts how often it has ended.
struct Work {
    event: Event,
    /// One driver at a time.
    used: UnsafeCell<()>,
    /// How often it has itself polled again first.
    yields: usize,
}

impl Work {
    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        self.used.with_mut(|_| ());
        if self.yields > 0 {
            self.yields -= 1;
            waker.wake_by_ref();
            return Poll::Pending;
        }
        self.event.poll(waker)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.event.forget();
    }
}

type Driving = Shares<Job<Work>>;

fn work(event: &Event) -> Driving {
    work_that_yields(0, event)
}

fn work_that_yields(yields: usize, event: &Event) -> Driving {
    Job::new(1, Work { event: event.clone(), used: UnsafeCell::new(()), yields })
}

/// What a driver has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    Cancelled,
    Over,
}

/// One who drives a job.
struct Driver {
    number: u64,
    told: Shares<Told>,
    waker: Waker,
}

impl Driver {
    fn new(number: u64) -> Self {
        let told = Shares::new(Told(Notify::new()));
        let waker = Waker::from(told.clone());
        Self { number, told, waker }
    }

    fn drive(&self, job: &Driving) -> Option<End> {
        match job.drive(self.number, &self.waker, Work::poll) {
            Driven::Pending => None,
            Driven::Done((), _work) => Some(End::Done),
            Driven::Cancelled(_work) => Some(End::Cancelled),
            Driven::Over => Some(End::Over),
        }
    }

    /// Drives it to its end. Loom reports a thread that nobody wakes.
    fn finish(&self, job: &Driving) -> End {
        loop {
            if let Some(end) = self.drive(job) {
                return end;
            }
            self.told.0.wait();
        }
    }
}

fn beside<T: 'static>(run: impl FnOnce() -> T + 'static) -> thread::JoinHandle<T> {
    thread::spawn(run)
}

fn ended<T>(thread: thread::JoinHandle<T>) -> T {
    thread.join().expect("no panic")
}

fn model(run: impl Fn() + Send + Sync + 'static) {
    bounded().check(run);
}

/// Has an event come, on a thread of its own.
fn comes(event: &Event) -> thread::JoinHandle<()> {
    let event = event.clone();
    beside(move || event.come())
}

#[test]
fn whoever_is_about_to_park_is_woken() {
    model(|| {
        let event = Event::new();
        let job = work(&event);
        let comes = comes(&event);
        assert_eq!(Driver::new(1).finish(&job), End::Done);
        ended(comes);
    });
}

#[test]
fn a_driver_that_goes_before_it_has_looked_takes_no_wake_up_with_it() {
    model(|| {
        let event = Event::new();
        let job = work(&event);
        let comes = comes(&event);
        let next = Driver::new(2);
        let goes = {
            let (job, told) = (job.clone(), next.told.clone());
            beside(move || {
                let driver = Driver::new(1);
                let end = driver.drive(&job);
                job.leave(1);
                // What the pool does then.
                told.0.notify();
                end
            })
        };
        next.told.0.wait();
        let ends = [Some(next.finish(&job)), ended(goes)];
        ended(comes);
        assert_eq!(ends.iter().filter(|end| **end == Some(End::Done)).count(), 1, "{ends:?}");
    });
}

#[test]
fn one_who_takes_over_while_the_other_drives_is_woken() {
    model(|| {
        let event = Event::new();
        let job = work(&event);
        let comes = comes(&event);
        let goes = {
            let job = job.clone();
            beside(move || {
                let end = Driver::new(1).drive(&job);
                job.leave(1);
                end
            })
        };
        // It has been told while the other one is at it.
        let end = Driver::new(2).finish(&job);
        let former = ended(goes);
        ended(comes);
        let ends = [former, Some(end)];
        assert_eq!(ends.iter().filter(|end| **end == Some(End::Done)).count(), 1, "{ends:?}");
    });
}

#[test]
fn of_two_who_drive_one_ends_it_and_the_other_is_told() {
    model(|| {
        let event = Event::new();
        let job = work(&event);
        let comes = comes(&event);
        let other = {
            let job = job.clone();
            beside(move || Driver::new(2).finish(&job))
        };
        let mut ends = [Driver::new(1).finish(&job), ended(other)];
        ended(comes);
        ends.sort_by_key(|end| *end == End::Over);
        assert_eq!(ends, [End::Done, End::Over]);
    });
}

#[test]
fn work_that_wakes_itself_while_it_is_polled_is_polled_again() {
    model(|| {
        let event = Event::new();
        event.come();
        let job = work_that_yields(2, &event);
        let other = {
            let job = job.clone();
            beside(move || Driver::new(2).finish(&job))
        };
        let mut ends = [Driver::new(1).finish(&job), ended(other)];
        ends.sort_by_key(|end| *end == End::Over);
        assert_eq!(ends, [End::Done, End::Over]);
    });
}

#[test]
fn what_is_cancelled_while_it_is_polled_is_ended_by_one() {
    model(|| {
        let event = Event::new();
        let job = work(&event);
        let comes = comes(&event);
        let cancels = {
            let job = job.clone();
            beside(move || job.cancel().is_some())
        };
        let end = Driver::new(1).finish(&job);
        let has_it = ended(cancels);
        ended(comes);
        // Loom would report one who sleeps for ever.
        assert_eq!(has_it, end == End::Over, "{end:?}");
    });
}

#[test]
fn what_is_cancelled_while_it_is_handed_over_is_ended_by_one() {
    model(|| {
        let event = Event::new();
        let job = work(&event);
        let cancels = {
            let job = job.clone();
            beside(move || job.cancel().is_some())
        };
        let goes = {
            let job = job.clone();
            beside(move || {
                let end = Driver::new(1).drive(&job);
                job.leave(1);
                end
            })
        };
        let end = Driver::new(2).finish(&job);
        let (has_it, former) = (ended(cancels), ended(goes));
        let ends = [former, Some(end), has_it.then_some(End::Cancelled)];
        let count = ends.iter().filter(|end| **end == Some(End::Cancelled)).count();
        assert_eq!(count, 1, "{ends:?}");
        assert!(job.cancel().is_none(), "it is over");
    });
}

#[test]
fn two_who_cancel_do_not_both_have_it() {
    model(|| {
        let event = Event::new();
        let job = work(&event);
        let other = {
            let job = job.clone();
            beside(move || job.cancel().is_some())
        };
        let driver = {
            let job = job.clone();
            beside(move || Driver::new(1).finish(&job))
        };
        let mine = job.cancel().is_some();
        let ends = [mine, ended(other), ended(driver) == End::Cancelled];
        assert_eq!(ends.iter().filter(|has_it| **has_it).count(), 1, "{ends:?}");
    });
}
