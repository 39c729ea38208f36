//! The list of an image's files: what each is, and its digest.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

/// What a tree has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listing {
    /// Lines of `KIND DIGEST PATH`, sorted by path.
    pub(super) text: Vec<u8>,
    pub(super) files: u64,
    pub(super) size: u64,
}

/// Lists a tree. It was unpacked by the sandbox, so nothing in it is a device, and no name leads
/// anywhere; links are not followed.
pub(super) fn list(tree: &Path) -> io::Result<Listing> {
    let mut found: Vec<(PathBuf, fs::Metadata)> = Vec::new();
    let mut open = vec![tree.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            let metadata = fs::symlink_metadata(&path)?;
            if metadata.is_dir() {
                open.push(path.clone());
            }
            found.push((path, metadata));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let lines: Vec<Vec<u8>> = found
        .par_iter()
        .map(|(path, metadata)| line(tree, path, metadata))
        .collect::<io::Result<_>>()?;
    let regular = || found.iter().filter(|(_, metadata)| metadata.is_file());
    Ok(Listing {
        text: lines.concat(),
        files: regular().count() as u64,
        size: regular().map(|(_, metadata)| metadata.len()).sum(),
    })
}

fn line(tree: &Path, path: &Path, metadata: &fs::Metadata) -> io::Result<Vec<u8>> {
    let (kind, digest) = if metadata.is_dir() {
        ("dir ", "-".to_owned())
    } else if metadata.is_symlink() {
        let target = fs::read_link(path)?;
        ("link", blake3::hash(target.as_os_str().as_bytes()).to_hex().to_string())
    } else {
        let executable = metadata.mode() & 0o111 != 0;
        let kind = if executable { "exec" } else { "file" };
        (kind, hash(path)?)
    };
    let name = path.strip_prefix(tree).unwrap_or(path).as_os_str().as_bytes();
    // A name with a line break cannot be mistaken for two.
    let name = String::from_utf8_lossy(name).replace('\\', "\\\\").replace('\n', "\\n");
    Ok(format!("{kind} {digest} {name}\n").into_bytes())
}

fn hash(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 128 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
    }
    Ok(hasher.finalize().to_hex().to_string())
}
