//! Symbolic links that lead from one mount to another place of the job's tree.
//!
//! Within a mount, links are followed by cap-std, which refuses one that leaves it: an absolute link,
//! or one with too many `..`. To a process, the tree is one, as in a container: `/bin/python` may be a
//! link to `/usr/lib/python/bin/python`, and `/workspace/logs` one to `/tmp/logs`. So where cap-std
//! has refused, the links of the path are read here one by one and applied to the path *as the
//! process sees it*, and what comes out is looked up like any other path. It can name nothing that
//! the process could not name itself, and a link that changes meanwhile only makes cap-std refuse
//! once more.

use std::os::unix::ffi::OsStrExt;

use super::errno::{Errno, Result};
use super::files;
use super::namespace::{Namespace, Place, Target};

/// How many links one path may have (Linux, `MAXSYMLINKS`).
const MAX_LINKS: usize = 40;
/// The longest path (Linux, `PATH_MAX`); links could make it grow without end.
const MAX_PATH: usize = 4096;

impl Namespace {
    /// Does something at a path relative to an open directory. `follows` says whether it is done to
    /// what a link at the path's end leads to, and not to the link.
    pub(crate) fn reach<T>(
        &self,
        place: &Place,
        path: &[u8],
        follows: bool,
        mut operation: impl FnMut(Target<'_>) -> Result<T>,
    ) -> Result<T> {
        match operation(self.resolve(place, path)?) {
            Err(Errno::PERM) => {
                let full = self.elsewhere(&self.base(place)?, path, follows)?;
                operation(self.absolute(&full.ok_or(Errno::PERM)?)?)
            }
            done => done,
        }
    }

    /// The same with an absolute path.
    pub(crate) fn reach_absolute<T>(
        &self,
        path: &[u8],
        follows: bool,
        mut operation: impl FnMut(Target<'_>) -> Result<T>,
    ) -> Result<T> {
        match operation(self.absolute(path)?) {
            Err(Errno::PERM) => {
                let full = self.elsewhere(b"/", path, follows)?;
                operation(self.absolute(&full.ok_or(Errno::PERM)?)?)
            }
            done => done,
        }
    }

    /// Does something to two names at once; links at their ends are not followed.
    pub(crate) fn reach_both<T>(
        &self,
        (from_place, from): (&Place, &[u8]),
        (to_place, to): (&Place, &[u8]),
        operation: impl Fn(&Target<'_>, &Target<'_>) -> Result<T>,
    ) -> Result<T> {
        match operation(&self.resolve(from_place, from)?, &self.resolve(to_place, to)?) {
            Err(Errno::PERM) => {
                let straight = |place, path| self.elsewhere(&self.base(place)?, path, false);
                let (new_from, new_to) = (straight(from_place, from)?, straight(to_place, to)?);
                if new_from.is_none() && new_to.is_none() {
                    return Err(Errno::PERM);
                }
                let target = |straight: Option<Vec<u8>>, place, path| match straight {
                    Some(path) => self.absolute(&path),
                    None => self.resolve(place, path),
                };
                let from = target(new_from, from_place, from)?;
                operation(&from, &target(new_to, to_place, to)?)
            }
            done => done,
        }
    }

    /// The absolute path of an open directory, if it still is there.
    fn base(&self, place: &Place) -> Result<Vec<u8>> {
        match place {
            Place::Virtual { path } => Ok(path.clone()),
            Place::Real { mount, directory, inside, .. } => {
                let full =
                    [mount.guest_path.as_bytes(), b"/", inside.as_os_str().as_bytes()].concat();
                let target = self.absolute(&full)?;
                let Target::Real { directory: root, path, .. } = &target else {
                    return Err(Errno::PERM);
                };
                let id = |stat: rustix::fs::Stat| (stat.st_dev, stat.st_ino);
                let found = cap_primitives::fs::open_dir(root, path)?;
                if id(rustix::fs::fstat(&found)?) != id(rustix::fs::fstat(directory)?) {
                    return Err(Errno::PERM);
                }
                Ok(full)
            }
        }
    }

    /// An absolute path for `path` in which no link is left, but perhaps at its end; `None` if there
    /// is no link in it.
    fn elsewhere(&self, base: &[u8], path: &[u8], follows: bool) -> Result<Option<Vec<u8>>> {
        let is_directory = path.ends_with(b"/") || path.ends_with(b"/.");
        let mut left: Vec<Vec<u8>> = Vec::new();
        push(&mut left, path)?;
        push(&mut left, base)?;
        let mut full: Vec<Vec<u8>> = Vec::new();
        let mut links = 0;
        while let Some(name) = left.pop() {
            if name == b".." {
                full.pop();
                continue;
            }
            full.push(name);
            if left.is_empty() && !follows && !is_directory {
                break;
            }
            let Some(contents) = self.link(&full)? else { continue };
            links += 1;
            if links > MAX_LINKS {
                return Err(Errno::LOOP);
            }
            full.pop();
            if contents.starts_with(b"/") {
                full.clear();
            }
            push(&mut left, &contents)?;
        }
        if links == 0 {
            return Ok(None);
        }
        let mut path = [b"/", full.join(&b'/').as_slice()].concat();
        if is_directory {
            path.push(b'/');
        }
        Ok(Some(path))
    }

    /// What the link at a path without links says; `None` if there is something else, or nothing.
    fn link(&self, names: &[Vec<u8>]) -> Result<Option<Vec<u8>>> {
        let path = [b"/", names.join(&b'/').as_slice()].concat();
        match self.absolute(&path)? {
            target @ Target::Real { .. } => match files::read_link(&target) {
                Ok(contents) => Ok(Some(contents)),
                Err(Errno::PERM) => Err(Errno::PERM),
                Err(_) => Ok(None),
            },
            Target::Virtual { .. } | Target::Descriptor(_) => Ok(None),
        }
    }
}

/// Puts the names of a path before those that are left, the next one last.
fn push(left: &mut Vec<Vec<u8>>, path: &[u8]) -> Result<()> {
    let names = path.split(|b| *b == b'/').filter(|name| !name.is_empty() && *name != b".");
    left.extend(names.rev().map(<[u8]>::to_vec));
    let length: usize = left.iter().map(|name| name.len() + 1).sum();
    if length > MAX_PATH { Err(Errno::NAMETOOLONG) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::namespace::{Mount, Node};
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::sync::Arc;

    fn tree() -> (tempfile::TempDir, Namespace) {
        let host = tempfile::tempdir().expect("a directory");
        let path = |name: &str| host.path().join(name);
        for name in ["bin", "usr", "usr/bin", "w", "w/sub", "outside"] {
            fs::create_dir(path(name)).expect("creates");
        }
        fs::write(path("usr/bin/tool"), "tool").expect("writes");
        fs::write(path("outside/secret"), "secret").expect("writes");
        for (contents, link) in [
            ("../usr/bin/tool", "bin/relative"),
            ("/usr/bin/tool", "bin/absolute"),
            ("/bin/absolute", "usr/bin/chain"),
            ("/usr", "w/usr"),
            ("/bin", "w/sub/bin"),
            ("../../../../../bin/absolute", "w/sub/far"),
            ("/outside/secret", "w/nowhere"),
            ("../outside/secret", "w/out"),
            ("/w/loop", "w/loop"),
            ("/builtin/true", "w/true"),
        ] {
            symlink(contents, path(link)).expect("links");
        }
        symlink(path("outside"), path("w/host")).expect("links");
        let mut namespace = Namespace::new();
        for name in ["bin", "usr", "w"] {
            let root = Arc::new(File::open(path(name)).expect("opens"));
            namespace.mount(Mount::new(&format!("/{name}"), root, false, None)).expect("mounts");
        }
        namespace.place("/builtin/true", Node::Program(7)).expect("places");
        (host, namespace)
    }

    /// What is read at a path.
    fn read(namespace: &Namespace, path: &str) -> String {
        let read = namespace.reach_absolute(path.as_bytes(), true, |target| match target {
            Target::Virtual { node: Node::Program(number), .. } => Ok(format!("program {number}")),
            Target::Real { directory, path, .. } => {
                let options = cap_primitives::fs::OpenOptions::new().read(true).clone();
                let file = cap_primitives::fs::open(&directory, &path, &options)?;
                Ok(std::io::read_to_string(file)?)
            }
            other => panic!("{other:?}"),
        });
        read.unwrap_or_else(|errno| format!("{errno:?}"))
    }

    #[test]
    fn links_lead_to_other_mounts_and_never_outside() {
        let (_host, namespace) = tree();
        let nothing = format!("{:?}", Errno::NOENT);
        for (path, expected) in [
            ("/bin/relative", "tool"),
            ("/bin/absolute", "tool"),
            ("/usr/bin/chain", "tool"),
            ("/w/usr/bin/tool", "tool"),
            ("/w/usr/bin/../bin/chain", "tool"),
            ("/w/sub/bin/relative", "tool"),
            ("/w/sub/far", "tool"),
            ("/w/true", "program 7"),
            ("/w/nowhere", &nothing),
            ("/w/out", &nothing),
            ("/w/host/secret", &nothing),
            ("/w/loop", &format!("{:?}", Errno::LOOP)),
        ] {
            assert_eq!(read(&namespace, path), expected, "{path}");
        }
    }

    #[test]
    fn a_link_at_the_end_is_left_alone_where_it_is_meant() {
        let (host, namespace) = tree();
        let remove = |path: &str| {
            namespace.reach_absolute(path.as_bytes(), false, |target| files::remove_file(&target))
        };
        assert_eq!(remove("/w/sub/bin/absolute"), Ok(()));
        assert_eq!(remove("/w/loop"), Ok(()));
        assert!(host.path().join("bin/absolute").symlink_metadata().is_err());
        assert!(host.path().join("usr/bin/tool").exists());
    }

    #[test]
    fn a_directory_that_was_replaced_is_not_mistaken_for_the_old_one() {
        let (host, namespace) = tree();
        let place = namespace.directory(b"/w/sub").expect("a directory");
        let stat = |place: &Place, path: &str| {
            namespace.reach(place, path.as_bytes(), true, |target| {
                files::stat(&target, true).map(|attributes| attributes.size)
            })
        };
        assert_eq!(stat(&place, "bin/relative"), Ok(4));
        fs::rename(host.path().join("w/sub"), host.path().join("w/old")).expect("renames");
        fs::create_dir(host.path().join("w/sub")).expect("creates");
        assert_eq!(stat(&place, "bin/relative"), Err(Errno::PERM));
    }
}
