//! Plays random scripts with pools on several threads, and judges what it sees.
//!
//! A script is a sequence of gets, returns, panics, trims, threads that end and all that
//! can happen to a pool, decoded from the bytes of a fuzzer or from a seed. Every value
//! carries an identity, and so the player notices when one is handed out twice, comes
//! with the traces of another user, moves, dies twice or not at all. In between it holds
//! the counters of each pool against what it counted itself.
//!
//! A script runs in lock-step, one step of one thread at a time, so that what the pools
//! do is foreseeable; or free, all threads at once, and then the laws are checked at the
//! end.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `script`, `rng` | the steps |
//! | `player`, `stage`, `worker` | the threads that take them |
//! | `hand` | guards: where everything is checked and counted |
//! | `house` | pools, as the player sees them |
//! | `derived`, `made`, `site` | the pools of `poolable` |
//! | `body`, `life`, `act` | values, and what they do when the pool calls |
//! | `census`, `book` | which values there are, and how many |
//! | `forecast` | which gets must be hits |
//! | `laws` | what holds of a pool at rest |
//! | `verdict` | the first law that was broken |
//!
//! Three modules have nothing to do with all this. Module `buffers` plays scripts with pools of
//! buffers, against a model of their own; `ring` plays them with a ring of bytes, and `json`
//! reads JSON with pooled objects, for the fuzzer and for the tests of the public behaviour.

mod act;
mod body;
mod book;
mod buffers;
mod census;
mod derived;
mod forecast;
mod hand;
mod house;
pub mod json;
mod laws;
mod life;
mod made;
mod player;
pub mod ring;
mod rng;
mod script;
mod site;
mod stage;
mod verdict;
mod worker;

pub use act::Act;
pub use body::{Body, Traces};
pub use buffers::{BufferTale, buffer_script, play_buffers};
pub use house::{Guest, House, Keeping, Order, Site, Terms, Watch};
pub use life::Life;
pub use player::{Tale, play};
pub use script::Script;
pub use site::Real;
pub use verdict::{Violation, broken};
