//! Open file descriptions: what descriptors refer to. As in POSIX, several descriptors, also of
//! several processes, may share one, and with it the file offset and the status flags.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use rustix::fs::{OFlags, SeekFrom};

use super::directory::Directory;
use super::errno::{Errno, Result};
use super::job::Job;
use super::namespace::{Device, Mount};
use super::pipe::{PipeReader, PipeWriter};
use super::quota::OpenFile;
use super::streams::{HostStream, OutputStream};

/// What a descriptor refers to.
#[derive(Debug)]
pub(crate) enum Description {
    File(RegularFile),
    Directory(Directory),
    PipeReader(PipeReader),
    PipeWriter(PipeWriter),
    Log(Log),
    Host(HostStream),
    Device(Device),
    /// A built-in command opened as a file: its bytes and the offset.
    Program(&'static [u8], Mutex<u64>),
}

/// A regular file of the host.
#[derive(Debug)]
pub(crate) struct RegularFile {
    pub(crate) file: File,
    /// Where it was opened; none for a descriptor that greenroom itself was started with.
    pub(crate) mount: Option<Arc<Mount>>,
    charged: Option<Arc<OpenFile>>,
    /// Makes measuring and growing one step, when two processes append at once.
    growing: Mutex<()>,
}

/// The job's log, in place of a terminal.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) job: Arc<Job>,
    pub(crate) stream: OutputStream,
}

/// Where a read or write happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// At the description's offset, which moves.
    Offset,
    /// At this position; the offset stays.
    Position(u64),
    /// At the end of a file, wherever that is by then; only for writing. The offset stays.
    End,
}

impl RegularFile {
    pub(crate) fn new(file: File, mount: Option<Arc<Mount>>, writable: bool) -> Result<Self> {
        let charged = match mount.as_ref().and_then(|mount| mount.quota.as_ref()) {
            Some(quota) if writable => {
                let stat = rustix::fs::fstat(&file)?;
                Some(quota.open((stat.st_dev, stat.st_ino)))
            }
            _ => None,
        };
        Ok(Self { file, mount, charged, growing: Mutex::new(()) })
    }

