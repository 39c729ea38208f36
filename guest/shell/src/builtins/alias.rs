//! `alias` and `unalias`.

use std::rc::Rc;

use super::{OptionParser, Parsed};
use crate::bytes;
use crate::expand::quote;
use crate::state::{Flow, Shell};
use crate::syntax::is_meta;

pub(super) fn alias(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut print = false;
    let mut options = OptionParser::new(arguments, "p");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(_) => print = true,
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                let usage = "alias [-p] [name[=value] ... ]";
                return sh.usage_error("alias", &[b'-', letter], usage);
            }
        }
    }
    let operands = &arguments[options.operands()..];
    let mut out = Vec::new();
    let mut status = 0;
    if print || operands.is_empty() {
        for (name, value) in sh.aliases.iter() {
            out.extend_from_slice(&definition(sh, name, value));
        }
    }
    for operand in operands {
        // The name has at least one character: `=` alone is a name that is not there.
        let equals = operand.iter().skip(1).position(|&b| b == b'=').map(|at| at + 1);
        let Some(equals) = equals else {
            match sh.aliases.get(operand) {
                Some(value) => out.extend_from_slice(&definition(sh, operand, value)),
                None => {
                    let shown = bytes::display(operand).into_owned();
                    sh.error(&format!("alias: {shown}: not found"));
                    status = 1;
                }
            }
            continue;
        };
        let (name, value) = (&operand[..equals], &operand[equals + 1..]);
        if name.iter().any(|&b| is_meta(b) || b"/$`\"'\\".contains(&b)) {
            let shown = bytes::display(name).into_owned();
            sh.error(&format!("alias: `{shown}': invalid alias name"));
            status = 1;
            continue;
        }
        Rc::make_mut(&mut sh.aliases).insert(name.to_vec(), value.to_vec());
    }
    Ok(sh.print("alias", &out)?.max(status))
}

/// As `alias` prints one, so that it can be read back.
fn definition(sh: &Shell, name: &[u8], value: &[u8]) -> Vec<u8> {
    let dashes: &[u8] = if name.starts_with(b"-") { b"-- " } else { b"" };
    let command: &[u8] = if sh.options.posix { b"" } else { b"alias " };
    [command, dashes, name, b"=", &quote::plain_single(value), b"\n"].concat()
}

pub(super) fn unalias(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let usage = "unalias [-a] name [name ...]";
    let mut options = OptionParser::new(arguments, "a");
    if let Some(option) = options.next() {
        match option {
            Parsed::Flag(_) => {
                sh.aliases = Rc::default();
                return Ok(0);
            }
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                return sh.usage_error("unalias", &[b'-', letter], usage);
            }
        }
    }
    let operands = &arguments[options.operands()..];
    if operands.is_empty() {
        sh.write_error(format!("unalias: usage: {usage}\n").as_bytes());
        return Ok(2);
    }
    let mut status = 0;
    for name in operands {
        if Rc::make_mut(&mut sh.aliases).remove(name).is_none() {
            let shown = bytes::display(name).into_owned();
            sh.error(&format!("unalias: {shown}: not found"));
            status = 1;
        }
    }
    Ok(status)
}
