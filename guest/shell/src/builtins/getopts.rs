//! `getopts`.

use super::{OptionParser, Parsed};
use crate::bytes;
use crate::state::{Flow, Shell, Unwind};

pub(super) fn getopts(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    const USAGE: &str = "getopts optstring name [arg ...]";
    let mut options = OptionParser::new(arguments, "");
    if let Some(Parsed::Unknown(letter)) = options.next() {
        return sh.usage_error("getopts", &[b'-', letter], USAGE);
    }
    let [spec, name, rest @ ..] = &arguments[options.operands()..] else {
        return sh.usage("getopts", USAGE);
    };
    let list = if rest.is_empty() { sh.positional.clone() } else { rest.to_vec() };
    let optind = sh.get(b"OPTIND").and_then(|t| bytes::parse_int(&t)).unwrap_or(1).max(1);
    // A change of OPTIND by the script starts anew.
    let mut at = if sh.getopts.1 == optind { sh.getopts.0 } else { 0 };
    // As in bash, an index past the end starts anew, too.
    let mut index = (optind as usize - 1).min(list.len());
    let silent = spec.first() == Some(&b':');
    let quiet = silent || sh.get(b"OPTERR").as_deref() == Some(b"0");
    sh.vars.remove(b"OPTARG");
    if at == 0 {
        match list.get(index) {
            Some(argument) if argument == b"--" => {
                return finish(sh, name, index + 1);
            }
            Some(argument) if argument.len() > 1 && argument[0] == b'-' => at = 1,
            _ => return finish(sh, name, index),
        }
    }
    let argument = &list[index];
    let Some(&letter) = argument.get(at) else { return finish(sh, name, index + 1) };
    at += 1;
    if at >= argument.len() {
        at = 0;
    }
    let known = spec.iter().position(|&b| b == letter && letter != b':');
    let takes = known.is_some_and(|i| spec.get(i + 1) == Some(&b':'));
    let mut result = letter;
    let mut value: Option<Vec<u8>> = None;
    if known.is_none() {
        result = b'?';
        if silent {
            value = Some(vec![letter]);
        } else if !quiet {
            complain(sh, "illegal option", letter);
        }
    } else if takes {
        if at > 0 {
            value = Some(argument[at..].to_vec());
            at = 0;
        } else if let Some(next) = list.get(index + 1) {
            value = Some(next.clone());
            index += 1;
        } else if silent {
            result = b':';
            value = Some(vec![letter]);
        } else {
            result = b'?';
            if !quiet {
                complain(sh, "option requires an argument", letter);
            }
        }
    }
    if at == 0 {
        index += 1;
    }
    let next = index as i64 + 1;
    sh.assign(b"OPTIND", None, next.to_string().into_bytes(), false)?;
    sh.getopts = (at, next);
    if let Some(value) = value {
        sh.assign(b"OPTARG", None, value, false)?;
    }
    bind(sh, name, result)
}

/// Sets the script's variable.
fn bind(sh: &mut Shell, name: &[u8], value: u8) -> Flow {
    if !crate::syntax::is_name(name) {
        let shown = bytes::display(name).into_owned();
        return sh.builtin_error("getopts", &format!("`{shown}': not a valid identifier"));
    }
    match sh.assign(name, None, vec![value], false) {
        Ok(()) => Ok(0),
        Err(Unwind::Discard(_)) => Ok(2),
        Err(unwind) => Err(unwind),
    }
}

fn complain(sh: &mut Shell, what: &str, letter: u8) {
    let text = format!("{}: {what} -- {}\n", bytes::display(&sh.name), char::from(letter));
    sh.write_error(text.as_bytes());
}

fn finish(sh: &mut Shell, name: &[u8], index: usize) -> Flow {
    let next = index as i64 + 1;
    sh.assign(b"OPTIND", None, next.to_string().into_bytes(), false)?;
    sh.getopts = (0, next);
    Ok(bind(sh, name, b'?')?.max(1))
}
