//! Copying files and trees: what `cp`, `install` and a `mv` between two mounts share.

use crate::io::{complain, reason};
use crate::sys::{self, Stat};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Which symbolic links are followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    Always,
    CommandLine,
    Never,
}

/// What to do with an existing destination.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Replace,
    /// `-i` without a terminal to answer, `-n`: keep it.
    Keep,
    /// `-u`: replace it when the source is newer.
    IfNewer,
}

#[expect(clippy::struct_excessive_bools, reason = "one per option")]
pub(crate) struct Copy {
    pub(crate) name: &'static str,
    pub(crate) recursive: bool,
    pub(crate) follow: Follow,
    pub(crate) existing: Existing,
    /// `-f`: remove a destination that cannot be opened and try again.
    pub(crate) force: bool,
    pub(crate) remove_destination: bool,
    pub(crate) preserve_mode: bool,
    pub(crate) preserve_times: bool,
    pub(crate) preserve_links: bool,
    /// `-l`, `-s`: make links instead of copies.
    pub(crate) hard_link: bool,
    pub(crate) symbolic_link: bool,
    pub(crate) verbose: bool,
    pub(crate) umask: u32,
    /// Files that have more than one name, where their first copy went.
    pub(crate) linked: HashMap<(u64, u64), PathBuf>,
    pub(crate) failed: bool,
}

impl Copy {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            recursive: false,
            follow: Follow::Always,
            existing: Existing::Replace,
            force: false,
            remove_destination: false,
            preserve_mode: false,
            preserve_times: false,
            preserve_links: false,
            hard_link: false,
            symbolic_link: false,
            verbose: false,
            umask: sys::umask(),
            linked: HashMap::new(),
            failed: false,
        }
    }

    fn fail(&mut self, message: String) {
        complain(self.name, message);
        self.failed = true;
    }

    /// Copies `from` to exactly `to`.
    pub(crate) fn copy(&mut self, from: &Path, to: &Path, top: bool) {
        let follow = match self.follow {
            Follow::Always => true,
            Follow::CommandLine => top,
            Follow::Never => false,
        };
        let source = match if follow { sys::stat(from) } else { sys::lstat(from) } {
            Ok(stat) => stat,
            Err(e) => {
                return self.fail(format!("cannot stat '{}': {}", from.display(), reason(&e)));
            }
        };
        if source.is_dir() {
            self.directory(from, to, &source, top);
        } else {
            self.file(from, to, &source);
        }
    }

    fn directory(&mut self, from: &Path, to: &Path, source: &Stat, top: bool) {
        if !self.recursive {
            return self.fail(format!("-r not specified; omitting directory '{}'", from.display()));
        }
        if top && is_below(to, from) {
            let (from, to) = (from.display(), to.display());
            return self.fail(format!("cannot copy a directory, '{from}', into itself, '{to}'"));
        }
        let made = match sys::stat(to) {
            Ok(there) if there.is_dir() => false,
            Ok(_) => {
                let (from, to) = (from.display(), to.display());
                return self.fail(format!(
                    "cannot overwrite non-directory '{to}' with directory '{from}'"
                ));
            }
            Err(_) => match fs::create_dir(to) {
                Ok(()) => true,
                Err(e) => {
                    let (to, why) = (to.display(), reason(&e));
                    return self.fail(format!("cannot create directory '{to}': {why}"));
                }
            },
        };
        if self.verbose && made {
            self.say(from, to);
        }
        let entries = match fs::read_dir(from).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(e) => {
                let why = reason(&e);
                return self.fail(format!("cannot access '{}': {why}", from.display()));
            }
        };
        for entry in entries {
            let name = entry.file_name();
            self.copy(&from.join(&name), &to.join(&name), false);
        }
        if made || self.preserve_mode {
            self.mode(to, source, true);
        }
        self.times(to, source, true);
    }

    fn file(&mut self, from: &Path, to: &Path, source: &Stat) {
        if let Ok(there) = sys::lstat(to) {
            // The same file under another name: through a link to follow, or itself.
            let target = if there.is_symlink() { sys::stat(to).ok() } else { Some(there) };
            if target.is_some_and(|target| target.same_file(source)) && !self.remove_destination {
                let (from, to) = (from.display(), to.display());
                if self.hard_link || self.existing == Existing::Keep {
                    return;
                }
                return self.fail(format!("'{from}' and '{to}' are the same file"));
            }
            match self.existing {
                Existing::Keep => return,
                Existing::IfNewer if there.mtime >= source.mtime => return,
                _ => {}
            }
            if there.is_dir() {
                let (from, to) = (from.display(), to.display());
                return self.fail(format!(
                    "cannot overwrite directory '{to}' with non-directory '{from}'"
                ));
            }
            let replace = self.remove_destination
                || source.is_symlink()
                || self.symbolic_link
                || self.hard_link
                || (there.is_symlink() && self.force && target.is_none());
            if replace && let Err(e) = fs::remove_file(to) {
                return self.fail(format!("cannot remove '{}': {}", to.display(), reason(&e)));
            }
        }
        if let Err(message) = self.content(from, to, source) {
            return self.fail(message);
        }
        if self.verbose {
            self.say(from, to);
        }
    }

    fn content(&mut self, from: &Path, to: &Path, source: &Stat) -> Result<(), String> {
        let failed = |what: &str, path: &Path, e: &io::Error| {
            format!("{what} '{}': {}", path.display(), reason(e))
        };
        if self.preserve_links && source.nlink > 1 && !source.is_dir() {
            if let Some(first) = self.linked.get(&(source.dev, source.ino)) {
                let _ = fs::remove_file(to);
                return fs::hard_link(first, to)
                    .map_err(|e| failed("cannot create hard link", to, &e));
            }
            self.linked.insert((source.dev, source.ino), to.to_owned());
        }
        if self.hard_link {
            return fs::hard_link(from, to).map_err(|e| failed("cannot create hard link", to, &e));
        }
        if self.symbolic_link {
            return sys::symlink(from, to)
                .map_err(|e| failed("cannot create symbolic link", to, &e));
        }
        if source.is_symlink() {
            let target =
                fs::read_link(from).map_err(|e| failed("cannot read symbolic link", from, &e))?;
            sys::symlink(target, to).map_err(|e| failed("cannot create symbolic link", to, &e))?;
            if self.preserve_times {
                let _ = sys::set_times(to, source, false);
            }
            return Ok(());
        }
        let mut input = File::open(from).map_err(|e| {
            let (from, why) = (from.display(), reason(&e));
            format!("cannot open '{from}' for reading: {why}")
        })?;
        let fresh = fs::symlink_metadata(to).is_err();
        let open = || OpenOptions::new().write(true).create(true).truncate(true).open(to);
        let mut output = open().or_else(|e| {
            if !self.force || fresh {
                return Err(e);
            }
            fs::remove_file(to)?;
            open()
        });
        let output = output.as_mut().map_err(|e| failed("cannot create regular file", to, e))?;
        io::copy(&mut input, output).map_err(|e| failed("error writing", to, &e))?;
        if fresh || self.preserve_mode {
            self.mode(to, source, fresh);
        }
        self.times(to, source, true);
        Ok(())
    }

    /// A new file gets the source's bits that the mask allows; `-p` gives all of them.
    fn mode(&mut self, to: &Path, source: &Stat, fresh: bool) {
        let wanted = source.permissions();
        let mode = if self.preserve_mode { wanted } else { wanted & 0o777 & !self.umask };
        let default = if source.is_dir() { 0o777 } else { 0o666 } & !self.umask;
        if fresh && mode == default {
            return;
        }
        if let Err(e) = sys::chmod(to, mode) {
            self.fail(format!("setting permissions for '{}': {}", to.display(), reason(&e)));
        }
    }

    fn times(&mut self, to: &Path, source: &Stat, follow: bool) {
        if self.preserve_times
            && let Err(e) = sys::set_times(to, source, follow)
        {
            self.fail(format!("preserving times for '{}': {}", to.display(), reason(&e)));
        }
    }

    fn say(&self, from: &Path, to: &Path) {
        let mut out = crate::io::Out::new(self.name, 1);
        out.print(format_args!("'{}' -> '{}'\n", from.display(), to.display()));
    }
}

