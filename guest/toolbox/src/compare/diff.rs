//! `diff`: compares files and trees.

use super::hunks::{self, Format, Lines, Paint};
use crate::io::{Out, complain, reason, usage};
use crate::options::{BadUsage, Item, Options, bytes};
use crate::{glob, sys, time};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

/// Something went wrong: 1 means that the files differ.
const TROUBLE: u8 = 2;

#[expect(clippy::struct_excessive_bools, reason = "one per option")]
struct Settings {
    format: Format,
    brief: bool,
    report_same: bool,
    recursive: bool,
    new_file: bool,
    text: bool,
    fold: bool,
    ignore_space: bool,
    ignore_space_change: bool,
    ignore_trailing: bool,
    ignore_blank_lines: bool,
    strip_cr: bool,
    no_dereference: bool,
    labels: Vec<String>,
    exclude: Vec<String>,
    color: bool,
    /// The options as they are repeated before each pair of a tree.
    shown: Vec<String>,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(TROUBLE)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut s = Settings {
        format: Format::Normal,
        brief: false,
        report_same: false,
        recursive: false,
        new_file: false,
        text: false,
        fold: false,
        ignore_space: false,
        ignore_space_change: false,
        ignore_trailing: false,
        ignore_blank_lines: false,
        strip_cr: false,
        no_dereference: false,
        labels: Vec::new(),
        exclude: Vec::new(),
        color: false,
        shown: Vec::new(),
    };
    s.shown = args
        .iter()
        .map(|arg| arg.to_string_lossy().into_owned())
        .filter(|arg| arg.starts_with('-') && arg.len() > 1)
        .collect();
    let mut operands = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('u') => s.format = Format::Unified(3),
            Item::Short('U') => s.format = Format::Unified(options.number("context length")?),
            Item::Short('c') => s.format = Format::Context(3),
            Item::Short('C') => s.format = Format::Context(options.number("context length")?),
            Item::Short('e') => s.format = Format::Ed,
            Item::Short('q') => s.brief = true,
            Item::Short('s') => s.report_same = true,
            Item::Short('r') => s.recursive = true,
            Item::Short('N') => s.new_file = true,
            Item::Short('a') => s.text = true,
            Item::Short('i') => s.fold = true,
            Item::Short('w') => s.ignore_space = true,
            Item::Short('b') => s.ignore_space_change = true,
            Item::Short('Z') => s.ignore_trailing = true,
            Item::Short('B') => s.ignore_blank_lines = true,
            Item::Short('x') => s.exclude.push(options.text()?),
            Item::Short('L') => s.labels.push(options.text()?),
            // How hard the search for a small difference is, and names of functions in headers.
            Item::Short('d' | 'H' | 'p' | 'P') => {}
            Item::Long(ref long) => match &**long {
                "unified" => {
                    let lines = options.attached().and_then(|v| v.to_str()?.parse().ok());
                    s.format = Format::Unified(lines.unwrap_or(3));
                }
                "context" => {
                    let lines = options.attached().and_then(|v| v.to_str()?.parse().ok());
                    s.format = Format::Context(lines.unwrap_or(3));
                }
                "normal" => s.format = Format::Normal,
                "ed" => s.format = Format::Ed,
                "brief" => s.brief = true,
                "report-identical-files" => s.report_same = true,
                "recursive" => s.recursive = true,
                "new-file" => s.new_file = true,
                "text" => s.text = true,
                "ignore-case" => s.fold = true,
                "ignore-all-space" => s.ignore_space = true,
                "ignore-space-change" => s.ignore_space_change = true,
                "ignore-trailing-space" => s.ignore_trailing = true,
                "ignore-blank-lines" => s.ignore_blank_lines = true,
                "strip-trailing-cr" => s.strip_cr = true,
                "no-dereference" => s.no_dereference = true,
                "exclude" => s.exclude.push(options.text()?),
                "label" => s.labels.push(options.text()?),
                "minimal" | "speed-large-files" => {}
                "color" => {
                    let when = options.attached().map(|v| v.to_string_lossy().into_owned());
                    s.color = match when.as_deref() {
                        None | Some("auto") => std::io::stdout().is_terminal(),
                        Some(when) => when == "always",
                    };
                }
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(PathBuf::from(operand)),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    let [old, new] = match <[PathBuf; 2]>::try_from(operands) {
        Ok(pair) => pair,
        Err(operands) => {
            match operands.last() {
                Some(last) if operands.len() > 2 => {
                    usage(name, format_args!("extra operand '{}'", last.display()));
                }
                Some(last) => {
                    usage(name, format_args!("missing operand after '{}'", last.display()))
                }
                None => usage(name, "missing operand after 'diff'"),
            }
            return Err(BadUsage);
        }
    };
    let mut differ = Differ { name, s: &s, out: Out::new(name, TROUBLE), status: 0 };
    // A file and a directory: the file of that name in the directory.
    let is_dir = |path: &Path| path.as_os_str() != "-" && path.is_dir();
    let inside =
        |directory: &Path, file: &Path| directory.join(file.file_name().unwrap_or_default());
    match (is_dir(&old), is_dir(&new)) {
        (true, true) => differ.trees(&old, &new, true),
        (true, false) => differ.files(&inside(&old, &new), &new, false),
        (false, true) => differ.files(&old, &inside(&new, &old), false),
        (false, false) => differ.files(&old, &new, false),
    }
    Ok(differ.status)
}

struct Differ<'a> {
    name: &'a str,
    s: &'a Settings,
    out: Out,
    status: u8,
}

