//! Looking at files without copying them.

use std::ffi::OsStr;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Dir, FileType, Mode, OFlags};

use super::patterns::{Patterns, Position};

/// Directories deeper than this are not looked into.
const MAX_DEPTH: usize = 128;

/// Whether a path below a directory fits. No link is followed.
pub fn is_anything_there(directory: impl AsFd, patterns: &Patterns) -> bool {
    let mut any = false;
    walk(directory, patterns, &mut |_, _| {
        any = true;
        false
    });
    any
}

/// A digest of the contents of all regular files that fit, in the order of their paths, and of
/// their paths. `None` if there are none. Files are read up to a limit.
pub fn first_contents(directory: impl AsFd, patterns: &Patterns) -> Option<String> {
    const MAX_FILE: u64 = 64 << 20;
    let mut found: Vec<(Vec<u8>, blake3::Hash)> = Vec::new();
    walk(directory, patterns, &mut |path, file| {
        if let Some(file) = file {
            let mut hasher = blake3::Hasher::new();
            // What cannot be read counts as empty.
            let _ = hasher.update_reader(file.take(MAX_FILE));
            found.push((path.to_vec(), hasher.finalize()));
        }
        found.len() < 1000
    });
    if found.is_empty() {
        return None;
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let mut hasher = blake3::Hasher::new();
    for (path, contents) in &found {
        hasher.update(path).update(&[0]).update(contents.as_bytes());
    }
    Some(hasher.finalize().to_hex()[..40].to_owned())
}

/// Hands every path that fits to `visit`, with the file if it is a regular one, until that says
/// `false`.
fn walk(
    directory: impl AsFd,
    patterns: &Patterns,
    visit: &mut dyn FnMut(&[u8], Option<std::fs::File>) -> bool,
) {
    let (start, fits) = patterns.start();
    if fits && !visit(b"", None) {
        return;
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(root) = rustix::fs::openat(&directory, c".", flags, Mode::empty()) else { return };
    let mut open: Vec<(std::os::fd::OwnedFd, Vec<u8>, Position, usize)> =
        vec![(root, Vec::new(), start, 0)];
    while let Some((at, path, position, depth)) = open.pop() {
        let Ok(entries) = Dir::read_from(&at) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." || (path.is_empty() && name == b".git") {
                continue;
            }
            let (next, fits) = patterns.step(&position, OsStr::from_bytes(name));
            if !fits && next.is_dead() {
                continue;
            }
            let mut below = path.clone();
            if !below.is_empty() {
                below.push(b'/');
            }
            below.extend_from_slice(name);
            if fits {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let file = rustix::fs::openat(&at, entry.file_name(), flags, Mode::empty()).ok();
                let file = file.filter(|file| {
                    rustix::fs::fstat(file).is_ok_and(|stat| {
                        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
                    })
                });
                if !visit(&below, file.map(Into::into)) {
                    return;
                }
            }
            // Descriptors are held for what is still to be looked at, so their number is bounded.
            if !next.is_dead() && depth < MAX_DEPTH && open.len() < 512 {
                let directory = rustix::fs::openat(&at, entry.file_name(), flags, Mode::empty());
                open.extend(directory.ok().map(|fd| (fd, below, next, depth + 1)));
            }
        }
    }
}
