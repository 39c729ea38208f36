//! `ls`: our own, because modes and owners are the sandbox's, not the host's.

use super::modes;
use crate::io::{Out, complain, reason};
use crate::options::{BadUsage, Item, Options, bytes};
use crate::sys::{self, Stat};
use crate::{size, time};
use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Name,
    Time,
    Size,
    Extension,
    Version,
    None,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    One,
    Columns,
    Commas,
    Long,
}

#[expect(clippy::struct_excessive_bools, reason = "one per option")]
struct Settings {
    all: bool,
    almost_all: bool,
    directory: bool,
    recursive: bool,
    reverse: bool,
    human: Option<u64>,
    inode: bool,
    blocks: bool,
    numeric: bool,
    owner: bool,
    group: bool,
    dereference: bool,
    dereference_operands: bool,
    directories_first: bool,
    /// `-F`, `-p`.
    classify: bool,
    slash: bool,
    color: bool,
    quote: bool,
    access_time: bool,
    change_time: bool,
    time_style: Option<String>,
    sort: Sort,
    layout: Layout,
    hidden: Vec<String>,
}

struct Entry {
    name: OsString,
    path: PathBuf,
    stat: Option<Stat>,
    link: Option<PathBuf>,
}

struct Lister {
    settings: Settings,
    name: String,
    status: u8,
    printed: bool,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(2)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let terminal = std::io::stdout().is_terminal();
    let mut s = Settings {
        all: false,
        almost_all: false,
        directory: false,
        recursive: false,
        reverse: false,
        human: None,
        inode: false,
        blocks: false,
        numeric: false,
        owner: true,
        group: true,
        dereference: false,
        dereference_operands: false,
        directories_first: false,
        classify: false,
        slash: false,
        color: false,
        quote: false,
        access_time: false,
        change_time: false,
        time_style: None,
        sort: Sort::Name,
        layout: if terminal { Layout::Columns } else { Layout::One },
        hidden: Vec::new(),
    };
    let mut operands = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('a') => s.all = true,
            Item::Short('A') => s.almost_all = true,
            Item::Short('l') => s.layout = Layout::Long,
            Item::Short('1') if s.layout != Layout::Long => s.layout = Layout::One,
            Item::Short('1' | 'k' | 'N' | 'q') => {}
            Item::Short('C' | 'x') => s.layout = Layout::Columns,
            Item::Short('m') => s.layout = Layout::Commas,
            Item::Short('d') => s.directory = true,
            Item::Short('R') => s.recursive = true,
            Item::Short('r') => s.reverse = true,
            Item::Short('h') => s.human = Some(1024),
            Item::Short('i') => s.inode = true,
            Item::Short('s') => s.blocks = true,
            Item::Short('n') => (s.numeric, s.layout) = (true, Layout::Long),
            Item::Short('g') => (s.owner, s.layout) = (false, Layout::Long),
            Item::Short('o') => (s.group, s.layout) = (false, Layout::Long),
            Item::Short('G') => s.group = false,
            Item::Short('L') => s.dereference = true,
            Item::Short('H') => s.dereference_operands = true,
            Item::Short('F') => s.classify = true,
            Item::Short('p') => s.slash = true,
            Item::Short('Q') => s.quote = true,
            Item::Short('t') => s.sort = Sort::Time,
            Item::Short('S') => s.sort = Sort::Size,
            Item::Short('X') => s.sort = Sort::Extension,
            Item::Short('v') => s.sort = Sort::Version,
            Item::Short('U') => s.sort = Sort::None,
            Item::Short('f') => (s.sort, s.all) = (Sort::None, true),
            Item::Short('u') => s.access_time = true,
            Item::Short('c') => s.change_time = true,
            Item::Short('I') => s.hidden.push(options.text()?),
            Item::Long(ref long) => match &**long {
                "all" => s.all = true,
                "almost-all" => s.almost_all = true,
                "directory" => s.directory = true,
                "recursive" => s.recursive = true,
                "reverse" => s.reverse = true,
                "human-readable" => s.human = Some(1024),
                "si" => s.human = Some(1000),
                "inode" => s.inode = true,
                "size" => s.blocks = true,
                "numeric-uid-gid" => (s.numeric, s.layout) = (true, Layout::Long),
                "no-group" => s.group = false,
                "dereference" => s.dereference = true,
                "dereference-command-line" => s.dereference_operands = true,
                "group-directories-first" => s.directories_first = true,
                "classify" => s.classify = when(options.attached(), terminal, true),
                "file-type" | "indicator-style=slash" => s.slash = true,
                "color" | "colour" => s.color = when(options.attached(), terminal, true),
                "quote-name" => s.quote = true,
                "literal" | "show-control-chars" | "hide-control-chars" => {}
                "ignore" | "hide" => s.hidden.push(options.text()?),
                "full-time" => {
                    s.layout = Layout::Long;
                    s.time_style = Some("full-iso".to_owned());
                }
                "time-style" => s.time_style = Some(options.text()?),
                "time" => match &*options.text()? {
                    "atime" | "access" | "use" => s.access_time = true,
                    "ctime" | "status" => s.change_time = true,
                    "mtime" | "modification" => {}
                    other => return invalid(name, "--time", other),
                },
                "sort" => {
                    s.sort = match &*options.text()? {
                        "name" => Sort::Name,
                        "none" => Sort::None,
                        "size" => Sort::Size,
                        "time" => Sort::Time,
                        "extension" => Sort::Extension,
                        "version" => Sort::Version,
                        other => return invalid(name, "--sort", other),
                    }
                }
                "format" => {
                    s.layout = match &*options.text()? {
                        "long" | "verbose" => Layout::Long,
                        "single-column" => Layout::One,
                        "commas" => Layout::Commas,
                        "vertical" | "across" | "horizontal" => Layout::Columns,
                        other => return invalid(name, "--format", other),
                    }
                }
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(operand),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    // `-u` and `-c` alone sort by that time; with `-l` they only choose what is shown.
    if (s.access_time || s.change_time) && s.sort == Sort::Name && s.layout != Layout::Long {
        s.sort = Sort::Time;
    }
    let mut lister = Lister { settings: s, name: name.to_owned(), status: 0, printed: false };
    lister.operands(operands);
    Ok(lister.status)
}

fn when(value: Option<OsString>, terminal: bool, default: bool) -> bool {
    match value.as_ref().and_then(|v| v.to_str()) {
        Some("never" | "no" | "none") => false,
        Some("auto" | "tty" | "if-tty") => terminal,
        Some(_) => true,
        None => default,
    }
}

fn invalid<T>(name: &str, option: &str, value: &str) -> Result<T, BadUsage> {
    crate::io::usage(name, format_args!("invalid argument '{value}' for '{option}'"));
    Err(BadUsage)
}

impl Lister {
    fn operands(&mut self, mut operands: Vec<OsString>) {
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

    fn time(&self, stat: &Stat) -> (i64, i64) {
        if self.settings.access_time {
            stat.atime
        } else if self.settings.change_time {
            stat.ctime
        } else {
            stat.mtime
        }
    }

    fn block_count(&self, blocks: u64) -> String {
        match self.settings.human {
            Some(base) => size::human(blocks * 512, base),
            None => blocks.div_ceil(2).to_string(),
        }
    }

    fn show(&self, out: &mut Out, list: &[Entry]) {
        match self.settings.layout {
            Layout::Long => self.long(out, list),
            Layout::One => {
                for entry in list {
                    out.line(self.cell(entry));
                }
            }
            Layout::Commas => {
                let cells: Vec<_> = list.iter().map(|entry| self.cell(entry)).collect();
                out.line(cells.join(&b", "[..]));
            }
            Layout::Columns => columns(out, &list.iter().map(|e| self.cell(e)).collect::<Vec<_>>()),
        }
    }

    fn cell(&self, entry: &Entry) -> Vec<u8> {
        let mut cell = Vec::new();
        if self.settings.inode {
            cell.extend(entry.stat.map_or("?".into(), |s| s.ino.to_string()).bytes());
            cell.push(b' ');
        }
        if self.settings.blocks {
            let blocks = entry.stat.map_or("?".into(), |s| self.block_count(s.blocks));
            cell.extend(blocks.bytes());
            cell.push(b' ');
        }
        cell.extend(self.decorated(entry));
        cell
    }

    fn decorated(&self, entry: &Entry) -> Vec<u8> {
        let mut text = Vec::new();
        let stat = entry.stat.unwrap_or(NOTHING);
        let color = if self.settings.color { color(&stat) } else { "" };
        if !color.is_empty() {
            text.extend(b"\x1b[");
            text.extend(color.bytes());
            text.push(b'm');
        }
        if self.settings.quote {
            text.push(b'"');
        }
        text.extend(bytes(&entry.name));
        if self.settings.quote {
            text.push(b'"');
        }
        if !color.is_empty() {
            text.extend(b"\x1b[0m");
        }
        match stat.kind() {
            sys::DIRECTORY if self.settings.classify || self.settings.slash => text.push(b'/'),
            sys::SYMLINK if self.settings.classify && self.settings.layout != Layout::Long => {
                text.push(b'@');
            }
            sys::FIFO if self.settings.classify => text.push(b'|'),
            sys::SOCKET if self.settings.classify => text.push(b'='),
            sys::REGULAR if self.settings.classify && stat.mode & 0o111 != 0 => text.push(b'*'),
            _ => {}
        }
        text
    }

    fn long(&self, out: &mut Out, list: &[Entry]) {
        let s = &self.settings;
        let user = if s.numeric { "0" } else { "root" };
        let size = |stat: &Stat| match s.human {
            Some(base) => size::human(stat.size, base),
            None => stat.size.to_string(),
        };
        let widest = |of: &dyn Fn(&Stat) -> usize| {
            list.iter().filter_map(|e| e.stat).map(|stat| of(&stat)).max().unwrap_or(1)
        };
        let links = widest(&|stat| stat.nlink.to_string().len());
        let sizes = widest(&|stat| size(stat).len());
        let inodes = widest(&|stat| stat.ino.to_string().len());
        let blocks = widest(&|stat| self.block_count(stat.blocks).len());
        for entry in list {
            let Some(stat) = entry.stat else {
                out.put("?????????? ? ? ? ?            ? ");
                out.line(bytes(&entry.name));
                continue;
            };
            if s.inode {
                out.print(format_args!("{:>inodes$} ", stat.ino));
            }
            if s.blocks {
                out.print(format_args!("{:>blocks$} ", self.block_count(stat.blocks)));
            }
            out.print(format_args!("{} {:>links$} ", modes::display(stat.mode), stat.nlink));
            if s.owner {
                out.print(format_args!("{user} "));
            }
            if s.group {
                out.print(format_args!("{user} "));
            }
            out.print(format_args!("{:>sizes$} {} ", size(&stat), self.date(self.time(&stat))));
            out.put(self.decorated(entry));
            if let Some(target) = &entry.link {
                out.put(" -> ");
                out.put(bytes(target.as_os_str()));
            }
            out.line("");
        }
    }

    fn date(&self, at: (i64, i64)) -> String {
        const HALF_A_YEAR: i64 = 31_556_952 / 2;
        match self.settings.time_style.as_deref() {
            Some("full-iso") => time::full(at),
            Some("long-iso") => time::format("%F %R", at),
            Some("iso") => {
                let recent = (0..HALF_A_YEAR).contains(&(time::now().0 - at.0));
                time::format(if recent { "%m-%d %H:%M" } else { "%F " }, at)
            }
            Some(style) if style.starts_with('+') => time::format(&style[1..], at),
            _ => {
                let recent = (0..HALF_A_YEAR).contains(&(time::now().0 - at.0));
                time::format(if recent { "%b %e %H:%M" } else { "%b %e  %Y" }, at)
            }
        }
    }
}

const NOTHING: Stat = Stat {
    dev: 0,
    ino: 0,
    mode: 0,
    nlink: 0,
    size: 0,
    blocks: 0,
    atime: (0, 0),
    mtime: (0, 0),
    ctime: (0, 0),
};

fn entry(name: OsString, path: PathBuf, stat: Option<Stat>) -> Entry {
    let link = stat.filter(Stat::is_symlink).and_then(|_| std::fs::read_link(&path).ok());
    Entry { name, path, stat, link }
}

fn color(stat: &Stat) -> &'static str {
    match stat.kind() {
        sys::DIRECTORY => "01;34",
        sys::SYMLINK => "01;36",
        sys::REGULAR if stat.mode & 0o111 != 0 => "01;32",
        sys::CHARACTER | sys::BLOCK => "40;33;01",
        _ => "",
    }
}

/// Fills columns top to bottom within 80 columns.
fn columns(out: &mut Out, cells: &[Vec<u8>]) {
    let width = |cell: &[u8]| String::from_utf8_lossy(cell).chars().count();
    let widths: Vec<usize> = cells.iter().map(|cell| width(cell)).collect();
    let fits = |rows: usize| {
        let columns: Vec<usize> =
            widths.chunks(rows).map(|c| c.iter().max().map_or(0, |w| w + 2)).collect();
        (columns.iter().sum::<usize>().saturating_sub(2) <= 80).then_some(columns)
    };
    let Some((rows, columns)) = (1..=cells.len()).find_map(|r| fits(r).map(|c| (r, c))) else {
        for cell in cells {
            out.line(cell);
        }
        return;
    };
    for row in 0..rows {
        for (column, room) in columns.iter().enumerate() {
            let Some(cell) = cells.get(column * rows + row) else { continue };
            out.put(cell);
            if cells.len() > (column + 1) * rows + row {
                let used = widths[column * rows + row];
                out.put(vec![b' '; room - used]);
            }
        }
        out.line("");
    }
}
