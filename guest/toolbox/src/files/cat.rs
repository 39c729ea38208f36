//! `cat`: our own, because the one of uutils refuses devices on WASI, and scripts read `/dev/null`.

use crate::io::{Out, complain, reason};
use crate::options::{BadUsage, Item, Options};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "one per option")]
struct Settings {
    number: bool,
    number_filled: bool,
    squeeze: bool,
    ends: bool,
    tabs: bool,
    visible: bool,
}

/// What goes on from one file to the next.
struct State {
    line: u64,
    at_start: bool,
    empty_lines: u32,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut s = Settings::default();
    let mut files = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        let letter = match &item {
            Item::Operand(file) => {
                files.push(file.clone());
                continue;
            }
            Item::Short(letter) => *letter,
            Item::Long(long) => match &**long {
                "number" => 'n',
                "number-nonblank" => 'b',
                "squeeze-blank" => 's',
                "show-ends" => 'E',
                "show-tabs" => 'T',
                "show-nonprinting" => 'v',
                "show-all" => 'A',
                _ => return options.unknown(&item),
            },
        };
        match letter {
            'n' => s.number = true,
            'b' => s.number_filled = true,
            's' => s.squeeze = true,
            'E' => s.ends = true,
            'T' => s.tabs = true,
            'v' => s.visible = true,
            'e' => (s.ends, s.visible) = (true, true),
            't' => (s.tabs, s.visible) = (true, true),
            'A' => (s.ends, s.tabs, s.visible) = (true, true, true),
            'u' => {}
            _ => return options.unknown(&item),
        }
    }
    if files.is_empty() {
        files.push("-".into());
    }
    let mut out = Out::new(name, 1);
    let mut state = State { line: 0, at_start: true, empty_lines: 0 };
    let mut status = 0;
    for file in files {
        let copied = if file == "-" {
            copy(io::stdin().lock(), &mut out, &s, &mut state)
        } else {
            File::open(&file).and_then(|file| {
                if file.metadata().is_ok_and(|meta| meta.is_dir()) {
                    return Err(rustix::io::Errno::ISDIR.into());
                }
                copy(file, &mut out, &s, &mut state)
            })
        };
        if let Err(e) = copied {
            out.flush();
            complain(name, format_args!("{}: {}", file.display(), reason(&e)));
            status = 1;
        }
    }
    Ok(status)
}

fn copy(mut input: impl Read, out: &mut Out, s: &Settings, state: &mut State) -> io::Result<()> {
    let plain = !(s.number || s.number_filled || s.squeeze || s.ends || s.tabs || s.visible);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if plain {
            out.put(&buffer[..read]);
        } else {
            buffer[..read].iter().for_each(|byte| show(*byte, out, s, state));
        }
        // What has been read is shown before more is waited for.
        out.flush();
    }
}

fn show(byte: u8, out: &mut Out, s: &Settings, state: &mut State) {
    if state.at_start {
        if byte == b'\n' {
            state.empty_lines += 1;
            if s.squeeze && state.empty_lines > 1 {
                return;
            }
        } else {
            state.empty_lines = 0;
        }
        if s.number_filled && byte != b'\n' || s.number && !s.number_filled {
            state.line += 1;
            out.print(format_args!("{:6}\t", state.line));
        }
    }
    state.at_start = byte == b'\n';
    match byte {
        b'\n' if s.ends => out.put("$\n"),
        b'\n' => out.put("\n"),
        b'\t' if s.tabs => out.put("^I"),
        b'\t' => out.put("\t"),
        _ if !s.visible => out.put([byte]),
        _ => {
            let low = byte & 0x7f;
            if byte >= 0x80 {
                out.put("M-");
            }
            match low {
                0..=31 => out.put([b'^', low + 64]),
                127 => out.put("^?"),
                _ => out.put([low]),
            }
        }
    }
}
