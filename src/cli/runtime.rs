//! The threads that a run or a program needs, and no more: each costs a twentieth of a millisecond
//! before anything runs.

use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::thread;

use tokio::runtime::{Builder, Runtime};

use super::failure::Failure;

/// Threads for each job: both ends of a pipeline can run at the same time.
const THREADS_PER_JOB: usize = 2;

/// The processors that greenroom may use. Finding out means to read files of the system.
pub(super) fn cpus() -> NonZeroUsize {
    static CPUS: LazyLock<NonZeroUsize> =
        LazyLock::new(|| thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
    *CPUS
}

/// A runtime for so many jobs at the same time.
pub(super) fn for_jobs(jobs: usize) -> Result<Runtime, Failure> {
    let threads = jobs.saturating_mul(THREADS_PER_JOB).clamp(1, cpus().get());
    started(Builder::new_multi_thread().worker_threads(threads))
}

/// A runtime for one process, on the thread that waits for it.
pub(super) fn single() -> Result<Runtime, Failure> {
    started(&mut Builder::new_current_thread())
}

fn started(builder: &mut Builder) -> Result<Runtime, Failure> {
    let runtime = builder.enable_all().build();
    runtime.map_err(|error| Failure::unable(format!("cannot start threads: {error}")))
}
