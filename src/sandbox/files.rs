//! Operations on paths: opening, making, removing, linking and describing files.
//!
//! Each takes a resolved [`Target`]; below a mount cap-std's primitives do the walking, so that no
//! path leaves it.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use cap_primitives::fs::{
    DirBuilderExt, DirOptions, FollowSymlinks, OpenOptions, OpenOptionsExt, SystemTimeSpec,
};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, Timespec, Timestamps};

use super::description::{Description, RegularFile};
use super::directory::{Directory, virtual_inode};
use super::errno::{Errno, Result};
use super::guests;
use super::host_limits;
use super::namespace::{Device, Mount, Node, Place, Target};
use super::quota::Quota;

/// How to open a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
    pub(crate) directory: bool,
    pub(crate) follow: bool,
    /// Status flags such as `O_APPEND` and `O_DSYNC`.
    pub(crate) flags: OFlags,
    /// Permission bits of a new file.
    pub(crate) mode: u32,
}

impl Default for Open {
    fn default() -> Self {
        Self {
            read: false,
            write: false,
            create: false,
            exclusive: false,
            truncate: false,
            directory: false,
            follow: false,
            flags: OFlags::empty(),
            mode: 0o666,
        }
    }
}

impl Open {
    /// Whether a link at the path's end is followed.
    pub(crate) fn follows(&self) -> bool {
        self.follow && !(self.create && self.exclusive)
    }
}

/// A file's attributes, with POSIX's mode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) mode: u32,
    pub(crate) links: u64,
    pub(crate) size: u64,
    pub(crate) blocks: u64,
    /// Nanoseconds since 1970: accessed, modified, changed.
    pub(crate) times: [u64; 3],
    pub(crate) is_virtual: bool,
}

impl Attributes {
    pub(crate) fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.mode)
    }
}

/// Opens what a path leads to. [`Target::Descriptor`] is the caller's business.
pub(crate) fn open(target: Target<'_>, open: &Open) -> Result<Description> {
    match target {
        Target::Real { mount, directory, path } => open_host(mount, &directory, &path, open),
        Target::Virtual { node, path } => open_virtual(node, path, open),
        Target::Descriptor(_) => Err(Errno::BADF),
    }
}

fn open_virtual(node: &Node, path: Vec<u8>, open: &Open) -> Result<Description> {
    if open.create && open.exclusive {
        return Err(Errno::EXIST);
    }
    match node {
        Node::Directory(_) | Node::Mount(_) | Node::Descriptors => {
            if open.create || open.truncate || (open.write && !open.directory) {
                return Err(Errno::ISDIR);
            }
            Ok(Description::Directory(Directory::new(Place::Virtual { path })))
        }
        _ if open.directory => Err(Errno::NOTDIR),
        Node::Device(device) => Ok(Description::Device(*device)),
        Node::Program(_) | Node::Module(..) if open.write || open.truncate => Err(Errno::ROFS),
        Node::Module(file, _) => {
            // Opened anew, because a duplicate would share the offset with every other opening.
            let own =
                rustix::fs::open(link_of(file), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
            Ok(Description::File(RegularFile::new(own.into(), None, false)?))
        }
        Node::Program(guest) => {
            Ok(Description::Program(guests::module_bytes(*guest), Mutex::new(0)))
        }
    }
}

fn open_host(mount: &Arc<Mount>, dir: &File, path: &Path, open: &Open) -> Result<Description> {
    if open.write || open.create || open.truncate {
        if open.directory && !open.create && !open.truncate {
            // Programs ask for every right when they open a directory.
        } else {
            mount.writable()?;
        }
    }
    if open.directory && open.create {
        return Err(Errno::INVAL);
    }
    let write = (open.write || open.truncate || open.create) && !open.directory;
    let mut options = OpenOptions::new();
    options.read(open.read || !write).write(write)._cap_fs_ext_maybe_dir(true);
    options._cap_fs_ext_follow(follow(open.follow));
    // O_NONBLOCK: a FIFO found in the workspace must not hold the thread that opens it.
    let mut flags = open.flags | OFlags::NONBLOCK;
    if open.directory {
        flags |= OFlags::DIRECTORY;
    }
    options.custom_flags(flags.bits() as i32).mode(open.mode & 0o777);
    let file = if open.create {
        create(mount.quota.as_deref(), dir, path, &mut options, open.exclusive)?
    } else {
        cap_primitives::fs::open(dir, path, &options)?
    };
    host_limits::leave_some(&file)?;
    let stat = rustix::fs::fstat(&file)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory if write => Err(Errno::ISDIR),
        FileType::Directory => Ok(Description::Directory(Directory::new(Place::Real {
            mount: Arc::clone(mount),
            directory: Arc::new(file),
            inside: path.to_owned(),
            may_climb: false,
        }))),
        _ if open.directory || path.as_os_str().as_bytes().ends_with(b"/") => Err(Errno::NOTDIR),
        FileType::RegularFile => {
            let file = RegularFile::new(file, Some(Arc::clone(mount)), write)?;
            if open.truncate {
                file.set_size(0)?;
            }
            Ok(Description::File(file))
        }
        // Devices, sockets and FIFOs of the host are not for the sandbox.
        _ => Err(Errno::NXIO),
    }
}

