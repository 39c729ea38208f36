//! `set` and `shopt`.

use crate::bytes;
use crate::state::{Flow, Shell};

const SET_USAGE: &str = "set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]";

pub(super) fn set(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    if arguments.len() == 1 {
        let text = super::declare::all(sh);
        return sh.print("set", &text);
    }
    let mut index = 1;
    while let Some(argument) = arguments.get(index) {
        let on = match argument.first() {
            Some(b'-') => true,
            Some(b'+') => false,
            _ => break,
        };
        index += 1;
        if argument == b"--" || argument == b"-" {
            if argument == b"-" {
                sh.options.xtrace = false;
                sh.options.verbose = false;
                if arguments.len() == index {
                    return Ok(0);
                }
            }
            sh.positional = arguments[index..].to_vec();
            return Ok(0);
        }
        if argument == b"+" {
            continue;
        }
        for &letter in &argument[1..] {
            if letter == b'o' {
                let Some(name) = arguments.get(index) else {
                    let text = list(sh, on);
                    return sh.print("set", text.as_bytes());
                };
                index += 1;
                if !set_option(sh, name, on) {
                    let shown = bytes::display(name).into_owned();
                    sh.error(&format!("set: {shown}: invalid option name"));
                    sh.misused = true;
                    return Ok(2);
                }
                continue;
            }
            match sh.options.by_letter(letter) {
                Some(flag) => *flag = on,
                None => {
                    return sh.usage_error("set", &[argument[0], letter], SET_USAGE);
                }
            }
        }
    }
    if index < arguments.len() {
        sh.positional = arguments[index..].to_vec();
    }
    Ok(0)
}

/// Sets an option of `set -o`; false when there is none of that name.
pub(crate) fn set_option(sh: &mut Shell, name: &[u8], on: bool) -> bool {
    match sh.options.by_name(name) {
        Some(flag) => *flag = on,
        None => return false,
    }
    match name {
        // One excludes the other.
        b"vi" if on => sh.options.emacs = false,
        b"emacs" if on => sh.options.vi = false,
        b"posix" => {
            if on {
                sh.shopts.inherit_errexit = true;
                sh.shopts.expand_aliases = true;
                sh.shopts.shift_verbose = true;
                sh.set_plain(b"POSIXLY_CORRECT", b"y");
            } else {
                sh.shopts.shift_verbose = false;
                sh.vars.unset(b"POSIXLY_CORRECT");
            }
        }
        _ => {}
    }
    true
}

fn list(sh: &Shell, readable: bool) -> String {
    let state = |on: bool| if on { "on" } else { "off" };
    sh.options
        .list()
        .into_iter()
        .map(|(name, on)| {
            if readable {
                format!("{name:<15}\t{}\n", state(on))
            } else {
                format!("set {}o {name}\n", if on { '-' } else { '+' })
            }
        })
        .collect()
}

pub(super) fn shopt(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut set, mut quiet, mut reusable, mut options) = (None, false, false, false);
    let mut index = 1;
    while let Some([b'-', letters @ ..]) = arguments.get(index).map(Vec::as_slice) {
        if letters.is_empty() {
            break;
        }
        for letter in letters {
            match letter {
                b's' => set = Some(true),
                b'u' => set = Some(false),
                b'q' => quiet = true,
                b'p' => reusable = true,
                b'o' => options = true,
                _ => {
                    let option = [b'-', *letter];
                    return sh.usage_error("shopt", &option, "shopt [-pqsu] [-o] [optname ...]");
                }
            }
        }
        index += 1;
    }
    let names = &arguments[index..];
    let mut out = String::new();
    let mut status = 0;
    let show = |name: &str, on: bool| {
        if reusable && options {
            format!("set {}o {name}\n", if on { '-' } else { '+' })
        } else if reusable {
            format!("shopt -{} {name}\n", if on { 's' } else { 'u' })
        } else {
            format!("{name:<15}\t{}\n", if on { "on" } else { "off" })
        }
    };
    if names.is_empty() {
        let all = if options { sh.options.list() } else { sh.shopts.list() };
        for (name, on) in all {
            if set.is_none_or(|set| set == on) {
                out.push_str(&show(name, on));
            }
        }
        return if quiet { Ok(0) } else { sh.print("shopt", out.as_bytes()) };
    }
    for name in names {
        if options && let Some(on) = set {
            if !set_option(sh, name, on) {
                let shown = bytes::display(name).into_owned();
                sh.error(&format!("shopt: {shown}: invalid option name"));
                status = 1;
            }
            continue;
        }
        let flag = if options { sh.options.by_name(name) } else { sh.shopts.by_name(name) };
        let shown = bytes::display(name).into_owned();
        match (flag, set) {
            (None, _) => {
                let what = if options { "option" } else { "shell option" };
                sh.error(&format!("shopt: {shown}: invalid {what} name"));
                status = 1;
            }
            (Some(flag), Some(on)) => *flag = on,
            (Some(flag), None) => {
                let on = *flag;
                if !on {
                    status = 1;
                }
                out.push_str(&show(&shown, on));
            }
        }
    }
    if !quiet && set.is_none() {
        sh.print("shopt", out.as_bytes())?;
    }
    Ok(status)
}
