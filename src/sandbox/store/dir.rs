//! The store's directory: every file operation of the store, relative to one open directory.
//!
//! Names are looked up in the directory that was checked once, without following symbolic links,
//! so a directory or link put in its place later changes nothing.

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// What is wrong with a file of the store.
#[derive(Debug)]
pub(super) enum Problem {
    /// It is not what greenroom wrote; why, as the end of a sentence.
    Distrusted(String),
    /// It cannot be read.
    Unreadable(io::Error),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// An open, checked directory.
#[derive(Debug)]
pub(super) struct StoreDir {
    fd: OwnedFd,
    path: PathBuf,
    user: u32,
}

/// A file of the directory, as a listing shows it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) size: u64,
    /// Seconds since the epoch.
    pub(super) modified: i64,
}

impl StoreDir {
    /// Opens `path`, creating it if need be; on failure says why it cannot be used.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        // A failure shows when the directory is opened; one that exists is none.
        let created = DirBuilder::new().recursive(true).mode(0o700).create(path);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOTDIR | Errno::LOOP) => {
                return Err("it is not a directory (a symbolic link is not followed)".to_owned());
            }
            Err(error) => {
                let error = created.err().unwrap_or_else(|| error.into());
                return Err(format!("it cannot be opened: {error}"));
            }
        };
        let stat = rustix::fs::fstat(&fd).map_err(|e| format!("it cannot be examined: {e}"))?;
        let user = rustix::process::geteuid().as_raw();
        if stat.st_uid != user {
            return Err(format!(
                "it belongs to user {} and greenroom runs as user {user}",
                stat.st_uid
            ));
        }
        let mode = stat.st_mode & 0o777;
        if mode & 0o022 != 0 {
            return Err(format!(
                "other users can write to it (mode {mode:04o}): it must have mode 0700"
            ));
        }
        if mode & 0o077 != 0 {
            // That others read is no danger, so it does not matter if a read-only disk refuses.
            let _ = rustix::fs::fchmod(&fd, Mode::from_raw_mode(stat.st_mode & 0o700));
        }
        Ok(Self { fd, path: path.to_owned(), user })
    }

    /// Its path, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file for reading if it is a regular one of ours that nobody else can write to.
    pub(super) fn open_file(&self, name: &str) -> Result<Option<(File, Stat)>, Problem> {
        // NONBLOCK: a named pipe in its place must not hold us.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let fd = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(Problem::Distrusted("it is a symbolic link".into())),
            Err(Errno::NXIO) => return Err(Problem::Distrusted("it is not a file".into())),
            Err(error) => return Err(Problem::Unreadable(error.into())),
        };
        let stat = rustix::fs::fstat(&fd).map_err(io::Error::from)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Problem::Distrusted("it is not a file".into()));
        }
        if stat.st_uid != self.user {
            return Err(Problem::Distrusted(format!("it belongs to user {}", stat.st_uid)));
        }
        if stat.st_mode & 0o022 != 0 {
            let mode = stat.st_mode & 0o777;
            return Err(Problem::Distrusted(format!("others can write to it (mode {mode:04o})")));
        }
        Ok(Some((File::from(fd), stat)))
    }

    /// Creates a file under a temporary name, readable by the user only.
    pub(super) fn create_temporary(&self) -> io::Result<Temporary<'_>> {
        let name = format!("{TEMPORARY}{:016x}", random()?);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, &name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(Temporary { dir: self, name, file: File::from(fd), published: false })
    }

    /// Opens the file that processes lock while they make `name`, creating it if need be.
    pub(super) fn open_lock(&self, name: &str) -> io::Result<File> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mode = Mode::RUSR | Mode::WUSR;
        Ok(File::from(rustix::fs::openat(&self.fd, lock_name(name), flags, mode)?))
    }

    /// Removes that file.
    pub(super) fn remove_lock(&self, name: &str) {
        let _ = self.remove(&lock_name(name));
    }

    /// Removes a file.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Moves a distrusted file out of the way; returns where it is now. It stays for a while for
    /// whoever wants to know what happened.
    pub(super) fn set_aside(&self, name: &str) -> PathBuf {
        let aside = format!("{name}{ASIDE}");
        // A directory does not replace a file, nor the other way round: then under another name.
        let other = format!("{name}-{:016x}{ASIDE}", random().unwrap_or_default());
        for aside in [aside, other] {
            if rustix::fs::renameat(&self.fd, name, &self.fd, &aside).is_ok() {
                return self.path.join(aside);
            }
        }
        let _ = self.remove(name);
        self.path.join(name)
    }

    /// Marks a file as used now.
    pub(super) fn touch(file: &File) -> io::Result<()> {
        let now = rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
        let times = rustix::fs::Timestamps { last_access: now, last_modification: now };
        Ok(rustix::fs::futimens(file, &times)?)
    }

    /// Whether another directory is this one, contains it or lies in it.
    pub(super) fn overlaps(&self, other: &File) -> io::Result<bool> {
        let (here, there) = (self_and_above(&self.fd)?, self_and_above(other)?);
        let first = |ids: &[FileId]| ids.first().copied();
        Ok(first(&here).is_some_and(|id| there.contains(&id))
            || first(&there).is_some_and(|id| here.contains(&id)))
    }

    /// What is in the directory.
    pub(super) fn list(&self) -> io::Result<Vec<Listed>> {
        let mut files = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if name == "." || name == ".." {
                continue;
            }
            let stat = match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => continue, // removed by another process meanwhile
                Err(error) => return Err(error.into()),
            };
            files.push(Listed {
                name: name.to_owned(),
                size: u64::try_from(stat.st_size).unwrap_or(0),
                modified: stat.st_mtime,
            });
        }
        Ok(files)
    }
}

