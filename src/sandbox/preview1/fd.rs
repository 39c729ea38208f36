//! `fd_*`: reading, writing, seeking and describing what is open.

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use cap_primitives::fs::SystemTimeSpec;
use rustix::fs::{Advice, FallocateFlags, OFlags, SeekFrom};
use wasmtime::{Caller, Linker};

use super::layout::{self, Snapshot, fdflags};
use super::{call, waited};
use crate::sandbox::description::{At, Description, RegularFile};
use crate::sandbox::errno::{Errno, Result};
use crate::sandbox::files;
use crate::sandbox::memory::{self, Guest, guest};
use crate::sandbox::process::State;
use crate::sandbox::signal::Killed;
use crate::sandbox::table::rights;

pub(super) fn link(linker: &mut Linker<State>, snapshot: Snapshot) -> wasmtime::Result<()> {
    let module = snapshot.module();
    link_transfer(linker, module)?;
    link_position(linker, snapshot)?;
    link_description(linker, snapshot)?;
    link_table(linker, module)
}

fn link_transfer(linker: &mut Linker<State>, module: &'static str) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        module,
        "fd_read",
        |mut caller: Caller<'_, State>, (fd, vectors, count, out): (u32, u32, u32, u32)| {
            Box::new(
                async move { waited(read(&mut caller, fd, vectors, count, At::Offset, out).await) },
            )
        },
    )?;
    linker.func_wrap_async(
        module,
        "fd_pread",
        |mut caller: Caller<'_, State>,
         (fd, vectors, count, position, out): (u32, u32, u32, u64, u32)| {
            Box::new(async move {
                waited(read(&mut caller, fd, vectors, count, At::Position(position), out).await)
            })
        },
    )?;
    linker.func_wrap_async(
        module,
        "fd_write",
        |mut caller: Caller<'_, State>, (fd, vectors, count, out): (u32, u32, u32, u32)| {
            Box::new(async move {
                waited(write(&mut caller, fd, vectors, count, At::Offset, out).await)
            })
        },
    )?;
    linker.func_wrap_async(
        module,
        "fd_pwrite",
        |mut caller: Caller<'_, State>,
         (fd, vectors, count, position, out): (u32, u32, u32, u64, u32)| {
            Box::new(async move {
                waited(write(&mut caller, fd, vectors, count, At::Position(position), out).await)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "fd_readdir",
        |mut caller: Caller<'_, State>, fd: u32, buffer: u32, len: u32, cookie: u64, out: u32| {
            call(&mut caller, |guest| read_directory(guest, fd, buffer, len, cookie, out))
        },
    )?;
    Ok(())
}

fn link_position(linker: &mut Linker<State>, snapshot: Snapshot) -> wasmtime::Result<()> {
    let module = snapshot.module();
    linker.func_wrap(
        module,
        "fd_seek",
        move |mut caller: Caller<'_, State>, fd: u32, offset: i64, whence: u32, out: u32| {
            call(&mut caller, |guest| {
                let whence = match (snapshot, whence) {
                    (Snapshot::Preview1, 0) | (Snapshot::Unstable, 2) => Whence::Start,
                    (Snapshot::Preview1, 1) | (Snapshot::Unstable, 0) => Whence::Current,
                    (Snapshot::Preview1, 2) | (Snapshot::Unstable, 1) => Whence::End,
                    _ => return Err(Errno::INVAL),
                };
                let position = seek(guest, fd, offset, whence)?;
                guest.write_u64(out, position)
            })
        },
    )?;
    linker.func_wrap(module, "fd_tell", |mut caller: Caller<'_, State>, fd: u32, out: u32| {
        call(&mut caller, |guest| {
            let position = seek(guest, fd, 0, Whence::Current)?;
            guest.write_u64(out, position)
        })
    })?;
    linker.func_wrap(
        module,
        "fd_advise",
        |mut caller: Caller<'_, State>, fd: u32, offset: u64, len: u64, advice: u32| {
            call(&mut caller, |guest| {
                let advice = match advice {
                    0 => Advice::Normal,
                    1 => Advice::Sequential,
                    2 => Advice::Random,
                    3 => Advice::WillNeed,
                    4 => Advice::DontNeed,
                    5 => Advice::NoReuse,
                    _ => return Err(Errno::INVAL),
                };
                if i64::try_from(offset).is_err() || i64::try_from(len).is_err() {
                    return Err(Errno::INVAL);
                }
                with_file(guest, fd, rights::ADVISE, |file| {
                    let len = std::num::NonZeroU64::new(len);
                    Ok(rustix::fs::fadvise(&file.file, offset, len, advice)?)
                })
            })
        },
    )?;
    linker.func_wrap(
        module,
        "fd_allocate",
        |mut caller: Caller<'_, State>, fd: u32, offset: u64, len: u64| {
            call(&mut caller, |guest| {
                with_file(guest, fd, rights::ALLOCATE, |file| allocate(file, offset, len))
            })
        },
    )?;
    linker.func_wrap(module, "fd_sync", |mut caller: Caller<'_, State>, fd: u32| {
        call(&mut caller, |guest| sync(guest, fd, |file| rustix::fs::fsync(file)))
    })?;
    linker.func_wrap(module, "fd_datasync", |mut caller: Caller<'_, State>, fd: u32| {
        call(&mut caller, |guest| sync(guest, fd, |file| rustix::fs::fdatasync(file)))
    })?;
    Ok(())
}

