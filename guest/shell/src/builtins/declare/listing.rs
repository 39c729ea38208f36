//! What `declare`, `export`, `readonly` and `set` print.

use std::rc::Rc;

use super::Request;
use crate::bytes;
use crate::expand::quote;
use crate::state::{Flow, Shell};
use crate::vars::{Attributes, Value};

pub(super) fn plain_form(sh: &Shell, name: &[u8]) -> Vec<u8> {
    let Some(variable) = sh.vars.get(name) else { return Vec::new() };
    match &variable.value {
        Value::Unset => Vec::new(),
        Value::Scalar(text) => [name, b"=", &quote::minimal(text), b"\n"].concat(),
        _ => {
            let text = sh.declaration(name);
            let start = text
                .windows(name.len() + 1)
                .position(|w| w.starts_with(name) && w.ends_with(b"="))
                .unwrap_or(0);
            text[start..].to_vec()
        }
    }
}

/// Variables whose value is computed, and that `set` lists.
const COMPUTED: [&[u8]; 19] = [
    b"BASH",
    b"BASHOPTS",
    b"BASH_LINENO",
    b"BASH_SOURCE",
    b"BASH_VERSINFO",
    b"BASH_VERSION",
    b"DIRSTACK",
    b"EUID",
    b"FUNCNAME",
    b"GROUPS",
    b"HOSTNAME",
    b"HOSTTYPE",
    b"MACHTYPE",
    b"OSTYPE",
    b"PIPESTATUS",
    b"PPID",
    b"SHELLOPTS",
    b"UID",
    b"_",
];

/// All variables and functions as `set` lists them.
pub(in crate::builtins) fn all(sh: &mut Shell) -> Vec<u8> {
    let mut names: Vec<Vec<u8>> = sh.vars.names().iter().map(|name| name.to_vec()).collect();
    names.extend(COMPUTED.iter().map(|name| name.to_vec()));
    names.sort();
    names.dedup();
    let mut out = Vec::new();
    for name in names {
        let own = sh.vars.get(&name).is_some_and(crate::vars::Variable::is_set);
        if own {
            out.extend_from_slice(&plain_form(sh, &name));
        } else if let Some(items) = sh.dynamic_array(&name) {
            let items: Vec<Vec<u8>> = (0..)
                .zip(items)
                .map(|(index, item)| {
                    [format!("[{index}]=").as_bytes(), &quote::double(&item)].concat()
                })
                .collect();
            out.extend([&name[..], b"=(", &items.join(&b' '), b")\n"].concat());
        } else if let Some(text) = sh.dynamic(&name) {
            out.extend([&name[..], b"=", &quote::minimal(&text), b"\n"].concat());
        }
    }
    if !sh.options.posix {
        let mut functions: Vec<_> = sh.functions.iter().collect();
        functions.sort_by_key(|(name, _)| Rc::clone(name));
        for (_, function) in functions {
            out.extend_from_slice(&crate::syntax::print::function(function));
            out.push(b'\n');
        }
    }
    out
}

pub(super) fn print(
    sh: &mut Shell,
    arguments: &[Vec<u8>],
    request: &Request,
    builtin: &str,
) -> Flow {
    let operands = &arguments[request.operands..];
    let mut out = Vec::new();
    let mut status = 0;
    if operands.is_empty() {
        if !request.print && request.add.is_empty() && !request.indexed && !request.assoc {
            out = all(sh);
        } else {
            for name in sh.vars.names() {
                let Some(variable) = sh.vars.get(&name) else { continue };
                let kind = match variable.value {
                    Value::Indexed(_) => request.indexed,
                    Value::Assoc(_) => request.assoc,
                    _ => false,
                };
                let any = request.add.is_empty() && !request.indexed && !request.assoc;
                if any || kind || variable.attributes.has(request.add) {
                    out.extend_from_slice(&sh.declaration(&name));
                }
            }
        }
    }
    for name in operands {
        let name_only = name.split(|&b| b == b'=').next().unwrap_or_default();
        if sh.vars.get(name_only).is_some() {
            out.extend_from_slice(&sh.declaration(name_only));
        } else {
            let shown = bytes::display(name_only).into_owned();
            sh.error(&format!("{builtin}: {shown}: not found"));
            status = 1;
        }
    }
    Ok(sh.print(builtin, &out)?.max(status))
}

