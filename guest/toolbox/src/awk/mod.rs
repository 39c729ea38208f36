//! `awk`: POSIX, with the extensions of gawk that scripts use. Our own, because programs start
//! commands (`system`, `| getline`, `print |`), which goes through the sandbox's process calls.

mod ast;
mod builtins;
mod format;
mod input;
mod interpreter;
mod lexer;
mod output;
mod parser;
mod record;
mod resolve;
mod value;

use crate::io::{Out, complain, reason, usage};
use crate::options::{bytes, os_string};
use std::ffi::OsString;

/// A fatal error in a program or its input.
const FATAL: u8 = 2;

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or_else(|status| status)
}

// Options end at the program text, and `-v`, `-f` and `-F` take values attached or not: few enough
// to be read by hand.
fn run(name: &str, args: Vec<OsString>) -> Result<u8, u8> {
    let mut args = args.into_iter().peekable();
    let mut source: Option<Vec<u8>> = None;
    let mut assignments: Vec<Vec<u8>> = Vec::new();
    let mut separator: Option<Vec<u8>> = None;
    while let Some(arg) = args.peek() {
        let text = bytes(arg).to_vec();
        if !text.starts_with(b"-") || text == b"-" {
            break;
        }
        args.next();
        if text == b"--" {
            break;
        }
        let mut value = |attached: &[u8], option: char| -> Result<Vec<u8>, u8> {
            if !attached.is_empty() {
                return Ok(attached.to_vec());
            }
            match args.next() {
                Some(value) => Ok(bytes(&value).to_vec()),
                None => {
                    usage(name, format_args!("option requires an argument -- '{option}'"));
                    Err(FATAL)
                }
            }
        };
        match &*text {
            [b'-', b'v', rest @ ..] => assignments.push(value(rest, 'v')?),
            [b'-', b'F', rest @ ..] => separator = Some(value(rest, 'F')?),
            [b'-', b'f', rest @ ..] => {
                let path = value(rest, 'f')?;
                append(name, &mut source, &path)?;
            }
            b"--version" | b"-V" => {
                Out::new(name, FATAL).line(concat!("awk (greenroom) ", env!("CARGO_PKG_VERSION")));
                return Ok(0);
            }
            // Extensions are never taken away and never warned about here.
            b"--posix" | b"--traditional" | b"--re-interval" | b"-W" => {}
            _ => {
                let option = String::from_utf8_lossy(&text);
                let assigned = option.strip_prefix("--assign=");
                let separated = option.strip_prefix("--field-separator=");
                let file = option.strip_prefix("--file=");
                match (assigned, separated, file) {
                    (Some(text), ..) => assignments.push(text.as_bytes().to_vec()),
                    (_, Some(text), _) => separator = Some(text.as_bytes().to_vec()),
                    (.., Some(path)) => append(name, &mut source, path.as_bytes())?,
                    _ => {
                        usage(name, format_args!("unknown option {option}"));
                        return Err(FATAL);
                    }
                }
            }
        }
    }
    let source = match source {
        Some(source) => source,
        None => match args.next() {
            Some(text) => bytes(&text).to_vec(),
            None => {
                usage(name, "no program text");
                return Err(FATAL);
            }
        },
    };
    let fatal = |message: String| {
        complain(name, message);
        FATAL
    };
    let source = String::from_utf8(source).map_err(|_| fatal("the program is not UTF-8".into()))?;
    let program = lexer::tokenize(&source)
        .and_then(parser::parse)
        .and_then(resolve::resolve)
        .map_err(fatal)?;
    let mut operands = vec![OsString::from(name)];
    operands.extend(args);
    let mut interpreter = interpreter::Interpreter::new(&program, name, operands);
    if let Some(separator) = separator {
        // `-Ft` means a tab, by tradition.
        let text = if separator == b"t" { b"\t".to_vec() } else { lexer::unescape(&separator) };
        interpreter.assign_special("FS", text);
    }
    for assignment in assignments {
        if !interpreter.assign_text(&assignment) {
            let shown = String::from_utf8_lossy(&assignment).into_owned();
            return Err(fatal(format!("'{shown}' argument to '-v' not in 'var=value' form")));
        }
    }
    Ok(interpreter.run())
}

fn append(name: &str, source: &mut Option<Vec<u8>>, path: &[u8]) -> Result<(), u8> {
    use std::io::Read;
    let mut text = Vec::new();
    let read = if path == b"-" {
        std::io::stdin().lock().read_to_end(&mut text).map(drop)
    } else {
        std::fs::File::open(os_string(path)).and_then(|mut f| f.read_to_end(&mut text).map(drop))
    };
    if let Err(e) = read {
        let shown = String::from_utf8_lossy(path);
        complain(name, format_args!("cannot open source file '{shown}': {}", reason(&e)));
        return Err(FATAL);
    }
    match source {
        Some(all) => {
            all.push(b'\n');
            all.extend(text);
        }
        None => *source = Some(text),
    }
    Ok(())
}
