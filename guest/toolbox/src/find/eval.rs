//! Walking the trees and evaluating the expression of `find`.

use super::{Exec, Expr, Links, Permission, Search, print};
use crate::glob;
use crate::io::{complain, reason};
use crate::options::bytes;
use crate::process::child::{self, Program};
use crate::process::xargs::substitute;
use crate::sys::{self, Stat};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of file names in one command of `-exec … +`.
const BATCH: usize = 128 * 1024;

/// The file being looked at.
pub(super) struct Visited<'a> {
    pub(super) path: &'a Path,
    /// The operand that it was found under.
    pub(super) root: &'a Path,
    pub(super) depth: usize,
    pub(super) stat: Stat,
    pub(super) prune: bool,
}

impl Visited<'_> {
    /// The last component, without trailing slashes.
    pub(super) fn name(&self) -> &[u8] {
        base_name(bytes(self.path.as_os_str()))
    }
}

pub(super) fn base_name(path: &[u8]) -> &[u8] {
    let trimmed = match path.iter().rposition(|&b| b != b'/') {
        Some(last) => &path[..=last],
        None => return &path[..path.len().min(1)],
    };
    trimmed.rsplit(|&b| b == b'/').next().unwrap_or(trimmed)
}

impl Search {
    pub(super) fn run(&mut self) -> u8 {
        let roots = std::mem::take(&mut self.roots);
        let mut expr = std::mem::replace(&mut self.expr, Expr::Const(true));
        for root in &roots {
            if self.quit {
                break;
            }
            let path = Path::new(root);
            let mut above = Vec::new();
            self.visit(&mut expr, path, path, 0, None, &mut above);
        }
        self.finish(&mut expr);
        self.out.flush();
        for output in &mut self.outputs {
            if output.flush().is_err() {
                self.failed = true;
            }
        }
        u8::from(self.failed)
    }

    fn fail(&mut self, path: &Path, e: &std::io::Error) {
        self.out.flush();
        complain(&self.name, format_args!("'{}': {}", path.display(), reason(e)));
        self.failed = true;
    }

    fn visit(
        &mut self,
        expr: &mut Expr,
        path: &Path,
        root: &Path,
        depth: usize,
        device: Option<u64>,
        above: &mut Vec<(u64, u64)>,
    ) {
        let follow = match self.links {
            Links::Always => true,
            Links::Operands => depth == 0,
            Links::Never => false,
        };
        // A dangling link is looked at itself.
        let found =
            if follow { sys::stat(path).or_else(|_| sys::lstat(path)) } else { sys::lstat(path) };
        let stat = match found {
            Ok(stat) => stat,
            Err(e) => return self.fail(path, &e),
        };
        let mut visited = Visited { path, root, depth, stat, prune: false };
        let shown = depth >= self.min_depth;
        if shown && !self.depth_first {
            self.eval(expr, &mut visited);
        }
        let other_device = self.one_device && device.is_some_and(|device| device != stat.dev);
        let identity = (stat.dev, stat.ino);
        let enter = stat.is_dir() && !visited.prune && !self.quit && depth < self.max_depth;
        if enter && !other_device {
            if above.contains(&identity) && self.links == Links::Always {
                let message = format!(
                    "File system loop detected; '{}' is part of the same file system loop",
                    path.display()
                );
                complain(&self.name, message);
                self.failed = true;
            } else {
                above.push(identity);
                self.entries(expr, path, root, depth, device.unwrap_or(stat.dev), above);
                above.pop();
            }
        }
        if shown && self.depth_first && !self.quit {
            self.eval(expr, &mut visited);
        }
    }

