//! `unset`.

use super::{OptionParser, Parsed};
use crate::bytes;
use crate::state::{Flow, Shell};
use crate::syntax::is_name;
use crate::vars::Attributes;

pub(super) fn unset(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut functions, mut variables, mut references) = (false, false, false);
    let mut options = OptionParser::new(arguments, "fvn");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'f') => functions = true,
            Parsed::Flag(b'n') => references = true,
            Parsed::Flag(_) => variables = true,
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                return sh.usage_error("unset", &[b'-', letter], "unset [-f] [-v] [-n] [name ...]");
            }
        }
    }
    if functions && variables {
        sh.error("unset: cannot simultaneously unset a function and a variable");
        return Ok(1);
    }
    let mut status = 0;
    for name in &arguments[options.operands()..] {
        if functions {
            status = status.max(unset_function(sh, name));
            continue;
        }
        if let Some((array, element)) = crate::expand::split_element(name) {
            let (array, element) = (array.to_vec(), element.to_vec());
            sh.unset_element(&array, &element)?;
            continue;
        }
        if !is_name(name) {
            if variables {
                let shown = bytes::display(name).into_owned();
                sh.error(&format!("unset: `{shown}': not a valid identifier"));
                status = 1;
            } else {
                status = status.max(unset_function(sh, name));
            }
            continue;
        }
        let target = if references { name.clone() } else { sh.resolve(name) };
        match sh.vars.get(&target) {
            Some(variable) if variable.attributes.has(Attributes::READONLY) => {
                let shown = bytes::display(name).into_owned();
                sh.error(&format!("unset: {shown}: cannot unset: readonly variable"));
                status = 1;
            }
            Some(_) => sh.vars.unset(&target),
            None if !variables => status = status.max(unset_function(sh, name)),
            None => {}
        }
        if target == b"PATH" {
            sh.hash.clear();
        }
    }
    Ok(status)
}

fn unset_function(sh: &mut Shell, name: &[u8]) -> u8 {
    if sh.readonly_functions.contains(name) {
        let shown = bytes::display(name).into_owned();
        sh.error(&format!("unset: {shown}: cannot unset: readonly function"));
        return 1;
    }
    sh.functions.remove(name);
    0
}
