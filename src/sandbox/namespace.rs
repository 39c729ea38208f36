//! The file tree that a job's processes see: host directories mounted at fixed places of a virtual
//! root, and virtual directories that list devices and the built-in commands.
//!
//! Paths are walked by cap-std below a mount, which no `..`, absolute path or symbolic link can
//! leave; above the mounts there are only the directories made here.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use cap_primitives::fs::{OpenOptions, OpenOptionsExt};

use rustix::fs::OFlags;

use super::errno::{Errno, Result};
use super::guests;
use super::quota::Quota;

/// A host directory at a place of the virtual root.
#[derive(Debug)]
pub(crate) struct Mount {
    /// Where processes see it: an absolute path without a trailing slash.
    pub(crate) guest_path: String,
    /// The directory itself.
    pub(crate) root: Arc<File>,
    /// Whether every change is refused.
    pub(crate) read_only: bool,
    /// What changes are charged to.
    pub(crate) quota: Option<Arc<Quota>>,
}

impl Mount {
    pub(crate) fn new(
        guest_path: &str,
        root: Arc<File>,
        read_only: bool,
        quota: Option<Arc<Quota>>,
    ) -> Arc<Self> {
        let guest_path = guest_path.trim_end_matches('/').to_owned();
        Arc::new(Self { guest_path, root, read_only, quota })
    }

    /// Fails where nothing may be changed.
    pub(crate) fn writable(&self) -> Result<()> {
        if self.read_only { Err(Errno::ROFS) } else { Ok(()) }
    }
}

/// A file that has no host file behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    Null,
    Zero,
    Full,
    Random,
    /// `/dev/stdin` and `/dev/fd/N`: the descriptor that the process got under this number.
    Descriptor(u32),
}

/// A place of the virtual root.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Shared, so that the tree of a step is made of its job's without copying it.
    Directory(Arc<Entries>),
    Mount(Arc<Mount>),
    /// A built-in command: the index of its module among the guests.
    Program(usize),
    /// A file of the host that the job brings as a command, and what messages call it.
    Module(Arc<File>, String),
    Device(Device),
    /// `/dev/fd`, whose entries depend on the process.
    Descriptors,
}

/// What is in a virtual directory, by name.
#[derive(Clone, Debug)]
pub(crate) enum Entries {
    Own(BTreeMap<String, Node>),
    /// The built-in commands. There are hundreds, and most jobs look for none or for a few: what
    /// knows them all is not made before somebody does.
    Commands,
}

impl Default for Entries {
    fn default() -> Self {
        Self::Own(BTreeMap::new())
    }
}

impl Deref for Entries {
    type Target = BTreeMap<String, Node>;

    fn deref(&self) -> &Self::Target {
        static COMMANDS: LazyLock<BTreeMap<String, Node>> = LazyLock::new(|| {
            let commands = guests::commands();
            commands.map(|(name, guest)| (name.to_owned(), Node::Program(guest))).collect()
        });
        match self {
            Self::Own(entries) => entries,
            Self::Commands => &COMMANDS,
        }
    }
}

impl Entries {
    fn change(&mut self) -> &mut BTreeMap<String, Node> {
        if let Self::Commands = self {
            *self = Self::Own((**self).clone());
        }
        match self {
            Self::Own(entries) => entries,
            Self::Commands => unreachable!("it has just been made its own"),
        }
    }
}

/// The tree of a job.
#[derive(Clone, Debug)]
pub(crate) struct Namespace {
    root: Node,
    /// What lies under the names of `root`, if a host directory is mounted at `/`.
    under: Option<Node>,
}

/// Where a path leads.
#[derive(Debug)]
pub(crate) enum Target<'a> {
    /// To a path below a directory of the host.
    Real { mount: &'a Arc<Mount>, directory: Arc<File>, path: PathBuf },
    /// To a virtual node; `path` is its normalised absolute path.
    Virtual { node: &'a Node, path: Vec<u8> },
    /// To a descriptor of the process (`/dev/fd/N`).
    Descriptor(u32),
}

/// The place that an open directory stands for.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Real {
        mount: Arc<Mount>,
        directory: Arc<File>,
        /// Its path below the mount when it was opened.
        inside: PathBuf,
        /// Whether `..` may climb within the mount: true of the working directory only, because a
        /// program relies on `..` there and the mount is what it was granted.
        may_climb: bool,
    },
    Virtual {
        /// The normalised absolute path.
        path: Vec<u8>,
    },
}

