//! The working directory and the stack of directories.

use super::{OptionParser, Parsed};
use crate::bytes;
use crate::output::io_text;
use crate::paths::normalize;
use crate::state::{Flow, Shell};
use crate::vars::Attributes;

pub(super) fn cd(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut index = 1;
    let mut physical = sh.options.physical;
    while let Some(option) = arguments.get(index) {
        match option.as_slice() {
            b"-P" => physical = true,
            b"-L" => physical = false,
            b"-e" | b"-@" => {}
            b"--" => {
                index += 1;
                break;
            }
            [b'-', letter, ..] => {
                let letter = *letter;
                return sh.usage_error("cd", &[b'-', letter], "cd [-L|[-P [-e]] [-@]] [dir]");
            }
            _ => break,
        }
        index += 1;
    }
    if arguments.len() > index + 1 {
        return sh.builtin_error("cd", "too many arguments");
    }
    let mut show = false;
    let target = match arguments.get(index).map(Vec::as_slice) {
        None => match sh.get(b"HOME") {
            Some(home) => home,
            None => return sh.builtin_error("cd", "HOME not set"),
        },
        Some(b"-") => match sh.get(b"OLDPWD") {
            Some(old) => {
                show = true;
                old
            }
            None => return sh.builtin_error("cd", "OLDPWD not set"),
        },
        Some(target) => target.to_vec(),
    };
    if target.is_empty() {
        return Ok(0);
    }
    let mut directory = None;
    let relative = !target.starts_with(b"/")
        && target != b"."
        && target != b".."
        && !target.starts_with(b"./")
        && !target.starts_with(b"../");
    if relative && let Some(path) = sh.get(b"CDPATH") {
        for base in path.split(|&b| b == b':') {
            let candidate =
                if base.is_empty() { target.clone() } else { [base, b"/", &target].concat() };
            if std::fs::metadata(sh.path(&candidate)).is_ok_and(|m| m.is_dir()) {
                show |= !base.is_empty();
                directory = Some(candidate);
                break;
            }
        }
    }
    let directory = directory.unwrap_or_else(|| target.clone());
    match change(sh, &directory, physical) {
        Ok(()) => {
            if show {
                let line = [&sh.cwd[..], b"\n"].concat();
                return sh.print("cd", &line);
            }
            Ok(0)
        }
        Err(message) => {
            let shown = bytes::display(&target).into_owned();
            sh.builtin_error("cd", &format!("{shown}: {message}"))
        }
    }
}

/// Changes the working directory, and `PWD` and `OLDPWD` with it.
fn change(sh: &mut Shell, directory: &[u8], physical: bool) -> Result<(), String> {
    let absolute = sh.absolute(directory);
    let metadata = std::fs::metadata(sh.path(&absolute)).map_err(|error| io_text(&error))?;
    if !metadata.is_dir() {
        return Err("Not a directory".into());
    }
    let path = if physical { sh.real_path(&absolute) } else { normalize(&absolute) };
    let old = std::mem::replace(&mut sh.cwd, path);
    sh.set_plain(b"OLDPWD", &old);
    let cwd = sh.cwd.clone();
    sh.set_plain(b"PWD", &cwd);
    for name in [&b"OLDPWD"[..], b"PWD"] {
        sh.vars.entry(name).attributes.add(Attributes::EXPORT);
    }
    Ok(())
}

pub(super) fn pwd(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut physical = sh.options.physical;
    let mut options = OptionParser::new(arguments, "LP");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(letter) => physical = letter == b'P',
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                return sh.usage_error("pwd", &[b'-', letter], "pwd [-LP]");
            }
        }
    }
    let mut line = if physical { sh.real_path(&sh.cwd) } else { sh.cwd.clone() };
    line.push(b'\n');
    sh.print("pwd", &line)
}

/// The index in the stack that `+n` or `-n` means.
fn stack_index(sh: &Shell, text: &[u8]) -> Option<usize> {
    let total = sh.directories.len() + 1;
    let (sign, digits) = text.split_first()?;
    let n: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let index = if *sign == b'+' { n } else { total.checked_sub(n + 1)? };
    (index < total).then_some(index)
}

fn is_index(text: &[u8]) -> bool {
    text.len() > 1 && matches!(text[0], b'+' | b'-') && text[1..].iter().all(u8::is_ascii_digit)
}

fn show(sh: &mut Shell, builtin: &str) -> Flow {
    let mut all = vec![tilde(sh, &sh.cwd)];
    all.extend(sh.directories.iter().map(|d| tilde(sh, d)));
    let mut line = all.join(&b' ');
    line.push(b'\n');
    sh.print(builtin, &line)
}

/// What `pushd` and `popd` are asked for.
struct StackRequest {
    /// Only the stack changes, not the working directory.
    stay: bool,
    operand: Option<Vec<u8>>,
}

/// The options and the operand of `pushd` or `popd`; `Err` is the status after a message.
fn stack_request(sh: &mut Shell, arguments: &[Vec<u8>], usage: &str) -> Result<StackRequest, Flow> {
    let builtin = bytes::display(&arguments[0]).into_owned();
    let mut request = StackRequest { stay: false, operand: None };
    let mut options = true;
    for argument in &arguments[1..] {
        match argument.as_slice() {
            b"--" if options => options = false,
            b"-n" if options => request.stay = true,
            text if options && text.len() > 1 && text[0] == b'-' && !is_index(text) => {
                let shown = bytes::display(text).into_owned();
                sh.error(&format!("{builtin}: {shown}: invalid number"));
                return Err(sh.usage(&builtin, usage));
            }
            _ if request.operand.is_some() => {
                return Err(sh.builtin_error(&builtin, "too many arguments"));
            }
            text => request.operand = Some(text.to_vec()),
        }
    }
    Ok(request)
}