fn create(
    quota: Option<&Quota>,
    dir: &File,
    path: &Path,
    options: &mut OpenOptions,
    exclusive: bool,
) -> Result<File> {
    let charged = |open: &dyn Fn() -> std::io::Result<File>| -> Result<File> {
        let Some(quota) = quota else { return Ok(open()?) };
        quota.create()?;
        open().map_err(|error| {
            quota.remove();
            error.into()
        })
    };
    let new = options.clone().create_new(true).clone();
    match charged(&|| cap_primitives::fs::open(dir, path, &new)) {
        Err(Errno::EXIST) if !exclusive => {}
        done => return done,
    }
    match cap_primitives::fs::open(dir, path, options).map_err(Errno::from) {
        // A dangling symbolic link, or the file has just been removed.
        Err(Errno::NOENT) => {
            options.create(true);
            charged(&|| cap_primitives::fs::open(dir, path, options))
        }
        done => done,
    }
}

/// Describes what a path leads to.
pub(crate) fn stat(target: &Target<'_>, follow_symlinks: bool) -> Result<Attributes> {
    match target {
        Target::Real { directory, path, .. } => stat_host(directory, path, follow_symlinks),
        Target::Virtual { node, path } => stat_virtual(node, path),
        Target::Descriptor(_) => Err(Errno::BADF),
    }
}

fn stat_host(directory: &File, path: &Path, follow_symlinks: bool) -> Result<Attributes> {
    use cap_primitives::fs::MetadataExt;
    let metadata = cap_primitives::fs::stat(directory, path, follow(follow_symlinks))?;
    if path.as_os_str().as_bytes().ends_with(b"/") && !metadata.is_dir() {
        return Err(Errno::NOTDIR);
    }
    let time = |seconds: i64, nanos: i64| nanoseconds(seconds, nanos);
    Ok(Attributes {
        device: metadata.dev(),
        inode: metadata.ino(),
        mode: metadata.mode(),
        links: metadata.nlink(),
        size: metadata.size(),
        blocks: metadata.blocks(),
        times: [
            time(metadata.atime(), metadata.atime_nsec()),
            time(metadata.mtime(), metadata.mtime_nsec()),
            time(metadata.ctime(), metadata.ctime_nsec()),
        ],
        is_virtual: false,
    })
}

fn stat_virtual(node: &Node, path: &[u8]) -> Result<Attributes> {
    let (file_type, mode, size) = match node {
        Node::Directory(_) | Node::Mount(_) | Node::Descriptors => (FileType::Directory, 0o555, 0),
        Node::Program(guest) => {
            (FileType::RegularFile, 0o555, guests::module_bytes(*guest).len() as u64)
        }
        Node::Device(_) => (FileType::CharacterDevice, 0o666, 0),
        Node::Module(file, _) => {
            let found = attributes(&rustix::fs::fstat(file)?);
            let mode = FileType::RegularFile.as_raw_mode() | 0o555;
            return Ok(Attributes { mode, ..found });
        }
    };
    Ok(Attributes {
        device: VIRTUAL_DEVICE,
        inode: virtual_inode(path),
        mode: file_type.as_raw_mode() | mode,
        links: 1,
        size,
        blocks: 0,
        times: [0; 3],
        is_virtual: true,
    })
}

const VIRTUAL_DEVICE: u64 = u32::MAX as u64;

