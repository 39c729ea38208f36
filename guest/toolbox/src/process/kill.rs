//! `kill` as a command, for programs that start it; the shell has its own.

use super::signals;
use crate::io::{Out, complain, usage};
use std::ffi::OsString;

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    let mut signal = 15;
    let mut targets = Vec::new();
    let mut args = args.into_iter().map(|arg| arg.to_string_lossy().into_owned()).peekable();
    let mut first = true;
    while let Some(arg) = args.next() {
        let named = match &*arg {
            "-l" => {
                let mut out = Out::new(name, 1);
                if args.peek().is_none() {
                    for number in 1..16 {
                        out.line(signals::name(number));
                    }
                }
                for arg in args {
                    match arg.parse::<u8>() {
                        // A status above 128 names the signal behind it.
                        Ok(number) => out.line(signals::name(number & 127)),
                        Err(_) => out.line(
                            signals::number(&arg).map_or_else(String::new, |n| n.to_string()),
                        ),
                    }
                }
                return 0;
            }
            "-s" | "-n" => args.next(),
            "--" => {
                targets.extend(args);
                break;
            }
            _ if first && arg.starts_with('-') && arg.len() > 1 => Some(arg[1..].to_owned()),
            _ => {
                targets.push(arg);
                None
            }
        };
        first = false;
        if let Some(text) = named {
            match signals::number(&text) {
                Some(number) => signal = number,
                None => {
                    complain(name, format_args!("{text}: invalid signal"));
                    return 1;
                }
            }
        }
    }
    if targets.is_empty() {
        usage(name, "no process ID specified");
        return 1;
    }
    let mut status = 0;
    for target in targets {
        let to = match target.parse::<i32>() {
            Ok(0) => greenroom_process::Target::OwnGroup,
            Ok(group) if group < 0 => greenroom_process::Target::Group(group.unsigned_abs()),
            Ok(pid) => greenroom_process::Target::Pid(pid.unsigned_abs()),
            Err(_) => {
                complain(name, format_args!("{target}: invalid process ID"));
                status = 1;
                continue;
            }
        };
        if let Err(error) = greenroom_process::kill(to, signal) {
            let error = error.into();
            complain(
                name,
                format_args!("sending signal to {target} failed: {}", crate::io::reason(&error)),
            );
            status = 1;
        }
    }
    status
}
