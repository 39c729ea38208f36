//! Copies a tree, or what is wanted of it, from one directory to another.
//!
//! Jobs have written what is copied, and others may still write: no link is followed, neither
//! where files are read nor where they are written, and every limit is checked as the copy grows.
//! Where the file system can, a copy shares the blocks of its original.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, SeekFrom, Stat, Timespec, Timestamps, UTIME_OMIT,
};
use rustix::io::Errno;

use super::filter::{Filter, Place};

/// How much a copy may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyLimits {
    /// Bytes, holes in files included.
    pub bytes: u64,
    /// Files, links and directories.
    pub files: u64,
}

/// Deeper trees are refused.
const MAX_DEPTH: usize = 128;

/// What a copy has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Files and links.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Sockets, pipes and devices, which are left out.
    pub special: u64,
}

/// Why a copy was given up.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Too many bytes.
    #[error("the files take more than {} MiB", limit >> 20)]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Too many files.
    #[error("there are more than {limit} files and directories")]
    TooMany {
        /// The limit.
        limit: u64,
    },
    /// Too deep.
    #[error("`{}…` lies more than {MAX_DEPTH} directories deep", start(path))]
    TooDeep {
        /// Where.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("there is no room left on the disk for a copy of `{}`", path.display())]
    DiskFull {
        /// What was copied.
        path: PathBuf,
    },
    /// Something else.
    #[error("cannot copy `{}`: {source}", path.display())]
    Io {
        /// What was copied.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// Copies what `filter` wants. What is in the way of a copy is replaced.
///
/// # Errors
/// If a limit is reached or something cannot be read or written; what was copied until then stays.
pub fn copy(
    from: impl AsFd,
    to: impl AsFd,
    filter: &Filter,
    limits: CopyLimits,
) -> Result<Copied, CopyError> {
    let open = |fd: &dyn AsFdDyn| open_directory(fd.fd(), c".").map_err(|e| failed(&[], e));
    let source = open(&from)?;
    let target = Target { fd: Some(open(&to)?), name: OsString::new(), mode: Mode::RWXU };
    let mut copy =
        Copy { filter, limits, copied: Copied::default(), entries: 0, targets: vec![target] };
    copy.directory(source, &Place::root(filter))?;
    Ok(copy.copied)
}

/// [`AsFd`] as an object.
trait AsFdDyn {
    fn fd(&self) -> rustix::fd::BorrowedFd<'_>;
}

impl<T: AsFd> AsFdDyn for T {
    fn fd(&self) -> rustix::fd::BorrowedFd<'_> {
        self.as_fd()
    }
}

/// The beginning of a path, which may be a long one.
fn start(path: &std::path::Path) -> String {
    path.to_string_lossy().chars().take(40).collect()
}

struct Copy<'a> {
    filter: &'a Filter,
    limits: CopyLimits,
    copied: Copied,
    entries: u64,
    /// The directories on the way to where the copy is, made when something is to be put there.
    targets: Vec<Target>,
}

struct Target {
    fd: Option<OwnedFd>,
    name: OsString,
    mode: Mode,
}

