//! What a name means: `type`, `command`, `builtin`, `hash` and `caller`.

use super::{Builtin, OptionParser, Parsed, find};
use crate::bytes;
use crate::expand::quote;
use crate::state::{Flow, Shell};

pub(super) const KEYWORDS: [&[u8]; 22] = [
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

/// Where `command -p` looks.
const STANDARD_PATH: &[u8] = b"/bin:/usr/bin";

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

/// How a name is looked up.
struct Query {
    style: Style,
    /// Everything of that name, not only what would run.
    all: bool,
    functions: bool,
    /// Only in the standard path.
    standard: bool,
}

impl Shell {
    /// The builtin of that name, unless `enable -n` took it away.
    pub(crate) fn builtin(&self, name: &[u8]) -> Option<Builtin> {
        if !self.disabled.is_empty() && self.disabled.contains(name) {
            return None;
        }
        find(name)
    }
}

/// Describes `name`, and tells whether it means anything.
fn describe(sh: &mut Shell, name: &[u8], query: &Query) -> (bool, Vec<u8>) {
    let mut out = Vec::new();
    let shown = bytes::display(name).into_owned();
    let Query { style, all, .. } = *query;
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
    let expands = sh.shopts.expand_aliases || sh.options.posix;
    if style != Style::ForcedPath {
        if let Some(value) = sh.aliases.get(name).filter(|_| expands) {
            found = true;
            let text = bytes::display(value).into_owned();
            let short = [b"alias ", name, b"=", &quote::plain_single(value)[..]].concat();
            say(format!("{shown} is aliased to `{text}'"), "alias", &short);
        }
        if (all || !found) && KEYWORDS.contains(&name) {
            found = true;
            say(format!("{shown} is a shell keyword"), "keyword", name);
        }
        let special = sh.options.posix && sh.builtin(name).is_some_and(|b| b.special);
        if special && (all || !found) {
            found = true;
            say(format!("{shown} is a special shell builtin"), "builtin", name);
        }
        if (all || !found)
            && let Some(function) = sh.functions.get(name).filter(|_| query.functions)
        {
            found = true;
            let text = bytes::display(&crate::syntax::print::function(function)).into_owned();
            say(format!("{shown} is a function\n{text}"), "function", name);
        }
        if (all || !found) && !special && sh.builtin(name).is_some() {
            found = true;
            say(format!("{shown} is a shell builtin"), "builtin", name);
        }
        if found && !all {
            return (true, out);
        }
    }
    for (path, hashed) in files(sh, name, query) {
        found = true;
        let file = bytes::display(&path).into_owned();
        match style {
            Style::Long if hashed => {
                out.extend_from_slice(format!("{shown} is hashed ({file})").as_bytes());
            }
            Style::Long => out.extend_from_slice(format!("{shown} is {file}").as_bytes()),
            Style::Kind => out.extend_from_slice(b"file"),
            _ => out.extend_from_slice(&path),
        }
        out.push(b'\n');
    }
    (found, out)
}

/// The files that `name` may mean, and whether they come from the hash table.
fn files(sh: &Shell, name: &[u8], query: &Query) -> Vec<(Vec<u8>, bool)> {
    if name.contains(&b'/') {
        let found = sh.is_executable_file(name).then(|| (name.to_vec(), false));
        return found.into_iter().collect();
    }
    if !query.all
        && !query.standard
        && let Some((path, _)) = sh.hash.get(name)
    {
        return vec![(path.clone(), true)];
    }
    let path = match query.standard {
        true => STANDARD_PATH.to_vec(),
        false => match sh.vars.get(b"PATH").and_then(|v| v.scalar()) {
            Some(path) => path.to_vec(),
            None => return Vec::new(),
        },
    };
    let found = match query.all {
        true => sh.search_all(name, &path),
        false => sh.search(name, &path).into_iter().collect(),
    };
    found.into_iter().map(|path| (path, false)).collect()
}

pub(super) fn type_(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut query = Query { style: Style::Long, all: false, functions: true, standard: false };
    let mut options = OptionParser::new(arguments, "afptP");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'a') => query.all = true,
            Parsed::Flag(b'f') => query.functions = false,
            Parsed::Flag(b'p') => query.style = Style::Path,
            Parsed::Flag(b'P') => query.style = Style::ForcedPath,
            Parsed::Flag(_) => query.style = Style::Kind,
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                return sh.usage_error("type", &[b'-', letter], "type [-afptP] name [name ...]");
            }
        }
    }
    let mut status = 0;
    for name in &arguments[options.operands()..] {
        let (found, text) = describe(sh, name, &query);
        if !found {
            status = 1;
            if query.style == Style::Long {
                let shown = bytes::display(name).into_owned();
                sh.error(&format!("type: {shown}: not found"));
            }
            continue;
        }
        status = status.max(sh.print("type", &text)?);
    }
    Ok(status)
}

