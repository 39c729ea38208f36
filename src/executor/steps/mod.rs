//! `run:` jobs: steps one after the other, each a function or a text for the shell.
//!
//! A function sees less than a script: the workspace, its own directory read-only as [`FUNCTION`],
//! and a `/tmp` of its own with its files. What steps write for greenroom is read through the
//! directory's handle, within limits, and never executed.

mod call;
mod files;
mod frame;
mod grants;
mod sink;
mod source;
mod typed;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use cap_std::fs::Dir;
use indexmap::IndexMap;

use self::files::StepDirectory;
use self::frame::Frame;
use super::PROJECT_DIRECTORY;
use super::meter::Meter;
use crate::event::{Annotation, AnnotationLevel, Level, Section, StepOutcome, Stream};
use crate::function::expression::{Object, Value};
use crate::function::output::RawAnnotation;
use crate::function::{Problem, Step, Steps};
use crate::sandbox::{Job, Scratch};
use crate::schedule::{JobLog, JobSandbox, ScriptRun, StepEnd, Stop, StopReason};

pub(super) use call::vars;
pub(super) use frame::system;
pub use grants::{StepGrants, StepPermission};
pub(super) use sink::StepSink;
pub(super) use source::Functions;
pub use typed::module;

/// Where a function finds its own directory.
const FUNCTION: &str = "/func";

/// Functions within functions.
const MAX_DEPTH: usize = 20;

/// Steps of one job, those of its functions included.
const MAX_STEPS: usize = 100_000;

/// A `run:` job that was prepared.
pub(super) struct StepSandbox {
    pub(super) steps: Steps,
    /// What the job's own scripts see.
    pub(super) scripts: Arc<Job>,
    /// What functions see of it.
    pub(super) functions: Arc<Job>,
    /// The job's `/tmp` and the steps' directories; removed with it.
    pub(super) scratch: Option<Scratch>,
    /// Where the steps' directories are made.
    pub(super) directories: Dir,
    pub(super) sink: Arc<StepSink>,
    /// Variables that every step has.
    pub(super) system: Vec<(String, Value)>,
    pub(super) project: Arc<Dir>,
    pub(super) known: Arc<Functions>,
    pub(super) grants: Arc<StepGrants>,
    /// `vars` of expressions.
    pub(super) variables: Value,
    /// Bytes of memory that a process has without a grant.
    pub(super) memory: u64,
}

#[async_trait]
impl JobSandbox for StepSandbox {
    async fn run(&mut self, _: ScriptRun<'_>, log: JobLog, stop: Stop) -> StepOutcome {
        let mut runner = Runner {
            sandbox: self,
            log,
            stop,
            exports: IndexMap::new(),
            directory: None,
            directories: 0,
            steps: 0,
            nested_peak: 0,
        };
        let steps = Arc::clone(&runner.sandbox.steps);
        match runner.list(&steps, &mut Frame::default()).await {
            Ok(()) => StepOutcome::Exited(0),
            Err(outcome) => outcome,
        }
    }

    async fn close(mut self: Box<Self>) {
        self.scripts.close().await;
        let scratch = self.scratch.take();
        // Removing the directories may take a while.
        let _ = tokio::task::spawn_blocking(move || drop(scratch)).await;
    }
}

impl Drop for StepSandbox {
    fn drop(&mut self) {
        self.scripts.abandon();
    }
}

/// How a step failed. What was wrong with it has been told.
type Failed = StepOutcome;

/// Works through the steps of a job.
struct Runner<'s> {
    sandbox: &'s StepSandbox,
    log: JobLog,
    stop: Stop,
    /// Variables that steps have exported.
    exports: IndexMap<String, Value>,
    /// The directory of the step before, if it left nothing in it.
    directory: Option<StepDirectory>,
    directories: usize,
    steps: usize,
    /// The most memory that the steps of a function have used.
    nested_peak: u64,
}

