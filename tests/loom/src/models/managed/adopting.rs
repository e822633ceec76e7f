//! Creates that those who wait drive, and that outlive them: whoever comes next drives them on.
//!
//! What is played here is `Getting` and the part of `Home` that it calls, on the core and on the
//! jobs that the pool has.

use core::task::{Poll, Waker};

use loom::sync::{Arc, Mutex};
use loom::thread;

use super::super::bounded;
use super::driving::Event;
use super::{Bounds, Getter, Item, Leave, Shared, Shares, apart, ended, failure};
use crate::managed::job::{Driven, Job};
use crate::managed::ticket::{Begin, Grant};

/// A create, which waits for an event.
struct Make(Event);

impl Drop for Make {
    fn drop(&mut self) {
        self.0.forget();
    }
}

type Making = Shares<Job<Make>>;

/// A pool that keeps the creates of those who have gone.
#[derive(Clone)]
struct Home {
    shared: Shared,
    jobs: Arc<Mutex<Vec<Making>>>,
    /// What the first create waits for, and the second.
    events: [Event; 2],
}

impl Home {
    fn jobs(&self) -> Vec<Making> {
        self.jobs.lock().expect("no panic").clone()
    }

    fn find(&self, id: u64) -> Option<Making> {
        self.jobs().into_iter().find(|job| job.id() == id)
    }

    fn begin(&self, id: u64) -> Making {
        let event = self.events[(id as usize - 1).min(1)].clone();
        let job = Job::new(id, Make(event));
        self.jobs.lock().expect("no panic").push(job.clone());
        job
    }

    fn poll(&self, make: &mut Make, waker: &Waker) -> Poll<Option<Item>> {
        if self.shared.core.is_closed() {
            return Poll::Ready(None);
        }
        make.0.poll(waker).map(|()| Some(self.shared.item()))
    }

    fn drive(&self, job: &Making, driver: u64, waker: &Waker) -> bool {
        match job.drive(driver, waker, |make, waker| self.poll(make, waker)) {
            Driven::Pending => return false,
            Driven::Done(made, make) => self.end(job, make, made),
            Driven::Cancelled(make) => self.end(job, make, None),
            Driven::Over => {}
        }
        true
    }

    fn end(&self, job: &Making, make: Make, made: Option<Item>) {
        let mut jobs = self.jobs.lock().expect("no panic");
        let index = jobs.iter().position(|other| other.id() == job.id());
        let own = jobs.swap_remove(index.expect("it ends once"));
        drop(jobs);
        drop((own, make));
        self.shared.end_create(job.id(), made.ok_or_else(failure));
    }

    fn cancel(&self, job: &Making) {
        if let Some(make) = job.cancel() {
            self.end(job, make, None);
        }
    }

    fn close(&self) {
        self.shared.close();
        self.jobs().iter().for_each(|job| self.cancel(job));
    }

    fn beside<T: 'static>(&self, run: impl FnOnce(&Self) -> T + 'static) -> thread::JoinHandle<T> {
        let home = self.clone();
        thread::spawn(move || run(&home))
    }
}

/// A getter that drives what it waits for.
struct Getting {
    home: Home,
    getter: Getter,
    driven: Option<Making>,
    number: u64,
}

impl Getting {
    fn joined(home: &Home) -> Self {
        let getter = Getter::joined(&home.shared);
        let number = crate::managed::number(&getter.ticket);
        Self { home: home.clone(), getter, driven: None, number }
    }

    /// One that has begun a create.
    fn creating(home: &Home) -> Self {
        let mut getting = Self::joined(home);
        assert!(getting.poll().is_pending());
        assert!(getting.driven.is_some(), "there is room");
        getting
    }

    fn poll(&mut self) -> Poll<Grant<Item>> {
        loop {
            match self.getter.poll() {
                Poll::Ready(Grant::Begin(Begin { id, is_new: false })) => {
                    self.driven = self.home.find(id);
                }
                Poll::Ready(Grant::Begin(Begin { id, .. })) => {
                    self.driven = Some(self.home.begin(id));
                    if let Some(after) = self.home.shared.core.begun(id, self.number) {
                        self.home.shared.follow(after);
                    }
                    if self.home.shared.core.is_closed() {
                        // Whoever closed it may have looked before.
                        self.home.jobs().iter().for_each(|job| self.home.cancel(job));
                    }
                }
                Poll::Ready(grant) => {
                    self.stop_driving();
                    return Poll::Ready(grant);
                }
                Poll::Pending => {
                    let Some(job) = &self.driven else { return Poll::Pending };
                    if !self.home.drive(job, self.number, &self.getter.waker) {
                        return Poll::Pending;
                    }
                    self.driven = None;
                }
            }
        }
    }

