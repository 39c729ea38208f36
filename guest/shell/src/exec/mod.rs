//! Executing commands.

mod compound;
mod condition;
mod coproc;
mod external;
mod fork;
mod function;
mod pipeline;
mod pure;
mod redirect;
mod simple;
mod subst;
mod time;
mod trace;

pub(crate) use external::Started;
pub(crate) use redirect::Saved;
pub(crate) use time::seconds;

use crate::bytes;
use crate::state::{Flow, Shell, Unwind};
use crate::syntax::ast::{
    AndOr, AndOrOp, Command, CommandKind, Item, List, Pipeline, Redirect, Simple,
};

impl Shell {
    pub(crate) fn list(&mut self, list: &List) -> Flow {
        let mut status = 0;
        for item in &list.items {
            status = self.item(item)?;
        }
        Ok(status)
    }

    fn item(&mut self, item: &Item) -> Flow {
        if item.background {
            let text = crate::syntax::print::and_or(&item.and_or);
            self.background(&item.and_or, &text)?;
            self.status = 0;
            return Ok(0);
        }
        self.and_or(&item.and_or)
    }

    pub(crate) fn and_or(&mut self, and_or: &AndOr) -> Flow {
        let count = and_or.rest.len();
        if count == 0 {
            return self.pipeline(&and_or.first);
        }
        let mut status = self.without_errexit(|sh| sh.pipeline(&and_or.first))?;
        for (index, (op, pipeline)) in and_or.rest.iter().enumerate() {
            if (*op == AndOrOp::And) != (status == 0) {
                continue;
            }
            status = if index + 1 == count {
                self.pipeline(pipeline)?
            } else {
                self.without_errexit(|sh| sh.pipeline(pipeline))?
            };
        }
        Ok(status)
    }

    /// Runs a step whose failure must not end the shell under `set -e`.
    pub(crate) fn without_errexit(&mut self, step: impl FnOnce(&mut Self) -> Flow) -> Flow {
        self.errexit_off += 1;
        let flow = step(self);
        self.errexit_off -= 1;
        flow
    }

    pub(crate) fn pipeline(&mut self, pipeline: &Pipeline) -> Flow {
        if let Some(format) = pipeline.time {
            return self.timed(pipeline, format);
        }
        self.pipeline_untimed(pipeline)
    }

    pub(super) fn pipeline_untimed(&mut self, pipeline: &Pipeline) -> Flow {
        if pipeline.bang {
            let status = self.without_errexit(|sh| sh.pipeline_commands(pipeline))?;
            self.status = u8::from(status == 0);
            return Ok(self.status);
        }
        self.pipeline_commands(pipeline)
    }

    pub(super) fn pipeline_commands(&mut self, pipeline: &Pipeline) -> Flow {
        match pipeline.commands.as_slice() {
            [] => {
                self.status = 0;
                Ok(0)
            }
            [command] => self.command(command),
            commands => {
                let status = self.pipe(commands)?;
                self.status = status;
                self.check_errexit(status)
            }
        }
    }

    /// What `set -e` and the trap on ERR make of a status.
    pub(crate) fn check_errexit(&mut self, status: u8) -> Flow {
        if status == 0 || self.errexit_off > 0 {
            return Ok(status);
        }
        self.status = status;
        if self.has_traps() {
            self.run_condition_trap(crate::traps::ERR)?;
        }
        if !self.options.errexit {
            return Ok(status);
        }
        // A signal that arrived while the command ran has its trap run before the shell ends.
        if self.has_traps() && self.poll_signals() {
            self.run_signal_traps()?;
        }
        Err(Unwind::Exit(status))
    }

    pub(crate) fn command(&mut self, command: &Command) -> Flow {
        if self.has_traps() && self.poll_signals() {
            self.run_signal_traps()?;
        }
        match &command.kind {
            CommandKind::Simple(simple) => {
                let status = self.simple(simple, &command.redirects, command.line)?;
                self.status = status;
                self.check_errexit(status)
            }
            CommandKind::Function(function) => {
                self.line = command.line;
                self.status = self.define(function)?;
                self.check_errexit(self.status)
            }
            _ => self.compound_with_redirects(command),
        }
    }

    fn compound_with_redirects(&mut self, command: &Command) -> Flow {
        let checked = matches!(
            command.kind,
            CommandKind::Subshell(_) | CommandKind::Arith(_) | CommandKind::Cond(_)
        );
        let mut saved = None;
        let mark = self.substitutions.len();
        if !command.redirects.is_empty() {
            self.line = command.line;
            saved = self.redirect(&command.redirects)?;
            if saved.is_none() {
                self.close_substitutions(mark);
                self.status = 1;
                return self.check_errexit(1);
            }
        }
        let flow = self.deeper(|sh| sh.compound(command));
        if let Some(saved) = saved {
            self.restore(saved);
            self.close_substitutions(mark);
        }
        let status = flow?;
        self.status = status;
        if !checked {
            return Ok(status);
        }
        if status != 0 {
            self.line = command.line;
            self.note_command(|| crate::syntax::print::head(command));
        }
        self.check_errexit(status)
    }

