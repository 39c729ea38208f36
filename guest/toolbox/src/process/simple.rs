//! Small commands about processes and the system: `nice`, `nohup`, `which`, `id`, `nproc` …

use super::child::{Program, not_started, run};
use crate::io::{Out, complain, usage};
use crate::options::{BadUsage, Item, Options, bytes};
use crate::sys;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `nice`: the sandbox has no priorities, so the command just runs.
pub(crate) fn nice(name: &str, args: Vec<OsString>) -> u8 {
    // `nice -10 command` is an old form of `nice -n 10 command`.
    let args: Vec<OsString> = match args.first().map(|a| bytes(a).to_vec()) {
        Some(first)
            if first.len() > 1 && first[0] == b'-' && first[1..].iter().all(u8::is_ascii_digit) =>
        {
            args.into_iter().skip(1).collect()
        }
        _ => args,
    };
    let mut options = Options::until_operand(name, args);
    let parsed = (|| {
        while let Some(item) = options.next()? {
            match item {
                // Only checked: there is nothing to adjust.
                Item::Short('n') => {
                    options.number::<i32>("adjustment")?;
                }
                Item::Long(ref long) if long == "adjustment" => {
                    options.number::<i32>("adjustment")?;
                }
                Item::Operand(operand) => {
                    let mut command = vec![operand];
                    command.extend(options.rest());
                    return Ok(command);
                }
                other => return options.unknown(&other),
            }
        }
        Ok::<_, BadUsage>(Vec::new())
    })();
    match parsed {
        Err(BadUsage) => 125,
        Ok(command) if command.is_empty() => {
            Out::new(name, 125).line("0");
            0
        }
        Ok(command) => start(name, &command),
    }
}

/// `nohup`: there is no terminal whose end could hang the command up.
pub(crate) fn nohup(name: &str, args: Vec<OsString>) -> u8 {
    let command: Vec<OsString> =
        if args.first().is_some_and(|a| a == "--") { args[1..].to_vec() } else { args };
    if command.is_empty() {
        usage(name, "missing operand");
        return 125;
    }
    start(name, &command)
}

fn start(name: &str, command: &[OsString]) -> u8 {
    match run(&Program::new(command)) {
        Ok(ended) => ended.status,
        Err(error) => not_started(name, &command[0], &error),
    }
}

/// Where a command is found: each executable of its name in `PATH`.
pub(crate) fn find_in_path(command: &Path) -> Vec<PathBuf> {
    let runs = |path: &Path| {
        sys::stat(path).is_ok_and(|stat| stat.is_file() && stat.permissions() & 0o111 != 0)
    };
    if bytes(command.as_os_str()).contains(&b'/') {
        return if runs(command) { vec![command.to_owned()] } else { Vec::new() };
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    // WASI's path separator is not the sandbox's.
    bytes(&path)
        .split(|&b| b == b':')
        .map(|directory| {
            let directory = if directory.is_empty() { b"." } else { directory };
            Path::new(&crate::options::os_string(directory)).join(command)
        })
        .filter(|candidate| runs(candidate))
        .collect()
}

/// `which`.
pub(crate) fn which(name: &str, args: Vec<OsString>) -> u8 {
    let (mut all, mut silent, mut commands) = (false, false, Vec::new());
    for arg in args {
        match arg.to_str() {
            Some("-a" | "--all") => all = true,
            Some("-s") => silent = true,
            Some("--") => {}
            Some(option) if option.starts_with('-') && option.len() > 1 => {
                usage(name, format_args!("unrecognized option '{option}'"));
                return 2;
            }
            _ => commands.push(arg),
        }
    }
    let mut out = Out::new(name, 2);
    let mut status = u8::from(commands.is_empty());
    for command in commands {
        let found = find_in_path(Path::new(&command));
        if found.is_empty() {
            status = 1;
        }
        for path in found.iter().take(if all { usize::MAX } else { 1 }) {
            if !silent {
                out.line(bytes(path.as_os_str()));
            }
        }
    }
    status
}

/// `id`: the sandbox's only user.
pub(crate) fn id(name: &str, args: Vec<OsString>) -> u8 {
    let (mut user, mut group, mut groups, mut as_name) = (false, false, false, false);
    let mut options = Options::new(name, args);
    let parsed = (|| {
        while let Some(item) = options.next()? {
            match item {
                Item::Short('u') => user = true,
                Item::Short('g') => group = true,
                Item::Short('G') => groups = true,
                Item::Short('n') => as_name = true,
                Item::Short('r' | 'a') => {}
                Item::Long(ref long) => match &**long {
                    "user" => user = true,
                    "group" => group = true,
                    "groups" => groups = true,
                    "name" => as_name = true,
                    "real" => {}
                    _ => return options.unknown(&item),
                },
                Item::Operand(ref who) if who == "root" || who == "0" => {}
                Item::Operand(who) => {
                    complain(name, format_args!("'{}': no such user", who.display()));
                    return Err(BadUsage);
                }
                Item::Short(_) => return options.unknown(&item),
            }
        }
        Ok(())
    })();
    if parsed.is_err() {
        return 1;
    }
    let one = user || group || groups;
    if as_name && !one {
        complain(name, "cannot print only names or real IDs in default format");
        return 1;
    }
    Out::new(name, 1).line(match (one, as_name) {
        (false, _) => "uid=0(root) gid=0(root) groups=0(root)",
        (true, true) => "root",
        (true, false) => "0",
    });
    0
}

/// `whoami`, `logname`.
pub(crate) fn whoami(name: &str, args: Vec<OsString>) -> u8 {
    no_operands(name, args, "root")
}

/// `hostname`: `$HOSTNAME`, or the sandbox's own name.
pub(crate) fn hostname(name: &str, args: Vec<OsString>) -> u8 {
    let host = host_name();
    match args.first().and_then(|arg| arg.to_str()) {
        Some("-s" | "--short") => {
            let short = host.split('.').next().unwrap_or(&host).to_owned();
            no_operands(name, args[1..].to_vec(), &short)
        }
        Some("-f" | "--fqdn" | "--long") => no_operands(name, args[1..].to_vec(), &host),
        _ => no_operands(name, args, &host),
    }
}

fn host_name() -> String {
    match std::env::var("HOSTNAME") {
        Ok(host) if !host.is_empty() => host,
        _ => "greenroom".to_owned(),
    }
}

fn no_operands(name: &str, args: Vec<OsString>, text: &str) -> u8 {
    let mut options = Options::new(name, args);
    match options.next() {
        Ok(None) => {
            Out::new(name, 1).line(text);
            0
        }
        Ok(Some(item)) => options.unknown::<()>(&item).map_or(1, |()| 0),
        Err(BadUsage) => 1,
    }
}

/// `nproc`: the processors that the sandbox uses.
pub(crate) fn nproc(name: &str, args: Vec<OsString>) -> u8 {
    let mut ignore = 0u64;
    let mut all = false;
    let mut options = Options::new(name, args);
    let parsed = (|| {
        while let Some(item) = options.next()? {
            match item {
                Item::Long(ref long) if long == "all" => all = true,
                Item::Long(ref long) if long == "ignore" => ignore = options.number("number")?,
                other => return options.unknown(&other),
            }
        }
        Ok::<_, BadUsage>(())
    })();
    if parsed.is_err() {
        return 1;
    }
    let limit = greenroom_process::limit(greenroom_process::Limit::Cpus).unwrap_or(1).max(1);
    let wanted =
        |name| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok()).filter(|&n| n > 0);
    let count = if all {
        limit
    } else {
        let most = wanted("OMP_THREAD_LIMIT").unwrap_or(u64::MAX);
        wanted("OMP_NUM_THREADS").unwrap_or(limit).min(most)
    };
    Out::new(name, 1).line(count.saturating_sub(ignore).max(1).to_string());
    0
}

