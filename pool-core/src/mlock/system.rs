//! The system's calls, by pages.

pub(super) use self::calls::{UNSUPPORTED, lock, page_size, unlock};

#[cfg(unix)]
mod calls {
    use core::ffi::c_void;
    use core::ptr;

    use rustix::io::{Errno, Result};
    use rustix::mm;

    use super::super::{LockError, Span};

    /// Why nothing can be locked here.
    pub(in super::super) const UNSUPPORTED: Option<LockError> = None;

    pub(in super::super) fn page_size() -> usize {
        rustix::param::page_size()
    }

    fn memory(pages: Span) -> (*mut c_void, usize) {
        let size = page_size();
        (ptr::without_provenance_mut(pages.start * size), pages.len() * size)
    }

    /// Locks pages into memory, and keeps them out of core dumps. It does the one even if
    /// the other fails.
    pub(in super::super) fn lock(pages: Span) -> core::result::Result<(), LockError> {
        let (start, length) = memory(pages);
        // SAFETY: the call reads and writes no memory of the program, and fails if there is
        // none at the address.
        let locked = unsafe { mm::mlock(start, length) };
        let hidden = hide_from_dumps(start, length, true);
        let error = |call, errno: Errno, limit| {
            Err(LockError { call, os_error: Some(errno.raw_os_error()), limit })
        };
        match (locked, hidden) {
            (Err(errno), _) => error("mlock", errno, limit()),
            (_, Err(errno)) => error("madvise", errno, None),
            (Ok(()), Ok(())) => Ok(()),
        }
    }

    /// Takes back what [`lock`] did.
    pub(in super::super) fn unlock(pages: Span) {
        if pages.len() == 0 {
            return;
        }
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
        // SAFETY: these two advices change no contents, and the call fails if there is no
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
    use super::super::{LockError, Span};

    /// Why nothing can be locked here.
    pub(in super::super) const UNSUPPORTED: Option<LockError> =
        Some(LockError { call: "mlock", os_error: None, limit: None });

    pub(in super::super) fn page_size() -> usize {
        4096
    }

    pub(in super::super) fn lock(_: Span) -> Result<(), LockError> {
        UNSUPPORTED.map_or(Ok(()), Err)
    }

    pub(in super::super) fn unlock(_: Span) {}
}
