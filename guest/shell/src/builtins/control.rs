//! Builtins that direct the flow of execution.

use greenroom_process as process;

use super::{OptionParser, Parsed};
use crate::bytes;
use crate::output::io_text;
use crate::state::{Flow, Shell, Unwind};

pub(super) fn succeed(_: &mut Shell, _: &[Vec<u8>]) -> Flow {
    Ok(0)
}

pub(super) fn fail(_: &mut Shell, _: &[Vec<u8>]) -> Flow {
    Ok(1)
}

/// Why a numeric argument cannot be used, after a message.
enum BadNumber {
    NotANumber,
    TooMany,
}

impl BadNumber {
    /// Too many arguments end the complete command, as in bash.
    fn flow(&self, status: u8) -> Flow {
        match self {
            Self::NotANumber => Ok(status),
            Self::TooMany => Err(Unwind::Discard(1)),
        }
    }
}

/// The one numeric argument of `exit`, `return` …
fn number(sh: &mut Shell, builtin: &str, arguments: &[Vec<u8>]) -> Result<Option<i64>, BadNumber> {
    let arguments = skip_dashes(arguments);
    let Some(text) = arguments.first() else { return Ok(None) };
    let Some(number) = bytes::parse_int(text) else {
        let shown = bytes::display(text).into_owned();
        sh.error(&format!("{builtin}: {shown}: numeric argument required"));
        return Err(BadNumber::NotANumber);
    };
    if arguments.len() > 1 {
        sh.error(&format!("{builtin}: too many arguments"));
        return Err(BadNumber::TooMany);
    }
    Ok(Some(number))
}

fn skip_dashes(arguments: &[Vec<u8>]) -> &[Vec<u8>] {
    match arguments.get(1) {
        Some(first) if first == b"--" => &arguments[2..],
        _ => &arguments[1..],
    }
}

/// The arguments after `--`, of a builtin without options; `Err` is the status after a message.
fn no_options<'a>(
    sh: &mut Shell,
    builtin: &str,
    arguments: &'a [Vec<u8>],
    usage: &str,
) -> Result<&'a [Vec<u8>], Flow> {
    match arguments.get(1).map(Vec::as_slice) {
        Some(b"--") => Ok(&arguments[2..]),
        Some([b'-', letter, ..]) => Err(sh.usage_error(builtin, &[b'-', *letter], usage)),
        _ => Ok(&arguments[1..]),
    }
}

pub(super) fn exit(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let status = match number(sh, "exit", arguments) {
        Ok(Some(number)) => number as u8,
        Ok(None) => sh.status,
        Err(BadNumber::NotANumber) => 2,
        Err(bad) => return bad.flow(1),
    };
    Err(Unwind::Exit(status))
}

pub(super) fn return_(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let status = match number(sh, "return", arguments) {
        Ok(Some(number)) => number as u8,
        Ok(None) => sh.status,
        Err(BadNumber::NotANumber) => 2,
        Err(bad) => return bad.flow(1),
    };
    if sh.frames.is_empty() {
        sh.error("return: can only `return' from a function or sourced script");
        sh.misused = true;
        return Ok(2);
    }
    Err(Unwind::Return(status))
}

fn levels(sh: &mut Shell, builtin: &str, arguments: &[Vec<u8>]) -> Result<u32, Flow> {
    if sh.loops == 0 && sh.options.posix {
        return Err(Ok(0));
    }
    if sh.loops == 0 {
        sh.error(&format!("{builtin}: only meaningful in a `for', `while', or `until' loop"));
        return Err(Ok(0));
    }
    match number(sh, builtin, arguments) {
        Ok(None) => Ok(1),
        Ok(Some(number)) if number >= 1 => {
            Ok(u32::try_from(number).unwrap_or(u32::MAX).min(sh.loops))
        }
        Ok(Some(number)) => {
            sh.error(&format!("{builtin}: {number}: loop count out of range"));
            sh.failed_loop = true;
            Err(Err(Unwind::Break(sh.loops)))
        }
        Err(BadNumber::NotANumber) => Err(Err(Unwind::Exit(128))),
        Err(bad) => Err(bad.flow(1)),
    }
}

pub(super) fn break_loop(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    match levels(sh, "break", arguments) {
        Ok(levels) => Err(Unwind::Break(levels)),
        Err(flow) => flow,
    }
}

pub(super) fn continue_loop(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    match levels(sh, "continue", arguments) {
        Ok(levels) => Err(Unwind::Continue(levels)),
        Err(flow) => flow,
    }
}

pub(super) fn eval(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let text = match no_options(sh, "eval", arguments, "eval [arg ...]") {
        Ok(words) => words.join(&b' '),
        Err(flow) => return flow,
    };
    let line = sh.line;
    if text.trim_ascii().is_empty() {
        return Ok(0);
    }
    sh.eval(&text, line)
}

