//! The command line of `tar`.

use super::codec::Codec;
use crate::glob;
use crate::io::{complain, reason, usage};
use crate::options::{BadUsage, Item, Options, bytes, os_string};
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    Append,
    Extract,
    List,
}

#[expect(clippy::struct_excessive_bools, reason = "one per option")]
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) file: Option<OsString>,
    pub(super) codec: Option<Codec>,
    pub(super) verbose: u8,
    /// Members with the directory to look for them in, as `-C` stood before them.
    pub(super) members: Vec<(PathBuf, OsString)>,
    pub(super) directory: PathBuf,
    pub(super) exclude: Vec<String>,
    pub(super) strip: usize,
    pub(super) keep_old: bool,
    pub(super) to_stdout: bool,
    pub(super) touch: bool,
    pub(super) preserve: bool,
    pub(super) absolute: bool,
    pub(super) dereference: bool,
    pub(super) wildcards: bool,
    pub(super) no_recursion: bool,
    pub(super) sort: bool,
    pub(super) numeric: bool,
    pub(super) owner: Option<(String, u64)>,
    pub(super) group: Option<(String, u64)>,
    pub(super) mode: Option<String>,
    pub(super) mtime: Option<i64>,
    pub(super) transform: Option<Transform>,
    pub(super) remove_files: bool,
}

/// `--transform s,from,to,`: only this simple form.
pub(super) struct Transform {
    pub(super) pattern: regex::bytes::Regex,
    pub(super) replacement: Vec<u8>,
    pub(super) all: bool,
}

/// The status of a failed run, as GNU's tar has it.
pub(super) const FATAL: u8 = 2;

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    let Ok((operation, settings)) = read(name, args) else { return FATAL };
    let result = match operation {
        Operation::Create | Operation::Append => {
            super::tar_create::run(&settings, operation == Operation::Append)
        }
        Operation::Extract => super::tar_extract::run(&settings, false),
        Operation::List => super::tar_extract::run(&settings, true),
    };
    match result {
        Ok(0) => 0,
        Ok(status) => {
            complain(name, "Exiting with failure status due to previous errors");
            status
        }
        Err(message) => {
            complain(name, message);
            complain(name, "Error is not recoverable: exiting now");
            FATAL
        }
    }
}

