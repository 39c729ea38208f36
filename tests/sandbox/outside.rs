//! What lies outside of every mount, and proof that nobody touched it.

use std::collections::HashSet;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use crate::script::Secrets;

/// Found in every file, link and directory outside.
const CANARY: &str = "canary";

/// A directory outside, and what it was like when it was made.
pub(crate) struct Outside {
    root: PathBuf,
    before: Vec<String>,
}

impl Outside {
    /// Fills the directory.
    pub(crate) fn make(root: &Path) -> Self {
        let text = format!("the {CANARY} sings");
        for directory in ["", "dir", "empty"] {
            std::fs::create_dir_all(root.join(directory)).unwrap();
        }
        for file in ["secret", "dir/secret", "canary"] {
            std::fs::write(root.join(file), &text).unwrap();
        }
        symlink(format!("a {CANARY}"), root.join("link")).unwrap();
        let mut outside = Self { root: root.to_owned(), before: Vec::new() };
        outside.before = outside.now();
        outside
    }

    /// What a program must not learn: what is in it, and where it lies.
    pub(crate) fn secrets(&self) -> Secrets {
        let mut files = HashSet::new();
        let parent = self.root.parent().unwrap();
        for path in [Path::new("/"), Path::new("/etc/passwd"), parent, &self.root] {
            let metadata = path.symlink_metadata().unwrap();
            files.insert((metadata.dev(), metadata.ino()));
        }
        for path in walk(&self.root) {
            let metadata = path.symlink_metadata().unwrap();
            files.insert((metadata.dev(), metadata.ino()));
        }
        let name = self.root.file_name().unwrap().to_string_lossy().into_owned();
        Secrets {
            contents: vec![CANARY.as_bytes().to_vec(), b"root:x:".to_vec()],
            names: vec![name, "etc".to_owned(), CANARY.to_owned()],
            files,
        }
    }

    /// Content and metadata of all files, and the listing of each directory.
    fn now(&self) -> Vec<String> {
        let mut all = vec![self.root.clone(), self.root.parent().unwrap().to_owned()];
        all.extend(walk(&self.root));
        let mut lines: Vec<String> = all
            .iter()
            .map(|path| {
                let m = path.symlink_metadata().unwrap();
                let times = [m.mtime(), m.mtime_nsec(), m.ctime(), m.ctime_nsec()];
                let content = match m.file_type() {
                    t if t.is_file() => std::fs::read_to_string(path).unwrap(),
                    t if t.is_symlink() => path.read_link().unwrap().display().to_string(),
                    _ => String::new(),
                };
                let what = (m.mode(), m.ino(), m.nlink(), m.uid(), m.gid(), m.size(), times);
                format!("{}: {what:?} {content:?}", path.display())
            })
            .collect();
        lines.sort();
        lines
    }

    /// Whether it is as it was.
    ///
    /// # Errors
    /// What is different.
    pub(crate) fn untouched(&self) -> Result<(), String> {
        let now = self.now();
        if now == self.before {
            return Ok(());
        }
        let new: Vec<_> = now.iter().filter(|line| !self.before.contains(line)).collect();
        let gone: Vec<_> = self.before.iter().filter(|line| !now.contains(line)).collect();
        Err(format!("outside has changed:\n  before {gone:#?}\n  now {new:#?}"))
    }
}

/// All that lies below a directory, what is in a directory before itself.
pub(crate) fn walk(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            found.extend(walk(&path));
        }
        found.push(path);
    }
    found
}
