//! `wasi:filesystem` over the kernel's files.
//!
//! Every path goes through the same functions as a core module's, so that what holds there (no way
//! out of a mount, read-only trees, the quota) holds here.

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

use rustix::fs::OFlags;
use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, HostDescriptor, HostDirectoryEntryStream, MetadataHashValue,
    NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsResult};

use super::convert::{self, FileError};
use super::streams::{Input, Output, has_positions, now};
use super::{State, standard};
use crate::sandbox::description::{At, Description, RegularFile};
use crate::sandbox::directory::{self};
use crate::sandbox::errno::{Errno, Result};
use crate::sandbox::files::{self, Open};
use crate::sandbox::limits::MemoryCharge;
use crate::sandbox::namespace::{Place, Target};

/// The most that one `read` returns.
const MAX_READ: u64 = 64 * 1024;

/// The view of a component's state that implements the interfaces.
pub(super) struct Files<'a>(pub(super) &'a mut State);

pub(super) struct HasFiles;

impl HasData for HasFiles {
    type Data<'a> = Files<'a>;
}

/// An open file or directory. The bindings know it as [`Descriptor`], of which only the number is
/// used.
struct Opened {
    description: Arc<Description>,
    flags: DescriptorFlags,
    /// Whether it counts as an open file.
    counted: bool,
}

/// A directory being listed; known to the bindings as [`DirectoryEntryStream`].
struct Listing {
    entries: Arc<[directory::Entry]>,
    next: usize,
    /// The directory forgets its own when it is listed again; this one stays.
    _charge: MemoryCharge,
}

impl Files<'_> {
    fn opened(&self, fd: &Resource<Descriptor>) -> FsResult<&Opened> {
        Ok(self.0.resources.get(&Resource::<Opened>::new_borrow(fd.rep()))?)
    }

    fn description(&self, fd: &Resource<Descriptor>) -> FsResult<Arc<Description>> {
        Ok(Arc::clone(&self.opened(fd)?.description))
    }

    /// The description, if the descriptor was opened for what `flag` says.
    fn allowed(
        &self,
        fd: &Resource<Descriptor>,
        flag: DescriptorFlags,
    ) -> FsResult<Arc<Description>> {
        let opened = self.opened(fd)?;
        if !opened.flags.contains(flag) {
            return Err(Errno::BADF.into());
        }
        Ok(Arc::clone(&opened.description))
    }

    fn push(&mut self, opened: Opened) -> FsResult<Resource<Descriptor>> {
        if opened.counted {
            if self.0.open >= self.0.job.limits.descriptors {
                return Err(Errno::MFILE.into());
            }
            self.0.open += 1;
        }
        Ok(Resource::new_own(self.0.resources.push(opened)?.rep()))
    }

    /// Does something with what a path leads to.
    fn at<T>(
        &self,
        fd: &Resource<Descriptor>,
        path: &str,
        follows: bool,
        mut operation: impl FnMut(&Target<'_>) -> Result<T>,
    ) -> FsResult<T> {
        let description = self.description(fd)?;
        let (place, namespace) = (place(&description)?, &self.0.job.namespace);
        Ok(namespace.reach(place, path.as_bytes(), follows, |target| operation(&target))?)
    }

    /// Does something with two names.
    fn both(
        &self,
        (from_fd, from): (&Resource<Descriptor>, &str),
        (to_fd, to): (&Resource<Descriptor>, &str),
        operation: fn(&Target<'_>, &Target<'_>) -> Result<()>,
    ) -> FsResult<()> {
        let (from_base, to_base) = (self.description(from_fd)?, self.description(to_fd)?);
        let from = (place(&from_base)?, from.as_bytes());
        let to = (place(&to_base)?, to.as_bytes());
        Ok(self.0.job.namespace.reach_both(from, to, operation)?)
    }

    fn stat_path(
        &self,
        fd: &Resource<Descriptor>,
        flags: PathFlags,
        path: &str,
    ) -> FsResult<files::Attributes> {
        self.at(fd, path, flags.contains(PathFlags::SYMLINK_FOLLOW), |target| match target {
            Target::Descriptor(number) => files::stat_open(&standard(self.0, *number)?.description),
            target => files::stat(target, flags.contains(PathFlags::SYMLINK_FOLLOW)),
        })
    }
}

