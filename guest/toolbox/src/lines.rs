//! Small filters: `rev`, `tac`, `envsubst`, `dos2unix`, `unix2dos`.

use crate::io::{Out, complain, reason};
use crate::options::{BadUsage, Item, Options, bytes};
use std::ffi::OsString;
use std::io::{self, Read};

/// `rev`: each line's characters from the last to the first.
pub(crate) fn rev(name: &str, args: Vec<OsString>) -> u8 {
    let mut options = Options::new(name, args);
    let mut files = Vec::new();
    loop {
        match options.next() {
            Ok(None) => break,
            Ok(Some(Item::Operand(file))) => files.push(file),
            Ok(Some(other)) => return options.unknown::<()>(&other).map_or(1, |()| 0),
            Err(BadUsage) => return 1,
        }
    }
    if files.is_empty() {
        files.push("-".into());
    }
    let mut out = Out::new(name, 1);
    let mut status = 0;
    for file in files {
        match read(&file) {
            Ok(text) => {
                for line in text.split_inclusive(|b| *b == b'\n') {
                    let body = line.strip_suffix(b"\n").unwrap_or(line);
                    match std::str::from_utf8(body) {
                        Ok(text) => out.put(text.chars().rev().collect::<String>()),
                        Err(_) => out.put(body.iter().rev().copied().collect::<Vec<u8>>()),
                    }
                    if line.ends_with(b"\n") {
                        out.put("\n");
                    }
                }
            }
            Err(e) => {
                out.flush();
                complain(name, format_args!("cannot open {}: {}", file.display(), reason(&e)));
                status = 1;
            }
        }
    }
    status
}

/// `tac`: the records of each file from the last to the first. `-s` gives what separates them,
/// `-b` says that it stands before a record.
pub(crate) fn tac(name: &str, args: Vec<OsString>) -> u8 {
    let mut options = Options::new(name, args);
    let (mut files, mut separator, mut before) = (Vec::new(), b"\n".to_vec(), false);
    loop {
        match options.next() {
            Ok(None) => break,
            Ok(Some(Item::Operand(file))) => files.push(file),
            Ok(Some(Item::Short('b'))) => before = true,
            Ok(Some(Item::Short('s'))) => match options.value() {
                Ok(text) => separator = bytes(&text).to_vec(),
                Err(BadUsage) => return 1,
            },
            Ok(Some(Item::Long(ref long))) if long == "before" => before = true,
            Ok(Some(Item::Long(ref long))) if long == "separator" => match options.value() {
                Ok(text) => separator = bytes(&text).to_vec(),
                Err(BadUsage) => return 1,
            },
            Ok(Some(other)) => return options.unknown::<()>(&other).map_or(1, |()| 0),
            Err(BadUsage) => return 1,
        }
    }
    if separator.is_empty() {
        // As in the core utilities, nothing stands for the NUL byte.
        separator.push(0);
    }
    if files.is_empty() {
        files.push("-".into());
    }
    let mut out = Out::new(name, 1);
    let mut status = 0;
    for file in files {
        match read(&file) {
            Ok(text) => {
                for record in records(&text, &separator, before).into_iter().rev() {
                    out.put(record);
                }
            }
            Err(e) => {
                out.flush();
                let what = format!("failed to open '{}' for reading", file.display());
                complain(name, format_args!("{what}: {}", reason(&e)));
                status = 1;
            }
        }
    }
    status
}

/// The records of a text, each with the separator after or before it.
fn records<'a>(text: &'a [u8], separator: &[u8], before: bool) -> Vec<&'a [u8]> {
    let (mut records, mut start, mut at) = (Vec::new(), 0, 0);
    while at + separator.len() <= text.len() {
        if !text[at..].starts_with(separator) {
            at += 1;
            continue;
        }
        let end = if before { at } else { at + separator.len() };
        if end > start {
            records.push(&text[start..end]);
        }
        start = end;
        at += separator.len();
    }
    if start < text.len() {
        records.push(&text[start..]);
    }
    records
}

fn read(file: &OsString) -> io::Result<Vec<u8>> {
    if file == "-" {
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text)?;
        return Ok(text);
    }
    std::fs::read(file)
}