impl Runner<'_> {
    /// Runs the steps of a list, up to the first that fails.
    async fn list(&mut self, steps: &[Step], frame: &mut Frame) -> Result<(), Failed> {
        for (index, step) in steps.iter().enumerate() {
            let path = format!("{}{}", frame.prefix, step.name);
            let top = frame.function.is_none();
            let line = step.first_line();
            if top {
                self.log.command_started(Section::Script, index).await;
            } else {
                self.log.step_started(&path, &step.shown(), &step.place.file, line).await;
            }
            let started = Instant::now();
            let before = Meter::start(&self.sandbox.scripts);
            let beside = std::mem::take(&mut self.nested_peak);
            let result = self.step(step, frame, &path).await;
            let (outcome, outputs) = match &result {
                Ok(outputs) => (StepOutcome::Exited(0), shown(outputs)),
                Err(outcome) => (outcome.clone(), serde_json::Map::new()),
            };
            let status = outcome.exit_code();
            let mut usage = before.read(&self.sandbox.scripts);
            usage.peak_memory = usage.peak_memory.max(self.nested_peak);
            self.nested_peak = beside.max(usage.peak_memory);
            let duration = started.elapsed();
            self.log.step_finished(&path, StepEnd { outcome, duration, outputs, usage }).await;
            let kept = match result {
                Ok(outputs) => frame.ended(&step.name, outputs),
                Err(outcome) => {
                    if let (true, Some(status)) = (top, status) {
                        self.log.command_failed(Section::Script, index, line, status).await;
                    }
                    return Err(outcome);
                }
            };
            if let Err(problem) = kept {
                return Err(self.failed(problem.or_at(&step.place)).await);
            }
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step, frame: &Frame, path: &str) -> Result<Object, Failed> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            let problem =
                format!("the job has more than {MAX_STEPS} steps, with those of its functions");
            return Err(self.failed(Problem::at(&step.place, problem)).await);
        }
        if let Some(reason) = self.stop.reason() {
            return Err(match reason {
                StopReason::Timeout => StepOutcome::TimedOut,
                StopReason::Cancel => StepOutcome::Cancelled,
            });
        }
        match self.call(step, frame, path).await {
            Ok(outputs) => Ok(outputs),
            Err(End::Failed(outcome)) => Err(outcome),
            Err(End::Problem(problem)) => Err(self.failed(problem.or_at(&step.place)).await),
        }
    }

    /// Tells what is wrong with a step, where its own output is.
    async fn failed(&self, problem: Problem) -> Failed {
        let text = self.sandbox.sink.masked(format!("greenroom: {problem}\n"));
        self.log.output(Stream::Stderr, Bytes::from(text)).await;
        StepOutcome::Exited(1)
    }

    /// A directory for a step: that of the step before, if it left nothing in it.
    fn directory(&mut self) -> Result<StepDirectory, Problem> {
        if let Some(directory) = self.directory.take() {
            return Ok(directory);
        }
        self.directories += 1;
        StepDirectory::new(&self.sandbox.directories, self.directories)
            .map_err(|error| Problem::new(format!("cannot make the step's /tmp: {error}")))
    }

    /// Reads the files that a step wrote, other than its outputs, and lets the next one have the
    /// directory.
    async fn collect(&mut self, directory: StepDirectory, path: &str) -> Result<(), Problem> {
        use crate::function::output::{StepFile, annotations, exports};
        let noted = directory.take(StepFile::Annotations);
        let exported = directory.take(StepFile::Exports);
        if directory.is_empty() {
            self.directory = Some(directory);
        }
        match noted {
            Ok(bytes) => {
                let (annotations, problems) = annotations(&bytes);
                self.annotate(annotations, path).await;
                for problem in problems.iter().take(10) {
                    self.log.notice(Level::Warning, problem.to_string()).await;
                }
            }
            Err(problem) => self.log.notice(Level::Warning, problem.to_string()).await,
        }
        for (name, value) in exports(&exported?)? {
            self.exports.insert(name, value);
        }
        Ok(())
    }

    /// Tells what a step has found.
    async fn annotate(&self, annotations: Vec<RawAnnotation>, path: &str) {
        for raw in annotations {
            let level = match raw.level.as_str() {
                "error" => AnnotationLevel::Error,
                "warning" => AnnotationLevel::Warning,
                _ => AnnotationLevel::Notice,
            };
            let prefix = format!("{PROJECT_DIRECTORY}/");
            let file = raw.file.map(|file| match file.strip_prefix(&prefix) {
                Some(below) => below.to_owned(),
                None => file,
            });
            let annotation = Annotation {
                level,
                message: self.sandbox.sink.masked(raw.message),
                title: raw.title,
                file,
                line: raw.line,
                column: raw.column,
            };
            self.log.annotation(path, annotation).await;
        }
    }
}

/// Larger outputs are left out of events.
const MAX_SHOWN: usize = 64 * 1024;

/// Outputs as events show them: without what is sensitive or very large.
fn shown(outputs: &Object) -> serde_json::Map<String, serde_json::Value> {
    let shown = outputs.iter().filter(|(_, value)| !value.holds_secrets());
    let shown = shown.filter_map(|(name, value)| {
        let text = serde_json::to_string(value).ok().filter(|text| text.len() <= MAX_SHOWN)?;
        Some((name.to_owned(), serde_json::from_str(&text).ok()?))
    });
    shown.collect()
}

/// Why a step ended early.
enum End {
    /// Something is wrong with it, which has not been told yet.
    Problem(Problem),
    /// Its program failed.
    Failed(StepOutcome),
}

impl From<Problem> for End {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}