/// `uname`: says plainly that this is a WASI system, as no native program runs on it.
pub(crate) fn uname(name: &str, args: Vec<OsString>) -> u8 {
    const SYSTEM: &str = "WASI";
    const MACHINE: &str = "wasm32";
    let host = host_name();
    let parts = [
        ('s', "kernel-name", SYSTEM),
        ('n', "nodename", &*host),
        ('r', "kernel-release", "preview1"),
        ('v', "kernel-version", concat!("greenroom ", env!("CARGO_PKG_VERSION"))),
        ('m', "machine", MACHINE),
        ('p', "processor", MACHINE),
        ('i', "hardware-platform", MACHINE),
        ('o', "operating-system", SYSTEM),
    ];
    let mut wanted = [false; 8];
    let mut options = Options::new(name, args);
    loop {
        match options.next() {
            Ok(None) => break,
            Ok(Some(item)) => {
                let known = match &item {
                    Item::Short(c) => parts.iter().position(|part| part.0 == *c),
                    Item::Long(long) => parts.iter().position(|part| part.1 == long),
                    Item::Operand(_) => None,
                };
                match (known, &item) {
                    (Some(index), _) => wanted[index] = true,
                    (None, Item::Short('a')) => {
                        wanted = [true, true, true, true, true, false, false, true]
                    }
                    (None, Item::Long(long)) if long == "all" => {
                        wanted = [true, true, true, true, true, false, false, true];
                    }
                    _ => return options.unknown::<()>(&item).map_or(1, |()| 0),
                }
            }
            Err(BadUsage) => return 1,
        }
    }
    if !wanted.contains(&true) {
        wanted[0] = true;
    }
    let text: Vec<&str> =
        parts.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(part, _)| part.2).collect();
    Out::new(name, 1).line(text.join(" "));
    0
}

/// `sync`: the host writes files when it sees fit.
pub(crate) fn sync(_: &str, _: Vec<OsString>) -> u8 {
    0
}

/// `tty`: whether standard input is a terminal.
pub(crate) fn tty(name: &str, args: Vec<OsString>) -> u8 {
    use std::io::IsTerminal;
    let silent = args.iter().any(|a| a == "-s" || a == "--silent" || a == "--quiet");
    let terminal = std::io::stdin().is_terminal();
    if !silent {
        Out::new(name, 3).line(if terminal { "/dev/tty" } else { "not a tty" });
    }
    u8::from(!terminal)
}
