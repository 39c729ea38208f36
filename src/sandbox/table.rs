//! The descriptor table of a process.

use std::sync::Arc;

use super::description::Description;
use super::errno::{Errno, Result};

/// WASI rights (`wasi_snapshot_preview1.witx`, type `rights`).
pub(crate) mod rights {
    pub(crate) const DATASYNC: u64 = 1 << 0;
    pub(crate) const READ: u64 = 1 << 1;
    pub(crate) const SEEK: u64 = 1 << 2;
    pub(crate) const FDSTAT_SET_FLAGS: u64 = 1 << 3;
    pub(crate) const SYNC: u64 = 1 << 4;
    pub(crate) const TELL: u64 = 1 << 5;
    pub(crate) const WRITE: u64 = 1 << 6;
    pub(crate) const ADVISE: u64 = 1 << 7;
    pub(crate) const ALLOCATE: u64 = 1 << 8;
    pub(crate) const PATH_CREATE_DIRECTORY: u64 = 1 << 9;
    pub(crate) const PATH_CREATE_FILE: u64 = 1 << 10;
    pub(crate) const PATH_LINK_SOURCE: u64 = 1 << 11;
    pub(crate) const PATH_LINK_TARGET: u64 = 1 << 12;
    pub(crate) const PATH_OPEN: u64 = 1 << 13;
    pub(crate) const READDIR: u64 = 1 << 14;
    pub(crate) const PATH_READLINK: u64 = 1 << 15;
    pub(crate) const PATH_RENAME_SOURCE: u64 = 1 << 16;
    pub(crate) const PATH_RENAME_TARGET: u64 = 1 << 17;
    pub(crate) const PATH_FILESTAT_GET: u64 = 1 << 18;
    pub(crate) const PATH_FILESTAT_SET_SIZE: u64 = 1 << 19;
    pub(crate) const PATH_FILESTAT_SET_TIMES: u64 = 1 << 20;
    pub(crate) const FILESTAT_GET: u64 = 1 << 21;
    pub(crate) const FILESTAT_SET_SIZE: u64 = 1 << 22;
    pub(crate) const FILESTAT_SET_TIMES: u64 = 1 << 23;
    pub(crate) const PATH_SYMLINK: u64 = 1 << 24;
    pub(crate) const PATH_REMOVE_DIRECTORY: u64 = 1 << 25;
    pub(crate) const PATH_UNLINK_FILE: u64 = 1 << 26;
    pub(crate) const POLL: u64 = 1 << 27;

    /// Everything that makes sense for a regular file.
    pub(crate) const FILE: u64 = DATASYNC
        | READ
        | SEEK
        | FDSTAT_SET_FLAGS
        | SYNC
        | TELL
        | WRITE
        | ADVISE
        | ALLOCATE
        | FILESTAT_GET
        | FILESTAT_SET_SIZE
        | FILESTAT_SET_TIMES
        | POLL;
    /// Everything that makes sense for a stream: without `SEEK` and `TELL`, which is how programs
    /// tell a terminal.
    pub(crate) const STREAM: u64 = READ | WRITE | FDSTAT_SET_FLAGS | FILESTAT_GET | POLL;
    /// Everything that makes sense for a directory: `path_*`, `READDIR`, attributes.
    pub(crate) const DIRECTORY: u64 = FDSTAT_SET_FLAGS
        | SYNC
        | ADVISE
        | DATASYNC
        | PATH_CREATE_DIRECTORY
        | PATH_CREATE_FILE
        | PATH_LINK_SOURCE
        | PATH_LINK_TARGET
        | PATH_OPEN
        | READDIR
        | PATH_READLINK
        | PATH_RENAME_SOURCE
        | PATH_RENAME_TARGET
        | PATH_FILESTAT_GET
        | PATH_FILESTAT_SET_SIZE
        | PATH_FILESTAT_SET_TIMES
        | FILESTAT_GET
        | FILESTAT_SET_TIMES
        | PATH_SYMLINK
        | PATH_REMOVE_DIRECTORY
        | PATH_UNLINK_FILE;
    /// What opening in a directory may hand on.
    pub(crate) const INHERITING: u64 = DIRECTORY | FILE;
}