pub(super) fn print_with(sh: &mut Shell, attribute: Attributes, builtin: &str) -> Flow {
    let mut out = Vec::new();
    for name in sh.vars.names() {
        let Some(variable) = sh.vars.get(&name).filter(|v| v.attributes.has(attribute)) else {
            continue;
        };
        let line = sh.declaration(&name);
        let kind: &[u8] = match variable.value {
            Value::Indexed(_) => b"-a ",
            Value::Assoc(_) => b"-A ",
            _ => b"",
        };
        // In POSIX mode the line is a command of POSIX.
        match line.iter().skip(b"declare ".len()).position(|&b| b == b' ') {
            Some(at) if sh.options.posix => {
                let rest = &line[b"declare ".len() + at + 1..];
                out.extend([builtin.as_bytes(), b" ", kind, rest].concat());
            }
            _ => out.extend_from_slice(&line),
        }
    }
    sh.print(builtin, &out)
}

pub(super) fn functions(sh: &mut Shell, arguments: &[Vec<u8>], request: &Request) -> Flow {
    let operands = &arguments[request.operands..];
    let changes = [request.add, request.remove].iter().any(|a| !a.is_empty());
    if changes && !operands.is_empty() && !request.print {
        return attributes(sh, operands, request);
    }
    let mut out = Vec::new();
    let mut status = 0;
    let mut names: Vec<Vec<u8>> = operands.to_vec();
    if operands.is_empty() {
        names = sh.functions.keys().map(|name| name.to_vec()).collect();
        names.sort();
    }
    for name in names {
        match sh.functions.get(&name[..]) {
            None => status = 1,
            Some(function) if request.function_names => {
                if operands.is_empty() {
                    out.extend_from_slice(b"declare -f ");
                }
                out.extend_from_slice(&name);
                if !operands.is_empty() && sh.shopts.extdebug {
                    out.extend_from_slice(format!(" {} ", function.line).as_bytes());
                    // Without a script, bash says that it is the main program.
                    let source: &[u8] =
                        if function.source == sh.source && sh.mode != crate::state::Mode::Script {
                            b"main"
                        } else {
                            &function.source
                        };
                    out.extend_from_slice(source);
                }
                out.push(b'\n');
            }
            Some(function) => {
                out.extend_from_slice(&crate::syntax::print::function(function));
                out.push(b'\n');
            }
        }
    }
    Ok(sh.print("declare", &out)?.max(status))
}

/// Sets and removes the attributes of functions: `-r`, `-t` and `-x`.
pub(super) fn attributes(sh: &mut Shell, names: &[Vec<u8>], request: &Request) -> Flow {
    let mut status = 0;
    for name in names {
        let Some((name, _)) = sh.functions.get_key_value(&name[..]) else {
            let shown = bytes::display(name).into_owned();
            sh.error(&format!("{shown}: not a function"));
            status = 1;
            continue;
        };
        let name = Rc::clone(name);
        if request.add.has(Attributes::READONLY) {
            sh.readonly_functions.insert(Rc::clone(&name));
        }
        for (attribute, set) in [
            (Attributes::TRACE, &mut sh.traced_functions),
            (Attributes::EXPORT, &mut sh.exported_functions),
        ] {
            if request.add.has(attribute) {
                set.insert(Rc::clone(&name));
            } else if request.remove.has(attribute) {
                set.remove(&name);
            }
        }
    }
    Ok(status)
}
