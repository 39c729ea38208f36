//! `-printf` and `-ls`.

use super::eval::Visited;
use crate::files::modes;
use crate::options::bytes;
use crate::{sys, time};

pub(super) fn format(format: &str, v: &Visited<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push(b'\n'),
                Some('t') => out.push(b'\t'),
                Some('r') => out.push(b'\r'),
                Some('a') => out.push(7),
                Some('b') => out.push(8),
                Some('f') => out.push(12),
                Some('v') => out.push(11),
                Some('\\') | None => out.push(b'\\'),
                // Nothing after this.
                Some('c') => return out,
                Some(first @ '0'..='7') => {
                    let mut value = first.to_digit(8).unwrap_or(0);
                    for _ in 0..2 {
                        match chars.peek().and_then(|c| c.to_digit(8)) {
                            Some(digit) => {
                                value = value * 8 + digit;
                                chars.next();
                            }
                            None => break,
                        }
                    }
                    out.push(value.to_le_bytes()[0]);
                }
                Some(other) => push(&mut out, &['\\', other]),
            },
            '%' => {
                let mut spec = String::new();
                while let Some(&flag) = chars.peek() {
                    if !(flag.is_ascii_digit() || "-+ #.".contains(flag)) {
                        break;
                    }
                    spec.push(flag);
                    chars.next();
                }
                match chars.next() {
                    None | Some('%') => out.push(b'%'),
                    Some(which @ ('A' | 'C' | 'T')) => {
                        let at = match which {
                            'A' => v.stat.atime,
                            'C' => v.stat.ctime,
                            _ => v.stat.mtime,
                        };
                        pad(&mut out, &spec, time_part(chars.next(), at).as_bytes());
                    }
                    Some(letter) => match directive(letter, v) {
                        Some(text) => pad(&mut out, &spec, &text),
                        None => push(&mut out, &['%', letter]),
                    },
                }
            }
            other => push(&mut out, &[other]),
        }
    }
    out
}

fn push(out: &mut Vec<u8>, chars: &[char]) {
    let mut buffer = [0; 4];
    for c in chars {
        out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    }
}

fn time_part(letter: Option<char>, at: (i64, i64)) -> String {
    match letter {
        Some('@') => format!("{}.{:09}0", at.0, at.1),
        Some('S') => format!("{}.{:09}0", time::format("%S", at), at.1),
        Some('T') => format!("{}.{:09}0", time::format("%T", at), at.1),
        Some('+') => format!("{}.{:09}0", time::format("%F+%T", at), at.1),
        Some(letter) => time::format(&format!("%{letter}"), at),
        None => String::new(),
    }
}

fn directive(letter: char, v: &Visited<'_>) -> Option<Vec<u8>> {
    let stat = &v.stat;
    let path = bytes(v.path.as_os_str());
    let number = |n: u64| n.to_string().into_bytes();
    let moment = |at| {
        let (seconds, nanos): (i64, i64) = at;
        let text = time::format("%a %b %e %H:%M:%S", at);
        format!("{text}.{nanos:09}0 {}", time::civil(seconds).year).into_bytes()
    };
    Some(match letter {
        'p' => path.to_vec(),
        'f' => v.name().to_vec(),
        'P' => {
            let root = bytes(v.root.as_os_str());
            let rest = path.get(root.len()..).unwrap_or_default();
            rest.strip_prefix(b"/").unwrap_or(rest).to_vec()
        }
        'H' => bytes(v.root.as_os_str()).to_vec(),
        'h' => match path.iter().rposition(|&b| b == b'/') {
            Some(0) | None if path.first() == Some(&b'/') => Vec::new(),
            Some(at) => path[..at].to_vec(),
            None => b".".to_vec(),
        },
        'l' => std::fs::read_link(v.path)
            .map_or_else(|_| Vec::new(), |target| bytes(target.as_os_str()).to_vec()),
        's' => number(stat.size),
        'b' => number(stat.blocks),
        'k' => number(stat.blocks.div_ceil(2)),
        'd' => number(v.depth as u64),
        'D' => number(stat.dev),
        'i' => number(stat.ino),
        'n' => number(stat.nlink),
        'm' => format!("{:o}", stat.permissions()).into_bytes(),
        'M' => modes::display(stat.mode).into_bytes(),
        'u' | 'g' => b"root".to_vec(),
        'U' | 'G' => b"0".to_vec(),
        'y' => kind(stat.kind()),
        'Y' => match sys::stat(v.path) {
            Ok(target) => kind(target.kind()),
            Err(_) => b"N".to_vec(),
        },
        'a' => moment(stat.atime),
        'c' => moment(stat.ctime),
        't' => moment(stat.mtime),
        _ => return None,
    })
}

fn kind(kind: u32) -> Vec<u8> {
    vec![match kind {
        sys::DIRECTORY => b'd',
        sys::SYMLINK => b'l',
        sys::CHARACTER => b'c',
        sys::BLOCK => b'b',
        sys::FIFO => b'p',
        sys::SOCKET => b's',
        _ => b'f',
    }]
}

fn pad(out: &mut Vec<u8>, spec: &str, text: &[u8]) {
    let left = spec.contains('-');
    let digits: String = spec.chars().filter(char::is_ascii_digit).collect();
    let width = digits.parse::<usize>().unwrap_or(0).min(4096);
    let zero = !left && digits.starts_with('0') && text.iter().all(u8::is_ascii_digit);
    let fill = vec![if zero { b'0' } else { b' ' }; width.saturating_sub(text.len())];
    if left {
        out.extend_from_slice(text);
        out.extend_from_slice(&fill);
    } else {
        out.extend_from_slice(&fill);
        out.extend_from_slice(text);
    }
}

pub(super) fn ls(v: &Visited<'_>) -> Vec<u8> {
    const HALF_A_YEAR: i64 = 31_556_952 / 2;
    let stat = &v.stat;
    let recent = (0..HALF_A_YEAR).contains(&(time::now().0 - stat.mtime.0));
    let date = time::format(if recent { "%b %e %H:%M" } else { "%b %e  %Y" }, stat.mtime);
    let mut line = format!(
        "{:>9} {:>6} {} {:>3} root     root     {:>8} {date} ",
        stat.ino,
        stat.blocks.div_ceil(2),
        modes::display(stat.mode),
        stat.nlink,
        stat.size
    )
    .into_bytes();
    line.extend_from_slice(bytes(v.path.as_os_str()));
    if stat.is_symlink()
        && let Ok(target) = std::fs::read_link(v.path)
    {
        line.extend_from_slice(b" -> ");
        line.extend_from_slice(bytes(target.as_os_str()));
    }
    line.push(b'\n');
    line
}
