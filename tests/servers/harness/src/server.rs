//! A server's process: started, asked to end, killed, stopped and woken.

use core::time::Duration;
use std::collections::HashSet;
use std::fs;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process};

use crate::place::Place;
use crate::until::until;

/// How long a server may take to start or to end, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs, or does not at the moment.
#[derive(Debug)]
pub(crate) struct Server {
    // Dropped first: what it guards has ended when the child is waited for.
    place: Option<Place>,
    child: Option<Child>,
}

impl Server {
    pub(crate) fn new(place: Place) -> Self {
        Self { place: Some(place), child: None }
    }

    pub(crate) fn place(&self) -> &Place {
        match &self.place {
            Some(place) => place,
            None => unreachable!("it is there until this is dropped"),
        }
    }

    /// Starts it, and waits until it is ready.
    pub(crate) fn start(
        &mut self,
        mut command: Command,
        is_ready: impl Fn(&Place) -> bool,
    ) -> Result<(), String> {
        let child = command.spawn().map_err(|error| format!("cannot run {command:?}: {error}"))?;
        let child = self.child.insert(child);
        let place = match &self.place {
            Some(place) => place,
            None => unreachable!("it is there until this is dropped"),
        };
        let mut ended = None;
        until("the server is ready", PATIENCE, || {
            ended = child.try_wait().ok().flatten();
            ended.is_some() || is_ready(place)
        });
        match ended {
            None => Ok(()),
            Some(status) => {
                self.child = None;
                let log = fs::read_to_string(place.log()).unwrap_or_default();
                Err(format!("{command:?} ended with {status}:\n{log}"))
            }
        }
    }

    /// Whether it has been started and not been ended since.
    pub(crate) fn is_running(&self) -> bool {
        self.child.is_some()
    }

    /// Sends a signal to the server's first process.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(id) = self.id() {
            // It has not been waited for, so that the number is still its own.
            kill_process(id, signal).expect("the server's process is ours");
        }
    }

    /// Has it end by a signal, and waits until all of it has.
    pub(crate) fn end(&mut self, signal: Signal) {
        self.signal(signal);
        if let Some(mut child) = self.child.take() {
            until("the server has ended", PATIENCE, || {
                child.try_wait().is_ok_and(|status| status.is_some())
            });
        }
        // After a kill its children find out by themselves.
        until("the server's processes have ended", PATIENCE, || {
            self.place().processes().is_empty()
        });
    }

    /// Stops all of it, until the value is dropped.
    pub(crate) fn pause(&self) -> Paused<'_> {
        // The first process before the others: it starts no more then.
        self.signal(Signal::STOP);
        let mut stopped = HashSet::new();
        loop {
            let others = self.place().processes();
            let new: Vec<Pid> = others.into_iter().filter(|id| stopped.insert(*id)).collect();
            if new.is_empty() {
                return Paused { server: self };
            }
            for id in new {
                // It may have ended in the meantime.
                let _ = kill_process(id, Signal::STOP);
            }
        }
    }

    fn resume(&self) {
        for id in self.place().processes() {
            let _ = kill_process(id, Signal::CONT);
        }
    }

    fn id(&self) -> Option<Pid> {
        self.child.as_ref().and_then(|child| Pid::from_raw(i32::try_from(child.id()).ok()?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.place = None;
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
    }
}

/// A server that does nothing, and goes on when this is dropped.
#[derive(Debug)]
#[must_use = "the server goes on at once unless this is kept"]
pub struct Paused<'a> {
    server: &'a Server,
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.server.resume();
    }
}
