//! The dispatcher: the only place that changes the state of a run and emits its events.

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::coverage::Coverage;
use super::decide::{Ending, decide};
use super::delay::Delayed;
use super::emit::{Emitter, LAST_WORDS};
use super::graph::{self, Graph};
use super::job::{JobEnd, admit, run_job};
use super::log::Message;
use super::pipelines::{Ended, Pipeline};
use super::redact::Output;
use super::trigger::Planned;
use super::{Admission, Cancel, CancelSwitch, Executor, JobLog, Notices, Planner};
use crate::event::{
    Event, FailedCommand, JobName, Level, Record, RunResult, SkipReason, StageInfo, StepOutcome,
    WaitReason,
};
use crate::mask::Mask;
use crate::plan::{JobId, LeftOut, Plan};

/// Messages from jobs that may wait for the dispatcher. Together with the size of a chunk this
/// bounds what a flood of output can occupy.
const WAITING_MESSAGES: usize = 64;

const CANCELLED: &str = "cancelled: scripts are being ended, after_script still runs; \
                         cancel again to end at once";

/// How to run a plan.
#[derive(Debug)]
pub struct Options {
    /// What the run is called, for people.
    pub pipeline: String,
    /// How many jobs may run at the same time.
    pub jobs: NonZeroUsize,
    /// What others say about the run, from before its start to its end.
    pub notices: Notices,
    /// Whether jobs of later stages run although one of an earlier stage failed.
    pub keep_going: bool,
    /// What must not be in any event.
    pub mask: Mask,
    /// Who plans child pipelines; without one, trigger jobs fail.
    pub planner: Option<Arc<dyn Planner>>,
}

/// Runs a plan to its end and returns its result.
///
/// Everything that happens goes to `events`, in order; when its receiver is dropped, the run is
/// cancelled gracefully, because nobody would see what it does. The future never fails and always
/// ends: after the scripts' time limits at the latest, or soon after `switch` says so.
pub async fn run(
    plan: Plan,
    executor: Arc<dyn Executor>,
    options: Options,
    switch: CancelSwitch,
    events: mpsc::Sender<Record>,
) -> RunResult {
    let (sender, receiver) = mpsc::channel(WAITING_MESSAGES);
    let mut dispatcher = Dispatcher {
        graph: Graph::default(),
        names: Vec::new(),
        taken: HashSet::new(),
        jobs: Vec::new(),
        pipelines: Vec::new(),
        children: 0,
        ended: Vec::new(),
        executor,
        delayed: Delayed::default(),
        admitted: VecDeque::new(),
        light: HashSet::new(),
        tasks: JoinSet::new(),
        task_jobs: HashMap::new(),
        sender,
        emitter: Emitter {
            start: Instant::now(),
            events,
            mask: options.mask.clone(),
            switch: switch.clone(),
            closing: None,
        },
        switch,
    };
    dispatcher.add(plan, options.planner.clone(), None);
    dispatcher.run(options, receiver).await
}

pub(super) struct Dispatcher {
    pub(super) executor: Arc<dyn Executor>,
    /// The jobs of all pipelines, and what events call them.
    pub(super) jobs: Vec<Job>,
    pub(super) names: Vec<JobName>,
    /// All names, those of jobs that do not run included.
    pub(super) taken: HashSet<String>,
    pub(super) pipelines: Vec<Pipeline>,
    /// How many child pipelines were begun.
    pub(super) children: u64,
    pub(super) ended: Ended,
    pub(super) graph: Graph,
    delayed: Delayed,
    /// Jobs that wait for room and hold what only one job may.
    admitted: VecDeque<(JobId, Admission)>,
    /// Jobs with a task that takes no room, because it waits for others.
    pub(super) light: HashSet<JobId>,
    pub(super) tasks: JoinSet<TaskEnd>,
    pub(super) task_jobs: HashMap<Id, JobId>,
    pub(super) sender: mpsc::Sender<Message>,
    pub(super) emitter: Emitter,
    pub(super) switch: CancelSwitch,
}

/// What a task ends with.
pub(super) enum TaskEnd {
    /// The job has ended.
    Job(JobEnd),
    /// The job's child pipeline is planned.
    Planned(Box<Planned>),
    /// The job may run now.
    Admitted(Admission),
}

