#![deny(unused_must_use)]

use poolable::Reaper;
use std::time::Duration;

fn main() -> std::io::Result<()> {
    Reaper::spawn(Duration::from_secs(1))?;
    Ok(())
}
