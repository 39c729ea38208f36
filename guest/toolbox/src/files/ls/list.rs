//! Which entries are shown, in which order.

use super::{Entry, Layout, Lister, Sort};
use crate::io::{Out, complain, reason};
use crate::options::bytes;
use crate::sys::{self, Stat};
use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

impl Lister {
    pub(super) fn operands(&mut self, mut operands: Vec<OsString>) {
        let mut out = Out::new(&self.name, 2);
        if operands.is_empty() {
            operands.push(".".into());
        }
        let several = operands.len() > 1;
        let s = &self.settings;
        // Without -l, -d or -F a link to a directory given by name is followed.
        let follow = s.dereference
            || s.dereference_operands
            || !(s.layout == Layout::Long || s.directory || s.classify);
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        for operand in operands {
            let path = PathBuf::from(&operand);
            let found = if follow {
                sys::stat(&path).or_else(|e| if s.dereference { Err(e) } else { sys::lstat(&path) })
            } else {
                sys::lstat(&path)
            };
            match found {
                Ok(stat) => {
                    let entry = entry(operand, path, Some(stat));
                    if stat.is_dir() && !self.settings.directory {
                        directories.push(entry);
                    } else {
                        files.push(entry);
                    }
                }
                Err(e) => {
                    let shown = path.display();
                    complain(&self.name, format_args!("cannot access '{shown}': {}", reason(&e)));
                    self.status = 2;
                }
            }
        }
        self.sort(&mut files);
        self.sort(&mut directories);
        if !files.is_empty() {
            self.show(&mut out, &files);
            self.printed = true;
        }
        for directory in directories {
            self.directory(&mut out, &directory.path, several || self.settings.recursive, true);
        }
    }

    fn directory(&mut self, out: &mut Out, path: &Path, heading: bool, top: bool) {
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(e) => {
                out.flush();
                let shown = path.display();
                complain(
                    &self.name,
                    format_args!("cannot open directory '{shown}': {}", reason(&e)),
                );
                self.status = if top { 2 } else { self.status.max(1) };
                return;
            }
        };
        if heading {
            if self.printed {
                out.line("");
            }
            out.put(bytes(path.as_os_str()));
            out.line(":");
        }
        self.printed = true;
        let s = &self.settings;
        let mut list = Vec::new();
        if s.all {
            for dots in [".", ".."] {
                let path = path.join(dots);
                // The sandbox's root has no parent; `..` of a mount's root is the virtual root.
                let stat = sys::lstat(&path).or_else(|_| sys::lstat("/")).ok();
                list.push(entry(dots.into(), path, stat));
            }
        }
        for found in entries.flatten() {
            let name = found.file_name();
            if name == "." || name == ".." {
                continue;
            }
            let hidden = bytes(&name).starts_with(b".");
            if hidden && !s.all && !s.almost_all || self.ignored(&name) {
                continue;
            }
            let path = path.join(&name);
            let stat = if s.dereference { sys::stat(&path) } else { sys::lstat(&path) };
            match stat {
                Ok(stat) => list.push(entry(name, path, Some(stat))),
                Err(e) => {
                    out.flush();
                    let shown = path.display();
                    complain(&self.name, format_args!("cannot access '{shown}': {}", reason(&e)));
                    self.status = self.status.max(1);
                    list.push(entry(name, path, None));
                }
            }
        }
        self.sort(&mut list);
        if s.layout == Layout::Long || s.blocks {
            let blocks: u64 = list.iter().filter_map(|e| e.stat).map(|st| st.blocks).sum();
            out.print(format_args!("total {}\n", self.block_count(blocks)));
        }
        self.show(out, &list);
        if self.settings.recursive {
            for entry in list {
                let dots = entry.name == "." || entry.name == "..";
                if !dots && entry.stat.is_some_and(|stat| stat.is_dir()) {
                    self.directory(out, &entry.path, true, false);
                }
            }
        }
    }

    fn ignored(&self, name: &OsStr) -> bool {
        self.settings.hidden.iter().any(|glob| crate::glob::matches(glob.as_bytes(), bytes(name)))
    }

    fn sort(&self, list: &mut [Entry]) {
        let s = &self.settings;
        let time = |e: &Entry| e.stat.map(|st| self.time(&st));
        let by_name = |a: &Entry, b: &Entry| bytes(&a.name).cmp(bytes(&b.name));
        let order = |a: &Entry, b: &Entry| match s.sort {
            Sort::None => Ordering::Equal,
            Sort::Name => by_name(a, b),
            Sort::Time => time(b).cmp(&time(a)).then_with(|| by_name(a, b)),
            Sort::Size => {
                let size = |e: &Entry| e.stat.map(|st| st.size);
                size(b).cmp(&size(a)).then_with(|| by_name(a, b))
            }
            Sort::Extension => {
                let ext = |e: &Entry| e.path.extension().map(OsStr::to_owned);
                ext(a).cmp(&ext(b)).then_with(|| by_name(a, b))
            }
            Sort::Version => {
                crate::version::compare(bytes(&a.name), bytes(&b.name)).then_with(|| by_name(a, b))
            }
        };
        list.sort_by(|a, b| if s.reverse { order(b, a) } else { order(a, b) });
        if s.directories_first {
            list.sort_by_key(|e| !e.stat.is_some_and(|st| st.is_dir()));
        }
    }

    pub(super) fn time(&self, stat: &Stat) -> (i64, i64) {
        if self.settings.access_time {
            stat.atime
        } else if self.settings.change_time {
            stat.ctime
        } else {
            stat.mtime
        }
    }
}

fn entry(name: OsString, path: PathBuf, stat: Option<Stat>) -> Entry {
    let link = stat.filter(Stat::is_symlink).and_then(|_| std::fs::read_link(&path).ok());
    Entry { name, path, stat, link }
}