impl From<JobEnd> for TaskEnd {
    fn from(end: JobEnd) -> Self {
        Self::Job(end)
    }
}

/// What the dispatcher knows about a job.
#[derive(Debug)]
pub(super) struct Job {
    /// The place of its pipeline.
    pub(super) pipeline: usize,
    started: Option<Instant>,
    pub(super) ending: Option<Ending>,
    /// What it waits for, if it waits for what nobody starts.
    pub(super) blocked: Option<JobName>,
    pub(super) stdout: Output,
    pub(super) stderr: Output,
    /// The last entry of the script that was begun.
    pub(super) begun: Option<usize>,
    pub(super) failed: Option<FailedCommand>,
    /// How often it was tried again.
    pub(super) retries: u32,
    pub(super) coverage: Option<Coverage>,
}

impl Job {
    pub(super) fn new(mask: &Mask, pipeline: usize, coverage: Option<Coverage>) -> Self {
        let (stdout, stderr) = (Output::new(mask), Output::new(mask));
        Self {
            pipeline,
            started: None,
            ending: None,
            blocked: None,
            stdout,
            stderr,
            begun: None,
            failed: None,
            retries: 0,
            coverage,
        }
    }
}

impl Dispatcher {
    async fn run(
        mut self,
        mut options: Options,
        mut messages: mpsc::Receiver<Message>,
    ) -> RunResult {
        self.announce(&options).await;
        let switch = self.switch.clone();
        let mut cancelled = false;
        loop {
            self.start_jobs(options.jobs, options.keep_going).await;
            if self.tasks.is_empty() && self.delayed.is_empty() && self.admitted.is_empty() {
                break;
            }
            // The order is the priority. Nothing starves: a run is cancelled once per level, a job
            // ends once, after whatever it sent before, and notices are rare.
            tokio::select! {
                biased;
                () = switch.reached(Cancel::AtOnce) => {
                    self.drop_jobs().await;
                    break;
                }
                () = switch.reached(Cancel::Gracefully), if !cancelled => {
                    cancelled = true;
                    self.say(Level::Warning, CANCELLED.to_owned()).await;
                    self.skip_the_rest().await;
                }
                Some(end) = self.tasks.join_next_with_id() => {
                    for _ in 0..messages.len() {
                        if let Ok(message) = messages.try_recv() {
                            self.handle(message).await;
                        }
                    }
                    self.task_ended(end).await;
                }
                // Without room, the end of a job says when to look again.
                () = self.delayed.next(), if self.busy() < options.jobs.get() => {}
                (level, message) = options.notices.next() => self.say(level, message).await,
                Some(message) = messages.recv() => self.handle(message).await,
            }
        }
        self.skip_the_rest().await;
        while let Some((level, message)) = options.notices.waiting() {
            self.say(level, message).await;
        }
        let result = self.result();
        let duration = self.emitter.start.elapsed();
        self.emitter.emit(Event::RunFinished { result, duration }).await;
        result
    }

    async fn announce(&mut self, options: &Options) {
        let plan = Arc::clone(&self.pipelines[0].plan);
        let stages = stages(&plan, |id| self.names[id.0].clone());
        let pipeline = options.pipeline.clone();
        let alone = graph::is_chain(&plan) && !plan.has_triggers();
        let parallel = options.jobs.get() > 1 && !alone;
        self.emitter.emit(Event::RunStarted { pipeline, stages, parallel }).await;
        self.announce_held_up(&plan).await;
    }

    /// Says something about the run as a whole.
    async fn say(&mut self, level: Level, message: String) {
        self.emitter.emit(Event::Notice { job: None, level, message }).await;
    }