fn place(description: &Description) -> Result<&Place> {
    match description {
        Description::Directory(directory) => Ok(&directory.place),
        _ => Err(Errno::NOTDIR),
    }
}

/// What a directory can be opened for.
fn directory_flags(place: &Place) -> DescriptorFlags {
    match place {
        Place::Real { mount, .. } if !mount.read_only => {
            DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY
        }
        _ => DescriptorFlags::READ,
    }
}

fn file(description: &Description) -> Result<&RegularFile> {
    match description {
        Description::File(file) => Ok(file),
        Description::Directory(_) => Err(Errno::ISDIR),
        _ => Err(Errno::INVAL),
    }
}

impl preopens::Host for Files<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let mut directories = Vec::new();
        for (description, name) in self.0.preopens.clone() {
            let flags = place(&description).map_or(DescriptorFlags::READ, directory_flags);
            let opened = Opened { description, flags, counted: false };
            directories.push((Resource::new_own(self.0.resources.push(opened)?.rep()), name));
        }
        Ok(directories)
    }
}

impl types::Host for Files<'_> {
    fn convert_error_code(
        &mut self,
        error: wasmtime_wasi::p2::FsError,
    ) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        let error = self.0.resources.get(&error)?;
        Ok(error.downcast_ref::<FileError>().map(|FileError(errno)| convert::error_code(*errno)))
    }
}

