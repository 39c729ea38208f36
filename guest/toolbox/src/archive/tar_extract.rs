//! `tar -x` and `tar -t`.

use super::codec;
use super::tar_options::{FATAL, Settings};
use crate::files::modes;
use crate::io::{Out, complain, reason};
use crate::options::{bytes, os_string};
use crate::sys::{self, Stat};
use crate::{glob, time};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Entry, EntryType};

struct Extractor<'a> {
    s: &'a Settings,
    list: bool,
    out: Out,
    umask: u32,
    failed: bool,
    warned_root: bool,
    /// Members asked for, and whether they were found.
    wanted: Vec<(Vec<u8>, bool)>,
    /// Directories whose mode and time are set when everything is in them.
    directories: Vec<(PathBuf, u32, i64)>,
}

pub(super) fn run(s: &Settings, list: bool) -> Result<u8, String> {
    let raw: Box<dyn Read> = match s.file.as_ref().filter(|file| *file != "-") {
        Some(path) => {
            let file = File::open(path);
            Box::new(file.map_err(|e| format!("{}: Cannot open: {}", path.display(), reason(&e)))?)
        }
        None => Box::new(io::stdin().lock()),
    };
    let input =
        codec::detect(raw).map_err(|e| format!("cannot read the archive: {}", reason(&e)))?;
    let mut archive = Archive::new(input);
    if !list && !s.directory.is_dir() {
        let shown = s.directory.display();
        return Err(format!("{shown}: Cannot open: No such file or directory"));
    }
    let mut extractor = Extractor {
        s,
        list,
        out: Out::new(&s.name, FATAL),
        umask: sys::umask(),
        failed: false,
        warned_root: false,
        wanted: s
            .members
            .iter()
            .map(|(_, member)| (trimmed(bytes(member)).to_vec(), false))
            .collect(),
        directories: Vec::new(),
    };
    let damaged = |e: &io::Error| {
        if e.kind() == io::ErrorKind::UnexpectedEof {
            "Unexpected EOF in archive".to_owned()
        } else {
            format!("This does not look like a tar archive ({})", reason(e))
        }
    };
    for entry in archive.entries().map_err(|e| damaged(&e))? {
        extractor.entry(&mut entry.map_err(|e| damaged(&e))?)?;
    }
    extractor.finish();
    Ok(if extractor.failed { FATAL } else { 0 })
}

fn trimmed(name: &[u8]) -> &[u8] {
    let kept = name.iter().rposition(|b| *b != b'/').map_or(0, |at| at + 1);
    &name[..kept]
}