impl Copy<'_> {
    fn directory(&mut self, source: OwnedFd, place: &Place) -> Result<(), CopyError> {
        let at = |error: Errno| failed(&place.path, error);
        let entries = Dir::read_from(&source).map_err(at)?;
        for entry in entries {
            let entry = entry.map_err(at)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let child = place.child(self.filter, name);
            // The file system may not tell the type; then, the file does.
            let file_type = match entry.file_type() {
                FileType::Unknown => None,
                known => Some(known),
            };
            let may_be_directory = file_type.is_none_or(FileType::is_dir);
            if !(child.wanted || may_be_directory && child.is_open(self.filter)) {
                continue;
            }
            self.entry(&source, name, &child)?;
        }
        Ok(())
    }

    fn entry(&mut self, source: &OwnedFd, name: &OsStr, place: &Place) -> Result<(), CopyError> {
        let at = |error: Errno| failed(&place.path, error);
        let stat = match rustix::fs::statat(source, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            // Somebody else has removed it since.
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(at(error)),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if place.is_open(self.filter) => {
                if self.targets.len() > MAX_DEPTH {
                    return Err(CopyError::TooDeep { path: path_of(&place.path) });
                }
                let below = match open_directory(source.as_fd(), name) {
                    Ok(below) => below,
                    Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
                    Err(error) => return Err(at(error)),
                };
                let mode = Mode::from_raw_mode(stat.st_mode) | Mode::RWXU;
                self.targets.push(Target { fd: None, name: name.to_owned(), mode });
                if place.keeps_directory(self.filter) {
                    self.count(place)?;
                    self.target(place)?;
                }
                self.directory(below, place)?;
                self.targets.pop();
            }
            FileType::RegularFile if place.wanted => self.file(source, name, place)?,
            FileType::Symlink if place.wanted => {
                self.count(place)?;
                let link = match rustix::fs::readlinkat(source, name, Vec::new()) {
                    Ok(link) => link,
                    Err(Errno::NOENT | Errno::INVAL) => return Ok(()),
                    Err(error) => return Err(at(error)),
                };
                let target = self.target(place)?;
                clear(target, name).map_err(at)?;
                rustix::fs::symlinkat(&*link, target, name).map_err(at)?;
                self.copied.files += 1;
            }
            FileType::Directory | FileType::RegularFile | FileType::Symlink => {}
            _ if place.wanted => self.copied.special += 1,
            _ => {}
        }
        Ok(())
    }

    fn file(&mut self, source: &OwnedFd, name: &OsStr, place: &Place) -> Result<(), CopyError> {
        let at = |error: Errno| failed(&place.path, error);
        // Not blocking: what was a file may be a pipe by now.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let from = match rustix::fs::openat(source, name, flags, Mode::empty()) {
            Ok(from) => from,
            Err(Errno::NOENT | Errno::LOOP) => return Ok(()),
            Err(error) => return Err(at(error)),
        };
        let stat = rustix::fs::fstat(&from).map_err(at)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            self.copied.special += 1;
            return Ok(());
        }
        self.count(place)?;
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let total = self.copied.bytes.saturating_add(size);
        if total > self.limits.bytes {
            return Err(CopyError::TooLarge { limit: self.limits.bytes });
        }
        let target = self.target(place)?;
        clear(target, name).map_err(at)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(stat.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
        let to = rustix::fs::openat(target, name, flags, mode | Mode::WUSR).map_err(at)?;
        if rustix::fs::ioctl_ficlone(&to, &from).is_err() {
            contents(
                &from.into(),
                &to.try_clone().map_err(|e| failed_io(&place.path, e))?.into(),
                size,
            )
            .map_err(|error| failed_io(&place.path, error))?;
        }
        // The mask of the process has taken bits away.
        rustix::fs::fchmod(&to, mode | Mode::RUSR).map_err(at)?;
        rustix::fs::futimens(&to, &times(&stat)).map_err(at)?;
        self.copied.files += 1;
        self.copied.bytes = total;
        Ok(())
    }

    fn count(&mut self, _place: &Place) -> Result<(), CopyError> {
        self.entries += 1;
        if self.entries > self.limits.files {
            return Err(CopyError::TooMany { limit: self.limits.files });
        }
        Ok(())
    }

    /// The directory that the next copy goes to.
    fn target(&mut self, place: &Place) -> Result<&OwnedFd, CopyError> {
        let at = |error: Errno| failed(&place.path, error);
        let made = self.targets.iter().rposition(|target| target.fd.is_some()).unwrap_or(0);
        for index in made + 1..self.targets.len() {
            let (above, below) = self.targets.split_at_mut(index);
            let (Some(Target { fd: Some(parent), .. }), Some(target)) =
                (above.last(), below.first_mut())
            else {
                return Err(at(Errno::NOENT));
            };
            target.fd = Some(make_directory(parent, &target.name, target.mode).map_err(at)?);
        }
        match self.targets.last() {
            Some(Target { fd: Some(fd), .. }) => Ok(fd),
            _ => Err(at(Errno::NOENT)),
        }
    }
}

/// Opens a directory, or makes it, in place of whatever else has its name.
fn make_directory(parent: &OwnedFd, name: &OsStr, mode: Mode) -> rustix::io::Result<OwnedFd> {
    match open_directory(parent.as_fd(), name) {
        Ok(found) => return Ok(found),
        Err(Errno::NOENT) => {}
        Err(Errno::NOTDIR | Errno::LOOP) => {
            rustix::fs::unlinkat(parent, name, AtFlags::empty())?;
        }
        Err(error) => return Err(error),
    }
    match rustix::fs::mkdirat(parent, name, mode) {
        Ok(()) | Err(Errno::EXIST) => open_directory(parent.as_fd(), name),
        Err(error) => Err(error),
    }
}

/// Makes room for a file of this name.
fn clear(parent: &OwnedFd, name: &OsStr) -> rustix::io::Result<()> {
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error),
    }
}

fn open_directory(
    at: rustix::fd::BorrowedFd<'_>,
    name: impl rustix::path::Arg,
) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(at, name, flags, Mode::empty())
}

/// Copies at most `size` bytes, and leaves holes where there are holes.
fn contents(from: &File, to: &File, size: u64) -> io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    let mut at = 0;
    while at < size {
        // A file system that knows no holes has data everywhere.
        let (start, end) = match rustix::fs::seek(from, SeekFrom::Data(at)) {
            Ok(start) => {
                let end = rustix::fs::seek(from, SeekFrom::Hole(start)).unwrap_or(size);
                (start, end.min(size))
            }
            Err(Errno::NXIO) => break,
            Err(_) => (at, size),
        };
        at = start;
        while at < end {
            let wanted = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
            let count = from.read_at(&mut buffer[..wanted], at)?;
            if count == 0 {
                return Ok(());
            }
            to.write_all_at(&buffer[..count], at)?;
            at += count as u64;
        }
        at = end.max(start);
        if start >= size {
            break;
        }
    }
    to.set_len(size)
}

fn times(stat: &Stat) -> Timestamps {
    Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: stat.st_mtime, tv_nsec: stat.st_mtime_nsec as _ },
    }
}

fn path_of(path: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(path.to_vec()))
}

fn failed(path: &[u8], error: Errno) -> CopyError {
    failed_io(path, error.into())
}

fn failed_io(path: &[u8], source: io::Error) -> CopyError {
    let path = path_of(path);
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CopyError::DiskFull { path },
        _ => CopyError::Io { path, source },
    }
}
