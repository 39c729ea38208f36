//! The pipelines of a run: the one that was asked for, and those that trigger jobs add to it.

use std::sync::Arc;

use tokio::time::Instant;

use super::coverage::Coverage;
use super::decide::Ending;
use super::dispatch::{Dispatcher, Job, stages};
use super::job::JobEnd;
use super::log::JobLog;
use super::trigger::{Planned, not_created, plan_child};
use super::{Admission, Cancel, Planner};
use crate::event::{Event, JobName, Level, RunResult, SkipReason, StageInfo, StepOutcome};
use crate::plan::{
    JobId, LeftOut, LeftOutReason, MAX_PIPELINES, Plan, PlannedJob, Strategy, child_name,
};

/// A pipeline of a run.
pub(super) struct Pipeline {
    /// Its jobs have identifiers from `first` on.
    pub(super) plan: Arc<Plan>,
    first: usize,
    /// Who plans its children.
    planner: Option<Arc<dyn Planner>>,
    /// The job that triggers it; none for the first pipeline.
    trigger: Option<JobId>,
    started: Instant,
    /// How many of its jobs have not ended.
    open: usize,
    /// What the trigger job holds as long as it waits.
    admission: Option<Admission>,
}

impl Pipeline {
    pub(super) fn job(&self, id: JobId) -> &PlannedJob {
        &self.plan.jobs[id.0 - self.first]
    }
}

/// The pipelines whose jobs have all ended but of which that was not told yet.
pub(super) type Ended = Vec<usize>;

impl Dispatcher {
    /// What is planned for a job.
    pub(super) fn planned(&self, id: JobId) -> &PlannedJob {
        self.pipelines[self.jobs[id.0].pipeline].job(id)
    }

    /// The plan of a job, to be taken to its task, and its place in it.
    pub(super) fn shared(&self, id: JobId) -> (Arc<Plan>, usize) {
        let pipeline = &self.pipelines[self.jobs[id.0].pipeline];
        (Arc::clone(&pipeline.plan), id.0 - pipeline.first)
    }

    /// Makes a plan part of the run and returns its number.
    pub(super) fn add(
        &mut self,
        plan: Plan,
        planner: Option<Arc<dyn Planner>>,
        trigger: Option<JobId>,
    ) -> usize {
        let first = self.jobs.len();
        let plan = plan.beginning_at(first);
        let number = self.pipelines.len();
        self.graph.add(&plan.jobs);
        for job in &plan.jobs {
            self.names.push((&*self.emitter.mask.text(&job.name)).into());
            let coverage = job.settings.coverage.as_ref();
            let coverage = coverage.and_then(|pattern| Coverage::new(pattern));
            self.jobs.push(Job::new(&self.emitter.mask, number, coverage));
        }
        let all = plan.jobs.iter().chain(plan.left_out.iter().map(|left| &left.job));
        self.taken.extend(all.map(|job| job.name.clone()));
        if plan.jobs.is_empty() {
            self.ended.push(number);
        }
        self.pipelines.push(Pipeline {
            first,
            planner,
            trigger,
            started: Instant::now(),
            open: plan.jobs.len(),
            plan: Arc::new(plan),
            admission: None,
        });
        number
    }

    /// Begins to plan the child pipeline of a job.
    pub(super) fn start_trigger(&mut self, id: JobId) {
        let planner = self.pipelines[self.jobs[id.0].pipeline].planner.clone();
        let (plan, place) = self.shared(id);
        let (executor, switch) = (Arc::clone(&self.executor), self.switch.clone());
        let log = JobLog::new(id, self.sender.clone());
        self.children += 1;
        let number = self.children;
        let task = self.tasks.spawn(async move {
            let job = &plan.jobs[place];
            if number >= MAX_PIPELINES {
                let reason = format!("a run has {MAX_PIPELINES} pipelines at most, as on GitLab");
                return JobEnd::from(not_created(job, &reason)).into();
            }
            let planned = plan_child(job, number, planner, executor.as_ref(), &log, &switch).await;
            log.flush().await;
            match planned {
                Ok(planned) => super::dispatch::TaskEnd::Planned(Box::new(planned)),
                Err(outcome) => JobEnd::from(outcome).into(),
            }
        });
        self.task_jobs.insert(task.id(), id);
    }

    /// Adds the child pipeline of a job to the run.
    pub(super) async fn child_planned(&mut self, id: JobId, planned: Planned) {
        let Planned { child, admission } = planned;
        let trigger = self.planned(id).name.clone();
        let plan = child.plan.inside(&trigger, &|name| self.taken.contains(name));
        self.executor.join(&plan);
        let job = self.names[id.0].clone();
        for message in child.warnings {
            let (job, level) = (Some(job.clone()), Level::Warning);
            self.emitter.emit(Event::Notice { job, level, message }).await;
        }
        let number = self.add(plan, Some(child.planner), Some(id));
        let plan = Arc::clone(&self.pipelines[number].plan);
        let stages = stages(&plan, |id| self.names[id.0].clone())
            .into_iter()
            .map(|stage| StageInfo { name: child_name(&trigger, &stage.name), ..stage })
            .collect();
        self.emitter.emit(Event::PipelineCreated { job, stages }).await;
        self.announce_held_up(&plan).await;
        let waits = self.planned(id).trigger.as_ref().is_some_and(|t| t.strategy.is_some());
        if waits {
            self.pipelines[number].admission = Some(admission);
        } else {
            drop(admission);
            self.finish(id, StepOutcome::Exited(0).into()).await;
        }
    }