/// A descriptor.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) description: Arc<Description>,
    pub(crate) rights: u64,
    pub(crate) inheriting: u64,
    /// The name under which a directory was preopened.
    pub(crate) preopen: Option<Arc<[u8]>>,
}

impl Entry {
    /// A descriptor with every right that makes sense for what it refers to.
    pub(crate) fn new(description: Arc<Description>) -> Self {
        let (rights, inheriting) = match &*description {
            Description::File(_) | Description::Program(..) => (rights::FILE, 0),
            Description::Directory(_) => (rights::DIRECTORY, rights::INHERITING),
            Description::PipeReader(_) => (rights::STREAM & !rights::WRITE, 0),
            Description::PipeWriter(_) | Description::Log(_) => (rights::STREAM & !rights::READ, 0),
            Description::Host(_) | Description::Device(_) => (rights::STREAM, 0),
        };
        Self { description, rights, inheriting, preopen: None }
    }

    /// Fails unless the descriptor has this right, as POSIX does for a file that is not open for
    /// reading or writing.
    pub(crate) fn require(&self, right: u64) -> Result<()> {
        if self.rights & right == right { Ok(()) } else { Err(Errno::BADF) }
    }

    /// Fails unless the directory has these rights.
    pub(crate) fn require_path(&self, rights: u64) -> Result<()> {
        if self.rights & rights == rights { Ok(()) } else { Err(Errno::NOTCAPABLE) }
    }
}

/// The table.
#[derive(Debug)]
pub(crate) struct Table {
    entries: Vec<Option<Entry>>,
    limit: usize,
}

impl Table {
    pub(crate) fn new(limit: usize) -> Self {
        Self { entries: Vec::with_capacity(8), limit }
    }

    pub(crate) fn get(&self, fd: u32) -> Result<&Entry> {
        self.entries.get(fd as usize).and_then(Option::as_ref).ok_or(Errno::BADF)
    }

    pub(crate) fn get_mut(&mut self, fd: u32) -> Result<&mut Entry> {
        self.entries.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::BADF)
    }

    /// Puts an entry at the lowest free number ≥ `from`.
    pub(crate) fn insert(&mut self, entry: Entry, from: u32) -> Result<u32> {
        let from = from as usize;
        let free = (from..self.entries.len()).find(|i| self.entries[*i].is_none());
        let index = free.unwrap_or_else(|| self.entries.len().max(from));
        self.set(index, entry)?;
        Ok(u32::try_from(index)?)
    }

    /// Puts an entry at a number, closing what was there.
    pub(crate) fn put(&mut self, fd: u32, entry: Entry) -> Result<()> {
        self.set(fd as usize, entry)
    }

    fn set(&mut self, index: usize, entry: Entry) -> Result<()> {
        if index >= self.limit {
            return Err(Errno::MFILE);
        }
        if index >= self.entries.len() {
            self.entries.resize_with(index + 1, || None);
        }
        self.entries[index] = Some(entry);
        Ok(())
    }

    pub(crate) fn close(&mut self, fd: u32) -> Result<Entry> {
        self.entries.get_mut(fd as usize).and_then(Option::take).ok_or(Errno::BADF)
    }

    pub(crate) fn is_free(&self, fd: u32) -> bool {
        self.get(fd).is_err()
    }

    /// The preopened directories, by number.
    pub(crate) fn preopens(&self) -> impl Iterator<Item = (u32, &Entry)> {
        self.entries.iter().enumerate().filter_map(|(fd, entry)| {
            let entry = entry.as_ref()?;
            entry.preopen.as_ref()?;
            Some((u32::try_from(fd).ok()?, entry))
        })
    }
}
