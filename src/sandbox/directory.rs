//! Open directories and what `fd_readdir` lists of them.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};

use super::errno::{Errno, Result};
use super::job::Job;
use super::limits::MemoryCharge;
use super::namespace::{Namespace, Node, Place};

/// An open directory.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) place: Place,
    /// What the last reading from the start found. A cookie is an index into it, so that entries
    /// made or removed meanwhile neither repeat nor hide others.
    listing: Mutex<Option<(Arc<[Entry]>, MemoryCharge)>>,
}

/// A directory entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) inode: u64,
    pub(crate) file_type: FileType,
}

impl Directory {
    pub(crate) fn new(place: Place) -> Self {
        Self { place, listing: Mutex::new(None) }
    }

    /// Entries from the one with this index on. What is remembered of them counts as the job's
    /// memory.
    pub(crate) fn list(&self, job: &Job, from: u64) -> Result<(Arc<[Entry]>, usize)> {
        let mut listing = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = match &*listing {
            Some((entries, _)) if from > 0 => Arc::clone(entries),
            _ => {
                *listing = None;
                let entries: Arc<[Entry]> = self.read(&job.namespace)?.into();
                let bytes: usize =
                    entries.iter().map(|entry| size_of::<Entry>() + entry.name.len()).sum();
                let charge = job.memory.charge(bytes as u64).ok_or(Errno::NOMEM)?;
                *listing = Some((Arc::clone(&entries), charge));
                entries
            }
        };
        let start = usize::try_from(from).unwrap_or(usize::MAX).min(entries.len());
        Ok((entries, start))
    }

    fn read(&self, namespace: &Namespace) -> Result<Vec<Entry>> {
        match &self.place {
            Place::Real { directory, .. } => read_host(directory.as_fd()),
            Place::Virtual { path } => Ok(read_virtual(namespace, path)),
        }
    }

    pub(crate) fn host_file(&self) -> Option<BorrowedFd<'_>> {
        match &self.place {
            Place::Real { directory, .. } => Some(directory.as_fd()),
            Place::Virtual { .. } => None,
        }
    }
}

fn read_host(directory: BorrowedFd<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    // Opened anew, for an offset of its own and because it may be open for walking only.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let own = rustix::fs::openat(directory, c".", flags, Mode::empty())?;
    for entry in rustix::fs::Dir::new(own)? {
        let entry = entry?;
        let mut file_type = entry.file_type();
        if file_type == FileType::Unknown {
            let stat = rustix::fs::statat(directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW);
            if let Ok(stat) = stat {
                file_type = FileType::from_raw_mode(stat.st_mode);
            }
        }
        let name = entry.file_name().to_bytes().to_vec();
        entries.push(Entry { name, inode: entry.ino(), file_type });
    }
    Ok(entries)
}

fn read_virtual(namespace: &Namespace, path: &[u8]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = [b".".as_slice(), b".."]
        .into_iter()
        .map(|name| Entry {
            name: name.to_vec(),
            inode: virtual_inode(path),
            file_type: FileType::Directory,
        })
        .collect();
    let Ok(super::namespace::Target::Virtual { node: Node::Directory(nodes), .. }) =
        namespace.absolute(path)
    else {
        return entries;
    };
    if let (b"/", Some(mount)) = (path, namespace.root_mount())
        && let Ok(under) = read_host(mount.root.as_fd())
    {
        let hidden = |entry: &Entry| {
            let name = std::str::from_utf8(&entry.name);
            name.is_ok_and(|name| name == "." || name == ".." || nodes.contains_key(name))
        };
        entries.extend(under.into_iter().filter(|entry| !hidden(entry)));
    }
    for (name, node) in nodes.iter() {
        let file_type = match node {
            Node::Directory(_) | Node::Mount(_) | Node::Descriptors => FileType::Directory,
            Node::Program(_) | Node::Module(..) => FileType::RegularFile,
            Node::Device(_) => FileType::CharacterDevice,
        };
        let full = [path, b"/", name.as_bytes()].concat();
        let inode = virtual_inode(&full);
        entries.push(Entry { name: name.clone().into_bytes(), inode, file_type });
    }
    entries
}

/// A stable number for a virtual path (FNV-1a).
pub(crate) fn virtual_inode(path: &[u8]) -> u64 {
    path.iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
}
