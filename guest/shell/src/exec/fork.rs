//! Subshells.

use greenroom_process as process;

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
        let fds = self.fds.pairs_with(changed);
        self.fork_with(purpose, foreground, &fds, body)
    }

    pub(crate) fn fork_with(
        &mut self,
        purpose: Purpose,
        foreground: bool,
        fds: &[[process::Fd; 2]],
        body: impl FnOnce(&mut Self) -> Flow,
    ) -> Result<process::Forked, Unwind> {
        let flags = process::ForkFlags { foreground, new_group: false };
        let shell = &mut *self;
        let child = move || {
            shell.own_stdin &= fds.contains(&[0, 0]);
            shell.enter_subshell(purpose, fds);
            let flow = body(shell);
            shell.end(flow)
        };
        match process::fork(child, fds, flags) {
            Ok(forked) => Ok(forked),
            Err(errno) => {
                self.error(&format!("fork: {}", errno_text(errno)));
                Err(Unwind::Exit(254))
            }
        }
    }

    fn enter_subshell(&mut self, purpose: Purpose, fds: &[[process::Fd; 2]]) {
        self.fds.adopt(fds);
        self.subshells += 1;
        self.capture = None;
        self.substitutions.clear();
        self.traps.enter_subshell();
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
