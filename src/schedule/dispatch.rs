//! The dispatcher: the only place that changes the state of a run and emits its events.

use std::collections::HashMap;
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
use super::job::{JobEnd, run_job};
use super::log::{Body, Message, StepEnd};
use super::redact::Output;
use super::{Cancel, CancelSwitch, Executor, JobLog, Notices};
use crate::event::{
    Command, Event, FailedCommand, JobName, Level, Preparation, Record, RunResult, Section,
    SkipReason, StageInfo, StepOutcome, Stream, WaitReason,
};
use crate::mask::Mask;
use crate::plan::{JobId, LeftOut, LeftOutReason, Plan, ScriptEntry};

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
}

/// Runs a plan to its end and returns its result.
///
/// Everything that happens goes to `events`, in order; when its receiver is dropped, the run is
/// cancelled gracefully, because nobody would see what it does. The future never fails and always
/// ends: after the scripts' time limits at the latest, or soon after `switch` says so.
pub async fn run(
    plan: Arc<Plan>,
    executor: Arc<dyn Executor>,
    options: Options,
    switch: CancelSwitch,
    events: mpsc::Sender<Record>,
) -> RunResult {
    let (sender, receiver) = mpsc::channel(WAITING_MESSAGES);
    let mask = options.mask.clone();
    let names = plan.jobs.iter().map(|job| (&*mask.text(&job.name)).into()).collect();
    let coverage = |pattern: &String| Coverage::new(pattern);
    let jobs = plan
        .jobs
        .iter()
        .map(|job| Job {
            coverage: job.settings.coverage.as_ref().and_then(coverage),
            ..Job::new(&mask)
        })
        .collect();
    let dispatcher = Dispatcher {
        graph: Graph::new(&plan),
        names,
        jobs,
        plan,
        executor,
        delayed: Delayed::default(),
        tasks: JoinSet::new(),
        task_jobs: HashMap::new(),
        sender,
        emitter: Emitter {
            start: Instant::now(),
            events,
            mask,
            switch: switch.clone(),
            closing: None,
        },
        switch,
    };
    dispatcher.run(options, receiver).await
}

struct Dispatcher {
    plan: Arc<Plan>,
    executor: Arc<dyn Executor>,
    names: Vec<JobName>,
    jobs: Vec<Job>,
    graph: Graph,
    delayed: Delayed,
    tasks: JoinSet<JobEnd>,
    task_jobs: HashMap<Id, JobId>,
    sender: mpsc::Sender<Message>,
    emitter: Emitter,
    switch: CancelSwitch,
}

/// What the dispatcher knows about a job.
#[derive(Debug)]
struct Job {
    started: Option<Instant>,
    ending: Option<Ending>,
    stdout: Output,
    stderr: Output,
    /// The last entry of the script that was begun.
    begun: Option<usize>,
    failed: Option<FailedCommand>,
    /// How often it was tried again.
    retries: u32,
    coverage: Option<Coverage>,
}

