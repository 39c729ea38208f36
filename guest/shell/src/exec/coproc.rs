//! Coprocesses.

use greenroom_process as process;

use super::fork::Purpose;
use crate::fds::Handle;
use crate::state::{Flow, Shell};
use crate::syntax::ast::Command;
use crate::vars::Value;

impl Shell {
    /// `coproc name command`: a background command whose output and input are the elements 0 and 1
    /// of the array `name`, as descriptors of this shell.
    pub(super) fn coprocess(&mut self, name: &[u8], body: &Command) -> Flow {
        if !crate::syntax::is_name(name) {
            self.error(&format!("`{}': not a valid identifier", Self::shown(name)));
            return Ok(1);
        }
        let (from, output) = self.make_pipe()?;
        let (input, to) = self.make_pipe()?;
        let changed = [(0, input.raw()), (1, output.raw())];
        let forked =
            self.fork(Purpose::Background, false, &changed, |sh| sh.subshell_command(body))?;
        drop((input, output));
        let pid = match forked {
            process::Forked::Running(pid) => pid,
            process::Forked::Ended(exit) => exit.pid,
        };
        let ends = [self.keep(from), self.keep(to)];
        let items = (0..).zip(ends.map(|number| number.to_string().into_bytes()));
        self.vars.entry(name).value = Value::Indexed(items.collect());
        let pid_name = [name, b"_PID"].concat();
        self.set_plain(&pid_name, pid.to_string().as_bytes());
        self.coprocesses.push((pid, name.into()));
        self.last_background = Some(pid);
        let mut text = b"coproc ".to_vec();
        text.extend_from_slice(name);
        self.jobs.add(vec![pid], text);
        Ok(0)
    }

    /// Takes back the variables and descriptors of coprocesses that were waited for.
    pub(super) fn drop_ended_coprocesses(&mut self) {
        let all = std::mem::take(&mut self.coprocesses);
        for (pid, name) in all {
            if self.jobs.by_pid(pid).is_some_and(|job| job.is_running()) {
                self.coprocesses.push((pid, name));
                continue;
            }
            for end in self.elements(&name) {
                if let Some(number) = crate::bytes::parse_int(&end) {
                    self.fds.remove(number as u32);
                }
            }
            self.vars.remove(&name);
            self.vars.remove(&[&name[..], b"_PID"].concat());
        }
    }

    /// Gives a descriptor the highest number that process substitutions leave free.
    fn keep(&mut self, handle: Handle) -> u32 {
        let number = (10..=63).rev().find(|n| self.fds.get(*n).is_none()).unwrap_or(64);
        self.fds.set(number, handle);
        number
    }
}
