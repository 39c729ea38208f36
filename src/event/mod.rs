//! The vocabulary of a run: what happened, as plain data.
//!
//! A run is one ordered sequence of [`Record`]s. They are the interface between the scheduler and
//! the reporters and the format of `--format jsonl`, so they carry no handles, no clock and no
//! style, and they can be written out, read back and reported again.
//!
//! For every job the order is: either one [`Event::JobSkipped`], or [`Event::JobStarted`], then any
//! number of commands, outputs and notices, then one [`Event::JobFinished`]. [`Event::RunStarted`]
//! is the first event of a run and [`Event::RunFinished`] the last.

mod chunk;
mod name;
mod outcome;
mod report;
mod step;
mod usage;

pub use chunk::Chunk;
pub use name::JobName;
pub use outcome::StepOutcome;
pub use report::{CoverageReport, FailedTest, Report, TestReport, TestResult};
pub use step::{Annotation, AnnotationLevel};
pub use usage::{Preparation, Usage};

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An event and when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The time since the run's start, in microseconds when serialised.
    #[serde(rename = "elapsed_us", with = "micros")]
    pub elapsed: Duration,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// The pipeline's name or file, for people.
        pipeline: String,
        /// The stages in order, each with its jobs.
        stages: Vec<StageInfo>,
        /// Whether jobs can run at the same time, so that their output has to be told apart.
        parallel: bool,
    },
    /// A job begins: everything it comes after has ended.
    JobStarted {
        /// The job.
        job: JobName,
    },
    /// A job's sandbox is ready.
    JobPrepared {
        /// The job.
        job: JobName,
        /// How long that took altogether, in microseconds when serialised.
        #[serde(rename = "duration_us", with = "micros")]
        duration: Duration,
        /// How much of it went to getting the artifacts and caches that it uses.
        #[serde(rename = "data_us", with = "micros")]
        data: Duration,
        /// How much of it went to finding, and if need be pulling, its image.
        #[serde(rename = "image_us", with = "micros")]
        image: Duration,
        /// How much of it went to finding, and if need be compiling, its image's modules and the
        /// shell.
        #[serde(rename = "modules_us", with = "micros")]
        modules: Duration,
    },
    /// A job could start, or has started, but waits for something else.
    JobWaiting {
        /// The job.
        job: JobName,
        /// What for.
        reason: WaitReason,
    },
    /// A job failed and is tried again: what follows belongs to the next attempt.
    JobRetried {
        /// The job.
        job: JobName,
        /// The number of the attempt that failed, from 1.
        attempt: u32,
        /// How its script ended.
        outcome: StepOutcome,
        /// The command that failed or that was running when the script was ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed_command: Option<FailedCommand>,
    },
    /// A job's shell begins with an entry of a script.
    CommandStarted {
        /// The job.
        job: JobName,
        /// The entry.
        command: Command,
    },
    /// An entry of a script has ended, or its script was ended in it.
    CommandFinished {
        /// The job.
        job: JobName,
        /// The script.
        section: Section,
        /// The entry's place in the script, from 0.
        index: usize,
        /// How long it took, in microseconds when serialised.
        #[serde(rename = "duration_us", with = "micros")]
        duration: Duration,
        /// What its processes used.
        usage: Usage,
    },
    /// A job wrote something.
    Output {
        /// The job.
        job: JobName,
        /// Where to.
        stream: Stream,
        /// What. Chunks end anywhere, but not inside of a UTF-8 sequence.
        #[serde(flatten)]
        chunk: Chunk,
    },
    /// greenroom has something to say.
    Notice {
        /// The job it is about, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<JobName>,
        /// How important it is.
        level: Level,
        /// One or more lines of text.
        message: String,
    },
    /// A command ended a job's shell by failing.
    CommandFailed {
        /// The job.
        job: JobName,
        /// The command.
        command: FailedCommand,
    },
    /// A step of a function that is made of steps begins. A step of the job itself is announced by
    /// [`Event::CommandStarted`].
    StepStarted {
        /// The job.
        job: JobName,
        /// The names of the steps around it and its own, joined by `/`.
        step: String,
        /// What it does.
        text: String,
        /// The file it stands in.
        file: String,
        /// The line of the file where it begins, from 1.
        line: usize,
    },
    /// A step of a `run:` list has ended.
    StepFinished {
        /// The job.
        job: JobName,
        /// The names of the steps around it and its own, joined by `/`.
        step: String,
        /// How it ended.
        outcome: StepOutcome,
        /// How long it took, in microseconds when serialised.
        #[serde(rename = "duration_us", with = "micros")]
        duration: Duration,
        /// Its outputs, without those that are sensitive.
        #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
        outputs: serde_json::Map<String, serde_json::Value>,
        /// What its processes used.
        #[serde(default)]
        usage: Usage,
    },
    /// A step has something to say about a place of a file.
    Annotation {
        /// The job.
        job: JobName,
        /// The names of the steps around it and its own, joined by `/`.
        step: String,
        /// What.
        #[serde(flatten)]
        annotation: Annotation,
    },
    /// Reports that a job left were read.
    ReportRead {
        /// The job.
        job: JobName,
        /// What they come to.
        #[serde(flatten)]
        report: Report,
    },
    /// A job has ended.
    JobFinished {
        /// The job.
        job: JobName,
        /// How its script ended.
        outcome: StepOutcome,
        /// Whether this is a failure that `allow_failure` makes a warning.
        allowed_failure: bool,
        /// How long the job took, preparation and `after_script` included, in microseconds when
        /// serialised.
        #[serde(rename = "duration_us", with = "micros")]
        duration: Duration,
        /// The command of the script that failed or that was running when the script was ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed_command: Option<FailedCommand>,
        /// How often it was tried; left out if once.
        #[serde(default = "once", skip_serializing_if = "is_once")]
        attempts: u32,
        /// The coverage that its `coverage` found in its output, in per cent, as it was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coverage: Option<String>,
        /// How `after_script` ended, unless it ended well or there is none. It does not fail a job.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_script: Option<StepOutcome>,
    },
    /// A trigger job has created its child pipeline, whose jobs are part of the run from now on.
    PipelineCreated {
        /// The trigger job.
        job: JobName,
        /// The stages of the child pipeline in order, each with its jobs. Their names begin with
        /// the trigger job's.
        stages: Vec<StageInfo>,
    },
    /// A child pipeline has ended. The trigger job ends afterwards if it waits for it, and has ended
    /// before otherwise.
    PipelineFinished {
        /// The trigger job.
        job: JobName,
        /// How.
        result: RunResult,
        /// How long it took, in microseconds when serialised.
        #[serde(rename = "duration_us", with = "micros")]
        duration: Duration,
    },
    /// A job does not run.
    JobSkipped {
        /// The job.
        job: JobName,
        /// Why.
        reason: SkipReason,
    },
    /// The run has ended.
    RunFinished {
        /// How.
        result: RunResult,
        /// How long it took, in microseconds when serialised.
        #[serde(rename = "duration_us", with = "micros")]
        duration: Duration,
    },
}

