//! Running a program until it ends or is told to.

use std::sync::Arc;
use std::time::Duration;

use crate::event::StepOutcome;
use crate::sandbox::{Breach, Exit, How, Job, StartError};
use crate::schedule::{Stop, StopReason};

/// How long processes may go on after `TERM` before they are killed: enough for a trap to clean up.
const GRACE: Duration = Duration::from_secs(2);
const TERM: u8 = 15;
const KILL: u8 = 9;

/// A program's end, and why it was told to end, if it was.
pub(super) struct Ended {
    pub(super) exit: Result<Exit, StartError>,
    stopped: Option<StopReason>,
}

/// Waits for a program that `sandbox` runs, and ends whatever it leaves running.
pub(super) async fn supervise(
    sandbox: &Arc<Job>,
    running: impl Future<Output = Result<Exit, StartError>>,
    stop: &Stop,
) -> Ended {
    tokio::pin!(running);
    let mut stopped = None;
    let exit = loop {
        tokio::select! {
            biased;
            reason = stop.stopped(), if stopped.is_none() => {
                stopped = Some(reason);
                sandbox.kill_all(TERM);
                let sandbox = Arc::clone(sandbox);
                tokio::spawn(async move {
                    tokio::time::sleep(GRACE).await;
                    sandbox.kill_all(KILL);
                });
            }
            exit = &mut running => break exit,
        }
    };
    sandbox.end_processes().await;
    Ended { exit, stopped }
}

impl Ended {
    /// What became of it.
    pub(super) fn outcome(&self, sandbox: &Job) -> StepOutcome {
        let exit = match &self.exit {
            Ok(exit) => exit,
            Err(error) => return StepOutcome::NotLoadable { message: error.to_string() },
        };
        match self.stopped {
            Some(StopReason::Timeout) => return StepOutcome::TimedOut,
            Some(StopReason::Cancel) => return StepOutcome::Cancelled,
            None => {}
        }
        if let Some(Breach::Log(_)) = sandbox.breach() {
            return StepOutcome::OutputLimit;
        }
        if exit.status != 0 && sandbox.disk_limit_reached() {
            return StepOutcome::DiskQuota;
        }
        match &exit.how {
            How::Exited | How::Signaled(_) => StepOutcome::Exited(exit.status),
            How::Trapped(message) => StepOutcome::Trapped { message: message.clone() },
            How::OutOfMemory(_) => StepOutcome::OutOfMemory,
            How::NotLoadable(message) => StepOutcome::NotLoadable { message: message.clone() },
        }
    }
}
