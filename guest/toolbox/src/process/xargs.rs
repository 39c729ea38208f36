//! `xargs`: builds command lines from standard input.

use super::child::{Ended, Program, run as run_program, status_of};
use crate::io::{complain, reason, usage};
use crate::options::{BadUsage, Item, Options, bytes, os_string};
use std::ffi::OsString;
use std::io::Read;

/// Bytes of arguments in one command line, as GNU's default.
const DEFAULT_SIZE: usize = 131_072;

struct Settings {
    command: Vec<OsString>,
    replace: Option<Vec<u8>>,
    max_args: Option<usize>,
    max_lines: Option<usize>,
    size: usize,
    parallel: usize,
    run_empty: bool,
    trace: bool,
    exit_if_too_long: bool,
}

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut s = Settings {
        command: Vec::new(),
        replace: None,
        max_args: None,
        max_lines: None,
        size: DEFAULT_SIZE,
        parallel: 1,
        run_empty: true,
        trace: false,
        exit_if_too_long: false,
    };
    let (mut delimiter, mut file, mut end_mark) = (None, None, None);
    let mut options = Options::until_operand(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('0') => delimiter = Some(0),
            Item::Short('d') => delimiter = Some(read_delimiter(name, &options.text()?)?),
            Item::Short('I') => s.replace = Some(bytes(&options.value()?).to_vec()),
            Item::Short('i') => {
                s.replace = Some(options.attached().map_or(b"{}".to_vec(), |v| bytes(&v).to_vec()));
            }
            Item::Short('n') => s.max_args = Some(positive(name, &mut options)?),
            Item::Short('L') => s.max_lines = Some(positive(name, &mut options)?),
            Item::Short('s') => s.size = positive(name, &mut options)?,
            Item::Short('P') => s.parallel = options.number("number for -P")?,
            Item::Short('r') => s.run_empty = false,
            Item::Short('t') => s.trace = true,
            Item::Short('x') => s.exit_if_too_long = true,
            Item::Short('a') => file = Some(options.value()?),
            Item::Short('E') => end_mark = Some(bytes(&options.value()?).to_vec()),
            Item::Long(ref long) => match &**long {
                "null" => delimiter = Some(0),
                "delimiter" => delimiter = Some(read_delimiter(name, &options.text()?)?),
                "replace" => {
                    s.replace =
                        Some(options.attached().map_or(b"{}".to_vec(), |v| bytes(&v).to_vec()));
                }
                "max-args" => s.max_args = Some(positive(name, &mut options)?),
                "max-lines" => {
                    let lines = options.attached().and_then(|v| v.to_str()?.parse().ok());
                    s.max_lines = Some(lines.unwrap_or(1));
                }
                "max-chars" => s.size = positive(name, &mut options)?,
                "max-procs" => s.parallel = options.number("number for -P")?,
                "no-run-if-empty" => s.run_empty = false,
                "verbose" => s.trace = true,
                "exit" => s.exit_if_too_long = true,
                "arg-file" => file = Some(options.value()?),
                "eof" => end_mark = options.attached().map(|v| bytes(&v).to_vec()),
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => {
                s.command.push(operand);
                s.command.extend(options.rest());
            }
            Item::Short(_) => return options.unknown(&item),
        }
    }
    if s.command.is_empty() {
        s.command.push("echo".into());
    }
    let mut input = Vec::new();
    let read = match &file {
        Some(path) => std::fs::File::open(path).and_then(|mut f| f.read_to_end(&mut input)),
        None => std::io::stdin().lock().read_to_end(&mut input),
    };
    if let Err(e) = read {
        let what = file.map_or("standard input".to_owned(), |f| f.display().to_string());
        complain(name, format_args!("{what}: {}", reason(&e)));
        return Ok(1);
    }
    let lines = split(name, &input, delimiter, &s, end_mark.as_deref())?;
    let mut runner =
        Runner { name, settings: &s, running: 0, status: 0, own_input: file.is_some() };
    Ok(runner.all(&lines))
}

fn positive(name: &str, options: &mut Options<'_>) -> Result<usize, BadUsage> {
    match options.number::<usize>("number")? {
        0 => {
            complain(name, "value 0 for an option should be >= 1");
            Err(BadUsage)
        }
        number => Ok(number),
    }
}

