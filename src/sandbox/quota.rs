//! How much a job may add to the directories that it can write to.
//!
//! A file is charged for its logical size, so that a sparse file of terabytes is refused although
//! it takes no blocks; growth is charged when it happens and given back when the file shrinks or
//! its last link goes away and nothing of the job has it open any more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::errno::{Errno, Result};

/// What a job may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskLimits {
    /// Bytes by which files may grow, altogether.
    pub bytes: u64,
    /// Files and directories that may be created, altogether.
    pub files: u64,
}

impl Default for DiskLimits {
    fn default() -> Self {
        Self { bytes: 10 << 30, files: 1_000_000 }
    }
}

/// The quota of one job, shared by its writable mounts.
#[derive(Debug)]
pub(crate) struct Quota {
    limits: DiskLimits,
    bytes: AtomicU64,
    files: AtomicU64,
    exceeded: AtomicBool,
    open: Mutex<HashMap<FileId, Weak<OpenFile>>>,
}

/// Device and inode.
pub(crate) type FileId = (u64, u64);

/// A file that the job has open for writing.
#[derive(Debug)]
pub(crate) struct OpenFile {
    quota: Arc<Quota>,
    id: FileId,
    /// Bytes to give back once the file is closed everywhere, because its last link is gone.
    unlinked: AtomicU64,
}

impl Quota {
    pub(crate) fn new(limits: DiskLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            bytes: AtomicU64::new(0),
            files: AtomicU64::new(0),
            exceeded: AtomicBool::new(false),
            open: Mutex::default(),
        })
    }

    /// Charges growth.
    pub(crate) fn grow(&self, bytes: u64) -> Result<()> {
        if charge(&self.bytes, bytes, self.limits.bytes) {
            return Ok(());
        }
        self.exceeded.store(true, Ordering::Relaxed);
        Err(if bytes > self.limits.bytes { Errno::FBIG } else { Errno::NOSPC })
    }

    /// Gives growth back. Files that were there before the job started may take it below zero.
    pub(crate) fn shrink(&self, bytes: u64) {
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            Some(used.saturating_sub(bytes))
        });
    }

    /// Charges a new directory entry.
    pub(crate) fn create(&self) -> Result<()> {
        if charge(&self.files, 1, self.limits.files) {
            return Ok(());
        }
        self.exceeded.store(true, Ordering::Relaxed);
        Err(Errno::NOSPC)
    }

    /// Gives a directory entry back.
    pub(crate) fn remove(&self) {
        let _ = self.files.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            Some(used.saturating_sub(1))
        });
    }

    /// Registers a file that is opened for writing.
    pub(crate) fn open(self: &Arc<Self>, id: FileId) -> Arc<OpenFile> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&id).and_then(Weak::upgrade) {
            return file;
        }
        let file = Arc::new(OpenFile { quota: Arc::clone(self), id, unlinked: AtomicU64::new(0) });
        open.insert(id, Arc::downgrade(&file));
        file
    }

    /// Notes that the last link of a file of this size is gone.
    pub(crate) fn unlinked(&self, id: FileId, size: u64) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get(&id).and_then(Weak::upgrade) {
            Some(file) => {
                drop(open);
                file.unlinked.store(size, Ordering::Relaxed);
            }
            None => {
                drop(open);
                self.shrink(size);
            }
        }
    }

    /// Whether something was refused.
    pub(crate) fn exceeded(&self) -> bool {
        self.exceeded.load(Ordering::Relaxed)
    }

    /// The limits.
    pub(crate) fn limits(&self) -> DiskLimits {
        self.limits
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let mut open = self.quota.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Another process may have opened the file again since.
        if open.get(&self.id).is_some_and(|weak| weak.strong_count() == 0) {
            open.remove(&self.id);
        }
        drop(open);
        self.quota.shrink(self.unlinked.load(Ordering::Relaxed));
    }
}

fn charge(used: &AtomicU64, amount: u64, limit: u64) -> bool {
    used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
        used.checked_add(amount).filter(|total| *total <= limit)
    })
    .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota() -> Arc<Quota> {
        Quota::new(DiskLimits { bytes: 100, files: 2 })
    }

    #[test]
    fn growth_beyond_the_limit_is_refused_and_noted() {
        let quota = quota();
        assert_eq!(quota.grow(60), Ok(()));
        assert_eq!(quota.grow(60), Err(Errno::NOSPC));
        assert!(quota.exceeded());
        quota.shrink(30);
        assert_eq!(quota.grow(60), Ok(()));
        assert_eq!(quota.grow(1 << 42), Err(Errno::FBIG));
    }

    #[test]
    fn an_unlinked_file_counts_until_it_is_closed() {
        let quota = quota();
        let file = quota.open((1, 1));
        quota.grow(100).unwrap();
        quota.unlinked((1, 1), 100);
        assert_eq!(quota.grow(1), Err(Errno::NOSPC));
        drop(file);
        assert_eq!(quota.grow(100), Ok(()));
    }

    #[test]
    fn entries_are_counted() {
        let quota = quota();
        assert_eq!((quota.create(), quota.create()), (Ok(()), Ok(())));
        assert_eq!(quota.create(), Err(Errno::NOSPC));
        quota.remove();
        assert_eq!(quota.create(), Ok(()));
    }
}
