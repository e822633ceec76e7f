//! The service as its clients know it: over sockets, whatever they do. After each of these tests
//! nothing is in use.

mod cut;
mod end;
mod harness;
mod inspect;
mod many;
#[cfg(unix)]
mod program;
mod refusals;
mod secret;
mod slow;
