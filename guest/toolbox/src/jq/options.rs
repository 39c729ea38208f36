//! The command line of `jq`.

use super::{BAD_FILTER, BAD_USAGE};
use crate::io::{Out, complain, reason};
use crate::options::bytes;
use jaq_all::json::{Map, Val, read};
use std::ffi::OsString;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum InputKind {
    Json,
    Raw,
}

#[expect(clippy::struct_excessive_bools, reason = "one per option")]
pub(super) struct Settings {
    pub(super) filter: String,
    pub(super) files: Vec<OsString>,
    pub(super) variables: Vec<(String, Val)>,
    pub(super) kind: InputKind,
    pub(super) slurp: bool,
    pub(super) null_input: bool,
    pub(super) raw: bool,
    pub(super) join: bool,
    pub(super) raw_null: bool,
    pub(super) ascii: bool,
    pub(super) exit_status: bool,
    pub(super) sort_keys: bool,
    pub(super) color: bool,
    pub(super) compact: bool,
    pub(super) indent: String,
    pub(super) unbuffered: bool,
}

pub(super) fn read(name: &str, args: Vec<OsString>) -> Result<Settings, u8> {
    let mut s = Settings {
        filter: String::new(),
        files: Vec::new(),
        variables: Vec::new(),
        kind: InputKind::Json,
        slurp: false,
        null_input: false,
        raw: false,
        join: false,
        raw_null: false,
        ascii: false,
        exit_status: false,
        sort_keys: false,
        color: false,
        compact: false,
        indent: "  ".to_owned(),
        unbuffered: false,
    };
    let bad = |message: String| {
        complain(name, format_args!("error: {message}"));
        complain(name, "Use jq --help for help with command-line options");
        BAD_USAGE
    };
    let mut filter: Option<String> = None;
    let mut from_file = None;
    let mut named = Map::default();
    let mut positional: Vec<Val> = Vec::new();
    // What operands after the filter are: files, or values for $ARGS.
    let mut rest = Rest::Files;
    let mut only_operands = false;
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy().into_owned();
        if only_operands || !text.starts_with('-') || text == "-" {
            if filter.is_none() && from_file.is_none() {
                filter = Some(text);
                continue;
            }
            match rest {
                Rest::Files => s.files.push(arg),
                Rest::Strings => positional.push(string(&arg)),
                Rest::Json => positional
                    .push(json(&text).map_err(|e| {
                        bad(format!("Invalid JSON text passed to --jsonargs: {e}"))
                    })?),
            }
            continue;
        }
        let mut take = |count: usize| -> Result<Vec<OsString>, u8> {
            let values: Vec<OsString> = args.by_ref().take(count).collect();
            if values.len() == count {
                Ok(values)
            } else {
                Err(bad(format!("{text} takes {count} parameter(s)")))
            }
        };
        let Some(long) = text.strip_prefix("--") else {
            for letter in text[1..].chars() {
                match letter {
                    'f' => from_file = Some(take(1)?.remove(0)),
                    'L' => return Err(bad("modules (-L) are not supported".to_owned())),
                    'h' => return Err(help(name)),
                    letter => short(&mut s, letter)
                        .ok_or_else(|| bad(format!("Unknown arguments: {text}")))?,
                }
            }
            continue;
        };
        match long {
            "" => only_operands = true,
            "from-file" => from_file = Some(take(1)?.remove(0)),
            "arg" => {
                let pair = take(2)?;
                let value = string(&pair[1]);
                define(&mut s, &mut named, &pair[0], value);
            }
            "argjson" => {
                let pair = take(2)?;
                let value = json(&pair[1].to_string_lossy()).map_err(|_| {
                    bad(format!("Invalid JSON text passed to --argjson: {}", pair[1].display()))
                })?;
                define(&mut s, &mut named, &pair[0], value);
            }
            "slurpfile" | "rawfile" => {
                let pair = take(2)?;
                let content = std::fs::read(&pair[1]).map_err(|e| {
                    let file = pair[1].display();
                    bad(format!(
                        "Bad JSON in --{long} {} {file}: Could not open {file}: {}",
                        pair[0].display(),
                        reason(&e)
                    ))
                })?;
                let value = if long == "rawfile" {
                    Val::utf8_str(content)
                } else {
                    let values: Result<Vec<Val>, _> = read::parse_many(&content).collect();
                    let values = values.map_err(|e| {
                        bad(format!(
                            "Bad JSON in --slurpfile {} {}: {e}",
                            pair[0].display(),
                            pair[1].display()
                        ))
                    })?;
                    values.into_iter().collect()
                };
                define(&mut s, &mut named, &pair[0], value);
            }
            "args" => rest = Rest::Strings,
            "jsonargs" => rest = Rest::Json,
            "indent" => {
                let value = take(1)?.remove(0).to_string_lossy().into_owned();
                match value.parse::<usize>() {
                    Ok(0) => s.compact = true,
                    Ok(count) if count <= 7 => s.indent = " ".repeat(count),
                    Ok(_) => return Err(bad("Cannot indent more than 7 characters".to_owned())),
                    Err(_) => return Err(bad("--indent takes a number".to_owned())),
                }
            }
            "help" => return Err(help(name)),
            "version" => {
                Out::new(name, BAD_USAGE).line(concat!(
                    "jq-1.7 (greenroom ",
                    env!("CARGO_PKG_VERSION"),
                    ", jaq)"
                ));
                return Err(0);
            }
            "raw-output0" => (s.raw, s.raw_null) = (true, true),
            "tab" => s.indent = "\t".to_owned(),
            "stream" | "seq" | "stream-errors" => {
                return Err(bad(format!("--{long} is not supported")));
            }
            _ => {
                let letter = match long {
                    "compact-output" => 'c',
                    "raw-output" => 'r',
                    "join-output" => 'j',
                    "ascii-output" => 'a',
                    "exit-status" => 'e',
                    "null-input" => 'n',
                    "raw-input" => 'R',
                    "slurp" => 's',
                    "sort-keys" => 'S',
                    "color-output" => 'C',
                    "monochrome-output" => 'M',
                    "unbuffered" => 'U',
                    _ => return Err(bad(format!("Unknown arguments: {text}"))),
                };
                short(&mut s, letter).ok_or(BAD_USAGE)?;
            }
        }
    }
    if let Some(path) = from_file {
        let text = std::fs::read_to_string(&path)
            .map_err(|e| bad(format!("Could not open {}: {}", path.display(), reason(&e))))?;
        // The operand that looked like a filter is the first input.
        if let Some(first) = filter.take() {
            s.files.insert(0, first.into());
        }
        filter = Some(text);
    }
    s.filter = match filter {
        Some(filter) => filter,
        None => return Err(bad("no filter given".to_owned()).clamp(BAD_USAGE, BAD_FILTER - 1)),
    };
    if s.filter.trim().is_empty() {
        s.filter = ".".to_owned();
    }
    let key = |text: &str| Val::utf8_str(text.as_bytes().to_vec());
    let mut all = Map::default();
    all.insert(key("positional"), positional.into_iter().collect());
    all.insert(key("named"), Val::obj(named));
    s.variables.push(("ARGS".to_owned(), Val::obj(all)));
    let mut env = Map::default();
    for (name, value) in std::env::vars_os() {
        env.insert(string(&name), string(&value));
    }
    s.variables.push(("ENV".to_owned(), Val::obj(env)));
    Ok(s)
}

