use async_trait::async_trait;

use super::{JobLog, Stop};
use crate::event::{Section, StepOutcome};
use crate::plan::{Plan, PlannedJob, ScriptEntry};

/// Where jobs run. The scheduler decides what runs when; an executor knows how.
///
/// # Contract
/// **Order.** For every job the scheduler calls [`admit`](Self::admit) and then, for each attempt
/// and each after the one before has returned: [`prepare`](Self::prepare); if it succeeded, [`run`](JobSandbox::run) with the section
/// [`Section::Script`]; then, if the job has an `after_script`, `run` with
/// [`Section::AfterScript`], whatever the first outcome was — failed, timed out, cancelled — except
/// [`StepOutcome::Internal`] and [`StepOutcome::NotLoadable`]; then [`keep`](JobSandbox::keep) and
/// [`close`](JobSandbox::close). Nothing is called twice in an attempt.
///
/// **Concurrency.** Jobs run concurrently, on any thread: `prepare` may be called while other jobs
/// are being prepared, are running or closing. One job's calls never overlap.
///
/// **Being dropped.** Each returned future, and the sandbox itself, may be dropped at any time
/// instead of being completed, `close` included: on a second Ctrl-C, or when a call does not return
/// in the time it has. Dropping must end the job's processes and must not block.
///
/// **Logging.** A job's [`JobLog`] may be used from the call it is handed to until `close` returns.
/// What is sent later is discarded.
///
/// **Panics** are contained: the job ends with [`StepOutcome::Internal`] and the run goes on.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Waits until nobody else uses what only one job may use at a time (`resource_group`), and
    /// holds it until the result is dropped, which is after the job's end.
    ///
    /// There is no limit of time. When the run is cancelled, the future is dropped.
    ///
    /// # Errors
    /// [`NotLoadable`] if that cannot be found out.
    async fn admit(&self, job: &PlannedJob, log: &JobLog) -> Result<Admission, NotLoadable> {
        let _ = (job, log);
        Ok(Box::new(()))
    }

    /// Takes note of a child pipeline, before anything else is asked about its jobs.
    fn join(&self, plan: &Plan) {
        let _ = plan;
    }

    /// The content of a file among the artifacts that a job has left, of at most `limit` bytes.
    ///
    /// # Errors
    /// Why there is none, in a few words.
    async fn artifact(&self, job: &str, path: &str, limit: u64) -> Result<Vec<u8>, String> {
        let _ = (job, path, limit);
        Err("no artifacts are kept here".to_owned())
    }

    /// Makes a sandbox ready for a job: finds its image, loads its shell, makes its `/tmp`.
    ///
    /// The call has ten minutes, for it may have to compile modules; they do not count against the
    /// job's time limit. When the run is cancelled, the future is dropped.
    ///
    /// # Errors
    /// [`NotLoadable`] if the job cannot run here. The job then has failed; neither `after_script`
    /// nor `close` follow.
    async fn prepare(
        &self,
        job: &PlannedJob,
        log: JobLog,
    ) -> Result<Box<dyn JobSandbox>, NotLoadable>;
}

/// What a job holds as long as it goes on. Dropping it must not block.
pub type Admission = Box<dyn Send + Sync>;

/// The sandbox of one job. See [`Executor`] for the contract.
#[async_trait]
pub trait JobSandbox: Send {
    /// Runs the entries of one script in one new shell, as GitLab does: the script ends at the
    /// first entry that fails.
    ///
    /// The executor calls [`JobLog::command_started`] before each entry and
    /// [`JobLog::command_failed`] if one ends the script. Output must have been handed to `log`
    /// when the call returns, and every process of the script must have ended.
    ///
    /// As soon as `stop` resolves, the processes are to be ended and the call is to return within
    /// ten seconds, with [`StepOutcome::TimedOut`] or [`StepOutcome::Cancelled`] according to its
    /// reason. After that it is dropped.
    async fn run(&mut self, script: ScriptRun<'_>, log: JobLog, stop: Stop) -> StepOutcome;

    /// Keeps what the job leaves for later: artifacts, reports, caches. Called after the last
    /// script with the outcome of the first one; it has ten minutes.
    ///
    /// # Errors
    /// What is wrong, if a job that succeeded has to fail for it.
    async fn keep(&mut self, outcome: &StepOutcome, log: &JobLog) -> Result<(), String> {
        let _ = (outcome, log);
        Ok(())
    }

    /// Ends what is left of the job and removes its temporary files. It has ten seconds.
    async fn close(self: Box<Self>);
}

/// A script to run.
#[derive(Clone, Copy, Debug)]
pub struct ScriptRun<'a> {
    /// Which of the job's scripts it is.
    pub section: Section,
    /// Its entries, in order.
    pub entries: &'a [ScriptEntry],
    /// Variables that only this script sees, for instance `CI_JOB_STATUS`. They take precedence
    /// over [`PlannedJob::variables`].
    pub extra_variables: &'a [(String, String)],
}

/// A job cannot run in this sandbox.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotLoadable {
    /// What cannot be loaded, why, and what to do about it.
    pub message: String,
}
