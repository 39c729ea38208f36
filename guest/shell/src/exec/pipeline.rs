//! Pipelines and background lists.

use greenroom_process as process;

use super::fork::Purpose;
use crate::fds::Handle;
use crate::output::errno_text;
use crate::state::{Flow, Shell, Unwind};
use crate::syntax::ast::{AndOr, Command, CommandKind};

enum Member {
    Running(process::Pid),
    Ended(u8),
}

impl Shell {
    /// Starts every member, then waits for them in order.
    pub(super) fn pipe(&mut self, commands: &[Command]) -> Flow {
        let mut members = Vec::with_capacity(commands.len());
        let last = commands.len() - 1;
        let mut input: Option<Handle> = None;
        for (index, command) in commands.iter().enumerate() {
            let announced = self.announce_member(command)?;
            let stdin = input.take();
            let mut stdout = None;
            if index < last {
                let (read, write) = self.make_pipe()?;
                input = Some(read);
                stdout = Some(write);
            }
            if index == last && self.shopts.lastpipe {
                self.announced = announced;
                members.push(self.last_in_this_shell(command, stdin)?);
                break;
            }
            members.push(self.member(command, stdin.as_ref(), stdout.as_ref(), announced)?);
        }
        let mut statuses = Vec::with_capacity(members.len());
        for (member, command) in members.into_iter().zip(commands) {
            statuses.push(match member {
                Member::Running(pid) => {
                    let exit = self.wait_foreground_exit(pid);
                    if statuses.len() == last {
                        self.line = command.line;
                        self.report_signal(exit, false, || crate::syntax::print::head(command));
                    }
                    exit.status
                }
                Member::Ended(status) => status,
            });
        }
        let mut status = statuses.last().copied().unwrap_or(0);
        if self.options.pipefail {
            status = statuses.iter().rev().copied().find(|s| *s != 0).unwrap_or(0);
        }
        self.pipe_status = statuses;
        let ends_in_subshell =
            matches!(commands.last(), Some(Command { kind: CommandKind::Subshell(_), .. }));
        if ends_in_subshell && status != 0 && self.errexit_off == 0 {
            // As in bash, the trap runs for the last member's subshell and for the pipeline.
            self.status = status;
            self.run_condition_trap(crate::traps::ERR)?;
        }
        Ok(status)
    }

