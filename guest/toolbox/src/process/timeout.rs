//! `timeout`: runs a command, and ends it when it takes too long.

use super::child::Program;
use super::signals;
use crate::io::{complain, usage};
use crate::options::{BadUsage, Item, Options};
use std::ffi::OsString;

/// The command took too long.
const TIMED_OUT: u8 = 124;
/// `timeout` itself failed.
const FAILED: u8 = 125;

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(FAILED)
}

struct Limits {
    signal: u8,
    /// Milliseconds; `None` is no limit.
    after: Option<u64>,
    kill_after: Option<u64>,
    preserve_status: bool,
    foreground: bool,
    verbose: bool,
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut limits = Limits {
        signal: 15,
        after: None,
        kill_after: None,
        preserve_status: false,
        foreground: false,
        verbose: false,
    };
    let mut duration = None;
    let mut command = Vec::new();
    let mut options = Options::until_operand(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('s') => limits.signal = signal(name, &options.text()?)?,
            Item::Short('k') => limits.kill_after = milliseconds(name, &options.text()?)?,
            Item::Short('p') => limits.preserve_status = true,
            Item::Short('f') => limits.foreground = true,
            Item::Short('v') => limits.verbose = true,
            Item::Long(ref long) => match &**long {
                "signal" => limits.signal = signal(name, &options.text()?)?,
                "kill-after" => limits.kill_after = milliseconds(name, &options.text()?)?,
                "preserve-status" => limits.preserve_status = true,
                "foreground" => limits.foreground = true,
                "verbose" => limits.verbose = true,
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) if duration.is_none() => duration = Some(operand),
            Item::Operand(operand) => {
                command.push(operand);
                command.extend(options.rest());
            }
            Item::Short(_) => return options.unknown(&item),
        }
    }
    let Some(duration) = duration.filter(|_| !command.is_empty()) else {
        usage(name, "missing operand");
        return Err(BadUsage);
    };
    limits.after = milliseconds(name, &duration.to_string_lossy())?;
    watch(name, &command, &limits)
}

fn signal(name: &str, text: &str) -> Result<u8, BadUsage> {
    signals::number(text).ok_or_else(|| {
        usage(name, format_args!("'{text}': invalid signal"));
        BadUsage
    })
}

/// `1.5`, `10s`, `2m`, `1h`, `1d`; zero means no limit.
fn milliseconds(name: &str, text: &str) -> Result<Option<u64>, BadUsage> {
    let (number, factor) = match text.as_bytes().last() {
        Some(b's') => (&text[..text.len() - 1], 1.0),
        Some(b'm') => (&text[..text.len() - 1], 60.0),
        Some(b'h') => (&text[..text.len() - 1], 3_600.0),
        Some(b'd') => (&text[..text.len() - 1], 86_400.0),
        _ => (text, 1.0),
    };
    let plain = number.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'.');
    match number.parse::<f64>() {
        Ok(value) if plain && value >= 0.0 => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates"
            )]
            let ms = (value * factor * 1_000.0).ceil() as u64;
            Ok((ms > 0).then_some(ms))
        }
        _ => {
            usage(name, format_args!("invalid time interval '{text}'"));
            Err(BadUsage)
        }
    }
}

#[cfg(target_os = "wasi")]
fn watch(name: &str, command: &[OsString], limits: &Limits) -> Result<u8, BadUsage> {
    use super::child::{ended, spawn, spawn_in_group};
    use greenroom_process::{Child, Errno, Signal, Target, kill, take_signals, wait};

    /// `KILL`'s number.
    const KILL: u8 = 9;
    let program = Program::new(command);
    // A group of its own, so that what the command starts ends with it.
    let started = if limits.foreground { spawn(&program) } else { spawn_in_group(&program) };
    let pid = match started {
        Ok(pid) => pid,
        Err(error) => {
            return Ok(match error.kind() {
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::OutOfMemory => {
                    complain(
                        name,
                        format_args!("cannot start a process: {}", crate::io::reason(&error)),
                    );
                    FAILED
                }
                _ => {
                    let what = command[0].display();
                    complain(
                        name,
                        format_args!(
                            "failed to run command '{what}': {}",
                            crate::io::reason(&error)
                        ),
                    );
                    super::child::status_of(&error)
                }
            });
        }
    };
    let target = if limits.foreground { Target::Pid(pid) } else { Target::Group(pid) };
    let handled = [Signal::Hup, Signal::Int, Signal::Quit, Signal::Term]
        .iter()
        .fold(0, |mask, signal| mask | signal.bit());
    take_signals(handled);
    let mut left = limits.after;
    let mut sent = 0;
    loop {
        let started = std::time::Instant::now();
        let step = left.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX));
        match wait(Child::Pid(pid), step) {
            Ok(Some(exit)) => {
                let ended = ended(exit);
                return Ok(match sent {
                    0 => ended.status,
                    KILL => 128 + KILL,
                    _ if limits.preserve_status => ended.status,
                    _ => TIMED_OUT,
                });
            }
            Ok(None) => {
                let over = left.map_or(0, |ms| ms.saturating_sub(u64::from(step.unwrap_or(0))));
                if over > 0 {
                    left = Some(over);
                    continue;
                }
                let signal = if sent == 0 { limits.signal } else { KILL };
                if limits.verbose {
                    let what = command[0].display();
                    let signal = signals::name(signal);
                    complain(name, format_args!("sending signal {signal} to command '{what}'"));
                }
                // The command may have ended just now; the wait tells.
                let _ = kill(target, signal);
                sent = signal;
                left = if signal == KILL { None } else { limits.kill_after };
            }
            Err(Errno::INTR) => {
                // A signal for us is one for the command.
                let arrived = take_signals(handled);
                for number in (1..32u8).filter(|n| arrived & (1 << n) != 0) {
                    let _ = kill(target, number);
                }
                let passed = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                left = left.map(|ms| ms.saturating_sub(passed).max(1));
            }
            Err(error) => {
                complain(name, format_args!("error waiting for command: {error}"));
                return Err(BadUsage);
            }
        }
    }
}

/// Without the sandbox's process calls there is nothing to end a command with.
#[cfg(not(target_os = "wasi"))]
fn watch(name: &str, command: &[OsString], limits: &Limits) -> Result<u8, BadUsage> {
    let _ = (limits.signal, limits.after, limits.kill_after, limits.preserve_status);
    let _ = (limits.foreground, limits.verbose, signals::name(15), TIMED_OUT);
    complain(name, "works only inside the sandbox");
    let _ = Program::new(command);
    Err(BadUsage)
}