#[derive(Clone, Copy)]
enum Rest {
    Files,
    Strings,
    Json,
}

fn string(text: &OsString) -> Val {
    Val::utf8_str(bytes(text).to_vec())
}

fn json(text: &str) -> Result<Val, String> {
    read::parse_single(text.as_bytes()).map_err(|e| e.to_string())
}

fn define(s: &mut Settings, named: &mut Map, name: &OsString, value: Val) {
    let text = name.to_string_lossy().into_owned();
    named.insert(string(name), value.clone());
    // The first definition of a name is the one that counts.
    if !s.variables.iter().any(|(known, _)| *known == text) {
        s.variables.push((text, value));
    }
}

fn short(s: &mut Settings, letter: char) -> Option<()> {
    match letter {
        'c' => s.compact = true,
        'r' => s.raw = true,
        'j' => (s.raw, s.join) = (true, true),
        'a' => s.ascii = true,
        'e' => s.exit_status = true,
        'n' => s.null_input = true,
        'R' => s.kind = InputKind::Raw,
        's' => s.slurp = true,
        'S' => s.sort_keys = true,
        'C' => s.color = true,
        'M' => s.color = false,
        'U' => s.unbuffered = true,
        _ => return None,
    }
    Some(())
}

fn help(name: &str) -> u8 {
    Out::new(name, BAD_USAGE).put(
        "Usage:\tjq [OPTIONS] FILTER [FILES...]\n\tjq [OPTIONS] --args FILTER [ARGUMENTS...]\n\
         \tjq [OPTIONS] --jsonargs FILTER [JSON_VALUES...]\n\n\
         Options: -c -r -j -a -e -n -R -s -S -C -M, -f FILE, --arg NAME VALUE, --argjson NAME JSON,\n\
         --slurpfile NAME FILE, --rawfile NAME FILE, --args, --jsonargs, --tab, --indent N\n",
    );
    0
}