impl Namespace {
    pub(crate) fn new() -> Self {
        let device = |device| Node::Device(device);
        let dev = [
            ("fd", Node::Descriptors),
            ("full", device(Device::Full)),
            ("null", device(Device::Null)),
            ("random", device(Device::Random)),
            ("stderr", device(Device::Descriptor(2))),
            ("stdin", device(Device::Descriptor(0))),
            ("stdout", device(Device::Descriptor(1))),
            ("urandom", device(Device::Random)),
            ("zero", device(Device::Zero)),
        ];
        let dev = dev.into_iter().map(|(name, node)| (name.to_owned(), node)).collect();
        let dev = Node::Directory(Arc::new(Entries::Own(dev)));
        let root = Entries::Own(BTreeMap::from([("dev".to_owned(), dev)]));
        Self { root: Node::Directory(Arc::new(root)), under: None }
    }

    /// Places a node, making the directories above it; replaces what was there.
    ///
    /// A place below a mount is not possible: it answers the mount's path.
    pub(crate) fn place(&mut self, path: &str, node: Node) -> std::result::Result<(), String> {
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let Some((last, parents)) = names.split_last() else { return Err("/".to_owned()) };
        let mut at = &mut self.root;
        for name in parents {
            let Node::Directory(entries) = at else { return Err(path.to_owned()) };
            at = Arc::make_mut(entries)
                .change()
                .entry((*name).to_owned())
                .or_insert_with(|| Node::Directory(Arc::default()));
        }
        match at {
            Node::Directory(entries) => {
                Arc::make_mut(entries).change().insert((*last).to_owned(), node);
                Ok(())
            }
            Node::Mount(mount) => Err(mount.guest_path.clone()),
            Node::Program(_) | Node::Module(..) | Node::Device(_) | Node::Descriptors => {
                Err(path.to_owned())
            }
        }
    }

    /// Mounts a directory at its guest path.
    pub(crate) fn mount(&mut self, mount: Arc<Mount>) -> std::result::Result<(), String> {
        let path = mount.guest_path.clone();
        self.place(&path, Node::Mount(mount))
    }

    /// Takes a mount away; nothing else is at its place then.
    pub(crate) fn unmount(&mut self, guest_path: &str) {
        let names: Vec<&str> = guest_path.split('/').filter(|name| !name.is_empty()).collect();
        let Some((last, parents)) = names.split_last() else {
            self.under = None;
            return;
        };
        let mut at = &mut self.root;
        for name in parents {
            let Node::Directory(entries) = at else { return };
            let Some(next) = Arc::make_mut(entries).change().get_mut(*name) else { return };
            at = next;
        }
        if let Node::Directory(entries) = at
            && matches!(entries.get(*last), Some(Node::Mount(_)))
        {
            Arc::make_mut(entries).change().remove(*last);
        }
    }

    /// Whether there is anything at a path.
    pub(crate) fn has(&self, path: &str) -> bool {
        let names: Vec<&[u8]> =
            path.split('/').filter(|name| !name.is_empty()).map(str::as_bytes).collect();
        self.node(&names).is_some()
    }

    /// Mounts a directory at `/`, under everything else.
    pub(crate) fn mount_root(&mut self, mount: Arc<Mount>) {
        self.under = Some(Node::Mount(mount));
    }

    /// The directory that is mounted at `/`.
    pub(crate) fn root_mount(&self) -> Option<&Arc<Mount>> {
        match &self.under {
            Some(Node::Mount(mount)) => Some(mount),
            _ => None,
        }
    }

    /// The names at the top of the tree.
    pub(crate) fn top(&self) -> impl Iterator<Item = &str> {
        let Node::Directory(entries) = &self.root else { unreachable!("the root is a directory") };
        entries.keys().map(String::as_str)
    }

    /// The place of an absolute path that is a directory.
    pub(crate) fn directory(&self, path: &[u8]) -> Result<Place> {
        self.reach_absolute(path, true, Self::opened)
    }

