//! Ends what is measured when it takes too long, or when the user wants no more.

use std::io;
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// Watches one command at a time, from a thread of its own, so that the thread that measures does
/// nothing but wait. Each command leads a process group, which is ended as a whole.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    state: Arc<Mutex<State>>,
}

/// How often the thread looks: often enough for limits of seconds, too seldom to be measured.
const LOOK: Duration = Duration::from_millis(100);
/// How long what is cancelled may take to clean up.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
struct State {
    /// Whether the thread is there.
    started: bool,
    cancelled: bool,
    /// The group that runs, and until when it may.
    running: Option<(Pid, Option<Instant>)>,
    /// Whether its time was up.
    late: bool,
}

impl Watch {
    /// Ends what runs, which may clean up for a moment, and everything that is begun after this.
    pub fn cancel(&self) {
        let mut state = self.lock();
        state.cancelled = true;
        self.ask(&mut state);
    }

    fn ask(&self, state: &mut State) {
        if let Some((group, until)) = &mut state.running {
            let grace = Instant::now() + GRACE;
            *until = Some(until.map_or(grace, |until| until.min(grace)));
            // It may have ended by itself just now.
            let _ = kill_process_group(*group, Signal::TERM);
            self.start(state);
        }
    }

    fn start(&self, state: &mut State) {
        if !state.started {
            state.started = true;
            let state = Arc::downgrade(&self.state);
            thread::spawn(move || enforce(&state));
        }
    }

    /// Whether no more is wanted.
    pub fn cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Waits for the end of a command that leads a process group.
    ///
    /// # Errors
    /// In words for the user: it took longer than `limit`, or no more is wanted.
    pub(super) fn wait(
        &self,
        child: &mut Child,
        limit: Option<Duration>,
    ) -> Result<std::process::ExitStatus, String> {
        let failed = |error: io::Error| format!("cannot be waited for: {error}");
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or("has no process identifier")?;
        self.begin(pid, limit);
        // Its identifier stays its own until it is reaped, so that nothing else can be ended.
        while let Err(error) =
            waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
        {
            if error != rustix::io::Errno::INTR {
                return Err(failed(error.into()));
            }
        }
        let late = {
            let mut state = self.lock();
            state.running = None;
            state.late
        };
        let status = child.wait().map_err(failed)?;
        match limit {
            _ if self.cancelled() => Err("cancelled".to_owned()),
            Some(limit) if late => {
                Err(format!("took longer than {}", humantime::format_duration(limit)))
            }
            _ => Ok(status),
        }
    }

    fn begin(&self, pid: Pid, limit: Option<Duration>) {
        let mut state = self.lock();
        state.running = Some((pid, limit.map(|limit| Instant::now() + limit)));
        state.late = false;
        if state.cancelled {
            self.ask(&mut state);
        } else if limit.is_some() {
            self.start(&mut state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn enforce(state: &Weak<Mutex<State>>) {
    while let Some(state) = state.upgrade() {
        {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((group, Some(until))) = state.running
                && until <= Instant::now()
            {
                state.late = true;
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
        drop(state);
        thread::sleep(LOOK);
    }
}
