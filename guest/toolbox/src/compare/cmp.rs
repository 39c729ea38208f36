//! `cmp`: compares two files byte by byte.

use crate::io::{Out, complain, reason, usage};
use crate::options::{BadUsage, Item, Options};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read};

/// Something went wrong: 1 means that the files differ.
const TROUBLE: u8 = 2;

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(TROUBLE)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let (mut silent, mut list, mut print) = (false, false, false);
    let (mut limit, mut skip) = (u64::MAX, [0u64; 2]);
    let mut operands = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('s') => silent = true,
            Item::Short('l') => list = true,
            Item::Short('b') => print = true,
            Item::Short('n') => limit = size(name, &options.text()?)?,
            Item::Short('i') => skip = skips(name, &options.text()?)?,
            Item::Long(ref long) => match &**long {
                "silent" | "quiet" => silent = true,
                "verbose" => list = true,
                "print-bytes" => print = true,
                "bytes" => limit = size(name, &options.text()?)?,
                "ignore-initial" => skip = skips(name, &options.text()?)?,
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(operand),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    if operands.is_empty() || operands.len() > 4 {
        usage(name, "missing operand");
        return Err(BadUsage);
    }
    for (index, operand) in operands.drain(2.min(operands.len())..).enumerate() {
        skip[index] = size(name, &operand.to_string_lossy())?;
    }
    if operands.len() == 1 {
        operands.push("-".into());
    }
    let mut inputs = Vec::new();
    for (operand, skip) in operands.iter().zip(skip) {
        let opened: io::Result<Box<dyn Read>> = if operand == "-" {
            Ok(Box::new(io::stdin().lock()))
        } else {
            File::open(operand).map(|file| Box::new(BufReader::with_capacity(1 << 16, file)) as _)
        };
        let skipped = opened.and_then(|mut input| {
            io::copy(&mut input.by_ref().take(skip), &mut io::sink())?;
            Ok(input)
        });
        match skipped {
            // A handle on standard input has a buffer of its own.
            Ok(input) => inputs.push(BufReader::new(input).bytes()),
            Err(e) => {
                if !silent {
                    complain(name, format_args!("{}: {}", operand.display(), reason(&e)));
                }
                return Ok(TROUBLE);
            }
        }
    }
    let [mut first, mut second] = match <[_; 2]>::try_from(inputs) {
        Ok(inputs) => inputs,
        Err(_) => return Err(BadUsage),
    };
    let shown = [operands[0].display(), operands[1].display()];
    let mut out = Out::new(name, TROUBLE);
    let (mut at, mut line, mut status, mut last) = (0u64, 1u64, 0u8, 0u8);
    let width = offset_width(&operands, skip, limit);
    while at < limit {
        let (a, b) = match (first.next().transpose(), second.next().transpose()) {
            (Ok(a), Ok(b)) => (a, b),
            (Err(e), _) | (_, Err(e)) => {
                complain(name, reason(&e));
                return Ok(TROUBLE);
            }
        };
        match (a, b) {
            (None, None) => break,
            (Some(a), Some(b)) => {
                at += 1;
                last = a;
                if a != b {
                    status = 1;
                    if list {
                        out.print(format_args!("{at:>width$} {a:>3o} {b:>3o}\n"));
                    } else {
                        if !silent {
                            let [x, y] = &shown;
                            out.print(format_args!("{x} {y} differ: byte {at}, line {line}"));
                            if print {
                                let text = |byte: u8| char::from(byte).escape_default().to_string();
                                out.print(format_args!(
                                    " is {a:>3o} {} {b:>3o} {}",
                                    text(a),
                                    text(b)
                                ));
                            }
                            out.line("");
                        }
                        return Ok(1);
                    }
                }
                line += u64::from(a == b'\n');
            }
            (a, _) => {
                if !silent {
                    out.flush();
                    let shorter = &shown[usize::from(a.is_some())];
                    let place = match (at, list) {
                        (0, _) => " which is empty".to_owned(),
                        (at, true) => format!(" after byte {at}"),
                        (at, false) if last == b'\n' => {
                            format!(" after byte {at}, line {}", line - 1)
                        }
                        (at, false) => format!(" after byte {at}, in line {line}"),
                    };
                    complain(name, format_args!("EOF on {shorter}{place}"));
                }
                return Ok(1);
            }
        }
    }
    Ok(status)
}

/// Digits of the largest offset that can be printed.
fn offset_width(operands: &[OsString], skip: [u64; 2], limit: u64) -> usize {
    let sizes = operands.iter().zip(skip).filter_map(|(operand, skip)| {
        let stat = crate::sys::stat(operand).ok().filter(crate::sys::Stat::is_file)?;
        Some(stat.size.saturating_sub(skip))
    });
    sizes.min().unwrap_or(u64::MAX / 2).min(limit).to_string().len()
}

fn size(name: &str, text: &str) -> Result<u64, BadUsage> {
    crate::size::parse(text).ok_or_else(|| {
        complain(name, format_args!("invalid number '{text}'"));
        BadUsage
    })
}

fn skips(name: &str, text: &str) -> Result<[u64; 2], BadUsage> {
    match text.split_once(':') {
        Some((first, second)) => Ok([size(name, first)?, size(name, second)?]),
        None => size(name, text).map(|skip| [skip, skip]),
    }
}