    fn opened(target: Target<'_>) -> Result<Place> {
        match target {
            Target::Virtual { node: Node::Directory(_) | Node::Descriptors, path } => {
                Ok(Place::Virtual { path })
            }
            Target::Virtual { .. } | Target::Descriptor(_) => Err(Errno::NOTDIR),
            Target::Real { mount, directory, path } => {
                if path == Path::new(".") && Arc::ptr_eq(&directory, &mount.root) {
                    let (mount, inside) = (Arc::clone(mount), path);
                    return Ok(Place::Real { mount, directory, inside, may_climb: false });
                }
                let mut options = OpenOptions::new();
                options.read(true).custom_flags(OFlags::DIRECTORY.bits() as i32);
                let opened = cap_primitives::fs::open(&directory, &path, &options)
                    .or_else(|_| cap_primitives::fs::open_dir(&directory, &path))?;
                Ok(Place::Real {
                    mount: Arc::clone(mount),
                    directory: Arc::new(opened),
                    inside: path,
                    may_climb: false,
                })
            }
        }
    }

    /// Resolves an absolute path.
    pub(crate) fn absolute(&self, path: &[u8]) -> Result<Target<'_>> {
        if path.contains(&0) {
            return Err(Errno::ILSEQ);
        }
        self.walk(&[], path)
    }

    /// Resolves a path relative to an open directory (WASI: never absolute, never empty).
    pub(crate) fn resolve<'a>(&'a self, place: &'a Place, path: &[u8]) -> Result<Target<'a>> {
        if path.is_empty() {
            return Err(Errno::NOENT);
        }
        if path.contains(&0) {
            return Err(Errno::ILSEQ);
        }
        if path[0] == b'/' {
            return Err(Errno::PERM);
        }
        match place {
            Place::Virtual { path: base } => self.walk(base, path),
            Place::Real { mount, directory, inside, may_climb } => {
                let path = Path::new(OsStr::from_bytes(path));
                let climbs = path.components().any(|c| c == std::path::Component::ParentDir);
                if *may_climb && climbs {
                    return Ok(Target::Real {
                        mount,
                        directory: Arc::clone(&mount.root),
                        path: inside.join(path),
                    });
                }
                Ok(Target::Real { mount, directory: Arc::clone(directory), path: path.to_owned() })
            }
        }
    }

    /// Walks from a virtual directory. Virtual directories have no links, so `..` is lexical in
    /// them; what lies below a mount is left to cap-std as it was written.
    fn walk(&self, base: &[u8], path: &[u8]) -> Result<Target<'_>> {
        let names = |path| -> Vec<&[u8]> {
            <[u8]>::split(path, |b| *b == b'/').filter(|n| !n.is_empty() && *n != b".").collect()
        };
        let mut above: Vec<&[u8]> = names(base);
        let below = names(path);
        let mut at = 0;
        let mut node = self.node(&above).ok_or(Errno::NOENT)?;
        loop {
            match node {
                Node::Mount(mount) => {
                    let rest = &below[at..];
                    if let Some(end) = leaves(rest) {
                        // `..` out of the mount's root: on with the virtual directory above it.
                        above.pop();
                        at += end;
                        node = self.node(&above).ok_or(Errno::NOENT)?;
                        continue;
                    }
                    let mut inside = rest.join(&b'/');
                    if inside.is_empty() {
                        inside.push(b'.');
                    } else if matches!(path.last(), Some(b'/')) || path.ends_with(b"/.") {
                        inside.push(b'/');
                    }
                    return Ok(Target::Real {
                        mount,
                        directory: Arc::clone(&mount.root),
                        path: PathBuf::from(OsStr::from_bytes(&inside)),
                    });
                }
                Node::Directory(entries) => {
                    let Some(name) = below.get(at) else { break };
                    at += 1;
                    if *name == b".." {
                        above.pop();
                        node = self.node(&above).ok_or(Errno::NOENT)?;
                        continue;
                    }
                    let found = std::str::from_utf8(name).ok().and_then(|name| entries.get(name));
                    node = match (found, &self.under) {
                        (Some(found), _) => {
                            above.push(name);
                            found
                        }
                        (None, Some(under)) if above.is_empty() => {
                            at -= 1;
                            under
                        }
                        (None, _) => return Err(Errno::NOENT),
                    };
                }
                Node::Descriptors => {
                    let Some(name) = below.get(at) else { break };
                    at += 1;
                    if *name == b".." {
                        above.pop();
                        node = self.node(&above).ok_or(Errno::NOENT)?;
                        continue;
                    }
                    let number = std::str::from_utf8(name).ok().and_then(|n| n.parse().ok());
                    let number = number.ok_or(Errno::NOENT)?;
                    return if at == below.len() {
                        Ok(Target::Descriptor(number))
                    } else {
                        Err(Errno::NOTDIR)
                    };
                }
                Node::Device(Device::Descriptor(number)) if at == below.len() => {
                    return Ok(Target::Descriptor(*number));
                }
                Node::Program(_) | Node::Module(..) | Node::Device(_) => {
                    if at < below.len() || path.ends_with(b"/") {
                        return Err(Errno::NOTDIR);
                    }
                    break;
                }
            }
        }
        let mut full = Vec::new();
        for name in &above {
            full.push(b'/');
            full.extend_from_slice(name);
        }
        if full.is_empty() {
            full.push(b'/');
        }
        Ok(Target::Virtual { node, path: full })
    }

    fn node(&self, names: &[&[u8]]) -> Option<&Node> {
        let mut at = &self.root;
        for name in names {
            let Node::Directory(entries) = at else { return None };
            at = entries.get(std::str::from_utf8(name).ok()?)?;
        }
        Some(at)
    }
}

