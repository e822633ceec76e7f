//! The service as its clients know it: over sockets, whatever they do. After each of these tests
//! nothing is in use.

mod cut;
mod end;
mod harness;
mod many;
mod refusals;
mod secret;
mod slow;
