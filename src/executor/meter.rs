//! What a job's processes use from one moment to another.

use crate::event::Usage;
use crate::sandbox::{self, Job};

/// A beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter(sandbox::Usage);

impl Meter {
    pub(super) fn start(job: &Job) -> Self {
        // What was used before does not count.
        let _ = job.take_peak_memory();
        Self(job.usage())
    }

    /// What was used since. The peak of memory is counted anew from here on.
    pub(super) fn read(self, job: &Job) -> Usage {
        let used = job.usage() - self.0;
        Usage { cpu: used.processor, wait: used.waited, peak_memory: job.take_peak_memory() }
    }
}
