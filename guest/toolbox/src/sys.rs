//! Files: what WASI preview 1 knows through libc, and the modes that only the sandbox knows.

use rustix::fs::{AtFlags, CWD, Timestamps};
use std::io;
use std::path::Path;

/// `st_mode`: the file type's bits and their values.
pub(crate) const TYPE: u32 = 0o170_000;
pub(crate) const DIRECTORY: u32 = 0o040_000;
pub(crate) const REGULAR: u32 = 0o100_000;
pub(crate) const SYMLINK: u32 = 0o120_000;
pub(crate) const CHARACTER: u32 = 0o020_000;
pub(crate) const BLOCK: u32 = 0o060_000;
pub(crate) const FIFO: u32 = 0o010_000;
pub(crate) const SOCKET: u32 = 0o140_000;

/// What `stat` tells about a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    /// File type and permission bits.
    pub(crate) mode: u32,
    pub(crate) nlink: u64,
    pub(crate) size: u64,
    /// 512-byte blocks in use.
    pub(crate) blocks: u64,
    /// Seconds and nanoseconds since the epoch.
    pub(crate) atime: (i64, i64),
    pub(crate) mtime: (i64, i64),
    pub(crate) ctime: (i64, i64),
}

impl Stat {
    pub(crate) fn kind(&self) -> u32 {
        self.mode & TYPE
    }
    pub(crate) fn is_dir(&self) -> bool {
        self.kind() == DIRECTORY
    }
    pub(crate) fn is_file(&self) -> bool {
        self.kind() == REGULAR
    }
    pub(crate) fn is_symlink(&self) -> bool {
        self.kind() == SYMLINK
    }
    pub(crate) fn permissions(&self) -> u32 {
        self.mode & 0o7777
    }
    /// Whether both are the same file.
    pub(crate) fn same_file(&self, other: &Self) -> bool {
        self.dev == other.dev && self.ino == other.ino
    }
}

/// Follows symbolic links.
pub(crate) fn stat(path: impl AsRef<Path>) -> io::Result<Stat> {
    let path = path.as_ref();
    complete(rustix::fs::stat(path)?, path, true)
}

/// Looks at the link itself.
pub(crate) fn lstat(path: impl AsRef<Path>) -> io::Result<Stat> {
    let path = path.as_ref();
    complete(rustix::fs::lstat(path)?, path, false)
}

#[cfg_attr(
    not(target_os = "wasi"),
    expect(clippy::unnecessary_wraps, reason = "asks the sandbox on WASI")
)]
#[allow(
    clippy::unnecessary_cast,
    clippy::useless_conversion,
    reason = "field types differ between targets"
)]
fn complete(raw: rustix::fs::Stat, path: &Path, follow: bool) -> io::Result<Stat> {
    #[cfg(target_os = "wasi")]
    let (mode, blocks, times) = {
        let known =
            greenroom_process::mode(absolute(path)?.as_os_str().as_encoded_bytes(), follow)?;
        let time = |t: &libc::timespec| (t.tv_sec, i64::from(t.tv_nsec));
        (known.mode, known.blocks, [time(&raw.st_atim), time(&raw.st_mtim), time(&raw.st_ctim)])
    };
    #[cfg(not(target_os = "wasi"))]
    let (mode, blocks, times) = {
        let _ = (path, follow);
        let time = |seconds: i64, nanos: u64| (seconds, i64::try_from(nanos).unwrap_or(0));
        (
            raw.st_mode,
            raw.st_blocks as u64,
            [
                time(raw.st_atime, raw.st_atime_nsec),
                time(raw.st_mtime, raw.st_mtime_nsec),
                time(raw.st_ctime, raw.st_ctime_nsec),
            ],
        )
    };
    Ok(Stat {
        dev: raw.st_dev as u64,
        ino: raw.st_ino as u64,
        mode,
        nlink: raw.st_nlink as u64,
        size: u64::try_from(raw.st_size).unwrap_or(0),
        blocks,
        atime: times[0],
        mtime: times[1],
        ctime: times[2],
    })
}

/// The sandbox's own calls take absolute paths.
#[cfg(target_os = "wasi")]
fn absolute(path: &Path) -> io::Result<std::path::PathBuf> {
    if path.is_absolute() { Ok(path.to_owned()) } else { Ok(std::env::current_dir()?.join(path)) }
}

/// Sets the permission bits. Follows symbolic links.
pub(crate) fn chmod(path: impl AsRef<Path>, mode: u32) -> io::Result<()> {
    let path = path.as_ref();
    #[cfg(target_os = "wasi")]
    greenroom_process::chmod(absolute(path)?.as_os_str().as_encoded_bytes(), mode)?;
    #[cfg(not(target_os = "wasi"))]
    rustix::fs::chmod(path, rustix::fs::Mode::from_raw_mode(mode))?;
    Ok(())
}

/// The permission bits that new files do not get.
pub(crate) fn umask() -> u32 {
    #[cfg(target_os = "wasi")]
    {
        let mask = greenroom_process::umask(0);
        greenroom_process::umask(mask);
        mask
    }
    #[cfg(not(target_os = "wasi"))]
    {
        let mask = rustix::process::umask(rustix::fs::Mode::empty());
        rustix::process::umask(mask);
        mask.as_raw_mode()
    }
}

pub(crate) fn symlink(target: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    Ok(rustix::fs::symlink(target.as_ref(), link.as_ref())?)
}

/// Sets access and modification time.
pub(crate) fn set_times(path: &Path, stat: &Stat, follow: bool) -> io::Result<()> {
    let spec = |(seconds, nanos): (i64, i64)| rustix::fs::Timespec {
        tv_sec: seconds,
        tv_nsec: nanos.try_into().unwrap_or(0),
    };
    let times = Timestamps { last_access: spec(stat.atime), last_modification: spec(stat.mtime) };
    let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    Ok(rustix::fs::utimensat(CWD, path, &times, flags)?)
}

/// Whether the sandbox's user (who owns every file) may do what `bit` (4, 2, 1) says.
pub(crate) fn may(stat: &Stat, bit: u32) -> bool {
    stat.permissions() & (bit << 6) != 0
}