    /// Tells of the jobs that could still be started, by somebody or something.
    pub(super) async fn announce_held_up(&mut self, plan: &Plan) {
        for LeftOut { job, reason } in plan.held_up() {
            let reason = match reason {
                LeftOutReason::Manual => SkipReason::Manual,
                LeftOutReason::Tags { missing } => SkipReason::Tags { missing: missing.clone() },
                LeftOutReason::Waits { job } => SkipReason::Waits { job: job.as_str().into() },
                _ => continue,
            };
            self.emitter.emit(Event::JobSkipped { job: job.name.as_str().into(), reason }).await;
        }
    }

    /// Notes that a job has ended.
    pub(super) fn job_ended(&mut self, id: JobId) {
        self.graph.ended(id);
        let number = self.jobs[id.0].pipeline;
        let pipeline = &mut self.pipelines[number];
        pipeline.open = pipeline.open.saturating_sub(1);
        if pipeline.open == 0 {
            self.ended.push(number);
        }
    }

    /// Ends the child pipelines whose jobs have all ended, and the jobs that wait for them.
    pub(super) async fn end_pipelines(&mut self) {
        while let Some(number) = self.ended.pop() {
            let pipeline = &mut self.pipelines[number];
            let Some(trigger) = pipeline.trigger else { continue };
            let admission = pipeline.admission.take();
            let duration = pipeline.started.elapsed();
            let result = self.result_of(number);
            let job = self.names[trigger.0].clone();
            self.emitter.emit(Event::PipelineFinished { job, result, duration }).await;
            if self.jobs[trigger.0].ending.is_none() {
                let outcome = self.inherited(trigger, number, result);
                self.finish(trigger, outcome.into()).await;
            }
            drop(admission);
        }
    }

    /// How a job ends that waits for its child pipeline (GitLab's
    /// `Ci::Bridge#inherit_status_from_downstream`).
    fn inherited(&self, trigger: JobId, number: usize, result: RunResult) -> StepOutcome {
        let job = self.planned(trigger);
        let strategy = job.trigger.as_ref().and_then(|trigger| trigger.strategy);
        match (result, strategy) {
            (RunResult::Success, _) => StepOutcome::Exited(0),
            (RunResult::Cancelled, _) => StepOutcome::Cancelled,
            (RunResult::Failed, _) => {
                StepOutcome::Downstream { message: "its child pipeline failed".to_owned() }
            }
            (RunResult::Blocked, _) => StepOutcome::Blocked { job: self.blocker(number) },
            (RunResult::Skipped, Some(Strategy::Mirror)) => StepOutcome::NothingRan,
            (RunResult::Skipped, _) => StepOutcome::Downstream {
                message: "its child pipeline ran no job, which `strategy: depend` takes for a \
                          failure"
                    .to_owned(),
            },
        }
    }

    /// The job that somebody would have to start for a pipeline to go on.
    fn blocker(&self, number: usize) -> JobName {
        let pipeline = &self.pipelines[number];
        if let Some(job) = pipeline.plan.blocked_by() {
            return job.name.as_str().into();
        }
        let mut jobs = pipeline.plan.jobs.iter().map(|job| &self.jobs[job.id.0]);
        let blocked = jobs.find_map(|job| job.blocked.clone());
        blocked.unwrap_or_else(|| "a job".into())
    }

    /// The result of the run: that of the pipeline that was asked for, unless something else of the
    /// run was cancelled.
    pub(super) fn result(&self) -> RunResult {
        let cancelled =
            (0..self.pipelines.len()).any(|number| self.result_of(number) == RunResult::Cancelled);
        match self.result_of(0) {
            _ if cancelled && self.switch.get() != Cancel::No => RunResult::Cancelled,
            // A run in which nothing was left to do is as good as any.
            RunResult::Skipped => RunResult::Success,
            result => result,
        }
    }

    fn result_of(&self, number: usize) -> RunResult {
        let plan = &self.pipelines[number].plan;
        let any = |wanted: &[Ending]| {
            let endings = plan.jobs.iter().filter_map(|job| self.jobs[job.id.0].ending);
            endings.into_iter().any(|ending| wanted.contains(&ending))
        };
        if any(&[Ending::Cancelled, Ending::SkippedByCancel]) {
            RunResult::Cancelled
        } else if any(&[Ending::Failed]) {
            RunResult::Failed
        } else if any(&[Ending::Blocked]) || plan.blocked_by().is_some() {
            RunResult::Blocked
        } else if any(&[Ending::Good]) || (plan.partial && plan.jobs.is_empty()) {
            // With nothing left to do in it, it is as good as it was.
            RunResult::Success
        } else {
            RunResult::Skipped
        }
    }
}