pub(super) fn source(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let builtin = String::from_utf8_lossy(&arguments[0]).into_owned();
    let usage = format!("{builtin} filename [arguments]");
    let arguments = match no_options(sh, &builtin, arguments, &usage) {
        Ok(arguments) => arguments,
        Err(flow) => return flow,
    };
    let Some(name) = arguments.first() else {
        sh.error(&format!("{builtin}: filename argument required"));
        return sh.usage(&builtin, &usage);
    };
    let mut path = name.clone();
    if !name.contains(&b'/') && sh.shopts.sourcepath {
        let search = sh.get(b"PATH").unwrap_or_default();
        for directory in search.split(|&b| b == b':') {
            let directory = if directory.is_empty() { b"." } else { directory };
            let candidate = [directory, b"/", name].concat();
            if std::fs::metadata(sh.path(&candidate)).is_ok_and(|m| m.is_file()) {
                path = candidate;
                break;
            }
        }
    }
    // In POSIX mode the working directory is not searched.
    let hidden = sh.options.posix && !path.contains(&b'/');
    let text = if hidden { Err("not found".into()) } else { read_script(sh, &path) };
    let text = match text {
        Ok(mut text) => {
            // As in bash, NUL bytes in a script do not count.
            text.retain(|&b| b != 0);
            text
        }
        Err(message) => {
            let shown = bytes::display(name).into_owned();
            if message == "Is a directory" {
                sh.error(&format!("{builtin}: {shown}: is a directory"));
            } else if sh.options.posix && !name.contains(&b'/') {
                sh.error(&format!("{builtin}: {shown}: file not found"));
            } else {
                sh.error(&format!("{shown}: {message}"));
            }
            sh.misused = true;
            return Ok(1);
        }
    };
    let positional = (arguments.len() > 1).then(|| arguments[1..].to_vec());
    sh.source_text(&path, text, positional)
}

/// The text of a script, which may come through a descriptor of the shell.
fn read_script(sh: &mut Shell, path: &[u8]) -> Result<Vec<u8>, String> {
    let number = match path {
        b"/dev/stdin" => Some(0),
        _ => path.strip_prefix(b"/dev/fd/").and_then(|n| std::str::from_utf8(n).ok()?.parse().ok()),
    };
    if let Some(handle) = number.and_then(|n| sh.fds.get(n)).cloned() {
        return crate::output::read_all(handle.raw()).map_err(crate::output::errno_text);
    }
    match std::fs::metadata(sh.path(path)) {
        Ok(metadata) if metadata.is_dir() => return Err("Is a directory".into()),
        _ => {}
    }
    std::fs::read(sh.path(path)).map_err(|error| io_text(&error))
}

pub(super) fn exec(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut name, mut clean, mut login) = (None, false, false);
    let usage = super::synopses::synopsis(b"exec").unwrap_or_default();
    let mut options = OptionParser::new(arguments, "cla:");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'c') => clean = true,
            Parsed::Flag(_) => login = true,
            Parsed::Value(_, text) => name = Some(text.to_vec()),
            Parsed::Unknown(letter) => return sh.usage_error("exec", &[b'-', letter], usage),
            Parsed::MissingValue(letter) => return sh.missing_value("exec", letter, usage),
        }
    }
    let index = options.operands();
    let Some(program) = arguments.get(index) else { return Ok(0) };
    let mut argv = arguments[index..].to_vec();
    let program = program.clone();
    if let Some(name) = name {
        argv[0] = name;
    }
    if login {
        argv[0].insert(0, b'-');
    }
    let path = if program.contains(&b'/') {
        Some(sh.absolute(&program))
    } else {
        sh.find_program(&program, false).map(|path| sh.absolute(&path))
    };
    let shown = bytes::display(&program).into_owned();
    let Some(path) = path else {
        sh.error(&format!("exec: {shown}: not found"));
        return if sh.shopts.execfail { Ok(127) } else { Err(Unwind::Exit(127)) };
    };
    let reason = match std::fs::metadata(sh.path(&path)) {
        Err(error) => Some((127, io_text(&error))),
        Ok(metadata) if metadata.is_dir() => Some((126, "Is a directory".into())),
        Ok(_) if !sh.is_executable_file(&path) => Some((126, "Permission denied".into())),
        Ok(_) => None,
    };
    if let Some((status, reason)) = reason {
        sh.error(&format!("{shown}: {reason}"));
        if status == 126 {
            sh.error(&format!("exec: {shown}: cannot execute: {reason}"));
        }
        return if sh.shopts.execfail { Ok(status) } else { Err(Unwind::Exit(status)) };
    }
    if clean {
        for name in sh.vars.names() {
            sh.vars.entry(&name).attributes.remove(crate::vars::Attributes::EXPORT);
        }
    }
    // The program takes the shell's place: no trap on EXIT runs after it.
    sh.traps.set(crate::traps::EXIT, None);
    let pairs = sh.fds.pairs();
    let status = match sh.start(&path, &argv, &[], &pairs, true) {
        Ok(crate::exec::Started::Ended(exit)) => {
            if let process::How::Signaled(signal) = exit.how {
                // The parent is to learn of it as if this process had been the program.
                process::take_signals(0);
                let _ = process::kill(process::Target::Pid(process::getpid()), signal);
            }
            exit.status
        }
        Ok(crate::exec::Started::Running(pid)) => sh.wait_foreground(pid),
        Err(status) => status,
    };
    Err(Unwind::Exit(status))
}

pub(super) fn shift(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let count = match number(sh, "shift", arguments) {
        Ok(count) => count.unwrap_or(1),
        Err(bad) => return bad.flow(1),
    };
    let Ok(count) = usize::try_from(count) else {
        return sh.builtin_error("shift", &format!("{count}: shift count out of range"));
    };
    if count > sh.positional.len() {
        if sh.shopts.shift_verbose {
            sh.error(&format!("shift: {count}: shift count out of range"));
        }
        return Ok(1);
    }
    sh.positional.drain(..count);
    Ok(0)
}
