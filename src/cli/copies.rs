//! The directories that runs work in instead of the project, and what killed runs have left of them.
//!
//! Each run has one directory, with a lock that is held for as long as the process lives. What has a
//! lock that nobody holds was left behind and is removed by the next run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::sandbox::Scratch;
use crate::workspace::{Lock, ProjectState, lock_file};

/// Below the state of a project.
const DIRECTORY: &str = "runs";
/// In a run's directory.
const LOCK: &str = "lock";
/// In a run's directory: the copy, or the checkout.
const PROJECT: &str = "project";
/// Making a directory and its lock takes a moment.
const PATIENCE: Duration = Duration::from_secs(10);

/// The directory of one run, which is removed with all that is in it when this is dropped.
#[derive(Debug)]
pub(super) struct RunDirectory {
    // Removed before the lock is given back.
    directory: Scratch,
    _lock: Lock,
}

impl RunDirectory {
    /// Makes one, with an empty directory for the copy.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn new(state: &ProjectState) -> io::Result<Self> {
        let runs = state.directory(DIRECTORY)?;
        // Nobody may find it before its lock is held.
        let _making = state.lock(DIRECTORY, false, PATIENCE)?;
        let directory = Scratch::new_in(&runs)?;
        let lock = lock_file(&directory.path().join(LOCK), false)?
            .ok_or_else(|| io::Error::other("somebody holds the lock of a new directory"))?;
        fs::create_dir(directory.path().join(PROJECT))?;
        Ok(Self { directory, _lock: lock })
    }

    /// Where the copy of the project is.
    pub(super) fn project(&self) -> PathBuf {
        self.directory.path().join(PROJECT)
    }

    /// Where jobs may have directories of their own.
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes what runs have left that were killed. Returns how many there were. What cannot be removed
/// stays for the next time.
pub(super) fn sweep(state: &ProjectState) -> usize {
    let runs = state.path().join(DIRECTORY);
    let abandoned = || -> io::Result<Vec<(PathBuf, Lock)>> {
        let mut entries = fs::read_dir(&runs)?.peekable();
        if entries.peek().is_none() {
            return Ok(Vec::new());
        }
        let _making = state.lock(DIRECTORY, false, PATIENCE)?;
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            // Without a lock it was being made, or removed, when its process was killed.
            if let Ok(Some(lock)) = lock_file(&path.join(LOCK), false) {
                found.push((path, lock));
            }
        }
        Ok(found)
    };
    let abandoned = abandoned().unwrap_or_default();
    let count = abandoned.len();
    for (path, lock) in abandoned {
        drop(Scratch::left_at(path));
        drop(lock);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_removed() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let state = ProjectState::new(home.path(), Path::new("/project"));
        assert_eq!(sweep(&state), 0);
        let alive = RunDirectory::new(&state).expect("writable");
        fs::write(alive.project().join("file"), "kept").expect("writable");
        let runs = state.path().join(DIRECTORY);
        for name in ["greenroom-old", "greenroom-without-lock"] {
            fs::create_dir_all(runs.join(name).join("project/deep")).expect("writable");
        }
        fs::write(runs.join("greenroom-old/lock"), "").expect("writable");
        assert_eq!(sweep(&state), 2);
        assert!(alive.project().join("file").exists());
        assert_eq!(fs::read_dir(&runs).expect("readable").count(), 1);
        drop(alive);
        assert_eq!(fs::read_dir(&runs).expect("readable").count(), 0);
    }
}
