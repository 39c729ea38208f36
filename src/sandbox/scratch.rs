//! A directory of the host that lives as long as a job: its `/tmp`.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags};
use rustix::io::Errno;

/// A directory that is removed with all that is in it when this is dropped.
///
/// Programs fill it, so its removal must not depend on what they made: not on how deep its
/// directories are (removing them by recursion would exhaust the stack), and not on their modes.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes an empty directory in the system's directory for temporary files.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new() -> io::Result<Self> {
        let made = tempfile::Builder::new().prefix("greenroom-").tempdir()?;
        Ok(Self { path: made.keep() })
    }

    /// Makes an empty directory in another one.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new_in(directory: &Path) -> io::Result<Self> {
        let made = tempfile::Builder::new().prefix("greenroom-").tempdir_in(directory)?;
        Ok(Self { path: made.keep() })
    }

    /// Takes over a directory that a process has left that is gone.
    pub fn left_at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed stays: the system clears its temporary files now and then.
        let _ = remove(&self.path);
    }
}

/// A directory on the way from the one that is removed to the one that is being emptied.
struct Level {
    /// Device and inode, by which it is recognised on the way back.
    id: (u64, u64),
    /// Its directories that are still there; the last is the one on the way.
    directories: Vec<CString>,
}

/// Removes a directory. It goes down and comes back up by `..`, so that however deep it goes only
/// one directory is open; moving what is deep to the top would take time by the square of the depth.
fn remove(path: &Path) -> rustix::io::Result<()> {
    let mut at = open(CWD, path)?;
    let mut above: Vec<Level> = Vec::new();
    let mut directories = clear(at.as_fd())?;
    loop {
        if let Some(name) = directories.last() {
            let below = open(&at, &**name)?;
            above.push(Level { id: id(&at)?, directories });
            directories = clear(below.as_fd())?;
            at = below;
            continue;
        }
        let Some(mut parent) = above.pop() else { break };
        at = open(&at, c"..")?;
        if id(&at)? != parent.id {
            // Somebody moves what is to be removed. Nothing else may be touched.
            return Err(Errno::BUSY);
        }
        if let Some(name) = parent.directories.pop() {
            rustix::fs::unlinkat(&at, &*name, AtFlags::REMOVEDIR)?;
        }
        directories = parent.directories;
    }
    drop(at);
    rustix::fs::rmdir(path)
}

fn id(directory: &OwnedFd) -> rustix::io::Result<(u64, u64)> {
    let stat = rustix::fs::fstat(directory)?;
    Ok((stat.st_dev, stat.st_ino))
}

fn open(at: impl AsFd, path: impl rustix::path::Arg + Copy) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(at, path, flags, Mode::empty())
}

/// Removes what is not a directory and lists what is, made accessible.
fn clear(directory: BorrowedFd<'_>) -> rustix::io::Result<Vec<CString>> {
    let entries = Dir::read_from(directory)?
        .map(|entry| Ok(entry?.file_name().to_owned()))
        .collect::<rustix::io::Result<Vec<CString>>>()?;
    let mut directories = Vec::new();
    for name in entries {
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        match rustix::fs::unlinkat(directory, &*name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::ISDIR | Errno::PERM) => {
                // To be listed and emptied.
                rustix::fs::chmodat(directory, &*name, Mode::RWXU, AtFlags::empty())?;
                directories.push(name);
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(directories)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn everything_goes_whatever_its_mode_or_name() {
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        for directory in ["a/b/c", "a/b/d", "a/e", "f", "locked/inner"] {
            std::fs::create_dir_all(path.join(directory)).unwrap();
            std::fs::write(path.join(directory).join("file"), "").unwrap();
        }
        symlink("/", path.join("a/link")).unwrap();
        for locked in ["locked/inner", "locked"] {
            std::fs::set_permissions(path.join(locked), PermissionsExt::from_mode(0o0)).unwrap();
        }
        drop(scratch);
        assert!(!path.exists());
        assert!(Path::new("/").read_dir().unwrap().next().is_some());
    }

    #[test]
    fn depth_does_no_harm() {
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        let mut at = open(CWD, &path).unwrap();
        for _ in 0..1000 {
            rustix::fs::mkdirat(&at, c"d", Mode::RWXU).unwrap();
            at = open(&at, c"d").unwrap();
        }
        drop(at);
        // The stack stands in proportion to what a deeper tree would meet on an ordinary one.
        let small = std::thread::Builder::new().stack_size(64 << 10);
        small.spawn(move || drop(scratch)).unwrap().join().unwrap();
        assert!(!path.exists());
    }
}