    /// Loom reports a thread that nobody wakes.
    fn wait(&mut self) -> Grant<Item> {
        loop {
            if let Poll::Ready(grant) = self.poll() {
                return grant;
            }
            self.getter.told.0.wait();
        }
    }

    /// Gets an object, and returns it.
    fn get(&mut self) {
        let grant = self.wait();
        assert!(matches!(grant, Grant::Object { .. }), "granted {grant:?}");
        self.home.shared.consume(grant);
    }

    /// Goes away, as a future does that is dropped.
    fn leave(mut self, why: Leave) {
        self.stop_driving();
        if let Some(grant) = self.getter.leave(why) {
            self.home.shared.pass_on(grant);
        }
    }

    fn stop_driving(&mut self) {
        if let Some(job) = self.driven.take() {
            job.leave(self.number);
        }
    }
}

fn kept(max_open: usize) -> Bounds {
    Bounds { are_kept: true, ..apart(max_open) }
}

/// Runs a model with every schedule, and checks that nothing is left when it has ended.
fn model(bounds: Bounds, run: impl Fn(&Home) + Send + Sync + 'static) {
    bounded().check(move || {
        let shared = Shared::new(bounds);
        let live = shared.live.clone();
        let home = Home { shared, jobs: Arc::default(), events: [Event::new(), Event::new()] };
        run(&home);
        assert!(home.jobs().is_empty(), "a create is kept for ever");
        assert_eq!(home.shared.snapshot().creating, 0);
        drop(home);
        assert_eq!(live.load(super::Ordering::Relaxed), 0, "an object outlived its pool");
    });
}

#[test]
fn what_one_leaves_is_driven_on_by_the_next() {
    model(kept(1), |home| {
        let first = Getting::creating(home);
        let mut second = Getting::joined(home);
        let comes = home.beside(|home| home.events[0].come());
        let leaves = home.beside(move |_| first.leave(Leave::Dropped));
        second.get();
        ended(comes);
        ended(leaves);
        assert_eq!(home.shared.snapshot().created, 1);
        home.shared.is_settled(1);
    });
}

#[test]
fn one_who_looks_once_more_before_it_leaves_takes_no_wake_up_with_it() {
    model(kept(1), |home| {
        let mut first = Getting::creating(home);
        let mut second = Getting::joined(home);
        let comes = home.beside(|home| home.events[0].come());
        let leaves = home.beside(move |home| match first.poll() {
            Poll::Ready(grant) => home.shared.consume(grant),
            Poll::Pending => first.leave(Leave::TimedOut),
        });
        second.get();
        ended(comes);
        ended(leaves);
        assert_eq!(home.shared.snapshot().created, 1);
        home.shared.is_settled(1);
    });
}

#[test]
fn what_was_left_before_anybody_else_came_is_found() {
    model(kept(1), |home| {
        let first = Getting::creating(home);
        let comes = home.beside(|home| home.events[0].come());
        let joins = home.beside(|home| Getting::joined(home).get());
        first.leave(Leave::Cancelled);
        ended(joins);
        ended(comes);
        assert_eq!(home.shared.snapshot().created, 1);
        home.shared.is_settled(1);
    });
}

#[test]
fn one_who_leaves_while_it_takes_over_leaves_it_to_the_third() {
    model(kept(1), |home| {
        let first = Getting::creating(home);
        let mut second = Getting::joined(home);
        let mut third = Getting::joined(home);
        let leaves = home.beside(move |home| {
            match second.poll() {
                Poll::Ready(grant) => home.shared.consume(grant),
                Poll::Pending => second.leave(Leave::Dropped),
            };
        });
        home.events[0].come();
        first.leave(Leave::Dropped);
        third.get();
        ended(leaves);
        assert_eq!(home.shared.snapshot().created, 1);
        home.shared.is_settled(1);
    });
}

#[test]
fn whoever_is_served_by_anothers_create_leaves_its_own_to_that_one() {
    model(kept(2), |home| {
        let mut first = Getting::creating(home);
        let mut second = Getting::creating(home);
        home.events[1].come();
        let other = home.beside(move |_| second.get());
        home.events[0].come();
        first.get();
        ended(other);
        let created = home.shared.snapshot().created;
        home.jobs().iter().for_each(|job| home.cancel(job));
        home.shared.is_settled(created);
    });
}

