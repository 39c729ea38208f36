//! One job from its preparation to its end: the order of calls that [`Executor`] promises.

use std::future::Future;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::limits::ScriptLimits;
use super::{
    Admission, Cancel, CancelSwitch, Executor, JobLog, JobSandbox, ScriptRun, Stop, StopReason,
    retry,
};
use crate::event::{Level, Section, StepOutcome};
use crate::plan::PlannedJob;

/// How long an `after_script` may take (GitLab's `RUNNER_AFTER_SCRIPT_TIMEOUT`).
pub const AFTER_SCRIPT_LIMIT: Duration = Duration::from_secs(5 * 60);

/// How long [`Executor::prepare`] may take.
pub const PREPARE_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long a script may go on after it was told to stop, and how long closing may take.
pub const GRACE: Duration = Duration::from_secs(10);

/// How long keeping artifacts, reports and caches may take.
pub const KEEP_LIMIT: Duration = Duration::from_secs(10 * 60);

/// What lies between the identifiers of a job's attempts; see `CI_JOB_ID`.
const ATTEMPT_STEP: u64 = 30_000;

/// How a job ended.
#[derive(Debug)]
pub(super) struct JobEnd {
    pub(super) outcome: StepOutcome,
    /// How `after_script` ended, if there is one.
    pub(super) after_script: Option<StepOutcome>,
}

impl From<StepOutcome> for JobEnd {
    fn from(outcome: StepOutcome) -> Self {
        Self { outcome, after_script: None }
    }
}

/// Waits until a job may use what only one job may use at a time.
pub(super) async fn admit(
    job: &PlannedJob,
    executor: &dyn Executor,
    log: &JobLog,
    switch: &CancelSwitch,
) -> Result<Admission, StepOutcome> {
    let admission = tokio::select! {
        biased;
        () = switch.reached(Cancel::Gracefully) => return Err(StepOutcome::Cancelled),
        admission = executor.admit(job, log) => admission,
    };
    admission.map_err(|error| StepOutcome::NotLoadable { message: error.message })
}

/// Runs a job; `admission` is what it holds already, if that was asked for.
pub(super) async fn run_job(
    job: &PlannedJob,
    admission: Option<Admission>,
    executor: &dyn Executor,
    log: JobLog,
    switch: CancelSwitch,
) -> JobEnd {
    let end = attempts(job, admission, executor, &log, switch).await;
    log.flush().await;
    end
}

/// Tries a job until it succeeds or is not to be tried again.
async fn attempts(
    job: &PlannedJob,
    admission: Option<Admission>,
    executor: &dyn Executor,
    log: &JobLog,
    switch: CancelSwitch,
) -> JobEnd {
    let _admission = match admission {
        Some(admission) => admission,
        None => match admit(job, executor, log, &switch).await {
            Ok(admission) => admission,
            Err(outcome) => return outcome.into(),
        },
    };
    let mut attempt = 1;
    loop {
        let end = prepare_and_run(job, attempt, executor, log, switch.clone()).await;
        let cancelled = switch.get() != Cancel::No;
        if cancelled || !retry::again(&job.settings.retry, &end.outcome, attempt) {
            return end;
        }
        log.retried(attempt, end.outcome).await;
        attempt += 1;
    }
}

async fn prepare_and_run(
    job: &PlannedJob,
    attempt: u32,
    executor: &dyn Executor,
    log: &JobLog,
    switch: CancelSwitch,
) -> JobEnd {
    let mut sandbox = match prepare(job, executor, log, &switch).await {
        Ok(sandbox) => sandbox,
        Err(outcome) => return outcome.into(),
    };

    let limits = ScriptLimits::of(job);
    for ignored in &limits.ignored {
        log.notice(Level::Warning, ignored.clone()).await;
    }
    let stop = Stop::after(limits.script, Some(switch));
    let status = own_variables(job, attempt, "running");
    let script =
        ScriptRun { section: Section::Script, entries: &job.script, extra_variables: &status };
    let outcome = match in_time(sandbox.run(script, log.clone(), stop.clone()), &stop).await {
        Ok(outcome) => outcome,
        Err(reason) => return abandoned(log, reason).await.into(),
    };

    let mut after_script = None;
    if !job.after_script.is_empty() && sandbox_is_usable_after(&outcome) {
        // Cancelling ends scripts, but what tidies up after them runs; hence no switch.
        let stop = Stop::after(limits.after_script, None);
        let status = match &outcome {
            StepOutcome::Exited(0) => "success",
            StepOutcome::Cancelled => "canceled",
            _ => "failed",
        };
        let status = own_variables(job, attempt, status);
        let script = ScriptRun {
            section: Section::AfterScript,
            entries: &job.after_script,
            extra_variables: &status,
        };
        match in_time(sandbox.run(script, log.clone(), stop.clone()), &stop).await {
            Ok(end) => after_script = Some(end),
            Err(reason) => {
                let after_script = Some(abandoned(log, reason).await);
                return JobEnd { outcome, after_script };
            }
        }
    }

    let outcome = keep(sandbox.as_mut(), outcome, log).await;
    if timeout(GRACE, sandbox.close()).await.is_err() {
        let message = format!("tidying up took longer than {} s and was given up", GRACE.as_secs());
        log.notice(Level::Warning, message).await;
    }
    JobEnd { outcome, after_script }
}