    /// Remembers what `BASH_COMMAND` says from now on. A trap's own commands do not change it.
    pub(crate) fn note_command(&mut self, text: impl FnOnce() -> Vec<u8>) {
        let used = self.has_traps() || self.mentions_command;
        if used && !self.traps.any_running() {
            self.current_command = text().into();
        }
    }

    /// What precedes a simple command: it becomes `BASH_COMMAND`, and the trap on DEBUG runs.
    /// True if the command is to be skipped.
    pub(super) fn announce_simple(
        &mut self,
        simple: &Simple,
        redirects: &[Redirect],
    ) -> Result<bool, Unwind> {
        self.announce(|| crate::syntax::print::simple(simple, redirects))
    }

    /// As [`Self::announce_simple`], for any command.
    pub(super) fn announce(&mut self, text: impl FnOnce() -> Vec<u8>) -> Result<bool, Unwind> {
        self.note_command(text);
        if self.announced {
            // The parent did this before it made this process.
            self.announced = false;
            return Ok(false);
        }
        if self.traps.fires(crate::traps::DEBUG) { self.debug_trap() } else { Ok(false) }
    }

    /// Parses and runs a text in this shell, as `eval` does. Errors of expansion end only the
    /// command they are in.
    pub(crate) fn eval(&mut self, text: &[u8], line: u32) -> Flow {
        let source = self.current_source();
        let mut parser = crate::syntax::Parser::new(text.to_vec(), line, source, self.syntax());
        self.deeper(|sh| sh.run_parser(&mut parser, "eval: "))
    }

    /// Runs the commands of a parser one after the other.
    pub(crate) fn run_parser(
        &mut self,
        parser: &mut crate::syntax::Parser<'_>,
        within: &str,
    ) -> Flow {
        let mut ran = false;
        parser.set_base(self.depth, self.max_depth);
        loop {
            parser.set_options(self.syntax());
            let parsed = parser.complete_command();
            let read = parser.take_read_lines();
            if self.options.verbose {
                self.write_error(&read);
            }
            self.mentions_command |= bytes::find(&read, b"BASH_COMMAND").is_some();
            for (line, message) in parser.take_warnings() {
                self.line = line;
                self.error(&message);
            }
            let ran_before = std::mem::replace(&mut ran, true);
            match parsed {
                Ok(None) if !ran_before => {
                    self.status = 0;
                    return Ok(0);
                }
                Ok(None) => return Ok(self.status),
                Ok(Some(list)) => {
                    self.complete_command(&list)?;
                    if self.options.onecmd {
                        return Err(Unwind::Exit(self.status));
                    }
                }
                Err(error) if error.line_only => {
                    self.syntax_error(&error, within);
                    self.status = 1;
                    parser.skip_line();
                }
                Err(error) => {
                    self.status = self.syntax_error(&error, within);
                    let unfinished = error.message.starts_with("unexpected EOF");
                    if self.options.posix && within == "eval: " && !unfinished {
                        self.misused = true;
                    }
                    return Ok(self.status);
                }
            }
        }
    }

    /// Runs one complete command, ending an error of expansion here.
    pub(crate) fn complete_command(&mut self, list: &List) -> Flow {
        if self.options.noexec {
            return Ok(0);
        }
        match self.list(list) {
            Err(Unwind::Discard(status)) => {
                self.status = status;
                self.arith_depth = 0;
                if self.subshells > 0 {
                    return Err(Unwind::Exit(status));
                }
                if self.options.errexit && self.errexit_off == 0 {
                    return Err(Unwind::Exit(status));
                }
                Ok(status)
            }
            flow => flow,
        }
    }

    /// A message of a builtin, with the builtin's name.
    pub(crate) fn builtin_error(&mut self, builtin: &str, message: &str) -> Flow {
        self.error(&format!("{builtin}: {message}"));
        Ok(1)
    }

    /// A message about an option that lacks its argument.
    pub(crate) fn missing_value(&mut self, builtin: &str, letter: u8, usage: &str) -> Flow {
        let letter = char::from(letter);
        self.error(&format!("{builtin}: -{letter}: option requires an argument"));
        self.usage(builtin, usage)
    }

    /// The usage of a builtin. In POSIX mode, wrong usage of a special builtin ends the shell.
    pub(crate) fn usage(&mut self, builtin: &str, usage: &str) -> Flow {
        self.write_error(format!("{builtin}: usage: {usage}\n").as_bytes());
        self.misused = true;
        Ok(2)
    }

    /// A message about wrong usage of a builtin.
    pub(crate) fn usage_error(&mut self, builtin: &str, option: &[u8], usage: &str) -> Flow {
        self.error(&format!("{builtin}: {}: invalid option", bytes::display(option)));
        self.usage(builtin, usage)
    }
}