#[test]
fn a_return_while_a_create_is_driven_leaves_that_to_who_waits() {
    model(Bounds { max_creating: 1, ..kept(2) }, |home| {
        let item = home.shared.make();
        let mut first = Getting::creating(home);
        let mut second = Getting::joined(home);
        let gives = home.beside(move |home| home.shared.give(item));
        let holds = home.beside(move |home| {
            let grant = first.wait();
            // It keeps what it has until the other one is served.
            let Grant::Object { object, .. } = grant else { panic!("granted {grant:?}") };
            home.shared.lend(&object);
            object
        });
        home.events[0].come();
        home.events[1].come();
        second.get();
        ended(gives);
        home.shared.give(ended(holds));
        home.jobs().iter().for_each(|job| home.cancel(job));
        let created = home.shared.snapshot().created;
        home.shared.is_settled(created);
    });
}

#[test]
fn a_close_ends_what_is_driven() {
    model(kept(1), |home| {
        let mut getting = Getting::joined(home);
        let closes = home.beside(Home::close);
        let comes = home.beside(|home| home.events[0].come());
        let grant = getting.wait();
        assert!(matches!(grant, Grant::Object { .. } | Grant::Closed), "granted {grant:?}");
        home.shared.consume(grant);
        ended(closes);
        ended(comes);
        home.shared.is_settled(0);
    });
}

#[test]
fn a_close_ends_what_one_has_left() {
    model(kept(1), |home| {
        let first = Getting::creating(home);
        let closes = home.beside(Home::close);
        let joins = home.beside(|home| {
            let mut getting = Getting::joined(home);
            let grant = getting.wait();
            assert!(matches!(grant, Grant::Closed), "granted {grant:?}");
        });
        first.leave(Leave::Dropped);
        ended(closes);
        ended(joins);
        home.shared.is_settled(0);
    });
}

#[test]
fn what_is_given_up_as_somebody_takes_it_over_is_begun_anew() {
    model(kept(1), |home| {
        let first = Getting::creating(home);
        first.leave(Leave::Dropped);
        home.events[1].come();
        let cancels = home.beside(|home| home.jobs().iter().for_each(|job| home.cancel(job)));
        // It comes before or after, and is not told that another one's create was given up.
        let joins = home.beside(|home| {
            let mut getting = Getting::joined(home);
            let grant = getting.wait();
            let is_its_own = matches!(grant, Grant::Failed(_));
            home.shared.consume(grant);
            is_its_own
        });
        ended(cancels);
        // The keeper may have given up the getter's own.
        let is_its_own = ended(joins);
        home.shared.is_settled(u64::from(!is_its_own));
    });
}

/// Who drives a create that has a task of its own.
const ITS_OWN: u64 = 0;

/// A getter whose create has been given to a task.
fn spawned(home: &Home) -> (Getting, Making) {
    let getting = Getting::joined(home);
    let Poll::Ready(Grant::Begin(Begin { id, .. })) = getting.getter.poll() else {
        panic!("there is room")
    };
    (getting, home.begin(id))
}

/// Drives a create once, and lets go of it, as a runtime does that shuts down.
fn drive_once(home: &Home, job: &Making) {
    if !home.drive(job, ITS_OWN, Waker::noop()) {
        job.leave(ITS_OWN);
        home.shared.follow(home.shared.core.hand_over(job.id()));
    }
}

#[test]
fn what_a_task_lets_go_of_is_driven_by_who_waits() {
    model(apart(1), |home| {
        let (mut getting, job) = spawned(home);
        let comes = home.beside(|home| home.events[0].come());
        let drops = home.beside(move |home| drive_once(home, &job));
        getting.get();
        ended(comes);
        ended(drops);
        assert_eq!(home.shared.snapshot().created, 1);
        home.shared.is_settled(1);
    });
}

#[test]
fn what_a_task_lets_go_of_as_its_getter_leaves_is_driven_by_the_next() {
    model(apart(1), |home| {
        let (getting, job) = spawned(home);
        let mut next = Getting::joined(home);
        home.events[0].come();
        let drops = home.beside(move |home| {
            job.leave(ITS_OWN);
            home.shared.follow(home.shared.core.hand_over(job.id()));
        });
        let leaves = home.beside(move |_| getting.leave(Leave::Dropped));
        next.get();
        ended(drops);
        ended(leaves);
        assert_eq!(home.shared.snapshot().created, 1);
        home.shared.is_settled(1);
    });
}

#[test]
fn a_close_ends_what_a_task_lets_go_of() {
    model(apart(1), |home| {
        let (mut getting, job) = spawned(home);
        let closes = home.beside(Home::close);
        let drops = home.beside(move |home| drive_once(home, &job));
        let grant = getting.wait();
        assert!(matches!(grant, Grant::Closed), "granted {grant:?}");
        ended(closes);
        ended(drops);
        home.shared.is_settled(0);
    });
}