async fn prepare(
    job: &PlannedJob,
    executor: &dyn Executor,
    log: &JobLog,
    switch: &CancelSwitch,
) -> Result<Box<dyn JobSandbox>, StepOutcome> {
    tokio::select! {
        biased;
        () = switch.reached(Cancel::Gracefully) => Err(StepOutcome::Cancelled),
        () = sleep(PREPARE_LIMIT) => {
            let minutes = PREPARE_LIMIT.as_secs() / 60;
            Err(StepOutcome::NotLoadable {
                message: format!("the job's sandbox was not ready after {minutes} minutes"),
            })
        }
        prepared = executor.prepare(job, log.clone()) => {
            prepared.map_err(|error| StepOutcome::NotLoadable { message: error.message })
        }
    }
}

/// Waits for a script, and for [`GRACE`] more once it was told to stop.
async fn in_time(
    script: impl Future<Output = StepOutcome>,
    stop: &Stop,
) -> Result<StepOutcome, StopReason> {
    let overdue = async {
        let reason = stop.stopped().await;
        sleep(GRACE).await;
        reason
    };
    tokio::select! {
        biased;
        outcome = script => Ok(outcome),
        reason = overdue => Err(reason),
    }
}

/// The outcome of a script that did not end when told to. Its sandbox is dropped, not closed: what
/// state it is in is not known.
async fn abandoned(log: &JobLog, reason: StopReason) -> StepOutcome {
    let message =
        format!("the script did not end within {} s of being told to; dropped", GRACE.as_secs());
    log.notice(Level::Warning, message).await;
    match reason {
        StopReason::Timeout => StepOutcome::TimedOut,
        StopReason::Cancel => StepOutcome::Cancelled,
    }
}

fn sandbox_is_usable_after(outcome: &StepOutcome) -> bool {
    match outcome {
        StepOutcome::Internal { .. }
        | StepOutcome::NotLoadable { .. }
        | StepOutcome::Downstream { .. }
        | StepOutcome::Blocked { .. }
        | StepOutcome::NothingRan => false,
        StepOutcome::Exited(_)
        | StepOutcome::Trapped { .. }
        | StepOutcome::TimedOut
        | StepOutcome::OutOfMemory
        | StepOutcome::OutputLimit
        | StepOutcome::DiskQuota
        | StepOutcome::NotKept { .. }
        | StepOutcome::Cancelled => true,
    }
}

/// Lets the executor keep what the job leaves. Where that fails, so does a job that succeeded.
async fn keep(sandbox: &mut dyn JobSandbox, outcome: StepOutcome, log: &JobLog) -> StepOutcome {
    let kept = match timeout(KEEP_LIMIT, sandbox.keep(&outcome, log)).await {
        Ok(kept) => kept,
        Err(_) => Err(format!(
            "storing artifacts and caches took longer than {} minutes and was given up",
            KEEP_LIMIT.as_secs() / 60
        )),
    };
    match kept {
        Ok(()) => outcome,
        Err(message) if outcome.is_success() => StepOutcome::NotKept { message },
        Err(message) => {
            log.notice(Level::Warning, message).await;
            outcome
        }
    }
}

/// What only this attempt's scripts see. On GitLab every attempt is a job of its own.
fn own_variables(job: &PlannedJob, attempt: u32, status: &str) -> Vec<(String, String)> {
    let mut variables = vec![("CI_JOB_STATUS".to_owned(), status.to_owned())];
    let id = job.variables.get("CI_JOB_ID");
    if let Some(id) = id.and_then(|id| id.parse::<u64>().ok()).filter(|_| attempt > 1) {
        let id = id + u64::from(attempt - 1) * ATTEMPT_STEP;
        variables.push(("CI_JOB_ID".to_owned(), id.to_string()));
    }
    variables
}
