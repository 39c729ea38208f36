//! `env`: a changed environment, printed or given to a command.

use super::child::{Program, Variable, not_started, run as run_program};
use crate::io::{Out, complain, reason, usage};
use crate::options::{BadUsage, Item, Options, bytes, os_string};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(125)
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let args = split_string(name, args)?;
    let mut env: Vec<Variable> = std::env::vars_os().collect();
    let (mut null, mut cwd) = (false, None::<PathBuf>);
    let mut command = Vec::new();
    let mut options = Options::until_operand(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('i') => env.clear(),
            Item::Short('0') => null = true,
            Item::Short('u') => {
                let unset = options.value()?;
                env.retain(|(name, _)| *name != unset);
            }
            Item::Short('C') => cwd = Some(options.value()?.into()),
            Item::Short('v') => {}
            Item::Long(ref long) => match &**long {
                "ignore-environment" => env.clear(),
                "null" => null = true,
                "unset" => {
                    let unset = options.value()?;
                    env.retain(|(name, _)| *name != unset);
                }
                "chdir" => cwd = Some(options.value()?.into()),
                "debug" => {}
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) if operand == "-" => env.clear(),
            Item::Operand(operand) => match assignment(&operand) {
                Some((name, value)) => set(&mut env, name, value),
                None => {
                    command.push(operand);
                    command.extend(options.rest());
                }
            },
            Item::Short(_) => return options.unknown(&item),
        }
    }
    if command.is_empty() {
        if cwd.is_some() {
            usage(name, "must specify command with --chdir (-C)");
            return Err(BadUsage);
        }
        let mut out = Out::new(name, 125);
        for (name, value) in env {
            out.put(bytes(&name));
            out.put("=");
            out.put(bytes(&value));
            out.put(if null { "\0" } else { "\n" });
        }
        return Ok(0);
    }
    if null {
        usage(name, "cannot specify --null (-0) with command");
        return Err(BadUsage);
    }
    if let Some(cwd) = &cwd
        && !Path::new(cwd).is_dir()
    {
        let why = std::fs::read_dir(cwd).err().map_or_else(String::new, |e| reason(&e));
        complain(name, format_args!("cannot change directory to '{}': {why}", cwd.display()));
        return Err(BadUsage);
    }
    let program = Program { env: Some(&env), cwd: cwd.as_deref(), ..Program::new(&command) };
    Ok(match run_program(&program) {
        Ok(ended) => ended.status,
        Err(error) => not_started(name, &command[0], &error),
    })
}

/// `NAME=value`.
pub(crate) fn assignment(operand: &OsString) -> Option<(OsString, OsString)> {
    let text = bytes(operand);
    let at = text.iter().position(|&b| b == b'=')?;
    Some((os_string(&text[..at]), os_string(&text[at + 1..])))
}

fn set(env: &mut Vec<Variable>, name: OsString, value: OsString) {
    match env.iter_mut().find(|(known, _)| *known == name) {
        Some(variable) => variable.1 = value,
        None => env.push((name, value)),
    }
}

/// `-S STRING`, which a `#!` line uses: the string's words take its place.
fn split_string(name: &str, args: Vec<OsString>) -> Result<Vec<OsString>, BadUsage> {
    let Some(first) = args.first().map(|arg| arg.to_string_lossy().into_owned()) else {
        return Ok(args);
    };
    let attached = first
        .strip_prefix("--split-string=")
        .or_else(|| first.strip_prefix("-S").filter(|rest| !rest.is_empty()));
    let (text, used) = match attached {
        Some(text) => (text.to_owned(), 1),
        None if first == "-S" || first == "--split-string" => match args.get(1) {
            Some(text) => (text.to_string_lossy().into_owned(), 2),
            None => {
                usage(name, "option requires an argument -- 'S'");
                return Err(BadUsage);
            }
        },
        None => return Ok(args),
    };
    let Some(words) = super::words::split(text.as_bytes()) else {
        complain(name, "no terminating quote in -S string");
        return Err(BadUsage);
    };
    Ok(words.iter().map(|w| os_string(w)).chain(args.into_iter().skip(used)).collect())
}
