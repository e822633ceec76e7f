//! Copying files, compared with `fs::copy` where that is to do the same.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use poolable::buffer::copy_file;

use super::{CHUNK, assert_home_and_blank, content, turn};

/// A folder that is deleted with all that is in it.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("copy-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a new folder");
        Self(path)
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.join(name);
        fs::write(&path, bytes).expect("a new file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A test may have taken the right to change it away.
        #[cfg(unix)]
        unix::set_mode(&self.0, 0o755);
        _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn file_arrives_whatever_its_length() {
    let _turn = turn();
    let folder = Folder::new();
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 200_001] {
        let from = folder.write("from", &content(length));
        let to = folder.join("to");
        assert_eq!(copy_file(&from, &to).unwrap(), length as u64);
        assert_eq!(fs::read(&to).unwrap(), content(length));
        assert_eq!(fs::read(&from).unwrap(), content(length));
        assert_home_and_blank(None);
    }
}

#[test]
fn longer_target_is_emptied_first() {
    let _turn = turn();
    let folder = Folder::new();
    let (from, to) = (folder.write("from", b"short"), folder.write("to", &content(100_000)));
    assert_eq!(copy_file(from, &to).unwrap(), 5);
    assert_eq!(fs::read(to).unwrap(), b"short");
    assert_home_and_blank(None);
}

/// Refused, with the file as it was.
#[track_caller]
fn assert_refused(from: &Path, to: &Path) {
    let before = (fs::read(from).unwrap(), fs::metadata(from).unwrap().permissions());
    let refused = copy_file(from, to).expect_err("it is the same file");
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert_eq!(refused.to_string(), "the source and the target are the same file");
    assert_eq!((fs::read(from).unwrap(), fs::metadata(from).unwrap().permissions()), before);
}

#[test]
fn file_is_not_copied_over_itself_by_any_name() {
    let _turn = turn();
    let folder = Folder::new();
    let file = folder.write("file", &content(100_000));
    let detour = folder.join("deeper").join("..").join("file");
    fs::create_dir(folder.join("deeper")).unwrap();
    let hard = folder.join("hard");
    fs::hard_link(&file, &hard).unwrap();
    let mut names = vec![file, detour, hard];
    #[cfg(unix)]
    {
        let soft = folder.join("soft");
        std::os::unix::fs::symlink("hard", &soft).unwrap();
        let farther = folder.join("farther");
        std::os::unix::fs::symlink(&soft, &farther).unwrap();
        names.extend([soft, farther]);
    }
    for from in &names {
        for to in &names {
            assert_refused(from, to);
        }
    }
    assert_home_and_blank(None);
}

#[test]
fn empty_file_is_not_copied_over_itself_either() {
    let folder = Folder::new();
    let file = folder.write("file", b"");
    assert_refused(&file, &file);
}

#[cfg(unix)]
pub(super) mod unix {
    use std::collections::BTreeMap;
    use std::fs::{File, OpenOptions, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    /// What a file is: its mode, and its bytes if it has any.
    type Entry = (u32, Option<Vec<u8>>);

    fn entries(folder: &Folder) -> BTreeMap<PathBuf, Entry> {
        let mut entries = BTreeMap::new();
        for entry in fs::read_dir(&folder.0).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            // What may not be read is only read by who may do all.
            let bytes = metadata.is_file().then(|| fs::read(entry.path()).unwrap_or_default());
            entries.insert(entry.file_name().into(), (metadata.mode(), bytes));
        }
        entries
    }

    pub(in crate::copy) fn make_fifo(path: &Path) {
        let made = Command::new("mkfifo").arg(path).status().expect("`mkfifo`, of POSIX");
        assert!(made.success());
    }

    /// A pipe that somebody has open for both directions lets others open it at once, on Linux.
    fn open_fifo(folder: &Folder) -> File {
        OpenOptions::new().read(true).write(true).open(folder.join("fifo")).unwrap()
    }

    pub(super) fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    /// Has both functions copy from one name to another, each in a folder that has been made in
    /// the same way, and compares what they tell and what they leave.
    #[track_caller]
    fn compare<T>(from: &str, to: &str, make: impl Fn(&Folder) -> T) -> Result<u64, ErrorKind> {
        let (theirs, ours) = (Folder::new(), Folder::new());
        let _open = (make(&theirs), make(&ours));
        let expected = fs::copy(theirs.join(from), theirs.join(to)).map_err(|error| error.kind());
        let told = copy_file(ours.join(from), ours.join(to)).map_err(|error| error.kind());
        assert_eq!(told, expected, "from {from:?} to {to:?}");
        assert_eq!(entries(&ours), entries(&theirs), "from {from:?} to {to:?}");
        assert_home_and_blank(None);
        told
    }

    #[test]
    fn target_has_the_mode_of_the_source_and_its_bytes() {
        let _turn = turn();
        for mode in [0o400, 0o444, 0o600, 0o640, 0o644, 0o666, 0o755, 0o777, 0o4755, 0o2755, 0o1644]
        {
            let make_source = |folder: &Folder| {
                set_mode(&folder.write("from", &content(70_000)), mode);
            };
            assert_eq!(compare("from", "to", make_source), Ok(70_000));
            for existing in [0o600, 0o644, 0o666, 0o777] {
                let made = compare("from", "to", |folder| {
                    make_source(folder);
                    set_mode(&folder.write("to", &content(90_000)), existing);
                });
                assert_eq!(made, Ok(70_000));
            }
        }
    }