impl HostDescriptor for Files<'_> {
    async fn open_at(
        &mut self,
        fd: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        let mut posix = OFlags::empty();
        posix.set(OFlags::DSYNC, flags.contains(DescriptorFlags::DATA_INTEGRITY_SYNC));
        posix.set(OFlags::SYNC, flags.contains(DescriptorFlags::FILE_INTEGRITY_SYNC));
        let open = Open {
            read: flags.contains(DescriptorFlags::READ),
            write: flags.contains(DescriptorFlags::WRITE),
            create: open_flags.contains(OpenFlags::CREATE),
            exclusive: open_flags.contains(OpenFlags::EXCLUSIVE),
            truncate: open_flags.contains(OpenFlags::TRUNCATE),
            directory: open_flags.contains(OpenFlags::DIRECTORY),
            follow: path_flags.contains(PathFlags::SYMLINK_FOLLOW),
            flags: posix,
            mode: 0o666 & !self.0.umask,
        };
        if self.0.open >= self.0.job.limits.descriptors {
            return Err(Errno::MFILE.into());
        }
        let base = self.description(&fd)?;
        let namespace = &self.0.job.namespace;
        let opened =
            namespace.reach(
                place(&base)?,
                path.as_bytes(),
                open.follows(),
                |target| match target {
                    Target::Descriptor(number) => Ok(Err(number)),
                    target => files::open(target, &open).map(Ok),
                },
            )?;
        let description = match opened {
            Ok(opened) => Arc::new(opened),
            Err(number) => Arc::clone(&standard(self.0, number)?.description),
        };
        let granted = match &*description {
            Description::Directory(directory) => flags & directory_flags(&directory.place),
            _ => flags & (DescriptorFlags::READ | DescriptorFlags::WRITE),
        };
        self.push(Opened { description, flags: granted, counted: true })
    }

    fn drop(&mut self, fd: Resource<Descriptor>) -> wasmtime::Result<()> {
        let opened = self.0.resources.delete(Resource::<Opened>::new_own(fd.rep()))?;
        self.0.open -= usize::from(opened.counted);
        Ok(())
    }

    fn read_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
        offset: u64,
    ) -> FsResult<Resource<DynInputStream>> {
        let description = self.description(&fd)?;
        if matches!(&*description, Description::Directory(_)) {
            return Err(Errno::ISDIR.into());
        }
        self.allowed(&fd, DescriptorFlags::READ)?;
        let stream: DynInputStream = Box::new(Input::of_file(description, offset));
        Ok(self.0.resources.push(stream)?)
    }

    fn write_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
        offset: u64,
    ) -> FsResult<Resource<DynOutputStream>> {
        let description = self.allowed(&fd, DescriptorFlags::WRITE)?;
        let stream: DynOutputStream = Box::new(Output::of_file(description, Some(offset)));
        Ok(self.0.resources.push(stream)?)
    }

    fn append_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let description = self.allowed(&fd, DescriptorFlags::WRITE)?;
        let stream: DynOutputStream = Box::new(Output::of_file(description, None));
        Ok(self.0.resources.push(stream)?)
    }

    async fn read(
        &mut self,
        fd: Resource<Descriptor>,
        length: u64,
        offset: u64,
    ) -> FsResult<(Vec<u8>, bool)> {
        let description = self.allowed(&fd, DescriptorFlags::READ)?;
        if !has_positions(&description) {
            return Err(Errno::SPIPE.into());
        }
        let mut buffer = vec![0; usize::try_from(length.min(MAX_READ)).unwrap_or(0)];
        let vectors = &mut [IoSliceMut::new(&mut buffer)];
        let count = now(description.read(vectors, At::Position(offset))).ok_or(Errno::AGAIN)??;
        buffer.truncate(count);
        Ok((buffer, count == 0 && length > 0))
    }

    async fn write(
        &mut self,
        fd: Resource<Descriptor>,
        buffer: Vec<u8>,
        offset: u64,
    ) -> FsResult<u64> {
        let description = self.allowed(&fd, DescriptorFlags::WRITE)?;
        let written = file(&description)?.write(&[IoSlice::new(&buffer)], At::Position(offset))?;
        Ok(written as u64)
    }

    async fn set_size(&mut self, fd: Resource<Descriptor>, size: u64) -> FsResult<()> {
        let description = self.allowed(&fd, DescriptorFlags::WRITE)?;
        Ok(file(&description)?.set_size(size)?)
    }

    async fn advise(
        &mut self,
        fd: Resource<Descriptor>,
        _offset: u64,
        _length: u64,
        _advice: Advice,
    ) -> FsResult<()> {
        // Advice may be ignored, but not be given about what is no file.
        match &*self.description(&fd)? {
            Description::File(_) | Description::Program(..) => Ok(()),
            _ => Err(Errno::BADF.into()),
        }
    }

    async fn sync(&mut self, fd: Resource<Descriptor>) -> FsResult<()> {
        match self.description(&fd)?.host_file() {
            Some(file) => Ok(rustix::fs::fsync(file).map_err(Errno::from)?),
            None => Ok(()),
        }
    }

    async fn sync_data(&mut self, fd: Resource<Descriptor>) -> FsResult<()> {
        match self.description(&fd)?.host_file() {
            Some(file) => Ok(rustix::fs::fdatasync(file).map_err(Errno::from)?),
            None => Ok(()),
        }
    }

    async fn get_flags(&mut self, fd: Resource<Descriptor>) -> FsResult<DescriptorFlags> {
        Ok(self.opened(&fd)?.flags)
    }

    async fn get_type(&mut self, fd: Resource<Descriptor>) -> FsResult<DescriptorType> {
        let attributes = files::stat_open(&self.opened(&fd)?.description)?;
        Ok(convert::descriptor_type(attributes.file_type()))
    }

    async fn stat(&mut self, fd: Resource<Descriptor>) -> FsResult<DescriptorStat> {
        Ok(convert::stat(&files::stat_open(&self.opened(&fd)?.description)?))
    }

    async fn stat_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        Ok(convert::stat(&self.stat_path(&fd, flags, &path)?))
    }

    async fn metadata_hash(&mut self, fd: Resource<Descriptor>) -> FsResult<MetadataHashValue> {
        Ok(convert::identity(&files::stat_open(&self.opened(&fd)?.description)?))
    }

    async fn metadata_hash_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        Ok(convert::identity(&self.stat_path(&fd, flags, &path)?))
    }

    async fn is_same_object(
        &mut self,
        one: Resource<Descriptor>,
        other: Resource<Descriptor>,
    ) -> wasmtime::Result<bool> {
        let description = |fd: &Resource<Descriptor>| -> wasmtime::Result<Arc<Description>> {
            let opened = self.0.resources.get(&Resource::<Opened>::new_borrow(fd.rep()))?;
            Ok(Arc::clone(&opened.description))
        };
        let (one, other) = (description(&one)?, description(&other)?);
        let id = |description: &Description| {
            files::stat_open(description).ok().map(|a| (a.is_virtual, a.device, a.inode))
        };
        let same_file = match id(&one) {
            // Streams have no number of their own.
            Some((true, _, 0)) | None => false,
            id_of_one => id_of_one == id(&other),
        };
        Ok(Arc::ptr_eq(&one, &other) || same_file)
    }

    async fn set_times(
        &mut self,
        fd: Resource<Descriptor>,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let times = [convert::time(accessed)?, convert::time(modified)?];
        Ok(files::set_times_open(&self.opened(&fd)?.description, times)?)
    }

    async fn set_times_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let follow = flags.contains(PathFlags::SYMLINK_FOLLOW);
        self.at(&fd, &path, follow, |target| {
            let times = [convert::time(accessed)?, convert::time(modified)?];
            files::set_times(target, times, follow)
        })
    }

    async fn read_directory(
        &mut self,
        fd: Resource<Descriptor>,
    ) -> FsResult<Resource<DirectoryEntryStream>> {
        let description = self.description(&fd)?;
        let Description::Directory(directory) = &*description else {
            return Err(Errno::NOTDIR.into());
        };
        let (entries, _) = directory.list(&self.0.job, 0)?;
        let bytes: usize = entries.iter().map(|entry| size_of_val(entry) + entry.name.len()).sum();
        let charge = self.0.job.memory.charge(bytes as u64).ok_or(Errno::NOMEM)?;
        let listing = Listing { entries, next: 0, _charge: charge };
        let listing = self.0.resources.push(listing)?;
        Ok(Resource::new_own(listing.rep()))
    }

    async fn create_directory_at(
        &mut self,
        fd: Resource<Descriptor>,
        path: String,
    ) -> FsResult<()> {
        let mode = 0o777 & !self.0.umask;
        self.at(&fd, &path, false, |target| files::create_directory(target, mode))
    }

    async fn remove_directory_at(
        &mut self,
        fd: Resource<Descriptor>,
        path: String,
    ) -> FsResult<()> {
        self.at(&fd, &path, false, files::remove_directory)
    }

    async fn unlink_file_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<()> {
        self.at(&fd, &path, false, files::remove_file)
    }

    async fn rename_at(
        &mut self,
        fd: Resource<Descriptor>,
        old_path: String,
        new_fd: Resource<Descriptor>,
        new_path: String,
    ) -> FsResult<()> {
        self.both((&fd, &old_path), (&new_fd, &new_path), files::rename)
    }

    async fn link_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        old_path: String,
        new_fd: Resource<Descriptor>,
        new_path: String,
    ) -> FsResult<()> {
        if flags.contains(PathFlags::SYMLINK_FOLLOW) {
            return Err(Errno::INVAL.into());
        }
        self.both((&fd, &old_path), (&new_fd, &new_path), files::link)
    }

    async fn symlink_at(
        &mut self,
        fd: Resource<Descriptor>,
        contents: String,
        path: String,
    ) -> FsResult<()> {
        self.at(&fd, &path, false, |target| files::symlink(contents.as_bytes(), target))
    }

    async fn readlink_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<String> {
        let contents = self.at(&fd, &path, false, files::read_link)?;
        String::from_utf8(contents).map_err(|_| Errno::ILSEQ.into())
    }
}

impl HostDirectoryEntryStream for Files<'_> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        let listing = self.0.resources.get_mut(&Resource::<Listing>::new_borrow(stream.rep()))?;
        loop {
            let Some(entry) = listing.entries.get(listing.next) else { return Ok(None) };
            listing.next += 1;
            if entry.name == b"." || entry.name == b".." {
                continue;
            }
            let name = String::from_utf8(entry.name.clone()).map_err(|_| Errno::ILSEQ)?;
            return Ok(Some(DirectoryEntry {
                type_: convert::descriptor_type(entry.file_type),
                name,
            }));
        }
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.0.resources.delete(Resource::<Listing>::new_own(stream.rep()))?;
        Ok(())
    }
}
