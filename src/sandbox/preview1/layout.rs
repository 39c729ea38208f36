//! How the snapshots lay out their structures in memory.

use rustix::fs::FileType;

use crate::sandbox::errno::Result;
use crate::sandbox::files::Attributes;
use crate::sandbox::memory::Guest;

/// A snapshot of WASI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Snapshot {
    Preview1,
    Unstable,
}

impl Snapshot {
    pub(crate) fn module(self) -> &'static str {
        match self {
            Self::Preview1 => "wasi_snapshot_preview1",
            Self::Unstable => "wasi_unstable",
        }
    }

    /// Writes a `filestat`. The older one has 32 bits for the links and no gap after them.
    pub(crate) fn write_filestat(
        self,
        guest: &mut Guest<'_>,
        at: u32,
        attributes: &Attributes,
        file_type: u8,
    ) -> Result<()> {
        let [accessed, modified, changed] = attributes.times;
        let mut bytes = Vec::with_capacity(64);
        bytes.extend(attributes.device.to_le_bytes());
        bytes.extend(attributes.inode.to_le_bytes());
        match self {
            Self::Preview1 => {
                bytes.extend(u64::from(file_type).to_le_bytes());
                bytes.extend(attributes.links.to_le_bytes());
            }
            Self::Unstable => {
                bytes.extend(u32::from(file_type).to_le_bytes());
                let links = u32::try_from(attributes.links).unwrap_or(u32::MAX);
                bytes.extend(links.to_le_bytes());
            }
        }
        for field in [attributes.size, accessed, modified, changed] {
            bytes.extend(field.to_le_bytes());
        }
        guest.write(at, &bytes)
    }
}

pub(crate) const UNKNOWN: u8 = 0;
pub(crate) const CHARACTER_DEVICE: u8 = 2;
pub(crate) const DIRECTORY: u8 = 3;
pub(crate) const REGULAR_FILE: u8 = 4;

/// WASI's `filetype` for a file type. It has no FIFO.
pub(crate) fn file_type(file_type: FileType) -> u8 {
    match file_type {
        FileType::BlockDevice => 1,
        FileType::CharacterDevice => CHARACTER_DEVICE,
        FileType::Directory => DIRECTORY,
        FileType::RegularFile => REGULAR_FILE,
        FileType::Socket => 6,
        FileType::Symlink => 7,
        FileType::Fifo | FileType::Unknown => UNKNOWN,
    }
}

/// `fdflags`.
pub(crate) mod fdflags {
    pub(crate) const APPEND: u16 = 1;
    pub(crate) const DSYNC: u16 = 2;
    pub(crate) const RSYNC: u16 = 8;
    pub(crate) const SYNC: u16 = 16;
    pub(crate) const ALL: u16 = 31;
}