/// `envsubst`: puts the environment's values where `$NAME` and `${NAME}` stand.
pub(crate) fn envsubst(name: &str, args: Vec<OsString>) -> u8 {
    let mut only: Option<Vec<Vec<u8>>> = None;
    let mut list = false;
    let mut options = Options::new(name, args);
    loop {
        match options.next() {
            Ok(None) => break,
            Ok(Some(Item::Short('v'))) => list = true,
            Ok(Some(Item::Long(ref long))) if long == "variables" => list = true,
            Ok(Some(Item::Operand(format))) if only.is_none() => {
                let mut names = Vec::new();
                substitute(bytes(&format), &mut |name| {
                    names.push(name.to_vec());
                    None
                });
                only = Some(names);
            }
            Ok(Some(other)) => return options.unknown::<()>(&other).map_or(1, |()| 0),
            Err(BadUsage) => return 1,
        }
    }
    let mut out = Out::new(name, 1);
    if list {
        for name in only.unwrap_or_default() {
            out.line(name);
        }
        return 0;
    }
    let text = match read(&"-".into()) {
        Ok(text) => text,
        Err(e) => {
            complain(name, format_args!("error while reading standard input: {}", reason(&e)));
            return 1;
        }
    };
    out.put(substitute(&text, &mut |name| {
        if only.as_ref().is_some_and(|only| !only.iter().any(|known| known == name)) {
            return None;
        }
        let value = std::env::var_os(crate::options::os_string(name));
        Some(value.map_or_else(Vec::new, |value| bytes(&value).to_vec()))
    }));
    0
}

/// Replaces references for which `value` has something.
fn substitute(text: &[u8], value: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'$' {
            out.push(text[at]);
            at += 1;
            continue;
        }
        let braces = text.get(at + 1) == Some(&b'{');
        let start = at + 1 + usize::from(braces);
        let length = text[start.min(text.len())..]
            .iter()
            .enumerate()
            .take_while(|(i, b)| {
                b.is_ascii_alphabetic() || **b == b'_' || *i > 0 && b.is_ascii_digit()
            })
            .count();
        let end = start + length;
        let closed = !braces || text.get(end) == Some(&b'}');
        let found = if length > 0 && closed { value(&text[start..end]) } else { None };
        match found {
            Some(value) => {
                out.extend_from_slice(&value);
                at = end + usize::from(braces);
            }
            None => {
                out.push(b'$');
                at += 1;
            }
        }
    }
    out
}

/// `dos2unix` and `unix2dos`: converts files in place, or standard input to standard output.
pub(crate) fn line_ends(name: &str, args: Vec<OsString>) -> u8 {
    let to_dos = name == "unix2dos";
    let convert = |text: &[u8]| {
        let mut out = Vec::with_capacity(text.len());
        for (at, &byte) in text.iter().enumerate() {
            let after_cr = at > 0 && text[at - 1] == b'\r';
            match byte {
                b'\r' if !to_dos && text.get(at + 1) == Some(&b'\n') => {}
                b'\n' if to_dos && !after_cr => out.extend_from_slice(b"\r\n"),
                other => out.push(other),
            }
        }
        out
    };
    let (mut quiet, mut new_file, mut files) = (false, false, Vec::new());
    let mut options = Options::new(name, args);
    loop {
        match options.next() {
            Ok(None) => break,
            Ok(Some(Item::Operand(file))) => files.push(file),
            Ok(Some(Item::Short('q'))) => quiet = true,
            Ok(Some(Item::Short('n'))) => new_file = true,
            Ok(Some(Item::Short('o' | 'k' | 'f'))) => {}
            Ok(Some(Item::Long(ref long))) if long == "quiet" => quiet = true,
            Ok(Some(other)) => return options.unknown::<()>(&other).map_or(1, |()| 0),
            Err(BadUsage) => return 1,
        }
    }
    if files.is_empty() {
        return match read(&"-".into()) {
            Ok(text) => {
                Out::new(name, 1).put(convert(&text));
                0
            }
            Err(e) => {
                complain(name, reason(&e));
                1
            }
        };
    }
    let pairs: Vec<(OsString, OsString)> = if new_file {
        files.chunks(2).filter_map(|pair| Some((pair[0].clone(), pair.get(1)?.clone()))).collect()
    } else {
        files.iter().map(|file| (file.clone(), file.clone())).collect()
    };
    let mut status = 0;
    for (from, to) in pairs {
        let converted = std::fs::read(&from).and_then(|text| {
            // A file with a zero byte is no text.
            if text.contains(&0) {
                return Ok(false);
            }
            std::fs::write(&to, convert(&text)).map(|()| true)
        });
        match converted {
            Ok(done) if !quiet => {
                let format = if to_dos { "DOS" } else { "Unix" };
                let what = if done { "converting" } else { "Skipping binary" };
                complain(
                    name,
                    format_args!("{what} file {} to {format} format...", from.display()),
                );
            }
            Ok(_) => {}
            Err(e) => {
                complain(name, format_args!("{}: {}", from.display(), reason(&e)));
                status = 1;
            }
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use super::substitute;

    #[test]
    fn references_are_replaced() {
        let text = b"a $X b ${X} c ${X d $ $1 ${} $Xy";
        let out = substitute(text, &mut |name| (name == b"X").then(|| b"v".to_vec()));
        assert_eq!(String::from_utf8(out).unwrap(), "a v b v c ${X d $ $1 ${} $Xy");
    }
}