/// How temporary names begin.
pub(super) const TEMPORARY: &str = "tmp-";
/// How names of files that were set aside end.
pub(super) const ASIDE: &str = ".bad";
/// How names of lock files end.
pub(super) const LOCK: &str = ".lock";

/// Device and inode.
type FileId = (u64, u64);

/// A directory and those above it, as far up as they can be searched.
fn self_and_above(directory: impl AsFd) -> io::Result<Vec<FileId>> {
    let id = |fd: BorrowedFd<'_>| -> io::Result<FileId> {
        let stat = rustix::fs::fstat(fd)?;
        Ok((stat.st_dev, stat.st_ino))
    };
    let mut ids = vec![id(directory.as_fd())?];
    let mut at = rustix::io::dup(directory)?;
    // O_PATH: directories that may be searched but not read are common above a home.
    #[cfg(target_os = "linux")]
    let access = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    let access = OFlags::RDONLY;
    let flags = access | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    while let Ok(above) = rustix::fs::openat(&at, "..", flags, Mode::empty()) {
        let id = id(above.as_fd())?;
        if ids.last() == Some(&id) {
            break; // the root is above itself
        }
        ids.push(id);
        at = above;
    }
    Ok(ids)
}

fn random() -> io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(u64::from_ne_bytes(bytes))
}

fn lock_name(name: &str) -> String {
    format!("{name}{LOCK}")
}

/// A file under a temporary name, removed on drop unless it was published.
#[derive(Debug)]
pub(super) struct Temporary<'a> {
    dir: &'a StoreDir,
    name: String,
    file: File,
    published: bool,
}

impl Temporary<'_> {
    /// The open file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Gives it its name, in place of any file of that name.
    pub(super) fn publish(mut self, name: &str) -> io::Result<()> {
        rustix::fs::renameat(&self.dir.fd, &self.name, &self.dir.fd, name)?;
        self.published = true;
        Ok(())
    }

    /// Gives it its name unless there is a file of that name; tells whether it did.
    pub(super) fn publish_new(self, name: &str) -> io::Result<bool> {
        match rustix::fs::linkat(&self.dir.fd, &self.name, &self.dir.fd, name, AtFlags::empty()) {
            Ok(()) => Ok(true), // drop removes the temporary name
            Err(Errno::EXIST) => Ok(false),
            // A file system without hard links.
            Err(_) => self.publish(name).map(|()| true),
        }
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.published {
            let _ = self.dir.remove(&self.name);
        }
    }
}
