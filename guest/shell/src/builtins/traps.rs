//! `trap`.

use super::{OptionParser, Parsed};
use crate::bytes;
use crate::expand::quote;
use crate::state::{Flow, Shell};
use crate::traps::{self, Action};

const USAGE: &str = "trap [-lp] [[arg] signal_spec ...]";

pub(super) fn trap(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut show, mut list) = (false, false);
    let mut options = OptionParser::new(arguments, "lp");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'l') => list = true,
            Parsed::Flag(_) => show = true,
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                return sh.usage_error("trap", &[b'-', letter], USAGE);
            }
        }
    }
    if list {
        return sh.print("trap", traps::table().as_bytes());
    }
    let arguments = &arguments[options.operands()..];
    if show {
        return print(sh, arguments);
    }
    let Some((first, conditions)) = arguments.split_first() else { return print(sh, &[]) };
    // A single operand, or a number first, resets what is named.
    let number = traps::number(first).is_some() && first.iter().any(u8::is_ascii_digit);
    let (action, conditions) = if first == b"-" {
        (None, conditions)
    } else if conditions.is_empty() || number {
        (None, arguments)
    } else if first.is_empty() {
        (Some(Action::Ignore), conditions)
    } else {
        (Some(Action::Run(first.as_slice().into())), conditions)
    };
    if conditions.is_empty() || (arguments.len() == 1 && traps::number(first).is_none()) {
        return sh.usage("trap", USAGE);
    }
    let mut status = 0;
    for condition in conditions {
        match traps::number(condition) {
            Some(number) => sh.traps.set(number, action.clone()),
            None => {
                let shown = bytes::display(condition).into_owned();
                sh.error(&format!("trap: {shown}: invalid signal specification"));
                status = 1;
            }
        }
    }
    Ok(status)
}

fn print(sh: &mut Shell, conditions: &[Vec<u8>]) -> Flow {
    let mut wanted = Vec::new();
    let mut status = 0;
    for condition in conditions {
        match traps::number(condition) {
            Some(number) => wanted.push(number),
            None => {
                let shown = bytes::display(condition).into_owned();
                sh.error(&format!("trap: {shown}: invalid signal specification"));
                status = 1;
            }
        }
    }
    let mut out = Vec::new();
    for (condition, action) in sh.traps.list() {
        if !conditions.is_empty() && !wanted.contains(&condition) {
            continue;
        }
        let text = match action {
            Action::Ignore => b"''".to_vec(),
            Action::Run(text) => {
                if text.contains(&b'\n') {
                    // A command of several lines is kept readable.
                    let mut quoted = b"'".to_vec();
                    for &byte in text.iter() {
                        if byte == b'\'' {
                            quoted.extend_from_slice(b"'\\''");
                        } else {
                            quoted.push(byte);
                        }
                    }
                    quoted.push(b'\'');
                    quoted
                } else {
                    quote::single(text)
                }
            }
        };
        out.extend_from_slice(b"trap -- ");
        out.extend_from_slice(&text);
        out.push(b' ');
        let name = traps::name(condition);
        let shown = if sh.options.posix { name.trim_start_matches("SIG") } else { &name };
        out.extend_from_slice(shown.as_bytes());
        out.push(b'\n');
    }
    Ok(sh.print("trap", &out)?.max(status))
}
