//! What the guide says of Go is what Go does: `what_go_does/*.go` show it, a line for each claim,
//! and `what_go_does.txt` has the lines.

use crate::in_go;

const LINES: &str = include_str!("what_go_does.txt");

/// What Go does in that case.
#[track_caller]
pub(crate) fn in_go(case: &str) -> &'static str {
    let found = LINES.lines().find_map(|line| line.strip_prefix(case)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no line begins with `{case}`"))
}

/// All of these cases have these results.
#[track_caller]
pub(crate) fn assert_in_go(cases: &[(&str, &str)]) {
    for (case, result) in cases {
        assert_eq!(in_go(case), *result, "{case}");
    }
}

#[test]
fn go_writes_these_lines() {
    let files = ["main.go", "io.go", "limits.go", "pitfalls.go", "pools.go", "resets.go"];
    if let Some(lines) = in_go::output("go1.27", "from_go/what_go_does", &files) {
        assert_eq!(lines, LINES, "see `what_go_does/main.go`");
    }
}

#[test]
fn pools_of_go_are_emptied_by_its_collector_and_count_and_limit_as_the_guide_says() {
    assert_in_go(&[
        ("objects made for a get after one collection", "0"),
        ("objects made for a get after two more", "1"),
        ("objects made for three gets, one by one, after a collection of five", "0"),
        ("of five, put here and got at once there, some are made anew", "true"),
        ("of five, after a collection too", "true"),
        ("objects made to warm a pool", "100"),
        ("objects made for as many at once", "0"),
        ("objects made for as many after two collections", "100"),
        ("with -race one put in four is dropped", "true"),
        ("length of a new slice", "4096"),
        ("length and capacity when six bytes were appended", "4102 5376"),
        ("length of one that was used", "0"),
        ("capacities of 4095, 4096, 8192 and 8193 are kept", "false true true false"),
        ("hit rate after the first get", "0.5"),
        ("hits and misses of ten misses", "10 10"),
        ("of 1000 gets with a limit, made and refused", "1000 1000"),
        ("what a panic left", "0 half"),
        ("allocations of a put of a pointer", "0"),
        ("allocations of a put of a slice", "1"),
    ]);
}

#[test]
fn mistakes_with_pools_pass_in_go() {
    assert_in_go(&[
        ("a result that was kept after its put", "somebody else's"),
        ("a slice of a pooled buffer, after the next call", "other"),
        ("what the next one finds of a write after the put", "late"),
        ("put twice, got by two", "true"),
        ("a large one, from a pool that was given a small one", "64"),
        (
            "another type in the pool",
            "interface conversion: interface {} is *main.account, not *bytes.Buffer",
        ),
        ("a get without New", "<nil>"),
        ("its assertion", "interface conversion: interface {} is nil, not *bytes.Buffer"),
        ("half made", "assignment to entry in nil map"),
        ("what was not reset", "secret-key"),
        ("what an idle object points to is collected", "false"),
        ("it is when the pointer has been cleared", "true"),
        ("gets that were refused, of 1000", "0"),
        ("a nil that was put is what the next one gets", "true"),
    ]);
}

#[test]
fn resets_written_in_go_leave_what_the_guide_says() {
    assert_in_go(&[
        ("a slice from elsewhere, when the next user has appended", "XX somebody else"),
        ("a map that was set to nil", "assignment to entry in nil map"),
        ("capacity of a body that was large once", "1048576"),
        ("MiB that 16 truncated labels of 1 MiB hold", "16"),
        ("length of one that is found behind the length", "1048576"),
        ("a child behind the length is collected", "false"),
        ("the children that are left of three", "false true true"),
        ("a list in a map is collected after delete", "true"),
        ("a large object's first user has", "4097 5376"),
        ("and the next one", "1"),
        ("of a secret that was cut to four bytes", r#""\x00\x00\x00\x00itive""#),
        ("of a secret that has grown", r#""Sensitive""#),
        ("a map of 100 keeps more than 70 MiB of a million texts", "true"),
        ("its length", "0"),
        ("a value of a map that was made anew", "42 0"),
    ]);
    // Two texts, and the number that is passed to write one of them.
    assert_eq!(in_go("allocations of two texts"), "3");
}

#[test]
fn bounded_and_expiring_pools_written_in_go_lose_what_the_guide_says() {
    assert_in_go(&[
        ("a timeout on a new pool", "too late, created 0"),
        ("borrows that are counted of none", "1"),
        ("created, borrowed and returned of five warmed and three used", "5 8 8"),
        ("created and idle of 25 at once", "25 10"),
        ("half of the calls with no time are late, with idle ones", "true"),
        ("a timer is allocated where one is idle", "true"),
        ("the oldest is taken first", "true"),
        ("destroyed by a close with two idle", "2"),
        ("idle and destroyed of one that comes later", "1 0"),
        ("a get after the close", "true"),
        ("a second close", "close of closed channel"),
        ("the mutex is free for factory and destroy", "[false false]"),
        ("goroutines of a pool that nobody has closed, nor has any more", "1"),
        ("an age of 1 ns", "exit status 2, panic: non-positive interval for NewTicker"),
    ]);
}

#[test]
fn connection_pools_written_in_go_lose_what_the_guide_says() {
    assert_in_go(&[
        ("when three have given up", "3 open, 0 idle, 3 waiting"),
        ("when three have returned", "3 open, 3 idle, 0 waiting, wake-ups for nobody 3"),
        ("who waits is overtaken, nearly each time of 200", "true"),
        ("a factory that fails", "refused"),
        ("then, for the one who waits", "0 open, 0 idle, 1 waiting, wake-ups 0"),
        ("who gets nothing", "context canceled"),
        ("a factory that panics", "1 open, 0 idle, 0 waiting"),
        ("a context that ends in the factory", "true <nil>, context canceled"),
        ("a connection put back twice", "1 open, 2 idle, 0 waiting"),
        ("goes to two", "true"),
        ("one from elsewhere", "0 open, 1 idle, 0 waiting"),
        ("two from elsewhere, one idle at the most", "-1 open, 1 idle, 0 waiting"),
        ("a get after a put of nil", "context canceled"),
        ("the mutex is free for the close and the check of a connection", "[false false]"),
        ("served of 101, all in the select true", "101"),
        ("served of 101, all in the select false", "100"),
        ("served of 150, all in the select true", "150"),
        ("served of 150, all in the select false", "100"),
        ("a return after the close", "-1 open, 0 idle, 0 waiting"),
        ("one of an hour, on a quiet day", "1 open, 1 idle, 0 waiting"),
        ("a context that is over, and one is idle", "true <nil>"),
    ]);
}
