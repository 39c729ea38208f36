//! Builtin commands.

mod alias;
mod control;
mod declare;
mod directories;
mod echo;
mod getopts;
mod input;
mod interactive;
mod limits;
mod lookup;
mod mapfile;
mod numbers;
mod options;
mod printf;
mod processes;
mod strftime;
mod synopses;
mod test;
mod traps;
mod unset;

use crate::state::{Flow, Shell};

pub(crate) use limits::OwnLimits;
pub(crate) use options::set_option;
pub(crate) use strftime::format as strftime;

/// A builtin. It gets its own name as the first argument.
#[derive(Clone, Copy)]
pub(crate) struct Builtin {
    pub(crate) run: fn(&mut Shell, &[Vec<u8>]) -> Flow,
    /// One of POSIX's special builtins.
    pub(crate) special: bool,
}

/// Finds a builtin by name.
pub(crate) fn find(name: &[u8]) -> Option<Builtin> {
    let plain = |run: fn(&mut Shell, &[Vec<u8>]) -> Flow| Builtin { run, special: false };
    let special = |run: fn(&mut Shell, &[Vec<u8>]) -> Flow| Builtin { run, special: true };
    Some(match name {
        b":" => special(control::succeed),
        b"true" => plain(control::succeed),
        b"false" => plain(control::fail),
        b"break" => special(control::break_loop),
        b"continue" => special(control::continue_loop),
        b"return" => special(control::return_),
        b"exit" | b"logout" => special(control::exit),
        b"eval" => special(control::eval),
        b"." | b"source" => special(control::source),
        b"exec" => special(control::exec),
        b"shift" => special(control::shift),
        b"echo" => plain(echo::echo),
        b"printf" => plain(printf::printf),
        b"[" | b"test" => plain(test::test),
        b"declare" | b"typeset" => plain(declare::declare),
        b"local" => plain(declare::local),
        b"export" => special(declare::export),
        b"readonly" => special(declare::readonly),
        b"unset" => special(unset::unset),
        b"let" => plain(declare::let_),
        b"cd" => plain(directories::cd),
        b"pwd" => plain(directories::pwd),
        b"pushd" => plain(directories::pushd),
        b"popd" => plain(directories::popd),
        b"dirs" => plain(directories::dirs),
        b"set" => special(options::set),
        b"shopt" => plain(options::shopt),
        b"read" => plain(input::read),
        b"mapfile" | b"readarray" => plain(mapfile::mapfile),
        b"wait" => plain(processes::wait),
        b"jobs" => plain(processes::jobs),
        b"kill" => plain(processes::kill),
        b"disown" => plain(processes::disown),
        b"fg" | b"bg" => plain(processes::foreground),
        b"suspend" => plain(processes::suspend),
        b"trap" => special(traps::trap),
        b"type" => plain(lookup::type_),
        b"command" => plain(lookup::command),
        b"builtin" => plain(lookup::builtin),
        b"hash" => plain(lookup::hash),
        b"enable" => plain(interactive::enable),
        b"help" => plain(interactive::help),
        b"caller" => plain(lookup::caller),
        b"alias" => plain(alias::alias),
        b"unalias" => plain(alias::unalias),
        b"compgen" => plain(interactive::compgen),
        b"complete" | b"compopt" => plain(interactive::complete),
        b"bind" => plain(interactive::bind),
        b"history" => plain(interactive::history),
        b"fc" => plain(interactive::fc),
        b"getopts" => plain(getopts::getopts),
        b"times" => special(limits::times),
        b"umask" => plain(limits::umask),
        b"ulimit" => plain(limits::ulimit),
        _ => return None,
    })
}

/// Splits leading options off: single letters, each perhaps with an argument (a letter followed
/// by `:` in `spec`). Ends at `--`, at `-` or at the first other argument.
pub(crate) struct OptionParser<'a> {
    arguments: &'a [Vec<u8>],
    spec: &'a [u8],
    index: usize,
    at: usize,
}

/// One option.
pub(crate) enum Parsed<'a> {
    Flag(u8),
    Value(u8, &'a [u8]),
    Unknown(u8),
    MissingValue(u8),
}

impl<'a> OptionParser<'a> {
    pub(crate) fn new(arguments: &'a [Vec<u8>], spec: &'a str) -> Self {
        Self { arguments, spec: spec.as_bytes(), index: 1, at: 1 }
    }

    pub(crate) fn next(&mut self) -> Option<Parsed<'a>> {
        let argument = self.arguments.get(self.index)?;
        if argument.len() < 2 || argument[0] != b'-' {
            return None;
        }
        if argument == b"--" {
            self.index += 1;
            self.at = 1;
            // What follows is no option.
            self.spec = b"";
            return self.stop();
        }
        let letter = argument[self.at];
        self.at += 1;
        let last = self.at >= argument.len();
        let known = self.spec.iter().position(|&b| b == letter && letter != b':');
        let takes_value = known.is_some_and(|i| self.spec.get(i + 1) == Some(&b':'));
        if takes_value {
            let rest = &argument[self.at..];
            self.index += 1;
            self.at = 1;
            if !last {
                return Some(Parsed::Value(letter, rest));
            }
            let Some(value) = self.arguments.get(self.index) else {
                return Some(Parsed::MissingValue(letter));
            };
            self.index += 1;
            return Some(Parsed::Value(letter, value));
        }
        if last {
            self.index += 1;
            self.at = 1;
        }
        Some(if known.is_some() { Parsed::Flag(letter) } else { Parsed::Unknown(letter) })
    }

    fn stop(&mut self) -> Option<Parsed<'a>> {
        self.arguments = &self.arguments[..self.index.min(self.arguments.len())];
        None
    }

    /// The index of the first operand.
    pub(crate) fn operands(&self) -> usize {
        self.index
    }
}