impl Differ<'_> {
    fn trouble(&mut self, message: String) {
        self.out.flush();
        complain(self.name, message);
        self.status = TROUBLE;
    }

    fn different(&mut self) {
        self.status = self.status.max(1);
    }

    fn trees(&mut self, old: &Path, new: &Path, top: bool) {
        let mut names: BTreeMap<OsString, [bool; 2]> = BTreeMap::new();
        for (index, directory) in [old, new].into_iter().enumerate() {
            match std::fs::read_dir(directory) {
                Ok(entries) => {
                    for entry in entries.flatten() {
                        let name = entry.file_name();
                        let excluded = self
                            .s
                            .exclude
                            .iter()
                            .any(|g| glob::matches(g.as_bytes(), bytes(&name)));
                        if name != "." && name != ".." && !excluded {
                            names.entry(name).or_default()[index] = true;
                        }
                    }
                }
                Err(_) if self.s.new_file && !top => {}
                Err(e) => return self.trouble(format!("{}: {}", directory.display(), reason(&e))),
            }
        }
        for (name, [in_old, in_new]) in names {
            let (a, b) = (old.join(&name), new.join(&name));
            if !(in_old && in_new) && !self.s.new_file {
                let directory = if in_old { old } else { new };
                self.out.print(format_args!(
                    "Only in {}: {}\n",
                    directory.display(),
                    name.display()
                ));
                self.different();
                continue;
            }
            match (self.kind(&a), self.kind(&b)) {
                (Some(true), Some(true)) | (Some(true), None) | (None, Some(true)) => {
                    if self.s.recursive {
                        self.trees(&a, &b, false);
                    } else {
                        let (a, b) = (a.display(), b.display());
                        self.out.print(format_args!("Common subdirectories: {a} and {b}\n"));
                    }
                }
                (Some(false), Some(false)) | (Some(false), None) | (None, Some(false)) => {
                    self.files(&a, &b, true);
                }
                (Some(is_dir), _) => {
                    let kind = |dir: bool| if dir { "directory" } else { "regular file" };
                    self.out.print(format_args!(
                        "File {} is a {} while file {} is a {}\n",
                        a.display(),
                        kind(is_dir),
                        b.display(),
                        kind(!is_dir)
                    ));
                    self.different();
                }
                (None, None) => {}
            }
        }
    }

    /// Whether it is a directory; `None` when there is nothing.
    fn kind(&self, path: &Path) -> Option<bool> {
        let stat = if self.s.no_dereference { sys::lstat(path) } else { sys::stat(path) };
        stat.ok().map(|stat| stat.is_dir())
    }

    fn read(&mut self, path: &Path) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        let read = if path.as_os_str() == "-" {
            std::io::stdin().lock().read_to_end(&mut text).map(drop)
        } else {
            std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut text).map(drop))
        };
        match read {
            Ok(()) => Some(text),
            Err(e) if self.s.new_file && e.kind() == std::io::ErrorKind::NotFound => {
                Some(Vec::new())
            }
            Err(e) => {
                self.trouble(format!("{}: {}", path.display(), reason(&e)));
                None
            }
        }
    }

    fn files(&mut self, old: &Path, new: &Path, in_tree: bool) {
        let (Some(before), Some(after)) = (self.read(old), self.read(new)) else {
            return;
        };
        let (shown_old, shown_new) = (old.display(), new.display());
        let same = |this: &mut Self| {
            if this.s.report_same {
                this.out.print(format_args!("Files {shown_old} and {shown_new} are identical\n"));
            }
        };
        if before == after {
            return same(self);
        }
        let binary = |text: &[u8]| text[..text.len().min(32 * 1024)].contains(&0);
        if !self.s.text && (binary(&before) || binary(&after)) {
            let what = if self.s.brief { "Files" } else { "Binary files" };
            self.out.print(format_args!("{what} {shown_old} and {shown_new} differ\n"));
            return self.different();
        }
        let (a, b) = (self.lines(&before), self.lines(&after));
        let operations = hunks::changes(&a, &b);
        let blank = self.s.ignore_blank_lines;
        let ignorable = move |line: &[u8]| blank && line.trim_ascii().is_empty();
        if !hunks::differs(&operations, &a, &b, &ignorable) {
            return same(self);
        }
        self.different();
        if self.s.brief {
            self.out.print(format_args!("Files {shown_old} and {shown_new} differ\n"));
            return;
        }
        if in_tree {
            let options: String = self.s.shown.iter().map(|option| format!(" {option}")).collect();
            self.out.print(format_args!("diff{options} {shown_old} {shown_new}\n"));
        }
        let headers = [self.header(0, old), self.header(1, new)];
        let paint = Paint(self.s.color);
        let text =
            hunks::show(self.s.format, operations, &a, &b, [&headers[0], &headers[1]], paint);
        self.out.put(text);
    }

    fn header(&self, index: usize, path: &Path) -> String {
        if let Some(label) = self.s.labels.get(index) {
            return label.clone();
        }
        let at = match sys::stat(path) {
            Ok(stat) => stat.mtime,
            Err(_) if path.as_os_str() == "-" => time::now(),
            Err(_) => (0, 0),
        };
        let date = match self.s.format {
            Format::Context(_) => time::format("%a %b %e %H:%M:%S %Y", at),
            _ => time::full(at),
        };
        format!("{}\t{date}", path.display())
    }

    fn lines<'t>(&self, text: &'t [u8]) -> Lines<'t> {
        let lines: Vec<&[u8]> = text.split_inclusive(|b| *b == b'\n').collect();
        let keys = lines.iter().map(|line| self.key(line)).collect();
        Lines { lines, keys }
    }

    /// What of a line is compared.
    fn key(&self, line: &[u8]) -> Vec<u8> {
        let s = self.s;
        let mut key = line.to_vec();
        if s.strip_cr && key.ends_with(b"\r\n") {
            key.truncate(key.len() - 2);
            key.push(b'\n');
        }
        if s.ignore_space {
            key.retain(|b| !b.is_ascii_whitespace());
        } else if s.ignore_space_change {
            let mut shorter = Vec::with_capacity(key.len());
            for &byte in key.trim_ascii_end() {
                if byte.is_ascii_whitespace() {
                    if shorter.last() != Some(&b' ') {
                        shorter.push(b' ');
                    }
                } else {
                    shorter.push(byte);
                }
            }
            key = shorter;
        } else if s.ignore_trailing {
            key.truncate(key.trim_ascii_end().len());
        }
        if s.fold {
            key = String::from_utf8_lossy(&key).to_lowercase().into_bytes();
        }
        key
    }
}