impl Job {
    fn new(mask: &Mask) -> Self {
        let (stdout, stderr) = (Output::new(mask), Output::new(mask));
        Self {
            started: None,
            ending: None,
            stdout,
            stderr,
            begun: None,
            failed: None,
            retries: 0,
            coverage: None,
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
            if self.tasks.is_empty() && self.delayed.is_empty() {
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
                () = self.delayed.next(), if self.tasks.len() < options.jobs.get() => {}
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
        let plan = Arc::clone(&self.plan);
        let stages = stages(&plan, &self.names);
        let pipeline = options.pipeline.clone();
        let parallel = options.jobs.get() > 1 && !graph::is_chain(&self.plan);
        self.emitter.emit(Event::RunStarted { pipeline, stages, parallel }).await;
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

    /// Says something about the run as a whole.
    async fn say(&mut self, level: Level, message: String) {
        self.emitter.emit(Event::Notice { job: None, level, message }).await;
    }

    /// Starts, or skips, every job that can be.
    async fn start_jobs(&mut self, limit: NonZeroUsize, keep_going: bool) {
        while self.switch.get() == Cancel::No {
            let room = self.tasks.len() < limit.get();
            if room && let Some(id) = self.delayed.take_due() {
                self.start(id).await;
                continue;
            }
            // A job that is delayed begins to wait as soon as it could start, room or not.
            let plan = &self.plan;
            let wanted = |id: JobId| room || plan.job(id).settings.start_in.is_some();
            let Some(id) = self.graph.take_ready_if(wanted) else { break };
            let jobs = &self.jobs;
            let decision = decide(plan, plan.job(id), keep_going, |other| jobs[other.0].ending);
            match (decision, plan.job(id).settings.start_in) {
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
        self.jobs[id.0].started = Some(Instant::now());
        self.emitter.emit(Event::JobStarted { job: self.names[id.0].clone() }).await;
        let (plan, executor) = (Arc::clone(&self.plan), Arc::clone(&self.executor));
        let (log, switch) = (JobLog::new(id, self.sender.clone()), self.switch.clone());
        let task = self
            .tasks
            .spawn(async move { run_job(plan.job(id), executor.as_ref(), log, switch).await });
        self.task_jobs.insert(task.id(), id);
    }

    async fn skip(&mut self, id: JobId, reason: SkipReason) {
        let cancelled = reason == SkipReason::Cancelled;
        self.jobs[id.0].ending =
            Some(if cancelled { Ending::SkippedByCancel } else { Ending::Skipped });
        self.graph.ended(id);
        self.emitter.emit(Event::JobSkipped { job: self.names[id.0].clone(), reason }).await;
    }

    /// Passes on what a job has sent.
    async fn handle(&mut self, Message { job: id, body }: Message) {
        let job = &mut self.jobs[id.0];
        if job.ending.is_some() {
            return;
        }
        let name = self.names[id.0].clone();
        if let Body::Output { stream, bytes } = body {
            let output = match stream {
                Stream::Stdout => &mut job.stdout,
                Stream::Stderr => &mut job.stderr,
            };
            let bytes = output.push(bytes);
            if let Some(coverage) = &mut job.coverage {
                coverage.push(&bytes);
            }
            self.emitter.output(name, stream, bytes).await;
            return;
        }
        // A notice comes from elsewhere, at any time: what looks like the beginning of a secret
        // goes on waiting for its end.
        if !matches!(body, Body::Notice { .. }) {
            self.finish_output(id).await;
        }
        let job = &mut self.jobs[id.0];
        let event = match body {
            Body::Output { .. } => return,
            Body::Notice { level, message } => Event::Notice { job: Some(name), level, message },
            Body::StepStarted { step, text, file, line } => {
                Event::StepStarted { job: name, step, text, file, line }
            }
            Body::StepFinished { step, ended } => {
                let StepEnd { outcome, duration, outputs, usage } = ended;
                Event::StepFinished { job: name, step, outcome, duration, outputs, usage }
            }
            Body::Prepared { duration, spent } => {
                let Preparation { data, image, modules } = spent;
                Event::JobPrepared { job: name, duration, data, image, modules }
            }
            Body::CommandFinished { section, index, duration, usage } => {
                Event::CommandFinished { job: name, section, index, duration, usage }
            }
            Body::Annotation { step, annotation } => {
                Event::Annotation { job: name, step, annotation }
            }
            Body::ReportRead { report } => Event::ReportRead { job: name, report },
            Body::Waiting { reason } => Event::JobWaiting { job: name, reason },
            Body::Retried { attempt, outcome } => {
                let failed_command = self.failed_command(id, &outcome);
                let job = &mut self.jobs[id.0];
                (job.begun, job.failed, job.retries) = (None, None, attempt);
                job.coverage.iter_mut().for_each(Coverage::reset);
                Event::JobRetried { job: name, attempt, outcome, failed_command }
            }
            Body::CommandStarted { section, index } => {
                if section == Section::Script {
                    job.begun = Some(index);
                }
                let Some(command) = command(&self.plan, id, section, index) else { return };
                Event::CommandStarted { job: name, command }
            }
            Body::CommandFailed { section, index, line, status } => {
                let Some(command) = command(&self.plan, id, section, index) else { return };
                let command = FailedCommand { command, failed_line: line, status: Some(status) };
                if section == Section::Script {
                    job.failed = Some(command.clone());
                }
                Event::CommandFailed { job: name, command }
            }
        };
        self.emitter.emit(event).await;
    }

    /// Emits what is left of a job's output before something else is said about the job.
    async fn finish_output(&mut self, id: JobId) {
        let job = &mut self.jobs[id.0];
        let rest = [(Stream::Stdout, job.stdout.finish()), (Stream::Stderr, job.stderr.finish())];
        for (stream, bytes) in rest {
            if let Some(coverage) = &mut self.jobs[id.0].coverage {
                coverage.push(&bytes);
            }
            self.emitter.output(self.names[id.0].clone(), stream, bytes).await;
        }
    }

    async fn task_ended(&mut self, end: Result<(Id, JobEnd), JoinError>) {
        let (task, end) = match end {
            Ok(end) => end,
            Err(error) => (error.id(), panicked(error).into()),
        };
        if let Some(id) = self.task_jobs.remove(&task) {
            self.finish(id, end).await;
        }
    }

    async fn finish(&mut self, id: JobId, end: JobEnd) {
        self.finish_output(id).await;
        let JobEnd { outcome, after_script } = end;
        let failed_command = self.failed_command(id, &outcome);
        let job = &mut self.jobs[id.0];
        let allowed_failure = !outcome.is_success()
            && outcome != StepOutcome::Cancelled
            && self.plan.job(id).allow_failure.allows(outcome.exit_code());
        job.ending = Some(if outcome == StepOutcome::Cancelled {
            Ending::Cancelled
        } else if outcome.is_success() || allowed_failure {
            Ending::Good
        } else {
            Ending::Failed
        });
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
        self.graph.ended(id);
        self.emitter.emit(event).await;
    }

    /// The command that `outcome` is to be blamed on: the one that was reported to have failed, or
    /// else the one that was running.
    fn failed_command(&self, id: JobId, outcome: &StepOutcome) -> Option<FailedCommand> {
        if outcome.is_success() || matches!(outcome, StepOutcome::NotKept { .. }) {
            return None;
        }
        let job = &self.jobs[id.0];
        job.failed.clone().or_else(|| {
            let command = command(&self.plan, id, Section::Script, job.begun?)?;
            let failed_line = command.line;
            Some(FailedCommand { command, failed_line, status: outcome.exit_code() })
        })
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
        while let Some(id) = self.delayed.take_any() {
            self.skip(id, SkipReason::Cancelled).await;
        }
        while let Some(id) = self.graph.take_any() {
            match self.plan.job(id).after.first() {
                Some(other) if self.switch.get() == Cancel::No => {
                    let job = self.names[other.0].clone();
                    self.skip(id, SkipReason::NeedSkipped { job }).await;
                    self.jobs[id.0].ending = Some(Ending::Failed);
                }
                _ => self.skip(id, SkipReason::Cancelled).await,
            }
        }
    }

    fn result(&self) -> RunResult {
        let any = |wanted: &[Ending]| {
            self.jobs.iter().filter_map(|job| job.ending).any(|ending| wanted.contains(&ending))
        };
        if any(&[Ending::Cancelled, Ending::SkippedByCancel]) {
            RunResult::Cancelled
        } else if any(&[Ending::Failed]) {
            RunResult::Failed
        } else if self.plan.blocked_by().is_some() {
            RunResult::Blocked
        } else {
            RunResult::Success
        }
    }
}

/// The stages with their jobs, those included that nobody starts.
fn stages(plan: &Plan, names: &[JobName]) -> Vec<StageInfo> {
    let held_up: Vec<&LeftOut> = plan.held_up().collect();
    if held_up.is_empty() {
        let info = |stage: &crate::plan::Stage| StageInfo {
            name: stage.name.clone(),
            jobs: stage.jobs.iter().map(|id| names[id.0].clone()).collect(),
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

/// The entry that a message speaks of; an executor that counts wrongly is not worth a panic.
fn command(plan: &Plan, id: JobId, section: Section, index: usize) -> Option<Command> {
    let job = plan.job(id);
    let entries = match section {
        Section::Script => &job.script,
        Section::AfterScript => &job.after_script,
    };
    let ScriptEntry { text, file, line } = entries.get(index)?.clone();
    Some(Command { section, index, text, file, line })
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
