//! Delayed jobs between the time at which they could start and the one at which they do.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::plan::JobId;

/// The delayed jobs of a run that wait.
#[derive(Debug, Default)]
pub(super) struct Delayed {
    waiting: BTreeSet<(Instant, JobId)>,
    /// Those whose time has come.
    due: BTreeSet<JobId>,
}

impl Delayed {
    pub(super) fn add(&mut self, job: JobId, wait: Duration) {
        self.waiting.insert((Instant::now() + wait, job));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.due.is_empty()
    }

    /// Resolves when the next job's time has come, and never if none waits.
    pub(super) async fn next(&self) {
        match self.waiting.first() {
            Some((when, _)) => sleep_until(*when).await,
            None => std::future::pending().await,
        }
    }

    /// Takes a job whose time has come.
    pub(super) fn take_due(&mut self) -> Option<JobId> {
        let now = Instant::now();
        while self.waiting.first().is_some_and(|(when, _)| *when <= now) {
            self.due.extend(self.waiting.pop_first().map(|(_, job)| job));
        }
        self.due.pop_first()
    }

    /// Takes a job, whether its time has come or not.
    pub(super) fn take_any(&mut self) -> Option<JobId> {
        self.due.pop_first().or_else(|| self.waiting.pop_first().map(|(_, job)| job))
    }
}
