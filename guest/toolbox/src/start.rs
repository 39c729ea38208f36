//! What every module of the toolbox does before and after a command.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

/// Declares a module's commands: the function that finds one, and the list of their names.
macro_rules! commands {
    ($($($name:literal)|+ => $command:expr),+ $(,)?) => {
        /// Finds a command of this module.
        pub fn command(name: &str) -> Option<$crate::start::Command> {
            Some(match name {
                $($($name)|+ => $command,)+
                _ => return None,
            })
        }

        /// The commands of this module.
        #[cfg(test)]
        pub(crate) const NAMES: &[&str] = &[$($($name),+),+];
    };
}

/// A command of the uutils project, by its crate.
macro_rules! uutils {
    ($utility:path) => {{
        use $utility as utility;
        // Here and not in `start`, so that a module without such commands does not carry uucore.
        $crate::start::Command::Uutils(|args| {
            // The messages of a command are found by its name; without them it still works.
            if let Some(name) = args.first().and_then(|name| name.to_str()) {
                let _ = uucore::locale::setup_localization(name);
            }
            utility::uumain(args.into_iter())
        })
    }};
}

pub(crate) use {commands, uutils};

/// Runs the command that the base name of `argv[0]` selects.
///
/// `lookup` maps a command's name to its implementation; a name that it does not know is an error
/// with status 127, as it can only mean that the list of commands and the module disagree.
pub fn start(lookup: fn(&str) -> Option<Command>) -> ExitCode {
    // The sandbox's own programs are recognised by an import: they see the whole virtual root, and a
    // broken pipe ends them. None of the signals is handled here.
    #[cfg(target_os = "wasi")]
    greenroom_process::take_signals(0);
    // WASI has no working directory: libc starts at `/`, and the parent tells us ours in `PWD`.
    // Where that does not exist any more, relative paths fail, which is what they should do.
    #[cfg(target_os = "wasi")]
    if let Some(cwd) = std::env::var_os("PWD") {
        let _ = std::env::set_current_dir(cwd);
    }
    exit_quietly_on_broken_pipe();

    let mut args: Vec<OsString> = std::env::args_os().collect();
    let mut name = args.first().map_or_else(String::new, |arg| base_name(arg));
    let mut command = lookup(&name);
    if command.is_none() && args.len() > 1 {
        // Like other multi-call programs: `module command …`, for use outside of the sandbox.
        args.remove(0);
        name = base_name(&args[0]);
        command = lookup(&name);
    }
    match command {
        Some(Command::Own(main)) => {
            args.remove(0);
            let status = main(&name, args);
            crate::io::flush_stdout(&name);
            ExitCode::from(status)
        }
        Some(Command::Uutils(main)) => {
            args[0] = OsString::from(&name);
            let status = main(args);
            crate::io::flush_stdout(&name);
            ExitCode::from(u8::try_from(status).unwrap_or(1))
        }
        None => {
            crate::io::complain("toolbox", format_args!("{name}: no such command in this module"));
            ExitCode::from(127)
        }
    }
}

/// Where a command comes from.
#[derive(Clone, Copy)]
pub enum Command {
    /// One of ours: `main(name, arguments)`.
    Own(fn(&str, Vec<OsString>) -> u8),
    /// One of uutils: `main(argv)`.
    Uutils(fn(Vec<OsString>) -> i32),
}

fn base_name(arg: &OsStr) -> String {
    Path::new(arg).file_name().unwrap_or(arg).to_string_lossy().into_owned()
}

/// `print!` panics when nobody reads any more; a command in a pipeline then just ends, with the
/// status that a shell shows for `SIGPIPE`.
fn exit_quietly_on_broken_pipe() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str().is_some_and(|text| text.contains("Broken pipe")) {
            crate::io::exit(crate::io::BROKEN_PIPE);
        }
        report(info);
    }));
}
