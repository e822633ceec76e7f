//! `wrk`, which loads a server and says what it saw.

use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use poolable_load::orders;

/// One thread: it takes a part of a core, and a second one would take more from the server.
const THREADS: u32 = 1;
/// Enough that neither worker of the server runs out of requests. More would only stand in line
/// longer.
const CONNECTIONS: u32 = 16;

/// What begins the line that the script prints.
const MARK: &str = "poolable-load:";

/// The program, with a script that posts one order after the other.
pub(crate) struct Wrk {
    version: String,
    script: PathBuf,
}

/// What it saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) requests_per_second: f64,
    /// In microseconds, as the next two.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
}

impl Wrk {
    /// `None` if it is not installed. The script is written to the folder.
    pub(crate) fn find(folder: &Path) -> Result<Option<Self>, String> {
        let Some(version) = version()? else { return Ok(None) };
        let script = folder.join("orders.lua");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&script, lua(orders::all())))
            .map_err(|error| format!("cannot write {}: {error}", script.display()))?;
        Ok(Some(Self { version, script }))
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Loads a server.
    pub(crate) fn load(&self, address: SocketAddr, time: Duration) -> Result<Seen, String> {
        let mut command = Command::new("wrk");
        command.args([format!("-t{THREADS}"), format!("-c{CONNECTIONS}")]);
        command.args([format!("-d{}s", time.as_secs()), "-s".to_owned()]).arg(&self.script);
        command.arg(format!("http://{address}/"));
        let output =
            command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{command:?}: {}: {text}{complaint}", output.status));
        }
        parse(&text)
    }
}

/// The first word of what it says, with its version; `None` if there is no such program.
fn version() -> Result<Option<String>, String> {
    // It has no way to be asked that it calls a success.
    match Command::new("wrk").arg("-v").stdin(Stdio::null()).output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            Ok(Some(text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot run `wrk`: {error}")),
    }
}

/// The requests are put together once, so that nothing of that is timed.
fn lua(orders: &[String]) -> String {
    let bodies: String = orders.iter().map(|order| format!("  [==[{order}]==],\n")).collect();
    format!(
        r#"local bodies = {{
{bodies}}}
local requests, next_one = {{}}, 0

function init()
  local headers = {{ ["Content-Type"] = "application/json" }}
  for number, body in ipairs(bodies) do
    requests[number] = wrk.format("POST", "/orders", headers, body)
  end
end

function request()
  next_one = next_one % #requests + 1
  return requests[next_one]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    "{MARK} requests=%d time=%d p50=%d p99=%d p999=%d connect=%d read=%d write=%d status=%d timeout=%d",
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
"#
    )
}

/// What the script printed. An error that it saw is one here: then the figures are not those of
/// answered orders.
fn parse(text: &str) -> Result<Seen, String> {
    let without = || format!("wrk printed no figures: {text}");
    let line = text.lines().find_map(|line| line.strip_prefix(MARK)).ok_or_else(without)?;
    let figure = |name: &str| -> Result<f64, String> {
        let mut figures = line.split_whitespace().filter_map(|pair| pair.split_once('='));
        let value = figures.find(|pair| pair.0 == name).map(|pair| pair.1);
        let value: Option<u64> = value.and_then(|value| value.parse().ok());
        value.map(|value| value as f64).ok_or_else(|| format!("no `{name}` in: {line}"))
    };
    for name in ["connect", "read", "write", "status", "timeout"] {
        let errors = figure(name)?;
        if errors > 0.0 {
            return Err(format!("wrk saw {errors} errors of kind `{name}`:{line}"));
        }
    }
    let (requests, time) = (figure("requests")?, figure("time")?);
    if requests == 0.0 || time == 0.0 {
        return Err(format!("nothing was answered:{line}"));
    }
    Ok(Seen {
        requests_per_second: requests / time * 1e6,
        p50: figure("p50")?,
        p99: figure("p99")?,
        p999: figure("p999")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it prints itself stands around the line.
    fn output(line: &str) -> String {
        format!(
            "Running 1s test @ http://127.0.0.1:4000/\n  1 threads and 16 connections\n  Thread \
             Stats   Avg      Stdev     Max   +/- Stdev\n    Latency   349.81us  158.09us   2.50ms\n\
             Requests/sec:  43210.01\n{line}\n"
        )
    }

    const LINE: &str = "poolable-load: requests=84000 time=2000000 p50=310 p99=905 p999=1800 \
                        connect=0 read=0 write=0 status=0 timeout=0";

    #[test]
    fn figures_are_read_from_the_line_of_the_script() {
        let seen = Seen { requests_per_second: 42_000.0, p50: 310.0, p99: 905.0, p999: 1800.0 };
        assert_eq!(parse(&output(LINE)), Ok(seen));
    }

    #[test]
    fn run_with_errors_has_no_figures() {
        for kind in ["connect", "read", "write", "status", "timeout"] {
            let line = LINE.replace(&format!("{kind}=0"), &format!("{kind}=3"));
            let error = parse(&output(&line)).unwrap_err();
            assert!(error.contains(kind) && error.contains('3'), "{error}");
        }
    }

    #[test]
    fn output_that_lacks_something_is_an_error() {
        assert!(parse("").is_err());
        assert!(parse(&output("")).is_err());
        for name in ["requests", "time", "p50", "p99", "p999", "timeout"] {
            let line = LINE.replace(&format!(" {name}="), " other=");
            assert!(parse(&output(&line)).unwrap_err().contains(name), "{name}");
        }
        assert!(parse(&output(&LINE.replace("=310", "=fast"))).is_err());
    }

    #[test]
    fn run_in_which_nothing_is_answered_is_an_error() {
        assert!(parse(&output(&LINE.replace("=84000", "=0"))).is_err());
        assert!(parse(&output(&LINE.replace("=2000000", "=0"))).is_err());
    }

    #[test]
    fn script_holds_all_orders_as_they_are() {
        let script = lua(orders::all());
        for order in orders::all() {
            assert!(script.contains(&format!("[==[{order}]==]")));
            assert!(!order.contains("]==]") && !order.starts_with('\n'));
        }
        assert!(script.contains(&format!("\"{MARK} requests=%d")));
    }
}