/// Whether `path` lies in the directory `parent`, or is it, links resolved as far as they exist.
pub(crate) fn is_below(path: &Path, parent: &Path) -> bool {
    let Ok(parent) = fs::canonicalize(parent) else { return false };
    let mut at = Some(path);
    while let Some(path) = at {
        let here = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        if let Ok(real) = fs::canonicalize(here) {
            return real.starts_with(&parent);
        }
        at = path.parent();
    }
    false
}

/// Where the operands of `cp`, `mv`, `ln`-like commands go: pairs of source and destination.
pub(crate) struct Targets {
    pub(crate) pairs: Vec<(PathBuf, PathBuf)>,
}

/// How the destination operand is meant.
#[derive(Default)]
pub(crate) struct Destination {
    /// `-t DIRECTORY`.
    pub(crate) directory: Option<PathBuf>,
    /// `-T`: never a directory to put things into.
    pub(crate) exact: bool,
    /// `--parents`: keep the source's path below the directory.
    pub(crate) parents: bool,
}

/// Pairs each source with its destination, by the rules of GNU's `cp`, `mv` and `install`.
pub(crate) fn targets(
    operands: Vec<std::ffi::OsString>,
    destination: &Destination,
) -> Result<Targets, String> {
    let mut operands: Vec<PathBuf> = operands.into_iter().map(PathBuf::from).collect();
    if operands.is_empty() {
        return Err("missing file operand".to_owned());
    }
    let directory = match &destination.directory {
        Some(directory) => {
            if !directory.is_dir() {
                let shown = directory.display();
                return Err(format!("target directory '{shown}': {}", not_a_directory(directory)));
            }
            directory.clone()
        }
        None if operands.len() == 1 => {
            let only = operands[0].display();
            return Err(format!("missing destination file operand after '{only}'"));
        }
        None => {
            let last = operands.pop().unwrap_or_default();
            if destination.exact || !last.is_dir() {
                if destination.exact && operands.len() > 1 {
                    return Err(format!("extra operand '{}'", operands[1].display()));
                }
                if operands.len() > 1 {
                    let why = not_a_directory(&last);
                    return Err(format!("target '{}': {why}", last.display()));
                }
                let source = operands.remove(0);
                return Ok(Targets { pairs: vec![(source, last)] });
            }
            last
        }
    };
    let pairs = operands
        .into_iter()
        .map(|source| {
            let to = if destination.parents {
                let below: PathBuf = source
                    .components()
                    .filter(|part| matches!(part, std::path::Component::Normal(_)))
                    .collect();
                directory.join(below)
            } else {
                match source.file_name() {
                    Some(name) if !ends_in_dot(&source) => directory.join(name),
                    // `cp -r . dir`, `cp -r a/. dir`: the content goes into the directory itself.
                    _ => directory.clone(),
                }
            };
            (source, to)
        })
        .collect();
    Ok(Targets { pairs })
}

/// Whether the last component is `.`, which `Path` passes over.
fn ends_in_dot(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let end = bytes.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    bytes[..end].ends_with(b"/.")
}

fn not_a_directory(path: &Path) -> String {
    match fs::metadata(path) {
        Ok(_) => "Not a directory".to_owned(),
        Err(e) => reason(&e),
    }
}