/// Describes an open file.
pub(crate) fn stat_open(description: &Description) -> Result<Attributes> {
    let virtual_attributes = |file_type: FileType, mode| Attributes {
        device: VIRTUAL_DEVICE,
        inode: 0,
        mode: file_type.as_raw_mode() | mode,
        links: 1,
        size: 0,
        blocks: 0,
        times: [0; 3],
        is_virtual: true,
    };
    match description {
        Description::PipeReader(_) | Description::PipeWriter(_) | Description::Log(_) => {
            Ok(virtual_attributes(FileType::Fifo, 0o600))
        }
        Description::Host(host) if host.is_terminal() => {
            Ok(virtual_attributes(FileType::CharacterDevice, 0o600))
        }
        Description::Host(_) => Ok(virtual_attributes(FileType::Fifo, 0o600)),
        Description::Device(_) => Ok(virtual_attributes(FileType::CharacterDevice, 0o666)),
        Description::Program(bytes, _) => Ok(Attributes {
            size: bytes.len() as u64,
            ..virtual_attributes(FileType::RegularFile, 0o555)
        }),
        Description::Directory(Directory { place: Place::Virtual { path }, .. }) => {
            Ok(Attributes {
                inode: virtual_inode(path),
                ..virtual_attributes(FileType::Directory, 0o555)
            })
        }
        Description::File(_) | Description::Directory(_) => {
            let file = description.host_file().ok_or(Errno::BADF)?;
            Ok(attributes(&rustix::fs::fstat(file)?))
        }
    }
}

fn attributes(stat: &Stat) -> Attributes {
    Attributes {
        device: stat.st_dev,
        inode: stat.st_ino,
        mode: stat.st_mode,
        links: stat.st_nlink,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        blocks: u64::try_from(stat.st_blocks).unwrap_or(0),
        times: [
            nanoseconds(stat.st_atime, stat.st_atime_nsec as i64),
            nanoseconds(stat.st_mtime, stat.st_mtime_nsec as i64),
            nanoseconds(stat.st_ctime, stat.st_ctime_nsec as i64),
        ],
        is_virtual: false,
    }
}

fn nanoseconds(seconds: i64, nanos: i64) -> u64 {
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    u64::try_from(total.max(0)).unwrap_or(u64::MAX)
}

/// Makes a directory.
pub(crate) fn create_directory(target: &Target<'_>, mode: u32) -> Result<()> {
    let (mount, directory, path) = changeable(target, Errno::EXIST)?;
    if let Some(quota) = &mount.quota {
        quota.create()?;
    }
    let mut options = DirOptions::new();
    options.mode(mode & 0o777);
    cap_primitives::fs::create_dir(directory, path, &options).map_err(|error| {
        if let Some(quota) = &mount.quota {
            quota.remove();
        }
        error.into()
    })
}

/// Removes an empty directory.
pub(crate) fn remove_directory(target: &Target<'_>) -> Result<()> {
    let (mount, directory, path) = changeable(target, Errno::BUSY)?;
    // With the slash it would be the directory's own `.`, which cannot be removed.
    cap_primitives::fs::remove_dir(directory, &without_trailing_slashes(path))?;
    if let Some(quota) = &mount.quota {
        quota.remove();
    }
    Ok(())
}

/// Removes a file or a symbolic link.
pub(crate) fn remove_file(target: &Target<'_>) -> Result<()> {
    let (mount, directory, path) = changeable(target, Errno::PERM)?;
    if path.as_os_str().as_bytes().ends_with(b"/") {
        let is_directory = stat_host(directory, path, true)?.file_type() == FileType::Directory;
        return Err(if is_directory { Errno::ISDIR } else { Errno::NOTDIR });
    }
    let before = mount.quota.as_ref().and_then(|_| stat_host(directory, path, false).ok());
    cap_primitives::fs::remove_file(directory, path)?;
    give_back(mount, before.as_ref());
    Ok(())
}

fn give_back(mount: &Mount, removed: Option<&Attributes>) {
    if let (Some(quota), Some(removed)) = (&mount.quota, removed) {
        quota.remove();
        if removed.links <= 1 && removed.file_type() == FileType::RegularFile {
            quota.unlinked((removed.device, removed.inode), removed.size);
        }
    }
}

