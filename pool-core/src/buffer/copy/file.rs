//! Copying one file over another.
//!
//! # Invariants
//!
//! 1. The target is changed when both files are open and known to be two, not before: by
//!    their handles, since names may have other files a moment later.
//! 2. It is emptied, then gets the source's permissions, then its bytes. So what it held is
//!    not opened to those who may read the source, nor what the source holds to
//!    those who may not.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::path::Path;

use same_file::Handle;

/// Copies a file over another, or to a new one, through a pooled buffer, and returns how many
/// bytes it had.
///
/// It does what [`std::fs::copy`] does: the source is a regular file, or a link to one; a
/// target that exists is emptied first; the target gets the permission bits of the source,
/// before it gets a byte; links are followed. Two things differ. The buffer is one of
/// [`copy`](super::copy)'s, wiped when it ends. And a target that *is* the source, by the
/// same name, by a hard link or by a symbolic one, is refused and stays as it is, where
/// `fs::copy` empties it: by the files that have been opened, whatever happens to their names.
///
/// It is not atomic. When a copy fails half-way, the target holds what has been written till
/// then; to replace a file that others read, copy to a new name beside it and
/// [`rename`](std::fs::rename) that.
///
/// # When to use another
///
/// [`std::fs::copy`] has the operating system copy, where it can: on Linux by
/// `copy_file_range` or `sendfile`, with which no byte comes into the process, and on file
/// systems that share blocks none is copied at all; on macOS and Windows by calls that copy
/// attributes which this function does not. Use it for files, and this one where
/// the source may turn out to be the target. A wipe does not help a secret that goes from one
/// file to another, since the kernel has both in its caches.
///
/// # Errors
///
/// Those of opening, reading and writing files. [`InvalidInput`](io::ErrorKind::InvalidInput) if
/// the source is no regular file, and if it is the target. Where the source or the directory of
/// the target is not there, or may not be used, nothing has been created or changed.
///
/// # Performance
///
/// Beside the reads and writes eight calls of the system or so, and the wipe of a buffer.
///
/// # Examples
///
/// ```
/// use poolable::buffer;
/// use std::{fs, io};
///
/// let folder = std::env::temp_dir().join(format!("copy-file-{}", std::process::id()));
/// fs::create_dir(&folder)?;
/// let (report, kept) = (folder.join("report"), folder.join("kept"));
/// fs::write(&report, "all is well")?;
///
/// assert_eq!(buffer::copy_file(&report, &kept)?, 11);
/// assert_eq!(fs::read_to_string(&kept)?, "all is well");
///
/// // Over itself: refused, and still there.
/// let refused = buffer::copy_file(&report, folder.join(".").join("report")).unwrap_err();
/// assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
/// assert_eq!(fs::read_to_string(&report)?, "all is well");
/// fs::remove_dir_all(&folder)?;
/// # Ok::<(), io::Error>(())
/// ```
pub fn copy_file<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<u64> {
    copy_unless(from.as_ref(), to.as_ref(), || false)
}

/// Copies, and fails as soon as `stopped` says so: it is asked before anything is done, and
/// before each chunk.
pub(super) fn copy_unless(from: &Path, to: &Path, stopped: impl Fn() -> bool) -> io::Result<u64> {
    if stopped() {
        return Err(has_been_stopped());
    }
    let (source, permissions) = open_source(from)?;
    let target = open_target(to, &permissions)?;
    let (source, target) = (Handle::from_file(source)?, Handle::from_file(target)?);
    if source == target {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the source and the target are the same file",
        ));
    }
    make_ready(target.as_file(), permissions)?;
    let mut source = Source { file: source.as_file(), stopped };
    super::copy(&mut source, &mut target.as_file())
}

/// Opens the file to be read, and tells its permissions.
fn open_source(from: &Path) -> io::Result<(File, Permissions)> {
    let irregular = || {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the source is neither a regular file nor a link to one",
        )
    };
    // To open one would wait for who writes to it, for nothing.
    #[cfg(unix)]
    if std::fs::metadata(from)
        .is_ok_and(|found| std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type()))
    {
        return Err(irregular());
    }
    let source = File::open(from)?;
    let metadata = source.metadata()?;
    if !metadata.is_file() {
        return Err(irregular());
    }
    Ok((source, metadata.permissions()))
}

/// Opens the file to be written, and creates it if there is none: with permissions that are no
/// wider than those.
#[cfg_attr(not(unix), expect(unused_variables, reason = "they are given to open files only"))]
fn open_target(to: &Path, permissions: &Permissions) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // It may be the source.
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        options.mode(permissions.mode());
    }
    options.open(to)
}

/// Empties the target, and gives it the permissions.
fn make_ready(target: &File, permissions: Permissions) -> io::Result<()> {
    // Devices and pipes have no length to set, and keep their permissions.
    let metadata = target.metadata()?;
    if metadata.is_file() {
        // To cut an empty one has some file systems write it to the disk when it is closed.
        if metadata.len() > 0 {
            target.set_len(0)?;
        }
        target.set_permissions(permissions)?;
    }
    Ok(())
}

fn has_been_stopped() -> io::Error {
    io::Error::other("the copy has been stopped")
}

/// A file that cannot be read any more once it is `stopped`.
struct Source<'f, F> {
    file: &'f File,
    stopped: F,
}

impl<F: Fn() -> bool> Read for Source<'_, F> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        if (self.stopped)() {
            return Err(has_been_stopped());
        }
        self.file.read(chunk)
    }
}
