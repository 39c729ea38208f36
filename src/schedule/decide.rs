//! Whether a job runs, given how the jobs it comes after have ended. The rules are GitLab's
//! (`Ci::ProcessBuildService` and `Gitlab::Ci::Status::Composite` in its source).

use crate::event::{JobName, SkipReason};
use crate::plan::{JobId, PlannedJob, When};

/// How a job has ended, as far as other jobs care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It succeeded, or failed and is allowed to.
    Good,
    /// It failed.
    Failed,
    /// It was cancelled while it ran.
    Cancelled,
    /// It has not ended, and will not: it waits for what nobody starts.
    Blocked,
    /// It did not run.
    Skipped,
    /// It did not run because the run was cancelled.
    SkippedByCancel,
}

/// Decides about a job whose predecessors have all ended: `Ok` to start it.
///
/// A job that waits for stages ignores what was skipped in them. A job with `needs` does not run
/// if one of its needs did not, unless it runs always. If the run is to `keep_going`, what failed in
/// earlier stages keeps no job from running that does not need it.
pub(super) fn decide(
    job: &PlannedJob,
    keep_going: bool,
    name: impl Fn(JobId) -> JobName,
    ending: impl Fn(JobId) -> Option<Ending>,
) -> Result<(), SkipReason> {
    let first = |wanted: &[Ending]| {
        let id = job.after.iter().find(|id| ending(**id).is_some_and(|e| wanted.contains(&e)))?;
        Some(name(*id))
    };
    if let Some(job) = first(&[Ending::Blocked]) {
        return Err(SkipReason::Waits { job });
    }
    let failed = first(&[Ending::Failed, Ending::Cancelled]);
    let skipped = match job.needs {
        Some(_) => first(&[Ending::Skipped, Ending::SkippedByCancel]),
        None => None,
    };
    match (job.when, failed, skipped) {
        (When::Always, _, _) | (When::OnSuccess, None, None) | (When::OnFailure, Some(_), None) => {
            Ok(())
        }
        (When::OnSuccess, Some(_), None) if keep_going && job.needs.is_none() => Ok(()),
        (When::OnSuccess, Some(job), _) => Err(SkipReason::Failed { job }),
        (When::OnSuccess | When::OnFailure, _, Some(job)) => Err(SkipReason::NeedSkipped { job }),
        (When::OnFailure, None, None) => Err(SkipReason::NothingFailed),
    }
}
