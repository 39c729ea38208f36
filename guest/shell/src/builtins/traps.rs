//! `trap`.

use crate::bytes;
use crate::expand::quote;
use crate::state::{Flow, Shell};
use crate::traps::{self, Action};

pub(super) fn trap(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut arguments = &arguments[1..];
    match arguments.first().map(Vec::as_slice) {
        None => return print(sh, &[]),
        Some(b"-p") => return print(sh, &arguments[1..]),
        Some(b"-l") => {
            let text: String =
                (1..=31u8).map(|n| format!("{n:>2}) {}\n", traps::name(n))).collect();
            return sh.print("trap", text.as_bytes());
        }
        Some(b"--") => arguments = &arguments[1..],
        _ => {}
    }
    let Some((first, conditions)) = arguments.split_first() else { return print(sh, &[]) };
    // A single operand, or a number first, resets what is named.
    let resets = conditions.is_empty() || first.iter().all(u8::is_ascii_digit) && !first.is_empty();
    let (action, conditions) = if first == b"-" {
        (None, conditions)
    } else if resets {
        (None, arguments)
    } else if first.is_empty() {
        (Some(Action::Ignore), conditions)
    } else {
        (Some(Action::Run(first.as_slice().into())), conditions)
    };
    if conditions.is_empty() {
        sh.write_error(b"trap: usage: trap [-lp] [[arg] signal_spec ...]\n");
        return Ok(2);
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
    let wanted: Vec<Option<u8>> = conditions.iter().map(|c| traps::number(c)).collect();
    let mut out = Vec::new();
    for (condition, action) in sh.traps.list() {
        if !wanted.is_empty() && !wanted.contains(&Some(condition)) {
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
        out.extend_from_slice(traps::name(condition).as_bytes());
        out.push(b'\n');
    }
    sh.print("trap", &out)
}
