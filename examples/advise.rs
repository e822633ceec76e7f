//! Should I pool it? Three types, measured on this machine, and the answer in words.
//!
//! ```sh
//! cargo run --release --example advise               # at which rate does it matter?
//! cargo run --release --example advise -- 50000      # at 50,000 gets in a second
//! cargo run --release --example advise -- 50000 40ms # .. of objects that are out for 40 ms
//! ```
//!
//! To ask about a type of yours, copy this file, put your type and what you do with it in the place
//! of one of these, and run it on the machine that the program is for.

use core::time::Duration;
use std::collections::HashMap;
use std::env;
use std::process::ExitCode;

use poolable::Poolable;
use poolable::advise::{Advisor, CountingAllocator};

// A library cannot see allocations unless the program lets it. Without this line the report does
// without them.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// A request as a server reads it.
#[derive(Poolable)]
struct Request {
    path: String,
    headers: HashMap<String, String>,
    #[pool(capacity = 1024)]
    body: Vec<u8>,
}

fn read_request(request: &mut Request) {
    request.path.push_str("/articles/2024/a-pool-for-every-type");
    request.headers.insert("host".to_owned(), "example.org".to_owned());
    request.headers.insert("accept".to_owned(), "application/json".to_owned());
    request.body.extend_from_slice(br#"{"id": 17, "text": "never twice"}"#);
}

/// A place on a map.
#[derive(Clone, Copy, Poolable)]
struct Place {
    latitude: f64,
    longitude: f64,
}

/// A file that somebody uploads.
#[derive(Poolable)]
struct Upload {
    bytes: Vec<u8>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some(advisor) = advisor(&arguments) else {
        eprintln!("usage: advise [GETS-PER-SECOND [HOLD-TIME]], as in `advise 50000 40ms`");
        return ExitCode::FAILURE;
    };

    println!("{}", advisor.run::<Request>(read_request));

    println!(
        "{}",
        advisor.run::<Place>(|place| {
            place.latitude = 52.5;
            place.longitude = 13.4;
        })
    );

    // Inputs that vary: most of the uploads are small, and one in twenty is large. What the closure
    // owns is cloned for each contender, so that all see the same sizes.
    let mut count = 0;
    println!(
        "{}",
        advisor.run::<Upload>(move |upload| {
            count += 1;
            let size = if count % 20 == 0 { 80 << 10 } else { 200 };
            upload.bytes.resize(size, b'x');
        })
    );
    ExitCode::SUCCESS
}

/// What the program asks for, as the command line says.
fn advisor(arguments: &[String]) -> Option<Advisor> {
    let mut advisor = Advisor::new();
    if let Some(rate) = arguments.first() {
        advisor =
            advisor.rate(rate.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate >= 0.0)?);
    }
    if let Some(hold) = arguments.get(1) {
        advisor = advisor.hold(time(hold)?);
    }
    (arguments.len() <= 2).then_some(advisor)
}

/// A time as people write it: `200us`, `5ms`, `2s`.
fn time(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let second = match &text[number.len()..] {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * second).ok()
}