/// A stage as [`Event::RunStarted`] announces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageInfo {
    /// Its name.
    pub name: String,
    /// Its jobs in the order of the plan.
    pub jobs: Vec<JobName>,
}

/// The script that a command belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// `before_script` and `script`, which share a shell.
    Script,
    /// `after_script`.
    AfterScript,
}

/// One entry of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The script.
    pub section: Section,
    /// Its place in the script, from 0.
    pub index: usize,
    /// The shell text, possibly of several lines.
    pub text: String,
    /// The file it stands in.
    pub file: String,
    /// The line of the file where it begins, from 1.
    pub line: usize,
}

/// A command that failed, or that was running when its script was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCommand {
    /// The entry that it belongs to.
    #[serde(flatten)]
    pub command: Command,
    /// The line of the file where it failed, from 1: inside of an entry with several lines this is
    /// not the line where the entry begins.
    pub failed_line: usize,
    /// Its exit status; none if it did not end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u8>,
}

/// Where output was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Descriptor 1.
    Stdout,
    /// Descriptor 2.
    Stderr,
}

/// How important a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Something is not as it should be, but the job goes on.
    Warning,
    /// The reason for a failure.
    Error,
}

/// Why a job does not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SkipReason {
    /// It runs on success only, and a job that it comes after failed.
    Failed {
        /// The first such job.
        job: JobName,
    },
    /// It needs a job that was itself skipped.
    NeedSkipped {
        /// The first such job.
        job: JobName,
    },
    /// It runs on failure only, and nothing failed.
    NothingFailed,
    /// The run was cancelled before it began.
    Cancelled,
    /// It is started by hand, and nobody has.
    Manual,
    /// It waits for a job that does not run.
    Waits {
        /// That job.
        job: JobName,
    },
    /// The runner lacks tags of it.
    Tags {
        /// The tags.
        missing: Vec<String>,
    },
}

/// What a job waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WaitReason {
    /// Its delay (`start_in`).
    Delayed {
        /// How long, in microseconds when serialised.
        #[serde(rename = "duration_us", with = "micros")]
        duration: Duration,
    },
    /// Another job, perhaps of another run, has its resource group.
    ResourceGroup {
        /// The name of the group.
        name: String,
    },
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    /// No job failed, or only such as were allowed to.
    Success,
    /// No job failed, but one that is started by hand holds up the rest.
    Blocked,
    /// At least one job failed.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// None of its jobs ran; only of child pipelines.
    Skipped,
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_once(attempts: &u32) -> bool {
    *attempts == 1
}

/// Durations as whole microseconds, which every reader of JSON represents exactly.
mod micros {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(value.as_micros()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_micros)
    }
}

#[cfg(test)]
mod tests;
