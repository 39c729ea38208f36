//! A trigger job from its start until its child pipeline is planned.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::job::admit;
use super::{Admission, Cancel, CancelSwitch, ChildPlan, Executor, JobLog, Planner};
use crate::event::StepOutcome;
use crate::plan::{PlannedJob, Trigger};

/// How long planning a child pipeline may take: files may have to be fetched.
pub const CHILD_LIMIT: Duration = Duration::from_secs(5 * 60);

/// The largest file of a child pipeline that a job may make (GitLab's
/// `max_artifacts_content_include_size`), in bytes.
pub const MAX_GENERATED: u64 = 5 << 20;

/// A child pipeline that is planned but not part of the run yet.
pub(super) struct Planned {
    pub(super) child: ChildPlan,
    /// What the trigger job holds until its end.
    pub(super) admission: Admission,
}

/// Plans the child pipeline of a job.
pub(super) async fn plan_child(
    job: &PlannedJob,
    number: u64,
    planner: Option<Arc<dyn Planner>>,
    executor: &dyn Executor,
    log: &JobLog,
    switch: &CancelSwitch,
) -> Result<Planned, StepOutcome> {
    let admission = admit(job, executor, log, switch).await?;
    let child = tokio::select! {
        biased;
        () = switch.reached(Cancel::Gracefully) => return Err(StepOutcome::Cancelled),
        child = plan(job, number, planner, executor) => child?,
    };
    Ok(Planned { child, admission })
}

async fn plan(
    job: &PlannedJob,
    number: u64,
    planner: Option<Arc<dyn Planner>>,
    executor: &dyn Executor,
) -> Result<ChildPlan, StepOutcome> {
    let (Some(trigger), Some(planner)) = (&job.trigger, planner) else {
        return Err(not_created(job, "nobody plans child pipelines in this run"));
    };
    let artifacts = generated(job, trigger, executor).await?;
    let own = job.clone();
    let planning = spawn_blocking(move || planner.child(&own, number, artifacts));
    match timeout(CHILD_LIMIT, planning).await {
        Ok(Ok(Ok(child))) => Ok(child),
        Ok(Ok(Err(reason))) => Err(not_created(job, &reason)),
        Ok(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Ok(Err(_)) => Err(StepOutcome::Cancelled),
        Err(_) => {
            let minutes = CHILD_LIMIT.as_secs() / 60;
            Err(not_created(job, &format!("it was not planned after {minutes} minutes")))
        }
    }
}

/// The contents of the files that jobs have made for the child pipeline.
async fn generated(
    job: &PlannedJob,
    trigger: &Trigger,
    executor: &dyn Executor,
) -> Result<Vec<Vec<u8>>, StepOutcome> {
    let mut contents = Vec::new();
    for generated in &trigger.artifacts {
        let bytes = executor.artifact(&generated.job, &generated.path, MAX_GENERATED).await;
        contents.push(bytes.map_err(|reason| not_created(job, &format!("{generated}: {reason}")))?);
    }
    Ok(contents)
}

pub(super) fn not_created(job: &PlannedJob, reason: &str) -> StepOutcome {
    let place =
        job.trigger.as_ref().map(|trigger| format!("{}:{}: ", trigger.place.0, trigger.place.1));
    let (place, name) = (place.unwrap_or_default(), &job.name);
    let message = format!("{place}the child pipeline of {name} could not be created: {reason}");
    StepOutcome::Downstream { message }
}