fn link_description(linker: &mut Linker<State>, snapshot: Snapshot) -> wasmtime::Result<()> {
    let module = snapshot.module();
    linker.func_wrap(
        module,
        "fd_fdstat_get",
        |mut caller: Caller<'_, State>, fd: u32, out: u32| {
            call(&mut caller, |guest| {
                let entry = guest.state.table.get(fd)?.clone();
                let mut stat = [0; 24];
                stat[0] = file_type(&entry.description)?;
                stat[2..4].copy_from_slice(&status_flags(&entry.description)?.to_le_bytes());
                stat[8..16].copy_from_slice(&entry.rights.to_le_bytes());
                stat[16..].copy_from_slice(&entry.inheriting.to_le_bytes());
                guest.write(out, &stat)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "fd_fdstat_set_flags",
        |mut caller: Caller<'_, State>, fd: u32, flags: u32| {
            call(&mut caller, |guest| {
                let flags = u16::try_from(flags)?;
                let entry = guest.state.table.get(fd)?;
                entry.require(rights::FDSTAT_SET_FLAGS)?;
                set_status_flags(&entry.description, flags)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "fd_fdstat_set_rights",
        |mut caller: Caller<'_, State>, fd: u32, base: u64, inheriting: u64| {
            call(&mut caller, |guest| {
                let entry = guest.state.table.get_mut(fd)?;
                if base & !entry.rights != 0 || inheriting & !entry.inheriting != 0 {
                    return Err(Errno::NOTCAPABLE);
                }
                entry.rights = base;
                entry.inheriting = inheriting;
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        module,
        "fd_filestat_get",
        move |mut caller: Caller<'_, State>, fd: u32, out: u32| {
            call(&mut caller, |guest| {
                let description = guest.state.description(fd)?;
                let attributes = files::stat_open(&description)?;
                let file_type = file_type(&description)?;
                snapshot.write_filestat(guest, out, &attributes, file_type)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "fd_filestat_set_size",
        |mut caller: Caller<'_, State>, fd: u32, size: u64| {
            call(&mut caller, |guest| {
                if i64::try_from(size).is_err() {
                    return Err(Errno::INVAL);
                }
                with_file(guest, fd, rights::FILESTAT_SET_SIZE, |file| file.set_size(size))
            })
        },
    )?;
    linker.func_wrap(
        module,
        "fd_filestat_set_times",
        |mut caller: Caller<'_, State>, fd: u32, accessed: u64, modified: u64, flags: u32| {
            call(&mut caller, |guest| {
                let times = times(accessed, modified, flags)?;
                let entry = guest.state.table.get(fd)?;
                entry.require(rights::FILESTAT_SET_TIMES)?;
                files::set_times_open(&entry.description, times)
            })
        },
    )?;
    Ok(())
}

fn link_table(linker: &mut Linker<State>, module: &'static str) -> wasmtime::Result<()> {
    linker.func_wrap(module, "fd_close", |mut caller: Caller<'_, State>, fd: u32| {
        call(&mut caller, |guest| guest.state.table.close(fd).map(drop))
    })?;
    linker.func_wrap(
        module,
        "fd_renumber",
        |mut caller: Caller<'_, State>, from: u32, to: u32| {
            call(&mut caller, |guest| {
                let table = &mut guest.state.table;
                table.get(from)?;
                // WASI replaces an open descriptor, it does not choose a free number.
                table.get(to)?;
                if from != to {
                    let entry = table.close(from)?;
                    table.put(to, entry)?;
                }
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        module,
        "fd_prestat_get",
        |mut caller: Caller<'_, State>, fd: u32, out: u32| {
            call(&mut caller, |guest| {
                let name = guest.state.table.get(fd)?.preopen.clone().ok_or(Errno::BADF)?;
                // The tag of a directory is 0.
                guest.write_u32(out, 0)?;
                let length = u32::try_from(name.len())?;
                guest.write_u32(out.checked_add(4).ok_or(Errno::FAULT)?, length)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "fd_prestat_dir_name",
        |mut caller: Caller<'_, State>, fd: u32, at: u32, len: u32| {
            call(&mut caller, |guest| {
                let name = guest.state.table.get(fd)?.preopen.clone().ok_or(Errno::BADF)?;
                if name.len() > len as usize {
                    return Err(Errno::NAMETOOLONG);
                }
                guest.write(at, &name)
            })
        },
    )?;
    Ok(())
}

async fn read(
    caller: &mut Caller<'_, State>,
    fd: u32,
    vectors: u32,
    count: u32,
    at: At,
    out: u32,
) -> std::result::Result<Result<()>, Killed> {
    let prepared = guest(caller).and_then(|guest| {
        let entry = guest.state.table.get(fd)?;
        entry.require(rights::READ)?;
        Ok((Arc::clone(&entry.description), Arc::clone(&guest.state.process)))
    });
    let (description, process) = match prepared {
        Ok(prepared) => prepared,
        Err(errno) => return Ok(Err(errno)),
    };
    let done = {
        let (memory, _) = match guest(caller) {
            Ok(guest) => guest.split(),
            Err(errno) => return Ok(Err(errno)),
        };
        let mut buffers: Vec<IoSliceMut<'_>> = match memory::scatter(memory, vectors, count) {
            Ok(buffers) => buffers,
            Err(errno) => return Ok(Err(errno)),
        };
        match &*description {
            Description::File(file) => file.read(&mut buffers, at),
            other => process.unless_killed_waiting(other.read(&mut buffers, at)).await?,
        }
    };
    Ok(done.and_then(|count| guest(caller)?.write_u32(out, u32::try_from(count)?)))
}

async fn write(
    caller: &mut Caller<'_, State>,
    fd: u32,
    vectors: u32,
    count: u32,
    at: At,
    out: u32,
) -> std::result::Result<Result<()>, Killed> {
    let prepared = guest(caller).and_then(|guest| {
        let entry = guest.state.table.get(fd)?;
        entry.require(rights::WRITE)?;
        Ok((Arc::clone(&entry.description), Arc::clone(&guest.state.process)))
    });
    let (description, process) = match prepared {
        Ok(prepared) => prepared,
        Err(errno) => return Ok(Err(errno)),
    };
    let done = {
        let (memory, _) = match guest(caller) {
            Ok(guest) => guest.split(),
            Err(errno) => return Ok(Err(errno)),
        };
        let buffers: Vec<IoSlice<'_>> = match memory::gather(memory, vectors, count) {
            Ok(buffers) => buffers,
            Err(errno) => return Ok(Err(errno)),
        };
        match &*description {
            Description::File(file) => file.write(&buffers, at),
            other => process.unless_killed_waiting(other.write(&buffers, at)).await?,
        }
    };
    // Under POSIX nobody gets to see this error: the program ends by SIGPIPE. So it is for programs
    // that know signals, or `seq 9999 | head -1` would print an error; others handle it themselves.
    // Only for standard output: a shell that feeds a command must outlive it.
    if done == Err(Errno::PIPE) && fd == STDOUT && caller.data().module.facts.imports_greenroom {
        process.signals.send(SIGPIPE);
        if let Some(killed) = process.signals.fatal() {
            return Err(killed);
        }
    }
    Ok(done.and_then(|count| guest(caller)?.write_u32(out, u32::try_from(count)?)))
}

const STDOUT: u32 = 1;
const SIGPIPE: u8 = 13;

fn read_directory(
    guest: &mut Guest<'_>,
    fd: u32,
    buffer: u32,
    len: u32,
    cookie: u64,
    out: u32,
) -> Result<()> {
    let entry = guest.state.table.get(fd)?.clone();
    let Description::Directory(directory) = &*entry.description else {
        return Err(Errno::NOTDIR);
    };
    entry.require(rights::READDIR)?;
    let job = Arc::clone(&guest.state.job);
    let (entries, start) = directory.list(&job, cookie)?;
    let target = guest.bytes_mut(buffer, len)?;
    let mut used = 0;
    for (index, entry) in entries.iter().enumerate().skip(start) {
        let mut record = [0; 24];
        record[..8].copy_from_slice(&(index as u64 + 1).to_le_bytes());
        record[8..16].copy_from_slice(&entry.inode.to_le_bytes());
        record[16..20].copy_from_slice(&u32::try_from(entry.name.len())?.to_le_bytes());
        record[20] = layout::file_type(entry.file_type);
        for part in [&record[..], &entry.name] {
            let count = part.len().min(target.len() - used);
            target[used..used + count].copy_from_slice(&part[..count]);
            used += count;
        }
        // A full buffer, even with half an entry, tells the caller that there is more.
        if used == target.len() {
            break;
        }
    }
    guest.write_u32(out, u32::try_from(used)?)
}

#[derive(Clone, Copy)]
enum Whence {
    Start,
    Current,
    End,
}

fn seek(guest: &Guest<'_>, fd: u32, offset: i64, whence: Whence) -> Result<u64> {
    let entry = guest.state.table.get(fd)?;
    match &*entry.description {
        Description::File(file) => {
            entry.require(rights::TELL)?;
            if offset != 0 || !matches!(whence, Whence::Current) {
                entry.require(rights::SEEK)?;
            }
            file.seek(match whence {
                Whence::Start => SeekFrom::Start(u64::try_from(offset)?),
                Whence::Current => SeekFrom::Current(offset),
                Whence::End => SeekFrom::End(offset),
            })
        }
        Description::Program(bytes, position) => {
            let mut position = position.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let base = match whence {
                Whence::Start => 0,
                Whence::Current => *position,
                Whence::End => bytes.len() as u64,
            };
            *position = base.checked_add_signed(offset).ok_or(Errno::INVAL)?;
            Ok(*position)
        }
        Description::Device(_) => Ok(0),
        Description::Directory(_) => Err(Errno::BADF),
        _ => Err(Errno::SPIPE),
    }
}

/// Allocates as `posix_fallocate` does: the file grows to `offset + len` if it is shorter.
fn allocate(file: &RegularFile, offset: u64, len: u64) -> Result<()> {
    let end = offset.checked_add(len).filter(|end| i64::try_from(*end).is_ok());
    let (end, before) = (end.ok_or(Errno::FBIG)?, file.size()?);
    if len == 0 {
        return Err(Errno::INVAL);
    }
    let quota = file.mount.as_ref().and_then(|mount| mount.quota.as_ref());
    let growth = end.saturating_sub(before);
    if let Some(quota) = quota {
        // Also a hole that is filled takes space, but not more than the file's charged size.
        quota.grow(growth)?;
    }
    rustix::fs::fallocate(&file.file, FallocateFlags::empty(), offset, len).map_err(|errno| {
        if let Some(quota) = quota {
            quota.shrink(growth);
        }
        errno.into()
    })
}

fn sync(
    guest: &Guest<'_>,
    fd: u32,
    sync: impl FnOnce(std::os::fd::BorrowedFd<'_>) -> rustix::io::Result<()>,
) -> Result<()> {
    let entry = guest.state.table.get(fd)?;
    match entry.description.host_file() {
        Some(file) => Ok(sync(file)?),
        None => Ok(()),
    }
}

fn with_file(
    guest: &Guest<'_>,
    fd: u32,
    right: u64,
    run: impl FnOnce(&RegularFile) -> Result<()>,
) -> Result<()> {
    let entry = guest.state.table.get(fd)?;
    match &*entry.description {
        Description::File(file) => {
            entry.require(right)?;
            run(file)
        }
        Description::Directory(_) => Err(Errno::BADF),
        Description::PipeReader(_) | Description::PipeWriter(_) | Description::Host(_) => {
            Err(Errno::SPIPE)
        }
        _ => Err(Errno::INVAL),
    }
}

fn file_type(description: &Description) -> Result<u8> {
    Ok(match description {
        Description::Directory(_) => layout::DIRECTORY,
        Description::File(_) => layout::file_type(files::stat_open(description)?.file_type()),
        Description::Program(..) => layout::REGULAR_FILE,
        Description::Device(_) => layout::CHARACTER_DEVICE,
        Description::Host(host) if host.is_terminal() => layout::CHARACTER_DEVICE,
        _ => layout::UNKNOWN,
    })
}

fn status_flags(description: &Description) -> Result<u16> {
    let Description::File(file) = description else { return Ok(0) };
    let flags = file.status_flags()?;
    // O_NONBLOCK is greenroom's own doing and means nothing for a regular file.
    Ok([
        (OFlags::APPEND, fdflags::APPEND),
        (OFlags::DSYNC, fdflags::DSYNC),
        (OFlags::SYNC, fdflags::SYNC | fdflags::RSYNC | fdflags::DSYNC),
    ]
    .into_iter()
    .filter(|(posix, _)| flags.contains(*posix))
    .fold(0, |all, (_, wasi)| all | wasi))
}

fn set_status_flags(description: &Description, flags: u16) -> Result<()> {
    if flags & !fdflags::ALL != 0 {
        return Err(Errno::INVAL);
    }
    let Description::File(file) = description else { return Ok(()) };
    let synchronous = fdflags::DSYNC | fdflags::SYNC | fdflags::RSYNC;
    if flags & synchronous != 0 && flags & synchronous != status_flags(description)? & synchronous {
        // Linux does not change these on an open file (fcntl(2), F_SETFL).
        return Err(Errno::NOTSUP);
    }
    let mut now = file.status_flags()?;
    now.set(OFlags::APPEND, flags & fdflags::APPEND != 0);
    Ok(rustix::fs::fcntl_setfl(&file.file, now)?)
}

/// The times that `fstflags` selects: accessed, modified.
pub(super) fn times(
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Result<[Option<SystemTimeSpec>; 2]> {
    let time = |flags: u32, nanoseconds: u64| match flags & 3 {
        0 => Ok(None),
        1 => {
            let time = UNIX_EPOCH.checked_add(Duration::from_nanos(nanoseconds));
            let time = cap_std::time::SystemTime::from_std(time.ok_or(Errno::OVERFLOW)?);
            Ok(Some(SystemTimeSpec::Absolute(time)))
        }
        2 => Ok(Some(SystemTimeSpec::SymbolicNow)),
        _ => Err(Errno::INVAL),
    };
    if flags & !15 != 0 {
        return Err(Errno::INVAL);
    }
    Ok([time(flags, accessed)?, time(flags >> 2, modified)?])
}
