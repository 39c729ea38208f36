//! The tree below `/out`.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind};

/// Where everything goes.
const ROOT: &str = "/out";

/// What was unpacked so far.
#[derive(Default)]
pub(crate) struct Tree {
    /// Directories that are known to be there.
    directories: HashSet<String>,
}

/// The path of parts.
pub(crate) fn path(parts: &[String]) -> String {
    let mut path = ROOT.to_owned();
    for part in parts {
        path.push('/');
        path.push_str(part);
    }
    path
}

impl Tree {
    /// Makes the directory and those above it. What is there and no directory goes.
    pub(crate) fn directory(&mut self, parts: &[String]) -> io::Result<()> {
        let full = path(parts);
        if parts.is_empty() || self.directories.contains(&full) {
            return Ok(());
        }
        self.directory(&parts[..parts.len() - 1])?;
        match fs::create_dir(&full) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // A link to a directory of the tree is as good as one.
                if !fs::metadata(&full).is_ok_and(|metadata| metadata.is_dir()) {
                    self.remove(parts)?;
                    fs::create_dir(&full)?;
                }
            }
            Err(error) => return Err(error),
        }
        self.directories.insert(full);
        Ok(())
    }

    /// Makes room for something that is no directory: what is there goes, what is above it comes.
    pub(crate) fn make_room(&mut self, parts: &[String]) -> io::Result<String> {
        self.directory(&parts[..parts.len() - 1])?;
        Ok(path(parts))
    }

    /// Creates a file in place of whatever is there.
    pub(crate) fn file(&mut self, parts: &[String]) -> io::Result<File> {
        let full = self.make_room(parts)?;
        let create = || File::options().write(true).create_new(true).open(&full);
        match create() {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.remove(parts)?;
                create()
            }
            made => made,
        }
    }

    /// Removes whatever is there, and all that is in it.
    pub(crate) fn remove(&mut self, parts: &[String]) -> io::Result<()> {
        let full = path(parts);
        let is_directory = match fs::symlink_metadata(&full) {
            Ok(metadata) => metadata.is_dir(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if is_directory {
            let below = format!("{full}/");
            self.directories.retain(|known| *known != full && !known.starts_with(&below));
            fs::remove_dir_all(&full)
        } else {
            // It may have been a link that stood for a directory.
            let below = format!("{full}/");
            self.directories.retain(|known| *known != full && !known.starts_with(&below));
            fs::remove_file(&full)
        }
    }
}
