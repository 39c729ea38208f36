//! What greenroom keeps of a project between runs, in the user's directory for state.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;
use rustix::io::Errno;

/// The state of one project: a directory of its own, which nobody else can read.
#[derive(Clone, Debug)]
pub struct ProjectState {
    root: PathBuf,
}

/// A lock on something of a project's, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing it gives the lock back")] File);

impl ProjectState {
    /// The state of the project in a directory, given where all state is kept. Nothing is made.
    pub fn new(state: &Path, project: &Path) -> Self {
        let bytes = std::os::unix::ffi::OsStrExt::as_bytes(project.as_os_str());
        let digest = blake3::hash(bytes).to_hex();
        let name = project.file_name().map_or("project".into(), |name| name.to_string_lossy());
        let name: String = name.chars().map(plain).take(40).collect();
        Self { root: state.join("projects").join(format!("{name}-{}", &digest[..16])) }
    }

    /// Where it is, whether it exists or not.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Makes a directory below it.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn directory(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.root.join(name);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        Ok(path)
    }

    /// Takes a lock if nobody holds it. With `shared`, others may hold it in the same way.
    ///
    /// # Errors
    /// If the lock's file cannot be made.
    pub fn try_lock(&self, name: &str, shared: bool) -> io::Result<Option<Lock>> {
        let directory = self.directory("locks")?;
        let file = blake3::hash(name.as_bytes()).to_hex();
        lock_file(&directory.join(&file[..32]), shared)
    }

    /// As [`Self::try_lock`], but waits for at most so long. For what is held for a moment only.
    ///
    /// # Errors
    /// As [`Self::try_lock`], or if somebody else held it all the time.
    pub fn lock(&self, name: &str, shared: bool, patience: Duration) -> io::Result<Lock> {
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        loop {
            if let Some(lock) = self.try_lock(name, shared)? {
                return Ok(lock);
            }
            if waited >= patience {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("another greenroom holds the lock of {name}"),
                ));
            }
            std::thread::sleep(step);
            waited += step;
        }
    }
}

/// Takes the lock of a file, which is made if it is not there, if nobody holds it. With `shared`,
/// others may hold it in the same way.
///
/// # Errors
/// If the file cannot be made.
pub fn lock_file(path: &Path, shared: bool) -> io::Result<Option<Lock>> {
    let file =
        fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    let operation = match shared {
        true => FlockOperation::NonBlockingLockShared,
        false => FlockOperation::NonBlockingLockExclusive,
    };
    match rustix::fs::flock(&file, operation) {
        Ok(()) => Ok(Some(Lock(file))),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A character of a file's name.
pub(super) fn plain(c: char) -> char {
    if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' }
}

/// Writes a file as a whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    io::Write::write_all(&mut file, bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A new directory with a temporary name, removed when dropped unless it is kept.
pub(super) fn temporary(directory: &Path) -> io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(directory)
}

/// How the names of unfinished entries begin.
pub(super) const TEMPORARY: &str = "unfinished-";

/// An unfinished entry of this age was left behind by a process that is gone.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Removes what crashed processes have left in a directory of entries.
pub(super) fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let unfinished = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|time| time.elapsed().ok()).unwrap_or_default();
        if unfinished && age > ABANDONED {
            // What cannot be removed now may be later.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