fn read(name: &str, args: Vec<OsString>) -> Result<(Operation, Settings), BadUsage> {
    let mut s = Settings {
        name: name.to_owned(),
        file: std::env::var_os("TAPE"),
        codec: None,
        verbose: 0,
        members: Vec::new(),
        directory: PathBuf::from("."),
        exclude: Vec::new(),
        strip: 0,
        keep_old: false,
        to_stdout: false,
        touch: false,
        preserve: false,
        absolute: false,
        dereference: false,
        wildcards: false,
        no_recursion: false,
        sort: false,
        numeric: false,
        owner: None,
        group: None,
        mode: None,
        mtime: None,
        transform: None,
        remove_files: false,
    };
    let mut operation = None;
    let mut by_name = false;
    let mut null = false;
    let mut lists = Vec::new();
    let mut options = Options::new(name, old_style(args));
    while let Some(item) = options.next()? {
        let mut set = |wanted: Operation| {
            if operation.replace(wanted).is_some_and(|before| before != wanted) {
                usage(name, "You may not specify more than one '-Acdtrux' option");
                return Err(BadUsage);
            }
            Ok(())
        };
        match item {
            Item::Short('c') => set(Operation::Create)?,
            Item::Short('r') => set(Operation::Append)?,
            Item::Short('x') => set(Operation::Extract)?,
            Item::Short('t') => set(Operation::List)?,
            Item::Short('f') => s.file = Some(options.value()?),
            Item::Short('z') => s.codec = Some(Codec::Gzip),
            Item::Short('j') => s.codec = Some(Codec::Bzip2),
            Item::Short('J') => s.codec = Some(Codec::Xz),
            Item::Short('a') => by_name = true,
            Item::Short('I') => s.codec = Some(program(name, &options.text()?)?),
            Item::Short('v') => s.verbose += 1,
            Item::Short('C') => change_directory(&mut s, options.value()?),
            Item::Short('T') => lists.push((s.directory.clone(), options.value()?)),
            Item::Short('X') => exclude_from(name, &mut s, &options.value()?)?,
            Item::Short('k') => s.keep_old = true,
            Item::Short('O') => s.to_stdout = true,
            Item::Short('m') => s.touch = true,
            Item::Short('p') => s.preserve = true,
            Item::Short('P') => s.absolute = true,
            Item::Short('h') => s.dereference = true,
            // One user owns everything; sparse files and buffer sizes change nothing here.
            Item::Short('o' | 'S' | 'B' | 'i' | 'w' | 'U') => {}
            Item::Short('b' | 'H') => drop(options.text()?),
            Item::Long(ref long) => match &**long {
                "create" => set(Operation::Create)?,
                "append" => set(Operation::Append)?,
                "extract" | "get" => set(Operation::Extract)?,
                "list" => set(Operation::List)?,
                "file" => s.file = Some(options.value()?),
                "gzip" | "gunzip" | "ungzip" => s.codec = Some(Codec::Gzip),
                "bzip2" => s.codec = Some(Codec::Bzip2),
                "xz" => s.codec = Some(Codec::Xz),
                "zstd" => s.codec = Some(Codec::Zstd),
                "auto-compress" => by_name = true,
                "use-compress-program" => s.codec = Some(program(name, &options.text()?)?),
                "verbose" => s.verbose += 1,
                "directory" => change_directory(&mut s, options.value()?),
                "files-from" => lists.push((s.directory.clone(), options.value()?)),
                "null" => null = true,
                "exclude" => s.exclude.push(options.text()?),
                "exclude-from" => exclude_from(name, &mut s, &options.value()?)?,
                "exclude-vcs" => {
                    for vcs in [
                        ".git",
                        ".gitignore",
                        ".gitmodules",
                        ".gitattributes",
                        ".hg",
                        ".hgignore",
                        ".svn",
                        "CVS",
                        ".bzr",
                    ] {
                        s.exclude.push(vcs.to_owned());
                    }
                }
                "strip-components" | "strip" => s.strip = options.number("number of elements")?,
                "keep-old-files" | "skip-old-files" => s.keep_old = true,
                "to-stdout" => s.to_stdout = true,
                "touch" => s.touch = true,
                "preserve-permissions" | "same-permissions" => s.preserve = true,
                "absolute-names" => s.absolute = true,
                "dereference" => s.dereference = true,
                "wildcards" => s.wildcards = true,
                "no-wildcards" => s.wildcards = false,
                "no-recursion" => s.no_recursion = true,
                "recursion" => s.no_recursion = false,
                "numeric-owner" => s.numeric = true,
                "remove-files" => s.remove_files = true,
                "sort" => {
                    s.sort = match &*options.text()? {
                        "name" => true,
                        "none" => false,
                        other => {
                            usage(name, format_args!("invalid argument '{other}' for '--sort'"));
                            return Err(BadUsage);
                        }
                    }
                }
                "owner" => s.owner = Some(owner(&options.text()?)),
                "group" => s.group = Some(owner(&options.text()?)),
                "mode" => s.mode = Some(options.text()?),
                "mtime" => s.mtime = Some(moment(name, &options.text()?)?),
                "transform" | "xform" => s.transform = Some(transform(name, &options.text()?)?),
                "format" | "blocking-factor" | "warning" | "checkpoint" | "checkpoint-action"
                | "totals" | "pax-option" => drop(options.attached()),
                "no-same-owner"
                | "same-owner"
                | "no-same-permissions"
                | "overwrite"
                | "posix"
                | "overwrite-dir"
                | "unlink-first"
                | "sparse"
                | "no-auto-compress"
                | "force-local"
                | "ignore-failed-read"
                | "anchored"
                | "no-anchored"
                | "no-overwrite-dir"
                | "no-acls"
                | "no-selinux"
                | "no-xattrs"
                | "hard-dereference" => {}
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => {
                let directory = s.directory.clone();
                s.members.push((directory, operand));
            }
            Item::Short(_) => return options.unknown(&item),
        }
    }
    for (directory, list) in lists {
        let text = if list == "-" {
            std::io::read_to_string(std::io::stdin()).map(String::into_bytes)
        } else {
            std::fs::read(&list)
        };
        match text {
            Ok(text) => {
                let end = if null { 0 } else { b'\n' };
                let names = text.split(|b| *b == end).filter(|name| !name.is_empty());
                s.members.extend(names.map(|name| (directory.clone(), os_string(name))));
            }
            Err(e) => {
                complain(name, format_args!("{}: Cannot open: {}", list.display(), reason(&e)));
                return Err(BadUsage);
            }
        }
    }
    let Some(operation) = operation else {
        usage(name, "You must specify one of the '-Acdtrux', '--delete' or '--test-label' options");
        return Err(BadUsage);
    };
    if by_name && s.codec.is_none() {
        s.codec = s.file.as_ref().and_then(|file| Codec::of_name(bytes(file)));
    }
    Ok((operation, s))
}

/// `tar xzf file dir`: letters without a dash, whose values follow in order.
fn old_style(args: Vec<OsString>) -> Vec<OsString> {
    let Some(first) = args.first().and_then(|arg| arg.to_str()) else { return args };
    let letters = !first.is_empty() && first.bytes().all(|b| b.is_ascii_alphabetic());
    if !letters {
        return args;
    }
    let first = first.to_owned();
    let mut rest = args.into_iter().skip(1);
    let mut out = Vec::new();
    for letter in first.chars() {
        out.push(OsString::from(format!("-{letter}")));
        if "fCTXIbH".contains(letter) {
            out.extend(rest.next());
        }
    }
    out.extend(rest);
    out
}

fn change_directory(s: &mut Settings, to: OsString) {
    s.directory = s.directory.join(to);
}

fn exclude_from(name: &str, s: &mut Settings, file: &OsString) -> Result<(), BadUsage> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            s.exclude.extend(text.lines().filter(|line| !line.is_empty()).map(str::to_owned));
            Ok(())
        }
        Err(e) => {
            complain(name, format_args!("{}: Cannot open: {}", file.display(), reason(&e)));
            Err(BadUsage)
        }
    }
}

