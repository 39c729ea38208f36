//! Subshells.

use greenroom_process as process;

use crate::fds::Given;
use crate::output::errno_text;
use crate::state::{Flow, Shell, Unwind};

/// What a subshell is for: it changes what it inherits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Subshell,
    /// `$( )`: `set -e` is off in it, unless `inherit_errexit` says otherwise.
    Substitution,
    /// Part of a pipeline or of a background list.
    Background,
}

impl Shell {
    /// Runs `body` in a copy of this shell. `changed` tells which descriptors differ there.
    pub(crate) fn fork(
        &mut self,
        purpose: Purpose,
        foreground: bool,
        changed: &[(u32, process::Fd)],
        body: impl FnOnce(&mut Self) -> Flow,
    ) -> Result<process::Forked, Unwind> {
        let given = self.fds.for_fork(changed);
        let fds: Vec<[process::Fd; 2]> = given.iter().map(|g| [g.theirs, g.ours]).collect();
        let flags = process::ForkFlags { foreground, new_group: false };
        let shell = &mut *self;
        let child = move || {
            shell.own_stdin &= given.iter().any(|g| g.number == 0 && g.ours == 0);
            shell.enter_subshell(purpose, &given);
            let flow = body(shell);
            shell.end(flow)
        };
        match process::fork(child, &fds, flags) {
            Ok(forked) => Ok(forked),
            Err(errno) => {
                self.error(&format!("fork: {}", errno_text(errno)));
                Err(Unwind::Exit(254))
            }
        }
    }

    fn enter_subshell(&mut self, purpose: Purpose, given: &[Given]) {
        self.fds.adopt(given);
        self.subshells += 1;
        self.capture = None;
        self.substitutions.clear();
        if purpose == Purpose::Subshell {
            self.loops = 0;
            self.jobs.enter_subshell();
        }
        let mut inherited = Vec::new();
        if self.options.errtrace {
            inherited.push(crate::traps::ERR);
        }
        if self.options.functrace {
            inherited.extend([crate::traps::DEBUG, crate::traps::RETURN]);
        }
        self.traps.enter_subshell(&inherited);
        if purpose == Purpose::Substitution && !self.shopts.inherit_errexit && !self.options.posix {
            self.options.errexit = false;
        }
    }

    /// The status with which this process ends, its EXIT trap having run.
    pub(crate) fn end(&mut self, flow: Flow) -> u8 {
        let status = match flow {
            Ok(status)
            | Err(Unwind::Exit(status) | Unwind::Return(status) | Unwind::Discard(status)) => {
                status
            }
            Err(Unwind::Break(_) | Unwind::Continue(_)) => 0,
        };
        self.run_exit_trap(status)
    }
}