impl Extractor<'_> {
    fn warn(&mut self, message: String) {
        self.out.flush();
        complain(&self.s.name, message);
        self.failed = true;
    }

    fn selected(&mut self, name: &[u8]) -> bool {
        let name = trimmed(name);
        if self.s.excluded(name) {
            return false;
        }
        if self.wanted.is_empty() {
            return true;
        }
        let wildcards = self.s.wildcards;
        let mut selected = false;
        for (wanted, found) in &mut self.wanted {
            let below =
                name.len() > wanted.len() && name.starts_with(wanted) && name[wanted.len()] == b'/';
            if name == &wanted[..] || below || wildcards && glob::matches(wanted, name) {
                *found = true;
                selected = true;
            }
        }
        selected
    }

    fn entry(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<(), String> {
        let name = entry.path_bytes().into_owned();
        if !self.selected(&name) {
            return Ok(());
        }
        if self.list {
            self.show(entry, &name);
            return Ok(());
        }
        let new_name = self.s.transformed(&name);
        let Some(path) = self.place(&new_name) else { return Ok(()) };
        if self.s.verbose > 0 {
            if self.s.verbose > 1 {
                self.show(entry, &name);
            } else if self.s.to_stdout {
                use std::io::Write;
                let _ = io::stderr().write_all(&[&name[..], b"\n"].concat());
            } else {
                self.out.line(&name);
            }
        }
        if self.s.to_stdout {
            if entry.header().entry_type().is_file() {
                let copied = io::copy(entry, &mut self.out);
                copied.map_err(|e| format!("cannot read the archive: {}", reason(&e)))?;
            }
            return Ok(());
        }
        if let Err(e) = self.extract(entry, &path) {
            // What cannot be read any more ends everything; what cannot be written, only itself.
            if e.kind() == io::ErrorKind::UnexpectedEof {
                return Err("Unexpected EOF in archive".to_owned());
            }
            let shown = String::from_utf8_lossy(&name).into_owned();
            self.warn(format!("{shown}: Cannot extract: {}", reason(&e)));
        }
        Ok(())
    }

    /// Where a member goes: never above the directory that is extracted into.
    fn place(&mut self, name: &[u8]) -> Option<PathBuf> {
        let original = PathBuf::from(os_string(name));
        if original.components().any(|part| part == Component::ParentDir) && !self.s.absolute {
            let shown = String::from_utf8_lossy(name).into_owned();
            self.warn(format!("{shown}: Member name contains '..', skipping"));
            return None;
        }
        if original.is_absolute() && !self.s.absolute && !self.warned_root {
            complain(&self.s.name, "Removing leading `/' from member names");
            self.warned_root = true;
        }
        if original.is_absolute() && self.s.absolute && self.s.strip == 0 {
            return Some(original);
        }
        let parts: Vec<Component<'_>> = original
            .components()
            .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
            .collect();
        // `./` itself has no name: its mode and time are the directory's own.
        if parts.len() <= self.s.strip {
            return None;
        }
        Some(
            parts[self.s.strip..]
                .iter()
                .fold(self.s.directory.clone(), |path, part| path.join(part)),
        )
    }

    fn extract(&mut self, entry: &mut Entry<'_, impl Read>, path: &Path) -> io::Result<()> {
        let kind = entry.header().entry_type();
        let mode = entry.header().mode().unwrap_or(0o644) & 0o7777;
        let mode = if self.s.preserve { mode } else { mode & 0o777 & !self.umask };
        let mtime = i64::try_from(entry.header().mtime().unwrap_or(0)).unwrap_or(0);
        if kind.is_dir() {
            if !path.is_dir() {
                fs::create_dir_all(path)?;
            }
            self.directories.push((path.to_owned(), mode, mtime));
            return Ok(());
        }
        if let Some(parent) = path.parent()
            && !parent.as_os_str().is_empty()
            && !parent.exists()
        {
            fs::create_dir_all(parent)?;
        }
        if let Ok(there) = sys::lstat(path) {
            if self.s.keep_old {
                return Ok(());
            }
            if there.is_dir() {
                return Err(io::Error::other("a directory of that name exists"));
            }
            fs::remove_file(path)?;
        }
        match kind {
            EntryType::Symlink => {
                let target = entry.link_name_bytes().unwrap_or_default().into_owned();
                return sys::symlink(Path::new(&os_string(&target)), path);
            }
            EntryType::Link => {
                let target = entry.link_name_bytes().unwrap_or_default().into_owned();
                let target = self.s.transformed(&target);
                let Some(target) = self.place(&target) else { return Ok(()) };
                return fs::hard_link(target, path);
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {}
            other => {
                return Err(io::Error::other(format!(
                    "members of type {other:?} are not supported"
                )));
            }
        }
        let mut file = File::create(path)?;
        io::copy(entry, &mut file)?;
        drop(file);
        sys::chmod(path, mode)?;
        if !self.s.touch {
            set_mtime(path, mtime)?;
        }
        Ok(())
    }

    fn finish(&mut self) {
        // The deepest first, so that setting a mode does not lock us out of what is below.
        for (path, mode, mtime) in std::mem::take(&mut self.directories).into_iter().rev() {
            let result = sys::chmod(&path, mode)
                .and_then(|()| if self.s.touch { Ok(()) } else { set_mtime(&path, mtime) });
            if let Err(e) = result {
                self.warn(format!(
                    "{}: Cannot change mode or time: {}",
                    path.display(),
                    reason(&e)
                ));
            }
        }
        for (wanted, found) in std::mem::take(&mut self.wanted) {
            if !found {
                let shown = String::from_utf8_lossy(&wanted).into_owned();
                self.warn(format!("{shown}: Not found in archive"));
            }
        }
        self.out.flush();
    }

    fn show(&mut self, entry: &Entry<'_, impl Read>, name: &[u8]) {
        let header = entry.header();
        if self.s.verbose > usize::from(!self.list) as u8 {
            let kind = match header.entry_type() {
                EntryType::Directory => sys::DIRECTORY,
                EntryType::Symlink => sys::SYMLINK,
                _ => sys::REGULAR,
            };
            let mut mode = modes::display(kind | header.mode().unwrap_or(0) & 0o7777);
            if header.entry_type() == EntryType::Link {
                mode.replace_range(..1, "h");
            }
            let who = |name: Option<&[u8]>, id: io::Result<u64>| match name {
                Some(name) if !name.is_empty() && !self.s.numeric => {
                    String::from_utf8_lossy(name).into_owned()
                }
                _ => id.unwrap_or(0).to_string(),
            };
            let owner = format!(
                "{}/{}",
                who(header.username_bytes(), header.uid()),
                who(header.groupname_bytes(), header.gid())
            );
            let size = header.size().unwrap_or(0);
            let mtime = i64::try_from(header.mtime().unwrap_or(0)).unwrap_or(0);
            let date = time::format("%F %R", (mtime, 0));
            let width = 19usize.saturating_sub(owner.len() + 1).max(size.to_string().len());
            self.out.print(format_args!("{mode} {owner} {size:>width$} {date} "));
        }
        self.out.put(name);
        if self.s.verbose > 0
            && let Some(target) = entry.link_name_bytes()
        {
            let arrow = if header.entry_type() == EntryType::Link { " link to " } else { " -> " };
            self.out.put(arrow);
            self.out.put(&target);
        }
        self.out.line("");
    }
}

fn set_mtime(path: &Path, mtime: i64) -> io::Result<()> {
    let now = time::now();
    let stat = Stat { atime: now, mtime: (mtime, 0), ..sys::lstat(path)? };
    sys::set_times(path, &stat, true)
}