    #[test]
    fn links_are_followed() {
        let _turn = turn();
        let copied = compare("link", "other", |folder| {
            folder.write("from", b"bytes");
            symlink("from", folder.join("link")).unwrap();
            folder.write("to", b"more bytes");
            symlink("to", folder.join("other")).unwrap();
        });
        assert_eq!(copied, Ok(5));
        let created = compare("from", "dangling", |folder| {
            folder.write("from", b"bytes");
            symlink("to", folder.join("dangling")).unwrap();
        });
        assert_eq!(created, Ok(5));
    }

    #[test]
    fn what_fs_copy_refuses_is_refused_alike_and_changes_nothing() {
        let _turn = turn();
        let long = "x".repeat(5000);
        for (from, to) in [
            ("missing", "to"),
            ("missing", "new"),
            ("dangling", "to"),
            ("dangling", "new"),
            ("loop", "to"),
            ("from", "loop"),
            ("folder", "to"),
            ("folder", "new"),
            ("socket", "to"),
            ("fifo", "to"),
            ("fifo", "new"),
            ("/dev/null", "to"),
            ("from", "folder"),
            ("from", "socket"),
            ("from", "missing/new"),
            ("from", "to/new"),
            ("from/from", "to"),
            ("from", "new/"),
            ("from/", "to"),
            ("folder", "folder"),
            ("fifo", "fifo"),
            ("from", "nul\0"),
            ("nul\0", "to"),
            ("from", &long),
        ] {
            let made = |folder: &Folder| {
                folder.write("from", b"bytes");
                folder.write("to", b"stays");
                fs::create_dir(folder.join("folder")).unwrap();
                symlink("missing", folder.join("dangling")).unwrap();
                symlink("loop", folder.join("loop")).unwrap();
                // The file of a socket stays when it is closed.
                UnixListener::bind(folder.join("socket")).unwrap();
                make_fifo(&folder.join("fifo"));
                open_fifo(folder)
            };
            let told = compare(from, to, made);
            assert!(told.is_err(), "from {from:?} to {to:?}");
            let folder = Folder::new();
            let _open = made(&folder);
            let before = entries(&folder);
            copy_file(folder.join(from), folder.join(to)).expect_err("as before");
            assert_eq!(entries(&folder), before, "from {from:?} to {to:?}");
        }
    }

    #[test]
    fn fifo_as_source_is_refused_before_anybody_writes_to_it() {
        let _turn = turn();
        let folder = Folder::new();
        make_fifo(&folder.join("fifo"));
        symlink("fifo", folder.join("link")).unwrap();
        for from in ["fifo", "link"] {
            let refused = copy_file(folder.join(from), folder.join("to")).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidInput);
            assert!(!folder.join("to").exists());
        }
    }

    #[test]
    fn pipes_and_devices_are_written_to_and_keep_their_modes() {
        let _turn = turn();
        let told = compare("from", "fifo", |folder| {
            set_mode(&folder.write("from", b"bytes"), 0o600);
            make_fifo(&folder.join("fifo"));
            set_mode(&folder.join("fifo"), 0o666);
            open_fifo(folder)
        });
        assert_eq!(told, Ok(5));
        let mode = || fs::metadata("/dev/null").unwrap().mode();
        let before = mode();
        let told = compare("from", "/dev/null", |folder| {
            set_mode(&folder.write("from", &content(70_000)), 0o600);
        });
        assert_eq!((told, mode()), (Ok(70_000), before));
    }

    #[test]
    fn what_is_read_from_a_pipe_is_what_was_in_the_file() {
        let _turn = turn();
        let folder = Folder::new();
        let from = folder.write("from", &content(200_000));
        let to = folder.join("fifo");
        make_fifo(&to);
        let reader = {
            let to = to.clone();
            std::thread::spawn(move || fs::read(to).unwrap())
        };
        assert_eq!(copy_file(from, to).unwrap(), 200_000);
        assert_eq!(reader.join().unwrap(), content(200_000));
        assert_home_and_blank(None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn full_disk_is_told() {
        let _turn = turn();
        let told =
            compare("from", "/dev/full", |folder| _ = folder.write("from", &content(70_000)));
        assert_eq!(told, Err(ErrorKind::StorageFull));
    }

    /// Who may do all is not kept from anything, and then both functions succeed.
    #[test]
    fn files_that_may_not_be_used_are_told_as_fs_copy_tells_them() {
        let _turn = turn();
        for (from_mode, to_mode, folder_mode) in [
            (0o000, 0o644, 0o755),
            (0o644, 0o444, 0o755),
            (0o644, 0o000, 0o755),
            (0o644, 0o644, 0o555),
        ] {
            for to in ["to", "new"] {
                compare("from", to, |folder| {
                    set_mode(&folder.write("from", b"bytes"), from_mode);
                    set_mode(&folder.write("to", b"stays"), to_mode);
                    set_mode(&folder.0, folder_mode);
                })
                .ok();
            }
        }
    }
}
