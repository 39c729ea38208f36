//! Who may do what at the same time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long somebody who removes images may take.
const REMOVING: Duration = Duration::from_secs(60);
/// How long another process may take to pull an image. As soon as it ends, however it ends, its lock
/// is gone.
const PULLING: Duration = Duration::from_secs(3600);
const PAUSE: Duration = Duration::from_millis(20);

/// Keeps images from being removed, or, alone, removes some.
#[derive(Debug)]
pub struct InUse {
    /// Unlocked when it is closed.
    _file: File,
}

impl InUse {
    pub(super) fn shared(path: &Path) -> Result<Self, String> {
        let file = open(path)?;
        wait(REMOVING, || file.try_lock_shared(), || {})?
            .ok_or("another greenroom has been removing images for a minute; try again")?;
        Ok(Self { _file: file })
    }

    /// None: somebody uses images.
    pub(super) fn alone(path: &Path) -> Result<Option<Self>, String> {
        let file = open(path)?;
        let locked = wait(Duration::from_secs(2), || file.try_lock(), || {})?;
        Ok(locked.map(|()| Self { _file: file }))
    }
}

/// The right to make something, until it is dropped. The file stays: removing it would let two
/// processes hold two files of one name.
#[derive(Debug)]
pub(in crate::image) struct Turn {
    _file: File,
}

impl Turn {
    pub(super) fn take(path: &Path, waiting: impl FnOnce()) -> Result<Self, String> {
        let file = open(path)?;
        wait(PULLING, || file.try_lock(), waiting)?
            .ok_or("another greenroom has been pulling the same image for an hour; end it")?;
        Ok(Self { _file: file })
    }
}

fn open(path: &Path) -> Result<File, String> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| format!("the lock {} cannot be opened: {error}", path.display()))
}

fn wait(
    patience: Duration,
    mut lock: impl FnMut() -> Result<(), TryLockError>,
    waiting: impl FnOnce(),
) -> Result<Option<()>, String> {
    let deadline = Instant::now() + patience;
    let mut waiting = Some(waiting);
    loop {
        match lock() {
            Ok(()) => return Ok(Some(())),
            Err(TryLockError::Error(error)) => {
                return Err(format!("the file system of the image store has no locks: {error}"));
            }
            Err(TryLockError::WouldBlock) => {}
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        if let Some(waiting) = waiting.take() {
            waiting();
        }
        std::thread::sleep(PAUSE);
    }
}
