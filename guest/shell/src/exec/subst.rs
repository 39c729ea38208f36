//! Command and process substitution.

use greenroom_process as process;

use super::fork::Purpose;
use crate::fds::Handle;
use crate::output::{errno_text, io_text, read_all};
use crate::state::{Shell, Unwind};
use crate::syntax::ast::{CommandKind, CommandSub, List, RedirectKind};

impl Shell {
    /// The output of `$( )`, without its trailing newlines.
    pub(crate) fn command_substitution(&mut self, sub: &CommandSub) -> Result<Vec<u8>, Unwind> {
        let list = match &sub.body {
            Ok(list) => list,
            Err(error) => {
                let error = error.clone();
                self.syntax_error(&error, "command substitution: ");
                self.substituted(2);
                return Ok(Vec::new());
            }
        };
        let line = self.line;
        let (status, mut output) = self.substitution_output(list)?;
        self.line = line;
        self.substituted(status);
        while output.last() == Some(&b'\n') {
            output.pop();
        }
        if output.contains(&0) {
            self.error("warning: command substitution: ignored null byte in input");
            output.retain(|&b| b != 0);
        }
        Ok(output)
    }

    fn substituted(&mut self, status: u8) {
        self.status = status;
        self.substitution_status = Some(status);
    }

    fn substitution_output(&mut self, list: &List) -> Result<(u8, Vec<u8>), Unwind> {
        if list.items.is_empty() {
            return Ok((0, Vec::new()));
        }
        if let Some(result) = self.file_contents(list)? {
            return Ok(result);
        }
        if let Some(result) = self.pure_output(list)? {
            return Ok(result);
        }
        let (read, write) = match process::capture_pipe() {
            Ok((read, write)) => (Handle::new(read), Handle::new(write)),
            Err(errno) => {
                self.error(&format!("pipe error: {}", errno_text(errno)));
                return Err(Unwind::Exit(254));
            }
        };
        let status = match self.simple_program(list, &write)? {
            Some(status) => status,
            None => {
                let changed = [(1, write.raw())];
                let forked = self.fork(Purpose::Substitution, true, &changed, |sh| {
                    sh.trace_depth += 1;
                    sh.list(list)
                })?;
                match forked {
                    process::Forked::Ended(exit) => exit.status,
                    process::Forked::Running(pid) => self.wait_foreground(pid),
                }
            }
        };
        drop(write);
        match read_all(read.raw()) {
            Ok(output) => Ok((status, output)),
            Err(errno) => {
                self.error(&format!("command substitution: {}", errno_text(errno)));
                Ok((1, Vec::new()))
            }
        }
    }

    /// `$(<file)`.
    fn file_contents(&mut self, list: &List) -> Result<Option<(u8, Vec<u8>)>, Unwind> {
        let [item] = list.items.as_slice() else { return Ok(None) };
        let [command] = item.and_or.first.commands.as_slice() else { return Ok(None) };
        let (CommandKind::Simple(simple), [redirect]) = (&command.kind, &command.redirects[..])
        else {
            return Ok(None);
        };
        let RedirectKind::Read(word) = &redirect.kind else { return Ok(None) };
        if !simple.words.is_empty()
            || !simple.assignments.is_empty()
            || !self.is_pure_command(simple, &command.redirects)
        {
            return Ok(None);
        }
        let path = self.expand_single(word)?;
        if path.starts_with(b"/dev/") {
            return Ok(None);
        }
        self.line = command.line;
        match std::fs::read(self.path(&path)) {
            Ok(text) => Ok(Some((0, text))),
            Err(error) => {
                let shown = Self::shown(&path);
                self.error(&format!("{shown}: {}", io_text(&error)));
                Ok(Some((1, Vec::new())))
            }
        }
    }

    /// A substitution that is one program: it runs without a subshell around it.
    fn simple_program(&mut self, list: &List, write: &Handle) -> Result<Option<u8>, Unwind> {
        let [item] = list.items.as_slice() else { return Ok(None) };
        if item.background
            || !item.and_or.rest.is_empty()
            || item.and_or.first.bang
            || item.and_or.first.time.is_some()
            || self.has_traps()
        {
            return Ok(None);
        }
        let [command] = item.and_or.first.commands.as_slice() else { return Ok(None) };
        match self.start_external(command, None, Some(write), true)? {
            None => Ok(None),
            Some(Ok(pid)) => Ok(Some(self.wait_foreground(pid))),
            Some(Err(status)) => Ok(Some(status)),
        }
    }

    /// Starts the list of `<( )` or `>( )` and returns the path of its pipe.
    pub(crate) fn process_substitution(
        &mut self,
        read: bool,
        body: &List,
    ) -> Result<Vec<u8>, Unwind> {
        let (reader, writer) = self.make_pipe()?;
        let (ours, theirs, number) = if read { (reader, writer, 1) } else { (writer, reader, 0) };
        let changed = [(number, theirs.raw())];
        let forked = self.fork(Purpose::Background, false, &changed, |sh| sh.list(body))?;
        if let process::Forked::Running(pid) = forked {
            self.last_background = Some(pid);
        }
        drop(theirs);
        let number = (10..=63).rev().find(|n| self.fds.get(*n).is_none()).unwrap_or(64);
        self.fds.set(number, ours);
        self.substitutions.push(number);
        Ok(format!("/dev/fd/{number}").into_bytes())
    }

    /// Closes what process substitutions opened since `mark`.
    pub(super) fn close_substitutions(&mut self, mark: usize) {
        while self.substitutions.len() > mark {
            if let Some(number) = self.substitutions.pop() {
                self.fds.remove(number);
            }
        }
    }
}