    /// Starts, or skips, every job that can be.
    async fn start_jobs(&mut self, limit: NonZeroUsize, keep_going: bool) {
        loop {
            self.end_pipelines().await;
            if self.switch.get() != Cancel::No {
                break;
            }
            let room = self.busy() < limit.get();
            if room && let Some((id, admission)) = self.admitted.pop_front() {
                self.run_job(id, Some(admission)).await;
                continue;
            }
            if room && let Some(id) = self.delayed.take_due() {
                self.start(id).await;
                continue;
            }
            // A job that is delayed begins to wait as soon as it could start, room or not.
            let start_in = |id: JobId| self.planned(id).settings.start_in;
            let wanted = |id: JobId| room || start_in(id).is_some();
            let Some(id) = self.graph.first_ready(wanted) else { break };
            let start_in = start_in(id);
            self.graph.take(id);
            let (jobs, names) = (&self.jobs, &self.names);
            let (name, ending) =
                (|other: JobId| names[other.0].clone(), |other: JobId| jobs[other.0].ending);
            let decision = decide(self.planned(id), keep_going, name, ending);
            match (decision, start_in) {
                (Ok(()), None) => self.start(id).await,
                (Ok(()), Some(duration)) => {
                    self.delayed.add(id, duration);
                    let (job, reason) =
                        (self.names[id.0].clone(), WaitReason::Delayed { duration });
                    self.emitter.emit(Event::JobWaiting { job, reason }).await;
                }
                (Err(reason), _) => self.skip(id, reason).await,
            }
        }
    }

    async fn start(&mut self, id: JobId) {
        if self.planned(id).trigger.is_some() {
            self.say_started(id).await;
            self.start_trigger(id);
        } else if self.planned(id).settings.resource_group.is_some() {
            self.ask_admission(id);
        } else {
            self.run_job(id, None).await;
        }
    }

    async fn say_started(&mut self, id: JobId) {
        self.jobs[id.0].started = Some(Instant::now());
        self.emitter.emit(Event::JobStarted { job: self.names[id.0].clone() }).await;
    }

    /// Waits for a job's resource group.
    fn ask_admission(&mut self, id: JobId) {
        let (plan, place) = self.shared(id);
        let (executor, switch) = (Arc::clone(&self.executor), self.switch.clone());
        let log = JobLog::new(id, self.sender.clone());
        let task = self.tasks.spawn(async move {
            match admit(&plan.jobs[place], executor.as_ref(), &log, &switch).await {
                Ok(admission) => TaskEnd::Admitted(admission),
                Err(outcome) => JobEnd::from(outcome).into(),
            }
        });
        self.task_jobs.insert(task.id(), id);
    }

    async fn run_job(&mut self, id: JobId, admission: Option<Admission>) {
        self.say_started(id).await;
        let (plan, place) = self.shared(id);
        let executor = Arc::clone(&self.executor);
        let (log, switch) = (JobLog::new(id, self.sender.clone()), self.switch.clone());
        let task = self.tasks.spawn(async move {
            let job = &plan.jobs[place];
            run_job(job, admission, executor.as_ref(), log, switch).await.into()
        });
        self.task_jobs.insert(task.id(), id);
    }

    /// How many tasks take room.
    fn busy(&self) -> usize {
        self.tasks.len().saturating_sub(self.light.len())
    }

    async fn skip(&mut self, id: JobId, reason: SkipReason) {
        let cancelled = reason == SkipReason::Cancelled;
        self.jobs[id.0].ending =
            Some(if cancelled { Ending::SkippedByCancel } else { Ending::Skipped });
        self.job_ended(id);
        self.emitter.emit(Event::JobSkipped { job: self.names[id.0].clone(), reason }).await;
    }

    async fn task_ended(&mut self, end: Result<(Id, TaskEnd), JoinError>) {
        let (task, end) = match end {
            Ok(end) => end,
            Err(error) => (error.id(), TaskEnd::Job(panicked(error).into())),
        };
        let Some(id) = self.task_jobs.remove(&task) else { return };
        self.light.remove(&id);
        match end {
            TaskEnd::Job(end) => self.finish(id, end).await,
            TaskEnd::Planned(planned) if self.switch.get() == Cancel::No => {
                self.child_planned(id, *planned).await;
            }
            TaskEnd::Admitted(admission) if self.switch.get() == Cancel::No => {
                self.admitted.push_back((id, admission));
            }
            TaskEnd::Planned(_) | TaskEnd::Admitted(_) => {
                self.finish(id, StepOutcome::Cancelled.into()).await;
            }
        }
    }

