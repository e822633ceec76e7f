//! The system's calls, by pages.

pub(super) use self::calls::{UNSUPPORTED, explain, lock, page_size, unlock};

#[cfg(unix)]
mod calls {
    use core::ffi::c_void;
    use core::ptr;

    use rustix::io::{Errno, Result};
    use rustix::mm;

    use super::super::report::{Bound, Cause};
    use super::super::{LockError, Span};

    /// Why nothing can be locked here.
    pub(in super::super) const UNSUPPORTED: Option<LockError> = None;

    /// A call that failed.
    pub(in super::super) struct Failure {
        call: &'static str,
        errno: Errno,
    }

    pub(in super::super) fn page_size() -> usize {
        rustix::param::page_size()
    }

    fn memory(pages: Span) -> (*mut c_void, usize) {
        let size = page_size();
        (ptr::without_provenance_mut(pages.start * size), pages.len() * size)
    }

    /// Locks pages into memory, and keeps them out of core dumps. It does the one even if
    /// the other fails.
    pub(in super::super) fn lock(pages: Span) -> core::result::Result<(), Failure> {
        let (start, length) = memory(pages);
        #[cfg(test)]
        super::testing::count();
        // SAFETY: the call reads and writes no memory of the program, and fails if there is
        // none at the address.
        let locked = unsafe { mm::mlock(start, length) };
        #[cfg(test)]
        let locked = if super::testing::refuses() { Err(Errno::NOMEM) } else { locked };
        let hidden = hide_from_dumps(start, length, true);
        let failure = |call| move |errno| Failure { call, errno };
        locked.map_err(failure("mlock")).and(hidden.map_err(failure("madvise")))
    }

    /// Finds out what was reached when these pages were not locked. This looks into files of
    /// the system's: it is for the first failure of a pool.
    #[cold]
    pub(in super::super) fn explain(failure: &Failure, pages: Span) -> LockError {
        let &Failure { call, errno } = failure;
        let bound = if call == "mlock" { bound(errno, memory(pages).1) } else { Bound::Unknown };
        LockError(Cause::Refused { call, os_error: errno.raw_os_error(), bound })
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn bound(errno: Errno, asked: usize) -> Bound {
        match (errno, limit()) {
            // It may lock nothing, and knows so.
            (Errno::PERM, Some(limit)) => Bound::Limit(limit),
            (Errno::NOMEM, Some(limit)) => match locked_bytes() {
                Some(locked) if locked.saturating_add(asked as u64) <= limit => Bound::Mappings,
                _ => Bound::LimitOrMappings(limit),
            },
            (Errno::NOMEM, None) => Bound::Mappings,
            _ => Bound::Unknown,
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn bound(_: Errno, _: usize) -> Bound {
        limit().map_or(Bound::Unknown, Bound::Limit)
    }

    /// How many bytes the process has locked.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn locked_bytes() -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let number = status.lines().find_map(|line| line.strip_prefix("VmLck:"))?;
        let number: u64 = number.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(number * 1024)
    }

    /// Takes back what [`lock`] did.
    pub(in super::super) fn unlock(pages: Span) {
        if pages.len() == 0 {
            return;
        }
        #[cfg(test)]
        super::testing::count();
        let (start, length) = memory(pages);
        // There may be no memory there any more, if a user freed it. Then it is unlocked
        // already, so that the error says nothing.
        // SAFETY: the call reads and writes no memory of the program, and fails if there is
        // none at the address.
        let _ = unsafe { mm::munlock(start, length) };
        // As above.
        let _ = hide_from_dumps(start, length, false);
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn hide_from_dumps(start: *mut c_void, length: usize, hide: bool) -> Result<()> {
        let advice = if hide { mm::Advice::LinuxDontDump } else { mm::Advice::LinuxDoDump };
        // SAFETY: neither advice changes the contents, and the call fails if there is no
        // memory at the address.
        unsafe { mm::madvise(start, length, advice) }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn hide_from_dumps(_: *mut c_void, _: usize, _: bool) -> Result<()> {
        Ok(())
    }

    /// How many bytes the process may lock, if that is limited.
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn limit() -> Option<u64> {
        use rustix::process::{Resource, getrlimit};

        getrlimit(Resource::Memlock).current
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn limit() -> Option<u64> {
        None
    }
}

#[cfg(not(unix))]
mod calls {
    use super::super::report::Cause;
    use super::super::{LockError, Span};

    /// Why nothing can be locked here.
    pub(in super::super) const UNSUPPORTED: Option<LockError> = Some(LockError(Cause::Unsupported));

    /// Nothing is tried, so that nothing fails.
    pub(in super::super) enum Failure {}

    pub(in super::super) fn page_size() -> usize {
        4096
    }

    pub(in super::super) fn lock(_: Span) -> Result<(), Failure> {
        Ok(())
    }

    pub(in super::super) fn explain(failure: &Failure, _: Span) -> LockError {
        match *failure {}
    }

    pub(in super::super) fn unlock(_: Span) {}
}

/// The calls of the current thread: how many, and whether they fail.
#[cfg(all(test, unix))]
pub(super) mod testing {
    use core::cell::Cell;

    std::thread_local! {
        static CALLS: Cell<usize> = const { Cell::new(0) };
        static REFUSES: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn count() {
        CALLS.set(CALLS.get() + 1);
    }

    pub(super) fn refuses() -> bool {
        REFUSES.get()
    }

    /// How many times memory was to be locked or unlocked.
    pub(in super::super) fn calls() -> usize {
        CALLS.get()
    }

    /// Has memory not be locked from now on, or be locked again.
    pub(in super::super) fn refuse(refuses: bool) {
        REFUSES.set(refuses);
    }
}