/// Renames within one mount.
pub(crate) fn rename(from: &Target<'_>, to: &Target<'_>) -> Result<()> {
    let (mount, from_directory, from_path) = changeable(from, Errno::BUSY)?;
    let (to_mount, to_directory, to_path) = changeable(to, Errno::BUSY)?;
    if !Arc::ptr_eq(mount, to_mount) {
        return Err(Errno::XDEV);
    }
    for (directory, path) in [(from_directory, from_path), (to_directory, to_path)] {
        // A trailing slash demands a directory and must not make a link be followed.
        if path.as_os_str().as_bytes().ends_with(b"/") {
            match stat_host(directory, &without_trailing_slashes(path), false) {
                Ok(found) if found.file_type() != FileType::Directory => return Err(Errno::NOTDIR),
                Ok(_) => {}
                Err(Errno::NOENT) if std::ptr::eq(path, to_path) => {
                    let source =
                        stat_host(from_directory, &without_trailing_slashes(from_path), false)?;
                    if source.file_type() != FileType::Directory {
                        return Err(Errno::NOTDIR);
                    }
                }
                Err(errno) => return Err(errno),
            }
        }
    }
    let from_path = without_trailing_slashes(from_path);
    let to_path = without_trailing_slashes(to_path);
    let replaced = mount.quota.as_ref().and_then(|_| stat_host(to_directory, &to_path, false).ok());
    let moved = replaced.as_ref().and_then(|_| stat_host(from_directory, &from_path, false).ok());
    cap_primitives::fs::rename(from_directory, &from_path, to_directory, &to_path)?;
    let same = match (&replaced, &moved) {
        (Some(a), Some(b)) => (a.device, a.inode) == (b.device, b.inode),
        _ => false,
    };
    if !same {
        give_back(mount, replaced.as_ref());
    }
    Ok(())
}

fn without_trailing_slashes(path: &Path) -> std::path::PathBuf {
    let bytes = path.as_os_str().as_bytes();
    let end = bytes.iter().rposition(|b| *b != b'/').map_or(0, |last| last + 1);
    Path::new(OsStr::from_bytes(&bytes[..end])).to_owned()
}

/// Makes a hard link within one mount.
pub(crate) fn link(from: &Target<'_>, to: &Target<'_>) -> Result<()> {
    let (mount, from_directory, from_path) = changeable(from, Errno::PERM)?;
    let (to_mount, to_directory, to_path) = changeable(to, Errno::EXIST)?;
    if !Arc::ptr_eq(mount, to_mount) {
        return Err(Errno::XDEV);
    }
    if from_path.as_os_str().as_bytes().ends_with(b"/") {
        let found = stat_host(from_directory, from_path, false)?;
        return Err(if found.file_type() == FileType::Directory {
            Errno::PERM
        } else {
            Errno::NOTDIR
        });
    }
    if to_path.as_os_str().as_bytes().ends_with(b"/") {
        return Err(Errno::NOENT);
    }
    if let Some(quota) = &mount.quota {
        quota.create()?;
    }
    cap_primitives::fs::hard_link(from_directory, from_path, to_directory, to_path).map_err(
        |error| {
            if let Some(quota) = &mount.quota {
                quota.remove();
            }
            error.into()
        },
    )
}

/// Makes a symbolic link.
///
/// An absolute target that names a place of the same mount as the sandbox sees it is made relative:
/// so it means the same to the user of the directory, outside of the sandbox. Any other is kept as it
/// is, and means a place of the sandbox when it is followed there.
pub(crate) fn symlink(contents: &[u8], link: &Target<'_>) -> Result<()> {
    let (mount, directory, path) = changeable(link, Errno::EXIST)?;
    if contents.is_empty() {
        return Err(Errno::NOENT);
    }
    let contents = match contents.first() {
        Some(b'/') => {
            relative_to(mount, directory, path, contents).unwrap_or_else(|| contents.to_vec())
        }
        _ => contents.to_vec(),
    };
    if path.as_os_str().as_bytes().ends_with(b"/") {
        return Err(match stat_host(directory, path, true) {
            Ok(_) => Errno::EXIST,
            Err(Errno::NOTDIR) => Errno::NOTDIR,
            Err(_) => Errno::NOENT,
        });
    }
    if let Some(quota) = &mount.quota {
        quota.create()?;
    }
    let contents = Path::new(OsStr::from_bytes(&contents));
    cap_primitives::fs::symlink_contents(contents, directory, path).map_err(|error| {
        if let Some(quota) = &mount.quota {
            quota.remove();
        }
        error.into()
    })
}

fn relative_to(mount: &Mount, directory: &File, link: &Path, target: &[u8]) -> Option<Vec<u8>> {
    // Only from the mount's root the link's own depth is known.
    if !std::ptr::eq(directory, &*mount.root) {
        return None;
    }
    let inside = target.strip_prefix(mount.guest_path.as_bytes())?;
    let inside = match inside {
        [] => b".".as_slice(),
        [b'/', rest @ ..] => rest,
        _ => return None,
    };
    let mut depth = 0usize;
    for component in link.parent()?.components() {
        match component {
            std::path::Component::Normal(_) => depth += 1,
            std::path::Component::CurDir => {}
            _ => return None,
        }
    }
    Some([b"../".repeat(depth).as_slice(), inside].concat())
}