fn read_delimiter(name: &str, text: &str) -> Result<u8, BadUsage> {
    let byte = match text.as_bytes() {
        [byte] => Some(*byte),
        [b'\\', escape] => match escape {
            b'n' => Some(b'\n'),
            b't' => Some(b'\t'),
            b'r' => Some(b'\r'),
            b'0' => Some(0),
            b'\\' => Some(b'\\'),
            _ => None,
        },
        [b'\\', b'0', octal @ ..] => {
            std::str::from_utf8(octal).ok().and_then(|o| u8::from_str_radix(o, 8).ok())
        }
        [b'\\', b'x', hex @ ..] => {
            std::str::from_utf8(hex).ok().and_then(|h| u8::from_str_radix(h, 16).ok())
        }
        _ => None,
    };
    byte.ok_or_else(|| {
        usage(name, format_args!("invalid input delimiter specification {text}"));
        BadUsage
    })
}

/// The input's arguments, grouped by line; a line of input that ends in a blank goes on.
fn split(
    name: &str,
    input: &[u8],
    delimiter: Option<u8>,
    s: &Settings,
    end_mark: Option<&[u8]>,
) -> Result<Vec<Vec<Vec<u8>>>, BadUsage> {
    if let Some(delimiter) = delimiter {
        let body = input.strip_suffix(&[delimiter]).unwrap_or(input);
        if input.is_empty() {
            return Ok(Vec::new());
        }
        return Ok(body.split(|&b| b == delimiter).map(|item| vec![item.to_vec()]).collect());
    }
    let mut lines: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut continued = false;
    let mut rest = input;
    while !rest.is_empty() {
        // A quoted newline is an error, an escaped one is part of the argument.
        let mut end = 0;
        while end < rest.len() && rest[end] != b'\n' {
            end += if rest[end] == b'\\' && s.replace.is_none() { 2 } else { 1 };
        }
        let end = end.min(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        let text = if s.replace.is_some() { line.trim_ascii_start() } else { line };
        let Some(mut words) = super::words::split(text) else {
            complain(
                name,
                "unmatched quote; by default quotes are special to xargs unless you use the -0 option",
            );
            return Err(BadUsage);
        };
        if s.replace.is_some() && !words.is_empty() {
            // One argument a line: blanks inside belong to it, quotes and backslashes still go.
            words = vec![unquote(text)];
        }
        let ended = end_mark.and_then(|mark| words.iter().position(|word| word == mark));
        if let Some(at) = ended {
            words.truncate(at);
            rest = &[];
        }
        if words.is_empty() {
            continue;
        }
        let goes_on = line.last().is_some_and(|b| *b == b' ' || *b == b'\t');
        match lines.last_mut() {
            Some(last) if continued && s.max_lines.is_some() => last.extend(words),
            _ => lines.push(words),
        }
        continued = goes_on;
    }
    Ok(lines)
}

fn unquote(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut quote = None;
    let mut bytes = text.iter().copied();
    while let Some(b) = bytes.next() {
        match (quote, b) {
            (Some(q), b) if q == b => quote = None,
            (Some(_), b) => out.push(b),
            (None, b'\'' | b'"') => quote = Some(b),
            (None, b'\\') => out.extend(bytes.next()),
            (None, b) => out.push(b),
        }
    }
    out
}

struct Runner<'a> {
    name: &'a str,
    settings: &'a Settings,
    running: usize,
    status: u8,
    /// Whether standard input is not the list and so goes to the commands.
    own_input: bool,
}

