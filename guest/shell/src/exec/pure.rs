//! Which commands may run in this process although the language puts them into a subshell:
//! those that can have no effect on the shell.

use crate::fds::Handle;
use crate::output::write_all;
use crate::state::{Shell, Unwind};
use crate::syntax::ast::{
    AssignValue, Command, CommandKind, List, ParamOp, Part, Redirect, RedirectFd, RedirectKind,
    Simple, Subscript, Target, Word,
};

/// Builtins whose only effect is output, whatever their arguments (`printf -v` aside).
const WRITERS: [&[u8]; 4] = [b"echo", b"printf", b"pwd", b"dirs"];

/// What may be written to a pipe before anyone reads from it.
const PIPE_CAPACITY: usize = 64 * 1024;

impl Shell {
    /// Whether expanding the words and redirections of a command changes nothing here.
    pub(super) fn is_pure_command(&self, simple: &Simple, redirects: &[Redirect]) -> bool {
        simple.words.iter().all(|word| self.is_pure(word))
            && simple.assignments.iter().all(|assignment| {
                assignment.subscript.is_none()
                    && !assignment.append
                    && matches!(&assignment.value, AssignValue::Scalar(word) if self.is_pure(word))
            })
            && redirects.iter().all(|redirect| {
                !matches!(redirect.fd, RedirectFd::Variable(_))
                    && match &redirect.kind {
                        RedirectKind::Read(word)
                        | RedirectKind::Write(word)
                        | RedirectKind::Clobber(word)
                        | RedirectKind::Append(word)
                        | RedirectKind::ReadWrite(word)
                        | RedirectKind::DupInput(word)
                        | RedirectKind::DupOutput(word)
                        | RedirectKind::HereString(word)
                        | RedirectKind::Both { word, .. } => self.is_pure(word),
                        RedirectKind::Here(doc) => self.is_pure(&doc.body.borrow()),
                    }
            })
    }

    fn is_pure(&self, word: &Word) -> bool {
        word.assignment.is_none() && !self.options.nounset && word.parts.iter().all(pure_part)
            || word.parts.iter().all(|p| matches!(p, Part::Literal(_) | Part::Quoted(_)))
                && word.assignment.is_none()
    }

    /// The output of `$(echo …)` and the like, without a subshell.
    pub(super) fn pure_output(&mut self, list: &List) -> Result<Option<(u8, Vec<u8>)>, Unwind> {
        let [item] = list.items.as_slice() else { return Ok(None) };
        let [command] = item.and_or.first.commands.as_slice() else { return Ok(None) };
        let plain = !item.background
            && item.and_or.rest.is_empty()
            && !item.and_or.first.bang
            && item.and_or.first.time.is_none();
        if !plain {
            return Ok(None);
        }
        self.writer_output(command)
    }

    /// Status and output of a command that does nothing but write to descriptor 1.
    fn writer_output(&mut self, command: &Command) -> Result<Option<(u8, Vec<u8>)>, Unwind> {
        let CommandKind::Simple(simple) = &command.kind else { return Ok(None) };
        let Some(name) = simple.words.first().and_then(|w| w.as_literal()) else {
            return Ok(None);
        };
        let second = simple.words.get(1).and_then(|w| w.as_literal()).unwrap_or_default();
        if !WRITERS.contains(&name)
            || self.functions.contains_key(name)
            || !simple.assignments.is_empty()
            || !command.redirects.is_empty()
            || self.options.xtrace
            || self.has_traps()
            || (name == b"printf"
                && (second.is_empty() || second.starts_with(b"-") && second != b"--"))
            || (name == b"dirs" && simple.words.len() > 1)
            || !self.is_pure_command(simple, &[])
        {
            return Ok(None);
        }
        let Some(builtin) = self.builtin(name) else { return Ok(None) };
        let line = std::mem::replace(&mut self.line, command.line);
        let arguments = self.expand_words(&simple.words)?;
        let outer = self.capture.replace(Vec::new());
        let flow = (builtin.run)(self, &arguments);
        let output = std::mem::replace(&mut self.capture, outer).unwrap_or_default();
        self.line = line;
        let status = match flow {
            Ok(status) | Err(Unwind::Exit(status)) => status,
            Err(_) => 1,
        };
        Ok(Some((status, output)))
    }

    /// `echo … |`: what fits into the pipe is written at once, without a process.
    pub(super) fn feed_pipe(
        &mut self,
        command: &Command,
        stdout: &Handle,
    ) -> Result<Option<u8>, Unwind> {
        let Some((status, output)) = self.writer_output(command)? else { return Ok(None) };
        if output.len() <= PIPE_CAPACITY {
            // Nobody can have closed the other end yet.
            let _ = write_all(stdout.raw(), &output);
            return Ok(Some(status));
        }
        Ok(None)
    }
}

fn pure_part(part: &Part) -> bool {
    match part {
        Part::Literal(_) | Part::Quoted(_) | Part::Tilde(_) => true,
        Part::Double(parts) => parts.iter().all(pure_part),
        Part::Param(param) => {
            let known = match &param.target {
                // These answer differently in a subshell, or change when they are read.
                Target::Name(name) => !matches!(
                    &**name,
                    b"RANDOM" | b"BASHPID" | b"BASH_SUBSHELL" | b"PPID" | b"SECONDS"
                ),
                _ => true,
            };
            let subscript = match &param.subscript {
                None | Some(Subscript::At | Subscript::Star) => true,
                Some(Subscript::Index(word)) => {
                    word.as_literal().is_some_and(|text| text.iter().all(u8::is_ascii_alphanumeric))
                }
            };
            known && subscript && !param.indirect && pure_op(&param.op)
        }
        Part::Command(_) | Part::Arith(_) | Part::Process { .. } => false,
    }
}

fn pure_op(op: &ParamOp) -> bool {
    let pure = |word: &Word| word.parts.iter().all(pure_part);
    match op {
        ParamOp::None | ParamOp::Length => true,
        ParamOp::Test { kind: b'-' | b'+', word, .. } => pure(word),
        ParamOp::Remove { pattern, .. } => pure(pattern),
        ParamOp::Replace { pattern, replacement, .. } => pure(pattern) && pure(replacement),
        ParamOp::Case { pattern, .. } => pattern.as_ref().is_none_or(pure),
        _ => false,
    }
}
