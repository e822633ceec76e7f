//! A manager whose creates and checks go by scripts.

use std::cell::Cell;
use std::fmt;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use poolable::managed::{AsyncManager, Meta, Reason};

use crate::block_on::{yield_now, yield_times};
use crate::crew::lock;
use crate::ledger::{Ledger, add, subtract};
use crate::script::{End, Script};
use crate::time::Time;

/// How long a slow call takes.
pub(crate) const SLOW: Duration = Duration::from_millis(750);

#[derive(Debug)]
pub(crate) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("as scripted")
    }
}

impl std::error::Error for Refused {}

/// What is pooled.
pub(crate) struct Thing {
    ledger: Arc<Ledger>,
    /// Whether it is known that the pool will have no more use for it.
    is_given_up: bool,
    is_destroyed: bool,
    /// Whether somebody has it.
    is_held: bool,
}

impl Thing {
    pub(crate) fn hold(&mut self) {
        if std::mem::replace(&mut self.is_held, true) {
            self.ledger.fault("a resource was had by two");
        }
        if self.is_given_up {
            self.ledger.fault("a resource was lent that was broken");
        }
    }

    /// Gives it back, to be kept or destroyed.
    pub(crate) fn let_go(&mut self, for_good: bool) {
        self.is_held = false;
        if for_good {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        if !std::mem::replace(&mut self.is_given_up, true) {
            self.ledger.shut();
        }
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        if !self.is_destroyed {
            self.ledger.fault("a resource was dropped without a destroy");
        }
        self.give_up();
        add(&self.ledger.dropped);
    }
}

/// A create that has begun.
struct Creating(Option<Arc<Ledger>>);

impl Creating {
    fn begin(ledger: &Arc<Ledger>) -> Self {
        ledger.open();
        add(&ledger.creating);
        Self(Some(Arc::clone(ledger)))
    }

    fn succeed(mut self) -> Thing {
        let Some(ledger) = self.0.take() else { unreachable!("it has not ended") };
        subtract(&ledger.creating);
        add(&ledger.made);
        Thing { ledger, is_given_up: false, is_destroyed: false, is_held: false }
    }
}

impl Drop for Creating {
    fn drop(&mut self) {
        if let Some(ledger) = self.0.take() {
            subtract(&ledger.creating);
            ledger.shut();
        }
    }
}

/// A check that has begun. Unless it passes, its resource is given up.
struct Checking<'a>(&'a mut Thing, bool);

impl<'a> Checking<'a> {
    fn begin(thing: &'a mut Thing) -> Self {
        add(&thing.ledger.checking);
        thing.hold();
        Self(thing, false)
    }
}

impl Drop for Checking<'_> {
    fn drop(&mut self) {
        self.0.let_go(!self.1);
        subtract(&self.0.ledger.checking);
    }
}

pub(crate) struct Scripted {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) creates: Script,
    pub(crate) checks: Script,
    pub(crate) time: Time,
    pub(crate) gate: Gate,
}

/// Where hooks stop until the test lets them on.
#[derive(Default)]
pub(crate) struct Gate(Mutex<(bool, Vec<Waker>)>);

impl Gate {
    pub(crate) fn open(&self) {
        let mut gate = lock(&self.0);
        gate.0 = true;
        let wakers = std::mem::take(&mut gate.1);
        drop(gate);
        wakers.into_iter().for_each(Waker::wake);
    }

    async fn pass(&self) {
        std::future::poll_fn(|context| {
            let mut gate = lock(&self.0);
            if gate.0 {
                return Poll::Ready(());
            }
            gate.1.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// Which hook a poll has left pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Create,
    Check,
}

thread_local! {
    static PENDING: Cell<Option<Hook>> = const { Cell::new(None) };
}

/// Polls something that may poll a hook, and says which of them it left pending.
pub(crate) fn noting<R>(poll: impl FnOnce() -> R) -> (R, Option<Hook>) {
    PENDING.set(None);
    let polled = poll();
    (polled, PENDING.take())
}

impl Scripted {
    /// The first creates and checks come to these ends, and the others are well.
    pub(crate) fn new(max_open: usize, creates: &[End], checks: &[End], time: Time) -> Arc<Self> {
        Arc::new(Self {
            ledger: Arc::new(Ledger::new(max_open)),
            creates: Script::new(creates),
            checks: Script::new(checks),
            time,
            gate: Gate::default(),
        })
    }

    async fn play(&self, hook: Hook, end: End) -> Result<(), Refused> {
        let mut played = pin!(self.come_to(end));
        std::future::poll_fn(|context| {
            let polled = played.as_mut().poll(context);
            if polled.is_pending() {
                PENDING.set(Some(hook));
            }
            polled
        })
        .await
    }

    async fn come_to(&self, end: End) -> Result<(), Refused> {
        match end {
            End::Ok => Ok(()),
            End::Error => Err(Refused),
            End::Slow => {
                yield_now().await;
                self.time.sleep(SLOW).await;
                yield_now().await;
                Ok(())
            }
            End::Never => std::future::pending().await,
            End::Gated => {
                self.gate.pass().await;
                Ok(())
            }
            End::Panic => resume_unwind(Box::new("as scripted")),
            End::Polled { yields, is_well } => {
                yield_times(yields).await;
                if is_well { Ok(()) } else { Err(Refused) }
            }
        }
    }
}

impl AsyncManager for Scripted {
    type Resource = Thing;
    type Error = Refused;

    async fn create(&self) -> Result<Thing, Refused> {
        let creating = Creating::begin(&self.ledger);
        self.play(Hook::Create, self.creates.next()).await?;
        Ok(creating.succeed())
    }

    async fn check(&self, thing: &mut Thing, _: &Meta) -> Result<(), Refused> {
        let mut checking = Checking::begin(thing);
        self.play(Hook::Check, self.checks.next()).await?;
        checking.1 = true;
        Ok(())
    }

    fn destroy(&self, mut thing: Thing, _: Reason) {
        if std::mem::replace(&mut thing.is_destroyed, true) {
            self.ledger.fault("a resource was destroyed twice");
        }
        add(&self.ledger.destroyed);
    }
}