pub(super) fn command(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut style = None;
    let mut standard = false;
    let mut options = OptionParser::new(arguments, "pvV");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'v') => style = Some(Style::Short),
            Parsed::Flag(b'V') => style = Some(Style::Long),
            Parsed::Flag(_) => standard = true,
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
        return invoke(sh, operands, standard);
    };
    let query = Query { style, all: false, functions: true, standard };
    // As in bash, one name that is known is enough.
    let mut status = u8::from(!operands.is_empty());
    for name in operands {
        let (found, text) = describe(sh, name, &query);
        if found {
            status = sh.print("command", &text)?;
        } else if style == Style::Long {
            let shown = bytes::display(name).into_owned();
            sh.error(&format!("command: {shown}: not found"));
        }
    }
    Ok(status)
}

/// Runs a builtin or a program, but no function. Nothing is special about a special builtin then.
fn invoke(sh: &mut Shell, arguments: &[Vec<u8>], standard: bool) -> Flow {
    let Some(name) = arguments.first() else { return Ok(0) };
    if let Some(builtin) = sh.builtin(name) {
        shift_arrays(sh, arguments);
        let flow = (builtin.run)(sh, arguments);
        sh.misused = false;
        return flow;
    }
    if standard {
        let mut query = Query { style: Style::Path, all: false, functions: false, standard };
        query.standard = !name.contains(&b'/');
        return match files(sh, name, &query).into_iter().next() {
            Some((path, _)) => sh.program_at(&path, arguments),
            None => {
                let shown = bytes::display(name).into_owned();
                sh.error(&format!("{shown}: command not found"));
                Ok(127)
            }
        };
    }
    sh.program(arguments)
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
    let arguments = match arguments.get(1).map(Vec::as_slice) {
        Some(b"--") => &arguments[2..],
        Some([b'-', letter, ..]) => {
            let usage = "builtin [shell-builtin [arg ...]]";
            return sh.usage_error("builtin", &[b'-', *letter], usage);
        }
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

const HASH_USAGE: &str = "hash [-lr] [-p pathname] [-dt] [name ...]";

pub(super) fn hash(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    if !sh.options.hashall {
        return sh.builtin_error("hash", "hashing disabled");
    }
    let (mut forget, mut show, mut reusable, mut clear) = (false, false, false, false);
    let mut path = None;
    let mut options = OptionParser::new(arguments, "rltdp:");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'r') => clear = true,
            Parsed::Flag(b'd') => forget = true,
            Parsed::Flag(b't') => show = true,
            Parsed::Flag(_) => reusable = true,
            Parsed::Value(_, text) => path = Some(text.to_vec()),
            Parsed::MissingValue(letter) => {
                let letter = char::from(letter);
                sh.error(&format!("hash: -{letter}: option requires an argument"));
                return sh.usage("hash", HASH_USAGE);
            }
            Parsed::Unknown(letter) => {
                return sh.usage_error("hash", &[b'-', letter], HASH_USAGE);
            }
        }
    }
    if clear {
        sh.hash.clear();
    }
    let operands = &arguments[options.operands()..];
    if operands.is_empty() {
        if show {
            return sh.builtin_error("hash", "-t: option requires an argument");
        }
        return if clear { Ok(0) } else { list_hashed(sh, reusable) };
    }
    let mut status = 0;
    for name in operands {
        let shown = bytes::display(name).into_owned();
        let known = sh.hash.get(&name[..]).map(|(path, _)| path.clone());
        let mut missing = false;
        if show {
            match known {
                Some(path) => {
                    let line = if reusable {
                        [b"builtin hash -p ", &path[..], b" ", name, b"\n"].concat()
                    } else if operands.len() > 1 {
                        [name, &b"\t"[..], &path, b"\n"].concat()
                    } else {
                        [&path[..], b"\n"].concat()
                    };
                    sh.print("hash", &line)?;
                }
                None => missing = true,
            }
        } else if let Some(path) = &path {
            if std::fs::metadata(sh.path(path)).is_ok_and(|m| m.is_dir()) {
                let shown = bytes::display(path).into_owned();
                status = sh.builtin_error("hash", &format!("{shown}: Is a directory"))?;
            } else {
                sh.hash.insert(name.as_slice().into(), (path.clone(), 0));
            }
        } else if forget {
            missing = sh.hash.remove(&name[..]).is_none();
        } else if sh.builtin(name).is_none()
            && !sh.functions.contains_key(&name[..])
            && !name.contains(&b'/')
        {
            sh.hash.remove(&name[..]);
            missing = sh.find_program(name, true).is_none() || !sh.hash.contains_key(&name[..]);
            if let Some((_, hits)) = sh.hash.get_mut(&name[..]) {
                *hits = 0;
            }
        }
        if missing {
            status = sh.builtin_error("hash", &format!("{shown}: not found"))?;
        }
    }
    Ok(status)
}