fn program(name: &str, text: &str) -> Result<Codec, BadUsage> {
    // The compressions of this module, by the names of the programs; `pigz -9` is gzip too.
    match text.split_whitespace().next().unwrap_or_default() {
        "gzip" | "pigz" | "gunzip" => Ok(Codec::Gzip),
        "bzip2" | "pbzip2" | "lbzip2" => Ok(Codec::Bzip2),
        "xz" | "pixz" | "pxz" => Ok(Codec::Xz),
        "zstd" | "pzstd" | "zstdmt" => Ok(Codec::Zstd),
        other => {
            complain(name, format_args!("{other}: only gzip, bzip2, xz and zstd can be used"));
            Err(BadUsage)
        }
    }
}

/// `name`, `number` or `name:number`.
fn owner(text: &str) -> (String, u64) {
    let (name, id) = text.split_once(':').unwrap_or((text, text));
    let id = id.trim_start_matches('+').parse().unwrap_or(0);
    let name = if name.bytes().all(|b| b.is_ascii_digit()) { "" } else { name };
    (name.to_owned(), id)
}

/// `@seconds`, `2026-11-23`, `2026-11-23 12:00[:00]`, with `T` and a final `Z` allowed.
fn moment(name: &str, text: &str) -> Result<i64, BadUsage> {
    let parsed = (|| {
        if let Some(seconds) = text.strip_prefix('@') {
            return seconds.split('.').next()?.parse().ok();
        }
        let text = text.trim_end_matches('Z').trim_end_matches(" UTC");
        let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
        let mut date = date.split('-').map(|n| n.parse::<i64>().ok());
        let mut clock = clock.split(':').map(|n| n.split('.').next()?.parse::<u8>().ok());
        let (year, month, day) = (date.next()??, date.next()??, date.next()??);
        let (hour, minute) = (clock.next()??, clock.next()??);
        let second = clock.next().unwrap_or(Some(0))?;
        let in_range =
            (0..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        in_range.then(|| {
            crate::time::seconds(crate::time::Civil {
                year,
                month: u8::try_from(month).unwrap_or(1),
                day: u8::try_from(day).unwrap_or(1),
                hour,
                minute,
                second,
            })
        })
    })();
    parsed.ok_or_else(|| {
        complain(
            name,
            format_args!("invalid time '{text}': write @SECONDS or YYYY-MM-DD HH:MM:SS"),
        );
        BadUsage
    })
}

fn transform(name: &str, text: &str) -> Result<Transform, BadUsage> {
    let parsed = (|| {
        let mut chars = text.strip_prefix('s')?.chars();
        let separator = chars.next()?;
        let parts: Vec<&str> = chars.as_str().split(separator).collect();
        let [from, to, flags] = parts[..] else { return None };
        let syntax = if flags.contains('x') {
            crate::regexes::Syntax::Extended
        } else {
            crate::regexes::Syntax::Basic
        };
        let translated = crate::regexes::translate(from.as_bytes(), syntax).ok()?;
        let pattern =
            crate::regexes::compile_plain(&translated, crate::regexes::Flags::default()).ok()?;
        // `&` and `\1` as sed has them.
        let mut replacement = Vec::new();
        let mut chars = to.chars();
        while let Some(c) = chars.next() {
            match c {
                '&' => replacement.extend_from_slice(b"${0}"),
                '$' => replacement.extend_from_slice(b"$$"),
                '\\' => match chars.next()? {
                    digit @ '0'..='9' => {
                        replacement.extend_from_slice(format!("${{{digit}}}").as_bytes())
                    }
                    other => replacement.extend_from_slice(other.to_string().as_bytes()),
                },
                other => replacement.extend_from_slice(other.to_string().as_bytes()),
            }
        }
        Some(Transform { pattern, replacement, all: flags.contains('g') })
    })();
    parsed.ok_or_else(|| {
        complain(
            name,
            format_args!("--transform '{text}': only s/pattern/replacement/[gx] is supported"),
        );
        BadUsage
    })
}

impl Settings {
    /// Whether a member is excluded: the pattern matches it, or its tail after a slash.
    pub(super) fn excluded(&self, member: &[u8]) -> bool {
        let member = member.strip_prefix(b"./").unwrap_or(member);
        self.exclude.iter().any(|pattern| {
            let pattern = pattern.trim_end_matches('/');
            let pattern = pattern.strip_prefix("./").unwrap_or(pattern).as_bytes();
            let starts = std::iter::once(0).chain(
                member.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at + 1),
            );
            let mut tails = starts.map(|at| &member[at..]);
            tails.any(|tail| {
                glob::matches(pattern, tail)
                    || tail
                        .iter()
                        .enumerate()
                        .any(|(at, b)| *b == b'/' && glob::matches(pattern, &tail[..at]))
            })
        })
    }

    /// The member's name after `--transform`.
    pub(super) fn transformed(&self, member: &[u8]) -> Vec<u8> {
        match &self.transform {
            Some(t) if t.all => t.pattern.replace_all(member, &t.replacement[..]).into_owned(),
            Some(t) => t.pattern.replace(member, &t.replacement[..]).into_owned(),
            None => member.to_vec(),
        }
    }
}
