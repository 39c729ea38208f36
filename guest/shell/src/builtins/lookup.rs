//! What a name means: `type`, `command`, `builtin`, `hash` and their like.

use super::{NAMES, OptionParser, Parsed, find};
use crate::bytes;
use crate::expand::quote;
use crate::state::{Flow, Shell};

const KEYWORDS: [&[u8]; 22] = [
    b"if",
    b"then",
    b"else",
    b"elif",
    b"fi",
    b"case",
    b"esac",
    b"for",
    b"select",
    b"while",
    b"until",
    b"do",
    b"done",
    b"in",
    b"function",
    b"time",
    b"{",
    b"}",
    b"!",
    b"[[",
    b"]]",
    b"coproc",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `type name`
    Long,
    /// `type -t`
    Kind,
    /// `type -p`: only files, only if the name is nothing else
    Path,
    /// `type -P`: files, whatever else the name is
    ForcedPath,
    /// `command -v`
    Short,
}

/// Describes `name`; empty when it is unknown.
fn describe(sh: &mut Shell, name: &[u8], style: Style, all: bool, functions: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let shown = bytes::display(name).into_owned();
    let mut say = |long: String, kind: &str, short: &[u8]| {
        match style {
            Style::Long => out.extend_from_slice(long.as_bytes()),
            Style::Kind => out.extend_from_slice(kind.as_bytes()),
            Style::Short => out.extend_from_slice(short),
            Style::Path | Style::ForcedPath => return,
        }
        out.push(b'\n');
    };
    let mut found = false;
    if KEYWORDS.contains(&name) {
        found = true;
        say(format!("{shown} is a shell keyword"), "keyword", name);
    }
    if let Some(function) = sh.functions.get(name).filter(|_| functions)
        && (all || !found)
    {
        found = true;
        let text = bytes::display(&function.text).into_owned();
        say(format!("{shown} is a function\n{text}"), "function", name);
    }
    if find(name).is_some() && (all || !found) {
        found = true;
        say(format!("{shown} is a shell builtin"), "builtin", name);
    }
    if (found && !all && style != Style::ForcedPath) || (style == Style::Path && found) {
        return out;
    }
    let hashed = sh.hash.contains_key(name);
    let path = if name.contains(&b'/') {
        sh.is_executable_file(name).then(|| name.to_vec())
    } else {
        sh.find_program(name, false)
    };
    if let Some(path) = path {
        let file = bytes::display(&path).into_owned();
        match style {
            Style::Long if hashed && !all => {
                out.extend_from_slice(format!("{shown} is hashed ({file})").as_bytes());
            }
            Style::Long => out.extend_from_slice(format!("{shown} is {file}").as_bytes()),
            Style::Kind => out.extend_from_slice(b"file"),
            _ => out.extend_from_slice(&path),
        }
        out.push(b'\n');
    }
    out
}

pub(super) fn type_(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut style, mut all, mut functions) = (Style::Long, false, true);
    let mut options = OptionParser::new(arguments, "afptP");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'a') => all = true,
            Parsed::Flag(b'f') => functions = false,
            Parsed::Flag(b'p') => style = Style::Path,
            Parsed::Flag(b'P') => style = Style::ForcedPath,
            Parsed::Flag(_) => style = Style::Kind,
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                return sh.usage_error("type", &[b'-', letter], "type [-afptP] name [name ...]");
            }
        }
    }
    let mut status = 0;
    for name in &arguments[options.operands()..] {
        let text = describe(sh, name, style, all, functions);
        if text.is_empty() {
            let known = style == Style::Path
                && (KEYWORDS.contains(&&name[..])
                    || find(name).is_some()
                    || sh.functions.contains_key(&name[..]));
            if !known {
                status = 1;
            }
            if style == Style::Long {
                let shown = bytes::display(name).into_owned();
                sh.error(&format!("type: {shown}: not found"));
            }
            continue;
        }
        sh.print("type", &text)?;
    }
    Ok(status)
}

pub(super) fn command(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut style = None;
    let mut options = OptionParser::new(arguments, "pvV");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'v') => style = Some(Style::Short),
            Parsed::Flag(b'V') => style = Some(Style::Long),
            Parsed::Flag(_) => {}
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                return sh.usage_error(
                    "command",
                    &[b'-', letter],
                    "command [-pVv] command [arg ...]",
                );
            }
        }
    }
    let operands = &arguments[options.operands()..];
    let Some(style) = style else {
        return invoke(sh, operands);
    };
    let mut status = 1;
    for name in operands {
        let text = describe(sh, name, style, false, true);
        if !text.is_empty() {
            status = 0;
            sh.print("command", &text)?;
        } else if style == Style::Long {
            let shown = bytes::display(name).into_owned();
            sh.error(&format!("command: {shown}: not found"));
        }
    }
    Ok(status)
}

/// Runs a builtin or a program, but no function.
fn invoke(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let Some(name) = arguments.first() else { return Ok(0) };
    let skipped = arguments.as_ptr();
    let _ = skipped;
    match find(name) {
        Some(builtin) => {
            shift_arrays(sh, arguments);
            (builtin.run)(sh, arguments)
        }
        None => sh.program(arguments),
    }
}