fn list_hashed(sh: &mut Shell, reusable: bool) -> Flow {
    if sh.hash.is_empty() {
        return match reusable {
            true => Ok(0),
            false => sh.print("hash", b"hash: hash table empty\n"),
        };
    }
    let mut lines: Vec<Vec<u8>> = sh
        .hash
        .iter()
        .map(|(name, (path, hits))| match reusable {
            true => [b"builtin hash -p ", &path[..], b" ", name, b"\n"].concat(),
            false => [format!("{hits:4}\t").as_bytes(), path, b"\n"].concat(),
        })
        .collect();
    lines.sort();
    let mut text = if reusable { Vec::new() } else { b"hits\tcommand\n".to_vec() };
    text.extend(lines.concat());
    sh.print("hash", &text)
}

pub(super) fn caller(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let depth = match arguments.get(1) {
        None => None,
        Some(text) => match bytes::parse_int(text) {
            Some(depth) => Some(usize::try_from(depth).unwrap_or(usize::MAX)),
            None => {
                let shown = bytes::display(text).into_owned();
                sh.error(&format!("caller: {shown}: invalid number"));
                return sh.usage("caller", "caller [expr]");
            }
        },
    };
    let count = sh.frames.len();
    if count == 0 {
        // What bash says at the top level.
        return match depth {
            None => sh.print("caller", b"0 NULL\n"),
            Some(_) => Ok(1),
        };
    }
    let Some(index) = count.checked_sub(1).and_then(|n| n.checked_sub(depth.unwrap_or(0))) else {
        return Ok(1);
    };
    let line = sh.frames[index].call_line;
    let outer = index.checked_sub(1).map(|outer| &sh.frames[outer]);
    let source = outer.map_or(&sh.source, |frame| &frame.source);
    let source = bytes::display(source).into_owned();
    let text = match depth {
        None => format!("{line} {source}\n"),
        Some(_) => {
            let function = match outer {
                None => "main".to_owned(),
                Some(frame) => match &frame.function {
                    Some(function) => bytes::display(&function.name).into_owned(),
                    None => "source".to_owned(),
                },
            };
            format!("{line} {function} {source}\n")
        }
    };
    sh.print("caller", text.as_bytes())
}
