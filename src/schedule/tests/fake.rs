//! A scripted executor, plans to run on it, and event logs as text. The clock is tokio's paused
//! one, so the times in the logs are exact.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::event::{
    Event, FailedCommand, Level, Record, RunResult, Section, StepOutcome, Stream, WaitReason,
};
use crate::mask::Mask;
use crate::plan::{
    AllowFailure, Environment, JobId, Plan, PlannedJob, ScriptEntry, Settings, Stage, Strategy,
    Trigger, When, child_name,
};
use crate::schedule::{
    Admission, CancelSwitch, ChildPlan, Executor, JobLog, JobSandbox, NotLoadable, Options,
    Planner, ScriptRun, Stop, StopReason, notices, run,
};

/// One thing that a scripted script does.
#[derive(Clone, Debug)]
pub(super) enum Do {
    Begin(usize),
    Print(&'static [u8]),
    Sleep(u64),
    Fail(usize, u8),
    Notice(&'static str),
    Flood(usize),
    Panic,
    /// Goes on whatever it is told.
    Ignore,
    End(StepOutcome),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Behaviour {
    pub(super) prepare: u64,
    pub(super) not_loadable: Option<&'static str>,
    pub(super) script: Vec<Do>,
    pub(super) after_script: Vec<Do>,
    pub(super) close: u64,
    /// What later attempts do; the last one is repeated.
    pub(super) later: VecDeque<Vec<Do>>,
    /// How long it takes to be admitted, in ms.
    pub(super) admit: u64,
    /// What keeping ends with.
    pub(super) not_kept: Option<&'static str>,
}

/// What the executor was asked to do, for what events do not show.
pub(super) type Calls = Arc<Mutex<Vec<String>>>;

#[derive(Debug, Default)]
pub(super) struct Fake {
    groups: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    behaviours: Mutex<HashMap<String, Behaviour>>,
    calls: Calls,
}

impl Fake {
    pub(super) fn of(jobs: &[TestJob]) -> Self {
        let behaviour = |job: &TestJob| (job.name.to_owned(), job.behaviour.clone());
        let behaviours = Mutex::new(jobs.iter().map(behaviour).collect());
        Self { behaviours, ..Self::default() }
    }
}

struct FakeSandbox {
    job: String,
    behaviour: Behaviour,
    calls: Calls,
}

fn note(calls: &Calls, call: String) {
    calls.lock().expect("no test panics while holding it").push(call);
}

#[async_trait]
impl Executor for Fake {
    async fn admit(&self, job: &PlannedJob, log: &JobLog) -> Result<Admission, NotLoadable> {
        let wait = {
            let behaviours = self.behaviours.lock().expect("no test panics while holding it");
            behaviours.get(&job.name).map_or(0, |behaviour| behaviour.admit)
        };
        if let Some(group) = &job.settings.resource_group {
            let lock = {
                let mut groups = self.groups.lock().expect("no test panics while holding it");
                Arc::clone(groups.entry(group.clone()).or_default())
            };
            if let Ok(held) = Arc::clone(&lock).try_lock_owned() {
                return Ok(Box::new(held));
            }
            log.waiting(WaitReason::ResourceGroup { name: group.clone() }).await;
            return Ok(Box::new(lock.lock_owned().await));
        }
        if wait > 0 {
            log.waiting(WaitReason::ResourceGroup { name: "one".to_owned() }).await;
            sleep(Duration::from_millis(wait)).await;
        }
        Ok(Box::new(()))
    }

    async fn prepare(
        &self,
        job: &PlannedJob,
        _log: JobLog,
    ) -> Result<Box<dyn JobSandbox>, NotLoadable> {
        note(&self.calls, format!("{}: prepare", job.name));
        let behaviour = {
            let mut behaviours = self.behaviours.lock().expect("no test panics while holding it");
            let behaviour = behaviours.entry(job.name.clone()).or_default();
            let now = behaviour.clone();
            if let Some(next) = behaviour.later.pop_front() {
                behaviour.script = next;
            }
            now
        };
        sleep(Duration::from_millis(behaviour.prepare)).await;
        match behaviour.not_loadable {
            Some(message) => Err(NotLoadable { message: message.to_owned() }),
            None => {
                let (job, calls) = (job.name.clone(), Arc::clone(&self.calls));
                Ok(Box::new(FakeSandbox { job, behaviour, calls }))
            }
        }
    }
}

/// The plans of child pipelines, by the names of the jobs that trigger them.
#[derive(Debug)]
struct FakePlanner(Arc<HashMap<String, Plan>>);

impl Planner for FakePlanner {
    fn child(
        &self,
        job: &PlannedJob,
        number: u64,
        artifacts: Vec<Vec<u8>>,
    ) -> Result<ChildPlan, String> {
        assert!(artifacts.is_empty(), "no job of these tests makes files");
        let plan = self.0.get(&job.name).ok_or("ci/child.yml:1: it is no YAML")?.clone();
        Ok(ChildPlan {
            plan,
            planner: Arc::new(Self(Arc::clone(&self.0))),
            warnings: vec![format!("child {number}")],
        })
    }
}

#[async_trait]
impl JobSandbox for FakeSandbox {
    async fn run(&mut self, script: ScriptRun<'_>, log: JobLog, stop: Stop) -> StepOutcome {
        let ScriptRun { section, entries, extra_variables } = script;
        let n = entries.len();
        note(&self.calls, format!("{}: {section:?} {n} {extra_variables:?}", self.job));
        let steps = match section {
            Section::Script => &self.behaviour.script,
            Section::AfterScript => &self.behaviour.after_script,
        };
        let obeys = !steps.iter().any(|step| matches!(step, Do::Ignore));
        tokio::select! {
            biased;
            reason = stop.stopped(), if obeys => match reason {
                StopReason::Timeout => StepOutcome::TimedOut,
                StopReason::Cancel => StepOutcome::Cancelled,
            },
            outcome = perform(steps, section, &log) => outcome,
        }
    }

    async fn keep(&mut self, outcome: &StepOutcome, _log: &JobLog) -> Result<(), String> {
        note(&self.calls, format!("{}: keep {outcome}", self.job));
        match self.behaviour.not_kept {
            Some(message) => Err(message.to_owned()),
            None => Ok(()),
        }
    }

    async fn close(self: Box<Self>) {
        sleep(Duration::from_millis(self.behaviour.close)).await;
        note(&self.calls, format!("{}: close", self.job));
    }
}

impl Drop for FakeSandbox {
    fn drop(&mut self) {
        note(&self.calls, format!("{}: drop", self.job));
    }
}

async fn perform(steps: &[Do], section: Section, log: &JobLog) -> StepOutcome {
    for step in steps {
        match step {
            Do::Begin(index) => log.command_started(section, *index).await,
            Do::Print(text) => log.output(Stream::Stdout, Bytes::from_static(text)).await,
            Do::Sleep(ms) => sleep(Duration::from_millis(*ms)).await,
            Do::Fail(index, status) => {
                log.command_failed(section, *index, 10 * (index + 1) + 1, *status).await;
                return StepOutcome::Exited(*status);
            }
            Do::Notice(text) => log.try_notice(Level::Warning, *text),
            Do::Flood(chunks) => {
                for _ in 0..*chunks {
                    log.output(Stream::Stdout, Bytes::from_static(b"flood\n")).await;
                }
            }
            Do::Panic => panic!("scripted panic"),
            Do::Ignore => {}
            Do::End(outcome) => return outcome.clone(),
        }
    }
    StepOutcome::Exited(0)
}

/// A job of a test: its plan and its behaviour.
#[derive(Clone, Debug)]
pub(super) struct TestJob {
    name: &'static str,
    stage: &'static str,
    needs: Option<Vec<&'static str>>,
    pub(super) when: When,
    pub(super) allow_failure: AllowFailure,
    timeout: u64,
    settings: Settings,
    trigger: Option<Trigger>,
    behaviour: Behaviour,
}

pub(super) fn job(stage: &'static str, name: &'static str, script: &[Do]) -> TestJob {
    TestJob {
        name,
        stage,
        needs: None,
        when: When::OnSuccess,
        allow_failure: AllowFailure::No,
        timeout: 3_600_000,
        settings: Settings::default(),
        trigger: None,
        behaviour: Behaviour { script: script.to_vec(), ..Behaviour::default() },
    }
}

impl TestJob {
    /// It triggers a child pipeline.
    pub(super) fn triggers(mut self, strategy: Option<Strategy>) -> Self {
        let name = self.name.to_owned();
        self.trigger = Some(Trigger { name, strategy, ..Trigger::default() });
        self
    }

    pub(super) fn needs(mut self, needs: &[&'static str]) -> Self {
        self.needs = Some(needs.to_vec());
        self
    }

    pub(super) fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    pub(super) fn allow(mut self, allow_failure: AllowFailure) -> Self {
        self.allow_failure = allow_failure;
        self
    }

    pub(super) fn timeout(mut self, ms: u64) -> Self {
        self.timeout = ms;
        self
    }

    pub(super) fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// What its script does in its second attempt and the ones after it.
    pub(super) fn then(mut self, steps: &[Do]) -> Self {
        self.behaviour.later.push_back(steps.to_vec());
        self
    }

    pub(super) fn after(mut self, steps: &[Do]) -> Self {
        self.behaviour.after_script = steps.to_vec();
        self
    }

    pub(super) fn behave(mut self, change: impl FnOnce(&mut Behaviour)) -> Self {
        change(&mut self.behaviour);
        self
    }
}

/// Makes a plan of jobs that are sorted by stage.
pub(super) fn plan(jobs: &[TestJob]) -> Plan {
    let id = |name: &str| {
        JobId(jobs.iter().position(|job| job.name == name).expect("a need names a job"))
    };
    let mut plan = Plan::default();
    for (index, job) in jobs.iter().enumerate() {
        if plan.stages.last().is_none_or(|stage| stage.name != job.stage) {
            plan.stages.push(Stage { name: job.stage.to_owned(), jobs: Vec::new() });
        }
        let earlier = &plan.stages[..plan.stages.len() - 1];
        let after = match &job.needs {
            Some(needs) => needs.iter().map(|name| id(name)).collect(),
            None => earlier.iter().flat_map(|stage| stage.jobs.iter().copied()).collect(),
        };
        plan.stages.last_mut().expect("just pushed").jobs.push(JobId(index));
        plan.jobs.push(PlannedJob {
            id: JobId(index),
            name: job.name.to_owned(),
            stage: job.stage.to_owned(),
            after,
            needs: job.needs.as_ref().map(|needs| needs.iter().map(|n| (*n).to_owned()).collect()),
            when: job.when,
            allow_failure: job.allow_failure.clone(),
            timeout: Duration::from_millis(job.timeout),
            image: None,
            pull_policy: Vec::new(),
            entrypoint: None,
            image_place: None,
            script: entries(job.name, &job.behaviour.script, 0),
            after_script: entries(job.name, &job.behaviour.after_script, 100),
            run: None,
            trigger: job.trigger.clone(),
            settings: job.settings.clone(),
            variables: Environment::default(),
        });
    }
    plan
}

/// As many entries as the steps begin, ten lines apart.
fn entries(job: &str, steps: &[Do], first: usize) -> Vec<ScriptEntry> {
    let begun = steps.iter().filter(|step| matches!(step, Do::Begin(_))).count();
    let entry = |index| ScriptEntry {
        text: format!("{job}-{index}"),
        file: "ci.yml".to_owned(),
        line: first + 10 * (index + 1),
    };
    (0..begun.max(usize::from(!steps.is_empty()))).map(entry).collect()
}

pub(super) struct Ran {
    pub(super) records: Vec<Record>,
    pub(super) result: RunResult,
    pub(super) calls: Vec<String>,
}

impl Ran {
    /// The event log, a line each.
    pub(super) fn log(&self) -> String {
        let mut text = String::new();
        for record in &self.records {
            let ms = record.elapsed.as_millis();
            writeln!(text, "{ms:>5} {}", line(&record.event)).expect("writing to a String");
        }
        text
    }
}

/// What no event of a run may contain.
pub(super) const SECRET: &str = "Zq3rTc7w";

/// Runs jobs on the fake executor; `cancel` may throw the switch meanwhile.
pub(super) async fn run_jobs_with<F: Future<Output = ()> + Send + 'static>(
    jobs: &[TestJob],
    limit: usize,
    cancel: impl FnOnce(CancelSwitch) -> F,
) -> Ran {
    run_family_with(jobs, &[], limit, cancel).await
}

/// The same with the child pipelines of trigger jobs, by the names that these have in the run.
/// Without one, planning it fails.
pub(super) async fn run_family_with<F: Future<Output = ()> + Send + 'static>(
    jobs: &[TestJob],
    children: &[(&'static str, Vec<TestJob>)],
    limit: usize,
    cancel: impl FnOnce(CancelSwitch) -> F,
) -> Ran {
    let calls = Calls::default();
    let fake = Fake { calls: Arc::clone(&calls), ..Fake::of(jobs) };
    for (trigger, jobs) in children {
        let mut behaviours = fake.behaviours.lock().expect("nobody has it yet");
        for job in jobs {
            behaviours.insert(child_name(trigger, job.name), job.behaviour.clone());
        }
    }
    let plans = children.iter().map(|(trigger, jobs)| ((*trigger).to_owned(), plan(jobs)));
    let planner = FakePlanner(Arc::new(plans.collect()));
    let options = Options {
        pipeline: "test".to_owned(),
        jobs: NonZeroUsize::new(limit).expect("tests allow at least one job"),
        notices: notices().1,
        keep_going: false,
        mask: Mask::new([SECRET]).expect("a good secret"),
        planner: Some(Arc::new(planner)),
    };
    let switch = CancelSwitch::new();
    let canceller = tokio::spawn(cancel(switch.clone()));
    let (events, mut records) = mpsc::channel(1);
    let reader = async {
        let mut all = Vec::new();
        while let Some(record) = records.recv().await {
            all.push(record);
        }
        all
    };
    let run = run(plan(jobs), Arc::new(fake), options, switch, events);
    let (result, records) = tokio::join!(run, reader);
    canceller.abort();
    let calls = calls.lock().expect("the run is over").clone();
    Ran { records, result, calls }
}

pub(super) async fn run_jobs(jobs: &[TestJob], limit: usize) -> Ran {
    run_jobs_with(jobs, limit, |_| std::future::ready(())).await
}

fn line(event: &Event) -> String {
    match event {
        Event::RunStarted { pipeline, stages, parallel } => {
            let stages: Vec<String> = stages
                .iter()
                .map(|stage| {
                    let jobs: Vec<&str> = stage.jobs.iter().map(|job| &**job).collect();
                    format!("{}({})", stage.name, jobs.join(" "))
                })
                .collect();
            let how = if *parallel { "parallel" } else { "one by one" };
            format!("run {pipeline}, {how}: {}", stages.join(" "))
        }
        Event::JobStarted { job } => format!("{job} starts"),
        Event::JobWaiting { job, reason } => format!("{job} waits: {reason:?}"),
        Event::JobRetried { job, attempt, outcome, failed_command } => {
            let line = failed_command.as_ref().map(|failed| failed.failed_line);
            format!("{job} attempt {attempt}: {outcome}, line {line:?}; again")
        }
        Event::CommandStarted { job, command } => {
            format!("{job} $ {} ({}:{})", command.text, command.file, command.line)
        }
        Event::JobPrepared { job, .. } => format!("{job} is prepared"),
        Event::CommandFinished { job, index, .. } => format!("{job} is through with {index}"),
        Event::StepStarted { job, step, .. } => format!("{job} $ step {step}"),
        Event::StepFinished { job, step, outcome, .. } => format!("{job} step {step}: {outcome}"),
        Event::ReportRead { job, report } => format!("{job} {report}"),
        Event::Annotation { job, step, annotation } => format!("{job} {step}: {annotation}"),
        Event::Output { job, stream, chunk } => format!("{job} {stream:?} {:?}", chunk.0),
        Event::Notice { job, level, message } => {
            format!("{} {level:?}: {message}", job.as_deref().unwrap_or("-"))
        }
        Event::CommandFailed { job, command } => format!(
            "{job} failed {} (line {}, status {:?})",
            command.command.text, command.failed_line, command.status
        ),
        Event::JobFinished {
            job,
            outcome,
            allowed_failure,
            duration,
            failed_command,
            attempts,
            coverage,
            after_script,
        } => {
            let mut text = format!("{job} ends after {} ms: {outcome}", duration.as_millis());
            if *allowed_failure {
                text += " (allowed)";
            }
            if let Some(failed) = failed_command {
                let FailedCommand { command, failed_line, status } = failed;
                write!(text, "; blame {} line {failed_line} {status:?}", command.text)
                    .expect("writing to a String");
            }
            if *attempts > 1 {
                write!(text, " (attempt {attempts})").expect("writing to a String");
            }
            if let Some(coverage) = coverage {
                write!(text, "; coverage {coverage}").expect("writing to a String");
            }
            if let Some(outcome) = after_script {
                write!(text, "; after_script {outcome}").expect("writing to a String");
            }
            text
        }
        Event::PipelineCreated { job, stages } => {
            let jobs: Vec<&str> =
                stages.iter().flat_map(|stage| &stage.jobs).map(|job| &**job).collect();
            format!("{job} has a child: {}", jobs.join(" "))
        }
        Event::PipelineFinished { job, result, duration } => {
            format!("{job}'s child ends after {} ms: {result:?}", duration.as_millis())
        }
        Event::JobSkipped { job, reason } => format!("{job} skipped: {reason:?}"),
        Event::RunFinished { result, duration } => {
            format!("run ends after {} ms: {result:?}", duration.as_millis())
        }
    }
}