/// The index after the component with which `names` climbs above where it starts.
fn leaves(names: &[&[u8]]) -> Option<usize> {
    let mut depth = 0usize;
    for (index, name) in names.iter().enumerate() {
        if *name == b".." {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Some(index + 1),
            }
        } else {
            depth += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Arc<File> {
        Arc::new(File::open(path).unwrap())
    }

    fn namespace() -> (tempfile::TempDir, Namespace) {
        let host = tempfile::tempdir().unwrap();
        std::fs::create_dir(host.path().join("sub")).unwrap();
        let mut namespace = Namespace::new();
        namespace.mount(Mount::new("/workspace", open(host.path()), false, None)).unwrap();
        namespace.place("/bin/true", Node::Program(0)).unwrap();
        (host, namespace)
    }

    fn describe(namespace: &Namespace, path: &str) -> String {
        match namespace.absolute(path.as_bytes()) {
            Ok(Target::Real { mount, path, .. }) => {
                format!("{} + {}", mount.guest_path, path.display())
            }
            Ok(Target::Virtual { path, .. }) => String::from_utf8(path).unwrap(),
            Ok(Target::Descriptor(number)) => format!("fd {number}"),
            Err(errno) => format!("{errno:?}"),
        }
    }

    #[test]
    fn paths_lead_to_mounts_devices_and_commands() {
        let (_host, namespace) = namespace();
        for (path, expected) in [
            ("/", "/"),
            ("/workspace", "/workspace + ."),
            ("/workspace/a/b", "/workspace + a/b"),
            ("/workspace/a/", "/workspace + a/"),
            ("/workspace/a/../b", "/workspace + a/../b"),
            ("//workspace//./a", "/workspace + a"),
            ("/workspace/..", "/"),
            ("/workspace/../..", "/"),
            ("/workspace/sub/../../bin/true", "/bin/true"),
            ("/bin/true", "/bin/true"),
            ("/bin/true/x", "Errno(54)"),
            ("/dev/null", "/dev/null"),
            ("/dev/stdin", "fd 0"),
            ("/dev/fd/7", "fd 7"),
            ("/dev/fd/x", "Errno(44)"),
            ("/etc/passwd", "Errno(44)"),
            ("/work\0space", "Errno(25)"),
        ] {
            assert_eq!(describe(&namespace, path), expected, "{path:?}");
        }
    }

    #[test]
    fn nothing_is_placed_below_a_mount() {
        let (_host, mut namespace) = namespace();
        let below = namespace.place("/workspace/x", Node::Device(Device::Null));
        assert_eq!(below, Err("/workspace".to_owned()));
    }
}
