//! One entry of an archive after the other.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};

use tar::{Entry, EntryType};

use crate::Kind;
use crate::name;
use crate::tree::{Tree, path};

/// A name in a layer that begins so says that something is removed (OCI image specification,
/// "Whiteouts").
const WHITEOUT: &str = ".wh.";
/// A directory with this entry has nothing of earlier layers.
const OPAQUE: &str = ".wh..wh..opq";
/// Entries of one archive.
const MAX_ENTRIES: usize = 1_000_000;

pub(crate) struct Unpacker {
    kind: Kind,
    tree: Tree,
    entries: usize,
    /// What the files may still have, in bytes.
    left: u64,
    /// What this layer made: its whiteouts are about earlier layers only.
    made: HashSet<String>,
    opaque: Vec<Vec<String>>,
    buffer: Vec<u8>,
}

impl Unpacker {
    pub(crate) fn new(kind: Kind, limit: u64) -> Self {
        Self {
            kind,
            tree: Tree::default(),
            entries: 0,
            left: limit,
            made: HashSet::new(),
            opaque: Vec::new(),
            buffer: vec![0; 256 << 10],
        }
    }

    pub(crate) fn entry(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<(), String> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(format!("it has more than {MAX_ENTRIES} entries"));
        }
        let mut parts = name::parts(&entry.path_bytes())?;
        if self.kind == Kind::Package && !parts.is_empty() {
            parts.remove(0);
        }
        let Some(last) = parts.last() else { return Ok(()) };
        if self.kind == Kind::Layer
            && let Some(hidden) = last.strip_prefix(WHITEOUT)
        {
            let hidden = hidden.to_owned();
            return self.whiteout(parts, &hidden);
        }
        let kind = entry.header().entry_type();
        let failed = |error: &io::Error| failed(&parts, error);
        match kind {
            EntryType::Directory => self.tree.directory(&parts).map_err(|e| failed(&e))?,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                self.file(entry, &parts)?;
            }
            EntryType::Symlink => {
                let target = target(entry, &parts)?;
                let target = name::link_target(&parts, &target)?;
                self.symlink(&target, &parts).map_err(|e| failed(&e))?;
            }
            EntryType::Link => {
                let target = target(entry, &parts)?;
                let mut target = name::parts(&target)?;
                if self.kind == Kind::Package && !target.is_empty() {
                    target.remove(0);
                }
                self.hard_link(&target, &parts).map_err(|e| failed(&e))?;
            }
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                return Err(format!("{:?} is a device or a named pipe", parts.join("/")));
            }
            // Headers about others are not ours to keep.
            EntryType::XGlobalHeader | EntryType::XHeader => return Ok(()),
            other => {
                let byte = other.as_byte();
                return Err(format!("{:?} is of an unknown kind ({byte})", parts.join("/")));
            }
        }
        if self.kind == Kind::Layer {
            for depth in 1..=parts.len() {
                self.made.insert(path(&parts[..depth]));
            }
        }
        Ok(())
    }

    fn file(&mut self, entry: &mut Entry<'_, impl Read>, parts: &[String]) -> Result<(), String> {
        let size = entry.size();
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            format!(
                "it unpacks to more than is allowed: {:?} alone has {size} bytes",
                parts.join("/")
            )
        })?;
        let executable = entry.header().mode().unwrap_or(0o644) & 0o111 != 0;
        let mut file = self.tree.file(parts).map_err(|error| failed(parts, &error))?;
        let mut written = 0;
        loop {
            let count = match entry.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(crate::damaged(&error)),
            };
            file.write_all(&self.buffer[..count]).map_err(|error| failed(parts, &error))?;
            written += count as u64;
        }
        if written != size {
            return Err("it is cut short".to_owned());
        }
        if executable {
            // A file system without modes is no reason to fail: modules need none.
            let _ = greenroom_process::chmod(path(parts).as_bytes(), 0o755);
        }
        Ok(())
    }

    fn symlink(&mut self, target: &str, parts: &[String]) -> io::Result<()> {
        let full = self.tree.make_room(parts)?;
        match rustix::fs::symlink(target, &full).map_err(io::Error::from) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.tree.remove(parts)?;
                rustix::fs::symlink(target, &full).map_err(io::Error::from)
            }
            made => made,
        }
    }

    fn hard_link(&mut self, target: &[String], parts: &[String]) -> io::Result<()> {
        if target == parts {
            return Ok(());
        }
        let from = path(target);
        if !fs::symlink_metadata(&from)?.is_file() {
            return Err(io::Error::other("it is a hard link to something that is no file"));
        }
        let full = self.tree.make_room(parts)?;
        self.tree.remove(parts)?;
        fs::hard_link(&from, &full).or_else(|_| fs::copy(&from, &full).map(drop))
    }

    fn whiteout(&mut self, mut parts: Vec<String>, hidden: &str) -> Result<(), String> {
        let last = parts.pop().unwrap_or_default();
        if last == OPAQUE {
            self.tree.directory(&parts).map_err(|error| failed(&parts, &error))?;
            self.opaque.push(parts);
            return Ok(());
        }
        if hidden.is_empty() || hidden == "." || hidden == ".." {
            return Err(format!("{:?} removes nothing that can be named", last));
        }
        parts.push(hidden.to_owned());
        if self.made.contains(&path(&parts)) {
            return Ok(());
        }
        self.tree.remove(&parts).map_err(|error| failed(&parts, &error))
    }

    /// Empties the opaque directories of what this layer did not make.
    pub(crate) fn finish(&mut self) -> Result<(), String> {
        for parts in std::mem::take(&mut self.opaque) {
            self.clear(&parts).map_err(|error| failed(&parts, &error))?;
        }
        Ok(())
    }

    fn clear(&mut self, parts: &[String]) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path(parts))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            entries.push((name, entry.file_type()?.is_dir()));
        }
        for (name, is_directory) in entries {
            let mut below = parts.to_vec();
            below.push(name);
            if !self.made.contains(&path(&below)) {
                self.tree.remove(&below)?;
            } else if is_directory {
                self.clear(&below)?;
            }
        }
        Ok(())
    }
}

fn target(entry: &Entry<'_, impl Read>, parts: &[String]) -> Result<Vec<u8>, String> {
    let target = entry.link_name_bytes();
    target
        .map(|name| name.into_owned())
        .ok_or_else(|| format!("{:?} links to nothing", parts.join("/")))
}

fn failed(parts: &[String], error: &io::Error) -> String {
    format!("cannot write {:?}: {error}", parts.join("/"))
}
