//! `stat`: what the sandbox knows about a file, plain or by format.

use super::modes;
use crate::io::{Out, complain, reason, usage};
use crate::options::{BadUsage, Item, Options, bytes};
use crate::sys::{self, Stat};
use crate::time;
use std::ffi::{OsStr, OsString};

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let (mut follow, mut terse) = (false, false);
    // The format, and whether backslash escapes are read and no newline follows.
    let mut format: Option<(String, bool)> = None;
    let mut operands = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('L') => follow = true,
            Item::Short('t') => terse = true,
            Item::Short('c') => format = Some((options.text()?, false)),
            Item::Long(ref long) => match &**long {
                "dereference" => follow = true,
                "terse" => terse = true,
                "format" => format = Some((options.text()?, false)),
                "printf" => format = Some((options.text()?, true)),
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(operand),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    if operands.is_empty() {
        usage(name, "missing operand");
        return Err(BadUsage);
    }
    let mut out = Out::new(name, 1);
    let mut status = 0;
    for operand in operands {
        let found = if follow { sys::stat(&operand) } else { sys::lstat(&operand) };
        match found {
            Ok(stat) => match &format {
                Some((format, escapes)) => by_format(&mut out, format, *escapes, &operand, &stat),
                None if terse => {
                    by_format(
                        &mut out,
                        "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o",
                        false,
                        &operand,
                        &stat,
                    );
                }
                None => plain(&mut out, &operand, &stat),
            },
            Err(e) => {
                out.flush();
                let (shown, why) = (operand.display(), reason(&e));
                complain(name, format_args!("cannot statx '{shown}': {why}"));
                status = 1;
            }
        }
    }
    Ok(status)
}

/// The words of `%F`.
fn kind(stat: &Stat) -> &'static str {
    match stat.kind() {
        sys::DIRECTORY => "directory",
        sys::SYMLINK => "symbolic link",
        sys::CHARACTER => "character special file",
        sys::BLOCK => "block special file",
        sys::FIFO => "fifo",
        sys::SOCKET => "socket",
        _ if stat.size == 0 => "regular empty file",
        _ => "regular file",
    }
}

/// The name, with where a link leads.
fn quoted(path: &OsStr, stat: &Stat) -> String {
    match std::fs::read_link(path) {
        Ok(target) if stat.is_symlink() => {
            format!("'{}' -> '{}'", path.display(), target.display())
        }
        _ => format!("'{}'", path.display()),
    }
}

fn plain(out: &mut Out, path: &OsStr, stat: &Stat) {
    let shown = match std::fs::read_link(path) {
        Ok(target) if stat.is_symlink() => format!("{} -> {}", path.display(), target.display()),
        _ => path.display().to_string(),
    };
    out.print(format_args!("  File: {shown}\n"));
    out.print(format_args!(
        "  Size: {:<10}\tBlocks: {:<10} IO Block: 4096   {}\n",
        stat.size,
        stat.blocks,
        kind(stat)
    ));
    out.print(format_args!(
        "Device: {},{}\tInode: {:<11} Links: {}\n",
        stat.dev >> 8,
        stat.dev & 0xff,
        stat.ino,
        stat.nlink
    ));
    out.print(format_args!(
        "Access: ({:04o}/{})  Uid: (    0/    root)   Gid: (    0/    root)\n",
        stat.permissions(),
        modes::display(stat.mode)
    ));
    for (what, at) in [("Access", stat.atime), ("Modify", stat.mtime), ("Change", stat.ctime)] {
        out.print(format_args!("{what}: {}\n", time::full(at)));
    }
    out.line(" Birth: -");
}

fn by_format(out: &mut Out, format: &str, escapes: bool, path: &OsStr, stat: &Stat) {
    let mut rest = format.bytes().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' if escapes => out.put([match rest.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'0') => 0,
                Some(b'e') => 0x1b,
                Some(other) => other,
                None => b'\\',
            }]),
            b'%' => {
                let mut spec = Vec::new();
                while let Some(&b) = rest.peek() {
                    if !(b.is_ascii_digit() || b"-+ #0.".contains(&b)) {
                        break;
                    }
                    spec.push(b);
                    rest.next();
                }
                match rest.next() {
                    None => out.put("%"),
                    Some(b'%') => out.put("%"),
                    Some(b'n') => pad(out, &spec, bytes(path)),
                    Some(letter) => {
                        let text = directive(letter, path, stat);
                        pad(out, &spec, text.as_bytes());
                    }
                }
            }
            other => out.put([other]),
        }
    }
    if !escapes {
        out.line("");
    }
}

fn directive(letter: u8, path: &OsStr, stat: &Stat) -> String {
    match letter {
        b'a' => format!("{:o}", stat.permissions()),
        b'A' => modes::display(stat.mode),
        b'b' => stat.blocks.to_string(),
        b'B' => "512".to_owned(),
        b'd' => stat.dev.to_string(),
        b'D' => format!("{:x}", stat.dev),
        b'f' => format!("{:x}", stat.mode),
        b'F' => kind(stat).to_owned(),
        b'g' | b'u' | b'W' | b't' | b'T' => "0".to_owned(),
        b'G' | b'U' => "root".to_owned(),
        b'h' => stat.nlink.to_string(),
        b'i' => stat.ino.to_string(),
        b'N' => quoted(path, stat),
        b'o' => "4096".to_owned(),
        b's' => stat.size.to_string(),
        b'w' => "-".to_owned(),
        b'x' => time::full(stat.atime),
        b'X' => stat.atime.0.to_string(),
        b'y' => time::full(stat.mtime),
        b'Y' => stat.mtime.0.to_string(),
        b'z' => time::full(stat.ctime),
        b'Z' => stat.ctime.0.to_string(),
        _ => "?".to_owned(),
    }
}

/// Pads to the width in `spec`, which holds a directive's flags and width.
fn pad(out: &mut Out, spec: &[u8], text: &[u8]) {
    let left = spec.contains(&b'-');
    let zero = !left && spec.first() == Some(&b'0');
    let width: usize = spec
        .iter()
        .take_while(|&&b| b != b'.')
        .filter(|b| b.is_ascii_digit())
        .fold(0, |n: usize, &b| (n * 10 + usize::from(b - b'0')).min(4096));
    let fill = vec![if zero { b'0' } else { b' ' }; width.saturating_sub(text.len())];
    if left {
        out.put(text);
        out.put(&fill);
    } else {
        out.put(&fill);
        out.put(text);
    }
}