/// Array arguments are numbered from the first word of the whole command.
fn shift_arrays(sh: &mut Shell, arguments: &[Vec<u8>]) {
    let first = sh.array_arguments.iter().map(|(index, _)| *index).min();
    if let Some(first) = first {
        let names: Vec<_> =
            sh.array_arguments.iter().map(|(_, assignment)| assignment.name.to_vec()).collect();
        let at = arguments.iter().position(|a| Some(a) == names.first()).unwrap_or(first);
        let offset = first.saturating_sub(at);
        for (index, _) in &mut sh.array_arguments {
            *index -= offset;
        }
    }
}

pub(super) fn builtin(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let arguments = match arguments.get(1) {
        Some(first) if first == b"--" => &arguments[2..],
        _ => &arguments[1..],
    };
    let Some(name) = arguments.first() else { return Ok(0) };
    match find(name) {
        Some(builtin) => {
            shift_arrays(sh, arguments);
            (builtin.run)(sh, arguments)
        }
        None => {
            let shown = bytes::display(name).into_owned();
            sh.builtin_error("builtin", &format!("{shown}: not a shell builtin"))
        }
    }
}

pub(super) fn hash(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut forget = false;
    let mut show = false;
    let mut path = None;
    let mut options = OptionParser::new(arguments, "rltdp:");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'r') => sh.hash.clear(),
            Parsed::Flag(b'd') => forget = true,
            Parsed::Flag(b't') => show = true,
            Parsed::Flag(_) => {}
            Parsed::Value(_, text) => path = Some(text.to_vec()),
            Parsed::Unknown(letter) | Parsed::MissingValue(letter) => {
                return sh.usage_error(
                    "hash",
                    &[b'-', letter],
                    "hash [-lr] [-p pathname] [-dt] [name ...]",
                );
            }
        }
    }
    let operands = &arguments[options.operands()..];
    let mut status = 0;
    for name in operands {
        let shown = bytes::display(name).into_owned();
        if forget {
            if sh.hash.remove(&name[..]).is_none() {
                status = sh.builtin_error("hash", &format!("{shown}: not found"))?;
            }
        } else if show {
            match sh.hash.get(&name[..]).map(|(path, _)| path.clone()) {
                Some(mut line) => {
                    line.push(b'\n');
                    sh.print("hash", &line)?;
                }
                None => status = sh.builtin_error("hash", &format!("{shown}: not found"))?,
            }
        } else if let Some(path) = &path {
            sh.hash.insert(name.as_slice().into(), (path.clone(), 0));
        } else if find(name).is_none() && !name.contains(&b'/') {
            sh.hash.remove(&name[..]);
            match sh.find_program(name, true) {
                Some(_) => {
                    if let Some((_, hits)) = sh.hash.get_mut(&name[..]) {
                        *hits = 0;
                    }
                }
                None => status = sh.builtin_error("hash", &format!("{shown}: not found"))?,
            }
        }
    }
    if arguments.len() == 1 {
        if sh.hash.is_empty() {
            return sh.print("hash", b"hash: hash table empty\n");
        }
        let mut lines: Vec<String> = sh
            .hash
            .values()
            .map(|(path, hits)| format!("{hits:4}\t{}\n", bytes::display(path)))
            .collect();
        lines.sort();
        let text = format!("hits\tcommand\n{}", lines.concat());
        return sh.print("hash", text.as_bytes());
    }
    Ok(status)
}

/// `enable` and `help` list the builtins.
pub(super) fn list(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    if arguments.len() > 1 && arguments[1] != b"-a" && arguments[1] != b"-p" {
        let known = arguments[1..].iter().all(|a| a.starts_with(b"-") || find(a).is_some());
        return Ok(u8::from(!known));
    }
    let text: String = NAMES.iter().map(|name| format!("enable {name}\n")).collect();
    sh.print("enable", text.as_bytes())
}

pub(super) fn caller(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let depth = arguments.get(1).and_then(|a| bytes::parse_int(a)).unwrap_or(0) as usize;
    let count = sh.frames.len();
    let Some(index) = count.checked_sub(depth + 1) else { return Ok(1) };
    let line = sh.frames[index].call_line;
    let source = match index.checked_sub(1) {
        Some(outer) => sh.frames[outer].source.clone(),
        None => sh.source.clone(),
    };
    let source = bytes::display(&source).into_owned();
    let text = if arguments.len() > 1 {
        let function = index
            .checked_sub(1)
            .and_then(|outer| sh.frames[outer].function.as_ref())
            .map_or("main".to_owned(), |f| bytes::display(&f.name).into_owned());
        format!("{line} {function} {source}\n")
    } else {
        format!("{line} {source}\n")
    };
    sh.print("caller", text.as_bytes())
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
        Some(b"-b") => NAMES.iter().map(|n| n.as_bytes().to_vec()).collect(),
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

pub(super) fn interactive_only(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let name = bytes::display(&quote::minimal(&arguments[0])).into_owned();
    sh.builtin_error(&name, "not supported: only interactive shells use it")
}
