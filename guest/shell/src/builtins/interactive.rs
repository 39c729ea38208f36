//! Builtins about the builtins, and those that only matter to interactive shells.

use super::lookup::KEYWORDS;
use super::synopses::{SYNOPSES, synopsis};
use super::{OptionParser, Parsed, find};
use crate::bytes;
use crate::pattern::Pattern;
use crate::state::{Flow, Shell};

const ENABLE_USAGE: &str = "enable [-a] [-dnps] [-f filename] [name ...]";

/// Lists builtins, disables and enables them.
pub(super) fn enable(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut all, mut disable, mut special) = (false, false, false);
    let mut options = OptionParser::new(arguments, "adnpsf:");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'a') => all = true,
            Parsed::Flag(b'n') => disable = true,
            Parsed::Flag(b's') => special = true,
            Parsed::Flag(b'p') => {}
            Parsed::Flag(_) | Parsed::Value(..) => {
                return sh.builtin_error("enable", "dynamic loading not available");
            }
            Parsed::Unknown(letter) | Parsed::MissingValue(letter) => {
                return sh.usage_error("enable", &[b'-', letter], ENABLE_USAGE);
            }
        }
    }
    let operands = &arguments[options.operands()..];
    if operands.is_empty() {
        let mut out = String::new();
        for (name, _) in SYNOPSES {
            let off = sh.disabled.contains(name.as_bytes());
            let is_special = find(name.as_bytes()).is_some_and(|b| b.special);
            if (all || off == disable) && (!special || is_special) {
                out.push_str(&format!("enable {}{name}\n", if off { "-n " } else { "" }));
            }
        }
        return sh.print("enable", out.as_bytes());
    }
    let mut status = 0;
    for name in operands {
        if find(name).is_none() {
            let shown = bytes::display(name).into_owned();
            status = sh.builtin_error("enable", &format!("{shown}: not a shell builtin"))?;
        } else if disable {
            sh.disabled.insert(name.clone());
        } else {
            sh.disabled.remove(name);
        }
    }
    Ok(status)
}

/// How builtins are called.
pub(super) fn help(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut options = OptionParser::new(arguments, "dms");
    while let Some(option) = options.next() {
        if let Parsed::Unknown(letter) = option {
            return sh.usage_error("help", &[b'-', letter], "help [-dms] [pattern ...]");
        }
    }
    let operands = &arguments[options.operands()..];
    if operands.is_empty() {
        let lines: String = SYNOPSES.iter().map(|(_, text)| format!(" {text}\n")).collect();
        return sh.print("help", format!("builtin commands:\n{lines}").as_bytes());
    }
    let mut out = String::new();
    let mut unknown = None;
    for operand in operands {
        let before = out.len();
        if let Some(text) = synopsis(operand) {
            out.push_str(&format!("{}: {text}\n", bytes::display(operand)));
            continue;
        }
        let pattern = Pattern::new(operand, true, false);
        for (name, text) in SYNOPSES {
            if pattern.matches(name.as_bytes()) || name.as_bytes().starts_with(operand) {
                out.push_str(&format!("{name}: {text}\n"));
            }
        }
        if out.len() == before {
            unknown = Some(operand);
        }
    }
    let status = sh.print("help", out.as_bytes())?;
    match unknown.filter(|_| out.is_empty()) {
        Some(operand) => {
            let shown = bytes::display(operand).into_owned();
            sh.builtin_error(
                "help",
                &format!(
                    "no help topics match `{shown}'.  Try `help help' or `man -k {shown}' or \
                     `info {shown}'."
                ),
            )
        }
        None => Ok(status),
    }
}

/// There is no history in a script: the list is empty.
pub(super) fn history(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let usage = synopsis(b"history").unwrap_or_default();
    let mut options = OptionParser::new(arguments, "cd:anrwps");
    match options.next() {
        None => {}
        Some(Parsed::Flag(_) | Parsed::Value(..)) => return Ok(0),
        Some(Parsed::Unknown(letter)) => {
            return sh.usage_error("history", &[b'-', letter], usage);
        }
        Some(Parsed::MissingValue(letter)) => return sh.missing_value("history", letter, usage),
    }
    let operands = &arguments[options.operands()..];
    match operands {
        [] => Ok(0),
        [count] if bytes::parse_int(count).is_some() => Ok(0),
        [count] => {
            let shown = bytes::display(count).into_owned();
            sh.builtin_error("history", &format!("{shown}: numeric argument required"))
        }
        _ => sh.builtin_error("history", "too many arguments"),
    }
}

pub(super) fn fc(sh: &mut Shell, _: &[Vec<u8>]) -> Flow {
    sh.builtin_error("fc", "no command found")
}

/// Completion can be set up, to no effect: nobody types here.
pub(super) fn complete(_: &mut Shell, _: &[Vec<u8>]) -> Flow {
    Ok(0)
}

pub(super) fn bind(sh: &mut Shell, _: &[Vec<u8>]) -> Flow {
    sh.error("bind: warning: line editing not enabled");
    Ok(0)
}

/// The word lists that scripts ask for.
pub(super) fn compgen(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let prefix = arguments.get(2).cloned().unwrap_or_default();
    let mut names: Vec<Vec<u8>> = match arguments.get(1).map(Vec::as_slice) {
        Some(b"-v") => sh.vars.names().iter().map(|n| n.to_vec()).collect(),
        Some(b"-e") => {
            let exported = |n: &crate::vars::Name| {
                sh.vars.get(n).is_some_and(|v| v.attributes.has(crate::vars::Attributes::EXPORT))
            };
            sh.vars.names().iter().filter(|n| exported(n)).map(|n| n.to_vec()).collect()
        }
        Some(b"-b") => SYNOPSES.iter().map(|(n, _)| n.as_bytes().to_vec()).collect(),
        Some(b"-k") => KEYWORDS.iter().map(|n| n.to_vec()).collect(),
        Some(b"-A") if prefix == b"function" => sh.functions.keys().map(|n| n.to_vec()).collect(),
        _ => {
            return sh
                .builtin_error("compgen", "only -v, -e, -b, -k and -A function are supported");
        }
    };
    if arguments.get(1).is_some_and(|a| a != b"-A") {
        names.retain(|n| n.starts_with(&prefix));
    }
    names.sort();
    let status = u8::from(names.is_empty());
    let mut out = names.join(&b'\n');
    if !out.is_empty() {
        out.push(b'\n');
    }
    Ok(sh.print("compgen", &out)?.max(status))
}