impl Runner<'_> {
    fn all(&mut self, lines: &[Vec<Vec<u8>>]) -> u8 {
        let s = self.settings;
        if let Some(mark) = &s.replace {
            for item in lines.iter().flatten() {
                let argv: Vec<OsString> =
                    s.command.iter().map(|arg| substitute(arg, mark, item)).collect();
                if !self.start(&argv) {
                    break;
                }
            }
            return self.finish();
        }
        let fixed: usize = s.command.iter().map(|arg| arg.len() + 1).sum();
        let mut argv = s.command.clone();
        let (mut size, mut count, mut line_count) = (fixed, 0, 0);
        let mut ran = false;
        for line in lines {
            for item in line {
                let full = s.max_args.is_some_and(|max| count >= max)
                    || count > 0 && size + item.len() + 1 > s.size;
                if full {
                    if s.exit_if_too_long && s.max_args.is_none_or(|max| count < max) {
                        complain(self.name, "argument list too long");
                        self.status = 1;
                        return self.finish();
                    }
                    ran = true;
                    if !self.start(&argv) {
                        return self.finish();
                    }
                    argv.truncate(s.command.len());
                    (size, count, line_count) = (fixed, 0, 0);
                }
                if fixed + item.len() + 1 > s.size.max(fixed + 1) && s.exit_if_too_long {
                    complain(self.name, "argument line too long");
                    self.status = 1;
                    return self.finish();
                }
                size += item.len() + 1;
                count += 1;
                argv.push(os_string(item));
            }
            line_count += 1;
            if s.max_lines.is_some_and(|max| line_count >= max) {
                ran = true;
                if !self.start(&argv) {
                    return self.finish();
                }
                argv.truncate(s.command.len());
                (size, count, line_count) = (fixed, 0, 0);
            }
        }
        if count > 0 || !ran && s.run_empty {
            self.start(&argv);
        }
        self.finish()
    }

    /// Starts one command; false when no further one may be started.
    fn start(&mut self, argv: &[OsString]) -> bool {
        if self.settings.trace {
            let line: Vec<_> = argv.iter().map(|arg| arg.to_string_lossy()).collect();
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "{}", line.join(" "));
        }
        let program = Program { no_input: !self.own_input, ..Program::new(argv) };
        let result = if self.settings.parallel == 1 {
            run_program(&program).map(Some)
        } else {
            self.beside(&program)
        };
        match result {
            Ok(Some(ended)) => self.note(argv, ended),
            Ok(None) => true,
            Err(error) => {
                complain(self.name, format_args!("{}: {}", argv[0].display(), reason(&error)));
                self.status = status_of(&error);
                false
            }
        }
    }

    #[cfg(target_os = "wasi")]
    fn beside(&mut self, program: &Program<'_>) -> std::io::Result<Option<Ended>> {
        let most = if self.settings.parallel == 0 { usize::MAX } else { self.settings.parallel };
        while self.running >= most {
            self.reap();
        }
        loop {
            match super::child::spawn(program) {
                Ok(_) => {
                    self.running += 1;
                    return Ok(None);
                }
                // The job's process limit: wait for one of ours to end.
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock && self.running > 0 => {
                    self.reap()
                }
                Err(e) => return Err(e),
            }
        }
    }

    #[cfg(target_os = "wasi")]
    fn reap(&mut self) {
        use greenroom_process::{Child, wait};
        match wait(Child::Any, None) {
            Ok(Some(exit)) => {
                self.running -= 1;
                let command = self.settings.command.clone();
                self.note(&command, super::child::ended(exit));
            }
            Ok(None) => {}
            Err(_) => self.running = 0,
        }
    }

    #[cfg(not(target_os = "wasi"))]
    fn beside(&mut self, program: &Program<'_>) -> std::io::Result<Option<Ended>> {
        run_program(program).map(Some)
    }

    #[cfg(not(target_os = "wasi"))]
    fn reap(&mut self) {
        self.running = 0;
    }

    /// Keeps the status that `xargs` ends with; false when the command asked to stop.
    fn note(&mut self, argv: &[OsString], ended: Ended) -> bool {
        let what = argv[0].display();
        if ended.killed {
            let signal = ended.status.saturating_sub(128);
            complain(self.name, format_args!("{what}: terminated by signal {signal}"));
            self.status = 125;
            return false;
        }
        match ended.status {
            0 => true,
            255 => {
                complain(self.name, format_args!("{what}: exited with status 255; aborting"));
                self.status = 124;
                false
            }
            _ => {
                if self.status == 0 {
                    self.status = 123;
                }
                true
            }
        }
    }

    fn finish(&mut self) -> u8 {
        while self.running > 0 {
            self.reap();
        }
        self.status
    }
}

/// Puts `item` wherever `mark` stands in `arg`.
pub(crate) fn substitute(arg: &OsString, mark: &[u8], item: &[u8]) -> OsString {
    let text = bytes(arg);
    if mark.is_empty() {
        return arg.clone();
    }
    let mut out = Vec::with_capacity(text.len() + item.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(mark) {
            out.extend_from_slice(item);
            at += mark.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    os_string(&out)
}