    pub(crate) fn read(&self, buffers: &mut [IoSliceMut<'_>], at: At) -> Result<usize> {
        Ok(match at {
            At::Offset => rustix::io::readv(&self.file, buffers)?,
            At::Position(position) => rustix::io::preadv(&self.file, buffers, position)?,
            At::End => 0,
        })
    }

    pub(crate) fn write(&self, buffers: &[IoSlice<'_>], at: At) -> Result<usize> {
        let write = || {
            Ok(match at {
                At::Offset => rustix::io::writev(&self.file, buffers)?,
                At::Position(position) => rustix::io::pwritev(&self.file, buffers, position)?,
                At::End => append(&self.file, buffers)?,
            })
        };
        let Some(quota) = self.mount.as_ref().and_then(|mount| mount.quota.as_ref()) else {
            return write();
        };
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let size = self.size()?;
        let length: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        let start = match at {
            At::Position(position) if !self.appends()? => position,
            At::Offset if !self.appends()? => rustix::fs::tell(&self.file)?,
            _ => size,
        };
        let end = start.checked_add(length as u64).ok_or(Errno::FBIG)?;
        let growth = if length == 0 { 0 } else { end.saturating_sub(size) };
        quota.grow(growth)?;
        let written = write();
        let grown = self.size().unwrap_or(size).saturating_sub(size);
        quota.shrink(growth.saturating_sub(grown));
        written
    }

    pub(crate) fn size(&self) -> Result<u64> {
        Ok(u64::try_from(rustix::fs::fstat(&self.file)?.st_size)?)
    }

    /// Sets the length, charging or giving back the difference.
    pub(crate) fn set_size(&self, size: u64) -> Result<()> {
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.size()?;
        let quota = self.mount.as_ref().and_then(|mount| mount.quota.as_ref());
        if let Some(quota) = quota {
            quota.grow(size.saturating_sub(before))?;
        }
        let done = rustix::fs::ftruncate(&self.file, size);
        if let Some(quota) = quota {
            match done {
                Ok(()) => quota.shrink(before.saturating_sub(size)),
                Err(_) => quota.shrink(size.saturating_sub(before)),
            }
        }
        Ok(done?)
    }

    pub(crate) fn seek(&self, to: SeekFrom) -> Result<u64> {
        Ok(rustix::fs::seek(&self.file, to)?)
    }

    pub(crate) fn status_flags(&self) -> Result<OFlags> {
        Ok(rustix::fs::fcntl_getfl(&self.file)?)
    }

    fn appends(&self) -> Result<bool> {
        Ok(self.charged.is_some() && self.status_flags()?.contains(OFlags::APPEND))
    }
}

impl Description {
    /// Reads into `buffers`; 0 is the end.
    pub(crate) async fn read(&self, buffers: &mut [IoSliceMut<'_>], at: At) -> Result<usize> {
        if let Self::File(file) = self {
            return file.read(buffers, at);
        }
        if let At::Position(position) = at {
            return match self {
                Self::Program(bytes, _) => Ok(read_bytes(bytes, position, buffers)),
                Self::Directory(_) => Err(Errno::ISDIR),
                _ => Err(Errno::SPIPE),
            };
        }
        let Some(buffer) = buffers.iter_mut().find(|buffer| !buffer.is_empty()) else {
            return Ok(0);
        };
        match self {
            Self::PipeReader(pipe) => Ok(pipe.read(buffer).await),
            Self::Host(host) => Ok(host.read(buffer).await?),
            Self::Device(Device::Null) => Ok(0),
            Self::Device(Device::Zero | Device::Full) => {
                buffer.fill(0);
                Ok(buffer.len())
            }
            Self::Device(Device::Random) => {
                getrandom::fill(buffer).map_err(|_| Errno::IO)?;
                Ok(buffer.len())
            }
            Self::Program(bytes, offset) => {
                let mut offset = offset.lock().unwrap_or_else(PoisonError::into_inner);
                let count = read_bytes(bytes, *offset, buffers);
                *offset += count as u64;
                Ok(count)
            }
            Self::Directory(_) => Err(Errno::ISDIR),
            Self::PipeWriter(_) | Self::Log(_) | Self::Device(Device::Descriptor(_)) => {
                Err(Errno::BADF)
            }
            Self::File(_) => unreachable!("handled above"),
        }
    }

    /// Writes some of `buffers`.
    pub(crate) async fn write(&self, buffers: &[IoSlice<'_>], at: At) -> Result<usize> {
        if let Self::File(file) = self {
            return file.write(buffers, at);
        }
        if at != At::Offset {
            return Err(match self {
                Self::Directory(_) => Errno::ISDIR,
                _ => Errno::SPIPE,
            });
        }
        match self {
            Self::PipeWriter(pipe) => {
                with_joined(buffers, async |data| pipe.write(data).await).await
            }
            Self::Host(host) => {
                with_joined(buffers, async |data| Ok(host.write(data).await?)).await
            }
            Self::Log(log) => {
                with_joined(buffers, async |data| log.job.write_log(log.stream, data).await).await
            }
            Self::Device(Device::Full) => Err(Errno::NOSPC),
            Self::Device(_) => Ok(buffers.iter().map(|buffer| buffer.len()).sum()),
            Self::Directory(_) => Err(Errno::ISDIR),
            Self::PipeReader(_) | Self::Program(..) => Err(Errno::BADF),
            Self::File(_) => unreachable!("handled above"),
        }
    }

    /// Writes all of `data`.
    pub(crate) async fn write_all(&self, mut data: &[u8]) -> Result<()> {
        while !data.is_empty() {
            let count = self.write(&[IoSlice::new(data)], At::Offset).await?;
            data = &data[count..];
        }
        Ok(())
    }

    /// The host's descriptor behind it, if there is one.
    pub(crate) fn host_file(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        match self {
            Self::File(file) => Some(file.file.as_fd()),
            Self::Directory(directory) => directory.host_file(),
            _ => None,
        }
    }
}

/// Writes at the end of a file that was not opened for appending.
fn append(file: &File, buffers: &[IoSlice<'_>]) -> rustix::io::Result<usize> {
    #[cfg(target_os = "linux")]
    {
        rustix::io::pwritev2(file, buffers, 0, rustix::io::ReadWriteFlags::APPEND)
    }
    #[cfg(not(target_os = "linux"))]
    {
        // Two processes that append at the same time may overwrite each other here.
        let end = rustix::fs::fstat(file)?.st_size.try_into().unwrap_or(u64::MAX);
        rustix::io::pwritev(file, buffers, end)
    }
}

/// A vectored write as one write: what a pipe or the log takes at once stays together.
async fn with_joined(
    buffers: &[IoSlice<'_>],
    write: impl AsyncFnOnce(&[u8]) -> Result<usize>,
) -> Result<usize> {
    let mut filled = buffers.iter().filter(|buffer| !buffer.is_empty());
    match (filled.next(), filled.next()) {
        (None, _) => write(&[]).await,
        (Some(only), None) => write(only).await,
        _ => {
            let mut joined = BytesMut::new();
            for buffer in buffers {
                joined.extend_from_slice(buffer);
            }
            write(&joined).await
        }
    }
}

fn read_bytes(bytes: &[u8], position: u64, buffers: &mut [IoSliceMut<'_>]) -> usize {
    let start = usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
    let mut rest = &bytes[start..];
    let before = rest.len();
    for buffer in buffers {
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        rest = &rest[count..];
    }
    before - rest.len()
}
