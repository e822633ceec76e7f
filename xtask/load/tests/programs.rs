//! The programs that `cargo xtask load` starts.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use poolable_load::{Client, Variant, orders};

const SERVERS: [&str; 2] =
    [env!("CARGO_BIN_EXE_poolable-load-system"), env!("CARGO_BIN_EXE_poolable-load-mimalloc")];

#[test]
fn server_says_where_it_listens_and_ends_with_its_input() {
    for program in SERVERS {
        for variant in Variant::ALL {
            let mut server = Command::new(program)
                .arg(variant.name())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("it is built");
            let mut line = String::new();
            let output = server.stdout.take().expect("it is piped");
            BufReader::new(output).read_line(&mut line).expect("it says something");
            let address = line.trim().parse().expect("it is an address");
            let mut client = Client::connect(address).expect("it listens");
            let answer = client.post("/orders", &orders::all()[3]).expect("it answers");
            assert_eq!(answer, orders::answers()[3], "{variant:?}");
            // The connection is open still: nobody waits for that.
            drop(server.stdin.take());
            assert!(server.wait().expect("it is a child").success(), "{variant:?}");
        }
    }
}

#[test]
fn server_of_nothing_says_how_it_is_used() {
    for arguments in [&[][..], &["puddled"]] {
        let output = Command::new(SERVERS[0]).args(arguments).output().expect("it is built");
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("usage"));
    }
}