    fn entries(
        &mut self,
        expr: &mut Expr,
        path: &Path,
        root: &Path,
        depth: usize,
        device: u64,
        above: &mut Vec<(u64, u64)>,
    ) {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(e) => return self.fail(path, &e),
        };
        // Read whole: `-delete` and `-exec` change directories while they are walked.
        let names: Vec<OsString> = entries.flatten().map(|entry| entry.file_name()).collect();
        for name in names {
            if name == "." || name == ".." {
                continue;
            }
            if self.quit {
                return;
            }
            self.visit(expr, &join(path, &name), root, depth + 1, Some(device), above);
        }
    }

    fn eval(&mut self, expr: &mut Expr, v: &mut Visited<'_>) -> bool {
        if self.quit {
            return false;
        }
        match expr {
            Expr::And(items) => items.iter_mut().all(|item| self.eval(item, v)),
            Expr::Or(items) => items.iter_mut().any(|item| self.eval(item, v)),
            Expr::List(items) => {
                let mut value = false;
                for item in items {
                    value = self.eval(item, v);
                }
                value
            }
            Expr::Not(inner) => !self.eval(inner, v),
            Expr::Const(value) => *value,
            Expr::Name { pattern, fold } => wild(pattern, v.name(), *fold),
            Expr::Path { pattern, fold } => wild(pattern, bytes(v.path.as_os_str()), *fold),
            Expr::LinkName { pattern, fold } => match fs::read_link(v.path) {
                Ok(target) => wild(pattern, bytes(target.as_os_str()), *fold),
                Err(_) => false,
            },
            Expr::Regex(regex) => regex.is_match(bytes(v.path.as_os_str())),
            Expr::Type { kinds, of_target } => {
                let kind = if *of_target {
                    // The other view of a link than the one that is walked.
                    let other = if self.links == Links::Always {
                        sys::lstat(v.path)
                    } else {
                        sys::stat(v.path)
                    };
                    other.or_else(|_| sys::lstat(v.path)).map_or(v.stat.kind(), |stat| stat.kind())
                } else {
                    v.stat.kind()
                };
                kinds.contains(&kind)
            }
            Expr::Size { compare, unit } => compare.holds(v.stat.size.div_ceil(*unit)),
            Expr::Empty => match v.stat.kind() {
                sys::REGULAR => v.stat.size == 0,
                sys::DIRECTORY => fs::read_dir(v.path).is_ok_and(|mut d| {
                    !d.any(|e| e.is_ok_and(|e| e.file_name() != "." && e.file_name() != ".."))
                }),
                _ => false,
            },
            Expr::Perm(wanted) => {
                let mode = v.stat.permissions();
                match *wanted {
                    Permission::Exactly(bits) => mode == bits,
                    Permission::All(bits) => mode & bits == bits,
                    Permission::Any(bits) => bits == 0 || mode & bits != 0,
                }
            }
            Expr::Age { which, compare, unit } => {
                let age = (self.now - which.of(&v.stat).0).max(0);
                // Minutes are rounded up, days down, as findutils does.
                let units = if *unit == 60 { (age + 59) / 60 } else { age / *unit };
                compare.holds(u64::try_from(units).unwrap_or(0))
            }
            Expr::Newer { which, than } => which.of(&v.stat) > *than,
            Expr::Links(compare) => compare.holds(v.stat.nlink),
            Expr::Inode(compare) => compare.holds(v.stat.ino),
            Expr::SameFile(dev, ino) => (v.stat.dev, v.stat.ino) == (*dev, *ino),
            Expr::Access(bit) => sys::stat(v.path).is_ok_and(|stat| sys::may(&stat, *bit)),
            Expr::Prune => {
                v.prune = true;
                true
            }
            Expr::Quit => {
                self.quit = true;
                true
            }
            Expr::Print { end, to } => {
                let line = [bytes(v.path.as_os_str()), &[*end]].concat();
                self.write(*to, &line);
                true
            }
            Expr::Printf { format, to } => {
                let text = print::format(format, v);
                self.write(*to, &text);
                true
            }
            Expr::Ls => {
                let line = print::ls(v);
                self.write(0, &line);
                true
            }
            Expr::Delete => self.delete(v),
            Expr::Exec(exec) => self.exec(exec, v),
        }
    }

    fn write(&mut self, to: usize, text: &[u8]) {
        match to.checked_sub(1) {
            None => self.out.put(text),
            Some(index) => {
                if let Err(e) = self.outputs[index].write_all(text) {
                    complain(&self.name, reason(&e));
                    self.failed = true;
                }
            }
        }
    }

    fn delete(&mut self, v: &Visited<'_>) -> bool {
        if v.name() == b"." {
            return true;
        }
        let real_directory = sys::lstat(v.path).is_ok_and(|stat| stat.is_dir());
        let removed = if real_directory { fs::remove_dir(v.path) } else { fs::remove_file(v.path) };
        if let Err(e) = removed {
            self.out.flush();
            complain(
                &self.name,
                format_args!("cannot delete '{}': {}", v.path.display(), reason(&e)),
            );
            self.failed = true;
            return false;
        }
        true
    }

    fn exec(&mut self, exec: &mut Exec, v: &Visited<'_>) -> bool {
        let (file, directory) = if exec.in_directory {
            let name = v.name();
            let file = if name == b"/" { b"/".to_vec() } else { [b"./", name].concat() };
            (crate::options::os_string(&file), Some(parent(v.path)))
        } else {
            (v.path.as_os_str().to_owned(), None)
        };
        if exec.batch {
            let size: usize = exec.pending.iter().map(|name| name.len() + 1).sum();
            if exec.directory != directory || size + file.len() > BATCH {
                self.run_batch(exec);
            }
            exec.directory = directory;
            exec.pending.push(file);
            return true;
        }
        let item = bytes(&file);
        let argv: Vec<OsString> =
            exec.command.iter().map(|arg| substitute(arg, b"{}", item)).collect();
        if exec.ask && !self.agreed(&argv) {
            return false;
        }
        self.start(&argv, directory.as_deref(), exec.ask) == Some(0)
    }

    /// `-ok`: asks on standard error, reads the answer from standard input.
    fn agreed(&mut self, argv: &[OsString]) -> bool {
        use std::io::Write;
        self.out.flush();
        let shown: Vec<_> = argv.iter().map(|arg| arg.to_string_lossy()).collect();
        let _ = write!(std::io::stderr(), "< {} > ? ", shown.join(" "));
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        read.is_ok() && answer.trim_start().starts_with(['y', 'Y'])
    }

    fn run_batch(&mut self, exec: &mut Exec) {
        if exec.pending.is_empty() {
            return;
        }
        let mut argv = exec.command.clone();
        argv.append(&mut exec.pending);
        // A failing batch makes find fail, a failing single command is just false.
        if self.start(&argv, exec.directory.as_deref(), false) != Some(0) {
            self.failed = true;
        }
    }

    fn start(&mut self, argv: &[OsString], cwd: Option<&Path>, no_input: bool) -> Option<u8> {
        self.out.flush();
        match child::run(&Program { cwd, no_input, ..Program::new(argv) }) {
            Ok(ended) => Some(ended.status),
            Err(e) => {
                complain(&self.name, format_args!("'{}': {}", argv[0].display(), reason(&e)));
                // For a single command that is just false; a batch makes find fail.
                None
            }
        }
    }

    /// Runs the batches that are left.
    fn finish(&mut self, expr: &mut Expr) {
        match expr {
            Expr::And(items) | Expr::Or(items) | Expr::List(items) => {
                for item in items {
                    self.finish(item);
                }
            }
            Expr::Not(inner) => self.finish(inner),
            Expr::Exec(exec) => self.run_batch(exec),
            _ => {}
        }
    }
}

fn wild(pattern: &[u8], text: &[u8], fold: bool) -> bool {
    if !fold {
        return glob::matches(pattern, text);
    }
    let lower = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => bytes.to_ascii_lowercase(),
    };
    glob::matches(&lower(pattern), &lower(text))
}

/// `directory/name`, keeping the directory as it was written.
fn join(directory: &Path, name: &OsStr) -> PathBuf {
    let written = bytes(directory.as_os_str());
    let slash: &[u8] = if written.ends_with(b"/") { b"" } else { b"/" };
    PathBuf::from(crate::options::os_string(&[written, slash, bytes(name)].concat()))
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) => PathBuf::from("."),
        None => PathBuf::from("/"),
    }
}
