//! For how long the process has been there.

use core::time::Duration;
use std::sync::OnceLock;
use std::time::Instant;

/// Since the process began, or, if the system does not say when, since the first call.
pub(super) fn uptime() -> Duration {
    static BEGAN: OnceLock<Instant> = OnceLock::new();

    let began = BEGAN.get_or_init(|| {
        let now = Instant::now();
        now.checked_sub(age().unwrap_or_default()).unwrap_or(now)
    });
    began.elapsed()
}

/// What the system says of it.
#[cfg(target_os = "linux")]
fn age() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name, the second field, is in parentheses, and may have such itself. The begin is the
    // 22nd, in ticks since the system's own.
    let after_name = stat.get(stat.rfind(')')? + 1..)?;
    let ticks: u64 = after_name.split_ascii_whitespace().nth(19)?.parse().ok()?;
    let a_second = rustix::param::clock_ticks_per_second();
    let began = Duration::from_millis(ticks.checked_mul(1000)?.checked_div(a_second)?);
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let now = Duration::new(now.tv_sec.try_into().ok()?, now.tv_nsec.try_into().ok()?);
    now.checked_sub(began)
}

/// What the system says of it.
#[cfg(not(target_os = "linux"))]
fn age() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_is_as_old_as_it_is() {
        let first = uptime();
        assert!(first < Duration::from_secs(24 * 3600), "{first:?}");
        assert!(uptime() >= first);
        #[cfg(target_os = "linux")]
        assert!(age().is_some_and(|age| age.abs_diff(uptime()) < Duration::from_secs(5)));
    }
}