fn out_of_range(sh: &mut Shell, builtin: &str, text: &[u8]) -> Flow {
    if sh.directories.is_empty() {
        return sh.builtin_error(builtin, "directory stack empty");
    }
    let shown = bytes::display(text).into_owned();
    sh.builtin_error(builtin, &format!("{shown}: directory stack index out of range"))
}

fn tilde(sh: &Shell, path: &[u8]) -> Vec<u8> {
    match sh.vars.get(b"HOME").and_then(|v| v.scalar()) {
        Some(home) if home.len() > 1 && path.starts_with(home) => {
            match path[home.len()..].first() {
                None | Some(b'/') => [b"~", &path[home.len()..]].concat(),
                Some(_) => path.to_vec(),
            }
        }
        _ => path.to_vec(),
    }
}

pub(super) fn pushd(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let StackRequest { stay, operand } =
        match stack_request(sh, arguments, "pushd [-n] [+N | -N | dir]") {
            Ok(request) => request,
            Err(flow) => return flow,
        };
    let operand = operand.as_deref();
    let before = sh.cwd.clone();
    let target = match operand {
        None => {
            if sh.directories.is_empty() {
                return sh.builtin_error("pushd", "no other directory");
            }
            sh.directories.remove(0)
        }
        Some(text) if is_index(text) => {
            let Some(index) = stack_index(sh, text) else {
                return out_of_range(sh, "pushd", text);
            };
            let mut all = vec![before];
            all.append(&mut sh.directories);
            all.rotate_left(index);
            let target = all.remove(0);
            sh.directories = all;
            if let Err(message) = change(sh, &target, false) {
                let shown = bytes::display(&target).into_owned();
                return sh.builtin_error("pushd", &format!("{shown}: {message}"));
            }
            return show(sh, "pushd");
        }
        Some(b"-") => sh.get(b"OLDPWD").unwrap_or_default(),
        Some(text) => text.to_vec(),
    };
    if stay {
        let target = sh.absolute(&target);
        sh.directories.insert(0, target);
        return show(sh, "pushd");
    }
    if let Err(message) = change(sh, &target, false) {
        if operand.is_none() {
            sh.directories.insert(0, target.clone());
        }
        let shown = bytes::display(&target).into_owned();
        return sh.builtin_error("pushd", &format!("{shown}: {message}"));
    }
    sh.directories.insert(0, before);
    show(sh, "pushd")
}

pub(super) fn popd(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    const USAGE: &str = "popd [-n] [+N | -N]";
    let StackRequest { stay, operand } = match stack_request(sh, arguments, USAGE) {
        Ok(request) => request,
        Err(flow) => return flow,
    };
    let index = match operand.as_deref() {
        Some(text) if !is_index(text) => {
            let shown = bytes::display(text).into_owned();
            sh.error(&format!("popd: {shown}: invalid argument"));
            return sh.usage("popd", USAGE);
        }
        _ if sh.directories.is_empty() => {
            return sh.builtin_error("popd", "directory stack empty");
        }
        None => usize::from(stay),
        Some(text) => match stack_index(sh, text) {
            Some(index) => index,
            None => return out_of_range(sh, "popd", text),
        },
    };
    if index == 0 {
        let target = sh.directories.remove(0);
        if let Err(message) = change(sh, &target, false) {
            let shown = bytes::display(&target).into_owned();
            return sh.builtin_error("popd", &format!("{shown}: {message}"));
        }
    } else {
        sh.directories.remove(index - 1);
    }
    show(sh, "popd")
}

fn not_a_number(sh: &mut Shell, argument: &[u8]) -> Flow {
    let shown = bytes::display(argument).into_owned();
    sh.error(&format!("dirs: {shown}: invalid number"));
    sh.usage("dirs", "dirs [-clpv] [+N] [-N]")
}

pub(super) fn dirs(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut long, mut lines, mut numbered) = (false, false, false);
    for argument in &arguments[1..] {
        match argument.as_slice() {
            b"-c" => {
                sh.directories.clear();
                return Ok(0);
            }
            text if is_index(text) => {
                let Some(index) = stack_index(sh, text) else {
                    return out_of_range(sh, "dirs", &text[1..]);
                };
                let path = sh.directory_at(index, false).unwrap_or_default();
                let mut line = if long { path } else { tilde(sh, &path) };
                line.push(b'\n');
                return sh.print("dirs", &line);
            }
            [b'-', letters @ ..] => {
                for letter in letters {
                    match letter {
                        b'l' => long = true,
                        b'p' => lines = true,
                        b'v' => numbered = true,
                        _ => return not_a_number(sh, argument),
                    }
                }
            }
            _ => return not_a_number(sh, argument),
        }
    }
    let mut all = vec![sh.cwd.clone()];
    all.extend(sh.directories.iter().cloned());
    let all: Vec<Vec<u8>> =
        all.iter().map(|d| if long { d.clone() } else { tilde(sh, d) }).collect();
    let mut out = Vec::new();
    if numbered {
        for (index, directory) in all.iter().enumerate() {
            out.extend_from_slice(format!("{index:>2}  ").as_bytes());
            out.extend_from_slice(directory);
            out.push(b'\n');
        }
    } else {
        out = all.join(if lines { &b'\n' } else { &b' ' });
        out.push(b'\n');
    }
    sh.print("dirs", &out)
}
