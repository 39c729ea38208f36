//! `path_*`: everything that names a file below an open directory.

use std::sync::Arc;

use rustix::fs::OFlags;
use wasmtime::{Caller, Linker};

use super::call;
use super::fd::times;
use super::layout::{self, Snapshot, fdflags};
use crate::sandbox::description::Description;
use crate::sandbox::errno::{Errno, Result};
use crate::sandbox::files::{self, Open};
use crate::sandbox::memory::Guest;
use crate::sandbox::namespace::{Place, Target};
use crate::sandbox::process::State;
use crate::sandbox::table::{Entry, rights};

/// `lookupflags`: follow a symbolic link at the path's end.
const FOLLOW: u32 = 1;

mod oflags {
    pub(super) const CREATE: u32 = 1;
    pub(super) const DIRECTORY: u32 = 2;
    pub(super) const EXCLUSIVE: u32 = 4;
    pub(super) const TRUNCATE: u32 = 8;
}

pub(super) fn link(linker: &mut Linker<State>, snapshot: Snapshot) -> wasmtime::Result<()> {
    let module = snapshot.module();
    linker.func_wrap(
        module,
        "path_open",
        |mut caller: Caller<'_, State>,
         fd: u32,
         lookup: u32,
         path: u32,
         len: u32,
         oflags: u32,
         base: u64,
         _inheriting: u64,
         fdflags: u32,
         out: u32| {
            call(&mut caller, |guest| {
                let opened = open(guest, fd, lookup, path, len, oflags, base, fdflags)?;
                let fd = guest.state.table.insert(opened, 0)?;
                guest.write_u32(out, fd)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "path_filestat_get",
        move |mut caller: Caller<'_, State>,
              fd: u32,
              lookup: u32,
              path: u32,
              len: u32,
              out: u32| {
            call(&mut caller, |guest| {
                let given = at(
                    guest,
                    fd,
                    rights::PATH_FILESTAT_GET,
                    (path, len),
                    lookup & FOLLOW != 0,
                    |target| match target {
                        Target::Descriptor(number) => Ok(Err(*number)),
                        target => files::stat(target, lookup & FOLLOW != 0).map(Ok),
                    },
                )?;
                let attributes = match given {
                    Ok(attributes) => attributes,
                    Err(number) => files::stat_open(&guest.state.given(number)?.description)?,
                };
                let file_type = layout::file_type(attributes.file_type());
                snapshot.write_filestat(guest, out, &attributes, file_type)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "path_filestat_set_times",
        |mut caller: Caller<'_, State>,
         fd: u32,
         lookup: u32,
         path: u32,
         len: u32,
         accessed: u64,
         modified: u64,
         flags: u32| {
            call(&mut caller, |guest| {
                at(
                    guest,
                    fd,
                    rights::PATH_FILESTAT_SET_TIMES,
                    (path, len),
                    lookup & FOLLOW != 0,
                    |target| {
                        files::set_times(
                            target,
                            times(accessed, modified, flags)?,
                            lookup & FOLLOW != 0,
                        )
                    },
                )
            })
        },
    )?;
    link_changes(linker, module)
}

fn link_changes(linker: &mut Linker<State>, module: &'static str) -> wasmtime::Result<()> {
    linker.func_wrap(
        module,
        "path_create_directory",
        |mut caller: Caller<'_, State>, fd: u32, path: u32, len: u32| {
            call(&mut caller, |guest| {
                let mode = 0o777 & !guest.state.umask;
                at(guest, fd, rights::PATH_CREATE_DIRECTORY, (path, len), false, |target| {
                    files::create_directory(target, mode)
                })
            })
        },
    )?;
    linker.func_wrap(
        module,
        "path_remove_directory",
        |mut caller: Caller<'_, State>, fd: u32, path: u32, len: u32| {
            call(&mut caller, |guest| {
                at(
                    guest,
                    fd,
                    rights::PATH_REMOVE_DIRECTORY,
                    (path, len),
                    false,
                    files::remove_directory,
                )
            })
        },
    )?;
    linker.func_wrap(
        module,
        "path_unlink_file",
        |mut caller: Caller<'_, State>, fd: u32, path: u32, len: u32| {
            call(&mut caller, |guest| {
                at(guest, fd, rights::PATH_UNLINK_FILE, (path, len), false, files::remove_file)
            })
        },
    )?;
    linker.func_wrap(
        module,
        "path_rename",
        |mut caller: Caller<'_, State>,
         from_fd: u32,
         from: u32,
         from_len: u32,
         to_fd: u32,
         to: u32,
         to_len: u32| {
            call(&mut caller, |guest| {
                both(
                    guest,
                    (from_fd, rights::PATH_RENAME_SOURCE, (from, from_len)),
                    (to_fd, rights::PATH_RENAME_TARGET, (to, to_len)),
                    files::rename,
                )
            })
        },
    )?;
    linker.func_wrap(
        module,
        "path_link",
        |mut caller: Caller<'_, State>,
         from_fd: u32,
         lookup: u32,
         from: u32,
         from_len: u32,
         to_fd: u32,
         to: u32,
         to_len: u32| {
            call(&mut caller, |guest| {
                // A link to what a symbolic link leads to is optional in POSIX; as in other hosts.
                if lookup & FOLLOW != 0 {
                    return Err(Errno::INVAL);
                }
                both(
                    guest,
                    (from_fd, rights::PATH_LINK_SOURCE, (from, from_len)),
                    (to_fd, rights::PATH_LINK_TARGET, (to, to_len)),
                    files::link,
                )
            })
        },
    )?;
    linker.func_wrap(
        module,
        "path_symlink",
        |mut caller: Caller<'_, State>,
         contents: u32,
         contents_len: u32,
         fd: u32,
         path: u32,
         len: u32| {
            call(&mut caller, |guest| {
                let contents = guest.bytes(contents, contents_len)?;
                if contents.contains(&0) {
                    return Err(Errno::ILSEQ);
                }
                at(guest, fd, rights::PATH_SYMLINK, (path, len), false, |target| {
                    files::symlink(contents, target)
                })
            })
        },
    )?;
    linker.func_wrap(
        module,
        "path_readlink",
        |mut caller: Caller<'_, State>,
         fd: u32,
         path: u32,
         len: u32,
         buffer: u32,
         size: u32,
         out: u32| {
            call(&mut caller, |guest| {
                let contents =
                    at(guest, fd, rights::PATH_READLINK, (path, len), false, files::read_link)?;
                let count = contents.len().min(size as usize);
                guest.write(buffer, &contents[..count])?;
                guest.write_u32(out, u32::try_from(count)?)
            })
        },
    )?;
    Ok(())
}

fn place(entry: &Entry) -> Result<&Place> {
    match &*entry.description {
        Description::Directory(directory) => Ok(&directory.place),
        _ => Err(Errno::NOTDIR),
    }
}

/// Runs an operation on the file that a path below a directory names. `follows` says whether it is
/// on what a link at the path's end leads to.
fn at<T>(
    guest: &Guest<'_>,
    fd: u32,
    right: u64,
    (path, len): (u32, u32),
    follows: bool,
    run: impl FnMut(&Target<'_>) -> Result<T>,
) -> Result<T> {
    let entry = guest.state.table.get(fd)?;
    let place = place(entry)?;
    entry.require_path(right)?;
    let mut run = run;
    let path = guest.bytes(path, len)?;
    guest.state.job.namespace.reach(place, path, follows, |target| run(&target))
}

fn both(
    guest: &Guest<'_>,
    from: (u32, u64, (u32, u32)),
    to: (u32, u64, (u32, u32)),
    run: impl Fn(&Target<'_>, &Target<'_>) -> Result<()>,
) -> Result<()> {
    let namespace = &guest.state.job.namespace;
    let given = |(fd, right, (path, len)): (u32, u64, (u32, u32))| {
        let entry = guest.state.table.get(fd)?;
        let place = place(entry)?;
        entry.require_path(right)?;
        Ok::<_, Errno>((place, guest.bytes(path, len)?))
    };
    let (from, to) = (given(from)?, given(to)?);
    namespace.reach_both(from, to, run)
}

#[expect(clippy::too_many_arguments, reason = "they are path_open's")]
fn open(
    guest: &Guest<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    len: u32,
    oflags: u32,
    base: u64,
    fdflags: u32,
) -> Result<Entry> {
    let flags = u16::try_from(fdflags)?;
    if flags & !fdflags::ALL != 0 || oflags & !15 != 0 {
        return Err(Errno::INVAL);
    }
    let state = &guest.state;
    let directory = state.table.get(fd)?;
    let job = Arc::clone(&state.job);
    let mut right = rights::PATH_OPEN;
    if oflags & oflags::CREATE != 0 {
        right |= rights::PATH_CREATE_FILE;
    }
    if oflags & oflags::TRUNCATE != 0 {
        right |= rights::PATH_FILESTAT_SET_SIZE;
    }
    let place = place(directory)?;
    directory.require_path(right)?;
    let mut posix = OFlags::empty();
    posix.set(OFlags::APPEND, flags & fdflags::APPEND != 0);
    // On Linux the three are one in rustix, the strongest.
    let synchronous = fdflags::DSYNC | fdflags::SYNC | fdflags::RSYNC;
    posix.set(OFlags::SYNC, flags & synchronous != 0);
    let write = rights::WRITE | rights::ALLOCATE | rights::FILESTAT_SET_SIZE;
    let how = Open {
        read: base & (rights::READ | rights::READDIR) != 0,
        write: base & write != 0,
        create: oflags & oflags::CREATE != 0,
        exclusive: oflags & oflags::EXCLUSIVE != 0,
        truncate: oflags & oflags::TRUNCATE != 0,
        directory: oflags & oflags::DIRECTORY != 0,
        follow: lookup & FOLLOW != 0,
        flags: posix,
        mode: 0o666 & !state.umask,
    };
    let path = guest.bytes(path, len)?;
    let opened = job.namespace.reach(place, path, how.follows(), |target| match target {
        Target::Descriptor(number) => Ok(Err(number)),
        target => files::open(target, &how).map(Ok),
    })?;
    let opened = match opened {
        Ok(opened) => opened,
        Err(number) => return Ok(Entry { preopen: None, ..state.given(number)?.clone() }),
    };
    let granted = Entry::new(Arc::new(opened));
    if matches!(*granted.description, Description::Directory(_)) {
        // What may be done with it follows from its mount and from the directory it was found in.
        // Programs ask for all rights or none, but never to write into it as into a file.
        if base & rights::WRITE != 0 {
            return Err(Errno::ISDIR);
        }
        let rights = granted.rights & directory.inheriting;
        return Ok(Entry { rights, inheriting: directory.inheriting, ..granted });
    }
    let asked = base | !(rights::READ | write);
    Ok(Entry { rights: granted.rights & asked & directory.inheriting, ..granted })
}
