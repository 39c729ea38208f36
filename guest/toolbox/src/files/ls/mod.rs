//! `ls`: our own, because modes and owners are the sandbox's, not the host's.

mod list;
mod show;

use crate::options::{BadUsage, Item, Options};
use crate::sys::Stat;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

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
