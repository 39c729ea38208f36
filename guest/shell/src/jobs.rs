//! Background jobs.

use greenroom_process as process;

use crate::state::Shell;

/// A background pipeline.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) number: u32,
    pub(crate) text: Vec<u8>,
    /// The members that still run.
    running: Vec<process::Pid>,
    /// The member whose status is the job's.
    pub(crate) last: process::Pid,
    pub(crate) status: Option<u8>,
    pub(crate) signal: Option<u8>,
}

impl Job {
    pub(crate) fn is_running(&self) -> bool {
        !self.running.is_empty()
    }
}

/// Why a job specification means no job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoJob {
    Unknown,
    Ambiguous,
}

/// The job table, and statuses of processes that ended while another was waited for.
#[derive(Default)]
pub(crate) struct Jobs {
    pub(crate) list: Vec<Job>,
    ended: Vec<process::Exit>,
    /// Statuses of jobs that were already reported.
    pub(crate) finished: Vec<(process::Pid, u8)>,
}

/// How many statuses of ended background processes are remembered.
const REMEMBERED: usize = 1024;

impl Jobs {
    pub(crate) fn add(&mut self, pids: Vec<process::Pid>, text: Vec<u8>) -> u32 {
        let number = self.list.iter().map(|j| j.number).max().unwrap_or(0) + 1;
        let last = pids.last().copied().unwrap_or_default();
        self.list.push(Job { number, text, running: pids, last, status: None, signal: None });
        number
    }

    /// Notes the end of a process.
    pub(crate) fn note(&mut self, exit: process::Exit) {
        for job in &mut self.list {
            if let Some(index) = job.running.iter().position(|&pid| pid == exit.pid) {
                job.running.remove(index);
                if exit.pid == job.last {
                    job.status = Some(exit.status);
                    job.signal = match exit.how {
                        process::How::Signaled(signal) => Some(signal),
                        _ => None,
                    };
                }
                return;
            }
        }
        if self.ended.len() >= REMEMBERED {
            self.ended.remove(0);
        }
        self.ended.push(exit);
    }

    pub(crate) fn take_ended(&mut self, pid: process::Pid) -> Option<process::Exit> {
        let index = self.ended.iter().position(|exit| exit.pid == pid)?;
        Some(self.ended.remove(index))
    }

    pub(crate) fn by_pid(&mut self, pid: process::Pid) -> Option<&mut Job> {
        self.list.iter_mut().find(|job| job.last == pid || job.running.contains(&pid))
    }

    /// The job that `%n`, `%%`, `%+`, `%-`, `%text` or `%?text` means.
    pub(crate) fn by_spec(&self, spec: &[u8]) -> Result<&Job, NoJob> {
        let rest = spec.strip_prefix(b"%").unwrap_or(spec);
        let matching = |matches: &dyn Fn(&Job) -> bool| {
            let mut found = self.list.iter().filter(|job| matches(job));
            match (found.next(), found.next()) {
                (Some(job), None) => Ok(job),
                (None, _) => Err(NoJob::Unknown),
                _ => Err(NoJob::Ambiguous),
            }
        };
        match rest {
            b"" | b"%" | b"+" => self.list.last().ok_or(NoJob::Unknown),
            b"-" => self.list.iter().rev().nth(1).or(self.list.last()).ok_or(NoJob::Unknown),
            [b'?', text @ ..] => matching(&|job| crate::bytes::find(&job.text, text).is_some()),
            _ => match std::str::from_utf8(rest).ok().and_then(|t| t.parse::<u32>().ok()) {
                Some(number) => {
                    self.list.iter().find(|job| job.number == number).ok_or(NoJob::Unknown)
                }
                None => matching(&|job| job.text.starts_with(rest)),
            },
        }
    }

    /// Keeps the status of a job that ended, for a later `wait`.
    pub(crate) fn finish(&mut self, pid: process::Pid, status: u8) {
        if self.finished.len() >= REMEMBERED {
            self.finished.remove(0);
        }
        self.finished.push((pid, status));
    }

    /// Forgets all jobs and, as bash's `wait` without arguments, their statuses.
    pub(crate) fn forget(&mut self) {
        self.list.clear();
        self.finished.clear();
    }

    pub(crate) fn remove(&mut self, number: u32) {
        self.list.retain(|job| job.number != number);
    }

    /// Forgets jobs that ended long ago, so that a long script does not collect them.
    pub(crate) fn prune(&mut self) {
        while self.list.len() > REMEMBERED {
            match self.list.iter().position(|job| !job.is_running()) {
                Some(index) => drop(self.list.remove(index)),
                None => return,
            }
        }
    }

    /// What a subshell begins with: the parent's jobs are not its children.
    pub(crate) fn enter_subshell(&mut self) {
        self.list.clear();
        self.ended.clear();
        self.finished.clear();
    }
}

impl Shell {
    /// Waits for a child of the foreground. Signals are left for the next command boundary.
    pub(crate) fn wait_foreground(&mut self, pid: process::Pid) -> u8 {
        self.wait_foreground_exit(pid).status
    }

    /// As [`Self::wait_foreground`], with the reason of the end.
    pub(crate) fn wait_foreground_exit(&mut self, pid: process::Pid) -> process::Exit {
        if let Some(exit) = self.jobs.take_ended(pid) {
            return exit;
        }
        loop {
            match process::wait(process::Child::Pid(pid), None) {
                Ok(Some(exit)) => return exit,
                Err(process::Errno::INTR) => {
                    self.poll_signals();
                }
                Ok(None) => {}
                Err(_) => {
                    return process::Exit { pid, status: 127, how: process::How::Exited };
                }
            }
        }
    }
}