    pub(super) async fn finish(&mut self, id: JobId, end: JobEnd) {
        if self.jobs[id.0].started.is_none() {
            // It was about to start, and waited for others.
            if end.outcome == StepOutcome::Cancelled {
                self.skip(id, SkipReason::Cancelled).await;
                return;
            }
            self.say_started(id).await;
        }
        self.finish_output(id).await;
        let JobEnd { outcome, after_script } = end;
        let failed_command = self.failed_command(id, &outcome);
        let allowed = self.planned(id).allow_failure.allows(outcome.exit_code());
        let job = &mut self.jobs[id.0];
        let ending = match &outcome {
            StepOutcome::Cancelled => Ending::Cancelled,
            StepOutcome::NothingRan => Ending::Skipped,
            StepOutcome::Blocked { job: other } => {
                job.blocked = Some(other.clone());
                Ending::Blocked
            }
            outcome if outcome.is_success() || allowed => Ending::Good,
            _ => Ending::Failed,
        };
        let allowed_failure = ending == Ending::Good && !outcome.is_success();
        job.ending = Some(ending);
        let event = Event::JobFinished {
            job: self.names[id.0].clone(),
            outcome,
            allowed_failure,
            duration: job.started.map_or(Duration::ZERO, |started| started.elapsed()),
            failed_command,
            attempts: job.retries + 1,
            coverage: job.coverage.as_mut().and_then(Coverage::finish),
            after_script: after_script.filter(|outcome| !outcome.is_success()),
        };
        self.job_ended(id);
        self.emitter.emit(event).await;
    }

    /// Drops every job that runs and says so.
    async fn drop_jobs(&mut self) {
        self.tasks.abort_all();
        let deadline = Instant::now() + LAST_WORDS;
        while let Ok(Some(end)) = timeout_at(deadline, self.tasks.join_next_with_id()).await {
            self.task_ended(end).await;
        }
        let left: Vec<JobId> = self.task_jobs.drain().map(|(_, id)| id).collect();
        for id in left {
            self.finish(id, StepOutcome::Cancelled.into()).await;
        }
    }

    /// Skips what was not started: after a cancellation, or in a plan with a cycle, which a valid
    /// pipeline cannot have but which must neither hang nor look like a success.
    async fn skip_the_rest(&mut self) {
        loop {
            while let Some((id, _)) = self.admitted.pop_front() {
                self.skip(id, SkipReason::Cancelled).await;
            }
            while let Some(id) = self.delayed.take_any() {
                self.skip(id, SkipReason::Cancelled).await;
            }
            while let Some(id) = self.graph.take_any() {
                match self.planned(id).after.first() {
                    Some(other) if self.switch.get() == Cancel::No => {
                        let job = self.names[other.0].clone();
                        self.skip(id, SkipReason::NeedSkipped { job }).await;
                        self.jobs[id.0].ending = Some(Ending::Failed);
                    }
                    _ => self.skip(id, SkipReason::Cancelled).await,
                }
            }
            if self.ended.is_empty() {
                break;
            }
            self.end_pipelines().await;
        }
    }
}

/// The stages with their jobs, those included that nobody starts.
pub(super) fn stages(plan: &Plan, name: impl Fn(JobId) -> JobName) -> Vec<StageInfo> {
    let held_up: Vec<&LeftOut> = plan.held_up().collect();
    if held_up.is_empty() {
        let info = |stage: &crate::plan::Stage| StageInfo {
            name: stage.name.clone(),
            jobs: stage.jobs.iter().map(|id| name(*id)).collect(),
        };
        return plan.stages.iter().map(info).collect();
    }
    let jobs = |stage: &str| -> Vec<JobName> {
        let run = plan.jobs.iter().filter(|job| job.stage == stage);
        let wait = held_up.iter().map(|left| &left.job).filter(|job| job.stage == stage);
        run.chain(wait).map(|job| job.name.as_str().into()).collect()
    };
    let stages =
        plan.stage_order.iter().map(|name| StageInfo { name: name.clone(), jobs: jobs(name) });
    stages.filter(|stage| !stage.jobs.is_empty()).collect()
}

fn panicked(error: JoinError) -> StepOutcome {
    if error.is_cancelled() {
        return StepOutcome::Cancelled;
    }
    let panic = error.into_panic();
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    let message = format!("the sandbox panicked: {}", text.as_deref().unwrap_or("no message"));
    StepOutcome::Internal { message }
}
