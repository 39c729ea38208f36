//! Parallel processes compile a program once.
//!
//! The lock is a courtesy, never needed for correctness: entries appear by rename, so two
//! processes that write the same one both succeed.

use super::dir::StoreDir;
use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

/// How long another process may take. The largest interpreters compile for less than a minute;
/// waiting longer than compiling would be pointless.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// The right to make an entry, until it is dropped.
#[derive(Debug)]
pub(super) enum Turn<'a> {
    /// Ours.
    Ours {
        /// Unlocked when it is closed.
        _file: File,
        dir: &'a StoreDir,
        name: &'a str,
    },
    /// The file system has no locks.
    Unlocked,
    /// Another process had it for longer than was to be waited.
    GaveUp,
}

impl<'a> Turn<'a> {
    /// Waits for at most `patience` until no other process makes the entry `name`. Before the
    /// first wait `waiting` is called.
    pub(super) fn take(
        dir: &'a StoreDir,
        name: &'a str,
        patience: Duration,
        waiting: impl FnOnce(),
    ) -> Self {
        let Ok(file) = dir.open_lock(name) else { return Self::Unlocked };
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_millis(2);
        let mut waiting = Some(waiting);
        loop {
            match file.try_lock() {
                Ok(()) => return Self::Ours { _file: file, dir, name },
                Err(TryLockError::Error(_)) => return Self::Unlocked,
                Err(TryLockError::WouldBlock) => {}
            }
            let now = Instant::now();
            if now >= deadline {
                return Self::GaveUp;
            }
            if let Some(waiting) = waiting.take() {
                waiting();
            }
            std::thread::sleep(pause.min(deadline - now));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Self::Ours { dir, name, .. } = self {
            // Whoever waits on the removed file, or makes a new one, finds the entry first.
            dir.remove_lock(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_has_the_turn() {
        let place = tempfile::tempdir().expect("a directory");
        let dir = StoreDir::open(place.path()).expect("usable");
        let short = Duration::from_millis(30);
        let first = Turn::take(&dir, "entry", short, || unreachable!());
        assert!(matches!(first, Turn::Ours { .. }));
        let mut waited = false;
        let start = Instant::now();
        let second = Turn::take(&dir, "entry", short, || waited = true);
        assert!(matches!(second, Turn::GaveUp));
        assert!(waited && start.elapsed() >= short);
        let other = Turn::take(&dir, "other", short, || unreachable!());
        assert!(matches!(other, Turn::Ours { .. }));
        drop(first);
        let third = Turn::take(&dir, "entry", short, || unreachable!());
        assert!(matches!(third, Turn::Ours { .. }));
        drop((third, other));
        assert_eq!(dir.list().expect("a listing").len(), 0, "lock files are removed");
    }
}