/// Reads a symbolic link.
pub(crate) fn read_link(target: &Target<'_>) -> Result<Vec<u8>> {
    match target {
        Target::Real { directory, path, .. } => {
            let contents = cap_primitives::fs::read_link_contents(directory, path)?;
            Ok(contents.into_os_string().into_vec())
        }
        Target::Virtual { .. } | Target::Descriptor(_) => Err(Errno::INVAL),
    }
}

/// Sets access and modification time.
pub(crate) fn set_times(
    target: &Target<'_>,
    times: [Option<SystemTimeSpec>; 2],
    follow_symlinks: bool,
) -> Result<()> {
    let (_, directory, path) = changeable(target, Errno::ROFS)?;
    if !follow_symlinks {
        let [accessed, modified] = times;
        return Ok(cap_primitives::fs::set_times_nofollow(directory, path, accessed, modified)?);
    }
    let file = handle(directory, path)?;
    let times = timestamps(times);
    match rustix::fs::utimensat(&file, c"", &times, AtFlags::EMPTY_PATH) {
        // Before Linux 5.8.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOENT) => {
            Ok(rustix::fs::utimensat(CWD, link_of(&file), &times, AtFlags::empty())?)
        }
        done => Ok(done?),
    }
}

/// Sets access and modification time of an open file.
pub(crate) fn set_times_open(
    description: &Description,
    times: [Option<SystemTimeSpec>; 2],
) -> Result<()> {
    let mount = match description {
        Description::File(file) => file.mount.as_ref(),
        Description::Directory(Directory { place: Place::Real { mount, .. }, .. }) => Some(mount),
        _ => return Err(Errno::BADF),
    };
    if let Some(mount) = mount {
        mount.writable()?;
    }
    let file = description.host_file().ok_or(Errno::BADF)?;
    Ok(rustix::fs::futimens(file, &timestamps(times))?)
}

/// The times as system calls take them.
fn timestamps([accessed, modified]: [Option<SystemTimeSpec>; 2]) -> Timestamps {
    let spec = |time: Option<SystemTimeSpec>| match time {
        None => Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT },
        Some(SystemTimeSpec::SymbolicNow) => Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
        Some(SystemTimeSpec::Absolute(time)) => {
            let since = time.into_std().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timespec { tv_sec: since.as_secs() as i64, tv_nsec: since.subsec_nanos().into() }
        }
    };
    Timestamps { last_access: spec(accessed), last_modification: spec(modified) }
}

/// Sets permission bits. Never the set-user-ID and set-group-ID bits: the file is the host's.
pub(crate) fn set_mode(target: &Target<'_>, mode: u32) -> Result<()> {
    let (_, directory, path) = changeable(target, Errno::ROFS)?;
    let file = handle(directory, path)?;
    Ok(rustix::fs::chmod(link_of(&file), Mode::from_bits_truncate(mode & 0o777))?)
}

/// A handle to a file, following symbolic links, that does not open the file itself: opening a FIFO
/// would wait for its other end, and opening a device does whatever the device does.
fn handle(directory: &File, path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlags::PATH.bits() as i32);
    Ok(cap_primitives::fs::open(directory, path, &options)?)
}

/// The path under which `/proc` has an open file.
fn link_of(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

fn changeable<'a>(
    target: &'a Target<'_>,
    of_virtual: Errno,
) -> Result<(&'a Arc<Mount>, &'a Arc<File>, &'a Path)> {
    match target {
        Target::Real { mount, directory, path } => {
            mount.writable()?;
            Ok((mount, directory, path))
        }
        Target::Virtual { node: Node::Device(Device::Null), .. } => Err(Errno::PERM),
        Target::Virtual { .. } | Target::Descriptor(_) => Err(of_virtual),
    }
}

fn follow(follow: bool) -> FollowSymlinks {
    if follow { FollowSymlinks::Yes } else { FollowSymlinks::No }
}

/// Reads the first bytes of a file, to tell what kind of program it is.
pub(crate) fn read_start(file: &File, buffer: &mut [u8]) -> Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match rustix::io::pread(file.as_fd(), &mut buffer[count..], count as u64)? {
            0 => break,
            n => count += n,
        }
    }
    Ok(count)
}
