//! Between the kernel's words and those of `wasi:filesystem`.

use std::time::{Duration, UNIX_EPOCH};

use cap_primitives::fs::SystemTimeSpec;
use rustix::fs::FileType;
use wasmtime_wasi::p2::FsError;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorStat, DescriptorType, ErrorCode, MetadataHashValue, NewTimestamp,
};

use crate::sandbox::errno::{Errno, Result};
use crate::sandbox::files::Attributes;

/// The error of a file, as a stream carries it.
#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
pub(super) struct FileError(pub(super) Errno);

impl From<Errno> for FsError {
    fn from(errno: Errno) -> Self {
        error_code(errno).into()
    }
}

pub(super) fn error_code(errno: Errno) -> ErrorCode {
    match errno {
        Errno::ACCES => ErrorCode::Access,
        Errno::AGAIN => ErrorCode::WouldBlock,
        Errno::BADF => ErrorCode::BadDescriptor,
        Errno::BUSY => ErrorCode::Busy,
        Errno::DEADLK => ErrorCode::Deadlock,
        Errno::DQUOT => ErrorCode::Quota,
        Errno::EXIST => ErrorCode::Exist,
        Errno::FBIG => ErrorCode::FileTooLarge,
        Errno::ILSEQ => ErrorCode::IllegalByteSequence,
        Errno::INTR => ErrorCode::Interrupted,
        Errno::INVAL => ErrorCode::Invalid,
        Errno::ISDIR => ErrorCode::IsDirectory,
        Errno::LOOP => ErrorCode::Loop,
        Errno::MLINK => ErrorCode::TooManyLinks,
        Errno::NAMETOOLONG => ErrorCode::NameTooLong,
        Errno::NODEV => ErrorCode::NoDevice,
        Errno::NOENT => ErrorCode::NoEntry,
        Errno::NOLCK => ErrorCode::NoLock,
        // There is no word for too many open files.
        Errno::NOMEM | Errno::MFILE | Errno::NFILE => ErrorCode::InsufficientMemory,
        Errno::NOSPC => ErrorCode::InsufficientSpace,
        Errno::NOTDIR => ErrorCode::NotDirectory,
        Errno::NOTEMPTY => ErrorCode::NotEmpty,
        Errno::NOSYS | Errno::NOTSUP => ErrorCode::Unsupported,
        Errno::NOTTY => ErrorCode::NoTty,
        Errno::NXIO => ErrorCode::NoSuchDevice,
        Errno::OVERFLOW => ErrorCode::Overflow,
        Errno::PERM | Errno::NOTCAPABLE => ErrorCode::NotPermitted,
        Errno::PIPE => ErrorCode::Pipe,
        Errno::ROFS => ErrorCode::ReadOnly,
        Errno::SPIPE => ErrorCode::InvalidSeek,
        Errno::TXTBSY => ErrorCode::TextFileBusy,
        Errno::XDEV => ErrorCode::CrossDevice,
        _ => ErrorCode::Io,
    }
}

pub(super) fn descriptor_type(file_type: FileType) -> DescriptorType {
    match file_type {
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::Directory => DescriptorType::Directory,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::Fifo => DescriptorType::Fifo,
        FileType::Socket => DescriptorType::Socket,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::Unknown => DescriptorType::Unknown,
    }
}

pub(super) fn stat(attributes: &Attributes) -> DescriptorStat {
    let [accessed, modified, changed] = attributes.times.map(|nanoseconds| {
        Some(Datetime {
            seconds: nanoseconds / 1_000_000_000,
            nanoseconds: (nanoseconds % 1_000_000_000) as u32,
        })
    });
    DescriptorStat {
        type_: descriptor_type(attributes.file_type()),
        link_count: attributes.links,
        size: attributes.size,
        data_access_timestamp: accessed,
        data_modification_timestamp: modified,
        status_change_timestamp: changed,
    }
}

/// Equal for the same file. (wasi-libc makes inode numbers of it.)
pub(super) fn identity(attributes: &Attributes) -> MetadataHashValue {
    MetadataHashValue { lower: attributes.inode, upper: attributes.device }
}

/// What to set a time to; none leaves it.
pub(super) fn time(time: NewTimestamp) -> Result<Option<SystemTimeSpec>> {
    Ok(match time {
        NewTimestamp::NoChange => None,
        NewTimestamp::Now => Some(SystemTimeSpec::SymbolicNow),
        NewTimestamp::Timestamp(Datetime { seconds, nanoseconds }) => {
            if nanoseconds >= 1_000_000_000 {
                return Err(Errno::INVAL);
            }
            let time = UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds));
            let time = cap_std::time::SystemTime::from_std(time.ok_or(Errno::OVERFLOW)?);
            Some(SystemTimeSpec::Absolute(time))
        }
    })
}