    /// Simple commands of a pipeline are announced by this process, before they get one of their
    /// own; true if that was done.
    fn announce_member(&mut self, command: &Command) -> Result<bool, Unwind> {
        self.line = command.line;
        match &command.kind {
            CommandKind::Simple(simple) => {
                self.announce_simple(simple, &command.redirects)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    pub(super) fn make_pipe(&mut self) -> Result<(Handle, Handle), Unwind> {
        match process::pipe() {
            Ok((read, write)) => Ok((Handle::new(read), Handle::new(write))),
            Err(errno) => {
                self.error(&format!("pipe error: {}", errno_text(errno)));
                Err(Unwind::Exit(254))
            }
        }
    }

    fn member(
        &mut self,
        command: &Command,
        stdin: Option<&Handle>,
        stdout: Option<&Handle>,
        announced: bool,
    ) -> Result<Member, Unwind> {
        if let Some(started) = self.start_external(command, stdin, stdout, false)? {
            return Ok(match started {
                Ok(pid) => Member::Running(pid),
                Err(status) => Member::Ended(status),
            });
        }
        if stdin.is_none()
            && let Some(stdout) = stdout
            && let Some(status) = self.feed_pipe(command, stdout)?
        {
            return Ok(Member::Ended(status));
        }
        let traced = self.trace_member(command)?;
        let mut changed = Vec::new();
        changed.extend(stdin.map(|handle| (0, handle.raw())));
        changed.extend(stdout.map(|handle| (1, handle.raw())));
        let forked = self.fork(Purpose::Background, false, &changed, |sh| {
            sh.announced = announced;
            sh.traced = traced;
            sh.subshell_command(command)
        })?;
        Ok(match forked {
            process::Forked::Running(pid) => Member::Running(pid),
            process::Forked::Ended(exit) => Member::Ended(exit.status),
        })
    }

    /// Traces a simple command whose words can be expanded here without effect before it gets a
    /// process of its own, so that the lines come in the order of the members.
    fn trace_member(&mut self, command: &Command) -> Result<bool, Unwind> {
        let CommandKind::Simple(simple) = &command.kind else { return Ok(false) };
        let plain = simple.assignments.is_empty() && !simple.words.is_empty();
        if !self.options.xtrace || !plain || !self.is_pure_command(simple, &[]) {
            return Ok(false);
        }
        self.line = command.line;
        let words = self.expand_words(&simple.words)?;
        let words: Vec<_> = words.iter().map(|word| crate::expand::quote::traced(word)).collect();
        self.trace(&words.join(&b' '))?;
        Ok(true)
    }

    /// A command as the only one of a subshell: a `( )` needs no second one.
    pub(super) fn subshell_command(&mut self, command: &Command) -> Flow {
        if let CommandKind::Subshell(list) = &command.kind
            && command.redirects.is_empty()
        {
            return self.list(list);
        }
        if let CommandKind::Simple(simple) = &command.kind {
            // Its failure is the parent's to judge.
            self.status = self.simple(simple, &command.redirects, command.line)?;
            return Ok(self.status);
        }
        self.command(command)
    }

    fn last_in_this_shell(
        &mut self,
        command: &Command,
        stdin: Option<Handle>,
    ) -> Result<Member, Unwind> {
        let saved = match stdin {
            Some(handle) => vec![(0, self.fds.set(0, handle))],
            None => Vec::new(),
        };
        let flow = self.without_errexit(|sh| sh.command(command));
        self.restore(saved);
        flow.map(Member::Ended)
    }

    /// `list &`.
    pub(super) fn background(&mut self, and_or: &AndOr, text: &[u8]) -> Result<(), Unwind> {
        let null;
        let mut stdin = None;
        let inherited = self.own_stdin && self.fds.get(0).is_none_or(|h| h.raw() == 0);
        if inherited && !self.options.monitor {
            // Without job control a background command does not compete for the input.
            null = std::fs::File::open("/dev/null").ok().map(|f| {
                use std::os::fd::IntoRawFd;
                Handle::new(f.into_raw_fd() as process::Fd)
            });
            stdin = null.as_ref();
        }
        let single = match and_or.first.commands.as_slice() {
            [command]
                if and_or.rest.is_empty() && !and_or.first.bang && and_or.first.time.is_none() =>
            {
                Some(command)
            }
            _ => None,
        };
        let mut announced = false;
        if let Some(command) = single {
            announced = self.announce_member(command)?;
        }
        let started = match single {
            Some(command) => self.start_external(command, stdin, None, false)?,
            None => None,
        };
        let pid = if let Some(Ok(pid)) = started {
            pid
        } else {
            let changed: Vec<_> = stdin.map(|handle| (0, handle.raw())).into_iter().collect();
            let forked =
                self.fork(Purpose::Background, false, &changed, |sh| match (started, single) {
                    (Some(Err(status)), _) => Ok(status),
                    (_, Some(command)) => {
                        sh.announced = announced;
                        sh.subshell_command(command)
                    }
                    // As in bash, `!` before a background command does nothing.
                    _ if and_or.rest.is_empty() && and_or.first.time.is_none() => {
                        sh.pipeline_commands(&and_or.first)
                    }
                    _ => sh.and_or(and_or),
                })?;
            match forked {
                process::Forked::Running(pid) => pid,
                process::Forked::Ended(exit) => exit.pid,
            }
        };
        self.last_background = Some(pid);
        self.jobs.add(vec![pid], text.to_vec());
        self.jobs.prune();
        Ok(())
    }
}
